import ExactMath
import MarginProtocol

/// Where rows go, column by column: into the hash, or into the hash and the database.
///
/// Rows of one table come in the order of their keys.
protocol RowSink: AnyObject {
    func begin(_ table: FactTable)
    func integer(_ value: Int64)
    func null()
    func text(_ utf8: UnsafeBufferPointer<UInt8>)
    func end() throws(AuditError)
}

extension RowSink {
    @inline(__always) func integer(_ value: Int64?) {
        if let value { integer(value) } else { null() }
    }
    @inline(__always) func integer(_ value: Int) { integer(Int64(value)) }
    @inline(__always) func integer(_ value: Int?) { integer(value.map(Int64.init)) }
    @inline(__always) func code(_ value: Int8) { integer(Int64(value)) }
    @inline(__always) func flag(_ value: Bool) { integer(value ? 1 : Int64(0)) }
    @inline(__always) func id(_ value: some Identifier) { integer(Int64(value.raw)) }
    @inline(__always) func id<I: Identifier>(_ value: I?) { integer(value.map { Int64($0.raw) }) }
    @inline(__always) func exact(_ value: some Scaled) { integer(value.raw) }
    @inline(__always) func time(_ value: Timestamp) { integer(value.milliseconds) }
    @inline(__always) func time(_ value: Timestamp?) { integer(value?.milliseconds) }
    @inline(__always) func health(_ value: Health) {
        exact(value.equity)
        exact(value.requirement)
    }

    func text(_ value: String) {
        var value = value
        value.withUTF8 { text($0) }
    }
    func text(_ value: String?) {
        if let value { text(value) } else { null() }
    }
    func text(_ value: JSONText) {
        value.bytes.withUnsafeBufferPointer { text($0) }
    }

    /// Begins a row of an event: block, transaction, place in the transaction.
    @inline(__always) func begin(_ table: FactTable, _ place: Place) {
        begin(table)
        integer(place.block)
        integer(place.tx)
        integer(place.seq)
    }
}

/// Where an event belongs.
struct Place {
    var block: Int64
    var tx: Int
    var seq: Int
}

/// Encodes rows and forgets everything else.
final class BlockEncoder: RowSink {
    let tables = FactTable.allCases.map { _ in RowBuffer() }
    private var current: RowBuffer

    init() { current = tables[0] }

    subscript(table: FactTable) -> RowBuffer { tables[table.index] }

    func removeAll() { for table in tables { table.removeAll() } }

    var rowCount: Int { tables.reduce(0) { $0 + $1.rowCount } }

    @inline(__always) func begin(_ table: FactTable) {
        current = tables[table.index]
        current.begin(table.rawValue)
    }
    @inline(__always) func integer(_ value: Int64) { current.integer(value) }
    @inline(__always) func null() { current.null() }
    func text(_ utf8: UnsafeBufferPointer<UInt8>) { current.text(utf8) }
    @inline(__always) func end() { current.end() }
}
