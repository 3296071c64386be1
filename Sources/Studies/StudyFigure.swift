import ExactMath
public import Scenarios

/// How figures of a study are written.
public enum StudyFigure {
    /// A mean and half of its interval, with as many decimals as the interval makes sense of: `$48.6k ± $22.2k`.
    public static func text(
        _ sample: Sample, _ unit: Metric.Unit, signed: Bool = false
    ) -> String {
        let (divisor, prefix, suffix) = scale(sample, unit)
        let mean = sample.mean / divisor
        let width = sample.halfWidth / divisor
        let decimals = decimals(mean, width)
        let sign = mean < 0 && !isZero(mean, decimals) ? "-" : signed ? "+" : ""
        let value = sign + prefix + decimal(mean.magnitude, decimals) + suffix
        guard sample.count > 1 else { return value }
        return value + " ± " + prefix + decimal(width, decimals) + suffix
    }

    /// One figure, in the size of a sample's mean.
    public static func text(_ value: Double, _ unit: Metric.Unit) -> String {
        text(Sample([value]), unit)
    }

    private static func isZero(_ value: Double, _ decimals: Int) -> Bool {
        decimal(value.magnitude, decimals).allSatisfy { "0.".contains($0) }
    }

    /// What figures are divided by, and what stands around them.
    private static func scale(_ sample: Sample, _ unit: Metric.Unit) -> (Double, String, String) {
        let size = max(sample.mean.magnitude, sample.halfWidth)
        switch unit {
        case .dollars:
            if size >= 1e7 { return (1e6, "$", "M") }
            if size >= 1e4 { return (1e3, "$", "k") }
            return (1, "$", "")
        case .price: return (1, "$", "")
        case .share: return (0.01, "", " %")
        case .seconds: return (1, "", " s")
        case .gwei: return (1, "", " gwei")
        case .count, .exactness: return (1, "", "")
        }
    }

    private static func decimals(_ mean: Double, _ width: Double) -> Int {
        let size = max(mean.magnitude, width)
        return size >= 1000 ? 0 : size >= 1 ? 1 : size == 0 ? 0 : 3
    }

    /// With so many decimals, and commas between thousands.
    static func decimal(_ value: Double, _ decimals: Int) -> String {
        guard value.isFinite, value < 1e15 else { return "\(value)" }
        var scale: Int64 = 1
        for _ in 0..<decimals { scale *= 10 }
        let whole = Int64((value * Double(scale)).rounded())
        let fraction = String(whole % scale)
        var digits = ""
        for (index, digit) in String(whole / scale).reversed().enumerated() {
            if index > 0, index.isMultiple(of: 3) { digits.append(",") }
            digits.append(digit)
        }
        let head = String(digits.reversed())
        guard decimals > 0 else { return head }
        return head + "." + String(repeating: "0", count: decimals - fraction.count) + fraction
    }
}
