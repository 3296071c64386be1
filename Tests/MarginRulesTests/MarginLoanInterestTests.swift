import ExactMath
import MarginRules
import Testing

@Suite struct MarginLoanInterestTests {
    private let day = TimeSpan(seconds: 86_400)

    /// freqtrade/freqtrade @c9ae5e1e tests/leverage/test_interest.py::test_interest; int-1 to
    /// int-7.
    @Test func startedPeriods() throws {
        func binance(_ rate: String) throws -> MarginLoanInterest {
            MarginLoanInterest(
                rate: try Figures.fixed(rate), ratePeriod: day, counting: .started(opening: 0))
        }
        func kraken(_ rate: String) throws -> MarginLoanInterest {
            let fourHours = TimeSpan(seconds: 14_400)
            return MarginLoanInterest(
                rate: try Figures.fixed(rate), ratePeriod: fourHours, billingPeriod: fourHours,
                counting: .started(opening: 1))
        }
        let rows: [(id: String, rule: MarginLoanInterest, minutes: Int64, interest: String)] = [
            ("int-1", try binance("0.0005"), 10, "0.00125"),
            ("int-2", try binance("0.00025"), 10, "0.000625"),
            ("int-3", try binance("0.00025"), 300, "0.003125"),
            ("int-4", try binance("0.00025"), 1500, "0.015625"),
            ("int-5", try kraken("0.0005"), 10, "0.06"),
            ("int-6", try kraken("0.00025"), 10, "0.03"),
            ("int-7", try kraken("0.00025"), 300, "0.045"),
        ]
        for row in rows {
            let start = try Figures.date(2021, 9, 1, 13, 20)
            let periods = row.rule.periods(
                borrowed: start, repaid: start + TimeSpan(seconds: row.minutes * 60))
            let interest = try row.rule.interest(on: Quantity(whole: 60), periods: periods)
            #expect(interest == (try Figures.quantity(row.interest)), "\(row.id)")
        }
    }

    /// Binance "Cross Margin Trading Guide" (360041505471): 13:20 to 14:15 at 0.001 % an hour is
    /// two hours, 0.02 of 1,000.
    @Test func clockHours() throws {
        let rule = MarginLoanInterest(
            rate: try Figures.fixed("0.00001"), ratePeriod: TimeSpan(seconds: 3600),
            counting: .clock)
        let periods = rule.periods(
            borrowed: try Figures.date(2024, 5, 1, 13, 20),
            repaid: try Figures.date(2024, 5, 1, 14, 15))
        #expect(periods == 2)
        #expect(
            try rule.interest(on: Money(whole: 1000), periods: periods) == Figures.money("0.02"))
        let rows: [(from: (Int64, Int64), to: (Int64, Int64), periods: Int64)] = [
            ((13, 20), (13, 20), 1), ((13, 20), (13, 59), 1), ((13, 20), (14, 0), 2),
            ((13, 0), (13, 59), 1), ((13, 0), (14, 0), 2), ((13, 59), (14, 1), 2),
            ((13, 20), (16, 10), 4),
        ]
        for row in rows {
            #expect(
                rule.periods(
                    borrowed: try Figures.date(2024, 5, 1, row.from.0, row.from.1),
                    repaid: try Figures.date(2024, 5, 1, row.to.0, row.to.1)) == row.periods,
                "\(row)")
        }
        // Before 1970 the hours count on.
        #expect(
            rule.periods(
                borrowed: Timestamp(milliseconds: -1), repaid: Timestamp(milliseconds: 1)) == 2)
    }

    @Test func startedIsNotClock() throws {
        let rule = MarginLoanInterest(rate: .zero, ratePeriod: day, counting: .started(opening: 0))
        let start = try Figures.date(2024, 5, 1, 13, 20)
        for (seconds, periods) in [(Int64(0), Int64(0)), (1, 1), (3300, 1), (3600, 1), (3601, 2)] {
            #expect(
                rule.periods(borrowed: start, repaid: start + TimeSpan(seconds: seconds)) == periods
            )
        }
    }

    @Test func roundsUp() throws {
        let rule = MarginLoanInterest(
            rate: Fixed18(raw: 1), ratePeriod: day, counting: .started(opening: 0))
        #expect(try rule.interest(on: Quantity(raw: 1), periods: 1) == Quantity(raw: 1))
        #expect(try rule.interest(on: Quantity.zero, periods: 5) == .zero)
        #expect(try rule.interest(on: Quantity(whole: 5), periods: 0) == .zero)
        #expect(throws: ArithmeticOverflow.self) {
            try rule.interest(on: Quantity(raw: 1), periods: .max)
        }
    }
}
