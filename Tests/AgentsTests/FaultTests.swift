import Chain
import ExactMath
import MarginProtocol
import Oracles
import Testing

@testable import Agents

/// Agents that stop, or bid less than they would, for a while.
@Suite struct FaultTests {
    private func hunt(_ crashes: [LiquidatorGroup.Crash], index: Int = 0) throws -> Hunt {
        var hunt = try Hunt()
        var group = hunt.agent.group
        group.crashes = crashes
        hunt.agent = Liquidator(
            group: group, index: index, address: hunt.agent.address, wallet: hunt.agent.wallet,
            marginAccount: hunt.agent.marginAccount)
        _ = try hunt.borrower()
        return hunt
    }

    @Test func aCrashedLiquidatorDoesNothingUntilItIsBack() throws {
        let end = start + TimeSpan(seconds: 24)
        var hunt = try hunt([.init(from: start, until: end, members: 1)])
        #expect(hunt.requests().isEmpty)
        #expect(hunt.agent.unwind(hunt.world.view).isEmpty)
        hunt.world.pass()
        #expect(hunt.requests().isEmpty)
        hunt.world.pass()
        #expect(hunt.world.time == end)
        #expect(hunt.requests().count == 1)
    }

    @Test func onlySoManyMembersCrash() throws {
        let end = start + TimeSpan(seconds: 24)
        for (index, acts) in [(0, false), (1, false), (2, true)] {
            var hunt = try hunt([.init(from: start, until: end, members: 2)], index: index)
            #expect(hunt.requests().isEmpty != acts)
        }
    }

    @Test func aCapPricesAReporterOutForAWhile() throws {
        var world = try World()
        var policy = ReporterPolicy(feed: ethFeed, fee: .multipleOfBase(.one), maximumFee: nil)
        policy.caps = [
            .init(from: start, until: start + TimeSpan(seconds: 12), maximumFee: 9_000_000_000)
        ]
        var agent = Reporter(policy: policy, address: Address(7))
        let report = Report(
            feed: 1, round: 1, price: Price(whole: 2000), confidence: .zero, reason: .deviation,
            observedAt: start, publishedAt: start)
        world.reports = [report]
        #expect(agent.decide(world.view).requests.isEmpty && agent.held == report)
        world.reports = []
        world.pass()
        #expect(agent.decide(world.view).requests.map(\.maxFee) == [10_000_000_000])
    }
}
