import ExactMath
import MarginRules
import OrderBook
import SeededRandom
import Testing

@testable import MarginProtocol

/// What positions are valued at, where that is not the oracle's price.
struct MarkTests {
    /// The first market in its order book, with a mark.
    static func parameters(_ mark: MarkPolicy?) -> ProtocolParameters {
        var parameters = plainParameters()
        parameters.markets[0].pool = nil
        parameters.markets[0].mark = mark
        return parameters
    }

    /// Alice is long 10 from 100 with a margin of 120, against Bob; Carol makes the market around 100.
    struct Market {
        var world: World
        let long: AccountID
        let short: AccountID
        let maker: AccountID
        let keeper: AccountID

        init(_ mark: MarkPolicy?, funding: FundingPolicy = .none) throws {
            var parameters = MarkTests.parameters(mark)
            parameters.markets[0].funding = funding
            parameters.liquidation.size = .wholePosition
            world = World(parameters)
            long = world.margin(alice, "120")
            short = world.margin(bob, "10000")
            maker = world.margin(carol, "100000")
            keeper = world.wallet(Address(13), "0")
            try world.house.seedPosition(
                long, ethPerp, size: units("10"), entry: price("100"), into: &world.journal)
            try world.house.seedPosition(
                short, ethPerp, size: units("-10"), entry: price("100"), into: &world.journal)
            quote("5")
        }

        /// Bids at 99 and asks at 101, so many units each.
        mutating func quote(_ size: String) {
            world.run(OrderTests.place(maker, .buy, size, "99"), by: carol)
            world.run(OrderTests.place(maker, .sell, size, "101"), by: carol)
        }

        /// Carol's bid far below, and Bob sells into all there is above it.
        mutating func wick() {
            world.run(OrderTests.place(maker, .buy, "1", "80"), by: carol)
            world.run(OrderTests.place(short, .sell, "5", "90", .immediateOrCancel), by: bob)
        }

        var mark: Price { world.house.price(of: ethPerp) }
        var isDue: Bool { world.house.isLiquidatable(long, at: world.house.prices) }
    }

    static let second: Int64 = 1000
    static let moving = MarkPolicy.Average.moving(TimeSpan(seconds: 30))
    static let fading = MarkPolicy.Average.exponential(TimeSpan(seconds: 150))

