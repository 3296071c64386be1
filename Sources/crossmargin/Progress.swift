import Foundation

/// One line on the terminal that says how far a run is, how fast, and how long it will still take.
struct Progress {
    private let total: Int64
    private let start = ContinuousClock.now
    private var shown: ContinuousClock.Instant
    private let isShown: Bool

    /// - Parameter total: the simulated time to pass. [ms]
    init(total: Int64, isShown: Bool) {
        self.total = max(1, total)
        self.isShown = isShown && Console.isTerminal
        shown = start
    }

    var elapsed: Double { Self.seconds(ContinuousClock.now - start) }

    mutating func update(block: Int64, passed: Int64) {
        guard isShown else { return }
        let now = ContinuousClock.now
        guard now - shown > .milliseconds(200) else { return }
        shown = now
        let spent = Self.seconds(now - start)
        let share = Double(min(passed, total)) / Double(total)
        let left = share > 0 ? spent / share - spent : 0
        let rate = Int(Double(block) / max(spent, 0.001))
        Console.errorRaw(
            "\r\u{1B}[Kblock \(block)  \(Int(share * 100)) %  \(rate) blocks/s  \(Int(left + 0.5)) s left"
        )
    }

    func end() {
        if isShown { Console.errorRaw("\r\u{1B}[K") }
    }

    static func seconds(_ duration: Duration) -> Double {
        Double(duration.components.seconds) + Double(duration.components.attoseconds) * 1e-18
    }
}
