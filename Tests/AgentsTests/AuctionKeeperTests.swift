import Chain
import ExactMath
import MarginProtocol
import MarginRules
import Markets
import Testing

@testable import Agents

/// A keeper with $100,000, a vault of 10 ETH at $2,000 that owes 12,500, and 30 blocks of 12 s.
private struct Bidding {
    var world: World
    var agent: AuctionKeeper
    let vault: AccountID
    let rival: AccountID
    var nonce: Int64 = 0
    static let id = AuctionID(0)

    init(
        dutch: Bool, opening: Int64 = 100, outbids: Bool = true, starts: Bool = true,
        bids: Bool = true, fee: FeePolicy = .multipleOfBase(.one), tip: Int64 = 0,
        capital: Int64 = 100_000, margin: Int64 = 10, bumpAfter: Int = 0
    ) throws {
        var law = parameters(ethWeight: Ratio(percent: 60))
        let form: AuctionPolicy.Form =
            dutch
            ? .dutch(
                .init(
                    terms: DutchAuction(
                        curve: .linear(duration: TimeSpan(seconds: 1000)),
                        startingFactor: Ratio(percent: 120),
                        maximumDuration: TimeSpan(seconds: 900), restartRatio: .zero),
                    limit: Money(whole: 1_000_000), globalLimit: Money(whole: 1_000_000)))
            : .english(
                .init(
                    terms: EnglishAuction(
                        minimumImprovement: Ratio(percent: 105),
                        bidLifetime: TimeSpan(seconds: 600),
                        duration: TimeSpan(seconds: 3600)), lots: .collateral([])))
        law.auctions = AuctionPolicy(
            form: form, penalty: Ratio(percent: 10), minimumDebt: .zero,
            reward: KeeperReward(flat: Money(whole: tip), share: .zero))
        world = try World(law)
        let wallet = world.open(.wallet, owner: 5, [(usdc, Quantity(whole: capital))])
        rival = world.open(.wallet, owner: 6, [(usdc, Quantity(whole: 100_000))])
        vault = world.open(.margin, owner: 60, [(eth, Quantity(whole: 10))])
        world.house.seedBalance(
            Quantity(whole: -12_500), of: usdc, to: vault, into: &world.journal)
        agent = AuctionKeeper(
            group: KeeperGroup(
                name: "keepers", count: 1, capital: Money(whole: capital),
                margin: Ratio(percent: margin), opening: Ratio(percent: opening), outbids: outbids,
                starts: starts, bids: bids, fee: fee, bumpAfter: bumpAfter), index: 0,
            address: Address(5), wallet: wallet)
    }

    mutating func start() throws {
        world.house.advance(to: world.time, into: &world.journal)
        try world.run(.startAuction(account: vault, asset: eth, keeper: rival), from: Address(6))
    }
    mutating func rivalBids(_ bid: Int64, lot: Quantity = Quantity(whole: 10)) throws {
        try world.run(
            .bidAuction(Self.id, wallet: rival, lot: lot, bid: Quantity(whole: bid)),
            from: Address(6))
    }
    mutating func commands() -> [Command] { agent.decide(world.view).requests.map(\.command) }
}

@Suite struct AuctionKeeperTests {
    @Test(
        "It starts an auction for the reward where that is more than the gas, 300,000 at 10 gwei: $6"
    )
    func startsForTheReward() throws {
        for (tip, acts) in [(Int64(6), true), (5, false)] {
            var it = try Bidding(dutch: true, bids: false, tip: tip)
            let start = Command.startAuction(
                account: it.vault, asset: eth, keeper: it.agent.wallet)
            #expect(it.commands() == (acts ? [start] : []))
        }
    }

    @Test("Whoever bids starts without a reward, for the lot's sake; whoever starts none waits")
    func startsToBid() throws {
        var bidder = try Bidding(dutch: false)
        #expect(bidder.commands().count == 1)
        var patient = try Bidding(dutch: false, starts: false)
        #expect(patient.commands().isEmpty)
    }

