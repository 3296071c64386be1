public import Audit
import GRDB

/// Puts the shards of a study together: the result is what one process would have written.
public struct StudyMerge: Sendable {
    /// The study that was put together.
    public struct Merged: Hashable, Sendable {
        public var name: String
        public var runs: Int64
        public var hash: Digest32
    }

    /// Merges the shards in some files into a new file, each file holding one study.
    ///
    /// - Throws: ``StudyError`` `.input` where files are not shards of one study, where a run is missing or
    ///   there twice, or where the new file exists; ``AuditError`` of the files.
    public static func merge(_ paths: [String], into output: String) throws -> Merged {
        guard !paths.isEmpty else { throw StudyError(.usage, "there is nothing to merge") }
        let files = try paths.map { path in (path, try AuditDatabase.reader(path)) }
        var first: (path: String, record: StudyRecord)?
        var held: [Shard: String] = [:]
        var inputs: [(path: String, queue: DatabaseQueue, study: Int64)] = []
        for (path, queue) in files {
            let (study, record, runs) = try AuditDatabase.run(path) {
                try queue.read { try only($0, path: path) }
            }
            guard let shard = record.shard else {
                throw StudyError(
                    .input, "\(path): the study '\(record.name)' is whole, not a shard")
            }
            var whole = record
            whole.shard = nil
            if let first, first.record != whole {
                throw StudyError(
                    .input,
                    "\(path): not a shard of the study in \(first.path): \(difference(first.record, whole))"
                )
            }
            first = first ?? (path, whole)
            if let other = held.keys.first, other.count != shard.count {
                throw StudyError(
                    .input,
                    "\(path): one of \(shard.count) shards, but \(held[other] ?? "") is one of \(other.count)"
                )
            }
            if let other = held.updateValue(path, forKey: shard) {
                throw StudyError(
                    .input, "\(path): shard \(shard.index)/\(shard.count) is in \(other) already")
            }
            guard runs == record.ownRunCount else {
                throw StudyError(
                    .input,
                    "\(path): shard \(shard.index)/\(shard.count) has \(runs) of its \(record.ownRunCount) runs; run it to its end first"
                )
            }
            inputs.append((path, queue, study))
        }
        guard let (_, record) = first, let count = held.keys.first?.count else {
            throw StudyError(.usage, "there is nothing to merge")
        }
        let missing = (1...count).filter { held[Shard(index: $0, count: count)] == nil }
        guard missing.isEmpty else {
            throw StudyError(
                .input,
                "missing of \(count) shards: \(missing.map(String.init).joined(separator: ", "))")
        }
        return try write(record, inputs, output)
    }

    /// The study of a file that holds just one.
    private static func only(_ database: Database, path: String) throws
        -> (Int64, StudyRecord, Int64)
    {
        let numbers = try Int64.fetchAll(database, sql: "select study from study")
        guard let number = numbers.first, numbers.count == 1,
            let record = try StudyRecord(database, study: number)
        else {
            throw AuditError(
                .noSuchRun, "\(path): expected one study, found \(numbers.count)")
        }
        return (number, record, try StudyStore.runs(database, number))
    }

    /// What two studies differ in, in words.
    private static func difference(_ a: StudyRecord, _ b: StudyRecord) -> String {
        if a.name != b.name { return "its name is '\(b.name)', not '\(a.name)'" }
        if a.engineVersion != b.engineVersion {
            return "it was run by version \(b.engineVersion), not \(a.engineVersion)"
        }
        if a.firstSeed != b.firstSeed || a.seedCount != b.seedCount { return "other seeds" }
        if a.points != b.points { return "other points" }
        if a.scenarioText != b.scenarioText { return "another scenario" }
        return "other metrics or another question"
    }

    private static func write(
        _ record: StudyRecord, _ inputs: [(path: String, queue: DatabaseQueue, study: Int64)],
        _ output: String
    ) throws -> Merged {
        let queue = try AuditDatabase.writer(output)
        return try AuditDatabase.run(output) {
            let hash = try queue.write { database in
                guard try Int64.fetchOne(database, sql: "select count(*) from study") == 0 else {
                    throw AuditError(.noSuchRun, "\(output): there is a study in it already")
                }
                let study = try record.insert(into: database)
                // Primary keys put the runs in order, whatever the order of the shards.
                for input in inputs {
                    try AuditDatabase.run(input.path) {
                        try input.queue.read { source in
                            try StudyFileReader.outcomes(
                                source, study: input.study, metrics: record.metrics.count
                            ) { try StudyStore.insert($0, study, into: database) }
                        }
                    }
                }
                guard try StudyStore.runs(database, study) == record.runCount else {
                    throw AuditError(.mismatch, "\(output): the shards do not add up to the study")
                }
                return try StudyFileReader.hash(database, study: study)
            }
            try queue.writeWithoutTransaction {
                try $0.execute(sql: "pragma wal_checkpoint(truncate); pragma journal_mode = delete")
            }
            return Merged(name: record.name, runs: record.runCount, hash: hash)
        }
    }
}
