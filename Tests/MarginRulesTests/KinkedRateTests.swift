import ExactMath
import Testing

@testable import MarginRules

#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

struct KinkedRateTests {
    // MARK: Aave

    struct AaveRow: Sendable, CustomTestStringConvertible {
        var id: String
        var optimal, base, slope1, slope2, reserveFactor: Int64
        /// In units of 1e18 smallest ones.
        var debt, cash, deficit: String
        var borrowRay, supplyRay: Int128
        var testDescription: String { id }
    }

    /// The first: aave-dao/aave-v3-origin fd1fbd9, tests/misc/rates/RateStrategy.calculateRates.t.sol
    /// test_calculate_rates_80_percent_usage_and_50_percent_supply_usage_due_minted_tokens, with a
    /// reserve factor of 10 %. The others: strategies of bgd-labs/aave-proposals-v3
    /// reports/AaveV3Ethereum_UpgradeAaveV3ETHPooolWETHParameters_20231031_after.json, evaluated.
    static let aaveRows: [AaveRow] = [
        AaveRow(
            id: "aave-irm-80-unbacked50", optimal: 8000, base: 100, slope1: 400, slope2: 6000,
            reserveFactor: 1000, debt: "0.8", cash: "0.2", deficit: "0.6",
            borrowRay: 50_000_000_000_000_000_000_000_000,
            supplyRay: 22_500_000_000_000_000_000_000_000),
        AaveRow(
            id: "aave-irm-mainnet2023-WETH-70", optimal: 8000, base: 0, slope1: 280, slope2: 8000,
            reserveFactor: 1500, debt: "70", cash: "30", deficit: "0",
            borrowRay: 24_500_000_000_000_000_000_000_000,
            supplyRay: 14_577_500_000_000_000_000_000_000),
        AaveRow(
            id: "aave-irm-mainnet2023-WETH-90", optimal: 8000, base: 0, slope1: 280, slope2: 8000,
            reserveFactor: 1500, debt: "90", cash: "10", deficit: "0",
            borrowRay: 428_000_000_000_000_000_000_000_000,
            supplyRay: 327_420_000_000_000_000_000_000_000),
        AaveRow(
            id: "aave-irm-mainnet2023-WBTC-45", optimal: 4500, base: 0, slope1: 400, slope2: 30000,
            reserveFactor: 2000, debt: "45", cash: "55", deficit: "0",
            borrowRay: 40_000_000_000_000_000_000_000_000,
            supplyRay: 14_400_000_000_000_000_000_000_000),
        AaveRow(
            id: "aave-irm-mainnet2023-WBTC-60", optimal: 4500, base: 0, slope1: 400, slope2: 30000,
            reserveFactor: 2000, debt: "60", cash: "40", deficit: "0",
            borrowRay: 858_181_818_181_818_181_818_181_819,
            supplyRay: 411_927_272_727_272_727_272_727_273),
        AaveRow(
            id: "aave-irm-mainnet2023-USDC-80", optimal: 9000, base: 0, slope1: 350, slope2: 6000,
            reserveFactor: 1000, debt: "80", cash: "20", deficit: "0",
            borrowRay: 31_111_111_111_111_111_111_111_111,
            supplyRay: 22_400_000_000_000_000_000_000_000),
        AaveRow(
            id: "aave-irm-mainnet2023-USDC-95", optimal: 9000, base: 0, slope1: 350, slope2: 6000,
            reserveFactor: 1000, debt: "95", cash: "5", deficit: "0",
            borrowRay: 335_000_000_000_000_000_000_000_000,
            supplyRay: 286_425_000_000_000_000_000_000_000),
        AaveRow(
            id: "aave-irm-mainnet2023-LINK-30", optimal: 4500, base: 0, slope1: 700, slope2: 30000,
            reserveFactor: 2000, debt: "30", cash: "70", deficit: "0",
            borrowRay: 46_666_666_666_666_666_666_666_667,
            supplyRay: 11_200_000_000_000_000_000_000_000),
        AaveRow(
            id: "aave-irm-mainnet2023-LINK-75", optimal: 4500, base: 0, slope1: 700, slope2: 30000,
            reserveFactor: 2000, debt: "75", cash: "25", deficit: "0",
            borrowRay: 1_706_363_636_363_636_363_636_363_635,
            supplyRay: 1_023_818_181_818_181_818_181_818_181),
    ]

