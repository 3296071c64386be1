import SeededRandom

/// Seeks the values of one or several keys that make a statistic least, within constraints; each point with the same
/// seeds.
///
/// One key: a grid over its range, then finer ones around the best value. Several: a Latin hypercube over their ranges,
/// then, key by key, grids through the best point, each round finer: a cyclic coordinate search, which finds a minimum
/// that no single key improves on, and the least of all only where there is but one such.
public struct Search: Sendable {
    /// One key, in whole steps.
    private struct Axis {
        var key: String
        var from: WrittenNumber
        var through: WrittenNumber
        var unit: Int64

        /// - Throws: ``StudyError`` `.usage` for a list, which has no values between.
        init(_ variation: Variation) throws(StudyError) {
            guard let ends = variation.ends else {
                throw StudyError(
                    .usage,
                    "\(variation.key): expected a range to search in, such as '0.5%..15%', found a list"
                )
            }
            key = variation.key
            (from, through) = ends
            unit = 1
            if case .steps(_, _, let by) = variation.values {
                unit = by.mantissa
            } else if from.decimals <= 5, from.suffix != "ms" {
                // Three decimals more, as far as they fit, so that there is something between.
                from.decimals += 3
                from.mantissa *= 1000
                through.decimals += 3
                through.mantissa *= 1000
            }
        }

        /// From one end to the other.
        var span: Int64 { through.mantissa - from.mantissa }

        /// Whole steps from one place to another, both included, as many as `width` or as there are.
        func grid(_ low: Int64, _ high: Int64, width: Int) -> [Int64] {
            let steps = (high - low) / unit
            var positions: [Int64] = []
            for index in 0..<Int64(width) {
                let step = (steps * index + Int64(width - 1) / 2) / Int64(width - 1)
                let position = low + step * unit
                if positions.last != position { positions.append(position) }
            }
            return positions
        }

        /// The same grid around a place, within the range.
        func grid(around middle: Int64, reach: Int64, width: Int) -> [Int64] {
            let reach = reach / unit * unit
            return grid(
                max(from.mantissa, middle - reach),
                min(
                    from.mantissa + (through.mantissa - from.mantissa) / unit * unit, middle + reach
                ),
                width: width)
        }

        func setting(at position: Int64) -> StudySetting {
            var number = from
            number.mantissa = position
            return StudySetting(key: key, value: number.simplified.text)
        }
    }

    /// Points of a grid.
    public let width: Int
    public let rounds: Int
    private let axes: [Axis]

    /// - Throws: ``StudyError`` `.usage` for a list, which has no values between, and for a key twice.
    public init(_ variations: [Variation], width: Int = 9, rounds: Int = 2) throws(StudyError) {
        precondition(!variations.isEmpty && width >= 3 && rounds >= 1)
        guard Set(variations.map(\.key)).count == variations.count else {
            throw StudyError(.usage, "a key is searched twice")
        }
        var axes: [Axis] = []
        for variation in variations { axes.append(try Axis(variation)) }
        self.axes = axes
        self.width = width
        self.rounds = rounds
    }

    /// The keys, in order.
    public var keys: [String] { axes.map(\.key) }

    /// A point that was tried.
    public struct Trial: Sendable {
        public var point: StudyPoint
        /// In whole steps, by key.
        public var position: [Int64]
        public var values: StudyValues
    }

    /// What the search found.
    public struct Outcome: Sendable {
        /// In order of the values.
        public var trials: [Trial]
        /// Which is best; nil where none keeps to the constraints.
        public var best: Int?
    }

    /// Searches.
    ///
    /// - Parameters:
    ///   - objective: what is to be least; nil where it was not measured.
    ///   - isFeasible: whether a point keeps to the constraints.
    ///   - evaluate: runs points, in this order.
    public func run(
        minimizing objective: (StudyValues) -> Double?, isFeasible: (StudyValues) -> Bool,
        evaluate: ([StudyPoint]) throws -> [StudyValues]
    ) throws -> Outcome {
        var trials: [Trial] = []
        var best: Int? { Self.best(of: trials, objective, isFeasible) }
        func look(at positions: [[Int64]]) throws {
            var new: [[Int64]] = []
            for position in positions
            where !new.contains(position) && !trials.contains(where: { $0.position == position }) {
                new.append(position)
            }
            guard !new.isEmpty else { return }
            let points = new.map(point(at:))
            for (index, values) in try evaluate(points).enumerated() {
                trials.append(
                    Trial(point: points[index], position: new[index], values: values))
            }
            trials.sort { $0.position.lexicographicallyPrecedes($1.position) }
        }
        try look(at: axes.count == 1 ? line(0, through: nil, reach: axes[0].span) : sample)
        // The first grid of a single key has been looked at.
        var reaches = axes.map { axes.count == 1 ? $0.span / Int64(width - 1) : $0.span }
        for _ in (axes.count == 1 ? 1 : 0)..<rounds {
            for axis in axes.indices {
                guard let best else { break }
                try look(
                    at: line(axis, through: trials[best].position, reach: reaches[axis]))
                reaches[axis] = max(axes[axis].unit, 2 * reaches[axis] / Int64(width - 1))
            }
        }
        return Outcome(trials: trials, best: best)
    }

    /// A grid along one axis, through a point or alone.
    private func line(_ axis: Int, through point: [Int64]?, reach: Int64) -> [[Int64]] {
        guard let point else {
            return axes[axis].grid(
                axes[axis].from.mantissa, axes[axis].through.mantissa, width: width
            ).map { [$0] }
        }
        return axes[axis].grid(around: point[axis], reach: reach, width: width).map { place in
            var position = point
            position[axis] = place
            return position
        }
    }

    /// A Latin hypercube, the same in every search with as many points and the same keys.
    private var sample: [[Int64]] {
        let count = width * axes.count
        var positions: [[Int64]] = Array(repeating: [], count: count)
        for axis in axes {
            var draws = RandomSource(seed: 1).stream("search/\(axis.key)")
            var strata = axis.grid(axis.from.mantissa, axis.through.mantissa, width: count)
            // A range of fewer steps than that gives each of them more than one row.
            let steps = strata.count
            while strata.count < count { strata.append(strata[strata.count % steps]) }
            for index in stride(from: count - 1, to: 0, by: -1) {
                strata.swapAt(index, Int(draws.uniform(in: 0...Int64(index))))
            }
            for row in positions.indices { positions[row].append(strata[row]) }
        }
        return positions
    }

    private func point(at position: [Int64]) -> StudyPoint {
        StudyPoint(zip(axes, position).map { $0.setting(at: $1) })
    }

    private static func best(
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
