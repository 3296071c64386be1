import ExactMath
import Markets
import Testing

struct BarParserTests {
    let bars = [
        Bar(
            openTime: epoch, open: price(195.21), high: price(195.43), low: price(194.38),
            close: price(194.52)),
        Bar(
            openTime: epoch + .minutes(10), open: price(193.56), high: price(194.24),
            low: price(193.56), close: price(193.93)),
    ]

    // 1584000000 is 2020-03-12T08:00:00Z.
    static let texts: [String] = [
        """
        time,open,high,low,close
        1584000000,195.21,195.43,194.38,194.52
        1584000600,193.56,194.24,193.56,193.93

        """,
        """
        time_utc,open,high,low,close,volume\r
        2020-03-12T08:00:00Z,195.21,195.43,194.38,194.52,6\r
        2020-03-12T08:10:00Z,193.56,194.24,193.56,193.93,14\r

        """,
        """
        \u{FEFF}Close,LOW , High,Open,Date
        194.52,194.38,195.43,195.21,2020-03-12 08:00

        193.93,193.56,194.24,193.56,2020-03-12 09:10+01:00
        """,
        """
        "symbol","open time","open","high","low","close"
        "ETH, ""spot"" x","1584000000000","195.21","195.43","194.38","194.52"
        ETH, 1584000600000 , 193.56, 194.24, 193.56, 193.93\u{20}
        """,
        """
        timestamp,open,high,low,close
        2020-03-12T08:00:00.000Z,1.9521e2,0.19543E+03,19438e-2,194.52
        2020-03-12T05:10:00-0300,193.56,194.24000000,193.560000001,193.93
        """,
        """
        1584000000000,195.21,195.43,194.38,194.52,69.6,1584000599999,1.0,27,1.0,1.0,0
        1584000600000,193.56,194.24,193.56,193.93,127.2,1584001199999,1.0,14,1.0,1.0,0
        """,
        """
        1584000000000000,195.21,195.43,194.38,194.52,6,1584000599999999,1.0,27,1.0,1.0,0
        1584000600000000,193.56,194.24,193.56,193.93,1,1584001199999999,1,14,1.0,1.0,0
        """,
    ]

    @Test(arguments: texts)
    func reads(_ text: String) throws {
        #expect(try BarParser.bars(csv: text) == bars)
    }

    static let times: [(String, Int64)] = [
        ("2020-02-29,1,1,1,1", 1_582_934_400_000), ("0,1,1,1,1", 0),
        ("99999999999,1,1,1,1", 99_999_999_999_000), ("100000000000,1,1,1,1", 100_000_000_000),
        ("2021-01-01T00:00:00.25Z,1,1,1,1", 1_609_459_200_250),
        ("1970-01-01T00:00:00+00:30,1,1,1,1", -1_800_000),
    ]

    @Test(arguments: times)
    func readsTimes(_ row: String, _ milliseconds: Int64) throws {
        let bars = try BarParser.bars(csv: "time,open,high,low,close\n" + row)
        #expect(bars.map(\.openTime) == [Timestamp(milliseconds: milliseconds)])
    }

    static let prices: [(String, Int64)] = [
        ("92233720368.54775807", Int64.max), ("0.00000001", 1), ("0.000000005", 1),
        (".5", 50_000_000), ("7.", 700_000_000), ("1e-8", 1), ("123456789e-9", 12_345_679),
        ("9e10", 9_000_000_000_000_000_000), ("0.1000000049999999", 10_000_000),
        ("0.100000005", 10_000_001),
    ]

    @Test(arguments: prices)
    func readsPrices(_ text: String, _ raw: Int64) throws {
        let bars = try BarParser.bars(
            csv: "time,open,high,low,close\n0,\(text),\(text),\(text),\(text)")
        #expect(bars.first?.close == Price(raw: raw))
    }

