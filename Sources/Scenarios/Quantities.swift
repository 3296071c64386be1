import ExactMath

/// A number with what stands before and after it, as `$1.5M` or `0.5%`; exact, or not read at all.
struct NumberText {
    /// With k, M and B already multiplied in. [1e-18]
    var value: Fixed18
    /// What follows, without the space between: `%`, `gwei`, `ETH`.
    var unit: Substring

    /// Reads `-1,250.5k unit`; nil where there is no such number, or where it does not fit.
    init?(_ text: some StringProtocol) {
        let text = Substring(text)
        let end = text.firstIndex { !Self.isPart($0) } ?? text.endIndex
        guard let number = Self.plain(text[..<end]), let value = Fixed18(decimal: number) else {
            return nil
        }
        var unit = text[end...]
        let factor = Self.factor(before: unit)
        if factor > 1 { unit.removeFirst() }
        guard let product = try? value.multiplied(by: Fixed18(whole: factor), rounding: .down)
        else { return nil }
        while unit.first == " " { unit.removeFirst() }
        guard unit.last != " " else { return nil }
        self.value = product
        self.unit = unit
    }

    /// What k, M or B at the front of a unit stands for, where a unit or nothing follows; one otherwise.
    private static func factor(before unit: Substring) -> Int64 {
        guard unit.dropFirst().first.map({ !$0.isLetter }) ?? true else { return 1 }
        switch unit.first {
        case "k", "K": return 1000
        case "M": return 1_000_000
        case "B": return 1_000_000_000
        default: return 1
        }
    }

    private static func isPart(_ character: Character) -> Bool {
        character.isASCII && character.isNumber || ".,_-".contains(character)
    }

    /// Without separators of thousands; nil where they do not stand between threes.
    private static func plain(_ text: Substring) -> String? {
        // Two points are a range.
        guard text.utf8.contains(UInt8(ascii: ",")) || text.utf8.contains(UInt8(ascii: "_")) else {
            return String(text)
        }
        let halves = text.split(separator: ".", omittingEmptySubsequences: false)
        let groups = halves[0].split(
            omittingEmptySubsequences: false, whereSeparator: { $0 == "," || $0 == "_" })
        let first = groups[0].drop { $0 == "-" }
        guard (1...3).contains(first.count), groups.dropFirst().allSatisfy({ $0.count == 3 }) else {
            return nil
        }
        return ([groups.joined()] + halves.dropFirst().map(String.init)).joined(separator: ".")
    }

    /// The value over a divisor with eight decimals; nil where it is finer or does not fit.
    func scaled<S: Scaled>(_ type: S.Type, over divisor: Int128 = 1) -> S? {
        let unit = divisor * 10_000_000_000
        guard value.raw % unit == 0 else { return nil }
        return Int64(exactly: value.raw / unit).map(S.init(raw:))
    }

    /// The value to the nearest 1e-8; nil where it does not fit.
    func nearest<S: Scaled>(_ type: S.Type) -> S? {
        try? value.rounded(to: type, .nearest)
    }

    /// The value times a factor as a whole number; nil where it is none or does not fit.
    func whole(times factor: Int128 = 1) -> Int64? {
        let (product, overflow) = value.raw.multipliedReportingOverflow(by: factor)
        guard !overflow, product % Fixed18.one.raw == 0 else { return nil }
        return Int64(exactly: product / Fixed18.one.raw)
    }
}

private let tooFine = "at most eight decimals and less than 92 billion"

extension Kind where Value == Ratio {
    /// `0.5%`, `25bp` or `0.005`.
    static var ratio: Kind {
        Kind("a percentage such as '5%'", placeholder: .zero, repairs: [("", "%")]) { text in
            guard let number = NumberText(text) else { return .mismatch }
            let divisor: Int128
            switch number.unit {
            case "": divisor = 1
            case "%": divisor = 100
            case "bp", "bps": divisor = 10_000
            default: return .mismatch
            }
            return number.scaled(Ratio.self, over: divisor).map { .value($0) }
                ?? .refused(expected: tooFine)
        }
    }

