import ExactMath
import Foundation
import Oracles
import SeededRandom
import Testing

/// A feed of 0.5 % and one hour on the prices of 2023 does what Chainlink's ETH/USD feed did on them.
///
/// The feed's own 11,106 rounds from 2023-04-05 to 2024-01-29 are the points of the price, with a Brownian
/// bridge between them that stays, as the feed's silence says, mostly within the deviation: 25 % a year. Read
/// where the file lies beside the repository; figures typed from it stand below otherwise.
@Suite struct RecordedFeedTests {
    private struct Statistics {
        var perDay: Double
        /// The share of rounds of 0.5 % and more; the others are heartbeats.
        var moved: Double
        var median: Double
        var high: Double
        var largest: Double
        var longest: Int64
        /// Rounds at most 240 s after the one before: stress.
        var quick: Double

        init(_ rounds: [(time: Int64, price: Int64)]) {
            let pairs = zip(rounds, rounds.dropFirst())
            let moves = pairs.map { abs(Double($1.price) / Double($0.price) - 1) }
            let gaps = pairs.map { $1.time - $0.time }
            let days = Double(rounds[rounds.count - 1].time - rounds[0].time) / 86_400
            let large = moves.filter { $0 >= 0.005 }.sorted()
            perDay = Double(rounds.count - 1) / days
            moved = Double(large.count) / Double(moves.count)
            median = large[large.count / 2]
            high = large[large.count * 95 / 100]
            largest = large[large.count - 1]
            longest = gaps.max() ?? 0
            quick = Double(gaps.filter { $0 <= 240 }.count) / Double(gaps.count)
        }
    }

    private func recorded() -> [(time: Int64, price: Int64)]? {
        let file = URL(fileURLWithPath: #filePath)
            .appendingPathComponent("../../../../shared/data/chainlink-eth-usd-rounds-2023.csv")
            .standardizedFileURL
        guard let text = try? String(contentsOf: file, encoding: .utf8) else { return nil }
        return text.split(separator: "\n").dropFirst().compactMap { line in
            let cells = line.split(separator: ",")
            guard cells.count == 6, let answer = Int64(cells[2]), let time = Int64(cells[4]) else {
                return nil
            }
            return (time, answer)
        }
    }

    @Test func theYear2023() throws {
        guard let real = recorded() else { return }
        let measured = Statistics(real)
        // The figures that are typed elsewhere are those of the file.
        #expect(abs(measured.perDay - 37.2) < 0.1 && abs(measured.moved - 0.303) < 0.001)
        #expect(abs(measured.median - 0.00538) < 1e-5 && abs(measured.high - 0.00774) < 1e-5)
        #expect(abs(measured.largest - 0.0328) < 1e-4 && measured.longest == 3720)

        // Reporters agree on a price about every 36 s; the clock stands at second 3335 of the hour.
        let first = Timestamp(milliseconds: (real[0].time / 3600 * 3600 + 3335) * 1000)
        let feed = PriceFeed(
            name: "ETH", asset: 0, deviation: Ratio(basisPoints: 50), heartbeat: hour,
            interval: TimeSpan(seconds: 36))
        var oracles = try Oracles(feeds: [feed], start: first, random: RandomSource(seed: 1))
        var draws = RandomSource(seed: 1).stream("bridge")
        var (next, noise, seen) = (1, 0.0, first.milliseconds / 1000)
        while let due = oracles.nextDue, due.milliseconds / 1000 <= real[real.count - 1].time {
            let now = due.milliseconds / 1000
            while next < real.count - 1, real[next].time <= now {
                next += 1
                (noise, seen) = (0, real[next - 1].time)
            }
            let (a, b) = (real[next - 1], real[next])
            let rest = Double(b.time - seen)
            if rest > 0, now > seen, now < b.time {
                let left = Double(b.time - now)
                let variance = 0.25 * 0.25 / 31_536_000 * Double(now - seen) * left / rest
                let z = Double(draws.normal().raw) / 1e18
                noise = noise * left / rest + variance.squareRoot() * z
                seen = now
            }
            let share = Double(min(now, b.time) - a.time) / Double(b.time - a.time)
            let price = Double(a.price) * pow(Double(b.price) / Double(a.price), share) * exp(noise)
            oracles.observe(at: due, prices: [Price(raw: Int64(price))])
        }
        let modelled = Statistics(
            oracles.published(until: Timestamp(milliseconds: .max))
                .map { ($0.observedAt.milliseconds / 1000, $0.price.raw) })
        // Within a tenth: the price between two rounds is not recorded, nor what it triggered.
        #expect(abs(modelled.perDay / measured.perDay - 1) < 0.10, "\(modelled.perDay)")
        #expect(abs(modelled.moved - measured.moved) < 0.03, "\(modelled.moved)")
        #expect((0.005...measured.median).contains(modelled.median), "\(modelled.median)")
        #expect((0.0055...measured.high).contains(modelled.high), "\(modelled.high)")
        #expect((0.02...0.04).contains(modelled.largest), "\(modelled.largest)")
        #expect((3590...3720).contains(modelled.longest), "\(modelled.longest)")
        #expect((0.02...0.09).contains(modelled.quick), "\(modelled.quick)")
    }

    /// 17 August 2023, from the same file: in a fast fall a round every 24 to 240 s, each of 1 to 3.3 %, and no
    /// catching up of the steps of 0.5 %.
    @Test func aFastFall() throws {
        let real: [(seconds: Int64, price: Double)] = [
            (38 * 60 + 23, 1705.06), (42 * 60 + 23, 1671.4), (42 * 60 + 47, 1653.2),
            (43 * 60 + 47, 1632.6), (44 * 60 + 23, 1610.9), (45 * 60 + 23, 1558.0),
            (46 * 60 + 23, 1579.7),
        ]
        let begin = Timestamp(milliseconds: 1_692_306_000_000)  // 21:00 UTC.
        let feed = PriceFeed(
            name: "ETH", asset: 0, deviation: Ratio(basisPoints: 50), heartbeat: hour,
            interval: TimeSpan(seconds: 36))
        let start = begin + TimeSpan(seconds: real[0].seconds)
        var oracles = try Oracles(feeds: [feed], start: start, random: RandomSource(seed: 1))
        while let due = oracles.nextDue, due <= begin + TimeSpan(seconds: 46 * 60 + 59) {
            let now = Double((due - begin).milliseconds) / 1000
            let after = real.firstIndex { Double($0.seconds) >= now } ?? real.count - 1
            let (a, b) = (real[max(0, after - 1)], real[after])
            let span = Double(b.seconds - a.seconds)
            let share = span > 0 ? min(1, (now - Double(a.seconds)) / span) : 1
            oracles.observe(
                at: due, prices: [Price(raw: Int64((a.price + (b.price - a.price) * share) * 1e8))])
        }
        let reports = oracles.published(until: Timestamp(milliseconds: .max))
        let moves = zip(reports, reports.dropFirst())
            .map { abs(Double($1.price.raw) / Double($0.price.raw) - 1) }
        let gaps = zip(reports, reports.dropFirst())
            .map { ($1.observedAt - $0.observedAt).milliseconds / 1000 }
        #expect((6...14).contains(reports.count))
        #expect(gaps.allSatisfy { (36...144).contains($0) })
        #expect(moves.allSatisfy { $0 >= 0.005 && $0 < 0.033 })
        // One step, not the twenty of 0.5 % that lie in the fall.
        let largest = try #require(moves.max())
        #expect(largest > 0.018)
    }
}
