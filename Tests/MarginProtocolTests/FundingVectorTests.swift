import ExactMath
import MarginProtocol
import MarginRules
import OrderBook
import Testing

/// Funding of dydxprotocol/v4-chain and of freqtrade's tests through the law.
struct FundingVectorTests {
    static let hour: Int64 = 3_600_000

    /// A market with such margins and a premium that the traders' net position sets, scaled to a hundred units.
    private static func world(
        initial: String, maintenance: String, interest: String = "0", samples: Int
    ) -> World {
        var parameters = plainParameters()
        parameters.markets[0].margin = .flat(
            initial: ratio(initial), maintenance: ratio(maintenance))
        parameters.markets[0].funding = .premium(
            PremiumFunding(
                source: .skew(scale: units("100")), interest: ratio(interest),
                marginShare: ratio("6"), interval: TimeSpan(seconds: 3600),
                sampling: .zero, minimumSamples: samples, premiumBound: ratio("60")))
        var world = World(parameters)
        world.post(ethFeed, "50000")
        return world
    }

    struct Tick: Sendable, CustomTestStringConvertible {
        var id: String
        var initial: String
        var maintenance: String
        /// Premiums, and how often each is sampled in the hour.
        var premiums: [(value: String, count: Int64)]
        var minimum = 60
        var interest = "0"
        /// Per eight hours.
        var rate: String
        var testDescription: String { id }
    }

    /// x/perpetuals/keeper/perpetual_test.go, TestMaybeProcessNewFundingTickEpoch_ProcessNewEpoch;
    /// x/perpetuals/types/liquidity_tier_test.go, TestLiquidityTierGetMaxAbsFundingClampPpm; docs, funding.mdx: six times
    /// initial less maintenance margin bound the rate, missing samples count as zero, and the default is added.
    ///
    /// Vectors: dydx4-ftick-09, dydx4-ftick-11, dydx4-ftick-13, dydx4-ftick-14, dydx4-fclamp-1,
    /// dydx4-fclamp-2, dydx4-doc-5.
    @Test(arguments: [
        Tick(
            id: "ftick-09", initial: "1", maintenance: "1", premiums: [("0.12", 60)], rate: "0"),
        Tick(
            id: "ftick-11", initial: "1", maintenance: "0.75", premiums: [("0.001", 60)],
            minimum: 120, rate: "0.0005"),
        Tick(
            id: "ftick-13", initial: "1", maintenance: "0.75", premiums: [("0.001", 60)],
            interest: "0.001", rate: "0.002"),
        Tick(
            id: "ftick-14", initial: "1", maintenance: "0.75",
            premiums: [("0.001", 75), ("0.005", 25)], rate: "0.002"),
        Tick(
            id: "fclamp-1", initial: "0.15", maintenance: "0.12", premiums: [("0.5", 60)],
            rate: "0.18"),
        Tick(
            id: "fclamp-2", initial: "0.45", maintenance: "0.45", premiums: [("0.5", 60)],
            rate: "0"),
        Tick(
            id: "doc-5", initial: "0.05", maintenance: "0.03", premiums: [("0.5", 60)],
            rate: "0.12"),
    ])
    func tick(row: Tick) {
        var world = Self.world(
            initial: row.initial, maintenance: row.maintenance, interest: row.interest,
            samples: row.minimum)
        let holder = world.margin(alice, "10000000")
        world.advance(by: Self.hour - world.house.time.milliseconds)
        let start = world.house.fundingIndex(ethPerp)
        let count = row.premiums.reduce(0) { $0 + $1.count }
        for (premium, times) in row.premiums {
            let target = Quantity(raw: decimal(premium) * 100)
            world.run(
                .trade(
                    account: holder, market: ethPerp, size: target - world.size(holder),
                    limit: nil, reduceOnly: false), by: alice)
            // The last block of the hour pays, and takes the sample before.
            for _ in 0..<times { world.advance(by: Self.hour / count) }
        }
        let moved = world.house.fundingIndex(ethPerp).raw - start.raw
        #expect(moved == Int128(decimal(row.rate)) * 10_000_000_000 * 50_000 / 8)
    }

