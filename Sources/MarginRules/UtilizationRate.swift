public import ExactMath

/// What a lending pool holds, is owed, and keeps back from its suppliers.
public struct PoolBalances: Hashable, Sendable {
    /// What lies in the pool and can be borrowed or withdrawn. [1e-8 units]
    public var cash: Quantity
    /// What borrowers owe, interest included. [1e-8 units]
    public var borrowed: Quantity
    /// The part that belongs to the protocol; negative where suppliers are owed more than there is:
    /// a booked deficit. [1e-8 units]
    public var reserves: Quantity

    public init(cash: Quantity, borrowed: Quantity, reserves: Quantity) {
        self.cash = cash
        self.borrowed = borrowed
        self.reserves = reserves
    }

    /// `cash + borrowed`: everything the pool has, in hand or on loan. [1e-8 units]
    /// - Throws: ``ArithmeticOverflow`` when the sum does not fit.
    public func assets() throws(ArithmeticOverflow) -> Quantity {
        try cash.adding(borrowed)
    }

    /// `cash + borrowed − reserves`: what suppliers own together. [1e-8 units]
    /// - Throws: ``ArithmeticOverflow`` when it does not fit or is negative.
    public func supplied() throws(ArithmeticOverflow) -> Quantity {
        let supplied = Int128(cash.raw) + Int128(borrowed.raw) - Int128(reserves.raw)
        guard supplied >= 0 else { throw ArithmeticOverflow() }
        return Quantity(raw: try narrow(supplied))
    }
}

/// How a pool measures the share of it that is on loan: the argument of its interest-rate curve.
public struct UtilizationRate: Hashable, Sendable {
    /// What the loans are divided by.
    public enum Denominator: Hashable, Sendable, CaseIterable {
        /// `cash + borrowed`: never above one.
        case assets
        /// `cash + borrowed − reserves`: above one where reserves are on loan too.
        case supplied
    }

    public var denominator: Denominator
    public var rounding: Rounding
    /// The rate is a whole number of steps of `1 / steps`, cut off; nil for eighteen decimals.
    public var steps: Int64?

    /// - Parameter steps: nil, or greater than zero.
    public init(denominator: Denominator, rounding: Rounding, steps: Int64?) {
        if let steps { precondition(steps > 0, "a utilization of no steps") }
        self.denominator = denominator
        self.rounding = rounding
        self.steps = steps
    }

    /// Aave v3's borrow usage ratio, to the nearest.
    ///
    /// Source: aave-dao/aave-v3-origin, `misc/DefaultReserveInterestRateStrategyV2.sol`.
    public static let aaveBorrowUsage = UtilizationRate(
        denominator: .assets, rounding: .nearest, steps: nil)
    /// Aave v3's supply usage ratio, lower than that of borrowers where a deficit is booked.
    public static let aaveSupplyUsage = UtilizationRate(
        denominator: .supplied, rounding: .nearest, steps: nil)
    /// Compound's, of v2 (`BaseJumpRateModelV2.utilizationRate`) and of Comet
    /// (`Comet.getUtilization`): rounded down.
    public static let compound = UtilizationRate(
        denominator: .supplied, rounding: .down, steps: nil)
    /// Euler's, in steps of `1 / (2^32 − 1)`.
    ///
    /// Source: euler-xyz/euler-vault-kit, `InterestRateModels/IRMLinearKink.sol`.
    public static let euler = UtilizationRate(
        denominator: .assets, rounding: .down, steps: 4_294_967_295)

    /// The utilization of a pool; zero where nothing is borrowed, or where there is nothing to divide
    /// by, as Comet and Euler have it. [1e-18]
    /// - Throws: ``ArithmeticOverflow`` when reserves exceed assets or the quotient does not fit.
    public func value(of pool: PoolBalances) throws(ArithmeticOverflow) -> Fixed18 {
        precondition(!pool.borrowed.isNegative, "borrowed less than nothing")
        guard pool.borrowed.isPositive else { return .zero }
        let total =
            switch denominator {
            case .assets: try pool.assets()
            case .supplied: try pool.supplied()
            }
        guard !total.isZero else { return .zero }
        guard let steps else {
            return try Fixed18(pool.borrowed).divided(by: Fixed18(total), rounding: rounding)
        }
        let step = try multiplyWide(
            Int128(pool.borrowed.raw), Int128(steps), dividingBy: Int128(total.raw),
            rounding: rounding)
        return Fixed18(
            raw: try multiplyWide(
                step, Fixed18.one.raw, dividingBy: Int128(steps), rounding: .down))
    }
}
