import Agents
import ExactMath
import MarginProtocol
import MarginRules
import Scenarios
import Testing

/// Trades in two steps and pools that close winners, from the text to what the engine is given.
@Suite struct ExecutionKeysTests {
    private func scenario(_ execution: String, _ agents: String = "") throws -> Scenario {
        try load(
            small.replacing(
                "protocol: {pool: $1M}", by: "protocol: {pool: $1M, execution: \(execution)}")
                + agents)
    }
    private func problems(_ execution: String, _ agents: String = "") -> String {
        do {
            _ = try scenario(execution, agents)
            return "none"
        } catch { return "\(error)" }
    }

    @Test func modes() throws {
        #expect(try load(small).parameters.twoStep == nil)
        #expect(try scenario("immediate").parameters.twoStep == nil)
        #expect(try scenario("{mode: immediate}").parameters.twoStep == nil)
        #expect(
            try scenario("{mode: two_step, fee: $0.25, expiration: 2m}").parameters.twoStep
                == TwoStepPolicy(
                    timing: .afterRequest(
                        TwoStepExecution(
                            requestExpiration: TimeSpan(seconds: 120),
                            maximumPriceAge: TimeSpan(seconds: 300),
                            maximumTimestampRange: TimeSpan(seconds: 60),
                            maximumReferenceDeviation: .one)),
                    fee: Quantity(raw: 25_000_000)))
        #expect(
            try scenario("{mode: window, delay: 10s, price_tolerance: 5s}").parameters.twoStep
                == TwoStepPolicy(
                    timing: .window(
                        SettlementWindow(
                            delay: TimeSpan(seconds: 10), duration: TimeSpan(seconds: 120),
                            priceDelay: TimeSpan(seconds: 2),
                            priceTolerance: TimeSpan(seconds: 5))), fee: .zero))
    }

    @Test func keysOfOtherModesAreRefused() {
        #expect(problems("{mode: window, expiration: 2m}").contains("only with mode: two_step"))
        #expect(problems("{mode: two_step, delay: 2s}").contains("only with mode: window"))
        #expect(problems("{fee: $1}").contains("trades that are executed at once have none"))
        #expect(problems("{mode: twostep}").contains("two_step"))
    }

    @Test func keepers() throws {
        #expect(try scenario("{mode: two_step}").agents.orderKeepers == nil)
        #expect(
            try scenario("{mode: two_step}", "  order_keepers: none\n").agents.orderKeepers == [])
        let keepers = try scenario(
            "{mode: two_step}",
            """
              order_keepers:
                fast: {count: 2, reaction: 300ms, lag: 1, minimum_profit: $0.1, deleverages: nobody}
                slow: {count: 1, poll_every: 4, failures: {mtbf: 1h}, deleverages: profit_over_equity}
            faults: [{at: 00:10, for: 5m, agents: slow}]

            """
        ).agents.orderKeepers
        let groups = try #require(keepers)
        #expect(groups.map(\.name) == ["fast", "slow"] && groups.map(\.count) == [2, 1])
        #expect(groups[0].reaction == TimeSpan(milliseconds: 300) && groups[0].lag == 1)
        #expect(groups[0].minimumProfit == Money(raw: 10_000_000))
        #expect(groups[0].deleverages == nil && groups[1].deleverages == .profitOverEquity)
        #expect(groups[1].pollEvery == 4 && groups[1].failures != nil)
        #expect(groups[1].crashes.map(\.members) == [1] && groups[0].crashes.isEmpty)
        #expect(
            problems("immediate", "  order_keepers: {count: 1}\n").contains(
                "trades are executed at once"))
    }

    @Test func informedTraders() throws {
        let scenario = try load(
            small.replacing(
                "traders: {count: 10, leverage: 2..5}",
                by: "traders: {count: 10, leverage: 2..5, style: {informed: {edge: 0.3%}}}"))
        #expect(scenario.agents.traders[0].style == .informed(edge: Ratio(basisPoints: 30)))
    }

    @Test func poolsThatCloseWinners() throws {
        func market(_ adl: String) -> String {
            small.replacing("initial_margin: 10%", by: "pool: {adl: \(adl)}, initial_margin: 10%")
        }
        let terms = try load(market("{above: 85%, down_to: 77%}")).parameters.markets[0].pool?.terms
        #expect(
            terms?.deleveraging
                == PoolDeleveraging(
                    threshold: Ratio(percent: 85), minimumAfter: Ratio(percent: 77)))
        #expect(
            Self.text(market("{above: 50%, down_to: 60%}")).contains("expected at most `above`"))
    }

    private static func text(_ scenario: String) -> String {
        do {
            _ = try load(scenario)
            return "none"
        } catch { return "\(error)" }
    }
}
