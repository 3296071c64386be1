import ExactMath
import MarginRules
import Testing

/// Hyperliquid docs, trading/margin-tiers, trading/margining and trading/liquidations; df-hyperliquid-core
/// src/trade/margin/tests/tables.rs.
@Suite struct LeverageTiersTests {
    private static let tables: [String: LeverageTiers] = [
        "BTC": table(40, 150_000_000, 20), "ETH": table(25, 100_000_000, 15),
        "SOL": table(20, 70_000_000, 10), "DOGE": table(10, 20_000_000, 5),
    ]

    private static func table(_ leverage: Int64, _ bound: Int64, _ upper: Int64) -> LeverageTiers {
        LeverageTiers([
            LeverageTiers.Tier(lowerBound: .zero, maximumLeverage: leverage),
            LeverageTiers.Tier(lowerBound: Money(whole: bound), maximumLeverage: upper),
        ])
    }

    @Test(
        arguments: [
            // a_notional_falls_in_the_highest_tier_it_reaches
            ("hl-tier-1", 0, 40), ("hl-tier-3", 150_000_000, 20), ("hl-tier-4", -200_000_000, 20),
            ("just below", 149_999_999, 40),
        ] as [(String, Int64, Int64)])
    func leverage(id: String, notional: Int64, expected: Int64) throws {
        let table = try #require(Self.tables["BTC"])
        #expect(table.tier(notional: Money(whole: notional)).maximumLeverage == expected, "\(id)")
    }

    @Test(
        arguments: [
            // Derived from the documented formula: (id, market, notional, margin in thirds of a USD)
            ("hl-mm-1", "BTC", 100_000_000, 3_750_000), ("hl-mm-2", "BTC", 150_000_000, 5_625_000),
            ("hl-mm-3", "BTC", 200_000_000, 9_375_000), ("hl-mm-4", "ETH", 100_000_000, 6_000_000),
            ("hl-mm-5", "ETH", 150_000_000, 11_000_000), ("hl-mm-6", "SOL", 70_000_000, 5_250_000),
            ("hl-mm-7", "SOL", 100_000_000, 9_750_000), ("hl-mm-8", "DOGE", 30_000_000, 6_000_000),
            ("a short", "DOGE", -30_000_000, 6_000_000),
        ] as [(String, String, Int64, Int64)])
    func maintenance(id: String, market: String, notional: Int64, thirds: Int64) throws {
        let table = try #require(Self.tables[market])
        let down = try table.maintenanceMargin(notional: Money(whole: notional), rounding: .down)
        let up = try table.maintenanceMargin(notional: Money(whole: notional), rounding: .up)
        #expect(down.raw == thirds * scaleE8 / 3, "\(id)")
        #expect(up.raw == (thirds * scaleE8 + 2) / 3, "\(id)")
    }

    @Test func deductionMakesItContinuous() throws {
        let table = LeverageTiers([
            LeverageTiers.Tier(lowerBound: .zero, maximumLeverage: 50),
            LeverageTiers.Tier(lowerBound: Money(whole: 1_000), maximumLeverage: 15),
            LeverageTiers.Tier(lowerBound: Money(whole: 7_000), maximumLeverage: 7),
            LeverageTiers.Tier(lowerBound: Money(whole: 9_000), maximumLeverage: 3),
        ])
        // 1000 · (1/30 − 1/100) = 70/3.
        let deduction = try table.deduction(notional: Money(whole: 2_000), rounding: .down)
        #expect(deduction.raw == 7_000_000_000 / 3)
        #expect(try table.deduction(notional: Money(whole: 999), rounding: .up) == .zero)
        for bound: Int64 in [1_000, 7_000, 9_000] {
            let below = try table.maintenanceMargin(
                notional: Money(whole: bound) - Money(raw: 1), rounding: .down)
            let at = try table.maintenanceMargin(notional: Money(whole: bound), rounding: .up)
            #expect(at.raw - below.raw <= 2)
        }
        // Slice by slice: 1000/100 + 6000/30 + 2000/14 + 1000/6.
        let margin = try table.maintenanceMargin(notional: Money(whole: 10_000), rounding: .nearest)
        let slices = 10.0 + 200 + 2_000.0 / 14 + 1_000.0 / 6
        #expect(abs(Double(margin.raw) / 1e8 - slices) < 1e-7)
    }

