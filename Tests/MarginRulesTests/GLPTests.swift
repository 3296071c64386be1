import ExactMath
import MarginRules
import Testing

@Suite struct GLPTests {
    /// The vault of the upstream tests: 5 dollars, 0.1 %, 50 times.
    let rule = GLPLiquidation(
        liquidationFee: Money(whole: 5), marginFee: Ratio(basisPoints: 10),
        maximumLeverage: Ratio(whole: 50))

    struct State: Sendable {
        let id: String
        let side: PoolSide
        let size, collateral, average, price: String
        let code: Int
        let profit: String
    }

    /// gmx-io/gmx-contracts fe55c4b test/core/Vault/liquidateLongPosition.js "liquidate long" and
    /// "automatic stop-loss", liquidateShortPosition.js "liquidate short".
    static let states = [
        State(
            id: "first price", side: .long, size: "90000000000000000000000000000000",
            collateral: "9910000000000000000000000000000",
            average: "41000000000000000000000000000000000",
            price: "43500000000000000000000000000000000", code: 0,
            profit: "5487804878048780487804878048780"),
        State(
            id: "second price", side: .long, size: "90000000000000000000000000000000",
            collateral: "9910000000000000000000000000000",
            average: "41000000000000000000000000000000000",
            price: "39000000000000000000000000000000000", code: 0,
            profit: "-4390243902439024390243902439024"),
        State(
            id: "v1-long-3", side: .long, size: "90000000000000000000000000000000",
            collateral: "9910000000000000000000000000000",
            average: "41000000000000000000000000000000000",
            price: "38700000000000000000000000000000000", code: 1,
            profit: "-5048780487804878048780487804878"),
        State(
            id: "v1-long-4", side: .long, size: "1000000000000000000000000000000000",
            collateral: "99000000000000000000000000000000",
            average: "41000000000000000000000000000000000",
            price: "43500000000000000000000000000000000", code: 0,
            profit: "60975609756097560975609756097560"),
        State(
            id: "v1-long-5", side: .long, size: "1000000000000000000000000000000000",
            collateral: "99000000000000000000000000000000",
            average: "41000000000000000000000000000000000",
            price: "39000000000000000000000000000000000", code: 0,
            profit: "-48780487804878048780487804878048"),
        State(
            id: "v1-long-6", side: .long, size: "1000000000000000000000000000000000",
            collateral: "99000000000000000000000000000000",
            average: "41000000000000000000000000000000000",
            price: "37760000000000000000000000000000000", code: 2,
            profit: "-79024390243902439024390243902439"),
        State(
            id: "v1-short-1", side: .short, size: "90000000000000000000000000000000",
            collateral: "9910000000000000000000000000000",
            average: "40000000000000000000000000000000000",
            price: "39000000000000000000000000000000000", code: 0,
            profit: "2250000000000000000000000000000"),
    ]

    @Test(arguments: states) func publishedState(_ row: State) throws {
        let position = GLPPosition(
            side: row.side, size: usd(row.size), collateral: usd(row.collateral),
            averagePrice: price(row.average, decimals: 0))
        let profit = try position.profit(at: PriceRange(price(row.price, decimals: 0)))
        #expect(isNear(profit, usd(row.profit)), "\(row.id)")
        let state = try rule.state(
            of: position, profit: profit, fundingFee: .zero, occasion: .liquidation)
        #expect(state.code == row.code, "\(row.id)")
    }

    struct Average: Sendable {
        let id: String
        let side: PoolSide
        let average, mark, after, expected, profit: String
    }

    /// gmx-contracts fe55c4b test/core/Vault/averagePrice.js: 90 dollars increased by 10.
    static let averages = [
        Average(
            id: "v1-avg-2", side: .long, average: "41000000000000000000000000000000000",
            mark: "45100000000000000000000000000000000",
            after: "50000000000000000000000000000000000",
            expected: "41376146788990825688073394495412844",
            profit: "20842572062084257206208425720620"),
        Average(
            id: "v1-avg-4", side: .long, average: "40000000000000000000000000000000000",
            mark: "50000000000000000000000000000000000",
            after: "50000000000000000000000000000000000",
            expected: "40816326530612244897959183673469387",
            profit: "22500000000000000000000000000000"),
        Average(
            id: "v1-avg-7", side: .short, average: "40000000000000000000000000000000000",
            mark: "30000000000000000000000000000000000",
            after: "30000000000000000000000000000000000",
            expected: "38709677419354838709677419354838709",
            profit: "22499999999999999999999999999999"),
    ]

