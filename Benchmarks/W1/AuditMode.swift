import Audit
import Chain
import ExactMath
import Foundation
import MarginProtocol
import Simulation

/// The workload's block records through the audit writer; building the records is not timed.
///
/// Twice into fresh files: once left unfinished, which is the writing alone, and once finished, which also
/// builds the indexes and closes the file.
enum AuditMode {
    static func run(_ input: Workload, directory: String) throws -> String {
        var driver = try Driver(input)
        let description = driver.description
        var records = [driver.genesisRecord]
        for block in 0..<input.blockCount { records.append(driver.record(block)) }
        let path = directory + "/crossmargin.db"
        defer { remove(path) }
        let written = try Stopwatch.seconds {
            _ = try write(records, description, to: path) { try $0.suspend() }
        }
        var recorded: RecordedRun?
        let finished = try Stopwatch.seconds {
            recorded = try write(records, description, to: path) { try $0.finish(unseed: 0) }
        }
        let rows = recorded?.rows ?? 0
        let size = try FileManager.default.attributesOfItem(atPath: path)[.size] as? Int ?? 0
        return """
            {"impl": "crossmargin-audit", "blocks": \(records.count), "rows": \(rows), \
            "seconds": \(written), "rows_per_s": \(Double(rows) / written), \
            "close_seconds": \(max(0, finished - written)), \
            "rows_per_s_with_close": \(Double(rows) / finished), \
            "bytes_per_row": \(Double(size) / Double(max(1, rows)))}
            """
    }

    private static func write<T>(
        _ records: [BlockRecord], _ description: RunDescription, to path: String,
        _ end: (AuditWriter) throws -> T
    ) throws -> T {
        remove(path)
        let writer = try AuditWriter.create(path, description: description)
        for record in records { try writer.append(record) }
        return try end(writer)
    }

    private static func remove(_ path: String) {
        for suffix in ["", "-wal", "-shm", "-journal"] {
            try? FileManager.default.removeItem(atPath: path + suffix)
        }
    }
}

extension Driver {
    var description: RunDescription {
        RunDescription(
            scenario: "workload", scenarioText: "", seed: 0, engineVersion: "benchmark",
            start: Self.start, assets: house.parameters.assets.map { ($0.name, $0.feed) },
            markets: house.parameters.markets.map { ($0.name, $0.feed) },
            feeds: house.parameters.feeds.map(\.name), agents: [], accounts: [], parameters: [],
            settlementAsset: AssetID(0), gasFeed: nil)
    }

    /// Must be asked for before the first block.
    var genesisRecord: BlockRecord {
        blockRecord(0, at: Self.start, opening: journal.count, transactions: [], liquidations: [])
    }

    /// Runs a block and records it as the simulation would: each command a transaction.
    mutating func record(_ block: Int) -> BlockRecord {
        var steps: [Step] = []
        run(block) { steps.append($0) }
        let now = Self.time(of: block)
        let transactions = steps.enumerated().map { included($1, index: $0, block: block, now) }
        var liquidations: [LiquidationRecord] = []
        for (index, step) in steps.enumerated() {
            for case .liquidated(let liquidation) in journal[step.events] {
                liquidations.append(
                    LiquidationRecord(
                        step: liquidation, index: index, referencePrice: liquidation.price,
                        trueHealthBefore: liquidation.healthBefore, liquidatableSince: now,
                        trulyLiquidatableSince: now, wrongful: false, late: false))
            }
        }
        return blockRecord(
            block + 1, at: now, opening: steps.first?.events.lowerBound ?? 0,
            transactions: transactions, liquidations: liquidations)
    }

    private func included(_ step: Step, index: Int, block: Int, _ now: Timestamp)
        -> IncludedTransaction
    {
        let gas = GasSchedule.evm
        let kind = step.command.kind
        return IncludedTransaction(
            transaction: Transaction(
                id: Int64(block * 64 + index), sender: step.sender, nonce: Int64(block),
                command: step.command, gasLimit: gas[kind], maxFee: 20_000_000_000,
                maxTip: 1_000_000_000, submittedAt: now),
            index: index, gasUsed: step.rejection == nil ? gas[kind] : gas.rejected(kind),
            effectivePrice: 11_000_000_000, tip: 1_000_000_000, rejection: step.rejection,
            events: step.events)
    }

    private func blockRecord(
        _ number: Int, at time: Timestamp, opening: Int, transactions: [IncludedTransaction],
        liquidations: [LiquidationRecord]
    ) -> BlockRecord {
        let fund = house.balance(ClearingHouse.insuranceFund, AssetID(0))
        return BlockRecord(
            header: BlockHeader(
                number: Int64(number), time: time, missedSlots: 0, baseFee: 10_000_000_000,
                gasLimit: 30_000_000, gasUsed: transactions.reduce(0) { $0 + $1.gasUsed },
                demandGas: 0, backlogGas: 0, mempoolDepth: 0, marginalTip: 0,
                minimumPrice: 10_000_000_000, wasFull: false),
            transactions: transactions, dropped: [], journal: journal,
            openingEvents: 0..<opening, closingEvents: journal.count..<journal.count,
            oracleReports: [], referencePrices: [], outsideTrades: [], liquidations: liquidations,
            health: [],
            metric: ProtocolMetric(
                openInterest: .zero, collateral: .zero, insuranceFund: Money(raw: fund.raw),
                badDebt: .zero, poolEquity: .zero, underwater: .zero,
                liquidatableOnChain: liquidations.count,
                liquidatableInTruth: liquidations.count, staleFeeds: 0))
    }
}
