import ExactMath
import Foundation
import Markets
import SeededRandom
import Testing

struct PathTests {
    let points = [
        PricePoint(time: epoch, price: price(100)),
        PricePoint(time: epoch + .minutes(10), price: price(50)),
        PricePoint(time: epoch + .minutes(30), price: price(80)),
    ]

    static let interpolations: [(Interpolation, Int64, Double)] = [
        (.step, -60, 100), (.step, 0, 100), (.step, 599, 100), (.step, 600, 50),
        (.step, 1799, 50), (.step, 1800, 80), (.step, 1_000_000, 80),
        (.linear, -60, 100), (.linear, 0, 100), (.linear, 300, 75), (.linear, 600, 50),
        (.linear, 601, 50.025), (.linear, 1200, 65), (.linear, 1800, 80), (.linear, 9999, 80),
    ]

    @Test(arguments: interpolations)
    func interpolates(_ between: Interpolation, _ second: Int64, _ expected: Double) throws {
        let before = epoch - .minutes(60)
        var markets = try market(.path(points, between: between), start: before)
        #expect(markets.price(0) == price(100))
        markets.advance(to: epoch + TimeSpan(seconds: second))
        #expect(markets.price(0) == price(expected))
        // The same when the run starts there.
        let late = try market(
            .path(points, between: between), start: epoch + TimeSpan(seconds: second))
        #expect(late.price(0) == price(expected))
    }

    @Test func linearPriceDoesNotDependOnTheSteps() throws {
        var fine = try market(.path(points, between: .linear))
        for second in 1...1900 { fine.advance(to: epoch + TimeSpan(seconds: Int64(second))) }
        #expect(fine.price(0) == price(80))
        var coarse = try market(.path(points, between: .linear))
        coarse.advance(to: epoch + TimeSpan(seconds: 1234))
        #expect(coarse.price(0) == price(65.85))
    }

    @Test func bridgeIsExactAtThePoints() throws {
        for seed in UInt64(0)..<50 {
            var markets = try market(
                .path(points, between: .bridge(volatility: ratio(3))), seed: seed)
            #expect(markets.price(0) == price(100))
            var seconds: [Int64] = (1...17).map { $0 * 97 + Int64(seed) } + [600, 1800, 1801, 9000]
            seconds.sort()
            for second in seconds {
                markets.advance(to: epoch + TimeSpan(seconds: second))
                switch second {
                case 600: #expect(markets.price(0) == price(50))
                case 1800...: #expect(markets.price(0) == price(80))
                default: #expect(markets.price(0) != price(100))
                }
            }
        }
    }

    /// Cov(X_s, X_t) = σ²·s·(1 − t)·T for shares s ≤ t of an interval of T years.
    @Test func bridgeHasTheRightMeanAndCovariance() throws {
        let two = [points[0], points[1]]
        let sigma = 10.0
        let process = PriceProcess.path(two, between: .bridge(volatility: ratio(sigma)))
        let prices = try samples(
            process, 4000, at: [.minutes(2), .minutes(7)], seed: 20_200_312)
        let logs = prices.map { $0.map { log($0 / 100) } }
        let unit = sigma * sigma * TimeSpan.minutes(10).years
        let deviation = unit.squareRoot() / 4000.0.squareRoot()
        #expect(near(mean(logs[0]), 0.2 * log(0.5), 4 * 0.4 * deviation))
        #expect(near(mean(logs[1]), 0.7 * log(0.5), 4 * 0.46 * deviation))
        #expect(near(variance(logs[0]) / (unit * 0.2 * 0.8), 1, 0.1))
        #expect(near(variance(logs[1]) / (unit * 0.7 * 0.3), 1, 0.1))
        #expect(near(covariance(logs[0], logs[1]) / (unit * 0.2 * 0.3), 1, 0.25))
    }

    @Test func bridgeThatStartsBetweenPointsIsSpreadFromTheStart() throws {
        let sigma = 10.0
        let process = PriceProcess.path(
            points.map { PricePoint(time: $0.time - .minutes(5), price: $0.price) },
            between: .bridge(volatility: ratio(sigma)))
        let logs = try samples(process, 2000, at: [.zero], seed: 7)[0].map { log($0 / 100) }
        let expected = sigma * sigma * TimeSpan.minutes(10).years / 4
        #expect(near(mean(logs), log(0.5) / 2, 4 * (expected / 2000).squareRoot()))
        #expect(near(variance(logs) / expected, 1, 0.13))
    }

    @Test func bridgeWithoutVolatilityIsStraightInTheLog() throws {
        var markets = try market(.path(points, between: .bridge(volatility: .zero)))
        markets.advance(to: epoch + .minutes(5))
        #expect(near(markets.price(0).double, 5000.0.squareRoot(), 1e-8))
    }

    static let moments: [(Int64, Double)] = [
        (0, 100), (10, 110), (20, 120), (30, 90), (40, 60), (50, 70), (59, 79),
        (60, 200), (70, 180), (80, 160), (90, 205), (100, 250), (110, 230), (119, 212),
        (120, 210), (150, 210), (180, 40), (240, 40), (5000, 40), (-100, 100),
    ]

    @Test(arguments: moments)
    func barsRunThroughTheirCorners(_ second: Int64, _ expected: Double) throws {
        // A falling bar (high first), a rising one (low first), a gap, and a flat one.
        let bars = [
            Bar(
                openTime: epoch, open: price(100), high: price(120), low: price(60),
                close: price(80)),
            Bar(
                openTime: epoch + .minutes(1), open: price(200), high: price(250),
                low: price(160), close: price(210)),
            Bar(
                openTime: epoch + .minutes(3), open: price(40), high: price(40), low: price(40),
                close: price(40)),
        ]
        var markets = try market(
            .bars(bars, interval: .minutes(1)), start: epoch - .minutes(30))
        markets.advance(to: epoch + TimeSpan(seconds: second))
        #expect(markets.price(0) == price(expected))
    }
}
