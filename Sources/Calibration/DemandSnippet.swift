import ExactMath
import Foundation

extension DemandFit {
    /// The fit in words: parameters and goodness.
    public var summary: [(name: String, value: String)] {
        func decimals(_ value: Double, _ places: Int) -> String {
            String(format: "%.\(places)f", value)
        }
        return [
            ("windows", "\(times.count)"),
            ("r_squared", decimals(rSquared, 3)),
            ("rms_log_error", decimals(rootMeanSquare, 3)),
            ("observed_peak", "\(observedPeak)"),
            ("fitted_peak", "\(fittedPeak)"),
            ("steepest_move", "\(steepestMove)"),
            ("base_load", decimals(model.base, 2)),
            ("surge_per_move", decimals(model.surge, 1)),
            ("surge_decay_hours", decimals(model.decay, 2)),
            ("median_gwei", decimals(model.median, 3)),
            ("spread", decimals(model.spread, 3)),
            ("escalation_per_hour", decimals(model.escalation, 3)),
            ("patience_hours", decimals(model.patience, 2)),
        ]
    }

    /// The `demand` of a scenario that is this model, as YAML.
    public var snippet: String {
        var lines = [
            "# A backlog model fitted to \(times.count) windows of gas prices:",
            String(
                format: "# R² %.3f of ln price, root mean square error %.3f.", rSquared,
                rootMeanSquare),
            "demand:",
            String(format: "  patience: %llds", Int64((model.patience * 3600).rounded())),
            String(format: "  escalation: %.2f%%", model.escalation * 100),
            "  points: [",
        ]
        for (time, load) in zip(times, model.loads(moves, window: window)) {
            lines.append(
                String(
                    format: "    [%@, %.6f gwei, %.2f%%, %.2f%%],", "\(time)", model.median,
                    load * 100, model.spread * 100))
        }
        lines[lines.count - 1].removeLast()
        lines[lines.count - 1] += "]"
        return lines.joined(separator: "\n") + "\n"
    }
}
