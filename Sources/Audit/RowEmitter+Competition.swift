import Chain
import ExactMath
import MarginProtocol
import Simulation

extension RowEmitter {
    /// What was bid for places in the block: rights behind reports, bundles, the express lane.
    func emitCompetition(of record: BlockRecord, into sink: some RowSink) throws(AuditError) {
        let block = record.header.number
        for (seq, auction) in record.oracleAuctions.enumerated() {
            try emit(auction, block: block, seq: seq, into: sink)
        }
        for (seq, ended) in record.bundles.enumerated() {
            sink.begin(.bundle)
            sink.integer(block)
            sink.integer(seq)
            sink.integer(ended.bundle.id)
            sink.id(ended.bundle.transactions[0].sender)
            sink.integer(ended.bundle.transactions.count)
            sink.integer(ended.bundle.gasLimit)
            sink.integer(ended.price)
            sink.integer(ended.bundle.behind)
            sink.code(ended.fate.rawValue)
            sink.integer(ended.index)
            sink.integer(ended.rejection?.code)
            sink.integer(ended.reason.map { Int64($0.rawValue) })
            sink.integer(ended.part)
            try sink.end()
        }
        for (seq, round) in record.expressRounds.enumerated() {
            sink.begin(.expressRound)
            sink.integer(block)
            sink.integer(seq)
            sink.time(round.start)
            sink.id(round.holder)
            sink.integer(round.bids)
            sink.integer(round.highest)
            sink.integer(round.paid)
            try sink.end()
        }
    }

    private func emit(
        _ auction: OracleAuctionRecord, block: Int64, seq: Int, into sink: some RowSink
    ) throws(AuditError) {
        sink.begin(.oevAuction)
        sink.integer(block)
        sink.integer(seq)
        sink.id(auction.feed)
        sink.integer(auction.round)
        sink.integer(auction.report)
        sink.integer(auction.accountsDue)
        sink.integer(auction.bids)
        sink.id(auction.winner)
        sink.exact(auction.highestBid)
        sink.exact(auction.secondBid)
        sink.exact(auction.paid)
        sink.exact(auction.toProtocol)
        sink.exact(auction.toOracle)
        sink.exact(auction.toBuilder)
        sink.exact(auction.bonus)
        sink.code(auction.fate.rawValue)
        sink.integer(auction.index)
        try sink.end()
    }
}
