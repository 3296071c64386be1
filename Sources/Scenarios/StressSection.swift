import ExactMath
import MarginProtocol

extension ScenarioDecoder {
    static let stressSection = Section(
        path: "protocol.stress",
        sentence:
            "Portfolio margin: the worst loss of everything that follows one price, added up over prices.",
        keys: [
            Key(
                "groups", "map", required: true,
                "How far which prices are moved, by name; one group names no assets and is for all others."
            ),
            Key(
                "initial_multiple", "multiple", default: "1",
                "The initial margin as a multiple of the maintenance margin."),
            Key(
                "spot_offset", "true or false", default: "false",
                "Whether a balance of the underlying offsets short positions in it."),
        ])

    static let stressGroupSection = Section(
        path: "protocol.stress.groups.NAME",
        sentence: "The moves of some prices.",
        keys: [
            Key("assets", "list of assets", rule: "all that no other group names", "Whose prices."),
            Key("moves", "list of percentages", required: true, "Each up and down."),
            Key("extreme", "percentage", default: "0%", "A further move, up and down."),
            Key(
                "extreme_share", "percentage", default: "100%",
                "How much of the loss in it counts."),
            Key(
                "minimum_charge", "percentage", default: "0%",
                "The least margin, of the sum of the positions' values."),
            Key(
                "charge_scaling", "rows [from, factor]", rule: "not scaled",
                "The part of that charge above each floor counts so many times; the first floor is $0."
            ),
        ])

    func stress(_ root: Fields) -> StressSchedule? {
        guard let tree = root.value("stress"), tree.scalar != "none" else { return nil }
        let fields = Fields(tree, "protocol.stress", Self.stressSection, self)
        let groups = fields.value("groups").map {
            named($0, "protocol.stress.groups", of: "groups")
        }
        return StressSchedule(
            groups: (groups ?? []).map(stressGroup),
            initialMultiple: fields.read(
                "initial_multiple",
                .multiple.limited("1 to 10") { $0 >= .one && $0 <= Ratio(whole: 10) }),
            offsetsSpot: fields.read("spot_offset", .yesOrNo))
    }

    private func stressGroup(_ entry: Tree.Entry) -> StressSchedule.Group {
        let path = "protocol.stress.groups.\(entry.key)"
        let fields = Fields(entry.value, path, Self.stressGroupSection, self)
        // An asset's price is the feed of the same number.
        let feeds = (fields.value("assets").map(list) ?? []).compactMap {
            index(of: $0, among: assetNames, path + ".assets", a: "an asset")
                .map(FeedID.init(index:))
        }
        let moves = (fields.value("moves").map(list) ?? []).compactMap {
            scalar($0, Self.stressMove, nil)
        }
        if let tree = fields.tree["moves"] { setting(path + ".moves", YAMLWriter.flow(tree)) }
        return StressSchedule.Group(
            name: entry.key, feeds: feeds, moves: moves,
            extremeMove: fields.read("extreme", Self.stressMove),
            extremeShare: fields.read("extreme_share", .share),
            minimumCharge: fields.read("minimum_charge", .share),
            scaling: chargeScaling(fields, path))
    }

    private static let stressMove = Kind<Ratio>.ratio.limited("0% to less than 100%") {
        $0 >= .zero && $0 < .one
    }

    private func chargeScaling(_ fields: Fields, _ path: String) -> [StressSchedule.ScalingTier] {
        guard let list = fields.value("charge_scaling") else {
            return [StressSchedule.ScalingTier(floor: .zero, factor: .one)]
        }
        var tiers: [StressSchedule.ScalingTier] = []
        for row in rows(list, path + ".charge_scaling", columns: "from, factor", count: 2...2) {
            guard let floor = scalar(row.cells[0], Self.floor, nil),
                let factor = scalar(
                    row.cells[1],
                    .multiple.limited("1 to 100") { $0 >= .one && $0 <= Ratio(whole: 100) }, nil)
            else { continue }
            checkFloor(floor.raw, after: tiers.last?.floor.raw, row.position, path)
            tiers.append(.init(floor: floor, factor: factor))
        }
        setting(path + ".charge_scaling", YAMLWriter.flow(list))
        return tiers
    }
}
