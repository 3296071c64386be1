public import ExactMath

/// When a venue settles funding, and which of those times a position must pay.
///
/// Binance and Bybit settle at 00, 08 and 16 UTC, BitMEX at 04, 12 and 20 UTC (``phase`` 4 hours).
public struct FundingSchedule: Hashable, Sendable {
    /// Between two funding times, greater than zero.
    public var interval: TimeSpan
    /// The first funding time after midnight UTC of 1 January 1970.
    public var phase: TimeSpan
    /// For how long after a funding time a new position still pays it; zero or more.
    ///
    /// Binance needs up to 15 seconds for a settlement and charges positions opened meanwhile
    /// (freqtrade/freqtrade `exchange/binance.py`, `funding_fee_cutoff`).
    public var grace: TimeSpan

    public init(interval: TimeSpan, phase: TimeSpan = .zero, grace: TimeSpan = .zero) {
        precondition(interval > .zero && grace >= .zero, "a funding interval is positive")
        self.interval = interval
        self.phase = phase
        self.grace = grace
    }

    /// The first funding time at or after a moment.
    public func next(from moment: Timestamp) -> Timestamp {
        let since = moment.milliseconds - phase.milliseconds
        let rest = since % interval.milliseconds
        let late = rest < 0 ? rest + interval.milliseconds : rest
        return late == 0 ? moment : moment + (interval - TimeSpan(milliseconds: late))
    }

    /// The funding times that a position pays, in order: from its opening (less than ``grace``
    /// late) to its closing, both included.
    public func settlements(from opened: Timestamp, through closed: Timestamp) -> [Timestamp] {
        let earliest =
            grace > .zero ? opened - grace + TimeSpan(milliseconds: 1) : opened
        var times: [Timestamp] = []
        var time = next(from: min(opened, earliest))
        while time <= closed {
            times.append(time)
            time = time + interval
        }
        return times
    }
}

/// Drift's rule for an update that anyone may send: on the hour, and one hour later after a late
/// one.
///
/// An update that came later than a third of a period after the hour moves the next one to the hour
/// after next, so that two settlements are never close together.
/// Source: drift-labs/protocol-v2 `programs/drift/src/math/helpers.rs` (`on_the_hour_update`).
public struct OnTheHourUpdate: Hashable, Sendable {
    /// Between two updates, in whole seconds and greater than zero.
    public var period: TimeSpan

    public init(period: TimeSpan) {
        precondition(period > .zero, "a funding period is positive")
        self.period = period
    }

    /// The time until the next update may be sent, zero where it may be now.
    public func wait(now: Timestamp, last: Timestamp) -> TimeSpan {
        let length = period.milliseconds
        var wait = length
        // A period of a second has no hour to keep to.
        if length > 1000 {
            let rest = last.milliseconds % length
            let late = rest < 0 ? rest + length : rest
            // In whole seconds, as the program counts.
            if late > length / 1000 / 3 * 1000 {
                wait = 2 * length - late
            } else if late != 0 {
                wait = length - late
            }
        }
        return TimeSpan(milliseconds: max(0, wait - (now - last).milliseconds))
    }
}
