import Agents
import Chain
import ExactMath
import MarginProtocol
import Scenarios

/// Sells the place behind each oracle report, and follows every right to its end.
struct OracleAuctions {
    /// A right that was sold, and whose bundle's end is open.
    private struct Right {
        var bundle: Int64
        var record: OracleAuctionRecord
    }
    private let rules: OracleAuctionRules?
    private let settlement: AssetID
    private var open: [Right] = []

    init(_ scenario: Scenario) {
        rules = scenario.oracleAuction
        settlement = scenario.parameters.settlementAsset
    }

    var isOn: Bool { rules != nil }

    /// A bid and who made it.
    struct Bid {
        var agent: Int
        var bidder: Address
        var wallet: AccountID
        var amount: Money

        /// The highest first; of equal ones the lower address.
        static func precedes(_ a: Bid, _ b: Bid) -> Bool {
            a.amount != b.amount ? b.amount < a.amount : a.bidder < b.bidder
        }
    }

    /// What a winner owes, and to whom.
    struct Award {
        var winner: Bid
        var second: Money
        var paid: Money
        var toProtocol: Money
        var toOracle: Money
        /// The same in the settlement asset: the protocol's part, and that of the others.
        var protocolAmount: Quantity
        var othersAmount: Quantity
    }

    /// The winner among sealed bids; nil without one that meets the reserve.
    ///
    /// - Parameter price: the settlement asset's. [1e-8 USD per unit]
    func award(_ bids: [Bid], at price: Price) -> Award? {
        guard let rules else { return nil }
        let ranked = bids.filter { $0.amount >= rules.reserve }.sorted(by: Bid.precedes)
        guard let winner = ranked.first else { return nil }
        let second = ranked.count > 1 ? ranked[1].amount : .zero
        let paid = rules.pricing == .first ? winner.amount : max(second, rules.reserve)
        guard let toProtocol = try? paid.scaled(by: rules.toProtocol, rounding: .up),
            let oracle = try? paid.scaled(by: rules.toOracle, rounding: .down),
            let whole = try? paid.quantity(at: price, rounding: .up),
            let part = try? toProtocol.quantity(at: price, rounding: .up)
        else { return nil }
        let protocolPart = min(part, whole)
        return Award(
            winner: winner, second: second, paid: paid, toProtocol: min(toProtocol, paid),
            toOracle: min(oracle, paid - min(toProtocol, paid)), protocolAmount: protocolPart,
            othersAmount: whole - protocolPart)
    }

    mutating func sold(
        _ award: Award, feed: FeedID, round: Int64, report: Int64, due: Int, bids: Int,
        bundle: Int64
    ) {
        open.append(
            Right(
                bundle: bundle,
                record: OracleAuctionRecord(
                    feed: feed, round: round, report: report, accountsDue: due, bids: bids,
                    winner: award.winner.bidder, highestBid: award.winner.amount,
                    secondBid: award.second, paid: award.paid, toProtocol: award.toProtocol,
                    toOracle: award.toOracle,
                    toBuilder: award.paid - award.toProtocol - award.toOracle, bonus: .zero,
                    fate: .lapsed, index: nil)))
    }

    /// The auctions whose bundle ended in a block.
    mutating func ended(in block: ChainBlock) -> [OracleAuctionRecord] {
        guard !open.isEmpty else { return [] }
        return block.bundles.compactMap { ended in
            guard let at = open.firstIndex(where: { $0.bundle == ended.bundle.id }) else {
                return nil
            }
            var record = open.remove(at: at).record
            record.fate = ended.fate
            record.index = ended.index
            guard let first = ended.index else {
                (record.paid, record.toProtocol) = (.zero, .zero)
                (record.toOracle, record.toBuilder) = (.zero, .zero)
                return record
            }
            for part in block.transactions[first..<(first + ended.bundle.transactions.count)] {
                for event in block.journal[part.events] {
                    if case .liquidated(let step) = event { record.bonus += step.toLiquidator }
                }
            }
            return record
        }
    }
}
