import Chain
import ExactMath
import MarginProtocol
import Oracles
import Testing

@testable import Agents

@Suite struct ReporterTests {
    private func report(_ round: Int64, feed: Int = 1, price: Int64 = 2000) -> Report {
        let seen = start + TimeSpan(seconds: round)
        return Report(
            feed: feed, round: round, price: Price(whole: price), confidence: Price(raw: 5),
            reason: .deviation, observedAt: seen, publishedAt: seen + TimeSpan(seconds: 2))
    }

    private func reporter(
        _ fee: FeePolicy = .multipleOfBase(.one), maximum: Int64? = nil, bumpAfter: Int = 0
    ) -> Reporter {
        Reporter(
            policy: ReporterPolicy(
                feed: ethFeed, fee: fee, maximumFee: maximum, bumpAfter: bumpAfter),
            address: Address(7))
    }

    private func decide(_ agent: inout Reporter, _ world: inout World, _ reports: [Report] = [])
        -> [Request]
    {
        world.reports = reports
        return agent.decide(world.view).requests
    }

    @Test func aReportBecomesATransaction() throws {
        var world = try World()
        var agent = reporter()
        let requests = decide(&agent, &world, [report(3, feed: 2), report(9, price: 1990)])
        #expect(
            requests == [
                Request(
                    tag: 1 << 32 + 9, sender: Address(7),
                    command: .postPrice(
                        feed: ethFeed,
                        report: PriceReport(
                            round: 9, price: Price(whole: 1990), confidence: Price(raw: 5),
                            observedAt: start + TimeSpan(seconds: 9),
                            publishedAt: start + TimeSpan(seconds: 11))),
                    maxFee: 10_000_000_000, maxTip: 10_000_000_000)
            ])
        let named = Reporter.report(of: requests[0].tag)
        #expect(named.feed == ethFeed && named.round == 9)
        #expect(decide(&agent, &world) == [])
    }

    @Test func withoutBumpsReportsQueueBehindEachOther() throws {
        var world = try World()
        var agent = reporter(.fixed(1))
        for round in Int64(1)...3 {
            let requests = decide(&agent, &world, [report(round)])
            #expect(requests.map(\.nonce) == [nil])
            #expect(requests.map(\.maxFee) == [1])
            agent.learn(outcome(requests[0], .pending(nonce: round - 1), nonce: round - 1))
            world.pass()
        }
        #expect(agent.sent.map(\.nonce) == [0, 1, 2])
        #expect(decide(&agent, &world) == [])
    }

    @Test func withBumpsTheNewestTakesThePlaceOfTheStuckOne() throws {
        var world = try World()
        var agent = reporter(.fixed(1001), bumpAfter: 3)
        let first = decide(&agent, &world, [report(1)])[0]
        agent.learn(outcome(first, .pending(nonce: 4), nonce: 4))
        world.pass()
        // Not yet: they wait, and the newest is kept.
        #expect(decide(&agent, &world, [report(2)]) == [])
        #expect(agent.held == report(2))
        world.pass()
        #expect(decide(&agent, &world, [report(3)]) == [])
        world.pass()
        let second = decide(&agent, &world)
        #expect(second.map(\.tag) == [Reporter.tag(feed: ethFeed, round: 3)])
        #expect(second.map(\.nonce) == [4])
        // 1,001 · 1.1 = 1,101.1, rounded up.
        #expect(second.map(\.maxFee) == [1102])
        #expect(second.map(\.maxTip) == [1102])
        #expect(agent.held == nil)
        agent.learn(outcome(first, .dropped(.replaced)))
        agent.learn(outcome(second[0], .pending(nonce: 4), nonce: 4))
        agent.learn(outcome(second[0], .applied))
        #expect(agent.sent == [])
    }

    @Test func withoutNewsTheSameReportIsRaised() throws {
        var world = try World()
        var agent = reporter(.fixed(100), bumpAfter: 1)
        let first = decide(&agent, &world, [report(1)])[0]
        agent.learn(outcome(first, .pending(nonce: 0)))
        world.pass()
        let second = decide(&agent, &world)[0]
        #expect(second.tag == first.tag && second.maxFee == 110 && second.nonce == 0)
        // Both carry round 1; the one that was replaced is the older.
        agent.learn(outcome(first, .dropped(.replaced)))
        agent.learn(outcome(second, .pending(nonce: 0)))
        #expect(agent.sent.map(\.fee) == [110])
        world.pass()
        #expect(decide(&agent, &world).map(\.maxFee) == [121])
    }

    @Test func aRefusedReplacementLeavesTheFirst() throws {
        var world = try World()
        var agent = reporter(.fixed(100), bumpAfter: 1)
        let first = decide(&agent, &world, [report(1)])[0]
        agent.learn(outcome(first, .pending(nonce: 0)))
        world.pass()
        let second = decide(&agent, &world)[0]
        agent.learn(outcome(second, .dropped(.replacementUnderpriced)))
        #expect(agent.sent.map(\.fee) == [100])
    }

    @Test func aBumpFollowsThePolicyWhenThatAsksForMore() throws {
        var world = try World()
        var agent = reporter(bumpAfter: 1)
        let first = decide(&agent, &world, [report(1)])[0]
        agent.learn(outcome(first, .pending(nonce: 0)))
        world.pass()
        world.goingPrice = 50_000_000_000
        #expect(decide(&agent, &world).map(\.maxFee) == [50_000_000_000])
    }

    @Test func pricedOutItWaitsWithTheNewest() throws {
        var world = try World()
        var agent = reporter(.multipleOfBase(Ratio(percent: 150)), maximum: 12_000_000_000)
        world.goingPrice = 12_000_000_001
        #expect(decide(&agent, &world, [report(1), report(2)]) == [])
        world.pass()
        #expect(decide(&agent, &world, [report(3)]) == [])
        #expect(agent.held == report(3))
        world.pass()
        // Affordable: the bid is what the policy says, and at most the maximum.
        world.goingPrice = 12_000_000_000
        let sent = decide(&agent, &world)
        #expect(sent.map(\.tag) == [Reporter.tag(feed: ethFeed, round: 3)])
        #expect(sent.map(\.maxFee) == [12_000_000_000])
        #expect(agent.held == nil)
    }

    @Test func theBaseFeeAlonePricesOut() throws {
        var world = try World()
        var agent = reporter(maximum: 5)
        world.goingPrice = 1
        world.baseFee = 6
        #expect(decide(&agent, &world, [report(1)]) == [])
    }

    @Test func aBumpStopsAtTheMaximum() throws {
        for (maximum, bumps) in [(Int64(110), true), (109, false)] {
            var world = try World()
            world.baseFee = 100
            world.goingPrice = 100
            var agent = reporter(.fixed(100), maximum: maximum, bumpAfter: 1)
            let first = decide(&agent, &world, [report(1)])[0]
            agent.learn(outcome(first, .pending(nonce: 0)))
            world.pass()
            #expect(decide(&agent, &world, [report(2)]).isEmpty != bumps)
            #expect(agent.held == (bumps ? nil : report(2)))
        }
    }

    @Test func aReportThatAFullMempoolLostIsSentAgain() throws {
        var world = try World()
        var agent = reporter()
        let first = decide(&agent, &world, [report(1)])[0]
        agent.learn(outcome(first, .dropped(.poolFull)))
        #expect(decide(&agent, &world).map(\.tag) == [first.tag])
        agent.learn(outcome(first, .dropped(.expired)))
        #expect(decide(&agent, &world) == [])
    }

    @Test func aBidThatDoesNotFitWaits() throws {
        var world = try World()
        world.goingPrice = .max
        var agent = reporter(.multipleOfBase(Ratio(whole: 2)))
        #expect(decide(&agent, &world, [report(1)]) == [])
        #expect(agent.held == report(1))
    }
}
