public import ExactMath
public import MarginProtocol

/// Transactions sent to builders in private: all of them in one block, in this order and next to
/// each other, or none.
///
/// Nobody else sees them. One that fails when a builder tries it costs nothing and is gone. Its
/// transactions are signed for whatever nonce is due when it is built, as searchers sign one
/// version for each.
public struct TransactionBundle: Hashable, Sendable {
    /// Not empty, and each with a gas limit its command fits into.
    public var transactions: [Transaction]
    /// The last moment a block may include it.
    public var expiresAt: Timestamp
    /// The id of the public transaction directly behind which it stands; nil = its payment decides.
    public var behind: Int64?

    public init(transactions: [Transaction], expiresAt: Timestamp, behind: Int64? = nil) {
        self.transactions = transactions
        self.expiresAt = expiresAt
        self.behind = behind
    }

    /// The id of its first transaction.
    public var id: Int64 { transactions[0].id }

    /// The room it needs. [gas]
    public var gasLimit: Int64 { transactions.reduce(0) { $0 + $1.gasLimit } }

    /// What it pays on average, by gas limit, rounded down; nil where a part cannot pay the base
    /// fee. [wei per gas]
    public func price(in market: FeeMarket, baseFee: Int64) -> Int64? {
        var paid: Int128 = 0
        for transaction in transactions {
            guard
                let price = market.effectivePrice(
                    maxFee: transaction.maxFee, maxTip: transaction.maxTip, baseFee: baseFee)
            else { return nil }
            paid += product(price, transaction.gasLimit)
        }
        let gas = gasLimit
        return gas > 0 ? Int64(clamping: paid / Int128(gas)) : 0
    }
}

/// A bundle whose end is known.
public struct BundleRecord: Hashable, Sendable {
    /// What became of a bundle. Numbered for good.
    public enum Fate: Int8, Hashable, Sendable, CaseIterable {
        /// In the block, whole.
        case included = 1
        /// A part of it was rejected when it was tried: nothing happened, and it cost nothing.
        case failed
        /// Its time was over, or the transaction before it came without it.
        case lapsed
        /// Builders did not take it when it was sent.
        case refused
        public var name: String { String(describing: self) }
    }
    /// Why it is in no block. Numbered for good.
    public enum Reason: Int8, Hashable, Sendable, CaseIterable {
        /// No builder takes bundles, or the chain's order has no place for one that stands alone.
        case noPlace = 1
        /// Its last moment has passed.
        case expired
        /// It asks for more gas than a block has.
        case tooLarge
        /// One of its transactions allows less gas than its command uses.
        case gasLimitTooLow
        /// As many bundles wait as transactions may.
        case queueFull
        /// The protocol rejected one of its transactions.
        case rejected
        /// The transaction behind which it stands came without it, or was itself rejected.
        case overtaken
        public var name: String { String(describing: self) }
    }
    public var bundle: TransactionBundle
    public var fate: Fate
    /// The place of its first transaction in the block, where it was included.
    public var index: Int?
    /// What it paid or would have paid; zero where it could not pay the base fee. [wei per gas]
    public var price: Int64
    /// Why it failed.
    public var rejection: Rejection?
    /// Why it is in no block; nil where it is in one.
    public var reason: Reason?
    /// The id of the transaction for which it was refused or failed; nil where it is for no single one.
    public var part: Int64?

    public init(
        bundle: TransactionBundle, fate: Fate, index: Int? = nil, price: Int64 = 0,
        rejection: Rejection? = nil, reason: Reason? = nil, part: Int64? = nil
    ) {
        self.bundle = bundle
        self.fate = fate
        self.index = index
        self.price = price
        self.rejection = rejection
        self.reason = reason
        self.part = part
    }
}

/// How the state before a bundle comes back when a part of it fails.
public struct Checkpoint {
    /// Remembers the state as it is.
    public var keep: () -> Void
    /// Puts the remembered state back.
    public var restore: () -> Void
    /// Lets go of what is remembered.
    public var forget: () -> Void

    public init(
        keep: @escaping () -> Void, restore: @escaping () -> Void, forget: @escaping () -> Void
    ) {
        self.keep = keep
        self.restore = restore
        self.forget = forget
    }
}
