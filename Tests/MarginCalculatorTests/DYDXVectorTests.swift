import ExactMath
import MarginRules
import Scenarios
import Testing

@testable import MarginCalculator
@testable import MarginProtocol

/// Margins of dydxprotocol/v4-chain through the engine. The chain counts money in millionths, and rates in parts per
/// million, rounded down; a unit of those is the tolerance where it rounds.
@Suite struct DYDXVectorTests {
    struct Margin: Sendable, CustomTestStringConvertible {
        var id: String
        var rates: String
        var size: String
        var price: String
        var initial: String
        var maintenance: String?
        var openInterest = ""
        var scaling = "none"
        var testDescription: String { id }
    }

    /// x/perpetuals/types/liquidity_tier_test.go and x/perpetuals/lib/lib_test.go.
    ///
    /// Vectors: dydx4-imr-01, dydx4-imr-09, dydx4-oimf-01, dydx4-oimf-03, dydx4-oimf-06,
    /// dydx4-oimf-07, dydx4-marginreq-b01, dydx4-marginreq-b08, dydx4-marginreq-b09,
    /// dydx4-marginreq-b11, dydx4-marginreq-b13.
    @Test(arguments: [
        Margin(id: "imr-01", rates: "20% 10%", size: "0.5", price: "1", initial: "0.1"),
        Margin(
            id: "imr-09", rates: "20% 10%", size: "0.5", price: "1", initial: "0.135697",
            openInterest: "28123456.789123", scaling: "[$25M, $60M]"),
        Margin(
            id: "oimf-01", rates: "20% 10%", size: "0.1", price: "1", initial: "0.02",
            scaling: "[$1, $2]"),
        Margin(
            id: "oimf-03", rates: "20% 10%", size: "0.1", price: "1", initial: "0.0387653",
            openInterest: "1.234567", scaling: "[$1, $2]"),
        Margin(
            id: "oimf-06", rates: "20% 10%", size: "0.1", price: "1", initial: "0.1",
            openInterest: "2.5", scaling: "[$1, $2]"),
        Margin(
            id: "oimf-07", rates: "20% 10%", size: "0.1", price: "1", initial: "0.02",
            openInterest: "1.5"),
        Margin(
            id: "b01", rates: "1% 0.5%", size: "0.7", price: "5555", initial: "38.885",
            maintenance: "19.4425"),
        Margin(
            id: "b08", rates: "1% 0.5%", size: "0.007", price: "5555", initial: "0.38885",
            maintenance: "0.194425"),
        Margin(
            id: "b09", rates: "20% 10%", size: "0.012", price: "36750", initial: "88.2",
            maintenance: "44.1"),
        Margin(
            id: "b11", rates: "25% 15%", size: "0.074523", price: "123456",
            initial: "2300.077872", maintenance: "1380.046724"),
        Margin(
            id: "b13", rates: "20% 10%", size: "0.012", price: "36750", initial: "441",
            maintenance: "44.1", openInterest: "1000", scaling: "[$10M, $20M]"),
    ])
    func margins(row: Margin) throws {
        let rates = row.rates.split(separator: " ")
        let market = row.openInterest.isEmpty ? "{}" : "{BTC: {open_interest: \(row.openInterest)}}"
        let report = try report(
            """
            protocol: dydx-v4
            parameters: {markets: {BTC: {initial_margin: \(rates[0]), maintenance_margin: \(rates[1]), open_interest_scaling: \(row.scaling)}}}
            prices: {BTC: \(row.price)}
            market: \(market)
            account: {balances: {USDC: 100000}, positions: {BTC: {size: \(row.size)}}}
            """)
        #expect(isNear(report.requirement.initial, row.initial, within: "0.000001"))
        if let maintenance = row.maintenance {
            #expect(isNear(report.requirement.maintenance, maintenance, within: "0.000001"))
        }
    }

