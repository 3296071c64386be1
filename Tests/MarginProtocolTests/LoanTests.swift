import ExactMath
import MarginRules
import Testing

@testable import MarginProtocol

/// Debts that are charged one by one, by whole periods.
struct LoanTests {
    static let minute: Int64 = 60_000

    static func world(
        _ counting: MarginLoanInterest.Counting, rate: String = "0.001", price: String = "100"
    ) -> World {
        var parameters = plainParameters()
        parameters.assets[1].borrowable = true
        parameters.assets[1].interest = InterestModel(
            loans: MarginLoanInterest(
                rate: Fixed18(ratio(rate)), ratePeriod: TimeSpan(seconds: 3600),
                counting: counting))
        var world = World(parameters)
        world.post(ethFeed, price)
        return world
    }

    /// Binance, Cross Margin Trading Guide (360041505471): 13:20 to 14:15 are two hours, one when the loan is drawn and one at
    /// 14:00.
    @Test func clockHours() {
        var world = Self.world(.clock)
        world.advance(by: 800 * Self.minute - world.house.time.milliseconds)
        let account = world.margin(alice, "10000")
        let wallet = world.wallet(alice, "0", "100")
        world.run(
            .withdraw(from: account, to: wallet, asset: eth, amount: units("10")), by: alice)
        #expect(world.balance(account, eth) == units("-10.01"))
        // Nobody has to have supplied it.
        #expect(world.house.owed(eth) == units("10"))
        world.advance(by: 39 * Self.minute)
        #expect(world.balance(account, eth) == units("-10.01"))
        world.advance(by: 16 * Self.minute)
        #expect(world.balance(account, eth) == units("-10.02"))
        // What is due joins the debt as a part of it is repaid, and is the venue's.
        world.run(.deposit(from: wallet, to: account, asset: eth, amount: units("5")), by: alice)
        #expect(world.balance(account, eth) == units("-5.02"))
        let venue = world.house.interest
        #expect(venue.map { world.balance($0, eth) } == units("0.02"))
        #expect(world.house.owed(eth) == units("5.02"))
        // What is added pays its first hour at once, and the next at 15:00 with the rest.
        world.run(
            .withdraw(from: account, to: wallet, asset: eth, amount: units("4")), by: alice)
        #expect(world.balance(account, eth) == units("-9.024"))
        world.advance(by: 45 * Self.minute)
        #expect(world.balance(account, eth) == units("-9.033024"))
        // Repaid whole, it is gone; the next loan is charged for itself.
        world.run(
            .deposit(from: wallet, to: account, asset: eth, amount: units("9.033024")), by: alice)
        #expect(world.balance(account, eth) == .zero)
        world.advance(by: 300 * Self.minute)
        #expect(world.balance(account, eth) == .zero)
        world.run(
            .withdraw(from: account, to: wallet, asset: eth, amount: units("1")), by: alice)
        #expect(world.balance(account, eth) == units("-1.001"))
        #expect(world.house.breaches().isEmpty)
    }

    /// freqtrade counts from when the loan is drawn: nothing in that moment, and an hour from the next on.
    @Test func startedHours() {
        var world = Self.world(.started(opening: 1))
        let account = world.margin(alice, "10000")
        let wallet = world.wallet(alice, "0", "100")
        world.run(
            .withdraw(from: account, to: wallet, asset: eth, amount: units("10")), by: alice)
        #expect(world.balance(account, eth) == units("-10.01"))
        world.advance(by: 1)
        #expect(world.balance(account, eth) == units("-10.02"))
        world.advance(by: 60 * Self.minute - 1)
        #expect(world.balance(account, eth) == units("-10.02"))
        world.advance(by: 1)
        #expect(world.balance(account, eth) == units("-10.03"))
        // Two periods of what is added, one for opening; what was due bears interest from now on.
        world.run(
            .withdraw(from: account, to: wallet, asset: eth, amount: units("1")), by: alice)
        #expect(world.balance(account, eth) == units("-11.032"))
        #expect(world.house.breaches().isEmpty)
    }

