import ExactMath
import MarginProtocol
import Markets
import OrderBook
import SeededRandom
import Testing

@testable import Agents

@Suite struct ScriptedAgentTests {
    /// A scripted agent with $1,000 and 3 ETH in its wallet, and two empty margin accounts.
    struct Stage {
        var world: World
        var agent: ScriptedAgent

        init(
            _ steps: [Script.Step], pool: PoolPricing? = .atOracle, cash: Int64 = 1000,
            liquidity: Liquidity? = nil
        ) throws {
            world = try World(parameters(pool: pool), liquidity: liquidity)
            let wallet = world.open(
                .wallet, owner: 7, [(usdc, Quantity(whole: cash)), (eth, Quantity(whole: 3))])
            let accounts = [world.open(.margin, owner: 7), world.open(.margin, owner: 7)]
            let script = Script(
                name: "avi", accounts: ["main", "second"], funding: [],
                fee: .multipleOfBase(Ratio(whole: 2)), steps: steps)
            agent = ScriptedAgent(
                script: script, address: Address(7), wallet: wallet, accounts: accounts)
        }

        mutating func commands() -> [Command] { agent.decide(world.view).requests.map(\.command) }
    }

    private static func at(_ seconds: Int64) -> Timestamp { start + TimeSpan(seconds: seconds) }

    private func deposit(_ amount: Script.Amount, at seconds: Int64 = 0) -> Script.Step {
        Script.Step(
            at: Self.at(seconds), action: .deposit([.init(asset: usdc, amount: amount)]))
    }

    // MARK: Time

    @Test func actsInTheFirstBlockThatIsNotEarlier() throws {
        var stage = try Stage([deposit(.quantity(Quantity(whole: 1)), at: 13)])
        #expect(stage.commands().isEmpty)
        stage.world.pass()
        #expect(stage.commands().isEmpty)
        stage.world.pass()
        #expect(stage.commands().count == 1)
        stage.world.pass()
        #expect(stage.commands().isEmpty)
    }

    @Test func stepsGoInOrderOfTimeThenAsWritten() throws {
        let amounts: [(Int64, Int64)] = [(3, 5), (1, 4), (2, 4), (4, 0)]
        var stage = try Stage(
            amounts.map { deposit(.quantity(Quantity(whole: $0.0)), at: $0.1) })
        stage.world.pass()
        let requests = stage.agent.decide(stage.world.view).requests
        let sent = requests.compactMap { request -> Int64? in
            guard case .deposit(_, _, _, let amount) = request.command else { return nil }
            return amount.raw / scaleE8
        }
        #expect(sent == [4, 1, 2, 3])
        // Twice the going price, in full.
        #expect(requests.allSatisfy { $0.maxFee == 20_000_000_000 && $0.maxTip == $0.maxFee })
        #expect(requests.allSatisfy { $0.sender == Address(7) && $0.nonce == nil })
        #expect(Set(requests.map(\.tag)).count == 4)
    }

    /// Every 10 s up to and including 30 s; blocks come every 12 s.
    @Test func repeatsUpToItsEnd() throws {
        var stage = try Stage([
            Script.Step(
                at: Self.at(0), every: TimeSpan(seconds: 10), until: Self.at(30),
                action: .deposit([.init(asset: usdc, amount: .quantity(Quantity(whole: 1)))]))
        ])
        var counts: [Int] = []
        for _ in 0..<5 {
            counts.append(stage.commands().count)
            stage.world.pass()
        }
        #expect(counts == [1, 1, 1, 1, 0])
    }

    // MARK: Commands

