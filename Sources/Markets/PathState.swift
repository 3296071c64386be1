import ExactMath

/// A path of points under way.
struct PathState: Sendable {
    private let points: [PricePoint]
    private let interpolation: Interpolation
    /// ln of each point's price; only a bridge has them.
    private let logs: [Fixed18]
    /// The last point at or before now; −1 before the first.
    private var last = -1
    /// A bridge's log price over that of the last point.
    private var logReturn = Fixed18.zero

    init(_ points: [PricePoint], _ interpolation: Interpolation) {
        self.points = points
        self.interpolation = interpolation
        logs =
            if case .bridge = interpolation { points.map { ln(Fixed18($0.price)) } } else { [] }
    }

    /// Whether a moment lies strictly between two points.
    func isBetweenPoints(_ time: Timestamp) -> Bool {
        guard let first = points.first, let final = points.last else { return false }
        return first.time < time && time < final.time && !points.contains { $0.time == time }
    }

    /// - Parameter from: the moment of the last call; ignored on the first.
    mutating func advance(from: Timestamp, to time: Timestamp, normal: Fixed18) -> Price {
        var from = from
        while last + 1 < points.count, points[last + 1].time <= time {
            last += 1
            from = points[last].time
            logReturn = .zero
        }
        guard last >= 0 else { return points[0].price }
        let point = points[last]
        guard last + 1 < points.count, time > point.time else { return point.price }
        let next = points[last + 1]
        switch interpolation {
        case .step: return point.price
        case .linear:
            return line(
                point.price, next.price, at: (time - point.time).milliseconds,
                of: (next.time - point.time).milliseconds)
        case .bridge(let volatility):
            // Given the two ends, the log price after a share s of what remains is normal, with the
            // mean on the straight line and the variance σ²·s·(time left after the step).
            let share = Fixed18(time - from, over: next.time - from)
            let rise = logs[last + 1] - logs[last] - logReturn
            let variance = share.times(Fixed18(years: next.time - time))
            let deviation = Fixed18(volatility).times(squareRoot(variance))
            logReturn += rise.times(share) + deviation.times(normal)
            return point.price.moved(byLog: logReturn)
        }
    }
}

/// A series of bars under way.
struct BarsState: Sendable {
    private let bars: [Bar]
    private let interval: TimeSpan
    /// The last bar that has opened; −1 before the first.
    private var last = -1

    init(_ bars: [Bar], interval: TimeSpan) {
        self.bars = bars
        self.interval = interval
    }

    mutating func advance(to time: Timestamp) -> Price {
        while last + 1 < bars.count, bars[last + 1].openTime <= time { last += 1 }
        guard last >= 0 else { return bars[0].open }
        let bar = bars[last]
        let elapsed = (time - bar.openTime).milliseconds
        guard elapsed < interval.milliseconds else { return bar.close }
        let falls = bar.close < bar.open
        let corners = (bar.open, falls ? bar.high : bar.low, falls ? bar.low : bar.high, bar.close)
        // Thirds of the interval, in units of a third of a millisecond.
        let (third, within) = (3 * elapsed).quotientAndRemainder(dividingBy: interval.milliseconds)
        return switch third {
        case 0: line(corners.0, corners.1, at: within, of: interval.milliseconds)
        case 1: line(corners.1, corners.2, at: within, of: interval.milliseconds)
        default: line(corners.2, corners.3, at: within, of: interval.milliseconds)
        }
    }
}

/// The price on a straight line, to the nearest.
private func line(_ start: Price, _ end: Price, at part: Int64, of whole: Int64) -> Price {
    let offset = bounded { () throws(ArithmeticOverflow) in
        try multiply(end.raw - start.raw, part, dividingBy: whole, rounding: .nearest)
    }
    return Price(raw: start.raw + offset)
}
