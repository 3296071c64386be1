import ExactMath
import Testing

@testable import MarginRules

struct LiquidationCallTests {
    struct Row: Sendable, CustomTestStringConvertible {
        var id: String
        var collateral, debts: [Holding]
        /// Nil for as much as possible.
        var request: Int128?
        /// Per cent above the value repaid, in basis points.
        var bonus: Int64
        var largest, repaid, toLiquidator, fee, deficit: Int128
        var healthFactor: Int128
        var testDescription: String { id }
    }

    typealias A = AccountDataTests
    static let ether = A.ether

    /// aave-dao/aave-v3-origin fd1fbd9: liq-02, liq-03 tests/protocol/pool/Pool.Liquidations.t.sol
    /// test_partial_liquidate_variable_borrow; liq-14, liq-15 docs/3.3/Aave-v3.3-features.md sections 2.1
    /// and 2.2; liq-18 to liq-21 `LiquidationLogic.sol` with the mainnet parameters of October 2023.
    /// The protocol's fee is 10 % of the bonus, and the first debt is the one repaid.
    static let rows: [Row] = [
        Row(
            id: "aave-liq-02", collateral: [A.wbtc(100_000_000, 2_025_000_000_000)],
            debts: [A.usdc(20_500_000_000)], request: 106_000_000, bonus: 500,
            largest: 20_500_000_000, repaid: 106_000_000, toLiquidator: 547_010, fee: 2618,
            deficit: 0, healthFactor: 849_512_195_121_951_219),
        Row(
            id: "aave-liq-03", collateral: [A.wbtc(100_000_000, 2_025_000_000_000)],
            debts: [A.usdc(20_500_000_000)], request: nil, bonus: 500,
            largest: 20_500_000_000, repaid: 19_285_714_286, toLiquidator: 99_523_809,
            fee: 476_191, deficit: 1_214_285_714, healthFactor: 849_512_195_121_951_219),
        Row(
            id: "aave-liq-14", collateral: [A.weth(5 * ether, 205_000_000_000)],
            debts: [A.usdc(3_000_000_000), A.dai(3000 * ether), A.dai(3000 * ether)],
            request: nil, bonus: 500,
            largest: 3_000_000_000, repaid: 3_000_000_000,
            toLiquidator: 1_529_268_292_682_926_828, fee: 7_317_073_170_731_708, deficit: 0,
            healthFactor: 979_444_444_444_444_444),
        Row(
            id: "aave-liq-15", collateral: [A.usdc(1_900_000_000, 8600, 8250)],
            debts: [A.usdc(1_702_000_000)], request: nil, bonus: 500,
            largest: 1_702_000_000, repaid: 1_702_000_000, toLiquidator: 1_778_590_000,
            fee: 8_510_000, deficit: 0, healthFactor: 960_047_003_525_264_394),
        Row(
            id: "aave-liq-18", collateral: [A.weth(10 * ether, 170_000_000_000, 8300, 8050)],
            debts: [A.usdc(14_500_000_000)], request: nil, bonus: 500,
            largest: 7_250_000_000, repaid: 7_250_000_000,
            toLiquidator: 4_456_617_647_058_823_528, fee: 21_323_529_411_764_706, deficit: 0,
            healthFactor: 973_103_448_275_862_068),
        Row(
            id: "aave-liq-19", collateral: [A.weth(10 * ether, 160_000_000_000, 8300, 8050)],
            debts: [A.usdc(14_500_000_000)], request: nil, bonus: 500,
            largest: 14_500_000_000, repaid: 14_500_000_000,
            toLiquidator: 9_470_312_500_000_000_000, fee: 45_312_500_000_000_000, deficit: 0,
            healthFactor: 915_862_068_965_517_241),
        Row(  // LINK
            id: "aave-liq-20", collateral: [A.weth(1000 * ether, 1_000_000_000, 6800, 5300)],
            debts: [A.usdc(7_000_000_000)], request: 2_500_000_000, bonus: 700,
            largest: 3_500_000_000, repaid: 2_500_000_000,
            toLiquidator: 265_750_000_000_000_000_000, fee: 1_750_000_000_000_000_000,
            deficit: 0, healthFactor: 971_428_571_428_571_428),
        Row(  // The whole WBTC goes, the WETH stays: no deficit.
            id: "aave-liq-21",
            collateral: [
                A.wbtc(10_000_000, 2_000_000_000_000), A.weth(ether, 180_000_000_000),
            ],
            debts: [A.usdc(5_000_000_000)], request: nil, bonus: 500,
            largest: 5_000_000_000, repaid: 1_904_761_905, toLiquidator: 9_952_380,
            fee: 47_620, deficit: 0, healthFactor: 653_600_000_000_000_000),
    ]

    @Test(arguments: rows)
    func calls(row: Row) throws {
        let (held, owed) = (row.collateral[0], row.debts[0])
        let data = try account(row.collateral, row.debts)
        #expect(data.healthFactor == Fixed18(raw: row.healthFactor))
        let quote = try LiquidationCall.aaveV37.quote(
            repaying: row.request.map(owed.token.quantity) ?? everything,
            of: pair(held, owed), account: data,
            terms: LiquidationTerms(bonus: ratio(bps: row.bonus), protocolFee: ratio(bps: 1000)),
            scaledCollateral: nil)
        #expect(owed.token.matches(quote.largestRepayment, row.largest))
        #expect(owed.token.matches(quote.seizure.repaid, row.repaid))
        #expect(held.token.matches(quote.seizure.toLiquidator, row.toLiquidator))
        #expect(held.token.matches(quote.seizure.protocolFee, row.fee))
        #expect(owed.token.matches(quote.deficit, row.deficit))
        #expect(quote.takesLastCollateral == (row.deficit > 0))
        #expect(!quote.leavesDust)
    }

