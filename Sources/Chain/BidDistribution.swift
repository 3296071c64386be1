import ExactMath

/// The logarithmic ladder of prices on which bids are counted: sixteen steps per octave up to 2⁶³
/// wei.
///
/// A step is 4.4 %; all bids on it count as its geometric middle, so that nobody is off by more
/// than 2.2 %.
enum BidLadder {
    static let steps = 63 * 16
    /// ln 2 / 16, the height of a step. [1e-12]
    static let height: Int64 = 43_321_698_785
    /// The price that stands for each step. [wei per gas]
    static let prices: [Int64] = (0..<steps).map { step in
        let logarithm = (2 * Int128(step) + 1) * Int128(height) * 1_000_000 / 2
        return Int64(exponential(Fixed18(raw: logarithm)).raw / Fixed18.one.raw)
    }

    /// The step of a price given by its logarithm. [1e-12]
    static func step(ofLogarithm logarithm: Int64) -> Int {
        min(max(Int(logarithm / height), 0), steps - 1)
    }
}

/// exp where the argument is known to be small enough.
func exponential(_ x: Fixed18) -> Fixed18 {
    do { return try exp(x) } catch { preconditionFailure("the argument is below 46") }
}

/// The normal distribution's cumulative function, from a table of 64 steps per standard deviation.
///
/// Straight lines between the table's entries are off by less than 1e-5. Beyond five standard
/// deviations it is zero or one, so that nothing is lost in the tails.
enum NormalTable {
    static let one: Int64 = 1 << 32
    static let limit: Int64 = 5

    /// At 0, 1/64, … 5. By Simpson's rule, whose error at this step is below the table's
    /// resolution. [2⁻³²]
    private static let upperHalf: [Int64] = {
        /// exp(−z²/2) at z = j/128.
        func density(_ j: Int128) -> Int128 {
            exponential(Fixed18(raw: -j * j * Fixed18.one.raw / 32_768)).raw
        }
        let rootTwoPi: Int128 = 2_506_628_274_631_000_502  // √(2π) [1e-18]
        var table: [Int64] = [one / 2]
        var integral: Int128 = 0  // Times 6 · 64.
        for j in stride(from: Int128(0), to: Int128(limit) * 128, by: 2) {
            integral += density(j) + 4 * density(j + 1) + density(j + 2)
            table.append(one / 2 + Int64((integral << 32) / (384 * rootTwoPi)))
        }
        return table
    }()

    /// The share below a number of standard deviations. [z in 2⁻¹⁶, result in 2⁻³²]
    static func share(below z: Int64) -> Int64 {
        let magnitude = abs(z)
        guard magnitude < limit << 16 else { return z < 0 ? 0 : one }
        let index = Int(magnitude >> 10)
        let rest = magnitude & 1023
        let low = upperHalf[index]
        let value = low + ((upperHalf[index + 1] - low) * rest) >> 10
        return z < 0 ? one - value : value
    }
}

/// Lognormal bids.
struct BidDistribution: Hashable {
    /// The logarithm of the median. [1e-12]
    private let logMedian: Int64
    /// [1e-8]
    private let spread: Int64

    /// - Parameter median: at least 1. [wei per gas]
    init(median: Int64, spread: Ratio) {
        logMedian = Int64(ln(Fixed18(whole: median)).raw / 1_000_000)
        self.spread = spread.raw
    }

    /// The steps of the ladder that hold all bids.
    var steps: ClosedRange<Int> {
        // 1e-8 to 1e-12.
        let reach = NormalTable.limit * spread * 10_000
        let lowest = BidLadder.step(ofLogarithm: logMedian - reach)
        return lowest...BidLadder.step(ofLogarithm: logMedian + reach)
    }

    /// The share of the bids below a step's upper end. [2⁻³²]
    func share(throughStep step: Int) -> Int64 {
        let distance = Int64(step + 1) * BidLadder.height - logMedian
        guard spread > 0 else { return distance > 0 ? NormalTable.one : 0 }
        return NormalTable.share(
            below: Int64(clamping: product(distance, 65_536) / Int128(spread * 10_000)))
    }

    /// The share of the bids that count as a price or more. [2⁻³²]
    func share(atLeast price: Int64) -> Int64 {
        // The last step whose price is lower.
        var low = 0
        var high = BidLadder.steps
        while low < high {
            let middle = (low + high) / 2
            if BidLadder.prices[middle] < price { low = middle + 1 } else { high = middle }
        }
        let steps = steps
        if low > steps.upperBound { return 0 }
        return low <= steps.lowerBound
            ? NormalTable.one : NormalTable.one - share(throughStep: low - 1)
    }
}
