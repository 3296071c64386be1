import ExactMath
import MarginProtocol
import MarginRules
import Scenarios
import Testing

@testable import MarginCalculator

/// Morpho Blue and Euler v2 through the engine.
@Suite struct IsolatedLendingTests {
    // MARK: Morpho Blue

    /// Morpho.sol @3085651: the incentive by loan-to-value; what a million of repayment seizes shows all its decimals.
    ///
    /// Vectors: morpho-lif-0, morpho-lif-385, morpho-lif-500, morpho-lif-625, morpho-lif-770,
    /// morpho-lif-860, morpho-lif-915, morpho-lif-945, morpho-lif-965, morpho-lif-980.
    @Test(arguments: [
        ("0%", "0.15", "1150000"), ("38.5%", "0.15", "1150000"), ("50%", "0.15", "1150000"),
        ("62.5%", "0.12676056", "1126760.56338028"), ("77%", "0.07411385", "1074113.85606874"),
        ("86%", "0.04384133", "1043841.33611691"), ("91.5%", "0.02616726", "1026167.26526423"),
        ("94.5%", "0.01677681", "1016776.81748856"), ("96.5%", "0.01061141", "1010611.41990904"),
        ("98%", "0.00603621", "1006036.21730382"),
    ])
    func incentive(loanToValue: String, bonus: String, seized: String) throws {
        let account = try account(
            """
            protocol: morpho-blue
            parameters: {assets: {DAI: {collateral: \(loanToValue)}}}
            prices: {DAI: 1}
            account: {balances: {DAI: 2_000_000, USDC: -2_000_000}}
            """)
        let dai = try #require(account.file.parameters.assets.firstIndex { $0.name == "DAI" })
        #expect(
            isNear(
                account.house.liquidationBonus(of: AssetID(index: dai), in: account.cross), bonus))
        let part = try #require(
            try account.collateralQuote(seize: "DAI", repay: "USDC", atMost: "1000000"))
        #expect(isNear(part.seized, seized))
        #expect(part.toInsurance == .zero)
    }

    /// LiquidateIntegrationTest.sol, testBadDebtOverTotalBorrowAssets: all collateral for 0.094, and the rest is the
    /// lenders' loss in the same step, in proportion to what they supply.
    ///
    /// Vectors: morpho-liq-2.
    @Test func badDebt() throws {
        var account = try account(
            """
            protocol: morpho-blue
            parameters: {assets: {DAI: {collateral: 80%}}}
            prices: {DAI: 0.01}
            market: {USDC: {deposits: 3}}
            account: {balances: {DAI: 10, USDC: -1}}
            """)
        let step = try #require(report(account).liquidation)
        #expect(isNear(step.amount, "10"))
        #expect(isNear(step.repaid, "0.094"))
        #expect(isNear(step.deficit, "0.906"))
        let events = try account.step(account.cross)
        let covers = events.compactMap { event in
            if case .lossCovered(let cover) = event { cover } else { nil }
        }
        #expect(covers.map(\.layer) == [.socialised])
        #expect(account.house.account(account.cross).assets == 0)
        #expect(isNear(account.house.deposited(AssetID(0)), "2.094", within: "0.00000001"))
        #expect(account.house.breaches().isEmpty)
    }

    @Test("A loss is shared by supply: three quarters of it belong to three quarters of the supply")
    func socialisedBySupply() throws {
        var account = try account(
            """
            protocol: morpho-blue
            prices: {ETH: 1000}
            market: {USDC: {deposits: 3000}}
            account: {balances: {ETH: 1, USDC: -2000}}
            """)
        var journal: [Event] = []
        let second = account.house.addAccount(owner: Address(40), role: .margin)
        account.house.mint(Quantity(whole: 1000), of: AssetID(0), to: second, into: &journal)
        let covers = try account.step(account.cross).compactMap { event -> LossCover? in
            if case .lossCovered(let cover) = event { cover } else { nil }
        }
        let first = try #require(covers.first { $0.payer != second })
        let other = try #require(covers.first { $0.payer == second })
        #expect(covers.count == 2)
        #expect((first.amount - other.amount - other.amount - other.amount).magnitude.raw <= 4)
        #expect(
            (account.house.balance(second, AssetID(0)) - (Quantity(whole: 1000) - other.amount))
                .isZero)
    }

    /// The same file, testLiquidateSeizedInputNoBadDebtRealized (half an ETH at 1,990 for 953.210001 of six decimals)
    /// and testLiquidateHealthyPosition (equality is healthy).
    ///
    /// Vectors: morpho-liq-3, morpho-liq-6.
    @Test func partial() throws {
        let text = """
            protocol: morpho-blue
            prices: {ETH: 1990}
            account: {balances: {ETH: 1, USDC: -1720}}
            """
        let part = try #require(
            try account(text).collateralQuote(seize: "ETH", repay: "USDC", atMost: "953.210001"))
        #expect(isNear(part.seized, "0.5"))
        let equal = try report(text.replacing("1990", with: "2000"))
        #expect(!equal.isLiquidatable && equal.liquidation == nil)
        #expect(try report(text.replacing("1990", with: "1999.99999999")).isLiquidatable)
    }

    // MARK: Euler v2

    /// Liquidation.sol @5b98b42, calculateMaxLiquidation: 100 of collateral at a loan-to-value of 80 % and a largest
    /// discount of 20 %, by health; and basic.t.sol, test_basicLiquidation_all_collateral. Debts have eighteen decimals
    /// there and eight here, which the discount doubles.
    ///
    /// Vectors: evk-10, evk-curve-9999, evk-curve-9900, evk-curve-9500, evk-curve-9000,
    /// evk-curve-8500, evk-curve-8000, evk-curve-7000.
    @Test(arguments: [
        ("1", "100", "80%", "80.00800080", "80.00800080", "80.0160024", "0"),
        ("1", "100", "80%", "80.80808081", "80.80808081", "81.62432405", "0"),
        ("1", "100", "80%", "84.21052632", "84.21052632", "88.64265928", "0"),
        ("1", "100", "80%", "88.88888889", "88.88888889", "98.76543210", "0"),
        ("1", "100", "80%", "94.11764706", "85", "100", "9.11764706"),
        ("1", "100", "80%", "100", "80", "100", "20"),
        ("1", "100", "80%", "114.28571429", "80", "100", "34.28571429"),
        ("0.5", "10", "90%", "5", "4.5", "10", "0.5"),
    ])
    func discount(
        price: String, held: String, loanToValue: String, debt: String, repaid: String,
        seized: String, deficit: String
    ) throws {
        let account = try account(
            """
            protocol: euler-v2
            parameters:
              assets: {DAI: {collateral: \(loanToValue)}}
              protocol: {liquidation: {bonus_rule: {health_proportional: 20%}}}
            prices: {DAI: \(price)}
            account: {balances: {DAI: \(held), USDC: -\(debt)}}
            """)
        let step = try #require(report(account).liquidation)
        #expect(isNear(step.repaid, repaid, within: "0.00000002"))
        #expect(isNear(step.amount, seized, within: "0.00000003"))
        #expect(isNear(step.deficit, deficit, within: "0.00000002"))
    }

    /// test/unit/evault/modules/Governance: a lowered liquidation loan-to-value falls linearly from the one in force, in whole
    /// basis points, while the borrow one falls at once.
    @Test func ramp() throws {
        var account = try account(
            """
            protocol: euler-v2
            parameters: {assets: {DAI: {collateral: 90%, initial_collateral: 30%}}}
            prices: {DAI: 1}
            account: {balances: {DAI: 1}}
            """)
        let dai = try #require(account.file.parameters.assets.firstIndex { $0.name == "DAI" })
        let begin = account.house.time
        var journal: [Event] = []
        func lower(to percent: Int64, over seconds: Int64) throws {
            let change = WeightChange(
                collateral: .flat(Ratio(percent: percent)), duration: TimeSpan(seconds: seconds),
                step: .basisPoint)
            try account.house.execute(
                .setParameter(.weights(AssetID(index: dai), change)), from: .governance,
                into: &journal)
        }
        func at(_ seconds: Int64) -> Money {
            account.house.advance(to: begin + TimeSpan(seconds: seconds), into: &journal)
            return account.house.health(of: account.cross, .maintenance).equity
        }
        try lower(to: 40, over: 1000)
        for (seconds, expected) in [
            (0, "0.9"), (1, "0.8995"), (200, "0.8"), (333, "0.7335"), (500, "0.65"),
        ] as [(Int64, String)] {
            #expect(isNear(at(seconds), expected), "\(seconds)")
        }
        #expect(account.house.health(of: account.cross, .initial).equity == Money(raw: 30_000_000))
        // A change during a ramp starts from where it is.
        try lower(to: 20, over: 100)
        for (seconds, expected) in [(500, "0.65"), (550, "0.425"), (600, "0.2"), (5000, "0.2")]
            as [(Int64, String)]
        {
            #expect(isNear(at(seconds), expected), "\(seconds)")
        }
        try lower(to: 10, over: 0)
        #expect(isNear(at(5000), "0.1"))
    }

    @Test("At equality an account is in violation, without a discount")
    func equality() throws {
        let report = try report(
            """
            protocol: euler-v2
            prices: {ETH: 2000}
            account: {balances: {ETH: 1, USDC: -1700}}
            """)
        #expect(report.isLiquidatable)
        #expect(isNear(report.liquidation?.bonus, "0"))
        #expect(isNear(report.liquidation?.repaid, "1700"))
        #expect(isNear(report.liquidation?.amount, "0.85"))
        #expect(report.health.initial.isNegative)
        // Without a debt zero is enough.
        let none = try MarginCalculatorTests.report(
            """
            protocol: euler-v2
            prices: {ETH: 2000}
            account: {balances: {ETH: 0}}
            """)
        #expect(!none.isLiquidatable)
    }

    private func report(_ account: CalculatedAccount) -> MarginReport.AccountReport {
        MarginReport(account).account
    }
    private func report(_ text: String) throws -> MarginReport.AccountReport {
        try MarginCalculatorTests.report(text)
    }
}
