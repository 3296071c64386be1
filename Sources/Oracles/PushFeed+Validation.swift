import ExactMath

extension PushFeed {
    /// Refuses a configuration that has no meaning, in the order of the fields.
    func validate() throws(OracleError) {
        guard !name.isEmpty else { throw refusal("name", .empty) }
        try check(asset, within: 0...Int.max, "asset")
        try check(deviation, within: .zero...(.one), "deviation")
        guard deviation.isPositive || heartbeat != .zero else {
            throw refusal("deviation", .noTrigger)
        }
        // The interval comes first, because the heartbeat's lower limit is an interval.
        try check(interval, within: TimeSpan(milliseconds: 1)...(.year), "interval")
        if heartbeat != .zero {
            try check(heartbeat, within: interval...(.year), "heartbeat")
        }
        try check(noise, within: .zero...Ratio(percent: 10), "noise")
        try validateLatency()
        try check(confidence, within: .zero...(.one), "confidence")
        for (index, outage) in outages.enumerated() {
            guard outage.from < outage.until else {
                throw refusal("outages[\(index)]", .reversed(outage.from, outage.until))
            }
        }
        for (index, fault) in extraLatency.enumerated() {
            let field = "extraLatency[\(index)]"
            guard fault.from < fault.until else {
                throw refusal(field, .reversed(fault.from, fault.until))
            }
            try check(fault.extra, within: .zero...(.year), field + ".extra")
        }
        try check(reporters, within: 1...255, "reporters")
    }

    /// The limits keep every latency a number of milliseconds that fits, and the arithmetic
    /// precise.
    private func validateLatency() throws(OracleError) {
        let delays: ClosedRange<TimeSpan> = .zero...(.year)
        switch latency {
        case .fixed(let delay):
            try check(delay, within: delays, "latency")
        case .uniform(let shortest, let longest):
            try check(shortest, within: delays, "latency.shortest")
            try check(longest, within: shortest...(.year), "latency.longest")
        case .exponential(let mean):
            try check(mean, within: delays, "latency.mean")
        case .lognormal(let median, let sigma):
            try check(median, within: delays, "latency.median")
            try check(sigma, within: .zero...Ratio(percent: 200), "latency.sigma")
        case .pareto(let minimum, let shape, let maximum):
            try check(minimum, within: TimeSpan(milliseconds: 1)...(.year), "latency.minimum")
            try check(shape, within: Ratio(percent: 10)...Ratio(percent: 2000), "latency.shape")
            try check(maximum, within: minimum...(.year), "latency.maximum")
        }
    }

    private func check(
        _ value: Int, within allowed: ClosedRange<Int>, _ field: String
    ) throws(OracleError) {
        guard allowed.contains(value) else { throw refusal(field, .count(value, allowed)) }
    }

    private func check(
        _ value: Ratio, within allowed: ClosedRange<Ratio>, _ field: String
    ) throws(OracleError) {
        guard allowed.contains(value) else { throw refusal(field, .ratio(value, allowed)) }
    }

    private func check(
        _ value: TimeSpan, within allowed: ClosedRange<TimeSpan>, _ field: String
    ) throws(OracleError) {
        guard allowed.contains(value) else { throw refusal(field, .span(value, allowed)) }
    }

    private func refusal(_ field: String, _ problem: OracleError.Problem) -> OracleError {
        OracleError(feed: name, field: field, problem: problem)
    }
}
