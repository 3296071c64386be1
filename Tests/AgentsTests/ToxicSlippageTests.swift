import ExactMath
import MarginProtocol
import Markets
import Testing

@testable import Agents

/// Liquidations whose prize is sold into a thin market, with the law and the market outside.
@Suite struct ToxicSlippageTests {
    /// Does repaying a dollar of a loan, selling what that seizes, and posting the price that is left make it worse? The
    /// collateral is worth 100,000.
    private func worsens(loanToValue: Double, bonus: Int64, reserve: Int64?) throws -> Bool {
        let policy = LiquidationPolicy(
            size: .closeFactor(.one, fullBelow: .zero, dust: .zero),
            collateralBonus: Ratio(percent: bonus))
        var world = try World(
            parameters(liquidation: policy, ethWeight: Ratio(percent: 50)),
            liquidity: reserve.map {
                Liquidity(
                    law: .constantProduct, depth: Money(whole: 100_000 * $0),
                    depthMove: Ratio(percent: 2), recovery: TimeSpan(seconds: 3600))
            })
        let debt = Quantity(raw: Int64((loanToValue * 1e13).rounded()))
        let loan = world.open(.margin, owner: 60, [(eth, Quantity(whole: 50))])
        world.house.seedBalance(-debt, of: usdc, to: loan, into: &world.journal)
        let payer = world.open(.wallet, owner: 5, [(usdc, Quantity(whole: 1))])
        func ratio() -> Double {
            let owed = Double(-world.house.balance(loan, usdc).raw)
            let held = Double(world.house.balance(loan, eth).raw)
            return owed / (held * Double(world.house.price(of: eth).raw))
        }
        let before = ratio()
        try world.run(
            .liquidate(
                account: loan, payer: payer,
                target: .collateral(seize: eth, repay: usdc, atMost: Quantity(whole: 1))),
            from: Address(5))
        let fill = try world.markets.trade(1, -world.house.balance(payer, eth))
        try world.post(fill.priceAfter, to: ethFeed)
        return ratio() > before
    }

    /// arXiv 2212.07306 with a pool of constant product: what is seized moves the price of all collateral, so that the limit
    /// of 1 / (1 + bonus) falls by 1 + 2 · collateral / reserve; no reserve is a market that does not move.
    ///
    /// Vectors: toxic_slippage_cpmm.
    @Test(
        arguments: [
            (0.9, nil, 0.9523809523809523, false), (0.9, 20, 0.8658008658008656, true),
            (0.9, 40, 0.9070294784580498, false), (0.8, 10, 0.7936507936507936, true),
            (0.8, 20, 0.8658008658008656, false),
        ] as [(Double, Int64?, Double, Bool)])
    func limit(loanToValue: Double, reserve: Int64?, critical: Double, isToxic: Bool) throws {
        #expect(
            try worsens(loanToValue: loanToValue, bonus: 5, reserve: reserve) == isToxic)
        #expect(try worsens(loanToValue: critical + 0.0002, bonus: 5, reserve: reserve))
        #expect(try !worsens(loanToValue: critical - 0.0002, bonus: 5, reserve: reserve))
    }
}
