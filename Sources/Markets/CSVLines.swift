/// The rows of a text of comma-separated values (RFC 4180, but a quoted field ends on its own
/// line).
///
/// Blank lines are skipped; a byte order mark, carriage returns and spaces around a field are
/// ignored.
struct CSVLines {
    struct Row {
        var line: Int
        /// Where the line begins, in bytes from the start of the text.
        var start: Int
        /// Where the line ends.
        var end: Int
        /// The bytes of each field, without quotes and surrounding spaces.
        var fields: [Range<Int>]
    }

    let bytes: [UInt8]
    private var position = 0
    private var line = 0

    init(_ text: String) {
        bytes = Array(text.utf8)
        if bytes.starts(with: [0xEF, 0xBB, 0xBF]) { position = 3 }
    }

    /// The next row that is not blank; nil at the end.
    mutating func next() throws(CSVError) -> Row? {
        while position < bytes.count {
            let start = position
            var end = start
            while end < bytes.count, bytes[end] != .newline { end += 1 }
            position = end + 1
            line += 1
            if end > start, bytes[end - 1] == .carriageReturn { end -= 1 }
            guard !trimmed(start..<end).isEmpty else { continue }
            var row = Row(line: line, start: start, end: end, fields: [])
            try split(&row)
            return row
        }
        return nil
    }

    private func split(_ row: inout Row) throws(CSVError) {
        var start = row.start
        while true {
            var from = start
            while from < row.end, bytes[from].isSpace { from += 1 }
            let quoted = from < row.end && bytes[from] == .quote
            var end = quoted ? try closingQuote(of: from, in: row) + 1 : from
            while end < row.end, bytes[end] != .comma {
                guard !quoted || bytes[end].isSpace else {
                    throw error(row, at: end, "expected a comma after the closing quote")
                }
                end += 1
            }
            let content = trimmed(from..<end)
            row.fields.append(
                quoted ? content.lowerBound + 1..<content.upperBound - 1 : content)
            guard end < row.end else { return }
            start = end + 1
        }
    }

    /// Where the field's quote closes; two quotes together stand for one.
    private func closingQuote(of open: Int, in row: Row) throws(CSVError) -> Int {
        var index = open + 1
        while index < row.end {
            if bytes[index] == .quote {
                guard index + 1 < row.end, bytes[index + 1] == .quote else { return index }
                index += 1
            }
            index += 1
        }
        throw error(row, at: open, "expected a closing quote on the same line")
    }

    func text(_ range: Range<Int>) -> String { String(decoding: bytes[range], as: UTF8.self) }

    func error(_ row: Row, at byte: Int, _ message: String) -> CSVError {
        CSVError(line: row.line, column: text(row.start..<byte).count + 1, message: message)
    }

    private func trimmed(_ range: Range<Int>) -> Range<Int> {
        var (from, to) = (range.lowerBound, range.upperBound)
        while from < to, bytes[from].isSpace { from += 1 }
        while from < to, bytes[to - 1].isSpace { to -= 1 }
        return from..<to
    }
}

extension UInt8 {
    static var newline: UInt8 { UInt8(ascii: "\n") }
    static var carriageReturn: UInt8 { UInt8(ascii: "\r") }
    static var comma: UInt8 { UInt8(ascii: ",") }
    static var quote: UInt8 { UInt8(ascii: "\"") }
    var isSpace: Bool { self == UInt8(ascii: " ") || self == UInt8(ascii: "\t") }
    /// The value of a decimal digit.
    var digit: Int64? {
        (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(self)
            ? Int64(self - UInt8(ascii: "0")) : nil
    }
}
