import ExactMath
import Markets
import SeededRandom
import Testing

struct MarketsTests {
    let pool = Liquidity(
        law: .squareRoot, depth: Money(whole: 1_000_000), depthMove: ratio(0.02),
        permanentShare: ratio(0.3), recovery: .minutes(20), spread: ratio(0.001))

    var assets: [ReferenceAsset] {
        let brownian = GeometricBrownian(
            start: price(100), drift: .zero, volatility: ratio(1),
            jumps: Jumps(perYear: ratio(5000), mean: .zero, deviation: ratio(0.05)))
        let reverting = MeanReverting(
            start: price(1), mean: price(1), halfLife: .minutes(60), volatility: ratio(0.1))
        let points = [
            PricePoint(time: epoch, price: price(10)),
            PricePoint(time: epoch + .minutes(500), price: price(12)),
        ]
        return [
            ReferenceAsset(name: "USDC", process: .constant(price(1))),
            ReferenceAsset(name: "ETH", process: .geometricBrownian(brownian), liquidity: pool),
            ReferenceAsset(name: "DAI", process: .meanReverting(reverting), liquidity: pool),
            ReferenceAsset(
                name: "CRV", process: .path(points, between: .bridge(volatility: ratio(2))),
                liquidity: pool),
        ]
    }

    func world(_ assets: [ReferenceAsset], seed: UInt64 = 6) throws -> Markets {
        try Markets(
            assets: assets, correlation: nil, start: epoch, random: RandomSource(seed: seed))
    }

    /// Common random numbers: trading changes prices, but nothing that is drawn.
    @Test func tradesChangeNoExogenousPriceAndNoDraw() throws {
        var (quiet, busy) = (try world(assets), try world(assets))
        var draws = RandomSource(seed: 1).stream("trades")
        var moved = 0
        for step in 1...600 {
            let time = epoch + .minutes(Int64(step))
            quiet.advance(to: time)
            busy.advance(to: time)
            busy.advance(to: time)
            for asset in 0..<4 {
                _ = try busy.trade(asset, Quantity(raw: draws.uniform(in: -100_000_000...0)))
                #expect(busy.exogenousPrice(asset) == quiet.exogenousPrice(asset))
                #expect(quiet.price(asset) == quiet.exogenousPrice(asset))
                if busy.price(asset) != quiet.price(asset) { moved += 1 }
            }
            #expect(busy.drawn == quiet.drawn)
        }
        #expect(moved > 1500)
        // Three Brownian motions, and two words for the jumps of one of them.
        #expect(quiet.drawn == 600 * 5)
    }

    @Test func sameSeedSamePrices() throws {
        var (first, second, other) = (
            try world(assets), try world(assets), try world(assets, seed: 7)
        )
        for step in 1...50 {
            let time = epoch + .minutes(Int64(step))
            first.advance(to: time)
            second.advance(to: time)
            other.advance(to: time)
            for asset in 1..<4 {
                #expect(first.price(asset) == second.price(asset))
                #expect(first.price(asset) != other.price(asset))
            }
        }
        #expect(first.time == epoch + .minutes(50))
    }

    @Test func anotherAssetChangesNobodyElsesNumbers() throws {
        var (all, few) = (try world(assets), try world([assets[3], assets[1]]))
        for step in 1...100 {
            all.advance(to: epoch + .minutes(Int64(step)))
            few.advance(to: epoch + .minutes(Int64(step)))
            #expect(all.price(3) == few.price(0))
            #expect(all.price(1) == few.price(1))
        }
    }

    @Test func impactMovesWithTheExogenousPrice() throws {
        let points = [
            PricePoint(time: epoch, price: price(100)),
            PricePoint(time: epoch + .minutes(1), price: price(50)),
        ]
        var lasting = pool
        lasting.permanentShare = .one
        var markets = try market(.path(points, between: .step), lasting)
        _ = try markets.trade(0, quantity(-10_000))
        #expect(markets.price(0) == price(98))
        markets.advance(to: epoch + .minutes(1))
        #expect(markets.exogenousPrice(0) == price(50))
        #expect(markets.price(0) == price(49))
    }

