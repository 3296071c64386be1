import ExactMath
import MarginProtocol

/// Compact JSON, written in the order in which its members are named: equal values, equal bytes.
struct JSONText {
    private(set) var bytes: [UInt8] = []
    private var needsComma = false

    mutating func removeAll() {
        bytes.removeAll(keepingCapacity: true)
        needsComma = false
    }

    mutating func object(_ members: (inout JSONText) -> Void) {
        separate()
        bytes.append(UInt8(ascii: "{"))
        needsComma = false
        members(&self)
        bytes.append(UInt8(ascii: "}"))
        needsComma = true
    }

    mutating func array<E>(
        _ name: StaticString, _ elements: [E], _ element: (inout JSONText, E) -> Void
    ) {
        key(name)
        bytes.append(UInt8(ascii: "["))
        needsComma = false
        for value in elements { element(&self, value) }
        bytes.append(UInt8(ascii: "]"))
        needsComma = true
    }

    mutating func member(_ name: StaticString, _ value: Int64) {
        key(name)
        number(value)
        needsComma = true
    }
    mutating func member(_ name: StaticString, _ value: Int64?) {
        if let value { member(name, value) } else { null(name) }
    }
    mutating func member(_ name: StaticString, _ value: some Identifier) {
        member(name, Int64(value.raw))
    }
    mutating func member<I: Identifier>(_ name: StaticString, _ value: I?) {
        member(name, value.map { Int64($0.raw) })
    }
    mutating func member(_ name: StaticString, _ value: some Scaled) { member(name, value.raw) }
    mutating func member<S: Scaled>(_ name: StaticString, _ value: S?) {
        member(name, value?.raw)
    }
    mutating func member(_ name: StaticString, _ value: Bool) {
        key(name)
        append(value ? "true" : "false")
        needsComma = true
    }
    /// - Parameter value: a word without quotes, backslashes or controls: the name of a case.
    mutating func member(_ name: StaticString, word value: String) {
        key(name)
        word(value)
    }
    mutating func null(_ name: StaticString) {
        key(name)
        append("null")
        needsComma = true
    }
    /// An element of an array.
    mutating func element(_ value: Int64) {
        separate()
        number(value)
        needsComma = true
    }
    /// An element of an array.
    mutating func word(_ value: String) {
        separate()
        bytes.append(UInt8(ascii: "\""))
        bytes.append(contentsOf: value.utf8)
        bytes.append(UInt8(ascii: "\""))
        needsComma = true
    }

    private mutating func key(_ name: StaticString) {
        separate()
        bytes.append(UInt8(ascii: "\""))
        append(name)
        bytes.append(UInt8(ascii: "\""))
        bytes.append(UInt8(ascii: ":"))
        needsComma = false
    }

    private mutating func separate() {
        if needsComma { bytes.append(UInt8(ascii: ",")) }
    }

    private mutating func append(_ text: StaticString) {
        text.withUTF8Buffer { bytes.append(contentsOf: $0) }
    }

    private mutating func number(_ value: Int64) {
        if value < 0 { bytes.append(UInt8(ascii: "-")) }
        let start = bytes.count
        var rest = value.magnitude
        repeat {
            let (quotient, digit) = rest.quotientAndRemainder(dividingBy: 10)
            bytes.append(UInt8(ascii: "0") + UInt8(digit))
            rest = quotient
        } while rest > 0
        bytes[start...].reverse()
    }
}
