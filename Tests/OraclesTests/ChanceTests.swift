import ExactMath
import Foundation
import Oracles
import SeededRandom
import Testing

/// Noise, its median, and which settings share their chance with which.
@Suite struct ChanceTests {
    /// What is decided at the look: everything but the time of publication.
    struct Look: Equatable {
        var round: Int64
        var price: Price
        var reason: Report.Reason
        var observedAt: Timestamp

        init(_ report: Report) {
            (round, price) = (report.round, report.price)
            (reason, observedAt) = (report.reason, report.observedAt)
        }
    }

    func looks(_ feed: PriceFeed, seed: UInt64 = 1) throws -> [Look] {
        run(try oracles(feed, seed: seed), until: at(14_400), price: wave)
            .sorted { $0.round < $1.round }.map(Look.init)
    }

    func delays(_ feeds: [PriceFeed], of index: Int = 0, seed: UInt64 = 1) throws -> [TimeSpan] {
        let oracles = try Oracles(feeds: feeds, start: start, random: RandomSource(seed: seed))
        return run(oracles, until: at(14_400), price: wave).filter { $0.feed == index }
            .sorted { $0.round < $1.round }.map { $0.publishedAt - $0.observedAt }
    }

    static let noisy = feed {
        $0.noise = Ratio(basisPoints: 10)
        $0.latency = .exponential(mean: TimeSpan(seconds: 20))
    }

    @Test(arguments: LatencyTests.kinds + [.fixed(.zero), .fixed(TimeSpan(seconds: 120))])
    func latencyDoesNotChangeWhatIsSeen(latency: Latency) throws {
        var changed = Self.noisy
        changed.latency = latency
        changed.extraLatency = [LatencyFault(from: at(60), until: at(9000), extra: hour)]
        let reference = try looks(Self.noisy)
        #expect(reference.count > 50)
        #expect(try looks(changed) == reference)
    }

    /// Round by round the latency is the same, although the noise triggers other rounds.
    @Test func noiseDoesNotChangeLatency() throws {
        var quiet = Self.noisy
        quiet.noise = .zero
        let (noisy, exact) = (try delays([Self.noisy]), try delays([quiet]))
        let common = min(noisy.count, exact.count)
        #expect(common > 50)
        #expect(noisy.prefix(common) == exact.prefix(common))
        #expect(try looks(Self.noisy) != looks(quiet))
    }

    /// Under common chance a longer latency delays every report, and no report is lost.
    @Test func latencySweepIsMonotonePerReport() throws {
        var previous: [TimeSpan] = []
        for seconds in stride(from: Int64(0), through: 120, by: 20) {
            var swept = Self.noisy
            swept.reporters = 4
            swept.latency = .exponential(mean: TimeSpan(seconds: seconds))
            let current = try delays([swept])
            for (shorter, longer) in zip(previous, current) { #expect(shorter <= longer) }
            #expect(previous.isEmpty || previous.count == current.count)
            previous = current
        }
    }

    @Test func feedsDoNotShareChance() throws {
        let reference = run(try oracles(Self.noisy), until: at(7200), price: wave)
        var other = Self.noisy
        other.name = "BTC"
        other.interval = TimeSpan(seconds: 1)
        let beside = try oracles(other, Self.noisy)
        let second = run(beside, until: at(7200), price: wave).filter { $0.feed == 1 }
        #expect(second.map(Look.init) == reference.map(Look.init))
        #expect(second.map(\.publishedAt) == reference.map(\.publishedAt))
        // And the name is what tells their chance apart.
        other.interval = Self.noisy.interval
        #expect(
            run(try oracles(other), until: at(7200), price: wave).map(Look.init)
                != reference.map(Look.init))
    }

