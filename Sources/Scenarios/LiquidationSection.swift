import ExactMath
import MarginProtocol

extension ScenarioDecoder {
    static let liquidationSection = Section(
        path: "protocol.liquidation",
        sentence:
            "Liquidation. At most one of `close_factor`, `debt_share`, `target_health`, `portion`, `first_share`, `bracket_steps`, `shortage`, `zero_health`, `credit_account` and `whole` says how much a step takes.",
        keys: [
            Key(
                "trigger", "strict, inclusive or strict_with_requirement", default: "strict",
                "Liquidatable below the requirement, also at it, or below it where there is one, so that a debt alone is not."
            ),
            Key(
                "order", "most_unprofitable_first, largest_first or liquidators_choice",
                default: "most_unprofitable_first",
                "Which position goes first."),
            Key(
                "close_factor", "percentage", default: "50%",
                "At most this share of a position in one step."),
            Key(
                "debt_share", "percentage", rule: "none",
                "At most this share of the account's whole debt in one step, as far as one debt goes."
            ),
            Key(
                "full_below", "percentage", default: "0%",
                "All of it once equity is below this share of the requirement; only with close_factor and debt_share."
            ),
            Key(
                "dust", "money", default: "$0",
                "All of it where less than this would remain; with debt_share, where debt or collateral are worth less than this."
            ),
            Key(
                "leftover", "money", default: "$0",
                "What remains of debt and collateral is worth at least this, or nothing; only with debt_share."
            ),
            Key(
                "target_health", "multiple", rule: "none",
                "As little as brings equity to this multiple of the requirement."),
            Key(
                "target_of", "maintenance or initial", default: "maintenance",
                "Of which requirement; only with target_health."),
            Key(
                "target_buffer", "percentage", default: "0%",
                "And so much of the notional more; only with target_health."),
            Key(
                "portion", "percentage", rule: "none",
                "This share of the position in one step, but at least `minimum`."),
            Key(
                "minimum", "money", default: "$0",
                "The least notional of a step; only with portion."),
            Key(
                "first_share", "percentage", rule: "none",
                "This share first of a position worth more than `above`, all of it when another step follows within `window`."
            ),
            Key(
                "above", "money", default: "$0",
                "Positions worth no more than this go at once; only with first_share."),
            Key(
                "window", "duration", default: "0s",
                "How long after a first part all of the rest goes; only with first_share."),
            Key(
                "bracket_steps", "whole number", rule: "none",
                "Down to the top of the bracket so many below; all of it from a bracket as low."),
            Key(
                "full_below_first", "true or false", default: "false",
                "All of it once equity is not above what the first brackets would require; only with bracket_steps."
            ),
            Key(
                "shortage", "map", rule: "none",
                "As much as makes good what is missing until the course ends."),
            Key(
                "zero_health", "percentage", rule: "none",
                "As much as brings health under the initial weights to zero; the percentage is the platform's, of both sides of an exchange."
            ),
            Key(
                "credit_account", "percentage", rule: "none",
                "All collateral at once, for its value less the `bonus`, which pays the debt, then this share of the value to the insurance fund, then the owner."
            ),
            Key(
                "whole", "position, account, absorb or flag", rule: "none",
                "The whole position, everything at once, all collateral and debt to the protocol itself, or all collateral to the pool and then the positions as the markets' windows allow."
            ),
            Key(
                "penalty", "percentage", default: "1%",
                "What the account pays on the closed notional."),
            Key(
                "liquidator_share", "percentage", default: "100%",
                "The liquidator's share of the penalty; the rest is the insurance fund's."),
            Key(
                "closing_price",
                "mark, bankruptcy, pool, {fillable: map} or {takeover: percentage}",
                default: "mark",
                "At what price a position changes hands: the protocol's, the one at which its equity is gone, the pool's with its impact and fees, or one in between; with `takeover`, this share of the maintenance margin is paid in place of the penalty."
            ),
            Key(
                "reductions", "mark or closing_price", rule: "closing_price",
                "With bankruptcy as the closing price: at what price a step trades that leaves part of a position. At the mark, the account pays the penalty and keeps what else its equity is; what is taken over whole goes at bankruptcy, and so does everything of an account without equity."
            ),
            Key(
                "bonus", "percentage", default: "5%",
                "What is seized beyond the repaid debt, as a share of it; where whole accounts are absorbed, the discount at which collateral is credited."
            ),
            Key(
                "bonus_rule",
                "fixed, {health_proportional: percentage}, {soft: map}, {incentive_factor: map} or {takeover: percentage}",
                default: "fixed",
                "Whether that is fixed, grows as health falls up to a maximum, the same with a fee on what is repaid, follows from the collateral's weight, or is so much of the way from the protocol's price to the one that the maintenance weights stand for."
            ),
            Key(
                "seizure", "value, amount or ratio", rule: "value",
                "How what is seized follows from what is repaid, and is rounded: the repaid value with the bonus, the equivalent amount with the bonus (Aave), or the amount times the ratio of prices and bonus (Compound); only with a fixed bonus."
            ),
            Key(
                "insurance_share", "percentage", default: "0%",
                "The insurance fund's share of that bonus."),
            Key(
                "seized_share", "percentage", rule: "0%",
                "The insurance fund's share of all that is seized; only with `seizure: ratio`."),
            Key("taker", "pool or liquidator", default: "pool", "Who takes over the position."),
            Key("caller", "anyone or venue", default: "anyone", "Who may run a step."),
            Key(
                "priority", "number or risk", rule: "number",
                "In which order the venue's own engine takes the accounts that are due: by number, or the riskiest first, by net collateral over maintenance margin; only with `caller: venue`."
            ),
            Key(
                "fee", "percentage", rule: "0%",
                "What the account pays the venue on what is closed at the mark, beside the penalty and of what it still has: the taker fee of a liquidation order."
            ),
            Key(
                "once_per_block", "true or false", default: "false",
                "Whether an account is liquidated at most once a block."),
            Key(
                "block_limits", "map or none", default: "none",
                "What all steps of an account may take in one block, each market at most once."),
            Key(
                "book", "map", rule: "none",
                "How positions are liquidated against the order book, in markets without a pool: an order, and what becomes of the rest."
            ),
            Key(
                "refuse_worsening", "true or false", rule: "false",
                "Whether a seizure is refused that would leave more debt for each unit of collateral than before."
            ),
            Key(
                "course", "map or none", rule: "none",
                "What becomes of a liquidation that has begun; without it every step stands for itself."
            ),
        ])

