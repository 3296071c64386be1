import ExactMath
import MarginRules
import OrderBook
import Testing

@testable import MarginProtocol

/// Funding that remembers: a rate that moves, and a rate made of a premium.
struct FundingPolicyTests {
    static let day: Int64 = 86_400_000
    static let hour: Int64 = 3_600_000

    static func world(_ funding: FundingPolicy, eth: String) -> World {
        var parameters = plainParameters()
        parameters.markets[0].funding = funding
        var world = World(parameters)
        world.post(ethFeed, eth)
        return world
    }

    /// What a holder has paid since it opened: 20 units at 2,000, the skew moved by others between the days;
    /// Synthetixio/synthetix-v3, markets/perps-market/test/integration/Position/Funding.test.ts.
    ///
    /// Vectors: snx-funding-table, snx-funding-rate-1, snx-funding-rate-6,
    /// snx-funding-rate-7.
    @Test func velocity() throws {
        var world = Self.world(
            .velocity(maximum: ratio("3"), skewScale: units("10000")), eth: "2000")
        let holder = world.margin(alice, "1000000")
        let other = world.margin(bob, "100000000")
        world.trade(holder, ethPerp, "20", by: alice)
        // Days that pass, the change of the skew after them, what has accrued, and the rate by then.
        let rows: [(days: Int64, skew: String, accrued: String)] = [
            (10_000, "-60", "120"), (10_000, "15", "120"), (2500, "37", "50.625"),
            (20_000, "-17", "-291.375"), (2000, "155", "-297.975"), (1000, "-150", "-292.875"),
            (1000, "-15", "-278.775"), (300, "-4", "-274.626"), (30_000, "19", "-893.826"),
        ]
        for (index, row) in rows.enumerated() {
            world.advance(by: Self.day / 10_000 * row.days)
            let profit = world.house.unrealizedProfit(holder, ethPerp, at: price("2000"))
            // A unit of 1e-8 by rounding up.
            #expect((profit + money(row.accrued)).magnitude <= Money(raw: 1), "row \(index)")
            world.trade(other, ethPerp, row.skew, by: bob)
            let rates = world.journal.compactMap {
                if case .fundingAccrued(_, _, let rate) = $0 { rate } else { nil }
            }
            // Per eight hours: a third of the daily rate.
            if index == 0 { #expect(rates.last == ratio("0.002")) }
            if index == 5 || index == 6 { #expect(rates.last == ratio("0.001175")) }
        }
    }

    /// The rate of an interval from a premium that the traders' skew sets: P + clamp(I − P, ±0.05 %), by an eighth, a
    /// half or the whole of eight hours; Binance's formula of 2025-09-18 and BitMEX' and Bybit's pages.
    ///
    /// Vectors: clamp-1, clamp-2, clamp-3, clamp-4, clamp-5, clamp-6, clamp-7, clamp-8, bnc-fund-1,
    /// bnc-fund-2, bnc-fund-3, bnc-fund-4.
    @Test(arguments: [
        ("0", 8, "0.0001"), ("0.0005", 8, "0.0001"), ("0.001", 8, "0.0005"),
        ("-0.001", 8, "-0.0005"), ("-0.0004", 8, "0.0001"), ("-0.0005", 8, "0"),
        ("0.0006", 8, "0.0001"), ("0.00061", 8, "0.00011"), ("0.0002", 8, "0.0001"),
        ("0.0002", 4, "0.00005"), ("0.0015", 4, "0.0005"), ("0.0015", 1, "0.000125"),
    ])
    func dampened(premium: String, hours: Int64, expected: String) throws {
        var world = Self.world(
            .premium(
                PremiumFunding(
                    source: .skew(scale: units("1000")), interest: ratio("0.0001"),
                    dampener: ratio("0.0005"), interval: TimeSpan(seconds: 3600 * hours),
                    sampling: .zero)), eth: "100")
        let holder = world.margin(alice, "1000000")
        let size = Quantity(raw: decimal(premium) * 1000)
        if !size.isZero {
            world.run(
                .trade(
                    account: holder, market: ethPerp, size: size, limit: nil, reduceOnly: false),
                by: alice)
        }
        // In the first block of the interval the skew was zero; a whole interval later it was not.
        world.advance(by: Self.hour * hours - world.house.time.milliseconds)
        let before = world.house.fundingIndex(ethPerp)
        world.advance(by: Self.hour * hours / 2)
        world.advance(by: Self.hour * hours / 2)
        let moved = world.house.fundingIndex(ethPerp).raw - before.raw
        #expect(moved == Int128(decimal(expected)) * 100 * 10_000_000_000)
    }

    /// Sixty samples of 12 % are clamped at 600 % of initial less maintenance margin, paid each hour;
    /// dydxprotocol/v4-chain, x/perpetuals/keeper/perpetual_test.go. Thirty are filled up with zeros.
    ///
    /// Vectors: dydx4-ftick-08.
    @Test(arguments: [(60, "0.18", "0.12"), (60, "0.06", "0.06"), (30, "0.18", "0.09")])
    func dydxTick(samples: Int64, premium: String, rate: String) throws {
        var parameters = plainParameters()
        parameters.markets[0].margin = .flat(
            initial: Ratio(percent: 20), maintenance: Ratio(percent: 18))
        parameters.markets[0].funding = .premium(
            PremiumFunding(
                source: .skew(scale: units("100")), marginShare: ratio("6"),
                interval: TimeSpan(seconds: 3600), minimumSamples: 60, premiumBound: ratio("60")))
        var world = World(parameters)
        world.post(ethFeed, "50000")
        let holder = world.margin(alice, "10000000")
        world.advance(by: Self.hour - world.house.time.milliseconds)
        let start = world.house.fundingIndex(ethPerp)
        world.run(
            .trade(
                account: holder, market: ethPerp, size: Quantity(raw: decimal(premium) * 100),
                limit: nil, reduceOnly: false), by: alice)
        for _ in 0..<samples { world.advance(by: Self.hour / samples) }
        let moved = world.house.fundingIndex(ethPerp).raw - start.raw
        // 50,000 · rate / 8.
        #expect(moved == Int128(decimal(rate)) * 10_000_000_000 * 50_000 / 8)
    }

    /// Bob is short 10 against two longs of 5 at 100, one with 26 and one with 1,000; 2 % are due. OKX,
    /// support.okexcn.com/hc/en-us/articles/360053909272: a charge is capped where the margin is the maintenance margin, and what is
    /// not collected is not paid out.
    @Test(arguments: [false, true]) func chargeLimit(isLimited: Bool) throws {
        var policy = PremiumFunding(
            source: .book(impact: .zero), interest: ratio("0.02"), sampling: .zero)
        policy.limitsCharges = isLimited
        var parameters = plainParameters()
        parameters.markets[0].funding = .premium(policy)
        var world = World(parameters)
        let poor = world.margin(alice, "26")
        let rich = world.margin(carol, "1000")
        let short = world.margin(bob, "1000")
        let under = world.margin(stranger, "20")
        for (id, size) in [(poor, "5"), (rich, "5"), (short, "-12"), (under, "2")] {
            try world.house.seedPosition(
                id, ethPerp, size: units(size), entry: price("100"), into: &world.journal)
        }
        // Below its margin of 10 before anything is charged.
        world.house.seedBalance(units("-11"), of: usd, to: under, into: &world.journal)
        world.advance(by: 8 * Self.hour)
        func equity(_ id: AccountID) -> Money {
            world.house.health(of: id, .maintenance).equity
        }
        #expect(equity(rich) == money("990"))
        // A charge of 10 would leave 16 of a maintenance margin of 25.
        #expect(equity(poor) == money(isLimited ? "25" : "16"))
        #expect(equity(under) == money(isLimited ? "9" : "5"))
        // 24 are due to the short, of which 9 and 4 are not collected.
        #expect(equity(short) == money(isLimited ? "1011" : "1024"))
        #expect(world.house.breaches().isEmpty)
        let given = world.balanceChanges().filter { $0.reason == .fundingLimited }
        #expect(given.reduce(Quantity.zero) { $0 + $1.delta } == .zero)
        #expect(given.isEmpty != isLimited)
        #expect(world.house.isLiquidatable(poor, at: world.house.prices) != isLimited)
        world.trade(poor, ethPerp, "-5", by: alice)
        world.trade(rich, ethPerp, "-5", by: carol)
        #expect(world.balance(poor) == units(isLimited ? "25" : "16"))
        #expect(world.house.breaches().isEmpty)
    }

    /// Cap of 75 % of 1 % − 0.5 %: 0.375 %; blog.bitmex.com, Important Changes to Bitcoin / USD Swap Funding.
    ///
    /// Vectors: bmx-fund-2.
    @Test func marginShare() throws {
        var parameters = plainParameters()
        parameters.markets[0].margin = .flat(initial: ratio("0.01"), maintenance: ratio("0.005"))
        parameters.markets[0].funding = .premium(
            PremiumFunding(
                source: .skew(scale: units("10")), marginShare: ratio("0.75"), sampling: .zero))
        var world = World(parameters)
        let holder = world.margin(alice, "100000")
        world.trade(holder, ethPerp, "10", by: alice)
        world.advance(by: 8 * Self.hour)
        let profit = world.house.unrealizedProfit(holder, ethPerp, at: price("100"))
        #expect(profit == money("-3.75"))
    }

    /// 15,000 contracts at 750 pay 0.25 % of 20 XBT; bitmex.com/app/perpetualContractsGuideExamples.
    ///
    /// Vectors: bmx-fund-1.
    @Test func inverse() throws {
        var parameters = plainParameters()
        parameters.settlementAsset = btc
        parameters.markets[1].contract = .inverse
        parameters.markets[1].funding = .premium(
            PremiumFunding(
                source: .book(impact: .zero), interest: ratio("0.0025"), sampling: .zero))
        var world = World(parameters)
        world.post(btcFeed, "750")
        let holder = world.margin(alice, "0", "0", "100")
        world.trade(holder, btcPerp, "15000", by: alice)
        world.advance(by: 8 * Self.hour)
        let profit = world.house.unrealizedProfit(holder, btcPerp, at: price("750"))
        #expect((profit + money("0.05")).magnitude <= Money(raw: 1))
    }

    /// A short of 10 at a rate of 0.01 % and a price of 2 receives 0.002; freqtrade,
    /// tests/exchange/test_exchange.py, test_calculate_funding_fees. The premium comes from the book's middle.
    ///
    /// Vectors: ft-fund-1.
    @Test func bookMiddle() throws {
        var world = Self.world(
            .premium(PremiumFunding(source: .book(impact: .zero), sampling: .zero)), eth: "2")
        // The first interval began with an empty book.
        world.advance(by: 8 * Self.hour - world.house.time.milliseconds)
        let short = world.margin(alice, "1000")
        let maker = world.margin(bob, "1000")
        world.trade(short, ethPerp, "-10", by: alice)
        for (side, limit) in [(Side.buy, "1.9902"), (.sell, "2.0102")] {
            world.run(
                .placeOrder(
                    account: maker, market: ethPerp,
                    order: OrderRequest(
                        side: side, size: units("1"), price: price(limit),
                        timeInForce: .goodTillCancelled)), by: bob)
        }
        world.advance(by: 8 * Self.hour)
        #expect(world.house.unrealizedProfit(short, ethPerp, at: price("2")) == money("0.002"))
        #expect(world.house.breaches().isEmpty)
        // Three intervals that no block saw pay no premium.
        world.advance(by: 24 * Self.hour)
        let paid = world.house.unrealizedProfit(short, ethPerp, at: price("2"))
        #expect(paid == money("0.004"))
    }

    @Test("What the book would not fill has no premium, and a cap limits a payment")
    func impactAndCap() throws {
        for (impact, expected) in [("100", "-0.5"), ("1000", "0")] {
            var world = Self.world(
                .premium(
                    PremiumFunding(
                        source: .book(impact: money(impact)), cap: ratio("0.005"), sampling: .zero)),
                eth: "100")
            let long = world.margin(alice, "1000")
            let maker = world.margin(bob, "1000")
            world.trade(long, ethPerp, "1", by: alice)
            world.run(
                .placeOrder(
                    account: maker, market: ethPerp,
                    order: OrderRequest(
                        side: .buy, size: units("2"), price: price("110"),
                        timeInForce: .goodTillCancelled)), by: bob)
            world.advance(by: 8 * Self.hour)
            let profit = world.house.unrealizedProfit(long, ethPerp, at: price("100"))
            #expect(profit == money(expected))
        }
    }

    private static func rest(
        _ world: inout World, _ maker: AccountID, _ side: Side, _ size: String, _ limit: String
    ) {
        world.run(
            .placeOrder(
                account: maker, market: ethPerp,
                order: OrderRequest(
                    side: side, size: units(size), price: price(limit),
                    timeInForce: .goodTillCancelled)), by: bob)
    }

    /// bitmex.com/app/perpetualContractsGuideExamples: paid at 04, 12 and 20 h, at the rate of the interval before, which
    /// is known while the interval lasts; here the interest of the first samples and then a premium of 0.2 %.
    @Test func theNextIntervalPays() throws {
        var policy = PremiumFunding(
            source: .book(impact: .zero), interest: ratio("0.001"), sampling: .zero)
        policy.phase = TimeSpan(seconds: 14_400)
        policy.paysNext = true
        var world = Self.world(.premium(policy), eth: "100")
        world.advance(by: 4 * Self.hour - world.house.time.milliseconds)
        let long = world.margin(alice, "1000")
        let maker = world.margin(bob, "1000")
        world.trade(long, ethPerp, "1", by: alice)
        func paid() -> Money { -world.house.unrealizedProfit(long, ethPerp, at: price("100")) }
        // Nothing was known before 04 h.
        #expect(paid() == .zero)
        Self.rest(&world, maker, .buy, "1", "100.1")
        Self.rest(&world, maker, .sell, "1", "100.3")
        world.advance(by: 4 * Self.hour)
        #expect(paid() == .zero)
        world.advance(by: 4 * Self.hour)
        // The interest of the block at 04 h, which began with an empty book.
        #expect(paid() == money("0.1"))
        world.advance(by: 8 * Self.hour)
        // 0.2 % and the interest of 0.1 %.
        #expect(paid() == money("0.4"))
        // Two intervals that no block sees: the first is known, the second has the one sample that was taken.
        world.advance(by: 16 * Self.hour)
        #expect(paid() == money("1"))
        world.advance(by: 8 * Self.hour)
        // What no samples make is the interest alone.
        #expect(paid() == money("1.1"))
        #expect(world.house.breaches().isEmpty)
    }

    /// The same page: the book against the mark, and the basis that the mark has. Index 100, a rate of 1 % known for the
    /// interval, of which half is left: a mark of 100.5.
    @Test func againstTheMark() throws {
        var policy = PremiumFunding(source: .book(impact: .zero), sampling: .zero)
        policy.isAgainstMark = true
        policy.paysNext = true
        var parameters = plainParameters()
        parameters.markets[0].funding = .premium(policy)
        parameters.markets[0].mark = MarkPolicy(.fairBasis)
        var world = World(parameters)
        let maker = world.margin(bob, "1000")
        Self.rest(&world, maker, .buy, "1", "100.6")
        Self.rest(&world, maker, .sell, "1", "100.9")
        world.house.seedMark(
            ethPerp, lastTrade: nil, averageBasis: nil, averageBookPrice: nil,
            fundingRate: ratio("0.01"), into: &world.journal)
        world.advance(by: 4 * Self.hour - world.house.time.milliseconds)
        let before = world.house.fundingIndex(ethPerp)
        world.advance(by: 4 * Self.hour)
        #expect(world.house.fundingIndex(ethPerp) - before == Fixed18(decimal: "1.005"))
        // A mark of 101 stood 0.1 % above the ask with 1 % of basis, one of 100.5 0.1 % below the bid with 0.5 %.
        world.advance(by: 8 * Self.hour)
        #expect(world.house.fundingIndex(ethPerp) - before == Fixed18(decimal: "1.760625"))
        #expect(world.house.breaches().isEmpty)
    }

    /// support.deribit.com, Funding Specifications: a mark 0.1 % above its index pays 0.075 % in eight hours, by the minute;
    /// one within 0.025 % pays nothing, and none more than the cap, of the mark's value.
    @Test(arguments: [("100.2", "0.075"), ("100.04", "0"), ("99.8", "-0.075"), ("120", "0.549648")])
    func premiumOfTheMark(ask: String, expected: String) throws {
        var parameters = plainParameters()
        parameters.markets[0].pool = nil
        parameters.markets[0].mark = MarkPolicy(.mid)
        parameters.markets[0].funding = .premium(
            PremiumFunding(
                source: .mark, dampener: ratio("0.00025"), cap: ratio("0.00001041"),
                interval: TimeSpan(seconds: 60), sampling: .zero))
        var world = World(parameters)
        let maker = world.margin(bob, "1000")
        let isAbove = price(ask) > price("100")
        Self.rest(&world, maker, isAbove ? .buy : .sell, "1", "100")
        Self.rest(&world, maker, isAbove ? .sell : .buy, "1", ask)
        // The mark is taken as the first of these blocks begins, after its funding.
        world.advance(by: 60_000 - world.house.time.milliseconds)
        let before = world.house.fundingIndex(ethPerp)
        world.advance(by: 60_000)
        let moved = (world.house.fundingIndex(ethPerp) - before).raw * 480
        let wanted = Int128(decimal(expected)) * 10_000_000_000
        #expect((moved - wanted).magnitude <= wanted.magnitude / 1000 + 480, "\(moved)")
    }

    /// vertex-contracts, PerpEngineState.sol: the premium is one of a day, at most 2 %, an hour of it at a time.
    @Test func aDaysPremium() throws {
        for (skew, expected) in [("10", "0.04166666"), ("50", "0.083333")] {
            var policy = PremiumFunding(
                source: .skew(scale: units("1000")), cap: ratio("0.00083333"),
                interval: TimeSpan(seconds: 3600), sampling: .zero)
            policy.period = TimeSpan(seconds: 86_400)
            var world = Self.world(.premium(policy), eth: "100")
            let holder = world.margin(alice, "1000000")
            world.trade(holder, ethPerp, skew, by: alice)
            world.advance(by: Self.hour - world.house.time.milliseconds)
            let before = world.house.fundingIndex(ethPerp)
            world.advance(by: Self.hour)
            let moved = world.house.fundingIndex(ethPerp) - before
            #expect(
                (moved.raw - Int128(decimal(expected)) * 10_000_000_000).magnitude < 20_000_000_000)
        }
    }

    /// blockworks-foundation/mango-v4, state/perp_market.rs: two units are worth 101 to sell and 103 to buy, a rate of 2 % a
    /// day; on one side alone the limit, on none nothing; a day without a block counts as an hour.
    @Test func impactMid() throws {
        func moved(_ hours: Int64, _ orders: [(Side, String, String)]) -> Fixed18 {
            var world = Self.world(
                .impactMid(
                    ImpactMidPolicy(
                        impact: units("2"), minimum: ratio("-0.05"), maximum: ratio("0.05"))),
                eth: "100")
            let maker = world.margin(bob, "10000")
            for (side, size, limit) in orders { Self.rest(&world, maker, side, size, limit) }
            let before = world.house.fundingIndex(ethPerp)
            world.advance(by: Self.hour * hours)
            #expect(world.house.breaches().isEmpty)
            return world.house.fundingIndex(ethPerp) - before
        }
        let bids = [(Side.buy, "1", "102"), (.buy, "1", "101")]
        let asks = [(Side.sell, "1.5", "102.5"), (.sell, "1", "103")]
        // 100 · 2 % / 24.
        #expect(moved(1, bids + asks) == Fixed18(raw: 83_333_333_333_333_333))
        #expect(moved(24, bids + asks) == Fixed18(raw: 83_333_333_333_333_333))
        #expect(moved(1, bids) == Fixed18(raw: 208_333_333_333_333_333))
        #expect(moved(1, asks) == Fixed18(raw: -208_333_333_333_333_333))
        #expect(moved(1, []) == .zero)
    }

    /// The pool's fees are what its share of a trade brought it; it pays a third of their half, and then of what is left.
    @Test func thePoolPaysOutOfItsFees() throws {
        var parameters = plainParameters()
        parameters.markets[0].takerFee = ratio("0.001")
        parameters.markets[0].poolFeeShare = ratio("0.6")
        parameters.markets[0].funding = .spread(
            SpreadFunding(source: .book, offsetDivisor: nil, spreadDivisor: 10))
        var world = World(parameters)
        world.mint("1000000", usd, pool)
        let short = world.margin(alice, "100000")
        let maker = world.margin(bob, "1000")
        world.trade(short, ethPerp, "-100", by: alice)
        // Six of ten dollars are the pool's, three of which it may spend, one in an hour.
        #expect(world.house.fundingFeesLeft(ethPerp) == money("6"))
        Self.rest(&world, maker, .buy, "1", "102.3")
        Self.rest(&world, maker, .sell, "1", "102.5")
        let before = world.balance(pool)
        world.advance(by: Self.hour - world.house.time.milliseconds)
        #expect(world.house.fundingIndex(ethPerp) == Fixed18(decimal: "0.1"))
        #expect(world.house.fundingFeesLeft(ethPerp) == money("5"))
        #expect(world.balance(pool) - before == units("-1"))
        // A unit of the source's millionths less, over a hundred units.
        #expect(world.house.shortFundingIndex(ethPerp) == Fixed18(decimal: "0.00999999"))
        let profit = world.house.unrealizedProfit(short, ethPerp, at: price("100"))
        #expect(profit == money("0.999999"))
        #expect(world.house.isPlain == false)
        world.advance(by: Self.hour)
        // A third of two.
        #expect(world.house.fundingFeesLeft(ethPerp) == money("4.333334"))
        #expect(world.house.breaches().isEmpty)
        let splits = world.journal.compactMap { event -> Money? in
            if case .fundingSplit(let payment) = event { payment.poolReceived } else { nil }
        }
        #expect(splits == [money("-1"), money("-0.666666")])
        world.trade(short, ethPerp, "100", by: alice)
        // What rounding has kept.
        let kept = world.balance(ClearingHouse.funding(ethPerp))
        #expect(!kept.isNegative && kept < units("0.00001"))
        #expect(world.house.breaches().isEmpty)
    }

    @Test func whatFundingRefuses() {
        func problems(
            _ policy: FundingPolicy, _ change: (inout MarketParameters) -> Void = { _ in }
        )
            -> [String]
        {
            var parameters = plainParameters()
            parameters.markets[0].funding = policy
            change(&parameters.markets[0])
            return ClearingHouse.problems(in: parameters)
        }
        let spread = SpreadFunding(source: .book, spreadDivisor: 33)
        #expect(problems(.spread(spread)).isEmpty)
        var broken = spread
        broken.spreadDivisor = 0
        #expect(problems(.spread(broken)).count == 1)
        broken = spread
        broken.interval = TimeSpan(seconds: 60)
        #expect(problems(.spread(broken)).count == 1)
        broken = spread
        broken.source = .skew(scale: .zero)
        #expect(problems(.spread(broken)).count == 1)
        #expect(problems(.spread(spread)) { $0.contract = .inverse }.count == 1)
        let impact = ImpactMidPolicy(impact: units("1"), minimum: -.one, maximum: .one)
        #expect(problems(.impactMid(impact)).isEmpty)
        #expect(problems(.impactMid(impact)) { $0.contract = .inverse }.count == 1)
        #expect(
            problems(.impactMid(ImpactMidPolicy(impact: .zero, minimum: -.one, maximum: .one)))
                .count == 1)
        #expect(
            problems(
                .impactMid(ImpactMidPolicy(impact: units("1"), minimum: .one, maximum: .zero))
            ).count == 1)
        var premium = PremiumFunding(source: .mark)
        #expect(problems(.premium(premium)).isEmpty)
        premium.isAgainstMark = true
        #expect(problems(.premium(premium)).count == 1)
        premium = PremiumFunding(source: .mark)
        premium.phase = premium.interval
        #expect(problems(.premium(premium)).count == 1)
        premium = PremiumFunding(source: .mark)
        premium.period = .zero
        #expect(problems(.premium(premium)).count == 1)
    }

    /// Synthetixio/synthetix-v3, markets/perps-market/test/integration/Position/InterestRate.test.ts, its helper: a year's
    /// rate on what all positions use of the pool, which longs and shorts pay alike; here a long and a short of a fifth of it.
    ///
    /// Vectors: snx-interest-1, snx-interest-2, snx-interest-3.
    @Test(arguments: [("5", "0.015"), ("7.5", "0.0225"), ("9", "0.1725")])
    func poolInterest(size: String, rate: String) throws {
        var parameters = plainParameters()
        parameters.markets[0].funding = .velocity(maximum: ratio("3"), skewScale: units("10000"))
        parameters.markets[0].poolInterest = PoolInterest(
            gradients: UtilizationGradients(
                low: Fixed18(ratio("0.0003")), breakpoint: Fixed18(ratio("0.75")),
                high: Fixed18(ratio("0.01"))))
        var world = World(parameters)
        world.mint("1000", usd, pool)
        let long = world.margin(alice, "1000")
        let short = world.margin(bob, "1000")
        world.trade(short, ethPerp, "-2", by: bob)
        let open = units(size) - units("2")
        world.run(
            .trade(account: long, market: ethPerp, size: open, limit: nil, reduceOnly: false),
            by: alice)
        #expect(world.house.poolInterestRate(ethPerp) == Fixed18(ratio(rate)))
        world.advance(by: 1000)
        let before = (
            world.house.unrealizedProfit(long, ethPerp, at: price("100")),
            world.house.unrealizedProfit(short, ethPerp, at: price("100")), world.balance(pool)
        )
        let index = world.house.fundingIndex(ethPerp)
        world.advance(by: Self.day)
        // A day of interest, beside funding that one side pays the other and the pool.
        let interest = Int128(decimal(rate)) * 10_000_000_000 * 100 / 365
        let funding =
            (world.house.fundingIndex(ethPerp) - index).raw - interest
        let unit = Fixed18.one.raw
        let paid = (
            before.0 - world.house.unrealizedProfit(long, ethPerp, at: price("100")),
            before.1 - world.house.unrealizedProfit(short, ethPerp, at: price("100"))
        )
        let expected = (
            Int128(open.raw) * (funding + interest) / unit,
            Int128(200_000_000) * (interest - funding) / unit
        )
        #expect((Int128(paid.0.raw) - expected.0).magnitude <= 2, "\(paid.0)")
        #expect((Int128(paid.1.raw) - expected.1).magnitude <= 2, "\(paid.1)")
        let received = (world.balance(pool) - before.2).raw
        #expect(
            (Int128(received) - expected.0 - expected.1).magnitude <= 4, "\(received)")
        #expect(world.house.breaches().isEmpty)
        world.run(
            .trade(account: long, market: ethPerp, size: -open, limit: nil, reduceOnly: true),
            by: alice)
        world.trade(short, ethPerp, "2", by: bob)
        let kept = world.balance(ClearingHouse.funding(ethPerp))
        #expect(!kept.isNegative && kept < units("0.0000001"), "\(kept)")
        #expect(world.house.breaches().isEmpty)
    }

    @Test func whatInterestOfPositionsRefuses() {
        func problems(_ change: (inout MarketParameters) -> Void) -> Int {
            var parameters = plainParameters()
            parameters.markets[0].poolInterest = PoolInterest(
                gradients: UtilizationGradients(low: .one, breakpoint: .one, high: .one))
            change(&parameters.markets[0])
            return ClearingHouse.problems(in: parameters).count
        }
        #expect(problems { _ in } == 0)
        #expect(problems { $0.poolInterest?.lockedShare = Ratio(whole: 101) } == 1)
        #expect(problems { $0.poolInterest?.gradients.low = Fixed18(whole: 1001) } == 1)
        #expect(problems { $0.contract = .inverse } == 1)
        #expect(problems { $0.funding = .premium(PremiumFunding(source: .mark)) } == 1)
    }
}
