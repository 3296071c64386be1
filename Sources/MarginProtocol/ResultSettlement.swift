public import ExactMath
import MarginRules

/// How results are paid where closing a position does not pay them: a result stays with its position, counts like any unrealised
/// one, and moves only when somebody settles a profit against a loss, or a liquidator takes it over.
///
/// Sources: blockworks-foundation/mango-v4, instructions/perp_settle_pnl.rs; drift-labs/protocol-v2, controller/pnl.rs.
public struct ResultSettlement: Hashable, Sendable {
    /// How much of a result may be settled.
    public enum Limit: Hashable, Sendable {
        /// All of it.
        case none
        /// Of a profit no more than what closings have realised; source: drift-labs/protocol-v2, state/user.rs
        /// (`get_claimable_pnl`).
        case realised
        /// In each window so much of a position's value; see ``SettlementAllowance``.
        case allowance(share: Ratio, window: TimeSpan)
    }
    public var limit: Limit
    /// The discount at which a liquidator takes a profit over.
    public var profitFee: Ratio
    /// The smallest size that a liquidation to zero health takes. [1e-8 units]
    public var lot: Quantity
    /// What the insurance fund pays with for a loss that a liquidator takes over; nil for the settlement asset.
    public var insurance: AssetID?
    public init(
        limit: Limit = .none, profitFee: Ratio = .zero, lot: Quantity = Quantity(raw: 1),
        insurance: AssetID? = nil
    ) {
        self.limit = limit
        self.profitFee = profitFee
        self.lot = lot
        self.insurance = insurance
    }
}

/// Which result a liquidator asks for.
public struct ResultTarget: Hashable, Sendable {
    public var market: MarketID
    /// At most so much of the position that goes with it; nil for any. [1e-8 units]
    public var size: Quantity?
    /// At most so much of the result, or where a debt pays for a profit of the debt; nil for any. [1e-8]
    public var amount: Quantity?
    /// The debt that pays for a profit, or the holding that pays for a loss; nil for the largest. Only where results are
    /// exchanged for other assets.
    public var asset: AssetID?
    public init(
        _ market: MarketID, size: Quantity? = nil, amount: Quantity? = nil, asset: AssetID? = nil
    ) {
        self.market = market
        self.size = size
        self.amount = amount
        self.asset = asset
    }
}

/// What a result may be settled by, beside the position itself.
struct ResultState: Hashable {
    /// What the open size cost, without what closings have realised; signed as the size. [1e-8]
    var entry: Int64 = 0
    var allowance = SettlementAllowance()
}

/// What a settlement would move.
public struct SettlementQuote: Sendable {
    /// From the loser to the winner. [1e-8 units of the settlement asset]
    public var amount: Quantity
    var parts: FillParts
}
