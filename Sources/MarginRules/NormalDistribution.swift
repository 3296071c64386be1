public import ExactMath

/// The normal distribution of mean zero and variance one.
public enum NormalDistribution {
    /// √(2π), to the nearest. [1e-18]
    private static let rootOfTwoPi = Fixed18(raw: 2_506_628_274_631_000_502)

    /// The density at z, to within 2e-18. [1e-18]
    public static func density(_ z: Fixed18) -> Fixed18 {
        // Beyond nine the density is below 1.1e-18.
        guard abs(z) < Fixed18(whole: 10) else { return .zero }
        do {
            let square = try z.multiplied(by: z, rounding: .nearest)
            return try exp(Fixed18(raw: -square.raw / 2))
                .divided(by: rootOfTwoPi, rounding: .nearest)
        } catch {
            preconditionFailure("the square of a number below ten fits")
        }
    }

    /// The probability of a value at or below z, to within 1e-15. [1e-18]
    ///
    /// Near the middle ½ + φ(z)·(z + z³/3 + z⁵/15 + …); from three on, the continued fraction of
    /// the tail, φ(z)/(z + 1/(z + 2/(z + …))). Abramowitz and Stegun, 26.2.11 and 26.2.14.
    public static func cumulative(_ z: Fixed18) -> Fixed18 {
        let size = abs(z)
        guard size < Fixed18(whole: 10) else { return z < .zero ? .zero : .one }
        do {
            if size < Fixed18(whole: 3) {
                let half = Fixed18(raw: Fixed18.one.raw / 2)
                return half
                    + (try density(z).multiplied(by: try oddSeries(z), rounding: .nearest))
            }
            let tail = try density(z).divided(by: try continuedFraction(size), rounding: .nearest)
            return z < .zero ? tail : .one - tail
        } catch {
            preconditionFailure("all terms are below ninety")
        }
    }

    private static func abs(_ z: Fixed18) -> Fixed18 { z < .zero ? -z : z }

    private static func oddSeries(_ z: Fixed18) throws(ArithmeticOverflow) -> Fixed18 {
        let square = try z.multiplied(by: z, rounding: .nearest)
        var term = z
        var sum = z
        var divisor: Int128 = 3
        while term != .zero {
            term = Fixed18(
                raw: try term.multiplied(by: square, rounding: .towardZero).raw / divisor)
            sum += term
            divisor += 2
        }
        return sum
    }

    private static func continuedFraction(_ z: Fixed18) throws(ArithmeticOverflow) -> Fixed18 {
        // From the inside; eighty levels are exact to 1e-18 from three on.
        var value = z
        for level in stride(from: Int64(80), through: 1, by: -1) {
            value = z + (try Fixed18(whole: level).divided(by: value, rounding: .nearest))
        }
        return value
    }
}
