import Foundation
import Scenarios
import Testing

@testable import Studies

@Suite struct StudyPageTests {
    static let text = """
        name: small
        question: What does a late oracle do?
        scenario: scenario.yaml
        set: {oracles.ETH.heartbeat: 30m}
        variants:
          lender: {protocol.liquidation.taker: liquidator}
          pool: {protocol.liquidation.taker: pool}
        vary: {oracles.ETH.latency: [0s, 60s]}
        seeds: 1...3
        metrics: [liquidations, loss]
        answer: |
          From {loss[lender, 0s]} by {loss[lender, 60s - lender, 0s]}.
        """

    func file(_ text: String = text) throws -> StudyFile {
        try StudyFile.load("studies/small.yaml") { _ in text }
    }

    @Test func pointsAndPage() throws {
        let file = try file()
        #expect(file.scenario == "studies/scenario.yaml")
        let points = try file.points()
        #expect(
            points.map(\.label) == ["lender, 0s", "lender, 60s", "pool, 0s", "pool, 60s"])
        #expect(
            points[1].settings.map(\.override) == [
                "oracles.ETH.heartbeat=30m", "protocol.liquidation.taker=liquidator",
                "oracles.ETH.latency=60s",
            ])
        let study = try Study(
            name: file.name, question: file.question, kind: "grid", points: points, seeds: 1...3,
            load: Fixture.loader())
        var values = StudyValues(study)
        try StudyRunner(study, jobs: 2).run { values.add($0) }
        let page = try StudyPage(file, study, values)
        let text = try page.markdown(path: "studies/small.yaml")
        #expect(text.hasPrefix("# What does a late oracle do?\n"))
        #expect(text.contains("| point | `liquidations` | `loss_usd` |"))
        let metric = try study.metric(called: "loss")
        let sample = try #require(values.difference(metric, at: 1, minus: 0))
        #expect(text.contains(StudyFigure.text(sample, .dollars, signed: true)))
        #expect(try page.filled("none\n") == "none\n")
        #expect(throws: StudyError.self) { try page.filled("{loss[0s]}") }
        #expect(throws: StudyError.self) { try page.filled("{profit[lender, 0s]}") }
        #expect(throws: StudyError.self) { try page.filled("{loss}") }
    }

    @Test(arguments: [
        ("name: small", "nme: small", "unknown key 'nme'"),
        ("seeds: 1...3", "vary: [1]", "vary"),
        ("metrics: [liquidations, loss]", "metrics: loss", "expected a list of metrics"),
        ("question: What does a late oracle do?\n", "", "missing key 'question'"),
    ])
    func brokenFiles(part: String, with other: String, message: String) throws {
        let text = Self.text.replacingOccurrences(of: part, with: other)
        let error = #expect(throws: ScenarioProblems.self) { try file(text) }
        #expect(error?.description.contains(message) == true, "\(error?.description ?? "")")
    }

    @Test(arguments: [
        ("48600", "$48.6k"), ("522300", "$522.3k"), ("-25.6", "-$25.6"), ("0", "$0"),
        ("12345678", "$12.3M"), ("0.25", "$0.250"),
    ])
    func dollars(value: String, expected: String) throws {
        #expect(StudyFigure.text(try #require(Double(value)), .dollars) == expected)
    }

    @Test func intervals() {
        #expect(StudyFigure.text(Sample([1, 2, 3]), .count) == "2.0 ± 2.5")
        #expect(StudyFigure.text(Sample([0.1, 0.2]), .share, signed: true) == "+15.0 % ± 63.5 %")
        #expect(StudyFigure.text(1234.5, .count) == "1,235")
    }
}
