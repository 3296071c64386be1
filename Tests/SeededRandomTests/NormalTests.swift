import ExactMath
import Testing

@testable import SeededRandom

@Suite struct NormalTests {
    /// The quantile of (word + ½) / 2^64: roots of ln Φ(z) − ln p by mpmath 1.3 at 400 bits, at the
    /// ends, at the boundaries between the three approximations, and in each of them.
    static let table: [(word: UInt64, expected: String)] = [
        (0, "-9.155293772686072546"),
        (1, "-9.035918848571937972"),
        (2, "-8.979884744630783114"),
        (255, "-8.455870185787011887"),
        (1000000, "-7.430216258607726413"),
        (256185850, "-6.657905501820020697"),
        (256185851, "-6.657905501246156414"),
        (256185852, "-6.657905500672292134"),
        (256185853, "-6.657905500098427855"),
        (300000000, "-6.63465579111673915"),
        (1099511627776, "-5.294704084854514953"),
        (4503599627370496, "-3.487104104114431077"),
        (288230376151711744, "-2.153874694061456212"),
        (1383505805528216370, "-1.439531470938455916"),
        (1383505805528216371, "-1.439531470938455915"),
        (1383505805528216372, "-1.439531470938455915"),
        (2305843009213693952, "-1.150349380376008178"),
        (4611686018427387904, "-0.674489750196081743"),
        (9223370937343148032, "-0.000000149406687893"),
        (9223372036854775807, "0"),
        (9223372036854775808, "0"),
        (9223384382533677042, "0.00000167758752871"),
        (13835058055282163712, "0.674489750196081743"),
        (17063238268181335244, "1.439531470938455915"),
        (17063238268181335243, "1.439531470938455915"),
        (17063238268181335245, "1.439531470938455916"),
        (18445618173802708991, "3.841930685501910762"),
        (18446744073453365763, "6.657905500672292134"),
        (18446744073709551614, "9.035918848571937972"),
        (18446744073709551615, "9.155293772686072546"),
    ]

    @Test(arguments: table) func quantile(word: UInt64, expected: String) throws {
        let error = (normalQuantile(ofWord: word) - (try fixed(expected))).raw.magnitude
        #expect(error < 4000, "off by \(error)e-18")
    }

    /// First draws, from an independent implementation in Python of Philox, the name's identifier and the inverse
    /// distribution functions (mpmath 1.3 at 400 bits).
    @Test func firstDraws() throws {
        var stream = RandomSource(seed: 20_200_312).stream("trader/17/size")
        for expected in [
            "1.092228408026801405",
            "0.714785505802425513",
            "-1.686806929411670732",
            "0.737593416776576187",
            "-1.211835661908400592",
            "-1.056179583899669869",
            "1.844007316389806979",
            "0.671064768576139861",
        ] {
            #expect((stream.normal() - (try fixed(expected))).raw.magnitude < 4000)
        }
    }

    @Test func isSymmetricAndRises() {
        var stream = RandomSource(seed: 1).stream("normal")
        for draw in 0..<3000 {
            // Words of every magnitude, hence both tails.
            let word = stream.next() >> UInt64(draw % 60)
            let quantile = normalQuantile(ofWord: word)
            #expect(normalQuantile(ofWord: ~word) == -quantile)
            let (higher, overflow) = word.addingReportingOverflow(word >> 20)
            guard !overflow, word >> 20 > 0 else { continue }
            #expect(normalQuantile(ofWord: higher) > quantile, "word \(word)")
        }
    }

    /// Five standard errors: 1/√n, √(2/n), √(6/n), √(24/n).
    @Test func moments() {
        var stream = RandomSource(seed: 2).stream("normal")
        let moments = Moments((0..<40_000).map { _ in double(stream.normal()) })
        #expect(moments.mean.magnitude < 5 / 200)
        #expect((moments.variance - 1).magnitude < 5 * (2.0 / 40_000).squareRoot())
        #expect(moments.skewness.magnitude < 5 * (6.0 / 40_000).squareRoot())
        #expect((moments.kurtosis - 3).magnitude < 5 * (24.0 / 40_000).squareRoot())
    }

    /// Pearson's test over sixteen cells of equal probability, whose bounds are quantiles.
    @Test func cells() {
        var stream = RandomSource(seed: 3).stream("normal")
        let bounds = (1..<16).map { normalQuantile(ofWord: UInt64($0) << 60) }
        var counts = [Int](repeating: 0, count: 16)
        for _ in 0..<32_000 {
            let value = stream.normal()
            counts[bounds.count { $0 <= value }] += 1
        }
        #expect(isPlausible(observed: counts, expected: [Double](repeating: 2000, count: 16)))
    }
}
