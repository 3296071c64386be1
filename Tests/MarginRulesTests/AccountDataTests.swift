import ExactMath
import Testing

@testable import MarginRules

struct Holding: Sendable {
    var amount: Int128
    /// [1e-8 USD]
    var price: Int64
    var decimals: Int
    var threshold: Int64 = 0
    var loanToValue: Int64 = 0

    var token: Token { Token(decimals: decimals, answer: price) }

    func value(_ rounding: Rounding) throws -> Money {
        // A debt of a few wei is worth less than 1e-8: counted in units of 1e-10 tokens.
        guard decimals == 18, amount < 10_000_000_000 else {
            return try token.quantity(amount).value(at: token.price, rounding: rounding)
        }
        return try Quantity(raw: Int64(amount))
            .value(at: Price(raw: price / 10_000_000_000), rounding: rounding)
    }

    var thresholds: CollateralThresholds {
        CollateralThresholds(
            loanToValue: ratio(bps: loanToValue), liquidationThreshold: ratio(bps: threshold))
    }
}

func account(
    _ collateral: [Holding], _ debts: [Holding], _ rule: HealthFactorRule = .thresholdOfEach,
    debtRounding: Rounding = .up
) throws -> AccountData {
    try AccountData(
        collateral: collateral.map {
            WeightedCollateral(value: try $0.value(.down), thresholds: $0.thresholds)
        },
        debts: debts.map { try $0.value(debtRounding) }, rule: rule)
}

struct AccountDataTests {
    struct Row: Sendable, CustomTestStringConvertible {
        var id: String
        var collateral, debts: [Holding]
        var totalCollateral, totalDebt, averageThreshold, averageLoanToValue: Int64
        /// [1e-18]; nil without debt
        var healthFactor: Int128?
        var liquidatable: Bool
        var testDescription: String { id }
    }

    static func wbtc(_ amount: Int128, _ price: Int64, _ lt: Int64 = 8600, _ ltv: Int64 = 8250)
        -> Holding
    { Holding(amount: amount, price: price, decimals: 8, threshold: lt, loanToValue: ltv) }
    static func weth(_ amount: Int128, _ price: Int64, _ lt: Int64 = 8600, _ ltv: Int64 = 8250)
        -> Holding
    { Holding(amount: amount, price: price, decimals: 18, threshold: lt, loanToValue: ltv) }
    static func usdc(_ amount: Int128, _ lt: Int64 = 8000, _ ltv: Int64 = 7500) -> Holding {
        Holding(
            amount: amount, price: 100_000_000, decimals: 6, threshold: lt, loanToValue: ltv)
    }
    static func dai(_ amount: Int128) -> Holding {
        Holding(amount: amount, price: 100_000_000, decimals: 18)
    }
    static let ether: Int128 = 1_000_000_000_000_000_000

