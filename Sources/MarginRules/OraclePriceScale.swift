public import ExactMath

/// How many decimals a feed's answer and a token's smallest unit have.
///
/// GMX stores a price as USD · 10^30 per smallest unit of the token, so the same dollar is 5·10^15
/// for an ether of 5,000 (18 decimals) and 10^24 for a USDC (6 decimals); the engine stores 1e-8
/// USD per whole unit. Source: gmx-io/gmx-synthetics README.md "Oracle Prices" and "For Data Stream
/// Feeds".
public struct OraclePriceScale: Sendable, Hashable {
    /// Decimals of the feed's answer, 0…30.
    public var feedDecimals: Int
    /// Decimals of the token's smallest unit, 0…30.
    public var tokenDecimals: Int

    /// A scale.
    /// - Precondition: both between 0 and 30.
    public init(feedDecimals: Int, tokenDecimals: Int) {
        precondition((0...30).contains(feedDecimals), "feed decimals are 0…30")
        precondition((0...30).contains(tokenDecimals), "token decimals are 0…30")
        self.feedDecimals = feedDecimals
        self.tokenDecimals = tokenDecimals
    }

    /// The power of ten of the multiplier configured for the feed: 60 − feed − token decimals.
    public var multiplierExponent: Int { 60 - feedDecimals - tokenDecimals }

    /// The stored price: `answer · multiplier / 10^30`, rounded down. [1e-30 USD per smallest unit]
    /// - Throws: ``ArithmeticOverflow`` when it does not fit 128 bits.
    public func stored(answer: Int128) throws(ArithmeticOverflow) -> Int128 {
        let shift = multiplierExponent - 30
        guard shift >= 0 else {
            return try multiplyWide(
                answer, 1, dividingBy: powerOfTen(-shift), rounding: .down)
        }
        return try multiplyWide(answer, powerOfTen(shift), dividingBy: 1, rounding: .down)
    }

    /// The price of a whole unit from the feed's answer. [1e-8 USD per unit]
    /// - Throws: ``ArithmeticOverflow`` when it does not fit.
    public func price(answer: Int128, rounding: Rounding) throws(ArithmeticOverflow) -> Price {
        try Price(
            answer, times: Int128(scaleE8), over: powerOfTen(feedDecimals), rounding: rounding)
    }

    /// The price of a whole unit from the stored price. [1e-8 USD per unit]
    /// - Throws: ``ArithmeticOverflow`` when it does not fit.
    public func price(stored: Int128, rounding: Rounding) throws(ArithmeticOverflow) -> Price {
        // stored / 10^30 · 10^tokenDecimals · 10^8
        let shift = 30 - tokenDecimals - 8
        guard shift >= 0 else {
            return try Price(stored, times: powerOfTen(-shift), over: 1, rounding: rounding)
        }
        return try Price(stored, times: 1, over: powerOfTen(shift), rounding: rounding)
    }
}

/// 10^exponent.
/// - Parameter exponent: 0…38.
private func powerOfTen(_ exponent: Int) -> Int128 {
    var value: Int128 = 1
    for _ in 0..<exponent { value *= 10 }
    return value
}
