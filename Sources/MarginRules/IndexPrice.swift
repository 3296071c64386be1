public import ExactMath

/// One exchange's spot price, as part of an index.
public struct IndexSource: Hashable, Sendable {
    /// Greater than zero.
    public var price: Price
    /// How much it counts, zero or more.
    public var weight: Int64
    /// How long ago it was last heard of.
    public var age: TimeSpan
    /// Excluded earlier and not yet readmitted, see ``IndexReadmission``.
    public var isExcluded: Bool

    public init(price: Price, weight: Int64 = 1, age: TimeSpan = .zero, isExcluded: Bool = false) {
        precondition(price.isPositive && weight >= 0, "a source has a price and a weight")
        self.price = price
        self.weight = weight
        self.age = age
        self.isExcluded = isExcluded
    }
}

/// How an index keeps a wrong source out, and the index itself: a weighted mean of the others.
public struct IndexPrice: Hashable, Sendable {
    /// What happens to a source far from the median of all that are active.
    public enum Protection: Hashable, Sendable {
        /// Nothing.
        case none
        /// One such source loses its weight; with more of them the index is the median of all.
        ///
        /// Binance (5 %, exclusive): support faq 360033525071.
        case medianFallback(tolerance: Ratio)
        /// Of three or more sources such are excluded; with two, one that is half as far off makes
        /// the index stand still; with one, a jump that large from the last index does.
        ///
        /// BitMEX (10 %, before 2020-12-16 25 %; inclusive): blog "Parameter Updates to Maintain a
        /// Fair and Orderly Trading Environment".
        case exclusion(tolerance: Ratio)
    }

    public var protection: Protection
    /// A source older than this is left out (BitMEX: 15 minutes); nil leaves none out.
    public var maximumAge: TimeSpan?

    public init(protection: Protection, maximumAge: TimeSpan? = nil) {
        self.protection = protection
        self.maximumAge = maximumAge
    }

    /// An index and what was left out of it.
    public struct Quote: Hashable, Sendable {
        /// Nil where no source is left and there is no last index.
        public let price: Price?
        /// The positions of the sources that the protection newly excluded, in order.
        public let excluded: [Int]
        /// True where the last index was kept.
        public let isHeld: Bool
    }

    /// The index, a mean to the nearest 1e-8.
    /// - Parameter last: the index before, nil at the start.
    /// - Throws: ``ArithmeticOverflow`` when a weighted sum does not fit.
    public func quote(
        _ sources: [IndexSource], last: Price?
    ) throws(ArithmeticOverflow) -> Quote {
        let active = sources.indices.filter { index in
            !sources[index].isExcluded && maximumAge.map { sources[index].age <= $0 } != false
        }
        guard let median = PriceMedian.median(active.map { sources[$0].price }) else {
            return Quote(price: last, excluded: [], isHeld: last != nil)
        }
        switch protection {
        case .none:
            return try mean(of: active, in: sources, excluded: [], last: last)
        case .medianFallback(let tolerance):
            let far = active.filter { index in
                deviation(sources[index].price, from: median).exceeds(tolerance)
            }
            if far.count > 1 { return Quote(price: median, excluded: [], isHeld: false) }
            let near = active.filter { !far.contains($0) }
            return try mean(of: near, in: sources, excluded: far, last: last)
        case .exclusion(let tolerance):
            return try excluding(
                active, of: sources, median: median, tolerance: tolerance, last: last)
        }
    }

