import ExactMath
import MarginProtocol
import MarginRules
import Testing

/// Guards of prices: what they compare, what they block, and in which order they refuse.
struct PriceGuardTests {
    private func world(_ guards: [PriceGuard]) -> World {
        var parameters = plainParameters()
        parameters.guards = guards
        return World(parameters)
    }
    private func deviation(
        _ percent: Int64, from reference: PriceGuard.Reference, blocks: Actions
    ) -> PriceGuard {
        PriceGuard(
            .check(.maximumDeviation(Ratio(percent: percent)), against: reference),
            blocks: blocks, feeds: [ethFeed])
    }

    @Test func whatIsBlockedIsTheGuardsChoice() {
        let everything: Actions = [.withdraw, .open, .reduce, .liquidate]
        for blocked: Actions in [[], .withdraw, .open, .reduce, .liquidate, everything] {
            var world = world([deviation(10, from: .previous, blocks: blocked)])
            let account = world.margin(bob, "1000", "1")
            world.trade(account, ethPerp, "5", by: bob)
            let wallet = world.wallet(bob)
            let payer = world.wallet(alice, "1000")
            world.post(ethFeed, "89")
            func trade(_ size: String) -> Int? {
                world.attempt(
                    .trade(
                        account: account, market: ethPerp, size: units(size), limit: nil,
                        reduceOnly: false), by: bob)?.code
            }
            #expect(trade("1") == (blocked.contains(.open) ? 322 : nil))
            #expect(trade("-1") == (blocked.contains(.reduce) ? 322 : nil))
            #expect(
                world.attempt(
                    .withdraw(from: account, to: wallet, asset: usd, amount: units("1")), by: bob)?
                    .code == (blocked.contains(.withdraw) ? 322 : nil))
            #expect(
                world.attempt(
                    .liquidate(account: account, payer: payer, target: .next), by: alice)?.code
                    == (blocked.contains(.liquidate) ? 322 : 601))
        }
    }

    /// New guards stop what they name from then on; an average that was asked for before goes on, a new one begins
    /// with the present price.
    @Test func governanceReplacesGuards() {
        let long = TimeSpan(seconds: 1000)
        let short = TimeSpan(seconds: 10)
        var world = world([deviation(20, from: .average(long), blocks: .withdraw)])
        let account = world.margin(bob, "1000", "1")
        world.trade(account, ethPerp, "1", by: bob)
        let wallet = world.wallet(bob)
        func withdrawal() -> Int? {
            world.attempt(
                .withdraw(from: account, to: wallet, asset: usd, amount: units("1")), by: bob)?
                .code
        }
        world.advance(by: 2_000_000)
        world.post(ethFeed, "200")
        #expect(withdrawal() == 322)
        let both = [
            deviation(20, from: .average(short), blocks: .open),
            deviation(20, from: .average(long), blocks: .withdraw),
        ]
        #expect(world.attempt(.setParameter(.guards(both)), by: bob)?.code == 203)
        world.run(.setParameter(.guards(both)), by: .governance)
        #expect(world.house.averagePrice(ethFeed, over: long) == price("100"))
        #expect(world.house.averagePrice(ethFeed, over: short) == price("200"))
        #expect(withdrawal() == 322)
        let wrong = PriceGuard(.check(.maximumDeviation(.one), against: .nothing), blocks: .open)
        #expect(world.attempt(.setParameter(.guards([wrong])), by: .governance)?.code == 108)
        world.run(.setParameter(.guards([])), by: .governance)
        #expect(world.house.averagePrice(ethFeed, over: long) == nil)
        #expect(withdrawal() == nil)
        // Once there are none, a new one knows nothing of what was before.
        world.run(
            .setParameter(.guards([deviation(20, from: .average(long), blocks: .withdraw)])),
            by: .governance)
        #expect(withdrawal() == nil)
        world.advance(by: 1000)
        world.post(ethFeed, "250")
        #expect(withdrawal() == 322)
    }

    @Test func aDeviationIsOneFromThePriceBefore() {
        var world = world([deviation(10, from: .previous, blocks: .withdraw)])
        let account = world.margin(bob, "1000", "1")
        let wallet = world.wallet(bob)
        world.trade(account, ethPerp, "1", by: bob)
        func withdrawal() -> Rejection? {
            world.attempt(
                .withdraw(from: account, to: wallet, asset: usd, amount: units("1")), by: bob)
        }
        world.post(ethFeed, "90")
        #expect(withdrawal() == nil)
        world.post(ethFeed, "80")
        #expect(
            withdrawal() == .priceDiverges(ethFeed, from: price("90"), to: price("80")))
        world.post(ethFeed, "80")
        #expect(withdrawal() == nil)
    }

    /// A price that doubles is let in once it has stood for so long that it is within a fifth of the average:
    /// 200 ≤ 1.2 · (200 · t + 100 · (300 − t)) / 300 from t = 200 s on.
    @Test func anAverageFollowsByTime() {
        let window = TimeSpan(seconds: 300)
        var world = world([deviation(20, from: .average(window), blocks: .withdraw)])
        let account = world.margin(bob, "1000", "1")
        let wallet = world.wallet(bob)
        world.trade(account, ethPerp, "1", by: bob)
        func withdrawal() -> Int? {
            world.attempt(
                .withdraw(from: account, to: wallet, asset: usd, amount: units("1")), by: bob)?.code
        }
        world.advance(by: 1_000_000)
        world.post(ethFeed, "200")
        #expect(world.house.averagePrice(ethFeed, over: window) == price("100"))
        #expect(withdrawal() == 322)
        world.advance(by: 60_000)
        world.post(ethFeed, "200")
        #expect(world.house.averagePrice(ethFeed, over: window) == price("120"))
        world.advance(by: 300_000)
        #expect(world.house.averagePrice(ethFeed, over: window) == price("200"))
        #expect(withdrawal() == nil)
    }

    @Test func theFirstGuardInTheListRefuses() {
        let age = PriceGuard(
            .check(.maximumAge(TimeSpan(seconds: 10), .inclusive), against: .nothing),
            blocks: .withdraw)
        let confidence = PriceGuard(
            .check(.maximumConfidence(Ratio(percent: 1)), against: .nothing), blocks: .withdraw)
        let bounds = PriceGuard(
            .check(
                .bounds(minimum: price("1"), maximum: price("50"), .inclusive), against: .nothing),
            blocks: .withdraw, feeds: [ethFeed])
        let anchor = PriceGuard(
            .check(.anchorBand(tolerance: Ratio(percent: 5)), against: .previous),
            blocks: .withdraw, feeds: [ethFeed])
        let sequencer = PriceGuard(
            .check(.sequencerUp(grace: TimeSpan(seconds: 60), .exclusive), against: .nothing),
            blocks: .withdraw)
        let all: [(PriceGuard, Int)] = [
            (age, 303), (confidence, 321), (bounds, 325), (anchor, 322), (sequencer, 324),
        ]
        for first in all.indices {
            let order = Array(all[first...] + all[..<first])
            var world = world(order.map(\.0))
            let account = world.margin(bob, "1000", "1")
            let wallet = world.wallet(bob)
            world.trade(account, ethPerp, "1", by: bob)
            world.post(ethFeed, "80", confidence: "1")
            world.run(.reportUptime(isUp: true), by: .system)
            world.advance(by: 11_000)
            // Only the first asset's feed has other faults than its age.
            let refusal = world.attempt(
                .withdraw(from: account, to: wallet, asset: usd, amount: units("1")), by: bob)
            let usdFirst = order.first { [303, 324].contains($0.1) }
            #expect(refusal?.code == usdFirst?.1)
            world.post(usdFeed, "1")
            world.post(btcFeed, "1000")
            #expect(
                world.attempt(
                    .withdraw(from: account, to: wallet, asset: usd, amount: units("1")), by: bob)
                    != nil)
        }
    }

    @Test func onlyTheSystemReportsUptime() {
        var world = world([])
        #expect(world.attempt(.reportUptime(isUp: true), by: bob) == .senderNotSystem)
        #expect(world.attempt(.reportUptime(isUp: true), by: .governance)?.code == 204)
        world.run(.reportUptime(isUp: false), by: .system)
        #expect(world.house.sequencer == SequencerStatus(isUp: false, since: world.house.time))
        #expect(world.journal.last == .uptimeReported(false))
    }

    @Test func withoutASequencerItsGuardPasses() {
        var world = world([
            PriceGuard(
                .check(.sequencerUp(grace: TimeSpan(seconds: 60), .exclusive), against: .nothing),
                blocks: .withdraw)
        ])
        let account = world.margin(bob, "1000")
        let wallet = world.wallet(bob)
        world.trade(account, ethPerp, "1", by: bob)
        world.run(
            .withdraw(from: account, to: wallet, asset: usd, amount: units("1")), by: bob)
    }
}
