import ExactMath
import MarginProtocol
import MarginRules

/// Weights that are reached little by little.
extension ScenarioDecoder {
    private static let steps = Kind<RateStep>.choice([
        ("exact", .exact), ("parts_per_million", .partPerMillion), ("basis_points", .basisPoint),
    ])

    private static let stepsKey = Key(
        "steps", "exact, parts_per_million or basis_points", rule: "exact",
        "On the way, weights of holdings are rounded down to these, those of debts up.")

    static let weightRampSection = Section(
        path: "assets.ASSET.weight_ramp",
        sentence:
            "Weights on their way to others, linearly from one moment to another; at least one of `collateral` and `liability_weight`.",
        keys: [
            Key("start", "time", required: true, "Until then the asset's own weights hold."),
            Key("end", "time", required: true, "From then on those written here do."),
            Key(
                "collateral", "as the asset's", rule: "as it is",
                "What a holding counts in the end; tiers keep their floors."),
            Key("liability_weight", "multiple", rule: "as it is", "What a debt counts in the end."),
            stepsKey,
        ])

    static let changedWeightsSection = Section(
        path: "faults.N.set.weights.ASSET",
        sentence:
            "An asset's maintenance weights, at once or little by little, so that the change liquidates nobody at once; at least one of `collateral` and `liability_weight`.",
        keys: [
            Key(
                "collateral", "as the asset's", rule: "as it is",
                "What a holding counts in the end; tiers keep their floors, unless at once."),
            Key("liability_weight", "multiple", rule: "as it is", "What a debt counts in the end."),
            Key(
                "notice", "duration", rule: "0s",
                "How long after the change takes effect the weights begin to move, at most 365d."),
            Key(
                "over", "duration", rule: "at once",
                "How long it takes from the weights in force to these, at most 365d."),
            stepsKey,
        ])

    private static let spans = Kind<TimeSpan>.duration("0s to 365d", .zero...(.year))

    /// What an asset's section says of where its weights are on their way to.
    func weightRamp(_ tree: Tree, _ path: String, from asset: AssetParameters) -> WeightRamp? {
        let fields = Fields(tree, path, Self.weightRampSection, self)
        guard tree.entries != nil else { return nil }
        // An account file has one moment only, so that all others stand in full.
        let times: Kind<Timestamp> = isWhole ? .moment(from: start) : .timestamp
        let (begin, end) = (fields.read("start", times), fields.read("end", times))
        let (collateral, liability) = weights(fields, asset.name)
        guard begin <= end else {
            fields.problem("end", "expected a time that is not before the start")
            return nil
        }
        let own = WeightRamp.Weights(
            collateral: asset.collateral, liability: asset.liabilityWeight)
        return WeightRamp(
            span: ParameterRamp(start: begin, end: end), from: own,
            to: WeightRamp.Weights(
                collateral: collateral ?? own.collateral, liability: liability ?? own.liability),
            step: fields.readIfPresent("steps", Self.steps) ?? .exact)
    }

    /// What governance says of an asset's weights.
    func weightChange(_ tree: Tree, _ path: String, _ asset: String) -> WeightChange {
        let fields = Fields(tree, path, Self.changedWeightsSection, self)
        guard tree.entries != nil else { return WeightChange() }
        let (collateral, liability) = weights(fields, asset)
        return WeightChange(
            collateral: collateral, liability: liability,
            notice: fields.readIfPresent("notice", Self.spans) ?? .zero,
            duration: fields.readIfPresent("over", Self.spans) ?? .zero,
            step: fields.readIfPresent("steps", Self.steps) ?? .exact)
    }

    private func weights(_ fields: Fields, _ asset: String) -> (CollateralSchedule?, Ratio?) {
        if !fields.has("collateral"), !fields.has("liability_weight") {
            problem(
                fields.tree.position,
                "\(fields.path): expected at least one of collateral and liability_weight")
        }
        return (
            fields.value("collateral").map {
                collateral($0, fields.path("collateral"), asset)
            },
            fields.readIfPresent("liability_weight", Self.liabilityWeight)
        )
    }
}
