/// A 64-bit integer with eight decimals: the one scale of everything that is stored.
///
/// Eight decimals are those of Chainlink's USD feeds and of bitcoin. Addition and subtraction trap on
/// overflow, because sums of bounded quantities can only overflow by a bug; products do not exist as
/// operators: they name their rounding.
public protocol Scaled: Hashable, Comparable, Sendable, CustomStringConvertible {
    /// The value in units of 1e-8.
    var raw: Int64 { get set }
    init(raw: Int64)
}

/// The number of raw units in one: 10^8.
public let scaleE8: Int64 = 100_000_000

extension Scaled {
    @inlinable public static var zero: Self { Self(raw: 0) }
    @inlinable public static func < (a: Self, b: Self) -> Bool { a.raw < b.raw }
    @inlinable public static func + (a: Self, b: Self) -> Self { Self(raw: a.raw + b.raw) }
    @inlinable public static func - (a: Self, b: Self) -> Self { Self(raw: a.raw - b.raw) }
    @inlinable public static func += (a: inout Self, b: Self) { a.raw += b.raw }
    @inlinable public static func -= (a: inout Self, b: Self) { a.raw -= b.raw }
    @inlinable public static prefix func - (a: Self) -> Self { Self(raw: -a.raw) }

    @inlinable public var isZero: Bool { raw == 0 }
    @inlinable public var isNegative: Bool { raw < 0 }
    @inlinable public var isPositive: Bool { raw > 0 }

    /// The absolute value, without a branch that random signs would mispredict.
    @inlinable public var magnitude: Self {
        let sign = raw >> 63
        return Self(raw: (raw ^ sign) - sign)
    }

    /// A whole number of units. Traps above 92 billion.
    @inlinable public init(whole: Int64) { self.init(raw: whole * scaleE8) }

    /// `self + other`, or an error where the sum does not fit.
    @inlinable public func adding(_ other: Self) throws(ArithmeticOverflow) -> Self {
        Self(raw: try sum(raw, other.raw))
    }

    /// `self · ratio`, rounded as said.
    @inlinable public func scaled(by ratio: Ratio, rounding: Rounding)
        throws(ArithmeticOverflow) -> Self
    {
        Self(
            raw: try multiplyScaled(raw, ratio.raw, rounding: rounding))
    }

    /// `self · numerator / denominator`, exact in the middle.
    @inlinable public func scaled(
        by numerator: Int64, over denominator: Int64, rounding: Rounding
    ) throws(ArithmeticOverflow) -> Self {
        Self(raw: try multiply(raw, numerator, dividingBy: denominator, rounding: rounding))
    }

    /// The exact decimal text, without trailing zeros: `-12.5`, `0.00000001`.
    public var description: String {
        let magnitude = raw.magnitude
        let whole = magnitude / UInt64(scaleE8)
        var fraction = String(magnitude % UInt64(scaleE8))
        let sign = raw < 0 ? "-" : ""
        if fraction == "0" { return sign + String(whole) }
        fraction = String(repeating: "0", count: 8 - fraction.count) + fraction
        while fraction.hasSuffix("0") { fraction.removeLast() }
        return sign + String(whole) + "." + fraction
    }
}

/// A price. [1e-8 USD per unit]
@frozen public struct Price: Scaled {
    public var raw: Int64
    @inlinable public init(raw: Int64) { self.raw = raw }
}

/// An amount of an asset, or the signed size of a position. [1e-8 units]
@frozen public struct Quantity: Scaled {
    public var raw: Int64
    @inlinable public init(raw: Int64) { self.raw = raw }
}

/// A sum of money. [1e-8 USD]
@frozen public struct Money: Scaled {
    public var raw: Int64
    @inlinable public init(raw: Int64) { self.raw = raw }
}

/// A dimensionless fraction: a rate, a weight, a share. [1e-8]
@frozen public struct Ratio: Scaled {
    public var raw: Int64
    @inlinable public init(raw: Int64) { self.raw = raw }
    /// One, i.e. 100 %.
    @inlinable public static var one: Ratio { Ratio(raw: scaleE8) }
    /// A number of basis points.
    @inlinable public init(basisPoints: Int64) { self.init(raw: basisPoints * 10_000) }
    /// A whole number of per cent.
    @inlinable public init(percent: Int64) { self.init(raw: percent * 1_000_000) }

    /// `numerator / denominator` as a ratio.
    /// - Parameter denominator: greater than zero.
    @inlinable public init<Q: Scaled>(_ numerator: Q, over denominator: Q, rounding: Rounding)
        throws(ArithmeticOverflow)
    {
        self.init(
            raw: try multiply(
                numerator.raw, scaleE8, dividingBy: denominator.raw, rounding: rounding))
    }
}

extension Quantity {
    /// The value of this many units at a price. [1e-8 USD]
    @inlinable public func value(at price: Price, rounding: Rounding)
        throws(ArithmeticOverflow) -> Money
    {
        Money(raw: try multiplyScaled(raw, price.raw, rounding: rounding))
    }
}

extension Money {
    /// How many units this much money buys at a price. The price is greater than zero.
    @inlinable public func quantity(at price: Price, rounding: Rounding)
        throws(ArithmeticOverflow) -> Quantity
    {
        Quantity(raw: try multiply(raw, scaleE8, dividingBy: price.raw, rounding: rounding))
    }
}
