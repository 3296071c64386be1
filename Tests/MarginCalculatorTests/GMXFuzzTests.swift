import ExactMath
import MarginCalculator
import MarginProtocol
import MarginRules
import Scenarios
import SeededRandom
import Testing

/// Random accounts and random traffic under both versions' rules.
@Suite struct GMXFuzzTests {
    #if DEBUG
        static let accounts: ClosedRange<UInt64> = 1...25
        static let runs: ClosedRange<UInt64> = 1...4
    #else
        static let accounts: ClosedRange<UInt64> = 1...300
        static let runs: ClosedRange<UInt64> = 1...40
    #endif

    @Test(arguments: ["gmx-v1", "gmx-v2"])
    func accounts(name: String) throws {
        var liquidated = 0
        for seed in Self.accounts {
            var draws = RandomSource(seed: seed).stream(name)
            let entry = draws.uniform(in: 1000...3000)
            let price = entry * draws.uniform(in: 850...1150) / 1000
            let size = draws.uniform(in: 1...400) * (draws.chance(Ratio(percent: 50)) ? 1 : -1)
            let collateral = abs(size) * entry * draws.uniform(in: 5...120) / 1000
            let isETH = draws.chance(Ratio(percent: 40))
            let balances =
                isETH ? "{ETH: \(collateral / entry + 1)}" : "{USDC: \(collateral)}"
            let account = try account(
                """
                protocol: \(name)
                prices: {ETH: \(price), USDC: 1}
                market: {ETH: {long_open_interest: \(draws.uniform(in: 400...9000)), short_open_interest: \(draws.uniform(in: 400...9000)), pool: \(draws.uniform(in: 100_000...90_000_000))}}
                account: {balances: \(balances), positions: {ETH: {size: \(size), entry: \(entry)}}}
                """)
            liquidated += try check(account, seed)
        }
        let share = liquidated * 10 / Self.accounts.count
        #expect((1...8).contains(share), "\(liquidated) of \(Self.accounts.count)")
    }

