import Agents
import Chain
import ExactMath
import MarginProtocol
import Markets
import Oracles
import Scenarios
import Testing

/// Each section of the rich scenario, as whole values built by hand.
@Suite struct RichScenarioTests {
    let scenario: Scenario
    let start: Timestamp

    init() throws {
        scenario = try load(rich)
        start = try #require(Timestamp(year: 2020, month: 3, day: 12)) + TimeSpan(seconds: 8 * 3600)
    }

    private func clock(_ hours: Int64, _ minutes: Int64 = 0) -> Timestamp {
        start + TimeSpan(seconds: (hours - 8) * 3600 + minutes * 60)
    }

    @Test func top() {
        #expect(scenario.name == "rich")
        #expect(scenario.question == "Does everything that can be written arrive?")
        #expect(scenario.seed == UInt64.max)
        #expect(scenario.start == start)
        #expect(scenario.duration == TimeSpan(seconds: 43_200))
        #expect(scenario.step == TimeSpan(seconds: 2))
        #expect(scenario.nativeFeed == FeedID(1))
        #expect(scenario.healthEvery == 25)
        #expect(scenario.lateAfter == TimeSpan(seconds: 90))
    }

    @Test func chain() {
        var expected = ChainPreset.ethereum2020.configuration
        expected.name = "my-chain"
        expected.blockTime = .exponential(mean: TimeSpan(seconds: 14))
        expected.gasLimit = 12_500_000
        expected.feeMarket = .eip1559(
            EIP1559(
                elasticity: 3, denominator: 10, initialBaseFee: 20_000_000_000,
                minimumBaseFee: 1_000_000_000))
        expected.ordering = .firstComeFirstServed
        expected.mempool = MempoolLimits(
            transactions: 1000, perSender: 9, lifetime: TimeSpan(seconds: 1200),
            priceBump: Ratio(basisPoints: 1250), minimumTip: 2_000_000_000)
        expected.gas[.liquidate] = 400_000
        expected.gas[.postPrice] = 120_000
        expected.gas.rejectedShare = Ratio(percent: 55)
        let capacity = expected.capacity(at: start)
        // A third of the limit every 14 seconds.
        #expect(capacity == 12_500_000 / 3 * 1000 / 14_000)
        expected.demand = DemandConfiguration(
            points: [
                DemandPoint(
                    from: clock(8), gasPerSecond: 2 * capacity, medianPrice: 10_000_000_000,
                    spread: Ratio(percent: 40)),
                DemandPoint(
                    from: clock(10), gasPerSecond: 4 * capacity, medianPrice: 200_000_000_000,
                    spread: Ratio(percent: 80)),
                DemandPoint(
                    from: clock(26), gasPerSecond: 3_000_000, medianPrice: 20_000_000_000,
                    spread: Ratio(percent: 40)),
            ], interpolation: .step, patience: TimeSpan(seconds: 480), transactionGas: 100_000)
        #expect(scenario.chain == expected)
    }

    @Test func referenceAssets() throws {
        let expected = [
            ReferenceAsset(name: "USDC", process: .constant(Price(whole: 1))),
            ReferenceAsset(
                name: "ETH",
                process: .path(
                    [
                        PricePoint(time: clock(8), price: Price(raw: 18_520_000_000)),
                        PricePoint(time: clock(8, 10), price: Price(raw: 18_390_000_000)),
                        PricePoint(time: clock(20), price: Price(whole: 120)),
                    ], between: .bridge(volatility: Ratio(percent: 120))),
                liquidity: Liquidity(
                    law: .linear, depth: Money(whole: 12_000_000), depthMove: Ratio(percent: 3),
                    permanentShare: Ratio(percent: 25), recovery: TimeSpan(seconds: 1800),
                    spread: Ratio(basisPoints: 5))),
            ReferenceAsset(
                name: "BTC",
                process: .geometricBrownian(
                    GeometricBrownian(
                        start: Price(whole: 8000), drift: Ratio(percent: -20),
                        volatility: Ratio(percent: 90),
                        jumps: Jumps(
                            perYear: Ratio(whole: 50), mean: Ratio(percent: -5),
                            deviation: Ratio(percent: 3))))),
            ReferenceAsset(
                name: "DAI",
                process: .meanReverting(
                    MeanReverting(
                        start: Price(raw: 102_000_000), mean: Price(whole: 1),
                        halfLife: TimeSpan(seconds: 21_600), volatility: Ratio(percent: 30))),
                liquidity: Liquidity(
                    law: .squareRoot, depth: Money(whole: 2_000_000), depthMove: Ratio(percent: 2),
                    recovery: TimeSpan(seconds: 1200))),
            ReferenceAsset(
                name: "STEP",
                process: .path(
                    [
                        PricePoint(time: clock(8), price: Price(whole: 5)),
                        PricePoint(time: clock(9), price: Price(whole: 4)),
                    ],
                    between: .step)),
            ReferenceAsset(
                name: "BARS",
                process: .bars(
                    [
                        Bar(
                            openTime: clock(8), open: Price(whole: 10), high: Price(whole: 12),
                            low: Price(whole: 9), close: Price(whole: 11)),
                        Bar(
                            openTime: clock(9), open: Price(whole: 11), high: Price(whole: 11),
                            low: Price(whole: 10), close: Price(raw: 1_050_000_000)),
                    ], interval: TimeSpan(seconds: 1800))),
        ]
        #expect(scenario.referenceAssets == expected)
        let matrix = try #require(scenario.correlation)
        #expect(matrix[1, 2] == Ratio(percent: 80))
        #expect(matrix[3, 2] == Ratio(percent: -10))
        #expect(matrix[1, 3] == .zero)
    }

