public import ExactMath
public import MarginRules

/// What borrowers of an asset pay and its suppliers earn, by how much of what is supplied is on loan.
public struct InterestModel: Hashable, Sendable {
    /// What a rate is per, and how debts grow by it between two blocks; supplies grow linearly.
    public enum Accrual: Hashable, Sendable {
        /// Per year of 365 days, by the head of the exponential series; source: aave-dao/aave-v3-origin,
        /// MathUtils.sol.
        case series
        /// Per one of so many periods of a year of 365 days, linearly: Compound's blocks, 2,102,400 a year for v2,
        /// or seconds for III.
        case periods(Int64)
        /// Compounded every second of a year of 365.2425 days; source: euler-xyz/euler-vault-kit, Cache.sol.
        case everySecond
        /// Each loan is charged by whole periods from when it was drawn, at a rate that does not move, and suppliers earn
        /// nothing: the venue lends itself. See ``MarginLoanInterest``.
        case loans(MarginLoanInterest)
    }
    /// Yearly; not read where loans are charged one by one.
    public var borrow: KinkedRate
    /// A yearly curve of several bends in its place; nil for none. Source: blockworks-foundation/mango-v4, state/bank.rs.
    public var bends: PiecewiseLinearRate?
    /// Its own curve is yearly, too.
    public var supply: SupplyRate
    public var accrual: Accrual
    public init(
        borrow: KinkedRate, bends: PiecewiseLinearRate? = nil, supply: SupplyRate,
        accrual: Accrual
    ) {
        self.borrow = borrow
        self.bends = bends
        self.supply = supply
        self.accrual = accrual
    }

    /// What ``rates(at:)`` are per.
    public var period: TimeSpan {
        switch accrual {
        case .series: TimeSpan(milliseconds: Self.year)
        case .periods(let count): TimeSpan(milliseconds: Self.year / count)
        case .everySecond: TimeSpan(milliseconds: 1000)
        case .loans(let rule): rule.billingPeriod
        }
    }

    /// Loans that are charged one by one: the rule; nil where debts grow by an index for all.
    public var loans: MarginLoanInterest? {
        if case .loans(let rule) = accrual { rule } else { nil }
    }

    /// Interest on each loan by itself, all of it the venue's.
    public init(loans rule: MarginLoanInterest) {
        self.init(
            borrow: KinkedRate(
                base: .zero, kink: .one, lowerSlope: .zero, upperSlope: .zero,
                slopes: .perUtilization, rounding: .down),
            supply: .shareOfInterest(reserveFactor: .one, rounding: .down), accrual: .loans(rule))
    }

    /// 365 days. [ms]
    static let year: Int64 = 31_536_000_000
    /// 365.2425 days. [s]
    static let longYear: Int64 = 31_556_952

    /// What is paid and earned at a utilization. [1e-18 per ``period``]
    /// - Parameter supplied: the share of all that suppliers are owed that is on loan, where some of it is lost; nil for
    ///   the same.
    /// - Throws: ``ArithmeticOverflow`` when a rate does not fit.
    public func rates(at utilization: Fixed18, supplied: Fixed18? = nil)
        throws(ArithmeticOverflow) -> (borrow: Fixed18, supply: Fixed18)
    {
        if let loans {
            return (
                try FundingRate.prorated(
                    loans.rate, from: loans.ratePeriod, to: loans.billingPeriod, rounding: .up),
                .zero
            )
        }
        let rate =
            if let bends {
                try perPeriod(bends.rate(utilization: utilization))
            } else {
                try perPeriod(borrow).rate(at: utilization)
            }
        var earned = supply
        if case .ownCurve(let curve) = supply { earned = .ownCurve(try perPeriod(curve)) }
        return (
            rate, try earned.rate(borrowRate: rate, utilization: supplied ?? utilization)
        )
    }

    private func perPeriod(_ curve: KinkedRate) throws(ArithmeticOverflow) -> KinkedRate {
        switch accrual {
        case .series, .loans: curve
        case .periods(let count): try curve.divided(intoPeriods: count)
        case .everySecond: try curve.divided(intoPeriods: Self.longYear)
        }
    }

