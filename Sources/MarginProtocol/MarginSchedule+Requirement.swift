public import ExactMath
import MarginRules

/// What a schedule needs to know of a position.
public struct MarginBasis: Hashable, Sendable {
    /// [1e-8 units] Zero or more.
    public var size: Quantity
    /// In the settlement asset, zero or more. [1e-8]
    public var notional: Money
    /// The owner's chosen leverage: the initial margin is at least the notional over it; nil for none.
    public var chosenLeverage: Ratio?
    /// The least share of the notional that is initial margin, by the owner's choice for the whole account.
    public var chosenRatio: Ratio = .zero
    /// The value of one side of the whole market. [1e-8]
    public var openInterest: Money
    /// The size in units of the underlying, which an inverse contract's is not. [1e-8 units]
    public var underlying: Quantity
    /// What it was worth at its entry price. [1e-8]
    public var entryValue: Money
    /// Is it worth less where it loses? A linear long and an inverse short are.
    public var shrinks: Bool
    /// Has it a margin of its own?
    public var isIsolated: Bool
    public init(
        size: Quantity, notional: Money, chosenLeverage: Ratio? = nil, openInterest: Money = .zero,
        underlying: Quantity? = nil, entryValue: Money? = nil, shrinks: Bool = true,
        isIsolated: Bool = false
    ) {
        self.size = size
        self.notional = notional
        self.underlying = underlying ?? size
        self.entryValue = entryValue ?? notional
        self.shrinks = shrinks
        self.isIsolated = isIsolated
        self.chosenLeverage = chosenLeverage
        self.openInterest = openInterest
    }
}

extension MarginSchedule {
    /// The margin of a position, rounded up. [1e-8]
    ///
    /// - Throws: ``ArithmeticOverflow`` beyond $92 billion.
    public func requirement(_ given: MarginBasis, _ kind: MarginKind)
        throws(ArithmeticOverflow) -> Money
    {
        var position = given
        if valuedAt == .entry || (valuedAt == .entryWhenIsolated && given.isIsolated) {
            position.notional = given.entryValue
        }
        let charged = try charge(position, kind)
        var margin = charged.margin
        let least = try rate(position, kind, base: charged.rate)
        if least != charged.rate || isRateRounded {
            // A premium or a scaling applies to the whole position.
            margin = max(margin, try position.notional.scaled(by: least, rounding: .up))
        }
        if kind == .initial, let leverage = position.chosenLeverage {
            margin = max(
                margin,
                try position.notional.scaled(by: scaleE8, over: leverage.raw, rounding: .up))
        }
        if kind == .initial, position.chosenRatio.isPositive {
            margin = max(
                margin, try position.notional.scaled(by: position.chosenRatio, rounding: .up))
        }
        if !fixed.isZero { margin = try margin.adding(fixed) }
        margin = max(margin, minimum)
        return try margin.adding(try fee(given, kind))
    }

    /// The fee for closing that is set aside as part of a margin, rounded up. [1e-8]
    func fee(_ position: MarginBasis, _ kind: MarginKind) throws(ArithmeticOverflow) -> Money {
        guard closingFee.rate.isPositive, closingFee.kind ?? kind == kind else { return .zero }
        guard closingFee.price == .bankruptcy else {
            return try position.notional.scaled(by: closingFee.rate, rounding: .up)
        }
        // The margin is gone once value has changed by as much.
        var opened = position
        opened.notional = position.entryValue
        var margin = try charge(opened, .initial).margin
        if let leverage = position.chosenLeverage {
            margin = try position.entryValue.scaled(
                by: scaleE8, over: leverage.raw, rounding: .down)
        }
        let value = try position.entryValue.adding(position.shrinks ? -margin : margin)
        return try max(.zero, value).scaled(by: closingFee.rate, rounding: .up)
    }

    /// The rate that the whole of a position is charged at least: that of its bracket, with its premiums.
    func wholeRate(_ position: MarginBasis, _ kind: MarginKind) throws(ArithmeticOverflow) -> Ratio
    {
        try rate(position, kind, base: try charge(position, kind).rate)
    }

    private var isRateRounded: Bool { sizePremium != .none || openInterestScaling != nil }

    /// The bracket's charge, and the rate it comes to at the margin.
    private func charge(_ position: MarginBasis, _ kind: MarginKind)
        throws(ArithmeticOverflow) -> (margin: Money, rate: Ratio)
    {
        let measure = basis == .size ? position.size.raw : position.notional.raw
        let form = kind.isOpening ? initialForm : maintenanceForm
        var deduction: Money = .zero
        var rate: Ratio = .zero
        var last: MarginSchedule.Bracket?
        for (index, bracket) in brackets.enumerated() {
            guard index == 0 || isWithin(measure, bracket.floor.raw) else { break }
            let next = kind.isOpening ? bracket.initialRate : bracket.maintenanceRate
            if form == .marginal {
                // A floor in units is worth what the position's units are worth.
                let floor =
                    basis != .size
                    ? bracket.floor
                    : try position.notional.scaled(
                        by: bracket.floor.raw, over: max(1, position.size.raw), rounding: .down)
                if bracket.initialLeverage == nil, bracket.maintenanceLeverage == nil {
                    deduction = try deduction.adding(
                        try floor.scaled(by: next - rate, rounding: .down))
                } else {
                    let before = try last?.charge(floor, kind, .up) ?? .zero
                    deduction = try deduction.adding(
                        try bracket.charge(floor, kind, .down).adding(-before))
                }
            }
            rate = next
            last = bracket
        }
        let charged = try last?.charge(position.notional, kind, .up) ?? .zero
        return (try charged.adding(-deduction), rate)
    }

    /// Does a position of this measure reach a bracket? A continuous schedule does not care at the floor
    /// itself.
    func isWithin(_ measure: Int64, _ floor: Int64) -> Bool {
        edge == .lower ? measure > floor : measure >= floor
    }

    /// The rate with its premium for size and for open interest.
    private func rate(_ position: MarginBasis, _ kind: MarginKind, base: Ratio)
        throws(ArithmeticOverflow) -> Ratio
    {
        var rate = base
        switch sizePremium {
        case .none: break
        case .squareRoot(let factor):
            rate = try MarginRules.SizePremium(factor: factor)
                .liabilityWeight(rate, size: position.size)
        case .linear(let scale, let fraction, let share):
            let premium = try fraction.scaled(
                by: position.underlying.raw, over: scale.raw, rounding: .up)
            rate = try rate.adding(
                kind.isOpening ? premium : try premium.scaled(by: share, rounding: .up))
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
