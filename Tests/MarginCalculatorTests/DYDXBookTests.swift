import ExactMath
import MarginRules
import Scenarios
import Testing

@testable import MarginCalculator
@testable import MarginProtocol

/// dYdX v4's liquidation orders against resting orders, its deleveraging, and markets in final settlement, from account
/// files under the preset: BTC at $50,000 and ETH at $3,000, with 20 % initial and 10 % maintenance margin.
@Suite struct DYDXBookTests {
    /// An account with such orders of others in the book of BTC.
    private static func text(
        _ usdc: String, _ size: String, book: String, fund: String = "$1M", terms: String
    ) -> String {
        """
        protocol: dydx-v4
        parameters:
          markets: {BTC: {initial_margin: 20%, maintenance_margin: 10%, pool: none}}
          protocol:
            insurance_fund: \(fund)
            liquidation: {\(terms)}
        prices: {BTC: 50000}
        market: {BTC: {\(book)}}
        account: {balances: {USDC: \(usdc)}, positions: {BTC: {size: \(size)}}}
        """
    }

    private static func fee(_ maximum: String) -> String {
        "portion: 100%, closing_price: {fillable: {maximum_fee: \(maximum)}}"
    }

    struct Fill: Sendable, CustomTestStringConvertible {
        var id: String
        var usdc: String
        var size: String
        var price: String
        var maximumFee = "0.5%"
        var delta: String
        var testDescription: String { id }
    }

    /// x/clob/keeper/liquidations_test.go, TestGetLiquidationInsuranceFundDelta: a fill at a maker's price pays the fund what
    /// it is better than bankruptcy, up to the fee, and is paid what it is worse.
    ///
    /// Vectors: dydx4-ifdelta-01, dydx4-ifdelta-05, dydx4-ifdelta-06, dydx4-ifdelta-07,
    /// dydx4-ifdelta-09, dydx4-ifdelta-11, dydx4-ifdelta-12, dydx4-ifdelta-13.
    @Test(arguments: [
        Fill(id: "01", usdc: "-5100", size: "0.1", price: "56100", delta: "28.05"),
        Fill(
            id: "05", usdc: "4900", size: "-0.1", price: "44100", maximumFee: "2.5%",
            delta: "110.25"),
        Fill(
            id: "06", usdc: "4900", size: "-0.1", price: "44100", maximumFee: "100%",
            delta: "490"),
        Fill(id: "07", usdc: "-5100", size: "0.1", price: "51051", delta: "5.1"),
        Fill(id: "09", usdc: "-5100", size: "0.1", price: "51000", delta: "0"),
        Fill(id: "11", usdc: "-5100", size: "0.1", price: "50490", delta: "-51"),
        Fill(id: "12", usdc: "4900", size: "-0.1", price: "49490", delta: "-49"),
        // A millionth of a dollar for each: nothing, in the chain's money.
        Fill(id: "13", usdc: "4900", size: "-0.1", price: "0.000001", delta: "0"),
    ])
    func insuranceFund(row: Fill) throws {
        let isLong = !row.size.hasPrefix("-")
        var account = try account(
            Self.text(
                row.usdc, row.size, book: "\(isLong ? "bids" : "asks"): [[\(row.price), 0.1]]",
                terms: Self.fee(row.maximumFee)))
        let usdc = AssetID(0)
        let before = account.house.balance(ClearingHouse.insuranceFund, usdc)
        let step = try #require(LiquidationStep(account, account.cross))
        #expect(step.kind == .order && isNear(step.price, row.price))
        _ = try account.step(account.cross)
        let delta = account.house.balance(ClearingHouse.insuranceFund, usdc) - before
        #expect(isNear(delta, row.delta, within: "0.000001"))
        #expect(account.house.account(account.cross).markets == 0)
        #expect(account.house.breaches().isEmpty)
    }

    /// x/clob/keeper/deleveraging_test.go, TestIsValidInsuranceFundDelta: with an empty fund a fill at the bankruptcy price
    /// goes on, and one a unit worse does not.
    ///
    /// Vectors: dydx4-ifvalid-2.
    @Test(arguments: [("51000", true), ("50999", false)])
    func emptyFund(price: String, isFilled: Bool) throws {
        let account = try account(
            Self.text(
                "-5100", "0.1", book: "bids: [[\(price), 0.1]]", fund: "$0",
                terms: Self.fee("0.5%")))
        #expect((LiquidationStep(account, account.cross)?.kind == .order) == isFilled)
    }