    static let blockLimitsSection = Section(
        path: "protocol.liquidation.block_limits",
        sentence: "What the liquidations of one account may take in one block.",
        keys: [
            Key("notional", "money", required: true, "The value that may be closed."),
            Key(
                "insurance_loss", "money", required: true,
                "What the insurance fund may pay at once."
            ),
        ])

    static let bookSection = Section(
        path: "protocol.liquidation.book",
        sentence:
            "A liquidation order against the book: at any price where the closing price is the mark, else down to the bankruptcy or the fillable price. The account's own orders are cancelled first. What the fills bring beyond the bankruptcy price is the insurance fund's, all of it or up to the fillable price's fee.",
        keys: [
            Key(
                "rest", "taken_over or stays", default: "taken_over",
                "What becomes of what no order takes: taken over at once as without a book, or left to the account until the next step; then, where not even a part was filled and the account is worth less than nothing, others give up for it."
            ),
            Key(
                "fill_or_kill", "true or false", default: "false",
                "Whether an order that cannot be filled whole is not filled at all."),
        ])

    static let fillableSection = Section(
        path: "protocol.liquidation.closing_price.fillable",
        sentence:
            "A price between the protocol's and beyond bankruptcy, the further the less equity there is.",
        keys: [
            Key(
                "adjustment", "multiple", default: "1",
                "How fast the distance grows as equity falls below the requirement."),
            Key(
                "spread", "multiple", required: true,
                "The largest distance, as a multiple of the position's maintenance margin."),
            Key(
                "maximum_fee", "percentage", required: true,
                "The most that goes to the insurance fund where the price is better than bankruptcy."
            ),
        ])

