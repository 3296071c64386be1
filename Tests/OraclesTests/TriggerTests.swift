import ExactMath
import Oracles
import SeededRandom
import Testing

/// When a look at the market triggers a report.
@Suite struct TriggerTests {
    /// Equality triggers; one unit of the last decimal less does not. From 2000 USD, 0.5 % is 10
    /// USD.
    @Test(arguments: [
        (usd(2010), true), (usd(2010) - Price(raw: 1), false), (usd(2010) + Price(raw: 1), true),
        (usd(1990), true), (usd(1990) + Price(raw: 1), false), (usd(1990) - Price(raw: 1), true),
        (usd(2000), false), (usd(1), true), (usd(40_000), true),
    ])
    func deviationBoundary(price: Price, triggers: Bool) throws {
        var oracles = try oracles(feed())
        oracles.observe(at: start, prices: [usd(2000)])
        oracles.observe(at: at(12), prices: [price])
        let reports = oracles.published(until: at(12))
        #expect(reports.map(\.reason) == (triggers ? [.first, .deviation] : [.first]))
        #expect(reports.last?.price == (triggers ? price : usd(2000)))
    }

    /// A deviation that no price of this scale meets exactly: 0.5 % of 3 · 1e-8 USD is 1.5e-10.
    @Test func deviationOfTheSmallestPrices() throws {
        var oracles = try oracles(feed())
        oracles.observe(at: start, prices: [Price(raw: 3)])
        oracles.observe(at: at(12), prices: [Price(raw: 3)])
        oracles.observe(at: at(24), prices: [Price(raw: 4)])
        #expect(oracles.published(until: at(24)).map(\.observedAt) == [start, at(24)])
    }

    /// The move is measured from the last report that was triggered, whether or not it has left.
    @Test func deviationCountsFromTheLastTriggeredPrice() throws {
        var oracles = try oracles(feed { $0.latency = .fixed(TimeSpan(seconds: 600)) })
        let prices = [usd(2000), usd(2009), usd(2010), usd(2019), usd(2020), usd(2020, 500)]
        for (slot, price) in prices.enumerated() {
            oracles.observe(at: at(12 * Int64(slot)), prices: [price])
        }
        // 2020 is less than 0.5 % above 2010, which needs 2020.05.
        #expect(oracles.pending == 3)
        let reports = oracles.published(until: at(700))
        #expect(reports.map(\.price) == [usd(2000), usd(2010), usd(2020, 500)])
        #expect(reports.map(\.round) == [1, 2, 3])
        #expect(oracles.pending == 0)
    }

    @Test func quietFeedReportsOnTheHourExactly() throws {
        for mode in HeartbeatMode.allCases {
            let reports = run(
                try oracles(feed { $0.heartbeatMode = mode }), until: at(3 * 3600)
            ) { _ in usd(2000) }
            #expect(reports.map(\.observedAt) == [start, at(3600), at(7200), at(10_800)])
            #expect(reports.map(\.reason) == [.first, .heartbeat, .heartbeat, .heartbeat])
        }
    }

    /// A move at 30 minutes: the phase-locked chain goes on on the hour, the other one starts anew.
    @Test(arguments: [
        (HeartbeatMode.phaseLocked, [0, 1800, 3600, 7200] as [Int64]),
        (HeartbeatMode.resetOnUpdate, [0, 1800, 5400, 9000]),
    ])
    func heartbeatAfterADeviationRound(mode: HeartbeatMode, expected: [Int64]) throws {
        let reports = run(try oracles(feed { $0.heartbeatMode = mode }), until: at(9000)) {
            $0 < at(1800) ? usd(2000) : usd(2020)
        }
        #expect(reports.map(\.observedAt) == expected.map(at))
        #expect(reports.map(\.reason) == [.first, .deviation, .heartbeat, .heartbeat])
    }

    /// The interval does not divide the heartbeat: looks are late, but the locked phase never
    /// drifts.
    @Test(arguments: [
        (HeartbeatMode.phaseLocked, [0, 3605, 7203, 10_801, 14_406] as [Int64]),
        (HeartbeatMode.resetOnUpdate, [0, 3605, 7210, 10_815, 14_420]),
    ])
    func heartbeatBetweenLooks(mode: HeartbeatMode, expected: [Int64]) throws {
        let configured = feed {
            $0.heartbeatMode = mode
            $0.interval = TimeSpan(seconds: 7)
        }
        let reports = run(try oracles(configured), until: at(14_425)) { _ in usd(2000) }
        #expect(reports.map(\.observedAt) == expected.map(at))
    }

    /// A move on the hour is one report, named after the move, and it serves the heartbeat too.
    @Test(arguments: HeartbeatMode.allCases)
    func moveAndHeartbeatTogether(mode: HeartbeatMode) throws {
        let reports = run(try oracles(feed { $0.heartbeatMode = mode }), until: at(7200)) {
            $0 < at(3600) ? usd(2000) : usd(2020)
        }
        #expect(reports.map(\.observedAt) == [start, at(3600), at(7200)])
        #expect(reports.map(\.reason) == [.first, .deviation, .heartbeat])
    }