    /// Quote equals execution, a healthy account is refused, nothing is made or lost, and one step ends it.
    private func check(_ account: CalculatedAccount, _ seed: UInt64) throws -> Int {
        let before = account.house
        #expect(before.breaches().isEmpty, "seed \(seed)")
        let run = LiquidationRun(account, pause: TimeSpan(milliseconds: 1000))
        let house = run.account.house
        #expect(house.breaches().isEmpty, "seed \(seed)")
        guard before.isLiquidatable(account.cross, at: account.file.prices) else {
            #expect(run.rows.isEmpty, "seed \(seed)")
            var copy = before
            var journal: [Event] = []
            #expect(throws: Rejection.self, "seed \(seed)") {
                try copy.execute(
                    .liquidate(
                        account: account.cross, payer: ClearingHouse.treasury, target: .next),
                    from: .system, into: &journal)
            }
            return 0
        }
        #expect(run.rows.count == 1, "seed \(seed): \(run.ending)")
        #expect(house.position(account.cross, MarketID(0)).size.isZero, "seed \(seed)")
        #expect(
            !house.plainEquity(of: account.cross, at: account.file.prices).isNegative,
            "seed \(seed)")
        let quote = try before.quoteLiquidation(of: account.cross, payer: ClearingHouse.treasury)
        guard case .positions(let parts) = quote.step, let part = parts.first else {
            Issue.record("seed \(seed): no position")
            return 1
        }
        #expect(part.price == run.rows[0].step.price, "seed \(seed)")
        #expect(part.penalty + part.fee == run.rows[0].step.penalty, "seed \(seed)")
        return 1
    }

    /// A look at both sides, and the closing of a part of somebody: what is quoted runs, and lowers the share.
    private func deleverage(
        _ house: inout ClearingHouse, _ trader: AccountID, _ draws: inout RandomStream,
        _ journal: inout [Event]
    ) throws(Rejection) {
        let market = MarketID(0)
        for isLong in [true, false] {
            try? house.execute(
                .updateDeleveraging(market, isLong: isLong), from: Address(40), into: &journal)
        }
        // What follows needs a price as new as the look.
        let feed = house.parameters.markets[0].feed
        let report = PriceReport(
            round: 1, price: house.price(of: market), observedAt: house.time,
            publishedAt: house.time)
        try? house.execute(
            .postPrice(feed: feed, report: report), from: .system, into: &journal)
        let held = house.position(trader, market).size
        let size = Quantity(raw: draws.uniform(in: 1...max(1, held.magnitude.raw)))
        let before = house
        let quote = try? house.quoteDeleveraging(of: trader, market, size: size)
        do throws(Rejection) {
            try house.execute(
                .deleverage(account: trader, market: market, size: size), from: Address(40),
                into: &journal)
        } catch {
            #expect(quote == nil && house == before)
            throw error
        }
        guard let quote else {
            Issue.record("executed without a quote")
            return
        }
        #expect(quote.after < quote.before)
        #expect(house.poolProfit(market, quote.side)?.share == quote.after)
        #expect(house.position(trader, market).size == held + quote.size)
    }

    /// Traders, time and prices at random: what the pool is owed and owes is always on the books.
    @Test(arguments: ["gmx-v1", "gmx-v2"])
    func traffic(name: String) throws {
        var kinds = Set<String>()
        for seed in Self.runs {
            var draws = RandomSource(seed: seed).stream("traffic/" + name)
            let account = try account(
                """
                protocol: \(name)
                prices: {ETH: 2000, USDC: 1}
                market: {ETH: {pool: \(draws.uniform(in: 10_000...1_000_000))}}
                account: {balances: {USDC: 1}, positions: {ETH: {size: 0}}}
                \(name == "gmx-v2" ? "parameters: {assets: {ETH: {spread_reduction: 0%}}, markets: {ETH: {pool: {adl: {above: 3%, down_to: 1%}, impact_pool: {lendable: 1%}, imbalance_impact: {negative: 0.0000001, maximum_negative: 0.1%, maximum_in_liquidation: 0.2%}}}}}" : "")
                """)
            var house = account.house
            var journal: [Event] = []
            let usdc = account.file.parameters.settlementAsset
            let eth = AssetID(index: 1 - usdc.index)
            let traders = (0..<6).map { _ in house.addAccount(owner: Address(30), role: .margin) }
            for (index, trader) in traders.enumerated() {
                let asset = index.isMultiple(of: 2) ? usdc : eth
                house.mint(
                    Quantity(whole: index.isMultiple(of: 2) ? 50_000 : 25), of: asset, to: trader,
                    into: &journal)
            }
            var price: Int64 = 2000
            for round in 1...80 as ClosedRange<Int64> {
                house.advance(
                    to: house.time + TimeSpan(milliseconds: draws.uniform(in: 0...40_000_000)),
                    into: &journal)
                if draws.chance(Ratio(percent: 40)) {
                    price = max(200, price * draws.uniform(in: 930...1070) / 1000)
                    let report = PriceReport(
                        round: 1 + round, price: Price(whole: price),
                        confidence: Price(raw: draws.uniform(in: 0...200_000_000)),
                        observedAt: house.time, publishedAt: house.time)
                    try? house.execute(
                        .postPrice(feed: FeedID(index: eth.index), report: report), from: .system,
                        into: &journal)
                }
                let trader = traders[Int(draws.uniform(in: 0...5))]
                do throws(Rejection) {
                    if name == "gmx-v2", draws.chance(Ratio(percent: 40)) {
                        try deleverage(&house, trader, &draws, &journal)
                        kinds.insert("deleverage")
                    } else if name == "gmx-v2", draws.chance(Ratio(percent: 5)) {
                        try house.execute(
                            .claimImpact(trader), from: Address(30), into: &journal)
                        kinds.insert("claim")
                    } else if draws.chance(Ratio(percent: 30)) {
                        try house.execute(
                            .liquidate(
                                account: trader, payer: ClearingHouse.treasury, target: .next),
                            from: .system, into: &journal)
                        kinds.insert("liquidate")
                    } else {
                        let size = Quantity(
                            raw: draws.uniform(in: -20_000_000_000...20_000_000_000))
                        try house.execute(
                            .trade(
                                account: trader, market: MarketID(0), size: size, limit: nil,
                                reduceOnly: false), from: Address(30), into: &journal)
                        kinds.insert("trade")
                    }
                } catch { kinds.insert(error.name) }
                #expect(
                    house.breaches().isEmpty, "seed \(seed), round \(round): \(house.breaches())")
                var sizes = (long: Quantity.zero, short: Quantity.zero)
                for trader in traders {
                    let held = house.position(trader, MarketID(0)).size
                    sizes.long += max(.zero, held)
                    sizes.short += max(.zero, -held)
                }
                #expect(house.openInterest(MarketID(0), .long) == sizes.long)
                #expect(house.openInterest(MarketID(0), .short) == sizes.short)
            }
        }
        if name == "gmx-v2" {
            #expect(
                kinds.isSuperset(of: [
                    "deleverage", "deleveragingNotEnabled", "deleveragingRefused", "claim",
                    "nothingToClaim",
                ]), "\(kinds)")
        }
        #expect(
            kinds.isSuperset(of: [
                "trade", "liquidate", "insufficientMargin", "openInterestCapExceeded",
                "accountHealthy",
            ]), "\(kinds)")
    }
}
