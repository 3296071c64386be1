import ExactMath
import Foundation
import Oracles
import Scenarios
import SeededRandom
import Testing

@testable import Calibration

/// What a feed was configured as comes out of its rounds.
@Suite struct FeedEstimateTests {
    struct Row: Sendable, CustomTestStringConvertible {
        var deviation: Int64
        var heartbeat: Int64
        var mode: HeartbeatMode
        var volatility: Double
        var interval: Int64 = 12
        var latest: Int64 = 0
        var days: Int64 = 60
        var testDescription: String { "\(deviation) bp, \(heartbeat) s, \(mode), \(volatility)" }
    }

    /// Chainlink's ETH/USD on Ethereum first, then feeds on rollups with other heartbeats.
    static let rows: [Row] = [
        Row(deviation: 50, heartbeat: 3600, mode: .phaseLocked, volatility: 0.4),
        Row(deviation: 50, heartbeat: 3600, mode: .resetOnUpdate, volatility: 0.4),
        Row(deviation: 50, heartbeat: 3600, mode: .phaseLocked, volatility: 0.8, latest: 24),
        Row(deviation: 25, heartbeat: 1200, mode: .phaseLocked, volatility: 0.3),
        Row(deviation: 100, heartbeat: 86_400, mode: .resetOnUpdate, volatility: 0.2, days: 300),
        Row(deviation: 200, heartbeat: 86_400, mode: .phaseLocked, volatility: 0.5, days: 300),
    ]

    /// The rounds of a feed on a geometric Brownian market (Box and Muller), at the times of their inclusion.
    private func rounds(_ row: Row) throws -> [ObservedRound] {
        let start = Timestamp(milliseconds: 1_700_000_000_000)
        let feed = PriceFeed(
            name: "ETH", asset: 0, deviation: Ratio(basisPoints: row.deviation),
            heartbeat: TimeSpan(seconds: row.heartbeat), heartbeatMode: row.mode,
            interval: TimeSpan(seconds: row.interval),
            latency: .uniform(.zero, TimeSpan(seconds: row.latest)))
        let random = RandomSource(seed: 7)
        var oracles = try Oracles(feeds: [feed], start: start, random: random)
        var draws = random.stream("path")
        let step = row.volatility * (Double(row.interval) / 31_536_000).squareRoot()
        var logarithm = 0.0
        while let due = oracles.nextDue, due <= start + TimeSpan(seconds: row.days * 86_400) {
            oracles.observe(at: due, prices: [Price(raw: Int64(1800e8 * exp(logarithm)))])
            let radius = (-2 * log((Double(draws.next() >> 11) + 0.5) / 0x1p53)).squareRoot()
            logarithm += step * radius * cos(2 * Double.pi * Double(draws.next() >> 11) / 0x1p53)
        }
        return oracles.published(until: Timestamp(milliseconds: .max)).map { report in
            // In the next block: slots of 12 s, as Ethereum's.
            let slot = (report.publishedAt.milliseconds + 11_999) / 12_000 * 12_000
            return ObservedRound(time: Timestamp(milliseconds: slot), price: report.price)
        }
    }

