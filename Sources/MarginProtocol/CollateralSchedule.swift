public import ExactMath

/// How much of a balance counts as collateral: marginal tiers, as an income tax.
///
/// One tier is a flat haircut (`weight` = 1 − haircut). With several, the part of the holding between
/// two floors counts with the lower floor's weight, so that the weighted value is continuous.
public struct CollateralSchedule: Hashable, Sendable {
    /// What the floors of the tiers measure.
    public enum Basis: Int8, Hashable, Sendable {
        /// The holding's value. [1e-8 USD]
        case value
        /// The holding's amount. [1e-8 units]
        case quantity
    }
    public struct Tier: Hashable, Sendable {
        /// Where the tier begins, in the schedule's basis; the first begins at zero. [1e-8]
        public var floor: Int64
        /// The share that counts, 0…1.
        public var weight: Ratio
        public init(floor: Int64, weight: Ratio) {
            self.floor = floor
            self.weight = weight
        }
    }
    /// What a large holding loses beyond its tiers' weights.
    public enum SizeDiscount: Hashable, Sendable {
        case none
        /// The weight is at most `1.1 / (1 + factor · √size)`, size in whole units; source:
        /// drift-labs/protocol-v2, math/margin.rs, calculate_size_discount_asset_weight.
        case squareRoot(factor: Ratio)
        /// The weight is `1 − clamp(size / scale · factor, lower…upper)`, in place of the tiers'; source:
        /// Synthetixio/synthetix-v3, PerpsCollateralConfiguration.sol.
        case linear(scale: Quantity, factor: Ratio, lower: Ratio, upper: Ratio)
    }
    public var basis: Basis
    public var tiers: [Tier]
    public var sizeDiscount: SizeDiscount
    /// Once all margin accounts together hold more than this, the weight is scaled by this over what they hold.
    /// [1e-8 USD] Source: blockworks-foundation/mango-v4, state/bank.rs, scaled_init_asset_weight.
    public var depositScale: Money?
    public init(
        basis: Basis, tiers: [Tier], sizeDiscount: SizeDiscount = .none, depositScale: Money? = nil
    ) {
        self.basis = basis
        self.tiers = tiers
        self.sizeDiscount = sizeDiscount
        self.depositScale = depositScale
    }
    /// Tiers and nothing else: what the fast valuation reads.
    var isPlain: Bool { sizeDiscount == .none && depositScale == nil }
    /// The same weight for any amount.
    public static func flat(_ weight: Ratio) -> CollateralSchedule {
        CollateralSchedule(basis: .value, tiers: [Tier(floor: 0, weight: weight)])
    }
}
