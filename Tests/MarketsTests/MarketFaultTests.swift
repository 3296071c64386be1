import ExactMath
import Markets
import SeededRandom
import Testing

/// A market that is struck, and recovers.
struct MarketFaultTests {
    private func world(
        _ effect: MarketFault.Effect, _ process: PriceProcess = .constant(price(100)),
        _ liquidity: Liquidity? = nil
    ) throws -> Markets {
        try Markets(
            assets: [
                ReferenceAsset(
                    name: "ETH", process: process, liquidity: liquidity,
                    faults: [
                        MarketFault(
                            from: epoch + .minutes(10), until: epoch + .minutes(30),
                            effect: effect)
                    ])
            ], correlation: nil, start: epoch, random: RandomSource(seed: 1))
    }

    @Test func aPegBreaksAndHolds() throws {
        var markets = try world(.price(factor: ratio(0.88), ramp: .zero))
        for (minute, value) in [(9, 100), (10, 88), (29, 88), (30, 100)] as [(Int64, Double)] {
            markets.advance(to: epoch + .minutes(minute))
            #expect(markets.price(0) == price(value))
            #expect(markets.exogenousPrice(0) == price(value))
        }
    }

    @Test func aRampGoesThereAndBack() throws {
        var markets = try world(.price(factor: ratio(0.8), ramp: .minutes(5)))
        let rows: [(Int64, Double)] = [
            (10, 100), (11, 96), (14, 84), (15, 80), (25, 80), (26, 84), (29, 96), (30, 100),
        ]
        for (minute, value) in rows {
            markets.advance(to: epoch + .minutes(minute))
            #expect(near(markets.price(0).double, value, 1e-6), "minute \(minute)")
        }
    }

    @Test func theProcessGoesOnUnderneath() throws {
        let law = PriceProcess.geometricBrownian(
            GeometricBrownian(start: price(100), drift: .zero, volatility: ratio(0.8)))
        var struck = try world(.price(factor: ratio(0.5), ramp: .zero), law)
        var calm = try market(law)
        for minute in Int64(1)...40 {
            for index in [0, 1] {
                if index == 0 { struck.advance(to: epoch + .minutes(minute)) }
                if index == 1 { calm.advance(to: epoch + .minutes(minute)) }
            }
            let factor = (10..<30).contains(minute) ? 0.5 : 1
            #expect(near(struck.price(0).double, calm.price(0).double * factor, 2e-8))
        }
    }

    /// A quarter of the depth doubles a move that goes with the root, and quadruples one that is linear; a
    /// trade still pays two thirds, or a half, of the move.
    @Test(
        arguments: [(.squareRoot, 2, 2.0 / 3), (.linear, 4, 0.5)] as [(ImpactLaw, Double, Double)])
    func depthVanishes(law: ImpactLaw, times: Double, share: Double) throws {
        let liquidity = Liquidity(
            law: law, depth: Money(whole: 1_000_000), depthMove: ratio(0.02), recovery: .zero)
        var markets = try world(.depth(ratio(0.25)), .constant(price(100)), liquidity)
        let sale = quantity(-10_000)
        for (minute, factor) in [(9, 1), (10, times), (29, times), (30, 1)] as [(Int64, Double)] {
            markets.advance(to: epoch + .minutes(minute))
            let fill = try markets.trade(0, sale)
            #expect(near(fill.priceAfter.double, 100 * (1 - 0.02 * factor), 1e-6))
            #expect(near(fill.averagePrice.double, 100 * (1 - 0.02 * factor * share), 1e-6))
        }
    }
}
