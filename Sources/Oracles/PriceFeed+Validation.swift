import ExactMath

extension PriceFeed {
    /// Refuses a configuration that has no meaning, in the order of the fields.
    func validate() throws(OracleError) {
        guard !name.isEmpty else { throw refusal("name", .empty) }
        try check(asset, within: 0...Int.max, "asset")
        try check(deviation, within: .zero...(.one), "deviation")
        if kind == .push || kind == .median {
            guard deviation.isPositive || heartbeat != .zero else {
                throw refusal("deviation", .noTrigger)
            }
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
        if let outliers {
            try check(outliers, within: Ratio(raw: 1)...(.one), "outliers")
        }
        try check(quorum, within: 1...reporters, "quorum")
        if let anchor {
            try check(anchor.tolerance, within: Ratio(raw: 1)...(.one), "anchor.tolerance")
            try check(
                anchor.window, within: TimeSpan(milliseconds: 1)...(.year), "anchor.window")
        }
        try validateKind()
        try validateVenues()
        try validateFaults()
    }

    private func validateKind() throws(OracleError) {
        switch kind {
        case .push, .pull, .vote: break
        case .median:
            if venues.isEmpty { throw refusal("venues", .count(0, 1...Int.max)) }
        case .delayed(let delayed):
            try check(
                delayed.period, within: TimeSpan(milliseconds: 1)...(.year), "kind.period")
        case .twap(let window):
            try check(window, within: TimeSpan(milliseconds: 1)...(.year), "kind.window")
        case .replay(let rounds):
            try check(rounds.count, within: 1...Int.max, "kind.rounds")
            for (index, round) in rounds.enumerated() {
                try check(round.price, "kind.rounds[\(index)]")
                if index > 0, rounds[index - 1].time >= round.time {
                    throw refusal(
                        "kind.rounds[\(index)]", .reversed(rounds[index - 1].time, round.time))
                }
            }
        }
    }

    private func validateVenues() throws(OracleError) {
        for (index, venue) in venues.enumerated() {
            let field = "venues[\(index)]"
            guard !venue.name.isEmpty else { throw refusal(field + ".name", .empty) }
            guard !venues[..<index].contains(where: { $0.name == venue.name }) else {
                throw refusal(field + ".name", .duplicate)
            }
            try check(Int(venue.weight), within: 1...1_000_000, field + ".weight")
            try check(venue.noise, within: .zero...Ratio(percent: 10), field + ".noise")
        }
        if let bounds {
            try check(bounds.minimum, "bounds.minimum")
            try check(bounds.maximum, "bounds.maximum")
            guard bounds.minimum <= bounds.maximum else {
                throw refusal("bounds.maximum", .price(bounds.maximum))
            }
        }
    }

    private func validateFaults() throws(OracleError) {
        for (index, fault) in faults.enumerated() {
            let field = "faults[\(index)]"
            guard fault.from < fault.until else {
                throw refusal(field, .reversed(fault.from, fault.until))
            }
            switch fault.scope {
            case .everyone: break
            case .reporters(let count): try check(count, within: 1...reporters, field + ".scope")
            case .venue(let name):
                guard venues.contains(where: { $0.name == name }) else {
                    throw refusal(field + ".scope", .empty)
                }
            }
            switch fault.effect {
            case .freeze, .silence: break
            case .factor(let factor):
                try check(
                    factor, within: Ratio(raw: 1)...Ratio(whole: 100_000_000), field + ".factor")
            case .value(let price), .floor(let price), .ceiling(let price):
                try check(price, field + ".effect")
            }
        }
    }

    private func check(_ price: Price, _ field: String) throws(OracleError) {
        guard price.isPositive, price.raw <= Int64.max / 2 else {
            throw refusal(field, .price(price))
        }
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