    @Test func refusesTwoAssetsOfOneName() {
        #expect(throws: MarketsError.duplicateName("ETH")) {
            try world([assets[1], assets[0], assets[1]])
        }
    }

    static func bar(_ minute: Int64, _ o: Double, _ h: Double, _ l: Double, _ c: Double) -> Bar {
        Bar(
            openTime: epoch + .minutes(minute), open: price(o), high: price(h), low: price(l),
            close: price(c))
    }

    static func brownian(_ drift: Double, _ volatility: Double, _ jumps: Jumps? = nil)
        -> PriceProcess
    {
        .geometricBrownian(
            GeometricBrownian(
                start: price(1), drift: ratio(drift), volatility: ratio(volatility), jumps: jumps))
    }

    static let point = PricePoint(time: epoch, price: price(1))
    static let faults: [(PriceProcess, ProcessFault)] = [
        (.constant(.zero), .priceNotPositive),
        (.constant(price(-1)), .priceNotPositive),
        (.path([], between: .step), .noPoints),
        (.path([point, point], between: .step), .timesNotIncreasing(point: 1)),
        (.path([PricePoint(time: epoch, price: .zero)], between: .linear), .priceNotPositive),
        (
            .path([point], between: .bridge(volatility: ratio(-0.1))),
            .volatilityOutOfRange(ratio(-0.1))
        ),
        (.bars([], interval: .minutes(1)), .noBars),
        (.bars([bar(0, 1, 1, 1, 1)], interval: .zero), .intervalNotPositive),
        (.bars([bar(0, 1, 1, 0, 1)], interval: .minutes(1)), .priceNotPositive),
        (.bars([bar(0, 3, 2, 1, 2)], interval: .minutes(1)), .barOutOfRange(bar: 0)),
        (
            .bars([bar(0, 1, 1, 1, 1), bar(1, 1, 3, 2, 3)], interval: .minutes(1)),
            .barOutOfRange(bar: 1)
        ),
        (
            .bars([bar(0, 1, 1, 1, 1), bar(1, 1, 1, 1, 1)], interval: .minutes(2)),
            .barsOverlap(bar: 1)
        ),
        (brownian(0, -1), .volatilityOutOfRange(ratio(-1))),
        (brownian(0, 101), .volatilityOutOfRange(ratio(101))),
        (brownian(-100_001, 1), .driftOutOfRange(ratio(-100_001))),
        (
            brownian(0, 1, Jumps(perYear: ratio(-1), mean: .zero, deviation: .zero)),
            .jumpsOutOfRange
        ),
        (
            brownian(0, 1, Jumps(perYear: ratio(1), mean: .zero, deviation: ratio(-1))),
            .jumpsOutOfRange
        ),
        (
            .meanReverting(
                MeanReverting(
                    start: price(1), mean: price(1), halfLife: .zero, volatility: ratio(1))),
            .halfLifeNotPositive
        ),
        (
            .meanReverting(
                MeanReverting(
                    start: price(1), mean: .zero, halfLife: .minutes(1), volatility: ratio(1))),
            .priceNotPositive
        ),
    ]

    @Test(arguments: faults.indices)
    func refusesAProcessThatBreaksARule(_ index: Int) {
        let (process, fault) = MarketsTests.faults[index]
        #expect(throws: MarketsError.invalidProcess(asset: "ETH", fault)) {
            try market(process)
        }
    }

    @Test(arguments: [
        LiquidityFault.depthNotPositive(.zero), .depthMoveOutOfRange(.zero),
        .depthMoveOutOfRange(ratio(0.96)), .permanentShareOutOfRange(ratio(-0.1)),
        .permanentShareOutOfRange(ratio(1.1)), .recoveryNegative(TimeSpan(milliseconds: -1)),
        .spreadOutOfRange(ratio(-0.1)), .spreadOutOfRange(.one),
    ])
    func refusesALiquidityThatBreaksARule(_ fault: LiquidityFault) {
        var liquidity = pool
        switch fault {
        case .depthNotPositive(let value): liquidity.depth = value
        case .depthMoveOutOfRange(let value): liquidity.depthMove = value
        case .permanentShareOutOfRange(let value): liquidity.permanentShare = value
        case .recoveryNegative(let value): liquidity.recovery = value
        case .spreadOutOfRange(let value): liquidity.spread = value
        }
        let error = MarketsError.invalidLiquidity(asset: "ETH", fault)
        #expect(throws: error) { try market(.constant(price(1)), liquidity) }
        #expect(error.description.hasPrefix("ETH: the "))
    }
}
