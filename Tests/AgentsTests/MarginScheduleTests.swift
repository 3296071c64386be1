import ExactMath
import MarginProtocol
import SeededRandom
import Testing

@testable import Agents

@Suite struct MarginScheduleTests {
    @Test func agreesWithTheProtocolOnAnyNotional() throws {
        var draws = RandomSource(seed: 7).stream("margin")
        for _ in 0..<300 {
            var world = try World()
            let account = world.open(.margin, owner: 50, [(usdc, Quantity(whole: 1_000_000))])
            let size = Quantity(raw: draws.uniform(in: 1...1_000 * scaleE8))
            try world.seed(account, ethPerp, size, at: startPrices[1])
            let notional = try size.value(at: startPrices[1], rounding: .down)
            let schedule = world.house.parameters.markets[0].margin
            for kind in [MarginKind.initial, .maintenance] {
                #expect(
                    try schedule.requirement(on: notional, kind)
                        == world.house.health(of: account, kind).requirement)
            }
        }
    }

    @Test func atABracketsFloorBothSidesAgree() throws {
        let schedule = parameters().markets[0].margin
        // 5 % of 500,000; then 10 % of what is above.
        #expect(
            try schedule.requirement(on: Money(whole: 500_000), .initial) == Money(whole: 25_000))
        #expect(
            try schedule.requirement(on: Money(whole: 600_000), .initial) == Money(whole: 35_000))
        #expect(try schedule.requirement(on: .zero, .initial) == .zero)
    }

    @Test(arguments: [
        // Wanted, budget, costs in basis points, expected notional.
        (Int64(1000), Int64(50), Int64(0), Int64(1000)),
        (1000, 40, 0, 800),
        (1_000_000, 35_000, 0, 600_000),
        // 5 % margin and 5 % costs.
        (1000, 40, 500, 400),
        (1000, 0, 0, 0),
        (0, 40, 0, 0),
    ])
    func theLargestNotionalUsesTheBudget(
        wanted: Int64, budget: Int64, costs: Int64, expected: Int64
    ) {
        let house = ClearingHouse(parameters: parameters(), start: start)
        #expect(
            house.largestNotional(
                upTo: Money(whole: wanted), within: Money(whole: budget), in: ethPerp,
                costs: Ratio(basisPoints: costs), at: startPrices) == Money(whole: expected))
    }

    @Test func aBudgetBelowZeroAllowsNothing() {
        let house = ClearingHouse(parameters: parameters(), start: start)
        #expect(
            house.largestNotional(
                upTo: Money(raw: .max), within: Money(whole: -1), in: ethPerp, at: startPrices)
                == .zero)
    }

    /// Where the notional does not say it all, the law does: 10,000 units at 2000 need 5 % and, by the premium, 1 % more
    /// for each thousand units.
    @Test func aPremiumForSizeCounts() throws {
        var rules = parameters()
        rules.markets[0].margin = .flat(initial: Ratio(percent: 5), maintenance: Ratio(percent: 3))
        rules.markets[0].margin.sizePremium = .linear(
            scale: Quantity(whole: 1000), fraction: Ratio(percent: 1), maintenanceShare: .zero)
        let house = ClearingHouse(parameters: rules, start: start)
        let margin = house.initialMargin(
            of: Money(whole: 20_000_000), in: ethPerp, at: startPrices)
        #expect(margin == Money(whole: 3_000_000))
        let most = house.largestNotional(
            upTo: Money(whole: 20_000_000), within: Money(whole: 1_000_000), in: ethPerp,
            at: startPrices)
        // s units: 2000 s (0.05 + s / 100,000) = 1,000,000 at s = (√225 − 5) / 2 · 1000 = 5000.
        #expect((most - Money(whole: 10_000_000)).magnitude <= Money(whole: 1))
    }
}
