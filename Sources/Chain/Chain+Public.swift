import ExactMath
public import MarginProtocol

/// What anybody may see of the mempool.
extension Chain {
    /// The waiting transactions of a kind, with prices attached or without, that the next block may take, in the order in which blocks ordered by
    /// tip take them; by arrival where tips say nothing. A sender's later nonces are left out.
    public func executable(_ kind: CommandKind) -> [Transaction] {
        let found = pool.waiting { $0.command.inner.kind == kind }.filter(pool.isExecutable)
        let byTip = configuration.ordering == .effectiveTip
        return found.sorted { a, b in
            let (first, second) = byTip ? (offer(of: a), offer(of: b)) : (0, 0)
            return (-first, a.submittedAt.milliseconds, a.id)
                < (-second, b.submittedAt.milliseconds, b.id)
        }
    }

    /// All waiting transactions of a kind, with prices attached or without, by id.
    public func waiting(_ kind: CommandKind) -> [Transaction] {
        pool.waiting { $0.command.inner.kind == kind }.sorted { $0.id < $1.id }
    }

    /// What a waiting transaction pays in the next block, zero where it cannot; whoever bids one less stands
    /// behind it. [wei per gas]
    public func offer(of transaction: Transaction) -> Int64 {
        configuration.feeMarket.effectivePrice(
            maxFee: transaction.maxFee, maxTip: transaction.maxTip, baseFee: baseFee) ?? 0
    }
}