    @Test(arguments: aaveRows)
    func aaveStrategies(row: AaveRow) throws {
        let pool = PoolBalances(
            cash: try #require(Quantity(decimal: row.cash)),
            borrowed: try #require(Quantity(decimal: row.debt)),
            reserves: -(try #require(Quantity(decimal: row.deficit))))
        let curve = aave(row.base, row.optimal, row.slope1, row.slope2)
        let borrow = try curve.rate(at: UtilizationRate.aaveBorrowUsage.value(of: pool))
        // 27 decimals there, 18 here: a few units of the last.
        #expect(near(borrow, ray(row.borrowRay), units: 4))
        let supply = try SupplyRate.shareOfInterest(
            reserveFactor: ratio(bps: row.reserveFactor), rounding: .nearest
        ).rate(borrowRate: borrow, utilization: UtilizationRate.aaveSupplyUsage.value(of: pool))
        #expect(near(supply, ray(row.supplyRay), units: 4))
    }

    @Test func aaveEdges() throws {
        let curve = aave(100, 8000, 400, 6000)
        #expect(try curve.rate(at: .zero) == Fixed18(ratio(bps: 100)))
        #expect(try curve.rate(at: curve.kink) == Fixed18(ratio(bps: 500)))
        #expect(try curve.rate(at: .one) == Fixed18(ratio(bps: 6500)))
        // Nothing on loan: the base rate for borrowers, nothing for suppliers.
        let idle = PoolBalances(cash: Quantity(whole: 5), borrowed: .zero, reserves: .zero)
        #expect(try UtilizationRate.aaveBorrowUsage.value(of: idle) == .zero)
    }

    private func aave(_ base: Int64, _ optimal: Int64, _ slope1: Int64, _ slope2: Int64)
        -> KinkedRate
    {
        KinkedRate(
            base: Fixed18(ratio(bps: base)), kink: Fixed18(ratio(bps: optimal)),
            lowerSlope: Fixed18(ratio(bps: slope1)), upperSlope: Fixed18(ratio(bps: slope2)),
            slopes: .acrossEachPart, rounding: .nearest)
    }

    // MARK: Compound v2

    struct JumpRow: Sendable, CustomTestStringConvertible {
        var id: String
        /// Percentages per year, and of utilization.
        var base, slope, jump, kink, utilization: Int64
        /// Per year. [1e-18]
        var expected: Int128
        var testDescription: String { id }
    }

    /// compound-finance/compound-protocol a3214f6 tests/Models/InterestRateModelTest.js, "chosen points"
    /// of the JumpRateModel, which does not divide its slope by the kink.
    static let jumpRows: [JumpRow] = [
        JumpRow(
            id: "cv2-irm-1-10", base: 10, slope: 20, jump: 100, kink: 90, utilization: 10,
            expected: 120_000_000_000_000_000),
        JumpRow(
            id: "cv2-irm-1-89", base: 10, slope: 20, jump: 100, kink: 90, utilization: 89,
            expected: 278_000_000_000_000_000),
        JumpRow(
            id: "cv2-irm-1-90", base: 10, slope: 20, jump: 100, kink: 90, utilization: 90,
            expected: 280_000_000_000_000_000),
        JumpRow(
            id: "cv2-irm-1-100", base: 10, slope: 20, jump: 100, kink: 90, utilization: 100,
            expected: 380_000_000_000_000_000),
        JumpRow(
            id: "cv2-irm-2-0", base: 10, slope: 20, jump: 20, kink: 90, utilization: 0,
            expected: 100_000_000_000_000_000),
        JumpRow(
            id: "cv2-irm-3-10", base: 10, slope: 20, jump: 0, kink: 90, utilization: 10,
            expected: 120_000_000_000_000_000),
        JumpRow(
            id: "cv2-irm-3-100", base: 10, slope: 20, jump: 0, kink: 90, utilization: 100,
            expected: 280_000_000_000_000_000),
        JumpRow(
            id: "cv2-irm-4-0", base: 10, slope: 20, jump: 0, kink: 110, utilization: 0,
            expected: 100_000_000_000_000_000),
        JumpRow(
            id: "cv2-irm-4-10", base: 10, slope: 20, jump: 0, kink: 110, utilization: 10,
            expected: 120_000_000_000_000_000),
        JumpRow(
            id: "cv2-irm-5-100", base: 10, slope: 20, jump: 2000, kink: 0, utilization: 100,
            expected: 20_100_000_000_000_000_000),
        // Not in the list above, but in the same test.
        JumpRow(
            id: "jump=100,kink=90 at 91", base: 10, slope: 20, jump: 100, kink: 90,
            utilization: 91, expected: 290_000_000_000_000_000),
        JumpRow(
            id: "jump=20,kink=90 at 100", base: 10, slope: 20, jump: 20, kink: 90,
            utilization: 100, expected: 300_000_000_000_000_000),
    ]

    @Test(arguments: jumpRows)
    func jumpRates(row: JumpRow) throws {
        // As the upstream test makes a utilization: one borrowed, one in reserves, cash 1 / u.
        let one = Quantity(whole: 1)
        let pool =
            row.utilization == 0
            ? PoolBalances(cash: .zero, borrowed: .zero, reserves: .zero)
            : PoolBalances(
                cash: try one.divided(by: Ratio(percent: row.utilization), rounding: .down),
                borrowed: one, reserves: one)
        let perYear = KinkedRate(
            base: Fixed18(Ratio(percent: row.base)), kink: Fixed18(Ratio(percent: row.kink)),
            lowerSlope: Fixed18(Ratio(percent: row.slope)),
            upperSlope: Fixed18(Ratio(percent: row.jump)), slopes: .perUtilization,
            rounding: .down)
        let perBlock = try perYear.divided(intoPeriods: 2_102_400)
            .rate(at: UtilizationRate.compound.value(of: pool))
        let annualised = Fixed18(raw: perBlock.raw * 2_102_400)
        // The tolerance upstream is a hundredth of a percentage point; truncation takes far less.
        #expect(near(annualised, Fixed18(raw: row.expected), units: 100_000_000_000_000))
        // Cash of eight decimals is off by 1e-8, and the jump multiplies that.
        let slack = Int128(max(row.jump, row.slope)) * 200_000_000 + 5_000_000
        #expect(near(annualised, Fixed18(raw: row.expected), units: slack))
        #expect(annualised.raw <= row.expected + slack)
    }

    @Test func jumpRateV2DividesTheSlopeByTheKink() throws {
        // IRM_USDC_Updateable: base 0, multiplier 4 %, jump 109 %, kink 80 %; at the kink 4 % a year.
        // compound-finance/compound-protocol networks/mainnet.json.
        let curve = try KinkedRate(
            base: .zero, kink: Fixed18(Ratio(percent: 80)),
            lowerSlope: Fixed18(Ratio(percent: 4)), upperSlope: Fixed18(Ratio(percent: 109)),
            slopes: .lowerUpToKink, rounding: .down
        ).divided(intoPeriods: 2_102_400)
        // multiplierPerBlock = 0.04e18 · 1e18 / (2102400 · 0.8e18)
        #expect(curve.lowerSlope == Fixed18(raw: 23_782_343_987))
        #expect(curve.upperSlope == Fixed18(raw: 518_455_098_934))
        #expect(try curve.rate(at: curve.kink) == Fixed18(raw: 19_025_875_189))
        #expect(try curve.rate(at: .one) == Fixed18(raw: 19_025_875_189 + 103_691_019_786))
    }

    @Test func compoundSupplyRate() throws {
        // rateToPool = 100 · 0.9 = 90; 90 · 0.3333… = 29 units, each cut off.
        let supply = try SupplyRate.shareOfInterest(
            reserveFactor: Ratio(percent: 10), rounding: .down
        ).rate(
            borrowRate: Fixed18(raw: 101),
            utilization: Fixed18(raw: 333_333_333_333_333_333))
        #expect(supply == Fixed18(raw: 29))
    }

    // MARK: Comet

    private func comet(_ base: String, _ low: String, _ high: String, kink: String) throws
        -> KinkedRate
    {
        try KinkedRate(
            base: #require(Fixed18(decimal: base)), kink: #require(Fixed18(decimal: kink)),
            lowerSlope: #require(Fixed18(decimal: low)),
            upperSlope: #require(Fixed18(decimal: high)), slopes: .perUtilization,
            rounding: .down
        ).divided(intoPeriods: 31_536_000)
    }

    /// compound-finance/comet d5a30b0 test/interest-rate-test.ts "when above kink utilization".
    /// (comet-rate-2)
    @Test func cometRatesAboveTheKink() throws {
        let supplied = try InterestIndex(value: Fixed18(whole: 2))
            .balance(ofScaled: Quantity(raw: 50), rounding: .down)
        let borrowed = try InterestIndex(value: Fixed18(whole: 3))
            .balance(ofScaled: Quantity(raw: 30), rounding: .down)
        let pool = PoolBalances(
            cash: supplied - borrowed, borrowed: borrowed, reserves: .zero)
        let utilization = try UtilizationRate.compound.value(of: pool)
        #expect(utilization == Fixed18(raw: 900_000_000_000_000_000))

        let borrow = try comet("0.01", "0.05", "0.3", kink: "0.8").rate(at: utilization)
        let supply = try SupplyRate.ownCurve(comet("0", "0.04", "0.4", kink: "0.8"))
            .rate(borrowRate: borrow, utilization: utilization)
        let tolerance: Int128 = 100_000_000
        #expect(
            near(
                Fixed18(raw: supply.raw * 31_536_000), Fixed18(raw: 72_000_000_000_000_000),
                units: tolerance))
        #expect(
            near(
                Fixed18(raw: borrow.raw * 31_536_000), Fixed18(raw: 80_000_000_000_000_000),
                units: tolerance))
    }

