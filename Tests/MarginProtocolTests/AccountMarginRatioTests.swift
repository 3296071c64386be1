import ExactMath
import Testing

@testable import MarginProtocol

/// A margin ratio that an owner chooses for a whole account.
struct AccountMarginRatioTests {
    private func parameters() -> ProtocolParameters {
        var parameters = plainParameters()
        parameters.hasAccountMarginRatio = true
        parameters.assets[1].borrowable = true
        return parameters
    }

    private func choose(_ ratio: String, for id: AccountID) -> Command {
        .configure(account: id, .marginRatio(Ratio(raw: decimal(ratio))))
    }

    /// 1,000 of the settlement asset carry 100 ETH of 100 at 10 %; at 50 % only 20, and nothing leaves while more is there.
    @Test func limitsWhatIsOpenedAndWithdrawn() {
        var world = World(parameters())
        let id = world.margin(alice, "1000")
        let wallet = world.wallet(alice)
        let other = world.margin(bob, "1000")
        world.run(choose("0.5", for: id), by: alice)
        #expect(
            world.journal.last == .accountConfigured(id, .marginRatio(ratio("0.5"))))
        let beyond = Command.trade(
            account: id, market: ethPerp, size: units("20.00000002"), limit: nil, reduceOnly: false)
        #expect(
            world.attempt(beyond, by: alice) == .insufficientMargin(shortBy: Money(raw: 100)))
        world.trade(id, ethPerp, "20", by: alice)
        let withdraw = Command.withdraw(from: id, to: wallet, asset: usd, amount: Quantity(raw: 1))
        #expect(world.attempt(withdraw, by: alice) == .insufficientMargin(shortBy: Money(raw: 1)))
        // Others choose for themselves.
        world.trade(other, ethPerp, "100", by: bob)
        // What it takes to keep the position is as before, so a choice that is missed is no harm.
        let kept = world.house.health(of: id, .maintenance)
        world.run(choose("1", for: id), by: alice)
        #expect(world.house.health(of: id, .maintenance) == kept)
        #expect(world.house.health(of: id, .initial).requirement == money("2000"))
        #expect(!world.house.isLiquidatable(id, at: world.house.prices))
        world.run(choose("0", for: id), by: alice)
        #expect(world.house.health(of: id, .initial).requirement == money("200"))
        world.run(withdraw, by: alice)
    }

    /// Against the initial requirement 10 ETH of 100 weigh 700, and a debt of 10 ETH 1,300; the settlement asset itself.
    @Test func weighsAssetsAndDebts() {
        var world = World(parameters())
        let holder = world.margin(alice, "100", "10")
        let debtor = world.margin(bob, "2000")
        let wallet = world.wallet(bob)
        for (id, owner) in [(holder, alice), (debtor, bob)] {
            world.run(choose("0.3", for: id), by: owner)
        }
        #expect(world.house.health(of: holder, .initial).equity == money("800"))
        #expect(world.house.health(of: holder, .maintenance).equity == money("1100"))
        world.run(.withdraw(from: debtor, to: wallet, asset: eth, amount: units("10")), by: bob)
        #expect(world.house.health(of: debtor, .initial).equity == money("700"))
        #expect(world.house.health(of: debtor, .maintenance).equity == money("1000"))
        let statement = world.house.statement(of: debtor, .initial)
        #expect(statement.debt == money("1300") && statement.health.equity == money("700"))
    }

    @Test func isRefusedInTheDocumentedOrder() {
        var world = World(parameters())
        let id = world.margin(alice, "1000")
        func code(_ ratio: String, _ id: AccountID, by sender: Address) -> Int? {
            world.attempt(choose(ratio, for: id), by: sender)?.code
        }
        #expect(code("1.1", AccountID(900), by: stranger) == 102)
        #expect(code("1.1", pool, by: stranger) == 107)
        #expect(code("1.1", id, by: stranger) == 201)
        #expect(code("1.00000001", id, by: alice) == 108)
        #expect(code("-0.00000001", id, by: alice) == 108)
        var none = World()
        let plain = none.margin(alice, "1000")
        #expect(none.attempt(choose("1.1", for: plain), by: stranger)?.code == 201)
        #expect(none.attempt(choose("1.1", for: plain), by: alice) == .noAccountMarginRatio)
    }

    /// Two houses that differ in a choice are not in the same state.
    @Test func isPartOfTheState() {
        let world = World(parameters())
        var (a, b) = (world.house, world.house)
        let (id, _) = (
            a.addAccount(owner: alice, role: .margin), b.addAccount(owner: alice, role: .margin)
        )
        a.seedSetting(id, .marginRatio(ratio("0.5")))
        b.seedSetting(id, .marginRatio(ratio("0.4")))
        #expect(a != b)
        b.seedSetting(id, .marginRatio(ratio("0.5")))
        #expect(a == b)
        a.seedSetting(id, .leverage(ethPerp, ratio("5")))
        b.seedSetting(id, .leverage(ethPerp, ratio("4")))
        #expect(a != b)
    }

    @Test func needsARequirementOfEachPosition() {
        var joined = parameters()
        joined.positionResults = .inBalance
        #expect(ClearingHouse.problems(in: joined).contains { $0.contains("chosen margin ratio") })
        #expect(ClearingHouse.problems(in: parameters()).isEmpty)
    }
}
