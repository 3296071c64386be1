import ExactMath
import MarginProtocol
import SeededRandom
import Testing

/// Cases in which an index could miss somebody; random ones are in the fuzz.
struct HealthIndexTests {
    static func scan(_ world: World) -> [AccountID] {
        world.house.accountIDs.map { AccountID($0) }.filter {
            world.house.isLiquidatable($0, at: world.house.prices)
        }
    }

    @Test("Whoever is touched twice in a row, with a look between, is placed twice")
    func touchedAgain() {
        var world = World()
        var index = HealthIndex()
        let account = world.margin(alice, "1000")
        #expect(index.liquidatable(in: world.house, at: world.house.prices).isEmpty)
        world.trade(account, ethPerp, "100", by: alice)
        #expect(index.liquidatable(in: world.house, at: world.house.prices).isEmpty)
        world.post(ethFeed, "94")
        #expect(index.liquidatable(in: world.house, at: world.house.prices) == [account])
    }

    @Test("What happens after a look and before the next block is not lost")
    func touchedAfterTheLook() {
        var world = World()
        var index = HealthIndex()
        let account = world.margin(alice, "1000")
        let other = world.margin(bob, "1000")
        _ = index.liquidatable(in: world.house, at: world.house.prices)
        world.trade(account, ethPerp, "100", by: alice)
        world.trade(other, ethPerp, "-100", by: bob)
        world.advance(by: 1)
        _ = index.liquidatable(in: world.house, at: world.house.prices)
        world.run(world.report(ethFeed, "94"), by: reporter)
        #expect(index.liquidatable(in: world.house, at: world.house.prices) == [account])
        // Blocks without a look: the index starts over.
        for _ in 0..<5 { world.advance(by: 1) }
        world.run(world.report(ethFeed, "106"), by: reporter)
        #expect(index.liquidatable(in: world.house, at: world.house.prices) == [other])
    }

    @Test("The settlement asset's price multiplies profit and loss", arguments: ["1.5", "3", "7"])
    func settlementPrice(text: String) {
        var world = World()
        world.post(usdFeed, text)
        var index = HealthIndex()
        // Short, and backed by another asset: nothing of the settlement asset is held.
        let account = world.margin(alice, "0", "0", "1")
        world.trade(account, ethPerp, "-9", by: alice)
        _ = index.liquidatable(in: world.house, at: world.house.prices)
        for cents in 1000...2400 {
            world.post(ethFeed, "\(cents / 10).\(cents % 10)")
            #expect(
                index.liquidatable(in: world.house, at: world.house.prices) == Self.scan(world),
                "at \(cents)")
        }
    }

    @Test("A price that collapsed by many powers of ten may rise by as many")
    func collapse() {
        var world = World()
        var index = HealthIndex()
        let patient = world.margin(alice, "1000000")
        world.trade(patient, solPerp, "-0.1", by: alice)
        _ = index.liquidatable(in: world.house, at: world.house.prices)
        var text = 10.0
        while text > 0.00001 {
            text /= 3
            world.post(solFeed, fixed(text))
            _ = index.liquidatable(in: world.house, at: world.house.prices)
        }
        // At a price next to nothing a huge short costs no margin.
        let account = world.margin(bob, "1000")
        world.trade(account, solPerp, "-10000000", by: bob)
        while text < 15 {
            text *= 1.4
            world.post(solFeed, fixed(text))
            #expect(
                index.liquidatable(in: world.house, at: world.house.prices) == Self.scan(world),
                "at \(text)")
        }
        #expect(world.house.isLiquidatable(account, at: world.house.prices))
    }

    /// Eight decimals of a positive number, for a walk whose exact figures do not matter.
    private func fixed(_ value: Double) -> String {
        Price(raw: Int64(value * 1e8)).description
    }

    @Test("A changed parameter is seen at once")
    func parameterChange() {
        var world = World()
        var index = HealthIndex()
        let account = world.margin(alice, "1000")
        world.trade(account, ethPerp, "80", by: alice)
        #expect(index.liquidatable(in: world.house, at: world.house.prices).isEmpty)
        world.run(
            .setParameter(
                .margin(
                    ethPerp,
                    MarginSchedule.flat(initial: ratio("0.2"), maintenance: ratio("0.15")).brackets)
            ),
            by: .governance)
        #expect(index.liquidatable(in: world.house, at: world.house.prices) == [account])
    }

    @Test("Funding alone brings an account below its margin")
    func funding() {
        var parameters = plainParameters()
        parameters.markets[0].funding = .skew(
            maximumRate: ratio("0.05"), skewScale: units("10"))
        var world = World(parameters)
        var index = HealthIndex()
        let account = world.margin(alice, "1000")
        world.trade(account, ethPerp, "80", by: alice)
        var found: [AccountID] = []
        for _ in 0..<96 {
            found = index.liquidatable(in: world.house, at: world.house.prices)
            #expect(found == Self.scan(world))
            world.advance(by: 600_000)
        }
        #expect(found == [account])
    }

    @Test("Quiet blocks cost next to nothing")
    func work() {
        var world = World()
        var index = HealthIndex()
        var draws = RandomSource(seed: 7).stream("accounts")
        for _ in 0..<500 {
            let account = world.margin(alice, "1000")
            let size = draws.uniform(in: scaleE8...(60 * scaleE8))
            world.run(
                .trade(
                    account: account, market: ethPerp,
                    size: Quantity(raw: draws.chance(Ratio(percent: 50)) ? size : -size),
                    limit: nil, reduceOnly: false), by: alice)
        }
        _ = index.liquidatable(in: world.house, at: world.house.prices)
        let before = index.evaluations
        for step in 0..<100 {
            world.post(ethFeed, step % 2 == 0 ? "100.1" : "99.9")
            #expect(index.liquidatable(in: world.house, at: world.house.prices) == Self.scan(world))
        }
        // A look at everybody would be 50,000 evaluations.
        #expect(index.evaluations - before < 5_000)
    }

    @Test("Under a pool with terms whoever was touched last may be touched again")
    func touchedAgainUnderAPool() {
        var world = World(ImpactWorld.parameters())
        world.mint("1000000", usd, pool)
        world.mint("10000", eth, pool)
        let account = world.margin(alice, "110")
        world.trade(account, ethPerp, "10", by: alice)
        world.post(ethFeed, "92")
        world.mint("1", usd, account)
        var index = HealthIndex()
        #expect(index.liquidatable(in: world.house, at: world.house.prices) == [account])
        let touched = world.house.touched.count
        world.mint("1000", usd, account)
        #expect(world.house.touched.count == touched)
        #expect(index.liquidatable(in: world.house, at: world.house.prices).isEmpty)
    }
}