    /// compound-finance/comet d5a30b0 test/accrue-test.ts "accrues correctly with time elapsed and less
    /// than min rewards", rates of test/helpers.ts. (comet-accrue-1)
    @Test func cometAccrual() throws {
        let amount = Quantity(raw: 11_000)
        let utilization = try UtilizationRate.compound.value(
            of: PoolBalances(cash: .zero, borrowed: amount, reserves: .zero))
        #expect(utilization == .one)
        let supply = try comet("0", "0.05", "2", kink: "0.8").rate(at: utilization)
        let borrow = try comet("0.005", "0.1", "3", kink: "0.8").rate(at: utilization)
        #expect(supply == Fixed18(raw: 13_952_308_472))
        #expect(borrow == Fixed18(raw: 21_721_207_507))
        for (rate, index) in [
            (supply, 1_000_013_952_308_472 as Int128), (borrow, 1_000_021_721_207_507),
        ] {
            let accrued = try InterestIndex.initial.accrued(
                .linear, at: rate, per: TimeSpan(seconds: 1), over: TimeSpan(seconds: 1000),
                rounding: .down)
            // Comet's index has fifteen decimals.
            #expect(accrued.value.raw / 1000 == index)
        }
    }

    @Test func cometUtilizationMayExceedOne() throws {
        // Reserves are on loan as well: the curve goes on.
        let pool = PoolBalances(
            cash: .zero, borrowed: Quantity(whole: 12), reserves: Quantity(whole: 2))
        let utilization = try UtilizationRate.compound.value(of: pool)
        #expect(utilization == Fixed18(raw: 1_200_000_000_000_000_000))
        let curve = try comet("0.01", "0.05", "0.3", kink: "0.8")
        #expect(try curve.rate(at: utilization) > curve.rate(at: .one))
        // Nothing supplied: no utilization. More reserves than assets: refused.
        let empty = PoolBalances(cash: .zero, borrowed: amount1, reserves: amount1)
        #expect(try UtilizationRate.compound.value(of: empty) == .zero)
        let broken = PoolBalances(cash: .zero, borrowed: amount1, reserves: amount1 + amount1)
        #expect(throws: ArithmeticOverflow()) { try UtilizationRate.compound.value(of: broken) }
    }
    private let amount1 = Quantity(whole: 1)