    static let header = "time,open,high,low,close\n"
    static let wrong: [(String, Int, Int, String)] = [
        ("", 1, 1, "expected a header or bars, found no text"),
        (" \n\n", 1, 1, "expected a header or bars, found no text"),
        (header, 1, 25, "expected bars after the header, found none"),
        ("open,high,low,close\n", 1, 1, "expected a column named time, or time_utc"),
        (
            "time,open,high,low\n", 1, 1,
            "expected a column named close, found time, open, high, low"
        ),
        ("time,open,high,low,close,open\n", 1, 26, "expected one column named open, found two"),
        ("1584000000,1,2,1,1\n", 1, 1, "expected a header, or the 12 columns of a Binance kline"),
        (header + "0,1,1,1\n", 2, 8, "expected 5 fields, found 4"),
        (header + "0,1,1,1,1,1\n", 2, 11, "expected 5 fields, found 6"),
        (header + "\n0,1,x,1,1\n", 3, 5, "expected a price above zero for high, found \"x\""),
        (header + "0,1,1,,1\n", 2, 7, "expected a price above zero for low, found \"\""),
        (header + "0,0,1,1,1\n", 2, 3, "expected a price above zero for open, found \"0\""),
        (header + "0,1,1,1,-1\n", 2, 9, "expected a price above zero for close, found \"-1\""),
        (header + "0,1e-9,1,1,1\n", 2, 3, "expected a price above zero for open"),
        (header + "0,1e99,1,1,1\n", 2, 3, "expected a price above zero for open"),
        (header + "0,1e-99,1,1,1\n", 2, 3, "expected a price above zero for open"),
        (header + "0,1.2.3,1,1,1\n", 2, 3, "expected a price above zero for open"),
        (
            header + "0,\"1,234\",1,1,1\n", 2, 4,
            "expected a price above zero for open, found \"1,234\""
        ),
        (header + "0,.,1,1,1\n", 2, 3, "expected a price above zero for open, found \".\""),
        (header + "0,92233720369,1,1,1\n", 2, 3, "expected a price above zero for open"),
        (header + "noon,1,1,1,1\n", 2, 1, "expected a time (ISO 8601"),
        (header + "2021-02-29,1,1,1,1\n", 2, 1, "expected a time (ISO 8601"),
        (header + "2021-02-28T24:00Z,1,1,1,1\n", 2, 1, "expected a time (ISO 8601"),
        (header + "2021-02-28T12:00 CET,1,1,1,1\n", 2, 1, "expected a time (ISO 8601"),
        (header + "2021-02-28T12:00:00.0001Z,1,1,1,1\n", 2, 1, "expected a time (ISO 8601"),
        (header + "1584000000000001,1,1,1,1\n", 2, 1, "expected a time (ISO 8601"),
        (header + "0,5,4,6,5\n", 2, 5, "expected a high of at least the low 6, found 4"),
        (header + "0,5,4,3,4\n", 2, 3, "expected open from low 3 to high 4, found 5"),
        (header + "0,4,4,3,2.5\n", 2, 9, "expected close from low 3 to high 4, found 2.5"),
        (
            header + "60,1,1,1,1\n60,1,1,1,1\n", 3, 1,
            "expected a time after 1970-01-01T00:01:00Z, found it twice"
        ),
        (
            header + "60,1,1,1,1\n0,1,1,1,1\n", 3, 1,
            "expected a time after 1970-01-01T00:01:00Z, found 1970-01-01T00:00:00Z"
        ),
        ("Zeit,ä,time,open,high,low,close\na,ö,0,1,1,1,y", 2, 13, "expected a price above zero"),
        (header + "0,\"1,1,1,1\n", 2, 3, "expected a closing quote on the same line"),
        (header + "0,\"1\"2,1,1,1\n", 2, 6, "expected a comma after the closing quote"),
    ]

    @Test(arguments: wrong.indices)
    func says(_ index: Int) throws {
        let (text, line, column, message) = BarParserTests.wrong[index]
        let error = try #require(throws: CSVError.self) { try BarParser.bars(csv: text) }
        #expect(error.line == line)
        #expect(error.column == column)
        #expect(error.message.hasPrefix(message), "\(error)")
        #expect(error.description == "\(line):\(column): \(error.message)")
    }
}