    /// What a loan costs when it is drawn counts against the initial margin that it must leave: 10 · 100 of debt and a
    /// dollar of interest.
    @Test(arguments: [("1000.99", false), ("1001", true)])
    func openingCountsAgainstTheMargin(collateral: String, isGranted: Bool) {
        var world = Self.world(.clock)
        let account = world.margin(alice, collateral)
        let wallet = world.wallet(alice)
        let refusal = world.attempt(
            .withdraw(from: account, to: wallet, asset: eth, amount: units("10")), by: alice)
        #expect((refusal == nil) == isGranted, "\(String(describing: refusal))")
    }

    /// What is owed before the first block has been charged the hour that it is in.
    @Test(arguments: [
        (MarginLoanInterest.Counting.clock, "-10", "-10.01"),
        (.started(opening: 1), "-10.01", "-10.03"),
    ])
    func debtsOfTheBeginning(
        counting: MarginLoanInterest.Counting, first: String, second: String
    ) {
        var world = Self.world(counting)
        world.advance(by: 60 * Self.minute - world.house.time.milliseconds)
        let account = world.margin(alice, "10000")
        world.house.seedBalance(units("-10"), of: eth, to: account, into: &world.journal)
        #expect(world.balance(account, eth) == units(first))
        world.advance(by: 61 * Self.minute)
        #expect(world.balance(account, eth) == units(second))
        #expect(world.house.breaches().isEmpty)
    }

    /// No debt is charged more than itself between two movements.
    @Test func aForgottenLoan() {
        var world = Self.world(.clock, rate: "0.01")
        let account = world.margin(alice, "1000000")
        let wallet = world.wallet(alice)
        world.run(
            .withdraw(from: account, to: wallet, asset: eth, amount: units("10")), by: alice)
        world.advance(by: 1000 * 60 * Self.minute)
        #expect(world.balance(account, eth) == units("-20"))
        #expect(world.house.breaches().isEmpty)
    }

    /// Debts grow in steps, and whoever a step makes liquidatable is found in the same block.
    @Test(
        arguments: [MarginLoanInterest.Counting.clock, .started(opening: 0)], ["0.0001", "0.01"])
    func theHealthIndexFollows(counting: MarginLoanInterest.Counting, rate: String) {
        var world = Self.world(counting, rate: rate)
        var accounts: [AccountID] = []
        for extra in ["0.2", "3", "11", "40", "150"] {
            let account = world.margin(alice, rate == "0.01" ? "1011" : "1000.2")
            world.mint(extra, usd, account)
            let wallet = world.wallet(alice)
            world.run(
                .withdraw(from: account, to: wallet, asset: eth, amount: units("10")), by: alice)
            world.advance(by: 7 * Self.minute)
            accounts.append(account)
        }
        var index = HealthIndex()
        var found = Set<AccountID>()
        for _ in 0..<150 {
            world.advance(by: 13 * Self.minute)
            let prices = world.house.prices
            let due = index.liquidatable(in: world.house, at: prices)
            #expect(due == accounts.filter { world.house.isLiquidatable($0, at: prices) })
            found.formUnion(due)
        }
        #expect(found.count >= (rate == "0.01" ? 5 : 1))
    }

    @Test func whatALoanMayNotBe() {
        func problems(_ rule: MarginLoanInterest) -> Int {
            var parameters = plainParameters()
            parameters.assets[1].interest = InterestModel(loans: rule)
            return ClearingHouse.problems(in: parameters).count
        }
        let hour = TimeSpan(seconds: 3600)
        let rate = Fixed18(ratio("0.01"))
        #expect(problems(MarginLoanInterest(rate: rate, ratePeriod: hour, counting: .clock)) == 0)
        #expect(
            problems(
                MarginLoanInterest(
                    rate: rate + Fixed18(raw: 1), ratePeriod: hour, counting: .clock)) == 1)
        #expect(
            problems(
                MarginLoanInterest(
                    rate: .zero, ratePeriod: TimeSpan(seconds: 1), counting: .clock)) == 1)
        #expect(
            problems(
                MarginLoanInterest(
                    rate: rate, ratePeriod: hour, counting: .started(opening: 101))) == 1)
    }
}
