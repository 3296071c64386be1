/// What a study varies: one key of the scenario, and the values it takes.
public struct Variation: Hashable, Sendable {
    enum Values: Hashable, Sendable {
        case list([String])
        /// From the first in steps, the last included where a step meets it.
        case steps(from: WrittenNumber, through: WrittenNumber, by: WrittenNumber)
        /// Anything between; values are multiples of a thousandth of the range above its beginning.
        case interval(from: WrittenNumber, through: WrittenNumber)
    }
    /// Dotted path, as after `--set`.
    public var key: String
    var values: Values

    /// The most values of one key.
    static let maximum = 10_000

    /// Reads `KEY=RANGE`: a list `a,b,c`, steps `0s..120s:10s`, or an interval `0s..120s` for a sample.
    ///
    /// Commas within brackets and quotes belong to a value.
    /// - Throws: ``StudyError`` `.usage`, with what was expected.
    public init(_ text: String) throws(StudyError) {
        guard let equals = text.firstIndex(of: "="), equals > text.startIndex else {
            throw StudyError(
                .usage,
                "expected what to vary as 'key=values', such as 'oracles.ETH.latency=0s..120s:10s'; found '\(text)'"
            )
        }
        try self.init(
            key: String(text[..<equals]), range: String(text[text.index(after: equals)...]))
    }

    /// - Throws: ``StudyError`` `.usage`.
    public init(key: String, range: String) throws(StudyError) {
        self.key = key
        guard key != "seed", key != "extends" else {
            throw StudyError(.usage, "'\(key)' cannot be varied; seeds are given with --seeds")
        }
        let parts = Self.parts(of: range)
        guard parts.allSatisfy({ !$0.isEmpty }) else {
            throw StudyError(.usage, "\(key): an empty value in '\(range)'")
        }
        if parts.count == 1, let values = try Self.range(parts[0], of: key) {
            self.values = values
        } else {
            guard Set(parts).count == parts.count else {
                throw StudyError(.usage, "\(key): a value is repeated in '\(range)'")
            }
            guard parts.count <= Self.maximum else { throw Self.tooMany(key) }
            values = .list(parts)
        }
    }

    private static func tooMany(_ key: String) -> StudyError {
        StudyError(.usage, "\(key): more than \(maximum) values")
    }

    /// `from..through` or `from..through:by` of numbers; nil for anything else.
    private static func range(_ text: String, of key: String) throws(StudyError) -> Values? {
        guard let dots = text.firstRange(of: "..") else { return nil }
        let rest = text[dots.upperBound...]
        let halves = rest.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
        guard let from = WrittenNumber(text[..<dots.lowerBound]),
            let through = WrittenNumber(halves[0])
        else {
            throw StudyError(
                .usage,
                "\(key): expected a range of numbers such as '0s..120s:10s', found '\(text)'")
        }
        if halves.count == 1 {
            guard let pair = WrittenNumber.aligned([from, through]) else { throw units(key, text) }
            guard pair[0].mantissa < pair[1].mantissa else { throw order(key, text) }
            return .interval(from: pair[0], through: pair[1])
        }
        guard let by = WrittenNumber(halves[1]) else {
            throw StudyError(
                .usage,
                "\(key): expected a step such as '10s' behind the colon, found '\(halves[1])'")
        }
        guard let all = WrittenNumber.aligned([from, through, by]) else { throw units(key, text) }
        guard all[0].mantissa < all[1].mantissa else { throw order(key, text) }
        guard all[2].mantissa > 0 else {
            throw StudyError(.usage, "\(key): expected a step above zero, found '\(halves[1])'")
        }
        guard (all[1].mantissa - all[0].mantissa) / all[2].mantissa < Int64(maximum) else {
            throw tooMany(key)
        }
        return .steps(from: all[0], through: all[1], by: all[2])
    }

    private static func units(_ key: String, _ text: String) -> StudyError {
        StudyError(.usage, "\(key): the numbers of '\(text)' have no common unit")
    }

    private static func order(_ key: String, _ text: String) -> StudyError {
        StudyError(
            .usage, "\(key): expected a range from the smaller to the larger, found '\(text)'")
    }

    /// Splits at commas outside brackets and quotes.
    private static func parts(of text: String) -> [String] {
        var parts = [""]
        var depth = 0
        var quote: Character?
        for character in text {
            if let open = quote {
                if character == open { quote = nil }
            } else if character == "'" || character == "\"" {
                quote = character
            } else if "[{(".contains(character) {
                depth += 1
            } else if "]})".contains(character) {
                depth -= 1
            } else if character == ",", depth == 0 {
                parts.append("")
                continue
            }
            parts[parts.count - 1].append(character)
        }
        return parts.map { part in
            var part = Substring(part)
            while part.first == " " { part.removeFirst() }
            while part.last == " " { part.removeLast() }
            return String(part)
        }
    }

    /// All values in order, for a grid.
    /// - Throws: ``StudyError`` `.usage` for an interval, which has no end of them.
    func all() throws(StudyError) -> [String] {
        switch values {
        case .list(let texts): return texts
        case .steps(let from, let through, let by):
            return stride(from: from.mantissa, through: through.mantissa, by: Int(by.mantissa))
                .map { Self.value(from, $0) }
        case .interval(let from, let through):
            throw StudyError(
                .usage,
                "\(key): a grid needs a step, as '\(from.text)..\(through.text):STEP'; or sample it with --sample latin:N"
            )
        }
    }

    /// The value at a place between the beginning and the end, of which there are `parts`.
    func value(at place: Int64, of parts: Int64) -> String {
        switch values {
        case .list(let texts): return texts[Int(place * Int64(texts.count) / parts)]
        case .steps(let from, let through, let by):
            let count = (through.mantissa - from.mantissa) / by.mantissa + 1
            let step = Int128(place) * Int128(count) / Int128(parts)
            return Self.value(from, from.mantissa + Int64(step) * by.mantissa)
        case .interval(let from, let through):
            let (low, high, isFiner) = Self.thousandths(from, through)
            let step = Int128(high - low) * Int128(place) / Int128(parts)
            let thousandth = max(1, (high - low) / 1000)
            return Self.value(
                from, low + Int64(step) / thousandth * thousandth, finer: isFiner)
        }
    }

    /// With three more decimals where they fit.
    private static func thousandths(_ from: WrittenNumber, _ through: WrittenNumber) -> (
        Int64, Int64, isFiner: Bool
    ) {
        let (low, first) = from.mantissa.multipliedReportingOverflow(by: 1000)
        let (high, second) = through.mantissa.multipliedReportingOverflow(by: 1000)
        guard !first, !second, from.decimals <= 5, from.suffix != "ms" else {
            return (from.mantissa, through.mantissa, false)
        }
        return (low, high, true)
    }

    private static func value(_ like: WrittenNumber, _ mantissa: Int64, finer: Bool = false)
        -> String
    {
        WrittenNumber(
            prefix: like.prefix, mantissa: mantissa, decimals: like.decimals + (finer ? 3 : 0),
            suffix: like.suffix
        ).simplified.text
    }

    /// The two ends of a range; nil for a list.
    var ends: (from: WrittenNumber, through: WrittenNumber)? {
        switch values {
        case .list: nil
        case .steps(let from, let through, _), .interval(let from, let through): (from, through)
        }
    }
}