    @Test func initialMarginIsTheInverseOfLeverage() throws {
        let table = try #require(Self.tables["ETH"])
        let margin = try table.initialMargin(
            notional: Money(whole: -100), leverage: 3, rounding: .up)
        #expect(margin == Money(raw: 3_333_333_334))
    }

    @Test(
        arguments: [
            // Derived from the documented formula: (id, side, price, size, account value, leverage, num, den)
            ("hl-liqprice-1", 1, 100, 1, 10, 20, 1_200, 13),
            ("hl-liqprice-2", -1, 100, 1, 10, 20, 4_400, 41),
            ("hl-liqprice-3", 1, 2_000, 50, 5_000, 25, 95_000, 49),
        ] as [(String, Int64, Int64, Int64, Int64, Int64, Int64, Int64)])
    func liquidationPrice(
        id: String, side: Int64, price: Int64, size: Int64, equity: Int64, leverage: Int64,
        numerator: Int64, denominator: Int64
    ) throws {
        let table = LeverageTiers([
            LeverageTiers.Tier(lowerBound: .zero, maximumLeverage: leverage)
        ])
        for (rounding, offset) in [(Rounding.down, 0), (.up, 1)] as [(Rounding, Int64)] {
            let found = try table.liquidationPrice(
                size: Quantity(whole: side * size), price: Price(whole: price),
                equity: Money(whole: equity), otherRequirement: .zero, rounding: rounding)
            #expect(found == Price(raw: numerator * scaleE8 / denominator + offset), "\(id)")
        }
        // Equity equals maintenance margin there.
        let at = Double(numerator) / Double(denominator)
        let moved = Double(equity) + Double(side * size) * (at - Double(price))
        #expect(abs(moved - at * Double(size) / Double(2 * leverage)) < 1e-9, "\(id)")
    }

