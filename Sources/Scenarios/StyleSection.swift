import Agents
import ExactMath

/// Which way traders go.
extension ScenarioDecoder {
    static let styleSection = Section(
        path: "agents.traders.GROUP.style",
        sentence:
            "Which way they go when they trade, which is `trades_per_hour` often: exactly one of the keys.",
        keys: [
            Key(
                "momentum", "{window, threshold}", rule: "none",
                "With the outside price, where it has moved by more than the threshold."),
            Key("mean_reversion", "{window, threshold}", rule: "none", "Against it."),
            Key(
                "basis", "{window, enter, exit}", rule: "none",
                "Short, and long outside in their own books, while longs pay; they begin flat."),
            Key(
                "informed", "{edge}", rule: "none",
                "Long while the outside price is above the protocol's, short while it is below, else flat; they begin flat."
            ),
            Key(
                "copy", "{group, delay}", rule: "none",
                "On the side on which another group was on balance; they begin flat."),
        ])

    static let trendSection = Section(
        path: "agents.traders.GROUP.style.momentum",
        sentence: "A move of the outside price; `mean_reversion` likewise.",
        keys: [
            Key("window", "duration", default: "1h", "Over how long it is measured."),
            Key("threshold", "percentage", default: "1%", "A smaller move is none."),
        ])

    static let basisSection = Section(
        path: "agents.traders.GROUP.style.basis", sentence: "Funding that pays.",
        keys: [
            Key("window", "duration", default: "8h", "Over how long funding is measured."),
            Key(
                "enter", "percentage", default: "0.01%",
                "They are short while longs have paid this or more per eight hours."),
            Key("exit", "percentage", default: "0%", "They go flat below this."),
        ])

    static let informedSection = Section(
        path: "agents.traders.GROUP.style.informed",
        sentence: "Knowing the price before the oracle does.",
        keys: [
            Key(
                "edge", "percentage", default: "0.2%",
                "How far the protocol's price must be from the outside one.")
        ])

    static let copySection = Section(
        path: "agents.traders.GROUP.style.copy", sentence: "Following others.",
        keys: [
            Key("group", "group", required: true, "Whom."),
            Key("delay", "duration", default: "5m", "How old what they see is."),
        ])

    func style(_ fields: Fields, among groups: [String]) -> TradingStyle {
        guard let tree = fields.value("style") else { return .noise }
        guard tree.entries != nil else {
            return fields.read("style", Kind.choice([("noise", TradingStyle.noise)]))
        }
        let own = Fields(tree, fields.path("style"), Self.styleSection, self)
        guard let key = only(tree, own), let inner = own.value(key) else { return .noise }
        switch key {
        case "momentum", "mean_reversion":
            let map = Fields(inner, own.path(key), Self.trendSection, self)
            let window = map.read("window", .positiveDuration)
            let threshold = map.read("threshold", .share)
            return key == "momentum"
                ? .momentum(window: window, threshold: threshold)
                : .meanReversion(window: window, threshold: threshold)
        case "basis":
            let map = Fields(inner, own.path(key), Self.basisSection, self)
            let policy = (enter: map.read("enter", .ratio), exit: map.read("exit", .ratio))
            if policy.exit > policy.enter { map.problem("exit", "expected at most `enter`") }
            return .basis(
                window: map.read("window", .positiveDuration), enter: policy.enter,
                exit: policy.exit)
        case "informed":
            let map = Fields(inner, own.path(key), Self.informedSection, self)
            return .informed(edge: map.read("edge", .share))
        default:
            let map = Fields(inner, own.path(key), Self.copySection, self)
            var leader = ""
            if let name = map.value("group"),
                let at = index(
                    of: name, among: groups, map.path("group"), a: "another trader group")
            {
                leader = groups[at]
                setting(map.path("group"), leader)
            }
            return .copy(group: leader, delay: map.read("delay", .duration))
        }
    }
}