    private func pair(_ held: Holding, _ owed: Holding) -> LiquidationPair {
        LiquidationPair(
            collateral: held.token.quantity(held.amount), collateralPrice: held.token.price,
            debt: owed.token.quantity(owed.amount), debtPrice: owed.token.price)
    }

    /// Pool.Liquidations.t.sol test_hasNoCollateralLeft_accounts_for_ceil_rounding_sum_exceeds_scaled:
    /// two scaled units at an index of five, against one at nine. (aave-liq-11)
    @Test func roundedTransfersTakeTheWholeBalance() throws {
        let index = InterestIndex(value: Fixed18(whole: 5))
        let balance = try index.balance(ofScaled: Quantity(raw: 2), rounding: .down)
        let debt = try InterestIndex(value: Fixed18(whole: 9))
            .balance(ofScaled: Quantity(raw: 1), rounding: .up)
        #expect(balance == Quantity(raw: 10) && debt == Quantity(raw: 9))
        // One price for both, so that any gives the same amounts; upstream's would not fit 64 bits.
        let price = Price(raw: 100_000_000_000_000_000)
        let pair = LiquidationPair(
            collateral: balance, collateralPrice: price, debt: debt, debtPrice: price)
        let data = try AccountData(
            collateral: [
                WeightedCollateral(
                    value: pair.collateralValue(),
                    thresholds: CollateralThresholds(
                        loanToValue: Ratio(percent: 80), liquidationThreshold: Ratio(percent: 85))
                )
            ], debts: [pair.debtValue(rounding: .up)], rule: .thresholdOfEach)
        let terms = LiquidationTerms(bonus: Ratio(percent: 5), protocolFee: Ratio(percent: 10))
        let quote = try LiquidationCall.aaveV37.quote(
            repaying: Quantity(raw: 9), of: pair, account: data, terms: terms,
            scaledCollateral: (Quantity(raw: 2), index))
        #expect(quote.seizure.toLiquidator == Quantity(raw: 8))
        #expect(quote.seizure.protocolFee == Quantity(raw: 1))
        #expect(quote.seizure.consumed(ofScaledRaw: 2, index) == 10)
        #expect(quote.takesLastCollateral)
        #expect(quote.deficit == .zero)
        // Kept unscaled, one unit is left.
        let unscaled = try LiquidationCall.aaveV37.quote(
            repaying: Quantity(raw: 9), of: pair, account: data, terms: terms,
            scaledCollateral: nil)
        #expect(!unscaled.takesLastCollateral)
    }

    @Test func badDebtStaysBeforeV33() throws {
        let row = Self.rows[1]
        let data = try account(row.collateral, row.debts, .averagedThreshold)
        let terms = LiquidationTerms(bonus: Ratio(percent: 5), protocolFee: Ratio(percent: 10))
        let quote = try LiquidationCall.aaveV30.quote(
            repaying: everything, of: pair(row.collateral[0], row.debts[0]), account: data,
            terms: terms, scaledCollateral: nil)
        #expect(quote.takesLastCollateral)
        #expect(quote.deficit == .zero)
        // Half up: 20250 / 1.05 = 19285.714285714…, and a fee of 476190.5 smallest units.
        #expect(quote.seizure.repaid == Quantity(raw: 19_285_714_286))
        #expect(quote.seizure.protocolFee == Quantity(raw: 476_191))
    }

    @Test func aRequestForEverythingMayLeaveDust() throws {
        // Half of 2,400 leaves 1,200 of debt, but of the 2,150 of collateral only 890.
        let debts = [A.usdc(2_400_000_000)]
        let collateral = [A.usdc(2_150_000_000, 9900, 9800), A.weth(A.ether / 5, 150_000_000_000)]
        let data = try account(collateral, debts)
        #expect(data.isLiquidatable)
        let quote = try LiquidationCall.aaveV37.quote(
            repaying: everything, of: pair(collateral[0], debts[0]), account: data,
            terms: LiquidationTerms(bonus: Ratio(percent: 5), protocolFee: Ratio(percent: 10)),
            scaledCollateral: nil)
        #expect(quote.largestRepayment == Quantity(raw: 1_200_000_000))
        #expect(quote.leavesDust)
        let before = try LiquidationCall.aaveV30.quote(
            repaying: everything, of: pair(collateral[0], debts[0]), account: data,
            terms: LiquidationTerms(bonus: Ratio(percent: 5), protocolFee: Ratio(percent: 10)),
            scaledCollateral: nil)
        #expect(!before.leavesDust)
    }

    @Test func worthlessCollateralIsIgnored() {
        #expect(
            BadDebtRule.takesLastCollateral(
                consumed: Money(whole: 5), totalCollateral: Money(whole: 5)))
        #expect(
            !BadDebtRule.takesLastCollateral(
                consumed: Money(whole: 5), totalCollateral: Money(raw: 500_000_001)))
        let left = Quantity(whole: 3)
        #expect(
            BadDebtRule.bookedAsDeficit.deficit(outstanding: left, takesLastCollateral: true)
                == left)
        #expect(
            BadDebtRule.bookedAsDeficit.deficit(outstanding: left, takesLastCollateral: false)
                == .zero)
        #expect(
            BadDebtRule.staysOnAccount.deficit(outstanding: left, takesLastCollateral: true)
                == .zero)
    }
}

extension CollateralSeizure {
    fileprivate func consumed(ofScaledRaw raw: Int64, _ index: InterestIndex) -> Int64? {
        try? consumed(ofScaled: Quantity(raw: raw), index: index).raw
    }
}
