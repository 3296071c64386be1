public import ExactMath

/// What a schedule needs to know of a position.
public struct MarginBasis: Hashable, Sendable {
    /// [1e-8 units] Zero or more.
    public var size: Quantity
    /// In the settlement asset, zero or more. [1e-8]
    public var notional: Money
    /// The rate that the owner's chosen leverage implies; the initial rate is at least this.
    public var chosenRate: Ratio
    /// The value of one side of the whole market. [1e-8]
    public var openInterest: Money
    public init(
        size: Quantity, notional: Money, chosenRate: Ratio = .zero, openInterest: Money = .zero
    ) {
        self.size = size
        self.notional = notional
        self.chosenRate = chosenRate
        self.openInterest = openInterest
    }
}

extension MarginSchedule {
    /// The margin of a position, rounded up. [1e-8]
    ///
    /// - Throws: ``ArithmeticOverflow`` beyond $92 billion.
    public func requirement(_ position: MarginBasis, _ kind: MarginKind)
        throws(ArithmeticOverflow) -> Money
    {
        let charged = try charge(position, kind)
        var margin = charged.margin
        let least = try rate(position, kind, base: charged.rate)
        if least != charged.rate || isRateRounded {
            // A premium or a scaling applies to the whole position.
            margin = max(margin, try position.notional.scaled(by: least, rounding: .up))
        }
        if kind == .initial, position.chosenRate.isPositive {
            margin = max(
                margin, try position.notional.scaled(by: position.chosenRate, rounding: .up))
        }
        if !fixed.isZero { margin = try margin.adding(fixed) }
        margin = max(margin, minimum)
        if closingFee.isZero { return margin }
        return try margin.adding(try position.notional.scaled(by: closingFee, rounding: .up))
    }

    private var isRateRounded: Bool { sizePremium != .none || openInterestScaling != nil }

    /// The bracket's charge, and the rate it comes to at the margin.
    private func charge(_ position: MarginBasis, _ kind: MarginKind)
        throws(ArithmeticOverflow) -> (margin: Money, rate: Ratio)
    {
        let measure = basis == .size ? position.size.raw : position.notional.raw
        let form = kind == .initial ? initialForm : maintenanceForm
        var deduction: Money = .zero
        var rate: Ratio = .zero
        for (index, bracket) in brackets.enumerated() {
            guard index == 0 || isWithin(measure, bracket.floor.raw, form) else { break }
            let next = kind == .initial ? bracket.initialRate : bracket.maintenanceRate
            if form == .marginal {
                // A floor in units is worth what the position's units are worth.
                let floor =
                    basis != .size
                    ? bracket.floor
                    : try position.notional.scaled(
                        by: bracket.floor.raw, over: max(1, position.size.raw), rounding: .down)
                deduction = try deduction.adding(try floor.scaled(by: next - rate, rounding: .down))
            }
            rate = next
        }
        let margin = try position.notional.scaled(by: rate, rounding: .up).adding(-deduction)
        return (margin, rate)
    }

    /// Does a position of this measure reach a bracket? A continuous schedule does not care at the floor
    /// itself; where the margin jumps, the floor belongs to the lower bracket, as venues publish it
    /// (`position ≤ maximum of the tier`).
    private func isWithin(_ measure: Int64, _ floor: Int64, _ form: Form) -> Bool {
        measure > floor
    }

    /// The rate with its premium for size and for open interest.
    private func rate(_ position: MarginBasis, _ kind: MarginKind, base: Ratio)
        throws(ArithmeticOverflow) -> Ratio
    {
        var rate = base
        switch sizePremium {
        case .none: break
        case .squareRoot(let factor):
            // size [1e-8 units] · 10 + 1 unit of 1e-9, as the source counts; √ of that is in 1e-4.5 units.
            let root = integerSquareRoot(UInt128(position.size.raw.magnitude) * 100 + 1)
            let premium = try multiply(
                Int64(root), factor.raw, dividingBy: 100_000, rounding: .down)
            let discounted = try rate.adding(-Ratio(raw: rate.raw / 5))
            rate = max(rate, try discounted.adding(Ratio(raw: premium)))
        case .linear(let scale, let fraction, let share):
            let premium = try fraction.scaled(
                by: position.size.raw, over: scale.raw, rounding: .up)
            rate = try rate.adding(
                kind == .initial ? premium : try premium.scaled(by: share, rounding: .up))
        }
        guard kind == .initial, let scaling = openInterestScaling else { return rate }
        if position.openInterest >= scaling.upper { return max(rate, .one) }
        guard position.openInterest > scaling.lower, rate < .one else { return rate }
        // Floored to a millionth, as the source counts.
        let grown = try multiply(
            (Ratio.one - rate).raw, (position.openInterest - scaling.lower).raw,
            dividingBy: (scaling.upper - scaling.lower).raw, rounding: .down)
        return Ratio(raw: rate.raw + grown / 100 * 100)
    }
}
