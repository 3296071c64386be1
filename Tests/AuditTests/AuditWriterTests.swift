import Foundation
import GRDB
import Testing

@testable import Audit
@testable import Simulation

@Suite struct AuditWriterTests {
    private func head(_ description: RunDescription, _ records: [BlockRecord]) throws -> Digest32 {
        let head = HeadHash(description)
        for record in records { try head.append(record) }
        return head.head
    }

    @Test func severalRunsShareAFileAndItsHeadHash() throws {
        let scratch = try Scratch()
        let (description, records) = SyntheticRun.records(seed: 1, blocks: 20)
        for number in 1...3 {
            let writer = try AuditWriter.create(scratch.path(), description: description)
            #expect(writer.run == Int64(number))
            for record in records { try writer.append(record) }
            let recorded = try writer.finish(unseed: 4)
            #expect(recorded.head == (try head(description, records)))
            #expect(recorded.blocks == 20)
            #expect(try Verifier.verify(scratch.path(), run: writer.run).problems == [])
        }
        #expect(!FileManager.default.fileExists(atPath: scratch.path() + "-wal"))
    }

    /// Smaller batches, same file.
    @Test(arguments: [1, 100, 100_000]) func batchesDoNotShow(rows: Int) throws {
        let scratch = try Scratch()
        let (description, records) = SyntheticRun.records(seed: 2, blocks: 10)
        var options = AuditWriter.Options()
        options.batchRows = rows
        options.queuedEvents = 1
        let writer = try AuditWriter.create(
            scratch.path(), description: description, options: options)
        for record in records { try writer.append(record) }
        #expect(try writer.finish(unseed: 0).head == (try head(description, records)))
    }

    @Test func aRunThatStopsIsAValidPrefixAndResumesToTheSameHead() throws {
        let scratch = try Scratch()
        let (description, records) = SyntheticRun.records(seed: 3, blocks: 30)
        let first = try AuditWriter.create(scratch.path(), description: description)
        for record in records.prefix(11) { try first.append(record) }
        try first.suspend()
        #expect(throws: AuditError.self) { try first.append(records[11]) }
        #expect(try Verifier.verify(scratch.path(), run: 1).problems == [])

        let unfinished = try UnfinishedRun.open(scratch.path())
        #expect(unfinished.blocks == 11)
        #expect(unfinished.scenarioText == description.scenarioText)
        #expect(unfinished.seed == 3)
        #expect(unfinished.head == (try head(description, Array(records.prefix(11)))))

        let second = try AuditWriter.resume(scratch.path(), run: 1, description: description)
        #expect(second.recordedBlocks == 11)
        for record in records { try second.append(record) }
        #expect(try second.finish(unseed: 8).head == (try head(description, records)))
        let report = try Verifier.verify(scratch.path(), run: 1)
        #expect(report.problems == [])
        #expect(report.blocks == 30)
        #expect(throws: AuditError.self) { try UnfinishedRun.open(scratch.path()) }
        #expect(throws: AuditError.self) { try UnfinishedRun.open(scratch.path(), run: 9) }
    }

    @Test func resumingAnotherRunIsRefused() throws {
        let scratch = try Scratch()
        let (description, records) = SyntheticRun.records(seed: 4, blocks: 6)
        let first = try AuditWriter.create(scratch.path(), description: description)
        for record in records.prefix(3) { try first.append(record) }
        try first.suspend()

        var other = description
        other.engineVersion = "1.0.1"
        let refused = #expect(throws: AuditError.self) {
            _ = try AuditWriter.resume(scratch.path(), run: 1, description: other)
        }
        #expect(refused?.kind == .mismatch)
        #expect(refused?.message.contains("engine_version") == true)

