import ExactMath
import MarginRules
import Testing

@testable import MarginProtocol

/// Losses that holders of the other side, the insurance fund at once, or a backstop vault bear.
struct DeleveragingTests {
    /// ETH-PERP at a price, positions entered at 100 each, and an insurance fund.
    static func world(
        _ policy: DeleveragingPolicy, at ethPrice: String,
        waterfall: [LossLayer] = [.insuranceFund, .autoDeleveraging, .badDebt],
        liquidation: LiquidationPolicy = LiquidationPolicy(size: .wholePosition, penalty: .zero),
        backstop: BackstopPolicy? = nil
    ) -> World {
        var parameters = plainParameters()
        parameters.lossWaterfall = waterfall
        parameters.deleveraging = policy
        parameters.liquidation = liquidation
        parameters.backstop = backstop
        var world = World(parameters)
        world.post(ethFeed, ethPrice)
        return world
    }

    static func hold(
        _ world: inout World, _ owner: Address, _ balance: String, _ size: String,
        entry: String = "100", _ market: MarketID = ethPerp
    ) throws -> AccountID {
        let id = world.house.addAccount(owner: owner, role: .margin)
        world.house.seedBalance(units(balance), of: usd, to: id, into: &world.journal)
        try world.house.seedPosition(
            id, market, size: units(size), entry: price(entry), into: &world.journal)
        return id
    }