    static let incentiveSection = Section(
        path: "protocol.liquidation.bonus_rule.incentive_factor",
        sentence: "A factor of min(maximum, 1 / (1 − cursor · (1 − weight))) on what is repaid.",
        keys: [
            Key("cursor", "number", required: true, "How fast it grows as the weight falls."),
            Key("maximum", "multiple", required: true, "The largest factor."),
        ])

    static let softSection = Section(
        path: "protocol.liquidation.bonus_rule.soft",
        sentence: "A discount of `fee` at a health of one, and as much more as health is less.",
        keys: [
            Key(
                "fee", "percentage", required: true,
                "What the liquidator pays beyond the repaid debt, to the insurance fund; the least discount."
            ),
            Key("maximum", "percentage", required: true, "The largest discount."),
            Key(
                "booster", "multiple", default: "1",
                "By what a liquidator's own liquidity multiplies the discount; the engine knows no such liquidity, so that it is one for all."
            ),
            Key("maximum_boost", "percentage", default: "0%", "The most that the booster adds."),
        ])

    /// A liquidation policy; keys that are missing have their defaults.
    func liquidation(_ tree: Tree, _ path: String) -> LiquidationPolicy {
        let fields = Fields(tree, path, Self.liquidationSection, self)
        let triggers: [(word: String, value: LiquidationPolicy.Trigger)] = [
            ("strict", .strict), ("inclusive", .inclusive),
            ("strict_with_requirement", .strictWithRequirement),
        ]
        let orders: [(word: String, value: LiquidationPolicy.Order)] = [
            ("most_unprofitable_first", .mostUnprofitableFirst), ("largest_first", .largestFirst),
            ("liquidators_choice", .liquidatorsChoice),
        ]
        let takers: [(word: String, value: LiquidationPolicy.Taker)] = [
            ("pool", .pool), ("liquidator", .liquidator),
        ]
        let callers: [(word: String, value: LiquidationPolicy.Caller)] = [
            ("anyone", .anyone), ("venue", .venue),
        ]
        var policy = LiquidationPolicy(
            trigger: fields.read("trigger", Kind.choice(triggers)),
            order: fields.read("order", Kind.choice(orders)), size: size(fields),
            penalty: fields.read("penalty", .share),
            liquidatorShare: fields.read("liquidator_share", .share),
            collateralBonus: fields.read("bonus", .share), bonusRule: bonusRule(fields),
            seizure: seizure(fields),
            collateralBonusInsuranceShare: fields.read("insurance_share", .share),
            taker: fields.read("taker", Kind.choice(takers)), closingPrice: closingPrice(fields),
            caller: fields.read("caller", Kind.choice(callers)),
            oncePerBlock: fields.read("once_per_block", .yesOrNo), blockLimits: blockLimits(fields),
            refusesToWorsen: fields.readIfPresent("refuse_worsening", .yesOrNo) ?? false,
            course: course(fields))
        policy.fee = fields.readIfPresent("fee", .share) ?? .zero
        let priorities: [(word: String, value: LiquidationPolicy.Priority)] = [
            ("number", .number), ("risk", .risk),
        ]
        policy.priority =
            fields.readIfPresent("priority", Kind.choice(priorities)) ?? .number
        if policy.caller != .venue {
            fields.refuse("priority", "has a meaning only with caller: venue")
        }
        let reductions: [(word: String, value: Bool)] = [("mark", true), ("closing_price", false)]
        if let atMark = fields.readIfPresent("reductions", Kind.choice(reductions)) {
            policy.reducesAtMark = atMark
            if policy.closingPrice != .bankruptcy {
                fields.refuse("reductions", "has a meaning only with closing_price: bankruptcy")
            }
        }
        if let tree = fields.value("book"), tree.scalar != "none" {
            let own = Fields(tree, fields.path("book"), Self.bookSection, self)
            let rests: [(word: String, value: BookLiquidation.Rest)] = [
                ("taken_over", .takenOver), ("stays", .stays),
            ]
            policy.book = BookLiquidation(
                rest: own.read("rest", Kind.choice(rests)),
                fillsWhole: own.read("fill_or_kill", .yesOrNo))
        }
        return policy
    }

