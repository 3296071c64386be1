import ExactMath
import MarginRules
import Scenarios
import Testing

@testable import MarginCalculator
@testable import MarginProtocol

/// Synthetix v3 through the engine; Synthetixio/synthetix-v3 markets/perps-market/test/integration.
///
/// The engine cannot hold the interest on what liquidity providers have lent (snx-interest), a rule only; the table of
/// funding (snx-funding) is in the tests of funding policies.
@Suite struct SynthetixTests {
    /// One market at a price of a dollar, of a scale, with nothing asked of it but what a test names.
    static func text(
        _ collateral: String, _ size: String, market: String = "", keeper: String = "null",
        price: String = "1"
    ) -> String {
        """
        protocol: synthetix-v3
        parameters:
          markets:
            SNX: {size_premium: null, fixed_margin: null, flag_reward: null, pool: null, funding: null, interest: null, liquidation_window: null\(market)}
          protocol:
            keeper: \(keeper)
        prices: {SNX: \(price)}
        account: {balances: {USDC: \(collateral)}, positions: {SNX: {size: \(size), entry: 1}}}
        """
    }

    /// Liquidation/Liquidation.margin.test.ts: five markets, entered at the price of their skew.
    ///
    /// Vectors: snx-margin-1.
    @Test func fiveMarkets() throws {
        let markets = [
            ("BTC", "-1", "29850", "100", "2", "1%"), ("ETH", "20", "2020", "1000", "2", "1%"),
            ("LINK", "2000", "5.05", "100000", "2", "1%"),
            ("ARB", "5000", "2.05", "100000", "1.5", "3.5%"),
            ("OP", "5000", "2.05", "100000", "1.5", "3.5%"),
        ]
        let terms = markets.map { name, _, _, scale, fraction, minimum in
            "    \(name): {initial_margin: \(minimum), maintenance_margin: \(minimum == "1%" ? "0.5%" : "1.75%"), "
                + "size_premium: {scale: \(scale), fraction: \(fraction), maintenance_share: 50%}, "
                + "fixed_margin: null, flag_reward: null, funding: null, interest: null, liquidation_window: null, "
                + "pool: {skew_scale: \(scale)}}"
        }.joined(separator: "\n")
        let positions = markets.map { "\($0.0): {size: \($0.1), entry: \($0.2)}" }
            .joined(separator: ", ")
        let text = """
            protocol: synthetix-v3
            parameters:
              markets:
            \(terms)
              protocol: {keeper: null}
            prices: {BTC: 30000, ETH: 2000, LINK: 5, ARB: 2, OP: 2}
            account: {balances: {USDC: 20000}, positions: {\(positions)}}
            """
        let report = try report(text)
        #expect(
            report.positions.map(\.unrealizedProfit)
                == [-150, -400, -100, -250, -250].map { Money(whole: $0) })
        #expect(report.weightedEquity.maintenance == Money(whole: 18_850))
        #expect(report.requirement.maintenance == Money(whole: 2_800))
        #expect(!report.isLiquidatable)
        // And those entry prices are what the engine asks of such orders.
        let empty = try account(
            text.replacing(
                positions,
                with: positions.replacing(
                    #/size: [-0-9]+/#, with: { _ in "size: 0" })))
        for (index, market) in markets.enumerated() {
            let size = try #require(Quantity(decimal: market.1))
            let price = try empty.house.poolPrice(MarketID(index: index), size: size)
            #expect(isNear(price, market.2))
        }
    }

    /// Orders/OffchainAsyncOrder.price.test.ts.
    ///
    /// Vectors: snx-fill-price-1, snx-fill-price-2.
    @Test(arguments: [("1", "1000.005", "1000.004"), ("-1", "999.995", "999.996")])
    func fillPrice(size: String, expected: String, tight: String) throws {
        var account = try account(
            Self.text("1000000", "0", market: ", pool: {skew_scale: 100000}", price: "1000")
                .replacing("pool: null, ", with: ""))
        let order = try #require(Quantity(decimal: size))
        #expect(isNear(try account.house.poolPrice(MarketID(0), size: order), expected))
        var journal: [Event] = []
        func trade(_ limit: String) throws(Rejection) {
            try account.house.execute(
                .trade(
                    account: account.cross, market: MarketID(0), size: order,
                    limit: Price(decimal: limit), reduceOnly: false),
                from: CalculatedAccount.owner, into: &journal)
        }
        let refused = #expect(throws: Rejection.self) { try trade(tight) }
        #expect(refused?.code == 503)
        try trade(expected)
        // The next of the same size pays for the skew that this one has left.
        let next = try account.house.poolPrice(MarketID(0), size: order)
        #expect(isNear(next, size == "1" ? "1000.015" : "999.985"))
    }

    /// Account/Margins.multiCollateral.test.ts, under the preset as it is.
    ///
    /// Vectors: snx-collateral-haircut-1, snx-collateral-haircut-2.
    @Test(arguments: [("BTC", "8", "30000", "228000"), ("ETH", "700", "2000", "1360800")])
    func haircut(asset: String, amount: String, price: String, expected: String) throws {
        let report = try report(
            """
            protocol: synthetix-v3
            prices: {\(asset): \(price)}
            account: {balances: {\(asset): \(amount)}}
            """)
        #expect(isNear(report.weightedEquity.maintenance, expected))
        #expect(isNear(report.weightedEquity.initial, expected))
    }

    private static func window(
        _ scale: String, seconds: String, premium: String = "0%", maker: String = "0.7%",
        taker: String = "0.3%", multiplier: String = "1"
    ) -> String {
        ", liquidation_window: {maker_fee: \(maker), taker_fee: \(taker), skew_scale: \(scale), "
            + "multiplier: \(multiplier), length: \(seconds)s, maximum_premium: \(premium)}"
    }

    private static func windowed(_ text: String) -> String {
        text.replacing(", liquidation_window: null", with: "")
    }

    private static func closed(_ events: [Event]) -> Quantity {
        events.reduce(.zero) { sum, event in
            if case .liquidated(let step) = event, step.kind == .position {
                sum + step.size.magnitude
            } else {
                sum
            }
        }
    }

    /// Liquidation.maxLiquidationAmount.test.ts: a hundred in ten seconds, shared by all accounts.
    ///
    /// Vectors: snx-window-1.
    @Test func maximumAmount() throws {
        var account = try account(
            Self.windowed(
                Self.text("0.5", "150", market: Self.window("1000", seconds: "10"))))
        let flag = try account.step(account.cross)
        #expect(Self.closed(flag) == .zero && account.house.isBeingLiquidated(account.cross))
        #expect(Self.closed(try account.step(account.cross)) == Quantity(whole: 100))
        let refused = #expect(throws: Rejection.self) { try account.step(account.cross) }
        #expect(refused?.code == 612)
    }

    /// Liquidation.maxLiquidationAmount.macro.test.ts: 300 in 30 seconds; what is older than the window is forgotten.
    ///
    /// Vectors: snx-limit-rolling.
    @Test func rollingWindow() throws {
        var account = try account(
            Self.windowed(
                Self.text(
                    "1", "300",
                    market: Self.window(
                        "1000", seconds: "30", maker: "0.7%", taker: "0.3%"))))
        var journal: [Event] = []
        let start = account.house.time
        var others: [AccountID] = []
        for size: Int64 in [100, 10, 10, 10] {
            let other = account.house.addAccount(owner: CalculatedAccount.other, role: .margin)
            try account.house.seedPosition(
                other, MarketID(0), size: Quantity(whole: size), entry: Price(whole: 2),
                into: &journal)
            others.append(other)
        }
        for (other, seconds) in zip(others, [0, 24, 48, 72] as [Int64]) {
            account.house.advance(to: start + TimeSpan(seconds: seconds), into: &journal)
            _ = try account.step(other)
            _ = try account.step(other)
            #expect(!account.house.isBeingLiquidated(other))
        }
        account.house.advance(to: start + TimeSpan(seconds: 73), into: &journal)
        _ = try account.step(account.cross)
        _ = try account.step(account.cross)
        #expect(account.house.position(account.cross, MarketID(0)).size == Quantity(whole: 20))
        #expect(account.house.breaches().isEmpty)
    }

    /// Liquidation.maxLiquidationAmount.maxPd.test.ts: while the skew is small one window more, once a block.
    ///
    /// Vectors: snx-limit-max-pd.
    @Test func maximumPremium() throws {
        var account = try account(
            Self.windowed(
                Self.text(
                    "0.1", "90",
                    market: Self.window(
                        "1000", seconds: "10", premium: "6%", maker: "0.15%", taker: "0.1%"))))
        let id = account.cross
        var journal: [Event] = []
        func left() -> Quantity { account.house.position(id, MarketID(0)).size }
        func refuses() throws {
            let refused = #expect(throws: Rejection.self) { try account.step(id) }
            #expect(refused?.code == 612)
        }
        _ = try account.step(id)
        _ = try account.step(id)
        #expect(left() == Quantity(whole: 65))
        try refuses()
        account.house.advance(to: account.house.time + TimeSpan(seconds: 1), into: &journal)
        // 65 of 1000 are above the maximum premium.
        try refuses()
        let arbitrageur = account.house.addAccount(owner: CalculatedAccount.other, role: .margin)
        try account.house.seedPosition(
            arbitrageur, MarketID(0), size: Quantity(whole: -25), entry: Price(whole: 1),
            into: &journal)
        for expected: Int64 in [40, 15, 0] {
            _ = try account.step(id)
            #expect(left() == Quantity(whole: expected))
            if expected > 0 { try refuses() }
            account.house.advance(to: account.house.time + TimeSpan(seconds: 1), into: &journal)
        }
        #expect(account.house.breaches().isEmpty)
    }

    /// KeeperRewards/KeeperRewards.Caps.test.ts: the least profit, and the cap that prevails over it.
    ///
    /// Vectors: snx-keeper-2, snx-keeper-3.
    @Test(arguments: [("10000", "100000", "18888"), ("1", "100", "100")])
    func keeperReward(minimum: String, maximum: String, expected: String) throws {
        let report = try report(
            Self.text(
                "1000000", "1200000000",
                keeper:
                    "{minimum_profit: $\(minimum), minimum_profit_ratio: 0.5%, maximum: $\(maximum), flag_cost: $8888, liquidation_cost: $0, collateral_share: 0%}"
            ))
        let step = try #require(report.liquidation)
        #expect(step.kind == .flag)
        #expect(isNear(step.toLiquidator, expected))
        // And it is held back as part of the margin: two thirds of a per cent of the position beside it.
        #expect(
            isNear(
                report.requirement.maintenance,
                expected == "100" ? "7920100" : "7938888"))
    }

    /// What is seized pays for what positions lose, and liquidity providers for the rest; what they gain is the pool's.
    @Test(arguments: [("0.995", "0"), ("0.9", "9000"), ("1.1", "0")])
    func lossesAreThePools(price: String, expected: String) throws {
        var account = try account(Self.text("1000", "100000", price: "0.996"))
        let id = account.cross
        let equity = account.house.plainEquity(
            of: ClearingHouse.liquidityPool, at: account.house.prices)
        let own = account.house.plainEquity(of: id, at: account.house.prices)
        _ = try account.step(id)
        #expect(account.house.balance(id, AssetID(0)).isZero)
        var journal: [Event] = []
        account.house.advance(to: account.house.time + TimeSpan(seconds: 1), into: &journal)
        let moved = try #require(Price(decimal: price))
        try account.house.execute(
            .postPrice(
                feed: FeedID(1),
                report: PriceReport(
                    round: 2, price: moved, observedAt: account.house.time,
                    publishedAt: account.house.time)), from: .system, into: &journal)
        let events = try account.step(id)
        let covered = events.reduce(Quantity.zero) { sum, event in
            if case .lossCovered(let cover) = event, cover.layer == .pool {
                sum + cover.amount
            } else {
                sum
            }
        }
        #expect(isNear(covered, expected))
        #expect(!account.house.isBeingLiquidated(id))
        #expect(account.house.account(id).assets == 0 && account.house.account(id).markets == 0)
        // The pool has all that the account had: whatever the price has done meanwhile, both together stay as they were.
        let after = account.house.plainEquity(
            of: ClearingHouse.liquidityPool, at: account.house.prices)
        #expect(after == equity + own)
        #expect(account.house.breaches().isEmpty)
    }

    /// Nothing may be done with a flagged account.
    @Test func aFlaggedAccountIsClosed() throws {
        var account = try account(
            Self.windowed(
                Self.text("0.5", "150", market: Self.window("1000", seconds: "10"))))
        let id = account.cross
        _ = try account.step(id)
        var journal: [Event] = []
        let wallet = account.house.addAccount(owner: CalculatedAccount.owner, role: .wallet)
        account.house.mint(Quantity(whole: 1000), of: AssetID(0), to: wallet, into: &journal)
        let commands: [Command] = [
            .deposit(from: wallet, to: id, asset: AssetID(0), amount: Quantity(whole: 1)),
            .trade(
                account: id, market: MarketID(0), size: Quantity(whole: -1), limit: nil,
                reduceOnly: true),
        ]
        for command in commands {
            let refused = #expect(throws: Rejection.self) {
                try account.house.execute(command, from: CalculatedAccount.owner, into: &journal)
            }
            #expect(refused == .beingLiquidated(id))
        }
    }
}