    /// aave-dao/aave-v3-origin fd1fbd9: hf-01 to hf-09 tests/protocol/pool/Pool.Liquidations.t.sol (test
    /// named in the row), hf-10 docs/3.3/Aave-v3.3-features.md section 2.1, hf-11
    /// Pool.Liquidations.CloseFactor.t.sol, hf-12 to hf-15 `GenericLogic.sol`.
    static let rows: [Row] = [
        Row(  // test_reverts_liquidation_hf_gt_liquidation_threshold
            id: "aave-hf-01", collateral: [wbtc(100_000_000, 2_700_000_000_000)],
            debts: [weth(2 * ether, 180_000_000_000)],
            totalCollateral: 2_700_000_000_000, totalDebt: 360_000_000_000,
            averageThreshold: 8600, averageLoanToValue: 8250,
            healthFactor: 6_450_000_000_000_000_000, liquidatable: false),
        Row(  // test_partial_liquidate_variable_borrow
            id: "aave-hf-03", collateral: [wbtc(100_000_000, 2_025_000_000_000)],
            debts: [usdc(20_500_000_000)],
            totalCollateral: 2_025_000_000_000, totalDebt: 2_050_000_000_000,
            averageThreshold: 8600, averageLoanToValue: 8250,
            healthFactor: 849_512_195_121_951_219, liquidatable: true),
        Row(  // test_liquidate_emode_position_without_emode_oracle
            id: "aave-hf-06", collateral: [wbtc(100_000_000, 2_160_000_000_000, 9600, 9500)],
            debts: [weth(12 * ether, 180_000_000_000)],
            totalCollateral: 2_160_000_000_000, totalDebt: 2_160_000_000_000,
            averageThreshold: 9600, averageLoanToValue: 9500,
            healthFactor: 960_000_000_000_000_000, liquidatable: true),
        Row(  // test_liquidate_borrow_bad_debt, without the interest of its 30 days
            id: "aave-hf-07", collateral: [wbtc(50_000_000, 2_160_000_000_000)],
            debts: [usdc(11_000_000_000)],
            totalCollateral: 1_080_000_000_000, totalDebt: 1_100_000_000_000,
            averageThreshold: 8600, averageLoanToValue: 8250,
            healthFactor: 844_363_636_363_636_363, liquidatable: true),
        Row(  // test_reverts_liquidation_collateral_not_active
            id: "aave-hf-09", collateral: [wbtc(100_000_000, 1_620_000_000_000)],
            debts: [weth(10 * ether, 180_000_000_000)],
            totalCollateral: 1_620_000_000_000, totalDebt: 1_800_000_000_000,
            averageThreshold: 8600, averageLoanToValue: 8250,
            healthFactor: 774_000_000_000_000_000, liquidatable: true),
        Row(
            id: "aave-hf-10", collateral: [weth(5 * ether, 180_000_000_000)],
            debts: [dai(3000 * ether), usdc(3_000_000_000), dai(3000 * ether)],
            totalCollateral: 900_000_000_000, totalDebt: 900_000_000_000,
            averageThreshold: 8600, averageLoanToValue: 8250,
            healthFactor: 860_000_000_000_000_000, liquidatable: true),
        Row(  // Exactly one is safe.
            id: "aave-hf-11", collateral: [usdc(10_000_000_000)], debts: [usdc(8_000_000_000)],
            totalCollateral: 1_000_000_000_000, totalDebt: 800_000_000_000,
            averageThreshold: 8000, averageLoanToValue: 7500,
            healthFactor: 1_000_000_000_000_000_000, liquidatable: false),
        Row(  // One wei more: its value, 1.8e-7 of the smallest unit, rounds up to one.
            id: "aave-hf-12", collateral: [usdc(10_000_000_000)],
            debts: [usdc(8_000_000_000), weth(1, 180_000_000_000)],
            totalCollateral: 1_000_000_000_000, totalDebt: 800_000_000_001,
            averageThreshold: 8000, averageLoanToValue: 7500,
            healthFactor: 999_999_999_998_750_000, liquidatable: true),
        Row(
            id: "aave-hf-13",
            collateral: [
                weth(10 * ether, 200_000_000_000, 8300, 8050),
                wbtc(50_000_000, 4_000_000_000_000, 7800, 7300),
                usdc(5_000_000_000, 8000, 7700),
                weth(1000 * ether, 1_500_000_000, 6800, 5300),  // LINK
            ],
            debts: [usdc(25_000_000_000), weth(ether, 200_000_000_000)],
            totalCollateral: 6_000_000_000_000, totalDebt: 2_700_000_000_000,
            averageThreshold: 7733, averageLoanToValue: 7083,
            healthFactor: 1_718_518_518_518_518_518, liquidatable: false),
        Row(  // wstETH in the ETH-correlated e-mode
            id: "aave-hf-14", collateral: [weth(10 * ether, 230_000_000_000, 9300, 9000)],
            debts: [weth(11 * ether, 200_000_000_000)],
            totalCollateral: 2_300_000_000_000, totalDebt: 2_200_000_000_000,
            averageThreshold: 9300, averageLoanToValue: 9000,
            healthFactor: 972_272_727_272_727_272, liquidatable: true),
        Row(  // No debt: the largest integer there, infinite here.
            id: "aave-hf-15", collateral: [wbtc(100_000_000, 2_700_000_000_000)], debts: [],
            totalCollateral: 2_700_000_000_000, totalDebt: 0,
            averageThreshold: 8600, averageLoanToValue: 8250,
            healthFactor: nil, liquidatable: false),
    ]

    @Test(arguments: rows)
    func healthFactors(row: Row) throws {
        let data = try account(row.collateral, row.debts)
        #expect(data.totalCollateral == Money(raw: row.totalCollateral))
        #expect(data.totalDebt == Money(raw: row.totalDebt))
        #expect(data.averageLiquidationThreshold == ratio(bps: row.averageThreshold))
        #expect(data.averageLoanToValue == ratio(bps: row.averageLoanToValue))
        #expect(data.healthFactor == row.healthFactor.map { Fixed18(raw: $0) })
        #expect(data.isLiquidatable == row.liquidatable)
    }

    @Test func olderRuleUsesTheAverageThreshold() throws {
        // hf-13 before v3.5: 60,000 · 77.33 % = 46,398, over 27,000, instead of 46,400.
        let row = Self.rows[8]
        let data = try account(
            row.collateral, row.debts, .averagedThreshold, debtRounding: .down)
        #expect(data.healthFactor == Fixed18(raw: 1_718_444_444_444_444_444))
        // hf-12 before v3.5: the wei is worth nothing, and the account is safe.
        let dust = Self.rows[7]
        let before = try account(
            dust.collateral, dust.debts, .averagedThreshold, debtRounding: .down)
        #expect(before.healthFactor == .one)
        #expect(!before.isLiquidatable)
    }

    @Test func efficiencyModeReplacesThresholds() {
        let own = CollateralThresholds(
            loanToValue: ratio(bps: 8050), liquidationThreshold: ratio(bps: 8300))
        let category = CollateralThresholds(
            loanToValue: ratio(bps: 9000), liquidationThreshold: ratio(bps: 9300))
        #expect(own.within(efficiencyMode: category) == category)
        #expect(own.within(efficiencyMode: nil) == own)
    }

