public import ExactMath

/// A feed that is read once in every period, at its beginning, and takes effect a period later:
/// Maker's Oracle Security Module (makerdao/osm src/osm.sol: `poke`, `hop`).
///
/// Periods are multiples of their length since 1970. The transaction that reads is a reporter's like
/// any other; who may read when, and which of the two prices counts, is the protocol's law. Unlike
/// in Maker the price is the one at which the transaction was sent, not the one of the block in
/// which it is included.
public struct DelayedFeed: Sendable, Hashable {
    /// One hour at Maker; greater than zero. [ms]
    public var period: TimeSpan

    /// A feed with a period.
    public init(period: TimeSpan) { self.period = period }

    /// The number of the period that a moment falls in.
    func number(of time: Timestamp) -> Int64 {
        let (quotient, rest) = time.milliseconds.quotientAndRemainder(
            dividingBy: period.milliseconds)
        return rest < 0 ? quotient - 1 : quotient
    }
}