    // MARK: Euler

    /// euler-xyz/euler-vault-kit 5b98b42 test/unit/irm/InterestRateLinearKink.t.sol: base 0 %, 10 % APY
    /// at the kink of 50 %, 300 % APY at most, a year of 365.2425 days.
    @Test func eulerLinearKink() throws {
        let curve = try euler()
        // test_KinkIR: cash equals borrows. (euler-irm-50)
        let half = try curve.rate(at: utilization(cash: 1, borrowed: 1))
        #expect(near(half, ray(3_020_259_364_856_432_640), units: 2000))

        // test_UnderKinkIR, test_OverKinkIR, test_MaxIR: ln(1 + APY) per second.
        let cases: [(Int64, Int64, Double)] = [
            (3, 1, 0.04880875385828198), (1, 3, 1.09761712896340360), (0, 1, 3),
        ]
        for (cash, borrowed, yield) in cases {
            let rate = try curve.rate(at: utilization(cash: cash, borrowed: borrowed))
            let expected = log(1 + yield) / (365.2425 * 86_400)
            #expect(abs(Double(rate.raw) / 1e18 - expected) < 1e-14)
        }
    }

    private func euler() throws -> KinkedRate {
        try .eulerLinearKink(
            base: 0, lowerSlope: 1_406_417_851, upperSlope: 19_050_045_013, kink: 2_147_483_648)
    }

