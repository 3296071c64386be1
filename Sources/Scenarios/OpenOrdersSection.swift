import ExactMath
import MarginProtocol
import MarginRules

extension ScenarioDecoder {
    static let openOrdersSection = Section(
        path: "protocol.open_orders",
        sentence:
            "How orders that rest in the books of perpetual markets are part of margin; those that only reduce a position ask for none but `per_order`. A liquidation cancels an account's orders first, and ends there where no more is missing.",
        keys: [
            Key(
                "count", "worst_liability, worst_result, larger_side or net_bids", required: true,
                "What counts as the position: of all bids filled and all asks filled what is worth more at the protocol's price (`worst_liability`), or brings the worse result (`worst_result`, only with `position_results: in_balance`); or orders at their own prices, the larger side of them (`larger_side`), or the position, the asks that open and the bids beyond these (`net_bids`), where what they would lose against the mark is asked for too."
            ),
            Key(
                "per_order", "money", default: "$0",
                "What each order needs; only with `worst_liability`."),
            Key(
                "margin", "initial or both", default: "initial",
                "Whether orders at their own prices count against the initial requirement alone, or against the maintenance one too; the worst case counts against both."
            ),
            Key(
                "fee", "none or taker", default: "none",
                "Whether the taker's fee on orders at their own prices is set aside with their margin."
            ),
        ])

    func openOrders(_ fields: Fields) -> OpenOrderPolicy {
        guard let tree = fields.value("open_orders"), tree.scalar != "none" else { return .none }
        let own = Fields(tree, "protocol.open_orders", Self.openOrdersSection, self)
        guard tree.entries != nil else { return .none }
        let count = own.read(
            "count",
            Kind.choice([
                ("worst_liability", 0), ("worst_result", 1), ("larger_side", 2), ("net_bids", 3),
            ]))
        if count == 0 {
            for key in ["margin", "fee"] { own.refuse(key, "the worst case has neither") }
            return .worstLiability(perOrder: own.read("per_order", .notNegative))
        }
        own.refuse("per_order", "has a meaning only with count: worst_liability")
        if count == 1 {
            for key in ["margin", "fee"] { own.refuse(key, "the worst case has neither") }
            return .worstResult
        }
        return .atOrderPrices(
            OrderPriceTerms(
                netting: count == 2 ? .largerSide : .netBids,
                countsInMaintenance: own.read(
                    "margin", Kind.choice([("initial", false), ("both", true)])),
                reservesFee: own.read("fee", Kind.choice([("none", false), ("taker", true)]))))
    }
}
