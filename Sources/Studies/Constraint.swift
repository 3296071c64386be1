/// A statistic of a metric over the seeds: `mean(bad_debt_usd)`, `p99(insurance_used_usd)`.
public struct Statistic: Hashable, Sendable {
    public enum Kind: Hashable, Sendable {
        case mean
        case percentile(Int)
        case least
        case most
    }
    public var kind: Kind
    /// As it was written.
    public var metric: String

    /// Reads `mean(METRIC)`, `p1(METRIC)` … `p99(METRIC)`, `min(METRIC)`, `max(METRIC)`, or `METRIC` for its mean.
    /// - Throws: ``StudyError`` `.usage`.
    public init(_ text: String) throws(StudyError) {
        let text = text.filter { $0 != " " }
        guard let open = text.firstIndex(of: "(") else {
            kind = .mean
            metric = text
            guard !text.isEmpty, !text.contains(")") else { throw Self.wrong(text) }
            return
        }
        guard text.last == ")" else { throw Self.wrong(text) }
        metric = String(text[text.index(after: open)...].dropLast())
        let name = text[..<open]
        guard !metric.isEmpty, !metric.contains(where: { "()".contains($0) }) else {
            throw Self.wrong(text)
        }
        switch name {
        case "mean": kind = .mean
        case "min": kind = .least
        case "max": kind = .most
        case "median": kind = .percentile(50)
        default:
            guard name.first == "p", let percent = Int(name.dropFirst()), (1...99).contains(percent)
            else { throw Self.wrong(text) }
            kind = .percentile(percent)
        }
    }

    private static func wrong(_ text: String) -> StudyError {
        StudyError(
            .usage,
            "expected a statistic such as 'p99(insurance_used_usd)', of mean, median, min, max and p1 to p99; found '\(text)'"
        )
    }

    public func value(of sample: Sample) -> Double {
        switch kind {
        case .mean: sample.mean
        case .percentile(let percent): sample.percentile(percent)
        case .least: sample.least
        case .most: sample.most
        }
    }
}

/// What a search must keep to: `p99(insurance_used) < $1M`.
public struct Constraint: Hashable, Sendable {
    public enum Relation: String, Hashable, Sendable {
        case below = "<"
        case atMost = "<="
        case above = ">"
        case atLeast = ">="
    }
    public var statistic: Statistic
    public var relation: Relation
    /// In the metric's unit: dollars, shares, seconds.
    public var bound: Double
    /// As it was written.
    public var text: String

    /// - Throws: ``StudyError`` `.usage`, with what was expected.
    public init(_ text: String) throws(StudyError) {
        self.text = text
        guard let sign = text.firstIndex(where: { $0 == "<" || $0 == ">" }) else {
            throw StudyError(
                .usage,
                "expected a constraint such as 'p99(insurance_used) < 1e6', found '\(text)'")
        }
        statistic = try Statistic(String(text[..<sign]))
        let after = text[text.index(after: sign)...]
        let isInclusive = after.first == "="
        switch (text[sign], isInclusive) {
        case ("<", false): relation = .below
        case ("<", true): relation = .atMost
        case (_, false): relation = .above
        default: relation = .atLeast
        }
        let number = after.dropFirst(isInclusive ? 1 : 0).filter { $0 != " " }
        if let value = Double(number) {
            bound = value
        } else if let value = WrittenNumber(number)?.numberE8 {
            bound = Double(value) / 1e8
        } else {
            throw StudyError(
                .usage,
                "expected a number such as '1e6', '$1M' or '5%' behind '\(relation.rawValue)', found '\(number)'"
            )
        }
    }

    public func holds(for sample: Sample) -> Bool {
        let value = statistic.value(of: sample)
        return switch relation {
        case .below: value < bound
        case .atMost: value <= bound
        case .above: value > bound
        case .atLeast: value >= bound
        }
    }
}