    struct Book: Sendable, CustomTestStringConvertible {
        var id: String
        var bids: [(String, String)]
        var asks: [(String, String)]
        var index: String
        var impact = "5000"
        var interest = "0"
        var dampener: String?
        /// Of eight hours.
        var premium: String
        var testDescription: String { id }
    }

    /// x/clob/memclob/memclob_get_premium_price_test.go, TestGetPremiumPrice: what the impact notional meets on either side;
    /// a millionth is the chain's unit. And hyperliquid.gitbook.io/hyperliquid-docs, trading/funding: with an interest that
    /// pulls the rate by at most 0.05 %.
    ///
    /// Vectors: dydx4-premium-02, dydx4-premium-04, dydx4-premium-06, dydx4-premium-07,
    /// hl-funding-2, hl-funding-3, hl-funding-4.
    @Test(arguments: [
        Book(
            id: "02", bids: [("9999", "0.1"), ("9998", "1")], asks: [("10001", "1")],
            index: "9000", premium: "0.110911"),
        Book(
            id: "04", bids: [("9999", "1")], asks: [("10001", "1")], index: "10001.9",
            premium: "-0.000089"),
        Book(
            id: "06", bids: [("9999.9", "0.1"), ("9999.5", "1"), ("9999", "1")],
            asks: [("10001", "1")], index: "9999.82", premium: "0"),
        Book(
            id: "07", bids: [("9999.8", "1")], asks: [("10000.1", "0.1")], index: "10001",
            impact: "2000", premium: "0"),
        Book(
            id: "hl-2", bids: [("9990", "1")], asks: [("10010", "1")], index: "10000",
            interest: "0.0001", dampener: "0.0005", premium: "0.0001"),
        Book(
            id: "hl-3", bids: [("9995", "1")], asks: [("10005", "1")], index: "10000",
            interest: "0.0001", dampener: "0.0005", premium: "0.0001"),
        Book(
            id: "hl-4", bids: [("9890", "1")], asks: [("9900", "1")], index: "10000",
            interest: "0.0001", dampener: "0.0005", premium: "-0.0095"),
    ])
    func premium(row: Book) {
        var parameters = plainParameters()
        parameters.markets[0].funding = .premium(
            PremiumFunding(
                source: .book(impact: money(row.impact)), interest: ratio(row.interest),
                dampener: row.dampener.map(ratio), sampling: .zero))
        var world = World(parameters)
        world.post(ethFeed, row.index)
        // The first interval began with an empty book.
        world.advance(by: 8 * Self.hour - world.house.time.milliseconds)
        let holder = world.margin(alice, "100000")
        let maker = world.margin(bob, "1000000")
        world.trade(holder, ethPerp, "1", by: alice)
        for (side, levels) in [(Side.buy, row.bids), (.sell, row.asks)] {
            for (limit, size) in levels {
                world.run(
                    .placeOrder(
                        account: maker, market: ethPerp,
                        order: OrderRequest(
                            side: side, size: units(size), price: price(limit),
                            timeInForce: .goodTillCancelled)), by: bob)
            }
        }
        world.advance(by: 8 * Self.hour)
        let paid = world.house.unrealizedProfit(holder, ethPerp, at: price(row.index))
        let found = Double(-paid.raw) / Double(decimal(row.index))
        #expect(abs(found - (Double(row.premium) ?? 0)) < 1.01e-6, "\(found)")
    }

