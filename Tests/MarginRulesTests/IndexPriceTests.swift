import ExactMath
import MarginRules
import Testing

@Suite struct IndexPriceTests {
    private func sources(_ prices: Int64...) -> [IndexSource] {
        prices.map { IndexSource(price: Price(whole: $0)) }
    }

    @Test func weightedMean() throws {
        let rule = IndexPrice(protection: .none)
        let quote = try rule.quote(
            [
                IndexSource(price: Price(whole: 100), weight: 3),
                IndexSource(price: Price(whole: 104), weight: 1),
                IndexSource(price: Price(whole: 900), weight: 0),
            ], last: nil)
        #expect(quote.price == Price(whole: 101))
        #expect(try rule.quote([], last: Price(whole: 7)).price == Price(whole: 7))
        #expect(try rule.quote([], last: nil).price == nil)
        #expect(try rule.quote([], last: nil).isHeld == false)
    }

    /// Binance support faq 360033525071: one source beyond 5 % loses its weight, of two the median
    /// counts.
    @Test func binance() throws {
        let rule = IndexPrice(protection: .medianFallback(tolerance: Ratio(percent: 5)))
        let one = try rule.quote(sources(100, 101, 99, 106), last: nil)
        #expect(one.price == Price(whole: 100))
        #expect(one.excluded == [3])
        // Median 100.5, of which 5 % are 5.025.
        let two = try rule.quote(sources(100, 101, 90, 110), last: nil)
        #expect(two.price == (try Figures.price("100.5")))
        #expect(two.excluded.isEmpty)
        // Exactly 5 % is not beyond it.
        let edge = try rule.quote(sources(100, 100, 105), last: nil)
        #expect(edge.price == (try Figures.price("101.66666667")))
    }

    /// blog.bitmex.com/new-protections-bitmex-indices example 1 (25 %), and
    /// parameter-updates-to-maintain-a-fair-and-orderly-trading-environment (10 %, inclusive).
    @Test func bitmex() throws {
        let old = IndexPrice(protection: .exclusion(tolerance: Ratio(percent: 25)))
        let dropped = try old.quote(sources(100, 100, 50), last: Price(whole: 100))
        #expect(dropped.price == Price(whole: 100))
        #expect(dropped.excluded == [2])

        let rule = IndexPrice(protection: .exclusion(tolerance: Ratio(percent: 10)))
        #expect(try rule.quote(sources(100, 100, 110), last: nil).excluded == [2])
        #expect(try rule.quote(sources(100, 100, 109), last: nil).excluded == [])
        #expect(try rule.quote(sources(100, 100, 109), last: nil).price == Price(whole: 103))
        // Two: held from 5 % off their middle on.
        let apart = try rule.quote(sources(95, 105), last: Price(whole: 97))
        #expect(apart.price == Price(whole: 97))
        #expect(apart.isHeld)
        #expect(try rule.quote(sources(96, 104), last: Price(whole: 97)).price == Price(whole: 100))
        #expect(try rule.quote(sources(90, 110), last: nil).price == Price(whole: 100))
        // One: held from 10 % off the last index on.
        #expect(try rule.quote(sources(110), last: Price(whole: 100)).isHeld)
        #expect(try rule.quote(sources(109), last: Price(whole: 100)).price == Price(whole: 109))
        #expect(try rule.quote(sources(110), last: nil).price == Price(whole: 110))
        // Two against two: all are excluded, and the index stands.
        let torn = try rule.quote(sources(100, 100, 200, 200), last: Price(whole: 101))
        #expect(torn.price == Price(whole: 101))
        #expect(torn.excluded == [0, 1, 2, 3])
        #expect(torn.isHeld)
    }

    @Test func staleAndExcludedSourcesAreLeftOut() throws {
        let rule = IndexPrice(
            protection: .exclusion(tolerance: Ratio(percent: 10)),
            maximumAge: TimeSpan(seconds: 900))
        var sources = sources(100, 102, 104)
        sources[2].age = TimeSpan(seconds: 900)
        #expect(try rule.quote(sources, last: nil).price == Price(whole: 102))
        sources[2].age = TimeSpan(milliseconds: 900_001)
        #expect(try rule.quote(sources, last: nil).price == Price(whole: 101))
        sources[1].isExcluded = true
        #expect(try rule.quote(sources, last: nil).price == Price(whole: 100))
    }

    /// blog.bitmex.com/bitmex-index-protection-rules-update-index-constituent-reintroduction: the
    /// table of its example.
    @Test func bitmexReadmission() throws {
        let rule = IndexReadmission(
            tolerance: Ratio(percent: 2), indexTolerance: Ratio(percent: 25),
            duration: TimeSpan(seconds: 900))
        let rows: [(price: Int64, others: [Int64], isNear: Bool)] = [
            (150, [100, 100], false), (122, [120, 120], true), (130, [131, 129], true),
            (131, [131, 129], true), (123, [120, 120], false), (118, [120, 120], true),
        ]
        for row in rows {
            #expect(
                rule.isNear(
                    Price(whole: row.price), others: row.others.map { Price(whole: $0) },
                    index: Price(whole: 100), isHeld: false) == row.isNear, "\(row)")
        }
        // One other whose index is held, or none: against the index.
        let other = [Price(whole: 500)]
        #expect(
            rule.isNear(Price(whole: 125), others: other, index: Price(whole: 100), isHeld: true))
        #expect(
            !rule.isNear(Price(whole: 126), others: other, index: Price(whole: 100), isHeld: true))
        #expect(
            !rule.isNear(Price(whole: 125), others: other, index: Price(whole: 100), isHeld: false))
        #expect(rule.isNear(Price(whole: 75), others: [], index: Price(whole: 100), isHeld: true))

        let first = try Figures.date(2019, 8, 14, 15, 20)
        #expect(!rule.isReadmitted(now: first + TimeSpan(milliseconds: 899_999), near: first))
        #expect(rule.isReadmitted(now: first + TimeSpan(seconds: 900), near: first))
        #expect(!rule.isReadmitted(now: first, near: nil))
    }
}
