public import ExactMath

/// Something that happens to an outside market for a while: `from` ≤ time < `until`.
public struct MarketFault: Sendable, Hashable {
    public enum Effect: Sendable, Hashable {
        /// The exogenous price is multiplied: a stablecoin that loses its peg, an asset that is
        /// mispriced everywhere. It moves there and back along straight lines of the length of the
        /// ramp, inside the fault. The factor is above zero and at most 1000.
        case price(factor: Ratio, ramp: TimeSpan)
        /// Only this share of the depth is there for trades: above zero, at most one. A trade then
        /// leaves the impact of one that is larger by the reciprocal.
        case depth(Ratio)
    }
    public var from: Timestamp
    /// After `from`.
    public var until: Timestamp
    public var effect: Effect

    public init(from: Timestamp, until: Timestamp, effect: Effect) {
        self.from = from
        self.until = until
        self.effect = effect
    }

    func contains(_ time: Timestamp) -> Bool { from <= time && time < until }

    /// Whether it means anything.
    var isValid: Bool {
        guard from < until else { return false }
        switch effect {
        case .price(let factor, let ramp):
            return factor.isPositive && factor <= Ratio(whole: 1000) && ramp >= .zero
        case .depth(let share): return share.isPositive && share <= .one
        }
    }

    /// What the exogenous price is multiplied with at a moment, to 1e-18.
    func factor(at time: Timestamp) -> Fixed18 {
        guard case .price(let factor, let ramp) = effect, contains(time) else { return .one }
        let inside = min(time - from, until - time)
        guard inside < ramp else { return Fixed18(factor) }
        let share = Fixed18(inside, over: ramp)
        return .one + (Fixed18(factor) - .one).times(share)
    }
}

extension ReferenceAsset {
    /// A price with the faults of a moment.
    func struck(_ price: Price, at time: Timestamp) -> Price {
        var price = price
        for fault in faults where fault.contains(time) {
            if case .price = fault.effect { price = price.moved(by: fault.factor(at: time)) }
        }
        return price
    }

    /// The share of its depth that is there at a moment; the smallest where faults overlap.
    func depthShare(at time: Timestamp) -> Ratio {
        var share = Ratio.one
        for fault in faults where fault.contains(time) {
            if case .depth(let depth) = fault.effect { share = min(share, depth) }
        }
        return share
    }
}