    @Test func theSeedDecides() throws {
        #expect(try looks(Self.noisy, seed: 6) == looks(Self.noisy, seed: 6))
        #expect(try looks(Self.noisy, seed: 6) != looks(Self.noisy, seed: 7))
        #expect(
            try delays([Self.noisy], seed: 6).prefix(50) != delays([Self.noisy], seed: 7).prefix(50)
        )
    }

    /// After an outage the feed sees what it would have seen without one. The market jumps at the
    /// end of the outage, so that both have the same last triggered price.
    @Test func outageDoesNotShiftNoise() throws {
        var blind = Self.noisy
        blind.outages = [Outage(from: at(600), until: at(1800))]
        func after(_ feed: PriceFeed) throws -> [Report] {
            run(try oracles(feed), until: at(7200)) {
                $0 < at(1800) ? wave($0) : wave($0) + usd(1000)
            }.filter { $0.observedAt >= at(1800) }.sorted { $0.round < $1.round }
        }
        let (with, without) = (try after(blind), try after(Self.noisy))
        #expect(with.count > 50)
        #expect(with.map(\.price) == without.map(\.price))
        #expect(with.map(\.observedAt) == without.map(\.observedAt))
        #expect(with.first?.round != without.first?.round)
    }

    /// The move is measured between what was seen, not between the prices behind it.
    @Test func deviationIsThatOfNoisyObservations() throws {
        let looks = try looks(Self.noisy)
        for (last, look) in zip(looks, looks.dropFirst()) where look.reason == .deviation {
            #expect((look.price - last.price).magnitude.raw * 200 >= last.price.raw)
        }
        #expect(looks.contains { $0.reason == .deviation && $0.price != wave($0.observedAt) })
    }

    /// A feed that reports every look: deviation and heartbeat of one interval.
    func everyLook(noise: Ratio, reporters: Int) -> PriceFeed {
        feed {
            $0.deviation = .zero
            $0.interval = TimeSpan(seconds: 1)
            $0.heartbeat = TimeSpan(seconds: 1)
            $0.noise = noise
            $0.reporters = reporters
        }
    }

    /// Mean and standard deviation of the reported price relative to 2000 USD, in units of the
    /// noise.
    func errorMoments(reporters: Int, looks: Int64) throws -> (mean: Double, deviation: Double) {
        let noise = Ratio(basisPoints: 20)
        let reports = run(
            try oracles(everyLook(noise: noise, reporters: reporters)), until: at(looks - 1)
        ) { _ in usd(2000) }
        #expect(reports.count == Int(looks))
        let errors = reports.map { (Double($0.price.raw) / 2000e8 - 1) / 0.002 }
        let mean = errors.reduce(0, +) / Double(looks)
        let variance = errors.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(looks)
        return (mean, variance.squareRoot())
    }

    /// One observer: mean 0 and deviation 1, within five standard errors, 1/√n and 1/√(2n).
    @Test func noiseOfOneReporter() throws {
        let n = 8000.0
        let (mean, deviation) = try errorMoments(reporters: 1, looks: 8000)
        #expect(abs(mean) < 5 / n.squareRoot())
        #expect(abs(deviation - 1) < 5 / (2 * n).squareRoot())
    }

    /// The standard deviation of the median of three normals is √(1 − √3/π) = 0.66983, and of five
    /// 0.53557 (exact moments of normal order statistics, e.g. Sarhan and Greenberg 1962).
    @Test(arguments: [(3, (1 - 3.0.squareRoot() / Double.pi).squareRoot()), (5, 0.53557)])
    func medianOfSeveralIsMoreExact(reporters: Int, expected: Double) throws {
        let n = 5000.0
        let (mean, deviation) = try errorMoments(reporters: reporters, looks: 5000)
        #expect(abs(mean) < 5 * expected / n.squareRoot())
        #expect(abs(deviation / expected - 1) < 5 / (2 * n).squareRoot())
    }

    /// The upper of the two in the middle: for two reporters the larger, whose mean is 1/√π.
    @Test func medianOfTwoIsTheUpper() throws {
        let (mean, deviation) = try errorMoments(reporters: 2, looks: 5000)
        let expected = (1 - 1 / Double.pi).squareRoot()
        #expect(abs(mean - 1 / Double.pi.squareRoot()) < 5 * expected / 5000.0.squareRoot())
        #expect(abs(deviation / expected - 1) < 5 / 10_000.0.squareRoot())
    }

    /// The report is the middle one of the observations that the named streams give.
    @Test(arguments: 1...6)
    func median(reporters: Int) throws {
        let reports = run(
            try oracles(everyLook(noise: Ratio(percent: 1), reporters: reporters), seed: 11),
            until: at(99)
        ) { _ in usd(2000) }
        var streams = (0..<reporters).map {
            RandomSource(seed: 11).stream("oracle/ETH/noise/\($0)")
        }
        for report in reports {
            let seen = streams.indices.map { index in
                2000e8 * (1 + 0.01 * Double(streams[index].normal().raw) / 1e18)
            }.sorted()
            #expect(abs(Double(report.price.raw) - seen[reporters / 2]) < 1)
        }
    }
}
