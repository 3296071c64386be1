import ExactMath

/// The geometric mean of a price over the last while, weighted by time, as in Uniswap v3's oracle
/// (Uniswap/v3-core contracts/libraries/Oracle.sol, whose ticks are logarithms to the base 1.0001).
///
/// Between two looks the price of the earlier one counts, so a price that stands for one look only
/// moves the average by its share of the window. Logarithms have 18 decimals in place of whole
/// ticks of one basis point.
struct TimeWeightedAverage: Sendable {
    private struct Sample {
        var time: Timestamp
        var logarithm: Fixed18
        /// Σ logarithm · time until this sample. [1e-18 · ms]
        var cumulative: Int128
    }
    private let window: TimeSpan
    private var samples: [Sample] = []

    /// An average over a window that is greater than zero; until it is full, over what there is.
    init(window: TimeSpan) { self.window = window }

    /// Adds the price that holds from a moment on, and returns the mean until that moment.
    ///
    /// - Parameter price: greater than zero.
    mutating func add(_ price: Price, at time: Timestamp) -> Price {
        var cumulative: Int128 = 0
        if let last = samples.last { cumulative = Self.cumulative(after: last, at: time) }
        samples.append(
            Sample(time: time, logarithm: ln(Fixed18(price)), cumulative: cumulative))
        let from = max(samples[0].time, time - window)
        while samples.count > 1, samples[1].time <= from { samples.removeFirst() }
        let elapsed = (time - from).milliseconds
        guard elapsed > 0 else { return price }
        let swept = cumulative - Self.cumulative(after: samples[0], at: from)
        return sound { () throws(ArithmeticOverflow) in
            let mean = Fixed18(raw: swept / Int128(elapsed))
            return max(try exp(mean).rounded(to: Price.self, .nearest), Price(raw: 1))
        }
    }

    private static func cumulative(after sample: Sample, at time: Timestamp) -> Int128 {
        sample.cumulative + sample.logarithm.raw * Int128((time - sample.time).milliseconds)
    }
}