    /// x/clob/e2e/liquidation_deleveraging_test.go, TestLiquidationConfig: $5,000 a block at the oracle's price is a tenth of
    /// the position, filled at 49,500; TestPlacePerpetualLiquidation_Deleveraging: filled whole.
    ///
    /// Vectors: dydx4-e2e-05, dydx4-e2e-09.
    @Test(arguments: [
        ("49500", "block_limits: {notional: \"$5,000\"}", "45524.25", "-0.9"),
        ("50000", "minimum: $0", "249", "0"),
    ])
    func endToEnd(price: String, terms: String, usdc: String, size: String) throws {
        var account = try account(
            Self.text(
                "50499", "-1", book: "asks: [[\(price), 1]]",
                terms: Self.fee("0.5%") + ", " + terms))
        _ = try account.step(account.cross)
        #expect(isNear(account.house.balance(account.cross, AssetID(0)), usdc))
        #expect(isNear(account.house.position(account.cross, MarketID(0)).size, size))
    }

    // MARK: Deleveraging

    /// A position that no order takes while the fund has nothing, and the other side.
    private static func deleveraged(
        _ usdc: String, _ positions: String, others: [(usdc: String, size: String)],
        price: String = "50000", portion: String = "100%", margins: String = "20% 10%",
        changes: String = "deleveraging: {unfilled: true}"
    ) throws -> (account: CalculatedAccount, others: [AccountID]) {
        let rates = margins.split(separator: " ")
        let rule = "{initial_margin: \(rates[0]), maintenance_margin: \(rates[1]), pool: none}"
        var account = try MarginCalculatorTests.account(
            """
            protocol: dydx-v4
            parameters:
              markets: {BTC: \(rule), ETH: \(rule)}
              protocol: {insurance_fund: $0, liquidation: {portion: \(portion)}, \(changes)}
            prices: {BTC: \(price), ETH: 3000}
            account: {balances: {USDC: \(usdc)}, positions: {\(positions)}}
            """)
        var ids: [AccountID] = []
        var journal: [Event] = []
        for other in others {
            let id = account.house.addAccount(owner: CalculatedAccount.other, role: .margin)
            let balance = try #require(Quantity(decimal: other.usdc))
            let size = try #require(Quantity(decimal: other.size))
            account.house.seedBalance(balance, of: AssetID(0), to: id, into: &journal)
            try account.house.seedPosition(
                id, MarketID(0), size: size, entry: .zero, into: &journal)
            ids.append(id)
        }
        return (account, ids)
    }

    struct Pair: Sendable, CustomTestStringConvertible {
        var id: String
        var usdc: String
        var positions: String
        var other: (usdc: String, size: String)
        var after: (liquidated: String, other: String)
        var testDescription: String { id }
    }

    /// x/clob/keeper/deleveraging_test.go, TestProcessDeleveraging, which calls the function without asking whether it is due:
    /// an account that is still worth something gives its position up at the bankruptcy price, here by the rule for what
    /// no order takes; the chain itself deleverages only below zero.
    ///
    /// Vectors: dydx4-adl-04, dydx4-adl-05, dydx4-adl-15.
    @Test(arguments: [
        Pair(
            id: "04", usdc: "54999", positions: "BTC: {size: -1}", other: ("-50001", "1"),
            after: ("0", "4998")),
        Pair(
            id: "05", usdc: "50000", positions: "BTC: {size: -1}", other: ("50000", "1"),
            after: ("0", "100000")),
        Pair(
            id: "15", usdc: "80800", positions: "BTC: {size: -1}, ETH: {size: -10}",
            other: ("50000", "1"), after: ("30300", "100500")),
    ])
    func atBankruptcy(row: Pair) throws {
        var (account, others) = try Self.deleveraged(
            row.usdc, row.positions, others: [row.other])
        let step = try #require(LiquidationStep(account, account.cross))
        #expect(step.kind == .deleveraging && step.what.hasPrefix("BTC"))
        _ = try account.step(account.cross)
        #expect(isNear(account.house.balance(account.cross, AssetID(0)), row.after.liquidated))
        #expect(isNear(account.house.balance(others[0], AssetID(0)), row.after.other))
        #expect(account.house.account(others[0]).markets == 0)
        #expect(account.house.breaches().isEmpty)
        // Without that rule, as the preset has it, the account waits for orders.
        let waiting = try Self.deleveraged(
            row.usdc, row.positions, others: [row.other], changes: "deleveraging: {}")
        #expect(waiting.account.quote(waiting.account.cross) == nil)
    }