    /// The tier is the one at the liquidation price, not the one of today.
    @Test func liquidationPriceInAnotherTier() throws {
        let table = Self.table(20, 1_000, 10)
        // 12 units at 100 are in the second tier; at the liquidation price they are in the first.
        let size = Quantity(whole: 12)
        let price = try #require(
            try table.liquidationPrice(
                size: size, price: Price(whole: 100), equity: Money(whole: 400),
                otherRequirement: Money(whole: 5), rounding: .up))
        let notional = try size.value(at: price, rounding: .up)
        #expect(notional < Money(whole: 1_000))
        let equity =
            try Money(whole: 400) - size.value(at: Price(whole: 100) - price, rounding: .up)
        let margin = try table.maintenanceMargin(notional: notional, rounding: .up)
        #expect(abs((equity - margin - Money(whole: 5)).raw) < 50)
        #expect(
            try table.liquidationPrice(
                size: size, price: Price(whole: 100), equity: Money(whole: 1_300),
                otherRequirement: .zero, rounding: .up) == nil)
    }

    /// At the price that was found, equity is the maintenance margin, whatever the tier.
    @Test func liquidationPricesOfRandomTables() throws {
        var state: UInt64 = 0x5EED_0005
        var found = 0
        for _ in 0..<2_000 {
            var tiers = [LeverageTiers.Tier(lowerBound: .zero, maximumLeverage: 50)]
            while tiers.count < 4 {
                let last = tiers[tiers.count - 1]
                tiers.append(
                    LeverageTiers.Tier(
                        lowerBound: last.lowerBound + Money(whole: Int64(next(&state) % 900 + 100)),
                        maximumLeverage: last.maximumLeverage - Int64(next(&state) % 12 + 1)))
            }
            let table = LeverageTiers(tiers)
            let size = Quantity(raw: (Int64(next(&state) % 4_000) - 2_000) * 1_000_000 + 1)
            let equity = Money(raw: Int64(next(&state) % 60_000_000_000))
            let start = Price(whole: 100)
            let price = try table.liquidationPrice(
                size: size, price: start, equity: equity, otherRequirement: .zero,
                rounding: .nearest)
            guard let price else { continue }
            found += 1
            let notional = try size.value(at: price, rounding: .nearest)
            let margin = try table.maintenanceMargin(notional: notional, rounding: .nearest)
            let moved = equity + (try size.value(at: price - start, rounding: .nearest))
            #expect(abs((moved - margin).raw) < 40)
        }
        #expect(found > 1_000)
    }

    @Test func crossLiquidationPrices() throws {
        // dydx4-doc-2: dydxprotocol/v4-documentation concepts/trading/liquidations.mdx, cross example;
        // tolerance 0.01.
        let price = try CrossLiquidationPrice.price(
            size: Quantity(raw: -150_000_000), price: Price(whole: 3_000),
            equity: Money(whole: 1_000), maintenanceRate: ExactFraction(1, over: 20),
            otherRequirement: Money(whole: 175), rounding: .nearest)
        #expect(price == Price(raw: 338_095_238_095))
        func nearest(
            _ size: Int64, _ equity: Int64, rate: ExactFraction = ExactFraction(1, over: 10)
        )
            throws -> Price?
        {
            try CrossLiquidationPrice.price(
                size: Quantity(whole: size), price: Price(whole: 100),
                equity: Money(whole: equity), maintenanceRate: rate, otherRequirement: .zero,
                rounding: .nearest)
        }
        #expect(try nearest(0, 5) == nil)
        #expect(try nearest(1, 101) == nil)
        #expect(try nearest(1, 100) == .zero)
        #expect(try nearest(-1, -101) == nil)
        #expect(try nearest(1, 10, rate: ExactFraction(1, over: 1)) == nil)
        #expect(try nearest(3, 30) == Price(whole: 100))
    }

    @Test func bankruptcyPriceOfTheDocumentation() throws {
        // dydx4-doc-3: contract-loss-mechanism.mdx. Short 500 at 1 with 100 USD, price 2.
        let equity = Money(whole: 100) + Money(whole: 500) - Money(whole: 1_000)
        #expect(equity == Money(whole: -400))
        let margin = Money(whole: 50)
        let quote = try BankruptcyPrice.quote(
            of: PositionReduction(
                size: Quantity(whole: -500), notional: Money(whole: -1_000),
                maintenanceMargin: margin,
                account: AccountRisk(
                    netCollateral: equity, initialMargin: margin, maintenanceMargin: margin)),
            delta: Quantity(whole: 500), notionalAfter: .zero, maintenanceMarginAfter: .zero)
        #expect(quote == Money(whole: -600))
        // 1.2 a unit, so that a long of 500 from 1 gains 100.
        #expect(Money(whole: 600) - Money(whole: 500) == Money(whole: 100))
    }

    @Test func fundingCapOfTheDocumentation() throws {
        // dydx4-doc-5: funding.mdx, 600 % of the distance between 5 % and 3 %.
        let tier = LiquidityTier.percent(5, 60)
        let distance = tier.initialMarginFraction - tier.maintenanceMarginFraction
        #expect(try distance.scaled(by: Ratio(percent: 600), rounding: .down) == Ratio(percent: 12))
    }

    private let staged = StagedLiquidation(
        partialAbove: Money(whole: 100_000), firstPortion: Ratio(percent: 20),
        fullOrdersFor: TimeSpan(seconds: 30), backstopShare: ExactFraction(2, over: 3))

    @Test(
        arguments: [
            (10, 9, StagedLiquidation.Stage.none), (9, 9, .none), (8, 9, .marketOrder),
            (6, 9, .marketOrder), (5, 9, .backstop), (0, 9, .backstop), (-1, 9, .autoDeleveraging),
            (-1, 0, .none),
        ] as [(Int64, Int64, StagedLiquidation.Stage)])
    func stages(equity: Int64, margin: Int64, expected: StagedLiquidation.Stage) {
        #expect(
            staged.stage(equity: Money(raw: equity), maintenanceMargin: Money(raw: margin))
                == expected)
    }

    @Test(
        arguments: [
            // (id, notional, seconds since the last partial, expected share of a position of 1000 steps)
            ("hl-partial-1", 90_000, nil, 1_000), ("at the bound", 100_000, nil, 1_000),
            ("above", 100_001, nil, 200), ("short", -100_001, nil, 200),
            ("just after a partial", 200_000, 29, 1_000), ("30 s after", 200_000, 30, 200),
        ] as [(String, Int64, Int64?, Int64)])
    func orderSizes(id: String, notional: Int64, since: Int64?, expected: Int64) throws {
        let now = Timestamp(milliseconds: 1_700_000_000_000)
        let size = try staged.orderSize(
            of: Quantity(raw: notional < 0 ? -1_000 : 1_000), notional: Money(whole: notional),
            lastPartial: since.map { now - TimeSpan(seconds: $0) }, now: now,
            step: Quantity(raw: 1))
        #expect(size == Quantity(raw: expected), "\(id)")
    }

    @Test func partialOrdersAreWholeSteps() throws {
        let now = Timestamp(milliseconds: 0)
        func size(_ position: Int64, step: Int64) throws -> Int64 {
            try staged.orderSize(
                of: Quantity(raw: position), notional: Money(whole: 200_000), lastPartial: nil,
                now: now, step: Quantity(raw: step)
            ).raw
        }
        #expect(try size(1_001, step: 10) == 210)
        #expect(try size(1_000, step: 10) == 200)
        #expect(try size(7, step: 10) == 7)
    }

    @Test func withdrawals() throws {
        let rule = WithdrawalMargin(minimumShareOfNotional: Ratio(percent: 10))
        func left(_ equity: Int64, _ initial: Int64, _ notional: Int64) throws -> Money {
            try rule.withdrawable(
                equity: Money(whole: equity), initialMargin: Money(whole: initial),
                notional: Money(whole: notional))
        }
        #expect(try left(100, 20, 500) == Money(whole: 50))
        #expect(try left(100, 60, 500) == Money(whole: 40))
        #expect(try left(100, 101, 500) == .zero)
        #expect(
            try rule.required(initialMargin: .zero, notional: Money(raw: 1)) == Money(raw: 1))
    }

    @Test(
        arguments: [
            // vertex-protocol.gitbook.io basics/liquidations-and-insurance-fund, derived: (id, amount, oracle,
            // weight, price, profit, insurance)
            ("vertex-liqprice-1", 1, "100", "0.95", "97.5", "2.5", "0.625"),
            ("vertex-liqprice-2", -1, "100", "1.05", "102.5", "2.5", "0.625"),
            ("vertex-liqprice-3", 1, "2000", "0.9", "1900", "100", "25"),
        ] as [(String, Int64, String, String, String, String, String)])
    func takeover(
        id: String, amount: Int64, oracle: String, weight: String, price: String, profit: String,
        insurance: String
    ) throws {
        let rule = TakeoverPrice(
            discountShare: Ratio(percent: 50), insuranceShare: Ratio(percent: 25))
        let oracle = try #require(Price(decimal: oracle))
        let weight = try #require(Ratio(decimal: weight))
        #expect(try rule.price(oracle: oracle, maintenanceWeight: weight) == Price(decimal: price))
        let settlement = try rule.settlement(
            amount: Quantity(whole: amount), oracle: oracle, maintenanceWeight: weight)
        let taken = try #require(Price(decimal: price))
        #expect(settlement.payment == Money(raw: amount * taken.raw), "\(id)")
        #expect(settlement.insuranceFee == Money(decimal: insurance), "\(id)")
        let whole = settlement.insuranceFee + settlement.liquidatorProfit
        #expect(whole == Money(decimal: profit), "\(id)")
    }

    /// vertex-protocol/vertex-contracts core/contracts/ClearinghouseStorage.sol (`getLiqPriceX18`), 2025:
    /// a fifth of the weight's distance from one, half of it to the fund.
    @Test func takeoverInTheContracts() throws {
        let rule = TakeoverPrice(
            discountShare: Ratio(percent: 20), insuranceShare: Ratio(percent: 50))
        let settlement = try rule.settlement(
            amount: Quantity(whole: -2), oracle: Price(whole: 100),
            maintenanceWeight: Ratio(percent: 105))
        #expect(settlement.payment == Money(whole: -202))
        #expect(settlement.insuranceFee == Money(whole: 1))
        #expect(settlement.liquidatorProfit == Money(whole: 1))
    }
}
