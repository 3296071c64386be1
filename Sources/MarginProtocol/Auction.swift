public import ExactMath

/// An auction of collateral, by its place among all that were ever started.
@frozen public struct AuctionID: Identifier {
    public let raw: Int32
    @inlinable public init(_ raw: Int32) { self.raw = raw }
}

/// Collateral for sale, and the debt that the sale has to raise.
public struct Auction: Hashable, Sendable {
    public enum Form: Hashable, Sendable {
        /// The price at the start or the last restart, in the settlement asset, and when that was.
        case dutch(top: Fixed18, startedAt: Timestamp)
        /// The bid that stands, who made it and until when it does (nobody has bid: zero and nil), and when the
        /// auction ends.
        case english(bid: Quantity, bidder: AccountID?, expiry: Timestamp?, end: Timestamp)
    }
    public let id: AuctionID
    /// Whose collateral it was, and who gets back what is left.
    public let account: AccountID
    public let asset: AssetID
    /// Still for sale. [1e-8 units]
    public internal(set) var lot: Quantity
    /// Of the account's own debt, what is not raised yet. [1e-8 settlement units]
    public internal(set) var principal: Quantity
    /// Still to be raised, with the penalty; of an English auction, to be bid. [1e-8 settlement units]
    public internal(set) var debt: Quantity
    public internal(set) var form: Form
    public internal(set) var isOver = false

    /// The bid that is held for it. [1e-8 settlement units]
    public var standingBid: Quantity {
        if case .english(let bid, _, _, _) = form { bid } else { .zero }
    }
    /// Whose bid stands.
    public var bidder: AccountID? {
        if case .english(_, let bidder, _, _) = form { bidder } else { nil }
    }
}

/// Every auction there ever was, and what the open ones add up to.
struct AuctionBook: Hashable {
    var all: [Auction] = []
    /// Those that are not over, ascending.
    var open: [AuctionID] = []
    /// By asset: the debt that open auctions are still to raise. [1e-8 settlement units]
    var debts: [Int64] = []
    /// Holds what is for sale, and owes what its owners owed.
    var lots: AccountID = AccountID(-1)
    /// Holds the bids that stand.
    var bids: AccountID = AccountID(-1)

    /// What all open auctions are still to raise.
    var totalDebt: Int64 { debts.reduce(0, +) }

    mutating func insert(_ auction: Auction) {
        all.append(auction)
        open.append(auction.id)
        debts[auction.asset.index] += auction.debt.raw
    }

    mutating func update(_ auction: Auction) {
        let before = all[auction.id.index]
        debts[auction.asset.index] -= before.debt.raw
        all[auction.id.index] = auction
        if auction.isOver {
            open.removeAll { $0 == auction.id }
        } else {
            debts[auction.asset.index] += auction.debt.raw
        }
    }
}

/// What happened to an auction. Numbered for good.
public enum AuctionChangeKind: Int8, Hashable, Sendable, CaseIterable {
    case started = 1, taken, bid, restarted, settled
    public var name: String { String(describing: self) }
}

/// One step of an auction, and how it stands after it.
public struct AuctionChange: Hashable, Sendable {
    public var auction: AuctionID
    public var kind: AuctionChangeKind
    /// Whose collateral is sold.
    public var account: AccountID
    /// Whoever started, bought, bid or won; nil where nobody is named.
    public var actor: AccountID?
    public var asset: AssetID
    /// Of a Dutch auction, its price at that moment; of an English one, the bid per unit of the lot. [settlement
    /// units, rounded down]
    public var price: Price
    /// What was bought or won. [1e-8 units]
    public var bought: Quantity
    /// What was paid for that. [1e-8 settlement units]
    public var paid: Quantity
    /// What went back to the account. [1e-8 units]
    public var returned: Quantity
    /// Of the account's own debt, what nobody paid. [1e-8 settlement units]
    public var uncovered: Quantity
    /// What the protocol paid for starting it. [1e-8 settlement units]
    public var reward: Quantity
    /// What is for sale, what is owed, what is to be raised, and which bid is held, after it.
    public var lot: Quantity
    public var principal: Quantity
    public var debt: Quantity
    public var bid: Quantity
    /// The protocol's own price of the asset.
    public var oraclePrice: Price
    public var isOver: Bool
}
