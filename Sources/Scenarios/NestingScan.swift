/// Estimates how deep a YAML text nests without recursion, before a recursive parser sees it.
///
/// Brackets count where YAML would take them for structure; indentation counts a level for each column
/// that is deeper than the one above it. The parser itself stops at 1,000 levels, and the tree is
/// measured exactly afterwards; this scan only has to see a bomb coming.
struct NestingScan {
    private var line = 1
    private var column = 0
    private var flow = 0
    private var indents: [Int] = []
    private var quote: UInt8?
    /// The quote that has closed just now.
    private var closed: UInt8?
    private var isComment = false
    private var isEscaped = false
    /// Whether no token has come before on this line, and whether only list dashes have.
    private var isFirst = true
    private var opensLine = true
    /// Whether a token can begin here.
    private var opensToken = true
    private var previous = UInt8(ascii: "\n")

    /// Where a text first nests deeper than a limit; nil where it never does.
    static func firstBeyond(_ limit: Int, in text: String) -> (line: Int, column: Int)? {
        var scan = NestingScan()
        for byte in text.utf8 {
            scan.read(byte)
            if scan.flow + scan.indents.count > limit { return (scan.line, scan.column) }
        }
        return nil
    }

    private mutating func read(_ byte: UInt8) {
        // The bytes that continue a Unicode scalar do not take a column.
        if byte & 0xC0 != 0x80 { column += 1 }
        defer { previous = byte }
        if byte == UInt8(ascii: "\n") {
            line += 1
            column = 0
            isComment = false
            isFirst = true
            opensLine = true
            opensToken = true
            return
        }
        if isComment { return }
        if let quote {
            if isEscaped {
                isEscaped = false
            } else if byte == UInt8(ascii: "\\"), quote == UInt8(ascii: "\"") {
                isEscaped = true
            } else if byte == quote {
                self.quote = nil
                closed = byte
            }
            return
        }
        // Two quotes together stand for one.
        if byte == closed {
            quote = byte
            closed = nil
            return
        }
        closed = nil
        switch byte {
        case UInt8(ascii: " "), UInt8(ascii: "\t"), UInt8(ascii: "\r"):
            let opening = [
                UInt8(ascii: ":"), UInt8(ascii: ","), UInt8(ascii: "-"), UInt8(ascii: "?"),
            ]
            if opening.contains(previous) { opensToken = true }
        case UInt8(ascii: "#") where isBlank(previous): isComment = true
        default: token(byte)
        }
    }

    private func isBlank(_ byte: UInt8) -> Bool {
        byte == UInt8(ascii: " ") || byte == UInt8(ascii: "\n") || byte == UInt8(ascii: "\t")
    }

    private mutating func token(_ byte: UInt8) {
        if opensLine, flow == 0 {
            if isFirst {
                while let last = indents.last, last >= column { indents.removeLast() }
            }
            // Each dash of `- - - x` opens a level of its own.
            if isBlank(previous), column > indents.last ?? 0 { indents.append(column) }
        }
        isFirst = false
        opensLine = opensLine && (byte == UInt8(ascii: "-") || byte == UInt8(ascii: "?"))
        let brackets = opensToken || flow > 0
        switch byte {
        case UInt8(ascii: "["), UInt8(ascii: "{"):
            if brackets { flow += 1 }
            opensToken = true
        case UInt8(ascii: "]"), UInt8(ascii: "}"):
            if brackets, flow > 0 { flow -= 1 }
            opensToken = false
        case UInt8(ascii: "\""), UInt8(ascii: "'"):
            if opensToken { quote = byte }
            opensToken = false
        case UInt8(ascii: ","): opensToken = flow > 0
        default: opensToken = false
        }
    }
}
