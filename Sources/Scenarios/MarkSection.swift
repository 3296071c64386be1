import ExactMath
import MarginProtocol
import MarginRules

extension ScenarioDecoder {
    static let markSection = Section(
        path: "markets.MARKET.mark",
        sentence:
            "What positions are valued at and liquidated by, taken as a block begins and with each new price of the index; fills keep their own prices.",
        keys: [
            Key(
                "rule",
                "oracle, book_mid, fair_basis, average_basis, median or robust_median",
                required: true,
                "The oracle's price, the index; the middle of the order book; the index with the funding still to come; the index with the average distance of the book's middle from it; the median of the last two and the last trade; or the median of the index with the average, of the median of best prices and last trade, and, with just these two, of that one's average."
            ),
            Key(
                "average", "duration", rule: "required where the rule reads it",
                "Over how long the book's middle less the index is averaged: a window, or a time constant."
            ),
            Key(
                "form", "moving or exponential", default: "moving",
                "Whether samples count alike for a window, or fade."),
            Key(
                "book_average", "duration", rule: "none",
                "The time constant of the exponential average of the median of best prices and last trade; only with robust_median."
            ),
            Key(
                "sampling", "duration", default: "0s",
                "From one look at the book to the next, but at most one a block."),
            Key(
                "band", "percentage", rule: "none",
                "How far from the index the mark may be at most."),
            Key(
                "without_book", "oracle or fair_basis", rule: "none: such a market is refused",
                "The rule in place of one that reads the book, where the market trades with a pool."
            ),
        ])

    private static let markRules: [(word: String, value: MarkPriceRule)] = [
        ("oracle", .index), ("book_mid", .mid), ("fair_basis", .fairBasis),
        ("average_basis", .averageBasis), ("median", .medianOfThree),
        ("robust_median", .robustMedian),
    ]

    /// A market's mark: the name of a rule, or a map; nil for the oracle's price.
    /// - Parameter hasPool: whether trades go against a pool.
    func mark(_ fields: Fields, hasPool: Bool) -> MarkPolicy? {
        guard let tree = fields.value("mark") else { return nil }
        let path = fields.path("mark")
        guard tree.entries != nil else {
            guard let rule = scalar(tree, Kind.choice(Self.markRules), path) else { return nil }
            return checked(MarkPolicy(rule), tree, path, hasPool)
        }
        let own = Fields(tree, path, Self.markSection, self)
        let positive = Kind<TimeSpan>.duration.limited("more than 0s, at most a day") {
            $0 > .zero && $0 <= TimeSpan(seconds: 86_400)
        }
        let rule = own.read("rule", Kind.choice(Self.markRules))
        let span = own.readIfPresent("average", positive)
        let isExponential = own.read(
            "form", Kind.choice([("moving", false), ("exponential", true)]))
        let policy = MarkPolicy(
            rule, average: span.map { isExponential ? .exponential($0) : .moving($0) },
            bookAverage: own.readIfPresent("book_average", positive),
            sampling: own.read("sampling", .duration),
            band: own.readIfPresent(
                "band", .positiveShare.limited("below 100%") { $0 < .one }))
        let words: [(word: String, value: MarkPriceRule)] = [
            ("oracle", .index), ("fair_basis", .fairBasis),
        ]
        let other = own.readIfPresent("without_book", Kind.choice(words))
        if let other, hasPool, policy.readsBook { return MarkPolicy(other, band: policy.band) }
        return checked(policy, tree, path, hasPool)
    }

    private func checked(
        _ policy: MarkPolicy, _ tree: Tree, _ path: String, _ hasPool: Bool
    ) -> MarkPolicy? {
        if policy.readsBook, hasPool {
            problem(
                tree.position,
                "\(path): this mark is taken from an order book, and the market trades with a pool",
                hint: "write `pool: none`, or say `without_book`")
            return nil
        }
        let problems = policy.problems
        for text in problems { problem(tree.position, "\(path): \(text)") }
        return problems.isEmpty ? policy : nil
    }
}
