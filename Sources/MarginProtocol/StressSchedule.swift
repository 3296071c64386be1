public import ExactMath

/// Portfolio margin: what an account's positions would lose in the worst of a set of price moves.
///
/// Positions that follow the same price form a risk unit and offset each other; units do not. A unit's
/// maintenance margin is `max(worst loss over the spot moves, share of the loss in the extreme move, scaled minimum
/// charge)`. Source: OKX's portfolio margin, MR1, MR6 and MR7.
public struct StressSchedule: Hashable, Sendable {
    /// How much a unit's minimum charge counts, by its size: the part above each floor times the factor.
    public struct ScalingTier: Hashable, Sendable {
        /// Of the charge itself; the first at zero. [1e-8 USD]
        public var floor: Money
        /// At least 1.
        public var factor: Ratio
        public init(floor: Money, factor: Ratio) {
            self.floor = floor
            self.factor = factor
        }
    }
    /// Which prices are moved how far.
    public struct Group: Hashable, Sendable {
        public var name: String
        /// Empty for every price that no other group names.
        public var feeds: [FeedID]
        /// Relative, each up and down.
        public var moves: [Ratio]
        /// Relative, up and down.
        public var extremeMove: Ratio
        /// How much of the loss in the extreme move counts.
        public var extremeShare: Ratio
        /// Of the sum of the positions' values, offsetting or not.
        public var minimumCharge: Ratio
        public var scaling: [ScalingTier]
        public init(
            name: String, feeds: [FeedID], moves: [Ratio], extremeMove: Ratio = .zero,
            extremeShare: Ratio = .one, minimumCharge: Ratio = .zero,
            scaling: [ScalingTier] = [ScalingTier(floor: .zero, factor: .one)]
        ) {
            self.name = name
            self.feeds = feeds
            self.moves = moves
            self.extremeMove = extremeMove
            self.extremeShare = extremeShare
            self.minimumCharge = minimumCharge
            self.scaling = scaling
        }
    }
    public var groups: [Group]
    /// The initial margin as a multiple of the maintenance margin.
    public var initialMultiple: Ratio
    /// Does a balance of the underlying offset positions against it, as far as they go?
    public var offsetsSpot: Bool
    public init(groups: [Group], initialMultiple: Ratio = .one, offsetsSpot: Bool = false) {
        self.groups = groups
        self.initialMultiple = initialMultiple
        self.offsetsSpot = offsetsSpot
    }

    /// The group that a price belongs to: the one that names it, else the one that names none.
    func group(of feed: FeedID) -> Group? {
        groups.first { $0.feeds.contains(feed) } ?? groups.first { $0.feeds.isEmpty }
    }
}

extension StressSchedule.Group {
    /// A charge, the larger the more. Rounded up. [1e-8 USD]
    func scaled(_ charge: Money) throws(ArithmeticOverflow) -> Money {
        var total: Money = .zero
        for (index, tier) in scaling.enumerated() where charge > tier.floor {
            let end = index + 1 < scaling.count ? min(charge, scaling[index + 1].floor) : charge
            total = try total.adding(try (end - tier.floor).scaled(by: tier.factor, rounding: .up))
        }
        return total
    }
}
