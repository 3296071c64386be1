import ExactMath
import Markets
import Testing

/// Other people's files: read, checked, and written in our form.
struct SeriesImportTests {
    private func error(_ text: String, gas: Bool = false) -> String? {
        do throws(CSVError) {
            _ = try gas ? SeriesImport.gas(csv: text) : SeriesImport.prices(csv: text)
            return nil
        } catch {
            return "\(error)"
        }
    }

    static let compact = """
        time,open,high,low,close
        2020-03-12T00:00:00Z,195.21,195.43,194.38,194.52
        2020-03-12T00:10:00Z,193.56,194.24,193.56,193.93

        """

    /// Open times in seconds, milliseconds and microseconds, with and without a header.
    @Test(arguments: [
        """
        1583971200000,195.21,195.43,194.38,194.52,69.6,1583971799999,1,27,1,1,0
        1583971800000,193.56,194.24,193.56,193.93,127.2,1583972399999,1,14,1,1,0
        """,
        """
        1583971200000000,195.21,195.43,194.38,194.52,69.6,1583971799999999,1,27,1,1,0
        1583971800000000,193.56,194.24,193.56,193.93,127.2,1583972399999999,1,14,1,1,0
        """,
        """
        open_time,open,high,low,close,volume
        1583971200,195.21,195.43,194.38,194.52,69.6
        1583971800,193.56,194.24,193.56,193.93,127.2
        """,
        """
        Date,Close,Low,High,Open
        2020-03-12 01:00:00+01:00,194.52,194.38,195.43,195.21
        2020-03-12 01:10:00+01:00,193.93,193.56,194.24,193.56
        """,
    ]) func klines(_ text: String) throws {
        let series = try SeriesImport.prices(csv: text)
        #expect(series.text == Self.compact)
        #expect(series.form == .bars && series.rows == 2 && series.notes.isEmpty)
        #expect(series.interval == TimeSpan(seconds: 600))
        #expect(try BarParser.bars(csv: series.text).count == 2)
        #expect(try SeriesImport.prices(csv: series.text) == series)
    }

