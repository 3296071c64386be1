import Chain
import ExactMath

extension ScenarioDecoder {
    static let demandSection = Section(
        path: "demand",
        sentence:
            "The bids of everybody else. Exactly one of `points`, `price` and `series` says what they bid; `demand: none` is an empty chain.",
        keys: [
            Key(
                "points", "rows [time, median price, load, spread]", rule: "none",
                "Bids that change over time; load and spread may be left out."),
            Key("price", "gas price", rule: "none", "The same median bid all the time."),
            Key(
                "series", "file or rows [time, p30, p60, p90, transactions]", rule: "none",
                "Percentiles of observed gas prices, from which the demand behind them is inferred."
            ),
            Key(
                "window", "duration", default: "10m",
                "How long each row of a series was observed; only with series."),
            Key(
                "load", "percentage of the chain's capacity, or gas per second as `3M/s`",
                default: "250%",
                "How much is asked for where a row does not say; not with series."),
            Key(
                "spread", "percentage", default: "50%",
                "The standard deviation of the logarithm of the bids where a row does not say; not with series."
            ),
            Key(
                "escalation", "percentage", rule: "none",
                "By how much the logarithm of a waiting bid rises in an hour, because its sender bids again."
            ),
            Key("between", "linear or step", default: "linear", "What happens between two points."),
            Key(
                "patience", "duration", default: "10m",
                "After how long, on average, a bidder gives up."),
            Key(
                "transaction_gas", "gas", default: "none",
                "The gas of one background transaction, which makes their number random; with series, any value takes the size from the counts."
            ),
        ])

    private static let interpolations: [(word: String, value: DemandConfiguration.Interpolation)] =
        [("linear", .linear), ("step", .step)]

    func demand(_ root: Fields, _ chain: ChainConfiguration) -> DemandConfiguration? {
        guard let tree = root.value("demand"), tree.scalar != "none" else {
            setting("demand", "none")
            return nil
        }
        let fields = Fields(tree, "demand", Self.demandSection, self)
        guard tree.entries != nil else { return nil }
        let capacity = chain.capacity(at: start)
        let patience = fields.read(
            "patience",
            .duration(
                "more than 0s and at most 30 days",
                TimeSpan(milliseconds: 1)...TimeSpan(seconds: 2_592_000)))
        let transactionGas = fields.readIfPresent(
            "transaction_gas", .gas.limited("more than zero gas") { $0 > 0 })
        let written = ["points", "price", "series"].filter { fields.has($0) }
        guard written.count == 1, let form = written.first else {
            problem(
                tree.position,
                "demand: expected one of points, price and series, found "
                    + (written.isEmpty ? "none" : written.joined(separator: " and ")))
            return nil
        }
        if form == "series" {
            for key in ["load", "spread", "between"] {
                fields.refuse(key, "has no meaning with a series")
            }
            var demand = series(fields, capacity, patience, transactionGas)
            demand?.escalation = escalation(fields)
            return demand
        }
        fields.refuse("window", "has a meaning only with a series")
        let load = fields.read("load", Self.load(capacity))
        let spread = fields.read("spread", Self.spread)
        var points: [DemandPoint] = []
        if form == "price" {
            points = [
                DemandPoint(
                    from: start, gasPerSecond: load, medianPrice: fields.read("price", Self.bid),
                    spread: spread)
            ]
        } else if let list = fields.value("points") {
            points = self.points(list, capacity, load, spread)
        }
        guard !points.isEmpty else { return nil }
        return DemandConfiguration(
            points: points, interpolation: fields.read("between", Kind.choice(Self.interpolations)),
            patience: patience, transactionGas: transactionGas, escalation: escalation(fields))
    }

    private func escalation(_ fields: Fields) -> Ratio {
        fields.readIfPresent("escalation", Self.spread) ?? .zero
    }

    private func points(_ list: Tree, _ capacity: Int64, _ load: Int64, _ spread: Ratio)
        -> [DemandPoint]
    {
        let path = "demand.points"
        var points: [DemandPoint] = []
        for row in rows(list, path, columns: "time, median price, load, spread", count: 2...4) {
            let time = scalar(row.cells[0], .moment(from: start), nil)
            let price = scalar(row.cells[1], Self.bid, nil)
            let own = row.cells.count > 2 ? scalar(row.cells[2], Self.load(capacity), nil) : load
            let width = row.cells.count > 3 ? scalar(row.cells[3], Self.spread, nil) : spread
            guard let time, let price, let own, let width else { continue }
            if let last = points.last, last.from >= time {
                problem(row.position, "\(path): expected a time after \(last.from), found \(time)")
            }
            points.append(
                DemandPoint(from: time, gasPerSecond: own, medianPrice: price, spread: width))
        }
        setting(path, "\(points.count) points")
        return points
    }

    private func series(
        _ fields: Fields, _ capacity: Int64, _ patience: TimeSpan, _ transactionGas: Int64?
    ) -> DemandConfiguration? {
        let window = fields.read("window", .positiveDuration)
        guard let list = fields.value("series") else { return nil }
        let path = "demand.series"
        let known = problems.count
        var series: [DemandSeries.Row] = []
        for row in rows(list, path, columns: "time, p30, p60, p90, transactions", count: 5...5) {
            let time = scalar(row.cells[0], .moment(from: start), nil)
            let prices = row.cells[1...3].compactMap { scalar($0, Self.bid, nil) }
            let count = scalar(row.cells[4], Kind<Int>.count(0...1_000_000_000), nil)
            guard let time, prices.count == 3, let count else { continue }
            series.append(
                DemandSeries.Row(
                    time: time, p30: prices[0], p60: prices[1], p90: prices[2],
                    transactions: Int64(count)))
        }
        setting(path, "\(series.count) rows")
        guard problems.count == known else { return nil }
        do {
            return try DemandSeries(rows: series, window: window)
                .demand(capacity: capacity, patience: patience, noise: transactionGas != nil)
        } catch {
            problem(
                tree.position(of: ["demand"] + pathSteps(of: error.field, under: "series")),
                "demand.\(Self.snakeCase(error.field)): \(error.message)")
            return nil
        }
    }

    /// `rows[3].p30` as the steps `series`, `3`.
    private func pathSteps(of field: String, under name: String) -> [String] {
        let inner = field.split(whereSeparator: { "[].".contains($0) }).map(String.init)
        return [name] + inner.dropFirst().prefix(1)
    }

    /// The price of a bid, at least one wei.
    private static let bid = Kind<Int64>.gasPrice.limited("1 wei or more") { $0 > 0 }
    private static let spread = Kind<Ratio>.ratio.limited("0% to 1000%") {
        $0 >= .zero && $0 <= Ratio(whole: 10)
    }

    /// A share of the chain's capacity, or gas per second.
    private static func load(_ capacity: Int64) -> Kind<Int64> {
        Kind("a load such as '250%' or '3M/s'", placeholder: 0) { text in
            if text.hasSuffix("/s") {
                return Kind<Int64>.gas.parse(String(text.dropLast(2)))
            }
            guard text.hasSuffix("%") || text.hasSuffix("bp") else { return .mismatch }
            switch Kind<Ratio>.ratio.parse(text) {
            case .value(let share):
                guard share >= .zero, share <= Ratio(whole: 1000) else {
                    return .refused(expected: "0% to 100000%")
                }
                return .value(Int64(clamping: product(capacity, share.raw) / Int128(scaleE8)))
            case .mismatch: return .mismatch
            case .refused(let rule): return .refused(expected: rule)
            }
        }.limited("at most 100,000,000,000 gas per second") { $0 <= 100_000_000_000 }
    }
}
