import ExactMath
import MarginRules
import Testing

// Results of papers and figures of incidents. What is a count of data and no formula is left out:
// the users and winners of 10 October 2025, and the price of the JELLY settlement.

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

struct LiquidationBreakEvenTests {
    struct Row: Sendable {
        let gas: Int64
        let wei: Int64
        let price: String
        let cost: String
        let repay: String
    }
    /// gas_break_even: gas of Aave's liquidationCall (aave-dao/aave-v3-origin
    /// snapshots/Pool.Operations.json) and measured mean gas prices.
    static let rows = [
        Row(gas: 340_429, wei: 30_000_000_000, price: "3000", cost: "30.63861", repay: "612.7722"),
        // 2021-05-19 13:10 UTC
        Row(
            gas: 340_429, wei: 1_656_270_000_000, price: "1900", cost: "1071.30044568",
            repay: "21426.00891354"),
        // 2020-03-12 17:50 UTC
        Row(
            gas: 500_000, wei: 225_162_000_000, price: "120", cost: "13.50972", repay: "270.1944"),
        // As on a rollup.
        Row(gas: 340_429, wei: 100_000_000, price: "4000", cost: "0.1361716", repay: "2.723432"),
    ]

    @Test(arguments: rows.indices) func breakEven(index: Int) throws {
        let row = Self.rows[index]
        let rule = LiquidationBreakEven(gas: row.gas, bonus: Ratio(percent: 5))
        let cost = try rule.cost(gasPrice: row.wei, feeAssetPrice: d(row.price))
        #expect(isClose(cost, d(row.cost)))
        #expect(
            isClose(
                try rule.minimumRepay(gasPrice: row.wei, feeAssetPrice: d(row.price)), d(row.repay))
        )
    }

    @Test func edges() throws {
        let free = LiquidationBreakEven(gas: 0, bonus: Ratio(percent: 1))
        #expect(try free.cost(gasPrice: 5, feeAssetPrice: d("1")) == .zero)
        let tiny = LiquidationBreakEven(gas: 1, bonus: .one)
        #expect(try tiny.cost(gasPrice: 1, feeAssetPrice: d("1")) == Money(raw: 1))
        #expect(throws: ArithmeticOverflow.self) {
            try LiquidationBreakEven(gas: .max, bonus: .one)
                .cost(gasPrice: .max, feeAssetPrice: d("1"))
        }
    }
}

struct LossAllocationTests {
    static let profits: [Money] = [d("60"), d("30"), d("10")]

