import ExactMath
import MarginRules
import Testing

@Suite struct PoolLiquidationTests {
    struct Row: Sendable {
        let id: String
        var collateral = "1000000000000000000"
        var decimals = 18
        let collateralPrice: String
        var size = "450000000000000000000000000000000000"
        var tokens = "30000000000000000000000"
        let indexPrice: String
        var side = PoolSide.long
        var factor = "10000000000000000000000000000"
        var impact = "0"
        var fees = "0"
        var maximumImpact = "0"
        var reason: PoolMarginRequirement.Reason?
        var remaining: String?
    }

    /// gmx-io/gmx-synthetics a5c0c88 test/guardian/testLiquidation.ts (01 to 12),
    /// test/exchange/LiquidationOrder.ts "executeLiquidation" (14), and
    /// contracts/position/PositionUtils.sol `isPositionLiquidatable` (d1 to d5).
    static let rows = [
        Row(
            id: "gliq-01", collateralPrice: "5000000000000000", indexPrice: "15000000000000"),
        Row(
            id: "gliq-02", collateralPrice: "2500000000000000", indexPrice: "15000000000000",
            reason: .minimumCollateralForLeverage),
        Row(
            id: "gliq-08", collateralPrice: "5000000000000000", indexPrice: "150000000000000",
            side: .short, reason: .minimumCollateral),
        Row(
            id: "gliq-09", collateralPrice: "5000000000000000", indexPrice: "1000000000000",
            reason: .minimumCollateral),
        Row(
            id: "gliq-10", collateralPrice: "4000000000000000", indexPrice: "15010000000000",
            reason: .minimumCollateralForLeverage),
        Row(
            id: "gliq-11", collateral: "5000000000", decimals: 6,
            collateralPrice: "800000000000000000000000", indexPrice: "15010000000000",
            reason: .minimumCollateralForLeverage),
        Row(
            id: "gliq-12", collateral: "1500000", decimals: 6,
            collateralPrice: "500000000000000000000000",
            size: "1000000000000000000000000000000", tokens: "66666666666666666",
            indexPrice: "15000000000000", reason: .minimumCollateral),
        Row(
            id: "gliq-14", collateral: "10000000000000000000",
            collateralPrice: "4200000000000000", size: "200000000000000000000000000000000000",
            tokens: "40000000000000000000", indexPrice: "4200000000000000",
            remaining: "10000000000000000000000000000000000"),
        Row(
            id: "gliq-d1", collateralPrice: "4500000000000000", indexPrice: "15000000000000",
            side: .short, remaining: "4500000000000000000000000000000000"),
        Row(
            id: "gliq-d2", collateralPrice: "2520000000000000", indexPrice: "15000000000000",
            factor: "5000000000000000000000000000", fees: "270000000000000000000000000000000",
            remaining: "2250000000000000000000000000000000"),
        Row(
            id: "gliq-d3", collateralPrice: "4499000000000000", indexPrice: "15000000000000",
            impact: "1000000000000000000000000000000000",
            maximumImpact: "5000000000000000000000000000", reason: .minimumCollateralForLeverage,
            remaining: "4499000000000000000000000000000000"),
        Row(
            id: "gliq-d4", collateralPrice: "5000000000000000", indexPrice: "15000000000000",
            impact: "-9000000000000000000000000000000000",
            maximumImpact: "1000000000000000000000000000",
            remaining: "4550000000000000000000000000000000"),
        Row(
            id: "gliq-d5", collateralPrice: "4600000000000000", indexPrice: "15000000000000",
            impact: "-9000000000000000000000000000000000",
            remaining: "4600000000000000000000000000000000"),
    ]

