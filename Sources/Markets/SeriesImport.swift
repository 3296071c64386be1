public import ExactMath

/// A series read from somebody else's file, checked, and written in the form that scenarios name.
public struct ImportedSeries: Sendable, Hashable {
    /// What is remarkable about it, though it can be used.
    public struct Note: Sendable, Hashable {
        /// Where it stands; zero where it concerns the whole file.
        public var line: Int
        public var message: String
        public init(line: Int, message: String) {
            self.line = line
            self.message = message
        }
    }
    public enum Form: String, Sendable, Hashable {
        /// `time,open,high,low,close`: for `assets.ASSET.price.bars`.
        case bars
        /// `time,price`: for `oracles.ASSET.rounds`.
        case rounds
        /// `time,p30,p60,p90,transactions` in gwei: for `demand.series`.
        case gas
    }
    public var form: Form
    public var rows: Int
    public var first: Timestamp
    public var last: Timestamp
    /// The commonest distance of two rows; nil of a single row.
    public var interval: TimeSpan?
    public var notes: [Note]
    /// The compact file.
    public var text: String
}

/// Reads klines of exchanges, open-high-low-close tables, dumps of Chainlink rounds and gas series.
public enum SeriesImport {
    /// What counts as impossible, and how dumps are written.
    public struct Options: Sendable, Hashable {
        /// The largest move from one close, or round, to the next, relative to the smaller.
        public var largestMove: Ratio
        /// The decimals of whole-number answers in a dump of rounds.
        public var decimals: Int
        public init(largestMove: Ratio = Ratio(percent: 60), decimals: Int = 8) {
            self.largestMove = largestMove
            self.decimals = decimals
        }
    }

    /// The prices of a text: bars where it has them, else rounds.
    ///
    /// A dump of rounds has a header with a time (`updated_at`, `updatedAt`, `timestamp`, `time`) and an
    /// answer (`answer`, `answer_1e8`, `price`); a row that repeats the round before it is left out.
    /// Of two rounds of one time the later stands.
    /// - Throws: ``CSVError`` at the first field that is not as expected, the first time that goes back (of
    ///   bars also that repeats), and the first impossible move.
    public static func prices(csv text: String, _ options: Options = Options())
        throws(CSVError) -> ImportedSeries
    {
        var lines = CSVLines(text)
        guard let header = try lines.next() else {
            throw CSVError(line: 1, column: 1, message: "expected a header or bars, found no text")
        }
        let names = header.fields.map { lines.text($0).lowercased() }
        if let columns = RoundColumns(names) {
            return try rounds(columns, names.count, &lines, options)
        }
        let rows = try BarParser.rows(csv: text)
        var notes = gaps(rows.map { ($0.bar.openTime, $0.line) })
        for (last, row) in zip(rows, rows.dropFirst()) {
            try requirePossible(
                last.bar.close, row.bar.close,
                CSVError(line: row.line, column: row.column, message: ""),
                options)
        }
        let times = rows.map(\.bar.openTime)
        let interval = commonest(times)
        if let note = zoneNote(times, interval) { notes.insert(note, at: 0) }
        var written = "time,open,high,low,close\n"
        for row in rows {
            let bar = row.bar
            written += "\(bar.openTime),\(bar.open),\(bar.high),\(bar.low),\(bar.close)\n"
        }
        return ImportedSeries(
            form: .bars, rows: rows.count, first: times[0], last: times[times.count - 1],
            interval: interval, notes: notes, text: written)
    }

    // MARK: Rounds

    private struct RoundColumns {
        var time: Int
        var answer: Int
        /// Whether a whole number is in units of the smallest decimal.
        var isScaled: Bool

        init?(_ names: [String]) {
            let times = ["updated_at", "updatedat", "timestamp", "time"]
            let answers = ["answer", "answer_1e8", "price"]
            guard let time = times.compactMap({ names.firstIndex(of: $0) }).first,
                let answer = answers.compactMap({ names.firstIndex(of: $0) }).first
            else { return nil }
            self.time = time
            self.answer = answer
            isScaled = names[answer] != "price"
        }
    }

