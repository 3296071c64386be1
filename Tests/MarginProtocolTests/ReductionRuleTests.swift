import ExactMath
import Testing

@testable import MarginProtocol

/// What an account without its initial margin may still close.
struct ReductionRuleTests {
    /// 10 ETH bought at 100 with 100 of margin; so much of them is sold at a price, at a fee.
    private func refusal(
        _ rule: ReductionRule, price: String, size: String, fee: String = "0"
    ) -> Rejection? {
        var parameters = plainParameters()
        parameters.reductions = rule
        var world = World(parameters)
        let id = world.margin(alice, "100")
        world.trade(id, ethPerp, "10", by: alice)
        var changed = world.house.parameters
        changed.markets[ethPerp.index].takerFee = ratio(fee)
        world.house.replaceParameters(changed)
        world.post(ethFeed, price)
        return world.attempt(
            .trade(
                account: id, market: ethPerp, size: units(size), limit: nil, reduceOnly: true),
            by: alice)
    }

    /// Below zero a smaller position is less at risk, but has less per unit of its margin: dYdX lets nobody leave so.
    @Test func belowZero() {
        #expect(refusal(.surplus, price: "85", size: "-5") == nil)
        #expect(refusal(.initialSurplus, price: "85", size: "-5") == nil)
        // 50 are missing, and 42.5 more of initial margin.
        #expect(
            refusal(.risk, price: "85", size: "-5")
                == .insufficientMargin(shortBy: money("92.5")))
        // Nor out of the requirement into a mere debt.
        #expect(
            refusal(.risk, price: "85", size: "-10") == .insufficientMargin(shortBy: money("50")))
        #expect(refusal(.surplus, price: "85", size: "-10") == nil)
    }

    @Test func aboveZero() {
        for rule in [ReductionRule.surplus, .initialSurplus, .risk] {
            #expect(refusal(rule, price: "91", size: "-1") == nil)
        }
    }

    /// Selling at 92 with 20 left: 5 % of maintenance or 10 % of initial margin comes free, 6 % is the fee.
    @Test func aFeeAboveTheMaintenanceMargin() {
        #expect(refusal(.initialSurplus, price: "92", size: "-1", fee: "0.06") == nil)
        #expect(refusal(.surplus, price: "92", size: "-1", fee: "0.06") != nil)
        #expect(refusal(.risk, price: "92", size: "-1", fee: "0.06") != nil)
        // 20 are there against 46 before; after a fee of 2 % 18.16 against 41.4, which is more per unit, of 2.3 % less.
        #expect(refusal(.risk, price: "92", size: "-1", fee: "0.02") == nil)
        #expect(refusal(.risk, price: "92", size: "-1", fee: "0.023") != nil)
    }
}
