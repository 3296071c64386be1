/// A kind of scalar: how it is written, and what it means.
struct Kind<Value: Sendable>: Sendable {
    /// What the text should have been: `a duration such as '15s' or '2m'`.
    var expected: String
    /// What stands for a value that could not be read; never part of a scenario.
    var placeholder: Value
    /// What to put before or after a text that lacks its unit, to see whether that was meant.
    var repairs: [(before: String, after: String)] = []
    /// Where only some words are possible, these.
    var names: [String] = []
    var parse: @Sendable (String) -> Reading<Value>

    init(
        _ expected: String, placeholder: Value,
        repairs: [(before: String, after: String)] = [],
        parse: @escaping @Sendable (String) -> Reading<Value>
    ) {
        self.expected = expected
        self.placeholder = placeholder
        self.repairs = repairs
        self.parse = parse
    }
}

/// What came of reading a text.
enum Reading<Value: Sendable>: Sendable {
    case value(Value)
    /// Another kind of text.
    case mismatch
    /// The right kind, but a value that cannot be used: what was expected instead.
    case refused(expected: String)
}

extension Kind {
    /// The same, with a condition on the value.
    /// - Parameter rule: what is expected, as the end of a sentence: `more than zero`.
    func limited(_ rule: String, _ holds: @escaping @Sendable (Value) -> Bool) -> Kind {
        var limited = self
        limited.parse = { text in
            let reading = parse(text)
            guard case .value(let value) = reading, !holds(value) else { return reading }
            return .refused(expected: rule)
        }
        return limited
    }

    func map<Other: Sendable>(
        _ placeholder: Other, _ transform: @escaping @Sendable (Value) -> Other
    ) -> Kind<Other> {
        Kind<Other>(expected, placeholder: placeholder, repairs: repairs) { text in
            switch parse(text) {
            case .value(let value): .value(transform(value))
            case .mismatch: .mismatch
            case .refused(let rule): .refused(expected: rule)
            }
        }
    }

    /// The text's value, or what is wrong with it.
    func read(_ text: String) -> Outcome {
        switch parse(text) {
        case .value(let value): .value(value)
        case .mismatch: .problem("expected \(expected), found '\(text)'", hint: repaired(text))
        case .refused(let rule): .problem("expected \(rule), found '\(text)'", hint: repaired(text))
        }
    }

    enum Outcome {
        case value(Value)
        case problem(String, hint: String?)
    }

    private func repaired(_ text: String) -> String? {
        for repair in repairs {
            let other = repair.before + text + repair.after
            if case .value = parse(other) { return "did you mean '\(other)'?" }
        }
        return Nearest.hint(text, among: names)
    }
}

// MARK: Kinds without a unit

extension Kind where Value == String {
    /// Any text.
    static var text: Kind { Kind("a text", placeholder: "") { .value($0) } }

    /// A name that can be part of a path: letters, digits, `-` and `_`, at most 40 of them.
    static var name: Kind {
        Kind("a name of letters, digits, '-' and '_'", placeholder: "") {
            isName($0) ? .value($0) : .mismatch
        }
    }
}

/// Whether a text can name an asset, a market or a group.
func isName(_ text: String) -> Bool {
    (1...40).contains(text.utf8.count)
        && text.utf8.allSatisfy {
            switch $0 {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "_"):
                true
            default: false
            }
        }
}

extension Kind where Value == Bool {
    static var yesOrNo: Kind {
        Kind("'true' or 'false'", placeholder: false) {
            switch $0.lowercased() {
            case "true", "yes", "on": .value(true)
            case "false", "no", "off": .value(false)
            default: .mismatch
            }
        }
    }
}

extension Kind where Value == UInt64 {
    /// A seed: 0 to 2⁶⁴ − 1.
    static var seed: Kind {
        Kind("a whole number from 0 to 18446744073709551615", placeholder: 0) {
            // Without a sign, which UInt64 would take.
            $0.utf8.first.map { $0 == UInt8(ascii: "+") } == true
                ? .mismatch : UInt64($0).map { .value($0) } ?? .mismatch
        }
    }
}

extension Kind {
    /// One of a few words.
    static func choice(_ words: [(word: String, value: Value)]) -> Kind {
        precondition(!words.isEmpty, "a choice has words")
        let names = words.map(\.word)
        let listed = names.map { "'\($0)'" }
        let expected =
            listed.count == 1
            ? listed[0]
            : listed.dropLast().joined(separator: ", ") + " or " + listed[listed.count - 1]
        var kind = Kind(expected, placeholder: words[0].value) { text in
            words.first { $0.word == text }.map { .value($0.value) } ?? .mismatch
        }
        kind.names = names
        return kind
    }
}
