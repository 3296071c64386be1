import ExactMath
import Markets

/// Puts the bars of data files into the scenario, so that its text alone replays the run.
///
/// Of a file only the bars around the run are kept: from the last that opens at or before the start to the
/// first that opens at or after the end. Times outside see the same prices without the rest.
struct DataFiles {
    let files: ScenarioFiles

    /// The tree with rows in place of every file's name.
    func inlined(_ tree: Tree) -> Tree { withBars(withRounds(withGas(tree))) }

    /// The tree with recorded rounds in place of the names of their files.
    private func withRounds(_ tree: Tree) -> Tree {
        guard let oracles = tree["oracles"], let entries = oracles.entries else { return tree }
        var (changed, any) = (entries, false)
        for (index, entry) in entries.enumerated() {
            guard let name = entry.value["rounds"], let file = name.scalar else { continue }
            guard let points = points(of: file, at: name.position) else {
                files.problems.settle(name.position)
                continue
            }
            let kept = around(points, \.time, tree)
            let items = kept.map { point in
                Tree(
                    content: .sequence([
                        .text("\(point.time)", at: name.position),
                        .text("\(point.price)", at: name.position),
                    ]), position: name.position)
            }
            any = true
            changed[index].value = entry.value.replacing(
                "rounds", with: Tree(content: .sequence(items), position: name.position))
        }
        guard any else { return tree }
        return tree.replacing(
            "oracles", with: Tree(content: .mapping(changed), position: oracles.position))
    }

    /// The tree with gas prices in place of the name of their file.
    private func withGas(_ tree: Tree) -> Tree {
        guard let demand = tree["demand"], let name = demand["series"], let file = name.scalar,
            file != "none"
        else { return tree }
        guard
            let (text, source) = files.text(
                path(of: file, at: name.position), namedAt: name.position)
        else {
            files.problems.settle(name.position)
            return tree
        }
        do {
            let rows = try SeriesImport.gasRows(csv: text)
            let items = around(rows, \.time, tree).map { row in
                let cells =
                    ["\(row.time)"] + row.percentiles.map { "\($0) gwei" } + ["\(row.transactions)"]
                return Tree(
                    content: .sequence(cells.map { .text($0, at: name.position) }),
                    position: name.position)
            }
            return tree.replacing(
                "demand",
                with: demand.replacing(
                    "series", with: Tree(content: .sequence(items), position: name.position)))
        } catch {
            files.problems.add(
                Position(source: source, line: error.line, column: error.column), error.message)
            files.problems.settle(name.position)
            return tree
        }
    }

    private func points(of name: String, at place: Position) -> [PricePoint]? {
        guard let (text, source) = files.text(path(of: name, at: place), namedAt: place) else {
            return nil
        }
        do {
            return try SeriesParser.points(csv: text)
        } catch {
            files.problems.add(
                Position(source: source, line: error.line, column: error.column), error.message)
            return nil
        }
    }

    private func path(of name: String, at place: Position) -> String {
        let scenario = files.problems.sources[place.source]
        return scenario.hasPrefix("--set ")
            ? name : ScenarioFiles.joined(name, relativeTo: scenario)
    }

    private func withBars(_ tree: Tree) -> Tree {
        guard let assets = tree["assets"], let entries = assets.entries else { return tree }
        var (changed, any) = (entries, false)
        for (index, entry) in entries.enumerated() {
            guard let price = entry.value["price"], let name = price["bars"],
                let file = name.scalar,
                let rows = rows(of: file, at: name.position, in: tree, price)
            else {
                if let name = entry.value["price"]?["bars"], name.scalar != nil {
                    files.problems.settle(name.position)
                }
                continue
            }
            any = true
            changed[index].value = entry.value.replacing(
                "price", with: rows)
        }
        guard any else { return tree }
        return tree.replacing(
            "assets", with: Tree(content: .mapping(changed), position: assets.position))
    }

    /// A price with the rows of a file and their interval; nil with a problem.
    private func rows(of name: String, at place: Position, in tree: Tree, _ price: Tree) -> Tree? {
        guard let (text, source) = files.text(path(of: name, at: place), namedAt: place) else {
            return nil
        }
        let bars: [Bar]
        do {
            bars = try BarParser.bars(csv: text)
        } catch {
            files.problems.add(
                Position(source: source, line: error.line, column: error.column), error.message)
            return nil
        }
        let kept = around(bars, \.openTime, tree)
        let items = kept.map { bar in
            let cells = [
                "\(bar.openTime)", "\(bar.open)", "\(bar.high)", "\(bar.low)", "\(bar.close)",
            ]
            return Tree(content: .sequence(cells.map { .text($0, at: place) }), position: place)
        }
        var inlined = price.replacing(
            "bars", with: Tree(content: .sequence(items), position: place))
        // Of all bars: the ones that are kept may lie further apart.
        let smallest = zip(bars, bars.dropFirst()).map { $1.openTime - $0.openTime }.min()
        if let smallest, price["interval"] == nil {
            inlined = inlined.replacing(
                "interval", with: .text(Written.duration(smallest), at: place))
        }
        return inlined
    }

    /// What lies around the run, with one neighbour on either side.
    private func around<Row>(
        _ bars: [Row], _ time: KeyPath<Row, Timestamp>, _ tree: Tree
    ) -> ArraySlice<Row> {
        guard let startText = tree["start"]?.scalar, let durationText = tree["duration"]?.scalar,
            case .value(let start) = Kind<Timestamp>.timestamp.parse(startText),
            case .value(let duration) = Kind<TimeSpan>.duration.parse(durationText)
        else { return bars[...] }
        let end = start + duration
        let first = bars.lastIndex { $0[keyPath: time] <= start } ?? 0
        let last = bars.firstIndex { $0[keyPath: time] >= end } ?? bars.count - 1
        return bars[first...max(first, last)]
    }
}

extension Tree {
    /// With another value for a key, which is added where it is missing.
    func replacing(_ key: String, with value: Tree) -> Tree {
        guard var entries else { return self }
        if let index = entries.firstIndex(where: { $0.key == key }) {
            entries[index].value = value
        } else {
            entries.append(Entry(key: key, position: value.position, value: value))
        }
        return Tree(content: .mapping(entries), position: position)
    }
}