    @Test("Without a mark of its own a market has its oracle's price, and nothing is said")
    func oracle() throws {
        for mark in [nil, MarkPolicy(.index), MarkPolicy(.fairBasis)] {
            var market = try Market(mark)
            market.wick()
            market.world.advance(by: Self.second)
            #expect(market.mark == price("100") && !market.isDue)
            #expect(market.world.house.prices.count == 4)
            #expect(
                !market.world.journal.contains { if case .markTaken = $0 { true } else { false } })
        }
    }

    @Test("A wick in the book moves its middle, and not a median or an average")
    func wick() throws {
        let rules: [(mark: MarkPolicy, first: String, after: String, isDue: Bool)] = [
            // (80 + 101) / 2.
            (MarkPolicy(.mid), "100", "90.5", true),
            // 30 samples of 0 and one of −9.5: of the window's 30 the last is the wick.
            (
                MarkPolicy(.averageBasis, average: Self.moving), "100", "99.68333333", false
            ),
            // Index, index + average, last trade 99.
            (
                MarkPolicy(.medianOfThree, average: Self.moving), "100", "99.68333333", false
            ),
            (MarkPolicy(.mid, band: ratio("0.02")), "100", "98", false),
        ]
        for rule in rules {
            var market = try Market(rule.mark)
            for _ in 0..<30 { market.world.advance(by: Self.second) }
            #expect(market.mark == price(rule.first), "\(rule.mark)")
            market.wick()
            // The book is read as a block begins.
            #expect(market.mark == price(rule.first))
            market.world.advance(by: Self.second)
            #expect(market.mark == price(rule.after), "\(rule.mark)")
            #expect(market.isDue == rule.isDue, "\(rule.mark)")
            let health = market.world.house.health(of: market.long, .maintenance)
            #expect(health.equity == money("120") + (price(rule.after) - price("100")).times(10))
            // The fill that made the wick is at the maker's price whatever the mark.
            #expect(market.world.fills().last?.price == price("99"))
            let quote = try? market.world.house.quoteLiquidation(
                of: market.long, payer: market.keeper)
            #expect((quote != nil) == rule.isDue)
            if case .positions(let parts)? = quote?.step {
                #expect(parts.first?.price == price(rule.after), "the closing price is the mark")
            }
        }
    }

    @Test("The mark follows its index inside a block, and is said with it")
    func followsIndex() throws {
        var market = try Market(MarkPolicy(.averageBasis, average: Self.moving))
        market.world.advance(by: Self.second)
        market.world.journal.removeAll()
        market.world.post(ethFeed, "110")
        let changes: [MarkChange] = market.world.journal.compactMap {
            if case .markTaken(let change) = $0 { change } else { nil }
        }
        // One at the block's beginning would have no news.
        #expect(changes.count == 1)
        #expect(changes.first?.index == price("110"))
        #expect(changes.first?.mark == price("110"))
        #expect(changes.first?.bestBid == price("99") && changes.first?.bestAsk == price("101"))
        #expect(changes.first?.lastTrade == nil)
        #expect(market.world.house.indexPrice(ethPerp) == price("110"))
        // The middle is still 100: the average is over 0, and now −10.
        market.world.advance(by: Self.second)
        #expect(market.mark == price("105"))
    }

    @Test(
        "A one-sided book leaves the last middle, and an average without new samples until it is over"
    )
    func oneSided() throws {
        var market = try Market(MarkPolicy(.mid))
        market.world.advance(by: Self.second)
        market.world.run(
            .cancelOrder(account: market.maker, market: ethPerp, order: OrderID(raw: 2)), by: carol)
        market.world.post(ethFeed, "110")
        market.world.advance(by: Self.second)
        #expect(market.mark == price("100"))
        var other = try Market(
            MarkPolicy(.averageBasis, average: .moving(TimeSpan(seconds: 10))))
        other.world.post(ethFeed, "104")
        other.world.advance(by: Self.second)
        #expect(other.mark < price("104"))
        other.world.run(
            .cancelOrder(account: other.maker, market: ethPerp, order: OrderID(raw: 2)), by: carol)
        other.world.advance(by: 5 * Self.second)
        #expect(other.mark < price("104"))
        other.world.advance(by: 10 * Self.second)
        #expect(other.mark == price("104"))
    }

    @Test("An exponential average is that of its rule, fed with the book at each look")
    func exponential() throws {
        var market = try Market(MarkPolicy(.averageBasis, average: Self.fading))
        market.world.advance(by: Self.second)
        var average = try ExponentialAverage(timeConstant: TimeSpan(seconds: 150)).adding(
            .zero, elapsed: TimeSpan(milliseconds: market.world.house.time.milliseconds))
        for (index, seconds) in zip([101, 103, 99, 100, 107], [1, 4, 2, 30, 300] as [Int64]) {
            market.world.post(ethFeed, "\(index)")
            let before = market.world.house.time
            market.world.advance(by: seconds * Self.second)
            let now = market.world.house.time
            average = try average.adding(Fixed18(whole: Int64(100 - index)), elapsed: now - before)
            let basis = try #require(try average.value())
            let expected = try (Fixed18(whole: Int64(index)) + basis).rounded(
                to: Price.self, .nearest)
            #expect((market.mark - expected).magnitude <= Price(raw: 1))
        }
    }

    @Test("Hyperliquid's median: with two candidates the average of the book's median is the third")
    func robust() throws {
        var market = try Market(
            MarkPolicy(
                .robustMedian, average: Self.fading, bookAverage: TimeSpan(seconds: 30)))
        for _ in 0..<60 { market.world.advance(by: Self.second) }
        #expect(market.mark == price("100"))
        market.wick()
        market.world.advance(by: Self.second)
        // Oracle with average: a little below 100; book: the median of 80, 101 and 99; its average: above 99.
        #expect(market.mark > price("99.7") && market.mark < price("99.9"))
        #expect(!market.isDue)
    }

    @Test("A fair basis is the funding that is still to come, and falls to nothing by its payment")
    func fairBasis() throws {
        let hour = TimeSpan(seconds: 3600)
        let funding = FundingPolicy.premium(
            PremiumFunding(
                source: .book(impact: .zero), interest: ratio("0.08"), interval: hour))
        var market = try Market(MarkPolicy(.fairBasis), funding: funding)
        #expect(market.mark == price("100"))
        market.world.advance(by: 3600 * Self.second)
        // 8 % per eight hours are 1 % of an hour, all of it still to come; the book has no premium.
        #expect(market.mark == price("101"))
        market.world.advance(by: 900 * Self.second)
        #expect(market.mark == price("100.75"))
        market.world.advance(by: 2699 * Self.second)
        #expect(market.mark == price("100.00027778"))
        market.world.post(ethFeed, "200")
        #expect(market.mark > price("200"))
    }

    /// Hyperliquid's documentation, Funding: size · oracle price · rate; others pay on the mark.
    @Test(arguments: [(false, "0.90500000"), (true, "1")])
    func fundingIsPaid(atIndex: Bool, paid: String) throws {
        var funding = PremiumFunding(
            source: .skew(scale: units("1000000")), interest: ratio("0.001"))
        funding.paysAtIndex = atIndex
        var market = try Market(MarkPolicy(.mid), funding: .premium(funding))
        market.wick()
        market.world.advance(by: Self.second)
        #expect(market.mark == price("90.5"))
        market.world.advance(by: 28_799 * Self.second)
        // 10 units at 90.5 or at 100, at 0.1 %.
        let profit = market.world.house.unrealizedProfit(market.long, ethPerp, at: price("100"))
        #expect(profit == -money(paid))
    }

    @Test("Against a pool trades have the oracle's price, whatever the mark")
    func poolTrades() throws {
        var parameters = plainParameters()
        parameters.markets[0].mark = MarkPolicy(.fairBasis)
        parameters.markets[0].funding = .premium(
            PremiumFunding(
                source: .skew(scale: units("1000")), interest: ratio("0.08"),
                interval: TimeSpan(seconds: 3600)))
        var world = World(parameters)
        let account = world.margin(alice, "1000")
        world.mint("1000", usd, pool)
        world.advance(by: 3600 * Self.second)
        #expect(world.house.price(of: ethPerp) == price("101"))
        world.trade(account, ethPerp, "1", by: alice)
        #expect(world.fills().last?.price == price("100"))
        let profit = world.house.unrealizedProfit(
            account, ethPerp, at: world.house.price(of: ethPerp))
        #expect(profit == money("1"))
    }

    @Test("The liquidation price is a mark: just there the account falls due")
    func liquidationPrice() throws {
        for mark in [nil, MarkPolicy(.mid), MarkPolicy(.averageBasis, average: Self.moving)] {
            var market = try Market(mark)
            market.world.post(ethFeed, "98")
            market.world.advance(by: Self.second)
            let found = market.world.house.criticalPrices(
                of: market.long, market: ethPerp, .liquidatable)
            // 120 + 10 (p − 100) < 0.05 · 10 p, at 9.5 p < 880.
            #expect(found == [price("92.63157894")], "\(String(describing: mark))")
            let slot = market.world.house.marketRows[0].feed
            var prices = market.world.house.prices
            prices[slot] = price("92.63157894")
            #expect(market.world.house.isLiquidatable(market.long, at: prices))
            prices[slot] = price("92.63157895")
            #expect(!market.world.house.isLiquidatable(market.long, at: prices))
        }
    }

    @Test("Prices from outside stand for marks as well")
    func outsidePrices() throws {
        var market = try Market(MarkPolicy(.mid))
        market.wick()
        market.world.advance(by: Self.second)
        let outside = ["1", "100", "1000", "10"].map { price($0) }
        #expect(market.isDue)
        #expect(!market.world.house.isLiquidatable(market.long, at: outside))
        #expect(
            market.world.house.health(of: market.long, .maintenance, at: outside).equity
                == money("120"))
        var index = HealthIndex()
        #expect(index.liquidatable(in: market.world.house, at: outside) == [])
        #expect(
            index.liquidatable(in: market.world.house, at: market.world.house.prices)
                == [market.long])
    }

    @Test("A mark that sums could not carry is not taken")
    func hugeBook() throws {
        var market = try Market(MarkPolicy(.mid))
        market.world.advance(by: Self.second)
        // Bob's one unit to sell at the highest price, after all others have gone.
        market.world.run(
            .cancelOrder(account: market.maker, market: ethPerp, order: OrderID(raw: 2)), by: carol)
        _ = market.world.attempt(
            OrderTests.place(market.short, .sell, "0.00000001", "92233720368"), by: bob)
        market.world.advance(by: Self.second)
        #expect(market.world.house.breaches().isEmpty)
        #expect(market.world.house.health(of: market.long, .maintenance).equity.raw < 1 << 62)
    }

    @Test("Marks that a market cannot have are named")
    func problems() {
        func found(_ change: (inout MarketParameters) -> Void) -> [String] {
            var parameters = Self.parameters(nil)
            change(&parameters.markets[0])
            return ClearingHouse.problems(in: parameters)
        }
        #expect(found { $0.mark = MarkPolicy(.mid) }.isEmpty)
        let rows: [(String, (inout MarketParameters) -> Void)] = [
            (
                "without a pool",
                {
                    $0.pool = .atOracle
                    $0.mark = MarkPolicy(.mid)
                }
            ),
            ("needs an average", { $0.mark = MarkPolicy(.medianOfThree) }),
            ("a meaning only", { $0.mark = MarkPolicy(.mid, average: Self.moving) }),
            (
                "robust median",
                {
                    $0.mark = MarkPolicy(
                        .averageBasis, average: Self.moving, bookAverage: TimeSpan(seconds: 1))
                }
            ),
            (
                "at most a day",
                { $0.mark = MarkPolicy(.averageBasis, average: .moving(TimeSpan(seconds: 90_000))) }
            ),
            (
                "no further apart",
                {
                    $0.mark = MarkPolicy(
                        .averageBasis, average: Self.moving, sampling: TimeSpan(seconds: 31))
                }
            ),
            ("between 0 and 1", { $0.mark = MarkPolicy(.mid, band: .one) }),
        ]
        for (text, change) in rows {
            let problems = found(change)
            #expect(problems.count == 1 && problems[0].contains(text), "\(text): \(problems)")
        }
    }
}

