import ExactMath
import Markets

extension PriceProcess {
    var isConstant: Bool {
        if case .constant = self { true } else { false }
    }
}

extension ScenarioDecoder {
    static let priceSection = Section(
        path: "assets.ASSET.price",
        sentence:
            "A price that moves: exactly one of `points`, `bars`, `gbm` and `mean_reverting`. Moments are times on the day of the start (`08:10`; `26:00` is 02:00 on the next day), distances from the start (`+90m`) or written in full.",
        keys: [
            Key(
                "points", "rows [time, price]", rule: "none",
                "Known prices at known times, in order."),
            Key(
                "between", "step, linear or bridge", default: "linear",
                "What the price does between two points; a bridge is random; only with points."),
            Key(
                "volatility", "yearly rate", rule: "required with a bridge",
                "How far a bridge strays; only with a bridge."),
            Key(
                "bars", "file or rows [time, open, high, low, close]", rule: "none",
                "Bars from a file of comma-separated values, or written out."),
            Key(
                "interval", "duration", rule: "the smallest distance of two bars",
                "The length of a bar; only with bars."),
            Key("gbm", "map", rule: "none", "Geometric Brownian motion, with or without jumps."),
            Key("mean_reverting", "map", rule: "none", "A log price that returns to a level."),
        ])

    static let gbmSection = Section(
        path: "assets.ASSET.price.gbm", sentence: "Geometric Brownian motion.",
        keys: [
            Key("start", "price", required: true, "The price at the start."),
            Key(
                "drift", "yearly rate", default: "0%/year",
                "The growth of the expected price, jumps apart."),
            Key(
                "volatility", "yearly rate", required: true,
                "The standard deviation of the log price after a year."),
            Key("jumps", "map", rule: "none", "Sudden moves on top."),
        ])

    static let jumpsSection = Section(
        path: "assets.ASSET.price.gbm.jumps",
        sentence: "Jumps of the log price, normally distributed.",
        keys: [
            Key("per_year", "number", required: true, "The expected number of jumps in a year."),
            Key(
                "mean", "percentage", required: true,
                "The mean size in the log price; negative is a fall."),
            Key("deviation", "percentage", default: "0%", "The standard deviation of the size."),
        ])

    static let meanRevertingSection = Section(
        path: "assets.ASSET.price.mean_reverting",
        sentence: "A log price that returns to a level (Ornstein-Uhlenbeck).",
        keys: [
            Key("start", "price", required: true, "The price at the start."),
            Key("mean", "price", required: true, "The level to which it returns."),
            Key(
                "half_life", "duration", required: true,
                "The time in which half the distance is gone."),
            Key(
                "volatility", "yearly rate", required: true,
                "The standard deviation of the log price after a year, were it free."),
        ])

    private static let volatility = Kind<Ratio>.yearly.limited("0%/year to 10000%/year") {
        $0 >= .zero && $0 <= PriceProcess.maximumVolatility
    }
    private static let jumpSize = Kind<Ratio>.ratio.limited("-10000% to 10000%") {
        $0 >= -PriceProcess.maximumVolatility && $0 <= PriceProcess.maximumVolatility
    }

    func process(_ tree: Tree, _ path: String) -> PriceProcess {
        let fallback = PriceProcess.constant(Price(whole: 1))
        if tree.scalar != nil { return .constant(scalar(tree, .price, path) ?? Price(whole: 1)) }
        let fields = Fields(tree, path, Self.priceSection, self)
        guard tree.entries != nil else { return fallback }
        let forms = ["points", "bars", "gbm", "mean_reverting"]
        let written = forms.filter { fields.has($0) }
        guard written.count == 1, let form = written.first else {
            problem(
                tree.position,
                "\(path): expected one of \(forms.joined(separator: ", ")), found "
                    + (written.isEmpty ? "none" : written.joined(separator: " and ")))
            return fallback
        }
        if form != "points" {
            for key in ["between", "volatility"] {
                fields.refuse(key, "has a meaning only with points")
            }
        }
        if form != "bars" { fields.refuse("interval", "has a meaning only with bars") }
        guard let inner = fields.value(form) else { return fallback }
        switch form {
        case "points": return points(fields, inner)
        case "bars": return bars(fields, inner)
        case "gbm": return gbm(inner, path + ".gbm")
        default: return meanReverting(inner, path + ".mean_reverting")
        }
    }

    private func points(_ fields: Fields, _ list: Tree) -> PriceProcess {
        enum Between { case step, linear, bridge }
        let between = fields.read(
            "between",
            Kind.choice([("step", Between.step), ("linear", .linear), ("bridge", .bridge)]))
        var interpolation = Interpolation.linear
        switch between {
        case .linear: break
        case .step: interpolation = .step
        case .bridge:
            if fields.has("volatility") {
                interpolation = .bridge(volatility: fields.read("volatility", Self.volatility))
            } else {
                fields.problem(
                    "between", "a bridge needs a volatility, such as 'volatility: 120%/year'")
            }
        }
        if between != .bridge {
            fields.refuse("volatility", "has a meaning only with 'between: bridge'")
        }
        let path = fields.path("points")
        var points: [PricePoint] = []
        for row in rows(list, path, columns: "time, price", count: 2...2) {
            guard let time = scalar(row.cells[0], .moment(from: start), nil),
                let price = scalar(row.cells[1], .price, nil)
            else { continue }
            if let last = points.last, last.time >= time {
                problem(
                    row.cells[0].position,
                    "\(path): expected a time after \(last.time), found \(time)",
                    hint: Self.nextDay(row.cells[0].scalar))
            }
            points.append(PricePoint(time: time, price: price))
        }
        setting(path, "\(points.count) points")
        return .path(points, between: interpolation)
    }