    @Test func roundsOfAChainlinkDump() throws {
        let text = """
            phase,aggregator_round,answer_1e8,started_at,updated_at
            6,1,190818855732,1680734315,1680734315
            6,2,191240000000,1680737963,1680737963
            6,2,191240000000,1680737963,1680737963
            6,3,190265225000,1680739739,1680739739
            """
        let series = try SeriesImport.prices(csv: text)
        #expect(
            series.text == """
                time,price
                2023-04-05T22:38:35Z,1908.18855732
                2023-04-05T23:39:23Z,1912.4
                2023-04-06T00:08:59Z,1902.65225

                """)
        #expect(series.form == .rounds && series.rows == 3)
        #expect(
            series.notes == [.init(line: 4, message: "the round before, once more: left out")])
        #expect(try SeriesImport.prices(csv: series.text).text == series.text)
        #expect(try SeriesParser.points(csv: series.text).count == 3)
    }

    @Test func decimalsOfAnswers() throws {
        let text = "updatedAt,answer\n1680734315,1908188557320000000000\n"
        let series = try SeriesImport.prices(
            csv: text, SeriesImport.Options(decimals: 18))
        #expect(series.text == "time,price\n2023-04-05T22:38:35Z,1908.18855732\n")
        let six = try SeriesImport.prices(
            csv: "updatedAt,answer\n1680734315,1908188557\n", SeriesImport.Options(decimals: 6))
        #expect(six.text == "time,price\n2023-04-05T22:38:35Z,1908.188557\n")
    }

    @Test func gaps() throws {
        let minutes = [0, 1, 2, 3, 7, 8, 8 * 60 + 9, 8 * 60 + 10]
        let rows = minutes.map { "\(1_583_971_200 + $0 * 60),100,100,100,100" }
        let series = try SeriesImport.prices(
            csv: "time,open,high,low,close\n" + rows.joined(separator: "\n"))
        #expect(series.interval == TimeSpan(seconds: 60))
        #expect(
            series.notes == [
                .init(
                    line: 6, message: "a gap: 3 rows are missing after 2020-03-12T00:03:00Z"),
                .init(
                    line: 8, message: "a gap: 480 rows are missing after 2020-03-12T00:08:00Z"),
            ])
    }

    @Test func anotherTimeZone() throws {
        let rows = (0..<4).map { "2020-03-\(12 + $0)T05:00:00Z,100,100,100,100" }
        let series = try SeriesImport.prices(
            csv: "time,open,high,low,close\n" + rows.joined(separator: "\n"))
        #expect(
            series.notes.map(\.message) == [
                "bars of 86400 s do not begin at multiples of it in UTC, but as at 2020-03-12T05:00:00Z: is the time zone right?"
            ])
    }

    static let refused: [(text: String, message: String)] = [
        ("", "1:1: expected a header or bars, found no text"),
        (
            "time,open,high,low,close\n1583971200,1,1,1,1\n1583971200,1,1,1,1\n",
            "3:1: expected a time after 2020-03-12T00:00:00Z, found it twice"
        ),
        (
            "time,open,high,low,close\n1583971200,100,100,100,100\n1583971800,100,200,100,161\n",
            "3:24: from 100 to 161 at once is more than a move of 60 %: wrong units, or a larger --max-move"
        ),
        (
            "time,open,high,low,close\n1583971200,100,100,100,100\n1583971800,1,1,1,1\n",
            "3:18: from 100 to 1 at once is more than a move of 60 %: wrong units, or a larger --max-move"
        ),
        (
            "updated_at,answer\n1680734315,190818855732\n1680734300,190818855733\n",
            "3:1: expected a time after 2023-04-05T22:38:35Z, found 2023-04-05T22:38:20Z: rounds are sorted from old to new"
        ),
        (
            "updated_at,answer\n1680734315,190818855732\n1680737963,19081885573\n",
            "3:12: from 1908.18855732 to 190.81885573 at once is more than a move of 60 %: wrong units, or a larger --max-move"
        ),
        ("updated_at,answer\n1680734315,0\n", "2:12: expected an answer above zero, found \"0\""),
        ("updated_at,answer\nsoon,5\n", "2:1: expected a time, found \"soon\""),
        ("updated_at,answer\n1680734315\n", "2:11: expected 2 fields, found 1"),
        ("updated_at,answer\n", "1:1: expected rounds after the header, found none"),
    ]

    @Test(arguments: refused) func places(_ text: String, _ message: String) {
        #expect(error(text) == message)
    }

    @Test func aLargerMoveMayBeAllowed() throws {
        let text = "updated_at,answer\n1680734315,10000000000\n1680737963,16100000000\n"
        let options = SeriesImport.Options(largestMove: Ratio(percent: 61))
        #expect(try SeriesImport.prices(csv: text, options).rows == 2)
    }

    /// As on 2023-04-19T08:12:11Z in Chainlink's ETH/USD.
    @Test func ofTwoRoundsInABlockTheLaterStands() throws {
        let text = "updated_at,answer\n1680734315,190818855732\n1680734315,190818855733\n"
        let series = try SeriesImport.prices(csv: text)
        #expect(series.text == "time,price\n2023-04-05T22:38:35Z,1908.18855733\n")
        #expect(series.notes.map(\.line) == [3])
    }

    @Test func gas() throws {
        let text = """
            time_utc,tx_count,avg_gwei,p30_gwei,p60_gwei,p90_gwei,p100_gwei
            2020-03-12T00:00:00Z,4141,9.9,4.527,6.925,30.0,300.0
            2020-03-12T00:10:00Z,4284,9.965,2.059,6.0,30.0,2427.411
            """
        let series = try SeriesImport.gas(csv: text)
        #expect(
            series.text == """
                time,p30,p60,p90,transactions
                2020-03-12T00:00:00Z,4.527,6.925,30,4141
                2020-03-12T00:10:00Z,2.059,6,30,4284

                """)
        #expect(try SeriesImport.gas(csv: series.text) == series)
        #expect(
            error("time,tx_count,p30,p60,p90\n1583971200,1,5,4,6\n", gas: true)
                == "2:16: expected at least the lower percentile of 5, found 4")
        #expect(
            error("time,tx_count,p30,p60\n", gas: true)
                == "1:1: expected a column named p90_gwei, or p90, found time, tx_count, p30, p60")
    }
}
