import ExactMath
import MarginRules
import Testing

@testable import MarginProtocol

/// A pool of 500,000 dollars and 5,000 ETH at 100 with owners; carol has a wallet with 100,000 dollars and 1,000 ETH, and
/// has deposited 10,000 dollars.
struct ShareWorld {
    var world: World
    let wallet: AccountID
    let trader: AccountID

    init(
        _ shares: PoolShareTerms = PoolShareTerms(
            fee: .byBalance(improving: .zero, worsening: .zero)),
        deposit: String? = "10000", alter: (inout ProtocolParameters) -> Void = { _ in }
    ) {
        var parameters = plainParameters()
        parameters.markets[0].pool = PoolPricing(
            terms: PoolTerms(longBacking: eth, shortBacking: usd))
        parameters.poolShares = shares
        alter(&parameters)
        world = World(parameters)
        world.mint("500000", usd, pool)
        world.mint("5000", eth, pool)
        world.house.seedPoolShares()
        wallet = world.wallet(carol, "100000", "1000")
        trader = world.margin(alice, "200000")
        if let deposit { world.run(add(usd, deposit), by: carol) }
    }

    func add(_ asset: AssetID, _ amount: String, atLeast: String = "0") -> Command {
        .addLiquidity(
            wallet: wallet, asset: asset, amount: units(amount), atLeast: units(atLeast))
    }

    func remove(_ shares: String, as asset: AssetID? = nil, atLeast: String = "0") -> Command {
        .removeLiquidity(
            wallet: wallet, shares: units(shares), asset: asset, atLeast: money(atLeast))
    }

    var changes: [PoolShareChange] {
        world.journal.compactMap {
            if case .poolSharesChanged(let change) = $0 { change } else { nil }
        }
    }
}

