import Chain
import ExactMath
import MarginProtocol

extension ScenarioDecoder {
    static let chainSection = Section(
        path: "chain",
        sentence:
            "A preset, and what differs from it. A preset's name alone is enough: `chain: ethereum`.",
        keys: [
            Key(
                "preset", "preset", default: "ethereum",
                "The chain to begin from: \(ChainPreset.names.joined(separator: ", "))."),
            Key("name", "name", rule: "the preset's", "What the chain is called in reports."),
            Key(
                "block_time", "duration, {exponential: duration} or {schedule: rows}",
                rule: "the preset's",
                "The distance of blocks: fixed, random as under proof of work, or changing at [time, duration]."
            ),
            Key(
                "missed_blocks", "percentage", rule: "the preset's",
                "The chance that a slot passes without a block."),
            Key("gas_limit", "gas", rule: "the preset's", "The most a block may hold."),
            Key(
                "fee_market", "eip1559, first_price or free", rule: "the preset's",
                "How the price of gas comes about."),
            Key(
                "initial_base_fee", "gas price", rule: "the preset's, or 1 gwei",
                "The base fee before the first block; only with eip1559."),
            Key(
                "minimum_base_fee", "gas price", rule: "the preset's, or 0 wei",
                "The base fee never falls below; only with eip1559."),
            Key(
                "elasticity", "whole number", rule: "the preset's, or 2",
                "The gas limit over the target; only with eip1559."),
            Key(
                "denominator", "whole number", rule: "the preset's, or 8",
                "One over the largest step of the base fee; only with eip1559."),
            Key(
                "minimum_price", "gas price", rule: "the preset's, or 0 wei",
                "Lower bids are refused; only with first_price."),
            Key(
                "ordering", "effective_tip, first_come_first_served or random",
                rule: "the preset's", "The order of transactions in a block."),
            Key("mempool", "map", rule: "the preset's", "What waits, and for how long."),
            Key("gas", "map", rule: "the preset's", "What each command uses."),
        ] + inclusionKeys)

    static let mempoolSection = Section(
        path: "chain.mempool", sentence: "The limits of the mempool.",
        keys: [
            Key(
                "transactions", "whole number", rule: "the preset's",
                "The most that wait at a time."),
            Key(
                "per_sender", "whole number", rule: "the preset's",
                "The most that wait of one sender."),
            Key("lifetime", "duration", rule: "the preset's", "How long one may wait."),
            Key(
                "price_bump", "percentage", rule: "the preset's",
                "By how much a replacement must raise fee and tip."),
            Key(
                "minimum_tip", "gas price", rule: "the preset's", "The least tip that is accepted."),
        ])

    static let gasSection = Section(
        path: "chain.gas", sentence: "The gas of each kind of command when it is applied.",
        keys: pricedKinds.map {
            Key(
                snakeCase($0.name), "gas", rule: "the preset's",
                "A `\(snakeCase($0.name))` that is applied.")
        } + [
            Key(
                "rejected_share", "percentage", rule: "the preset's",
                "The share of it that a rejected command uses.")
        ])

    /// The kinds whose gas a scenario may choose; what an auction's payment uses is a transfer's.
    private static let pricedKinds = CommandKind.allCases.filter { $0 != .payAuction }

    private static let orderings: [(word: String, value: Ordering)] = [
        ("effective_tip", .effectiveTip), ("first_come_first_served", .firstComeFirstServed),
        ("random", .random),
    ]

    private static let presets: [(word: String, value: ChainPreset)] =
        ChainPreset.allCases.map { ($0.rawValue, $0) }

    func chain(_ root: Fields) -> ChainConfiguration {
        var chain = ChainPreset.ethereum.configuration
        guard let tree = root.value("chain") else { return chain }
        if tree.scalar != nil {
            if let preset = scalar(tree, Kind.choice(Self.presets), "chain.preset") {
                chain = preset.configuration
            }
        }
        let written =
            tree.scalar == nil ? tree : Tree(content: .mapping([]), position: tree.position)
        let fields = Fields(written, "chain", Self.chainSection, self)
        if tree.scalar == nil {
            chain = fields.read("preset", Kind.choice(Self.presets)).configuration
        }
        chain.name = fields.read("name", .name, else: chain.name) { $0 }
        chain.blockTime = blockTime(fields, chain.blockTime)
        chain.missedBlocks = fields.read(
            "missed_blocks",
            .ratio.limited("0% to 99%") { $0 >= .zero && $0 <= Ratio(percent: 99) },
            else: chain.missedBlocks, shown: Written.percent)
        chain.gasLimit = fields.read(
            "gas_limit", .gas.limited("more than zero gas") { $0 > 0 }, else: chain.gasLimit
        ) { "\($0)" }
        chain.feeMarket = feeMarket(fields, chain.feeMarket)
        chain.ordering = fields.read("ordering", Kind.choice(Self.orderings), else: chain.ordering)
        {
            Self.snakeCase($0.name)
        }
        decodeMempool(fields, &chain.mempool)
        decodeGas(fields, &chain)
        decodeInclusion(fields, &chain)
        chain.demand = demand(root, chain)
        return chain
    }

