import ExactMath

/// Reads a series of prices from comma-separated values with the columns `time` and `price`.
///
/// Times and prices are written as ``BarParser`` reads them; other columns are left alone.
public enum SeriesParser {
    /// The points of a text, in order of time.
    ///
    /// - Throws: ``CSVError`` at the first field that is not as expected.
    public static func points(csv text: String) throws(CSVError) -> [PricePoint] {
        var lines = CSVLines(text)
        guard let first = try lines.next() else {
            throw CSVError(line: 1, column: 1, message: "expected a header, found no text")
        }
        let names = first.fields.map { lines.text($0).lowercased() }
        guard let time = names.firstIndex(of: "time"), let price = names.firstIndex(of: "price")
        else {
            throw lines.error(
                first, at: first.start,
                "expected the columns time and price, found \(names.joined(separator: ", "))")
        }
        var points: [PricePoint] = []
        var last = first
        while let row = try lines.next() {
            last = row
            guard row.fields.count == names.count else {
                throw lines.error(
                    row, at: row.end, "expected \(names.count) fields, found \(row.fields.count)")
            }
            guard let moment = CSVScanner.time(lines.bytes[row.fields[time]]) else {
                throw lines.error(
                    row, at: row.fields[time].lowerBound,
                    "expected a time, found \"\(lines.text(row.fields[time]))\"")
            }
            guard let value = CSVScanner.price(lines.bytes[row.fields[price]]), value.isPositive
            else {
                throw lines.error(
                    row, at: row.fields[price].lowerBound,
                    "expected a price above zero, found \"\(lines.text(row.fields[price]))\"")
            }
            if let previous = points.last, moment <= previous.time {
                throw lines.error(
                    row, at: row.fields[time].lowerBound,
                    "expected a time after \(previous.time), found \(moment)")
            }
            points.append(PricePoint(time: moment, price: value))
        }
        guard !points.isEmpty else {
            throw lines.error(last, at: last.end, "expected rows after the header, found none")
        }
        return points
    }
}
