import ExactMath
import Foundation
import GRDB
import Scenarios
import Simulation
import Testing

@testable import Studies

@Suite struct StudyRunTests {
    @Test func theSameForAnyNumberOfWorkers() throws {
        let study = try Fixture.study()
        try Fixture.inFolder { folder in
            let hashes = try [1, 2, 5].map { jobs in
                try Fixture.run(
                    study, into: folder.appendingPathComponent("\(jobs).sqlite").path, jobs: jobs)
            }
            #expect(Set(hashes).count == 1)
        }
    }

    /// Stopped after any number of runs, it goes on to the same content.
    @Test func stoppedAndResumed() throws {
        let study = try Fixture.study(seeds: 1...4)
        try Fixture.inFolder { folder in
            let whole = try Fixture.run(study, into: folder.appendingPathComponent("a.sqlite").path)
            let path = folder.appendingPathComponent("b.sqlite").path
            for stop in [0, 1, 4, 2] {
                #expect(try Fixture.run(study, into: path, jobs: 2, stopAfter: stop) != whole)
            }
            #expect(try Fixture.run(study, into: path, jobs: 2) == whole)
            #expect(try StudyStore(path, study).done == 12)
        }
    }

    /// The outcome of a run is what `run` with the same overrides and seed comes to.
    @Test func outcomesAreThoseOfSingleRuns() throws {
        let study = try Fixture.study(seeds: 7...8)
        var seen: [StudyOutcome] = []
        try StudyRunner(study, jobs: 2).run { seen.append($0) }
        #expect(seen.map(\.point) == [0, 0, 1, 1, 2, 2])
        #expect(seen.map(\.seed) == [7, 8, 7, 8, 7, 8])
        let scenario = try Fixture.loader()(["oracles.ETH.latency=60s", "seed=8"])
        let simulation = try Simulation(scenario)
        while simulation.next() != nil {}
        #expect(seen[5].unseed == simulation.unseed)
        for (metric, value) in zip(study.metrics, seen[5].values) {
            #expect(value == simulation.summary.value(of: metric.name)?.raw, "\(metric.name)")
        }
        #expect(seen[5].values[try #require(study.metric("liquidations"))] ?? 0 > 0)
    }

    @Test func anotherStudyBesideIt() throws {
        try Fixture.inFolder { folder in
            let path = folder.appendingPathComponent("a.sqlite").path
            let first = try Fixture.study(seeds: 1...2)
            let second = try Fixture.study(seeds: 1...3)
            let alone = try Fixture.run(first, into: path)
            try Fixture.run(second, into: path)
            #expect(try StudyStore(path, first).study == 1)
            #expect(try StudyStore(path, second).study == 2)
            #expect("\(try StudyStore(path, first).contentHash())" == alone)
        }
    }

    @Test func rowsAreAppendOnly() throws {
        try Fixture.inFolder { folder in
            let path = folder.appendingPathComponent("a.sqlite").path
            try Fixture.run(try Fixture.study(seeds: 1...1), into: path)
            let queue = try DatabaseQueue(path: path)
            for table in [
                "study", "study_point", "study_setting", "study_metric", "study_run",
                "study_result",
            ] {
                #expect(throws: DatabaseError.self, "\(table)") {
                    try queue.write { try $0.execute(sql: "delete from \(table)") }
                }
                #expect(throws: DatabaseError.self, "\(table)") {
                    try queue.write { try $0.execute(sql: "update \(table) set study = 9") }
                }
            }
        }
    }

    /// The views say what the tool says.
    @Test func statisticsInSQL() throws {
        let study = try Fixture.study(seeds: 1...7)
        try Fixture.inFolder { folder in
            let path = folder.appendingPathComponent("a.sqlite").path
            try Fixture.run(study, into: path, jobs: 2)
            let values = try StudyStore(path, study).values()
            let queue = try DatabaseQueue(path: path)
            let rows = try queue.read {
                try Row.fetchAll(
                    $0,
                    sql: """
                        select s.*, d.mean as difference, d.half_width as difference_width
                        from v_study_statistic s
                        left join v_study_difference d using (study, point, metric)
                        """)
            }
            #expect(rows.count == 3 * study.metrics.count)
            for row in rows {
                let metric = try #require(study.metric(row["metric"]))
                let point: Int = row["point"]
                let sample = try #require(values.sample(metric, at: point))
                expect(row["mean"], sample.mean)
                expect(row["half_width"], sample.halfWidth)
                for percent in [5, 50, 95, 99] {
                    expect(row["p\(percent)"], sample.percentile(percent))
                }
                guard point > 0 else { continue }
                let difference = try #require(values.difference(metric, at: point, minus: 0))
                expect(row["difference"], difference.mean)
                expect(row["difference_width"], difference.halfWidth)
            }
            let risk = try queue.read {
                try Row.fetchAll($0, sql: "select * from v_study_at_risk order by point")
            }
            let loss = try #require(study.metric("loss_usd"))
            #expect(risk.count == 3)
            for row in risk {
                expect(
                    row["value_at_risk_95"],
                    try #require(values.sample(loss, at: row["point"])).percentile(95))
            }
        }
    }

    private func expect(_ found: Double, _ expected: Double) {
        #expect(abs(found - expected) <= 1e-6 + 1e-9 * abs(expected))
    }

    @Test func whatCannotRunIsSaidBeforeAnythingRuns() throws {
        #expect(throws: ScenarioProblems.self) {
            try Fixture.study(["oracles.ETH.latency=0s,fast"])
        }
        #expect(throws: ScenarioProblems.self) { try Fixture.study(["oracles.ETH.latencey=0s,1s"]) }
    }
}
