import ExactMath
import MarginRules
import Testing

@Suite struct FundingPaymentTests {
    /// bitmex.com/app/perpetualContractsGuideExamples; bmx-fund-1: long 15,000 XBTUSD at 750.
    @Test func inverseContract() throws {
        let contracts = Money(whole: 15_000)
        let value = try contracts.quantity(at: Price(whole: 750), rounding: .down)
        #expect(value == Quantity(whole: 20))
        let day = TimeSpan(seconds: 86_400)
        let rate = try FundingRate.prorated(
            try Figures.fixed("0.01") - Figures.fixed("0.0025"), from: day,
            to: TimeSpan(seconds: 28_800), rounding: .nearest)
        #expect(rate == (try Figures.fixed("0.0025")))
        let funding = try FundingPayment.received(value: value, rate: rate)
        #expect(funding == (try Figures.quantity("-0.05")))
        let exit = try contracts.quantity(at: Price(whole: 800), rounding: .up)
        #expect(value - exit == (try Figures.quantity("1.25")))
        #expect(value - exit + funding == (try Figures.quantity("1.2")))
    }

    /// freqtrade/freqtrade @c9ae5e1e tests/exchange/test_exchange.py::test_calculate_funding_fees;
    /// ft-fund-1, -2 and -4.
    @Test func shortReceives() throws {
        let rows: [(id: String, mark: Price?, rate: String, received: String)] = [
            ("ft-fund-1", Price(whole: 2), "0.0001", "0.002"),
            ("ft-fund-2", Price(whole: 2), "0.0002", "0.004"),
            ("ft-fund-4", nil, "0.0002", "0"),
        ]
        for row in rows {
            let rate = try Figures.fixed(row.rate)
            let short = try FundingPayment.received(
                size: Quantity(whole: -10), mark: row.mark, rate: rate)
            #expect(short == (try Figures.money(row.received)), "\(row.id)")
            let long = try FundingPayment.received(
                size: Quantity(whole: 10), mark: row.mark, rate: rate)
            #expect(long == -short, "\(row.id)")
        }
    }

    @Test func payerPaysUpAndReceiverGetsDown() throws {
        let rate = try Figures.fixed("0.000000001")
        let size = Quantity(whole: 1)
        let mark = Price(raw: 150_000_000)
        // 0.15 of a unit of the last decimal.
        #expect(try FundingPayment.received(size: size, mark: mark, rate: rate) == Money(raw: -1))
        #expect(try FundingPayment.received(size: -size, mark: mark, rate: rate) == .zero)
        #expect(try FundingPayment.received(value: Money(whole: 1), rate: -rate) == .zero)
        #expect(try FundingPayment.received(value: Money(whole: 1), rate: rate) == Money(raw: -1))
        #expect(throws: ArithmeticOverflow.self) {
            try FundingPayment.received(
                size: Quantity(raw: .max), mark: Price(raw: .max), rate: .one)
        }
    }

    /// okx.com/help/360053909272: the account is left with its maintenance margin and liquidation
    /// fee.
    @Test func chargeStopsAtTheRequirement() throws {
        let rows: [(charge: Int64, equity: Int64, requirement: Int64, charged: Int64)] = [
            (10, 100, 50, 10), (10, 60, 50, 10), (10, 55, 50, 5), (10, 50, 50, 0), (10, 40, 50, 0),
            (0, 100, 50, 0), (10, -5, 0, 0),
        ]
        for row in rows {
            #expect(
                try FundingPayment.limited(
                    charge: Money(raw: row.charge), equity: Money(raw: row.equity),
                    requirement: Money(raw: row.requirement)) == Money(raw: row.charged), "\(row)")
        }
    }
}

@Suite struct FundingScheduleTests {
    private let hours8 = TimeSpan(seconds: 28_800)

