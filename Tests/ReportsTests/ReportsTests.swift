import Audit
import Foundation
import Testing

@testable import Reports

/// One recorded run, shared by the tests of this target.
enum Recorded {
    static let path: String = {
        let path = FileManager.default.temporaryDirectory
            .appendingPathComponent("crossmargin-reports-\(UUID().uuidString).sqlite").path
        do {
            let (description, records) = SyntheticRun.records(seed: 11, blocks: 60)
            let writer = try AuditWriter.create(path, description: description)
            for record in records { try writer.append(record) }
            try writer.finish(unseed: 5)
        } catch {
            Issue.record("the run could not be recorded: \(error)")
        }
        return path
    }()
}

@Suite struct NamedQueryTests {
    @Test(arguments: NamedQuery.all) func everyQuestionHasAnAnswer(_ query: NamedQuery) throws {
        let database = try ReportDatabase(Recorded.path)
        var arguments: [String: Value] = [:]
        for parameter in query.parameters where parameter.standard == nil && parameter.name != "run"
        {
            arguments[parameter.name] = .integer(10)
        }
        let answer = try database.answer(query, arguments: arguments)
        #expect(!answer.columns.isEmpty)
        // Books have no part in this run; the audit's tests ask of one in which they have.
        let isOfBooks = ["liquidation-orders", "marks"].contains(query.name)
        #expect(answer.rows.isEmpty == isOfBooks, "\(query.name)")
        #expect(!query.explanation.isEmpty && !query.title.isEmpty)
    }

    @Test func namesAreUniqueAndWellFormed() {
        #expect(Set(NamedQuery.all.map(\.name)).count == NamedQuery.all.count)
        for query in NamedQuery.all {
            #expect(query.name.allSatisfy { $0.isLowercase || $0 == "-" })
            for parameter in query.parameters { #expect(query.sql.contains(":\(parameter.name)")) }
        }
    }

    @Test func everyBreachViewIsCounted() throws {
        let database = try ReportDatabase(Recorded.path)
        let views = try database.query(
            "select name from sqlite_master where type = 'view' and name like 'breach%' order by name"
        )
        #expect(views.column("name") == NamedQuery.breachViews.sorted().map(Value.text))
        let answer = try database.answer(NamedQuery.named("breaches"))
        for row in answer.rows { #expect(row[1] == .integer(0), "\(row)") }
    }

    @Test func wrongParametersAreRefused() throws {
        let database = try ReportDatabase(Recorded.path)
        let query = try NamedQuery.named("account-history")
        let missing = #expect(throws: ReportError.self) { try database.answer(query) }
        #expect(missing?.kind == .parameter)
        let unknown = #expect(throws: ReportError.self) {
            try database.answer(query, arguments: ["acount": .integer(1)])
        }
        #expect(unknown?.message.contains("acount") == true)
        let run = #expect(throws: ReportError.self) {
            try database.answer(query, arguments: ["run": .integer(7), "account": .integer(1)])
        }
        #expect(run?.kind == .notFound)
        #expect(throws: ReportError.self) { try NamedQuery.named("nonsense") }
    }

    /// The sums of the view against sums made here.
    @Test func lossPayersAddUpToTheDeficits() throws {
        let database = try ReportDatabase(Recorded.path)
        let paid = try database.query("select sum(amount_e8) from loss_cover").rows[0][0]
        let deficits = try database.query("select sum(deficit_e8) from liquidation").rows[0][0]
        #expect(paid == deficits)
        #expect(paid != .null)
    }

    @Test func decilesHoldEveryTransactionOnce() throws {
        let database = try ReportDatabase(Recorded.path)
        let deciles = try database.answer(NamedQuery.named("inclusion-by-fee-decile"))
        let counts = try #require(deciles.column("tx_count"))
        let sum = counts.reduce(into: Int64(0)) { if case .integer(let n) = $1 { $0 += n } }
        #expect(.integer(sum) == (try database.query("select count(*) from tx").rows[0][0]))
        #expect(deciles.rows.count == 10)
    }
}

@Suite struct ReportDatabaseTests {
    @Test func runsAreListed() throws {
        let database = try ReportDatabase(Recorded.path)
        let runs = try database.runs()
        #expect(runs.count == 1)
        #expect(runs[0].scenario == "synthetic")
        #expect(runs[0].seed == "11")
        #expect(runs[0].blocks == 60)
        #expect(runs[0].isComplete)
        #expect(runs[0].start == "2020-09-13T12:26:40.000Z")
        #expect(runs[0].headHash?.count == 64)
        #expect(try database.run() == runs[0])
        #expect(throws: ReportError.self) { try database.run(2) }
    }

