import ExactMath
import MarginRules
import Testing

// Results of papers.

struct PerpetualFairBasisTests {
    /// Ackerer, Hugonnier, Jermann, arXiv 2310.11771: perp_fair_basis. Rates per year.
    @Test(arguments: [
        ("0.1", "0", "1095", "1.0000913325417846"),
        ("0.1", "0.1095", "1095", "0.9999913234085304"),
        ("0.05", "0.05", "1095", "1"), ("0.1", "0", "8760", "1.0000114156554298"),
        ("-0.02", "0.1095", "1095", "0.9998817373198663"),
    ]) func ratio(financing: String, interest: String, intensity: String, expected: String) throws {
        let basis = PerpetualFairBasis(
            premiumIntensity: f(intensity), interest: f(interest), financingRate: f(financing),
            assetYield: .zero)
        #expect(isClose(try #require(try basis.ratio()), f(expected)))
    }

    @Test func yieldAndDegenerateCases() throws {
        var basis = PerpetualFairBasis(
            premiumIntensity: f("1095"), interest: .zero, financingRate: f("0.1"),
            assetYield: f("0.1"))
        #expect(try basis.ratio() == .one)
        basis.assetYield = f("0.2")
        #expect(try #require(try basis.ratio()) < .one)
        basis = PerpetualFairBasis(
            premiumIntensity: f("0.1"), interest: .zero, financingRate: f("0.1"), assetYield: .zero)
        #expect(try basis.ratio() == nil)
    }
}

struct DelayRiskTests {
    struct Row: Sendable {
        let loanToValue: String
        let bonus: String
        let volatility: String
        let minutes: Int64
        let distance: String
        let notCovered: String
        let insolventDistance: String
        let insolvent: String
    }
    /// delay_risk_zero_drift_lognormal: volatility per ten minutes.
    static let rows = [
        Row(
            loanToValue: "0.825", bonus: "0.05", volatility: "0.01", minutes: 10,
            distance: "-14.358172847802411", notCovered: "0",
            insolventDistance: "-19.237189264745613", insolvent: "0"),
        Row(
            loanToValue: "0.825", bonus: "0.05", volatility: "0.05", minutes: 10,
            distance: "-2.871634569560482", notCovered: "0.002041774384354766",
            insolventDistance: "-3.8474378529491227", insolvent: "0.000059679770618659"),
        Row(
            loanToValue: "0.825", bonus: "0.05", volatility: "0.1", minutes: 10,
            distance: "-1.435817284780241", notCovered: "0.07552717003085974",
            insolventDistance: "-1.9237189264745613", insolvent: "0.02719491218385911"),
        Row(
            loanToValue: "0.825", bonus: "0.05", volatility: "0.1", minutes: 60,
            distance: "-0.586169951929999", notCovered: "0.2788806559832649",
            insolventDistance: "-0.7853549630662174", insolvent: "0.21612273931074732"),
        Row(
            loanToValue: "0.93", bonus: "0.01", volatility: "0.05", minutes: 10,
            distance: "-1.2524072396333463", notCovered: "0.10521075481981962",
            insolventDistance: "-1.4514138566967074", insolvent: "0.0733323267694132"),
    ]

    @Test(arguments: rows.indices) func probabilities(index: Int) throws {
        let row = Self.rows[index]
        let risk = DelayRisk(
            loanToValue: d(row.loanToValue), bonus: d(row.bonus), volatility: f(row.volatility),
            interval: TimeSpan(seconds: 600))
        let delay = TimeSpan(seconds: row.minutes * 60)
        let z = try #require(try risk.distance(bonus: d(row.bonus), delay: delay))
        #expect(isClose(z, f(row.distance)))
        let insolvent = try #require(try risk.distance(bonus: .zero, delay: delay))
        #expect(isClose(insolvent, f(row.insolventDistance)))
        #expect(isClose(try risk.bonusNotCovered(after: delay), f(row.notCovered)))
        #expect(isClose(try risk.insolvency(after: delay), f(row.insolvent)))
    }

    @Test func withoutDelayNothingMoves() throws {
        var risk = DelayRisk(
            loanToValue: d("0.9"), bonus: d("0.05"), volatility: f("0.1"),
            interval: TimeSpan(seconds: 600))
        #expect(try risk.distance(bonus: d("0.05"), delay: .zero) == nil)
        #expect(try risk.bonusNotCovered(after: .zero) == .zero)
        risk.loanToValue = d("0.96")
        #expect(try risk.bonusNotCovered(after: .zero) == .one)
        #expect(try risk.insolvency(after: .zero) == .zero)
        risk.volatility = .zero
        #expect(try risk.insolvency(after: TimeSpan(seconds: 600)) == .zero)
    }

    /// Abramowitz and Stegun, table 26.1.
    @Test func normalDistribution() {
        let table: [(String, String)] = [
            ("0", "0.5"), ("0.5", "0.691462461274013"), ("1", "0.841344746068543"),
            ("1.5", "0.933192798731142"), ("2", "0.977249868051821"), ("2.5", "0.993790334674224"),
            ("3", "0.998650101968370"), ("3.5", "0.999767370920964"), ("4", "0.999968328758167"),
            ("5", "0.999999713348428"), ("6", "0.999999999013412"),
        ]
        for (z, expected) in table {
            let tolerance = f("0.000000000000001")
            #expect(
                isClose(NormalDistribution.cumulative(f(z)), f(expected), tolerance: tolerance))
            let left = NormalDistribution.cumulative(f("-" + z))
            #expect(isClose(left, .one - f(expected), tolerance: tolerance))
        }
        #expect(NormalDistribution.cumulative(f("40")) == .one)
        #expect(NormalDistribution.cumulative(f("-40")) == .zero)
        #expect(isClose(NormalDistribution.density(.zero), f("0.398942280401432678")))
        #expect(NormalDistribution.density(f("-11")) == .zero)
        // The two methods meet at three.
        let step =
            NormalDistribution.cumulative(f("3"))
            - NormalDistribution.cumulative(f("2.999999999999999999"))
        #expect(isClose(step, .zero, tolerance: f("0.000000000000001")))
    }
}
