import Agents
import ExactMath

/// The means of liquidators that are maps of their own.
extension ScenarioDecoder {
    static let workOutSection = Section(
        path: "agents.liquidators.GROUP.unwind",
        sentence: "Selling slowly: exactly one of the keys.",
        keys: [
            Key(
                "work_out", "percentage", rule: "none",
                "The share of its stock that is sold in each block."),
            Key("work", "{slices, every}", rule: "none", "Sells in equal slices."),
            Key(
                "hedge", "{slices, every}", rule: "none",
                "The same, and short as much on the first market of that price until it is sold; half of the capital is margin for it."
            ),
        ])

    static let slicesSection = Section(
        path: "agents.liquidators.GROUP.unwind.work", sentence: "Equal slices; `hedge` likewise.",
        keys: [
            Key("slices", "whole number", default: "10", "Into how many."),
            Key("every", "blocks", default: "1 block", "From one slice to the next."),
        ])

    static let financingSection = Section(
        path: "agents.liquidators.GROUP.financing",
        sentence: "Money that is not its own: exactly one of the keys.",
        keys: [
            Key(
                "credit", "{line, rate}", rule: "none",
                "A lender's, beyond its own, for debts in the settlement asset."),
            Key(
                "flash", "{fee, depth}", rule: "none",
                "A loan within the transaction: what is seized is sold outside in it, and all is undone where that does not repay the loan."
            ),
        ])

    static let creditSection = Section(
        path: "agents.liquidators.GROUP.financing.credit", sentence: "A credit line.",
        keys: [
            Key("line", "money", required: true, "The most it may owe."),
            Key(
                "rate", "percentage/year", default: "10%/year",
                "Simple interest on what is drawn, by the millisecond."),
        ])

    static let flashSection = Section(
        path: "agents.liquidators.GROUP.financing.flash", sentence: "Flash loans.",
        keys: [
            Key(
                "fee", "percentage", default: "0.05%",
                "Of the amount lent; Aave v3's premium: aave-dao/aave-v3-origin, configuration of Ethereum."
            ),
            Key("depth", "money", default: "$100M", "The largest loan the lender makes."),
        ])

    static let sizingSection = Section(
        path: "agents.liquidators.GROUP.sizing", sentence: "Taking less than is allowed.",
        keys: [
            Key("partial", "percentage", required: true, "The share of what is allowed.")
        ])

    static let failuresSection = Section(
        path: "agents.liquidators.GROUP.failures", sentence: "What goes wrong with its machines.",
        keys: [
            Key(
                "mtbf", "duration", default: "0s",
                "Mean time from a recovery to the next crash, exponential; 0s is never."),
            Key("mttr", "duration", default: "10m", "Mean length of a crash, exponential."),
            Key(
                "stuck_nonce", "percentage", default: "0%",
                "The chance that a transaction goes out at half the base fee, with all later ones waiting behind its nonce."
            ),
            Key(
                "wrong_gas", "percentage", default: "0%",
                "The chance that a transaction's gas limit is too low, so that the mempool refuses it."
            ),
        ])

    static let escalatingSection = Section(
        path: "FEE.escalating", sentence: "A bid that grows while it waits.",
        keys: [
            Key(
                "start", "multiple", default: "1x", "The first bid over the price that last got in."
            ),
            Key("factor", "multiple", default: "1.25x", "What each raise multiplies it by."),
            Key("every", "blocks", default: "1 block", "From one raise to the next."),
            Key("cap", "gas price", required: true, "No bid is higher."),
        ])

    static let learningSection = Section(
        path: "FEE.learning", sentence: "A share of the profit that is learned.",
        keys: [
            Key(
                "shares", "list of percentages", rule: "10%, 30%, 50%, 70% and 90%",
                "What it chooses among."),
            Key(
                "explore", "percentage", default: "10%",
                "How often it tries one at random in place of the best so far."),
        ])

    // MARK: Decoding

    func slowly(_ tree: Tree, _ fields: Fields) -> LiquidatorGroup.Inventory {
        let own = Fields(tree, fields.path("unwind"), Self.workOutSection, self)
        guard let key = only(tree, own) else { return .sellAtOnce }
        if key == "work_out" { return .workOut(own.read("work_out", .positiveShare)) }
        guard let inner = own.value(key) else { return .sellAtOnce }
        let map = Fields(inner, own.path(key), Self.slicesSection, self)
        let slices = map.read("slices", .count(1...10_000))
        let every = map.read("every", .blocks(1...1_000_000))
        return key == "hedge"
            ? .hedge(slices: slices, every: every) : .work(slices: slices, every: every)
    }

