public import ExactMath

/// The limits of Mango's stable price: a price that follows the oracle slowly, for initial margins.
///
/// An attacker who moves the oracle for an hour should not be able to borrow against the moved
/// price. The stable price may change by a small fraction per second, and less the further it is
/// from the delay price: the hourly averages of a day ago, which themselves may change by a few per
/// cent an hour. (The chain computes in floating point, this with 18 decimals.)
///
/// Source: blockworks-foundation/mango-v4 `programs/mango-v4/src/state/stable_price.rs`.
public struct StablePriceModel: Hashable, Sendable {
    /// The length of one average: one hour, in whole seconds.
    public var delayInterval: TimeSpan
    /// The averages kept: 24, so that the oldest is a day old.
    public var delaySlots: Int
    /// The largest relative change from one average to the next: 6 %.
    public var delayGrowthLimit: Fixed18
    /// The largest relative change of the stable price per second: 0.03 %.
    public var stableGrowthLimit: Fixed18
    /// Updates that come sooner change nothing: 10 seconds.
    public var minimumStep: TimeSpan
    /// A longer pause counts as this: 10 minutes.
    public var maximumStep: TimeSpan

    public init(
        delayInterval: TimeSpan = TimeSpan(seconds: 3600), delaySlots: Int = 24,
        delayGrowthLimit: Fixed18 = Fixed18(Ratio(percent: 6)),
        stableGrowthLimit: Fixed18 = Fixed18(Ratio(basisPoints: 3)),
        minimumStep: TimeSpan = TimeSpan(seconds: 10),
        maximumStep: TimeSpan = TimeSpan(seconds: 600)
    ) {
        precondition(delayInterval.milliseconds >= 1000 && delaySlots > 0, "averages take time")
        precondition(minimumStep >= TimeSpan(seconds: 1), "an update takes time")
        self.delayInterval = delayInterval
        self.delaySlots = delaySlots
        self.delayGrowthLimit = delayGrowthLimit
        self.stableGrowthLimit = stableGrowthLimit
        self.minimumStep = minimumStep
        self.maximumStep = maximumStep
    }

    /// A stable price that starts at the oracle's; at a price of zero it waits for the first other.
    public func start(at oracle: Price, now: Timestamp) -> StablePrice {
        reset(to: oracle, now: now, slot: 0)
    }

    /// The stable price after an update by the oracle. Seconds count, parts of one do not.
    /// - Parameter oracle: zero or more.
    /// - Throws: ``ArithmeticOverflow`` when an average does not fit.
    public func update(
        _ state: StablePrice, oracle: Price, now: Timestamp
    ) throws(ArithmeticOverflow) -> StablePrice {
        precondition(!oracle.isNegative, "a price is not negative")
        var next = state
        if state.awaitsPrice, oracle.isPositive {
            next = reset(to: oracle, now: now, slot: state.slot)
        }
        let elapsed = max(0, seconds(now) - seconds(next.lastUpdate))
        guard elapsed >= minimumStep.milliseconds / 1000 else { return next }
        let counted = min(elapsed, maximumStep.milliseconds / 1000)
        next.lastUpdate = now

        next.accumulatedPrice = try RateArithmetic.sum(
            next.accumulatedPrice,
            try RateArithmetic.scale(Fixed18(oracle), by: counted, over: 1, rounding: .nearest))
        // The whole pause, while the price above counts for the limited one: an average after a
        // long pause is low, and the limits below keep it within a few per cent.
        next.accumulatedTime += elapsed
        let slot = delaySlot(now)
        if slot != next.slot { try closeInterval(of: &next, in: slot, elapsed: elapsed) }

        let delay = next.delayPrices[slot]
        let (low, high) = (min(delay, next.price), max(delay, next.price))
        let fraction = high.raw == 0 ? .one : try low.divided(by: high, rounding: .nearest)
        let growth = try RateArithmetic.scale(
            try stableGrowthLimit.multiplied(
                by: try fraction.multiplied(by: fraction, rounding: .nearest), rounding: .nearest),
            by: counted, over: 1, rounding: .nearest)
        next.price = try limited(Fixed18(oracle), from: next.price, growth: growth)
        return next
    }

    /// Ends an average and stores it in the slots up to the current one.
    private func closeInterval(
        of state: inout StablePrice, in slot: Int, elapsed: Int64
    ) throws(ArithmeticOverflow) {
        let before = state.delayPrices[(state.slot + delaySlots - 1) % delaySlots]
        let average = Fixed18(raw: state.accumulatedPrice.raw / Int128(state.accumulatedTime))
        let price = try limited(average, from: before, growth: delayGrowthLimit)
        if elapsed > Int64(delaySlots) * (delayInterval.milliseconds / 1000) {
            state.delayPrices = Array(repeating: price, count: delaySlots)
        } else {
            var index = state.slot
            while index != slot {
                state.delayPrices[index] = price
                index = (index + 1) % delaySlots
            }
        }
        state.accumulatedPrice = .zero
        state.accumulatedTime = 0
        state.slot = slot
    }

    /// The value nearest to a target within a relative distance of the last one.
    private func limited(
        _ target: Fixed18, from last: Fixed18, growth: Fixed18
    ) throws(ArithmeticOverflow) -> Fixed18 {
        let step = try last.multiplied(by: growth, rounding: .nearest)
        let lowest = try RateArithmetic.difference(last, step)
        let highest = try RateArithmetic.sum(last, step)
        return min(max(target, lowest), highest)
    }

    private func reset(to oracle: Price, now: Timestamp, slot: Int) -> StablePrice {
        StablePrice(
            price: Fixed18(oracle),
            delayPrices: Array(repeating: Fixed18(oracle), count: delaySlots),
            accumulatedPrice: .zero, accumulatedTime: 0, lastUpdate: now, slot: slot,
            awaitsPrice: !oracle.isPositive)
    }

    private func seconds(_ moment: Timestamp) -> Int64 { moment.milliseconds / 1000 }

    private func delaySlot(_ moment: Timestamp) -> Int {
        precondition(moment.milliseconds >= 0, "time starts in 1970")
        return Int(seconds(moment) / (delayInterval.milliseconds / 1000) % Int64(delaySlots))
    }
}

/// A stable price and what its next update needs.
public struct StablePrice: Hashable, Sendable {
    /// The stable price. [1e-18 USD per unit]
    public internal(set) var price: Fixed18
    /// Averages of the oracle by hour of the day; the one of the current hour is a day old.
    public internal(set) var delayPrices: [Fixed18]
    /// The average in the making. [1e-18 USD per unit · seconds]
    var accumulatedPrice: Fixed18
    /// [seconds]
    var accumulatedTime: Int64
    var lastUpdate: Timestamp
    /// The slot of the last update.
    var slot: Int
    /// Starts anew at the first price above zero.
    var awaitsPrice: Bool
}
