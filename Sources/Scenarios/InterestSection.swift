import ExactMath
import MarginProtocol
import MarginRules

extension ScenarioDecoder {
    static let interestSection = Section(
        path: "assets.ASSET.interest",
        sentence: "What borrowers pay and suppliers earn a year, by how much is on loan.",
        keys: [
            Key("base", "percentage", default: "0%", "The rate of an idle pool."),
            Key(
                "kink", "percentage", rule: "required without points",
                "The utilization at which the slope changes."),
            Key(
                "slope1", "percentage", rule: "required without points", "The slope up to the kink."
            ),
            Key("slope2", "percentage", rule: "required without points", "The slope beyond it."),
            Key(
                "points", "rows [utilization, rate]", rule: "none",
                "A curve of several bends in place of those four: the rate at each utilization, straight between them (Mango)."
            ),
            Key(
                "slopes", "across_each_part, up_to_kink or per_utilization",
                default: "across_each_part",
                "What slopes are measured along: each its whole part (Aave), the first up to the kink (Compound v2), or both a unit of utilization (Comet, Euler)."
            ),
            Key(
                "accrual", "series, periods or every_second", default: "series",
                "How debts grow: by the exponential series (Aave), linearly by period (Compound), or compounded every second (Euler). The first goes with slopes across each part, the others with other slopes."
            ),
            Key(
                "periods", "whole number", rule: "31536000 with accrual: periods",
                "How many periods a year has; only with accrual: periods."),
            Key(
                "reserve_factor", "percentage", rule: "0%",
                "What reserves keep of what borrowers pay."),
            Key(
                "supply", "map", rule: "what borrowers pay, less the reserve factor",
                "A curve of its own for suppliers: base, kink, slope1 and slope2 (Comet)."),
            Key(
                "loan", "percentage", rule: "none",
                "In place of all those, the rate at which each loan is charged for itself, by whole periods from when it was drawn; the venue lends itself, and suppliers earn nothing (exchanges)."
            ),
            Key(
                "rate_period", "duration", rule: "1h with loan", "What `loan` is a rate of."),
            Key("period", "duration", rule: "1h with loan", "What is charged whole."),
            Key(
                "counting", "started or clock", rule: "started with loan",
                "Whether a loan's periods begin when it is drawn, or with the clock, and the first at once."
            ),
            Key(
                "opening", "whole number", rule: "0 with loan",
                "How many periods are charged for opening, too; only with `started` (Kraken)."),
        ])

    private static let loanKeys = ["rate_period", "period", "counting", "opening"]

    /// Loans that are charged one by one.
    private func loanInterest(_ own: Fields) -> InterestModel {
        for key in Self.interestSection.keys.map(\.name)
        where key != "loan" && !Self.loanKeys.contains(key) {
            own.refuse(key, "cannot stand beside loan")
        }
        let period = Kind<TimeSpan>.duration.limited("1m to 365d") {
            $0 >= TimeSpan(seconds: 60) && $0 <= TimeSpan(seconds: 31_536_000)
        }
        let hour = TimeSpan(seconds: 3600)
        let isClock =
            own.readIfPresent("counting", Kind.choice([("started", false), ("clock", true)]))
            ?? false
        if isClock { own.refuse("opening", "has a meaning only with counting: started") }
        let rate = own.read("loan", .ratio.limited("0% to 100%") { $0 >= .zero && $0 <= .one })
        let rule = MarginLoanInterest(
            rate: Fixed18(max(.zero, rate)),
            ratePeriod: own.readIfPresent("rate_period", period) ?? hour,
            billingPeriod: own.readIfPresent("period", period) ?? hour,
            counting: isClock
                ? .clock
                : .started(opening: Int64(own.readIfPresent("opening", .count(0...100)) ?? 0)))
        return InterestModel(loans: rule)
    }

    static let supplySection = Section(
        path: "assets.ASSET.interest.supply",
        sentence: "What suppliers earn a year, by how much is on loan.",
        keys: [
            Key("base", "percentage", default: "0%", "The rate of an idle pool."),
            Key(
                "kink", "percentage", required: true, "The utilization at which the slope changes."),
            Key("slope1", "percentage", required: true, "The slope up to the kink."),
            Key("slope2", "percentage", required: true, "The slope beyond it."),
        ])

