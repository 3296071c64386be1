package import Audit
import Foundation
package import GRDB
import Scenarios
import Simulation

/// A study as its file describes it: everything but its runs.
package struct StudyRecord: Hashable, Sendable {
    package struct Point: Hashable, Sendable {
        package var label: String
        package var hash: Digest32
        package var settings: [StudySetting]
    }
    package struct Metric: Hashable, Sendable {
        package var name: String
        package var unit: String
    }
    package var name: String
    package var question: String
    package var kind: String
    package var scenario: String
    package var scenarioText: String
    package var engineVersion: String
    package var firstSeed: Int64
    package var seedCount: Int64
    package var points: [Point]
    package var metrics: [Metric]
    /// The part of it that a file holds; nil for all of it.
    package var shard: Shard?

    init(_ study: Study, shard: Shard) {
        name = study.name
        question = study.question
        kind = study.kind
        scenario = study.scenario.name
        scenarioText = study.scenario.text
        engineVersion = Engine.version
        firstSeed = study.firstSeed
        seedCount = study.seedCount
        points = zip(study.points, study.hashes).map {
            Point(label: $0.label, hash: $1, settings: $0.settings)
        }
        metrics = study.metrics.map { Metric(name: $0.name, unit: $0.unit.rawValue) }
        self.shard = shard == .whole ? nil : shard
    }

    /// Reads the study of a number; nil where there is none.
    package init?(_ database: Database, study: Int64) throws {
        guard
            let row = try Row.fetchOne(
                database, sql: "select * from study where study = ?", arguments: [study])
        else { return nil }
        name = row["name"]
        question = row["question"]
        kind = row["kind"]
        scenario = row["scenario"]
        scenarioText = row["scenario_text"]
        engineVersion = row["engine_version"]
        firstSeed = row["first_seed"]
        seedCount = row["seed_count"]
        if let index = row["shard"] as Int64?, let count = row["shard_count"] as Int64? {
            shard = Shard(index: index, count: count)
        }
        points = []
        for row in try Row.fetchAll(
            database,
            sql:
                "select point, label, scenario_hash from study_point where study = ? order by point",
            arguments: [study])
        {
            let settings = try Row.fetchAll(
                database,
                sql:
                    "select key, value from study_setting where study = ? and point = ? order by seq",
                arguments: [study, row["point"] as Int64])
            guard let hash = Digest32(Array(row["scenario_hash"] as Data)) else { return nil }
            points.append(
                Point(
                    label: row["label"], hash: hash,
                    settings: settings.map { StudySetting(key: $0["key"], value: $0["value"]) }))
        }
        metrics = try Row.fetchAll(
            database, sql: "select name, unit from study_metric where study = ? order by metric",
            arguments: [study]
        ).map { Metric(name: $0["name"], unit: $0["unit"]) }
    }

    /// How many runs it has in all.
    package var runCount: Int64 { Int64(points.count) * seedCount }

    /// How many of them are this file's.
    package var ownRunCount: Int64 { (shard ?? .whole).runs(of: runCount) }

    /// Writes it as a new study of the file, and says its number.
    package func insert(into database: Database) throws -> Int64 {
        let study =
            try Int64.fetchOne(database, sql: "select coalesce(max(study), 0) + 1 from study") ?? 1
        try database.execute(
            sql: """
                insert into study (study, name, question, kind, scenario, scenario_text, engine_version,
                    point_count, first_seed, seed_count, shard, shard_count)
                values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
                """,
            arguments: [
                study, name, question, kind, scenario, scenarioText, engineVersion, points.count,
                firstSeed, seedCount, shard?.index, shard?.count,
            ])
        for (number, point) in points.enumerated() {
            try database.execute(
                sql: "insert into study_point values (?, ?, ?, ?)",
                arguments: [study, number, point.label, point.hash.data])
            for (seq, setting) in point.settings.enumerated() {
                try database.execute(
                    sql: "insert into study_setting values (?, ?, ?, ?, ?, ?)",
                    arguments: [
                        study, number, seq, setting.key, setting.value, setting.numberE8,
                    ])
            }
        }
        for (number, metric) in metrics.enumerated() {
            try database.execute(
                sql: "insert into study_metric values (?, ?, ?, ?)",
                arguments: [study, number, metric.name, metric.unit])
        }
        return study
    }
}
