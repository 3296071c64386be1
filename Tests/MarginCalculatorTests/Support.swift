import ExactMath
import MarginCalculator
import Scenarios
import Testing

struct NoFile: Error {}

/// The account of a text, as `crossmargin health` reads it.
func account(_ text: String, protocol name: String? = nil) throws -> CalculatedAccount {
    let file = try AccountFile.load("account.yaml", protocolName: name) { path in
        guard path == "account.yaml" else { throw NoFile() }
        return text
    }
    return try CalculatedAccount(file)
}

/// What the calculator says of a text.
func report(_ text: String, protocol name: String? = nil) throws -> MarginReport.AccountReport {
    MarginReport(try account(text, protocol: name)).account
}

/// Within a tolerance, both in units of the value.
func isNear<S: Scaled>(_ value: S?, _ expected: String, within tolerance: String = "0.00000001")
    -> Bool
{
    guard let value, let wanted = S(decimal: expected), let allowed = S(decimal: tolerance) else {
        return false
    }
    return (value - wanted).magnitude <= allowed
}