    @Test func assetsAndMarkets() {
        let assets = [
            AssetParameters(
                name: "USDC", feed: FeedID(0), collateral: .flat(.one),
                liabilityWeight: Ratio(percent: 102),
                borrowable: true),
            AssetParameters(
                name: "ETH", feed: FeedID(1),
                collateral: CollateralSchedule(
                    basis: .value,
                    tiers: [
                        .init(floor: 0, weight: Ratio(percent: 95)),
                        .init(floor: Money(whole: 1_000_000).raw, weight: Ratio(percent: 90)),
                        .init(floor: Money(whole: 10_000_000).raw, weight: Ratio(percent: 50)),
                    ]), liabilityWeight: Ratio(percent: 110), borrowable: true,
                depositCap: Quantity(whole: 10_000)),
            AssetParameters(
                name: "BTC", feed: FeedID(2),
                collateral: CollateralSchedule(
                    basis: .quantity,
                    tiers: [
                        .init(floor: 0, weight: Ratio(percent: 80)),
                        .init(floor: Quantity(whole: 5).raw, weight: Ratio(percent: 60)),
                    ])),
            AssetParameters(name: "DAI", feed: FeedID(3), collateral: .flat(Ratio(percent: 85))),
            AssetParameters(name: "STEP", feed: FeedID(4), collateral: .flat(.zero)),
            AssetParameters(name: "BARS", feed: FeedID(5), collateral: .flat(.zero)),
        ]
        #expect(scenario.parameters.assets == assets)
        let markets = [
            MarketParameters(
                name: "ETH-PERP", feed: FeedID(1),
                margin: MarginSchedule(brackets: [
                    .init(
                        floor: .zero, initialRate: Ratio(percent: 5),
                        maintenanceRate: Ratio(percent: 3)),
                    .init(
                        floor: Money(whole: 1_000_000), initialRate: Ratio(percent: 10),
                        maintenanceRate: Ratio(percent: 5)),
                ]), takerFee: Ratio(basisPoints: 5), makerFee: Ratio(basisPoints: -1),
                poolFeeShare: Ratio(percent: 70),
                pool: PoolPricing(
                    spread: Ratio(basisPoints: 2), impactDepth: Money(whole: 10_000_000),
                    impactAtDepth: Ratio(basisPoints: 50)),
                openInterestCap: Money(whole: 50_000_000),
                funding: .skew(
                    maximumRate: Ratio(basisPoints: 10), skewScale: Quantity(whole: 10_000)),
                profitWeight: Ratio(percent: 90)),
            MarketParameters(
                name: "BTC-PERP", feed: FeedID(2),
                margin: .flat(initial: Ratio(percent: 10), maintenance: Ratio(percent: 5)),
                pool: nil),
        ]
        #expect(scenario.parameters.markets == markets)
    }

