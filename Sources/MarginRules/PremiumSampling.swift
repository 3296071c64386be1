public import ExactMath

/// How samples of a premium become the one premium of a funding interval.
///
/// dYdX uses two of these in a row: the median of the votes of a minute, then the mean of the
/// minutes of an hour, each padded with zeros to the number that was expected, so that a halted
/// chain charges less and not the average of the few samples it has.
public struct PremiumSampling: Hashable, Sendable {
    /// The way of averaging.
    public enum Average: Hashable, Sendable {
        /// All samples count alike (OKX, Hyperliquid, dYdX's hour).
        case mean
        /// The n-th sample counts n times, so that late ones weigh more (Binance, Bybit):
        /// `Σ i·Pᵢ / Σ i`.
        case linearlyWeighted
        /// The mean without a share of the lowest and the same of the highest samples.
        ///
        /// `⌊2 · share · count⌋` samples go; where that is odd, one more of the highest. Where
        /// nothing would remain, nothing is removed. (dydxprotocol/v4-chain
        /// `GetRemoveSampleTailsFunc`.)
        case trimmedMean(share: Ratio)
        /// The middle sample; of an even number the mean of the middle two, rounded away from zero
        /// to the resolution (dydxprotocol/v4-chain `lib/math.go`, `Median`).
        case median
    }

    public var average: Average
    /// The samples expected: with fewer, zeros are appended.
    public var minimumCount: Int
    /// The step the result is rounded to; nil keeps 1e-18.
    public var resolution: Fixed18?

    public init(_ average: Average, minimumCount: Int = 0, resolution: Fixed18? = nil) {
        self.average = average
        self.minimumCount = minimumCount
        self.resolution = resolution
    }

    /// The premium of the interval, toward zero but for the median; zero without any sample.
    /// [1e-18]
    /// - Parameter samples: in the order they were taken.
    /// - Throws: ``ArithmeticOverflow`` when the sum does not fit.
    public func combine(_ samples: [Fixed18]) throws(ArithmeticOverflow) -> Fixed18 {
        var padded = samples
        while padded.count < minimumCount { padded.append(.zero) }
        guard !padded.isEmpty else { return .zero }
        switch average {
        case .mean: return try mean(padded)
        case .linearlyWeighted: return try linearlyWeighted(padded)
        case .trimmedMean(let share):
            return try mean(try PremiumSampling.withoutTails(padded, share: share))
        case .median: return try median(padded)
        }
    }

    /// The samples without their tails, sorted; in their given order where nothing is removed.
    /// - Parameter share: what is removed on each side, zero or more.
    /// - Throws: ``ArithmeticOverflow`` when the number to remove does not fit.
    public static func withoutTails(
        _ samples: [Fixed18], share: Ratio
    ) throws(ArithmeticOverflow) -> [Fixed18] {
        precondition(!share.isNegative, "a share is not negative")
        let removed = try divide(
            product(Int64(samples.count), share.raw) * 2, by: scaleE8, rounding: .down)
        guard removed > 0, removed < samples.count else { return samples }
        let lowest = Int(removed / 2)
        let highest = Int(removed) - lowest
        return Array(samples.sorted()[lowest..<(samples.count - highest)])
    }

    private func mean(_ samples: [Fixed18]) throws(ArithmeticOverflow) -> Fixed18 {
        var sum = Fixed18.zero
        for sample in samples { sum = try RateArithmetic.sum(sum, sample) }
        return RateArithmetic.truncate(
            Fixed18(raw: sum.raw / Int128(samples.count)), to: resolution)
    }

    private func linearlyWeighted(_ samples: [Fixed18]) throws(ArithmeticOverflow) -> Fixed18 {
        var sum: Int128 = 0
        for (index, sample) in samples.enumerated() {
            let (term, tooLarge) = sample.raw.multipliedReportingOverflow(by: Int128(index + 1))
            let (next, overflow) = sum.addingReportingOverflow(term)
            guard !tooLarge, !overflow else { throw ArithmeticOverflow() }
            sum = next
        }
        let count = Int128(samples.count)
        return RateArithmetic.truncate(
            Fixed18(raw: sum / (count * (count + 1) / 2)), to: resolution)
    }

    private func median(_ samples: [Fixed18]) throws(ArithmeticOverflow) -> Fixed18 {
        let sorted = samples.sorted()
        let middle = sorted.count / 2
        guard sorted.count.isMultiple(of: 2) else {
            return RateArithmetic.truncate(sorted[middle], to: resolution)
        }
        let sum = try RateArithmetic.sum(sorted[middle - 1], sorted[middle])
        // Half of a sum, away from zero in steps of the resolution.
        let step = 2 * (resolution?.raw ?? 1)
        let steps = sum.raw / step + (sum.raw % step).signum()
        return Fixed18(raw: steps * (step / 2))
    }
}