    /// The same file, TestProcessDeleveraging_Rounding: half a position at a price of seven digits is accepted, for an
    /// account above zero and for those below, at what the chain's own roundings make of it but for millionths.
    ///
    /// Vectors: dydx4-adlr-2, dydx4-adlr-3, dydx4-adlr-4.
    @Test(arguments: [
        ("-45001", "1", "100000", "-1", "22500.495952"),
        ("45001", "-1", "50000", "1", "22500.495951"),
        ("-54999", "1", "100000", "-1", "27499.495051"),
    ])
    func rounding(usdc: String, size: String, others: String, other: String, quote: String) throws {
        var (account, ids) = try Self.deleveraged(
            usdc, "BTC: {size: \(size)}", others: [(others, other)], price: "49999.99937",
            portion: "49.999991%")
        let before = account.house.balance(ids[0], AssetID(0))
        let step = try #require(LiquidationStep(account, account.cross))
        #expect(step.kind == .deleveraging)
        #expect(isNear(step.amount.magnitude, "0.49999991"))
        _ = try account.step(account.cross)
        let paid = account.house.balance(ids[0], AssetID(0)) - before
        #expect(isNear(paid.magnitude, quote, within: "0.000004"))
        #expect(paid.isNegative == (size == "1"))
    }

    /// The same file, TestOffsetSubaccountPerpetualPosition: two holders of half each, with margins of all the value.
    ///
    /// Vectors: dydx4-offset-3.
    @Test func twoHolders() throws {
        var (account, others) = try Self.deleveraged(
            "54999", "BTC: {size: -1}", others: [("50000", "0.5"), ("50000", "0.5")],
            margins: "100% 100%")
        let events = try account.step(account.cross)
        #expect(account.house.balance(account.cross, AssetID(0)).isZero)
        for id in others {
            #expect(isNear(account.house.balance(id, AssetID(0)), "77499.5"))
            #expect(account.house.account(id).markets == 0)
        }
        let sizes = events.compactMap { event in
            if case .positionChanged(let change) = event, others.contains(change.account) {
                change.sizeBefore - change.sizeAfter
            } else {
                nil
            }
        }
        #expect(sizes == Array(repeating: Quantity(raw: 50_000_000), count: 2))
    }

    // MARK: Final settlement

