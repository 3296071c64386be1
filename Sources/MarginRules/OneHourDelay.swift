public import ExactMath

/// A price that takes effect one period after it was read, visible to all until then: Maker's
/// Oracle Security Module.
///
/// The period is an hour in practice. A price is read at any time in a period and replaces the
/// current one in the next, so the price in use is between one and two periods old.
/// makerdao/osm src/osm.sol.
public struct OneHourDelay: Hashable, Sendable {
    /// The length of a period, greater than zero (hop).
    public var period: TimeSpan

    public init(period: TimeSpan) {
        precondition(period > .zero, "a period without a length")
        self.period = period
    }

    /// The prices that a delayed feed holds.
    public struct State: Hashable, Sendable {
        /// In use; nil before there is one (cur).
        public var current: Price?
        /// In use after the next update; nil before there is one (nxt).
        public var next: Price?
        /// The start of the period of the last update (zzz).
        public var lastUpdate: Timestamp
        public init(current: Price?, next: Price?, lastUpdate: Timestamp) {
            self.current = current
            self.next = next
            self.lastUpdate = lastUpdate
        }
    }

    /// Whether a full period has passed since the start of the last one; at equality it has.
    public func mayUpdate(_ state: State, at now: Timestamp) -> Bool {
        now >= state.lastUpdate + period
    }

    /// The state after an update (poke); nil where it is too early.
    ///
    /// An update that finds no valid price changes nothing, not even the time, and may be repeated.
    /// - Parameter source: the price read now; nil where the source has none.
    public func updated(_ state: State, reading source: Price?, at now: Timestamp) -> State? {
        guard mayUpdate(state, at: now) else { return nil }
        guard let source else { return state }
        return State(current: state.next, next: source, lastUpdate: startOfPeriod(now))
    }

    /// The last multiple of the period that is not after a moment.
    private func startOfPeriod(_ now: Timestamp) -> Timestamp {
        let rest = now.milliseconds % period.milliseconds
        return now
            - TimeSpan(milliseconds: rest < 0 ? rest + period.milliseconds : rest)
    }
}