    private func blockLimits(_ fields: Fields) -> LiquidationBlockLimits? {
        guard let tree = fields.value("block_limits"), tree.scalar != "none" else { return nil }
        let own = Fields(tree, fields.path("block_limits"), Self.blockLimitsSection, self)
        return LiquidationBlockLimits(
            notional: own.read("notional", .positive),
            insuranceLoss: own.read("insurance_loss", .positive))
    }

    /// Which keys belong to which form of size.
    static let sizeForms: [(form: String, keys: [String])] = [
        ("close_factor", ["full_below", "dust"]),
        ("debt_share", ["full_below", "dust", "leftover"]),
        ("target_health", ["target_of", "target_buffer"]), ("portion", ["minimum"]),
        ("first_share", ["above", "window"]), ("bracket_steps", ["full_below_first"]),
        ("shortage", []), ("zero_health", []), ("credit_account", []), ("whole", []),
    ]

    private func size(_ fields: Fields) -> LiquidationPolicy.Size {
        let written = Self.sizeForms.map(\.form).filter { fields.has($0) }
        if written.count > 1 {
            problem(
                fields.tree.position,
                "\(fields.path): expected at most one of close_factor, target_health and whole, found "
                    + written.joined(separator: " and "))
        }
        let form = written.first ?? "close_factor"
        let own = Self.sizeForms.first { $0.form == form }?.keys ?? []
        var refused: [String] = []
        for (_, keys) in Self.sizeForms {
            for key in keys where !own.contains(key) && !refused.contains(key) {
                refused.append(key)
                let forms = Self.sizeForms.filter { $0.keys.contains(key) }.map(\.form)
                fields.refuse(
                    key, "has a meaning only with \(forms.joined(separator: " and "))")
            }
        }
        switch form {
        case "debt_share":
            return .debtShare(
                fields.read("debt_share", .positiveShare),
                fullBelow: fields.read("full_below", .share),
                smallBelow: fields.read("dust", .notNegative),
                leftover: fields.read("leftover", .notNegative))
        case "target_health":
            return .targetHealth(
                fields.read(
                    "target_health",
                    .multiple.limited("1 to 10") { $0 >= .one && $0 <= Ratio(whole: 10) }),
                of: fields.read(
                    "target_of",
                    Kind.choice([("maintenance", MarginKind.maintenance), ("initial", .initial)])),
                buffer: fields.read("target_buffer", .share))
        case "portion":
            return .portion(
                fields.read("portion", .positiveShare),
                minimum: fields.read("minimum", .notNegative))
        case "first_share":
            return .firstShare(
                fields.read("first_share", .positiveShare),
                above: fields.read("above", .notNegative),
                window: fields.read("window", .duration))
        case "bracket_steps":
            return .bracketSteps(
                fields.read("bracket_steps", .count(1...64)),
                fullBelowFirst: fields.read("full_below_first", .yesOrNo))
        case "shortage":
            guard let tree = fields.value("shortage") else { return .shortage(ShortageTerms()) }
            return .shortage(shortage(tree, fields.path("shortage")))
        case "zero_health":
            return .zeroHealth(platformFee: fields.read("zero_health", .share))
        case "credit_account":
            return .creditAccount(fee: fields.read("credit_account", .share))
        case "whole":
            return fields.read(
                "whole",
                Kind.choice([
                    ("position", LiquidationPolicy.Size.wholePosition), ("account", .wholeAccount),
                    ("absorb", .absorb), ("flag", .flag),
                ]))
        default:
            return .closeFactor(
                fields.read("close_factor", .positiveShare),
                fullBelow: fields.read("full_below", .share),
                dust: fields.read("dust", .notNegative))
        }
    }

