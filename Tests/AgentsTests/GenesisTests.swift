import ExactMath
import MarginProtocol
import SeededRandom
import Testing

@testable import Agents

@Suite struct GenesisTests {
    static let random = RandomSource(seed: 20_200_312)

    private func plans(_ group: TraderGroup, _ rules: ProtocolParameters = parameters())
        -> [GenesisTrader]
    {
        group.genesis(parameters: rules, prices: startPrices, random: Self.random)
    }

    /// Opens what a plan says, and gives the accounts that hold positions.
    private func populate(_ plan: GenesisTrader, _ world: inout World) throws -> [AccountID] {
        let main = world.open(.margin, owner: 50, plan.funding.map { ($0.asset, $0.quantity) })
        let children = plan.children.map { child in
            world.open(.margin, owner: 50, child.funding.map { ($0.asset, $0.quantity) })
        }
        for position in plan.positions where !position.size.isZero {
            try world.seed(
                position.child.map { children[$0] } ?? main, position.market, position.size,
                at: startPrices[position.market == ethPerp ? 1 : 2])
        }
        return [main] + children
    }

    @Test(
        arguments: [
            Distribution.fixed(Fixed18(whole: 3)),
            .fixed(Fixed18(whole: 1000)),
            .uniform(Fixed18(whole: 1), Fixed18(whole: 40)),
            .pareto(minimum: .one, shape: Fixed18(whole: 2), maximum: Fixed18(whole: 18)),
            .lognormal(median: Fixed18(whole: 5), sigma: .one, maximum: nil),
        ], [TraderGroup.Mode.cross, .isolated])
    func everybodyMeetsInitialMargin(leverage: Distribution, mode: TraderGroup.Mode) throws {
        let group = traders(
            count: 500, mode: mode, positions: 0...2, leverage: leverage,
            hedged: Ratio(percent: 10))
        var opened = 0
        for plan in plans(group) {
            var world = try World()
            for account in try populate(plan, &world) {
                let health = world.house.health(of: account, .initial)
                #expect(health.isMet, "trader \(plan.offset): \(health)")
                if health.requirement.isPositive { opened += 1 }
            }
        }
        #expect(opened > 250)
    }

    @Test func leverageIsMetWhereMarginAllows() throws {
        let group = traders(count: 50, positions: 1...2, leverage: .fixed(Fixed18(whole: 3)))
        for plan in plans(group) {
            var world = try World()
            let account = try populate(plan, &world)[0]
            let equity = world.house.plainEquity(of: account, at: startPrices)
            let notional = try plan.positions.reduce(Money.zero) { sum, position in
                sum
                    + (try position.size.magnitude.value(
                        at: startPrices[position.market == ethPerp ? 1 : 2], rounding: .nearest))
            }
            // Up to a unit of each quantity, which is at most 0.0004 dollars.
            #expect((notional - equity - equity - equity).magnitude < Money(raw: 1_000_000))
        }
    }

    @Test func aHugeLeverageUsesTheMarginUpToTheBuffer() throws {
        let group = traders(
            count: 20, positions: 1...1, leverage: .fixed(Fixed18(whole: 1_000_000)))
        for plan in plans(group) {
            var world = try World()
            let account = try populate(plan, &world)[0]
            let health = world.house.health(of: account, .initial)
            let usable = try health.equity.scaled(by: TraderGroup.usableMargin, rounding: .down)
            #expect(health.requirement <= usable + Money(raw: 100))
            #expect((usable - health.requirement).magnitude < Money(raw: 10_000_000))
        }
    }

    @Test func twinsDrawTheSame() {
        let one = plans(traders("one", count: 100, hedged: Ratio(percent: 20)))
        let twin = plans(traders("two", twinOf: "one", count: 100, hedged: Ratio(percent: 20)))
        let stranger = plans(traders("two", count: 100, hedged: Ratio(percent: 20)))
        #expect(one == twin)
        #expect(one != stranger)
    }