        var changed = records
        changed[1].metric.staleFeeds = 1
        let writer = try AuditWriter.resume(scratch.path(), run: 1, description: description)
        let error = #expect(throws: AuditError.self) {
            for record in changed { try writer.append(record) }
            try writer.finish(unseed: 0)
        }
        #expect(error?.kind == .mismatch)
        #expect(error?.message.contains("block 1") == true)
        #expect(try Verifier.verify(scratch.path(), run: 1).problems == [])
    }

    /// The process dies in the middle of writing; what was committed is a valid prefix.
    @Test func aKilledProgramLeavesAValidPrefix() async throws {
        let scratch = try Scratch()
        let path = scratch.path()
        await #expect(processExitsWith: .signal(SIGKILL)) { [path = path as String] in
            let (description, records) = SyntheticRun.records(seed: 6, blocks: 40)
            var options = AuditWriter.Options()
            options.batchRows = 200
            options.queuedEvents = 300
            let writer = try AuditWriter.create(path, description: description, options: options)
            for record in records { try writer.append(record) }
            kill(getpid(), SIGKILL)
        }
        let report = try Verifier.verify(path, run: 1)
        #expect(report.problems == [])
        #expect(report.blocks > 0)
        let (description, records) = SyntheticRun.records(seed: 6, blocks: 40)
        let writer = try AuditWriter.resume(path, run: 1, description: description)
        #expect(writer.recordedBlocks == report.blocks)
        for record in records { try writer.append(record) }
        #expect(try writer.finish(unseed: 1).head == (try head(description, records)))
    }

    @Test func theDisksErrorsReachTheEngine() throws {
        let scratch = try Scratch()
        let (description, records) = SyntheticRun.records(seed: 7, blocks: 300)
        let missing = #expect(throws: AuditError.self) {
            _ = try AuditWriter.create("/nowhere/at/all.sqlite", description: description)
        }
        #expect(missing?.kind == .io)

        var options = AuditWriter.Options()
        options.batchRows = 500
        options.maximumPages = 200
        let writer = try AuditWriter.create(
            scratch.path(), description: description, options: options)
        let full = #expect(throws: AuditError.self) {
            for record in records { try writer.append(record) }
            try writer.finish(unseed: 0)
        }
        #expect(full?.kind == .io)
        #expect(full?.message.contains("full") == true)
        let report = try Verifier.verify(scratch.path(), run: 1)
        #expect(report.problems == [])
        #expect(report.blocks > 0)
    }

    @Test func filesOfOthersAreLeftAlone() throws {
        let scratch = try Scratch()
        let (description, _) = SyntheticRun.records(seed: 7, blocks: 1)
        let foreign = scratch.path("foreign.sqlite")
        try DatabaseQueue(path: foreign).write { try $0.execute(sql: "create table t (a)") }
        let text = scratch.path("notes.txt")
        try Data("no database at all, and long enough to be looked at".utf8).write(
            to: URL(fileURLWithPath: text))
        let newer = scratch.path("newer.sqlite")
        _ = try AuditWriter.create(newer, description: description).suspend()
        try DatabaseQueue(path: newer).writeWithoutTransaction {
            try $0.execute(sql: "pragma user_version = \(Schema.version + 1)")
        }
        for path in [foreign, text, newer] {
            let bytes = try Data(contentsOf: URL(fileURLWithPath: path))
            let error = #expect(throws: AuditError.self) {
                _ = try AuditWriter.create(path, description: description)
            }
            #expect(error?.kind == .format, "\(path)")
            #expect(try Data(contentsOf: URL(fileURLWithPath: path)) == bytes)
            #expect(throws: AuditError.self) { try Verifier.verify(path, run: 1) }
        }
    }

    @Test func aForgottenWriterKeepsWhatItWasGiven() throws {
        let scratch = try Scratch()
        let (description, records) = SyntheticRun.records(seed: 8, blocks: 5)
        do {
            let writer = try AuditWriter.create(scratch.path(), description: description)
            for record in records { try writer.append(record) }
        }
        let unfinished = try UnfinishedRun.open(scratch.path())
        #expect(unfinished.blocks == 5)
    }
}
