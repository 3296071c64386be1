import Chain
import ExactMath
import MarginProtocol
import Markets
import OrderBook
import Testing

@testable import Agents

@Suite struct LiquidatorInventoryTests {
    private func sale(_ hunt: Hunt, _ quantity: Quantity) -> OutsideOrder {
        OutsideOrder(
            agent: Address(5), wallet: hunt.agent.wallet, feed: ethFeed, asset: eth,
            quantity: quantity, purpose: "unwind")
    }

    @Test(arguments: [
        (LiquidatorGroup.Inventory.sellAtOnce, Int64(400_000_000), Int64(-400_000_000)),
        (.workOut(Ratio(percent: 10)), 400_000_000, -40_000_000),
        // A share is rounded up.
        (.workOut(Ratio(percent: 30)), 1_000_001, -300_001),
        // Less than ten dollars' worth goes in one piece.
        (.workOut(Ratio(percent: 10)), 499_999, -499_999),
        (.workOut(Ratio(percent: 10)), 500_000, -50_000),
        (.workOut(.zero), 400_000_000, 0),
        (.hold, 400_000_000, 0),
        (.sellAtOnce, 0, 0),
    ])
    func sellsWhatItSeized(inventory: LiquidatorGroup.Inventory, held: Int64, sold: Int64) throws {
        var hunt = try Hunt(inventory: inventory)
        hunt.world.house.mint(
            Quantity(raw: held), of: eth, to: hunt.agent.wallet, into: &hunt.world.journal)
        let orders = hunt.agent.unwind(hunt.world.view)
        #expect(orders == (sold == 0 ? [] : [sale(hunt, Quantity(raw: sold))]))
    }

    @Test func sellsNoMoreThanTheMarketTakes() throws {
        // A linear depth that would fall by 200 %: half of it still leaves 0 %, a quarter leaves half.
        let liquidity = Liquidity(
            law: .linear, depth: Money(whole: 2000), depthMove: Ratio(percent: 50),
            recovery: TimeSpan(seconds: 60))
        var hunt = try Hunt(liquidity: liquidity)
        hunt.world.house.mint(
            Quantity(whole: 4), of: eth, to: hunt.agent.wallet, into: &hunt.world.journal)
        #expect(hunt.agent.unwind(hunt.world.view) == [sale(hunt, Quantity(whole: -1))])
    }

    /// With a stock of 4 ETH it buys back what it has spent of it, and sells only what is beyond.
    @Test(arguments: [
        (Int64(400_000_000), Int64(0)), (100_000_000, 300_000_000), (0, 400_000_000),
        (500_000_000, -100_000_000),
    ])
    func keepsItsStock(held: Int64, traded: Int64) throws {
        var hunt = try Hunt(stock: 4)
        hunt.world.house.mint(
            Quantity(raw: held), of: eth, to: hunt.agent.wallet, into: &hunt.world.journal)
        var order = sale(hunt, Quantity(raw: traded))
        if traded > 0 { order.purpose = "restock" }
        #expect(hunt.agent.unwind(hunt.world.view) == (traded == 0 ? [] : [order]))
    }

    /// A debt in ETH is repaid from the stock, and no more of it than there is; the stock ties up no capital.
    @Test func repaysDebtsFromItsStock() throws {
        var rules = parameters()
        rules.assets[1].borrowable = true
        var hunt = try Hunt(rules, capital: 5000, stock: 4)
        hunt.world.house.mint(
            Quantity(whole: 4), of: eth, to: hunt.agent.wallet, into: &hunt.world.journal)
        let account = hunt.world.open(.margin, owner: 60, [(usdc, Quantity(whole: 19_000))])
        hunt.world.house.seedBalance(
            Quantity(whole: -10), of: eth, to: account, into: &hunt.world.journal)
        let request = try #require(hunt.requests().first)
        guard case .liquidate(account, _, .collateral(usdc, eth, let most)) = request.command else {
            Issue.record("\(request.command)")
            return
        }
        // $5,000 at $2,000.
        #expect(most == Quantity(raw: 250_000_000))
    }

    /// A policy that hands positions to the liquidator.
    private func takeover(
        pool: PoolPricing? = .atOracle, takerFee: Ratio = .zero,
        order: LiquidationPolicy.Order = .mostUnprofitableFirst
    ) -> ProtocolParameters {
        parameters(
            liquidation: LiquidationPolicy(order: order, size: .wholePosition, taker: .liquidator),
            pool: pool, takerFee: takerFee)
    }

    private func victim(_ hunt: inout Hunt) throws -> AccountID {
        let account = hunt.world.open(.margin, owner: 61, [(usdc, Quantity(whole: 1000))])
        try hunt.world.seed(account, ethPerp, Quantity(whole: 10), at: Price(whole: 2000))
        try hunt.world.post(Price(whole: 1940), to: ethFeed)
        hunt.world.markets = try World.markets([
            Price(whole: 1), Price(whole: 1940), Price(whole: 40_000),
        ])
        return account
    }

