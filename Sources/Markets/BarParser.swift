import ExactMath

/// Reads price bars from comma-separated values.
///
/// Either a header names the columns, in any order and case: `open`, `high`, `low`, `close`, and
/// for the opening time the first of `time`, `time_utc`, `timestamp`, `date`, `open_time`; other
/// columns are left alone. Or there is no header and every row has the twelve columns of a Binance
/// kline export: open time, open, high, low, close, volume, close time, and five more.
///
/// Times are ISO 8601 (UTC where no zone is named) or whole seconds, milliseconds or microseconds
/// since 1970, told apart by their size. Prices have a decimal point, and are rounded to 1e-8.
public enum BarParser {
    /// The bars of a text, in order of time.
    ///
    /// - Throws: ``CSVError`` at the first field that is not as expected: a missing column or
    ///   field, a bad number or time, a price that is not positive, an open or close outside low
    ///   and high, a time that repeats or goes back, or no bar at all.
    public static func bars(csv text: String) throws(CSVError) -> [Bar] {
        try rows(csv: text).map(\.bar)
    }

    /// The bars of a text, each with the place at which its row, and its close, stand.
    static func rows(csv text: String) throws(CSVError) -> [Row] {
        var lines = CSVLines(text)
        guard let first = try lines.next() else {
            throw CSVError(line: 1, column: 1, message: "expected a header or bars, found no text")
        }
        let columns = try Columns(first, lines)
        var bars: [Row] = []
        var last = first
        var row = columns.hasHeader ? try lines.next() : first
        while let current = row {
            let bar = try columns.bar(current, lines)
            if let previous = bars.last?.bar, bar.openTime <= previous.openTime {
                throw lines.error(
                    current, at: current.fields[columns.time].lowerBound,
                    bar.openTime == previous.openTime
                        ? "expected a time after \(previous.openTime), found it twice"
                        : "expected a time after \(previous.openTime), found \(bar.openTime): "
                            + "bars are sorted from old to new")
            }
            let place = lines.error(current, at: current.fields[columns.close].lowerBound, "")
            bars.append(Row(bar: bar, line: place.line, column: place.column))
            last = current
            row = try lines.next()
        }
        guard !bars.isEmpty else {
            throw lines.error(last, at: last.end, "expected bars after the header, found none")
        }
        return bars
    }

    /// A bar, and where its close stands.
    struct Row {
        var bar: Bar
        var line: Int
        var column: Int
    }
}

/// Which column holds what.
private struct Columns {
    var hasHeader: Bool
    var count: Int
    var time: Int
    var open: Int
    var high: Int
    var low: Int
    var close: Int

    static let timeNames = ["time", "time_utc", "timestamp", "date", "open_time"]

    init(_ first: CSVLines.Row, _ lines: CSVLines) throws(CSVError) {
        count = first.fields.count
        if let start = first.fields.first?.first, lines.bytes[start].digit != nil {
            guard count == 12 else {
                throw lines.error(
                    first, at: first.start,
                    "expected a header, or the 12 columns of a Binance kline export, "
                        + "found \(count) columns without a header")
            }
            (hasHeader, time, open, high, low, close) = (false, 0, 1, 2, 3, 4)
            return
        }
        let names = first.fields.map { field in
            String(lines.text(field).lowercased().map { $0 == " " ? "_" : $0 })
        }
        func column(_ name: String) throws(CSVError) -> Int {
            guard let index = names.firstIndex(of: name) else {
                throw lines.error(
                    first, at: first.start,
                    "expected a column named \(name), found \(names.joined(separator: ", "))")
            }
            if let again = names[(index + 1)...].firstIndex(of: name) {
                throw lines.error(
                    first, at: first.fields[again].lowerBound,
                    "expected one column named \(name), found two")
            }
            return index
        }
        guard let timeName = Columns.timeNames.first(where: names.contains) else {
            throw lines.error(
                first, at: first.start,
                "expected a column named \(Columns.timeNames.joined(separator: ", or ")), "
                    + "found \(names.joined(separator: ", "))")
        }
        hasHeader = true
        time = try column(timeName)
        open = try column("open")
        high = try column("high")
        low = try column("low")
        close = try column("close")
    }

    func bar(_ row: CSVLines.Row, _ lines: CSVLines) throws(CSVError) -> Bar {
        guard row.fields.count == count else {
            throw lines.error(
                row, at: row.fields.count < count ? row.end : row.fields[count].lowerBound,
                "expected \(count) fields, found \(row.fields.count)")
        }
        guard let moment = CSVScanner.time(lines.bytes[row.fields[time]]) else {
            throw lines.error(
                row, at: row.fields[time].lowerBound,
                "expected a time (ISO 8601, or seconds or milliseconds since 1970), "
                    + "found \"\(lines.text(row.fields[time]))\"")
        }
        let bar = Bar(
            openTime: moment, open: try price(open, "open", row, lines),
            high: try price(high, "high", row, lines), low: try price(low, "low", row, lines),
            close: try price(close, "close", row, lines))
        guard bar.high >= bar.low else {
            throw lines.error(
                row, at: row.fields[high].lowerBound,
                "expected a high of at least the low \(bar.low), found \(bar.high)")
        }
        for (name, value, column) in [("open", bar.open, open), ("close", bar.close, close)]
        where value < bar.low || value > bar.high {
            throw lines.error(
                row, at: row.fields[column].lowerBound,
                "expected \(name) from low \(bar.low) to high \(bar.high), found \(value)")
        }
        return bar
    }

    private func price(_ column: Int, _ name: String, _ row: CSVLines.Row, _ lines: CSVLines)
        throws(CSVError) -> Price
    {
        let field = row.fields[column]
        guard let price = CSVScanner.price(lines.bytes[field]), price.isPositive else {
            throw lines.error(
                row, at: field.lowerBound,
                "expected a price above zero for \(name), found \"\(lines.text(field))\"")
        }
        return price
    }
}