    private func excluding(
        _ active: [Int], of sources: [IndexSource], median: Price, tolerance: Ratio, last: Price?
    ) throws(ArithmeticOverflow) -> Quote {
        switch active.count {
        case 1:
            guard let last, deviation(median, from: last).reaches(tolerance, divided: 1) else {
                break
            }
            return Quote(price: last, excluded: [], isHeld: true)
        case 2:
            let isApart = active.contains { index in
                deviation(sources[index].price, from: median).reaches(tolerance, divided: 2)
            }
            guard isApart, let last else { break }
            return Quote(price: last, excluded: [], isHeld: true)
        default:
            let far = active.filter { index in
                deviation(sources[index].price, from: median).reaches(tolerance, divided: 1)
            }
            let near = active.filter { !far.contains($0) }
            return try mean(of: near, in: sources, excluded: far, last: last)
        }
        return try mean(of: active, in: sources, excluded: [], last: last)
    }

    private func mean(
        of active: [Int], in sources: [IndexSource], excluded: [Int], last: Price?
    ) throws(ArithmeticOverflow) -> Quote {
        var sum: Int128 = 0
        var weights: Int64 = 0
        for index in active {
            let (next, overflow) = sum.addingReportingOverflow(
                product(sources[index].price.raw, sources[index].weight))
            guard !overflow else { throw ArithmeticOverflow() }
            sum = next
            weights = try ExactMath.sum(weights, sources[index].weight)
        }
        guard weights > 0 else {
            return Quote(price: last, excluded: excluded, isHeld: last != nil)
        }
        let price = Price(raw: try divide(sum, by: weights, rounding: .nearest))
        return Quote(price: price, excluded: excluded, isHeld: false)
    }

    private func deviation(_ price: Price, from reference: Price) -> PriceDeviation {
        PriceDeviation(of: price, from: reference)
    }
}

/// When an excluded source may count again: after it was near the others for a while.
///
/// BitMEX: within 2 % of the median of the others for 15 minutes; where the others are none, or one
/// whose index is held, within the tolerance of the index itself. (Blog "Index Constituent
/// Reintroduction", 14 August 2019.)
public struct IndexReadmission: Hashable, Sendable {
    /// 2 %.
    public var tolerance: Ratio
    /// The tolerance where no median of others exists: that of the exclusion.
    public var indexTolerance: Ratio
    /// 15 minutes.
    public var duration: TimeSpan

    public init(tolerance: Ratio, indexTolerance: Ratio, duration: TimeSpan) {
        self.tolerance = tolerance
        self.indexTolerance = indexTolerance
        self.duration = duration
    }

    /// True while a source is near enough.
    /// - Parameter others: the prices of the active sources.
    /// - Parameter index: the index, greater than zero.
    /// - Parameter isHeld: the index is the last one, kept.
    public func isNear(_ price: Price, others: [Price], index: Price, isHeld: Bool) -> Bool {
        if others.count >= 2 || (others.count == 1 && !isHeld),
            let median = PriceMedian.median(others)
        {
            return !PriceDeviation(of: price, from: median).exceeds(tolerance)
        }
        return !PriceDeviation(of: price, from: index).exceeds(indexTolerance)
    }

    /// True once it has been near for the whole duration.
    /// - Parameter near: the moment from which it was near without a break, nil where it is not.
    public func isReadmitted(now: Timestamp, near: Timestamp?) -> Bool {
        guard let near else { return false }
        return now - near >= duration
    }
}

/// The distance of two prices as a fraction of the second, compared without a division.
struct PriceDeviation {
    let distance: Int128
    let reference: Int128

    /// - Parameter reference: greater than zero.
    init(of price: Price, from reference: Price) {
        precondition(reference.isPositive, "a reference price is positive")
        let difference = Int128(price.raw) - Int128(reference.raw)
        self.distance = difference < 0 ? -difference : difference
        self.reference = Int128(reference.raw)
    }

    /// `distance / reference > tolerance`
    func exceeds(_ tolerance: Ratio) -> Bool {
        distance * Int128(scaleE8) > reference * Int128(tolerance.raw)
    }

    /// `distance / reference ≥ tolerance / divisor`
    func reaches(_ tolerance: Ratio, divided divisor: Int128) -> Bool {
        distance * Int128(scaleE8) * divisor >= reference * Int128(tolerance.raw)
    }
}
