import ExactMath
import Testing

@testable import MarginRules

struct PartialLiquidationTests {
    struct ToxicRow: Sendable {
        var collateral, debt: Int64
        var bonus, repay: Int64
        var before, after, threshold: Double
        var worsens: Bool
    }

    /// Warmuz, Chaudhary, Pinna, "Toxic Liquidation Spirals" (arXiv:2212.07306): a liquidation raises the
    /// loan-to-value above 1 / (1 + bonus). (toxic_ltv)
    static let toxic: [ToxicRow] = [
        ToxicRow(
            collateral: 100, debt: 90, bonus: 500, repay: 10, before: 0.9,
            after: 0.8938547486033519, threshold: 0.9523809523809523, worsens: false),
        ToxicRow(
            collateral: 100, debt: 96, bonus: 500, repay: 10, before: 0.96,
            after: 0.9608938547486033, threshold: 0.9523809523809523, worsens: true),
        // 100 against 95.238095…, times 1.05, so that the boundary is a whole number.
        ToxicRow(
            collateral: 105, debt: 100, bonus: 500, repay: 10, before: 0.9523809523809524,
            after: 0.9523809523809524, threshold: 0.9523809523809523, worsens: false),
        ToxicRow(
            collateral: 100, debt: 92, bonus: 1000, repay: 10, before: 0.92,
            after: 0.9213483146067416, threshold: 0.9090909090909091, worsens: true),
        ToxicRow(
            collateral: 100, debt: 90, bonus: 1000, repay: 10, before: 0.9,
            after: 0.898876404494382, threshold: 0.9090909090909091, worsens: false),
    ]

