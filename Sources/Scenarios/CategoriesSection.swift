import ExactMath
import MarginProtocol

extension ScenarioDecoder {
    static let categorySection = Section(
        path: "protocol.categories.NAME",
        sentence: "A group of correlated assets: an account that enters it borrows at its weights.",
        keys: [
            Key("assets", "list of assets", required: true, "Whose weights it replaces."),
            Key("initial", "percentage", required: true, "How much of a holding may be borrowed."),
            Key(
                "maintenance", "percentage", required: true,
                "How much of a holding counts against liquidation."),
            Key(
                "bonus", "percentage", required: true,
                "What is seized beyond the repaid debt, as a share of it."),
        ])

    func categories(_ root: Fields) -> [CollateralCategory] {
        guard let tree = root.value("categories"), tree.scalar != "none" else { return [] }
        return named(tree, "protocol.categories", of: "categories").map { entry in
            let path = "protocol.categories.\(entry.key)"
            let fields = Fields(entry.value, path, Self.categorySection, self)
            let members = fields.value("assets").map(list) ?? []
            let initial = fields.read("initial", .share)
            let maintenance = fields.read("maintenance", .positiveShare)
            if initial > maintenance {
                fields.problem("initial", "expected at most the maintenance weight")
            }
            return CollateralCategory(
                name: entry.key,
                assets: members.compactMap {
                    index(of: $0, among: assetNames, path + ".assets", a: "an asset")
                        .map(AssetID.init(index:))
                }, initialWeight: initial, maintenanceWeight: maintenance,
                liquidationBonus: fields.read("bonus", .share))
        }
    }
}
