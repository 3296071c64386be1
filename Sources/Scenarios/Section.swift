/// One key of the grammar: what decoding knows and what the reference says, in one place.
struct Key {
    var name: String
    /// What its value is, for people: `duration`, `map`, `list of blocks`.
    var type: String
    /// What stands in for it when it is missing, written as in a scenario; read by the same code.
    var defaultText: String?
    /// How the default comes about where no text can say it.
    var defaultRule: String?
    var isRequired = false
    var sentence: String

    init(_ name: String, _ type: String, default text: String, _ sentence: String) {
        (self.name, self.type, self.sentence, defaultText) = (name, type, sentence, text)
    }
    init(_ name: String, _ type: String, rule: String, _ sentence: String) {
        (self.name, self.type, self.sentence, defaultRule) = (name, type, sentence, rule)
    }
    init(_ name: String, _ type: String, required: Bool, _ sentence: String) {
        (self.name, self.type, self.sentence, isRequired) = (name, type, sentence, required)
    }
}

/// The keys of one map of the grammar.
struct Section {
    /// Where it stands, with capitals for names that the scenario chooses: `assets.ASSET.liquidity`.
    var path: String
    var sentence: String
    var keys: [Key]

    var names: [String] { keys.map(\.name) }

    subscript(name: String) -> Key? { keys.first { $0.name == name } }
}
