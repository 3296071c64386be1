import ExactMath
import OrderBook
import SeededRandom
import Testing

@testable import MarginProtocol

let ethSpot = SpotMarketID(0)

/// Ether against the settlement asset, and bitcoin against ether: two accounts of their own, and one that exchanges with them.
struct SpotWorld {
    var world: World
    let maker: AccountID
    let taker: AccountID
    let lender: AccountID

    init(_ change: (inout ProtocolParameters) -> Void = { _ in }) {
        var parameters = plainParameters()
        parameters.spotMarkets = [
            SpotMarketParameters(name: "ETH-USD", base: eth, quote: usd),
            SpotMarketParameters(name: "BTC-ETH", base: btc, quote: eth),
        ]
        for asset in 0..<3 { parameters.assets[asset].borrowable = true }
        change(&parameters)
        world = World(parameters)
        maker = world.margin(bob, "1000", "10")
        taker = world.margin(alice, "1000", "10")
        lender = world.margin(carol, "100000", "1000", "100")
    }

    var escrow: AccountID { world.house.spotEscrow ?? AccountID(-1) }

    func place(
        _ id: AccountID, _ side: Side, _ size: String, _ limit: String?,
        _ force: TimeInForce = .goodTillCancelled, in market: SpotMarketID = ethSpot,
        reduceOnly: Bool = false
    ) -> Command {
        .placeSpotOrder(
            account: id, market: market,
            order: OrderRequest(
                side: side, size: units(size), price: limit.map { price($0) }, timeInForce: force,
                reduceOnly: reduceOnly))
    }

    func fills() -> [SpotFill] {
        world.journal.compactMap { if case .spotFilled(let fill) = $0 { fill } else { nil } }
    }
}

