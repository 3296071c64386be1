import ExactMath
import Foundation
import Markets
import SeededRandom
import Testing

struct DiffusionTests {
    @Test func withoutVolatilityGrowthIsExact() throws {
        let law = GeometricBrownian(start: price(1000), drift: ratio(0.1), volatility: .zero)
        var markets = try market(.geometricBrownian(law))
        #expect(markets.price(0) == price(1000))
        for day in 1...365 { markets.advance(to: epoch + TimeSpan(seconds: 86_400 * Int64(day))) }
        #expect(near(markets.price(0).double, 1000 * exp(0.1), 2e-8))
    }

    /// E P = S·e^{μt}, Var P = S²·e^{2μt}·(e^{σ²t} − 1), ln P/S normal ((μ − σ²/2)t, σ²t).
    @Test func geometricBrownianMotionHasItsClosedFormMoments() throws {
        let (mu, sigma, count) = (0.3, 0.6, 4000.0)
        let law = GeometricBrownian(
            start: price(200), drift: ratio(mu), volatility: ratio(sigma))
        let half = TimeSpan(milliseconds: TimeSpan.year.milliseconds / 2)
        let prices = try samples(
            .geometricBrownian(law), Int(count), at: [TimeSpan(seconds: 1_000_000), half],
            seed: 11)[1]
        let logs = prices.map { log($0 / 200) }
        let error = (sigma * sigma / 2 / count).squareRoot()
        #expect(near(mean(logs), (mu - sigma * sigma / 2) / 2, 4 * error))
        // The standard error of a normal variance is √(2/n) of it.
        #expect(near(variance(logs) / (sigma * sigma / 2), 1, 4 * (2 / count).squareRoot()))
        let growth = exp(mu / 2)
        let relativeVariance = exp(sigma * sigma / 2) - 1
        #expect(near(mean(prices) / (200 * growth), 1, 4 * (relativeVariance / count).squareRoot()))
        #expect(near(variance(prices) / (200 * 200 * growth * growth * relativeVariance), 1, 0.15))
    }

    /// Merton 1976: E P = S·e^{(μ + λ(e^{m + δ²/2} − 1))t}, Var ln P = (σ² + λ(m² + δ²))t.
    @Test func jumpsHaveTheirClosedFormMoments() throws {
        let count = 4000.0
        let law = GeometricBrownian(
            start: price(200), drift: ratio(0.1), volatility: ratio(0.2),
            jumps: Jumps(perYear: ratio(12), mean: ratio(-0.05), deviation: ratio(0.08)))
        let steps = (1...4).map { TimeSpan(seconds: 7_884_000 * $0) }
        let prices = try samples(.geometricBrownian(law), Int(count), at: steps, seed: 3)[3]
        let logs = prices.map { log($0 / 200) }
        let expected = 0.2 * 0.2 + 12 * (0.05 * 0.05 + 0.08 * 0.08)
        #expect(near(variance(logs) / expected, 1, 0.1))
        #expect(near(mean(logs), (0.1 - 0.02 - 12 * 0.05), 4 * (expected / count).squareRoot()))
        let growth = exp(0.1 + 12 * (exp(-0.05 + 0.0032) - 1))
        #expect(near(mean(prices) / (200 * growth), 1, 0.03))
    }

    static let delays: [(barrier: Double, sigma: Double, steps: Int64, stated: Double)] = [
        (0.86625, 0.05, 1, 0.00204), (0.86625, 0.1, 1, 0.0755), (0.86625, 0.1, 6, 0.279),
        (0.825, 0.1, 6, 0.216),
    ]

    /// The chance that a price falls through `barrier` in the time τ by which a liquidation is
    /// late, without drift in the log: Φ(ln barrier / (σ√τ)), here with σ per ten minutes. At a
    /// liquidation threshold of 82.5 % a bonus of 5 % is no longer covered below 0.825 · 1.05, and
    /// nothing is left below 0.825.
    @Test(arguments: delays)
    func delayRisk(_ barrier: Double, _ sigma: Double, _ steps: Int64, _ stated: Double) throws {
        let exact = normalProbability(below: log(barrier) / (sigma * Double(steps).squareRoot()))
        #expect(near(exact, stated, 0.0006))
        let volatility = ratio(sigma * (1 / TimeSpan.minutes(10).years).squareRoot())
        let law = GeometricBrownian(
            start: price(100), drift: ratio(volatility.double * volatility.double / 2),
            volatility: volatility)
        let count = 8000.0
        let prices = try samples(
            .geometricBrownian(law), Int(count), at: (1...steps).map { .minutes(10 * $0) },
            seed: 99)
        let share =
            Double((prices.last ?? []).filter { $0 < 100 * barrier }.count) / count
        #expect(near(share, exact, 4 * (exact * (1 - exact) / count).squareRoot()))
    }

    @Test func theLogDistanceHalvesEveryHalfLife() throws {
        let law = MeanReverting(
            start: price(200), mean: price(100), halfLife: .minutes(90), volatility: .zero)
        var once = try market(.meanReverting(law))
        #expect(once.price(0) == price(200))
        for (lives, expected) in [(1, 141.42135624), (2, 118.92071150), (3, 109.05077327)] {
            once.advance(to: epoch + .minutes(90 * Int64(lives)))
            #expect(near(once.price(0).double, expected, 2e-8))
        }
        once.advance(to: epoch + .minutes(90 * 80))
        #expect(once.price(0) == price(100))
    }

    /// The stationary variance of the log price is σ²/2κ, its autocorrelation e^{−κτ}.
    @Test func meanReversionHasItsStationaryMoments() throws {
        let law = MeanReverting(
            start: price(1), mean: price(1), halfLife: .minutes(60), volatility: ratio(2))
        let prices = try samples(
            .meanReverting(law), 4000, at: [.minutes(1200), .minutes(1230)], seed: 5)
        let logs = prices.map { $0.map { log($0) } }
        let expected = 2.0 * 2.0 * TimeSpan.minutes(60).years / (2 * log(2.0))
        #expect(near(variance(logs[0]) / expected, 1, 0.1))
        #expect(abs(mean(logs[0])) < 4 * (expected / 4000).squareRoot())
        let correlation = covariance(logs[0], logs[1]) / expected
        #expect(near(correlation, 0.5.squareRoot(), 0.08))
    }

    @Test func aPriceBeyondTheRangeIsHeldAtItsEdge() throws {
        for (drift, edge) in [(-99_999.0, Price(raw: 1)), (99_999, Price(raw: .max))] {
            let law = GeometricBrownian(
                start: price(1), drift: ratio(drift), volatility: .zero)
            var markets = try market(.geometricBrownian(law))
            for year in 1...3 {
                markets.advance(to: epoch + TimeSpan(seconds: 31_536_000 * Int64(year)))
                #expect(markets.price(0) == edge)
            }
        }
    }
}