    /// A deficit of 40 and winners of 60, 30 and 10: down a queue the smallest and most leveraged lose all, in
    /// proportion each loses 40 %.
    ///
    /// Vectors: adl_toy.
    @Test(arguments: [
        (DeleveragingPolicy.Order.ranked(.profitTimesLeverage), ["0", "30", "10"]),
        (.ranked(.profitTimesMarginRatio), ["0", "30", "10"]),
        (.ranked(.priceRatioTimesLeverage), ["0", "30", "10"]),
        (.ranked(.returnOverMarginRatio), ["0", "30", "10"]),
        (.proRata, ["24", "12", "4"]),
    ])
    func winnersGiveUp(order: DeleveragingPolicy.Order, expected: [String]) throws {
        var world = Self.world(DeleveragingPolicy(order: order, pool: .never), at: "90")
        let loser = try Self.hold(&world, alice, "0", "4")
        let winners = [
            try Self.hold(&world, bob, "210", "-6"), try Self.hold(&world, bob, "24", "-3"),
            try Self.hold(&world, bob, "5", "-1"),
        ]
        let wallet = world.wallet(carol)
        let equity = winners.map { world.house.plainEquity(of: $0, at: world.house.prices) }
        let quote = try world.house.quoteLiquidation(of: loser, payer: wallet)
        let mark = world.journal.count
        world.run(LiquidationTests.liquidate(loser, wallet), by: carol)
        for (index, winner) in winners.enumerated() {
            let lost = equity[index] - world.house.plainEquity(of: winner, at: world.house.prices)
            #expect(lost == money(expected[index]))
        }
        #expect(world.size(loser) == .zero && world.balance(loser) == .zero)
        #expect(world.balance(badDebt) == .zero && world.balance(wallet) == .zero)
        guard case .positions(let parts) = quote.step else { throw NoPart() }
        #expect(
            parts.count == 1 && parts[0].taker == .deleveraged && parts[0].price == price("100"))
        let covers = world.covers(since: mark)
        #expect(covers.map(\.amount.raw) == parts[0].counterparties.map(\.profitGivenUp.raw))
        #expect(covers.allSatisfy { $0.layer == .autoDeleveraging && $0.account == loser })
        #expect(world.positionChanges(since: mark).allSatisfy { $0.reason == .deleveraging })
        #expect(world.liquidations(since: mark).map(\.deficit) == [money("40")])
    }

    struct NoPart: Error {}

    /// 10 October 2025 on Hyperliquid, as one deficit: 2.1 billion deleveraged, winners' profits of 834 million, accounts below
    /// zero by 23 million. In proportion everybody would have given up 2.78 % of a profit; what was closed is
    /// ninety times the deficit, and what the paper finds unnecessary 28 times; arXiv 2512.01112.
    ///
    /// Vectors: adl_2025_10_10.
    @Test func october2025() throws {
        var world = Self.world(DeleveragingPolicy(order: .proRata, pool: .never), at: "100")
        // Entered 39.6696 above the price: 834,295,749.29 over the sizes that 2,103,111,430.86 are.
        let entry = "139.66959321"
        let loser = try Self.hold(
            &world, alice, "811104644.89008217", "21031114.30859341", entry: entry)
        let winners = [
            try Self.hold(&world, bob, "1000000000", "-9031114.30859341", entry: entry),
            try Self.hold(&world, bob, "1000000000", "-12000000", entry: entry),
        ]
        let wallet = world.wallet(carol)
        let profits = winners.map { world.house.unrealizedProfit($0, ethPerp, at: price("100")) }
        let deficit = -world.house.plainEquity(of: loser, at: world.house.prices)
        #expect((deficit - money("23191104.48482883")).magnitude < money("1"))
        #expect((profits[0] + profits[1] - money("834295749.29251310")).magnitude < money("1"))
        let mark = world.journal.count
        world.run(LiquidationTests.liquidate(loser, wallet), by: carol)
        let covers = world.covers(since: mark)
        for (cover, profit) in zip(covers, profits) {
            let haircut = Double(cover.amount.raw) / Double(profit.raw)
            #expect(abs(haircut - 0.02779722239325202) < 1e-8, "\(haircut)")
        }
        let given = covers.reduce(0) { $0 + Double($1.amount.raw) / 1e8 }
        let closed = world.positionChanges(since: mark).filter { $0.account != loser }
            .reduce(0) { $0 + Double(($1.sizeAfter - $1.sizeBefore).raw) / 1e8 * 100 }
        #expect(covers.count == 2 && abs(closed / given - 90.68612632206221) < 1e-5)
        #expect(abs(653_600_000 / given - 28.183220011257887) < 1e-5)
        // Eight decimals of the price are 21 cents of this position.
        #expect(world.balance(loser) <= units("0.22") && world.size(loser).isZero)
        #expect(world.balance(badDebt).isZero)
    }

    /// Six longs and a liquidated short of 20 with a bankruptcy price of 650, all of whose counterparties are the first
    /// two of the queue; testnet.bitmex.com/app/autoDeleveragingExamples. Leverage gives the page's order of scores.
    ///
    /// Vectors: bmx-adl-1.
    @Test func bitmexQueue() throws {
        var world = Self.world(DeleveragingPolicy(), at: "660")
        let loser = try Self.hold(&world, alice, "1000", "-20", entry: "600")
        var longs: [AccountID] = []
        let sizes = ["10", "10", "20", "30", "20", "10"]
        for (size, balance) in zip(sizes, ["300", "50", "2000", "600", "200", "500"]) {
            longs.append(try Self.hold(&world, bob, balance, size, entry: "600"))
        }
        let wallet = world.wallet(carol)
        let mark = world.journal.count
        world.run(LiquidationTests.liquidate(loser, wallet), by: carol)
        #expect(longs.map { world.size($0) } == ["10", "0", "20", "30", "10", "10"].map(units))
        #expect(world.covers(since: mark).map(\.payer) == [longs[1], longs[4]])
        #expect(world.positionChanges(since: mark).allSatisfy { $0.price == price("650") })
        #expect(world.balance(loser) == .zero && world.balance(badDebt) == .zero)
    }

    @Test("An inverse contract's deficit is borne in its own coin")
    func inverse() throws {
        var parameters = plainParameters()
        parameters.settlementAsset = btc
        parameters.markets[1].contract = .inverse
        parameters.lossWaterfall = [.insuranceFund, .autoDeleveraging, .badDebt]
        parameters.deleveraging = DeleveragingPolicy(pool: .never)
        parameters.liquidation = LiquidationPolicy(size: .wholePosition, penalty: .zero)
        var world = World(parameters)
        let loser = world.margin(alice, "0", "0", "1")
        let winner = world.margin(bob, "0", "0", "5")
        for (account, size) in [(loser, "10000"), (winner, "-10000")] {
            try world.house.seedPosition(
                account, btcPerp, size: units(size), entry: price("1000"), into: &world.journal)
        }
        // 10,000 / 900 are 11.11 coins: the long, bought at 10 with one coin behind it, is bankrupt at 11.
        world.post(btcFeed, "900")
        let wallet = world.wallet(carol)
        world.run(LiquidationTests.liquidate(loser, wallet), by: carol)
        #expect(world.size(loser, btcPerp) == .zero && world.size(winner, btcPerp) == .zero)
        #expect((world.balance(loser, btc)).magnitude <= Quantity(raw: 10))
        #expect((world.balance(winner, btc) - units("6")).magnitude <= Quantity(raw: 10))
        #expect(world.balance(badDebt, btc) == .zero)
    }

    @Test("The fund pays what it can pay whole, and nothing of what it cannot")
    func fundFirst() throws {
        for (fund, isDeleveraged) in [("40", false), ("39.99999999", true)] {
            var world = Self.world(DeleveragingPolicy(pool: .never), at: "90")
            let loser = try Self.hold(&world, alice, "0", "4")
            let winner = try Self.hold(&world, bob, "210", "-6")
            let wallet = world.wallet(carol)
            world.mint(fund, usd, insurance)
            world.run(LiquidationTests.liquidate(loser, wallet), by: carol)
            #expect((world.size(winner) == units("-2")) == isDeleveraged)
            #expect(world.balance(insurance) == (isDeleveraged ? units(fund) : .zero))
            #expect(world.balance(badDebt) == .zero)
        }
    }

    @Test("At the mark price the loss stays, and goes to the next layer")
    func atMark() throws {
        var world = Self.world(DeleveragingPolicy(price: .mark, pool: .never), at: "90")
        let loser = try Self.hold(&world, alice, "0", "4")
        let winner = try Self.hold(&world, bob, "210", "-6")
        let wallet = world.wallet(carol)
        let before = world.house.plainEquity(of: winner, at: world.house.prices)
        world.run(LiquidationTests.liquidate(loser, wallet), by: carol)
        #expect(world.size(winner) == units("-2"))
        #expect(world.house.plainEquity(of: winner, at: world.house.prices) == before)
        #expect(world.balance(badDebt) == units("-40"))
        #expect(world.covers().map(\.layer) == [.badDebt])
    }

    @Test("What finds no counterparty stays for a step against the pool")
    func tooFew() throws {
        var world = Self.world(DeleveragingPolicy(pool: .never), at: "90")
        let loser = try Self.hold(&world, alice, "0", "4")
        // Would end below zero at 100: no counterparty.
        _ = try Self.hold(&world, bob, "-9", "-1")
        let winner = try Self.hold(&world, bob, "5", "-1")
        let wallet = world.wallet(carol)
        world.run(LiquidationTests.liquidate(loser, wallet), by: carol)
        #expect(world.size(loser) == units("3") && world.size(winner) == .zero)
        #expect(world.balance(winner) == units("5"))
        world.run(LiquidationTests.liquidate(loser, wallet), by: carol)
        #expect(world.size(loser) == .zero && world.balance(badDebt) == units("-30"))
    }

    @Test("The pool gives up first, last or never")
    func poolPlace() throws {
        for (place, winnerKeeps, given) in [
            (DeleveragingPolicy.PoolPlace.first, "-1", "40"), (.last, "0", "30"),
        ] {
            var world = Self.world(DeleveragingPolicy(pool: place), at: "90")
            world.mint("1000", usd, pool)
            let loser = try Self.hold(&world, alice, "0", "4")
            let winner = try Self.hold(&world, bob, "5", "-1")
            // The pool is short the other three.
            _ = try Self.hold(&world, carol, "1000", "5")
            let wallet = world.wallet(carol)
            world.run(LiquidationTests.liquidate(loser, wallet), by: carol)
            #expect(world.size(winner) == units(winnerKeeps))
            #expect(world.covers().first { $0.payer == pool }?.amount == units(given))
        }
    }

    /// A short below zero against two longs, with the numbers of dydxprotocol/v4-chain, x/clob/keeper/deleveraging_test.go,
    /// TestOffsetSubaccountPerpetualPosition; a third, whose bankruptcy price does not overlap, is passed over.
    @Test func dydxOffsetting() throws {
        let fillable = LiquidationPolicy.ClosingPrice.fillable(
            adjustment: .one, spread: ratio("0.1"), maximumFee: ratio("0.005"))
        var world = Self.world(
            DeleveragingPolicy(order: .unranked, pool: .never), at: "100",
            liquidation: LiquidationPolicy(
                size: .wholePosition, penalty: .zero, closingPrice: fillable))
        world.house.replaceMargin(
            btcPerp, .flat(initial: Ratio(percent: 20), maintenance: Ratio(percent: 10)))
        world.post(btcFeed, "50000")
        let loser = try Self.hold(&world, alice, "99999", "-1", entry: "50000", btcPerp)
        world.house.seedBalance(units("-50000"), of: usd, to: loser, into: &world.journal)
        let deep = try Self.hold(&world, bob, "-501", "0.5", entry: "50000", btcPerp)
        var longs: [AccountID] = []
        for _ in 0..<2 {
            longs.append(try Self.hold(&world, bob, "75000", "0.5", entry: "50000", btcPerp))
        }
        #expect(world.house.health(of: loser, .maintenance).equity == money("49999"))
        world.house.seedBalance(units("-50000"), of: usd, to: loser, into: &world.journal)
        #expect(world.house.health(of: loser, .maintenance).equity == money("-1"))
        let wallet = world.wallet(carol)
        world.run(LiquidationTests.liquidate(loser, wallet), by: carol)
        #expect(world.size(loser, btcPerp) == .zero && world.balance(loser) == .zero)
        // Half of a coin at 49,999: 0.5 less than at the oracle price.
        #expect(longs.map { world.balance($0) } == [units("74999.5"), units("74999.5")])
        #expect(longs.allSatisfy { world.size($0, btcPerp) == .zero })
        #expect(world.size(deep, btcPerp) == units("0.5"))
    }

    @Test("Below its share of the requirement the vault takes all, and no more than it may carry")
    func backstop() throws {
        let policy = BackstopPolicy(below: ratio("0.6667"), cap: money("1000"))
        // Equity 45 at 90 of 10 · 90 · 5 %; 30 at 88.5, where 2/3 of 44.25 is 29.50; 29 at 88.4.
        for (ethPrice, isTaken) in [("88.5", false), ("88.4", true)] {
            var world = Self.world(
                DeleveragingPolicy(), at: ethPrice, waterfall: [.backstop, .badDebt],
                backstop: policy)
            let account = try Self.hold(&world, alice, "145", "10")
            let vault = try #require(world.house.backstopVault)
            #expect(world.house.account(vault).role == .backstop)
            let wallet = world.wallet(carol)
            world.run(LiquidationTests.liquidate(account, wallet), by: carol)
            #expect(world.size(account) == .zero)
            #expect(world.size(vault) == (isTaken ? units("10") : .zero))
            #expect(world.balance(vault) == (isTaken ? units("29") : .zero))
            #expect(world.balance(account) == (isTaken ? .zero : units("30")))
        }
        // An account below zero only while the vault is worth it, and within its cap.
        for (funds, size, owner, taken) in [
            ("100", "10", "145", true), ("4.9", "10", "145", false), ("1000", "12", "174", false),
        ] {
            var world = Self.world(
                DeleveragingPolicy(), at: "85", waterfall: [.backstop, .badDebt], backstop: policy)
            let vault = try #require(world.house.backstopVault)
            world.mint(funds, usd, vault)
            let account = try Self.hold(&world, alice, owner, size)
            let equity = world.house.plainEquity(of: account, at: world.house.prices)
            let wallet = world.wallet(carol)
            world.run(LiquidationTests.liquidate(account, wallet), by: carol)
            #expect(world.size(vault) == (taken ? units(size) : .zero))
            #expect(equity == (size == "10" ? money("-5") : money("-6")))
            #expect(world.house.owes(account) == false)
            #expect(world.liquidations().map(\.deficit) == [-equity])
        }
    }

    /// What a block's limits leave of a step, and all of it where whole positions are given up.
    @Test(arguments: [(false, "4.44444444"), (true, "10")])
    func givesUpWholePositions(isWhole: Bool, closed: String) throws {
        let limits = LiquidationBlockLimits(notional: money("400"), insuranceLoss: money("1"))
        var world = Self.world(
            DeleveragingPolicy(pool: .never, isWhole: isWhole), at: "90",
            waterfall: [.autoDeleveraging, .badDebt],
            liquidation: LiquidationPolicy(
                size: .wholePosition, penalty: .zero, blockLimits: limits))
        let loser = try Self.hold(&world, alice, "90", "10")
        let winner = try Self.hold(&world, bob, "500", "-10")
        let wallet = world.wallet(carol)
        world.run(LiquidationTests.liquidate(loser, wallet), by: carol)
        #expect(world.size(loser) == units("10") - units(closed))
        #expect(world.size(winner) == units(closed) - units("10"))
    }

    /// Vectors: dydx4-blocklimit-2.
    @Test("A block's limits hold per account, and each market is touched once")
    func blockLimits() throws {
        let limits = LiquidationBlockLimits(notional: money("500"), insuranceLoss: money("100"))
        var world = Self.world(
            DeleveragingPolicy(), at: "88",
            liquidation: LiquidationPolicy(
                size: .wholePosition, penalty: .zero, blockLimits: limits))
        let account = try Self.hold(&world, alice, "145", "10")
        try world.house.seedPosition(
            account, btcPerp, size: units("0.1"), entry: price("1000"), into: &world.journal)
        let wallet = world.wallet(carol)
        world.run(LiquidationTests.liquidate(account, wallet), by: carol)
        // 500 / 88, down.
        #expect(world.size(account) == units("4.31818182"))
        #expect(
            world.attempt(LiquidationTests.liquidate(account, wallet), by: carol)?.code == 601
                || world.attempt(LiquidationTests.liquidate(account, wallet), by: carol)
                    == .oncePerBlock(account)
        )
        world.advance(by: 1)
        world.post(ethFeed, "80")
        world.run(LiquidationTests.liquidate(account, wallet), by: carol)
        #expect(world.size(account) == .zero)
        #expect(world.size(account, btcPerp) == units("0.1"))
        world.run(LiquidationTests.liquidate(account, wallet), by: carol)
        #expect(world.size(account, btcPerp) == .zero)
    }
}

extension ClearingHouse {
    mutating func replaceMargin(_ market: MarketID, _ margin: MarginSchedule) {
        var changed = parameters
        changed.markets[market.index].margin = margin
        replaceParameters(changed)
    }
}