    @Test func eitherTriggerCanBeOff() throws {
        let onlyHeartbeat = run(try oracles(feed { $0.deviation = .zero }), until: at(7300)) {
            usd($0 < at(60) ? 2000 : 1000)
        }
        #expect(onlyHeartbeat.map(\.reason) == [.first, .heartbeat, .heartbeat])
        let onlyDeviation = run(try oracles(feed { $0.heartbeat = .zero }), until: at(90_000)) {
            usd($0 < at(60) ? 2000 : 1000)
        }
        #expect(onlyDeviation.map(\.reason) == [.first, .deviation])
        #expect(onlyDeviation.map(\.observedAt) == [start, at(60)])
    }

    /// A jump is one report at the new price: there is no catching up on the grid of 0.5 %.
    @Test func jumpIsOneReport() throws {
        let reports = run(try oracles(feed()), until: at(120)) {
            usd($0 < at(60) ? 2000 : 1500)
        }
        #expect(reports.map(\.price) == [usd(2000), usd(1500)])
    }

    /// An outage hides the move and the heartbeat; its end is the first look that sees again.
    @Test func outage() throws {
        let blind = Outage(from: at(60), until: at(5 * 3600 + 1))
        let reports = run(try oracles(feed { $0.outages = [blind] }), until: at(6 * 3600)) {
            usd($0 < at(60) ? 2000 : 1900)
        }
        #expect(reports.map(\.observedAt) == [start, at(5 * 3600 + 12), at(6 * 3600)])
        #expect(reports.map(\.reason) == [.first, .deviation, .heartbeat])
    }

    @Test(arguments: [
        (HeartbeatMode.phaseLocked, [0, 9000, 10_800] as [Int64]),
        (HeartbeatMode.resetOnUpdate, [0, 9000, 12_600]),
    ])
    func heartbeatMissedInAnOutage(mode: HeartbeatMode, expected: [Int64]) throws {
        let configured = feed {
            $0.heartbeatMode = mode
            $0.outages = [Outage(from: at(1), until: at(9000))]
        }
        let reports = run(try oracles(configured), until: at(12_600)) { _ in usd(2000) }
        #expect(reports.prefix(3).map(\.observedAt) == expected.map(at))
        #expect(reports.dropFirst().allSatisfy { $0.reason == .heartbeat })
    }

    /// An outage at the start delays the first report, and its bounds are [from, until).
    @Test func outageAtTheStart() throws {
        let blind = Outage(from: start, until: at(24))
        let reports = run(try oracles(feed { $0.outages = [blind] }), until: at(3600)) {
            _ in usd(2000)
        }
        #expect(reports.map(\.observedAt) == [at(24), at(3600)])
        #expect(reports.map(\.reason) == [.first, .heartbeat])
    }

    /// Looks fall on the start plus multiples of the interval, however the caller steps.
    @Test func looksAreOnTheGrid() throws {
        var oracles = try oracles(feed())
        #expect(oracles.nextDue == start)
        oracles.observe(at: at(5), prices: [usd(2000)])
        #expect(oracles.nextDue == at(12))
        oracles.observe(at: at(11), prices: [usd(3000)])
        #expect(oracles.nextDue == at(12))
        oracles.observe(at: at(40), prices: [usd(4000)])
        #expect(oracles.nextDue == at(48))
        #expect(oracles.published(until: at(40)).map(\.observedAt) == [at(5), at(40)])
    }

    @Test func nextDueIsThatOfTheEarliestFeed() throws {
        var oracles = try oracles(
            feed("SLOW") { $0.interval = TimeSpan(seconds: 30) }, feed("FAST"))
        oracles.observe(at: start, prices: [usd(2000)])
        #expect(oracles.nextDue == at(12))
        oracles.observe(at: at(12), prices: [usd(2000)])
        #expect(oracles.nextDue == at(24))
        oracles.observe(at: at(24), prices: [usd(2000)])
        #expect(oracles.nextDue == at(30))
    }

    @Test func withoutFeedsThereIsNothingToDo() throws {
        var none = try Oracles(feeds: [], start: start, random: RandomSource(seed: 1))
        none.observe(at: start, prices: [])
        #expect(none.nextDue == nil)
        #expect(none.published(until: at(1)).isEmpty)
    }

    /// The half-width is rounded away from certainty.
    @Test(arguments: [
        (usd(2000), Ratio(basisPoints: 10), usd(2)), (usd(2000), Ratio.zero, Price.zero),
        (Price(raw: 1001), Ratio(basisPoints: 10), Price(raw: 2)),
        (usd(2000), Ratio.one, usd(2000)),
    ])
    func confidence(price: Price, confidence: Ratio, halfWidth: Price) throws {
        let reports = run(try oracles(feed { $0.confidence = confidence }), until: start) {
            _ in price
        }
        #expect(reports.map(\.confidence) == [halfWidth])
    }
}
