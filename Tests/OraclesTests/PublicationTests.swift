import ExactMath
import Oracles
import SeededRandom
import Testing

/// When reports become ready, and in which order they are handed out.
@Suite struct PublicationTests {
    @Test func reportsWaitForTheirLatency() throws {
        var oracles = try oracles(feed { $0.latency = .fixed(TimeSpan(seconds: 60)) })
        oracles.observe(at: start, prices: [usd(2000)])
        #expect(oracles.pending == 1)
        #expect(oracles.published(until: at(60) - TimeSpan(milliseconds: 1)).isEmpty)
        let reports = oracles.published(until: at(60))
        #expect(
            reports == [
                Report(
                    feed: 0, round: 1, price: usd(2000), confidence: .zero, reason: .first,
                    observedAt: start, publishedAt: at(60))
            ])
        #expect(oracles.pending == 0)
        #expect(oracles.published(until: at(9999)).isEmpty)
    }

    /// Faults delay what is observed inside [from, until), and add up.
    @Test(
        arguments: [
            (59, 5), (60, 95), (119, 95), (120, 105), (179, 105), (180, 15), (239, 15), (240, 5),
        ] as [(Int64, Int64)])
    func faults(observed: Int64, latency: Int64) throws {
        let configured = feed {
            $0.interval = TimeSpan(seconds: 1)
            $0.latency = .fixed(TimeSpan(seconds: 5))
            $0.extraLatency = [
                LatencyFault(from: at(60), until: at(180), extra: TimeSpan(seconds: 90)),
                LatencyFault(from: at(120), until: at(240), extra: TimeSpan(seconds: 10)),
            ]
        }
        let reports = run(try oracles(configured), until: at(observed)) {
            usd($0 < at(observed) ? 2000 : 2100)
        }
        let moved = try #require(reports.first { $0.reason == .deviation })
        #expect(moved.observedAt == at(observed))
        #expect(moved.publishedAt == at(observed + latency))
    }

    /// A round caught in a fault leaves after its successor: both times tell.
    @Test func laterRoundsMayLeaveFirst() throws {
        let configured = feed {
            $0.extraLatency = [
                LatencyFault(from: at(12), until: at(24), extra: TimeSpan(seconds: 100))
            ]
        }
        let reports = run(try oracles(configured), until: at(24)) {
            usd(2000 + ($0 - start).milliseconds / 1000)
        }
        #expect(reports.map(\.round) == [1, 3, 2])
        #expect(reports.map(\.observedAt) == [start, at(24), at(12)])
        #expect(reports.map(\.publishedAt) == [start, at(24), at(112)])
    }

    @Test func randomLatencyReordersRounds() throws {
        let configured = feed { $0.latency = .exponential(mean: TimeSpan(seconds: 120)) }
        let reports = run(try oracles(configured), until: at(36_000), price: wave)
        #expect(reports.map(\.round) != reports.map(\.round).sorted())
        #expect(reports.map(\.round).sorted() == Array(1...Int64(reports.count)))
        #expect(reports == reports.sorted())
        #expect(reports.allSatisfy { $0.publishedAt >= $0.observedAt })
    }

    /// Handing out reports in steps gives what handing them out at once gives.
    @Test func stepsDoNotMatter() throws {
        let feeds = [
            feed("A") { $0.latency = .exponential(mean: TimeSpan(seconds: 40)) },
            feed("B") { $0.latency = .uniform(.zero, TimeSpan(seconds: 90)) },
            feed("C"),
        ]
        var stepped = try Oracles(feeds: feeds, start: start, random: RandomSource(seed: 9))
        let atOnce = run(stepped, until: at(7200), price: wave)
        var collected: [Report] = []
        for second in Int64(0)...7200 {
            stepped.observe(at: at(second), prices: [wave(at(second))])
            let reports = stepped.published(until: at(second))
            #expect(reports.allSatisfy { $0.publishedAt <= at(second) })
            collected += reports
        }
        #expect(stepped.pending > 0)
        collected += stepped.published(until: Timestamp(milliseconds: .max))
        #expect(collected == atOnce)
    }

    /// Publication time comes first, then the feed, then the round.
    @Test func totalOrder() {
        func report(_ second: Int64, _ feed: Int, _ round: Int64) -> Report {
            Report(
                feed: feed, round: round, price: usd(1), confidence: .zero, reason: .heartbeat,
                observedAt: start, publishedAt: at(second))
        }
        let ordered = [
            report(0, 5, 9), report(1, 0, 8), report(1, 1, 1), report(1, 1, 2), report(1, 2, 1),
            report(2, 0, 1),
        ]
        #expect(ordered.reversed().sorted() == ordered)
        for (a, b) in zip(ordered, ordered.dropFirst()) { #expect(a < b && !(b < a)) }
    }

    @Test func simultaneousFeedsKeepTheirOrder() throws {
        var oracles = try oracles(feed("B"), feed("A"), feed("C"))
        oracles.observe(at: start, prices: [usd(2000)])
        #expect(oracles.published(until: start).map(\.feed) == [0, 1, 2])
    }

    /// Two reports become ready together, that of the second feed having been triggered earlier.
    @Test func simultaneousReportsOfDifferentLooks() throws {
        var oracles = try oracles(
            feed("LATE") { $0.outages = [Outage(from: start, until: at(12))] },
            feed("SLOW") { $0.latency = .fixed(TimeSpan(seconds: 12)) })
        oracles.observe(at: start, prices: [usd(2000)])
        oracles.observe(at: at(12), prices: [usd(2000)])
        let reports = oracles.published(until: at(12))
        #expect(reports.map(\.feed) == [0, 1])
        #expect(reports.map(\.observedAt) == [at(12), start])
        #expect(reports.map(\.publishedAt) == [at(12), at(12)])
    }

    /// The report is ready with the (n / 2 + 1)-th of n reporters, each with a stream of its own.
    @Test(arguments: 1...6)
    func quorum(reporters: Int) throws {
        let kind = Latency.exponential(mean: TimeSpan(seconds: 30))
        let configured = feed {
            $0.reporters = reporters
            $0.latency = kind
        }
        let reports = run(try oracles(configured, seed: 5), until: at(7200), price: wave)
            .sorted { $0.round < $1.round }
        #expect(reports.count > 20)
        var streams = (0..<reporters).map {
            RandomSource(seed: 5).stream("oracle/ETH/latency/\($0)")
        }
        for report in reports {
            let delays = streams.indices.map { kind.sample(&streams[$0]) }.sorted()
            #expect(report.publishedAt - report.observedAt == delays[reporters / 2 + 1 - 1])
        }
    }
}
