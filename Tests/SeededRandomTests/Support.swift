import ExactMath
import Testing

/// A number of eighteen decimals from its text; the test fails where the text is malformed.
func fixed(_ text: String, _ location: SourceLocation = #_sourceLocation) throws -> Fixed18 {
    try #require(Fixed18(decimal: text), "malformed: \(text)", sourceLocation: location)
}

/// The nearest binary number, for statistics.
func double(_ value: Fixed18) -> Double { Double(value.raw) / 1e18 }

/// Count, mean and central moments of a sample.
struct Moments {
    var (count, mean, variance, skewness, kurtosis) = (0.0, 0.0, 0.0, 0.0, 0.0)
    init(_ sample: [Double]) {
        count = Double(sample.count)
        let mean = sample.reduce(0, +) / count
        func central(_ order: Int) -> Double {
            var sum = 0.0
            for x in sample {
                var term = 1.0
                for _ in 0..<order { term *= x - mean }
                sum += term
            }
            return sum / count
        }
        self.mean = mean
        variance = central(2)
        skewness = central(3) / (variance * variance.squareRoot())
        kurtosis = central(4) / (variance * variance)
    }
}

/// Pearson's statistic, and whether it lies within five standard deviations of its mean.
func isPlausible(observed: [Int], expected: [Double]) -> Bool {
    let statistic = zip(observed, expected).reduce(0.0) { sum, pair in
        let difference = Double(pair.0) - pair.1
        return sum + difference * difference / pair.1
    }
    let freedom = Double(expected.count - 1)
    return (statistic - freedom).magnitude < 5 * (2 * freedom).squareRoot() + 5
}
