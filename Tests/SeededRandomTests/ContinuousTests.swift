import ExactMath
import SeededRandom
import Testing

@Suite struct ContinuousTests {
    private func stream(_ name: String = "trader/17/size") -> RandomStream {
        RandomSource(seed: 20_200_312).stream(name)
    }

    /// First draws, from an independent implementation in Python of Philox, the name's identifier and the inverse
    /// distribution functions (mpmath 1.3 at 400 bits).
    @Test func exponentialDraws() {
        var stream = stream()
        for expected in [
            "0.1477651965225298",
            "0.270983337440987648",
            "3.083029335590100694",
            "0.261859404034151235",
            "2.18224845736664338",
            "1.927970415318529566",
            "0.033133953557706672",
            "0.289135975387252006",
        ] {
            #expect(stream.exponential().description == expected)
        }
    }

    /// First draws, as above; the normal's 4e-15 becomes 6e-15 of the result.
    @Test func lognormalDraws() throws {
        var stream = stream()
        let (median, sigma) = try (fixed("10000"), fixed("1.5"))
        for text in [
            "51466.324729017116517421",
            "29217.368722342453544891",
            "796.422622595804701303",
            "30234.244873183838983186",
            "1623.901521014532943579",
            "2050.97587639123437279",
            "158951.014139513283107743",
            "27362.740326146655725813",
        ] {
            let expected = try fixed(text)
            let error = (stream.lognormal(median: median, sigma: sigma) - expected).raw.magnitude
            #expect(error < UInt128(expected.raw) / 1_000_000_000_000_000 * 6)
        }
    }

    /// First draws, as above.
    @Test func paretoDraws() throws {
        var stream = stream()
        let (minimum, shape) = try (fixed("1.2"), fixed("2.1"))
        for expected in [
            "1.287478862686864186",
            "1.365282328464533112",
            "5.209223290939532042",
            "1.359363412466398232",
            "3.392229886830603245",
            "3.005376066099955005",
            "1.219083844993350204",
            "1.377135138320456772",
        ] {
            let draw = stream.pareto(minimum: minimum, shape: shape, maximum: nil)
            #expect(draw.description == expected)
        }
    }

    /// First draws, as above, conditioned on at most 18.
    @Test func truncatedParetoDraws() throws {
        var stream = stream()
        let (minimum, shape) = try (fixed("1.2"), fixed("2.1"))
        for expected in [
            "1.287148028665003476",
            "1.364596860263491327",
            "5.042727532287338831",
            "1.358707010564562749",
            "3.34998301576027749",
            "2.977282412773330976",
            "1.219017551011987307",
            "1.376390405633225534",
        ] {
            let draw = stream.pareto(minimum: minimum, shape: shape, maximum: Fixed18(whole: 18))
            #expect(draw.description == expected)
        }
    }

    /// Mean 1 and variance 1, within five standard errors √(1/n) and √(8/n).
    @Test func exponentialMoments() {
        var stream = stream("moments")
        let moments = Moments((0..<10_000).map { _ in double(stream.exponential()) })
        #expect((moments.mean - 1).magnitude < 5 * (1.0 / 10_000).squareRoot())
        #expect((moments.variance - 1).magnitude < 5 * (8.0 / 10_000).squareRoot())
    }

    /// Cells of equal probability, whose bounds are −ln(k / 10).
    @Test func exponentialCells() throws {
        var stream = stream("cells")
        let bounds = try (1...9).reversed().map { -ln(try fixed("0.\($0)")) }
        var counts = [Int](repeating: 0, count: 10)
        for _ in 0..<20_000 {
            let value = stream.exponential()
            counts[bounds.count { $0 <= value }] += 1
        }
        #expect(isPlausible(observed: counts, expected: [Double](repeating: 2000, count: 10)))
    }