    private func blockTime(_ fields: Fields, _ preset: BlockTime) -> BlockTime {
        let kind = Kind<TimeSpan>.positiveDuration
        guard let tree = fields.tree["block_time"], let entry = tree.entries?.first else {
            switch preset {
            case .fixed(let span):
                return .fixed(
                    fields.read("block_time", kind, else: span, shown: Written.duration))
            default:
                guard fields.has("block_time") else {
                    setting(
                        "chain.block_time",
                        "{exponential: \(Written.duration(preset.mean(at: start)))}")
                    return preset
                }
                return .fixed(fields.read("block_time", kind))
            }
        }
        switch (entry.key, tree.entries?.count) {
        case ("exponential", 1):
            return .exponential(
                mean: scalar(entry.value, kind, "chain.block_time.exponential") ?? kind.placeholder)
        case ("schedule", 1):
            let path = "chain.block_time.schedule"
            let changes = rows(entry.value, path, columns: "time, block time", count: 2...2)
                .map { row in
                    BlockTimeChange(
                        from: scalar(row.cells[0], .moment(from: start), nil) ?? start,
                        span: scalar(row.cells[1], kind, nil) ?? kind.placeholder)
                }
            setting(path, YAMLWriter.flow(entry.value))
            return changes.isEmpty ? preset : .schedule(changes)
        default:
            problem(
                entry.position,
                "chain.block_time: expected a duration, {exponential: …} or {schedule: …}",
                hint: Nearest.hint(entry.key, among: ["exponential", "schedule"]))
            return preset
        }
    }

    private enum MarketKind { case eip1559, firstPrice, free }

    private func feeMarket(_ fields: Fields, _ preset: FeeMarket) -> FeeMarket {
        let kinds: [(word: String, value: MarketKind)] = [
            ("eip1559", .eip1559), ("first_price", .firstPrice), ("free", .free),
        ]
        let own: MarketKind =
            switch preset {
            case .eip1559: .eip1559
            case .firstPrice: .firstPrice
            case .free: .free
            }
        let kind = fields.read("fee_market", Kind.choice(kinds), else: own) { value in
            kinds.first { $0.value == value }?.word ?? ""
        }
        let baseFeeKeys = ["initial_base_fee", "minimum_base_fee", "elasticity", "denominator"]
        if kind != .eip1559 {
            for key in baseFeeKeys {
                fields.refuse(key, "has a meaning only with fee_market: eip1559")
            }
        }
        if kind != .firstPrice {
            fields.refuse("minimum_price", "has a meaning only with fee_market: first_price")
        }
        switch kind {
        case .free: return .free
        case .firstPrice:
            var minimum: Int64 = 0
            if case .firstPrice(let price) = preset { minimum = price }
            return .firstPrice(
                minimum: fields.read(
                    "minimum_price", .gasPrice, else: minimum, shown: Written.gasPrice))
        case .eip1559:
            var rule = EIP1559()
            if case .eip1559(let own) = preset { rule = own }
            let count = Kind<Int>.count(1...1_000_000)
            rule.elasticity = Int64(
                fields.read("elasticity", count, else: Int(rule.elasticity)) { "\($0)" })
            rule.denominator = Int64(
                fields.read("denominator", count, else: Int(rule.denominator)) { "\($0)" })
            rule.minimumBaseFee = fields.read(
                "minimum_base_fee", .gasPrice, else: rule.minimumBaseFee, shown: Written.gasPrice)
            rule.initialBaseFee = fields.read(
                "initial_base_fee", .gasPrice, else: max(rule.initialBaseFee, rule.minimumBaseFee),
                shown: Written.gasPrice)
            if rule.initialBaseFee < rule.minimumBaseFee {
                fields.problem("initial_base_fee", "expected at least the minimum base fee")
            }
            return .eip1559(rule)
        }
    }

    private func decodeMempool(_ fields: Fields, _ mempool: inout MempoolLimits) {
        let tree =
            fields.value("mempool") ?? Tree(content: .mapping([]), position: fields.tree.position)
        let own = Fields(tree, "chain.mempool", Self.mempoolSection, self)
        let count = Kind<Int>.count(1...10_000_000)
        mempool.transactions = own.read("transactions", count, else: mempool.transactions) {
            "\($0)"
        }
        mempool.perSender = own.read("per_sender", count, else: mempool.perSender) { "\($0)" }
        mempool.lifetime = own.read(
            "lifetime", .positiveDuration, else: mempool.lifetime, shown: Written.duration)
        mempool.priceBump = own.read(
            "price_bump", .ratio.limited("0% to 1000%") { $0 >= .zero && $0 <= Ratio(whole: 10) },
            else: mempool.priceBump, shown: Written.percent)
        mempool.minimumTip = own.read(
            "minimum_tip", .gasPrice, else: mempool.minimumTip, shown: Written.gasPrice)
    }

    private func decodeGas(_ fields: Fields, _ chain: inout ChainConfiguration) {
        let tree =
            fields.value("gas") ?? Tree(content: .mapping([]), position: fields.tree.position)
        let own = Fields(tree, "chain.gas", Self.gasSection, self)
        let limit = chain.gasLimit
        let sellsByAuction = self.tree["protocol"]?["auctions"] != nil
        for kind in Self.pricedKinds {
            let key = Self.snakeCase(kind.name)
            // What nobody can send is no setting of the run, unless it is written; nor are later kinds, so that
            // older runs keep their hashes.
            let isListed =
                kind.isOfAuctions
                ? sellsByAuction : kind.rawValue <= CommandKind.buyCollateral.rawValue
            if !isListed, !own.has(key) { continue }
            chain.gas[kind] = own.read(
                key,
                .gas.limited("at most the block's gas limit of \(limit)") { $0 <= limit },
                else: chain.gas[kind]
            ) { "\($0)" }
        }
        chain.gas[.payAuction] = min(chain.gas[.payAuction], limit)
        chain.gas.rejectedShare = own.read(
            "rejected_share", .share, else: chain.gas.rejectedShare, shown: Written.percent)
    }

    /// `postPrice` as `post_price`.
    static func snakeCase(_ name: String) -> String {
        name.map { $0.isUppercase ? "_" + $0.lowercased() : String($0) }.joined()
    }
}
