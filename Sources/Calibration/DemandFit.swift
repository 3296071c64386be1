public import Chain
public import ExactMath
import Foundation

/// A backlog model fitted to a series of gas prices, and how well it explains them.
public struct DemandFit: Sendable {
    public var model: DemandModel
    public var times: [Timestamp]
    public var window: TimeSpan
    /// The 60th percentiles of the series, and the model's prices. [gwei]
    public var observed: [Double]
    public var fitted: [Double]
    /// |Δ ln P| up to each window's beginning.
    public var moves: [Double]

    /// The share of the variance of ln price that the model explains.
    public var rSquared: Double {
        let logs = observed.map { log($0) }
        let mean = logs.reduce(0, +) / Double(logs.count)
        let total = logs.reduce(0) { $0 + ($1 - mean) * ($1 - mean) }
        return total > 0 ? 1 - squaredError / total : 0
    }

    /// The root mean square of ln fitted − ln observed.
    public var rootMeanSquare: Double { (squaredError / Double(observed.count)).squareRoot() }

    private var squaredError: Double {
        zip(observed, fitted).reduce(0) {
            let error = log($1.1) - log($1.0)
            return $0 + error * error
        }
    }

    /// When the observed and the fitted price are highest, over three windows, and when prices moved most.
    public var observedPeak: Timestamp { times[Self.peak(of: observed)] }
    public var fittedPeak: Timestamp { times[Self.peak(of: fitted)] }
    public var steepestMove: Timestamp {
        times[moves.indices.max { moves[$0] < moves[$1] } ?? 0]
    }

    private static func peak(of values: [Double]) -> Int {
        let smooth = values.indices.map { index in
            let near = values[max(index - 1, 0)...min(index + 1, values.count - 1)]
            return near.reduce(0, +) / Double(near.count)
        }
        return smooth.indices.max { smooth[$0] < smooth[$1] } ?? 0
    }

    /// Finds the model whose prices come closest to the 60th percentiles, in the sum of squares of logarithms.
    ///
    /// The spread comes from the percentiles themselves, the median from the level, which scales all prices; the
    /// five others are searched one by one in steps that become finer. Without prices of an asset there is no
    /// surge, and only what bids and patience explain is found.
    ///
    /// - Parameter chain: where the series was recorded; its own demand is ignored.
    public static func fit(
        gas: GasSeries, prices: PriceSeries? = nil, chain: ChainConfiguration
    ) throws(ChainError) -> DemandFit {
        let times = gas.rows.map(\.time)
        let window = times[1] - times[0]
        let moves = Self.moves(prices, at: times)
        let exact = DemandReplay(chain: chain, times: times, moves: moves, window: window)
        let coarse = exact.coarse()
        let observed = gas.rows.map(\.p60)
        var best = DemandModel(
            base: 1.5, surge: prices == nil ? 0 : 40, decay: 2, median: observed[0],
            spread: Self.spread(gas), escalation: 0.6, patience: 2)
        var error = try Self.error(&best, coarse, observed)
        for step in [1.6, 1.25, 1.1, 1.04] {
            var improved = true
            var rounds = 0
            while improved, rounds < 6 {
                improved = false
                rounds += 1
                for parameter in Self.searched where best[keyPath: parameter] > 0 {
                    for factor in [step, 1 / step] {
                        var trial = best
                        trial[keyPath: parameter] *= factor
                        guard Self.isPlausible(trial) else { continue }
                        let trialError = try Self.error(&trial, coarse, observed)
                        if trialError < error * (1 - 1e-6) {
                            (best, error, improved) = (trial, trialError, true)
                            break
                        }
                    }
                }
            }
        }
        return DemandFit(
            model: best, times: times, window: window, observed: observed,
            fitted: try exact.prices(of: best), moves: moves)
    }

    private static var searched: [WritableKeyPath<DemandModel, Double>] {
        [\.surge, \.decay, \.base, \.escalation, \.patience]
    }

    private static func isPlausible(_ model: DemandModel) -> Bool {
        1.02...20 ~= model.base && 0...10_000 ~= model.surge && 0.1...24 ~= model.decay
            && 0.01...5 ~= model.escalation && 0.05...24 ~= model.patience
    }

    /// The sum of squares, after the median has been set to the level of the series.
    private static func error(
        _ model: inout DemandModel, _ replay: DemandReplay, _ observed: [Double]
    ) throws(ChainError) -> Double {
        let prices = try replay.prices(of: model)
        let shifts = zip(observed, prices).map { log($0) - log($1) }
        guard shifts.allSatisfy(\.isFinite) else { return .infinity }
        let shift = shifts.reduce(0, +) / Double(shifts.count)
        model.median *= exp(shift)
        return shifts.reduce(0) { $0 + ($1 - shift) * ($1 - shift) }
    }

    /// The median over the windows of (ln p90 − ln p30) / (z90 − z30).
    private static func spread(_ gas: GasSeries) -> Double {
        let spreads = gas.rows.map { (log($0.p90) - log($0.p30)) / 1.80595 }.sorted()
        return min(max(spreads[spreads.count / 2], 0.05), 2)
    }

    /// |ln P| moved since the window before, by the last price known at each window's beginning.
    private static func moves(_ prices: PriceSeries?, at times: [Timestamp]) -> [Double] {
        guard let rows = prices?.rows, let first = rows.first else {
            return times.map { _ in 0 }
        }
        var next = 0
        var last = first.price
        return times.map { time in
            let before = last
            while next < rows.count, rows[next].time <= time {
                last = rows[next].price
                next += 1
            }
            return abs(log(last / before))
        }
    }
}
