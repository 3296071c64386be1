public import ExactMath

/// Why a purchase from a Dutch auction is refused, in the order of the checks.
public enum AuctionPurchaseRefusal: Error, Hashable, Sendable {
    /// The auction has run too long or fallen too far.
    case needsRestart
    /// The price is above what the buyer accepts.
    case tooExpensive
    /// Too little debt is left to be paid in parts.
    case noPartialPurchase
}

/// What one purchase from a Dutch auction moves.
public struct AuctionPurchase: Hashable, Sendable {
    /// What the buyer pays (owe), rounded up. [1e-8 USD]
    public let paid: Money
    /// What the buyer receives (slice), rounded down where it follows from the payment.
    public let bought: Quantity
    /// What is left of the auction; nil when it has ended.
    public let remaining: AuctionSale?
    /// What goes back to the vault's owner because the debt is paid.
    public let returned: Quantity
    /// The debt that nobody pays because the collateral is gone. [1e-8 USD]
    public let uncovered: Money

    /// What leaves the total of debt in auctions (digs): the payment, and at the end without
    /// collateral also what is uncovered. [1e-8 USD]
    public var releasedDebt: Money { paid + uncovered }
}

/// A Dutch auction's state: the debt still to be raised and the collateral still for sale.
///
/// Rules of makerdao/dss src/clip.sol `take`.
public struct AuctionSale: Hashable, Sendable {
    /// With the penalty (tab), zero or more. [1e-8 USD]
    public var debt: Money
    /// Zero or more (lot).
    public var collateral: Quantity
    public init(debt: Money, collateral: Quantity) {
        precondition(debt >= .zero && collateral >= .zero, "a negative auction")
        self.debt = debt
        self.collateral = collateral
    }

    /// The purchase of up to an amount of collateral at the current price, or why there is none.
    ///
    /// Never raises more than the debt. A purchase that leaves both must leave at least the minimum
    /// debt: it is made smaller until it does, and refused where the debt is not above the minimum.
    /// - Parameters:
    ///   - amount: the most to buy, zero or more.
    ///   - status: the price and whether the auction needs a restart.
    ///   - maximumPrice: the highest the buyer accepts, inclusive. [1e-18 USD per unit]
    ///   - minimumDebt: the least a part may leave (chost). [1e-8 USD]
    public func purchase(
        upTo amount: Quantity, at status: DutchAuction.Status, maximumPrice: Fixed18,
        minimumDebt: Money
    ) throws(ArithmeticOverflow) -> Result<AuctionPurchase, AuctionPurchaseRefusal> {
        guard !status.needsRestart else { return .failure(.needsRestart) }
        guard maximumPrice >= status.price else { return .failure(.tooExpensive) }
        let price = status.price.unsigned
        var bought = min(collateral, amount)

        // Both in 1e-26 USD, in which they are exact.
        let cost = WideProduct(bought.unsigned, price)
        let owed = debt.unsigned * oneE18
        if cost.high != 0 || cost.low > owed {
            bought = try Quantity(unsigned: owed / price)
            return .success(finished(paying: debt, for: bought))
        }
        if cost.low < owed && bought < collateral
            && owed - cost.low < minimumDebt.unsigned * oneE18
        {
            guard debt > minimumDebt else { return .failure(.noPartialPurchase) }
            let paid = debt - minimumDebt
            bought = try Quantity(unsigned: paid.unsigned * oneE18 / price)
            return .success(finished(paying: paid, for: bought))
        }
        let paid = try Money(unsigned: cost.low / oneE18 + (cost.low % oneE18 == 0 ? 0 : 1))
        return .success(finished(paying: paid, for: bought))
    }

    private func finished(paying paid: Money, for bought: Quantity) -> AuctionPurchase {
        let debtLeft = debt - paid
        let collateralLeft = collateral - bought
        let isOver = collateralLeft.isZero || debtLeft.isZero
        return AuctionPurchase(
            paid: paid, bought: bought,
            remaining: isOver ? nil : AuctionSale(debt: debtLeft, collateral: collateralLeft),
            returned: isOver ? collateralLeft : .zero,
            uncovered: isOver ? debtLeft : .zero)
    }
}
