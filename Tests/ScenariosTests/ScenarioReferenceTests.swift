import Agents
import Testing

@testable import Scenarios

@Suite struct ScenarioReferenceTests {
    @Test func theReferenceNamesEveryKey() {
        let text = ScenarioReference.markdown()
        for section in ScenarioReference.sections {
            if !section.path.isEmpty { #expect(text.contains("## `\(section.path)`")) }
            for key in section.keys {
                #expect(
                    text.contains("| `\(key.name)` | \(key.type) |"), "\(section.path).\(key.name)")
                #expect(key.sentence.hasSuffix("."), "\(section.path).\(key.name)")
            }
        }
        for metric in Scenario.metricNames { #expect(text.contains("| `\(metric)` |")) }
    }

    @Test func sectionsAndKeysAreUnique() {
        let paths = ScenarioReference.sections.map(\.path)
        #expect(Set(paths).count == paths.count)
        for section in ScenarioReference.sections {
            #expect(Set(section.names).count == section.keys.count, "\(section.path)")
        }
        #expect(Set(Scenario.metricNames).count == Scenario.metrics.count)
    }

    /// A table row that bars would break.
    @Test func noCellHoldsABar() {
        for line in ScenarioReference.markdown().split(separator: "\n") where line.hasPrefix("| `")
        {
            let bars = line.filter { $0 == "|" }.count
            #expect(bars == 5 || bars == 4, "\(line)")
        }
    }

    @Test func theTemplateLoads() throws {
        let text = try #require(ScenarioTemplate.text(name: "my-first"))
        let scenario = try load(text)
        #expect(scenario.name == "my-first")
        #expect(scenario.agents.liquidators.map(\.name) == ["fast", "slow"])
        #expect(text.split(separator: "\n").allSatisfy { $0.count <= 120 })
        #expect(ScenarioTemplate.text(name: "no spaces") == nil)
        #expect(ScenarioTemplate.text(name: "") == nil)
        #expect(ScenarioTemplate.text(name: "a/b") == nil)
    }

    /// Each default is a text that its own key accepts: nothing is in force that nobody could write.
    @Test func settingsNameEveryValueInForce() throws {
        let scenario = try load(small)
        let settings = Dictionary(scenario.settings.map { ($0.key, $0.value) }) { first, _ in first
        }
        for (key, value) in [
            ("seed", "1"), ("duration", "1h"), ("chain.preset", "instant"),
            ("chain.block_time", "1s"),
            ("chain.gas.post_price", "150000"), ("step", "1s"), ("demand", "none"),
            ("native", "ETH"),
            ("assets.USDC.collateral", "100%"), ("assets.ETH.collateral", "90%"),
            ("assets.ETH.price.points", "2 points"), ("assets.ETH.price.between", "linear"),
            ("markets.ETH-PERP.underlying", "ETH"), ("markets.ETH-PERP.initial_margin", "10%"),
            ("markets.ETH-PERP.profit_weight", "100%"), ("markets.ETH-PERP.funding", "none"),
            ("oracles.ETH.latency", "15s"), ("oracles.ETH.heartbeat", "1h"),
            ("oracles.ETH.interval", "1s"),
            ("protocol.settlement", "USDC"), ("protocol.liquidation.close_factor", "50%"),
            ("protocol.losses", "[insurance_fund, bad_debt]"),
            ("protocol.oracle_guard.max_age", "none"),
            ("protocol.insurance_fund", "$0"), ("agents.traders.leverage", "2..5"),
            ("agents.traders.poll", "1m"), ("agents.liquidators.0.fee", "1.25x"),
            ("audit.late_after", "60s"),
        ] {
            #expect(settings[key] == value, "\(key)")
        }
        #expect(Set(scenario.settings.map(\.key)).count == scenario.settings.count)
    }
}
