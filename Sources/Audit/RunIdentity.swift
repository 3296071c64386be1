import ExactMath
import MarginProtocol
import Simulation

/// What makes a run the run it is: the columns of its own row that the chain covers.
struct RunIdentity: Equatable {
    /// In the order of ``FactTable/runColumns``.
    var values: [RowValue]

    init(values: [RowValue]) { self.values = values }

    init(_ run: RunDescription) {
        values = [
            .text(run.scenario), .text(run.scenarioText), .text(String(run.seed)),
            .text(run.engineVersion), .integer(run.start.milliseconds),
            .integer(Int64(run.settlementAsset.raw)),
            run.gasFeed.map { .integer(Int64($0.raw)) } ?? .null,
        ]
    }

    /// The parent of genesis.
    var digest: Digest32 {
        let buffer = RowBuffer()
        buffer.begin(FactTable.runNumber)
        for value in values { value.encode(into: buffer) }
        buffer.end()
        return buffer.digest
    }

    /// Four bytes for each column, so that an edited one can be named.
    var checks: [UInt8] {
        let buffer = RowBuffer()
        for value in values {
            buffer.begin(FactTable.runNumber)
            value.encode(into: buffer)
            buffer.end()
        }
        return buffer.checks
    }
}

/// One column of one row.
enum RowValue: Hashable, CustomStringConvertible {
    case null
    case integer(Int64)
    case text(String)

    func encode(into buffer: RowBuffer) {
        switch self {
        case .null: buffer.null()
        case .integer(let value): buffer.integer(value)
        case .text(var value): value.withUTF8 { buffer.text($0) }
        }
    }

    var description: String {
        switch self {
        case .null: "null"
        case .integer(let value): String(value)
        case .text(let value): value.count <= 80 ? "'\(value)'" : "'\(value.prefix(77))…'"
        }
    }

    /// The columns of an encoded row, without the table's number; nil when it is not well formed.
    static func decode(_ row: UnsafeRawBufferPointer) -> [RowValue]? {
        var values: [RowValue] = []
        var offset = 1
        while offset < row.count {
            let type = row[offset]
            offset += 1
            if type == 0 {
                values.append(.null)
                continue
            }
            guard offset + 8 <= row.count else { return nil }
            let number = Int64(
                littleEndian: row.loadUnaligned(fromByteOffset: offset, as: Int64.self))
            offset += 8
            if type == 1 {
                values.append(.integer(number))
            } else {
                guard number >= 0, offset + Int(number) <= row.count else { return nil }
                let bytes = row[offset..<(offset + Int(number))]
                values.append(.text(String(decoding: bytes, as: UTF8.self)))
                offset += Int(number)
            }
        }
        return values
    }
}
