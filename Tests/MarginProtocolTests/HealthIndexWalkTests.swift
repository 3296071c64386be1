import ExactMath
import MarginProtocol
import MarginRules
import SeededRandom
import Testing

/// The health index against a look at everybody, on every block of long random walks.
///
/// Small steps and few commands: accounts stay in their levels for long, so that bands are what is tested.
struct HealthIndexWalkTests {
    #if DEBUG
        static let seeds: ClosedRange<UInt64> = 1...2
        static let blocks = 100
    #else
        static let seeds: ClosedRange<UInt64> = 1...16
        static let blocks = 1500
    #endif
    static let feeds = 5

    @Test("Whoever is liquidatable is found on every block of a random walk", arguments: seeds)
    func walk(seed: UInt64) throws {
        try walk(seed: seed) { $0 }
    }

    @Test("The same under schedules that jump, bend and cost interest", arguments: seeds)
    func walkOfUnusualHouses(seed: UInt64) throws {
        var draws = RandomSource(seed: seed).stream("walk/unusual")
        try walk(seed: seed) { Self.unusual($0, seed, &draws) }
    }

    /// What makes the fast valuation impossible, several things together.
    static func unusual(
        _ plain: ProtocolParameters, _ seed: UInt64, _ draws: inout RandomStream
    ) -> ProtocolParameters {
        var parameters = plain
        for market in parameters.markets.indices {
            parameters.markets[market].margin.maintenanceForm = .whole
            parameters.markets[market].margin.edge =
                draws.chance(Ratio(percent: 50)) ? .upper : .lower
            if draws.chance(Ratio(percent: 50)) {
                parameters.markets[market].margin.minimum = Money(whole: 20)
                parameters.markets[market].margin.fixed = Money(whole: 1)
            }
            if draws.chance(Ratio(percent: 50)) {
                parameters.markets[market].margin.sizePremium = .linear(
                    scale: Quantity(whole: 100), fraction: Ratio(percent: 10),
                    maintenanceShare: .one)
            }
            if seed % 3 == 0 {
                parameters.markets[market].margin.closingFee = .init(rate: Ratio(basisPoints: 10))
            }
        }
        // A debt that counts by its size beside a flat haircut.
        if seed % 4 == 1 { parameters.assets[2].debtFactor = Ratio(percent: 50) }
        let steep = KinkedRate(
            base: Fixed18(Ratio(percent: 2)), kink: Fixed18(Ratio(percent: 10)),
            lowerSlope: Fixed18(Ratio(percent: 40)), upperSlope: Fixed18(whole: 40),
            slopes: .acrossEachPart, rounding: .nearest)
        for asset in 1..<parameters.assets.count {
            parameters.assets[asset].interest = InterestModel(
                borrow: steep, supply: .shareOfInterest(reserveFactor: .zero, rounding: .nearest),
                accrual: .series)
        }
        return parameters
    }

