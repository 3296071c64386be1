import ExactMath
import Foundation
import Markets
import SeededRandom
import Testing

struct LiquidityTests {
    func pool(
        _ law: ImpactLaw, permanent: Double = 0, recovery: TimeSpan = .minutes(20),
        spread: Double = 0
    ) -> Liquidity {
        Liquidity(
            law: law, depth: Money(whole: 12_000_000), depthMove: ratio(0.02),
            permanentShare: ratio(permanent), recovery: recovery, spread: ratio(spread))
    }

    func world(_ liquidity: Liquidity?, at start: Double = 200) throws -> Markets {
        try market(.constant(price(start)), liquidity)
    }

    static let moves: [(law: ImpactLaw, units: Double, move: Double, share: Double)] = [
        (.squareRoot, -60_000, -0.02, 2.0 / 3), (.squareRoot, -15_000, -0.01, 2.0 / 3),
        (.squareRoot, 240_000, 0.04, 2.0 / 3), (.squareRoot, -600, -0.002, 2.0 / 3),
        (.linear, -60_000, -0.02, 0.5), (.linear, -15_000, -0.005, 0.5),
        (.linear, 120_000, 0.04, 0.5), (.linear, -2_400_000, -0.8, 0.5),
    ]

    /// From rest: 2 % · √(value/depth) with two thirds of it as slippage, or 2 % · value/depth with
    /// half.
    @Test(arguments: moves)
    func movesByItsLaw(_ law: ImpactLaw, _ units: Double, _ move: Double, _ share: Double) throws {
        for permanent in [0, 0.35, 1] {
            var markets = try world(pool(law, permanent: permanent))
            let fill = try markets.trade(0, quantity(units))
            #expect(near(markets.impact(0).double, move, 2e-8))
            #expect(markets.price(0) == fill.priceAfter)
            #expect(near(fill.priceAfter.double, 200 * (1 + move), 2e-8))
            #expect(fill.priceBefore == price(200))
            #expect(markets.exogenousPrice(0) == price(200))
            #expect(near(fill.averagePrice.double, 200 * (1 + share * move), 3e-8))
            let value = abs(units) * 200
            #expect(
                near(fill.slippage.double, value * abs(move) * share, 2e-7 * value / 1e6 + 1e-7))
        }
    }

    /// Reserves x and y of 12 million each: selling dx brings y · dx / (x + dx), buying costs y · dx / (x − dx), and the
    /// price is their ratio afterwards.
    @Test(arguments: [-60_000.0, -6000, -60, 60, 6000, 30_000])
    func constantProduct(units: Double) throws {
        for permanent in [0, 1.0] {
            var markets = try world(pool(.constantProduct, permanent: permanent))
            let fill = try markets.trade(0, quantity(units))
            let (x, y) = (60_000.0, 12e6)
            let cash = -y * units / (x - units)
            #expect(near(fill.proceeds.double, cash, 1e-8 * abs(cash) + 1e-7))
            let after = (y - cash) / (x - units)
            #expect(near(fill.priceAfter.double, after, 1e-7))
            #expect(markets.price(0) == fill.priceAfter)
        }
    }

    @Test("In one piece or in a hundred the pool takes as much", arguments: [0.0, 0.4, 1])
    func splittingAConstantProduct(_ permanent: Double) throws {
        for units in [-80_000.0, 20_000, -1] {
            var (whole, split) = (
                try world(pool(.constantProduct, permanent: permanent)),
                try world(pool(.constantProduct, permanent: permanent))
            )
            let fill = try whole.trade(0, quantity(units))
            var cash = Money.zero
            for _ in 0..<100 { cash += try split.trade(0, quantity(units / 100)).proceeds }
            #expect(split.price(0) == whole.price(0))
            #expect(cash <= fill.proceeds && fill.proceeds - cash <= Money(raw: 300))
        }
    }

    @Test("The whole reserve cannot be bought, and what was sold comes back by halves")
    func constantProductLimits() throws {
        var markets = try world(pool(.constantProduct))
        #expect(throws: MarketsError.overflow(asset: 0)) { try markets.quote(0, quantity(60_000)) }
        _ = try markets.trade(0, quantity(-60_000))
        #expect(near(markets.price(0).double, 50, 1e-7))
        markets.advance(to: epoch + .minutes(20))
        // Half of what was sold is as if it had not been: 200 / 1.5².
        #expect(near(markets.price(0).double, 200 / 2.25, 1e-6))
    }

    @Test func unlimitedLiquidityHasNoImpact() throws {
        var markets = try world(nil)
        let sale = try markets.trade(0, quantity(-1_000_000))
        #expect(sale.proceeds == Money(whole: 200_000_000))
        #expect(sale.slippage == .zero)
        #expect(sale.priceAfter == price(200))
        #expect(markets.impact(0) == .zero)
        let purchase = try markets.trade(0, Quantity(raw: 1))
        #expect(purchase.proceeds == Money(raw: -200))
        #expect(purchase.averagePrice == price(200))
    }

    @Test func nothingTradedCostsNothing() throws {
        var markets = try world(pool(.linear, spread: 0.01))
        let fill = try markets.trade(0, .zero)
        #expect(fill.proceeds == .zero && fill.slippage == .zero)
        #expect(fill.averagePrice == price(200) && fill.priceAfter == price(200))
    }

    @Test func everyTradePaysHalfTheSpread() throws {
        var deep = pool(.linear, spread: 0.001)
        deep.depth = Money(whole: 80_000_000_000)
        deep.depthMove = Ratio(raw: 1)
        let markets = try world(deep)
        let sale = try markets.quote(0, quantity(-10))
        #expect(sale.proceeds + sale.slippage == money(2000))
        #expect(sale.slippage >= money(2) && sale.slippage <= money(2.00000002))
        #expect(near(sale.averagePrice.double, 199.8, 2e-8))
        let purchase = try markets.quote(0, quantity(10))
        #expect(abs(purchase.proceeds.double + 2002) < 2e-8)
        #expect(purchase.slippage >= money(2))
    }

    /// The temporary part of the impact halves every recovery, under either law; the permanent
    /// stays.
    @Test(arguments: [ImpactLaw.squareRoot, .linear])
    func recoversWithItsHalfLife(_ law: ImpactLaw) throws {
        var markets = try world(pool(law, permanent: 0.25))
        _ = try markets.trade(0, quantity(-60_000))
        for (lives, left) in [(0, 1.0), (1, 0.5), (2, 0.25), (3, 0.125), (60, 0)] {
            markets.advance(to: epoch + .minutes(20 * Int64(lives)))
            let expected = -0.02 * (0.25 + 0.75 * left)
            #expect(near(markets.impact(0).double, expected, 2e-8))
            #expect(near(markets.price(0).double, 200 * (1 + expected), 3e-8))
        }
    }

    @Test func recoveryDoesNotDependOnTheSteps() throws {
        var (fine, coarse) = (try world(pool(.squareRoot)), try world(pool(.squareRoot)))
        _ = try fine.trade(0, quantity(-60_000))
        _ = try coarse.trade(0, quantity(-60_000))
        for second in 1...600 { fine.advance(to: epoch + TimeSpan(seconds: Int64(second))) }
        coarse.advance(to: epoch + .minutes(10))
        #expect(abs(fine.price(0).raw - coarse.price(0).raw) <= 1)
    }

    @Test func withoutRecoveryTimeImpactIsGoneAtTheNextMoment() throws {
        var markets = try world(pool(.squareRoot, permanent: 0.5, recovery: .zero))
        _ = try markets.trade(0, quantity(-60_000))
        markets.advance(to: epoch)
        #expect(markets.impact(0) == ratio(-0.02))
        markets.advance(to: epoch + TimeSpan(milliseconds: 1))
        #expect(markets.impact(0) == ratio(-0.01))
    }

    /// In one piece or in a hundred, the price ends at the same place and rounding favours one
    /// piece.
    @Test(arguments: [ImpactLaw.squareRoot, .linear], [0.0, 0.4, 1])
    func splittingIsNeutral(_ law: ImpactLaw, _ permanent: Double) throws {
        for units in [-80_000.0, 80_000, -1] {
            var (whole, split) = (
                try world(pool(law, permanent: permanent, spread: 0.0005)),
                try world(pool(law, permanent: permanent, spread: 0.0005))
            )
            let fill = try whole.trade(0, quantity(units))
            var cash = Money.zero
            for _ in 0..<100 { cash += try split.trade(0, quantity(units / 100)).proceeds }
            #expect(split.price(0) == whole.price(0))
            #expect(cash <= fill.proceeds)
            #expect(fill.proceeds - cash <= Money(raw: 300))
        }
    }

    @Test(arguments: ImpactLaw.allCases)
    func buyingBackRestoresThePrice(_ law: ImpactLaw) throws {
        var markets = try world(pool(law, permanent: 0.3))
        let sale = try markets.trade(0, quantity(-50_000))
        let back = try markets.trade(0, quantity(50_000))
        #expect(back.priceBefore == sale.priceAfter)
        #expect(markets.price(0) == price(200) && markets.impact(0) == .zero)
        #expect(sale.proceeds + back.proceeds <= .zero)
        #expect(sale.proceeds + back.proceeds >= Money(raw: -10))
    }

    /// The cost against a numerical integral of the price over the volume, from any state.
    @Test(arguments: [ImpactLaw.squareRoot, .linear])
    func costIsTheIntegralOfThePrice(_ law: ImpactLaw) throws {
        let liquidity = pool(law, permanent: 0.3)
        var draws = RandomSource(seed: 8).stream("trades")
        var markets = try world(liquidity)
        var (lasting, passing) = (0.0, 0.0)
        func move(_ volume: Double) -> Double {
            let depths = abs(volume) / 12e6
            let size = 0.02 * (law == .linear ? depths : depths.squareRoot())
            return volume < 0 ? -size : size
        }
        for step in 1...60 {
            markets.advance(to: epoch + .minutes(Int64(step)))
            passing *= pow(0.5, (law == .linear ? 1.0 : 2.0) / 20)
            let units = Double(draws.uniform(in: -90_000...90_000))
            let value = units * 200
            let pieces = 20_000
            var cost = 0.0
            for piece in 0..<pieces {
                let part = (Double(piece) + 0.5) / Double(pieces) * value
                let impact = 0.3 * move(lasting + part) + 0.7 * move(passing + part)
                cost += (1 + impact) * value / Double(pieces)
            }
            let fill = try markets.trade(0, quantity(units))
            lasting += value
            passing += value
            #expect(abs(fill.proceeds.double + cost) < 1)
            let impact = 0.3 * move(lasting) + 0.7 * move(passing)
            #expect(near(markets.impact(0).double, impact, 1e-7))
        }
    }

    /// No sequence of trades that ends without a position makes money, also when the market
    /// recovers.
    @Test(arguments: ImpactLaw.allCases, UInt64(1)...12)
    func noRoundTripIsProfitable(_ law: ImpactLaw, _ seed: UInt64) throws {
        var draws = RandomSource(seed: seed).stream("round trip")
        var markets = try world(
            pool(law, permanent: Double(seed) / 12, spread: 0), at: 1234.5678)
        var (cash, position) = (Money.zero, Quantity.zero)
        for _ in 1...40 {
            markets.advance(to: markets.time + .minutes(draws.uniform(in: 0...1)))
            // A pool's reserve is 9,720 units.
            let most: Int64 = law == .constantProduct ? 400_00000000 : 3_000_00000000
            let order = Quantity(raw: draws.uniform(in: -most...most))
            cash += try markets.trade(0, order).proceeds
            position += order
        }
        cash += try markets.trade(0, -position).proceeds
        #expect(cash <= .zero, "seed \(seed)")
    }

    @Test func aSaleBeyondTheDepthIsRefused() throws {
        // Linear: −95 % at 47.5 depths, i.e. 570 million, i.e. 2.85 million units of 200.
        var markets = try world(pool(.linear))
        let before = markets.price(0)
        #expect(
            throws: MarketsError.marketDepthExceeded(asset: 0, impact: Ratio(raw: -95_000_034))
        ) {
            try markets.trade(0, quantity(-2_850_001))
        }
        #expect(markets.price(0) == before && markets.impact(0) == .zero)
        let fill = try markets.trade(0, quantity(-2_850_000))
        #expect(fill.priceAfter == price(10))
        #expect(throws: MarketsError.self) { try markets.quote(0, quantity(-1)) }
        // A purchase is not bounded by the depth.
        #expect(try markets.quote(0, quantity(20_000_000)).priceAfter > price(200))
    }

    @Test func aTradeTooLargeOverflows() throws {
        for liquidity in [nil, pool(.squareRoot), pool(.linear)] {
            var markets = try world(liquidity)
            for raw in [Int64.max, .min, .min + 1] {
                #expect(throws: MarketsError.overflow(asset: 0)) {
                    try markets.trade(0, Quantity(raw: raw))
                }
            }
            #expect(markets.price(0) == price(200))
        }
    }

    @Test func anImpactThatCannotBeShownIsRefused() throws {
        var thin = pool(.linear, permanent: 1)
        (thin.depth, thin.depthMove) = (Money(raw: 1), ratio(0.95))
        var markets = try market(.constant(Price(raw: 1)), thin)
        var trades = 0
        let error = #expect(throws: MarketsError.self) {
            for _ in 0..<2000 {
                _ = try markets.trade(0, quantity(90_000_000))
                trades += 1
            }
        }
        #expect(error == .overflow(asset: 0))
        #expect(trades > 1000)
        #expect(markets.impact(0) > Ratio(whole: 90_000_000_000))
        #expect(near(markets.price(0).double, 900, 25))
        markets.advance(to: epoch + .minutes(1))
        #expect(markets.impact(0) > Ratio(whole: 90_000_000_000))
    }

    /// Cash is conserved: proceeds and slippage are together the value at the price shown before.
    @Test(arguments: UInt64(1)...20)
    func fuzz(_ seed: UInt64) throws {
        var draws = RandomSource(seed: seed).stream("fuzz")
        let liquidity = Liquidity(
            law: seed % 2 == 0 ? .linear : .squareRoot,
            depth: Money(raw: draws.uniform(in: 100_000_000...10_000_000_000_000_000)),
            depthMove: Ratio(raw: draws.uniform(in: 1...95_000_000)),
            permanentShare: Ratio(raw: draws.uniform(in: 0...100_000_000)),
            recovery: TimeSpan(milliseconds: draws.uniform(in: 0...10_000_000)),
            spread: Ratio(raw: draws.uniform(in: 0...99_999_999) / draws.uniform(in: 1...10_000)))
        let start = Price(raw: Int64(1) << draws.uniform(in: 0...48))
        var markets = try market(
            .geometricBrownian(
                GeometricBrownian(start: start, drift: .zero, volatility: ratio(2))),
            liquidity, seed: seed)
        var filled = 0
        for step in 1...300 {
            markets.advance(to: epoch + TimeSpan(milliseconds: Int64(step / 3) * 12_345))
            let size = Int64(1) << draws.uniform(in: 0...50)
            let order = Quantity(raw: draws.uniform(in: -size...size))
            let before = (markets.price(0), markets.impact(0))
            let quote: OutsideFill
            do {
                quote = try markets.quote(0, order)
            } catch {
                let again = #expect(throws: MarketsError.self) { try markets.trade(0, order) }
                #expect(again == error)
                #expect(markets.price(0) == before.0 && markets.impact(0) == before.1)
                continue
            }
            filled += 1
            #expect(try markets.trade(0, order) == quote)
            #expect(quote.priceBefore == before.0 && quote.priceAfter == markets.price(0))
            #expect(quote.slippage >= .zero)
            let value = try order.value(at: before.0, rounding: .up)
            #expect(quote.proceeds + quote.slippage == -value)
            #expect(order.isNegative ? quote.proceeds >= .zero : quote.proceeds <= .zero)
            // The average price never claims more than was received, nor less than was paid.
            let averaged = try order.value(at: quote.averagePrice, rounding: .up)
            #expect(quote.proceeds >= -averaged)
            #expect(markets.price(0).isPositive && markets.exogenousPrice(0).isPositive)
            #expect(order.isNegative || quote.priceAfter >= quote.priceBefore)
            #expect(order.isPositive || quote.priceAfter <= quote.priceBefore)
            #expect(markets.impact(0) >= Liquidity.deepestImpact)
        }
        #expect(filled > 20, "seed \(seed)")
    }
}