    /// freqtrade/freqtrade @c9ae5e1e, tests/exchange/test_exchange.py, test__fetch_and_calculate_funding_fees and
    /// test_calculate_funding_fees: what a short has from the payments that fall into the time it is held, which is from
    /// just after a block. Rates are those of the book's middle.
    ///
    /// Vectors: ft-fund-2, ft-fund-5, ft-fund-8, ft-fund-9, ft-fund-13, ft-fund-15.
    @Test(arguments: [
        (["0.0002"], "10", "2", "0.004", 1), (["-0.000003"], "30", "2.77", "0", 0),
        (["-0.000003"], "30", "2.77", "-0.0002493", 1),
        (["-0.000008", "-0.000003"], "30", "2.77", "-0.0009141", 2),
    ])
    func held(rates: [String], size: String, mark: String, cash: String, payments: Int) {
        var world = FundingPolicyTests.world(
            .premium(PremiumFunding(source: .book(impact: .zero), sampling: .zero)), eth: mark)
        world.advance(by: 8 * Self.hour - world.house.time.milliseconds)
        let short = world.margin(alice, "1000")
        let maker = world.margin(bob, "1000")
        world.trade(short, ethPerp, "-\(size)", by: alice)
        for (index, rate) in rates.prefix(payments).enumerated() {
            let share = Double(decimal(rate)) * Double(decimal(mark)) / 1e8
            let middle = decimal(mark) + Int64(share.rounded())
            // Later orders stand nearer, so that theirs is the middle.
            let distance = Int64(2 - index) * 1_000_000
            for (side, limit) in [(Side.buy, middle - distance), (.sell, middle + distance)] {
                world.run(
                    .placeOrder(
                        account: maker, market: ethPerp,
                        order: OrderRequest(
                            side: side, size: units("1"), price: Price(raw: limit),
                            timeInForce: .goodTillCancelled)), by: bob)
            }
            world.advance(by: 8 * Self.hour)
        }
        if payments == 0 { world.advance(by: 3 * Self.hour) }
        let found = world.house.unrealizedProfit(short, ethPerp, at: price(mark))
        #expect((found - money(cash)).magnitude <= Money(raw: 50), "\(found)")
    }

    /// nautechsystems/nautilus_trader @a95c8042, tests/unit_tests/model/test_position.py: a taker's fee of 0.075 % on 100,000
    /// contracts at 10,000, in bitcoin.
    ///
    /// Vectors: bmx-fee-1.
    @Test func takerFee() {
        var parameters = plainParameters()
        parameters.settlementAsset = btc
        parameters.markets[1].contract = .inverse
        parameters.markets[1].takerFee = ratio("0.00075")
        var world = World(parameters)
        world.post(btcFeed, "10000")
        let holder = world.margin(alice, "0", "0", "100")
        world.trade(holder, btcPerp, "100000", by: alice)
        #expect(world.balance(holder, btc) == units("99.9925"))
    }

    /// BitMEX's score, return times leverage (support.bitmex.com, What is Auto-Deleveraging), and Hyperliquid's, price over
    /// entry times notional over account value: three longs, each scaled to a price of 100, and who gives up first. The short
    /// of the first table and the scores themselves are tested on the rule.
    ///
    /// Vectors: bmx-adl-2, hl-adl-rank.
    @Test(arguments: [
        (
            DeleveragingPolicy.Order.ranked(.profitTimesLeverage),
            [
                ("8.33333334", "1", "83.33333333"), ("-3.63636363", "1", "90.90909091"),
                ("21.05263158", "1", "105.26315789"),
            ], "-1.5", [1, 0]
        ),
        (
            .ranked(.priceRatioTimesLeverage),
            [("-10", "1", "80"), ("5", "0.5", "90"), ("30", "0.2", "50")], "-1.2", [0, 1]
        ),
    ])
    func ranks(
        order: DeleveragingPolicy.Order, longs: [(String, String, String)], short: String,
        expected: [Int]
    ) throws {
        var world = DeleveragingTests.world(
            DeleveragingPolicy(order: order, pool: .never), at: "100")
        let loser = try DeleveragingTests.hold(&world, alice, "14", short, entry: "90")
        var holders: [AccountID] = []
        for (balance, size, entry) in longs {
            holders.append(
                try DeleveragingTests.hold(&world, bob, balance, size, entry: entry))
        }
        // Fifteen or twelve dollars are lost of fourteen, or less of them.
        if short == "-1.2" {
            world.house.seedBalance(units("-3"), of: usd, to: loser, into: &world.journal)
        }
        let wallet = world.wallet(carol)
        let mark = world.journal.count
        world.run(LiquidationTests.liquidate(loser, wallet), by: carol)
        let payers = world.covers(since: mark).filter { $0.layer == .autoDeleveraging }.map(\.payer)
        #expect(payers == expected.map { holders[$0] })
    }

