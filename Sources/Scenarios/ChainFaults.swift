import Chain
import ExactMath

extension ScenarioDecoder {
    /// The faults that strike the chain itself.
    static let chainFaults = ["halt", "missed_slots"]

    static let chainFaultKeys: [Key] = [
        Key(
            "halt", "true", rule: "none",
            "The chain stands still: no blocks, and transactions wait."),
        Key(
            "burst", "duration", rule: "none",
            "Afterwards as many blocks as were missed come at this distance; only with a halt."),
        Key(
            "missed_slots", "percentage", rule: "none",
            "The chance that a slot passes without a block meanwhile."),
    ]

    func chainFault(
        _ form: String, _ fields: Fields, at time: Timestamp, _ chain: inout ChainConfiguration
    ) {
        guard fields.has("for") else {
            problem(fields.tree.position, "missing key 'for' in \(fields.path): duration")
            return
        }
        let until = time + fields.read("for", .positiveDuration)
        guard form == "halt" else {
            if case .exponential = chain.blockTime {
                fields.problem("missed_slots", "proof of work has no slots to miss")
            }
            chain.rules.missedSlots.append(
                MissedSlots(
                    from: time, until: until, share: fields.read("missed_slots", Self.chance)))
            return
        }
        if !fields.read("halt", .yesOrNo) { fields.problem("halt", "expected 'true'") }
        let halt = ChainHalt(
            from: time, until: until, burst: fields.readIfPresent("burst", .positiveDuration))
        if let last = chain.rules.halts.last, last.until > time {
            fields.problem("at", "the chain already stands still until \(last.until)")
            return
        }
        chain.rules.halts.append(halt)
    }
}