    func interest(_ fields: Fields) -> InterestModel? {
        guard let tree = fields.value("interest"), tree.scalar != "none" else { return nil }
        let path = fields.path("interest")
        let own = Fields(tree, path, Self.interestSection, self)
        guard tree.entries != nil else { return nil }
        if own.has("loan") { return loanInterest(own) }
        for key in Self.loanKeys { own.refuse(key, "has a meaning only with loan") }
        let slopes = own.read(
            "slopes",
            Kind.choice([
                ("across_each_part", KinkedRate.Slopes.acrossEachPart),
                ("up_to_kink", .lowerUpToKink), ("per_utilization", .perUtilization),
            ]))
        var accrual = own.read(
            "accrual",
            Kind.choice([
                ("series", InterestModel.Accrual.series), ("periods", .periods(31_536_000)),
                ("every_second", .everySecond),
            ]))
        if case .periods = accrual {
            accrual = .periods(
                Int64(own.readIfPresent("periods", .count(1...31_536_000)) ?? 31_536_000))
        } else {
            own.refuse("periods", "has a meaning only with accrual: periods")
        }
        let bends = own.value("points").map { points($0, path + ".points", own) }
        if bends == nil {
            for key in ["kink", "slope1", "slope2"] where !own.has(key) {
                problem(tree.position, "missing key '\(key)' in \(path): percentage")
                return nil
            }
        }
        let flat = KinkedRate(
            base: .zero, kink: .one, lowerSlope: .zero, upperSlope: .zero, slopes: .perUtilization,
            rounding: .down)
        guard let borrow = bends == nil ? curve(own, slopes) : flat else { return nil }
        let rounding = borrow.rounding
        var supply = SupplyRate.shareOfInterest(
            reserveFactor: own.readIfPresent("reserve_factor", .share) ?? .zero,
            rounding: rounding)
        if let inner = own.value("supply") {
            own.refuse("reserve_factor", "cannot stand beside a curve for suppliers")
            let curve = curve(
                Fields(inner, path + ".supply", Self.supplySection, self), slopes)
            guard let curve else { return nil }
            supply = .ownCurve(curve)
        }
        return InterestModel(
            borrow: borrow, bends: bends ?? nil, supply: supply, accrual: accrual)
    }

    /// A curve by its points, in order of utilization.
    private func points(_ list: Tree, _ path: String, _ fields: Fields) -> PiecewiseLinearRate? {
        for key in ["base", "kink", "slope1", "slope2", "slopes"] {
            fields.refuse(key, "cannot stand beside points")
        }
        let share = Kind<Ratio>.ratio.limited("0% or more") { $0 >= .zero }
        var found: [PiecewiseLinearRate.Point] = []
        for row in rows(list, path, columns: "utilization, rate", count: 2...2) {
            guard let utilization = scalar(row.cells[0], share, nil),
                let rate = scalar(row.cells[1], share, nil)
            else { continue }
            if let last = found.last, last.utilization >= Fixed18(utilization) {
                problem(row.position, "\(path): expected more than the utilization before")
                continue
            }
            found.append(.init(utilization: Fixed18(utilization), rate: Fixed18(rate)))
        }
        setting(path, YAMLWriter.flow(list))
        return found.isEmpty ? nil : PiecewiseLinearRate(points: found)
    }

    private func curve(_ fields: Fields, _ slopes: KinkedRate.Slopes) -> KinkedRate? {
        let rate = Kind<Ratio>.ratio.limited("0% or more") { $0 >= .zero }
        let base = fields.read("base", rate)
        let kink = fields.read("kink", rate)
        let lower = fields.read("slope1", rate)
        let upper = fields.read("slope2", rate)
        if slopes != .perUtilization, !kink.isPositive {
            fields.problem("kink", "expected more than 0%")
            return nil
        }
        if slopes == .acrossEachPart, kink >= .one {
            fields.problem("kink", "expected less than 100%")
            return nil
        }
        return KinkedRate(
            base: Fixed18(base), kink: Fixed18(kink), lowerSlope: Fixed18(lower),
            upperSlope: Fixed18(upper), slopes: slopes,
            rounding: slopes == .acrossEachPart ? .nearest : .down)
    }
}
