import ExactMath
import SeededRandom

/// New demand over a stretch of time in which its parameters are taken as constant.
struct DemandArrival {
    var from: Timestamp
    var until: Timestamp
    /// [gas]
    var gas: Int64
    var bids: BidDistribution
}

/// Turns the demand's points into arrivals, stretch by stretch.
///
/// A stretch never crosses a point, so that taking its rate from its middle is exact for a rate
/// that is linear between points. The part of a unit of gas that is left over is carried to the
/// next stretch.
struct DemandArrivals {
    private let configuration: DemandConfiguration
    private var noise: RandomStream
    /// The point whose stretch was last in use; time only moves forward.
    private var cursor = 0
    /// [gas · ms / s, below 1000]
    private var carry: Int64 = 0

    init(_ configuration: DemandConfiguration, noise: RandomStream) {
        self.configuration = configuration
        self.noise = noise
    }

    /// What arrives after one moment and not after another, in order.
    mutating func advance(from start: Timestamp, to end: Timestamp) -> [DemandArrival] {
        let points = configuration.points
        var arrivals: [DemandArrival] = []
        var time = start
        while time < end {
            while cursor + 1 < points.count, points[cursor + 1].from <= time { cursor += 1 }
            var until = end
            if time < points[cursor].from { until = min(until, points[cursor].from) }
            if cursor + 1 < points.count { until = min(until, points[cursor + 1].from) }
            let middle = time + TimeSpan(milliseconds: (until - time).milliseconds / 2)
            let point = self.point(at: middle)
            let gas = arrivingGas(rate: point.gasPerSecond, over: until - time)
            if gas > 0 {
                let bids = BidDistribution(median: point.medianPrice, spread: point.spread)
                arrivals.append(DemandArrival(from: time, until: until, gas: gas, bids: bids))
            }
            time = until
        }
        return arrivals
    }

    private func point(at time: Timestamp) -> DemandPoint {
        let points = configuration.points
        let current = points[cursor]
        guard configuration.interpolation == .linear, cursor + 1 < points.count, current.from < time
        else { return current }
        return current.interpolated(to: points[cursor + 1], at: time)
    }

    private mutating func arrivingGas(rate: Int64, over span: TimeSpan) -> Int64 {
        let (gas, rest) = (product(rate, span.milliseconds) + Int128(carry))
            .quotientAndRemainder(dividingBy: 1000)
        carry = Int64(rest)
        guard let size = configuration.transactionGas else { return Int64(clamping: gas) }
        let mean = Fixed18(raw: gas * Fixed18.one.raw / Int128(size))
        return Int64(clamping: product(noise.poisson(mean: mean), size))
    }
}
