import ExactMath
import MarginProtocol
import Scenarios
import Testing

@testable import MarginCalculator

/// Aave v3 through the engine, with the test listing of aave-dao/aave-v3-origin @fd1fbd9 (loan to value 82.5 %,
/// threshold 86 %, bonus 5 %, fee 10 %): WBTC at $27,000, WETH at $1,800, USDX at $1.
@Suite struct AaveTests {
    /// Assets that mainnet's list does not name are as the tests list theirs.
    static let listing = "protocol: aave-v3"

    struct Health: Sendable {
        var source: String
        var prices: String
        var balances: String
        var collateral: String
        var debt: String
        var healthFactor: String?
        var liquidatable: Bool
        var extra = ""
    }

    /// Vectors: aave-hf-01, aave-hf-03, aave-hf-07, aave-hf-09, aave-hf-10, aave-hf-15.
    @Test(
        "Health factors of Pool.Liquidations.t.sol, docs/3.3 and GenericLogic.sol",
        arguments: [
            Health(
                source: "test_reverts_liquidation_hf_gt_liquidation_threshold",
                prices: "WBTC: 27000, WETH: 1800", balances: "WBTC: 1, WETH: -2",
                collateral: "27000", debt: "3600", healthFactor: "6.45", liquidatable: false),
            Health(
                source: "test_partial_liquidate_variable_borrow",
                prices: "WBTC: 20250, USDX: 1", balances: "WBTC: 1, USDX: -20500",
                collateral: "20250", debt: "20500", healthFactor: "0.84951219", liquidatable: true),
            Health(
                source: "test_liquidate_borrow_bad_debt, without interest",
                prices: "WBTC: 21600, USDX: 1", balances: "WBTC: 0.5, USDX: -11000",
                collateral: "10800", debt: "11000", healthFactor: "0.84436363", liquidatable: true),
            Health(
                source: "test_reverts_liquidation_collateral_not_active",
                prices: "WBTC: 16200, WETH: 1800", balances: "WBTC: 1, WETH: -10",
                collateral: "16200", debt: "18000", healthFactor: "0.774", liquidatable: true),
            Health(
                source: "docs/3.3, section 2.1",
                prices: "WETH: 1800, DAI: 1, USDT: 1, USDX: 1",
                balances: "WETH: 5, DAI: -3000, USDX: -3000, USDT: -3000",
                collateral: "9000", debt: "9000", healthFactor: "0.86", liquidatable: true),
            Health(
                source: "no debt: GenericLogic.sol", prices: "WBTC: 27000", balances: "WBTC: 1",
                collateral: "27000", debt: "0", healthFactor: nil, liquidatable: false),
        ])
    func health(row: Health) throws {
        let report = try report(
            """
            \(Self.listing)
            prices: {\(row.prices)}
            account: {balances: {\(row.balances)}}
            """)
        let held = report.assets.reduce(Money.zero) { $0 + max(.zero, $1.value) }
        let owed = report.assets.reduce(Money.zero) { $0 - min(.zero, $1.value) }
        #expect(isNear(held, row.collateral), "\(row.source)")
        #expect(isNear(owed, row.debt), "\(row.source)")
        if let expected = row.healthFactor {
            #expect(isNear(report.healthFactor, expected), "\(row.source)")
        } else {
            #expect(report.healthFactor == nil)
        }
        #expect(report.isLiquidatable == row.liquidatable, "\(row.source)")
        #expect((report.liquidation != nil) == row.liquidatable, "\(row.source)")
    }

    /// Pool.Liquidations.CloseFactor.t.sol, at the boundary: $10,000 at a threshold of 80 % against $8,000, and then
    /// one smallest unit of WETH more, which is worth a fraction of the smallest unit of money.
    ///
    /// Vectors: aave-hf-11, aave-hf-12.
    @Test(arguments: [("-8000", "", false), ("-8000", ", WETH: -0.00000001", true)])
    func boundary(usdc: String, more: String, liquidatable: Bool) throws {
        let report = try report(
            """
            protocol: aave-v3
            parameters: {assets: {DAI: {collateral: 80%, initial_collateral: 75%}}}
            prices: {DAI: 1, WETH: 0.1}
            account: {balances: {DAI: 10000, USDC: \(usdc)\(more)}}
            """)
        #expect(report.isLiquidatable == liquidatable)
        #expect((report.healthFactor ?? .zero < .one) == liquidatable)
    }