    @Test func amountsAreResolvedWhenTheyAreDue() throws {
        let both: [Script.Portion] = [
            .init(asset: usdc, amount: .all), .init(asset: eth, amount: .worth(Money(whole: 500))),
            .init(asset: AssetID(2), amount: .all),
        ]
        var stage = try Stage([
            Script.Step(at: start, account: 1, action: .deposit(both)),
            Script.Step(at: start, account: 0, action: .withdraw([both[0]])),
            Script.Step(at: start, account: 0, action: .transfer([both[1]], to: 1)),
        ])
        let main = stage.agent.accounts[0]
        let second = stage.agent.accounts[1]
        stage.world.house.mint(Quantity(whole: 9), of: usdc, to: main, into: &stage.world.journal)
        // Of an asset that it does not have it sends nothing; $500 are a quarter of an ETH.
        let quarter = Quantity(raw: scaleE8 / 4)
        #expect(
            stage.commands() == [
                .deposit(
                    from: stage.agent.wallet, to: second, asset: usdc,
                    amount: Quantity(whole: 1000)),
                .deposit(from: stage.agent.wallet, to: second, asset: eth, amount: quarter),
                .withdraw(
                    from: main, to: stage.agent.wallet, asset: usdc, amount: Quantity(whole: 9)),
                .transfer(from: main, to: second, asset: eth, amount: quarter),
            ])
    }

    @Test func tradesPlacesAndChooses() throws {
        let order = OrderRequest(
            side: .sell, size: Quantity(whole: 2), price: Price(whole: 2100),
            timeInForce: .postOnly)
        var stage = try Stage([
            Script.Step(
                at: start,
                action: .trade(
                    ethPerp, size: Quantity(whole: -2), limit: Price(whole: 1900), reduceOnly: true)
            ),
            Script.Step(at: start, account: 1, action: .place(btcPerp, order)),
            Script.Step(at: start, action: .leverage(ethPerp, Ratio(whole: 20))),
            Script.Step(at: start, action: .marginRatio(Ratio(percent: 50))),
        ])
        let accounts = stage.agent.accounts
        #expect(
            stage.commands() == [
                .trade(
                    account: accounts[0], market: ethPerp, size: Quantity(whole: -2),
                    limit: Price(whole: 1900), reduceOnly: true),
                .placeOrder(account: accounts[1], market: btcPerp, order: order),
                .configure(account: accounts[0], .leverage(ethPerp, Ratio(whole: 20))),
                .configure(account: accounts[0], .marginRatio(Ratio(percent: 50))),
            ])
    }

    @Test(arguments: [(PoolPricing.atOracle as PoolPricing?), nil])
    func closesWhereThereIsAPool(pool: PoolPricing?) throws {
        var stage = try Stage(
            [
                Script.Step(
                    at: start, action: .close([ethPerp, btcPerp], share: Ratio(percent: 25)))
            ], pool: pool)
        let main = stage.agent.accounts[0]
        stage.world.house.mint(
            Quantity(whole: 5000), of: usdc, to: main, into: &stage.world.journal)
        try stage.world.seed(main, ethPerp, Quantity(whole: -8), at: Price(whole: 2000))
        let two = Quantity(whole: 2)
        let expected: Command =
            pool == nil
            ? .placeOrder(
                account: main, market: ethPerp,
                order: OrderRequest(
                    side: .buy, size: two, price: nil, timeInForce: .immediateOrCancel,
                    reduceOnly: true))
            : .trade(account: main, market: ethPerp, size: two, limit: nil, reduceOnly: true)
        #expect(stage.commands() == [expected])
    }

    @Test func takesBackEveryOrder() throws {
        var stage = try Stage(
            [Script.Step(at: start, action: .cancel([ethPerp, btcPerp]))], pool: nil)
        let main = stage.agent.accounts[0]
        stage.world.house.mint(
            Quantity(whole: 5000), of: usdc, to: main, into: &stage.world.journal)
        for price in [1900, 1950] as [Int64] {
            try stage.world.run(
                .placeOrder(
                    account: main, market: ethPerp,
                    order: OrderRequest(
                        side: .buy, size: Quantity(whole: 1), price: Price(whole: price),
                        timeInForce: .goodTillCancelled)), from: Address(7))
        }
        let commands = stage.commands()
        #expect(commands.count == 2)
        for command in commands { try stage.world.run(command, from: Address(7)) }
        #expect(stage.world.house.book(ethPerp).orders(of: main.raw).isEmpty)
    }

    // MARK: Outside

    private func outside(_ amount: Script.Amount, sells: Bool = false) -> [Script.Step] {
        [
            Script.Step(
                at: start,
                action: .tradeOutside(.init(asset: eth, amount: amount), sells: sells))
        ]
    }

    @Test(arguments: [
        // Without a depth ETH costs $2,000; the wallet has $1,000 and 3 ETH.
        (Script.Amount.quantity(Quantity(raw: 25_000_000)), false, Int64(25_000_000)),
        (.quantity(Quantity(whole: 4)), false, 50_000_000),
        (.worth(Money(whole: 100)), false, 5_000_000),
        (.worth(Money(whole: 9000)), false, 50_000_000),
        (.all, false, 50_000_000),
        (.quantity(Quantity(whole: 2)), true, -200_000_000),
        (.quantity(Quantity(whole: 9)), true, -300_000_000),
        (.worth(Money(whole: 100)), true, -5_000_000),
        (.all, true, -300_000_000),
    ])
    func tradesOutsideWithinItsMeans(amount: Script.Amount, sells: Bool, traded: Int64) throws {
        var stage = try Stage(outside(amount, sells: sells))
        #expect(stage.commands().isEmpty)
        let orders = stage.agent.unwind(stage.world.view)
        #expect(
            orders == [
                OutsideOrder(
                    agent: Address(7), wallet: stage.agent.wallet, feed: ethFeed, asset: eth,
                    quantity: Quantity(raw: traded), purpose: "script")
            ])
        #expect(stage.agent.unwind(stage.world.view).isEmpty)
    }

    /// What it spends counts its own impact, and one unit more would cost more than that.
    @Test func spendsNoMoreThanItSays() throws {
        let liquidity = Liquidity(
            law: .linear, depth: Money(whole: 2000), depthMove: Ratio(percent: 50),
            recovery: TimeSpan(seconds: 60))
        var stage = try Stage(outside(.worth(Money(whole: 900))), liquidity: liquidity)
        let order = try #require(stage.agent.unwind(stage.world.view).first)
        let markets = stage.world.markets
        #expect(try markets.quote(1, order.quantity).proceeds >= -Money(whole: 900))
        let more = Quantity(raw: order.quantity.raw + 1)
        #expect(try markets.quote(1, more).proceeds < -Money(whole: 900))
    }

    @Test func doesNothingWithoutMeans() throws {
        var stage = try Stage(outside(.all), cash: 0)
        #expect(stage.agent.unwind(stage.world.view).isEmpty)
    }

    // MARK: The cast

    @Test func hasAnAddressAWalletAndItsAccounts() throws {
        var configuration = CastTests.configuration()
        configuration.scripts = [
            Script(
                name: "avi", accounts: ["main", "second"],
                funding: [Holding(asset: usdc, quantity: Quantity(whole: 5))],
                fee: .fixed(1), steps: [])
        ]
        let cast = try Cast(
            configuration, parameters: parameters(), prices: startPrices, start: start,
            random: .init(seed: 1))
        let before = try Cast(
            CastTests.configuration(), parameters: parameters(), prices: startPrices, start: start,
            random: .init(seed: 1))
        // Nobody else's address or account moves.
        #expect(Array(cast.members.dropLast()) == before.members)
        #expect(Array(cast.accounts.dropLast(3)) == before.accounts)
        #expect(cast.members.last?.kind == "scripted" && cast.members.last?.group == "avi")
        let own = cast.accounts.suffix(3)
        #expect(own.map(\.name) == ["avi wallet", "avi main", "avi second"])
        #expect(own.map(\.role) == [.wallet, .margin, .margin])
        #expect(own.map(\.funding.count) == [1, 0, 0])
    }
}
