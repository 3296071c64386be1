import ExactMath
import MarginProtocol
import MarginRules

extension ScenarioDecoder {
    static let courseSection = Section(
        path: "protocol.liquidation.course",
        sentence:
            "A liquidation that has begun goes on until its own end; meanwhile the account may neither open nor withdraw.",
        keys: [
            Key(
                "ends", "buffered, initial_health or nothing_left", required: true,
                "Once equity covers the requirement and a buffer, once health under the initial weights is not negative, or only when nothing is left."
            ),
            Key(
                "buffer", "percentage", rule: "required with `ends: buffered`",
                "The share of positions' value, of debts and of losses that equity covers beyond the requirement."
            ),
            Key(
                "dust", "money", rule: "$0",
                "How far below zero health may stay; only with `ends: initial_health`."),
            Key(
                "initial_share", "percentage", rule: "all at once",
                "How much of what is missing may be taken at the beginning."),
            Key(
                "over", "duration", rule: "required with initial_share",
                "The time in which a hundred per cent are added to that."),
            Key(
                "small", "money", rule: "$0",
                "What is missing may be taken at once where it is less; only with initial_share."),
        ])

    static let shortageSection = Section(
        path: "protocol.liquidation.shortage",
        sentence:
            "As much as makes good what is missing until the liquidation ends; the liquidator has the `penalty` of a position, and an asset's `liquidation_bonus` of an exchange.",
        keys: [
            Key(
                "insurance_fee", "percentage", default: "0%",
                "The most that the insurance fund takes of a closed position's value."),
            Key(
                "insurance_kept", "percentage", default: "100%",
                "How much of what a closing leaves of the freed margin it may take."),
            Key(
                "debt_insurance_fee", "percentage", default: "0%",
                "The most that it takes of a repaid debt."),
            Key("step", "amount", default: "0.00000001", "The smallest size that is closed."),
            Key(
                "small_position", "money", default: "$0",
                "A position worth no more may be taken whole."),
            Key("small_debt", "money", default: "$0", "The same of a debt."),
            Key(
                "dust", "money", default: "$0",
                "What would be left of an asset goes with it where it is worth less."),
            Key(
                "fee_grace", "duration", rule: "the fee does not grow",
                "How long after the beginning the liquidator's fee stays as it is."),
            Key(
                "fee_interval", "duration", rule: "required with fee_grace",
                "How often it grows after that."),
            Key(
                "fee_increase", "percentage", rule: "required with fee_grace",
                "What each interval since the beginning adds."),
            Key(
                "fee_maximum", "whole number", rule: "required with fee_grace",
                "The largest multiple of the fee, within the maintenance margin."),
        ])

    static let windowSection = Section(
        path: "markets.MARKET.liquidation_window",
        sentence:
            "At most (maker fee + taker fee) · scale · multiplier a second may be liquidated, all accounts together; only with `whole: flag`.",
        keys: [
            Key("maker_fee", "percentage", required: true, "The market's, as the limit counts it."),
            Key("taker_fee", "percentage", required: true, "The same."),
            Key("skew_scale", "amount", required: true, "The size of the market."),
            Key("multiplier", "multiple", required: true, "Of what arbitrage is taken to absorb."),
            Key("length", "duration", required: true, "Of the window, in whole seconds."),
            Key(
                "maximum_premium", "percentage", default: "0%",
                "While the skew is less than this share of the scale, an exhausted window allows one more, once a block."
            ),
        ])

    static let keeperTermsSection = Section(
        path: "protocol.keeper",
        sentence:
            "What keepers are paid by the pool for flagging and liquidating, and what is held back for that as part of both margins.",
        keys: [
            Key("minimum_profit", "money", default: "$0", "The least beyond the cost."),
            Key(
                "minimum_profit_ratio", "percentage", default: "0%",
                "The same as a share of the cost."),
            Key("maximum", "money", required: true, "The most that is paid."),
            Key(
                "maximum_collateral_share", "percentage", default: "100%",
                "The same as a share of the account's collateral."),
            Key("flag_cost", "money", default: "$0", "What flagging an account costs."),
            Key("liquidation_cost", "money", default: "$0", "What each further step costs."),
            Key(
                "collateral_share", "percentage", default: "0%",
                "The reward for seized collateral, where that is more than the markets' `flag_reward`."
            ),
        ])

    static let slowPriceSection = Section(
        path: "protocol.slow_price",
        sentence:
            "A slower price beside each feed's: against the initial requirement what is owned counts at the lower of the two, what is owed at the higher. Either `average` or the other two.",
        keys: [
            Key("average", "duration", rule: "none", "An average of so long a time."),
            Key(
                "per_second", "percentage", rule: "required without average",
                "A price that follows by at most this share in a second, less the further it is from that of a day ago."
            ),
            Key(
                "per_hour", "percentage", rule: "required without average",
                "How far that of a day ago may differ from one hour to the next."),
        ])

