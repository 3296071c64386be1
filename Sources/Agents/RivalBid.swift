public import MarginProtocol

/// A liquidation that waits in the public mempool, where everybody sees what it bids.
public struct RivalBid: Hashable, Sendable {
    /// The transaction's id.
    public var id: Int64
    public var sender: Address
    public var account: AccountID
    /// [wei per gas]
    public var fee: Int64

    public init(id: Int64, sender: Address, account: AccountID, fee: Int64) {
        self.id = id
        self.sender = sender
        self.account = account
        self.fee = fee
    }
}
