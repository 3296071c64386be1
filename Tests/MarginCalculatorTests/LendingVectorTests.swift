import ExactMath
import MarginProtocol
import Scenarios
import Testing

@testable import MarginCalculator

/// Rows of lending protocols' own figures that have no place among the rules of one venue.
@Suite struct LendingVectorTests {
    /// Aave: e-mode at a threshold of 96 % (Pool.Liquidations.t.sol,
    /// test_liquidate_emode_position_without_emode_oracle), and four collaterals against two debts with the parameters of
    /// October 2023 (GenericLogic.sol). Nobody both holds and owes an asset here: the debts are in others of the same price.
    ///
    /// Vectors: aave-hf-06, aave-hf-13.
    @Test(arguments: [
        (
            "WBTC: 21600, WETH: 1800", "WBTC: 1, WETH: -12",
            "{categories: {C: {assets: [WBTC, WETH], initial: 95%, maintenance: 96%, bonus: 1%}}}",
            ", category: C", "0.96", true
        ),
        (
            "ETH: 2000, BTC: 40000, LINK: 15, USDX: 1, WETH: 2000",
            "ETH: 10, BTC: 0.5, USDC: 5000, LINK: 1000, USDX: -25000, WETH: -1", "{}", "",
            "1.71851851", false
        ),
    ])
    func aaveHealth(
        prices: String, balances: String, law: String, category: String, health: String,
        liquidatable: Bool
    ) throws {
        let report = try report(
            """
            protocol: aave-v3
            parameters: {protocol: \(law)}
            prices: {\(prices)}
            account: {balances: {\(balances)}\(category)}
            """)
        #expect(isNear(report.healthFactor, health, within: "0.00000001"))
        #expect(report.isLiquidatable == liquidatable)
    }

    /// aave-dao/aave-v3-origin, MathUtils.t.sol, test_calculateLinearInterest: 8 % a year for seven years earn 56 %;
    /// morpho-org/morpho-blue, MathLib.sol, wTaylorCompounded: 5 % for a year cost three terms of a series.
    ///
    /// Vectors: aave-lin-1, morpho-taylor-1.
    @Test func interestOverYears() throws {
        func loan(_ rate: String) throws -> CalculatedAccount {
            try account(
                """
                protocol: aave-v3
                parameters: {assets: {USDC: {borrow_cap: ~, deposit_cap: ~, interest: {base: \(rate), kink: 80%, slope1: 0%, slope2: 0%, reserve_factor: 0%}}}}
                prices: {ETH: 2000}
                market: {USDC: {deposits: 1}}
                account: {balances: {ETH: 1, USDC: -1}}
                """)
        }
        let usdc = AssetID(0)
        var linear = try loan("8%")
        InterestTests.advance(&linear, seconds: 220_752_000)
        #expect(isNear(linear.house.deposited(usdc), "1.56"))
        var series = try loan("5%")
        InterestTests.advance(&series, seconds: 31_536_000)
        #expect(
            isNear(series.house.balance(series.cross, usdc), "-1.05127083", within: "0.00000002"))
    }

    /// 26 November 2020: 100 of collateral at a factor of 0.75 against 70 DAI become liquidatable where DAI reaches
    /// 1.0714…; the factor and the price by comp.xyz/t/642.
    ///
    /// Vectors: compound_dai.
    @Test func daiOfNovember2020() throws {
        let report = try report(
            """
            protocol: compound-v2
            parameters: {assets: {USDC: {collateral: 75%}}}
            prices: {DAI: 1}
            account: {balances: {USDC: 100, DAI: -70}}
            """)
        let dai = report.assets.first { $0.asset == "DAI" }
        #expect(isNear(dai?.liquidationPrice, "1.07142857", within: "0.00000002"))
    }

    /// Drift: a debt that nothing is left for is its lenders' loss, in proportion (successful_resolve_spot_bankruptcy,
    /// non_zero_total_deposits): 100 of 1,000 and 11 of 120.
    ///
    /// Vectors: drift-bankruptcy-spot, drift-deposit-delta-bankruptcy.
    @Test(arguments: [("100", "1000", "900"), ("11", "120", "109")])
    func socialisedDebt(debt: String, deposits: String, left: String) throws {
        var account = try account(
            """
            protocol: drift-v2
            prices: {SOL: 1}
            market: {SOL: {deposits: \(deposits)}}
            account: {balances: {SOL: -\(debt)}}
            """)
        _ = try account.step(account.cross)
        #expect(isNear(account.house.deposited(AssetID(1)), left))
        #expect(account.house.breaches().isEmpty)
    }
}
