/// Finds the name that was probably meant.
enum Nearest {
    /// The candidate nearest to a name, the first among equals; nil where none is near.
    ///
    /// Near is a distance of a third of the name's length or less, at least one and at most three edits.
    /// Capitals, hyphens and underscores count nothing, so that `closeFactor` finds `close_factor`.
    static func match(_ name: String, among candidates: [String]) -> String? {
        // Nobody mistypes a name this long, and the cost goes with the square.
        guard name.utf8.count <= 64 else { return nil }
        let wanted = folded(name)
        let limit = min(max(wanted.count / 3, 1), 3)
        var best: (name: String, distance: Int)?
        for candidate in candidates where candidate.utf8.count <= 64 {
            let distance = distance(wanted, folded(candidate))
            if distance <= limit, distance < best?.distance ?? Int.max {
                best = (candidate, distance)
            }
        }
        return best?.name
    }

    /// `did you mean 'latency'?`, or nil.
    static func hint(_ name: String, among candidates: [String]) -> String? {
        match(name, among: candidates).map { "did you mean '\($0)'?" }
    }

    private static func folded(_ name: String) -> [Character] {
        name.lowercased().filter { $0 != "_" && $0 != "-" && $0 != " " }.map { $0 }
    }

    /// Insertions, deletions, replacements and swaps of neighbours (optimal string alignment).
    static func distance(_ a: [Character], _ b: [Character]) -> Int {
        var twoAgo: [Int] = []
        var last = Array(0...b.count)
        for i in a.indices {
            var row = [i + 1]
            for j in b.indices {
                let replaced = last[j] + (a[i] == b[j] ? 0 : 1)
                var cost = min(replaced, last[j + 1] + 1, row[j] + 1)
                if i > 0, j > 0, a[i] == b[j - 1], a[i - 1] == b[j] {
                    cost = min(cost, twoAgo[j - 1] + 1)
                }
                row.append(cost)
            }
            (twoAgo, last) = (last, row)
        }
        return last[b.count]
    }
}
