import Chain
import ExactMath
import MarginProtocol
import MarginRules
import SeededRandom
import Testing

@testable import Agents

/// A trader's request at noon, and a keeper that looks at it.
private struct Waiting {
    var world: World
    var agent: OrderKeeper
    let wallet: AccountID

    init(
        fee: String = "50", alter: (inout OrderKeeperGroup) -> Void = { _ in },
        kind: TradeRequest.Kind = .market, limit: Price? = nil
    ) throws {
        var law = parameters()
        let amount = Quantity(whole: Int64(fee) ?? 0)
        law.twoStep = TwoStepPolicy(
            timing: .afterRequest(
                TwoStepExecution(
                    requestExpiration: TimeSpan(seconds: 300),
                    maximumPriceAge: TimeSpan(seconds: 300),
                    maximumTimestampRange: TimeSpan(seconds: 60), maximumReferenceDeviation: .one)),
            fee: amount)
        world = try World(law)
        wallet = world.open(.wallet, owner: 5)
        let account = world.open(.margin, owner: 60, [(usdc, Quantity(whole: 10_000))])
        var group = OrderKeeperGroup(name: "keepers", count: 1, fee: .multipleOfBase(.one))
        alter(&group)
        agent = OrderKeeper(group: group, index: 0, address: Address(5), wallet: wallet)
        try world.run(
            .requestTrade(
                account: account, market: ethPerp, size: Quantity(whole: 1), limit: limit,
                reduceOnly: false, kind: kind), from: Address(60))
    }

    /// What it sends for a block so many milliseconds after the request.
    mutating func decide(after milliseconds: Int64) -> [Request] {
        let asked = world.house.openRequests[0].request.createdAt
        world.time = asked + TimeSpan(milliseconds: milliseconds)
        return agent.decide(world.view).requests
    }

    mutating func post(_ price: Int64) throws { try world.post(Price(whole: price), to: ethFeed) }
}

struct OrderKeeperTests {
    @Test("It waits for a price that is no older than the request, and for its own reaction")
    func waitsForThePrice() throws {
        var it = try Waiting { $0.reaction = TimeSpan(seconds: 2) }
        #expect(it.decide(after: 5000).isEmpty)
        try it.post(2010)
        #expect(it.decide(after: 1999).isEmpty)
        let sent = it.decide(after: 2000)
        #expect(sent.map(\.command) == [.executeRequest(RequestID(0), keeper: it.wallet)])
        // One at a time, until it hears of it.
        #expect(it.decide(after: 3000).isEmpty)
        it.agent.learn(
            Outcome(
                sender: Address(5), tag: sent[0].tag, nonce: 0, result: .dropped(.expired),
                gasCost: .zero))
        #expect(it.decide(after: 4000).count == 1)
    }

    @Test("It leaves what pays too little")
    func threshold() throws {
        // 1,500,000 gas at 10 gwei and $2,000 are $30.
        for (fee, profit, sends) in [("50", 19, true), ("50", 21, false), ("10", -25, true)] {
            var it = try Waiting(fee: fee) { $0.minimumProfit = Money(whole: Int64(profit)) }
            try it.post(2000)
            #expect(it.decide(after: 1000).isEmpty != sends, "\(fee) for \(profit)")
        }
    }

    @Test("It does nothing while it is down, nor once the request has expired")
    func downAndLate() throws {
        var it = try Waiting()
        let asked = it.world.house.openRequests[0].request.createdAt
        it.agent = OrderKeeper(
            group: {
                var group = it.agent.group
                group.crashes = [
                    .init(from: asked, until: asked + TimeSpan(seconds: 10), members: 1)
                ]
                return group
            }(), index: 0, address: Address(5), wallet: it.wallet)
        try it.post(2000)
        #expect(it.decide(after: 9_999).isEmpty)
        #expect(it.decide(after: 300_000).isEmpty)
        #expect(it.decide(after: 10_000).count == 1)
    }

    @Test("A limit order waits for its price")
    func limit() throws {
        var it = try Waiting(kind: .limit, limit: Price(whole: 1900))
        try it.post(1901)
        #expect(it.decide(after: 1000).isEmpty)
        try it.post(1900)
        #expect(it.decide(after: 400_000).count == 1)
    }

    @Test("An informed trader stands where the outside price is")
    func informed() {
        let style = TradingStyle.informed(edge: Ratio(percent: 1))
        #expect(style.startsFlat && style.memory == nil)
        for (outside, stance) in [(1020, .flat), (1031, .long), (989, .short)] as [(Int64, Stance)]
        {
            #expect(
                Stance(
                    knowing: Price(whole: outside), against: Price(whole: 1010),
                    edge: Ratio(percent: 2)) == stance)
        }
    }
}
