import ExactMath
import Oracles
import SeededRandom
import Testing

/// Which configurations are refused, and with what words.
@Suite struct PriceFeedTests {
    typealias Change = @Sendable (inout PriceFeed) -> Void

    /// One change that spoils a good feed, and what is said about it.
    static let refused: [(change: Change, message: String)] = [
        ({ $0.name = "" }, "feed \"\": name: expected a name"),
        ({ $0.asset = -1 }, "feed \"ETH\": asset: -1 is below 0"),
        (
            { $0.deviation = Ratio(raw: -1) },
            "feed \"ETH\": deviation: -0.00000001 is outside 0...1"
        ),
        (
            { $0.deviation = Ratio(percent: 101) },
            "feed \"ETH\": deviation: 1.01 is outside 0...1"
        ),
        (
            {
                $0.deviation = .zero
                $0.heartbeat = .zero
            },
            "feed \"ETH\": deviation: expected a positive deviation or a heartbeat"
        ),
        (
            { $0.interval = .zero },
            "feed \"ETH\": interval: 0 ms is outside 1...31536000000 ms"
        ),
        (
            { $0.heartbeat = TimeSpan(seconds: 11) },
            "feed \"ETH\": heartbeat: 11000 ms is outside 12000...31536000000 ms"
        ),
        (
            { $0.heartbeat = TimeSpan(seconds: -1) },
            "feed \"ETH\": heartbeat: -1000 ms is outside 12000...31536000000 ms"
        ),
        ({ $0.noise = Ratio(raw: -1) }, "feed \"ETH\": noise: -0.00000001 is outside 0...0.1"),
        ({ $0.noise = Ratio(percent: 11) }, "feed \"ETH\": noise: 0.11 is outside 0...0.1"),
        (
            { $0.latency = .fixed(TimeSpan(milliseconds: -1)) },
            "feed \"ETH\": latency: -1 ms is outside 0...31536000000 ms"
        ),
        (
            { $0.latency = .uniform(TimeSpan(seconds: -1), hour) },
            "feed \"ETH\": latency.shortest: -1000 ms is outside 0...31536000000 ms"
        ),
        (
            { $0.latency = .uniform(hour, TimeSpan(seconds: 1)) },
            "feed \"ETH\": latency.longest: 1000 ms is outside 3600000...31536000000 ms"
        ),
        (
            { $0.latency = .exponential(mean: .year + TimeSpan(milliseconds: 1)) },
            "feed \"ETH\": latency.mean: 31536000001 ms is outside 0...31536000000 ms"
        ),
        (
            { $0.latency = .lognormal(median: TimeSpan(seconds: -1), sigma: .one) },
            "feed \"ETH\": latency.median: -1000 ms is outside 0...31536000000 ms"
        ),
        (
            { $0.latency = .lognormal(median: hour, sigma: Ratio(percent: 201)) },
            "feed \"ETH\": latency.sigma: 2.01 is outside 0...2"
        ),
        (
            { $0.latency = .pareto(minimum: .zero, shape: .one, maximum: hour) },
            "feed \"ETH\": latency.minimum: 0 ms is outside 1...31536000000 ms"
        ),
        (
            { $0.latency = .pareto(minimum: hour, shape: .zero, maximum: hour) },
            "feed \"ETH\": latency.shape: 0 is outside 0.1...20"
        ),
        (
            { $0.latency = .pareto(minimum: hour, shape: .one, maximum: .zero) },
            "feed \"ETH\": latency.maximum: 0 ms is outside 3600000...31536000000 ms"
        ),
        (
            { $0.confidence = Ratio(percent: -1) },
            "feed \"ETH\": confidence: -0.01 is outside 0...1"
        ),
        (
            {
                $0.outages = [
                    Outage(from: start, until: at(1)), Outage(from: at(1), until: at(1)),
                ]
            },
            "feed \"ETH\": outages[1]: from 2023-11-14T22:13:21Z is not before until "
                + "2023-11-14T22:13:21Z"
        ),
        (
            { $0.extraLatency = [LatencyFault(from: at(1), until: start, extra: .zero)] },
            "feed \"ETH\": extraLatency[0]: from 2023-11-14T22:13:21Z is not before until "
                + "2023-11-14T22:13:20Z"
        ),
        (
            {
                $0.extraLatency = [
                    LatencyFault(from: start, until: at(1), extra: TimeSpan(milliseconds: -1))
                ]
            },
            "feed \"ETH\": extraLatency[0].extra: -1 ms is outside 0...31536000000 ms"
        ),
        ({ $0.reporters = 0 }, "feed \"ETH\": reporters: 0 is outside 1...255"),
        ({ $0.reporters = 256 }, "feed \"ETH\": reporters: 256 is outside 1...255"),
    ]

    @Test(arguments: refused.indices)
    func refusals(row: Int) {
        let (change, message) = Self.refused[row]
        do {
            _ = try oracles(feed("ETH", change))
            Issue.record("accepted, expected: \(message)")
        } catch {
            #expect("\(error)" == message)
        }
    }

    @Test func namesAreUnique() {
        #expect(throws: OracleError(feed: "ETH", field: "name", problem: .duplicate)) {
            try oracles(feed(), feed("BTC"), feed())
        }
    }

    /// The extremes of every field are accepted, and arithmetic holds there.
    @Test(
        arguments: [
            .fixed(.year), .uniform(.zero, .year), .uniform(hour, hour),
            .exponential(mean: .zero), .exponential(mean: .year),
            .lognormal(median: .zero, sigma: .zero),
            .lognormal(median: .year, sigma: Ratio(percent: 200)),
            .pareto(minimum: TimeSpan(milliseconds: 1), shape: Ratio(percent: 10), maximum: .year),
            .pareto(
                minimum: TimeSpan(milliseconds: 1), shape: Ratio(percent: 2000), maximum: .year),
            .pareto(minimum: .year, shape: Ratio(percent: 2000), maximum: .year),
        ] as [Latency])
    func limits(latency: Latency) throws {
        let configured = feed {
            $0.noise = Ratio(percent: 10)
            $0.latency = latency
            $0.confidence = .one
            $0.reporters = 255
            $0.extraLatency = [LatencyFault(from: start, until: at(60), extra: .year)]
        }
        for price in [Price(raw: 1), usd(2000), Price(raw: .max / 2)] {
            let reports = run(try oracles(configured), until: start) { _ in price }
            #expect(!reports.isEmpty)
            #expect(reports.allSatisfy { $0.price.isPositive && $0.confidence == $0.price })
            #expect(reports.allSatisfy { $0.publishedAt - $0.observedAt >= .year })
        }
    }
}