    @Test(arguments: toxic)
    func toxicThreshold(row: ToxicRow) throws {
        let account = account(row.collateral, row.debt, row.bonus)
        let after = try #require(try account.repaying(Money(whole: row.repay), rounding: .down))
        func close(_ ratio: Ratio?, _ value: Double) -> Bool {
            ratio.map { abs(Double($0.raw) / 1e8 - value) <= 1e-8 } ?? false
        }
        #expect(close(try account.loanToValue(rounding: .nearest), row.before))
        #expect(close(try after.loanToValue(rounding: .nearest), row.after))
        #expect(
            close(
                try PartialLiquidation.toxicThreshold(
                    bonus: ratio(bps: row.bonus), rounding: .nearest), row.threshold))
        #expect(account.worsensLoanToValue == row.worsens)
    }

    private func account(_ collateral: Int64, _ debt: Int64, _ bonus: Int64)
        -> PartialLiquidation
    {
        PartialLiquidation(
            collateral: Money(whole: collateral), debt: Money(whole: debt),
            bonus: ratio(bps: bonus))
    }

    /// The same paper: what is left when everything is taken at 5 %. (toxic_end_state)
    @Test(
        arguments: [
            (94, 0.0, true), (96, 0.7619047619047592, true), (98, 2.761904761904759, true),
            (100, 4.761904761904759, false), (104, 8.76190476190476, false),
        ] as [(Int64, Double, Bool)])
    func endState(debt: Int64, badDebt: Double, solvent: Bool) throws {
        let account = account(100, debt, 500)
        let left = try account.badDebtWhenFullyLiquidated()
        #expect(abs(Double(left.raw) / 1e8 - badDebt) <= 1e-8)
        #expect((account.debt < account.collateral) == solvent)
    }

    /// Aave v2, 22 November 2022: $63.6m of USDC at 4.5 % repay $60.86m of CRV debt, and $1.7m are left.
    /// Source: governance.aave.com/t/10779. (crv_2022_11_22)
    @Test func curveNovember2022() throws {
        let collateral = Money(whole: 63_600_000)
        let capacity = try PartialLiquidation(
            collateral: collateral, debt: .zero, bonus: ratio(bps: 450)
        ).repayableDebt()
        #expect(near(capacity, Money(raw: 6_086_124_401_913_876)))
        let debt = capacity + Money(whole: 1_700_000)
        #expect(near(debt, Money(raw: 6_256_124_401_913_876)))
        let account = PartialLiquidation(
            collateral: collateral, debt: debt, bonus: ratio(bps: 450))
        #expect(near(try account.badDebtWhenFullyLiquidated(), Money(whole: 1_700_000)))
        #expect(account.worsensLoanToValue)
        #expect(
            near(
                try #require(try account.loanToValue(rounding: .nearest)),
                Ratio(raw: 98_366_736)))
        // 92 million CRV.
        let price = try debt.scaled(by: 1, over: 92_000_000, rounding: .nearest)
        #expect(near(price, Money(raw: 68_001_352)))
    }

    struct TwoStepRow: Sendable {
        var collateral, debt, threshold, bonus: Int64
        var healthFactor, smallest, atCloseFactor, overLiquidation: Double
        var first, second, total, profitAtCloseFactor, profit, gain: Double
    }

    /// Qin et al., "An Empirical Study of DeFi Liquidations" (IMC 2021), the optimal strategy, evaluated.
    /// (two_step_liquidation)
    static let twoStep: [TwoStepRow] = [
        TwoStepRow(
            collateral: 120, debt: 98, threshold: 8000, bonus: 1000,
            healthFactor: 0.9795918367346939, smallest: 16.666666666666682, atCloseFactor: 49,
            overLiquidation: 2.9399999999999973, first: 16.666666666666682,
            second: 40.66666666666666, total: 57.33333333333334, profitAtCloseFactor: 4.9,
            profit: 5.733333333333334, gain: 17.006802721088455),
        TwoStepRow(
            collateral: 100, debt: 81, threshold: 8000, bonus: 500,
            healthFactor: 0.9876543209876543, smallest: 6.25, atCloseFactor: 40.5,
            overLiquidation: 6.479999999999996, first: 6.25, second: 37.375, total: 43.625,
            profitAtCloseFactor: 2.025, profit: 2.18125, gain: 7.716049382716039),
        TwoStepRow(
            collateral: 130, debt: 100, threshold: 7500, bonus: 800, healthFactor: 0.975,
            smallest: 13.15789473684211, atCloseFactor: 50, overLiquidation: 3.7999999999999985,
            first: 13.15789473684211, second: 43.421052631578945, total: 56.578947368421055,
            profitAtCloseFactor: 4, profit: 4.526315789473684, gain: 13.157894736842103),
    ]

    @Test(arguments: twoStep)
    func twoSteps(row: TwoStepRow) throws {
        let account = account(row.collateral, row.debt, row.bonus)
        let threshold = ratio(bps: row.threshold)
        let half = Ratio(percent: 50)
        func value(_ money: Money) -> Double { Double(money.raw) / 1e8 }
        // One unit of 1e-8, plus what a double loses.
        func close(_ money: Money, _ expected: Double, units: Double = 1) -> Bool {
            abs(value(money) - expected) <= units * 1e-8 + 1e-13
        }
        let smallest = try #require(
            try account.smallestRepayment(
                restoring: .one, threshold: threshold, otherWeightedCollateral: .zero))
        #expect(close(smallest, row.smallest))
        let single = try TwoStepLiquidation.largestRepayment(of: account, closeFactor: half)
        #expect(close(single, row.atCloseFactor))
        #expect(abs(value(single) / value(smallest) - row.overLiquidation) < 1e-7)

        let steps = try #require(
            try TwoStepLiquidation(
                of: account, threshold: threshold, otherWeightedCollateral: .zero,
                closeFactor: half, rounding: .up))
        #expect(close(steps.firstRepayment, row.first))
        #expect(close(steps.secondRepayment, row.second))
        #expect(close(steps.totalRepayment, row.total, units: 2))
        let bonus = ratio(bps: row.bonus)
        let one = try TwoStepLiquidation.profit(on: single, bonus: bonus)
        let two = try TwoStepLiquidation.profit(on: steps.totalRepayment, bonus: bonus)
        #expect(close(one, row.profitAtCloseFactor))
        #expect(close(two, row.profit))
        #expect(abs((value(two) / value(one) - 1) * 100 - row.gain) < 1e-5)

        // The account as Aave sees it: liquidatable before, between, and not with one unit more.
        func healthFactor(_ state: PartialLiquidation) throws -> Fixed18 {
            try #require(
                try AccountData(
                    collateral: [
                        WeightedCollateral(
                            value: state.collateral,
                            thresholds: CollateralThresholds(
                                loanToValue: threshold, liquidationThreshold: threshold))
                    ], debts: [state.debt], rule: .thresholdOfEach
                ).healthFactor)
        }
        let before = try healthFactor(account)
        #expect(abs(Double(before.raw) / 1e18 - row.healthFactor) < 1e-12)
        let between = try #require(
            try account.repaying(steps.firstRepayment, rounding: .up))
        #expect(try healthFactor(between) < .one)
        let restored = try #require(try account.repaying(smallest, rounding: .down))
        #expect(try healthFactor(restored) >= .one)
    }

    /// With amounts rounded down, as protocols seize them, and in integers on the scale of 1e-16.
    @Test func fuzzTheFirstStep() throws {
        var draws = SeededDraws(state: 2021)
        var bound = 0
        for _ in 0..<10_000 {
            let account = PartialLiquidation(
                collateral: Money(raw: draws.next(in: 1...1_000_000_000)),
                debt: Money(raw: draws.next(in: 1...1_000_000_000)),
                bonus: ratio(bps: draws.next(in: 0...1500)))
            let threshold = ratio(bps: draws.next(in: 5000...9500))
            func isLiquidatable(_ state: PartialLiquidation) -> Bool {
                Int128(state.collateral.raw) * Int128(threshold.raw)
                    < Int128(state.debt.raw) * 100_000_000
            }
            for rounding in [Rounding.down, .up] {
                let steps = try TwoStepLiquidation(
                    of: account, threshold: threshold, otherWeightedCollateral: .zero,
                    closeFactor: Ratio(percent: 50), rounding: rounding)
                guard let steps else {
                    #expect(!isLiquidatable(account))
                    continue
                }
                #expect(isLiquidatable(account))
                let between = try #require(
                    try account.repaying(steps.firstRepayment, rounding: rounding))
                #expect(isLiquidatable(between))
                #expect(try between.repaying(steps.secondRepayment, rounding: .down) != nil)
                let allowed = try TwoStepLiquidation.largestRepayment(
                    of: account, closeFactor: Ratio(percent: 50))
                #expect(steps.firstRepayment <= allowed)
                guard steps.firstRepayment < allowed, rounding == .up else { continue }
                // The largest: with one unit more, and nothing rounded, the account is safe.
                bound += 1
                let repaid = Int128(steps.firstRepayment.raw + 1)
                let left =
                    Int128(account.collateral.raw) * 100_000_000
                    - repaid * Int128(100_000_000 + account.bonus.raw)
                #expect(
                    left * Int128(threshold.raw)
                        >= (Int128(account.debt.raw) - repaid) * 10_000_000_000_000_000)
            }
        }
        #expect(bound > 300)
    }

    @Test func restoringEdges() throws {
        func smallest(
            _ collateral: Int64, _ debt: Int64, bonus: Int64, threshold: Int64,
            target: Ratio = .one, other: Int64 = 0
        ) throws -> Money? {
            try account(collateral, debt, bonus).smallestRepayment(
                restoring: target, threshold: ratio(bps: threshold),
                otherWeightedCollateral: Money(whole: other))
        }
        // Healthy, or exactly at the target: nothing to repay.
        #expect(try smallest(100, 80, bonus: 500, threshold: 8000) == .zero)
        #expect(try smallest(100, 0, bonus: 500, threshold: 8000) == .zero)
        // Euler v1's 1.25: (1.25 · 81 − 80) / (1.25 − 0.84).
        #expect(
            try smallest(100, 81, bonus: 500, threshold: 8000, target: Ratio(percent: 125))
                == Money(raw: 5_182_926_830))
        // Each repayment makes it worse: 0.96 · 1.05 > 1.
        #expect(try smallest(100, 97, bonus: 500, threshold: 9600) == nil)
        // Toxic: the debt is more than the collateral pays for.
        #expect(try smallest(100, 99, bonus: 500, threshold: 8000) == nil)
        // At 1 / (1 + bonus) exactly, all of it restores the account by leaving nothing.
        #expect(try smallest(105, 100, bonus: 500, threshold: 8000) == Money(whole: 100))
        // Other collateral: (100 − 80 − 10) / (1 − 0.84) = 62.5.
        #expect(
            try smallest(100, 100, bonus: 500, threshold: 8000, other: 10)
                == Money(raw: 6_250_000_000))
        // But the seized asset may end first: (100 − 8 − 80) / 0.16 = 75 of 10.
        #expect(try smallest(10, 100, bonus: 500, threshold: 8000, other: 80) == nil)
    }

    @Test func twoStepEdges() throws {
        func steps(_ collateral: Int64, _ debt: Int64, threshold: Int64) throws
            -> TwoStepLiquidation?
        {
            try TwoStepLiquidation(
                of: account(collateral, debt, 500), threshold: ratio(bps: threshold),
                otherWeightedCollateral: .zero, closeFactor: Ratio(percent: 50),
                rounding: .down)
        }
        #expect(try steps(100, 80, threshold: 8000) == nil)
        // So deep that the close factor binds twice: 48 and 24.
        let deep = try #require(try steps(101, 96, threshold: 8000))
        #expect(deep.firstRepayment == Money(whole: 48))
        #expect(deep.secondRepayment == Money(whole: 24))
        // Toxic and short: the collateral binds.
        let short = try #require(try steps(60, 100, threshold: 8000))
        #expect(short.firstRepayment == Money(whole: 50))
        #expect(near(short.totalRepayment, Money(raw: 5_714_285_714)))
    }

    @Test func repayingEdges() throws {
        let account = account(100, 96, 500)
        #expect(try account.repaying(Money(whole: 97), rounding: .down) == nil)
        #expect(try account.repaying(Money(whole: 96), rounding: .down) == nil)
        #expect(try account.repaying(.zero, rounding: .up) == account)
        let all = try #require(try account.repaying(account.repayableDebt(), rounding: .down))
        #expect(near(all.collateral, .zero))
        #expect(
            try PartialLiquidation(collateral: .zero, debt: Money(whole: 1), bonus: .zero)
                .loanToValue(rounding: .up) == nil)
    }

    @Test func fuzz() throws {
        var draws = SeededDraws(state: 1_212_07306)
        var restored = 0
        for _ in 0..<5000 {
            let account = PartialLiquidation(
                collateral: Money(raw: draws.next(in: 1...10_000_000_000_000)),
                debt: Money(raw: draws.next(in: 1...10_000_000_000_000)),
                bonus: ratio(bps: draws.next(in: 0...2000)))
            let threshold = ratio(bps: draws.next(in: 1000...9800))
            let target = Ratio(raw: draws.next(in: 100_000_000...130_000_000))
            let other = Money(raw: draws.next(in: 0...1_000_000_000_000))

            // Sums in 1e-16: is target · debt covered by the weighted collateral?
            func covered(_ repay: Int64) -> Bool {
                let factor = Int128(100_000_000 + account.bonus.raw)
                let seized = Int128(repay) * factor  // 1e-16
                let left = Int128(account.collateral.raw) * 100_000_000 - seized
                let weighted =
                    left * Int128(threshold.raw) + Int128(other.raw) * 10_000_000_000_000_000
                return weighted >= Int128(account.debt.raw - repay) * Int128(target.raw)
                    * 100_000_000
            }
            let smallest = try account.smallestRepayment(
                restoring: target, threshold: threshold, otherWeightedCollateral: other)
            guard let smallest else {
                // Not even the largest repayment there is gets there.
                let largest = try min(account.debt, account.repayableDebt())
                #expect(!covered(largest.raw))
                continue
            }
            #expect(covered(smallest.raw))
            if smallest.isPositive {
                restored += 1
                #expect(!covered(smallest.raw - 1))
            }
            // Above the threshold every repayment raises the loan-to-value.
            let repay = Money(raw: draws.next(in: 1...account.debt.raw))
            if let after = try account.repaying(repay, rounding: .down),
                after.collateral.raw > 1_000_000
            {
                let before = Double(account.debt.raw) / Double(account.collateral.raw)
                let now = Double(after.debt.raw) / Double(after.collateral.raw)
                if now > before * (1 + 1e-6) { #expect(account.worsensLoanToValue) }
                if now < before * (1 - 1e-6) { #expect(!account.worsensLoanToValue) }
            }
        }
        #expect(restored > 100)
    }
}