    /// freqtrade/freqtrade @c9ae5e1e tests/exchange/test_exchange.py::
    /// test__fetch_and_calculate_funding_fees; ft-fund-5, ft-fund-8, ft-fund-9,
    /// ft-fund-10, ft-fund-11, ft-fund-13, ft-fund-15. A short of 30 at
    /// 2.77.
    @Test func whichTimesAPositionPays() throws {
        let midnight = try Figures.date(2021, 9, 1)
        let eight = try Figures.date(2021, 9, 1, 8)
        let rates = [
            (midnight, try Figures.fixed("-0.000008")), (eight, try Figures.fixed("-0.000003")),
        ]
        let binance = FundingSchedule(interval: hours8, grace: TimeSpan(seconds: 15))
        let gate = FundingSchedule(interval: hours8)
        typealias Row = (
            id: String, schedule: FundingSchedule, opened: Timestamp, closed: Timestamp,
            received: String
        )
        let rows: [Row] = [
            (
                "5", binance, try Figures.date(2021, 9, 1, 1), try Figures.date(2021, 9, 1, 4), "0"
            ),
            ("8", binance, try Figures.date(2021, 9, 1, 1, 0, 14), eight, "-0.0002493"),
            ("9", binance, try Figures.date(2021, 9, 1, 0, 0, 16), eight, "-0.0002493"),
            ("10", binance, midnight, try Figures.date(2021, 9, 1, 7, 59, 59), "-0.0006648"),
            ("11", binance, midnight, try Figures.date(2021, 9, 1, 12), "-0.0009141"),
            ("13", binance, try Figures.date(2021, 8, 31, 23, 58), eight, "-0.0009141"),
            ("15", gate, try Figures.date(2021, 9, 1, 0, 0, 1), eight, "-0.0002493"),
            // The edge of the 15 seconds, and a venue that charges at the moment itself.
            (
                "14.999 s", binance,
                try Figures.date(2021, 9, 1, 0, 0, 14, milliseconds: 999),
                midnight
                    + TimeSpan(seconds: 60), "-0.0006648"
            ),
            (
                "15 s", binance, try Figures.date(2021, 9, 1, 0, 0, 15),
                midnight + TimeSpan(seconds: 60), "0"
            ),
            ("gate at midnight", gate, midnight, midnight, "-0.0006648"),
        ]
        for row in rows {
            var received = Money.zero
            for time in row.schedule.settlements(from: row.opened, through: row.closed) {
                for (moment, rate) in rates where moment == time {
                    received += try FundingPayment.received(
                        size: Quantity(whole: -30), mark: try Figures.price("2.77"), rate: rate)
                }
            }
            #expect(received == (try Figures.money(row.received)), "\(row.id)")
        }
    }

    /// BitMEX settles at 04, 12 and 20 UTC.
    @Test func phase() throws {
        let schedule = FundingSchedule(interval: hours8, phase: TimeSpan(seconds: 4 * 3600))
        #expect(
            schedule.next(from: try Figures.date(2024, 1, 1)) == (try Figures.date(2024, 1, 1, 4)))
        #expect(
            schedule.next(from: try Figures.date(2024, 1, 1, 4))
                == (try Figures.date(2024, 1, 1, 4)))
        #expect(
            schedule.next(from: try Figures.date(2024, 1, 1, 20, 0, 0, milliseconds: 1))
                == (try Figures.date(2024, 1, 2, 4)))
        #expect(
            schedule.next(from: try Figures.date(1969, 12, 31, 21))
                == (try Figures.date(1970, 1, 1, 4)))
        #expect(
            schedule.settlements(
                from: try Figures.date(2024, 1, 1), through: try Figures.date(2024, 1, 2)
            ).count == 3)
    }

    /// drift-labs/protocol-v2 programs/drift/src/math/funding/tests.rs unsettled_funding_pnl (now 0
    /// and 3600; drift-funding-on-hour-2), and the branches of math/helpers.rs on_the_hour_update.
    @Test func onTheHour() {
        let rule = OnTheHourUpdate(period: TimeSpan(seconds: 3600))
        let rows: [(now: Int64, last: Int64, wait: Int64)] = [
            (0, 0, 3600), (3600, 0, 0), (3599, 0, 1), (9000, 0, 0),
            // Up to 20 minutes late: the next hour. Later: the one after.
            (4000, 3700, 3200), (4800, 4800, 2400), (4801, 4801, 5999), (7200, 4801, 3600),
            (10_800, 4801, 0), (7199, 7199, 3601),
        ]
        for row in rows {
            let wait = rule.wait(
                now: Timestamp(milliseconds: row.now * 1000),
                last: Timestamp(milliseconds: row.last * 1000))
            #expect(wait == TimeSpan(seconds: row.wait), "\(row)")
        }
        let second = OnTheHourUpdate(period: TimeSpan(seconds: 1))
        #expect(
            second.wait(
                now: Timestamp(milliseconds: 5000), last: Timestamp(milliseconds: 4000)) == .zero)
    }
}
