import Crypto
import Foundation
import GRDB
import Testing

@testable import Audit
@testable import Simulation

@Suite struct HashChainTests {
    /// Changes only when the encoding or the schema does; then every recorded file changes too.
    @Test func theHeadOfTheFixtureIsKnown() throws {
        let head = HeadHash(Fixture.description)
        #expect(
            head.head.description
                == "a1a2473e9507ec20b13508080ab4317ca1ea29db980d322292ef08ca285d0e31")
        for record in Fixture.records { try head.append(record) }
        #expect(
            head.head.description
                == "6182c07f9ca75b521e50eab83dff9de237c160fa39b00cf3ad6e45f7c06a8216")
        #expect(head.blocks == 3)
    }

    /// The chain again, from the database's rows and the written rule alone.
    @Test func theChainIsWhatItsRuleSays() throws {
        let scratch = try Scratch()
        let path = scratch.path()
        let writer = try AuditWriter.create(path, description: Fixture.description)
        for record in Fixture.records { try writer.append(record) }
        let head = try writer.finish(unseed: 0).head
        let computed = try DatabaseQueue(path: path).read { database in
            var row: [UInt8] = [0]
            let run = try #require(
                try Row.fetchOne(
                    database,
                    sql: """
                        select scenario, scenario_text, seed, engine_version, start_ms,
                            settlement_asset, gas_feed from run
                        """))
            row += encode(run)
            var hash = Array(SHA256.hash(data: row))
            for block in 0..<3 {
                var text = hash
                for (number, table) in try tables(database) {
                    let rows = try self.rows(of: table, block: block, database)
                    guard !rows.isEmpty else { continue }
                    let bytes = rows.flatMap { [number] + encode($0) }
                    text += [number] + little(Int64(rows.count)) + Array(SHA256.hash(data: bytes))
                }
                hash = Array(SHA256.hash(data: text))
            }
            return hash
        }
        #expect(computed == head.bytes)
    }

    private func tables(_ database: Database) throws -> [(UInt8, String)] {
        try Row.fetchAll(
            database,
            sql: "select code, name from code where domain = 'table' and code > 0 order by code"
        ).map { ($0[0], $0[1]) }
    }

    /// In the order of the primary key, all columns but the run's number and a block's hashes.
    private func rows(of table: String, block: Int, _ database: Database) throws -> [Row] {
        let columns = try Row.fetchAll(
            database, sql: "select name, pk from pragma_table_info(?)", arguments: [table])
        let names: [String] = columns.map { $0[0] }.filter {
            !["run", "parent_hash", "hash"].contains($0)
        }
        let hasBlock = names.contains("block") || table == "block"
        guard hasBlock || block == 0 else { return [] }
        let key = columns.filter { $0[1] as Int > 1 }.map { "\"\($0[0] as String)\"" }
        let condition = hasBlock ? "where block = \(block)" : ""
        return try Row.fetchAll(
            database,
            sql: """
                select \(names.map { "\"\($0)\"" }.joined(separator: ", ")) from \(table) \(condition)
                order by \(key.joined(separator: ", "))
                """)
    }

    private func encode(_ row: Row) -> [UInt8] {
        row.databaseValues.flatMap { value -> [UInt8] in
            switch value.storage {
            case .int64(let number): [1] + little(number)
            case .string(let text): [2] + little(Int64(text.utf8.count)) + Array(text.utf8)
            default: [0]
            }
        }
    }

    private func little(_ value: Int64) -> [UInt8] {
        (0..<8).map { UInt8(truncatingIfNeeded: value >> (8 * $0)) }
    }

    @Test func theOrderOfAccountsInARecordDoesNotMatter() throws {
        let (description, records) = SyntheticRun.records(seed: 9, blocks: 8)
        let straight = HeadHash(description)
        let mixed = HeadHash(description)
        for record in records {
            try straight.append(record)
            var other = record
            other.health.reverse()
            other.referencePrices.reverse()
            try mixed.append(other)
        }
        #expect(straight.head == mixed.head)
    }

    @Test func digestsReadTheirOwnText() throws {
        let digest = try #require(Digest32([UInt8](0..<32)))
        #expect(Digest32(hex: digest.description) == digest)
        #expect(digest.description.hasPrefix("000102"))
        for wrong in [
            "", "00", String(repeating: "g", count: 64), String(repeating: "+1", count: 32),
        ] {
            #expect(Digest32(hex: wrong) == nil)
        }
        #expect(Digest32([1, 2, 3]) == nil)
    }
}

@Suite struct RowBufferTests {
    @Test func rowsDecodeToWhatWasEncoded() {
        let buffer = RowBuffer()
        let rows: [[RowValue]] = [
            [.integer(.min), .text(""), .null],
            [.text(String(repeating: "ä", count: 5000)), .integer(-1)],
        ]
        for row in rows {
            buffer.begin(7)
            for value in row { value.encode(into: buffer) }
            buffer.end()
        }
        #expect(buffer.rowCount == 2)
        #expect(RowValue.decode(buffer.row(0)) == rows[0])
        #expect(RowValue.decode(buffer.row(1)) == rows[1])
    }

    /// Every single-bit change shows in the check, for every length around a word.
    @Test func aChangedBitChangesTheCheck() {
        for length in 1...40 {
            var bytes = (0..<length).map { UInt8(truncatingIfNeeded: $0 * 37) }
            let before = bytes.withUnsafeBytes(rowCheck)
            for bit in 0..<(8 * length) {
                bytes[bit / 8] ^= 1 << UInt8(bit % 8)
                #expect(bytes.withUnsafeBytes(rowCheck) != before)
                bytes[bit / 8] ^= 1 << UInt8(bit % 8)
            }
        }
    }
}