    private func closingPrice(_ fields: Fields) -> LiquidationPolicy.ClosingPrice {
        guard let tree = fields.value("closing_price") else { return .mark }
        let path = fields.path("closing_price")
        if let share = single(tree, "takeover") {
            return .takeover(scalar(share, .share, path + ".takeover") ?? .zero)
        }
        guard let inner = single(tree, "fillable") else {
            return scalar(
                tree,
                Kind.choice([
                    ("mark", LiquidationPolicy.ClosingPrice.mark), ("bankruptcy", .bankruptcy),
                    ("pool", .pool),
                ]), path) ?? .mark
        }
        let own = Fields(inner, path + ".fillable", Self.fillableSection, self)
        return .fillable(
            adjustment: own.read("adjustment", .multiple.limited("1 or more") { $0 >= .one }),
            spread: own.read("spread", .multiple.limited("more than 0") { $0 > .zero }),
            maximumFee: own.read("maximum_fee", .positiveShare))
    }

    private func seizure(_ fields: Fields) -> LiquidationPolicy.Seizure {
        let words: [(word: String, value: LiquidationPolicy.Seizure)] = [
            ("value", .value), ("amount", .amount), ("ratio", .ratio(fundShare: .zero)),
        ]
        let rule = fields.readIfPresent("seizure", Kind.choice(words)) ?? .value
        guard case .ratio = rule else {
            fields.refuse("seized_share", "has a meaning only with seizure: ratio")
            return rule
        }
        return .ratio(fundShare: fields.readIfPresent("seized_share", .share) ?? .zero)
    }

    private func bonusRule(_ fields: Fields) -> LiquidationPolicy.BonusRule {
        guard let tree = fields.value("bonus_rule") else { return .fixed }
        let path = fields.path("bonus_rule")
        if let maximum = single(tree, "health_proportional") {
            let kind = Kind<Ratio>.ratio.limited("0% to less than 100%") {
                $0 >= .zero && $0 < .one
            }
            return .healthProportional(
                maximum: scalar(maximum, kind, path + ".health_proportional") ?? .zero)
        }
        if let share = single(tree, "takeover") {
            return .takeover(scalar(share, .share, path + ".takeover") ?? .zero)
        }
        if let inner = single(tree, "soft") {
            let own = Fields(inner, path + ".soft", Self.softSection, self)
            return .soft(
                SoftLiquidationTerms(
                    fee: own.read("fee", .share),
                    maximum: own.read(
                        "maximum",
                        .ratio.limited("0% to less than 100%") { $0 >= .zero && $0 < .one }),
                    booster: own.read(
                        "booster",
                        .multiple.limited("1 to 10") { $0 >= .one && $0 <= Ratio(whole: 10) }),
                    maximumBoost: own.read("maximum_boost", .share)))
        }
        if let inner = single(tree, "incentive_factor") {
            let own = Fields(inner, path + ".incentive_factor", Self.incentiveSection, self)
            return .incentiveFactor(
                cursor: own.read(
                    "cursor",
                    .ratio.limited("0% to less than 100%") { $0 >= .zero && $0 < .one }),
                maximum: own.read(
                    "maximum", .multiple.limited("1 to 2") { $0 >= .one && $0 <= Ratio(whole: 2) }))
        }
        return scalar(tree, Kind.choice([("fixed", LiquidationPolicy.BonusRule.fixed)]), path)
            ?? .fixed
    }

    /// What stands under the only key of a map, if that is its name.
    private func single(_ tree: Tree, _ name: String) -> Tree? {
        guard let entries = tree.entries, entries.count == 1, entries[0].key == name else {
            return nil
        }
        return entries[0].value
    }
}