    private static func rounds(
        _ columns: RoundColumns, _ count: Int, _ lines: inout CSVLines, _ options: Options
    ) throws(CSVError) -> ImportedSeries {
        var points: [(point: PricePoint, line: Int)] = []
        var notes: [ImportedSeries.Note] = []
        while let row = try lines.next() {
            guard row.fields.count == count else {
                throw lines.error(
                    row, at: row.end, "expected \(count) fields, found \(row.fields.count)")
            }
            let timeField = row.fields[columns.time]
            guard let time = CSVScanner.time(lines.bytes[timeField]) else {
                throw lines.error(
                    row, at: timeField.lowerBound,
                    "expected a time, found \"\(lines.text(timeField))\"")
            }
            let field = row.fields[columns.answer]
            guard let price = answer(lines.text(field), columns.isScaled, options),
                price.isPositive
            else {
                throw lines.error(
                    row, at: field.lowerBound,
                    "expected an answer above zero, found \"\(lines.text(field))\"")
            }
            if let last = points.last {
                if last.point == PricePoint(time: time, price: price) {
                    notes.append(
                        .init(line: row.line, message: "the round before, once more: left out"))
                    continue
                }
                if time == last.point.time {
                    // Two rounds in one block: the later is what the block ends with.
                    notes.append(
                        .init(
                            line: row.line,
                            message: "a second round at \(time): it takes the place of the first"))
                    points.removeLast()
                } else if time < last.point.time {
                    throw lines.error(
                        row, at: timeField.lowerBound,
                        "expected a time after \(last.point.time), found \(time): rounds are sorted "
                            + "from old to new")
                }
                try requirePossible(
                    last.point.price, price, lines.error(row, at: field.lowerBound, ""), options)
            }
            points.append((PricePoint(time: time, price: price), row.line))
        }
        guard let first = points.first, let last = points.last else {
            throw CSVError(
                line: 1, column: 1, message: "expected rounds after the header, found none")
        }
        var written = "time,price\n"
        for entry in points { written += "\(entry.point.time),\(entry.point.price)\n" }
        return ImportedSeries(
            form: .rounds, rows: points.count, first: first.point.time, last: last.point.time,
            interval: commonest(points.map(\.point.time)), notes: notes, text: written)
    }

    /// `190818855732` with eight decimals, or `1908.18855732`.
    private static func answer(_ text: String, _ isScaled: Bool, _ options: Options) -> Price? {
        guard isScaled, !text.isEmpty, text.utf8.allSatisfy({ $0.digit != nil }) else {
            return CSVScanner.price(Array(text.utf8)[...])
        }
        guard let whole = Int128(text) else { return nil }
        var divisor: Int128 = 1
        var factor: Int128 = 1
        for _ in 0..<max(0, options.decimals - 8) { divisor *= 10 }
        for _ in 0..<max(0, 8 - options.decimals) { factor *= 10 }
        let (scaled, overflow) = whole.multipliedReportingOverflow(by: factor)
        guard !overflow else { return nil }
        return Int64(exactly: (scaled + divisor / 2) / divisor).map(Price.init(raw:))
    }

    // MARK: Gas

    /// A series of gas prices: a time, and percentiles of what was included with the number of transactions
    /// (`p30_gwei`, `p60_gwei`, `p90_gwei`, `tx_count`), in gwei.
    ///
    /// - Throws: ``CSVError`` as ``prices(csv:_:)``, and where percentiles fall.
    public static func gas(csv text: String) throws(CSVError) -> ImportedSeries {
        let rows = try gasRows(csv: text)
        var written = "time,p30,p60,p90,transactions\n"
        for row in rows {
            let percentiles = row.percentiles.map { "\($0)" }.joined(separator: ",")
            written += "\(row.time),\(percentiles),\(row.transactions)\n"
        }
        return ImportedSeries(
            form: .gas, rows: rows.count, first: rows[0].time, last: rows[rows.count - 1].time,
            interval: commonest(rows.map(\.time)), notes: gaps(rows.map { ($0.time, $0.line) }),
            text: written)
    }

    /// What was included in a while.
    public struct GasRow: Sendable, Hashable {
        public var time: Timestamp
        /// The 30th, 60th and 90th percentile. [1e-8 gwei]
        public var percentiles: [Price]
        public var transactions: Int64
        var line: Int
    }

