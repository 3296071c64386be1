/// A rate as a quotient of two integers, for rates that eight decimals cannot hold.
///
/// A maintenance rate of 1/30 (half of a leverage of 15) has no exact decimal form. [dimensionless]
public struct ExactFraction: Hashable, Sendable {
    public let numerator: Int64
    public let denominator: Int64

    /// - Parameters:
    ///   - numerator: zero or more.
    ///   - denominator: greater than zero.
    public init(_ numerator: Int64, over denominator: Int64) {
        precondition(numerator >= 0 && denominator > 0, "a fraction of zero or more")
        self.numerator = numerator
        self.denominator = denominator
    }
}