    /// How a time of the next day is written.
    private static func nextDay(_ text: String?) -> String? {
        guard let text, text.utf8.count == 5, let hour = Int(text.prefix(2)), hour < 24 else {
            return nil
        }
        return "on the next day it is '\(hour + 24)\(text.suffix(3))'"
    }

    private func bars(_ fields: Fields, _ list: Tree) -> PriceProcess {
        let path = fields.path("bars")
        var bars: [Bar] = []
        for row in rows(list, path, columns: "time, open, high, low, close", count: 5...5) {
            let prices = row.cells.dropFirst().compactMap { scalar($0, .price, nil) }
            guard let time = scalar(row.cells[0], .moment(from: start), nil), prices.count == 4
            else {
                continue
            }
            let bar = Bar(
                openTime: time, open: prices[0], high: prices[1], low: prices[2], close: prices[3])
            if let last = bars.last, last.openTime >= time {
                problem(
                    row.position, "\(path): expected a time after \(last.openTime), found \(time)")
            }
            if bar.low > min(bar.open, bar.close) || bar.high < max(bar.open, bar.close) {
                problem(row.position, "\(path): expected open and close between low and high")
            }
            bars.append(bar)
        }
        setting(path, "\(bars.count) bars")
        let smallest = zip(bars, bars.dropFirst()).map { $1.openTime - $0.openTime }.min()
        guard let smallest else {
            let interval = fields.readIfPresent("interval", .positiveDuration)
            if interval == nil, bars.count == 1 {
                problem(fields.tree.position, "\(fields.path): a single bar needs an interval")
            }
            return .bars(bars, interval: interval ?? TimeSpan(seconds: 1))
        }
        let interval = fields.read(
            "interval", .positiveDuration, else: smallest, shown: Written.duration)
        if interval > smallest {
            fields.problem(
                "interval",
                "expected at most \(Written.duration(smallest)), the smallest distance of two bars")
        }
        return .bars(bars, interval: interval)
    }

    private func gbm(_ tree: Tree, _ path: String) -> PriceProcess {
        let fields = Fields(tree, path, Self.gbmSection, self)
        let limit = PriceProcess.maximumRate
        return .geometricBrownian(
            GeometricBrownian(
                start: fields.read("start", .price),
                drift: fields.read(
                    "drift",
                    .yearly.limited("-10000000%/year to 10000000%/year") {
                        $0 >= -limit && $0 <= limit
                    }),
                volatility: fields.read("volatility", Self.volatility),
                jumps: fields.value("jumps").map { jumps($0, path + ".jumps") }))
    }

    private func jumps(_ tree: Tree, _ path: String) -> Jumps {
        let fields = Fields(tree, path, Self.jumpsSection, self)
        let rate = Kind<Ratio>("a number such as '12'", placeholder: .zero) { text in
            guard let number = NumberText(text), number.unit.isEmpty || number.unit == "/year"
            else {
                return .mismatch
            }
            return number.scaled(Ratio.self).map { .value($0) }
                ?? .refused(expected: "at most eight decimals")
        }
        return Jumps(
            perYear: fields.read(
                "per_year",
                rate.limited("0 to 100000") { $0 >= .zero && $0 <= PriceProcess.maximumRate }),
            mean: fields.read("mean", Self.jumpSize),
            deviation: fields.read(
                "deviation", Self.jumpSize.limited("0% or more") { $0 >= .zero }))
    }

    private func meanReverting(_ tree: Tree, _ path: String) -> PriceProcess {
        let fields = Fields(tree, path, Self.meanRevertingSection, self)
        return .meanReverting(
            MeanReverting(
                start: fields.read("start", .price), mean: fields.read("mean", .price),
                halfLife: fields.read("half_life", .positiveDuration),
                volatility: fields.read("volatility", Self.volatility)))
    }

    // MARK: Correlations

    func correlation(_ root: Fields) -> CorrelationMatrix? {
        guard let list = root.value("correlations"), list.scalar != "none" else { return nil }
        let path = "correlations"
        let count = assetNames.count
        var matrix = (0..<count).map { row in
            (0..<count).map { $0 == row ? Ratio.one : .zero }
        }
        let known = problems.count
        let kind = Kind<Ratio>.ratio.limited("more than -1 and less than 1") {
            $0 > -.one && $0 < .one
        }
        for row in rows(list, path, columns: "asset, asset, correlation", count: 3...3) {
            let a = index(of: row.cells[0], among: assetNames, path, a: "an asset")
            let b = index(of: row.cells[1], among: assetNames, path, a: "an asset")
            guard let a, let b, let value = scalar(row.cells[2], kind, nil) else { continue }
            guard a != b, matrix[a][b].isZero else {
                problem(
                    row.position,
                    a == b
                        ? "\(path): expected two different assets"
                        : "\(path): the pair \(assetNames[a]) and \(assetNames[b]) stands twice")
                continue
            }
            for asset in [a, b] where !referenceAssets[asset].process.isDiffusive {
                problem(
                    row.position,
                    "\(path): nothing random moves the price of \(assetNames[asset])")
            }
            matrix[a][b] = value
            matrix[b][a] = value
        }
        setting(path, YAMLWriter.flow(list))
        guard problems.count == known else { return nil }
        do {
            return try CorrelationMatrix(rows: matrix)
        } catch {
            problem(list.position, "\(path): \(error)")
            return nil
        }
    }
}
