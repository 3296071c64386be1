import ExactMath
import Testing

@testable import MarginRules

// The fixed-point helpers of Aave v3, as roundings of this library. Figures: aave-dao/aave-v3-origin
// fd1fbd9, tests/protocol/libraries/math.

struct AaveMathTests {
    @Test func percentages() throws {
        // PercentageMath.t.sol test_percentMul. (aave-pm-1)
        #expect(
            try Quantity(whole: 1).scaled(by: ratio(bps: 5000), rounding: .nearest)
                == Quantity(raw: 50_000_000))
        // test_percentMul: 9087312e27 · 13.33 %, here in units of 1e27. (aave-pm-3)
        #expect(
            try Quantity(whole: 9_087_312).scaled(by: ratio(bps: 1333), rounding: .nearest)
                == Quantity(raw: 121_133_868_960_000))
        // test_percentDiv: 68171882.970742685671…e27. (aave-pd-2)
        #expect(
            try Quantity(whole: 9_087_312).divided(by: ratio(bps: 1333), rounding: .nearest)
                == Quantity(raw: 6_817_188_297_074_269))
    }

    /// (value, bps, rounding, result), in smallest units.
    static let explicitProducts: [(Int64, Int64, Rounding, Int64)] = [
        (1, 1, .up, 1),  // testPercentMulCeil_WithRoundingUp (aave-pround-1)
        (1, 1, .down, 0),  // testPercentMulFloor_WithTruncation (aave-pround-2)
        (10_000, 1, .up, 1),
        (5000, 1, .nearest, 1),
        (4999, 1, .nearest, 0),
    ]

    @Test(arguments: explicitProducts)
    func explicitProduct(value: Int64, bps: Int64, rounding: Rounding, result: Int64) throws {
        #expect(
            try Quantity(raw: value).scaled(by: ratio(bps: bps), rounding: rounding)
                == Quantity(raw: result))
    }

    @Test func explicitQuotient() throws {
        // testPercentDivCeil_WithCeilNeeded: 5 over 3 bps. (aave-pround-4)
        #expect(
            try Quantity(raw: 5).divided(by: ratio(bps: 3), rounding: .up)
                == Quantity(raw: 16_667))
        #expect(
            try Quantity(raw: 5).divided(by: ratio(bps: 3), rounding: .down)
                == Quantity(raw: 16_666))
        // MathUtils.t.sol testMulDivCeil_WithRemainder, _NoRemainder. (aave-muldivceil-1)
        #expect(try multiplyWide(5, 5, dividingBy: 3, rounding: .up) == 9)
        #expect(try multiplyWide(12, 6, dividingBy: 4, rounding: .up) == 18)
        #expect(try multiplyWide(0, 10, dividingBy: 5, rounding: .up) == 0)
    }

    @Test func rays() throws {
        // WadRayMath.t.sol rayDivFloor: 5 / 3, with 18 of its 27 decimals. (aave-ray-3)
        #expect(
            try Fixed18(raw: 5).divided(by: Fixed18(raw: 3), rounding: .down)
                == ray(1_666_666_666_666_666_666_666_666_666))
        // rayMulFloor: 3 · 5 smallest units are nothing. (aave-ray-5)
        #expect(try Fixed18(raw: 3).multiplied(by: Fixed18(raw: 5), rounding: .down) == .zero)
        #expect(
            try Fixed18(raw: 3).multiplied(by: Fixed18(raw: 5), rounding: .up)
                == Fixed18(raw: 1))
    }

    @Test func linearInterest() throws {
        // MathUtils.t.sol test_calculateLinearInterest: 8 % for seven years. (aave-lin-1)
        let growth = try InterestCompounding.linear.growth(
            at: Fixed18(Ratio(percent: 8)), per: .year, over: TimeSpan(seconds: 220_752_000))
        #expect(growth == ray(1_560_000_000_000_000_000_000_000_000))
    }

    @Test func wideProducts() throws {
        let large = Int128.max / 3
        #expect(try multiplyWide(large, 6, dividingBy: 4, rounding: .down) == large / 2 * 3)
        #expect(try multiplyWide(-7, 1, dividingBy: 2, rounding: .down) == -4)
        #expect(try multiplyWide(-7, 1, dividingBy: 2, rounding: .up) == -3)
        #expect(try multiplyWide(-7, 1, dividingBy: 2, rounding: .nearest) == -4)
        #expect(try multiplyWide(-7, 1, dividingBy: 2, rounding: .towardZero) == -3)
        #expect(throws: ArithmeticOverflow()) {
            try multiplyWide(.max, 2, dividingBy: 1, rounding: .down)
        }
        #expect(throws: ArithmeticOverflow()) {
            try multiplyWide(.max, .max, dividingBy: 1, rounding: .down)
        }
        #expect(
            Fixed18(raw: 123_456_789_012).truncated(toDecimals: 8) == Fixed18(raw: 120_000_000_000))
        #expect(Fixed18(raw: 123).truncated(toDecimals: 20) == Fixed18(raw: 123))
        #expect(Fixed18(whole: 123).truncated(toDecimals: -2) == Fixed18(whole: 100))
        #expect(Fixed18(whole: 123).truncated(toDecimals: -30) == .zero)
    }
}
