import Agents
import Chain
import GRDB
import MarginProtocol
import OrderBook
import Simulation
import Testing

@testable import Audit

@Suite struct SchemaTests {
    private func names(_ domain: String) throws -> [Int: String] {
        let queue = try DatabaseQueue()
        return try queue.write { database in
            try database.execute(sql: Schema.definitions)
            let rows = try Row.fetchAll(
                database, sql: "select code, name from code where domain = ?", arguments: [domain])
            return Dictionary(uniqueKeysWithValues: rows.map { ($0[0] as Int, $0[1] as String) })
        }
    }

    private func expect<E: CaseIterable & RawRepresentable>(_ type: E.Type, _ domain: String) throws
    where E.RawValue: BinaryInteger {
        let cases = type.allCases.map { (Int($0.rawValue), String(describing: $0)) }
        #expect(
            try names(domain) == Dictionary(uniqueKeysWithValues: cases), "domain \(domain)")
    }

    @Test func codesAreTheEnginesNumbers() throws {
        try expect(Role.self, "role")
        try expect(CommandKind.self, "command")
        try expect(DropReason.self, "drop")
        try expect(OracleReportRecord.Fate.self, "fate")
        try expect(BalanceReason.self, "balance_reason")
        try expect(PositionReason.self, "position_reason")
        try expect(AuctionChangeKind.self, "auction_event")
        try expect(RequestFate.self, "request_fate")
        try expect(PoolDeleveragingKind.self, "pool_deleveraging")
        try expect(TradeRequest.Kind.self, "request_kind")
        try expect(Side.self, "side")
        try expect(SpotOrderChange.Kind.self, "order_change")
        try expect(Decision.Trigger.self, "decision_trigger")
        try expect(LiquidatorDecisionRecord.Result.self, "decision_result")
        try expect(BundleRecord.Fate.self, "bundle_fate")
        try expect(BundleRecord.Reason.self, "bundle_reason")
        #expect(
            try names("loss_layer")
                == Dictionary(
                    uniqueKeysWithValues: LossLayer.allCases.map { (Int($0.rawValue), "\($0)") }))
        #expect(
            try names("liquidation_kind")
                == Dictionary(
                    uniqueKeysWithValues: LiquidationKind.allCases.map {
                        (Int($0.rawValue), "\($0)")
                    }))
        let tables = [(0, "run")] + FactTable.allCases.map { (Int($0.rawValue), $0.name) }
        #expect(try names("table") == Dictionary(uniqueKeysWithValues: tables))
        #expect(
            try names("governance") == [
                1: "pause", 2: "parameter", 3: "delegate", 4: "setting", 30: "uptime",
                60: "liquidationBegan", 61: "liquidationEnded", 80: "marketWoundUp",
            ])
        #expect(try names("order_change") == [1: "placed", 2: "cancelled"])
    }

    @Test(arguments: RejectionSamples.all) func rejectionsAreNamed(_ rejection: Rejection) throws {
        #expect(try names("rejection")[rejection.code] == rejection.name)
    }

    @Test func noRejectionIsNamedInVain() throws {
        #expect(Set(try names("rejection").keys) == Set(RejectionSamples.all.map(\.code)))
    }

    @Test func tablesAreThoseOfTheSchema() throws {
        let queue = try DatabaseQueue()
        try queue.write { database in
            try database.execute(sql: Schema.definitions)
            try database.execute(sql: Schema.indexes)
            for table in FactTable.allCases {
                let columns = try String.fetchAll(
                    database, sql: "select name from pragma_table_info(?)", arguments: [table.name])
                let hashes = table == .block ? ["parent_hash", "hash"] : []
                #expect(columns == ["run"] + table.columns + hashes, "\(table.name)")
                let key = try String.fetchAll(
                    database,
                    sql: "select name from pragma_table_info(?) where pk > 1 order by pk",
                    arguments: [table.name])
                #expect(key == table.key.filter { table != .account || $0 != "block" })
            }
            let indexes = try String.fetchAll(
                database,
                sql: "select name from sqlite_master where type = 'index' and sql is not null")
            #expect(Set(indexes) == Set(Schema.indexNames))
        }
    }
}