    @Test(arguments: averages) func publishedAverage(_ row: Average) throws {
        var position = GLPPosition(
            side: row.side, size: Money(whole: 90), collateral: Money(whole: 10),
            averagePrice: price(row.average, decimals: 0))
        let mark = price(row.mark, decimals: 0)
        position.averagePrice = try position.averagePrice(
            increasedBy: Money(whole: 10), at: mark, profit: position.profit(at: PriceRange(mark)))
        position.size = Money(whole: 100)
        #expect(isNear(position.averagePrice, price(row.expected, decimals: 0)), "\(row.id)")
        let profit = try position.profit(at: PriceRange(price(row.after, decimals: 0)))
        #expect(isNear(profit, usd(row.profit)), "\(row.id)")
    }

    /// v1-funding-1: gmx-contracts fe55c4b test/core/Vault/fundingRate.js "funding rate".
    @Test func publishedFunding() throws {
        let funding = GLPFunding(
            factor: Ratio(raw: 600 * 100), interval: TimeSpan(seconds: 8 * 3_600))
        let rate = try funding.rate(
            reserved: Quantity(raw: 100_000), pool: Quantity(raw: 257_046), intervals: 1)
        #expect(rate == Ratio(raw: 233 * 100))
    }

    /// gmx-contracts fe55c4b test/core/Vault/getFeeBasisPoints.js "getFeeBasisPoints".
    @Test(arguments: [
        (
            "v1-feebps-00", Int64(29_700), Int64(29_700), Int64(1_000), Int64(100), Int64(50),
            Int64(100)
        ),
        ("v1-feebps-02", 29_700, 29_700, -1_000, 100, 50, 100),
        ("v1-feebps-03", 29_700, 29_700, -5_000, 100, 50, 104),
        ("v1-feebps-05", 29_700, 29_700, -5_000, 50, 100, 58),
        ("v1-feebps-10", 29_700, 37_275, -1_000, 100, 50, 110),
        ("v1-feebps-11", 29_700, 37_275, -5_000, 100, 50, 113),
        ("v1-feebps-12", 29_700, 37_275, -10_000, 100, 50, 116),
        ("v1-feebps-15", 89_100, 36_366, -1_000, 50, 100, 0),
    ])
    func publishedFee(
        _ id: String, _ amount: Int64, _ target: Int64, _ change: Int64, _ base: Int64,
        _ tax: Int64, _ expected: Int64
    ) throws {
        let fee = try GLPDynamicFee(base: base, tax: tax).basisPoints(
            amount: Money(whole: amount), change: Money(whole: change),
            target: Money(whole: target))
        #expect(fee == expected, "\(id)")
    }

