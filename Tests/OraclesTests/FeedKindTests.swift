import ExactMath
import Foundation
import MarginRules
import Oracles
import SeededRandom
import Testing

/// What each kind of feed reports, and when.
@Suite struct FeedKindTests {
    @Test func deliveryByKind() {
        let kinds: [(FeedKind, FeedKind.Delivery)] = [
            (.push, .transaction), (.median, .transaction),
            (.delayed(DelayedFeed(period: hour)), .transaction), (.pull, .attached),
            (.vote, .block), (.twap(window: hour), .block), (.replay([]), .block),
        ]
        for (kind, delivery) in kinds { #expect(kind.delivery == delivery) }
    }

    @Test(arguments: [FeedKind.pull, .vote]) func everyLookIsReported(kind: FeedKind) throws {
        let reports = run(
            try oracles(
                feed {
                    $0.kind = kind
                    $0.confidence = Ratio(percent: 1)
                }), until: at(60)
        ) { _ in usd(2000) }
        #expect(reports.map(\.observedAt) == [0, 12, 24, 36, 48, 60].map { at($0) })
        #expect(reports.map(\.reason) == [.first] + Array(repeating: .interval, count: 5))
        #expect(reports.allSatisfy { $0.price == usd(2000) && $0.confidence == usd(20) })
    }

    /// The start is 800 s into an hour of 1970, so hours begin at 2800 s and every 3600 s after it.
    @Test func aDelayedFeedIsReadWhenAPeriodBegins() throws {
        #expect(start.milliseconds / 1000 % 3600 == 800)
        let reports = run(
            try oracles(feed { $0.kind = .delayed(DelayedFeed(period: hour)) }),
            until: at(10_800), price: wave)
        #expect(reports.map(\.observedAt) == [0, 2808, 6408, 10_008].map { at($0) })
        #expect(reports.map(\.reason) == [.first, .period, .period, .period])
        #expect(reports.map(\.price) == [0, 2808, 6408, 10_008].map { wave(at($0)) })
    }

    @Test func recordedRoundsComeAtTheirTimes() throws {
        let rounds = [-30, -5, 7, 8, 500].map {
            RecordedRound(time: at(Int64($0)), price: usd(1000 + Int64($0)))
        }
        var oracles = try oracles(feed { $0.kind = .replay(rounds) })
        oracles.observe(at: start, prices: [usd(5)])
        #expect(oracles.nextDue == at(7))
        oracles.observe(at: at(12), prices: [usd(5)])
        oracles.observe(at: at(400), prices: [usd(5)])
        #expect(oracles.nextDue == at(500))
        let reports = oracles.published(until: at(1000))
        #expect(reports.map(\.observedAt) == [-30, -5, 7, 8].map { at($0) })
        #expect(reports.map(\.price) == [970, 995, 1007, 1008].map { usd($0) })
        #expect(reports.allSatisfy { $0.reason == .recorded })
        oracles.observe(at: at(500), prices: [usd(5)])
        #expect(oracles.published(until: at(500)).map(\.price) == [usd(1500)])
    }

    // MARK: Indexes and anchors

    private func venues(_ index: IndexPrice?, _ faults: [PriceFault]) throws -> [Price] {
        run(
            try oracles(
                feed {
                    $0.kind = .vote
                    $0.interval = TimeSpan(seconds: 300)
                    $0.venues = [Venue(name: "a"), Venue(name: "b"), Venue(name: "c", weight: 2)]
                    $0.index = index
                    $0.faults = faults
                }), until: at(1800)
        ) { _ in usd(1000) }.map(\.price)
    }

    private func wrong(_ venue: String, _ percent: Int64) -> PriceFault {
        PriceFault(
            from: at(0), until: at(9000), scope: .venue(venue),
            effect: .factor(Ratio(percent: percent)))
    }

    /// Binance's rule: 1,040, 1,000 and twice 1,000 are all near their median, so that the mean is 1,010; 1,060 is
    /// too far and loses its weight; with two such the index is the median.
    @Test(arguments: [([104], 1010), ([106], 1000), ([106, 90], 1000)] as [([Int64], Int64)])
    func anIndexLeavesAFarSourceOut(percents: [Int64], expected: Int64) throws {
        let rule = IndexPrice(protection: .medianFallback(tolerance: Ratio(percent: 5)))
        let faults = zip(["a", "b"], percents).map { wrong($0, $1) }
        let prices = try venues(rule, faults)
        #expect(prices.count == 7 && prices.allSatisfy { $0 == usd(expected) })
        // Without a rule the weighted median stands, whatever a source says.
        #expect(try venues(nil, faults).allSatisfy { $0 == usd(1000) })
        let unprotected = try venues(IndexPrice(protection: .none), [wrong("a", 200)])
        #expect(unprotected.allSatisfy { $0 == usd(1250) })
    }

    /// A frozen source counts until it is older than allowed: at 900 s it is exactly that old.
    @Test func aFrozenSourceIsLeftOutAfterItsTime() throws {
        let rule = IndexPrice(
            protection: .none, maximumAge: TimeSpan(seconds: 900))
        let reports = run(
            try oracles(
                feed {
                    $0.kind = .vote
                    $0.interval = TimeSpan(seconds: 300)
                    $0.venues = [Venue(name: "a"), Venue(name: "b")]
                    $0.index = rule
                    $0.faults = [
                        PriceFault(
                            from: at(300), until: at(9000), scope: .venue("a"), effect: .freeze)
                    ]
                }), until: at(1500)
        ) { $0 == at(0) ? usd(1000) : usd(2000) }
        #expect(
            reports.map(\.price)
                == [1000, 1500, 1500, 1500, 2000, 2000].map { usd($0) })
    }

