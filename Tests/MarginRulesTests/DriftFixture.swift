import ExactMath
import MarginRules

// Slots are 400 ms.
func slots(_ count: Int64) -> TimeSpan { TimeSpan(milliseconds: count * 400) }

func driftRamp(_ initial: Int64, _ duration: Int64 = 150) -> LiquidationRamp {
    LiquidationRamp(
        initialShare: .bp(initial), duration: slots(duration),
        smallShortage: Money(raw: 50_000_000))
}