    /// x/perpetuals/lib/lib_test.go, TestGetNetNotionalInQuoteQuantums: of both signs, cut off after six decimals.
    ///
    /// Vectors: dydx4-notional-02, dydx4-notional-03.
    @Test(arguments: ["0.0001", "-0.0001"]) func notional(size: String) throws {
        let report = try report(
            """
            protocol: dydx-v4
            prices: {BTC: 1234567.89123}
            account: {balances: {USDC: 1000}, positions: {BTC: {size: \(size)}}}
            """)
        #expect(isNear(report.positions.first?.notional, "123.456789", within: "0.000001"))
        let signed = report.equity - Money(whole: 1000)
        #expect(isNear(signed, size == "0.0001" ? "123.456789" : "-123.456789", within: "0.000001"))
    }

    /// lib/margin/risk_test.go: liquidatable below the maintenance margin alone, and what meets the initial margin; net
    /// collateral and requirement, of a position of 500 or 1,000 at 20 % and 10 %.
    ///
    /// Vectors: dydx4-isliq-1, dydx4-isliq-6, dydx4-initok-1, dydx4-initok-2, dydx4-initok-3,
    /// dydx4-initok-4, dydx4-initok-5.
    @Test(arguments: [
        ("100", "0", false, true), ("-925", "0.02", true, false), ("-300", "0.01", false, true),
        ("-400", "0.01", false, true), ("-450", "0.01", false, false), ("0", "0", false, true),
        ("-100", "0", false, false),
    ])
    func risk(usdc: String, size: String, liquidatable: Bool, isMet: Bool) throws {
        let report = try report(DYDXTests.text(usdc, size == "0" ? "" : "BTC: {size: \(size)}"))
        #expect(report.isLiquidatable == liquidatable)
        #expect(report.health.initial.isNegative != isMet)
    }

    /// x/subaccounts/lib/updates_test.go, TestGetRiskForSubaccount: net collateral and both margins of one and of two
    /// positions.
    ///
    /// Vectors: dydx4-acct-2, dydx4-acct-3.
    @Test(arguments: [
        ("100", "BTC: {size: 100}", "10100", "1000", "500"),
        ("110", "BTC: {size: 100}, ETH: {size: -25}", "5110", "1500", "750"),
    ])
    func subaccount(
        usdc: String, positions: String, equity: String, initial: String, maintenance: String
    ) throws {
        let report = try report(
            """
            protocol: dydx-v4
            parameters: {markets: {BTC: {initial_margin: 10%, maintenance_margin: 5%}, ETH: {initial_margin: 10%, maintenance_margin: 5%}}}
            prices: {BTC: 100, ETH: 200}
            account: {balances: {USDC: \(usdc)}, positions: {\(positions)}}
            """)
        #expect(isNear(report.equity, equity))
        #expect(isNear(report.requirement.initial, initial))
        #expect(isNear(report.requirement.maintenance, maintenance))
    }

