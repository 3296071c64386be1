import ExactMath
import MarginCalculator
import Testing

/// dYdX v4 through the engine.
@Suite struct DYDXTests {
    /// BTC at $50,000 with 20 % initial and 10 % maintenance margin; x/clob/keeper/liquidations_test.go,
    /// TestIsLiquidatable.
    @Test(arguments: [
        ("-4499", "0.1", false), ("-4500", "0.1", false), ("-4501", "0.1", true),
        ("5499", "-0.1", true), ("5500", "-0.1", false),
    ])
    func liquidatable(usdc: String, size: String, expected: Bool) throws {
        let report = try report(
            """
            protocol: dydx-v4
            parameters: {markets: {BTC: {initial_margin: 20%, maintenance_margin: 10%}}}
            prices: {BTC: 50000}
            account: {balances: {USDC: \(usdc)}, positions: {BTC: {size: \(size)}}}
            """)
        #expect(report.isLiquidatable == expected)
        #expect((report.liquidation != nil) == expected)
        #expect(isNear(report.requirement.maintenance, "500"))
        #expect(isNear(report.requirement.initial, "1000"))
    }
}
