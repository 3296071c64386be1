import Foundation
import GRDB
import Testing

@testable import Audit
@testable import Simulation

@Suite struct VerifierTests {
    private func write(_ scratch: Scratch) throws -> String {
        let path = scratch.path()
        let writer = try AuditWriter.create(path, description: Fixture.description)
        for record in Fixture.records { try writer.append(record) }
        try writer.finish(unseed: 99)
        return path
    }

    /// A connection that may change facts: without triggers and checks.
    private func tamperer(_ path: String) throws -> DatabaseQueue {
        let queue = try DatabaseQueue(path: path)
        try queue.writeWithoutTransaction { database in
            let triggers = try String.fetchAll(
                database, sql: "select name from sqlite_master where type = 'trigger'")
            for trigger in triggers { try database.execute(sql: "drop trigger \(trigger)") }
            try database.execute(sql: "pragma ignore_check_constraints = on")
        }
        return queue
    }

    @Test func anUntouchedRunIsIntact() throws {
        let scratch = try Scratch()
        let path = try write(scratch)
        let report = try Verifier.verify(path, run: 1)
        #expect(report.problems == [])
        #expect(report.blocks == 3)
        let head = HeadHash(Fixture.description)
        for record in Fixture.records { try head.append(record) }
        #expect(report.head == head.head)
        #expect(try Verifier.verify(path, run: 1, expectedHead: head.head).isIntact)
        let other = try #require(Digest32([UInt8](repeating: 1, count: 32)))
        #expect(try Verifier.verify(path, run: 1, expectedHead: other).problems.count == 1)
    }

    @Test func everyTableHasRows() throws {
        let scratch = try Scratch()
        let queue = try DatabaseQueue(path: try write(scratch))
        for table in FactTable.allCases {
            let rows = try queue.read {
                try Int.fetchOne($0, sql: "select count(*) from \(table.name)")
            }
            #expect((rows ?? 0) > 0, "\(table.name)")
        }
    }

