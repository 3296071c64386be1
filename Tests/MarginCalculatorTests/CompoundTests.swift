import ExactMath
import MarginProtocol
import Scenarios
import Testing

@testable import MarginCalculator

/// Compound v2 and III through the engine.
@Suite struct CompoundTests {
    // MARK: v2

    /// tests/Comptroller/liquidateCalculateAmountSeizeTest.js @a3214f6: what a repayment seizes. A cToken is an asset
    /// whose price is the underlying's times the exchange rate; prices and amounts are scaled alike where eight
    /// decimals are too few.
    ///
    /// Vectors: cv2-seize-1, cv2-seize-4, cv2-seize-scen.
    @Test(arguments: [
        ("1", "1", "0%", "1", "1"),
        ("52.30480842", "2151.21148", "30%", "1000.245", "31.61609663"),
    ])
    func seizeTokens(
        borrowed: String, token: String, bonus: String, repaid: String, seized: String
    ) throws {
        let account = try account(
            """
            protocol: compound-v2
            parameters: {protocol: {liquidation: {bonus: \(bonus)}}}
            prices: {UNI: \(token), DAI: \(borrowed)}
            account: {balances: {UNI: 100, DAI: -100000}}
            """)
        let part = try #require(
            try account.collateralQuote(seize: "UNI", repay: "DAI", atMost: repaid))
        #expect(isNear(part.seized, seized))
        // CToken.sol: 2.8 % of what is seized goes to reserves.
        #expect(
            isNear(
                part.toInsurance,
                try part.seized.scaled(by: Ratio(basisPoints: 280), rounding: .down).description))
    }

    /// spec/scenario @a3214f6: InKindLiquidation.scen, "Proper In-Kind Liquidation" (here of two assets of one price),
    /// BreakLiquidate.scen, where an incentive of 1.5 makes liquidity worse, and Fee.scen, where 0.099 of 0.1 arrive.
    ///
    /// Vectors: cv2-inkind-1, cv2-break-3, cv2-fee-1.
    @Test(arguments: [
        ("50%", "10%", "1", "200", "101", "2", "2.1384", "197.8", "-0.1"),
        ("70%", "50%", "0.87", "1.43", "1", "0.5", "0.83793103", "0.56793103", "-0.15412999"),
        ("50%", "10%", "1", "3.9", "1.98", "0.099", "0.1058508", "3.7911", "0.01455"),
    ])
    func liquidate(
        factor: String, bonus: String, price: String, held: String, owed: String, repaid: String,
        toLiquidator: String, left: String, liquidity: String
    ) throws {
        var account = try account(
            """
            protocol: compound-v2
            parameters:
              assets: {UNI: {collateral: \(factor)}}
              protocol: {liquidation: {bonus: \(bonus)}}
            prices: {UNI: \(price), DAI: 1}
            account: {balances: {UNI: \(held), DAI: -\(owed)}}
            """)
        let part = try #require(
            try account.collateralQuote(seize: "UNI", repay: "DAI", atMost: repaid))
        #expect(isNear(part.repaid, repaid))
        #expect(isNear(part.seized - part.toInsurance, toLiquidator, within: "0.00000002"))
        try account.run(part, atMost: part.repaid)
        #expect(isNear(account.house.balance(account.cross, part.seize), left))
        #expect(
            isNear(
                account.house.health(of: account.cross, .maintenance).equity, liquidity,
                within: "0.00000002"))
        #expect(account.house.breaches().isEmpty)
    }

    @Test("Half of a debt at most, at 1.08; at no shortfall nothing")
    func closeFactor() throws {
        let text = """
            protocol: compound-v2
            prices: {BTC: 30000, DAI: 1}
            account: {balances: {BTC: 1, DAI: -21000}}
            """
        let healthy = try report(text)
        #expect(!healthy.isLiquidatable && healthy.liquidation == nil)
        let step = try report(text.replacing("-21000", with: "-21000.00000001")).liquidation
        #expect(isNear(step?.repaid, "10500", within: "0.00000001"))
        #expect(isNear(step?.bonus, "0.08"))
        #expect(isNear(step?.amount, "0.378", within: "0.00000001"))
    }

    // MARK: III

    struct Absorption: Sendable {
        var source: String
        var parameters: String
        var prices: String
        var balances: String
        var newBalance: String
        var paidOut: String
        var deficit: String
    }

    /// Vectors: comet-absorb-2, comet-absorb-5, comet-absorb-6, comet-absorb-7.
    @Test(
        "Absorption: test/absorb-test.ts @d5a30b0, and mainnet's configuration",
        arguments: [
            Absorption(
                source: "absorbs 3 accounts with collateral, account 1",
                parameters:
                    "COMP: {collateral: 100%, initial_collateral: 100%, liquidation_bonus: 0%}",
                prices: "COMP: 175", balances: "COMP: 0.000001, USDC: -1", newBalance: "0",
                paidOut: "1", deficit: "0.999825"),
            Absorption(
                source: "absorbs an account with more than enough collateral to still cover debt",
                parameters: """
                    COMP: {collateral: 66.6666%, initial_collateral: 50%, liquidation_bonus: 0%}, ETH: {collateral: 66.6666%, initial_collateral: 50%, liquidation_bonus: 0%}, BTC: {collateral: 66.6666%, initial_collateral: 50%, liquidation_bonus: 0%}
                    """,
                prices: "COMP: 175, ETH: 3000, BTC: 41000",
                balances: "COMP: 1, ETH: 1, BTC: 1, USDC: -44174.999999", newBalance: "0.000001",
                paidOut: "44175", deficit: "0"),
            Absorption(
                source: "mainnet: 10 WETH credited at 0.95", parameters: "", prices: "ETH: 1800",
                balances: "ETH: 10, USDC: -16200", newBalance: "900", paidOut: "17100",
                deficit: "0"),
            Absorption(
                source: "mainnet: the reserves forgive 1,000", parameters: "",
                prices: "BTC: 60000", balances: "BTC: 1, USDC: -58000", newBalance: "0",
                paidOut: "58000", deficit: "1000"),
        ])
    func absorb(row: Absorption) throws {
        let account = try account(
            """
            protocol: compound-v3
            parameters: {assets: {\(row.parameters)}}
            prices: {\(row.prices)}
            account: {balances: {\(row.balances)}}
            """)
        let quote = try #require(account.quote(account.cross))
        guard case .absorption(let part) = quote.step else {
            Issue.record("\(row.source)")
            return
        }
        #expect(isNear(part.credited, row.newBalance), "\(row.source)")
        let paid = part.repaid.reduce(part.credited) { $0 + $1.delta }
        #expect(isNear(paid, row.paidOut), "\(row.source)")
        let run = LiquidationRun(account, pause: .zero)
        #expect(run.rows.count == 1)
        #expect(isNear(run.rows.first?.step.deficit, row.deficit), "\(row.source)")
        let house = run.account.house
        #expect(isNear(house.balance(account.cross, AssetID(0)), row.newBalance))
        #expect(house.breaches().isEmpty)
    }

    /// test/is-liquidatable-test.ts: the liquidation factor counts, and equality is safe (Comet.sol).
    ///
    /// Vectors: comet-liq-3.
    @Test(arguments: [("-100000", true), ("-80000", false), ("-80000.00000001", true)])
    func isLiquidatable(debt: String, expected: Bool) throws {
        let report = try report(
            """
            protocol: compound-v3
            parameters: {assets: {COMP: {collateral: 80%}}}
            prices: {COMP: 1}
            account: {balances: {COMP: 100000, USDC: \(debt)}}
            """)
        #expect(report.isLiquidatable == expected)
        #expect(report.health.initial < report.health.maintenance)
    }

    /// test/quote-collateral-test.ts: at market price where the factor is zero, nothing for nothing; and with mainnet's
    /// factor of one half, half of the penalty of 5 % is the buyer's.
    ///
    /// Vectors: comet-quote-2, comet-quote-5.
    @Test(arguments: [
        ("0%", "40%", "200", "200", "1"), ("100%", "40%", "200", "200", "1.66666666"),
        ("50%", "5%", "1500", "1462.5", "1"),
    ])
    func storefront(factor: String, penalty: String, price: String, paid: String, bought: String)
        throws
    {
        var account = try account(
            """
            protocol: compound-v3
            parameters:
              assets: {ETH: {liquidation_bonus: \(penalty)}}
              protocol: {storefront: {price_factor: \(factor)}}
            prices: {ETH: \(price)}
            account: {balances: {ETH: 10, USDC: -100000}}
            """)
        let eth = try #require(account.file.parameters.assets.firstIndex { $0.name == "ETH" })
        var journal: [Event] = []
        let wallet = account.house.addAccount(owner: Address(40), role: .wallet)
        account.house.mint(Quantity(whole: 10000), of: AssetID(0), to: wallet, into: &journal)
        func buy(_ amount: Quantity, atLeast: Quantity = .zero) throws {
            try account.house.execute(
                .buyCollateral(
                    wallet: wallet, asset: AssetID(index: eth), paid: amount, atLeast: atLeast),
                from: Address(40), into: &journal)
        }
        let amount = try #require(Quantity(decimal: paid) as Quantity?)
        // Nothing has been absorbed yet.
        #expect(throws: Rejection.self) { try buy(amount) }
        _ = try account.step(account.cross)
        #expect(throws: Rejection.amountNotPositive) { try buy(.zero) }
        let quoted = try account.house.quoteCollateralSale(of: AssetID(index: eth), for: amount)
        #expect(isNear(quoted, bought))
        #expect(throws: Rejection.boughtTooLittle(quoted)) {
            try buy(amount, atLeast: quoted + Quantity(raw: 1))
        }
        let before = account.house.reserves
        try buy(amount, atLeast: quoted)
        #expect(account.house.balance(wallet, AssetID(index: eth)) == quoted)
        #expect(account.house.reserves == before + amount)
        #expect(account.house.breaches().isEmpty)
    }

    /// Comet.sol, buyCollateral: closed once reserves have reached their target.
    @Test func closedStorefront() throws {
        var account = try account(
            """
            protocol: compound-v3
            prices: {ETH: 1500}
            account: {balances: {ETH: 10, USDC: -14000}}
            """)
        var journal: [Event] = []
        _ = try account.step(account.cross)
        let eth = AssetID(index: 1)
        #expect(account.file.parameters.assets[1].name == "ETH")
        let missing = Quantity(whole: 5_000_000) - account.house.reserves
        account.house.mint(
            missing - Quantity(raw: 1), of: AssetID(0), to: ClearingHouse.treasury, into: &journal)
        _ = try account.house.quoteCollateralSale(of: eth, for: Quantity(whole: 1))
        account.house.mint(
            Quantity(raw: 1), of: AssetID(0), to: ClearingHouse.treasury, into: &journal)
        #expect(throws: Rejection.notForSale(eth)) {
            try account.house.quoteCollateralSale(of: eth, for: Quantity(whole: 1))
        }
        #expect(throws: Rejection.notForSale(AssetID(0))) {
            try account.house.quoteCollateralSale(of: AssetID(0), for: Quantity(whole: 1))
        }
    }
}
