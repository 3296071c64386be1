public import ExactMath

/// Margin as a function of a position's size and value.
///
/// One bracket is a flat rate. With several, what a bracket's rate is charged on is the schedule's form: the
/// part of the notional above each floor, which is continuous and what exchanges publish as
/// `notional · rate − deduction`; or the whole position, so that the margin jumps at each floor.
public struct MarginSchedule: Hashable, Sendable {
    /// What the rate of the bracket that a position falls into is charged on.
    public enum Form: Int8, Hashable, Sendable {
        /// Each part of the position at the rate of its bracket.
        case marginal
        /// The whole position at the rate of its bracket: a jump at each floor.
        case whole
    }
    /// What floors measure.
    public enum Basis: Int8, Hashable, Sendable {
        /// The position's value, in the settlement asset. [1e-8]
        case notional
        /// The position's size. [1e-8 units]
        case size
        /// What the position cost, which also is what rates are charged on. [1e-8]
        case entry
    }
    public struct Bracket: Hashable, Sendable {
        /// Where the bracket begins; the first at zero. In the schedule's basis. [1e-8]
        public var floor: Money
        public var initialRate: Ratio
        public var maintenanceRate: Ratio
        public init(floor: Money, initialRate: Ratio, maintenanceRate: Ratio) {
            self.floor = floor
            self.initialRate = initialRate
            self.maintenanceRate = maintenanceRate
        }
    }
    /// What a larger position pays beyond its bracket's rate.
    public enum SizePremium: Hashable, Sendable {
        case none
        /// The rate is at least `0.8 · rate + factor · √(10 · size + 1)` where a factor is set, of both margins;
        /// source: drift-labs/protocol-v2, math/margin.rs, calculate_size_premium_liability_weight.
        case squareRoot(factor: Ratio)
        /// `size / scale · fraction` is added to the initial rate, and `share` of that to the maintenance rate;
        /// source: Synthetixio/synthetix-v3, PerpsMarketConfiguration.sol.
        case linear(scale: Quantity, fraction: Ratio, maintenanceShare: Ratio)
    }
    /// The initial rate grows with the market's open interest: base up to `lower`, one from `upper` on,
    /// straight between; source: dydxprotocol/v4-chain, x/perpetuals/types/liquidity_tier.go.
    public struct OpenInterestScaling: Hashable, Sendable {
        public var lower: Money
        public var upper: Money
        public init(lower: Money, upper: Money) {
            self.lower = lower
            self.upper = upper
        }
    }
    public var brackets: [Bracket]
    public var basis: Basis
    public var initialForm: Form
    public var maintenanceForm: Form
    public var sizePremium: SizePremium
    public var openInterestScaling: OpenInterestScaling?
    /// Added to both margins of every position. [1e-8 USD]
    public var fixed: Money
    /// Neither margin of a position is less. [1e-8 USD]
    public var minimum: Money
    /// The fee for closing it, part of both margins: a share of the notional.
    public var closingFee: Ratio
    public init(
        brackets: [Bracket], basis: Basis = .notional, initialForm: Form = .marginal,
        maintenanceForm: Form = .marginal, sizePremium: SizePremium = .none,
        openInterestScaling: OpenInterestScaling? = nil, fixed: Money = .zero,
        minimum: Money = .zero, closingFee: Ratio = .zero
    ) {
        self.brackets = brackets
        self.basis = basis
        self.initialForm = initialForm
        self.maintenanceForm = maintenanceForm
        self.sizePremium = sizePremium
        self.openInterestScaling = openInterestScaling
        self.fixed = fixed
        self.minimum = minimum
        self.closingFee = closingFee
    }
    public static func flat(initial: Ratio, maintenance: Ratio) -> MarginSchedule {
        MarginSchedule(brackets: [
            Bracket(floor: .zero, initialRate: initial, maintenanceRate: maintenance)
        ])
    }
    /// Brackets by notional, continuous, and nothing else: what the fast valuation reads.
    var isPlain: Bool {
        basis == .notional && sizePremium == .none && openInterestScaling == nil
            && fixed.isZero && minimum.isZero && closingFee.isZero
            && (brackets.count == 1 || (initialForm == .marginal && maintenanceForm == .marginal))
    }
}