    /// A share from 0 % to 100 %.
    static var share: Kind {
        ratio.limited("0% to 100%") { $0 >= .zero && $0 <= .one }
    }

    /// A share above 0 %.
    static var positiveShare: Kind {
        ratio.limited("more than 0% and at most 100%") { $0 > .zero && $0 <= .one }
    }

    /// `1.25` or `1.25x`; percentages too.
    static var multiple: Kind {
        var kind = Kind("a multiple such as '1.25'", placeholder: Ratio.one) { text in
            ratio.parse(text.last == "x" ? String(text.dropLast()) : text)
        }
        kind.repairs = []
        return kind
    }

    /// `120%/year`; a bare percentage counts per year.
    static var yearly: Kind {
        Kind("a yearly rate such as '80%/year'", placeholder: .zero) { text in
            let parts = text.split(separator: "/", omittingEmptySubsequences: false)
            guard parts.count <= 2, let first = parts.first else { return .mismatch }
            if parts.count == 2, parts[1] != "year", parts[1] != "y" { return .mismatch }
            return ratio.parse(String(first))
        }
    }
}

extension Kind where Value == Money {
    /// `$250k`, `$12M`, `$1,000,000`, `-$5`.
    static var money: Kind {
        Kind(
            "an amount of money such as '$250k'", placeholder: .zero, repairs: [("$", "")]
        ) { text in
            let negative = text.hasPrefix("-")
            let rest = negative ? text.dropFirst() : text[...]
            guard rest.first == "$", rest.dropFirst().first != "-",
                let number = NumberText(rest.dropFirst()), number.unit.isEmpty
            else { return .mismatch }
            return number.scaled(Money.self).map { .value(negative ? -$0 : $0) }
                ?? .refused(expected: tooFine)
        }
    }

    static var notNegative: Kind { money.limited("$0 or more") { $0 >= .zero } }
    static var positive: Kind { money.limited("more than $0") { $0 > .zero } }
}

extension Kind where Value == Price {
    /// `185.2` or `$185.2`, above zero and at most a billion.
    static var price: Kind {
        Kind("a price such as '185.20' or '$185.20'", placeholder: Price(whole: 1)) { text in
            guard let number = NumberText(text.first == "$" ? text.dropFirst() : text[...]),
                number.unit.isEmpty
            else { return .mismatch }
            return number.scaled(Price.self).map { .value($0) } ?? .refused(expected: tooFine)
        }.limited("a price above $0 and at most $1B") {
            $0 > .zero && $0 <= Price(whole: 1_000_000_000)
        }
    }
}

extension Kind where Value == Quantity {
    /// `12.5 ETH`, or `12.5` where the asset is known.
    static func quantity(of asset: String) -> Kind {
        Kind("an amount such as '12.5 \(asset)'", placeholder: .zero) { text in
            guard let number = NumberText(text), number.unit.isEmpty || number.unit == asset[...]
            else { return .mismatch }
            return number.scaled(Quantity.self).map { .value($0) } ?? .refused(expected: tooFine)
        }.limited("zero or more") { $0 >= .zero }
    }
}

extension Kind where Value == Quantity {
    /// What an account holds: with a sign, and rounded to eight decimals where it has more, as statements have.
    static func held(of asset: String) -> Kind {
        Kind("an amount such as '-12.5' or '12.5 \(asset)'", placeholder: .zero) { text in
            guard let number = NumberText(text), number.unit.isEmpty || number.unit == asset[...]
            else { return .mismatch }
            return number.nearest(Quantity.self).map { .value($0) } ?? .refused(expected: tooFine)
        }
    }
}

extension Kind where Value == Price {
    /// An average price, rounded to eight decimals where it has more; zero where a balance carries the cost.
    static var average: Kind {
        Kind("a price such as '185.20' or '$185.20'", placeholder: Price(whole: 1)) { text in
            guard let number = NumberText(text.first == "$" ? text.dropFirst() : text[...]),
                number.unit.isEmpty
            else { return .mismatch }
            return number.nearest(Price.self).map { .value($0) } ?? .refused(expected: tooFine)
        }.limited("a price of $0 to $1B") {
            $0 >= .zero && $0 <= Price(whole: 1_000_000_000)
        }
    }
}