    @Test(arguments: FactTable.allCases) func anEditOfAnyColumnIsNamed(_ table: FactTable) throws {
        let scratch = try Scratch()
        let path = try write(scratch)
        let queue = try tamperer(path)
        let key = table.key.map { "\"\($0)\"" }.joined(separator: ", ")
        let last = "(select \(key) from \(table.name) order by \(key) desc limit 1)"
        let position = table.key.count == 1 ? "\"\(table.key[0])\"" : "(\(key))"
        for column in table.columns {
            let before = try queue.read {
                try Row.fetchOne($0, sql: "select * from \(table.name) where \(position) = \(last)")
            }
            let old: DatabaseValue = try #require(before)[column]
            let new: DatabaseValue =
                switch old.storage {
                case .int64(let value): (value ^ 64).databaseValue
                case .string(let value): (value + "x").databaseValue
                default:
                    column.hasSuffix("values") || column == "name"
                        ? "x".databaseValue : 1.databaseValue
                }
            let set = "update \(table.name) set \"\(column)\" = ? where \(position) = \(last)"
            try queue.writeWithoutTransaction { try $0.execute(sql: set, arguments: [new]) }
            let problems = try Verifier.verify(path, run: 1).problems
            #expect(
                problems.contains {
                    $0.table == table.name && ($0.row ?? "").contains(table.key[0])
                },
                "\(table.name).\(column): \(problems)")
            if !table.key.contains(column) {
                #expect(problems.count == 1, "\(table.name).\(column): \(problems)")
            }
            let values = table.key.map { name -> DatabaseValue in
                name == column ? new : before?[name] ?? .null
            }
            let back =
                "update \(table.name) set \"\(column)\" = ? where "
                + table.key.map { "\"\($0)\" = ?" }.joined(separator: " and ")
            try queue.writeWithoutTransaction {
                try $0.execute(sql: back, arguments: StatementArguments([old] + values))
            }
            #expect(try Verifier.verify(path, run: 1).isIntact, "\(column) was put back")
        }
    }

    @Test(arguments: FactTable.allCases) func aMissingRowIsNamed(_ table: FactTable) throws {
        let scratch = try Scratch()
        let path = try write(scratch)
        let queue = try tamperer(path)
        let key = table.key.map { "\"\($0)\"" }.joined(separator: ", ")
        let position = table.key.count == 1 ? "\"\(table.key[0])\"" : "(\(key))"
        try queue.writeWithoutTransaction {
            try $0.execute(
                sql: """
                    delete from \(table.name) where \(position) =
                    (select \(key) from \(table.name) order by \(key) desc limit 1)
                    """)
        }
        let problems = try Verifier.verify(path, run: 1).problems
        #expect(
            problems.contains { $0.table == table.name && $0.detail.contains("missing") },
            "\(problems)")
    }

    @Test(arguments: FactTable.allCases) func anAddedRowIsNamed(_ table: FactTable) throws {
        let scratch = try Scratch()
        let path = try write(scratch)
        let queue = try tamperer(path)
        let key = try #require(table.key.last)
        try queue.writeWithoutTransaction { database in
            try database.execute(
                sql: """
                    create temp table copy as select * from \(table.name)
                    order by \(table.key.map { "\"\($0)\" desc" }.joined(separator: ", ")) limit 1;
                    update copy set "\(key)" = "\(key)" + 1;
                    insert into \(table.name) select * from copy;
                    drop table copy;
                    """)
        }
        let problems = try Verifier.verify(path, run: 1).problems
        #expect(problems.contains { $0.table == table.name }, "\(problems)")
    }

    @Test(arguments: [
        ("delete from block where block = 1", "block", "block 1"),
        ("update block set hash = zeroblob(32) where block = 1", "block", "block 1"),
        ("update block set parent_hash = zeroblob(32) where block = 1", "block", "block 1"),
        ("update block set hash = x'00' where block = 2", "block", "block 2"),
        (
            "update block_digest set digest = zeroblob(32) where table_id = 13", "block_digest",
            "block 0"
        ),
        ("update block_digest set checks = x'00' where table_id = 13", "block_digest", "block 0"),
        ("update block_digest set row_count = 9 where table_id = 8", "block_digest", "block 2"),
        ("delete from block_digest where table_id = 23 and block = 1", "block_digest", "block 1"),
        ("delete from block_digest where table_id = 0", "block_digest", "run"),
        ("update block_digest set digest = zeroblob(32) where table_id = 0", "block_digest", "run"),
        (
            "insert into block_digest select run, block, 77, row_count, digest, checks "
                + "from block_digest limit 1", "block_digest", "77"
        ),
        ("update run set scenario = 'other'", "run", "run 1"),
        ("update run set scenario_text = scenario_text || ' '", "run", "run 1"),
        ("update run set seed = '8'", "run", "run 1"),
        ("update run set engine_version = '2'", "run", "run 1"),
        ("update run set start_ms = 0", "run", "run 1"),
        ("update run set settlement_asset = 1", "run", "run 1"),
        ("update run set gas_feed = null", "run", "run 1"),
        ("update run set block_count = 2", "run", "run 1"),
        ("update run set head_hash = zeroblob(32)", "run", "run 1"),
        ("update run set head_hash = null", "run", "run 1"),
        ("update code set name = 'x' where domain = 'role' and code = 1", "code", "role 1"),
        ("delete from code where domain = 'role' and code = 1", "code", "role 1"),
        ("update fill set run = 2", "fill", "run 2"),
    ])
    func whatHoldsTheChainTogetherIsChecked(sql: String, table: String, row: String) throws {
        let scratch = try Scratch()
        let path = try write(scratch)
        let queue = try tamperer(path)
        try queue.writeWithoutTransaction { try $0.execute(sql: sql) }
        let problems = try Verifier.verify(path, run: 1).problems
        #expect(
            problems.contains { $0.table == table && ($0.row ?? "").contains(row) }, "\(problems)")
    }

    @Test func theEditedColumnOfARunIsNamed() throws {
        let scratch = try Scratch()
        let path = try write(scratch)
        let queue = try tamperer(path)
        try queue.writeWithoutTransaction { try $0.execute(sql: "update run set seed = '8'") }
        let problems = try Verifier.verify(path, run: 1).problems
        #expect(problems.first?.detail == "seed was changed")
    }

    @Test func aWholeBlockThatIsGoneIsNamed() throws {
        let scratch = try Scratch()
        let path = try write(scratch)
        let queue = try tamperer(path)
        try queue.writeWithoutTransaction { database in
            for table in FactTable.allCases where table.blockColumn != nil {
                try database.execute(sql: "delete from \(table.name) where block = 1")
            }
            try database.execute(sql: "delete from block_digest where block = 1")
        }
        let problems = try Verifier.verify(path, run: 1).problems
        #expect(problems.first?.description == "block (block 1): missing")
    }

    @Test func triggersForbidChanges() throws {
        let scratch = try Scratch()
        let queue = try DatabaseQueue(path: try write(scratch))
        for table in FactTable.allCases.map(\.name) + ["block_digest"] {
            for sql in ["update \(table) set run = 2", "delete from \(table)"] {
                let error = #expect(throws: DatabaseError.self) {
                    try queue.writeWithoutTransaction { try $0.execute(sql: sql) }
                }
                #expect(error?.message?.contains("\(table) is append-only") == true)
            }
        }
        #expect(throws: DatabaseError.self) {
            try queue.writeWithoutTransaction { try $0.execute(sql: "update run set seed = '1'") }
        }
    }

    @Test func locateNamesRowsFromTheirChecks() {
        func bytes(_ rows: [UInt8]) -> [UInt8] { rows.flatMap { [$0, 0, 0, 0] } }
        #expect(locate(bytes([1, 2, 3]), bytes([1, 2, 3])) == [])
        #expect(locate(bytes([1, 2, 3]), bytes([1, 9, 3])) == [.changed(1)])
        #expect(locate(bytes([1, 2, 3]), bytes([1, 3])) == [.missing(1)])
        #expect(locate(bytes([1, 3]), bytes([1, 2, 3])) == [.added(1)])
        #expect(locate(bytes([1, 2]), bytes([])) == [.missing(0), .missing(0)])
        #expect(locate(bytes([1, 2, 3, 4]), bytes([9, 2, 3, 8])) == [.changed(0), .changed(3)])
    }
}
