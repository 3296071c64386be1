/// A 128-bit integer with eighteen decimals: growing indexes, and the physics of prices. [1e-18]
///
/// Holds ±1.7e20. Used where eight decimals would lose a rate that accrues every second, and as the
/// number type of ``exp(_:)``, ``ln(_:)`` and ``squareRoot(_:)``.
@frozen public struct Fixed18: Hashable, Comparable, Sendable {
    public var raw: Int128
    @inlinable public init(raw: Int128) { self.raw = raw }
    @inlinable public static var zero: Fixed18 { Fixed18(raw: 0) }
    @inlinable public static var one: Fixed18 { Fixed18(raw: 1_000_000_000_000_000_000) }
    @inlinable public static func < (a: Fixed18, b: Fixed18) -> Bool { a.raw < b.raw }
    @inlinable public static func + (a: Fixed18, b: Fixed18) -> Fixed18 {
        Fixed18(raw: a.raw + b.raw)
    }
    @inlinable public static func - (a: Fixed18, b: Fixed18) -> Fixed18 {
        Fixed18(raw: a.raw - b.raw)
    }
    @inlinable public static prefix func - (a: Fixed18) -> Fixed18 { Fixed18(raw: -a.raw) }
    @inlinable public static func += (a: inout Fixed18, b: Fixed18) { a.raw += b.raw }
    @inlinable public static func -= (a: inout Fixed18, b: Fixed18) { a.raw -= b.raw }
    /// A value of the eight-decimal scale, exactly.
    @inlinable public init(_ value: some Scaled) {
        self.init(raw: Int128(value.raw) * 10_000_000_000)
    }
    /// A whole number.
    @inlinable public init(whole: Int64) {
        self.init(raw: Int128(whole) * 1_000_000_000_000_000_000)
    }
}
