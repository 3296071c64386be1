import ExactMath
import SeededRandom

extension Distribution {
    /// No draw is larger than ten billion: sums of money end at 92 billion.
    static let ceiling = Fixed18(whole: 10_000_000_000)

    /// Draws a number; always exactly one word of the stream, so that later draws keep their place.
    ///
    /// Above ``ceiling`` a draw is the ceiling.
    func draw(_ stream: inout RandomStream) -> Fixed18 {
        switch self {
        case .fixed(let value):
            _ = stream.next()
            return min(value, Self.ceiling)
        case .uniform(let low, let high):
            let unit = stream.unitInterval()
            guard high > low, let part = try? (high - low).multiplied(by: unit, rounding: .down)
            else { return min(low, Self.ceiling) }
            return min(low + part, Self.ceiling)
        case .pareto(let minimum, let shape, let maximum):
            guard minimum > .zero, shape > .zero else {
                _ = stream.next()
                return .zero
            }
            let end = max(minimum, maximum ?? Self.ceiling)
            return min(stream.pareto(minimum: minimum, shape: shape, maximum: end), Self.ceiling)
        case .lognormal(let median, let sigma, let maximum):
            // median · exp(sigma · z), where a draw too large for the type is the ceiling.
            let end = min(maximum ?? Self.ceiling, Self.ceiling)
            let normal = stream.normal()
            guard let exponent = try? sigma.multiplied(by: normal, rounding: .nearest),
                let factor = try? exp(exponent),
                let value = try? median.multiplied(by: factor, rounding: .nearest)
            else { return end }
            return min(value, end)
        }
    }
}
