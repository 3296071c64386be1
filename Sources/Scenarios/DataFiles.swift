import ExactMath
import Markets

/// Puts the bars of data files into the scenario, so that its text alone replays the run.
///
/// Of a file only the bars around the run are kept: from the last that opens at or before the start to the
/// first that opens at or after the end. Times outside see the same prices without the rest.
struct DataFiles {
    let files: ScenarioFiles

    /// The tree with rows in place of every file's name.
    func inlined(_ tree: Tree) -> Tree {
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
        let scenario = files.problems.sources[place.source]
        let path =
            scenario.hasPrefix("--set ")
            ? name : ScenarioFiles.joined(name, relativeTo: scenario)
        guard let (text, source) = files.text(path, namedAt: place) else { return nil }
        let bars: [Bar]
        do {
            bars = try BarParser.bars(csv: text)
        } catch {
            files.problems.add(
                Position(source: source, line: error.line, column: error.column), error.message)
            return nil
        }
        let kept = around(bars, tree)
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

    private func around(_ bars: [Bar], _ tree: Tree) -> ArraySlice<Bar> {
        guard let startText = tree["start"]?.scalar, let durationText = tree["duration"]?.scalar,
            case .value(let start) = Kind<Timestamp>.timestamp.parse(startText),
            case .value(let duration) = Kind<TimeSpan>.duration.parse(durationText)
        else { return bars[...] }
        let end = start + duration
        let first = bars.lastIndex { $0.openTime <= start } ?? 0
        let last = bars.firstIndex { $0.openTime >= end } ?? bars.count - 1
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
