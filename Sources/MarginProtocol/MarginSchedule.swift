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
    /// Which of two brackets a position exactly at the floor between them falls into.
    public enum Edge: Int8, Hashable, Sendable {
        /// `position ≤ maximum of the tier`, as Bybit, BitMEX and OKX publish it.
        case lower
        /// `position ≥ floor of the tier`, as Hyperliquid does.
        case upper
    }
    /// At which price the value that rates and floors apply to is taken.
    public enum ValuedAt: Int8, Hashable, Sendable {
        /// The present price.
        case mark
        /// The average entry price.
        case entry
        /// The average entry price for a position with a margin of its own, else the present one.
        case entryWhenIsolated
    }
    /// The fee for closing a position, set aside beforehand.
    public struct ClosingFee: Hashable, Sendable {
        /// At what price the closing is expected.
        public enum Price: Int8, Hashable, Sendable {
            /// The present price.
            case mark
            /// Where the position's margin at its leverage is gone: `entry · (1 ∓ 1 / leverage)`.
            case bankruptcy
        }
        /// Of the value at that price.
        public var rate: Ratio
        public var price: Price
        /// The margin it is part of; nil for both.
        public var kind: MarginKind?
        public init(rate: Ratio, price: Price = .mark, kind: MarginKind? = nil) {
            self.rate = rate
            self.price = price
            self.kind = kind
        }
        public static let none = ClosingFee(rate: .zero)
    }
    public struct Bracket: Hashable, Sendable {
        /// Where the bracket begins; the first at zero. In the schedule's basis. [1e-8]
        public var floor: Money
        public var initialRate: Ratio
        public var maintenanceRate: Ratio
        /// One over the rate where that is what the venue publishes: `1 / 75` has no end in decimals.
        public var initialLeverage: Ratio?
        public var maintenanceLeverage: Ratio?
        public init(
            floor: Money, initialRate: Ratio, maintenanceRate: Ratio,
            initialLeverage: Ratio? = nil, maintenanceLeverage: Ratio? = nil
        ) {
            self.floor = floor
            self.initialRate = initialRate
            self.maintenanceRate = maintenanceRate
            self.initialLeverage = initialLeverage
            self.maintenanceLeverage = maintenanceLeverage
        }
        /// What the bracket's rate makes of a sum. [1e-8]
        func charge(_ sum: Money, _ kind: MarginKind, _ rounding: Rounding)
            throws(ArithmeticOverflow) -> Money
        {
            let leverage = kind.isOpening ? initialLeverage : maintenanceLeverage
            if let leverage {
                return try sum.scaled(by: scaleE8, over: leverage.raw, rounding: rounding)
            }
            return try sum.scaled(
                by: kind.isOpening ? initialRate : maintenanceRate, rounding: rounding)
        }
    }
    /// What a larger position pays beyond its bracket's rate.
    public enum SizePremium: Hashable, Sendable {
        case none
        /// The rate is at least `0.8 · rate + factor · √(10 · size + 1)` where a factor is set, of both margins;
        /// source: drift-labs/protocol-v2, math/margin.rs, calculate_size_premium_liability_weight.
        case squareRoot(factor: Ratio)
        /// `size / scale · fraction` is added to the initial rate, and `share` of that to the maintenance rate,
        /// size in units of the underlying; sources: Synthetixio/synthetix-v3, PerpsMarketConfiguration.sol, and
        /// Deribit's standard margin, of both rates.
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
    public var edge: Edge
    public var valuedAt: ValuedAt
    public var sizePremium: SizePremium
    public var openInterestScaling: OpenInterestScaling?
    /// Added to both margins of every position. [1e-8 USD]
    public var fixed: Money
    /// Neither margin of a position is less. [1e-8 USD]
    public var minimum: Money
    public var closingFee: ClosingFee
    public init(
        brackets: [Bracket], basis: Basis = .notional, initialForm: Form = .marginal,
        maintenanceForm: Form = .marginal, edge: Edge = .lower, valuedAt: ValuedAt = .mark,
        sizePremium: SizePremium = .none,
        openInterestScaling: OpenInterestScaling? = nil, fixed: Money = .zero,
        minimum: Money = .zero, closingFee: ClosingFee = .none
    ) {
        self.brackets = brackets
        self.basis = basis
        self.initialForm = initialForm
        self.maintenanceForm = maintenanceForm
        self.edge = edge
        self.valuedAt = valuedAt
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
    /// One rate for any size, and nothing beside it.
    var isFlat: Bool { isPlain && brackets.count == 1 }
    /// Brackets by notional, continuous, and nothing else: what the fast valuation reads.
    /// The same of the maintenance margin alone, which decides who is liquidatable.
    var isPlainMaintenance: Bool {
        basis == .notional && sizePremium == .none && fixed.isZero && minimum.isZero
            && closingFee.rate.isZero && valuedAt == .mark
            && brackets.allSatisfy { $0.maintenanceLeverage == nil }
            && (brackets.count == 1 || maintenanceForm == .marginal)
    }

    var isPlain: Bool {
        basis == .notional && sizePremium == .none && openInterestScaling == nil
            && fixed.isZero && minimum.isZero && closingFee.rate.isZero
            && valuedAt == .mark
            && brackets.allSatisfy { $0.initialLeverage == nil && $0.maintenanceLeverage == nil }
            && (brackets.count == 1 || (initialForm == .marginal && maintenanceForm == .marginal))
    }
}
