import Foundation
import GRDB

/// One value of a result.
public enum Value: Hashable, Sendable, CustomStringConvertible {
    case null
    case integer(Int64)
    case real(Double)
    case text(String)
    case blob([UInt8])

    /// As text; null is empty, a blob its lower-case hexadecimal digits.
    public var description: String {
        switch self {
        case .null: ""
        case .integer(let value): String(value)
        case .real(let value): String(value)
        case .text(let value): value
        case .blob(let bytes):
            bytes.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
        }
    }

    public var isNumber: Bool {
        switch self {
        case .integer, .real: true
        default: false
        }
    }

    init(_ value: DatabaseValue) {
        switch value.storage {
        case .null: self = .null
        case .int64(let value): self = .integer(value)
        case .double(let value): self = .real(value)
        case .string(let value): self = .text(value)
        case .blob(let data): self = .blob(Array(data))
        }
    }

    var databaseValue: DatabaseValue {
        switch self {
        case .null: .null
        case .integer(let value): value.databaseValue
        case .real(let value): value.databaseValue
        case .text(let value): value.databaseValue
        case .blob(let bytes): Data(bytes).databaseValue
        }
    }
}

/// What a query returned.
public struct ResultTable: Hashable, Sendable {
    public var columns: [String]
    public var rows: [[Value]]
    /// Whether rows beyond the limit were left out.
    public var isTruncated = false
    public init(columns: [String], rows: [[Value]], isTruncated: Bool = false) {
        self.columns = columns
        self.rows = rows
        self.isTruncated = isTruncated
    }

    /// The values of one column; nil when there is none of that name.
    public func column(_ name: String) -> [Value]? {
        columns.firstIndex(of: name).map { index in rows.map { $0[index] } }
    }
}