    private func utilization(cash: Int64, borrowed: Int64) throws -> Fixed18 {
        try UtilizationRate.euler.value(
            of: PoolBalances(
                cash: Quantity(whole: cash), borrowed: Quantity(whole: borrowed),
                reserves: .zero))
    }

    @Test func eulerUtilizationHasSteps() throws {
        // ⌊(2^32 − 1) / 2⌋ steps: just below a half.
        #expect(
            try utilization(cash: 1, borrowed: 1) == Fixed18(raw: 499_999_999_883_584_678))
        #expect(try utilization(cash: 0, borrowed: 1) == .one)
        #expect(try utilization(cash: 1, borrowed: 0) == .zero)
        #expect(try utilization(cash: 0, borrowed: 0) == .zero)
        #expect(try utilization(cash: 5_000_000_000, borrowed: 1) == .zero)
    }

    // MARK: All

    @Test func fuzzAgainstDoubles() throws {
        var draws = SeededDraws(state: 20_231_031)
        for _ in 0..<3000 {
            let base = draws.next(in: 0...500)
            let kink = draws.next(in: 100...9900)
            let low = draws.next(in: 0...3000)
            let high = draws.next(in: 0...30_000)
            let u = draws.next(in: 0...10_000)
            for slopes in KinkedRate.Slopes.allCases {
                let curve = KinkedRate(
                    base: Fixed18(ratio(bps: base)), kink: Fixed18(ratio(bps: kink)),
                    lowerSlope: Fixed18(ratio(bps: low)), upperSlope: Fixed18(ratio(bps: high)),
                    slopes: slopes, rounding: .nearest)
                let (b, k, l) = (Double(base) / 1e4, Double(kink) / 1e4, Double(low) / 1e4)
                let (h, x) = (Double(high) / 1e4, Double(u) / 1e4)
                let under = min(x, k) / (slopes == .perUtilization ? 1 : k)
                let over = max(0, x - k) / (slopes == .acrossEachPart ? 1 - k : 1)
                let rate = try curve.rate(at: Fixed18(ratio(bps: u)))
                #expect(abs(Double(rate.raw) / 1e18 - (b + l * under + h * over)) < 1e-12)
            }
        }
    }

    @Test func overflowIsThrown() throws {
        let curve = KinkedRate(
            base: .zero, kink: .zero, lowerSlope: .zero, upperSlope: Fixed18(raw: .max),
            slopes: .perUtilization, rounding: .down)
        #expect(throws: ArithmeticOverflow()) { try curve.rate(at: Fixed18(whole: 2)) }
        #expect(throws: ArithmeticOverflow()) {
            try PoolBalances(cash: everything, borrowed: everything, reserves: .zero).assets()
        }
    }
}