    /// With sigma 0.5: mean exp(1/8), variance exp(1/4) (exp(1/4) − 1), half below the median; five
    /// standard errors, that of the variance with a kurtosis of 8.9 (exp(1) + 2 exp(3/4) + 3 exp(1/2) − 3).
    @Test func lognormalMoments() throws {
        var stream = stream("lognormal")
        let sigma = try fixed("0.5")
        let sample = (0..<10_000).map { _ in double(stream.lognormal(median: .one, sigma: sigma)) }
        let moments = Moments(sample)
        let (mean, variance) = (1.133_148_453, 0.364_695_887)
        #expect((moments.mean - mean).magnitude < 5 * (variance / 10_000).squareRoot())
        #expect(
            (moments.variance - variance).magnitude
                < 5 * variance * ((8.9 - 1) / 10_000).squareRoot())
        let below = sample.count { $0 < 1 }
        #expect((Double(below) - 5000).magnitude < 5 * 50)
    }

    /// With minimum 2 and shape 5: mean 5/2, variance 5/12; five standard errors.
    @Test func paretoMoments() {
        var stream = stream("pareto")
        let sample = (0..<10_000).map { _ in
            double(
                stream.pareto(minimum: Fixed18(whole: 2), shape: Fixed18(whole: 5), maximum: nil))
        }
        #expect((Moments(sample).mean - 2.5).magnitude < 5 * (5.0 / 12 / 10_000).squareRoot())
    }

    /// With minimum 1, shape 1, maximum 4: P(X ≤ x) = (1 − 1/x) · 4/3, so 4/3 and 2 cut it into thirds.
    @Test func truncatedParetoCells() {
        var stream = stream("truncated")
        var thirds = [0, 0, 0]
        for _ in 0..<6000 {
            let value = stream.pareto(minimum: .one, shape: .one, maximum: Fixed18(whole: 4))
            #expect(value >= .one && value <= Fixed18(whole: 4))
            thirds[value.raw * 3 < Fixed18(whole: 4).raw ? 0 : value < Fixed18(whole: 2) ? 1 : 2] +=
                1
        }
        #expect(isPlausible(observed: thirds, expected: [2000, 2000, 2000]))
    }

    @Test func degenerateParameters() throws {
        var stream = stream()
        let value = try fixed("12.345678901234567891")
        for _ in 0..<200 {
            #expect(stream.lognormal(median: value, sigma: .zero) == value)
            #expect(stream.pareto(minimum: value, shape: .one, maximum: value) == value)
        }
    }

    /// A tail too thin or too heavy to represent still gives draws within the bounds.
    @Test(arguments: ["0.000000000000000001", "0.001", "50", "1000000", "170000000000000000000"])
    func extremeShapes(shape: String) throws {
        var stream = stream()
        let shape = try fixed(shape)
        let maximum = Fixed18(whole: 1_000_000_000)
        for _ in 0..<200 {
            let value = stream.pareto(minimum: .one, shape: shape, maximum: maximum)
            #expect(value >= .one && value <= maximum)
        }
    }

    /// With a tail index near zero the logarithm is uniform: half below the geometric mean.
    @Test func vanishingShapeIsLogUniform() throws {
        var stream = stream("log-uniform")
        let shape = try fixed("0.000000000000000001")
        let below = (0..<2500).count { _ in
            stream.pareto(minimum: .one, shape: shape, maximum: Fixed18(whole: 10_000))
                < Fixed18(whole: 100)
        }
        #expect((Double(below) - 1250).magnitude < 5 * 25)
    }

    @Test func refusesMeaninglessParameters() async {
        await #expect(processExitsWith: .failure) {
            var stream = RandomSource(seed: 1).stream("a")
            _ = stream.pareto(minimum: Fixed18(whole: 2), shape: .one, maximum: .one)
        }
        await #expect(processExitsWith: .failure) {
            var stream = RandomSource(seed: 1).stream("a")
            _ = stream.lognormal(median: .one, sigma: Fixed18(whole: -1))
        }
    }
}