    @Test func edges() throws {
        let nothing = try AccountData(collateral: [], debts: [], rule: .thresholdOfEach)
        #expect(nothing.healthFactor == nil)
        #expect(nothing.averageLiquidationThreshold == .zero)
        let bare = try AccountData(
            collateral: [], debts: [Money(raw: 1)], rule: .thresholdOfEach)
        #expect(bare.healthFactor == .zero)
        #expect(bare.isLiquidatable)

        // The largest account over the smallest debt still has a health factor.
        let huge = try AccountData(
            collateral: [
                WeightedCollateral(
                    value: Money(raw: .max),
                    thresholds: CollateralThresholds(
                        loanToValue: .zero, liquidationThreshold: .one))
            ], debts: [Money(raw: 1)], rule: .thresholdOfEach)
        #expect(huge.healthFactor == Fixed18(raw: Int128(Int64.max) * 1_000_000_000_000_000_000))
        #expect(huge.hasZeroLoanToValueCollateral)
        #expect(try !huge.coversNewBorrowing())
        #expect(throws: ArithmeticOverflow()) {
            try AccountData(
                collateral: [], debts: [Money(raw: .max), Money(raw: 1)], rule: .thresholdOfEach)
        }
    }

    /// Rounded half up at 22 decimals and then cut at 18: an account that misses one by 5e-23 or less
    /// is lifted to one.
    @Test func roundsHalfUpBeforeItCuts() throws {
        let debt: Int64 = 4_000_000_000_000_000_000  // 4e10 USD
        func factor(_ threshold: Int64) throws -> Fixed18? {
            try AccountData(
                collateral: [
                    WeightedCollateral(
                        value: Money(raw: debt - 1),
                        thresholds: CollateralThresholds(
                            loanToValue: .one, liquidationThreshold: .one)),
                    WeightedCollateral(
                        value: Money(raw: 1),
                        thresholds: CollateralThresholds(
                            loanToValue: .one, liquidationThreshold: Ratio(raw: threshold))),
                ], debts: [Money(raw: debt)], rule: .thresholdOfEach
            ).healthFactor
        }
        // Missing 1e-16 USD of 4e10: 2.5e-27.
        #expect(try factor(99_999_999) == .one)
        // Missing 20,000e-16 of 4e10 USD: exactly 5e-23, half a unit: lifted.
        #expect(try factor(100_000_000 - 20_000) == Fixed18(raw: 1_000_000_000_000_000_000))
        // A hair more: cut.
        #expect(try factor(100_000_000 - 20_001) == Fixed18(raw: 999_999_999_999_999_999))
    }

    @Test func borrowing() throws {
        let row = Self.rows[8]
        let data = try account(row.collateral, row.debts)
        // 60,000 · 70.83 % = 42,498, less 27,000.
        #expect(try data.availableBorrows(rounding: .down) == Money(whole: 15_498))
        #expect(try data.coversNewBorrowing())
        let full = try account([Self.usdc(10_000_000_000)], [Self.usdc(7_500_000_000)])
        #expect(try full.availableBorrows(rounding: .down) == .zero)
        #expect(try full.coversNewBorrowing())
        let over = try account([Self.usdc(10_000_000_000)], [Self.usdc(7_500_000_001)])
        #expect(try !over.coversNewBorrowing())
        #expect(!over.isLiquidatable)
    }

    /// Against the contract's formula with unbounded enough integers: values of at most 2^40.
    @Test func fuzzAgainstTheContract() throws {
        var draws = SeededDraws(state: 3_500)
        for _ in 0..<5000 {
            var collateral: [WeightedCollateral] = []
            var (total, weighted): (Int128, Int128) = (0, 0)
            for _ in 0..<draws.next(in: 0...4) {
                let value = draws.next(in: 0...1_000_000_000_000)
                let threshold = draws.next(in: 0...9900)
                total += Int128(value)
                weighted += Int128(value) * Int128(threshold)
                collateral.append(
                    WeightedCollateral(
                        value: Money(raw: value),
                        thresholds: CollateralThresholds(
                            loanToValue: ratio(bps: threshold / 2),
                            liquidationThreshold: ratio(bps: threshold))))
            }
            let debt = Int128(draws.next(in: 1...2_000_000_000_000))
            let wad: Int128 = 1_000_000_000_000_000_000
            let each = try AccountData(
                collateral: collateral, debts: [Money(raw: Int64(debt))], rule: .thresholdOfEach)
            #expect(each.healthFactor?.raw == (weighted * wad + debt / 2) / debt / 10_000)
            let averaged = try AccountData(
                collateral: collateral, debts: [Money(raw: Int64(debt))],
                rule: .averagedThreshold)
            let threshold = total == 0 ? 0 : weighted / total
            #expect(averaged.averageLiquidationThreshold == ratio(bps: Int64(threshold)))
            let power = (total * threshold + 5000) / 10_000
            #expect(averaged.healthFactor?.raw == (power * wad + debt / 2) / debt)
        }
    }
}
