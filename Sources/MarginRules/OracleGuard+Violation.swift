import ExactMath

extension OracleGuard {
    /// What an answer violates; nil where it passes.
    func violation(of answer: OracleAnswer, in context: OracleContext)
        throws(ArithmeticOverflow) -> OracleViolation?
    {
        switch self {
        case .positivePrice:
            return answer.price.isPositive ? nil : .priceNotPositive
        case .maximumAge(let limit, let rule):
            let age = context.now - answer.observedAt
            return age < .zero || rule.permits(age, upTo: limit) ? nil : .tooOld
        case .maximumLead(let limit, let rule):
            let lead = answer.observedAt - context.now
            return lead <= .zero || rule.permits(lead, upTo: limit) ? nil : .tooFarAhead
        case .maximumConfidence(let share):
            let limit = try answer.price.scaled(by: share, rounding: .down)
            return answer.confidence <= limit ? nil : .tooUncertain
        case .sequencerUp(let grace, let rule):
            return Self.violation(of: context.sequencer, grace: grace, rule, at: context.now)
        case .anchorBand(let tolerance):
            return try isWithinBand(answer.price, context.reference, tolerance)
                ? nil : .outsideAnchorBand
        case .maximumDeviation(let limit):
            return isWithinDeviation(answer.price, context.reference, limit)
                ? nil : .deviatesFromReference
        case .bounds(let minimum, let maximum, let rule):
            let isWithin =
                rule.permits(minimum, upTo: answer.price)
                && rule.permits(answer.price, upTo: maximum)
            return isWithin ? nil : .outsideBounds
        case .clamp:
            return nil
        case .maximumBatchSpread(let limit):
            let batch = batch(of: answer, in: context)
            return batch.upperBound - batch.lowerBound <= limit ? nil : .batchSpreadTooWide
        case .noneOlderThanRequest:
            guard let requested = context.requestedAt else { return nil }
            return batch(of: answer, in: context).lowerBound >= requested ? nil : .olderThanRequest
        case .newestNotOlderThanRequest:
            guard let requested = context.requestedAt else { return nil }
            return batch(of: answer, in: context).upperBound >= requested ? nil : .olderThanRequest
        case .requestExpiration(let limit):
            guard let requested = context.requestedAt else { return nil }
            return batch(of: answer, in: context).upperBound <= requested + limit
                ? nil : .afterRequestExpired
        }
    }

    /// What a sequencer's status violates; a chain without one passes.
    static func violation(
        of sequencer: SequencerStatus?, grace: TimeSpan, _ rule: LimitRule, at now: Timestamp
    ) -> OracleViolation? {
        guard let sequencer else { return nil }
        guard sequencer.isUp else { return .sequencerDown }
        return rule.permits(grace, upTo: now - sequencer.since) ? nil : .sequencerGracePeriod
    }

    private func batch(of answer: OracleAnswer, in context: OracleContext)
        -> ClosedRange<Timestamp>
    {
        context.batch ?? answer.observedAt...answer.observedAt
    }

    private func isWithinBand(_ price: Price, _ reference: Price?, _ tolerance: Ratio)
        throws(ArithmeticOverflow) -> Bool
    {
        guard price.isPositive, let reference, reference >= .zero else { return false }
        let ratio = try Fixed18(reference).divided(by: Fixed18(price), rounding: .down)
        // A tolerance of one or more leaves the contract's smallest lower bound.
        let lower = max(.one - Fixed18(tolerance), Fixed18(raw: 1))
        return ratio >= lower && ratio <= .one + Fixed18(tolerance)
    }

    private func isWithinDeviation(_ price: Price, _ reference: Price?, _ limit: Ratio) -> Bool {
        guard let reference else { return true }
        // |price − reference| / reference ≤ limit, without the division.
        return product((price - reference).magnitude.raw, scaleE8)
            <= product(limit.raw, reference.raw)
    }
}
