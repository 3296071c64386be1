import ExactMath
import MarginProtocol
import MarginRules

extension ScenarioDecoder {
    static let poolInterestSection = Section(
        path: "markets.MARKET.interest",
        sentence:
            "What positions pay the pool a year of their value: `100 · low_gradient · utilization`, and from the breakpoint on the high gradient, where utilization is what the pool has set aside for all positions over what it holds (Synthetix).",
        keys: [
            Key(
                "low_gradient", "number", required: true, "For each hundredth below the breakpoint."
            ),
            Key(
                "breakpoint", "percentage", required: true,
                "The utilization from which the other counts."),
            Key(
                "high_gradient", "number", required: true,
                "For each hundredth above the breakpoint."),
            Key(
                "locked_share", "percentage", default: "100%",
                "How much of what positions are worth the pool sets aside."),
        ])

    func poolInterest(_ fields: Fields) -> PoolInterest? {
        guard let tree = fields.value("interest"), tree.scalar != "none" else { return nil }
        let own = Fields(tree, fields.path("interest"), Self.poolInterestSection, self)
        let gradient = Kind<Fixed18>.number.limited("0 to 1000") {
            $0 >= .zero && $0 <= Fixed18(whole: 1000)
        }
        let wide = Kind<Ratio>.ratio.limited("0% to 10000%") {
            $0 >= .zero && $0 <= Ratio(whole: 100)
        }
        return PoolInterest(
            gradients: UtilizationGradients(
                low: max(.zero, own.read("low_gradient", gradient)),
                breakpoint: Fixed18(max(.zero, own.read("breakpoint", wide))),
                high: max(.zero, own.read("high_gradient", gradient))),
            lockedShare: own.read("locked_share", wide))
    }
}