    @Test func feeEdges() throws {
        let fee = GLPDynamicFee(base: 30, tax: 50)
        func points(_ amount: Int64, _ change: Int64, _ target: Int64) throws -> Int64 {
            try fee.basisPoints(
                amount: Money(whole: amount), change: Money(whole: change),
                target: Money(whole: target))
        }
        // Without a target the fee is the base; far above it the tax stops at its most.
        #expect(try points(10, 5, 0) == 30)
        #expect(try points(1_000, 5, 10) == 80)
        // More than there is stops at zero: as far as 10 of 10.
        #expect(try points(10, -500, 10) == 30 + 25)
        // From 8 past 10 to 12, equally far: not nearer, so taxed by the mean distance.
        #expect(try points(8, 4, 10) == 30 + 10)
        #expect(
            try GLPDynamicFee(base: 30, tax: 50, isDynamic: false).basisPoints(
                amount: .zero, change: Money(whole: 1), target: Money(whole: 1)) == 30)
        let swap = try fee.basisPoints(
            swapping: Money(whole: 1), into: (Money(whole: 5), Money(whole: 10)),
            outOf: (Money(whole: 10), Money(whole: 10)))
        #expect(swap == 32)
        #expect(
            try GLPDynamicFee.target(weight: 1, totalWeight: 3, supply: Money(whole: 1))
                == Money(raw: 33_333_333))
    }

    @Test(arguments: [
        // Size 100, fees 0.1, liquidation fee 5: losses, fees, the liquidation fee, leverage,
        // healthy.
        (
            Int64(-1_000_000_001), GLPLiquidation.Reason?.some(.lossesExceedCollateral),
            Int64(10_000_000)
        ),
        (-1_000_000_000, .feesExceedCollateral, 0),
        (-990_000_001, .feesExceedCollateral, 9_999_999),
        (-990_000_000, .liquidationFeeExceedsCollateral, 10_000_000),
        (-490_000_001, .liquidationFeeExceedsCollateral, 10_000_000),
        (-490_000_000, nil, 10_000_000),
    ])
    func stateEdges(_ profit: Int64, _ reason: GLPLiquidation.Reason?, _ fees: Int64) throws {
        let position = GLPPosition(
            side: .long, size: Money(whole: 100), collateral: Money(whole: 10),
            averagePrice: Price(whole: 1))
        let state = try rule.state(
            of: position, profit: Money(raw: profit), fundingFee: .zero, occasion: .liquidation)
        #expect(state.reason == reason)
        #expect(state.marginFees == Money(raw: fees))
    }

    /// Exactly the maximum leverage is healthy, a unit less of collateral is not; a profit counts
    /// for the liquidator only.
    @Test func leverageEdges() throws {
        var position = GLPPosition(
            side: .long, size: Money(whole: 1_000), collateral: Money(whole: 20),
            averagePrice: Price(whole: 1))
        func code(_ profit: Int64, _ occasion: GLPLiquidation.Occasion) throws -> Int {
            try rule.state(
                of: position, profit: Money(raw: profit), fundingFee: .zero, occasion: occasion
            ).code
        }
        #expect(try code(0, .liquidation) == 0)
        #expect(try code(-1, .liquidation) == 2)
        position.collateral = Money(raw: 1_999_999_999)
        #expect(try code(1, .liquidation) == 0)
        #expect(try code(1, .trade) == 2)
        #expect(try code(-1, .trade) == 2)
    }

    /// fundingRate.js "funding rate": 90 dollars on 9.91 are 9.0817 times, 40 on 6.91 are 5.7887.
    @Test func publishedLeverage() throws {
        for (size, collateral, expected) in [
            (Int64(90), Int64(991_000_000), Int64(90_817)), (40, 691_000_000, 57_887),
        ] {
            let position = GLPPosition(
                side: .long, size: Money(whole: size), collateral: Money(raw: collateral),
                averagePrice: Price(whole: 1))
            #expect(try position.leverage() == Ratio(basisPoints: expected))
        }
    }

    /// liquidateLongPosition.js "liquidate long": 206 satoshi of fees and 11,494 for the
    /// liquidator, both at 43,500, and a pool of 274,031 left with 262,331.
    @Test func publishedPayout() throws {
        let position = GLPPosition(
            side: .long, size: Money(whole: 90), collateral: Money(raw: 991_000_000),
            averagePrice: Price(whole: 41_000))
        let range = PriceRange(minimum: Price(whole: 38_700), maximum: Price(whole: 43_500))
        let state = try rule.state(
            of: position, profit: position.profit(at: range), fundingFee: .zero,
            occasion: .liquidation)
        let payout = try rule.payout(
            of: position, marginFees: state.marginFees, collateralPrice: range)
        #expect(payout.toFees == Quantity(raw: 206))
        #expect(payout.toLiquidator == Quantity(raw: 11_494))
        #expect(payout.poolChange == Quantity(raw: 262_756 - 219 - 206 - 274_250 + 219))
    }

    @Test func payoutOfAShort() throws {
        let position = GLPPosition(
            side: .short, size: Money(whole: 90), collateral: Money(whole: 9),
            averagePrice: Price(whole: 1))
        let dollar = PriceRange(Price(whole: 1))
        let payout = try rule.payout(
            of: position, marginFees: Money(whole: 1), collateralPrice: dollar)
        #expect(payout.poolChange == Quantity(whole: 8 - 5))
        let spent = try rule.payout(
            of: position, marginFees: Money(whole: 9), collateralPrice: dollar)
        #expect(spent.poolChange == Quantity(whole: -5))
    }

    @Test func quickProfitDoesNotCount() throws {
        let position = GLPPosition(
            side: .long, size: Money(whole: 1_000), collateral: Money(whole: 100),
            averagePrice: Price(whole: 1_000))
        let minimum = GLPPosition.MinimumProfit(
            share: Ratio(basisPoints: 75), span: TimeSpan(seconds: 60))
        func profit(_ price: Int64, _ seconds: Int64) throws -> Money {
            try position.profit(
                at: PriceRange(Price(raw: price * scaleE8 / 10)), held: TimeSpan(seconds: seconds),
                minimum: minimum)
        }
        #expect(try profit(10_075, 60) == .zero)
        #expect(try profit(10_076, 60) == Money(raw: 760_000_000))
        #expect(try profit(10_075, 61) == Money(raw: 750_000_000))
        #expect(try profit(9_990, 0) == Money(whole: -1))
    }

    @Test func globalShort() throws {
        var shorts = try GLPGlobalShort().increased(by: Money(whole: 90), at: Price(whole: 40_000))
        #expect(shorts.averagePrice == Price(whole: 40_000))
        shorts = try shorts.increased(by: Money(whole: 10), at: Price(whole: 30_000))
        #expect(
            isNear(shorts.averagePrice, price("38709677419354838709677419354838709", decimals: 0)))
        #expect(isNear(try shorts.profit(at: Price(whole: 30_000)), Money(raw: 2_250_000_000)))
        #expect(shorts.decreased(by: Money(whole: 500)).size == .zero)
        #expect(shorts.decreased(by: Money(whole: 40)).averagePrice == shorts.averagePrice)
        #expect(try GLPGlobalShort().profit(at: Price(whole: 5)) == .zero)
        // A short cannot have won all of its size and more, and then be averaged.
        let won = GLPPosition(
            side: .short, size: Money(whole: 10), collateral: Money(whole: 1),
            averagePrice: Price(whole: 1))
        #expect(throws: ArithmeticOverflow.self) {
            try won.averagePrice(
                increasedBy: .zero, at: Price(whole: 1), profit: Money(whole: 10))
        }
    }

    @Test func fundingIndex() throws {
        let funding = GLPFunding(factor: Ratio(basisPoints: 1), interval: TimeSpan(seconds: 3_600))
        func updated(_ index: GLPFunding.Index, _ seconds: Int64) throws -> GLPFunding.Index {
            try funding.updated(
                index, reserved: Quantity(whole: 1), pool: Quantity(whole: 2),
                now: Timestamp(milliseconds: seconds * 1_000))
        }
        let first = try updated(GLPFunding.Index(), 5_000)
        #expect(first.cumulative == .zero)
        #expect(first.updatedAt == Timestamp(milliseconds: 3_600_000))
        #expect(try updated(first, 7_199) == first)
        let second = try updated(first, 7_200)
        #expect(second.cumulative == Ratio(raw: 5_000))
        let fourth = try updated(second, 15_000)
        #expect(fourth.cumulative == Ratio(raw: 15_000))
        #expect(fourth.updatedAt == Timestamp(milliseconds: 14_400_000))
        #expect(
            try GLPFunding.fee(
                size: Money(whole: 1_000), entry: second.cumulative,
                cumulative: fourth.cumulative) == Money(raw: 10_000_000))
        #expect(
            try funding.rate(reserved: Quantity(whole: 1), pool: .zero, intervals: 1) == .zero)
    }

}