    @Test(arguments: rows) func published(_ row: Row) throws {
        let position = PoolPosition(
            side: row.side, size: usd(row.size), sizeInTokens: amount(row.tokens),
            collateral: amount(row.collateral, decimals: row.decimals))
        let index = PriceRange(price(row.indexPrice))
        let collateral = PriceRange(price(row.collateralPrice, decimals: row.decimals))
        let profit = try position.profit(at: index)
        let rule = impactRule(forLiquidation: ratio(row.maximumImpact))
        let requirement = PoolMarginRequirement(
            minimumCollateral: usd("1000000000000000000000000000000"),
            minimumFactor: ratio(row.factor), liquidationFactor: ratio(row.factor),
            openInterestMultiplier: .zero)
        let remaining = try PoolMarginRequirement.remainingCollateral(
            position.collateral, price: collateral, profit: profit,
            impact: rule.forLiquidation(
                closing: usd(row.impact), pending: .zero, size: position.size),
            fees: usd(row.fees))
        if let expected = row.remaining { #expect(isNear(remaining, usd(expected)), "\(row.id)") }
        let reason = try requirement.reason(
            remaining: remaining, size: position.size, occasion: .liquidation)
        #expect(reason == row.reason, "\(row.id)")
    }

    let requirement = PoolMarginRequirement(
        minimumCollateral: Money(whole: 1), minimumFactor: Ratio(percent: 1),
        liquidationFactor: Ratio(basisPoints: 50),
        openInterestMultiplier: Fixed18(raw: 60_000_000))

    @Test(arguments: [
        // In order: the minimum in dollars hides insolvency, except where it is not asked for.
        (
            Int64(-1), PoolMarginRequirement.Occasion.liquidation,
            PoolMarginRequirement.Reason?.some(.minimumCollateral)
        ),
        (99_999_999, .liquidation, .minimumCollateral), (0, .decrease, .insolvent),
        (-1, .decrease, .insolvent), (1, .decrease, .minimumCollateralForLeverage),
        (499_999_999, .liquidation, .minimumCollateralForLeverage),
        (500_000_000, .liquidation, nil),
        (500_000_000, .increase, .minimumCollateralForLeverage), (1_000_000_000, .increase, nil),
        (999_999_999, .decrease, .minimumCollateralForLeverage), (1_000_000_000, .decrease, nil),
    ])
    func orderAndEquality(
        _ remaining: Int64, _ occasion: PoolMarginRequirement.Occasion,
        _ expected: PoolMarginRequirement.Reason?
    ) throws {
        let reason = try requirement.reason(
            remaining: Money(raw: remaining), size: Money(whole: 1_000), occasion: occasion)
        #expect(reason == expected)
    }

    /// Without a minimum in dollars, nothing left is still too little.
    @Test func zeroIsInsolvent() throws {
        var loose = requirement
        loose.minimumCollateral = .zero
        #expect(
            try loose.reason(remaining: .zero, size: .zero, occasion: .liquidation) == .insolvent)
        #expect(
            try loose.reason(remaining: Money(raw: 1), size: .zero, occasion: .liquidation) == nil)
    }

    /// config/markets.ts: 6e-11 per dollar asks for 0.5 % at 83 million.
    @Test func tradingFactorGrowsWithOpenInterest() throws {
        var market = requirement
        market.minimumFactor = Ratio(basisPoints: 50)
        #expect(
            try market.tradingFactor(openInterest: Money(whole: 83_000_000))
                == Fixed18(market.minimumFactor))
        #expect(
            try market.tradingFactor(openInterest: Money(whole: 200_000_000))
                == Fixed18(Ratio(basisPoints: 120)))
    }

    @Test func sufficiency() throws {
        func isSufficient(_ collateral: Int64, realized: Int64, openInterest: Int64) throws -> Bool
        {
            try requirement.isSufficient(
                Quantity(raw: collateral), price: PriceRange(Price(whole: 1)),
                realized: Money(raw: realized), size: Money(whole: 1_000),
                openInterest: Money(whole: openInterest))
        }
        #expect(try isSufficient(1_000_000_000, realized: 0, openInterest: 0))
        #expect(try !isSufficient(999_999_999, realized: 50, openInterest: 0))
        #expect(try !isSufficient(1_000_000_000, realized: -1, openInterest: 0))
        #expect(try !isSufficient(1_000_000_000, realized: 0, openInterest: 200_000_000))
        #expect(try isSufficient(1_200_000_000, realized: 0, openInterest: 200_000_000))
        #expect(try !isSufficient(0, realized: -1, openInterest: 0))
    }

    /// A pending gain offsets a charge; the sum is floored, never positive.
    @Test(arguments: [(Int64(-9), Int64(3), Int64(-5)), (-4, 1, -3), (-4, 4, 0), (20, -12, -2)])
    func impactOfLiquidation(_ closing: Int64, _ pending: Int64, _ expected: Int64) throws {
        let rule = impactRule(
            maximumPositive: Ratio(percent: 1), forLiquidation: Ratio(basisPoints: 50))
        let impact = try rule.forLiquidation(
            closing: Money(whole: closing), pending: Money(whole: pending),
            size: Money(whole: 1_000))
        #expect(impact == Money(whole: expected))
    }

    @Test func fees() throws {
        let schedule = PoolFeeSchedule(
            improving: Ratio(basisPoints: 4), worsening: Ratio(basisPoints: 6),
            liquidation: Ratio(basisPoints: 20), positionReceiver: Ratio(percent: 37),
            borrowingReceiver: Ratio(percent: 37), liquidationReceiver: Ratio(percent: 37))
        let range = PriceRange(minimum: Price(whole: 3), maximum: Price(whole: 4))
        let fees = try schedule.fees(
            size: Money(whole: 10_000), improvesBalance: false, borrowing: Money(whole: 10),
            funding: Quantity(whole: 1), collateralPrice: range, discount: Ratio(percent: 10),
            occasion: .liquidation)
        #expect(fees.position == Quantity(raw: 180_000_000))
        #expect(fees.borrowing == Quantity(raw: 333_333_333))
        #expect(fees.liquidation == Quantity(raw: 666_666_667))
        #expect(fees.forReceiver == Quantity(raw: 66_600_000 + 123_333_333 + 246_666_666))
        #expect(fees.forPool + fees.forReceiver == fees.totalExcludingFunding)
        #expect(fees.total == fees.totalExcludingFunding + Quantity(whole: 1))
        #expect(try fees.value(at: range) == Money(raw: 3 * fees.total.raw))
        let order = try schedule.fees(
            size: Money(whole: 10_000), improvesBalance: true, borrowing: .zero, funding: .zero,
            collateralPrice: range)
        #expect(order.total == Quantity(raw: 133_333_333))
        #expect(order.liquidation == .zero)
    }
}