    @Test(arguments: rows) func recovers(row: Row) throws {
        let estimate = try #require(FeedEstimate(try rounds(row)))
        #expect(estimate.deviation == Ratio(basisPoints: row.deviation))
        #expect(estimate.heartbeat == TimeSpan(seconds: row.heartbeat))
        #expect(estimate.isPhaseLocked == (row.mode == .phaseLocked))
        #expect(estimate.quantum.milliseconds % 12_000 == 0)
        let high = estimate.lateness.high.milliseconds
        #expect(high <= (row.latest + 12) * 1000 && high >= row.latest * 500)
        #expect(estimate.fit.unexplained * 50 <= estimate.rounds)
        #expect(estimate.fit.offTheClockMoved * 20 >= estimate.fit.offTheClock * 19)
        #expect(estimate.fit.medianMove >= Ratio(basisPoints: row.deviation))
        #expect(
            estimate.fit.moved + estimate.fit.onTheClock + estimate.fit.unexplained
                == estimate.rounds)
    }

    /// Figures of Chainlink's ETH/USD from 2023-04-05 to 2024-01-29, 11,106 rounds: the file is read where it
    /// lies beside the repository.
    @Test func theRealFeed() throws {
        let file = URL(fileURLWithPath: #filePath)
            .appendingPathComponent("../../../../shared/data/chainlink-eth-usd-rounds-2023.csv")
            .standardizedFileURL
        guard let text = try? String(contentsOf: file, encoding: .utf8) else { return }
        let recorded = text.split(separator: "\n").dropFirst().compactMap {
            line -> ObservedRound? in
            let cells = line.split(separator: ",")
            guard cells.count == 6, let answer = Int64(cells[2]), let time = Int64(cells[4]) else {
                return nil
            }
            return ObservedRound(
                time: Timestamp(milliseconds: time * 1000), price: Price(raw: answer))
        }
        #expect(recorded.count == 11_106)
        let estimate = try #require(FeedEstimate(recorded))
        #expect(estimate.deviation == Ratio(basisPoints: 50))
        #expect(estimate.heartbeat == TimeSpan(seconds: 3600))
        #expect(estimate.isPhaseLocked)
        #expect(estimate.quantum == TimeSpan(seconds: 12))
        let perDay = Double(estimate.roundsPerDay.raw) / 1e8
        #expect((37.1...37.2).contains(perDay))
        #expect((0.30...0.31).contains(Double(estimate.fit.moved) / Double(estimate.rounds)))
        #expect((537_000...538_000).contains(estimate.fit.medianMove.raw))
        #expect((3_280_000...3_290_000).contains(estimate.fit.largestMove.raw))
        #expect(estimate.fit.longestGap == TimeSpan(seconds: 3720))
    }

    @Test func theLinesAreAScenario() throws {
        let estimate = try #require(FeedEstimate(try rounds(Self.rows[2])))
        let lines = try #require(estimate.snippet(asset: "ETH"))
        #expect(
            lines.hasPrefix(
                "oracles:\n  ETH:\n    deviation: 0.5%\n    heartbeat: 1h\n    mode: phase_locked\n"
                    + "    interval: 12s\n    latency: 0s.."))
        let scenario = try ScenarioLoader.load(
            text: """
                name: fitted
                seed: 1
                start: 2024-01-01T00:00:00Z
                duration: 1h
                chain: instant
                assets: {USDC: {price: 1}, ETH: {price: {points: [[00:00, 2000], [01:00, 1900]]}}}
                """ + "\n" + lines)
        #expect(scenario.priceFeeds[1].deviation == Ratio(basisPoints: 50))
        #expect(scenario.priceFeeds[1].heartbeat == TimeSpan(seconds: 3600))
    }

    @Test func tooFewRoundsSayNothing() {
        let few = (0..<19).map {
            ObservedRound(
                time: Timestamp(milliseconds: Int64($0) * 3_600_000), price: Price(whole: 100))
        }
        #expect(FeedEstimate(few) == nil)
    }

    /// Rounds at all distances have no block time, and each comes from a move.
    @Test func withoutAClock() throws {
        var draws = RandomSource(seed: 1).stream("times")
        var time: Int64 = 0
        var price = 100.0
        let rounds = (0..<400).map { _ -> ObservedRound in
            time += 1000 + Int64(draws.next() % 1_000_000)
            price *= 1.012
            return ObservedRound(
                time: Timestamp(milliseconds: time),
                price: Price(raw: Int64(price * 1e8)))
        }
        let estimate = try #require(FeedEstimate(rounds))
        #expect(estimate.quantum == TimeSpan(milliseconds: 1))
        #expect(estimate.fit.moved == estimate.rounds)
    }
}
