import Agents
import ExactMath
import MarginProtocol
import MarginRules

/// Trades in two steps, and those who carry them out.
extension ScenarioDecoder {
    static let executionSection = Section(
        path: "protocol.execution",
        sentence:
            "How trades against the pool are executed. In two steps whoever trades asks first, and a keeper executes that at a price which did not exist when it was asked for; agents' trades are then requests.",
        keys: [
            Key(
                "mode", "immediate, two_step or window", default: "immediate",
                "At once; at prices no older than the request; or in a window, at the price of a moment after the request."
            ),
            Key(
                "fee", "money", rule: "$0",
                "What a request sets aside for whoever executes it."),
            Key(
                "expiration", "duration", rule: "5m",
                "How long after a request its prices may be; then it may be taken back. Only with two_step."
            ),
            Key(
                "max_price_age", "duration", rule: "5m",
                "How old a price may be at execution; only with two_step."),
            Key(
                "price_spread", "duration", rule: "1m",
                "The prices of one execution are no further apart in time; only with two_step."),
            Key(
                "delay", "duration", rule: "5s",
                "How long after the request its window opens; only with window."),
            Key(
                "duration", "duration", rule: "2m",
                "How long it stays open; only with window."),
            Key(
                "price_delay", "duration", rule: "2s",
                "How long after the request the moment is whose price counts; only with window."),
            Key(
                "price_tolerance", "duration", rule: "30s",
                "How much later than that moment the price may have been observed; only with window."
            ),
        ])

    static let orderKeeperSection = Section(
        path: "agents.order_keepers.GROUP",
        sentence:
            "Order keepers with the same means: they execute requests for trades, and bring the prices along.",
        keys: [
            Key(
                "name", "name", rule: "the map's key, or order_keepers-1, …",
                "What the group is called."),
            Key("count", "whole number", required: true, "How many there are."),
            Key(
                "reaction", "duration", default: "0s",
                "How long after a request may be executed each of them sends."),
            Key(
                "lag", "blocks", default: "0 blocks",
                "How many blocks after what it saw its transaction arrives."),
            Key("poll_every", "blocks", default: "1 block", "It looks only every so many blocks."),
            Key("fee", "fee", default: "1.25x", "What it bids."),
            Key(
                "minimum_profit", "money", rule: "any loss is borne",
                "It acts only where the execution fee, less gas, is at least this."),
            Key(
                "deleverages", "profit, profit_over_equity or nobody", rule: "profit",
                "Whom they close first where a pool closes its winners."),
            Key("failures", "map", rule: "nothing fails", "What goes wrong with its machines."),
        ])

    private enum Mode: Sendable { case immediate, twoStep, window }

    func execution(_ fields: Fields) -> TwoStepPolicy? {
        guard let tree = fields.value("execution"), tree.scalar != "immediate" else { return nil }
        let own = Fields(tree, "protocol.execution", Self.executionSection, self)
        let mode = own.read(
            "mode",
            Kind.choice([
                ("immediate", Mode.immediate), ("two_step", .twoStep), ("window", .window),
            ]))
        let after = ["expiration", "max_price_age", "price_spread"]
        let within = ["delay", "duration", "price_delay", "price_tolerance"]
        if mode != .twoStep {
            for key in after { own.refuse(key, "has a meaning only with mode: two_step") }
        }
        if mode != .window {
            for key in within { own.refuse(key, "has a meaning only with mode: window") }
        }
        guard mode != .immediate else {
            own.refuse("fee", "trades that are executed at once have none")
            return nil
        }
        func span(_ key: String, _ seconds: Int64) -> TimeSpan {
            own.readIfPresent(key, .duration) ?? TimeSpan(seconds: seconds)
        }
        let timing: TwoStepPolicy.Timing =
            mode == .twoStep
            ? .afterRequest(
                TwoStepExecution(
                    requestExpiration: span("expiration", 300),
                    maximumPriceAge: span("max_price_age", 300),
                    maximumTimestampRange: span("price_spread", 60),
                    maximumReferenceDeviation: .one))
            : .window(
                SettlementWindow(
                    delay: span("delay", 5), duration: span("duration", 120),
                    priceDelay: span("price_delay", 2),
                    priceTolerance: span("price_tolerance", 30)))
        let fee = own.readIfPresent("fee", .notNegative) ?? Money.zero
        // One unit of the settlement asset is what prices count.
        return TwoStepPolicy(timing: timing, fee: Quantity(raw: fee.raw))
    }

    /// nil where nothing is said: then the venue has one of its own.
    func orderKeepers(_ fields: Fields, _ law: DecodedLaw) -> [OrderKeeperGroup]? {
        guard let tree = fields.value("order_keepers") else { return nil }
        let closes = markets.contains { $0.pool?.terms?.deleveraging != nil }
        if law.twoStep == nil, !closes, tree.scalar != "none" {
            fields.problem(
                "order_keepers",
                "trades are executed at once: 'protocol.execution' says how they go in two steps")
        }
        return groups(fields, "order_keepers", Self.orderKeeperSection).map { group in
            let own = group.fields
            var keepers = OrderKeeperGroup(
                name: group.name, count: own.read("count", .count(1...10_000)),
                reaction: own.read("reaction", .duration),
                lag: own.read("lag", .blocks(0...100_000)),
                pollEvery: own.read("poll_every", .blocks(1...1_000_000)), fee: fee(own),
                failures: failures(own))
            let rankings: [(word: String, value: OrderKeeperGroup.Ranking?)] = [
                ("profit", .profit), ("profit_over_equity", .profitOverEquity), ("nobody", nil),
            ]
            keepers.deleverages =
                own.readIfPresent("deleverages", Kind.choice(rankings)) ?? .profit
            if let profit = own.readIfPresent("minimum_profit", .money) {
                keepers.minimumProfit = profit
            }
            return keepers
        }
    }
}
