import Agents
import ExactMath
import MarginProtocol
import Scenarios
import Testing

/// The kinds of agents as scenarios write them.
@Suite struct AgentKindsTests {
    private func agents(_ groups: String) throws -> AgentsConfiguration {
        try load(small.replacing("    - {count: 1, capital: $1M}\n", by: groups)).agents
    }

    private func liquidator(_ keys: String) throws -> LiquidatorGroup {
        try #require(
            try agents("    - {count: 1, capital: $1M, \(keys)}\n").liquidators.first)
    }

    @Test func whatIsNotWrittenIsAsBefore() throws {
        let scenario = try load(small)
        let group = try #require(scenario.agents.liquidators.first)
        #expect(group.timing == .polling)
        #expect(group.financing == .own)
        #expect(group.sizing == .full)
        #expect(group.failures == nil)
        #expect(scenario.agents.traders.first?.style == .noise)
        #expect(scenario.agents.adversaries.isEmpty)
        #expect(!scenario.recordsDecisions)
        // Nothing of it is among the parameters that a run records.
        let new = ["timing", "financing", "sizing", "failures", "style", "decisions", "deleverage"]
        #expect(
            !scenario.settings.contains { setting in new.contains { setting.key.hasSuffix($0) } })
    }

    @Test func liquidatorsHaveKinds() throws {
        #expect(try liquidator("timing: mempool").timing == .mempool)
        #expect(
            try liquidator("financing: {credit: {line: $5M, rate: 8%/year}}").financing
                == .credit(line: Money(whole: 5_000_000), yearlyRate: Ratio(percent: 8)))
        #expect(
            try liquidator("financing: {flash: {}}").financing
                == .flash(fee: Ratio(basisPoints: 5), depth: Money(whole: 100_000_000)))
        #expect(try liquidator("sizing: two_step").sizing == .twoStep)
        #expect(try liquidator("sizing: {partial: 40%}").sizing == .partial(Ratio(percent: 40)))
        #expect(
            try liquidator("unwind: {work: {slices: 4, every: 2 blocks}}").inventory
                == .work(slices: 4, every: 2))
        #expect(
            try liquidator("unwind: {hedge: {slices: 3}}").inventory == .hedge(slices: 3, every: 1))
        #expect(
            try liquidator("unwind: {work_out: 10%}").inventory == .workOut(Ratio(percent: 10)))
        #expect(
            try liquidator("failures: {mtbf: 6h, stuck_nonce: 1%}").failures
                == .init(
                    meanUptime: TimeSpan(seconds: 21_600), meanRepair: TimeSpan(seconds: 600),
                    stuckNonce: Ratio(percent: 1), wrongGas: .zero))
        #expect(
            try liquidator(
                "fee: {escalating: {start: 0.5x, factor: 2x, every: 3 blocks, cap: 90 gwei}}"
            )
            .fee
                == .escalating(
                    EscalatingFee(
                        start: Ratio(percent: 50), factor: Ratio(whole: 2), every: 3,
                        cap: 90_000_000_000)))
        #expect(
            try liquidator("fee: {learning: {shares: [20%, 80%], explore: 5%}}").fee
                == .learning(
                    LearningFee(
                        shares: [Ratio(percent: 20), Ratio(percent: 80)],
                        exploration: Ratio(percent: 5))))
    }

    @Test func onlyFlashLoansNeedNoCapital() throws {
        let flash = "    - {count: 1, capital: $0, financing: {flash: {}}}\n"
        #expect(try agents(flash).liquidators.first?.capital == .zero)
        #expect(
            problems(
                small.replacing(
                    "    - {count: 1, capital: $1M}\n", by: "    - {count: 1, capital: $0}\n")
            ).count == 1)
    }

    @Test(arguments: [
        ("fee: {escalating: {factor: 1.05x, cap: 1 gwei}}", "1.1 to 100"),
        ("fee: {learning: {shares: []}}", "at least one percentage"),
        ("financing: {credit: {line: $1M}, flash: {}}", "exactly one of credit, flash"),
        ("unwind: {work: {}, hedge: {}}", "exactly one of work_out, work, hedge"),
        ("sizing: half", "'full' or 'two_step'"),
        ("timing: sometimes", "'polling' or 'mempool'"),
    ])
    func whatMakesNoSenseIsSaid(keys: String, message: String) {
        let text = small.replacing(
            "    - {count: 1, capital: $1M}\n", by: "    - {count: 1, capital: $1M, \(keys)}\n")
        let found = problems(text)
        #expect(found.contains { $0.contains(message) }, "\(found)")
    }

    @Test func tradersHaveStyles() throws {
        func trader(_ keys: String) throws -> TraderGroup {
            let text = small.replacing(
                "{count: 10, leverage: 2..5}",
                by: """

                        smart: {count: 1, leverage: 2}
                        crowd: {count: 10, leverage: 2..5, \(keys)}
                    """)
            return try #require(try load(text).agents.traders.last)
        }
        #expect(
            try trader("style: {momentum: {window: 2h, threshold: 2%}}").style
                == .momentum(window: TimeSpan(seconds: 7200), threshold: Ratio(percent: 2)))
        #expect(
            try trader("style: {mean_reversion: {}}").style
                == .meanReversion(window: TimeSpan(seconds: 3600), threshold: Ratio(percent: 1)))
        #expect(
            try trader("style: {basis: {enter: 0.05%}}").style
                == .basis(
                    window: TimeSpan(seconds: 28_800), enter: Ratio(basisPoints: 5), exit: .zero))
        #expect(
            try trader("style: {copy: {group: smart, delay: 3m}}").style
                == .copy(group: "smart", delay: TimeSpan(seconds: 180)))
        let calls = try trader("on_margin_call: {deleverage: 60%, to_leverage: 1.5}").onMarginCall
        #expect(calls.deleverage == Ratio(percent: 60))
        #expect(calls.targetLeverage == Ratio(percent: 150))
        #expect(throws: ScenarioProblems.self) {
            try trader("style: {copy: {group: nobody}}")
        }
        #expect(throws: ScenarioProblems.self) {
            try trader("on_margin_call: {deleverage: 60%, panic: 50%}")
        }
    }

    @Test func adversariesHaveSchemes() throws {
        func adversary(_ keys: String) throws -> AdversaryGroup? {
            try load(
                small.replacing(
                    "  liquidators:",
                    by: """
                          adversaries:
                            mallory: {capital: $1M, asset: ETH, \(keys)}
                          liquidators:
                        """)
            ).agents.adversaries.first
        }
        #expect(
            try adversary("scheme: manipulator, push: $5M, patience: 3m")?.scheme
                == .manipulator(push: Money(whole: 5_000_000), patience: TimeSpan(seconds: 180)))
        #expect(try adversary("scheme: self_liquidator")?.scheme == .selfLiquidator)
        #expect(
            try adversary("scheme: decoys, decoys: 7, dust: $50")?.scheme
                == .decoys(count: 7, dust: Money(whole: 50)))
        let dump = try adversary("scheme: withdraw_and_dump, market: ETH-PERP, leverage: 20")
        #expect(dump?.market == MarketID(0))
        #expect(
            dump?.scheme
                == .withdrawAndDump(
                    leverage: Fixed18(whole: 20), push: Money(whole: 1_000_000),
                    patience: TimeSpan(seconds: 600)))
        #expect(throws: ScenarioProblems.self) { try adversary("scheme: withdraw_and_dump") }
        #expect(throws: ScenarioProblems.self) {
            try adversary("scheme: decoys, market: ETH-PERP")
        }
    }

    @Test func decisionsAreRecordedOnRequest() throws {
        #expect(try load(small + "audit: {decisions: true}\n").recordsDecisions)
    }
}
