import ExactMath
import MarginProtocol
import MarginRules

extension ScenarioDecoder {
    static let deleveragingSection = Section(
        path: "protocol.deleveraging",
        sentence: "Who gives a position up where `losses` names auto_deleveraging.",
        keys: [
            Key(
                "rank",
                "profit_times_leverage, profit_times_margin_ratio, price_ratio_times_leverage, return_over_margin_ratio, pro_rata or unranked",
                default: "profit_times_leverage",
                "The order of the holders of the other side: a score, all in proportion to size, or from one that the block's time chooses through all of them."
            ),
            Key(
                "price", "bankruptcy or mark", default: "bankruptcy",
                "Whether they bear the loss, or it stays for the next layer."),
            Key(
                "pool", "first, last or never", default: "last",
                "Where the liquidity pool stands among them."),
            Key(
                "whole", "true or false", rule: "false",
                "Whether a whole position is given up at once, even where a step closes less."),
            Key(
                "unfilled", "true or false", rule: "false",
                "Whether holders of the other side also take, at the bankruptcy price, what a liquidation order in the book leaves of an account that is worth something, while the insurance fund has nothing."
            ),
        ])

    static let windingUpSection = Section(
        path: "protocol.winding_up",
        sentence:
            "How the positions of a market are closed that governance settles without stating a price.",
        keys: [
            Key(
                "rule", "at_once or deleveraging", default: "at_once",
                "All of them at the protocol's price of the moment, or one account after the other against holders of the other side, as `deleveraging` chooses them: at the protocol's price, or at the bankruptcy price of an account that is worth less than nothing."
            ),
            Key(
                "per_block", "whole number", rule: "10",
                "How many accounts are tried in a block; only with deleveraging."),
        ])

    func windingUp(_ root: Fields) -> WindingUpPolicy {
        guard let tree = root.value("winding_up"), tree.scalar != "none" else { return .atOnce }
        let fields = Fields(tree, "protocol.winding_up", Self.windingUpSection, self)
        let isDeleveraged = fields.read(
            "rule", Kind.choice([("at_once", false), ("deleveraging", true)]))
        guard isDeleveraged else {
            fields.refuse("per_block", "has a meaning only with rule: deleveraging")
            return .atOnce
        }
        return .deleveraged(
            perBlock: fields.readIfPresent("per_block", .count(1...10_000)) ?? 10)
    }

    static let backstopSection = Section(
        path: "protocol.backstop",
        sentence:
            "A vault that takes over, with all their margin, accounts that are too far gone for the market.",
        keys: [
            Key(
                "below", "percentage", required: true,
                "Takes over below this share of the maintenance requirement."),
            Key(
                "funds", "money or map of amounts", default: "$0",
                "What the vault holds at the start; it takes no loss beyond what it is worth."),
            Key(
                "cap", "money or none", default: "none",
                "The most that its positions may be worth together."),
            Key(
                "deleverage_below", "money or none", rule: "none",
                "Once it is worth less than this, holders of the other side take its positions at the protocol's price, as `deleveraging` ranks them."
            ),
        ])

    func deleveraging(_ root: Fields) -> DeleveragingPolicy {
        let tree =
            root.value("deleveraging")
            ?? Tree(content: .mapping([]), position: root.tree.position)
        let fields = Fields(tree, "protocol.deleveraging", Self.deleveragingSection, self)
        let orders: [(word: String, value: DeleveragingPolicy.Order)] = [
            ("profit_times_leverage", .ranked(.profitTimesLeverage)),
            ("profit_times_margin_ratio", .ranked(.profitTimesMarginRatio)),
            ("price_ratio_times_leverage", .ranked(.priceRatioTimesLeverage)),
            ("return_over_margin_ratio", .ranked(.returnOverMarginRatio)),
            ("pro_rata", .proRata), ("unranked", .unranked),
        ]
        let prices: [(word: String, value: DeleveragingPolicy.Price)] = [
            ("bankruptcy", .bankruptcy), ("mark", .mark),
        ]
        let places: [(word: String, value: DeleveragingPolicy.PoolPlace)] = [
            ("last", .last), ("first", .first), ("never", .never),
        ]
        var policy = DeleveragingPolicy(
            order: fields.read("rank", Kind.choice(orders)),
            price: fields.read("price", Kind.choice(prices)),
            pool: fields.read("pool", Kind.choice(places)),
            isWhole: fields.readIfPresent("whole", .yesOrNo) ?? false)
        policy.takesUnfilled = fields.readIfPresent("unfilled", .yesOrNo) ?? false
        return policy
    }

    /// The vault and what it holds at the start, or nil.
    func backstop(_ root: Fields) -> (
        policy: BackstopPolicy, funds: [(asset: AssetID, amount: Quantity)]
    )? {
        guard let tree = root.value("backstop"), tree.scalar != "none" else { return nil }
        let fields = Fields(tree, "protocol.backstop", Self.backstopSection, self)
        let policy = BackstopPolicy(
            below: fields.read("below", .positiveShare),
            cap: fields.readIfPresent("cap", .notNegative),
            deleverageBelow: fields.readIfPresent("deleverage_below", .positive))
        return (policy, amounts(fields, "funds"))
    }
}
