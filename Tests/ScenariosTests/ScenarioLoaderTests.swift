import Agents
import Chain
import ExactMath
import MarginProtocol
import Markets
import Oracles
import Scenarios
import Testing

/// Inheritance, overrides, data files and the text that replays a run.
@Suite struct ScenarioLoaderTests {
    @Test func mapsMergeAndListsReplace() throws {
        let child = """
            extends: base.yaml
            name: child
            oracles: {ETH: {latency: 30s}}
            agents:
              liquidators:
                - {name: fast, count: 7, capital: $2M}
                - {count: 1, capital: $3M}

            """
        let base = small.replacing("latency: 15s", by: "latency: 15s, heartbeat: 2h")
        let scenario = try load(["s.yaml": child, "base.yaml": base])
        #expect(scenario.name == "child")
        #expect(scenario.seed == 1)
        #expect(scenario.priceFeeds[1].latency == .fixed(TimeSpan(seconds: 30)))
        #expect(scenario.priceFeeds[1].heartbeat == TimeSpan(seconds: 7200))
        #expect(scenario.agents.liquidators.map(\.name) == ["fast", "liquidators-2"])
        #expect(scenario.agents.liquidators.map(\.count) == [7, 1])
        #expect(scenario.agents.traders[0].count == 10)
        #expect(!scenario.text.contains("extends"))
    }

    @Test func nullRemovesWhatIsInherited() throws {
        let child = """
            extends: base.yaml
            assets: {ETH: {price: {points: null, gbm: {start: 2000, volatility: 80%}}}}
            agents: {liquidators: ~}
            """
        let scenario = try load(["s.yaml": child, "base.yaml": small])
        #expect(scenario.agents.liquidators.isEmpty)
        guard case .geometricBrownian = scenario.referenceAssets[1].process else {
            Issue.record("the points are still there")
            return
        }
    }

    @Test func aMapOverAChainsNameChangesThatChain() throws {
        let child = "extends: base.yaml\nchain: {gas_limit: 7M}\nnative: ETH\n"
        let base = small.replacing("chain: instant", by: "chain: ethereum-2020")
        let scenario = try load(["s.yaml": child, "base.yaml": base])
        #expect(scenario.chain.name == "ethereum-2020")
        #expect(scenario.chain.gasLimit == 7_000_000)
        let other = try load(["s.yaml": "extends: base.yaml\nchain: solana\n", "base.yaml": base])
        #expect(other.chain.name == "solana")
        #expect(other.chain.gasLimit == 48_000_000)
    }

    @Test func filesAreRelativeToTheOneThatNamesThem() throws {
        let files = [
            "a/b/s.yaml": "extends: ../mid.yaml\nname: top\n",
            "a/mid.yaml": "extends: ./c/base.yaml\nseed: 2\n",
            "a/c/base.yaml": small.replacing(
                "{points: [[00:00, 2000], [01:00, 1900]]}", by: "{bars: eth.csv}"),
            "a/c/eth.csv":
                "time,open,high,low,close\n2024-01-01T00:00:00Z,2000,2010,1990,2005\n2024-01-01T00:30:00Z,2005,2006,1900,1950\n",
        ]
        let scenario = try ScenarioLoader.load("a/b/./s.yaml") { path in
            guard let text = files[path] else { throw NotFound() }
            return text
        }
        #expect(scenario.name == "top")
        #expect(scenario.seed == 2)
        guard case .bars(let bars, let interval) = scenario.referenceAssets[1].process else {
            Issue.record("expected bars")
            return
        }
        #expect(bars.count == 2)
        #expect(interval == TimeSpan(seconds: 1800))
    }

