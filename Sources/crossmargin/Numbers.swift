import ExactMath

/// `1,234,567`
func grouped(_ value: Int64) -> String {
    let digits = String(value.magnitude)
    var out = ""
    for (index, digit) in digits.enumerated() {
        if index > 0, (digits.count - index).isMultiple(of: 3) { out += "," }
        out.append(digit)
    }
    return (value < 0 ? "-" : "") + out
}

/// Whole dollars from a hundred on, cents below. [1e-8 USD]
func dollars(_ raw: Int64, signed: Bool = false) -> String {
    let sign = raw < 0 ? "-" : signed && raw > 0 ? "+" : ""
    let cents = Int64((raw.magnitude + 500_000) / 1_000_000)
    if cents >= 10_000 { return "\(sign)$\(grouped((cents + 50) / 100))" }
    return "\(sign)$\(cents / 100).\(cents % 100 < 10 ? "0" : "")\(cents % 100)"
}

/// Per cent with one decimal.
func percent(_ ratio: Ratio) -> String {
    let tenths = (ratio.raw + 50_000) / 100_000
    return "\(tenths / 10).\((tenths % 10).magnitude) %"
}

/// Seconds, minutes or hours, whichever reads best. [ms]
func timeText(_ milliseconds: Int64) -> String {
    let tenths = (milliseconds + 50) / 100
    if tenths < 1200 { return "\(tenths / 10).\(tenths % 10) s" }
    if tenths < 72_000 { return "\(tenths / 600) min \(tenths / 10 % 60) s" }
    return "\(tenths / 36_000) h \(tenths / 600 % 60) min"
}

/// Gwei with one decimal below ten. [wei]
func gwei(_ wei: Int64) -> String {
    wei < 10_000_000_000
        ? "\(wei / 1_000_000_000).\(wei / 100_000_000 % 10) gwei"
        : "\(grouped(wei / 1_000_000_000)) gwei"
}

/// A floating-point number with so many decimals; only for wall-clock times.
func rounded(_ value: Double, _ decimals: Int) -> String {
    var scale = 1
    for _ in 0..<decimals { scale *= 10 }
    let whole = Int((value * Double(scale)).rounded())
    if decimals == 0 { return "\(whole)" }
    let fraction = String(whole % scale)
    return "\(whole / scale)." + String(repeating: "0", count: decimals - fraction.count) + fraction
}