extension Kind where Value == Fixed18 {
    /// A number without a unit.
    static var number: Kind {
        Kind("a number such as '2.1'", placeholder: .one) { text in
            guard let number = NumberText(text), number.unit.isEmpty else { return .mismatch }
            return .value(number.value)
        }
    }

    /// A multiple of something, as a number: `3`, `2.5x`.
    static var multipleNumber: Kind {
        Kind("a number such as '2.5'", placeholder: .one) { text in
            guard let number = NumberText(text), number.unit.isEmpty || number.unit == "x" else {
                return .mismatch
            }
            return .value(number.value)
        }.limited("more than 0 and at most 1000") { $0 > .zero && $0 <= Fixed18(whole: 1000) }
    }

    /// Money as a number of dollars.
    static var dollars: Kind {
        Kind<Money>.positive.map(.one) { Fixed18($0) }
    }

    /// `2/hour` or `30/day`, per hour; rounded to 1e-18.
    static var hourly: Kind {
        Kind("a frequency such as '2/hour' or '30/day'", placeholder: .zero) { text in
            let parts = text.split(separator: "/", omittingEmptySubsequences: false)
            guard let first = parts.first, let number = NumberText(first), number.unit.isEmpty
            else {
                return .mismatch
            }
            if parts.count == 1 { return number.value == .zero ? .value(.zero) : .mismatch }
            guard parts.count == 2 else { return .mismatch }
            switch parts[1] {
            case "hour", "h": return .value(number.value)
            case "day", "d": return .value(Fixed18(raw: number.value.raw / 24))
            default: return .mismatch
            }
        }.limited("0/hour to 3600/hour") { $0 >= .zero && $0 <= Fixed18(whole: 3600) }
    }
}

extension Kind where Value == Int64 {
    /// A price of gas: `20 gwei`, `5 wei`. [wei per gas]
    static var gasPrice: Kind {
        Kind(
            "a gas price such as '20 gwei' or '5 wei'", placeholder: 1, repairs: [("", " gwei")]
        ) { text in
            guard let number = NumberText(text) else { return .mismatch }
            let factor: Int128
            switch number.unit {
            case "gwei": factor = 1_000_000_000
            case "wei": factor = 1
            default: return .mismatch
            }
            guard let wei = number.whole(times: factor) else {
                return .refused(expected: "a whole number of wei below 2^62")
            }
            return .value(wei)
        }.limited("0 wei to 4 billion gwei") { (0...4_000_000_000_000_000_000).contains($0) }
    }

    /// `10M`, `250k`, `30,000,000 gas`.
    static var gas: Kind {
        Kind("an amount of gas such as '10M'", placeholder: 1) { text in
            guard let number = NumberText(text), number.unit.isEmpty || number.unit == "gas" else {
                return .mismatch
            }
            return number.whole().map { .value($0) } ?? .refused(expected: "a whole number of gas")
        }.limited("0 to 1,000,000,000,000,000 gas") { (0...1_000_000_000_000_000).contains($0) }
    }
}

extension Kind where Value == Int {
    /// A whole number in a range: `400`, `10k`.
    static func count(_ range: ClosedRange<Int>) -> Kind {
        Kind("a whole number", placeholder: range.lowerBound) { text in
            guard let number = NumberText(text), number.unit.isEmpty, let whole = number.whole()
            else { return .mismatch }
            return .value(Int(whole))
        }.limited("\(range.lowerBound) to \(range.upperBound)") { range.contains($0) }
    }

    /// `2 blocks`, `1 block`, or the number alone.
    static func blocks(_ range: ClosedRange<Int>) -> Kind {
        Kind("a number of blocks such as '2 blocks'", placeholder: range.lowerBound) { text in
            guard let number = NumberText(text), let whole = number.whole(),
                ["", "block", "blocks"].contains(String(number.unit))
            else { return .mismatch }
            return .value(Int(whole))
        }.limited("\(range.lowerBound) to \(range.upperBound) blocks") { range.contains($0) }
    }
}
