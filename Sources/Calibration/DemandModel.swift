public import Chain
public import ExactMath
import Foundation
import MarginProtocol
import SeededRandom

/// A queue with memory that explains a series of gas prices.
///
/// Demand arrives at `base` times the chain's capacity, and when prices move at more: each move |Δ ln P|
/// adds `surge` times itself, which dies away with `decay`. Bids are lognormal around `median`. Who is not
/// served waits, gives up after `patience` on average, and meanwhile raises its bid by `escalation` an hour.
/// So the price of space goes on climbing after prices have stopped falling.
public struct DemandModel: Sendable, Equatable {
    /// [shares of capacity]
    public var base: Double
    /// [shares of capacity per unit of |Δ ln P|]
    public var surge: Double
    /// [hours]
    public var decay: Double
    /// [gwei]
    public var median: Double
    /// The standard deviation of the logarithm of the bids.
    public var spread: Double
    /// Of the logarithm of a waiting bid. [1/hour]
    public var escalation: Double
    /// [hours]
    public var patience: Double

    public init(
        base: Double, surge: Double, decay: Double, median: Double, spread: Double,
        escalation: Double, patience: Double
    ) {
        self.base = base
        self.surge = surge
        self.decay = decay
        self.median = median
        self.spread = spread
        self.escalation = escalation
        self.patience = patience
    }

    /// What is asked for in the middle of each window. [shares of capacity]
    ///
    /// - Parameter moves: |Δ ln P| up to each window's beginning, one a window.
    public func loads(_ moves: [Double], window: TimeSpan) -> [Double] {
        let keep = exp(-Double(window.milliseconds) / 3_600_000 / decay)
        var excitement = 0.0
        return moves.map { move in
            excitement = excitement * keep + move
            return min(base + surge * excitement, 900)
        }
    }

    /// The background demand that it is on a chain of this capacity. [gas per second]
    public func demand(
        at times: [Timestamp], moves: [Double], window: TimeSpan, capacity: Int64
    ) -> DemandConfiguration {
        let loads = loads(moves, window: window)
        let points = zip(times, loads).map { time, load in
            DemandPoint(
                from: time, gasPerSecond: Int64(load * Double(capacity)),
                medianPrice: max(Int64(median * 1e9), 1), spread: ratio(spread))
        }
        return DemandConfiguration(
            points: points,
            patience: TimeSpan(milliseconds: max(1, Int64(patience * 3_600_000))),
            escalation: ratio(escalation))
    }

    private func ratio(_ value: Double) -> Ratio {
        Ratio(raw: Int64((value * Double(scaleE8)).rounded()))
    }
}

/// What a model does on a chain, window by window.
struct DemandReplay {
    /// The chain's own demand apart: as it is recorded, or with even blocks of a minute for searching.
    var chain: ChainConfiguration
    var times: [Timestamp]
    var moves: [Double]
    var window: TimeSpan

    /// The same capacity in blocks of a minute: a tenth of the work, and without the noise of block times.
    func coarse() -> DemandReplay {
        var replay = self
        let capacity = chain.capacity(at: times[0])
        replay.chain.blockTime = .fixed(TimeSpan(seconds: 60))
        replay.chain.missedBlocks = .zero
        replay.chain.gasLimit = capacity * 60
        replay.chain.feeMarket = .firstPrice(minimum: 1)
        return replay
    }

    /// The median over each window of the lowest price that got in. [gwei]
    func prices(of model: DemandModel) throws(ChainError) -> [Double] {
        var setup = chain
        setup.demand = model.demand(
            at: times, moves: moves, window: window, capacity: chain.capacity(at: times[0]))
        // A day of the first hour's demand, so that the queue is what it would be.
        var running = try Chain(
            setup, start: times[0] - TimeSpan(seconds: 6 * 3600), random: RandomSource(seed: 1))
        var windows = [[Int64]](repeating: [], count: times.count)
        let end = (times.last ?? times[0]) + window
        while true {
            let slot = running.nextSlot()
            if slot.time >= end { break }
            let header = running.build(slot) { _, _ in }.header
            let place = (slot.time - times[0]).milliseconds / window.milliseconds
            if slot.time >= times[0], windows.indices.contains(Int(place)) {
                windows[Int(place)].append(header.minimumPrice)
            }
        }
        return windows.map { prices in
            prices.isEmpty ? .nan : Double(prices.sorted()[prices.count / 2]) / 1e9
        }
    }
}
