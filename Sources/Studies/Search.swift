/// Seeks the value of one key that makes a statistic least, within constraints: a grid that is refined around its
/// best value, each point with the same seeds.
public struct Search: Sendable {
    public let variation: Variation
    /// Points of the first grid.
    public let width: Int
    public let rounds: Int
    private let from: WrittenNumber
    private let through: WrittenNumber

    /// - Throws: ``StudyError`` `.usage` for a list, which has no values between.
    public init(_ variation: Variation, width: Int = 9, rounds: Int = 2) throws(StudyError) {
        guard let ends = variation.ends else {
            throw StudyError(
                .usage,
                "\(variation.key): expected a range to search in, such as '0.5%..15%', found a list"
            )
        }
        precondition(width >= 3 && rounds >= 1)
        self.variation = variation
        self.width = width
        self.rounds = rounds
        // Three decimals more, as far as they fit, so that there is something between.
        var (from, through) = ends
        if case .steps = variation.values {
        } else if from.decimals <= 5, from.suffix != "ms" {
            from.decimals += 3
            from.mantissa *= 1000
            through.decimals += 3
            through.mantissa *= 1000
        }
        self.from = from
        self.through = through
    }

    /// A value that was tried.
    public struct Trial: Sendable {
        public var point: StudyPoint
        public var position: Int64
        public var values: StudyValues
    }

    /// What the search found.
    public struct Outcome: Sendable {
        /// In order of the value.
        public var trials: [Trial]
        /// Which is best; nil where none keeps to the constraints.
        public var best: Int?
    }

    /// Searches.
    ///
    /// - Parameters:
    ///   - objective: the statistic's metric, by place.
    ///   - isFeasible: whether a point keeps to the constraints.
    ///   - evaluate: runs points, in this order.
    public func run(
        minimizing objective: (StudyValues) -> Double?, isFeasible: (StudyValues) -> Bool,
        evaluate: ([StudyPoint]) throws -> [StudyValues]
    ) throws -> Outcome {
        var trials: [Trial] = []
        var positions = grid(from.mantissa, through.mantissa)
        for _ in 0..<rounds {
            let new = positions.filter { position in
                !trials.contains { $0.position == position }
            }
            guard !new.isEmpty else { break }
            let points = new.map { point(at: $0) }
            for (index, values) in try evaluate(points).enumerated() {
                trials.append(
                    Trial(point: points[index], position: new[index], values: values))
            }
            trials.sort { $0.position < $1.position }
            guard let best = best(of: trials, objective, isFeasible) else { break }
            let low = best > 0 ? trials[best - 1].position : trials[best].position
            let high = best + 1 < trials.count ? trials[best + 1].position : trials[best].position
            positions = grid(low, high)
        }
        return Outcome(trials: trials, best: best(of: trials, objective, isFeasible))
    }

    /// Whole steps from one end to the other, both included.
    private func grid(_ low: Int64, _ high: Int64) -> [Int64] {
        let unit: Int64
        if case .steps(_, _, let by) = variation.values { unit = by.mantissa } else { unit = 1 }
        let steps = (high - low) / unit
        var positions: [Int64] = []
        for index in 0..<Int64(width) {
            let step = (steps * index + Int64(width - 1) / 2) / Int64(width - 1)
            let position = low + step * unit
            if positions.last != position { positions.append(position) }
        }
        return positions
    }

    private func point(at position: Int64) -> StudyPoint {
        var number = from
        number.mantissa = position
        return StudyPoint(
            [StudySetting(key: variation.key, value: number.simplified.text)])
    }

    private func best(
        of trials: [Trial], _ objective: (StudyValues) -> Double?,
        _ isFeasible: (StudyValues) -> Bool
    ) -> Int? {
        var best: (index: Int, value: Double)?
        for (index, trial) in trials.enumerated() where isFeasible(trial.values) {
            guard let value = objective(trial.values) else { continue }
            if let current = best, current.value <= value { continue }
            best = (index, value)
        }
        return best?.index
    }
}