    /// An answer 30 % above a pool that stands still is never given; a fall of a fifth is given once the pool's
    /// average over ten minutes has followed to within 15 %.
    @Test func anAnchorHoldsAnswersNearTheAverage() throws {
        func reports(_ faults: [PriceFault], _ price: (Timestamp) -> Price) throws -> [Report] {
            run(
                try oracles(
                    feed {
                        $0.interval = TimeSpan(seconds: 60)
                        $0.venues = [Venue(name: "a")]
                        $0.anchor = PriceAnchor(
                            tolerance: Ratio(percent: 15), window: TimeSpan(seconds: 600))
                        $0.faults = faults
                    }), until: at(3000), price: price)
        }
        let pushed = PriceFault(
            from: at(60), until: at(9000), scope: .venue("a"), effect: .factor(Ratio(percent: 130)))
        #expect(try reports([pushed]) { _ in usd(1000) }.map(\.price) == [usd(1000)])
        let fallen = try reports([]) { $0 < at(600) ? usd(1000) : usd(800) }
        #expect(fallen.map(\.price) == [usd(1000), usd(800)])
        // ln(1000 / 800) · (1 − t / 600) ≤ ln 1.15 from t = 224.2 s on.
        #expect(fallen.last?.observedAt == at(840))
    }

    // MARK: Averages