struct PoolSharesTests {
    @Test("Whoever was there first owns the pool at a dollar a share; a deposit buys at its price")
    func deposits() throws {
        var it = ShareWorld(deposit: nil)
        #expect(it.world.house.poolShareSupply == units("1000000"))
        #expect(it.world.house.poolShares(ClearingHouse.outside) == units("1000000"))
        it.world.run(it.add(usd, "10000"), by: carol)
        #expect(it.world.house.poolShares(it.wallet) == units("10000"))
        // Ether rises by a tenth: 510,000 and 550,000 for 1,010,000 shares.
        it.world.post(ethFeed, "110")
        #expect(
            try it.world.house.poolSharePrice(.minimum, maximumProfit: .one)
                == price("1.04950495"))
        it.world.run(it.add(eth, "10"), by: carol)
        #expect(it.world.house.poolShares(it.wallet) == units("11048.11320754"))
        #expect(it.world.balance(pool, eth) == units("5010"))
        let change = try #require(it.changes.last)
        #expect(change.value == money("1100") && change.fee.isZero)
        #expect(change.poolValue == money("1060000"))
        #expect(change.supplyAfter == it.world.house.poolShareSupply)
        #expect(World().house.poolShareSupply.isZero)
        #expect(World().house.poolShares(pool).isZero)
    }

    @Test("Traders' profit is not the depositors', up to its cap; their loss is")
    func pendingProfit() throws {
        var it = ShareWorld(deposit: nil)
        it.world.trade(it.trader, ethPerp, "1000", by: alice)
        for (ether, value) in [("120", "1080000"), ("90", "960000")] {
            it.world.post(ethFeed, ether)
            // 500,000 and 5,000 ETH, less 1,000 · (ether − 100).
            #expect(
                try it.world.house.poolShareValue(.maximum, maximumProfit: .one) == money(value))
        }
        it.world.post(ethFeed, "120")
        // A hundredth of 600,000.
        #expect(
            try it.world.house.poolShareValue(.maximum, maximumProfit: Ratio(percent: 1))
                == money("1094000"))
    }

    @Test(
        "Bounds favour those who stay: a deposit pays the highest value, a withdrawal has the lowest"
    )
    func bounds() throws {
        var it = ShareWorld(deposit: nil) {
            for feed in $0.feeds.indices { $0.feeds[feed].spreadReduction = .zero }
        }
        it.world.trade(it.trader, ethPerp, "1000", by: alice)
        it.world.post(ethFeed, "100", confidence: "1")
        // 500,000 and 5,000 · 101, less a profit of 1,000 · (99 − 100); and the other way round.
        #expect(
            try it.world.house.poolShareValue(.maximum, maximumProfit: .one)
                == money("1006000"))
        #expect(
            try it.world.house.poolShareValue(.minimum, maximumProfit: .one) == money("994000"))
        it.world.run(it.add(eth, "100"), by: carol)
        // 9,900 of 1,006,000 for a million shares.
        #expect(it.world.house.poolShares(it.wallet) == units("9840.95427435"))
    }

    @Test("A withdrawal has every asset in proportion, or the one that is chosen")
    func withdrawals() {
        var it = ShareWorld()
        it.world.run(it.remove("10000"), by: carol)
        // 10,000 of 510,000 dollars and 500,000 of ether.
        #expect(it.world.balance(it.wallet) == units("95049.50495049"))
        #expect(it.world.balance(it.wallet, eth) == units("1049.50495049"))
        #expect(it.world.house.poolShares(it.wallet).isZero)
        #expect(it.world.house.poolShareSupply == units("1000000"))

        var chosen = ShareWorld(
            PoolShareTerms(
                fee: .byBalance(improving: .zero, worsening: ratio("0.01")),
                outsideShare: ratio("0.4"), choosesAsset: true), deposit: nil)
        chosen.world.run(chosen.add(eth, "100"), by: carol)
        // Either token is half: more of one is worse. 9,900 of 10,000 buy shares, 0.4 ETH leave.
        #expect(chosen.world.house.poolShares(chosen.wallet) == units("9900"))
        #expect(chosen.world.balance(treasury, eth) == units("0.4"))
        #expect(chosen.world.balance(pool, eth) == units("5099.6"))
        #expect(chosen.world.attempt(chosen.remove("100"), by: carol) == .parameterInvalid)
        chosen.world.run(chosen.remove("5000", as: usd), by: carol)
        // 5,000 shares of 1,009,960 for 1,009,900.
        #expect(chosen.world.balance(chosen.wallet) == units("104950.29408852"))
        #expect(chosen.world.balance(treasury) == units("20.00118823"))
    }

    @Test("A deposit of what there is less of costs less")
    func improvingFee() {
        var it = ShareWorld(
            PoolShareTerms(fee: .byBalance(improving: .zero, worsening: ratio("0.1"))),
            deposit: nil)
        it.world.post(ethFeed, "110")
        it.world.run(it.add(usd, "1050"), by: carol)
        it.world.run(it.add(eth, "10"), by: carol)
        #expect(it.changes.map(\.fee) == [.zero, money("110")])
    }

    @Test("Fees by targets are in basis points")
    func targets() {
        let terms = PoolShareTerms(
            fee: .byWeights(GLPDynamicFee(base: 100, tax: 50), weights: [1, 1, 0]))
        var it = ShareWorld(terms, deposit: nil)
        it.world.run(it.add(usd, "5000"), by: carol)
        // From its target of 500,000 on: 50 · 2,500 / 500,000 is less than a point.
        #expect(it.changes.map(\.fee) == [money("50")])
        it.world.run(it.add(usd, "50000"), by: carol)
        // 2,475 above its target of 502,475, and then 52,475: half of both is 27,475.
        #expect(it.changes.map(\.fee) == [money("50"), money("510")])
    }

    @Test func precedence() {
        var it = ShareWorld(
            PoolShareTerms(
                fee: .byBalance(improving: .zero, worsening: .zero), depositProfit: ratio("0.05"),
                withdrawalProfit: ratio("0.04"), maximumValue: money("600000"))
        ) {
            $0.markets[0].pool?.terms?.reserves = PoolReserves(
                reserve: .one, openInterestReserve: .one, maximumOpenInterest: .zero)
        }
        func add(_ wallet: AccountID, _ asset: AssetID, _ amount: String, _ least: String = "0")
            -> Int?
        {
            it.world.attempt(
                .addLiquidity(
                    wallet: wallet, asset: asset, amount: units(amount), atLeast: units(least)),
                by: carol)?.code
        }
        let other = it.world.wallet(bob, "10")
        #expect(add(AccountID(900), AssetID(9), "0") == 101)
        #expect(add(AccountID(900), AssetID(9), "1") == 103)
        #expect(add(AccountID(900), btc, "1") == 102)
        #expect(add(it.trader, btc, "1") == 107)
        #expect(add(other, btc, "1") == 201)
        it.world.run(.pause(.deposit), by: .governance)
        #expect(add(it.wallet, btc, "1") == 301)
        it.world.run(.pause([]), by: .governance)
        #expect(add(it.wallet, btc, "1") == 432)
        #expect(add(it.wallet, usd, "90000.00000001") == 401)
        #expect(add(it.wallet, usd, "90000", "90000.00000001") == 436)
        it.world.trade(it.trader, ethPerp, "1000", by: alice)
        it.world.post(ethFeed, "140")
        #expect(add(it.wallet, usd, "90000.00000001") == 401)
        #expect(add(it.wallet, usd, "90000") == 434)
        it.world.post(ethFeed, "104")
        #expect(add(it.wallet, eth, "1000", "9999999") == 433)
        #expect(add(it.wallet, eth, "1") == nil)

        func remove(
            _ wallet: AccountID, _ shares: String, _ asset: AssetID? = nil, _ least: String = "0"
        ) -> Int? {
            it.world.attempt(
                .removeLiquidity(
                    wallet: wallet, shares: units(shares), asset: asset, atLeast: money(least)),
                by: carol)?.code
        }
        #expect(remove(AccountID(900), "0", AssetID(9)) == 101)
        #expect(remove(AccountID(900), "1", AssetID(9)) == 102)
        #expect(remove(it.trader, "1", AssetID(9)) == 107)
        #expect(remove(other, "1", AssetID(9)) == 201)
        #expect(remove(it.wallet, "99999", AssetID(9)) == 437)
        #expect(remove(it.wallet, "1", AssetID(9)) == 103)
        #expect(remove(it.wallet, "1", btc) == 108)
        #expect(remove(it.wallet, "1", nil, "100") == 436)
        it.world.post(ethFeed, "126")
        #expect(remove(it.wallet, "1") == 434)
        it.world.post(ethFeed, "100")
        it.world.trade(it.trader, ethPerp, "4000", by: alice)
        #expect(remove(it.wallet, "10000") == 438)
        it.world.trade(it.trader, ethPerp, "-4000", by: alice)
        #expect(remove(it.wallet, "10000") == nil)

        var none = World()
        let wallet = none.wallet(carol, "10")
        #expect(
            none.attempt(
                .addLiquidity(wallet: wallet, asset: usd, amount: units("1"), atLeast: .zero),
                by: carol) == .noPoolShares)
        #expect(
            none.attempt(
                .removeLiquidity(wallet: wallet, shares: units("1"), asset: nil, atLeast: .zero),
                by: carol) == .noPoolShares)
    }

    @Test("A pool that owes more than it has sells no shares and buys none back")
    func worthless() {
        var it = ShareWorld(
            PoolShareTerms(
                fee: .byBalance(improving: .zero, worsening: .zero),
                depositProfit: Ratio(whole: 100), withdrawalProfit: Ratio(whole: 100)))
        it.world.trade(it.trader, ethPerp, "15000", by: alice)
        it.world.post(ethFeed, "152")
        // 510,000 and 66 ETH are less than a profit of 780,000.
        it.world.house.seedBalance(units("-4934"), of: eth, to: pool, into: &it.world.journal)
        #expect(it.world.attempt(it.add(usd, "1"), by: carol) == .poolWorthless)
        #expect(it.world.attempt(it.remove("1"), by: carol) == .poolWorthless)
    }

    @Test func termsFit() {
        func problems(_ change: (inout PoolShareTerms) -> Void) -> Int {
            var terms = PoolShareTerms(fee: .byBalance(improving: .zero, worsening: .zero))
            change(&terms)
            var parameters = plainParameters()
            parameters.markets[0].pool = PoolPricing(
                terms: PoolTerms(longBacking: eth, shortBacking: usd))
            parameters.poolShares = terms
            return ClearingHouse.problems(in: parameters).count
        }
        #expect(problems { _ in } == 0)
        #expect(problems { $0.depositProfit = .zero } == 1)
        #expect(problems { $0.withdrawalProfit = Ratio(whole: 101) } == 1)
        #expect(problems { $0.outsideShare = ratio("1.1") } == 1)
        #expect(problems { $0.fee = .byBalance(improving: .one, worsening: ratio("1.1")) } == 1)
        #expect(
            problems {
                $0.fee = .byWeights(GLPDynamicFee(base: 1, tax: 1), weights: [1, 1])
            } == 1)
        var parameters = plainParameters()
        parameters.poolShares = PoolShareTerms(fee: .byBalance(improving: .zero, worsening: .zero))
        #expect(ClearingHouse.problems(in: parameters).count == 1)
    }
}
