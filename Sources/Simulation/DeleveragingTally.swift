import Chain
public import ExactMath
public import MarginProtocol

/// What holders of the other side gave up in auto-deleveraging, as the journal says it.
public struct DeleveragingTally: Sendable {
    /// At the prices at which it was given up. [1e-8 USD]
    public private(set) var notional: Money = .zero
    /// What they realised with it, where that was a profit. [1e-8 USD]
    public private(set) var profit: Money = .zero
    public private(set) var accounts: Set<AccountID> = []
    private var firstLiquidation: Timestamp?
    private var first: Timestamp?

    /// From the first liquidation step to the first that deleveraged others; zero without any.
    public var delay: TimeSpan {
        guard let first, let firstLiquidation else { return .zero }
        return first - firstLiquidation
    }

    mutating func add(_ record: BlockRecord) {
        addClosings(by: record)
        guard !record.liquidations.isEmpty else { return }
        let time = record.header.time
        if firstLiquidation == nil { firstLiquidation = time }
        for included in record.transactions where included.rejection == nil {
            guard case .liquidate(let account, _, _) = included.transaction.command.inner else {
                continue
            }
            for event in record.journal[included.events] {
                guard case .positionChanged(let change) = event, change.reason == .deleveraging,
                    change.account != account
                else { continue }
                if first == nil { first = time }
                add(change)
            }
        }
    }

    /// Winners that a pool has closed by itself, without a liquidation.
    private mutating func addClosings(by record: BlockRecord) {
        for included in record.transactions where included.rejection == nil {
            guard case .deleverage(let account, _, _) = included.transaction.command.inner else {
                continue
            }
            for case .positionChanged(let change) in record.journal[included.events]
            where change.account == account {
                add(change)
            }
        }
    }

    private mutating func add(_ change: PositionChange) {
        let size = (change.sizeAfter - change.sizeBefore).magnitude
        if let value = try? size.value(at: change.price, rounding: .nearest) { notional += value }
        profit += max(.zero, change.realized)
        accounts.insert(change.account)
    }
}
