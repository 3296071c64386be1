public import ExactMath
public import OrderBook

/// A market in which accounts exchange one asset for another, by its place in the protocol's list.
@frozen public struct SpotMarketID: Identifier {
    public let raw: Int32
    @inlinable public init(_ raw: Int32) { self.raw = raw }
}

/// A spot market: an order book in which margin accounts exchange two of the protocol's assets.
///
/// What an open order may have to give is set aside: an ask's base, a bid's quote with the maker's fee. Against either
/// requirement these reserves count as the worse of two outcomes, all orders filled or none, each as if it came last. Source:
/// blockworks-foundation/mango-v4, programs/mango-v4/src/health/cache.rs (`Serum3Info`).
public struct SpotMarketParameters: Hashable, Sendable {
    public var name: String
    public var base: AssetID
    public var quote: AssetID
    /// Charged in the quote asset to whoever takes, and paid to the treasury; 0 or more, less than 1.
    public var takerFee: Ratio
    /// Charged in the quote asset to a resting order; negative is a rebate paid by the treasury, at most the taker's fee.
    public var makerFee: Ratio
    public init(
        name: String, base: AssetID, quote: AssetID, takerFee: Ratio = .zero,
        makerFee: Ratio = .zero
    ) {
        self.name = name
        self.base = base
        self.quote = quote
        self.takerFee = takerFee
        self.makerFee = makerFee
    }

    /// What an order that rests sets aside: of an ask all its base, of a bid all it may cost, rounded up. [1e-8 units]
    func reserve(_ side: Side, _ size: Quantity, at price: Price)
        throws(ArithmeticOverflow) -> Quantity
    {
        guard side == .buy else { return size }
        let cost = Quantity(raw: try size.value(at: price, rounding: .up).raw)
        guard makerFee.isPositive else { return cost }
        return try cost.adding(try cost.scaled(by: makerFee, rounding: .up))
    }

    /// The asset that an order of a side gives.
    func given(_ side: Side) -> AssetID { side == .buy ? quote : base }
}

/// What one account's open orders in one spot market have set aside.
public struct SpotReserve: Hashable, Sendable {
    public var market: SpotMarketID
    /// By asks. [1e-8 units]
    public var base: Quantity = .zero
    /// By bids. [1e-8 units]
    public var quote: Quantity = .zero
    /// Where there is an ask. [1e-8 quote per base]
    public var lowestAsk: Price?
    /// Where there is a bid.
    public var highestBid: Price?
    /// What the account would have of either asset if all orders ended that way, at the most aggressive price, rounded down.
    /// [1e-8 units]
    public var potentialBase: Quantity = .zero
    public var potentialQuote: Quantity = .zero
}

/// An order that was placed in a spot market, or taken out of it.
public struct SpotOrderChange: Hashable, Sendable {
    /// Numbered for good.
    public enum Kind: Int8, Hashable, Sendable, CaseIterable {
        case placed = 1, cancelled
    }
    public var kind: Kind
    public var market: SpotMarketID
    public var order: Order
    /// The asset that it gives, and how much of that is set aside for it, or given back. [1e-8 units]
    public var asset: AssetID
    public var reserved: Quantity
}

/// One match in a spot market.
public struct SpotFill: Hashable, Sendable {
    public var market: SpotMarketID
    public var base: AssetID
    public var quote: AssetID
    public var taker: AccountID
    public var maker: AccountID
    public var makerOrder: OrderID
    /// Signed from the taker's side. [1e-8 units of the base]
    public var size: Quantity
    /// [1e-8 quote per base]
    public var price: Price
    /// What the size costs, rounded against the taker. [1e-8 units of the quote]
    public var cost: Quantity
    /// [1e-8 units of the quote]
    public var takerFee: Quantity
    public var makerFee: Quantity
    /// What the maker's order had set aside for it, and has no longer. [1e-8 units of what the maker gives]
    public var released: Quantity
}

/// All that there is of spot markets; empty where there is none.
struct SpotState: Equatable {
    /// Holds what open orders have set aside.
    var escrow: AccountID?
    var books: [LimitOrderBook] = []
    /// Of those accounts that have orders, by account and market.
    var entries: [Entry] = []
    /// By asset, what all open orders together may bring or give back. [1e-8 units]
    var potential: [Int128] = []

    struct Entry: Hashable {
        var account: Int32
        var reserve: SpotReserve
    }

    /// Where an account's reserves begin.
    func start(of account: Int32) -> Int {
        var (low, high) = (0, entries.count)
        while low < high {
            let middle = (low + high) / 2
            if entries[middle].account < account { low = middle + 1 } else { high = middle }
        }
        return low
    }

    /// What an account has reserved, in order of the markets.
    func reserves(of account: Int32) -> [SpotReserve] {
        entries[start(of: account)...].prefix { $0.account == account }.map(\.reserve)
    }
}