    /// GenericLogic.sol with the parameters of 31 October 2023, which are the preset's.
    @Test func mainnet() throws {
        let report = try report(
            """
            protocol: aave-v3
            prices: {ETH: 2000, BTC: 40000, LINK: 15}
            account: {balances: {ETH: 9, BTC: 0.5, LINK: 1000, USDC: -20000}}
            """)
        // 9 · 2000 · 83 % + 0.5 · 40000 · 78 % + 15000 · 68 %, over 20000.
        #expect(isNear(report.healthFactor, "2.037"))
        #expect(isNear(report.weightedEquity.initial, "17040"))
        #expect(!report.isLiquidatable)
    }

    /// E-mode: its loan to value, threshold and bonus in place of the assets' own.
    ///
    /// Vectors: aave-hf-14.
    @Test func efficiencyMode() throws {
        let text = """
            protocol: aave-v3
            prices: {wstETH: 2300, ETH: 2000}
            account: {balances: {wstETH: 10, ETH: -11}, category: ETH}
            """
        let report = try report(text)
        #expect(isNear(report.healthFactor, "0.97227272"))
        #expect(isNear(report.liquidation?.bonus, "0.01"))
        // Without it the account would be further under water, at wstETH's own 81 % and 6 %.
        let plain = try MarginCalculatorTests.report(
            text.replacing(", category: ETH", with: ""))
        #expect(isNear(plain.healthFactor, "0.84681818"))
        #expect(isNear(plain.liquidation?.bonus, "0.06"))
    }

    struct Call: Sendable {
        var source: String
        var prices: String
        var balances: String
        var repaid: String
        var toLiquidator: String
        var fee: String
        var deficit: String
        var parameters = AaveTests.listing
    }

