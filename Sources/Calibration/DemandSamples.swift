public import ExactMath

/// A file of samples cannot be read.
public struct DemandFileError: Error, Hashable, Sendable, CustomStringConvertible {
    /// From 1; 0 is the whole file.
    public var line: Int
    public var message: String
    public init(line: Int, message: String) {
        self.line = line
        self.message = message
    }
    public var description: String { line == 0 ? message : "line \(line): \(message)" }
}

/// Gas prices of included transactions, window by window.
public struct GasSeries: Sendable, Equatable {
    /// One window: percentiles of what was paid. [gwei]
    public struct Row: Sendable, Equatable {
        public var time: Timestamp
        public var p30: Double
        public var p60: Double
        public var p90: Double
        public init(time: Timestamp, p30: Double, p60: Double, p90: Double) {
            self.time = time
            self.p30 = p30
            self.p60 = p60
            self.p90 = p90
        }
    }
    public let rows: [Row]

    public init(rows: [Row]) throws(DemandFileError) {
        guard rows.count >= 6 else {
            throw DemandFileError(
                line: 0, message: "expected at least six rows, found \(rows.count)")
        }
        for (index, row) in rows.enumerated() {
            guard row.p30 > 0, row.p30 <= row.p60, row.p60 <= row.p90, row.p90 <= 1e9 else {
                throw DemandFileError(
                    line: index + 2, message: "expected 0 < p30 ≤ p60 ≤ p90 ≤ 1e9 gwei")
            }
            guard index == 0 || rows[index - 1].time < row.time else {
                throw DemandFileError(
                    line: index + 2, message: "expected a time after the row before it")
            }
        }
        self.rows = rows
    }

    /// Reads a CSV file with a header that names `time_utc`, `p30_gwei`, `p60_gwei` and `p90_gwei`.
    public init(csv text: String) throws(DemandFileError) {
        let table = try SampleTable(
            text, columns: ["time_utc", "p30_gwei", "p60_gwei", "p90_gwei"])
        try self.init(
            rows: table.rows.map {
                Row(time: $0.time, p30: $0.values[0], p60: $0.values[1], p90: $0.values[2])
            })
    }
}

/// Prices of the asset whose falls bring the rush for block space.
public struct PriceSeries: Sendable, Equatable {
    public struct Row: Sendable, Equatable {
        public var time: Timestamp
        public var price: Double
        public init(time: Timestamp, price: Double) {
            self.time = time
            self.price = price
        }
    }
    public let rows: [Row]

    public init(rows: [Row]) throws(DemandFileError) {
        for (index, row) in rows.enumerated() {
            guard row.price > 0, index == 0 || rows[index - 1].time < row.time else {
                throw DemandFileError(
                    line: index + 2, message: "expected a price above zero at a later time")
            }
        }
        self.rows = rows
    }

    /// Reads a CSV file with a header that names `time_utc` and `close`.
    public init(csv text: String) throws(DemandFileError) {
        let table = try SampleTable(text, columns: ["time_utc", "close"])
        try self.init(rows: table.rows.map { Row(time: $0.time, price: $0.values[0]) })
    }
}

/// The columns of a CSV file that somebody asks for, the first of which is a time.
struct SampleTable {
    var rows: [(time: Timestamp, values: [Double])] = []

    init(_ text: String, columns: [String]) throws(DemandFileError) {
        let lines = text.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline)
        guard let header = lines.first, !header.isEmpty else {
            throw DemandFileError(line: 0, message: "the file is empty")
        }
        let names = header.split(separator: ",", omittingEmptySubsequences: false).map(String.init)
        var places: [Int] = []
        for column in columns {
            guard let place = names.firstIndex(of: column) else {
                throw DemandFileError(
                    line: 1,
                    message: "no column '\(column)'; found \(names.joined(separator: ", "))")
            }
            places.append(place)
        }
        for (index, line) in lines.enumerated().dropFirst() where !line.isEmpty {
            let cells = line.split(separator: ",", omittingEmptySubsequences: false)
            guard cells.count == names.count else {
                throw DemandFileError(
                    line: index + 1, message: "expected \(names.count) cells, found \(cells.count)")
            }
            guard let time = Self.time(cells[places[0]]) else {
                throw DemandFileError(
                    line: index + 1,
                    message: "expected a time such as 2020-03-12T08:10:00Z, found "
                        + "'\(cells[places[0]])'")
            }
            var values: [Double] = []
            for place in places.dropFirst() {
                guard let value = Double(cells[place]), value.isFinite else {
                    throw DemandFileError(
                        line: index + 1, message: "expected a number, found '\(cells[place])'")
                }
                values.append(value)
            }
            rows.append((time, values))
        }
    }

    /// `2020-03-12T08:10:00Z`, and nothing else: a series without a time zone is ambiguous.
    static func time(_ text: Substring) -> Timestamp? {
        let characters = Array(text.utf8)
        guard characters.count == 20, characters[10] == UInt8(ascii: "T"),
            characters[19] == UInt8(ascii: "Z")
        else { return nil }
        func number(_ range: Range<Int>) -> Int64? {
            Int64(String(decoding: characters[range], as: UTF8.self))
        }
        guard let year = number(0..<4), let month = number(5..<7), let day = number(8..<10),
            let hour = number(11..<13), let minute = number(14..<16), let second = number(17..<19),
            0..<24 ~= hour, 0..<60 ~= minute, 0..<60 ~= second,
            let midnight = Timestamp(year: year, month: month, day: day)
        else { return nil }
        return midnight + TimeSpan(seconds: hour * 3600 + minute * 60 + second)
    }
}
