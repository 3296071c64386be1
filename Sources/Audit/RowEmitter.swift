import Agents
import Chain
import ExactMath
import MarginProtocol
import Simulation

/// Turns block records into rows: each table's in the order of its keys.
///
/// The one place that says which fact becomes which column; the database, the hash and the replay all
/// see what it emits.
final class RowEmitter {
    private let description: RunDescription
    private var json = JSONText()

    init(_ description: RunDescription) { self.description = description }

    /// All rows of one block; those of genesis include the run's directory.
    func emit(_ record: BlockRecord, into sink: some RowSink) throws(AuditError) {
        let block = record.header.number
        if block == 0 { try emitDirectory(into: sink) }
        try emitEvents(of: record, into: sink)
        for included in record.transactions {
            try emit(included, block: block, into: sink)
        }
        for (seq, dropped) in record.dropped.enumerated() {
            try emit(dropped, block: block, seq: seq, into: sink)
        }
        for (seq, report) in record.oracleReports.enumerated() {
            try emit(report, block: block, seq: seq, into: sink)
        }
        for (seq, trade) in record.outsideTrades.enumerated() {
            try emit(trade, block: block, seq: seq, into: sink)
        }
        for price in sorted(record.referencePrices, by: { $0.feed < $1.feed }) {
            sink.begin(.referencePrice)
            sink.integer(block)
            sink.id(price.feed)
            sink.exact(price.exogenous)
            sink.exact(price.impact)
            sink.exact(price.price)
            try sink.end()
        }
        for health in sorted(record.health, by: { $0.account < $1.account }) {
            try emit(health, block: block, into: sink)
        }
        try emit(record.metric, block: block, into: sink)
        try emitCompetition(of: record, into: sink)
        for (seq, decision) in record.decisions.enumerated() {
            try emit(decision, block: block, seq: seq, into: sink)
        }
        try emitHeader(of: record, into: sink)
    }

    /// Each event once, under the transaction it belongs to.
    private func emitEvents(of record: BlockRecord, into sink: some RowSink) throws(AuditError) {
        var cursor = EventCursor(
            journal: record.journal, liquidations: record.liquidations, block: record.header.number)
        try emit(record.openingEvents, tx: -1, &cursor, into: sink)
        for included in record.transactions {
            try emit(included.events, tx: included.index, &cursor, into: sink)
        }
        try emit(record.closingEvents, tx: record.transactions.count, &cursor, into: sink)
        precondition(cursor.events == record.journal.count, "every event belongs somewhere")
        precondition(
            cursor.nextLiquidation == record.liquidations.count, "every liquidation is an event")
    }

    private func emit(
        _ range: Range<Int>, tx: Int, _ cursor: inout EventCursor, into sink: some RowSink
    ) throws(AuditError) {
        for index in range {
            let place = Place(block: cursor.block, tx: tx, seq: index - range.lowerBound)
            try cursor.emit(index, at: place, json: &json, into: sink)
        }
    }

    private func emitHeader(of record: BlockRecord, into sink: some RowSink) throws(AuditError) {
        let header = record.header
        sink.begin(.block)
        sink.integer(header.number)
        sink.time(header.time)
        sink.integer(header.missedSlots)
        sink.integer(header.baseFee)
        sink.integer(header.gasLimit)
        sink.integer(header.gasUsed)
        sink.integer(header.demandGas)
        sink.integer(header.backlogGas)
        sink.flag(header.wasFull)
        sink.integer(header.mempoolDepth)
        sink.integer(header.marginalTip)
        sink.integer(header.minimumPrice)
        sink.integer(record.transactions.count)
        sink.integer(record.journal.count)
        try sink.end()
    }

    private func emit(_ included: IncludedTransaction, block: Int64, into sink: some RowSink)
        throws(AuditError)
    {
        let transaction = included.transaction
        sink.begin(.tx)
        sink.integer(block)
        sink.integer(included.index)
        emitSigned(transaction, into: sink)
        sink.time(transaction.submittedAt)
        sink.time(transaction.expiresAt)
        sink.integer(transaction.gasLimit)
        sink.integer(included.gasUsed)
        sink.integer(transaction.maxFee)
        sink.integer(transaction.maxTip)
        sink.integer(included.effectivePrice)
        sink.integer(included.tip)
        sink.flag(included.rejection == nil)
        if let rejection = included.rejection {
            sink.integer(rejection.code)
            json.removeAll()
            json.write(rejection)
            sink.text(json)
        } else {
            sink.null()
            sink.null()
        }
        try sink.end()
    }

    /// From `id` to `payload`.
    private func emitSigned(_ transaction: Transaction, into sink: some RowSink) {
        sink.integer(transaction.id)
        sink.id(transaction.sender)
        sink.integer(transaction.nonce)
        sink.code(transaction.command.kind.rawValue)
        json.removeAll()
        json.write(transaction.command)
        sink.text(json)
    }

    private func emit(
        _ dropped: DroppedTransaction, block: Int64, seq: Int, into sink: some RowSink
    ) throws(AuditError) {
        sink.begin(.txDropped)
        sink.integer(block)
        sink.integer(seq)
        emitSigned(dropped.transaction, into: sink)
        sink.time(dropped.transaction.submittedAt)
        sink.time(dropped.at)
        sink.integer(dropped.transaction.gasLimit)
        sink.integer(dropped.transaction.maxFee)
        sink.integer(dropped.transaction.maxTip)
        sink.code(dropped.reason.rawValue)
        sink.integer(dropped.replacedBy)
        try sink.end()
    }