/// Orders in spot markets: what they set aside, exchange, give back, and count.
struct SpotOrderTests {
    @Test("An ask sets its base aside, a bid what it may cost; cancelling gives just that back")
    func reserves() {
        var it = SpotWorld { $0.spotMarkets[0].makerFee = ratio("0.001") }
        it.world.run(it.place(it.maker, .sell, "2", "101"), by: bob)
        it.world.run(it.place(it.maker, .buy, "0.00000003", "99"), by: bob)
        it.world.run(it.place(it.maker, .buy, "3", "98"), by: bob)
        // 0.00000297 and a fee of one unit; 294 and 0.294.
        #expect(it.world.balance(it.escrow) == units("294.29400298"))
        #expect(it.world.balance(it.escrow, eth) == units("2"))
        #expect(it.world.balance(it.maker) == units("705.70599702"))
        #expect(it.world.balance(it.maker, eth) == units("8"))
        let reserve = it.world.house.spotReserves(of: it.maker).first
        #expect(reserve?.base == units("2") && reserve?.quote == units("294.29400298"))
        #expect(reserve?.lowestAsk == price("101") && reserve?.highestBid == price("99"))
        #expect(
            it.world.house.plainEquity(of: it.maker, at: it.world.house.prices) == money("2000"))
        for order in 1...3 {
            it.world.run(
                .cancelSpotOrder(
                    account: it.maker, market: ethSpot, order: OrderID(raw: Int64(order))), by: bob)
        }
        #expect(it.world.house.spotReserves(of: it.maker).isEmpty)
        #expect(it.world.balance(it.maker) == units("1000"))
        #expect(it.world.balance(it.maker, eth) == units("10"))
        #expect(it.world.balance(it.escrow) == .zero && it.world.balance(it.escrow, eth) == .zero)
    }

    @Test("Best price first, then the oldest; the rest rests, and fees go to the treasury")
    func matching() {
        var it = SpotWorld {
            $0.spotMarkets[0].takerFee = ratio("0.001")
            $0.spotMarkets[0].makerFee = ratio("0.0005")
        }
        it.world.run(it.place(it.lender, .sell, "1", "102"), by: carol)
        it.world.run(it.place(it.maker, .sell, "1", "101"), by: bob)
        it.world.run(it.place(it.lender, .sell, "1", "101"), by: carol)
        it.world.run(it.place(it.taker, .buy, "3.5", "101"), by: alice)
        #expect(it.fills().map(\.maker) == [it.maker, it.lender])
        #expect(it.fills().map(\.size) == [units("1"), units("1")])
        // 202 and a fee of 0.202; 1.5 at 101 with the maker's fee of 0.07575 are set aside.
        #expect(it.world.balance(it.taker) == units("646.22225"))
        #expect(it.world.balance(it.taker, eth) == units("12"))
        #expect(it.world.balance(it.escrow) == units("151.57575"))
        #expect(it.world.balance(it.maker) == units("1100.9495"))
        // Somebody sells into what rests: that pays out of what is set aside.
        it.world.run(it.place(it.maker, .sell, "1", nil, .immediateOrCancel), by: bob)
        #expect(it.world.balance(it.escrow) == units("50.52525"))
        #expect(it.world.balance(it.maker) == units("1201.8485"))
        #expect(it.world.balance(it.taker) == units("646.22225"))
        #expect(it.world.balance(it.taker, eth) == units("13"))
        // 0.202 · 1.5 of the first two, 0.101 and 0.0505 of the last.
        #expect(it.world.balance(treasury) == units("0.4545"))
    }

    @Test("What a fill does not use of what a bid has set aside goes back, a rebate is paid")
    func remainders() {
        var it = SpotWorld {
            $0.spotMarkets[0].takerFee = ratio("0.001")
            $0.spotMarkets[0].makerFee = ratio("-0.001")
        }
        it.world.run(it.place(it.maker, .buy, "0.00000003", "0.5"), by: bob)
        #expect(it.world.balance(it.escrow) == units("0.00000002"))
        // A unit at a half is worth nothing to whoever sells it; what it had set aside goes back.
        it.world.run(it.place(it.taker, .sell, "0.00000001", "0.5", .immediateOrCancel), by: alice)
        #expect(it.world.balance(it.escrow) == units("0.00000001"))
        #expect(it.world.balance(it.maker) == units("999.99999999"))
        it.world.run(it.place(it.maker, .sell, "1", "100"), by: bob)
        it.world.run(it.place(it.taker, .buy, "1", "100"), by: alice)
        // The fee of 0.1 is the rebate.
        #expect(it.world.balance(it.maker) == units("1100.09999999"))
        #expect(it.world.balance(treasury) == .zero)
    }

    @Test("An own order is cancelled in place of a trade with itself")
    func selfTrade() {
        var it = SpotWorld()
        it.world.run(it.place(it.taker, .sell, "1", "100"), by: alice)
        it.world.run(it.place(it.maker, .sell, "1", "101"), by: bob)
        it.world.run(it.place(it.taker, .buy, "1", "101"), by: alice)
        #expect(it.fills().map(\.price) == [price("101")])
        #expect(it.world.house.spotBook(ethSpot).isEmpty)
        #expect(it.world.balance(it.taker, eth) == units("11"))
        it.world.run(it.place(it.taker, .sell, "1", "100"), by: alice)
        #expect(
            it.world.attempt(it.place(it.taker, .buy, "1", nil, .immediateOrCancel), by: alice)
                == .nothingToMatchInSpot(ethSpot))
        #expect(it.world.house.spotBook(ethSpot).count == 1)
    }

    @Test("Refusals in the documented order")
    func precedence() {
        var it = SpotWorld { $0.assets[0].borrowable = false }
        let child = open(&it.world, parent: it.taker, alice)
        it.world.run(it.place(it.maker, .sell, "1", "101"), by: bob)
        func code(_ command: Command, _ sender: Address = alice) -> Int? {
            it.world.attempt(command, by: sender)?.code
        }
        let nobody = AccountID(999)
        let unknown = SpotMarketID(2)
        #expect(code(it.place(nobody, .buy, "0", "1", in: unknown)) == 101)
        #expect(code(it.place(nobody, .buy, "1", "0", in: unknown)) == 101)
        #expect(code(it.place(nobody, .buy, "1", "1", in: unknown)) == 102)
        #expect(code(it.place(treasury, .buy, "1", "1", in: unknown)) == 460)
        #expect(code(it.place(treasury, .buy, "1", "1"), bob) == 107)
        #expect(code(it.place(child, .buy, "1", nil), bob) == 201)
        #expect(code(it.place(child, .buy, "1", nil)) == 461)
        #expect(code(it.place(it.taker, .buy, "1", nil)) == 108)
        #expect(code(it.place(it.taker, .buy, "1", "1", reduceOnly: true)) == 108)
        #expect(code(it.place(it.taker, .buy, "1", "101", .postOnly)) == 508)
        // All of one's orders on a side fit together.
        #expect(code(it.place(it.taker, .sell, "1", "90000000000")) == 901)
        #expect(code(it.place(it.taker, .buy, "1", "100", .immediateOrCancel)) == 462)
        #expect(code(it.place(it.taker, .buy, "11", "100")) == 401)
        let wallet = it.world.wallet(alice)
        it.world.run(
            .withdraw(from: it.taker, to: wallet, asset: usd, amount: units("1000")), by: alice)
        #expect(code(it.place(it.taker, .buy, "1", "100")) == 403)
        it.world.run(.pause(.open), by: .governance)
        #expect(code(it.place(it.taker, .buy, "1", "101", .postOnly)) == 301)
        let cancel = { (id: AccountID, market: SpotMarketID, order: Int64) in
            Command.cancelSpotOrder(account: id, market: market, order: OrderID(raw: order))
        }
        #expect(code(cancel(nobody, unknown, 1)) == 102)
        #expect(code(cancel(it.maker, unknown, 1)) == 460)
        #expect(code(cancel(it.maker, ethSpot, 9)) == 201)
        #expect(code(cancel(it.taker, ethSpot, 1)) == 507)
        // A pause stops nobody from taking back.
        #expect(code(cancel(it.maker, ethSpot, 1), bob) == nil)
    }

    @Test("Without a price nothing can be exchanged")
    func prices() {
        var parameters = plainParameters()
        parameters.spotMarkets = [SpotMarketParameters(name: "ETH-USD", base: eth, quote: usd)]
        var world = World(parameters, posted: false)
        world.post(usdFeed, "1")
        let id = world.margin(alice, "1000", "1")
        let command = Command.placeSpotOrder(
            account: id, market: ethSpot,
            order: OrderRequest(
                side: .buy, size: units("1"), price: price("1"), timeInForce: .goodTillCancelled))
        #expect(world.attempt(command, by: alice) == .priceMissing(ethFeed))
    }

    @Test("What is set aside may be borrowed, as far as margin, caps and liquidity go")
    func borrowing() {
        var it = SpotWorld {
            $0.assets[0].collateral = .flat(ratio("0.8"))
            $0.assets[1].liabilityWeight = ratio("1.25")
            $0.assets[1].borrowCap = units("60")
            $0.assets[2].depositCap = units("101")
            $0.countsSpotOrders = true
        }
        // Beyond the ten that are held each ether owes 125 dollars, and brings 80 if the order is filled.
        #expect(
            it.world.attempt(it.place(it.taker, .sell, "70.1", "200"), by: alice)
                == .borrowCapExceeded(eth))
        #expect(it.world.attempt(it.place(it.taker, .sell, "46", "200"), by: alice)?.code == 402)
        it.world.run(it.place(it.taker, .sell, "20", "200"), by: alice)
        #expect(it.world.balance(it.taker, eth) == units("-10"))
        // What a bid may bring counts with all deposits of a hundred.
        #expect(
            it.world.attempt(
                it.place(it.maker, .buy, "2", "5", in: SpotMarketID(1)), by: bob)
                == .depositCapExceeded(btc))
        it.world.run(it.place(it.maker, .buy, "1", "5", in: SpotMarketID(1)), by: bob)
    }

    @Test("Reserves count as the worse of two outcomes, as if they came last")
    func health() {
        var it = SpotWorld {
            $0.assets[0].collateral = .flat(ratio("0.8"))
            $0.assets[0].liabilityWeight = ratio("1.2")
            $0.assets[1].collateral = .flat(ratio("0.5"))
            $0.assets[1].liabilityWeight = ratio("1.5")
        }
        func equity() -> Money { it.world.house.health(of: it.taker, .maintenance).equity }
        #expect(equity() == money("1300"))
        // Two ether become 200 dollars at 80 %, or stay ether at 50 %: no more than they counted.
        it.world.run(it.place(it.taker, .sell, "2", "150"), by: alice)
        #expect(equity() == money("1300"))
        // 300 dollars set aside count as three ether at 50 %, where they counted 240.
        it.world.run(it.place(it.taker, .buy, "3", "100"), by: alice)
        #expect(equity() == money("1210"))
        let line = it.world.house.statement(of: it.taker, .maintenance).spotOrders.first
        #expect(line?.base == units("2") && line?.quote == units("300"))
        #expect(line?.value == money("500") && line?.weighted == money("250"))
        // The bid buys half as much now: its outcome is still the worse.
        it.world.post(ethFeed, "200")
        #expect(equity() == money("560") + money("800") + money("350"))
    }

    @Test("A liquidation takes orders back first, and ends there where that is enough")
    func liquidation() {
        var it = SpotWorld {
            $0.assets[1].collateral = .flat(ratio("0.5"))
            $0.assets[1].liabilityWeight = ratio("1.5")
            $0.liquidation.collateralBonus = ratio("0.05")
        }
        it.world.run(it.place(it.taker, .sell, "14", "130"), by: alice)
        it.world.run(it.place(it.taker, .buy, "5", "100"), by: alice)
        let keeper = it.world.wallet(carol, "100000", "1000")
        let command = Command.liquidate(account: it.taker, payer: keeper, target: .next)
        #expect(it.world.attempt(command, by: carol)?.code == 601)
        // Fourteen at 130 bring no more than 1820, whatever ether costs by then.
        it.world.post(ethFeed, "480")
        let before = it.world.house.health(of: it.taker, .maintenance)
        #expect(!before.isMet)
        let quote = try? it.world.house.quoteLiquidation(of: it.taker, payer: keeper)
        if case .orders? = quote?.step {
        } else {
            Issue.record("\(String(describing: quote))")
        }
        it.world.run(command, by: carol)
        #expect(it.world.house.spotReserves(of: it.taker).isEmpty)
        #expect(it.world.house.spotBook(ethSpot).isEmpty)
        #expect(it.world.balance(it.taker) == units("1000"))
        #expect(it.world.balance(it.taker, eth) == units("10"))
        let step = it.world.liquidations().first
        #expect(step?.kind == .ordersCancelled && step?.healthBefore == before)
        #expect(it.world.attempt(command, by: carol)?.code == 601)
    }

    @Test(
        "Where taking back is not enough, the quote is of what comes after it, and is what happens")
    func liquidationGoesOn() throws {
        var it = SpotWorld {
            $0.assets[1].liabilityWeight = ratio("1.5")
            $0.liquidation.collateralBonus = ratio("0.05")
        }
        let wallet = it.world.wallet(alice)
        it.world.run(
            .withdraw(from: it.taker, to: wallet, asset: eth, amount: units("16")), by: alice)
        it.world.run(it.place(it.taker, .buy, "1", "90"), by: alice)
        it.world.post(ethFeed, "112")
        let keeper = it.world.wallet(carol, "100000", "1000")
        let quote = try it.world.house.quoteLiquidation(of: it.taker, payer: keeper)
        guard case .collateral(let part) = quote.step else {
            Issue.record("\(quote)")
            return
        }
        it.world.run(.liquidate(account: it.taker, payer: keeper, target: .next), by: carol)
        let step = try #require(it.world.liquidations().first)
        #expect(step.size == part.seized && step.repaid == part.repaid)
        #expect(it.world.house.spotReserves(of: it.taker).isEmpty)
    }

    @Test("What open orders may bring scales a weight, where the protocol says so")
    func scaling() {
        for counts in [false, true] {
            var it = SpotWorld {
                $0.assets[1].collateral.depositScale = money("102000")
                $0.countsSpotOrders = counts
            }
            // 1020 ether are held at 100.
            #expect(it.world.house.health(of: it.maker, .initial).equity == money("2000"))
            it.world.run(it.place(it.taker, .buy, "20", "40"), by: alice)
            it.world.run(it.place(it.taker, .sell, "1", "4000"), by: alice)
            // Twenty of a bid and one of an ask, where one has left the deposits.
            let equity = it.world.house.health(of: it.maker, .initial).equity
            #expect((equity < money("2000")) == counts)
            if counts { #expect(equity == money("1980.76923076")) }
        }
    }

    @Test("Problems of parameters")
    func problems() {
        func found(_ change: (inout ProtocolParameters) -> Void) -> [String] {
            var parameters = plainParameters()
            parameters.spotMarkets = [SpotMarketParameters(name: "A", base: eth, quote: usd)]
            change(&parameters)
            return ClearingHouse.problems(in: parameters)
        }
        #expect(found { _ in }.isEmpty)
        #expect(found { $0.spotMarkets[0].quote = eth }.count == 1)
        #expect(found { $0.spotMarkets[0].base = AssetID(7) }.count == 1)
        #expect(found { $0.spotMarkets[0].takerFee = .one }.count == 1)
        #expect(found { $0.spotMarkets[0].makerFee = ratio("-0.01") }.count == 1)
        #expect(found { $0.spotMarkets.append($0.spotMarkets[0]) }.count == 1)
        #expect(
            found { parameters in
                parameters.spotMarkets = (0...64).map {
                    SpotMarketParameters(name: "M\($0)", base: eth, quote: usd)
                }
            }.count == 1)
    }

    @Test("Accounts with orders are found as by a look at everybody", arguments: UInt64(1)...6)
    func index(seed: UInt64) {
        var draws = RandomSource(seed: seed).stream("spot/index")
        var it = SpotWorld {
            for asset in 0..<2 {
                $0.assets[asset].collateral = .flat(ratio("0.8"))
                $0.assets[asset].liabilityWeight = ratio("1.2")
            }
            guard seed % 2 == 0 else { return }
            $0.assets[1].collateral.depositScale = money("120000")
            $0.countsSpotOrders = true
        }
        let users = (0..<8).map { _ in it.world.margin(alice, "1000", "10") }
        var index = HealthIndex()
        var seen = 0
        var withOrders = 0
        for _ in 0..<400 {
            if draws.chance(Ratio(percent: 30)) { it.world.advance(by: 1000) }
            let id = users[Int(draws.uniform(in: 0...7))]
            let side: Side = draws.chance(Ratio(percent: 50)) ? .buy : .sell
            let size = Quantity(raw: draws.uniform(in: 1...(scaleE8 * 30)))
            let now = it.world.house.price(of: eth)
            let limit = Price(raw: now.raw / 100 * draws.uniform(in: 90...110))
            let rejection = it.world.attempt(
                .placeSpotOrder(
                    account: id, market: ethSpot,
                    order: OrderRequest(
                        side: side, size: size, price: limit, timeInForce: .goodTillCancelled)),
                by: alice)
            if rejection == nil { seen += 1 }
            if draws.chance(Ratio(percent: 40)) {
                let moved = Price(raw: now.raw / 100 * draws.uniform(in: 90...111))
                it.world.post(ethFeed, "\(moved)")
            }
            let found = index.liquidatable(in: it.world.house, at: it.world.house.prices)
            let house = it.world.house
            let all = house.accountIDs.map { AccountID($0) }.filter {
                house.isLiquidatable($0, at: house.prices)
            }
            #expect(found == all)
            withOrders += all.count { !house.spotReserves(of: $0).isEmpty }
            if let due = all.first, draws.chance(Ratio(percent: 50)) {
                let keeper = it.world.wallet(carol, "100000", "1000")
                it.world.run(
                    .liquidate(account: due, payer: keeper, target: .next), by: carol)
            }
        }
        #expect(seen > 20 && withOrders > 0)
    }
}
