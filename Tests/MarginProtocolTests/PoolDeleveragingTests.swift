import ExactMath
import MarginProtocol
import MarginRules
import Testing

/// A pool of 5,000 ETH and 500,000 USD that closes winners above a tenth of what backs them, down to a twentieth.
private struct Winners {
    var world: World
    let long: AccountID
    let short: AccountID

    init(size: String = "2000", alter: (inout ProtocolParameters) -> Void = { _ in }) {
        var parameters = plainParameters()
        var terms = PoolTerms(longBacking: eth, shortBacking: usd)
        terms.deleveraging = PoolDeleveraging(
            threshold: Ratio(percent: 10), minimumAfter: Ratio(percent: 5))
        parameters.markets[0].pool = PoolPricing(terms: terms)
        alter(&parameters)
        world = World(parameters)
        world.mint("500000", usd, pool)
        world.mint("5000", eth, pool)
        long = world.margin(alice, "100000")
        short = world.margin(bob, "100000")
        world.trade(long, ethPerp, size, by: alice)
        world.trade(short, ethPerp, "-" + size, by: bob)
    }

    func steps() -> [PoolDeleveragingStep] {
        world.journal.compactMap {
            if case .poolDeleveraged(let step) = $0 { step } else { nil }
        }
    }

    mutating func look(_ isLong: Bool) {
        world.run(.updateDeleveraging(ethPerp, isLong: isLong), by: stranger)
    }

    func close(_ account: AccountID, _ size: String) -> Command {
        .deleverage(account: account, market: ethPerp, size: units(size))
    }
}

struct PoolDeleveragingTests {
    @Test("Winners are closed once somebody has looked, as far as the rule allows")
    func closesWinners() {
        var it = Winners()
        // 2,000 shorts win 30 each: 60,000 of 500,000 are 12 %.
        it.world.post(ethFeed, "70")
        #expect(
            it.world.attempt(it.close(it.short, "500"), by: stranger)
                == .deleveragingNotEnabled(ethPerp))
        it.look(false)
        #expect(it.world.house.poolFlag(ethPerp, .short).isEnabled)
        #expect(!it.world.house.poolFlag(ethPerp, .long).isEnabled)
        it.world.post(ethFeed, "70")
        // All of it would leave nothing, half of it 30,000.
        #expect(
            it.world.attempt(it.close(it.short, "2000"), by: stranger)
                == .deleveragingRefused(ethPerp))
        let mark = it.world.journal.count
        it.world.run(it.close(it.short, "1000"), by: stranger)
        #expect(it.world.size(it.short) == units("-1000"))
        #expect(it.world.balance(it.short) == units("130000"))
        let step = it.steps().last
        #expect(step?.kind == .closed && step?.realized == money("30000"))
        #expect(step?.before == Fixed18(Ratio(percent: 12)))
        // 30,000 of 500,000: the pool realises nothing, since longs and shorts are as many.
        #expect(step?.after == Fixed18(Ratio(percent: 6)))
        #expect(
            it.world.positionChanges(since: mark).allSatisfy { $0.reason == .deleveraging })
        // It is not needed any more.
        #expect(
            it.world.attempt(it.close(it.short, "1"), by: stranger)
                == .deleveragingNotEnabled(ethPerp))
        it.look(false)
        #expect(!it.world.house.poolFlag(ethPerp, .short).isEnabled)
        #expect(it.steps().map(\.kind) == [.enabled, .closed, .disabled])
    }

    @Test("A loser is not closed: the share would rise")
    func losersStay() {
        var it = Winners()
        let other = it.world.margin(carol, "100000")
        it.world.post(ethFeed, "60")
        it.world.trade(other, ethPerp, "-500", by: carol)
        it.world.post(ethFeed, "65")
        it.look(false)
        it.world.post(ethFeed, "65")
        #expect(
            it.world.attempt(it.close(other, "500"), by: stranger)
                == .deleveragingRefused(ethPerp))
    }

    @Test("Exactly the threshold is not above it", arguments: [("75", false), ("74.99", true)])
    func strictly(price: String, enabled: Bool) {
        // 2,000 · 25 of 500,000.
        var it = Winners()
        it.world.post(ethFeed, price)
        it.look(false)
        #expect(it.world.house.poolFlag(ethPerp, .short).isEnabled == enabled)
    }

    @Test("A quote runs as quoted")
    func quote() throws {
        var it = Winners()
        it.world.post(ethFeed, "68")
        it.look(false)
        it.world.post(ethFeed, "68")
        let quote = try it.world.house.quoteDeleveraging(
            of: it.short, ethPerp, size: units("700"))
        it.world.run(it.close(it.short, "700"), by: stranger)
        #expect(quote.size == units("700") && quote.price == price("68"))
        #expect(it.steps().last?.after == quote.after)
        #expect(it.world.house.poolProfit(ethPerp, .short)?.share == quote.after)
    }

    @Test func precedence() {
        var it = Winners()
        let none = AccountID(900)
        func close(_ account: AccountID, _ market: MarketID, _ size: String) -> Int? {
            it.world.attempt(
                .deleverage(account: account, market: market, size: units(size)), by: stranger)?
                .code
        }
        let empty = it.world.margin(carol, "5")
        #expect(close(none, MarketID(9), "0") == 101)
        #expect(close(none, MarketID(9), "9000") == 102)
        #expect(close(treasury, MarketID(9), "9000") == 104)
        #expect(close(treasury, ethPerp, "9000") == 107)
        #expect(close(empty, ethPerp, "9000") == 603)
        #expect(close(it.short, ethPerp, "9000") == 504)
        #expect(close(it.short, ethPerp, "2000") == 368)
        it.world.post(ethFeed, "70")
        it.look(false)
        it.world.advance(by: 10)
        it.look(false)
        // The price is older than the last look.
        #expect(
            it.world.attempt(.updateDeleveraging(ethPerp, isLong: false), by: stranger)?.code
                == 364)
        #expect(close(it.short, ethPerp, "2000") == 364)
        it.world.post(ethFeed, "76")
        #expect(close(it.short, ethPerp, "2000") == 368)
        it.world.post(ethFeed, "70")
        it.world.run(.pause(.reduce), by: .governance)
        #expect(close(it.short, ethPerp, "2000") == 301)
        it.world.run(.pause([]), by: .governance)
        #expect(close(it.short, ethPerp, "2000") == 369)
        #expect(close(it.short, ethPerp, "800") == nil)
        #expect(
            it.world.attempt(.updateDeleveraging(MarketID(9), isLong: true), by: stranger)?.code
                == 104)
        #expect(
            it.world.attempt(.updateDeleveraging(btcPerp, isLong: true), by: stranger)?.code
                == 368)
    }

    @Test func termsAreBounded() {
        for (above, below) in [(0, 0), (10, 11)] {
            var parameters = plainParameters()
            var terms = PoolTerms(longBacking: eth, shortBacking: usd)
            terms.deleveraging = PoolDeleveraging(
                threshold: Ratio(percent: Int64(above)), minimumAfter: Ratio(percent: Int64(below)))
            parameters.markets[0].pool = PoolPricing(terms: terms)
            #expect(ClearingHouse.problems(in: parameters).count == 1)
        }
    }
}
