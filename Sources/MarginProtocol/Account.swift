/// One account's fixed facts and what it holds, as sets of bits.
public struct Account: Hashable, Sendable {
    public var owner: Address
    public var role: Role
    /// The margin account that funds an isolated child.
    public var parent: AccountID?
    /// The only market an isolated child may trade.
    public var isolatedMarket: MarketID?
    /// Bit i is set when the balance of asset i is not zero.
    public var assets: UInt64 = 0
    /// Bit i is set when there is a position in market i.
    public var markets: UInt64 = 0
    /// Bit i is set when an order of it rests in the book of market i.
    public var orders: UInt64 = 0
    /// Bit i is set when there is an open order in spot market i.
    var spotMarkets: UInt64 = 0
    /// The collateral category it has entered; negative for none.
    public var category: Int8 = -1
    /// The margin ratio that its owner has chosen for all of it, 0…1; zero for none. [1e-8]
    var chosenMarginRatio: Int32 = 0
    /// When a liquidation step last touched it.
    public var lastLiquidatedAt: Int64 = .min
}

/// The indexes of the bits that are set, ascending.
struct Bits: Sequence, IteratorProtocol {
    var mask: UInt64
    @inline(__always) mutating func next() -> Int? {
        guard mask != 0 else { return nil }
        let index = mask.trailingZeroBitCount
        mask &= mask &- 1
        return index
    }
}