    /// Vectors: aave-liq-03, aave-liq-14, aave-liq-15, aave-liq-18, aave-liq-19, aave-liq-21.
    @Test(
        "Amounts of liquidationCall, rounded as v3.7 does",
        arguments: [
            Call(
                source: "test_partial_liquidate_variable_borrow, max: the collateral is short",
                prices: "WBTC: 20250, USDX: 1", balances: "WBTC: 1, USDX: -20500",
                repaid: "19285.71428572",
                toLiquidator: "0.99523809", fee: "0.00476191", deficit: "1214.28571428"),
            Call(
                source:
                    "docs/3.3 section 2.1: a debt of 3,000 goes whole, as half of 9,000 is more",
                prices: "WETH: 2050, DAI: 1, USDT: 1, USDX: 1",
                balances: "WETH: 5, DAI: -3000, USDX: -3000, USDT: -3000", repaid: "3000",
                toLiquidator: "1.52926829", fee: "0.00731707", deficit: "0"),
            Call(
                source: "docs/3.3 section 2.2: collateral below $2,000 goes whole",
                prices: "DAI: 1, USDX: 1", balances: "DAI: 1900, USDX: -1702", repaid: "1702",
                toLiquidator: "1778.59", fee: "8.51", deficit: "0"),
            Call(
                source: "LiquidationLogic.sol, mainnet 2023: half of the debt at 0.973",
                prices: "ETH: 1700", balances: "ETH: 10, USDC: -14500", repaid: "7250",
                toLiquidator: "4.45661764", fee: "0.02132353", deficit: "0",
                parameters: "protocol: aave-v3"),
            Call(
                source: "LiquidationLogic.sol, mainnet 2023: all of it at 0.9158",
                prices: "ETH: 1600", balances: "ETH: 10, USDC: -14500", repaid: "14500",
                toLiquidator: "9.4703125", fee: "0.0453125", deficit: "0",
                parameters: "protocol: aave-v3"),
            Call(
                source: "LiquidationLogic.sol: two collaterals, one taken whole, no deficit yet",
                prices: "WBTC: 20000, WETH: 1800, USDX: 1",
                balances: "WBTC: 0.1, WETH: 1, USDX: -5000",
                repaid: "1904.76190477", toLiquidator: "0.0995238", fee: "0.0004762",
                deficit: "0"),
        ])
    func liquidationCall(row: Call) throws {
        let account = try account(
            """
            \(row.parameters)
            prices: {\(row.prices)}
            account: {balances: {\(row.balances)}}
            """)
        let step = try #require(LiquidationRun(account, pause: .zero).rows.first?.step)
        #expect(isNear(step.repaid, row.repaid, within: "0.00000001"), "\(row.source)")
        let fee = try #require(Quantity(decimal: row.fee))
        let quote = try #require(account.quote(account.cross))
        guard case .collateral(let part) = quote.step else {
            Issue.record("\(row.source)")
            return
        }
        #expect((part.toInsurance - fee).magnitude.raw <= 1, "\(row.source)")
        #expect(
            isNear(part.seized - part.toInsurance, row.toLiquidator, within: "0.00000001"),
            "\(row.source)")
        #expect(isNear(step.deficit, row.deficit, within: "0.00000002"), "\(row.source)")
    }

    /// A part that the liquidator chooses: $106 of test_partial_liquidate_variable_borrow, and $2,500 for LINK at
    /// a bonus of 7 %, of LiquidationLogic.sol with mainnet's parameters of 2023.
    ///
    /// Vectors: aave-liq-02, aave-liq-20.
    @Test(arguments: [
        (
            "WBTC: 20250, USDX: 1", "WBTC: 1, USDX: -20500", "WBTC", "USDX", "106",
            "0.0054701", "0.00002618"
        ),
        (
            "LINK: 10", "LINK: 1000, USDC: -7000", "LINK", "USDC", "2500", "265.75", "1.75"
        ),
    ])
    func chosenPart(
        prices: String, balances: String, seize: String, repay: String, cover: String,
        toLiquidator: String, fee: String
    ) throws {
        let account = try account(
            """
            protocol: aave-v3
            prices: {\(prices)}
            account: {balances: {\(balances)}}
            """)
        let part = try #require(
            try account.collateralQuote(seize: seize, repay: repay, atMost: cover))
        #expect(isNear(part.repaid, cover))
        #expect(isNear(part.seized - part.toInsurance, toLiquidator))
        #expect(isNear(part.toInsurance, fee))
    }

    /// test_hasNoCollateralLeft_accounts_for_ceil_rounding_sum_exceeds_scaled: ten units of collateral, nine of debt:
    /// a bonus of one, of which the fee's tenth is rounded up to all.
    ///
    /// Vectors: aave-liq-11.
    @Test func roundedFee() throws {
        let account = try account(
            """
            \(Self.listing)
            prices: {WETH: 1_000_000_000, DAI: 1_000_000_000}
            account: {balances: {WETH: 0.0000001, DAI: -0.00000009}}
            """)
        let part = try #require(
            try account.collateralQuote(seize: "WETH", repay: "DAI", atMost: "0.00000009"))
        #expect((part.seized - part.toInsurance).raw == 8)
        #expect(part.toInsurance.raw == 1)
    }

    @Test(
        "Less than what would leave dust is taken, and a request that only leaves dust is refused")
    func dust() throws {
        // A debt of $1,500 may go whole; of a part $1,000 must remain.
        let account = try account(
            """
            \(Self.listing)
            prices: {WETH: 1}
            account: {balances: {WETH: 1700, USDC: -1500}}
            """)
        let part = try #require(
            try account.collateralQuote(seize: "WETH", repay: "USDC", atMost: "700"))
        #expect(isNear(part.repaid, "500"))
        let small = try MarginCalculatorTests.account(
            """
            \(Self.listing)
            prices: {WETH: 1}
            account: {balances: {WETH: 900, USDC: -800}}
            """)
        #expect(throws: Rejection.leavesDust) {
            try small.collateralQuote(seize: "WETH", repay: "USDC", atMost: "100")
        }
        let whole = try #require(
            try small.collateralQuote(seize: "WETH", repay: "USDC", atMost: "800"))
        #expect(isNear(whole.repaid, "800"))
    }

    /// 22 November 2022: $63.6M of USDC against a debt in CRV, seized at a bonus of 4.5 %;
    /// governance.aave.com/t/10779 puts the bad debt at about $1.7M.
    ///
    /// Vectors: crv_2022_11_22.
    @Test func crv() throws {
        let account = try account(
            """
            protocol: aave-v3
            prices: {CRV: 0.68001352}
            account: {balances: {USDC: 63_600_000, CRV: -92_000_000}}
            """)
        let run = LiquidationRun(account, pause: .zero)
        let repaid = run.rows.reduce(Quantity.zero) { $0 + ($1.step.repaid ?? .zero) }
        let value = try repaid.value(
            at: try #require(Price(decimal: "0.68001352")), rounding: .nearest)
        #expect(isNear(value, "60861244.01913876", within: "0.0001"))
        let deficit = run.rows.reduce(Money.zero) { max($0, $1.step.deficit) }
        #expect(isNear(deficit, "1700000", within: "1"))
        #expect(run.ending == "nothing is left")
    }
}

extension CalculatedAccount {
    /// The law's quote of a repayment that the liquidator chooses.
    func collateralQuote(seize: String, repay: String, atMost: String) throws
        -> LiquidationQuote.CollateralPart?
    {
        let names = file.parameters.assets.map(\.name)
        let from = try #require(names.firstIndex(of: seize))
        let to = try #require(names.firstIndex(of: repay))
        let limit: Quantity = try #require(Quantity(decimal: atMost))
        let quote = try house.quoteLiquidation(
            of: cross, payer: payer(for: cross).account,
            target: .collateral(
                seize: AssetID(index: from), repay: AssetID(index: to), atMost: limit))
        guard case .collateral(let part) = quote.step else { return nil }
        return part
    }
}