    private func perPeriod(_ rate: Fixed18) -> Fixed18 {
        switch accrual {
        case .series, .loans: rate
        case .periods(let count): Fixed18(raw: rate.raw / Int128(count))
        case .everySecond: Fixed18(raw: rate.raw / Int128(Self.longYear))
        }
    }

    /// By what debts and supplies grow in a time at a utilization. [1e-18]
    /// - Throws: ``ArithmeticOverflow`` when a factor does not fit.
    func growth(at utilization: Fixed18, supplied: Fixed18, over elapsed: TimeSpan)
        throws(ArithmeticOverflow) -> (debt: Fixed18, supply: Fixed18)
    {
        // Loans are charged one by one, and grow by no index.
        guard loans == nil else { return (.one, .one) }
        let rates = try rates(at: utilization, supplied: supplied)
        let rule: InterestCompounding =
            switch accrual {
            case .series: .exponentialSeries
            case .periods, .loans: .linear
            case .everySecond: .everyPeriod
            }
        return (
            try rule.growth(at: rates.borrow, per: period, over: elapsed),
            try InterestCompounding.linear.growth(at: rates.supply, per: period, over: elapsed)
        )
    }

    /// How utilization is rounded.
    var utilization: UtilizationRate {
        switch accrual {
        case .series: .aaveBorrowUsage
        case .periods, .loans: UtilizationRate(denominator: .assets, rounding: .down, steps: nil)
        case .everySecond: .euler
        }
    }

    /// What is wrong with it, in words.
    var problems: [String] {
        var found: [String] = []
        var curves = bends == nil ? [borrow] : []
        if let bends, bends.points.contains(where: { $0.rate < .zero }) {
            found.append("rates of a curve are not negative")
        }
        switch supply {
        case .shareOfInterest(let factor, _):
            if !(.zero ... .one).contains(factor) {
                found.append("a reserve factor is between 0 and 1")
            }
        case .ownCurve(let curve): curves.append(curve)
        }
        if let loans {
            let periods = TimeSpan(seconds: 60)...TimeSpan(milliseconds: Self.year)
            if loans.rate < .zero || !periods.contains(loans.ratePeriod)
                || !periods.contains(loans.billingPeriod)
                || (try? rates(at: .zero).borrow <= Fixed18(raw: Fixed18.one.raw / 100)) != true
            {
                found.append(
                    "a loan's periods are a minute to a year, its rate at most 1 % of a period")
            }
            if case .started(let opening) = loans.counting, !(0...100).contains(opening) {
                found.append("a loan is charged at most 100 periods for being opened")
            }
        }
        let isYearly = accrual == .series
        if curves.contains(where: { ($0.slopes == .acrossEachPart) != isYearly }) {
            found.append("slopes across each part go with the series, others with periods")
        }
        if case .periods(let count) = accrual, count < 1 || Self.year % count != 0 {
            found.append("a year's periods are whole milliseconds")
        }
        return found
    }
}

/// A debt that is charged for itself.
struct Loan: Hashable {
    /// When it was drawn.
    var since = Timestamp(milliseconds: 0)
    /// How many of its periods are part of the debt already.
    var charged: Int64 = 0
}

/// The state of an asset's interest.
struct InterestRow: Hashable {
    var model: InterestModel?
    /// What one unit supplied, or borrowed, at the start has grown to. [1e-18]
    var supplyIndex = Fixed18.one
    var borrowIndex = Fixed18.one
    /// Σ of what margin accounts hold, and Σ of what they owe, with interest. [1e-18 units]
    var supplied = Fixed18.zero
    var owed = Fixed18.zero
    /// The rule where loans are charged one by one.
    var loans: MarginLoanInterest?
    /// Do its debts and supplies grow by indexes for all?
    var hasIndexes: Bool { model != nil && loans == nil }

    init(model: InterestModel?) {
        self.model = model
        loans = model?.loans
    }

    /// A margin account's balance has moved.
    mutating func count(_ before: Int64, _ after: Int64) {
        let unit: Int128 = 10_000_000_000
        supplied.raw = max(0, supplied.raw + Int128(max(0, after) - max(0, before)) * unit)
        owed.raw = max(0, owed.raw + Int128(min(0, before) - min(0, after)) * unit)
    }
}