    @Test("It buys in a Dutch auction once the price is below the outside one less its margin")
    func buysWhenCheap() throws {
        var it = try Bidding(dutch: true)
        try it.start()
        // 2,400 falls by 2.4 a second; 1,800 is reached after 250 s, and gas needs a little more.
        it.world.pass(20)
        #expect(it.commands().isEmpty)
        it.world.pass(1)
        let price = Price(raw: 179_520_000_000)
        #expect(
            it.commands() == [
                .takeAuction(
                    Bidding.id, wallet: it.agent.wallet, atMost: Quantity(whole: 10),
                    maximumPrice: price)
            ])
        // The same request is not sent twice.
        #expect(it.commands().isEmpty)
    }

    @Test("It buys no more than it can pay")
    func buysWithinItsMeans() throws {
        var it = try Bidding(dutch: true, capital: 1_000)
        try it.start()
        it.world.pass(30)
        guard case .takeAuction(_, _, let amount, let price) = it.commands().first else {
            Issue.record("no purchase")
            return
        }
        #expect(try amount.value(at: price, rounding: .up) <= Money(whole: 1_000))
        #expect(amount > Quantity(raw: 60_000_000))
    }

    @Test(
        "It opens at the share of its limit that it is told, at 0 % with the smallest bid there is")
    func opening() throws {
        // 10 ETH sell for 20,000; less 10 % that is 18,000, beyond the debt of 13,750. Gas for bidding and collecting,
        // 200,000 at 10 gwei, costs 4.
        for (opening, bid) in [
            (Int64(100), Quantity(whole: 13_750)), (50, Quantity(whole: 8_998)),
            (0, Quantity(raw: 1)),
        ] {
            var it = try Bidding(dutch: false, opening: opening)
            try it.start()
            #expect(
                it.commands() == [
                    .bidAuction(
                        Bidding.id, wallet: it.agent.wallet, lot: Quantity(whole: 10), bid: bid)
                ])
        }
    }

    @Test("It outbids by the least that is enough, up to its limit, or not at all")
    func outbidding() throws {
        var it = try Bidding(dutch: false, opening: 0)
        try it.start()
        try it.rivalBids(10_000)
        #expect(
            it.commands() == [
                .bidAuction(
                    Bidding.id, wallet: it.agent.wallet, lot: Quantity(whole: 10),
                    bid: Quantity(whole: 10_500))
            ])
        var meek = try Bidding(dutch: false, opening: 0, outbids: false)
        try meek.start()
        try meek.rivalBids(1)
        #expect(meek.commands().isEmpty)
        // At a margin of 50 % the lot is worth 10,000 to it.
        var dear = try Bidding(dutch: false, margin: 50)
        try dear.start()
        try dear.rivalBids(9_900)
        #expect(dear.commands().isEmpty)
        var poor = try Bidding(dutch: false, capital: 10_000)
        try poor.start()
        try poor.rivalBids(9_900)
        #expect(poor.commands().isEmpty)
    }

    @Test("Once the debt is reached it bids for less of the lot, as little as it is worth")
    func lowering() throws {
        var it = try Bidding(dutch: false)
        try it.start()
        try it.rivalBids(13_750)
        // 13,750 and 4 for gas of 18,000 are 7.64111112 ETH.
        #expect(
            it.commands() == [
                .bidAuction(
                    Bidding.id, wallet: it.agent.wallet, lot: Quantity(raw: 764_111_112),
                    bid: Quantity(whole: 13_750))
            ])
    }

    @Test("It collects what it has won, and nobody else's")
    func settling() throws {
        var it = try Bidding(dutch: false)
        try it.start()
        try it.world.run(
            .bidAuction(
                Bidding.id, wallet: it.agent.wallet, lot: Quantity(whole: 10),
                bid: Quantity(whole: 1)), from: Address(5))
        #expect(it.commands().isEmpty)
        it.world.pass(50)
        it.world.house.advance(to: it.world.time, into: &it.world.journal)
        #expect(it.commands() == [.settleAuction(Bidding.id)])
        var other = try Bidding(dutch: false)
        try other.start()
        try other.rivalBids(1)
        other.world.pass(50)
        #expect(other.commands().isEmpty)
    }

    @Test(
        "A fixed bid for gas stays what it is however dear gas has become; an adaptive one follows")
    func fees() throws {
        for (policy, expected) in [
            (FeePolicy.fixed(20_000_000_000), Int64(20_000_000_000)),
            (.multipleOfBase(.one), 200_000_000_000),
        ] {
            var it = try Bidding(dutch: false, fee: policy)
            it.world.goingPrice = 200_000_000_000
            try it.start()
            #expect(it.agent.decide(it.world.view).requests.map(\.maxFee) == [expected])
        }
    }

    @Test("A request that waits is replaced by what it would send now, at a higher fee")
    func raising() throws {
        var it = try Bidding(dutch: false, opening: 0, bumpAfter: 2)
        try it.start()
        let first = it.agent.decide(it.world.view).requests
        admit(first, &it.agent, nonce: &it.nonce)
        try it.rivalBids(1_000)
        it.world.pass(2)
        let second = it.agent.decide(it.world.view).requests
        #expect(second.map(\.nonce) == [0] && second.map(\.maxFee) == [11_000_000_000])
        #expect(
            second.map(\.command) == [
                .bidAuction(
                    Bidding.id, wallet: it.agent.wallet, lot: Quantity(whole: 10),
                    bid: Quantity(whole: 1_050))
            ])
    }
}
