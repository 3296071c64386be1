import ExactMath
import Testing

@Suite struct ExpTests {
    /// Nearest multiples of 1e-18, from mpmath 1.3 at 800 bits.
    static let table: [(x: String, expected: String)] = [
        ("0", "1"),
        ("0.000000000000000001", "1.000000000000000001"),
        ("-0.000000000000000001", "0.999999999999999999"),
        ("0.000000001", "1.000000001000000001"),
        ("-0.000000001", "0.999999999"),
        ("0.1", "1.105170918075647625"),
        ("-0.1", "0.904837418035959573"),
        ("0.5", "1.648721270700128147"),
        ("-0.5", "0.606530659712633424"),
        ("0.693147180559945309", "1.999999999999999999"),
        ("0.69314718055994531", "2.000000000000000001"),
        ("-0.693147180559945309", "0.5"),
        ("1", "2.718281828459045235"),
        ("-1", "0.367879441171442322"),
        ("1.386294361119890619", "4.000000000000000001"),
        ("2", "7.389056098930650227"),
        ("-2", "0.135335283236612692"),
        ("2.302585092994045684", "10"),
        ("3.141592653589793238", "23.140692632779268995"),
        ("-3.141592653589793238", "0.04321391826377225"),
        ("5", "148.413159102576603421"),
        ("-5", "0.006737946999085467"),
        ("7.25", "1408.10484820469557502"),
        ("10", "22026.465794806716516958"),
        ("-10", "0.000045399929762485"),
        ("-17.5", "0.000000025109991557"),
        ("20", "485165195.409790277969106831"),
        ("-20", "0.000000002061153622"),
        ("25.3", "97196447559.193829904489837303"),
        ("-30", "0.000000000000093576"),
        ("-41.4", "0.000000000000000001"),
        ("-42", "0.000000000000000001"),
        ("-42.1", "0.000000000000000001"),
        ("-42.14", "0"),
        ("-22.514970278672026568", "0.000000000166675838"),
        ("-27.992378303300032754", "0.00000000000069673"),
        ("12.043324769939697459", "169961.083619287410135352"),
        ("3.639258031683332113", "38.063584271933873872"),
        ("13.674566199440639093", "868537.637069613013904486"),
        ("-39.308327092656638516", "0.000000000000000008"),
        ("-32.286085236685314214", "0.000000000000009513"),
        ("-1.433152078599153884", "0.238555789302046185"),
        ("16.430628581506107942", "13668829.526370588517690789"),
        ("17.623975199376511695", "45081169.942190289698248906"),
        ("8.526483038975438937", "5046.665660624409649665"),
        ("-22.517855649473279759", "0.00000000016619561"),
    ]

    @Test(arguments: table) func nearest(x: String, expected: String) throws {
        #expect(try exp(fixed(x)).description == expected)
    }

    /// Nearest multiples of 1e-18, from mpmath 1.3 at 800 bits; 1e-31 of the result is granted.
    static let large: [(x: String, expected: String)] = [
        ("26", "195729609428.838764269776397876"),
        ("30", "10686474581524.462146990468650741"),
        ("35.123456789012345678", "1794417387600964.088587850636929339"),
        ("40", "235385266837019985.407899910749034805"),
        ("44.444444444444444444", "20043657520200767391.854489342284473817"),
        ("46", "94961194206024488745.133649117118323102"),
        ("46.5", "156564540778558341656.976215902554456241"),
        ("46.58", "169604342281880938541.799680725274439369"),
    ]

    @Test(arguments: large) func relativeError(x: String, expected: String) throws {
        let reference = try fixed(expected).raw
        let error = (try exp(fixed(x)).raw - reference).magnitude
        // 1e-31 of the raw value: the 38-digit reference without its last 31 digits, and the rounding.
        let allowed = UInt128(reference) / 10_000_000_000_000_000_000 / 1_000_000_000_000
        #expect(error <= allowed + 1)
    }

    /// Results of up to 128 bits at a scale of few, from mpmath 1.3 at 500 bits; 1e-31 is granted.
    @Test func scaledResults() throws {
        let table: [(exponent: Int128, scale: UInt128, expected: UInt128)] = [
            (85, 1, 8223012714622913510304328016407774695),
            (84, 3, 9075231966603427014799699189330286227),
            (88, 1, 165163625499400185552832979626485876707),
        ]
        for (exponent, scale, expected) in table {
            let result = try #require(Binary120(bits: exponent << 120).exp(scaling: scale))
            let error = max(result, expected) - min(result, expected)
            #expect(error <= expected / 10_000_000_000_000_000_000 / 1_000_000_000_000)
        }
        #expect(Binary120(bits: 88 << 120).exp(scaling: 3) == nil)
        #expect(Binary120(bits: 89 << 120).exp(scaling: 1) == nil)
        #expect(Binary120(bits: 60 << 120).exp(scaling: 1 << 60) == nil)
        #expect(Binary120(bits: .max).exp(scaling: 0) == 0)
    }

    /// ln(2^127 / 1e18) = 46.583160257220231983…: the last argument whose result fits 128 bits.
    @Test func upperEdge() throws {
        #expect(try exp(fixed("46.583160257220231983")) > fixed("170141183460469231600"))
        #expect(throws: ArithmeticOverflow()) { try exp(fixed("46.583160257220231984")) }
        #expect(throws: ArithmeticOverflow()) { try exp(fixed("47")) }
        #expect(throws: ArithmeticOverflow()) { try exp(fixed("127.999999999999999999")) }
        #expect(throws: ArithmeticOverflow()) { try exp(fixed("128")) }
        #expect(throws: ArithmeticOverflow()) { try exp(Fixed18(raw: .max)) }
    }

    /// ln(0.5e-18) = −42.139678854452767622…: below it the nearest multiple of 1e-18 is zero.
    @Test func lowerEdge() throws {
        #expect(try exp(fixed("-42.139678854452767621")).raw == 1)
        #expect(try exp(fixed("-42.139678854452767623")) == .zero)
        for x in ["-43", "-90", "-127.999999999999999999", "-128", "-1000000"] {
            #expect(try exp(fixed(x)) == .zero)
        }
        #expect(try exp(Fixed18(raw: .min)) == .zero)
    }

    @Test func risesWithItsArgument() throws {
        var random = SplitMix64(seed: 1)
        for _ in 0..<3000 {
            let x = Fixed18(raw: Int128(random.next()) * 19 / 4) - Fixed18(whole: 42)
            let step = Fixed18(raw: Int128(random.magnitude(bits: 40)))
            guard x + step < Fixed18(whole: 46) else { continue }
            #expect(try exp(x) <= exp(x + step), "x \(x), step \(step)")
        }
    }

    /// e^(x + y) = e^x · e^y, for results below 1e4: two half units times 1e4, and one's rounding.
    @Test func turnsSumsIntoProducts() throws {
        var random = SplitMix64(seed: 2)
        for _ in 0..<2000 {
            let x = Fixed18(raw: Int128(random.next() % 9_000_000_000_000_000_000) - (4 << 60))
            let y = Fixed18(raw: Int128(random.next() % 9_000_000_000_000_000_000) - (4 << 60))
            let product = try exp(x).multiplied(by: exp(y), rounding: .nearest)
            #expect((try exp(x + y) - product).raw.magnitude < 10_000, "x \(x), y \(y)")
        }
    }
}
