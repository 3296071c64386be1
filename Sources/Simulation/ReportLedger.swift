import Chain
import ExactMath
import MarginProtocol
import Oracles

/// Follows every report from the moment a feed looked to the block that carried it, or to its loss.
struct ReportLedger {
    private struct Entry {
        var report: Report
        var reference: Price
        var submittedAt: Timestamp?
        var transaction: Int64?
    }
    /// Reports on their way, in the order in which they were published.
    private var entries: [Entry] = []
    private var keyOf: [Int64: Int64] = [:]
    /// The outside prices at the last looks, until every report of theirs is published.
    private var looks: [(time: Timestamp, prices: [Price])] = []
    private static let rememberedLooks = 4096

    /// The key of a report: its feed and round, as a reporter tags it.
    static func key(_ feed: Int, _ round: Int64) -> Int64 { Int64(feed) << 32 | round }

    mutating func looked(at time: Timestamp, _ prices: [Price]) {
        looks.append((time, prices))
        if looks.count > 2 * Self.rememberedLooks { looks.removeFirst(Self.rememberedLooks) }
    }

    mutating func published(_ reports: [Report]) {
        for report in reports {
            entries.append(Entry(report: report, reference: reference(report)))
        }
    }

    mutating func sent(_ key: Int64, _ transaction: Transaction) {
        keyOf[transaction.id] = key
        guard let at = find(key) else { return }
        entries[at].submittedAt = transaction.submittedAt
        entries[at].transaction = transaction.id
    }

    /// A report's transaction left the mempool unincluded; its row, unless it has been sent again since.
    mutating func dropped(_ drop: DroppedTransaction) -> OracleReportRecord? {
        guard let key = keyOf.removeValue(forKey: drop.transaction.id), let at = find(key),
            entries[at].transaction == drop.transaction.id
        else { return nil }
        var record = record(entries[at], .dropped)
        record.reason = Int(drop.reason.rawValue)
        entries[at].transaction = nil
        entries[at].submittedAt = nil
        return record
    }

    mutating func included(_ included: IncludedTransaction) -> OracleReportRecord? {
        guard let key = keyOf.removeValue(forKey: included.transaction.id), let at = find(key)
        else {
            return nil
        }
        var record = record(entries[at], included.rejection == nil ? .accepted : .rejected)
        record.submittedAt = included.transaction.submittedAt
        record.transaction = included.transaction.id
        record.index = included.index
        record.reason = included.rejection?.code
        entries.remove(at: at)
        return record
    }

    /// What became of a round that needed no transaction.
    func settled(_ report: Report, rejection: Rejection?) -> OracleReportRecord {
        var record = record(
            Entry(report: report, reference: reference(report)),
            rejection == nil ? .accepted : .rejected)
        record.reason = rejection?.code
        return record
    }

    /// The rounds that a transaction brought along and the protocol took.
    func attached(_ included: IncludedTransaction, _ journal: [Event]) -> [OracleReportRecord] {
        guard case .attach = included.transaction.command else { return [] }
        return journal[included.events].compactMap { event in
            guard case .pricePosted(let feed, let posted) = event else { return nil }
            let report = Report(
                feed: feed.index, round: posted.round, price: posted.price,
                confidence: posted.confidence, reason: .interval, observedAt: posted.observedAt,
                publishedAt: posted.publishedAt)
            var record = record(Entry(report: report, reference: reference(report)), .accepted)
            record.submittedAt = included.transaction.submittedAt
            record.transaction = included.transaction.id
            record.index = included.index
            return record
        }
    }

    /// The outside price at the look that saw a report.
    private func reference(_ report: Report) -> Price {
        let look = looks.last { $0.time <= report.observedAt }
        return look?.prices[report.feed] ?? report.price
    }

    /// What is still on its way when the run ends.
    func unresolved() -> [OracleReportRecord] { entries.map { record($0, .pending) } }

    private func find(_ key: Int64) -> Int? {
        entries.firstIndex { Self.key($0.report.feed, $0.report.round) == key }
    }

    private func record(_ entry: Entry, _ fate: OracleReportRecord.Fate) -> OracleReportRecord {
        OracleReportRecord(
            feed: FeedID(index: entry.report.feed), round: entry.report.round,
            trigger: String(describing: entry.report.reason), price: entry.report.price,
            confidence: entry.report.confidence, referenceAtObservation: entry.reference,
            observedAt: entry.report.observedAt, publishedAt: entry.report.publishedAt,
            submittedAt: entry.submittedAt, transaction: entry.transaction, index: nil,
            fate: fate, reason: nil)
    }
}

extension PriceReport {
    /// A round as its feed signs it.
    init(_ report: Report) {
        self.init(
            round: report.round, price: report.price, confidence: report.confidence,
            observedAt: report.observedAt, publishedAt: report.publishedAt)
    }
}
