import ExactMath
import MarginRules
import OrderBook
import Testing

@testable import MarginProtocol

/// A pool of a million dollars and 10,000 ETH that keeps price impact apart: a hundred dollars for 10,000 of imbalance, half
/// of it back for what improves the balance.
struct ImpactWorld {
    var world: World
    let long: AccountID
    let short: AccountID
    var impactPool: AccountID { world.house.impactPool(ethPerp) ?? AccountID(0) }

    static func parameters(
        cap: Ratio = ratio("0.001"), inLiquidation: Ratio = .zero,
        alter: (inout ImpactPoolTerms) -> Void = { _ in }
    ) -> ProtocolParameters {
        var parameters = plainParameters()
        var own = ImpactPoolTerms(asset: eth, claimDelay: TimeSpan(seconds: 10))
        alter(&own)
        var terms = PoolTerms(
            impact: PoolPriceImpact(
                positive: ExponentFactor(
                    factor: Fixed18(raw: 500_000_000_000), exponent: Ratio(whole: 2)),
                negative: ExponentFactor(
                    factor: Fixed18(raw: 1_000_000_000_000), exponent: Ratio(whole: 2)),
                maximumPositive: cap, maximumNegative: cap, maximumForLiquidation: inLiquidation),
            longBacking: eth, shortBacking: usd)
        terms.impactPool = own
        parameters.markets = [parameters.markets[0]]
        parameters.markets[0].pool = PoolPricing(terms: terms)
        parameters.liquidation.size = .wholePosition
        parameters.liquidation.closingPrice = .pool
        parameters.liquidation.taker = .pool
        parameters.liquidation.penalty = .zero
        parameters.lossWaterfall = [.pool, .badDebt]
        return parameters
    }

    init(_ parameters: ProtocolParameters = ImpactWorld.parameters()) {
        world = World(parameters)
        world.mint("1000000", usd, pool)
        world.mint("10000", eth, pool)
        long = world.margin(alice, "20000")
        short = world.margin(bob, "20000")
    }

    func changes(since mark: Int = 0) -> [ImpactChange] {
        world.journal[mark...].compactMap {
            if case .impactChanged(let change) = $0 { change } else { nil }
        }
    }
}