    private func emit(
        _ report: OracleReportRecord, block: Int64, seq: Int, into sink: some RowSink
    ) throws(AuditError) {
        sink.begin(.oracleReport)
        sink.integer(block)
        sink.integer(seq)
        sink.id(report.feed)
        sink.integer(report.round)
        sink.text(report.trigger)
        sink.exact(report.price)
        sink.exact(report.confidence)
        sink.exact(report.referenceAtObservation)
        sink.time(report.observedAt)
        sink.time(report.publishedAt)
        sink.time(report.submittedAt)
        sink.integer(report.transaction)
        sink.integer(report.index)
        sink.code(report.fate.rawValue)
        sink.integer(report.reason)
        try sink.end()
    }

    private func emit(
        _ trade: OutsideTradeRecord, block: Int64, seq: Int, into sink: some RowSink
    ) throws(AuditError) {
        sink.begin(.liquidatorTrade)
        sink.integer(block)
        sink.integer(seq)
        sink.id(trade.agent)
        sink.id(trade.wallet)
        sink.id(trade.feed)
        sink.text(trade.purpose)
        sink.exact(trade.quantity)
        sink.exact(trade.averagePrice)
        sink.exact(trade.proceeds)
        sink.exact(trade.slippage)
        sink.exact(trade.priceBefore)
        sink.exact(trade.priceAfter)
        try sink.end()
    }

    private func emit(
        _ record: LiquidatorDecisionRecord, block: Int64, seq: Int, into sink: some RowSink
    ) throws(AuditError) {
        let decision = record.decision
        sink.begin(.liquidatorDecision)
        sink.integer(block)
        sink.integer(seq)
        sink.id(record.agent)
        sink.id(decision.account)
        sink.integer(decision.block)
        sink.code(decision.trigger.rawValue)
        sink.integer(record.transaction)
        sink.integer(record.index)
        sink.health(decision.health)
        sink.integer(decision.priceAge.milliseconds)
        sink.exact(decision.expectedProfit)
        sink.integer(decision.bid)
        sink.integer(decision.rivals)
        sink.code(record.result.rawValue)
        sink.integer(record.reason)
        if let health = record.healthAtExecution {
            sink.health(health)
        } else {
            sink.null()
            sink.null()
        }
        try sink.end()
    }

    private func emit(_ row: AccountHealthRecord, block: Int64, into sink: some RowSink)
        throws(AuditError)
    {
        sink.begin(.accountHealth)
        sink.integer(block)
        sink.id(row.account)
        sink.exact(row.equity)
        sink.health(row.initial)
        sink.health(row.maintenance)
        sink.health(row.trueMaintenance)
        try sink.end()
    }

    private func emit(_ metric: ProtocolMetric, block: Int64, into sink: some RowSink)
        throws(AuditError)
    {
        sink.begin(.protocolMetric)
        sink.integer(block)
        sink.exact(metric.openInterest)
        sink.exact(metric.collateral)
        sink.exact(metric.insuranceFund)
        sink.exact(metric.badDebt)
        sink.exact(metric.poolEquity)
        sink.exact(metric.underwater)
        sink.integer(metric.liquidatableOnChain)
        sink.integer(metric.liquidatableInTruth)
        sink.integer(metric.staleFeeds)
        sink.integer(metric.newlyLiquidatable.accounts)
        sink.exact(metric.newlyLiquidatable.exposure)
        sink.integer(metric.newlyLiquidatable.takenAccounts)
        sink.exact(metric.newlyLiquidatable.takenExposure)
        try sink.end()
    }

    private func emitDirectory(into sink: some RowSink) throws(AuditError) {
        for (index, asset) in description.assets.enumerated() {
            sink.begin(.asset)
            sink.integer(index)
            sink.text(asset.name)
            sink.id(asset.feed)
            try sink.end()
        }
        for (index, market) in description.markets.enumerated() {
            sink.begin(.market)
            sink.integer(index)
            sink.text(market.name)
            sink.id(market.feed)
            try sink.end()
        }
        for (index, name) in description.feeds.enumerated() {
            sink.begin(.feed)
            sink.integer(index)
            sink.text(name)
            try sink.end()
        }
        for agent in sorted(description.agents, by: { $0.address < $1.address }) {
            sink.begin(.agent)
            sink.id(agent.address)
            sink.text(agent.name)
            sink.text(agent.kind)
            sink.text(agent.group)
            try sink.end()
        }
        for (seq, parameter) in description.parameters.enumerated() {
            sink.begin(.parameter)
            sink.integer(seq)
            sink.text(parameter.key)
            sink.text(parameter.value)
            try sink.end()
        }
        for account in sorted(description.accounts, by: { $0.id < $1.id }) {
            sink.begin(.account)
            sink.id(account.id)
            sink.integer(Int64(0))
            sink.integer(Int64(-1))
            sink.text(account.name)
            sink.code(account.role.rawValue)
            sink.id(account.owner)
            sink.id(account.parent)
            sink.id(account.market)
            try sink.end()
        }
    }
}

/// The elements in order; without a copy where they already are.
private func sorted<E>(_ elements: [E], by precedes: (E, E) -> Bool) -> [E] {
    for (a, b) in zip(elements, elements.dropFirst()) where !precedes(a, b) {
        return elements.sorted(by: precedes)
    }
    return elements
}