    private func walk(
        seed: UInt64, _ change: (ProtocolParameters) -> ProtocolParameters
    ) throws {
        var draws = RandomSource(seed: seed).stream("walk")
        var house = ClearingHouse(
            parameters: change(Self.parameters(&draws)), start: Timestamp(milliseconds: 0))
        var journal: [Event] = []
        var prices = [1, 2000, 30, 1, 400].map { Price(whole: $0) }
        var truth = prices
        var index = HealthIndex()
        var outside = HealthIndex()
        try Self.post(prices, 0, &house, &journal)
        let traders = try Self.openAccounts(&house, &draws, &journal)
        var found = 0
        for block in 1...Self.blocks {
            house.advance(to: house.time + TimeSpan(milliseconds: 12_000), into: &journal)
            for feed in 0..<Self.feeds {
                // The settlement asset hardly moves in half of the runs.
                let wide: Int64 = feed == 0 && seed % 2 == 0 ? 2 : 60
                prices[feed] = Self.step(prices[feed], draws.uniform(in: -wide...wide))
                truth[feed] = Self.step(prices[feed], draws.uniform(in: -wide...wide))
            }
            try Self.post(prices, Int64(block), &house, &journal)
            let now = index.liquidatable(in: house, at: house.prices)
            #expect(now == Self.scan(house, house.prices), "seed \(seed), block \(block)")
            if block % 100 == 0 { Self.compareWithStatements(house) }
            #expect(
                outside.liquidatable(in: house, at: truth) == Self.scan(house, truth),
                "seed \(seed), block \(block), outside prices")
            found += now.count
            for id in now.prefix(1) {
                try? house.execute(
                    .liquidate(account: id, payer: traders.wallet, target: .next),
                    from: Address(3), into: &journal)
            }
            let id = traders.accounts[Int(draws.uniform(in: 0...Int64(traders.accounts.count - 1)))]
            let market = MarketID(Int32(draws.uniform(in: 0...3)))
            let size = Quantity(raw: draws.uniform(in: -scaleE8 * 4...scaleE8 * 4))
            try? house.execute(
                .trade(account: id, market: market, size: size, limit: nil, reduceOnly: false),
                from: house.account(id).owner, into: &journal)
            journal.removeAll(keepingCapacity: true)
        }
        #expect(found > 0)
        // Far from everybody: the point of the index.
        #expect(index.evaluations < Int64(Self.blocks * traders.accounts.count))
    }

    /// The valuation that decides and the statement that people read agree, term by term rounded alike: in one unit
    /// for each tier and market at the most.
    static func compareWithStatements(_ house: ClearingHouse) {
        for id in house.accountIDs.map({ AccountID($0) }) where house.account(id).role == .margin {
            for kind in [MarginKind.initial, .maintenance] {
                let health = house.health(of: id, kind)
                let statement = house.statement(of: id, kind)
                let apart = (health.equity - statement.health.equity).magnitude
                #expect(apart <= Money(raw: 8), "\(id), \(kind): equity")
                let required = (health.requirement - statement.health.requirement).magnitude
                #expect(required <= Money(raw: 8), "\(id), \(kind): requirement")
                // Lines count in what contracts settle in, the sum of them in dollars.
                let lines = statement.positions.reduce(Money.zero) { $0 + $1.requirement }
                let unit = house.price(of: house.parameters.settlementAsset)
                let worth = try? Quantity(raw: lines.raw).value(at: unit, rounding: .up)
                #expect(worth == statement.health.requirement, "\(id), \(kind): lines")
            }
        }
    }

    static func step(_ price: Price, _ tenThousandths: Int64) -> Price {
        Price(raw: max(1000, price.raw + price.raw / 10_000 * tenThousandths))
    }

    static func scan(_ house: ClearingHouse, _ prices: [Price]) -> [AccountID] {
        house.accountIDs.map { AccountID($0) }.filter { house.isLiquidatable($0, at: prices) }
    }

    static func post(
        _ prices: [Price], _ round: Int64, _ house: inout ClearingHouse, _ journal: inout [Event]
    ) throws {
        for (feed, price) in prices.enumerated() {
            let report = PriceReport(
                round: round + 1, price: price, observedAt: house.time, publishedAt: house.time)
            try house.execute(
                .postPrice(feed: FeedID(index: feed), report: report), from: Address(2),
                into: &journal)
        }
    }

    static func parameters(_ draws: inout RandomStream) -> ProtocolParameters {
        func weight(_ draws: inout RandomStream) -> Ratio {
            draws.chance(Ratio(percent: 50))
                ? .one : Ratio(percent: draws.uniform(in: 1...100))
        }
        let tiered = CollateralSchedule(
            basis: .quantity,
            tiers: [
                .init(floor: 0, weight: Ratio(percent: 90)),
                .init(floor: scaleE8, weight: Ratio(percent: 60)),
            ])
        let assets = [
            AssetParameters(name: "USD", feed: FeedID(0), collateral: .flat(.one)),
            AssetParameters(
                name: "ETH", feed: FeedID(1), collateral: tiered,
                liabilityWeight: Ratio(percent: 120), borrowable: true),
            AssetParameters(
                name: "SOL", feed: FeedID(2), collateral: .flat(Ratio(percent: 75)),
                liabilityWeight: Ratio(percent: 110), borrowable: true),
        ]
        let markets = (1...4).map { feed in
            let rate = Ratio(percent: draws.uniform(in: 2...30))
            let more = MarginSchedule(brackets: [
                .init(floor: .zero, initialRate: rate, maintenanceRate: rate),
                .init(
                    floor: Money(whole: 3000), initialRate: rate + rate,
                    maintenanceRate: rate + rate),
            ])
            return MarketParameters(
                name: "M\(feed)", feed: FeedID(index: feed),
                margin: draws.chance(Ratio(percent: 50))
                    ? .flat(initial: rate, maintenance: rate) : more,
                funding: draws.chance(Ratio(percent: 50))
                    ? .none
                    : .skew(
                        maximumRate: Ratio(percent: 20), skewScale: Quantity(whole: 50)),
                profitWeight: weight(&draws))
        }
        return ProtocolParameters(
            assets: assets, markets: markets,
            feeds: (0..<feeds).map { FeedParameters(name: "F\($0)", reporters: [Address(2)]) },
            liquidation: LiquidationPolicy(size: .wholeAccount, taker: .pool))
    }

    static func openAccounts(
        _ house: inout ClearingHouse, _ draws: inout RandomStream, _ journal: inout [Event]
    ) throws -> (wallet: AccountID, accounts: [AccountID]) {
        let wallet = house.addAccount(owner: Address(3), role: .wallet)
        house.mint(
            Quantity(whole: 10_000_000), of: AssetID(0), to: ClearingHouse.liquidityPool,
            into: &journal)
        var accounts: [AccountID] = []
        for number in 0..<120 {
            let owner = Address(Int32(10 + number))
            let id = house.addAccount(owner: owner, role: .margin)
            let own = house.addAccount(owner: owner, role: .wallet)
            for asset in 0..<3 {
                let most: Int64 = [20_000, 8, 500][asset]
                if draws.chance(Ratio(percent: asset == 0 ? 80 : 40)) {
                    house.mint(
                        Quantity(raw: draws.uniform(in: 1...most * scaleE8)),
                        of: AssetID(index: asset), to: id, into: &journal)
                }
            }
            for asset in 1..<3 where draws.chance(Ratio(percent: 30)) {
                let amount = Quantity(raw: draws.uniform(in: 1...5 * scaleE8))
                try? house.execute(
                    .withdraw(from: id, to: own, asset: AssetID(index: asset), amount: amount),
                    from: owner, into: &journal)
            }
            for market in 0..<4 where draws.chance(Ratio(percent: 60)) {
                let price = house.prices[market + 1].raw
                let most = max(1, scaleE8 / (price / 1000) * 10_000)
                try? house.execute(
                    .trade(
                        account: id, market: MarketID(index: market),
                        size: Quantity(raw: draws.uniform(in: -most...most) | 1), limit: nil,
                        reduceOnly: false), from: owner, into: &journal)
            }
            accounts.append(id)
        }
        return (wallet, accounts)
    }
}
