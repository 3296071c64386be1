import ExactMath
import Oracles
import SeededRandom
import Testing

/// Every fault does what it says, and ends.
@Suite struct PriceFaultTests {
    /// A feed that reports at each of its looks, a minute apart.
    private func prices(
        _ effect: PriceFault.Effect, scope: PriceFault.Scope = .everyone,
        _ change: (inout PriceFeed) -> Void = { _ in }, market: (Int64) -> Price = { _ in usd(100) }
    ) throws -> [Price] {
        let feed = feed { feed in
            feed.kind = .vote
            feed.interval = TimeSpan(seconds: 60)
            feed.faults = [
                PriceFault(from: at(120), until: at(240), scope: scope, effect: effect)
            ]
            change(&feed)
        }
        return run(try oracles(feed), until: at(300)) { time in
            market((time - start).milliseconds / 60_000)
        }.map(\.price)
    }

    @Test func wrongValuesEnd() throws {
        let good = usd(100)
        let rows: [(PriceFault.Effect, Price)] = [
            (.factor(Ratio(percent: 130)), usd(130)), (.factor(Ratio(whole: 100)), usd(10_000)),
            (.factor(Ratio(percent: 1)), usd(1)), (.value(usd(3)), usd(3)),
            (.floor(usd(107)), usd(107)), (.floor(usd(93)), good), (.ceiling(usd(93)), usd(93)),
            (.ceiling(usd(107)), good),
        ]
        for (effect, wrong) in rows {
            #expect(try prices(effect) == [good, good, wrong, wrong, good, good])
        }
    }

    @Test func aFreezePostsTheOldPriceOn() throws {
        let seen = try prices(.freeze, market: { usd(100 + $0) })
        #expect(seen == [100, 101, 101, 101, 104, 105].map { usd($0) })
    }

    @Test func silenceLeavesAGap() throws {
        let seen = try prices(.silence, market: { usd(100 + $0) })
        #expect(seen == [100, 101, 104, 105].map { usd($0) })
    }

    @Test func aProductIsHeldWithinWhatCanBeSeen() throws {
        let high = try prices(.factor(Ratio(whole: 100_000_000)), market: { _ in usd(100_000) })
        #expect(high[2] == Price(raw: Int64.max / 2) && high[4] == usd(100_000))
        let low = try prices(.factor(Ratio(raw: 1)), market: { _ in Price(raw: 5) })
        #expect(low[2] == Price(raw: 1) && low[4] == Price(raw: 5))
    }

    // MARK: Reporters

    @Test func aMinorityOfReportersDoesNotMoveTheMedian() throws {
        for (wrong, seen) in [(1, 100), (2, 100), (3, 500), (5, 500)] as [(Int, Int64)] {
            let prices = try prices(.value(usd(500)), scope: .reporters(wrong)) { $0.reporters = 5 }
            #expect(prices == [100, 100, seen, seen, 100, 100].map { usd($0) })
        }
    }

    /// Of an even number the upper of the middle two is reported, so two of four wrong ones would win.
    @Test func outliersAreLeftOut() throws {
        let kept = try prices(.value(usd(101)), scope: .reporters(1)) {
            $0.reporters = 2
            $0.outliers = Ratio(percent: 1)
        }
        #expect(kept[2] == usd(101))
        let left = try prices(.value(usd(90)), scope: .reporters(1)) {
            $0.reporters = 2
            $0.outliers = Ratio(percent: 1)
        }
        #expect(left.allSatisfy { $0 == usd(100) })
    }

    @Test func belowTheQuorumNothingIsReported() throws {
        for (quorum, count) in [(3, 6), (4, 4)] {
            let prices = try prices(.silence, scope: .reporters(2)) {
                $0.reporters = 5
                $0.quorum = quorum
            }
            #expect(prices.count == count)
            let far = try self.prices(.value(usd(90)), scope: .reporters(2)) {
                $0.reporters = 5
                $0.quorum = quorum
                $0.outliers = Ratio(percent: 1)
            }
            #expect(far.count == count)
        }
    }

    // MARK: Bounds

    /// LUNA, 12 May 2022: the feed stood at 0.107, above its lowest answer of 0.10, while the market fell on.
    @Test func bounds() throws {
        func prices(_ beyond: AnswerBounds.Beyond) throws -> [Price] {
            let feed = feed {
                $0.interval = TimeSpan(seconds: 60)
                $0.bounds = AnswerBounds(
                    minimum: usd(0, 1000), maximum: usd(50), beyond: beyond)
            }
            let market: [Price] = [
                usd(1), usd(0, 1070), usd(0, 500), usd(0, 100), usd(0, 2000), usd(60),
            ]
            return run(try oracles(feed), until: at(300)) { time in
                market[Int((time - start).milliseconds / 60_000)]
            }.map(\.price)
        }
        #expect(try prices(.stop) == [usd(1), usd(0, 1070), usd(0, 2000)])
        #expect(
            try prices(.clamp) == [usd(1), usd(0, 1070), usd(0, 1000), usd(0, 2000), usd(50)])
    }

    @Test func faultsTakeNoDraws() throws {
        func reports(_ faults: [PriceFault]) throws -> [Report] {
            run(
                try oracles(
                    feed {
                        $0.noise = Ratio(basisPoints: 20)
                        $0.reporters = 3
                        $0.kind = .vote
                        $0.latency = .exponential(mean: TimeSpan(seconds: 9))
                        $0.faults = faults
                    }), until: at(600), price: wave)
        }
        let fault = PriceFault(
            from: at(120), until: at(240), scope: .reporters(1), effect: .value(usd(9)))
        let (with, without) = (try reports([fault]), try reports([]))
        #expect(with.map(\.observedAt) == without.map(\.observedAt))
        let differ = zip(with, without).filter { $0 != $1 }.map { $0.0.observedAt }
        #expect(!differ.isEmpty && differ.allSatisfy { at(120) <= $0 && $0 < at(240) })
    }
}
