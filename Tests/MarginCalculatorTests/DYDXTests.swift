import ExactMath
import MarginProtocol
import Scenarios
import SeededRandom
import Testing

@testable import MarginCalculator

/// dYdX v4 through the engine: BTC at $50,000 and ETH at $3,000, each with 20 % initial and 10 % maintenance margin, as
/// in the chain's own tests.
@Suite struct DYDXTests {
    /// An account under the preset with those margins.
    static func text(_ usdc: String, _ positions: String, _ changes: String = "") -> String {
        """
        protocol: dydx-v4
        parameters:
          markets:
            BTC: {initial_margin: 20%, maintenance_margin: 10%}
            ETH: {initial_margin: 20%, maintenance_margin: 10%}
        \(changes)
        prices: {BTC: 50000, ETH: 3000}
        account: {balances: {USDC: \(usdc)}, positions: {\(positions)}}
        """
    }

    /// x/clob/keeper/liquidations_test.go, TestIsLiquidatable.
    ///
    /// Vectors: dydx4-posliq-5.
    @Test(arguments: [
        ("-4499", "0.1", false), ("-4500", "0.1", false), ("-4501", "0.1", true),
        ("5499", "-0.1", true), ("5500", "-0.1", false),
    ])
    func liquidatable(usdc: String, size: String, expected: Bool) throws {
        let report = try report(Self.text(usdc, "BTC: {size: \(size)}"))
        #expect(report.isLiquidatable == expected)
        #expect((report.liquidation != nil) == expected)
        #expect(isNear(report.requirement.maintenance, "500"))
        #expect(isNear(report.requirement.initial, "1000"))
    }

    /// What a whole position is paid at its bankruptcy price, over its size;
    /// x/clob/keeper/liquidations_test.go, TestGetBankruptcyPriceInQuoteQuantums.
    ///
    /// Vectors: dydx4-bankr-01, dydx4-bankr-07, dydx4-bankr-08, dydx4-bankr-09, dydx4-bankr-10.
    @Test(arguments: [
        ("-4501", "BTC: {size: 0.1}", "BTC", "45010"),
        ("-5100", "BTC: {size: 0.1}", "BTC", "51000"),
        ("4900", "BTC: {size: -0.1}", "BTC", "49000"),
        ("-490", "BTC: {size: 0.004}, ETH: {size: 0.1}", "ETH", "2940"),
        ("510", "BTC: {size: -0.004}, ETH: {size: -0.1}", "ETH", "3060"),
    ])
    func bankruptcyPrice(usdc: String, positions: String, market: String, expected: String) throws {
        let report = try report(Self.text(usdc, positions))
        let position = report.positions.first { $0.market == market }
        #expect(isNear(position?.bankruptcyPrice, expected))
    }

    /// The price of the order, from the test's bankruptcy adjustment and spread, with a fund that can pay;
    /// x/clob/keeper/liquidations_test.go, TestGetFillablePrice.
    ///
    /// Vectors: dydx4-fillable-02, dydx4-fillable-07, dydx4-fillable-08, dydx4-fillable-11,
    /// dydx4-fillable-13, dydx4-fillable-15.
    @Test(arguments: [
        ("-4501", "0.1", "100%", "2", "0.1", "49998"),
        ("-5000", "0.1", "100%", "1", "0.1", "49500"),
        ("-5000", "0.1", "50%", "1", "0.1", "49500"), ("4500", "-0.1", "100%", "1", "0.1", "50500"),
        ("-4501", "0.1", "100%", "4294.967295", "0.1", "49500"),
        ("-4501", "0.1", "100%", "1", "1", "49990"),
    ])
    func fillablePrice(
        usdc: String, size: String, portion: String, adjustment: String, spread: String,
        expected: String
    ) throws {
        let report = try report(
            Self.text(
                usdc, "BTC: {size: \(size)}",
                """
                  protocol:
                    insurance_fund: $1M
                    liquidation:
                      portion: \(portion)
                      closing_price: {fillable: {adjustment: \(adjustment), spread: \(spread)}}
                """))
        let step = try #require(report.liquidation)
        #expect(step.kind == .position)
        #expect(isNear(step.price, expected))
    }

    /// A tenth of the position, and a fee of half a per cent of it; with the least spread the fill is at the oracle's
    /// price but for a ten-thousandth; x/clob/e2e/liquidation_deleveraging_test.go, TestLiquidationConfig. $5,000 a
    /// block is a tenth as well, and a position below the minimum goes whole (TestGetMaxAndMinPositionNotionalLiquidatable).
    ///
    /// Vectors: dydx4-e2e-04, dydx4-poslimit-3.
    @Test(arguments: [
        ("-49501", "1", "portion: 10%, minimum: $100", "-0.1", "25"),
        ("50499", "-1", "portion: 100%, block_limits: {notional: \"$5,000\"}", "0.1", "25"),
        ("-4.51", "0.0001", "portion: 10%, minimum: $10", "-0.0001", "0.025"),
    ])
    func sizeAndFee(usdc: String, size: String, terms: String, amount: String, fee: String) throws {
        let report = try report(
            Self.text(
                usdc, "BTC: {size: \(size)}",
                """
                  protocol:
                    liquidation:
                      \(terms.replacing(", ", with: "\n      "))
                      closing_price: {fillable: {spread: 0.00000001, maximum_fee: 0.5%}}
                """))
        let step = try #require(report.liquidation)
        #expect(isNear(step.amount, amount))
        #expect(isNear(step.price, "50000", within: "0.001"))
        #expect(isNear(step.toInsurance, fee, within: "0.001"))
        #expect(step.toLiquidator == .zero)
    }

