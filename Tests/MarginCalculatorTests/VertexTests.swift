import ExactMath
import MarginProtocol
import Scenarios
import Testing

@testable import MarginCalculator

/// Vertex through the engine; vertex-protocol.gitbook.io/docs, Liquidations & Insurance Fund.
@Suite struct VertexTests {
    /// A position is taken over at `oracle · (weight + 1) / 2`; a quarter of the difference is the insurance fund's.
    ///
    /// Vectors: vertex-liqprice-1, vertex-liqprice-2, vertex-liqprice-3.
    @Test(arguments: [
        ("100", "1", "5%", "2.5", "97.5", "2.5", "0.625"),
        ("100", "-1", "5%", "2.5", "102.5", "2.5", "0.625"),
        ("2000", "1", "10%", "100", "1900", "100", "25"),
    ])
    func takeover(
        price: String, size: String, margin: String, usdc: String, taken: String, profit: String,
        fund: String
    ) throws {
        let report = try report(
            """
            protocol: vertex
            parameters: {markets: {SOL: {initial_margin: 100%, maintenance_margin: \(margin), taker_fee: 0%}}}
            prices: {SOL: \(price)}
            account: {balances: {USDC: \(usdc)}, positions: {SOL: {size: \(size)}}}
            """)
        let step = try #require(report.liquidation)
        // All that is left goes with it, so that nothing can be kept.
        #expect(isNear(step.amount.magnitude, "1"))
        #expect(isNear(step.penalty, profit))
        #expect(isNear(step.toInsurance, fund))
        #expect(step.toLiquidator + step.toInsurance == step.penalty)
        let received =
            size == "1"
            ? step.mark - Price(raw: step.penalty.raw) : step.mark + Price(raw: step.penalty.raw)
        #expect(isNear(received, taken))
    }

    /// The same of what is owned and owed: 0.975 for ether, 1.015 for a debt in USDT.
    @Test(arguments: [
        ("ETH: 1, USDC: -1910", "USDC", "0.025641"), ("ETH: 1, USDT: -1850", "USDT", "0.041025"),
    ])
    func collateral(balances: String, debt: String, bonus: String) throws {
        let account = try account(
            """
            protocol: vertex
            prices: {ETH: 2000, USDT: 1}
            account: {balances: {\(balances)}}
            """)
        let part = try #require(
            try account.collateralQuote(seize: "ETH", repay: debt, atMost: "100"))
        let value = try #require(
            try part.seized.value(at: Price(whole: 2000), rounding: .nearest) as Money?)
        let found = try Ratio(value, over: Money(whole: 100), rounding: .nearest) - .one
        #expect(isNear(found, bonus, within: "0.000001"))
        // A quarter of it is the fund's.
        let fund = try part.toInsurance.value(at: Price(whole: 2000), rounding: .nearest)
        let quarter = try (value - Money(whole: 100)).scaled(
            by: Ratio(percent: 25), rounding: .nearest)
        #expect((fund - quarter).magnitude <= Money(raw: 3000))
    }

    /// Liquidation begins below the maintenance weights and ends once the initial ones are met.
    @Test func untilInitialHealth() throws {
        let text = """
            protocol: vertex
            prices: {ETH: 2000, SOL: 100}
            account: {balances: {ETH: 0.1, USDC: -80}, positions: {SOL: {size: 20, entry: 100}, ETH: {size: 0.2, entry: 2050}}}
            """
        let run = LiquidationRun(try account(text), pause: TimeSpan(milliseconds: 400))
        #expect(!run.rows.isEmpty)
        #expect(run.ending == "the account is healthy again")
        let house = run.account.house
        #expect(!house.isBeingLiquidated(run.account.cross))
        #expect(house.health(of: run.account.cross, .initial).isMet)
        #expect(house.breaches().isEmpty)
    }
}
