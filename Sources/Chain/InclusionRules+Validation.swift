import ExactMath

extension InclusionRules {
    /// - Throws: the first field that does not make sense, in order of declaration.
    func validate(_ chain: ChainConfiguration) throws(ChainError) {
        if let bundles {
            try require(
                bundles.builderShare >= .zero && bundles.builderShare <= .one,
                "bundles.builderShare", "0 % to 100 %")
        }
        if let lane = expressLane {
            try require(
                chain.ordering == .firstComeFirstServed, "expressLane",
                "absent where transactions are not ordered by arrival")
            try lane.validate()
        }
        if let lockLimit {
            try require(1...Bounds.gas ~= lockLimit, "lockLimit", "1 to \(Bounds.gas) gas")
            try require(
                chain.ordering == .effectiveTip, "lockLimit",
                "absent where transactions are not ordered by fee")
        }
        try require(
            lossRate >= .zero && lossRate <= Ratio(percent: 99), "lossRate", "0 % to 99 %")
        if case .liquidationsFirst(let attempts) = precedence {
            try require(
                1...Bounds.transactions ~= attempts, "precedence.attempts",
                "1 to \(Bounds.transactions)")
        }
        try validateFeeChanges(chain.feeMarket)
        try validateTimes()
    }

    private func validateFeeChanges(_ market: FeeMarket) throws(ChainError) {
        guard !feeChanges.isEmpty else { return }
        guard case .eip1559(let rule) = market else {
            throw ChainError(field: "feeChanges", message: "must be absent without a base fee")
        }
        for (index, change) in feeChanges.enumerated() {
            let path = "feeChanges[\(index)]"
            try require(
                index == 0 || feeChanges[index - 1].from < change.from, "\(path).from",
                "later than the change before it")
            var changed = self.rule(rule, at: change.from)
            changed.initialBaseFee = max(rule.initialBaseFee, change.minimumBaseFee)
            try changed.validate()
        }
    }

    private func validateTimes() throws(ChainError) {
        for (index, halt) in halts.enumerated() {
            let path = "halts[\(index)]"
            try require(halt.from < halt.until, "\(path).until", "later than its beginning")
            try require(
                index == 0 || halts[index - 1].until <= halt.from, "\(path).from",
                "not before the end of the halt before it")
            if let burst = halt.burst {
                try require(burst > .zero, "\(path).burst", "more than zero")
            }
        }
        for (index, fault) in missedSlots.enumerated() {
            let path = "missedSlots[\(index)]"
            try require(fault.from < fault.until, "\(path).until", "later than its beginning")
            try require(
                fault.share >= .zero && fault.share <= Ratio(percent: 99), "\(path).share",
                "0 % to 99 %")
        }
    }
}

extension ExpressLane {
    fileprivate func validate() throws(ChainError) {
        try require(
            round > .zero && round <= Bounds.span, "expressLane.round",
            "more than zero, at most ten years")
        try require(
            closing >= .zero && closing < round, "expressLane.closing", "less than the round")
        try require(
            delay >= .zero && delay <= round, "expressLane.delay", "at most the round")
        try require(reserve >= 0, "expressLane.reserve", "zero or more")
        try require(1...1000 ~= bids, "expressLane.bids", "1 to 1,000")
    }
}
