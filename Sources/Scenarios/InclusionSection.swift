import Agents
import Chain
import ExactMath

extension ScenarioDecoder {
    static let inclusionKeys: [Key] = [
        Key(
            "bundles", "percentage or none", rule: "the preset's",
            "The share of blocks built by somebody who takes private bundles."),
        Key(
            "express_lane", "map or none", rule: "the preset's",
            "An auctioned head start; only with first_come_first_served."),
        Key(
            "lock_limit", "gas or none", rule: "the preset's",
            "The most gas of a block that may write one account, market or feed; only with effective_tip."
        ),
        Key(
            "loss", "percentage", rule: "none", "The chance that a transaction never arrives."),
        Key(
            "precedence", "none, cancels_first or {liquidations_first: attempts}",
            rule: "the preset's",
            "What comes before everything else in a block: what cannot trade at once, or the venue's own liquidations, so many attempts a block."
        ),
        Key(
            "fee_changes", "rows [time, elasticity, denominator, minimum base fee]", rule: "none",
            "Changes of the base fee's rule; the minimum may be left out."),
    ]

    static let expressLaneSection = Section(
        path: "chain.express_lane",
        sentence:
            "Sealed bids for a round without delay: the highest wins and pays the second highest. Defaults are Arbitrum's.",
        keys: [
            Key("round", "duration", default: "60s", "How long a round lasts."),
            Key("closing", "duration", default: "15s", "How long before a round its bids close."),
            Key("delay", "duration", default: "200ms", "How much later everybody else arrives."),
            Key("reserve", "gas price", default: "1000000 gwei", "The least bid, in wei."),
            Key("bids", "whole number", default: "5", "The most bids of a round."),
        ])

    static let oracleAuctionSection = Section(
        path: "oracle_auction",
        sentence:
            "The right to the place directly behind an oracle report, for sealed bids; what the winner pays is split, and the builder gets the rest.",
        keys: [
            Key("pricing", "first or second", default: "first", "Whose bid the winner pays."),
            Key("protocol", "percentage", required: true, "The protocol's share."),
            Key("oracle", "percentage", default: "0%", "The oracle's share."),
            Key("reserve", "money", default: "$0", "The least bid."),
        ])

    func decodeInclusion(_ fields: Fields, _ chain: inout ChainConfiguration) {
        if fields.has("bundles") {
            chain.rules.bundles = fields.readIfPresent("bundles", .share)
                .map { BundleRule(builderShare: $0) }
        }
        if let tree = fields.value("express_lane") {
            chain.rules.expressLane =
                tree.scalar == "none"
                ? nil : lane(Fields(tree, "chain.express_lane", Self.expressLaneSection, self))
        }
        if fields.has("lock_limit") {
            chain.rules.lockLimit = fields.readIfPresent(
                "lock_limit", .gas.limited("more than zero gas") { $0 > 0 })
        }
        if let loss = fields.readIfPresent("loss", Self.chance) { chain.rules.lossRate = loss }
        if let precedence = precedence(fields) { chain.rules.precedence = precedence }
        chain.rules.feeChanges += feeChanges(fields)
    }

    private func lane(_ fields: Fields) -> ExpressLane {
        ExpressLane(
            round: fields.read("round", .positiveDuration),
            closing: fields.read("closing", .duration),
            delay: fields.read("delay", .duration), reserve: fields.read("reserve", .gasPrice),
            bids: fields.read("bids", .count(1...1000)))
    }

    private func precedence(_ fields: Fields) -> Precedence? {
        guard let tree = fields.value("precedence") else { return nil }
        guard let entry = tree.entries?.first else {
            return fields.read(
                "precedence",
                Kind.choice([("none", Precedence.none), ("cancels_first", .cancelsFirst)]))
        }
        guard entry.key == "liquidations_first", tree.entries?.count == 1 else {
            fields.problem(
                "precedence", "expected none, cancels_first or {liquidations_first: attempts}",
                hint: Nearest.hint(entry.key, among: ["liquidations_first"]))
            return nil
        }
        let count = scalar(
            entry.value, Kind<Int>.count(1...10_000_000), "chain.precedence.liquidations_first")
        return count.map { .liquidationsFirst(attempts: $0) }
    }

    private func feeChanges(_ fields: Fields) -> [FeeChange] {
        guard let list = fields.value("fee_changes") else { return [] }
        let path = "chain.fee_changes"
        let count = Kind<Int>.count(1...1_000_000)
        setting(path, YAMLWriter.flow(list))
        return rows(
            list, path, columns: "time, elasticity, denominator, minimum base fee", count: 3...4
        ).compactMap { row in
            let time = scalar(row.cells[0], .moment(from: start), nil)
            let elasticity = scalar(row.cells[1], count, nil)
            let denominator = scalar(row.cells[2], count, nil)
            let minimum = row.cells.count > 3 ? scalar(row.cells[3], .gasPrice, nil) : 0
            guard let time, let elasticity, let denominator, let minimum else { return nil }
            return FeeChange(
                from: time, elasticity: Int64(elasticity), denominator: Int64(denominator),
                minimumBaseFee: minimum)
        }
    }

    /// 0 % to 99 %.
    static let chance = Kind<Ratio>.ratio.limited("0% to 99%") {
        $0 >= .zero && $0 <= Ratio(percent: 99)
    }

    // MARK: The place behind a report

    func oracleAuction(
        _ root: Fields, _ chain: ChainConfiguration, _ agents: AgentsConfiguration
    ) -> OracleAuctionRules? {
        guard let tree = root.value("oracle_auction"), tree.scalar != "none" else { return nil }
        let fields = Fields(tree, "oracle_auction", Self.oracleAuctionSection, self)
        guard tree.entries != nil else { return nil }
        if chain.rules.bundles == nil {
            problem(tree.position, "oracle_auction: needs a chain with bundles")
        }
        let rules = OracleAuctionRules(
            pricing: fields.read(
                "pricing", Kind.choice([("first", .first), ("second", .second)])),
            toProtocol: fields.read("protocol", .share), toOracle: fields.read("oracle", .share),
            reserve: fields.read("reserve", .notNegative))
        if rules.toProtocol + rules.toOracle > .one {
            fields.problem("oracle", "expected at most what the protocol's share leaves of 100%")
        }
        if !agents.liquidators.contains(where: { $0.auctionShare != nil }) {
            problem(tree.position, "oracle_auction: no liquidator has an auction_bid")
        }
        return rules
    }
}
