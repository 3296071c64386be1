import ExactMath
import MarginRules
import OrderBook
import Testing

@testable import MarginProtocol

/// Holdings whose price is missing or stopped, where an account's margin is asked for.
struct MissingPriceTests {
    private func parameters(_ policy: MissingPricePolicy = .leaveOutAssets) -> ProtocolParameters {
        var parameters = plainParameters()
        parameters.missingPrices = policy
        for asset in parameters.assets.indices { parameters.assets[asset].borrowable = true }
        parameters.staleBlocks = [.withdraw, .open, .liquidate]
        parameters.feeds[1].maxAge = TimeSpan(seconds: 60)
        return parameters
    }

    /// 1,000 USD, 10 ETH and a debt of 0.5 BTC of 1,000; without ether's price.
    private func world(_ policy: MissingPricePolicy = .leaveOutAssets, hasPrice: Bool = false) -> (
        World, AccountID, AccountID
    ) {
        var world = World(parameters(policy), posted: false)
        world.post(usdFeed, "1")
        world.post(btcFeed, "1000")
        world.post(solFeed, "10")
        if hasPrice { world.post(ethFeed, "100") }
        let account = world.margin(alice, "1000", "10")
        world.house.seedBalance(units("-0.5"), of: btc, to: account, into: &world.journal)
        let wallet = world.wallet(alice)
        return (world, account, wallet)
    }

    private func withdraw(
        _ asset: AssetID, _ amount: String, _ account: AccountID, _ wallet: AccountID
    ) -> Command {
        .withdraw(from: account, to: wallet, asset: asset, amount: units(amount))
    }

    /// What is left without the ether decides: 500 USD may leave, and ether itself while the rest suffices.
    @Test func holdingsAreLeftOut() {
        var (world, account, wallet) = world()
        #expect(world.house.withoutPrice(account) == [eth])
        #expect(
            world.attempt(withdraw(usd, "500.00000001", account, wallet), by: alice)
                == .insufficientMargin(shortBy: Money(raw: 1)))
        world.run(withdraw(eth, "4", account, wallet), by: alice)
        world.run(withdraw(usd, "500", account, wallet), by: alice)
        world.run(withdraw(eth, "6", account, wallet), by: alice)
        // Nothing is left that could be worth it: a debt in ether needs its price.
        #expect(
            world.attempt(withdraw(eth, "1", account, wallet), by: alice) == .priceMissing(ethFeed))
    }

    /// More of it than is held leaves a debt.
    @Test func aDebtNeedsItsPrice() {
        var (world, account, wallet) = world()
        #expect(
            world.attempt(withdraw(eth, "10.00000001", account, wallet), by: alice)
                == .priceMissing(ethFeed))
        let debtor = world.margin(bob, "1000")
        world.house.seedBalance(units("-1"), of: eth, to: debtor, into: &world.journal)
        #expect(
            world.attempt(withdraw(usd, "1", debtor, world.wallet(bob)), by: bob)
                == .priceMissing(ethFeed))
        let other = Command.transfer(
            from: account, to: world.margin(alice), asset: eth, amount: units("10"))
        world.run(other, by: alice)
    }

    /// Positions are opened as if the ether were not there; a market needs its price, and so does what it settles in.
    @Test func trades() {
        var (world, account, _) = world()
        let beyond = Command.trade(
            account: account, market: btcPerp, size: units("5.00000001"), limit: nil,
            reduceOnly: false)
        #expect(
            world.attempt(beyond, by: alice) == .insufficientMargin(shortBy: Money(raw: 100)))
        world.trade(account, btcPerp, "5", by: alice)
        let ether = Command.trade(
            account: account, market: ethPerp, size: units("1"), limit: nil, reduceOnly: false)
        #expect(world.attempt(ether, by: alice) == .priceMissing(ethFeed))
    }

    /// In the book the same of whoever takes or places an order.
    @Test func orders() {
        var parameters = parameters()
        parameters.markets[1].pool = nil
        var world = World(parameters, posted: false)
        for (feed, text) in [(usdFeed, "1"), (btcFeed, "1000"), (solFeed, "10")] {
            world.post(feed, text)
        }
        let account = world.margin(alice, "1000", "10")
        let maker = world.margin(bob, "100000")
        func order(_ side: Side, _ size: String, rests: Bool) -> OrderRequest {
            OrderRequest(
                side: side, size: units(size), price: price("1000"),
                timeInForce: rests ? .goodTillCancelled : .immediateOrCancel)
        }
        func place(_ id: AccountID, _ order: OrderRequest) -> Command {
            .placeOrder(account: id, market: btcPerp, order: order)
        }
        #expect(
            world.attempt(place(account, order(.buy, "10.1", rests: true)), by: alice)?.code == 402)
        world.run(place(maker, order(.sell, "20", rests: true)), by: bob)
        #expect(
            world.attempt(place(account, order(.buy, "10.1", rests: false)), by: alice)?.code == 402
        )
        world.run(place(account, order(.buy, "10", rests: false)), by: alice)
    }

    /// A liquidation needs every price, and so does a choice.
    @Test func liquidationsNeedEveryPrice() {
        var (world, account, wallet) = world()
        world.run(withdraw(usd, "500", account, wallet), by: alice)
        world.post(btcFeed, "1001")
        let payer = world.wallet(bob, "0", "0", "10")
        #expect(
            world.attempt(.liquidate(account: account, payer: payer, target: .next), by: bob)
                == .priceMissing(ethFeed))
    }

    /// A price that staleness or a guard stops is as none, and a good one counts.
    @Test func oldPrices() {
        var (world, account, wallet) = world(hasPrice: true)
        world.run(withdraw(usd, "600", account, wallet), by: alice)
        world.advance(by: 60_001)
        #expect(
            world.attempt(withdraw(usd, "1", account, wallet), by: alice)
                == .insufficientMargin(shortBy: money("101")))
        #expect(world.house.withoutPrice(account).isEmpty)
        world.post(ethFeed, "100")
        world.run(withdraw(usd, "1", account, wallet), by: alice)
    }

    @Test func refusedWithoutThePolicy() {
        var (world, account, wallet) = world(.refuse)
        #expect(
            world.attempt(withdraw(usd, "1", account, wallet), by: alice) == .priceMissing(ethFeed))
        let trade = Command.trade(
            account: account, market: btcPerp, size: units("1"), limit: nil, reduceOnly: false)
        #expect(world.attempt(trade, by: alice) == .priceMissing(ethFeed))
    }

    @Test func needsASumOverWhatAnAccountHas() {
        var parameters = parameters()
        #expect(ClearingHouse.problems(in: parameters).isEmpty)
        parameters.stress = StressSchedule(groups: [])
        #expect(ClearingHouse.problems(in: parameters).contains { $0.contains("without a price") })
    }
}
