import ExactMath

/// What past trades have left behind on one market: see ``Liquidity`` for the law.
struct Impact: Sendable, Hashable {
    /// The net value bought since the start; it never decays. [1e-18 USD, negative = sold]
    private(set) var persistent = Fixed18.zero
    /// The net value bought that the market has not yet absorbed. [1e-18 USD, negative = sold]
    private(set) var outstanding = Fixed18.zero
    /// The relative distance of the price from the exogenous one. [1e-18]
    private(set) var relative = Fixed18.zero
    /// The last decay; kept, because blocks are mostly equally long.
    private var span = TimeSpan.zero
    private var kept = Fixed18.one

    var isAtRest: Bool { persistent == .zero && outstanding == .zero }

    /// The impact after a trade of a signed value at the exogenous price.
    func adding(_ value: Fixed18, _ liquidity: Liquidity) throws(ArithmeticOverflow) -> Impact {
        var after = self
        after.persistent += value
        after.outstanding += value
        after.relative = try after.computed(liquidity)
        return after
    }

    /// Lets the outstanding volume be absorbed, so that the temporary impact halves every
    /// `recovery`.
    mutating func decay(over elapsed: TimeSpan, _ liquidity: Liquidity) {
        if span != elapsed {
            span = elapsed
            kept = halved(over: elapsed, halfLife: liquidity.recovery)
            // The impact goes with the root of the volume, so the volume must fall by the square.
            if liquidity.law == .squareRoot { kept = kept.times(kept) }
        }
        relative = bounded { () throws(ArithmeticOverflow) in
            outstanding = try outstanding.multiplied(by: kept, rounding: .towardZero)
            return try computed(liquidity)
        }
    }

    /// The part of the cost of all volume that this state stands for, above its value; never
    /// negative.
    func integral(_ liquidity: Liquidity) throws(ArithmeticOverflow) -> Fixed18 {
        try liquidity.blend(
            try liquidity.integral(to: persistent), try liquidity.integral(to: outstanding))
    }

    private func computed(_ liquidity: Liquidity) throws(ArithmeticOverflow) -> Fixed18 {
        try liquidity.blend(
            try liquidity.move(at: persistent), try liquidity.move(at: outstanding))
    }
}
