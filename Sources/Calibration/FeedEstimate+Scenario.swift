import ExactMath

extension FeedEstimate {
    /// The lines of a scenario that configure such a feed; nil where it has neither deviation nor heartbeat.
    ///
    /// Reporters look once a block, where the distances show one. The latency is even from nothing to the
    /// 95th percentile of the lateness, which is what the clock's own rounds show; that of moves is not
    /// visible without the price outside.
    public func snippet(asset: String) -> String? {
        guard deviation != nil || heartbeat != nil else { return nil }
        var lines = ["oracles:", "  \(asset):"]
        lines.append("    deviation: \(Self.percent(deviation ?? .zero))%")
        lines.append("    heartbeat: \(Self.duration(heartbeat ?? .zero))")
        if heartbeat != nil {
            lines.append("    mode: \(isPhaseLocked ? "phase_locked" : "reset_on_update")")
        }
        if quantum >= TimeSpan(seconds: 2) {
            lines.append("    interval: \(Self.duration(quantum))")
        }
        lines.append(
            lateness.high > .zero
                ? "    latency: 0s..\(Self.duration(lateness.high))" : "    latency: 0s")
        return lines.joined(separator: "\n") + "\n"
    }

    static func percent(_ ratio: Ratio) -> String { "\(Ratio(raw: ratio.raw * 100))" }

    static func duration(_ span: TimeSpan) -> String {
        let value = span.milliseconds
        for (unit, name) in [(3_600_000, "h"), (60_000, "m"), (1000, "s")] as [(Int64, String)]
        where value % unit == 0 && value > 0 {
            return "\(value / unit)\(name)"
        }
        return value == 0 ? "0s" : "\(value)ms"
    }
}
