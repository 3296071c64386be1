import ExactMath
import MarginRules
import Oracles

/// What belongs to one kind of feed, or to its observers.
extension ScenarioDecoder {
    static let boundsSection = Section(
        path: "oracles.ASSET.bounds", sentence: "The smallest and largest answer of the feed.",
        keys: [
            Key("minimum", "price", rule: "none", "Lower answers are not given."),
            Key("maximum", "price", rule: "none", "Higher answers are not given."),
            Key(
                "beyond", "stop or clamp", rule: "stop",
                "Whether an answer beyond them is refused, so that the last one stands, or replaced by the bound."
            ),
        ])

    static let venueSection = Section(
        path: "oracles.ASSET.venues.VENUE",
        sentence: "A venue whose price is part of the median; a number alone is its weight.",
        keys: [
            Key("weight", "whole number", rule: "1", "How much it counts."),
            Key(
                "noise", "percentage", rule: "0%",
                "The standard deviation of its price from the outside one, at most 10%."),
        ])

    static let indexSection = Section(
        path: "oracles.ASSET.index",
        sentence:
            "An index of the venues, their weighted mean, in place of the median; without venues it does nothing.",
        keys: [
            Key(
                "protection", "none, median_fallback or exclusion", default: "none",
                "What becomes of a source far from the median: it loses its weight, and with several such the index is the median (Binance); or it is left out, and with two sources apart the index stands still (BitMEX)."
            ),
            Key(
                "tolerance", "percentage", rule: "required with a protection",
                "How far is far; beyond it with median_fallback, from it on with exclusion."),
            Key(
                "max_age", "duration or none", rule: "none",
                "A source that has not moved for longer, because it is frozen, is left out."),
        ])

    static let anchorSection = Section(
        path: "oracles.ASSET.anchor",
        sentence:
            "A band around a pool's time-weighted average of the outside price: an answer beyond it is not given, and the last one stands.",
        keys: [
            Key(
                "within", "percentage", required: true,
                "The average over the answer is within 1 ± this."),
            Key("window", "duration", rule: "30m", "What is averaged over."),
        ])

    func index(_ fields: Fields) -> IndexPrice? {
        guard let tree = fields.value("index"), tree.scalar != "none" else { return nil }
        let own = Fields(tree, fields.path("index"), Self.indexSection, self)
        let rules: [(word: String, value: Int)] = [
            ("none", 0), ("median_fallback", 1), ("exclusion", 2),
        ]
        let rule = own.read("protection", Kind.choice(rules))
        if rule == 0 { own.refuse("tolerance", "has a meaning only with a protection") }
        if rule != 0, !own.has("tolerance") {
            own.problem("protection", "a protection needs a tolerance, such as 'tolerance: 5%'")
        }
        let tolerance = own.readIfPresent("tolerance", .positiveShare) ?? .one
        let protection: IndexPrice.Protection =
            switch rule {
            case 1: .medianFallback(tolerance: tolerance)
            case 2: .exclusion(tolerance: tolerance)
            default: .none
            }
        return IndexPrice(
            protection: protection, maximumAge: own.readIfPresent("max_age", .positiveDuration))
    }

    func anchor(_ fields: Fields) -> PriceAnchor? {
        guard let tree = fields.value("anchor"), tree.scalar != "none" else { return nil }
        let own = Fields(tree, fields.path("anchor"), Self.anchorSection, self)
        return PriceAnchor(
            tolerance: own.read("within", .positiveShare),
            window: own.readIfPresent("window", Self.windows) ?? TimeSpan(seconds: 1800))
    }

    enum FeedWord: Sendable { case push, pull, delayed, twap, median, vote, replay }

    static let feedWords: [(word: String, value: FeedWord)] = [
        ("push", .push), ("pull", .pull), ("delayed", .delayed), ("twap", .twap),
        ("median", .median), ("vote", .vote), ("replay", .replay),
    ]

    static let noise = Kind<Ratio>.ratio.limited("0% to 10%") {
        $0 >= .zero && $0 <= Ratio(percent: 10)
    }
    private static let windows = Kind<TimeSpan>.duration(
        "more than 0s and at most 365d", TimeSpan(milliseconds: 1)...(.year))