    /// x/subaccounts/lib/updates_test.go, TestIsValidStateTransitionForUndercollateralizedSubaccount_ZeroMarginRequirements:
    /// an account below zero without a position may get better, and may not open one.
    ///
    /// Vectors: dydx4-trans-2, dydx4-trans-6.
    @Test func belowZero() throws {
        var account = try account(DYDXTests.text("-2", ""))
        var journal: [Event] = []
        let owner = CalculatedAccount.owner
        let wallet = account.house.addAccount(owner: owner, role: .wallet)
        account.house.mint(Quantity(whole: 1), of: AssetID(0), to: wallet, into: &journal)
        try account.house.execute(
            .deposit(
                from: wallet, to: account.cross, asset: AssetID(0), amount: Quantity(whole: 1)),
            from: owner, into: &journal)
        #expect(account.house.balance(account.cross, AssetID(0)) == Quantity(whole: -1))
        #expect(throws: Rejection.self) {
            try account.house.execute(
                .trade(
                    account: account.cross, market: MarketID(0), size: Quantity(raw: 20_000),
                    limit: nil, reduceOnly: false), from: owner, into: &journal)
        }
    }

    /// x/clob/keeper/liquidations_test.go, TestGetBankruptcyPriceInQuoteQuantums, "rounds up": what a part of a position of
    /// one bitcoin is worth where its share of the equity is gone; the chain rounds to the next millionth.
    ///
    /// Vectors: dydx4-bankr-12.
    @Test func bankruptcyOfAPart() throws {
        let account = try account(DYDXTests.text("-13", "BTC: {size: 1}"))
        let share = account.house.positionShare(account.cross.index, 0, closing: 21_347)
        #expect(isNear(Money(raw: share.value - share.equity), "0.002776", within: "0.000001"))
    }

    /// docs/pages/concepts/trading, liquidations.mdx and contract-loss-mechanism.mdx: a short beside a thousand STRK, and a
    /// short of 500 at 1 with 100 dollars that is deleveraged at 1.2 when the price is 2.
    ///
    /// Vectors: dydx4-doc-2, dydx4-doc-3.
    @Test func examplesOfTheDocuments() throws {
        let cross = try report(
            """
            protocol: dydx-v4
            parameters: {markets: {ETH: {initial_margin: 10%, maintenance_margin: 5%}, STRK: {initial_margin: 20%, maintenance_margin: 10%, open_interest_scaling: none}}}
            prices: {ETH: 3000, STRK: 1.75}
            account: {balances: {USDC: 1000}, positions: {ETH: {size: -1.5, entry: 3000}, STRK: {size: 1000, entry: 1.75}}}
            """)
        let ether = cross.positions.first { $0.market == "ETH" }
        #expect(isNear(ether?.liquidationPrice, "3380.95", within: "0.01"))

        var account = try account(
            """
            protocol: dydx-v4
            parameters: {protocol: {insurance_fund: $0, liquidation: {portion: 100%}}}
            prices: {XYZ: 2}
            account: {balances: {USDC: 100}, positions: {XYZ: {size: -500, entry: 1}}}
            """)
        var journal: [Event] = []
        let winner = account.house.addAccount(owner: CalculatedAccount.other, role: .margin)
        try account.house.seedPosition(
            winner, MarketID(0), size: Quantity(whole: 500), entry: Price(whole: 1), into: &journal)
        let report = MarginReport(account).account
        #expect(isNear(report.equity, "-400"))
        #expect(isNear(report.positions.first?.bankruptcyPrice, "1.2"))
        _ = try account.step(account.cross)
        #expect(account.house.balance(winner, AssetID(0)) == Quantity(whole: 100))
        #expect(account.house.breaches().isEmpty)
    }

    /// x/clob/e2e/liquidation_deleveraging_test.go, TestPlacePerpetualLiquidation_Deleveraging: at 50,500 a short is worth
    /// one dollar below zero, the fund is empty, and a long gives up its bitcoin at 50,499.
    ///
    /// Vectors: dydx4-e2e-12.
    @Test func deleveragedWhole() throws {
        var account = try account(
            """
            protocol: dydx-v4
            parameters: {protocol: {insurance_fund: $0, liquidation: {portion: 100%}}, markets: {BTC: {initial_margin: 20%, maintenance_margin: 10%}}}
            prices: {BTC: 50500}
            account: {balances: {USDC: 50499}, positions: {BTC: {size: -1}}}
            """)
        var journal: [Event] = []
        let long = account.house.addAccount(owner: CalculatedAccount.other, role: .margin)
        account.house.mint(Quantity(whole: 50_000), of: AssetID(0), to: long, into: &journal)
        try account.house.seedPosition(
            long, MarketID(0), size: Quantity(whole: 1), entry: .zero, into: &journal)
        _ = try account.step(account.cross)
        #expect(account.house.balance(account.cross, AssetID(0)).isZero)
        #expect(account.house.balance(long, AssetID(0)) == Quantity(whole: 100_499))
        #expect(account.house.account(long).markets == 0)
    }
}