struct ImpactPoolTests {
    @Test(
        "Impact is no part of the entry: it waits, and a decrease settles its share up to the cap")
    func waits() throws {
        var it = ImpactWorld()
        #expect(
            try it.world.house.poolPrice(ethPerp, size: units("100"), for: it.long)
                == price("101.01010101"))
        it.world.trade(it.long, ethPerp, "100", by: alice)
        #expect(it.world.cost(it.long) == money("10000"))
        #expect(it.world.balance(it.long) == units("20000"))
        #expect(it.world.house.pendingImpact(it.long, ethPerp) == units("-1"))
        #expect(it.world.balance(it.impactPool, eth).isZero)
        let mark = it.world.journal.count
        // A gain of 5 at most, less 50 that have waited: 5 is the cap, and 40 are held.
        it.world.trade(it.long, ethPerp, "-50", by: alice)
        #expect(it.world.balance(it.long) == units("19955"))
        #expect(it.world.house.pendingImpact(it.long, ethPerp) == units("-0.5"))
        #expect(it.world.balance(pool) == units("1000005"))
        #expect(it.world.balance(it.impactPool, eth) == units("0.05"))
        #expect(it.world.balance(pool, eth) == units("9999.95"))
        #expect(it.world.house.impactClaims.map(\.amount) == [units("40")])
        #expect(
            it.changes(since: mark) == [
                ImpactChange(
                    account: it.long, market: ethPerp, pendingBefore: units("-1"),
                    pendingAfter: units("-0.5"), settled: units("-5"), held: units("40"),
                    poolChange: units("0.05"))
            ])
    }

    @Test("What is held may be claimed after the delay, by its owner, once")
    func claims() {
        var it = ImpactWorld()
        it.world.trade(it.long, ethPerp, "100", by: alice)
        it.world.trade(it.long, ethPerp, "-50", by: alice)
        func claim(_ id: AccountID, _ sender: Address) -> Int? {
            it.world.attempt(.claimImpact(id), by: sender)?.code
        }
        #expect(claim(AccountID(900), stranger) == 102)
        #expect(claim(it.long, bob) == 201)
        #expect(claim(it.long, alice) == 430)
        it.world.advance(by: 10_000)
        #expect(claim(it.long, alice) == 430)
        it.world.advance(by: 1)
        #expect(claim(it.short, bob) == 430)
        #expect(claim(it.long, alice) == nil)
        #expect(it.world.balance(it.long) == units("19995"))
        #expect(it.world.house.impactClaims.isEmpty)
        #expect(claim(it.long, alice) == 430)
        #expect(World().house.impactClaims.isEmpty)
    }

    @Test("Charges go into the impact pool, and gains are paid out of it")
    func paysGains() {
        var it = ImpactWorld(ImpactWorld.parameters(cap: .one))
        it.world.trade(it.long, ethPerp, "100", by: alice)
        it.world.trade(it.short, ethPerp, "-100", by: bob)
        #expect(it.world.house.pendingImpact(it.short, ethPerp) == units("0.5"))
        it.world.trade(it.long, ethPerp, "-100", by: alice)
        #expect(it.world.balance(it.long) == units("19800"))
        #expect(it.world.balance(it.impactPool, eth) == units("2"))
        it.world.trade(it.short, ethPerp, "100", by: bob)
        #expect(it.world.balance(it.short) == units("20100"))
        #expect(it.world.balance(it.impactPool, eth) == units("1"))
        #expect(it.world.balance(pool) == units("1000100"))
        #expect(it.world.balance(pool, eth) == units("9999"))
    }

    @Test(
        "A gain is no more than the impact pool has, and may be lent",
        arguments: [(Ratio.zero, "20000", "0"), (Ratio(percent: 20), "20025", "-0.25")])
    func capped(lendable: Ratio, balance: String, held: String) {
        var it = ImpactWorld(
            ImpactWorld.parameters(cap: .one) {
                $0.lending = .init(factor: lendable, maximum: money("1000000"))
            })
        it.world.trade(it.long, ethPerp, "100", by: alice)
        // From 10,000 of longs to as many shorts: 50 less 100.
        it.world.trade(it.short, ethPerp, "-200", by: bob)
        #expect(it.world.house.pendingImpact(it.short, ethPerp) == units("-0.5"))
        it.world.trade(it.short, ethPerp, "100", by: bob)
        #expect(it.world.balance(it.short) == units(balance))
        #expect(it.world.balance(it.impactPool, eth) == units(held))
        #expect(it.world.house.pendingImpact(it.short, ethPerp) == units("-0.25"))
    }

    @Test("A trade through zero settles all that has waited, and the rest begins anew")
    func throughZero() {
        var it = ImpactWorld(ImpactWorld.parameters(cap: .one))
        it.world.trade(it.long, ethPerp, "100", by: alice)
        it.world.trade(it.long, ethPerp, "-150", by: alice)
        #expect(it.world.balance(it.long) == units("19950"))
        #expect(it.world.house.pendingImpact(it.long, ethPerp) == units("-0.25"))
        #expect(it.world.cost(it.long) == money("-5000"))
    }

    @Test("A limit bounds the price with the impact")
    func limit() {
        var it = ImpactWorld()
        func trade(_ limit: String) -> Rejection? {
            it.world.attempt(
                .trade(
                    account: it.long, market: ethPerp, size: units("100"), limit: price(limit),
                    reduceOnly: false), by: alice)
        }
        #expect(
            trade("101.01")
                == .limitExceeded(price: price("101.01010101"), limit: price("101.01")))
        #expect(trade("101.02") == nil)
    }

    @Test(
        "A liquidation takes what waits of what is left",
        arguments: [("94.5", "405.5", "0.47089947"), ("90.2", "0", "0.22172949")])
    func liquidation(at fallen: String, left: String, held: String) {
        var it = ImpactWorld(ImpactWorld.parameters(cap: .one))
        let account = it.world.margin(carol, "1000")
        let wallet = it.world.wallet(stranger)
        it.world.trade(account, ethPerp, "100", by: carol)
        it.world.post(ethFeed, fallen)
        it.world.run(.liquidate(account: account, payer: wallet, target: .next), by: stranger)
        #expect(it.world.size(account).isZero)
        #expect(it.world.balance(account) == units(left))
        #expect(it.world.house.pendingImpact(account, ethPerp).isZero)
        #expect(it.world.balance(it.impactPool, eth) == units(held))
    }

    @Test("What counts against a margin includes what waits, and what a trade lets wait")
    func margin() {
        let parameters = ImpactWorld.parameters(cap: .one, inLiquidation: ratio("0.01"))
        var it = ImpactWorld(parameters)
        it.world.trade(it.long, ethPerp, "100", by: alice)
        #expect(it.world.house.health(of: it.long, .maintenance).equity == money("19950"))
        for (has, code) in [("1049.99", 402), ("1050", nil)] as [(String, Int?)] {
            var other = ImpactWorld(parameters)
            let account = other.world.margin(carol, has)
            #expect(
                other.world.attempt(
                    .trade(
                        account: account, market: ethPerp, size: units("100"), limit: nil,
                        reduceOnly: false), by: carol)?.code == code)
        }
    }

    @Test("What somebody else takes of a position lets its share of what waits go")
    func book() {
        var it = ImpactWorld()
        it.world.trade(it.long, ethPerp, "100", by: alice)
        let mark = it.world.journal.count
        it.world.run(OrderTests.place(it.short, .buy, "50", "100"), by: bob)
        it.world.run(OrderTests.place(it.long, .sell, "50", "100"), by: alice)
        #expect(it.world.size(it.long) == units("50"))
        #expect(it.world.house.pendingImpact(it.long, ethPerp) == units("-0.5"))
        #expect(it.world.balance(it.long) == units("20000"))
        #expect(it.changes(since: mark).map(\.pendingAfter) == [units("-0.5")])
    }

    @Test("A settled market lets go of what waits with positions that close against the pool")
    func settled() {
        var it = ImpactWorld()
        it.world.trade(it.long, ethPerp, "100", by: alice)
        it.world.run(.windUp(ethPerp, .settled, price: nil), by: .governance)
        #expect(it.world.size(it.long).isZero)
        #expect(it.world.house.pendingImpact(it.long, ethPerp).isZero)
        #expect(it.world.balance(it.long) == units("20000"))
        #expect(it.world.house.breaches().isEmpty)
    }

    @Test("Depositors have their part day by day, down to the minimum")
    func distribution() {
        var it = ImpactWorld(
            ImpactWorld.parameters {
                $0.distributionPerDay = units("24")
                $0.minimum = units("5")
            })
        it.world.house.seedImpactPool(ethPerp, units("10"), into: &it.world.journal)
        #expect(it.world.balance(pool, eth) == units("9990"))
        it.world.advance(by: 3_600_000)
        #expect(it.world.balance(it.impactPool, eth) == units("9"))
        it.world.advance(by: 36_000_000)
        #expect(it.world.balance(it.impactPool, eth) == units("5"))
        #expect(it.world.balance(pool, eth) == units("9995"))
        #expect(it.world.house.breaches().isEmpty)
    }

    @Test func termsFit() {
        func problems(_ change: (inout ProtocolParameters) -> Void) -> Int {
            var parameters = ImpactWorld.parameters()
            change(&parameters)
            return ClearingHouse.problems(in: parameters).count
        }
        #expect(problems { _ in } == 0)
        #expect(problems { $0.markets[0].pool?.terms?.impact = nil } == 1)
        #expect(problems { $0.markets[0].pool?.terms?.impactPool?.asset = btc } == 1)
        #expect(problems { $0.markets[0].pool?.terms?.impactPool?.asset = AssetID(9) } == 1)
        #expect(problems { $0.markets[0].pool?.terms?.impactPool?.minimum = units("-1") } == 1)
        #expect(problems { $0.liquidation.closingPrice = .mark } == 1)
    }
}
