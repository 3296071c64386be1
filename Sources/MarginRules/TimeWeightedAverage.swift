public import ExactMath

/// A running average in which a sample weighs as much as its share of a period.
///
/// `(price · since + last · from) / (since + from)` with `since` the time since the last update and `from` what is
/// left of the period, at least one second. Source: drift-labs/protocol-v2 programs/drift/src/math/stats.rs
/// (`calculate_new_twap`, `calculate_weighted_average`), which counts whole seconds.
public struct TimeWeightedAverage: Hashable, Sendable {
    /// [milliseconds]
    public let period: TimeSpan

    /// - Parameter period: at least a second.
    public init(period: TimeSpan) {
        precondition(period.milliseconds >= 1000, "an average takes a second at least")
        self.period = period
    }

    /// The average after a price has stood for a time, truncated.
    /// - Parameters:
    ///   - last: the average before, zero or more.
    ///   - price: zero or more.
    ///   - elapsed: since the average before, zero or more.
    public func updated(_ last: Price, with price: Price, elapsed: TimeSpan) -> Price {
        precondition(!last.isNegative && !price.isNegative && elapsed >= .zero)
        let since = elapsed.milliseconds
        let from = max(1000, period.milliseconds - since)
        let sum = product(price.raw, since) + product(last.raw, from)
        // An average of two prices fits where they do.
        return Price(raw: Int64(sum / (Int128(since) + Int128(from))))
    }
}