    @Test func isolatedTwinsHaveTheSameSizesAndTheSameFunds() {
        for hedged in [Int64(0), 30, 100] {
            let cross = plans(traders(count: 200, hedged: Ratio(percent: hedged)))
            let isolated = plans(
                traders(
                    "other", twinOf: "retail", count: 200, mode: .isolated,
                    hedged: Ratio(percent: hedged)))
            for (one, other) in zip(cross, isolated) {
                #expect(one.positions.map(\.size) == other.positions.map(\.size))
                #expect(one.positions.map(\.market) == other.positions.map(\.market))
                #expect(one.wallet == other.wallet)
                #expect(one.response == other.response)
                var totals: [Int32: Int64] = [:]
                for holding in other.funding + other.children.flatMap(\.funding) {
                    totals[holding.asset.raw, default: 0] += holding.quantity.raw
                }
                for holding in one.funding {
                    #expect(totals.removeValue(forKey: holding.asset.raw) == holding.quantity.raw)
                }
                #expect(totals.isEmpty)
            }
        }
    }

    @Test func aHedgedTraderIsShortWhatItHolds() throws {
        let group = traders(count: 40, positions: 1...1, hedged: .one)
        var isolated = group
        isolated.mode = .isolated
        for (plan, alone) in zip(plans(group), plans(isolated)) {
            #expect(plan.isHedged && alone.isHedged)
            #expect(plan.positions.map(\.size) == [-plan.funding[0].quantity])
            // The short has one and a half times its initial margin, weighted; the rest is in the parent.
            var world = try World()
            let accounts = try populate(alone, &world)
            let child = world.house.health(of: accounts[1], .initial)
            let wanted = try child.requirement.scaled(by: Ratio(percent: 150), rounding: .down)
            let excess = child.equity - wanted
            #expect(excess > Money(whole: -1))
            // A part of a holding in tiers counts more than in proportion, one with a flat weight just so.
            if alone.positions[0].market == ethPerp { #expect(excess < Money(whole: 1)) }
            #expect(alone.funding[0].quantity > alone.children[0].funding[0].quantity)
        }
    }

    @Test func aHedgeNeedsAnAssetToHold() throws {
        var rules = parameters()
        // No asset has the feed of the ETH market any more.
        rules.assets[1].feed = FeedID(0)
        var group = traders(count: 5, positions: 1...1, hedged: .one)
        group.markets = [.init(id: ethPerp, share: .one)]
        #expect(plans(group, rules).allSatisfy { !$0.isHedged && !$0.positions.isEmpty })
    }

    @Test func aSmallWeightCapsTheHedge() throws {
        // 2 % of the collateral counts, margin is 5 %: the short is smaller than the spot.
        var group = traders(count: 10, positions: 1...1, hedged: .one)
        group.markets = [.init(id: ethPerp, share: .one)]
        let rules = parameters(ethWeight: Ratio(percent: 2))
        for plan in plans(group, rules) {
            #expect(plan.positions[0].size.magnitude < plan.funding[0].quantity)
            var world = try World(rules)
            for account in try populate(plan, &world) {
                #expect(world.house.health(of: account, .initial).isMet)
            }
        }
    }

    @Test func sharesOfResponsesAndSidesAreMet() {
        let calls = MarginCallPolicy(
            threshold: .one, topUp: Ratio(percent: 20), panic: Ratio(percent: 10), delay: .zero)
        let drawn = plans(traders(count: 3000, positions: 1...1, onMarginCall: calls))
        func count(_ response: MarginCallResponse) -> Int {
            drawn.filter { $0.response == response }.count
        }
        // Within five standard deviations of a binomial count.
        #expect((600 - 110...600 + 110).contains(count(.topUp)))
        #expect((300 - 82...300 + 82).contains(count(.panic)))
        let longs = drawn.filter { $0.positions[0].size.isPositive }.count
        #expect((1950 - 131...1950 + 131).contains(longs))
        let ether = drawn.filter { $0.positions[0].market == ethPerp }.count
        #expect((2100 - 126...2100 + 126).contains(ether))
    }

    @Test func twoPositionsAreInTwoMarkets() {
        for plan in plans(traders(count: 100, positions: 2...5)) {
            #expect(plan.positions.map(\.market.raw).sorted() == [0, 1])
        }
    }

    @Test func theReserveIsAQuarterOfTheEquity() throws {
        var group = traders(count: 1)
        group.equity = .fixed(Fixed18(whole: 8000))
        #expect(
            plans(group)[0].wallet == [Holding(asset: usdc, quantity: Quantity(whole: 2000))])
    }

    @Test func withoutEquityThereIsNothing() {
        var group = traders(count: 3)
        group.equity = .fixed(.zero)
        for plan in plans(group) {
            #expect(plan.funding.isEmpty && plan.wallet.isEmpty)
            #expect(plan.positions.allSatisfy { $0.size.isZero })
        }
    }
}
