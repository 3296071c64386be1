public import Scenarios

/// Splits a loss among frictions: exact Shapley values over all subsets of them, on the same random numbers.
///
/// For each seed, the loss with a set of frictions on is a run of its own; a friction's share is what it adds,
/// averaged over all orders in which the frictions can be turned on. Shares are kept as integers, times n!, so
/// that they add up to the loss exactly.
public struct Attribution: Sendable {
    /// A friction and what turns it off.
    public struct Part: Sendable {
        public var friction: Friction
        public var off: [StudySetting]
    }
    /// Those the scenario has.
    public let parts: [Part]
    /// Those it does not have, which contribute nothing.
    public let absent: [Friction]
    /// One for each subset of frictions that is on: bit i is `parts[i]`.
    public let points: [StudyPoint]

    public init(_ scenario: Scenario, _ frictions: [Friction] = Friction.allCases) {
        let all = frictions.map { Part(friction: $0, off: $0.off(in: scenario)) }
        parts = all.filter { !$0.off.isEmpty }
        absent = all.filter(\.off.isEmpty).map(\.friction)
        points = (0..<(1 << parts.count)).map { [parts] on in
            let names = parts.indices.filter { on >> $0 & 1 == 1 }.map { parts[$0].friction.name }
            return StudyPoint(
                label: names.isEmpty ? "no friction" : names.joined(separator: " + "),
                settings: parts.indices.filter { on >> $0 & 1 == 0 }.flatMap { parts[$0].off })
        }
    }

    /// n!, by which shares are multiplied.
    public var factor: Int128 { Self.factorial(parts.count) }

    private static func factorial(_ n: Int) -> Int128 {
        (0..<n).reduce(1) { $0 * Int128($1 + 1) }
    }

    /// The shares of one seed, times ``factor``. [1e-8 of the metric's unit]
    ///
    /// They add up to `factor · (loss with all frictions − loss with none)`.
    /// - Parameter losses: by subset, as ``points``. [1e-8]
    public func shares(_ losses: [Int64]) -> [Int128] {
        precondition(losses.count == points.count, "one loss for each subset")
        return parts.indices.map { friction in
            var sum: Int128 = 0
            for subset in losses.indices where subset >> friction & 1 == 0 {
                let size = subset.nonzeroBitCount
                let weight = Self.factorial(size) * Self.factorial(parts.count - size - 1)
                sum += weight * (Int128(losses[subset | 1 << friction]) - Int128(losses[subset]))
            }
            return sum
        }
    }

    /// What the shares come to over the seeds.
    public struct Result: Sendable {
        /// The loss with all frictions, and with none.
        public var total: Sample
        public var rest: Sample
        /// By friction, in order of ``Attribution/parts``.
        public var shares: [Sample]
    }

    /// - Parameter values: of all ``points``, for the same seeds.
    public func result(_ values: StudyValues, metric: Int) -> Result? {
        let losses = points.indices.map { values.values(metric, at: $0) }
        guard let seeds = losses.first?.count, seeds > 0,
            losses.allSatisfy({ $0.count == seeds })
        else { return nil }
        var shares: [[Double]] = Array(repeating: [], count: parts.count)
        for seed in 0..<seeds {
            let row = losses.map { $0[seed] }
            let split = self.shares(row)
            precondition(
                split.reduce(0, +) == factor * (Int128(row[row.count - 1]) - Int128(row[0])),
                "the shares add up to the loss")
            for (index, share) in split.enumerated() {
                shares[index].append(Double(share) / Double(factor) / 1e8)
            }
        }
        return Result(
            total: Sample(e8: losses[losses.count - 1]), rest: Sample(e8: losses[0]),
            shares: shares.map { Sample($0) })
    }
}