    @Test func oracles() {
        let outage = Outage(from: clock(13), until: clock(13, 10))
        let late = LatencyFault(
            from: clock(10, 40), until: clock(11, 5), extra: TimeSpan(seconds: 90))
        func feed(
            _ index: Int, _ name: String, _ latency: Latency, late faults: [LatencyFault] = []
        ) -> PriceFeed {
            PriceFeed(
                name: name, asset: index, deviation: Ratio(basisPoints: 50),
                heartbeat: TimeSpan(seconds: 3600),
                interval: TimeSpan(seconds: 2), latency: latency, outages: [outage],
                extraLatency: faults)
        }
        let expected = [
            PriceFeed(name: "USDC", asset: 0, deviation: .one, heartbeat: .zero, interval: .year),
            PriceFeed(
                name: "ETH", asset: 1, deviation: Ratio(basisPoints: 75),
                heartbeat: TimeSpan(seconds: 7200),
                heartbeatMode: .resetOnUpdate, interval: TimeSpan(seconds: 5),
                noise: Ratio(basisPoints: 10),
                latency: .uniform(TimeSpan(seconds: 15), TimeSpan(seconds: 45)),
                confidence: Ratio(basisPoints: 20),
                outages: [outage], extraLatency: [late], reporters: 21),
            feed(2, "BTC", .exponential(mean: TimeSpan(seconds: 20)), late: [late]),
            feed(3, "DAI", .lognormal(median: TimeSpan(seconds: 10), sigma: Ratio(percent: 50))),
            feed(
                4, "STEP",
                .pareto(
                    minimum: TimeSpan(seconds: 1), shape: Ratio(percent: 150),
                    maximum: TimeSpan(seconds: 600))),
            feed(5, "BARS", .fixed(.zero)),
        ]
        #expect(scenario.priceFeeds == expected)
        #expect(
            scenario.agents.reporters == [
                ReporterPolicy(
                    feed: FeedID(1), fee: .multipleOfBase(Ratio(percent: 130)),
                    maximumFee: 500_000_000_000, bumpAfter: 4),
                ReporterPolicy(feed: FeedID(2), fee: .fixed(30_000_000_000)),
                ReporterPolicy(feed: FeedID(3), fee: .multipleOfBase(Ratio(whole: 2))),
                ReporterPolicy(feed: FeedID(4), fee: .fixed(7_000_000_000)),
                ReporterPolicy(feed: FeedID(5), fee: .multipleOfBase(Ratio(percent: 125))),
            ])
        func guards(_ name: String) -> FeedParameters {
            FeedParameters(
                name: name, reporters: [], maxDeviation: Ratio(percent: 50),
                maxConfidence: Ratio(percent: 5),
                maxAge: TimeSpan(seconds: 4200))
        }
        #expect(
            scenario.parameters.feeds == [
                // What never changes is never stale.
                FeedParameters(name: "USDC", reporters: []),
                FeedParameters(
                    name: "ETH", reporters: [], maxDeviation: Ratio(percent: 20),
                    maxConfidence: Ratio(percent: 1)),
                guards("BTC"), guards("DAI"), guards("STEP"), guards("BARS"),
            ])
    }

    private let liquidation = LiquidationPolicy(
        trigger: .inclusive, order: .largestFirst,
        size: .closeFactor(
            Ratio(percent: 40), fullBelow: Ratio(percent: 60), dust: Money(whole: 100)),
        penalty: Ratio(basisPoints: 150), liquidatorShare: Ratio(percent: 50),
        collateralBonus: Ratio(percent: 6),
        collateralBonusInsuranceShare: Ratio(percent: 20), taker: .liquidator, oncePerBlock: true)

    @Test func law() {
        #expect(scenario.parameters.settlementAsset == AssetID(0))
        #expect(scenario.parameters.staleBlocks == [.open, .withdraw])
        #expect(scenario.parameters.liquidation == liquidation)
        #expect(scenario.parameters.lossWaterfall == [.insuranceFund, .socialised, .badDebt])
        #expect(scenario.insuranceFund.map(\.asset) == [AssetID(0)])
        #expect(scenario.insuranceFund.map(\.amount) == [Quantity(whole: 250_000)])
        #expect(scenario.poolLiquidity.map(\.asset) == [AssetID(0), AssetID(1)])
        #expect(
            scenario.poolLiquidity.map(\.amount) == [
                Quantity(whole: 5_000_000), Quantity(whole: 100),
            ])
        #expect(ClearingHouse.problems(in: scenario.parameters) == [])
    }

    @Test func agents() {
        let calls = MarginCallPolicy(
            threshold: Ratio(percent: 150), topUp: Ratio(percent: 20), panic: Ratio(percent: 10),
            delay: TimeSpan(seconds: 30))
        let quiet = MarginCallPolicy(
            threshold: Ratio(percent: 120), topUp: .zero, panic: .zero, delay: TimeSpan(seconds: 60)
        )
        #expect(
            scenario.agents.traders == [
                TraderGroup(
                    name: "whales", count: 20, mode: .isolated,
                    collateral: [
                        .init(id: AssetID(0), share: Ratio(percent: 70)),
                        .init(id: AssetID(1), share: Ratio(percent: 30)),
                    ],
                    equity: .uniform(Fixed18(whole: 100_000), Fixed18(whole: 5_000_000)),
                    markets: [
                        .init(id: MarketID(0), share: Ratio(whole: 3)),
                        .init(id: MarketID(1), share: .one),
                    ],
                    positions: 1...2,
                    leverage: .pareto(
                        minimum: Fixed18(Ratio(percent: 120)), shape: Fixed18(Ratio(percent: 210)),
                        maximum: Fixed18(whole: 18)),
                    longBias: Ratio(percent: 65), hedged: Ratio(percent: 10),
                    tradesPerHour: Fixed18(whole: 2),
                    onMarginCall: calls, fee: .shareOfProfit(Ratio(percent: 10)),
                    poll: TimeSpan(seconds: 20), usesBook: true),
                TraderGroup(
                    name: "twins", twinOf: "whales", count: 20,
                    collateral: [.init(id: AssetID(3), share: .one)],
                    equity: .fixed(Fixed18(whole: 7000)),
                    markets: [.init(id: MarketID(0), share: .one)],
                    leverage: .lognormal(
                        median: Fixed18(whole: 3), sigma: Fixed18(Ratio(percent: 50)),
                        maximum: Fixed18(whole: 10)),
                    longBias: Ratio(percent: 50), onMarginCall: quiet,
                    fee: .multipleOfBase(Ratio(percent: 125)),
                    poll: TimeSpan(seconds: 60)),
            ])
        #expect(
            scenario.agents.liquidators == [
                LiquidatorGroup(
                    name: "fast", count: 2, capital: Money(whole: 2_000_000), lag: 1, pollEvery: 2,
                    fee: .shareOfProfit(Ratio(percent: 60)), minimumProfit: Money(whole: 10),
                    inventory: .hold, bumpAfter: 3),
                LiquidatorGroup(
                    name: "liquidators-2", count: 3, capital: Money(whole: 500_000),
                    fee: .multipleOfBase(Ratio(percent: 125)),
                    inventory: .workOut(Ratio(percent: 10))),
            ])
        #expect(
            scenario.agents.marketMakers == [
                MarketMakerGroup(
                    name: "market_makers", count: 2, capital: Money(whole: 1_000_000),
                    markets: [MarketID(1)],
                    halfSpread: Ratio(basisPoints: 5), levels: 4, size: Money(whole: 20_000),
                    requote: Ratio(basisPoints: 3),
                    inventoryLimit: Money(whole: 300_000), hedges: false, fee: .fixed(9_000_000_000)
                )
            ])
        #expect(
            scenario.agents.poolHedger
                == PoolHedger(share: Ratio(percent: 80), threshold: Money(whole: 5000)))
    }

    @Test func governance() {
        var first = liquidation
        first.size = .targetHealth(Ratio(percent: 110))
        first.collateralBonus = Ratio(percent: 8)
        var second = first
        second.penalty = Ratio(percent: 2)
        let expected: [(time: Timestamp, command: Command)] = [
            (clock(9), .setParameter(.liquidation(first))),
            (
                clock(9),
                .setParameter(
                    .margin(
                        MarketID(1),
                        MarginSchedule.flat(
                            initial: Ratio(percent: 20), maintenance: Ratio(percent: 10)
                        ).brackets))
            ),
            (clock(9), .setParameter(.collateral(AssetID(1), .flat(Ratio(percent: 80))))),
            (clock(9), .setParameter(.openInterestCap(MarketID(0), nil))),
            (clock(9), .setParameter(.openInterestCap(MarketID(1), Money(whole: 5_000_000)))),
            (clock(9), .setParameter(.maxAge(FeedID(1), TimeSpan(seconds: 10_800)))),
            (clock(9), .setParameter(.maxAge(FeedID(2), nil))),
            (clock(9), .setParameter(.maxDeviation(FeedID(1), nil))),
            (
                clock(9),
                .setParameter(.staleBlocks([.deposit, .withdraw, .open, .reduce, .liquidate]))
            ),
            (clock(9, 30), .setParameter(.liquidation(second))),
            (clock(11), .pause([.open, .post])),
            (clock(11, 5), .pause([])),
            (clock(12), .pause([])),
        ]
        #expect(scenario.governance.map(\.time) == expected.map(\.time))
        #expect(scenario.governance.map(\.command) == expected.map(\.command))
    }

    @Test func expectations() {
        #expect(
            scenario.expectations == [
                Expectation(
                    metric: "conservation", lowerBound: .zero, upperBound: .zero, text: "exact"),
                Expectation(
                    metric: "liquidations", lowerBound: Ratio(whole: 40),
                    upperBound: Ratio(whole: 250), text: "40..250"),
                Expectation(
                    metric: "late_share", lowerBound: Ratio(percent: 20), upperBound: nil,
                    lowerIsStrict: true, text: "> 20%"),
                Expectation(
                    metric: "wrongful_share", lowerBound: nil, upperBound: Ratio(percent: 1),
                    text: "<= 1%"),
                Expectation(
                    metric: "bad_debt_usd", lowerBound: nil, upperBound: Ratio(whole: 5000),
                    upperIsStrict: true, text: "< $5k"),
                Expectation(
                    metric: "insurance_change_usd", lowerBound: Ratio(whole: -50_000),
                    upperBound: .zero, text: "-$50k..$0"),
                Expectation(
                    metric: "mean_delay_seconds", lowerBound: nil, upperBound: Ratio(whole: 120),
                    upperIsStrict: true, text: "< 2m"),
                Expectation(
                    metric: "max_base_fee_gwei", lowerBound: Ratio(whole: 100), upperBound: nil,
                    text: ">= 100 gwei"),
                Expectation(
                    metric: "min_price_ETH", lowerBound: Ratio(whole: 100),
                    upperBound: Ratio(whole: 130), text: "$100..$130"),
                Expectation(
                    metric: "accounts_liquidated_whales", lowerBound: Ratio(whole: 3),
                    upperBound: Ratio(whole: 3), text: "3"),
                Expectation(
                    metric: "reports_dropped", lowerBound: .zero, upperBound: .zero, text: "0"),
            ])
    }

    /// The other forms of a chain and of its demand.
    @Test func otherForms() throws {
        let scheduled = try load(
            small.replacing(
                "chain: instant",
                by:
                    "chain: {preset: ethereum, block_time: {schedule: [[00:00, 12s], [+30m, 24s]]}, missed_blocks: 0%}"
            ))
        #expect(
            scheduled.chain.blockTime
                == .schedule([
                    BlockTimeChange(from: scheduled.start, span: TimeSpan(seconds: 12)),
                    BlockTimeChange(
                        from: scheduled.start + TimeSpan(seconds: 1800), span: TimeSpan(seconds: 24)
                    ),
                ]))
        #expect(scheduled.step == TimeSpan(seconds: 4))
        let series = try load(
            small.replacing(
                "chain: instant",
                by:
                    "chain: {preset: ethereum, fee_market: first_price, minimum_price: 3 gwei}\ndemand: {series: [[00:00, 5 gwei, 9 gwei, 30 gwei, 4000]], patience: 5m, window: 5m}"
            ))
        #expect(series.chain.feeMarket == .firstPrice(minimum: 3_000_000_000))
        let rows = try DemandSeries(
            rows: [
                .init(
                    time: series.start, p30: 5_000_000_000, p60: 9_000_000_000, p90: 30_000_000_000,
                    transactions: 4000)
            ], window: TimeSpan(seconds: 300))
        #expect(
            series.chain.demand
                == rows.demand(
                    capacity: series.chain.capacity(at: series.start),
                    patience: TimeSpan(seconds: 300)))
        let constant = try load(
            small.replacing("chain: instant", by: "chain: ethereum\ndemand: {price: 30 gwei}"))
        #expect(constant.chain.demand?.points.map(\.medianPrice) == [30_000_000_000])
        #expect(constant.chain.demand?.points.map(\.gasPerSecond) == [15_000_000 / 12 / 2 * 5])
        let free = try load(
            small.replacing("chain: instant", by: "chain: {fee_market: free, ordering: random}"))
        #expect(free.chain.feeMarket == .free)
        #expect(free.chain.ordering == .random)
        #expect(free.nativeFeed == FeedID(1))
    }
}
