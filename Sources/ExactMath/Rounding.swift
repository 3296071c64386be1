/// The direction in which an inexact result is rounded; every inexact operation asks for one.
///
/// The convention of the whole engine: requirements and debts round `up`, equity and payments `down`,
/// so that what rounding costs, it costs the account and never the protocol.
public enum Rounding: Sendable, Hashable {
    /// Towards negative infinity.
    case down
    /// Towards positive infinity.
    case up
    /// Towards zero.
    case towardZero
    /// To the nearest integer; a tie goes away from zero.
    case nearest
}

/// A result did not fit into its type.
///
/// Where input can cause it, the law turns it into a numbered rejection; elsewhere it is a bug.
public struct ArithmeticOverflow: Error, Hashable, Sendable {
    @inlinable public init() {}
}
