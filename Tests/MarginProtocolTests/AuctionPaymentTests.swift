import ExactMath
import MarginProtocol
import OrderBook
import Testing

/// Paying for the place behind a report: who may, from what, and where it goes.
struct AuctionPaymentTests {
    private func pay(_ wallet: AccountID, _ toProtocol: String, _ toOthers: String) -> Command {
        .payAuction(wallet: wallet, toProtocol: units(toProtocol), toOthers: units(toOthers))
    }

    @Test func theProtocolsShareGoesToTheTreasuryTheRestOutside() {
        var world = World()
        let wallet = world.wallet(bob, "100")
        let before = world.balance(ClearingHouse.outside)
        let mark = world.journal.count
        world.run(pay(wallet, "6.5", "3.5"), by: bob)
        #expect(world.balance(wallet) == units("90"))
        #expect(world.balance(treasury) == units("6.5"))
        #expect(world.balance(ClearingHouse.outside) - before == units("3.5"))
        let changes = world.balanceChanges(since: mark)
        #expect(changes.count == 4 && changes.allSatisfy { $0.reason == .oevPaid })
        #expect(changes.reduce(0) { $0 + $1.delta.raw } == 0)
        // A share of nothing moves nothing.
        world.run(pay(wallet, "0", "1"), by: bob)
        world.run(pay(wallet, "1", "0"), by: bob)
        #expect(world.balance(wallet) == units("88"))
    }

    @Test func precedence() {
        var world = World()
        let wallet = world.wallet(bob, "10")
        let account = world.margin(bob, "10")
        #expect(world.attempt(pay(AccountID(900), "-1", "0"), by: carol)?.code == 102)
        #expect(world.attempt(pay(account, "-1", "0"), by: carol)?.code == 107)
        #expect(world.attempt(pay(wallet, "-1", "0"), by: carol)?.code == 201)
        #expect(world.attempt(pay(wallet, "-1", "0"), by: bob)?.code == 101)
        #expect(world.attempt(pay(wallet, "20", "-1"), by: bob)?.code == 101)
        #expect(world.attempt(pay(wallet, "0", "0"), by: bob)?.code == 101)
        let huge = Command.payAuction(
            wallet: wallet, toProtocol: Quantity(raw: .max), toOthers: Quantity(raw: 1))
        #expect(world.attempt(huge, by: bob)?.code == 901)
        #expect(
            world.attempt(pay(wallet, "6", "6"), by: bob)
                == .insufficientBalance(usd, has: units("10"), needs: units("12")))
        world.run(pay(wallet, "6", "4"), by: bob)
        #expect(world.balance(wallet) == .zero)
    }
}