    func timing(_ fields: Fields) -> LiquidatorGroup.Timing {
        fields.readIfPresent(
            "timing",
            Kind.choice([
                ("polling", LiquidatorGroup.Timing.polling), ("mempool", .mempool),
            ])) ?? .polling
    }

    func financing(_ fields: Fields) -> LiquidatorGroup.Financing {
        guard let tree = fields.value("financing") else { return .own }
        guard tree.entries != nil else {
            return fields.read(
                "financing", Kind.choice([("own", LiquidatorGroup.Financing.own)]))
        }
        let own = Fields(tree, fields.path("financing"), Self.financingSection, self)
        guard let key = only(tree, own), let inner = own.value(key) else { return .own }
        if key == "credit" {
            let map = Fields(inner, own.path(key), Self.creditSection, self)
            return .credit(
                line: map.read("line", .positive),
                yearlyRate: map.read(
                    "rate", .yearly.limited("0% to 1000%") { $0 >= .zero && $0 <= Ratio(whole: 10) }
                ))
        }
        let map = Fields(inner, own.path(key), Self.flashSection, self)
        return .flash(fee: map.read("fee", .share), depth: map.read("depth", .positive))
    }

    func sizing(_ fields: Fields) -> LiquidatorGroup.Sizing {
        guard let tree = fields.value("sizing") else { return .full }
        guard tree.entries != nil else {
            return fields.read(
                "sizing",
                Kind.choice([("full", LiquidatorGroup.Sizing.full), ("two_step", .twoStep)]))
        }
        let own = Fields(tree, fields.path("sizing"), Self.sizingSection, self)
        return .partial(own.read("partial", .positiveShare))
    }

    func failures(_ fields: Fields) -> LiquidatorGroup.Failures? {
        guard let tree = fields.value("failures") else { return nil }
        let own = Fields(tree, fields.path("failures"), Self.failuresSection, self)
        return LiquidatorGroup.Failures(
            meanUptime: own.read("mtbf", .duration), meanRepair: own.read("mttr", .duration),
            stuckNonce: own.read("stuck_nonce", .share), wrongGas: own.read("wrong_gas", .share))
    }

    func escalating(_ fields: Fields) -> FeePolicy {
        guard let tree = fields.value("escalating") else { return .fixed(1) }
        let own = Fields(tree, fields.path("escalating"), Self.escalatingSection, self)
        return .escalating(
            EscalatingFee(
                start: own.read("start", Self.feeMultiple),
                factor: own.read(
                    "factor",
                    .multiple.limited("1.1 to 100") {
                        $0 >= Ratio(percent: 110) && $0 <= Ratio(whole: 100)
                    }), every: own.read("every", .blocks(1...1_000_000)),
                cap: own.read("cap", .gasPrice)))
    }

    func learning(_ fields: Fields) -> FeePolicy {
        guard let tree = fields.value("learning") else { return .fixed(1) }
        let own = Fields(tree, fields.path("learning"), Self.learningSection, self)
        var shares = [10, 30, 50, 70, 90].map { Ratio(percent: $0) }
        if own.has("shares"), let written = own.value("shares") {
            let path = own.path("shares")
            shares = list(written).compactMap { scalar($0, .positiveShare, nil) }
            setting(path, YAMLWriter.flow(written))
            if shares.isEmpty { own.problem("shares", "expected at least one percentage") }
            if shares.count > 100 { own.problem("shares", "expected at most 100 percentages") }
        }
        return .learning(
            LearningFee(shares: shares, exploration: own.read("explore", .share)))
    }

    /// The one key of a map that may have but one; nil with a problem.
    func only(_ tree: Tree, _ fields: Fields) -> String? {
        guard let entries = tree.entries else { return nil }
        guard entries.count == 1, let key = entries.first?.key, fields.section[key] != nil else {
            problem(
                tree.position,
                "\(fields.path): expected exactly one of \(fields.section.names.joined(separator: ", "))"
            )
            return nil
        }
        return key
    }
}