    func course(_ fields: Fields) -> LiquidationCourse? {
        guard let tree = fields.value("course"), tree.scalar != "none" else { return nil }
        let own = Fields(tree, fields.path("course"), Self.courseSection, self)
        guard tree.entries != nil else { return nil }
        let words: [(word: String, value: Int)] = [
            ("buffered", 0), ("initial_health", 1), ("nothing_left", 2),
        ]
        var end = LiquidationCourse.End.nothingLeft
        let choice = own.read("ends", Kind.choice(words))
        if choice == 0 {
            guard own.has("buffer") else {
                problem(tree.position, "missing key 'buffer' in \(own.path): percentage")
                return nil
            }
            end = .buffered(own.read("buffer", .share))
        } else {
            own.refuse("buffer", "has a meaning only with ends: buffered")
        }
        if choice == 1 {
            end = .initialHealth(dust: own.readIfPresent("dust", .notNegative) ?? .zero)
        } else {
            own.refuse("dust", "has a meaning only with ends: initial_health")
        }
        var ramp: LiquidationRamp?
        if own.has("initial_share"), own.has("over") {
            ramp = LiquidationRamp(
                initialShare: own.read("initial_share", .share),
                duration: own.read("over", .duration),
                smallShortage: own.readIfPresent("small", .notNegative) ?? .zero)
        } else if own.has("initial_share") {
            problem(tree.position, "missing key 'over' in \(own.path): duration")
        } else {
            for key in ["over", "small"] {
                own.refuse(key, "has a meaning only with initial_share")
            }
        }
        if ramp != nil, choice != 0 {
            own.problem(
                "initial_share", "expected a course that is buffered: nothing else is missing")
        }
        return LiquidationCourse(end: end, ramp: ramp)
    }

    func shortage(_ tree: Tree, _ path: String) -> ShortageTerms {
        let own = Fields(tree, path, Self.shortageSection, self)
        var ramp: InactivityFeeRamp?
        let rest = ["fee_interval", "fee_increase", "fee_maximum"]
        if own.has("fee_grace") {
            for key in rest where !own.has(key) {
                problem(tree.position, "missing key '\(key)' in \(path)")
                return ShortageTerms()
            }
            ramp = InactivityFeeRamp(
                grace: own.read("fee_grace", .duration),
                interval: own.read("fee_interval", .positiveDuration),
                increase: own.read("fee_increase", .share),
                maximumMultiple: Int64(own.read("fee_maximum", .count(1...1000))))
        } else {
            for key in rest { own.refuse(key, "has a meaning only with fee_grace") }
        }
        return ShortageTerms(
            insuranceFee: own.read("insurance_fee", .share),
            insuranceKept: own.read("insurance_kept", .share),
            debtInsuranceFee: own.read("debt_insurance_fee", .share),
            step: own.read(
                "step",
                Kind<Quantity>.quantity(of: "units").limited("more than zero") { $0.isPositive }),
            smallPosition: own.read("small_position", .notNegative),
            smallDebt: own.read("small_debt", .notNegative), dust: own.read("dust", .notNegative),
            feeRamp: ramp)
    }

    func liquidationWindow(_ fields: Fields, _ asset: String) -> LiquidationWindow? {
        guard let tree = fields.value("liquidation_window"), tree.scalar != "none" else {
            return nil
        }
        let own = Fields(tree, fields.path("liquidation_window"), Self.windowSection, self)
        return LiquidationWindow(
            makerFee: own.read("maker_fee", .share), takerFee: own.read("taker_fee", .share),
            skewScale: own.read("skew_scale", .quantity(of: asset)),
            multiplier: own.read("multiplier", .multiple),
            length: own.read("length", .positiveDuration),
            maximumPremium: own.read("maximum_premium", .share))
    }

    func keeper(_ fields: Fields) -> KeeperTerms? {
        guard let tree = fields.value("keeper"), tree.scalar != "none" else { return nil }
        let own = Fields(tree, "protocol.keeper", Self.keeperTermsSection, self)
        return KeeperTerms(
            reward: CappedKeeperReward(
                minimumProfit: own.read("minimum_profit", .notNegative),
                minimumProfitRatio: own.read("minimum_profit_ratio", .share),
                maximum: own.read("maximum", .notNegative),
                maximumCollateralShare: own.read("maximum_collateral_share", .share)),
            flagCost: own.read("flag_cost", .notNegative),
            liquidationCost: own.read("liquidation_cost", .notNegative),
            collateralShare: own.read("collateral_share", .share))
    }

    func slowPrice(_ fields: Fields) -> SlowPricePolicy {
        guard let tree = fields.value("slow_price"), tree.scalar != "none" else { return .none }
        let own = Fields(tree, "protocol.slow_price", Self.slowPriceSection, self)
        guard tree.entries != nil else { return .none }
        if own.has("average") {
            for key in ["per_second", "per_hour"] { own.refuse(key, "cannot stand beside average") }
            return .average(own.read("average", .positiveDuration))
        }
        for key in ["per_second", "per_hour"] where !own.has(key) {
            problem(tree.position, "missing key '\(key)' in \(own.path): percentage")
            return .none
        }
        return .stable(
            StablePriceModel(
                delayGrowthLimit: Fixed18(own.read("per_hour", .share)),
                stableGrowthLimit: Fixed18(own.read("per_second", .share))))
    }
}