    /// The same file, TestProcessDeleveragingAtOraclePrice, and TestCanDeleverageSubaccount in final settlement: at the
    /// oracle's price, whoever is worth anything.
    ///
    /// Vectors: dydx4-adlo-2, dydx4-adlo-3, dydx4-canadl-5.
    @Test(arguments: [
        Pair(
            id: "adlo-2", usdc: "50000", positions: "BTC: {size: 1}", other: ("54999", "-1"),
            after: ("100000", "4999")),
        Pair(
            id: "adlo-3", usdc: "100000", positions: "BTC: {size: -1}", other: ("-50000", "1"),
            after: ("50000", "0")),
        Pair(
            id: "canadl-5", usdc: "54999", positions: "BTC: {size: -1}", other: ("-40000", "1"),
            after: ("4999", "10000")),
    ])
    func settled(row: Pair) throws {
        var (account, others) = try Self.deleveraged(
            row.usdc, row.positions, others: [row.other], changes: "deleveraging: {}")
        var journal: [Event] = []
        let part = try #require(
            try account.house.settlementPart(account.cross, MarketID(0)))
        #expect(part.price == Price(whole: 50_000) && part.taker == .deleveraged)
        try account.house.execute(
            .windUp(MarketID(0), .settled, price: nil), from: .governance, into: &journal)
        #expect(isNear(account.house.balance(account.cross, AssetID(0)), row.after.liquidated))
        #expect(isNear(account.house.balance(others[0], AssetID(0)), row.after.other))
        #expect(account.house.openInterest(MarketID(0)).isZero)
        #expect(account.house.breaches().isEmpty)
    }

    /// The same test's refusals: at the oracle's price nobody may end below zero. Where the account itself is below zero it
    /// goes at its bankruptcy price instead, once it is its turn.
    ///
    /// Vectors: dydx4-adlo-6, dydx4-adlo-7.
    @Test func refused() throws {
        let stuck = try Self.deleveraged(
            "50000", "BTC: {size: -1}", others: [("-50001", "1")], changes: "deleveraging: {}")
        let market = MarketID(0)
        var house = stuck.account.house
        for id in [stuck.account.cross] + stuck.others {
            #expect(try house.settlementPart(id, market) == nil)
        }
        var journal: [Event] = []
        try house.execute(
            .windUp(market, .settled, price: nil), from: .governance, into: &journal)
        #expect(house.openInterest(market) == Quantity(whole: 1) && house.breaches().isEmpty)

        let other = try Self.deleveraged(
            "49999", "BTC: {size: -1}", others: [("-45001", "1")], changes: "deleveraging: {}")
        house = other.account.house
        #expect(try house.settlementPart(other.others[0], market) == nil, "at the oracle's price")
        let part = try #require(try house.settlementPart(other.account.cross, market))
        #expect(part.price == Price(whole: 49_999))
        try house.execute(
            .windUp(market, .settled, price: nil), from: .governance, into: &journal)
        #expect(house.balance(other.account.cross, AssetID(0)).isZero)
        #expect(house.balance(other.others[0], AssetID(0)) == Quantity(whole: 4998))
    }

    // MARK: Risk

    /// lib/margin/risk_test.go, TestRisk_Cmp, of accounts with so much net collateral and maintenance margin.
    ///
    /// Vectors: dydx4-riskcmp-02, dydx4-riskcmp-04, dydx4-riskcmp-08, dydx4-riskcmp-15.
    @Test(
        arguments: [
            ((100, 50), (0, 100), .lower), ((-100, 150), (-100, 100), .lower),
            ((-100, 50), (-100, 100), .higher), ((100, 50), (0, 0), .higher),
        ] as [((Int64, Int64), (Int64, Int64), AccountRisk.Comparison)])
    func comparison(
        first: (Int64, Int64), second: (Int64, Int64), expected: AccountRisk.Comparison
    ) throws {
        var account = try account(DYDXTests.text("0", "BTC: {size: 0.00000001}"))
        var journal: [Event] = []
        var ids: [AccountID] = []
        for (collateral, margin) in [first, second] {
            let id = account.house.addAccount(owner: CalculatedAccount.other, role: .margin)
            // A tenth of a long's value is its margin.
            account.house.seedBalance(
                Quantity(whole: collateral - 10 * margin), of: AssetID(0), to: id, into: &journal)
            if margin != 0 {
                try account.house.seedPosition(
                    id, MarketID(0), size: Quantity(raw: margin * scaleE8 / 5000), entry: .zero,
                    into: &journal)
            }
            ids.append(id)
        }
        let risks = ids.map { account.house.risk(of: $0) }
        for (risk, row) in zip(risks, [first, second]) {
            #expect(risk.netCollateral == Money(whole: row.0))
            #expect(risk.maintenanceMargin == Money(whole: row.1))
        }
        #expect(risks[0].compared(to: risks[1]) == expected)
        #expect(account.file.parameters.liquidation.priority == .risk)
    }

    /// x/clob/keeper/liquidations_test.go, TestIsLiquidatable: below zero without a position nobody is liquidatable.
    ///
    /// Vectors: dydx4-posliq-2.
    @Test func debtAlone() throws {
        let account = try account(DYDXTests.text("-1", ""))
        #expect(!MarginReport(account).account.isLiquidatable)
        #expect(account.quote(account.cross) == nil)
    }
}