    @Test func onlyReadingIsAllowed() throws {
        let database = try ReportDatabase(Recorded.path)
        for sql in [
            "delete from run", "create table t (a)", "select nonsense", "select 1; select 2", "",
            "pragma user_version = 4",
        ] {
            let error = #expect(throws: ReportError.self, "\(sql)") { try database.query(sql) }
            #expect(error?.kind == .sql, "\(sql)")
        }
        #expect(throws: ReportError.self) { try ReportDatabase("/nowhere.sqlite") }
    }

    @Test func valuesKeepTheirTypes() throws {
        let database = try ReportDatabase(Recorded.path)
        let answer = try database.query(
            "select 1 as a, 2.5 as b, 'x' as c, x'0aff' as d, null as e, :f as f",
            arguments: ["f": .text("y")])
        #expect(answer.columns == ["a", "b", "c", "d", "e", "f"])
        #expect(
            answer.rows == [
                [.integer(1), .real(2.5), .text("x"), .blob([10, 255]), .null, .text("y")]
            ])
        #expect(answer.rows[0].map(\.description) == ["1", "2.5", "x", "0aff", "", "y"])
        let limited = try database.query("select * from tx", limit: 3)
        #expect(limited.rows.count == 3)
        #expect(limited.isTruncated)
    }

    /// Time travel against a sum of all movements made here.
    @Test(arguments: [0, 1, 17, 59]) func balancesAsOfABlockAreTheSumOfMovements(block: Int64)
        throws
    {
        let database = try ReportDatabase(Recorded.path)
        let arguments: [String: Value] = ["block": .integer(block)]
        let shown = try database.query(
            """
            select account, asset, balance_e8 from v_balance_history
            where :block between valid_from_block and valid_to_block and balance_e8 <> 0
            order by account, asset
            """, arguments: arguments)
        let summed = try database.query(
            """
            select account, asset, sum(delta_e8) from balance_change where block <= :block
            group by account, asset having sum(delta_e8) <> 0 order by account, asset
            """, arguments: arguments)
        #expect(shown.rows == summed.rows)
        #expect(!shown.rows.isEmpty)
    }

    @Test func anAccountIsShownAsOfABlock() throws {
        let database = try ReportDatabase(Recorded.path)
        let first = try database.account(10, block: 0)
        #expect(first.balances.rows.count == 2)
        #expect(first.positions.rows.isEmpty)
        let last = try database.account(10)
        #expect(last.block == 59)
        #expect(throws: ReportError.self) { try database.account(10, block: 60) }
        #expect(throws: ReportError.self) { try database.account(9999) }
    }

    /// The oracle's error against the same figure found by another way.
    @Test func theOracleErrorUsesTheLastAcceptedPrice() throws {
        let database = try ReportDatabase(Recorded.path)
        let shown = try database.query(
            "select block, feed, oracle_price from v_oracle_error order by block, feed")
        let found = try database.query(
            """
            select x.block, x.feed, p.price from reference_price x
            join v_oracle_price p on p.feed = x.feed
                and x.block between p.valid_from_block and p.valid_to_block
            order by x.block, x.feed
            """)
        #expect(shown.rows == found.rows)
        #expect(shown.rows.count == 120)
    }
}

@Suite struct SQLCatalogueTests {
    @Test func theReferenceNamesEveryTableColumnViewAndQuestion() throws {
        let database = try ReportDatabase(Recorded.path)
        let text = SQLCatalogue.markdown(schema: Schema.text)
        let entries = SQLCatalogue.entries(of: Schema.text)
        let tables = try database.tables()
        let names = try #require(tables.column("name"))
        #expect(Set(entries.map { Value.text($0.name) }) == Set(names))
        for entry in entries {
            #expect(!entry.text.isEmpty, "\(entry.name)")
            guard !entry.isView else { continue }
            let columns = try database.query("select name from pragma_table_info('\(entry.name)')")
            #expect(columns.column("name") == entry.columns.map { .text($0.name) }, "\(entry.name)")
            for column in entry.columns {
                #expect(!column.text.isEmpty, "\(entry.name).\(column.name)")
            }
        }
        for query in NamedQuery.all { #expect(text.contains("### \(query.name): ")) }
        #expect(text.contains("Whatever can be derived is a view"))
    }
}