    @Test func takesOverWithItsMarginAccountAndCloses() throws {
        var hunt = try Hunt(takeover())
        let account = try victim(&hunt)
        let margin = try #require(hunt.agent.marginAccount)
        let request = hunt.decideAndAdmit()[0]
        #expect(request.command == .liquidate(account: account, payer: margin, target: .next))
        // 5 % of $19,400.
        #expect(hunt.agent.committedMargin == Money(whole: 970))
        try hunt.world.run(request.command, from: Address(5))
        hunt.agent.learn(outcome(request, .applied))
        #expect(hunt.world.house.position(margin, ethPerp).size == Quantity(whole: 10))
        let closing = hunt.decideAndAdmit()
        #expect(
            closing.map(\.command) == [
                .trade(
                    account: margin, market: ethPerp, size: Quantity(whole: -10), limit: nil,
                    reduceOnly: true)
            ])
        // Once only, until it hears of it.
        #expect(hunt.requests() == [])
        try hunt.world.run(closing[0].command, from: Address(5))
        hunt.agent.learn(outcome(closing[0], .applied))
        #expect(hunt.requests() == [])
        #expect(hunt.agent.record.wins == 1)
    }

    @Test func closesInTheBookWhereThereIsNoPool() throws {
        var hunt = try Hunt(takeover(pool: nil), inventory: .workOut(Ratio(percent: 50)))
        let margin = try #require(hunt.agent.marginAccount)
        try hunt.world.seed(margin, ethPerp, Quantity(whole: -4), at: Price(whole: 2000))
        #expect(
            hunt.requests().map(\.command) == [
                .placeOrder(
                    account: margin, market: ethPerp,
                    order: OrderRequest(
                        side: .buy, size: Quantity(whole: 2), price: nil,
                        timeInForce: .immediateOrCancel, reduceOnly: true))
            ])
    }

    @Test func whoHoldsKeepsThePosition() throws {
        var hunt = try Hunt(takeover(), inventory: .hold)
        let margin = try #require(hunt.agent.marginAccount)
        try hunt.world.seed(margin, ethPerp, Quantity(whole: -4), at: Price(whole: 2000))
        #expect(hunt.requests() == [])
    }

    // The penalty is 1 % of $19,400: $194. Gas is $6.80.
    @Test(arguments: [
        // Half a spread of 0.5 % costs $97.
        (PoolPricing(spread: Ratio(basisPoints: 50)), Ratio.zero, Int64(9_020_000_000)),
        // A fee of 0.1 % on $19,400.
        (.atOracle, Ratio(basisPoints: 10), 16_780_000_000),
    ])
    func closingCostsArePartOfTheProfit(pool: PoolPricing, fee: Ratio, profit: Int64) throws {
        for (extra, acts) in [(Int64(0), true), (1, false)] {
            var hunt = try Hunt(
                takeover(pool: pool, takerFee: fee), minimumProfit: Money(raw: profit + extra))
            _ = try victim(&hunt)
            #expect(hunt.requests().isEmpty != acts)
        }
    }

    @Test func closingCostsInTheBookAreThoseOfItsLevels() throws {
        // Bids for 4 at 1,930 and 6 outside at 1,940: $40 less. Profit 194 − 40 − 6.80.
        for (extra, acts) in [(Int64(0), true), (1, false)] {
            var hunt = try Hunt(
                takeover(pool: nil), minimumProfit: Money(raw: 14_720_000_000 + extra))
            _ = try victim(&hunt)
            let maker = hunt.world.open(.margin, owner: 70, [(usdc, Quantity(whole: 100_000))])
            try hunt.world.run(
                .placeOrder(
                    account: maker, market: ethPerp,
                    order: OrderRequest(
                        side: .buy, size: Quantity(whole: 4), price: Price(whole: 1930),
                        timeInForce: .postOnly)), from: Address(70))
            #expect(hunt.requests().isEmpty != acts)
        }
    }

    @Test func takesOverAsMuchAsItsMarginCarries() throws {
        // $500 carry 500 · 98 % / 10 % = $4,900 of notional: 2.5257… of 10 ETH.
        var hunt = try Hunt(takeover(order: .liquidatorsChoice), capital: 500)
        let account = try victim(&hunt)
        let margin = try #require(hunt.agent.marginAccount)
        let requests = hunt.requests()
        let most = Quantity(raw: 4_900 * scaleE8 * 10 / 19_400)
        #expect(
            requests.map(\.command) == [
                .liquidate(
                    account: account, payer: margin, target: .position(ethPerp, atMost: most))
            ])
        try hunt.world.run(requests[0].command, from: Address(5))
    }

    @Test func marginOnItsWayIsNotSpentTwice() throws {
        var hunt = try Hunt(takeover(), capital: 1_500)
        _ = try victim(&hunt)
        let second = hunt.world.open(.margin, owner: 62, [(usdc, Quantity(whole: 500))])
        try hunt.world.seed(second, ethPerp, Quantity(whole: 10), at: Price(whole: 1940))
        #expect(hunt.world.liquidatable.count == 2)
        #expect(hunt.requests().count == 1)
    }
}