    @Test func theMeanIsGeometricAndWeightedByTime() throws {
        // 100 for 24 s, then 400 for 12 s: (100² · 400)^(1/3).
        let feed = feed { $0.kind = .twap(window: TimeSpan(seconds: 36)) }
        let reports = run(try oracles(feed), until: at(36)) { $0 < at(24) ? usd(100) : usd(400) }
        let mean = Double(try #require(reports.last).price.raw) / 1e8
        #expect(abs(mean - pow(100.0 * 100 * 400, 1.0 / 3)) < 1e-8)
        #expect(reports[0].price == usd(100) && reports[1].price == usd(100))
    }

    @Test func aConstantPriceIsItsOwnMean() throws {
        for raw: Int64 in [1, 7, 123_456_789, 186_215_000_000, 1_000_000_000_000_000] {
            let feed = feed { $0.kind = .twap(window: TimeSpan(seconds: 60)) }
            let reports = run(try oracles(feed), until: at(120)) { _ in Price(raw: raw) }
            #expect(reports.allSatisfy { $0.price == Price(raw: raw) })
        }
    }

    /// To move the mean of n looks by m, one look has to move by m^n (Uniswap v3's documentation).
    @Test func oneLookMovesTheMeanByItsShare() throws {
        let feed = feed { $0.kind = .twap(window: TimeSpan(seconds: 120)) }
        let reports = run(try oracles(feed), until: at(264)) { time in
            time == at(120) ? usd(2000 * 1024) : usd(2000)
        }
        for report in reports {
            // Seen as the price of the time after it: in the window from the next look on.
            let inside = at(120) < report.observedAt && report.observedAt <= at(240)
            let expected = inside ? 2000 * pow(1024, 0.1) : 2000
            #expect(abs(Double(report.price.raw) / 1e8 - expected) < 1e-7)
        }
    }

    @Test func aWalkAgainstADirectSum() throws {
        let feed = feed { $0.kind = .twap(window: TimeSpan(seconds: 600)) }
        let reports = run(try oracles(feed), until: at(3600), price: wave)
        for (index, report) in reports.enumerated().dropFirst() {
            let from = max(0, index - 50)
            let logs = (from..<index).map { log(Double(wave(at(Int64($0) * 12)).raw)) }
            let expected = exp(logs.reduce(0, +) / Double(logs.count))
            #expect(abs(Double(report.price.raw) - expected) < 2)
        }
    }

    // MARK: Venues

    private func venues(_ feed: inout PriceFeed) {
        feed.kind = .median
        feed.venues = [
            Venue(name: "binance", weight: 3), Venue(name: "okx", weight: 2),
            Venue(name: "bybit", weight: 2), Venue(name: "kraken", weight: 1),
        ]
    }

    @Test func oneVenueDoesNotMoveTheMedian() throws {
        let feed = feed { feed in
            venues(&feed)
            feed.faults = [
                PriceFault(
                    from: at(600), until: at(1200), scope: .venue("binance"),
                    effect: .factor(Ratio(percent: 30)))
            ]
        }
        let reports = run(try oracles(feed), until: at(3600)) { _ in usd(2000) }
        #expect(reports.allSatisfy { $0.price == usd(2000) })
    }

    /// Three of eight and two of eight are more than half: then the median is theirs, while it lasts.
    @Test func aMajorityOfTheWeightMovesIt() throws {
        let feed = feed { feed in
            venues(&feed)
            feed.faults = ["binance", "okx"].map {
                PriceFault(
                    from: at(600), until: at(1200), scope: .venue($0),
                    effect: .factor(Ratio(percent: 30)))
            }
        }
        let reports = run(try oracles(feed), until: at(1800)) { _ in usd(2000) }
        #expect(reports.map(\.price) == [usd(2000), usd(600), usd(2000)])
        #expect(reports.map(\.observedAt) == [at(0), at(600), at(1200)])
    }

    @Test func silentVenuesLeaveTheOthers() throws {
        let names = ["binance", "okx", "bybit", "kraken"]
        for count in 1...4 {
            let feed = feed { feed in
                venues(&feed)
                feed.deviation = .zero
                feed.heartbeat = TimeSpan(seconds: 60)
                feed.faults = names.prefix(count).map {
                    PriceFault(from: at(60), until: at(180), scope: .venue($0), effect: .silence)
                }
            }
            let reports = run(try oracles(feed), until: at(240)) { _ in usd(2000) }
            let times = count < 4 ? [0, 60, 120, 180, 240] : [0, 180, 240]
            #expect(reports.map(\.observedAt) == times.map { at(Int64($0)) })
        }
    }

    @Test func venueNoiseIsTheVenuesOwn() throws {
        func prices(_ change: (inout PriceFeed) -> Void) throws -> [Price] {
            let feed = feed { feed in
                venues(&feed)
                feed.kind = .vote
                feed.venues = [Venue(name: "a", noise: Ratio(percent: 1))]
                change(&feed)
            }
            return run(try oracles(feed), until: at(600)) { _ in usd(2000) }.map(\.price)
        }
        let alone = try prices { _ in }
        #expect(Set(alone).count > 40)
        // A venue that weighs nothing against it takes no draws from it.
        let joined = try prices {
            $0.venues[0].weight = 3
            $0.venues.append(Venue(name: "b", noise: Ratio(percent: 1)))
        }
        #expect(alone == joined)
    }
}
