import ExactMath
import Testing

@testable import MarginProtocol

/// What a withdrawal leaves is a share of the value of all positions, whatever their brackets ask.
struct WithdrawalMarginTests {
    /// An account worth 300 with positions of 700 and 300, whose initial margin is 100.
    private func stage(_ share: String) throws -> (World, AccountID, AccountID) {
        var parameters = plainParameters()
        parameters.withdrawalMargin = ratio(share)
        var world = World(parameters)
        let account = try DeleveragingTests.hold(&world, alice, "300", "7")
        try world.house.seedPosition(
            account, btcPerp, size: units("-0.3"), entry: price("1000"), into: &world.journal)
        let wallet = world.wallet(alice)
        return (world, account, wallet)
    }

    @Test(arguments: [
        ("0", "200"), ("0.05", "200"), ("0.1", "200"), ("0.2", "100"), ("0.29", "10"),
    ])
    func leavesTheLargerOfBoth(share: String, most: String) throws {
        var (world, account, wallet) = try stage(share)
        func withdraw(_ amount: Quantity) -> Command {
            .withdraw(from: account, to: wallet, asset: usd, amount: amount)
        }
        let beyond = Quantity(raw: units(most).raw + 1)
        #expect(
            world.attempt(withdraw(beyond), by: alice)
                == .insufficientMargin(shortBy: Money(raw: 1)))
        #expect(world.attempt(withdraw(units(most)), by: alice) == nil)
    }

    @Test func holdsForTransfersAndNotForTrades() throws {
        var (world, account, _) = try stage("0.2")
        let other = world.margin(alice)
        #expect(
            world.attempt(
                .transfer(from: account, to: other, asset: usd, amount: units("101")), by: alice)
                == .insufficientMargin(shortBy: money("1")))
        // 2,000 more need 200 more of initial margin, which are there; a fifth of 3,000 is not.
        #expect(
            world.attempt(
                .trade(
                    account: account, market: ethPerp, size: units("20"), limit: nil,
                    reduceOnly: false), by: alice) == nil)
    }

    /// With the settlement asset at 0.5 a fifth of 1,000 of it is 100 dollars, as 200 of 300 are.
    @Test func countsThePositionsInWhatTheySettleIn() throws {
        var (world, account, wallet) = try stage("0.2")
        world.post(usdFeed, "0.5")
        func withdraw(_ amount: String) -> Command {
            .withdraw(from: account, to: wallet, asset: usd, amount: units(amount))
        }
        #expect(
            world.attempt(withdraw("100.00000002"), by: alice)
                == .insufficientMargin(shortBy: Money(raw: 1)))
        #expect(world.attempt(withdraw("100"), by: alice) == nil)
    }

    /// Whoever has no position may take everything.
    @Test func asksNothingOfPlainBalances() throws {
        var (world, _, wallet) = try stage("0.2")
        let saver = world.margin(alice, "50")
        #expect(
            world.attempt(
                .withdraw(from: saver, to: wallet, asset: usd, amount: units("50")), by: alice)
                == nil)
    }

    @Test(arguments: ["-0.1", "1.1"]) func isAShare(share: String) {
        var parameters = plainParameters()
        parameters.withdrawalMargin = ratio(share)
        #expect(
            ClearingHouse.problems(in: parameters) == [
                "what a withdrawal leaves is a share in 0…1"
            ])
    }
}