    /// An account below zero that the fund cannot make good is deleveraged at its bankruptcy price, any other is not;
    /// x/clob/keeper/deleveraging_test.go, TestCanDeleverageSubaccount, TestIsValidInsuranceFundDelta.
    ///
    /// Vectors: dydx4-canadl-1.
    @Test(arguments: [
        ("54999", "$0", false), ("49999", "$0", true), ("49999", "$100000", false),
    ])
    func deleveraging(usdc: String, fund: String, isDeleveraged: Bool) throws {
        let account = try account(
            Self.text(
                usdc, "BTC: {size: -1}",
                "  protocol: {insurance_fund: \(fund), liquidation: {portion: 100%}}"))
        let report = MarginReport(account).account
        let step = try #require(report.liquidation)
        #expect((step.kind == .deleveraging) == isDeleveraged)
        if isDeleveraged {
            #expect(isNear(step.price, "49999"))
            #expect(isNear(step.deficit, "1"))
        }
        let run = LiquidationRun(account, pause: .zero)
        #expect(run.account.house.balance(ClearingHouse.badDebt, AssetID(0)) == .zero)
    }

    /// Random accounts: what is quoted is what happens, no healthy account is touched, nothing is made or lost, and
    /// nobody's loss is left on the books.
    @Test func fuzz() throws {
        var draws = RandomSource(seed: 4).stream("dydx")
        var deleveraged = 0
        for _ in 0..<300 {
            func number(_ low: Int64, _ high: Int64) -> Int64 { draws.uniform(in: low...high) }
            let btc = number(20_000, 90_000)
            let sizes = (number(-200, 200), number(-2000, 2000), number(-20_000, 20_000))
            // Near the maintenance margin, on either side of it.
            let value = sizes.0 * btc / 100 + sizes.1 * 30 + sizes.2 * 15 / 10
            let usdc = -value + number(-4000, 8000)
            var state = try account(
                """
                protocol: dydx-v4
                parameters: {protocol: {insurance_fund: $\(number(0, 3000))}}
                prices: {BTC: \(btc), ETH: 3000, SOL: 150}
                account:
                  balances: {USDC: \(usdc)}
                  positions:
                    BTC: {size: \(Quantity(raw: sizes.0 * 1_000_000))}
                    ETH: {size: \(Quantity(raw: sizes.1 * 1_000_000))}
                    SOL: {size: \(Quantity(raw: sizes.2 * 1_000_000))}
                """)
            let id = state.cross
            var steps = 0
            var ignored: [Event] = []
            while let quote = state.quote(id) {
                #expect(state.house.isLiquidatable(id, at: state.file.prices))
                let events = try state.step(id)
                try expectSame(quote, events, id, &deleveraged)
                #expect(state.house.breaches().isEmpty)
                state.house.advance(to: state.house.time, into: &ignored)
                steps += 1
                guard steps < 1000 else { break }
            }
            #expect(steps < 1000)
            #expect(
                !state.house.isLiquidatable(id, at: state.file.prices)
                    || state.house.account(id).markets == 0)
            let lost = -state.house.balance(ClearingHouse.badDebt, AssetID(0))
            #expect(lost <= Quantity(raw: 1000))
        }
        #expect(deleveraged > 20)
    }

    private func expectSame(
        _ quote: LiquidationQuote, _ events: [Event], _ id: AccountID, _ deleveraged: inout Int
    ) throws {
        guard case .positions(let parts) = quote.step else { return }
        for part in parts {
            var moved = Quantity.zero
            for case .positionChanged(let change) in events
            where change.account == id && change.market == part.market {
                moved += change.sizeAfter - change.sizeBefore
                #expect(change.price == part.price)
            }
            #expect(moved == part.size)
            var paid: Quantity = .zero
            for case .lossCovered(let cover) in events where cover.layer != .badDebt {
                if part.taker == .deleveraged, cover.layer == .autoDeleveraging {
                    paid += cover.amount
                } else if part.taker == .pool, cover.layer == .insuranceFund {
                    paid += cover.amount
                }
            }
            let promised = part.counterparties.reduce(part.fromInsurance) { $0 + $1.profitGivenUp }
            #expect(paid.raw >= promised.raw)
            if part.taker == .deleveraged { deleveraged += 1 }
        }
    }
}
