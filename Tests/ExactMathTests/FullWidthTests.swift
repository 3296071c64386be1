import ExactMath
import Testing

@Suite struct FullWidthTests {
    static let edges: [Int64] = [
        .min, .min + 1, .min / 2, -3_037_000_500, -scaleE8, -7, -3, -2, -1, 0, 1, 2, 3, 7, scaleE8,
        3_037_000_500, .max / 2, .max - 1, .max,
    ]
    static let divisors: [Int64] = [
        1, 2, 3, 7, scaleE8, 1 << 32, .max / 2, .max / 2 + 1, .max - 1, .max,
    ]

    /// The rounded quotient by a plain division of 128 bits; nil where it does not fit 64 bits.
    ///
    /// No step overflows: the numerator is at most 2^126 here, and remainders are below 2^63.
    static func reference(_ numerator: Int128, _ divisor: Int64, _ rounding: Rounding) -> Int64? {
        let by = Int128(divisor)
        let floor = (numerator - ((numerator % by) + by) % by) / by
        let remainder = numerator - floor * by
        let result: Int128
        switch rounding {
        case .down: result = floor
        case .up: result = remainder == 0 ? floor : floor + 1
        case .towardZero: result = numerator / by
        case .nearest:
            let isUpper = 2 * remainder > by || (2 * remainder == by && numerator >= 0)
            result = isUpper ? floor + 1 : floor
        }
        return Int64(exactly: result)
    }

    @Test(arguments: [Rounding.down, .up, .towardZero, .nearest])
    func edgeCases(rounding: Rounding) {
        for a in Self.edges {
            for b in Self.edges {
                let numerator = Int128(a) * Int128(b)
                #expect(product(a, b) == numerator)
                for divisor in Self.divisors {
                    let expected = Self.reference(numerator, divisor, rounding)
                    #expect(
                        (try? multiply(a, b, dividingBy: divisor, rounding: rounding)) == expected,
                        "\(a) · \(b) / \(divisor)")
                    #expect(
                        (try? divide(numerator, by: divisor, rounding: rounding)) == expected,
                        "\(numerator) / \(divisor)")
                }
            }
        }
    }

    @Test func random() {
        var random = SplitMix64(seed: 11)
        for _ in 0..<4000 {
            let a = Int64(truncatingIfNeeded: random.magnitude(bits: 64))
            let b = Int64(truncatingIfNeeded: random.magnitude(bits: 64))
            let divisor = Int64(random.magnitude(bits: 63))
            guard divisor > 0 else { continue }
            for rounding in [Rounding.down, .up, .towardZero, .nearest] {
                let expected = Self.reference(Int128(a) * Int128(b), divisor, rounding)
                #expect(
                    (try? multiply(a, b, dividingBy: divisor, rounding: rounding)) == expected,
                    "\(a) · \(b) / \(divisor) \(rounding)")
            }
        }
    }

    /// Quotients of just above 2^64 − 1, which rounding away from zero would wrap to zero: each
    /// product is divisor · (2^64 − 1) + remainder.
    @Test(
        arguments: [
            (9, 8_198_552_921_648_689_607, 4), (11, 8_384_883_669_867_978_007, 5),
            (13, 7_094_901_566_811_366_006, 5), (13, 8_513_881_880_173_639_207, 6),
        ] as [(Int64, Int64, Int64)])
    func aQuotientThatWouldWrapIsAnOverflow(a: Int64, b: Int64, divisor: Int64) {
        for rounding in [Rounding.down, .up, .towardZero, .nearest] {
            for sign in [Int64(1), -1] {
                #expect(throws: ArithmeticOverflow()) {
                    try multiply(sign * a, b, dividingBy: divisor, rounding: rounding)
                }
                #expect(throws: ArithmeticOverflow()) {
                    try divide(product(sign * a, b), by: divisor, rounding: rounding)
                }
            }
        }
    }

    /// Int64.max + ½ and Int64.min − ½: the rounding decides whether they fit.
    @Test func roundingAtTheEdge() throws {
        let above = 2 * Int128(Int64.max) + 1
        #expect(try divide(above, by: 2, rounding: .down) == .max)
        #expect(try divide(above, by: 2, rounding: .towardZero) == .max)
        #expect(throws: ArithmeticOverflow()) { try divide(above, by: 2, rounding: .up) }
        #expect(throws: ArithmeticOverflow()) { try divide(above, by: 2, rounding: .nearest) }
        let below = 2 * Int128(Int64.min) - 1
        #expect(try divide(below, by: 2, rounding: .up) == .min)
        #expect(try divide(below, by: 2, rounding: .towardZero) == .min)
        #expect(throws: ArithmeticOverflow()) { try divide(below, by: 2, rounding: .down) }
        #expect(throws: ArithmeticOverflow()) { try divide(below, by: 2, rounding: .nearest) }
    }

    @Test(arguments: [Int128.min, .min + 1, .max - 1, .max])
    func numeratorsOf128BitsOverflow(numerator: Int128) {
        for divisor in [Int64(1), scaleE8, .max] {
            #expect(throws: ArithmeticOverflow()) {
                try divide(numerator, by: divisor, rounding: .towardZero)
            }
        }
    }

    @Test func sums() throws {
        #expect(try sum(.max - 1, 1) == .max)
        #expect(try sum(.min, .max) == -1)
        #expect(throws: ArithmeticOverflow()) { try sum(.max, 1) }
        #expect(throws: ArithmeticOverflow()) { try sum(.min, -1) }
    }

    @Test func aDivisorIsPositive() async {
        await #expect(processExitsWith: .failure) {
            _ = try multiply(1, 1, dividingBy: 0, rounding: .down)
        }
        await #expect(processExitsWith: .failure) { _ = try divide(1, by: -1, rounding: .down) }
    }
}