    /// adl_toy, arXiv 2512.01112: deficit 40, profits 60/30/10 %, leverage 2/10/20.
    @Test func toy() throws {
        let scores = [
            try LossAllocation.score(profitShare: Ratio(percent: 60), leverage: d("2")),
            try LossAllocation.score(profitShare: Ratio(percent: 30), leverage: d("10")),
            try LossAllocation.score(profitShare: Ratio(percent: 10), leverage: d("20")),
        ]
        #expect(scores == [d("1.2"), d("3"), d("2")])
        let queue = LossAllocation.queue(deficit: d("40"), profits: Self.profits, scores: scores)
        #expect(queue == [d("0"), d("30"), d("10")])
        let shares = try LossAllocation.proRata(deficit: d("40"), profits: Self.profits)
        #expect(shares == [d("24"), d("12"), d("4")])
        #expect(try LossAllocation.largestLossShare(taken: queue, profits: Self.profits) == .one)
        #expect(
            try LossAllocation.largestLossShare(taken: shares, profits: Self.profits) == d("0.4"))
    }

    /// adl_2025_10_10: arXiv 2512.01112 on Hyperliquid's fills; the ratio of the paper's second
    /// version. The deficit sums account equity once per event row and is no clean figure.
    @Test func october2025() throws {
        let deficit: Money = d("23191104.48482882")
        #expect(
            isClose(
                try LossAllocation.haircut(deficit: deficit, profits: d("834295749.29251310")),
                d("0.02779722")))
        #expect(
            isClose(
                try LossAllocation.overuse(taken: d("653600000"), deficit: deficit),
                d("28.18322001")))
        #expect(
            isClose(
                try LossAllocation.overuse(taken: d("2103111430.8593411"), deficit: deficit),
                d("90.68612632")))
    }

    @Test func edges() throws {
        let mixed: [Money] = [d("-5"), d("3"), .zero]
        #expect(
            try LossAllocation.proRata(deficit: d("1"), profits: mixed) == [.zero, d("1"), .zero])
        #expect(
            try LossAllocation.proRata(deficit: d("9"), profits: mixed) == [.zero, d("3"), .zero])
        #expect(try LossAllocation.proRata(deficit: d("9"), profits: [d("-1")]) == [.zero])
        #expect(try LossAllocation.proRata(deficit: d("9"), profits: []) == [])
        let even: [Money] = [d("2"), d("2")]
        #expect(
            LossAllocation.queue(deficit: d("3"), profits: even, scores: [.one, .one])
                == [d("2"), d("1")])
        #expect(
            LossAllocation.queue(deficit: d("9"), profits: mixed, scores: [.one, .zero, .one])
                == [.zero, d("3"), .zero])
        #expect(try LossAllocation.haircut(deficit: d("9"), profits: d("3")) == .one)
        #expect(try LossAllocation.largestLossShare(taken: [.zero], profits: [.zero]) == .zero)
    }

    @Test func sharesAddUpExactly() throws {
        var random = SplitMix64(state: 20_251_010)
        for _ in 0..<500 {
            let profits = (0..<20).map { _ in Money(raw: random.next(in: -1000...1_000_000)) }
            let deficit = Money(raw: random.next(in: 0...3_000_000))
            let shares = try LossAllocation.proRata(deficit: deficit, profits: profits)
            let total = profits.reduce(Int64(0)) { $0 + max($1.raw, 0) }
            #expect(shares.reduce(Int64(0)) { $0 + $1.raw } == min(deficit.raw, total))
            for (share, profit) in zip(shares, profits) {
                #expect(share >= .zero && share <= max(profit, .zero))
                let exact =
                    Double(max(profit.raw, 0)) * Double(min(deficit.raw, total)) / Double(total)
                #expect(abs(Double(share.raw) - exact) <= 1)
            }
        }
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

struct BreakEvenPriceTests {
    /// mango: 11 October 2022 (CertiK): 483 million MNGO-PERP bought at 0.0382.
    @Test func mango() throws {
        let size: Quantity = d("483000000")
        let entry: Price = d("0.0382")
        #expect(
            try BreakEvenPrice.profit(size: size, entry: entry, price: d("0.91"))
                == d("421079400"))
        #expect(
            try BreakEvenPrice.profit(size: size, entry: entry, price: d("0.154"))
                == d("55931400"))
        #expect(
            isClose(
                try BreakEvenPrice.price(forProfit: d("116000000"), size: size, entry: entry),
                d("0.27836563")))
    }

    /// hl_eth_whale: 12 March 2025: 160,234.18 ETH taken over at 1915, a loss of 4 million.
    @Test func hyperliquidWhale() throws {
        let exit = try BreakEvenPrice.price(
            forProfit: d("-4000000"), size: d("160234.18"), entry: d("1915"))
        #expect(isClose(exit, d("1890.03653715")))
        // 130.35750836 basis points.
        #expect(
            isClose(
                try BreakEvenPrice.slippage(from: d("1915"), to: exit), d("0.01303575")))
    }

    /// jelly: 26 March 2025: a short of 398 million from 0.0095 loses 13.5 million.
    @Test func jelly() throws {
        #expect(
            isClose(
                try BreakEvenPrice.price(
                    forProfit: d("-13500000"), size: d("-398000000"), entry: d("0.0095")),
                d("0.0434196")))
        #expect(
            isClose(
                try Money(whole: 4_000_000).quantity(at: d("0.0095"), rounding: .down),
                d("421052631.57894737")))
    }

    /// compound_dai: 26 November 2020: 100 of collateral at a factor of 0.75 against 70 DAI.
    @Test func compoundDai() throws {
        #expect(
            isClose(
                try BreakEvenPrice.debtPrice(
                    collateralValue: d("100"), collateralFactor: d("0.75"), debt: d("70")),
                d("1.07142857")))
    }

    @Test func shortsAndLosses() throws {
        let short: Quantity = d("-2")
        #expect(try BreakEvenPrice.profit(size: short, entry: d("10"), price: d("7")) == d("6"))
        #expect(
            try BreakEvenPrice.price(forProfit: d("6"), size: short, entry: d("10")) == d("7"))
        #expect(
            try BreakEvenPrice.price(forProfit: d("-6"), size: short, entry: d("10")) == d("13"))
        #expect(try BreakEvenPrice.slippage(from: d("10"), to: d("11")) == d("-0.1"))
    }
}

struct LiquidationSlippageTests {
    /// toxic_slippage_cpmm: arXiv 2212.07306 with a constant-product pool; no reserve is a market
    /// that does not move.
    @Test(
        arguments: [
            ("0.9", "0.05", "", "1", "0.9523809523809523", false),
            ("0.9", "0.05", "20", "1.1", "0.8658008658008656", true),
            ("0.9", "0.05", "40", "1.05", "0.9070294784580498", false),
            ("0.8", "0.05", "10", "1.2", "0.7936507936507936", true),
            ("0.8", "0.05", "20", "1.1", "0.8658008658008656", false),
        ] as [(String, String, String, String, String, Bool)])
    func critical(
        loanToValue: String, bonus: String, reserve: String, impact: String, expected: String,
        isToxic: Bool
    ) throws {
        let rule = LiquidationSlippage(
            bonus: d(bonus),
            impact: try LiquidationSlippage.constantProductImpact(
                collateral: d("1"), reserve: reserve.isEmpty ? nil : d(reserve)))
        #expect(rule.impact == f(impact))
        #expect(isClose(try rule.criticalLoanToValue(), f(expected)))
        #expect(rule.isToxic(loanToValue: d(loanToValue)) == isToxic)
    }

    @Test func theLimitItselfIsNotToxic() throws {
        let rule = LiquidationSlippage(bonus: d("0.25"), impact: .one)
        #expect(try rule.criticalLoanToValue() == f("0.8"))
        #expect(!rule.isToxic(loanToValue: d("0.8")))
        #expect(rule.isToxic(loanToValue: d("0.80000001")))
        // A repayment of 10 from 100 against 80 leaves 87.5 against 70, and makes 81 worse.
        #expect(70.0 / 87.5 == 0.8 && 71.0 / 87.5 > 0.81)
    }
}
