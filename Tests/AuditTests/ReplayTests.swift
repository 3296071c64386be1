import ExactMath
import GRDB
import Testing

@testable import Audit
@testable import MarginProtocol
@testable import Simulation

@Suite struct ReplayTests {
    private func record(_ scratch: Scratch) throws -> (String, RunDescription, [BlockRecord]) {
        let (description, records) = SyntheticRun.records(seed: 5, blocks: 12)
        let path = scratch.path()
        let writer = try AuditWriter.create(path, description: description)
        for record in records { try writer.append(record) }
        try writer.finish(unseed: 1)
        return (path, description, records)
    }

    private func replay(
        _ path: String, _ description: RunDescription, _ records: [BlockRecord]
    ) throws -> VerifyReport {
        var iterator = records.makeIterator()
        return try Verifier.replay(path, run: 1, description: description) { iterator.next() }
    }

    @Test func theSameRunAgrees() throws {
        let scratch = try Scratch()
        let (path, description, records) = try record(scratch)
        let report = try replay(path, description, records)
        #expect(report.problems == [])
        #expect(report.blocks == 12)
        #expect(try Verifier.verify(path, run: 1).head == report.head)
    }

    @Test func theFirstDifferenceIsNamedWithBothValues() throws {
        let scratch = try Scratch()
        let (path, description, original) = try record(scratch)
        var records = original
        let place = records[7].journal.firstIndex {
            if case .balanceChanged = $0 { true } else { false }
        }
        let index = try #require(place)
        guard case .balanceChanged(var change) = records[7].journal[index] else { return }
        let old = change.delta.raw
        change.delta.raw += 1
        records[7].journal[index] = .balanceChanged(change)
        records[9].metric.staleFeeds += 1
        let problems = try replay(path, description, records).problems
        #expect(problems.count == 1)
        #expect(problems.first?.table == "balance_change")
        #expect(problems.first?.block == 7)
        #expect(problems.first?.detail == "delta_e8 is \(old), but the new run's is \(old + 1)")
    }

    @Test func aMissingRowIsNamed() throws {
        let scratch = try Scratch()
        let (path, description, original) = try record(scratch)
        var records = original
        let gone = records[4].referencePrices.removeFirst()
        let problems = try replay(path, description, records).problems
        #expect(problems.first?.row == "block 4, feed \(gone.feed)")
        #expect(problems.first?.detail == "recorded, but not in the new run")
    }

    @Test func aShorterOrLongerRunIsNoticed() throws {
        let scratch = try Scratch()
        let (path, description, records) = try record(scratch)
        let short = try replay(path, description, Array(records.dropLast()))
        #expect(short.problems.first?.detail == "recorded, but not in the new run")
        var more = records
        more.append(records[11])
        let long = try replay(path, description, more)
        #expect(long.problems.first?.detail == "in the new run, but not recorded")
    }

    @Test func anotherSeedIsNoticedBeforeTheFirstBlock() throws {
        let scratch = try Scratch()
        let (path, original, records) = try record(scratch)
        var description = original
        description.seed = 6
        let problems = try replay(path, description, records).problems
        #expect(problems.first?.detail == "seed is '5', but the new run's is '6'")
    }
}
