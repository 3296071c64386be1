import ExactMath
import Testing

@Suite struct PowerTests {
    /// Nearest multiples of 1e-18, from mpmath 1.3 at 800 bits.
    static let table: [(base: String, exponent: String, expected: String)] = [
        ("2", "0.5", "1.414213562373095049"),
        ("2", "-0.5", "0.707106781186547524"),
        ("2", "10", "1024"),
        ("0.5", "40", "0.000000000000909495"),
        ("10", "-18", "0.000000000000000001"),
        ("1.05", "0.083333333333333333", "1.004074123783648302"),
        ("1.000000001", "31536000", "1.032038528297639107"),
        ("0.999999999", "1000000000", "0.367879440987502601"),
        ("0.000000000000000001", "0.25", "0.000031622776601684"),
        ("170000000000000000000", "-0.333333333333333333", "0.000000180516550598"),
        ("1", "123456789.5", "1"),
        ("7.389056098930650227", "1.5", "20.08553692318766774"),
        ("3.5", "0", "1"),
        ("10", "-20", "0"),
        ("1.2", "-250", "0"),
    ]

    @Test(arguments: table) func nearest(base: String, exponent: String, expected: String) throws {
        #expect(try power(fixed(base), fixed(exponent)).description == expected)
    }

    /// As above, with the documented relative error in units of the result.
    @Test(
        arguments: [
            ("2", "60", "1152921504606846976", 806_000),
            ("1.000000000000000001", "1000000000000000000", "2.718281828459045234", 27_182),
        ] as [(String, String, String, UInt128)])
    func relativeError(base: String, exponent: String, expected: String, allowed: UInt128) throws {
        let error = try power(fixed(base), fixed(exponent)) - fixed(expected)
        #expect(error.raw.magnitude <= allowed)
    }

    @Test(arguments: [
        ("2", "68"), ("10", "21"), ("0.5", "-68"), ("2", "1000000000000"),
        ("0.1", "-1000000000000"),
    ])
    func overflow(base: String, exponent: String) {
        #expect(throws: ArithmeticOverflow()) { try power(fixed(base), fixed(exponent)) }
    }

    @Test(arguments: [("2", "-68"), ("10", "-19"), ("0.5", "68"), ("0.1", "1000000000000")])
    func vanishes(base: String, exponent: String) throws {
        #expect(try power(fixed(base), fixed(exponent)) == .zero)
    }

    /// x^½ against the exact square root: floor against nearest, so at most one unit apart.
    @Test func halfPowerIsTheSquareRoot() throws {
        var random = SplitMix64(seed: 8)
        let half = try fixed("0.5")
        for _ in 0..<2000 {
            let x = Fixed18(raw: Int128(random.magnitude(bits: 120)) + 1)
            let difference = try power(x, half) - squareRoot(x)
            #expect((0...1).contains(difference.raw), "x \(x)")
        }
    }

    @Test func refusesABaseOfZero() async {
        await #expect(processExitsWith: .failure) { _ = try power(.zero, .one) }
    }
}
