public import ExactMath

/// Shares in a pool of assets. [the smallest unit of a share]
public struct PoolShares: Hashable, Comparable, Sendable {
    /// Zero or more.
    public var raw: Int128
    public init(raw: Int128) {
        precondition(raw >= 0, "a negative number of shares")
        self.raw = raw
    }
    public static let zero = PoolShares(raw: 0)
    public static func < (a: PoolShares, b: PoolShares) -> Bool { a.raw < b.raw }
    public static func + (a: PoolShares, b: PoolShares) -> PoolShares {
        PoolShares(raw: a.raw + b.raw)
    }
    public static func - (a: PoolShares, b: PoolShares) -> PoolShares {
        PoolShares(raw: a.raw - b.raw)
    }
    var unsigned: UInt128 { UInt128(raw) }
}

/// Assets and shares that every pool has in addition to the real ones.
///
/// They fix the price of a share in an empty pool and make it expensive to move by a donation.
public struct VirtualShares: Hashable, Sendable {
    /// In smallest units of the asset. [1e-8 units]
    public var assets: Quantity
    /// In smallest units of a share.
    public var shares: PoolShares
    public init(assets: Quantity, shares: PoolShares) {
        precondition(assets.isPositive && shares > .zero)
        self.assets = assets
        self.shares = shares
    }
    /// One asset unit and a million share units: morpho-org/morpho-blue
    /// src/libraries/SharesMathLib.sol.
    public static let morpho = VirtualShares(
        assets: Quantity(raw: 1), shares: PoolShares(raw: 1_000_000))
    /// A million of both: euler-xyz/euler-vault-kit ConversionHelpers.sol.
    public static let eulerVaultKit = VirtualShares(
        assets: Quantity(raw: 1_000_000), shares: PoolShares(raw: 1_000_000))
}

/// A pool whose assets belong to its shares in proportion: what lenders own, or what borrowers owe.
///
/// Interest and losses change the assets and leave the shares. Formulas of
/// morpho-org/morpho-blue src/libraries/SharesMathLib.sol.
public struct SharePool: Hashable, Sendable {
    public var assets: Quantity
    public var shares: PoolShares
    public var virtual: VirtualShares

    public init(assets: Quantity, shares: PoolShares, virtual: VirtualShares) {
        precondition(assets >= .zero, "negative assets")
        self.assets = assets
        self.shares = shares
        self.virtual = virtual
    }

    /// The shares that an amount of assets is worth.
    /// - Parameter rounding: down for what is credited, up for what is owed.
    public func shares(for amount: Quantity, rounding: Rounding)
        throws(ArithmeticOverflow) -> PoolShares
    {
        let value = try multiplyUnsigned(
            amount.unsigned, try allShares(), dividingBy: allAssets, rounding: rounding)
        guard let raw = Int128(exactly: value) else { throw ArithmeticOverflow() }
        return PoolShares(raw: raw)
    }

    /// The assets that a number of shares is worth.
    /// - Parameter rounding: down for what is paid out, up for what is paid in.
    public func assets(for amount: PoolShares, rounding: Rounding)
        throws(ArithmeticOverflow) -> Quantity
    {
        try Quantity(
            unsigned: try multiplyUnsigned(
                amount.unsigned, allAssets, dividingBy: try allShares(), rounding: rounding))
    }

    private var allAssets: UInt128 { assets.unsigned + virtual.assets.unsigned }

    private func allShares() throws(ArithmeticOverflow) -> UInt128 {
        let (sum, overflow) = shares.unsigned.addingReportingOverflow(virtual.shares.unsigned)
        guard !overflow else { throw ArithmeticOverflow() }
        return sum
    }
}
