/// A dense index that names one thing of one kind.
public protocol Identifier: Hashable, Comparable, Sendable, CustomStringConvertible {
    var raw: Int32 { get }
    init(_ raw: Int32)
}

extension Identifier {
    @inlinable public static func < (a: Self, b: Self) -> Bool { a.raw < b.raw }
    @inlinable public var index: Int { Int(raw) }
    @inlinable public init(index: Int) { self.init(Int32(index)) }
    public var description: String { String(raw) }
}

/// An asset that accounts hold balances of.
@frozen public struct AssetID: Identifier {
    public let raw: Int32
    @inlinable public init(_ raw: Int32) { self.raw = raw }
}

/// A perpetual market.
@frozen public struct MarketID: Identifier {
    public let raw: Int32
    @inlinable public init(_ raw: Int32) { self.raw = raw }
}

/// A price feed; assets and markets may share one.
@frozen public struct FeedID: Identifier {
    public let raw: Int32
    @inlinable public init(_ raw: Int32) { self.raw = raw }
}

/// An account: a margin account, an isolated child of one, a wallet, or a fund with a role.
@frozen public struct AccountID: Identifier {
    public let raw: Int32
    @inlinable public init(_ raw: Int32) { self.raw = raw }
}

/// Who signs a transaction.
@frozen public struct Address: Identifier {
    public let raw: Int32
    @inlinable public init(_ raw: Int32) { self.raw = raw }
    /// The simulator itself: genesis, and settlement with the world outside.
    @inlinable public static var system: Address { Address(0) }
    /// Whoever may pause and change parameters.
    @inlinable public static var governance: Address { Address(1) }
}

/// What an account is for.
public enum Role: Int8, Sendable, Hashable, CaseIterable {
    /// A margin account: balances and positions that back each other.
    case margin = 0
    /// Tokens outside the protocol but on the same chain; never negative, holds no positions.
    case wallet = 1
    /// The counterparty of trades at oracle price.
    case liquidityPool = 2
    /// Pays deficits first.
    case insuranceFund = 3
    /// Receives fees.
    case treasury = 4
    /// Holds recorded bad debt as a negative balance.
    case badDebt = 5
    /// Everything beyond the chain; the mirror of every token in it.
    case outside = 6
    /// One per market: the other side of realised profit, equal and opposite to all open cost.
    case clearing = 7
    /// One per market: funding collected and not yet paid out.
    case funding = 8
    /// Takes over accounts that are too far gone for the market.
    case backstop = 9
    /// Where interest waits between payer and payee; what stays are the reserves.
    case interest = 10
    /// Holds the collateral that is sold by auction, and owes what its sale is still to raise.
    case auction = 11
    /// Holds the bids that stand in auctions.
    case bids = 12
    /// Holds what requests for trades have set aside for their execution.
    case escrow = 20
    /// One per market whose pool keeps price impact apart: what it has of it, in units of the underlying.
    case impactPool = 85
    /// Holds charges for price impact above their cap until their payers may claim them.
    case impactClaims = 86
    /// Holds what open spot orders have set aside.
    case spotEscrow = 90
}

/// Which margin requirement is meant.
public enum MarginKind: Int8, Sendable, Hashable {
    /// To open or to withdraw.
    case initial
    /// To keep.
    case maintenance
    /// To end a liquidation: the initial rates and weights at the protocol's own price, whatever the market holds
    /// in all; only where a course names it.
    case liquidationEnd

    /// Do the initial rates and weights apply?
    var isOpening: Bool { self != .maintenance }
}