    /// x/perpetuals/keeper/perpetual_test.go, TestGetRemoveSampleTailsFunc: of three samples a quarter on each side is one,
    /// the highest; what is left of 0, −1 and −3 thousandths are two. The chain's own share is zero.
    ///
    /// Vectors: dydx4-ftails-1.
    @Test(arguments: [("0.25", "-0.002"), ("0", "-0.00133333")])
    func tails(share: String, rate: String) {
        var policy = PremiumFunding(
            source: .skew(scale: units("1000")), interval: TimeSpan(seconds: 3600),
            sampling: .zero)
        policy.tails = ratio(share)
        var world = FundingPolicyTests.world(.premium(policy), eth: "100")
        let holder = world.margin(alice, "100000")
        world.advance(by: Self.hour - world.house.time.milliseconds)
        let start = world.house.fundingIndex(ethPerp)
        for change in ["", "-1", "-2"] {
            if !change.isEmpty { world.trade(holder, ethPerp, change, by: alice) }
            world.advance(by: Self.hour / 3)
        }
        let moved = (world.house.fundingIndex(ethPerp) - start).raw * 8
        let wanted = Int128(decimal(rate)) * 10_000_000_000 * 100
        #expect((moved - wanted).magnitude < 1_000_000_000_000, "\(moved)")
    }

    /// freqtrade/freqtrade @c9ae5e1e, tests/exchange/test_exchange.py, test__fetch_and_calculate_funding_fees: a short of 30
    /// that is opened in the moment of a payment of −0.0008 % has it, and that of −0.0003 % eight hours later where it is
    /// still held; Binance gives fifteen seconds.
    ///
    /// Vectors: ft-fund-10, ft-fund-11.
    @Test(arguments: [
        (Int64(0), Int64(28_799), "-0.0006648"), (0, 43_200, "-0.0009141"),
        (14, 28_799, "-0.0006648"), (15, 28_799, "0"), (15, 43_200, "-0.0002493"),
    ])
    func grace(entry: Int64, held: Int64, cash: String) {
        var policy = PremiumFunding(
            source: .book(impact: .zero), interest: ratio("-0.000008"), sampling: .zero)
        policy.grace = TimeSpan(seconds: 15)
        var world = FundingPolicyTests.world(.premium(policy), eth: "2.77")
        let short = world.margin(alice, "1000")
        let maker = world.margin(bob, "1000")
        // The empty book leaves the interest.
        world.advance(by: 8 * Self.hour - world.house.time.milliseconds)
        // A premium of 0.0005 % leaves −0.0003 %; without a sample of the empty book in it.
        for (side, limit) in [(Side.buy, "2.76001385"), (.sell, "2.78001385")] {
            world.run(
                .placeOrder(
                    account: maker, market: ethPerp,
                    order: OrderRequest(
                        side: side, size: units("1"), price: price(limit),
                        timeInForce: .goodTillCancelled)), by: bob)
        }
        world.advance(by: entry * 1000)
        world.trade(short, ethPerp, "-30", by: alice)
        let payments = world.balance(short)
        world.advance(by: (held - entry) * 1000)
        world.trade(short, ethPerp, "30", by: alice)
        // The pool's price is the oracle's, so that all that is gained or lost is funding.
        let found = world.balance(short) - units("1000")
        #expect((found - units(cash)).magnitude <= Quantity(raw: 3), "\(found), \(payments)")
        #expect(world.house.breaches().isEmpty)
    }

    /// Whoever leaves while a payment's grace lasts has back what it was charged, from whom it leaves it to.
    @Test func leavingWithinTheGrace() {
        var policy = PremiumFunding(
            source: .book(impact: .zero), interest: ratio("0.01"), sampling: .zero)
        policy.grace = TimeSpan(seconds: 15)
        for (seconds, expected) in [(Int64(14), "1000"), (15, "990")] {
            var world = FundingPolicyTests.world(.premium(policy), eth: "100")
            let long = world.margin(alice, "1000")
            world.trade(long, ethPerp, "10", by: alice)
            world.advance(by: 8 * Self.hour + seconds * 1000 - world.house.time.milliseconds)
            world.trade(long, ethPerp, "-10", by: alice)
            #expect(world.balance(long) == units(expected))
            #expect(world.house.breaches().isEmpty)
        }
    }
}
