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
        _ form: String, _ fields: Fields, _ spans: [FaultSpan], _ chain: inout ChainConfiguration
    ) {
        let spans = ended(fields, spans)
        guard form == "halt" else {
            if case .exponential = chain.blockTime {
                fields.problem("missed_slots", "proof of work has no slots to miss")
            }
            let share = fields.read("missed_slots", Self.chance)
            chain.rules.missedSlots += spans.map {
                MissedSlots(from: $0.from, until: $0.until, share: share)
            }
            return
        }
        if !fields.read("halt", .yesOrNo) { fields.problem("halt", "expected 'true'") }
        let burst = fields.readIfPresent("burst", .positiveDuration)
        for span in spans {
            // One that chance draws may fall into another; those that are written are in order.
            if let other = chain.rules.halts.first(where: {
                $0.from < span.until && span.from < $0.until
            }) {
                problem(
                    fields.tree.position,
                    "\(fields.path): the chain already stands still until \(other.until)")
                return
            }
            chain.rules.halts.append(
                ChainHalt(from: span.from, until: span.until, burst: burst))
        }
        chain.rules.halts.sort { $0.from < $1.from }
    }
}