extension Price {
    fileprivate func times(_ count: Int64) -> Money { Money(raw: raw * count) }
}

/// The health index against a look at everybody, where books move marks on every block.
struct MarkWalkTests {
    #if DEBUG
        static let seeds: ClosedRange<UInt64> = 1...2
        static let blocks = 80
    #else
        static let seeds: ClosedRange<UInt64> = 1...12
        static let blocks = 1000
    #endif

    /// Markets without a pool have nobody to trade with yet.
    static func seedPositions(
        _ house: inout ClearingHouse, _ accounts: [AccountID], _ draws: inout RandomStream,
        _ journal: inout [Event]
    ) {
        for id in accounts {
            for market in 0..<4 where draws.chance(Ratio(percent: 50)) {
                let price = house.prices[market + 1]
                let most = max(1, scaleE8 / (price.raw / 1000) * 10_000)
                try? house.seedPosition(
                    id, MarketID(index: market),
                    size: Quantity(raw: draws.uniform(in: -most...most) | 1), entry: price,
                    into: &journal)
            }
        }
    }

    @Test("Whoever is liquidatable at marks is found, and no invariant breaks", arguments: seeds)
    func walk(seed: UInt64) throws {
        var draws = RandomSource(seed: seed).stream("marks")
        var parameters = HealthIndexWalkTests.parameters(&draws)
        if seed % 3 == 0 {
            parameters = HealthIndexWalkTests.unusual(parameters, seed, &draws)
        }
        let average = MarkPolicy.Average.moving(TimeSpan(seconds: 60))
        let fading = MarkPolicy.Average.exponential(TimeSpan(seconds: 150))
        let policies = [
            MarkPolicy(.mid), MarkPolicy(.averageBasis, average: average, band: Ratio(percent: 2)),
            MarkPolicy(.medianOfThree, average: average),
            MarkPolicy(.robustMedian, average: fading, bookAverage: TimeSpan(seconds: 30)),
        ]
        for market in parameters.markets.indices {
            parameters.markets[market].pool = nil
            parameters.markets[market].mark = policies[(market + Int(seed)) % policies.count]
            if draws.chance(Ratio(percent: 50)) {
                parameters.markets[market].funding = .premium(
                    PremiumFunding(
                        source: .book(impact: .zero), interest: Ratio(basisPoints: 1),
                        cap: Ratio(percent: 1), interval: TimeSpan(seconds: 600)))
            }
        }
        var house = ClearingHouse(parameters: parameters, start: Timestamp(milliseconds: 0))
        var journal: [Event] = []
        var prices = [1, 2000, 30, 1, 400].map { Price(whole: $0) }
        var index = HealthIndex()
        var outside = HealthIndex()
        try HealthIndexWalkTests.post(prices, 0, &house, &journal)
        let traders = try HealthIndexWalkTests.openAccounts(&house, &draws, &journal)
        Self.seedPositions(&house, traders.accounts, &draws, &journal)
        let maker = house.addAccount(owner: Address(4), role: .margin)
        house.mint(Quantity(whole: 50_000_000), of: AssetID(0), to: maker, into: &journal)
        var found = 0
        var apart = 0
        for block in 1...Self.blocks {
            house.advance(to: house.time + TimeSpan(milliseconds: 12_000), into: &journal)
            for feed in prices.indices {
                prices[feed] = HealthIndexWalkTests.step(prices[feed], draws.uniform(in: -30...30))
            }
            try HealthIndexWalkTests.post(prices, Int64(block), &house, &journal)
            for market in 0..<4 where draws.chance(Ratio(percent: 60)) {
                for order in house.book(MarketID(index: market)).orders(of: maker.raw).prefix(2) {
                    try? house.execute(
                        .cancelOrder(
                            account: maker, market: MarketID(index: market), order: order.id),
                        from: Address(4), into: &journal)
                }
                for side in Side.allCases {
                    let share = draws.uniform(in: side == .buy ? -300...5 : -5...300)
                    let limit = HealthIndexWalkTests.step(prices[market + 1], share)
                    try? house.execute(
                        .placeOrder(
                            account: maker, market: MarketID(index: market),
                            order: OrderRequest(
                                side: side, size: Quantity(raw: draws.uniform(in: 1...scaleE8 * 3)),
                                price: limit, timeInForce: .goodTillCancelled)),
                        from: Address(4), into: &journal)
                }
            }
            let id = traders.accounts[Int(draws.uniform(in: 0...Int64(traders.accounts.count - 1)))]
            try? house.execute(
                .placeOrder(
                    account: id, market: MarketID(Int32(draws.uniform(in: 0...3))),
                    order: OrderRequest(
                        side: draws.chance(Ratio(percent: 50)) ? .buy : .sell,
                        size: Quantity(raw: draws.uniform(in: 1...scaleE8 * 3)), price: nil,
                        timeInForce: .immediateOrCancel)),
                from: house.account(id).owner, into: &journal)
            let now = index.liquidatable(in: house, at: house.prices)
            #expect(
                now == HealthIndexWalkTests.scan(house, house.prices),
                "seed \(seed), block \(block)")
            #expect(
                outside.liquidatable(in: house, at: prices)
                    == HealthIndexWalkTests.scan(house, prices),
                "seed \(seed), block \(block), outside prices")
            #expect(house.breaches().isEmpty, "seed \(seed), block \(block)")
            found += now.count
            apart += (0..<4).count {
                house.price(of: MarketID(index: $0)) != house.indexPrice(MarketID(index: $0))
            }
            for id in now.prefix(1) {
                try? house.execute(
                    .liquidate(account: id, payer: traders.wallet, target: .next),
                    from: Address(3), into: &journal)
            }
            journal.removeAll(keepingCapacity: true)
        }
        #expect(found > 0 && apart > Self.blocks)
    }
}
