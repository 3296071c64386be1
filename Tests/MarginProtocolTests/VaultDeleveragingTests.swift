import ExactMath
import MarginRules
import Testing

@testable import MarginProtocol

/// A backstop vault that has lost too much hands its positions to holders of the other side.
struct VaultDeleveragingTests {
    /// The vault holds 10 ETH bought at 88.4 and is worth 129 then: 100 of its own, 29 of the account's. Below 80 it
    /// gives up, which is at 83.5 exactly not yet so.
    struct Stage {
        var world: World
        var vault: AccountID
        var wallet: AccountID
        var shorts: [AccountID]

        init(
            at ethPrice: String, trigger: Money? = money("80"),
            shorts sizes: [String] = ["6", "4"],
            pool: DeleveragingPolicy.PoolPlace = .never
        ) throws {
            var world = DeleveragingTests.world(
                DeleveragingPolicy(order: .ranked(.profitTimesLeverage), pool: pool), at: "88.4",
                waterfall: [.backstop, .badDebt],
                backstop: BackstopPolicy(below: ratio("0.6667"), deleverageBelow: trigger))
            let vault = try #require(world.house.backstopVault)
            world.mint("100", usd, vault)
            let account = try DeleveragingTests.hold(&world, alice, "145", "10")
            let shorts = try sizes.map {
                try DeleveragingTests.hold(&world, bob, "200", "-" + $0)
            }
            let wallet = world.wallet(carol)
            world.run(LiquidationTests.liquidate(account, wallet), by: carol)
            #expect(world.size(vault) == units("10"))
            world.advance(by: 12_000)
            world.post(ethFeed, ethPrice)
            (self.world, self.vault, self.wallet, self.shorts) = (world, vault, wallet, shorts)
        }

        var equity: Money { world.house.plainEquity(of: vault, at: world.house.prices) }
        mutating func attempt(_ target: LiquidationTarget = .next) -> Rejection? {
            world.attempt(LiquidationTests.liquidate(vault, wallet, target), by: carol)
        }
    }

    @Test func waitsForItsTrigger() throws {
        var stage = try Stage(at: "83.5")
        #expect(stage.equity == money("80"))
        #expect(stage.attempt() == .accountHealthy(surplus: .zero))
        stage = try Stage(at: "83.6")
        #expect(stage.attempt() == .accountHealthy(surplus: money("1")))
    }

    @Test func holdersOfTheOtherSideTakeItsPositionsAtThePrice() throws {
        var stage = try Stage(at: "83.4")
        #expect(stage.equity == money("79"))
        let worth = stage.shorts.map {
            stage.world.house.plainEquity(of: $0, at: stage.world.house.prices)
        }
        let mark = stage.world.journal.count
        #expect(stage.attempt() == nil)
        #expect(stage.world.size(stage.vault) == .zero && stage.equity == money("79"))
        for (short, before) in zip(stage.shorts, worth) {
            #expect(stage.world.size(short) == .zero)
            #expect(
                stage.world.house.plainEquity(of: short, at: stage.world.house.prices) == before)
        }
        #expect(stage.world.positionChanges(since: mark).allSatisfy { $0.reason == .deleveraging })
        let step = try #require(stage.world.liquidations(since: mark).first)
        #expect(step.account == stage.vault && step.size == units("-10"))
        #expect(step.price == price("83.4") && step.deficit == .zero && step.penalty == .zero)
        #expect(step.healthBefore == Health(equity: money("79"), requirement: money("80")))
        #expect(step.healthAfter == step.healthBefore)
        #expect(stage.world.covers(since: mark).isEmpty)
        // A lower price is no longer the vault's loss; nothing is left to give up.
        stage.world.advance(by: 12_000)
        stage.world.post(ethFeed, "60")
        #expect(stage.equity == money("79"))
        #expect(stage.attempt() == .nothingToLiquidate)
    }

    @Test func whatFindsNobodyStays() throws {
        var stage = try Stage(at: "83.4", shorts: ["4"])
        #expect(stage.attempt() == nil)
        #expect(stage.world.size(stage.vault) == units("6"))
        #expect(stage.attempt() == .nothingToLiquidate)
        // Where the pool stands among them it takes the rest.
        stage = try Stage(at: "83.4", shorts: ["4"], pool: .last)
        #expect(stage.attempt() == nil)
        let left = stage.world.size(stage.vault)
        #expect(left < units("6"))
    }

    /// A vault below zero owes what it owes: nobody covers it.
    @Test func aVaultBelowZeroStaysBelowZero() throws {
        var stage = try Stage(at: "70")
        #expect(stage.equity == money("-55"))
        #expect(stage.attempt() == nil)
        #expect(stage.world.balance(stage.vault) == units("-55"))
        #expect(stage.world.balance(badDebt) == .zero)
    }

    @Test func refusesInOrder() throws {
        // Paused before anything else about the vault.
        var stage = try Stage(at: "83.4", trigger: nil)
        #expect(stage.attempt() == .wrongRole(stage.vault, .backstop))
        stage.world.run(.pause(.liquidate), by: .governance)
        #expect(stage.attempt() == .paused(.liquidate))
        stage = try Stage(at: "83.6")
        #expect(
            stage.attempt(.position(ethPerp, atMost: nil)) == .accountHealthy(surplus: money("1")))
        stage = try Stage(at: "83.4", shorts: [])
        #expect(stage.attempt(.position(ethPerp, atMost: nil)) == .targetNotAllowed)
        #expect(stage.attempt() == .nothingToLiquidate)
    }

    @Test func aTriggerIsNotNegative() {
        var parameters = plainParameters()
        parameters.backstop = BackstopPolicy(below: .one, deleverageBelow: money("-1"))
        #expect(
            ClearingHouse.problems(in: parameters) == [
                "a backstop is deleveraged below a worth that is not negative"
            ])
    }
}
