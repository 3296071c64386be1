import ExactMath
import MarginProtocol

extension MarginSchedule {
    /// The margin of a position of which only the notional is known: without what depends on its size.
    func requirement(on notional: Money, _ kind: MarginKind) throws(ArithmeticOverflow) -> Money {
        try requirement(MarginBasis(size: .zero, notional: notional), kind)
    }
}
