import ExactMath
import Foundation
import Oracles
import SeededRandom
import Testing

/// The distributions of latency, against their closed forms in floating point.
@Suite struct LatencyTests {
    static let kinds: [Latency] = [
        .uniform(TimeSpan(seconds: 15), TimeSpan(seconds: 45)),
        .exponential(mean: TimeSpan(seconds: 30)),
        .lognormal(median: TimeSpan(seconds: 20), sigma: Ratio(percent: 60)),
        .pareto(
            minimum: TimeSpan(seconds: 10), shape: Ratio(percent: 150),
            maximum: TimeSpan(seconds: 600)),
        .pareto(minimum: TimeSpan(seconds: 10), shape: .one, maximum: TimeSpan(seconds: 3600)),
    ]

    /// The distribution function, and mean and variance where the samples are compared with them;
    /// all textbook forms. The k-th moment of the truncated Pareto is
    /// a · Lᵃ · (Hᵏ⁻ᵃ − Lᵏ⁻ᵃ) / ((k − a) · (1 − (L/H)ᵃ)), with a logarithm where k = a.
    struct Distribution {
        var below: (Double) -> Double
        var mean: Double
        var variance: Double

        init(_ latency: Latency) {
            func ms(_ span: TimeSpan) -> Double { Double(span.milliseconds) }
            switch latency {
            case .fixed(let delay):
                below = { $0 < ms(delay) ? 0 : 1 }
                (mean, variance) = (ms(delay), 0)
            case .uniform(let shortest, let longest):
                let (a, b) = (ms(shortest), ms(longest))
                below = { min(1, max(0, ($0 - a) / (b - a))) }
                (mean, variance) = ((a + b) / 2, (b - a) * (b - a) / 12)
            case .exponential(let span):
                let m = ms(span)
                below = { 1 - exp(-$0 / m) }
                (mean, variance) = (m, m * m)
            case .lognormal(let median, let sigma):
                let (m, s) = (ms(median), Double(sigma.raw) / 1e8)
                below = { $0 <= 0 ? 0 : erfc(-log($0 / m) / s / 2.0.squareRoot()) / 2 }
                mean = m * exp(s * s / 2)
                variance = mean * mean * (exp(s * s) - 1)
            case .pareto(let minimum, let shape, let maximum):
                let (l, h, a) = (ms(minimum), ms(maximum), Double(shape.raw) / 1e8)
                let kept = 1 - pow(l / h, a)
                below = { min(1, max(0, (1 - pow(l / $0, a)) / kept)) }
                func moment(_ k: Double) -> Double {
                    let integral = k == a ? log(h / l) : (pow(h, k - a) - pow(l, k - a)) / (k - a)
                    return a * pow(l, a) / kept * integral
                }
                mean = moment(1)
                variance = moment(2) - mean * mean
            }
        }
    }

    /// Kolmogorov–Smirnov with the bound of Dvoretzky, Kiefer and Wolfowitz (Massart's constant):
    /// P(sup |F_n − F| > ε) ≤ 2 exp(−2 n ε²), here 1e-9; the mean within five standard errors.
    @Test(arguments: kinds)
    func distribution(latency: Latency) {
        let n = 8000
        var draws = RandomSource(seed: 77).stream("latency")
        let sample = (0..<n).map { _ in Double(latency.sample(&draws).milliseconds) }.sorted()
        let expected = Distribution(latency)
        var distance = 0.0
        for (i, x) in sample.enumerated() {
            let below = expected.below(x)
            distance = max(
                distance, below - Double(i) / Double(n), Double(i + 1) / Double(n) - below)
        }
        #expect(distance < (log(2 / 1e-9) / 2 / Double(n)).squareRoot())
        let mean = sample.reduce(0, +) / Double(n)
        #expect(abs(mean - expected.mean) < 5 * (expected.variance / Double(n)).squareRoot() + 0.5)
    }

    /// Each sample is the quantile of the uniform number in the same word, to the millisecond.
    @Test(arguments: kinds)
    func sampleIsTheQuantileOfOneWord(latency: Latency) {
        let expected = Distribution(latency)
        var draws = RandomSource(seed: 3).stream("word")
        for _ in 0..<500 {
            var same = draws
            let u = Double(same.unitInterval().raw) / 1e18
            let x = Double(latency.sample(&draws).milliseconds)
            // The rounding moves x by half a millisecond; 1e-9 is for the floating-point reference.
            #expect(expected.below(x - 0.501) <= u + 1e-9 && u - 1e-9 <= expected.below(x + 0.501))
        }
    }

    @Test(arguments: [Latency.fixed(.zero)] + kinds)
    func everySampleIsOneWord(latency: Latency) {
        var draws = RandomSource(seed: 1).stream("economy")
        for count in UInt64(1)...100 {
            _ = latency.sample(&draws)
            #expect(draws.position == count)
        }
    }

    @Test func fixedIsFixed() {
        var draws = RandomSource(seed: 1).stream("fixed")
        let delay = TimeSpan(milliseconds: 12_345)
        for _ in 0..<100 { #expect(Latency.fixed(delay).sample(&draws) == delay) }
    }

    /// A slow round is slow under every kind: all are rising functions of one uniform number.
    @Test func kindsAgreeOnWhatIsSlow() {
        let samples = Self.kinds.map { kind in
            var draws = RandomSource(seed: 8).stream("same")
            return (0..<300).map { _ in kind.sample(&draws).milliseconds }
        }
        let byFirst = (0..<300).sorted { (samples[0][$0], $0) < (samples[0][$1], $1) }
        for sample in samples.dropFirst() {
            for (faster, slower) in zip(byFirst, byFirst.dropFirst())
            where samples[0][faster] < samples[0][slower] {
                #expect(sample[faster] <= sample[slower])
            }
        }
    }

    /// Sweeping a parameter upwards lengthens every single draw.
    @Test func sweepsAreMonotonePerDraw() {
        func spans(_ seconds: Int64) -> TimeSpan { TimeSpan(seconds: seconds) }
        let sweeps: [(Int64) -> Latency] = [
            { .fixed(spans($0)) },
            { .uniform(spans($0), spans(2 * $0)) },
            { .exponential(mean: spans($0)) },
            { .lognormal(median: spans($0), sigma: Ratio(percent: 80)) },
            { .pareto(minimum: spans($0), shape: Ratio(percent: 120), maximum: spans(20 * $0)) },
        ]
        for sweep in sweeps {
            var previous = [Int64](repeating: 0, count: 200)
            for seconds in stride(from: Int64(10), through: 120, by: 10) {
                var draws = RandomSource(seed: 4).stream("sweep")
                let sample = previous.indices.map { _ in
                    sweep(seconds).sample(&draws).milliseconds
                }
                for (shorter, longer) in zip(previous, sample) { #expect(shorter < longer) }
                previous = sample
            }
        }
    }
}