    /// The rows of a series of gas prices, at least one.
    public static func gasRows(csv text: String) throws(CSVError) -> [GasRow] {
        var lines = CSVLines(text)
        guard let header = try lines.next() else {
            throw CSVError(line: 1, column: 1, message: "expected a header, found no text")
        }
        let names = header.fields.map { lines.text($0).lowercased() }
        func column(_ known: [String]) throws(CSVError) -> Int {
            if let found = known.compactMap({ names.firstIndex(of: $0) }).first { return found }
            throw lines.error(
                header, at: header.start,
                "expected a column named \(known.joined(separator: ", or ")), found "
                    + names.joined(separator: ", "))
        }
        let time = try column(["time", "time_utc", "timestamp", "date"])
        let percentiles = [
            try column(["p30_gwei", "p30"]), try column(["p60_gwei", "p60"]),
            try column(["p90_gwei", "p90"]),
        ]
        let count = try column(["tx_count", "transactions"])
        var rows: [GasRow] = []
        while let row = try lines.next() {
            guard row.fields.count == names.count else {
                throw lines.error(
                    row, at: row.end, "expected \(names.count) fields, found \(row.fields.count)")
            }
            let moment = row.fields[time]
            guard let at = CSVScanner.time(lines.bytes[moment]) else {
                throw lines.error(
                    row, at: moment.lowerBound, "expected a time, found \"\(lines.text(moment))\"")
            }
            if let last = rows.last?.time, at <= last {
                throw lines.error(
                    row, at: moment.lowerBound, "expected a time after \(last), found \(at)")
            }
            var values: [Price] = []
            for column in percentiles {
                let field = row.fields[column]
                guard let value = CSVScanner.price(lines.bytes[field]), value.isPositive else {
                    throw lines.error(
                        row, at: field.lowerBound,
                        "expected a gas price above zero in gwei, found \"\(lines.text(field))\"")
                }
                if let last = values.last, value < last {
                    throw lines.error(
                        row, at: field.lowerBound,
                        "expected at least the lower percentile of \(last), found \(value)")
                }
                values.append(value)
            }
            guard let included = Int64(lines.text(row.fields[count])), included >= 0 else {
                throw lines.error(
                    row, at: row.fields[count].lowerBound,
                    "expected a whole number, found \"\(lines.text(row.fields[count]))\"")
            }
            rows.append(
                GasRow(time: at, percentiles: values, transactions: included, line: row.line))
        }
        guard !rows.isEmpty else {
            throw CSVError(
                line: 1, column: 1, message: "expected rows after the header, found none")
        }
        return rows
    }

    // MARK: Checks

    private static func requirePossible(
        _ last: Price, _ next: Price, _ place: CSVError, _ options: Options
    ) throws(CSVError) {
        let low = min(last, next)
        let move = product((next - last).magnitude.raw, scaleE8)
        guard move > product(low.raw, options.largestMove.raw) else { return }
        throw CSVError(
            line: place.line, column: place.column,
            message: "from \(last) to \(next) at once is more than a move of "
                + "\(percent(options.largestMove)): wrong units, or a larger --max-move")
    }

    private static func percent(_ ratio: Ratio) -> String {
        "\(Ratio(raw: ratio.raw * 100)) %"
    }

    /// The commonest distance of neighbours, the smallest of those where several are; nil of one row.
    static func commonest(_ times: [Timestamp]) -> TimeSpan? {
        let spans = zip(times, times.dropFirst()).map { $1 - $0 }.sorted()
        var best: (span: TimeSpan, count: Int)?
        var start = 0
        while start < spans.count {
            var end = start
            while end < spans.count, spans[end] == spans[start] { end += 1 }
            if end - start > best?.count ?? 0 { best = (spans[start], end - start) }
            start = end
        }
        return best?.span
    }

    /// A note for each of the first ten gaps, and one for the rest.
    private static func gaps(_ rows: [(time: Timestamp, line: Int)]) -> [ImportedSeries.Note] {
        guard let interval = commonest(rows.map(\.time)) else { return [] }
        let wide = zip(rows, rows.dropFirst()).filter { $1.time - $0.time != interval }
        var notes = wide.prefix(10).map { last, row in
            ImportedSeries.Note(
                line: row.line,
                message: row.time - last.time > interval
                    ? "a gap: \((row.time - last.time).milliseconds / interval.milliseconds - 1) rows "
                        + "are missing after \(last.time)"
                    : "only \((row.time - last.time).milliseconds / 1000) s after \(last.time)")
        }
        if wide.count > 10 {
            notes.append(.init(line: 0, message: "and \(wide.count - 10) more such places"))
        }
        return notes
    }

    /// Bars begin at multiples of their length in UTC; in another zone those of an hour or more do not.
    private static func zoneNote(_ times: [Timestamp], _ interval: TimeSpan?)
        -> ImportedSeries.Note?
    {
        guard let interval, interval > .zero, interval <= TimeSpan(seconds: 86_400) else {
            return nil
        }
        let off = times.filter { $0.milliseconds % interval.milliseconds != 0 }.count
        guard off * 2 > times.count else { return nil }
        return .init(
            line: 0,
            message:
                "bars of \(interval.milliseconds / 1000) s do not begin at multiples of it in UTC, "
                + "but as at \(times[0]): is the time zone right?")
    }
}