    @Test func problemsNameTheFileTheyComeFrom() {
        let base = small.replacing("15s", by: "15%")
        #expect(
            problems(["s.yaml": "extends: base.yaml\nseed: x\n", "base.yaml": base]) == [
                "s.yaml:2:7: seed: expected a whole number from 0 to 18446744073709551615, found 'x'",
                "base.yaml:12:18: oracles.ETH.latency: expected a duration such as '15s', or a range such as '15s..45s', found '15%'",
            ])
    }

    @Test func circlesAndMissingFiles() {
        #expect(
            problems([
                "s.yaml": "extends: a.yaml", "a.yaml": "name: a\nextends: b.yaml",
                "b.yaml": "extends: a.yaml",
            ]) == [
                "b.yaml:1:10: scenarios extend each other in a circle: s.yaml → a.yaml → b.yaml → a.yaml"
            ])
        #expect(
            problems(["s.yaml": "extends: s.yaml"]) == [
                "s.yaml:1:10: scenarios extend each other in a circle: s.yaml → s.yaml"
            ])
        #expect(
            problems(["s.yaml": "name: x\nextends: nowhere.yaml"]) == [
                "s.yaml:2:10: cannot read 'nowhere.yaml': no such file"
            ])
        #expect(problems([:]) == ["s.yaml: cannot read 's.yaml': no such file"])
        #expect(
            problems(["s.yaml": "extends: [a]"]) == [
                "s.yaml:1:10: expected the name of a file, found a list"
            ])
        var chain = ["s.yaml": "extends: 0.yaml"]
        for index in 0..<20 { chain["\(index).yaml"] = "extends: \(index + 1).yaml" }
        #expect(problems(chain) == ["6.yaml:1:10: more than 8 scenarios extend each other"])
    }

    @Test func overrides() throws {
        let scenario = try load(
            small,
            overrides: [
                "seed=99", "oracles.ETH.latency=5s..9s", "chain.gas_limit=8M",
                "agents.liquidators.0.count=3",
                "agents.traders.collateral={USDC: 60%, ETH: 40%}", "audit.late_after=2m",
                "expect.late_share=> 20%", "protocol.liquidation.whole=position",
            ])
        #expect(scenario.seed == 99)
        #expect(
            scenario.priceFeeds[1].latency == .uniform(TimeSpan(seconds: 5), TimeSpan(seconds: 9)))
        #expect(scenario.chain.gasLimit == 8_000_000)
        #expect(scenario.chain.name == "instant")
        #expect(scenario.agents.liquidators[0].count == 3)
        #expect(
            scenario.agents.traders[0].collateral.map(\.share) == [
                Ratio(percent: 60), Ratio(percent: 40),
            ])
        #expect(scenario.lateAfter == TimeSpan(seconds: 120))
        #expect(scenario.expectations.map(\.lowerBound) == [Ratio(percent: 20)])
        #expect(scenario.parameters.liquidation.size == .wholePosition)
        // The text says what the overrides said.
        let again = try ScenarioLoader.load(text: scenario.text)
        #expect("\(again)" == "\(scenario)")
    }

    @Test func brokenOverrides() {
        let overrides = [
            "seed", "oracles.ETH.latencey=5s", "agents.liquidators.3.count=1", "seed.value=1",
            "a..b=1",
            "oracles.ETH.heartbeat=15%", "agents.traders={count: [}", "extends=x.yaml",
            "agents.liquidators.first.count=1",
        ]
        #expect(
            problems(small, overrides: overrides) == [
                "--set seed: expected an override such as 'chain.gas_limit=10M'",
                "--set oracles.ETH.latencey: unknown key 'latencey' in oracles.ETH (did you mean 'latency'?)",
                "--set agents.liquidators.3.count: the list agents.liquidators has the entries 0 to 0, found '3'",
                "--set seed.value: seed is '1', not a map with a key 'value'",
                "--set a..b: expected a path of keys such as 'chain.gas_limit'",
                "--set oracles.ETH.heartbeat: oracles.ETH.heartbeat: expected a duration such as '15s' or '2m', found '15%'",
                "--set agents.traders:1:10: not YAML: while parsing a flow node, did not find expected node content",
                "--set extends: 'extends' is part of a file and cannot be set",
                "--set agents.liquidators.first.count: the list agents.liquidators has the entries 0 to 0, found 'first'",
            ])
    }

    // MARK: The text that replays the run

    @Test(arguments: ["template", "small", "rich"])
    func theTextLoadsAsTheSameScenario(_ name: String) throws {
        let text =
            switch name {
            case "template": try #require(ScenarioTemplate.text(name: "round-trip"))
            case "small": small
            default: rich
            }
        let scenario = try load(text)
        let again = try ScenarioLoader.load(text: scenario.text)
        #expect("\(again)" == "\(scenario)")
        #expect(again.text == scenario.text)
        #expect(again.agents == scenario.agents)
        #expect(again.parameters == scenario.parameters)
        #expect(again.chain == scenario.chain)
        #expect(again.priceFeeds == scenario.priceFeeds)
        #expect(again.referenceAssets == scenario.referenceAssets)
    }

    @Test func awkwardTextsSurvive() throws {
        for question in [
            "a: b", "# no comment", "it's \"so\"", "x\ny\tz", "- dash", "null", "~", "{a}", "50% *",
            "ä ö \u{1F600}", "a\u{85}b", " x ", "!x &y *z", "true", "key: [", "08:00", "\u{2028}",
        ] {
            let scenario = try load(small, overrides: ["question=" + quoted(question)])
            #expect(scenario.question == question.filter { $0 != "\r" })
            #expect(try ScenarioLoader.load(text: scenario.text).question == scenario.question)
        }
    }

    private func quoted(_ text: String) -> String {
        var result = "\""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"": result += "\\\""
            case "\\": result += "\\\\"
            case "\n": result += "\\n"
            case "\t": result += "\\t"
            case "\u{85}": result += "\\N"
            case "\u{2028}": result += "\\L"
            default: result.unicodeScalars.append(scalar)
            }
        }
        return result + "\""
    }

    @Test func barsOfAFileAreWrittenIntoTheText() throws {
        var csv = "time,open,high,low,close,volume\n"
        for hour in 0..<24 {
            let clock = hour < 10 ? "0\(hour)" : "\(hour)"
            csv += "2023-12-31T\(clock):00:00Z,1990,2000,1980,1995,7\n"
            csv += "2023-12-31T\(clock):30:00Z,1995,2000,1980,1990,7\n"
        }
        csv +=
            "2024-01-01T00:00:00Z,2000,2010,1990,2005.5,1\n2024-01-01T00:30:00Z,2005,2006,1900,1950,1\n"
        csv +=
            "2024-01-01T01:00:00Z,1950,1960,1940,1950,1\n2024-01-01T01:30:00Z,1950,1960,1940,1950,1\n"
        let text = small.replacing(
            "{points: [[00:00, 2000], [01:00, 1900]]}", by: "{bars: eth.csv}")
        let scenario = try load(["s.yaml": text, "eth.csv": csv])
        guard case .bars(let bars, let interval) = scenario.referenceAssets[1].process else {
            Issue.record("expected bars")
            return
        }
        // From the bar at the start to the first at the end; the day before says nothing about the run.
        #expect(
            bars.map(\.openTime.description) == [
                "2024-01-01T00:00:00Z", "2024-01-01T00:30:00Z", "2024-01-01T01:00:00Z",
            ])
        #expect(bars[0].close == Price(raw: 200_550_000_000))
        #expect(interval == TimeSpan(seconds: 1800))
        let again = try ScenarioLoader.load(text: scenario.text)
        #expect("\(again)" == "\(scenario)")
        #expect(
            scenario.text.contains("- [\"2024-01-01T00:00:00Z\", 2000, 2010, 1990, 2005.5]")
                || scenario.text.contains("- [2024-01-01T00:00:00Z, 2000, 2010, 1990, 2005.5]"))

        #expect(
            problems(["s.yaml": text, "eth.csv": csv.replacing("1900,1950,1", by: "1900,x,1")]) == [
                "eth.csv:51:37: expected a price above zero for close, found \"x\""
            ])
        #expect(problems(["s.yaml": text]) == ["s.yaml:8:23: cannot read 'eth.csv': no such file"])
    }

    @Test func textFromBytes() throws {
        #expect(try ScenarioLoader.text(of: Array("näme: x".utf8)) == "näme: x")
        #expect(throws: ScenarioLoader.NotUTF8(line: 2)) {
            try ScenarioLoader.text(of: Array("a: b\nc: ".utf8) + [0xFF, 0x0A, 0xFE])
        }
        do {
            _ = try ScenarioLoader.load("s.yaml") { _ in
                try ScenarioLoader.text(of: [0x61, 0x0A, 0xC3, 0x28])
            }
            Issue.record("expected a problem")
        } catch {
            #expect(error.description == "s.yaml:2:1: the file is not UTF-8")
        }
    }
}
