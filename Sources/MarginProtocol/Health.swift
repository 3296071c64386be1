public import ExactMath
import OrderBook

/// What an account has against what it must have, both weighted, at one set of prices.
public struct Health: Hashable, Sendable {
    /// Weighted equity: haircut collateral − weighted debts + unrealised profit. [1e-8 USD]
    public var equity: Money
    /// The sum of the margin requirements of its positions. [1e-8 USD]
    public var requirement: Money
    public init(equity: Money, requirement: Money) {
        self.equity = equity
        self.requirement = requirement
    }
    /// Equity − requirement: what may still be lost.
    public var surplus: Money { equity - requirement }
    public var isMet: Bool { equity >= requirement }
}

/// An account's health, and sums over its positions that went into it.
struct Valuation {
    var health: Health
    /// Weighted unrealised profit, pending funding included. [1e-8 units of the settlement asset]
    var profit: Int64
    /// What the positions require. [1e-8 units of the settlement asset]
    var margin: Int64
    /// Σ |size| · price; wraps at outside prices beyond what the protocol accepts. [1e-8 units of the settlement asset]
    var notional: Int64
}

/// An open position: what is held and what it cost.
@frozen public struct Position: Hashable, Sendable {
    /// Positive is long. [1e-8 units]
    public var size: Quantity
    /// Entry price times size, signed as the size; exact, where an entry price would be rounded.
    public var cost: Money
    /// The market's funding index when funding was last settled.
    public var fundingIndex: Fixed18
    @inlinable public init(size: Quantity, cost: Money, fundingIndex: Fixed18) {
        self.size = size
        self.cost = cost
        self.fundingIndex = fundingIndex
    }
    @inlinable public static var none: Position {
        Position(size: .zero, cost: .zero, fundingIndex: .zero)
    }
    /// The average entry price, rounded to nearest; nil when flat. Where results stay with positions, the price at which it has
    /// neither won nor lost, below zero for one that has been paid for.
    public var entryPrice: Price? {
        guard size.raw != 0 else { return nil }
        let price = try? multiply(
            cost.magnitude.raw, scaleE8, dividingBy: size.magnitude.raw, rounding: .nearest)
        // What a position has been paid for is below zero.
        let isPaid = (cost.raw ^ size.raw) < 0
        return price.map { Price(raw: isPaid ? -$0 : $0) }
    }
}

/// A change of an account that has not happened, so that its health can be asked beforehand.
struct Hypothesis {
    /// A change of the settlement balance. [1e-8]
    var settlement: Int64 = 0
    /// A change of another balance.
    var asset: Int = -1
    var delta: Int64 = 0
    /// A position in place of the one held.
    var market: Int = -1
    var position: Position = .none
    /// An order that does not rest yet, or in place of the one of its number.
    var order: ChangedOrder?
    static let nothing = Hypothesis()
}

/// An order as it would rest.
struct ChangedOrder {
    var market: Int
    var order: Order
}

/// A margin bracket as the hot path reads it: rates and their deductions.
struct BracketRow {
    var floor: Int64
    var rate: (initial: Int64, maintenance: Int64)
    var deduction: (initial: Int64, maintenance: Int64)
}

/// A collateral tier as the hot path reads it: weighted = value · weight + constant.
struct TierRow {
    var floor: Int64
    var weight: Int64
    var constant: Int64
}

/// What a market's pool asks of a trade.
enum PoolPricingKind: Int8 {
    /// There is no pool.
    case none
    /// The oracle's price, for any size.
    case atOracle
    /// A spread or an impact beyond it.
    case priced
    /// The terms of a pool that answers for all profit.
    case terms

    init(_ pool: PoolPricing?) {
        guard let pool else {
            self = .none
            return
        }
        self = pool.hasTerms ? .terms : pool == .atOracle ? .atOracle : .priced
    }
}

/// What the hot path needs of a market.
struct MarketRow: Hashable {
    /// Where the price that positions are valued at stands: the oracle's, or after those of all feeds the mark.
    var feed: Int
    /// The oracle's.
    var indexFeed: Int
    var isInverse: Bool
    var firstBracket: Int
    var bracketCount: Int
    var profitWeight: Int64
    /// The highest maintenance rate of the schedule, for the bound of the health index.
    var highestRate: Int64
    var hasFunding: Bool
    /// Whether longs and shorts have a funding index each, and the pool none.
    var splitsFunding = false
    /// How trades against the pool are priced, so that the plain case needs no look at the parameters.
    var poolPricing = PoolPricingKind.none
    /// Whether the pool that answers for its trades has terms of its own.
    var hasPoolTerms: Bool { poolPricing == .terms }
    var fundingIndex: Fixed18
    /// Σ of positive sizes.
    var longOpenInterest: Quantity
    /// Σ of what all accounts' open sizes cost, in absolute value.
    var openCost: Money = .zero
}

/// What the hot path needs of an asset.
struct AssetRow: Hashable {
    var feed: Int
    /// Whether its tiers and liability weight say all about the maintenance value of a balance.
    var isPlain = true
    var firstTier: Int
    var tierCount: Int
    var byQuantity: Bool
    var liabilityWeight: Int64
    /// Σ of what margin accounts hold, debts not subtracted.
    var deposited: Quantity
    /// Σ of what margin accounts owe.
    var owed: Quantity = .zero
}

// Never inlined: the text of a trap that is never reached would make its callers too big to inline.
@inline(never)
private func overflowed(_ a: Int64, _ b: Int64, over divisor: Int64) -> Never {
    preconditionFailure("a bounded product overflowed: \(a) · \(b) / \(divisor)")
}

/// Multiplies where overflow has been excluded beforehand; an overflow is a bug and traps.
@inline(__always)
func exact(_ a: Int64, _ b: Int64, over divisor: Int64, _ rounding: Rounding) -> Int64 {
    do throws(ArithmeticOverflow) {
        return try multiply(a, b, dividingBy: divisor, rounding: rounding)
    } catch {
        overflowed(a, b, over: divisor)
    }
}

/// `a · b / 10^8` where overflow has been excluded beforehand.
@inline(__always)
func scaled(_ a: Int64, _ b: Int64, _ rounding: Rounding) -> Int64 {
    do throws(ArithmeticOverflow) {
        return try multiplyScaled(a, b, rounding: rounding)
    } catch {
        overflowed(a, b, over: scaleE8)
    }
}