    /// The kind that a feed's word and the keys of that kind make.
    func feedKind(_ word: FeedWord, _ fields: Fields) -> FeedKind {
        if word != .delayed { fields.refuse("period", "has a meaning only with kind: delayed") }
        if word != .twap { fields.refuse("window", "has a meaning only with kind: twap") }
        if word != .replay { fields.refuse("rounds", "has a meaning only with kind: replay") }
        if word != .push, word != .median {
            for key in ["deviation", "heartbeat", "mode"] {
                fields.refuse(key, "has a meaning only where reporters push")
            }
        }
        if word == .pull || word == .twap || word == .vote || word == .replay {
            for key in ["fee", "max_fee", "bump_after"] {
                fields.refuse(key, "no reporter pays for this kind of feed")
            }
        }
        switch word {
        case .push: return .push
        case .pull: return .pull
        case .vote: return .vote
        case .median:
            if !fields.has("venues") {
                fields.problem("kind", "a median needs 'venues'")
            }
            return .median
        case .delayed:
            return .delayed(
                DelayedFeed(
                    period: fields.readIfPresent("period", Self.windows) ?? TimeSpan(seconds: 3600)
                ))
        case .twap:
            guard fields.has("window") else {
                fields.problem("kind", "an average needs a window, such as 'window: 30m'")
                return .push
            }
            return .twap(window: fields.read("window", Self.windows))
        case .replay:
            guard let list = fields.value("rounds") else {
                fields.problem("kind", "a replay needs 'rounds': a file, or rows [time, price]")
                return .push
            }
            return .replay(rounds(list, fields.path("rounds")))
        }
    }

    private func rounds(_ list: Tree, _ path: String) -> [RecordedRound] {
        var rounds: [RecordedRound] = []
        for row in rows(list, path, columns: "time, price", count: 2...2) {
            guard let time = scalar(row.cells[0], .moment(from: start), nil),
                let price = scalar(row.cells[1], .price, nil)
            else { continue }
            if let last = rounds.last, last.time >= time {
                problem(
                    row.cells[0].position,
                    "\(path): expected a time after \(last.time), found \(time)")
                continue
            }
            rounds.append(RecordedRound(time: time, price: price))
        }
        setting(path, "\(rounds.count) rounds")
        return rounds.isEmpty ? [RecordedRound(time: start, price: Price(whole: 1))] : rounds
    }

    func venues(_ fields: Fields) -> [Venue] {
        guard let tree = fields.value("venues"), tree.scalar != "none" else { return [] }
        let path = fields.path("venues")
        let entries = named(tree, path, of: "venues")
        if entries.isEmpty { problem(tree.position, "\(path): expected at least one venue") }
        let weights = Kind<Int>.count(1...1_000_000)
        return entries.map { entry in
            let own = "\(path).\(entry.key)"
            if entry.value.scalar != nil {
                return Venue(
                    name: entry.key, weight: Int64(scalar(entry.value, weights, own) ?? 1))
            }
            let fields = Fields(entry.value, own, Self.venueSection, self)
            return Venue(
                name: entry.key, weight: Int64(fields.readIfPresent("weight", weights) ?? 1),
                noise: fields.readIfPresent("noise", Self.noise) ?? .zero)
        }
    }

    func bounds(_ fields: Fields) -> AnswerBounds? {
        guard let tree = fields.value("bounds"), tree.scalar != "none" else { return nil }
        let own = Fields(tree, fields.path("bounds"), Self.boundsSection, self)
        let minimum = own.readIfPresent("minimum", .price) ?? Price(raw: 1)
        let maximum = own.readIfPresent("maximum", .price) ?? Price(whole: 1_000_000_000)
        if minimum > maximum { own.problem("maximum", "expected at least the minimum") }
        let beyond: [(word: String, value: AnswerBounds.Beyond)] = [
            ("stop", .stop), ("clamp", .clamp),
        ]
        return AnswerBounds(
            minimum: minimum, maximum: max(minimum, maximum),
            beyond: own.readIfPresent("beyond", Kind.choice(beyond)) ?? .stop)
    }
}
