extension Tree {
    /// This tree with another laid over it: maps merge key by key, anything else is replaced.
    ///
    /// `null` in the other removes what this one has. A scalar under `chain` is the preset's name, so a
    /// map laid over it changes that preset.
    func overlaid(with other: Tree, key: String? = nil) -> Tree {
        guard case .mapping(let changes) = other.content else { return other }
        var entries: [Entry]
        if let own = self.entries {
            entries = own
        } else if key == "chain", scalar != nil {
            entries = [Entry(key: "preset", position: position, value: self)]
        } else {
            return other
        }
        for change in changes {
            if let index = entries.firstIndex(where: { $0.key == change.key }) {
                if change.value.isNull {
                    entries.remove(at: index)
                } else {
                    entries[index].value = entries[index].value.overlaid(
                        with: change.value, key: change.key)
                    entries[index].position = change.position
                }
            } else if !change.value.isNull {
                entries.append(change)
            }
        }
        return Tree(content: .mapping(entries), position: other.position)
    }

    /// With one entry in place of whatever stood at its key; `null` takes it away.
    func replacing(_ entry: Entry, under key: String) -> Tree {
        var entries = self.entries ?? []
        if key == "chain", scalar != nil {
            entries = [Entry(key: "preset", position: position, value: self)]
        }
        let at = entries.firstIndex { $0.key == entry.key }
        if let at, entry.value.isNull {
            entries.remove(at: at)
        } else if let at {
            entries[at] = entry
        } else if !entry.value.isNull {
            entries.append(entry)
        }
        return Tree(content: .mapping(entries), position: position)
    }

    /// Without a key, which stands at the top.
    func removing(_ key: String) -> Tree {
        guard let entries else { return self }
        return Tree(content: .mapping(entries.filter { $0.key != key }), position: position)
    }
}

/// One `--set key.path=value`.
struct Override {
    /// The keys, and the numbers of lists' entries.
    let path: [String]
    let value: Tree

    /// Reads an override; nil where it cannot be read, with a problem that says why.
    init?(_ text: String, _ problems: ProblemList) {
        let parts = text.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
        let source = problems.source(named: "--set \(parts.first ?? "")")
        let position = Position(source: source, line: 0, column: 0)
        path = (parts.first ?? "").split(separator: ".", omittingEmptySubsequences: false)
            .map(String.init)
        guard parts.count == 2 else {
            problems.add(position, "expected an override such as 'chain.gas_limit=10M'")
            return nil
        }
        guard path.allSatisfy({ !$0.isEmpty }), path.count <= YAMLReader.maximumDepth else {
            problems.add(position, "expected a path of keys such as 'chain.gas_limit'")
            return nil
        }
        // A text that YAML would not take for one, as '> 20%', is one all the same.
        let written = parts[1].filter { $0 != "\n" }
        if let first = written.first, "[{\"'".contains(first) {
            guard let tree = YAMLReader(problems: problems, source: source).tree(of: written)
            else { return nil }
            value = tree.placed(at: position)
        } else {
            value = .text(String(written), at: position)
        }
    }

    /// The tree with the value at the path.
    func applied(to tree: Tree, _ problems: ProblemList) -> Tree {
        applied(to: tree, rest: path[...], problems)
    }

    private func applied(to tree: Tree, rest: ArraySlice<String>, _ problems: ProblemList) -> Tree {
        guard let step = rest.first else { return value }
        let done = path.prefix(path.count - rest.count).joined(separator: ".")
        if var items = tree.items {
            guard let index = Int(step), items.indices ~= index else {
                let last = items.isEmpty ? "is empty" : "has the entries 0 to \(items.count - 1)"
                problems.add(value.position, "the list \(done) \(last), found '\(step)'")
                return tree
            }
            items[index] = applied(to: items[index], rest: rest.dropFirst(), problems)
            return Tree(content: .sequence(items), position: tree.position)
        }
        if tree.entries == nil, !tree.isNull, done != "chain" {
            problems.add(value.position, "\(done) is \(tree.shown), not a map with a key '\(step)'")
            return tree
        }
        let inner = tree[step] ?? .text("", at: value.position)
        let changed = applied(to: inner, rest: rest.dropFirst(), problems)
        return tree.replacing(
            Tree.Entry(key: step, position: value.position, value: changed), under: done)
    }
}

extension Tree {
    /// The same tree, all of it at one place.
    fileprivate func placed(at position: Position) -> Tree {
        var tree = self
        tree.position = position
        switch content {
        case .scalar: break
        case .sequence(let items): tree.content = .sequence(items.map { $0.placed(at: position) })
        case .mapping(let entries):
            tree.content = .mapping(
                entries.map {
                    Entry(key: $0.key, position: position, value: $0.value.placed(at: position))
                })
        }
        return tree
    }
}
