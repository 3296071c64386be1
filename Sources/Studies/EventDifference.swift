import Chain
public import ExactMath
public import MarginProtocol
public import Scenarios
import Simulation

/// What happened otherwise in two runs of one seed.
public struct EventDifference: Sendable {
    /// A liquidated account of one run.
    public struct Liquidated: Hashable, Sendable {
        public var account: AccountID
        public var name: String
        /// When it was first liquidated.
        public var time: Timestamp
        public var steps: Int64
        /// [1e-8 USD]
        public var notional: Money
        public var deficit: Money
    }
    /// The first block whose events or outside prices differ; nil where there is none.
    public private(set) var firstBlock: Int64?
    public private(set) var firstTime: Timestamp?
    /// What differs there: `outside prices`, `transactions`, `events`.
    public private(set) var firstDifference: String?
    /// Accounts liquidated only in the first run, only in the second, and in both, in order of time.
    public private(set) var onlyFirst: [Liquidated] = []
    public private(set) var onlySecond: [Liquidated] = []
    public private(set) var both: [(first: Liquidated, second: Liquidated)] = []

    /// Runs both.
    /// - Throws: ``StudyError`` `.input` for a scenario that cannot run.
    public init(_ first: Scenario, _ second: Scenario) throws {
        let a = try Self.simulation(first)
        let b = try Self.simulation(second)
        var tally = (Tally(a), Tally(b))
        while true {
            let left = a.next()
            let right = b.next()
            if firstBlock == nil, let difference = Self.difference(left, right) {
                firstBlock = (left ?? right)?.header.number
                firstTime = (left ?? right)?.header.time
                firstDifference = difference
            }
            if let left { tally.0.add(left) }
            if let right { tally.1.add(right) }
            if left == nil, right == nil { break }
        }
        for mine in tally.0.sorted {
            if let theirs = tally.1.found[mine.account] {
                both.append((mine, theirs))
            } else {
                onlyFirst.append(mine)
            }
        }
        onlySecond = tally.1.sorted.filter { tally.0.found[$0.account] == nil }
    }

    private static func simulation(_ scenario: Scenario) throws -> Simulation {
        do {
            var scenario = scenario
            scenario.healthEvery = .max
            return try Simulation(scenario)
        } catch {
            throw StudyError(.input, "\(scenario.name): \(error)")
        }
    }

    private static func difference(_ a: BlockRecord?, _ b: BlockRecord?) -> String? {
        guard let a, let b else { return a == nil && b == nil ? nil : "one run is over" }
        if a.header.time != b.header.time { return "the time of the block" }
        if a.referencePrices != b.referencePrices { return "outside prices" }
        if a.transactions != b.transactions { return "transactions" }
        if a.journal != b.journal { return "events" }
        return nil
    }

    private struct Tally {
        var found: [AccountID: Liquidated] = [:]
        private let names: [AccountID: String]

        init(_ simulation: Simulation) {
            names = Dictionary(
                simulation.description.accounts.map { ($0.id, $0.name) },
                uniquingKeysWith: { first, _ in first })
        }

        mutating func add(_ record: BlockRecord) {
            for liquidation in record.liquidations {
                let step = liquidation.step
                let value =
                    try? Money(
                        raw: multiplyScaled(
                            step.size.magnitude.raw, step.price.raw, rounding: .nearest))
                var entry =
                    found[step.account]
                    ?? Liquidated(
                        account: step.account,
                        name: names[step.account] ?? "account \(step.account.index)",
                        time: record.header.time, steps: 0, notional: .zero, deficit: .zero)
                entry.steps += 1
                entry.notional += value ?? .zero
                entry.deficit += step.deficit
                found[step.account] = entry
            }
        }

        var sorted: [Liquidated] {
            found.values.sorted {
                ($0.time.milliseconds, $0.account.index) < ($1.time.milliseconds, $1.account.index)
            }
        }
    }
}
