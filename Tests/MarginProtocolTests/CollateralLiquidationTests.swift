import ExactMath
import MarginProtocol
import Testing

/// Seizure of collateral for a repaid debt, against the published results on lending liquidations.
struct CollateralLiquidationTests {
    /// An account with 100 ETH, together worth `collateral`, and a debt of `debt` USD.
    static func world(
        collateral: String, debt: String, threshold: String, bonus: String,
        size: LiquidationPolicy.Size = .closeFactor(ratio("0.5"), fullBelow: .zero, dust: .zero),
        insuranceShare: String = "0", refusesToWorsen: Bool = false
    ) -> (world: World, account: AccountID, wallet: AccountID) {
        var parameters = plainParameters()
        parameters.assets[0].borrowable = true
        parameters.assets[1].collateral = .flat(ratio(threshold))
        parameters.liquidation = LiquidationPolicy(
            size: size, collateralBonus: ratio(bonus),
            collateralBonusInsuranceShare: ratio(insuranceShare), refusesToWorsen: refusesToWorsen)
        var world = World(parameters)
        world.post(ethFeed, "10")
        let account = world.margin(alice, "0", "100")
        let borrower = world.wallet(alice)
        let wallet = world.wallet(bob, "1000")
        world.run(
            .withdraw(from: account, to: borrower, asset: usd, amount: units(debt)), by: alice)
        world.post(ethFeed, Price(raw: decimal(collateral) / 100).description)
        return (world, account, wallet)
    }

    static func repay(_ account: AccountID, _ payer: AccountID, atMost: String) -> Command {
        .liquidate(
            account: account, payer: payer,
            target: .collateral(seize: eth, repay: usd, atMost: units(atMost)))
    }

    /// Debt over collateral value.
    static func loanToValue(_ world: World, _ account: AccountID) -> Double {
        let held = Double(world.balance(account, eth).raw) / 1e8
        return -Double(world.balance(account).raw) / 1e8
            / (held * Double(world.house.price(of: eth).raw) / 1e8)
    }

    @Test(
        "Above 1 / (1 + bonus) a liquidation raises the loan-to-value, below it lowers it",
        arguments: [
            // Warmuz, Chaudhary, Pinna, "Toxic Liquidation Spirals" (arXiv 2212.07306): LTV > 1/(1+s).
            ("100", "90", "0.05", 0.8938547486033519, false),
            ("100", "96", "0.05", 0.9608938547486033, true),
            ("100", "92", "0.1", 0.9213483146067416, true),
            ("100", "90", "0.1", 0.898876404494382, false),
        ])
    func toxicThreshold(
        collateral: String, debt: String, bonus: String, after: Double, worsens: Bool
    ) {
        var (world, account, wallet) = Self.world(
            collateral: collateral, debt: debt, threshold: "0.8", bonus: bonus)
        let before = Self.loanToValue(world, account)
        world.run(Self.repay(account, wallet, atMost: "10"), by: bob)
        #expect(abs(Self.loanToValue(world, account) - after) < 1e-7)
        #expect((Self.loanToValue(world, account) > before) == worsens)
        // Where that is asked, what would worsen it is refused; before the payer is looked at.
        let refusing = Self.world(
            collateral: collateral, debt: debt, threshold: "0.8", bonus: bonus,
            refusesToWorsen: true)
        world = refusing.world
        let refusal = world.attempt(
            Self.repay(refusing.account, refusing.wallet, atMost: "10"), by: bob)
        #expect(refusal == (worsens ? .wouldWorsen(refusing.account) : nil))
        let poor = world.wallet(carol)
        #expect(
            world.attempt(Self.repay(refusing.account, poor, atMost: "10"), by: carol)
                == (worsens
                    ? .wouldWorsen(refusing.account)
                    : .insufficientBalance(usd, has: .zero, needs: units("10"))))
    }

    @Test("At exactly 1 / (1 + bonus) nothing worsens")
    func worsensFromBeyondTheThreshold() {
        for (debt, isRefused) in [("80", false), ("80.000001", true)] {
            var (world, account, wallet) = Self.world(
                collateral: "100", debt: debt, threshold: "0.7", bonus: "0.25",
                refusesToWorsen: true)
            let refusal = world.attempt(Self.repay(account, wallet, atMost: "10"), by: bob)
            #expect(refusal == (isRefused ? .wouldWorsen(account) : nil))
        }
    }

    @Test(
        "Above the toxic threshold a solvent account ends in bad debt when it is liquidated fully",
        arguments: [
            // The same paper: bad debt = D − C / (1 + s).
            ("94", "0"), ("96", "0.76190476"), ("98", "2.76190476"), ("100", "4.76190476"),
            ("104", "8.76190476"),
        ])
    func toxicEnd(debt: String, expected: String) {
        var (world, account, wallet) = Self.world(
            collateral: "100", debt: debt, threshold: "0.8", bonus: "0.05", size: .wholePosition)
        world.run(.liquidate(account: account, payer: wallet, target: .next), by: bob)
        #expect(world.balance(badDebt) == -units(expected))
        #expect(world.liquidations().first?.deficit == money(expected))
        #expect(world.balance(account) == .zero)
    }

    static let twoSteps: [(String, String, String, String, String, String)] = [
        // Qin, Zhou, Gamito, Jovanovic, Gervais, "An Empirical Study of DeFi Liquidations" (IMC 2021,
        // arXiv 2106.06389), the optimal strategy: collateral, debt, threshold, bonus,
        // r* = (D − LT·C) / (1 − LT(1 + s)), and the second repayment.
        ("120", "98", "0.8", "0.1", "16.66666667", "40.66666667"),
        ("100", "81", "0.8", "0.05", "6.25", "37.375"),
        ("130", "100", "0.75", "0.08", "13.15789474", "43.42105263"),
    ]

    @Test(
        "The least repayment that restores health is (D − LT·C) / (1 − LT(1 + s))",
        arguments: twoSteps)
    func leastRepayment(
        collateral: String, debt: String, threshold: String, bonus: String, first: String,
        second: String
    ) throws {
        var (world, account, wallet) = Self.world(
            collateral: collateral, debt: debt, threshold: threshold, bonus: bonus,
            size: .targetHealth(.one))
        world.run(.liquidate(account: account, payer: wallet, target: .next), by: bob)
        let repaid = try #require(world.liquidations().first?.repaid)
        // Seizing rounds down twice, by a unit of money and by one of collateral.
        #expect(abs(repaid.raw - units(first).raw) <= 20)
        #expect(!world.house.isLiquidatable(account, at: world.house.prices))
        var (less, other, payer) = Self.world(
            collateral: collateral, debt: debt, threshold: threshold, bonus: bonus,
            size: .targetHealth(.one))
        less.run(
            Self.repay(other, payer, atMost: (repaid - Quantity(raw: 1)).description), by: bob)
        #expect(less.house.isLiquidatable(other, at: less.house.prices))
    }

    @Test("Two steps under a close factor earn more than one", arguments: twoSteps)
    func twoStepStrategy(
        collateral: String, debt: String, threshold: String, bonus: String, first: String,
        second: String
    ) throws {
        var (world, account, wallet) = Self.world(
            collateral: collateral, debt: debt, threshold: threshold, bonus: bonus)
        var once = world
        once.run(.liquidate(account: account, payer: wallet, target: .next), by: bob)
        #expect(once.liquidations()[0].repaid.raw == units(debt).raw / 2)

        // Just short of restoring health, so that the account can be liquidated again.
        let short = Quantity(raw: units(first).raw - 30)
        world.run(Self.repay(account, wallet, atMost: short.description), by: bob)
        world.run(.liquidate(account: account, payer: wallet, target: .next), by: bob)
        let steps = world.liquidations()
        try #require(steps.count == 2)
        #expect(steps[0].repaid == short)
        #expect(abs(steps[1].repaid.raw - units(second).raw) <= 30)
        #expect(steps[0].repaid + steps[1].repaid > once.liquidations()[0].repaid)
        #expect(
            steps[0].toLiquidator + steps[1].toLiquidator > once.liquidations()[0].toLiquidator)
    }

    @Test("What is seized is worth the repayment and the bonus, of which the fund has its share")
    func seizure() throws {
        var (world, account, wallet) = Self.world(
            collateral: "100", debt: "90", threshold: "0.8", bonus: "0.1", insuranceShare: "0.2")
        world.run(Self.repay(account, wallet, atMost: "10"), by: bob)
        // 10 · 1.1 = 11 USD of ETH at 1; of the bonus of 1 the fund has 0.2.
        #expect(world.balance(wallet) == units("990"))
        #expect(world.balance(wallet, eth) == units("10.8"))
        #expect(world.balance(insurance, eth) == units("0.2"))
        #expect(world.balance(account) == units("-80"))
        #expect(world.balance(account, eth) == units("89"))
        let step = try #require(world.liquidations().first)
        #expect(step.kind == .collateral && step.seizedAsset == eth && step.repaidAsset == usd)
        #expect(step.size == units("11") && step.repaid == units("10"))
        #expect(step.toLiquidator == money("0.8") && step.toInsurance == money("0.2"))
        #expect(step.penalty == money("1") && step.price == price("1"))
    }

    @Test("A payer without the asset is refused; a margin account may pay too")
    func payers() {
        var (world, account, _) = Self.world(
            collateral: "100", debt: "90", threshold: "0.8", bonus: "0.1")
        let poor = world.wallet(carol, "44.99999999")
        #expect(
            world.attempt(.liquidate(account: account, payer: poor, target: .next), by: carol)
                == .insufficientBalance(usd, has: units("44.99999999"), needs: units("45")))
        let payer = world.margin(carol, "45")
        world.run(.liquidate(account: account, payer: payer, target: .next), by: carol)
        #expect(world.balance(payer) == .zero)
        #expect(world.balance(payer, eth) == units("49.5"))
    }

    @Test(
        "Dust and deep insolvency let the whole debt be repaid",
        arguments: [
            // Half of 90 remain; collateral counts 80.
            ("0", "45", "45"), ("0", "45.00000001", "90"), ("0.88", "0", "45"), ("0.89", "0", "90"),
        ])
    func exceptions(fullBelow: String, dust: String, repaid: String) {
        var (world, account, wallet) = Self.world(
            collateral: "100", debt: "90", threshold: "0.8", bonus: "0.1",
            size: .closeFactor(ratio("0.5"), fullBelow: ratio(fullBelow), dust: money(dust)))
        world.run(.liquidate(account: account, payer: wallet, target: .next), by: bob)
        #expect(world.liquidations().first?.repaid == units(repaid))
    }

    @Test("A holding worth less than a unit of money is seized too, and the rest is booked")
    func dustCollateral() {
        var world = World()
        world.post(ethFeed, "0.5")
        let account = world.margin(alice, "145", "0.00000001")
        let wallet = world.wallet(bob, "1")
        world.trade(account, btcPerp, "1", by: alice)
        world.post(btcFeed, "800")
        world.trade(account, btcPerp, "-1", by: alice)
        #expect(world.balance(account) == units("-55"))
        world.run(.liquidate(account: account, payer: wallet, target: .next), by: bob)
        #expect(world.balance(wallet, eth) == units("0.00000001"))
        #expect(world.balance(wallet) == units("0.99999999"))
        #expect(world.balance(account) == .zero)
        #expect(world.balance(badDebt) == units("-54.99999999"))
    }

    @Test("At a collateral price next to nothing the seizure is all there is, not an overflow")
    func worthlessCollateral() {
        var (world, account, wallet) = Self.world(
            collateral: "0.000001", debt: "790", threshold: "0.8", bonus: "0.1")
        world.mint("100000", eth, account)
        world.mint("1000000", usd, wallet)
        let borrower = world.wallet(alice)
        world.post(ethFeed, "1000")
        world.run(
            .withdraw(from: account, to: borrower, asset: usd, amount: units("79000000")),
            by: alice)
        world.post(ethFeed, "0.00000001")
        world.run(.liquidate(account: account, payer: wallet, target: .next), by: bob)
        // 100100 ETH are worth 0.001001 USD, and pay for 0.00091.
        #expect(world.balance(account, eth) == .zero)
        #expect(world.liquidations().first?.repaid == units("0.00091"))
        #expect(world.balance(badDebt) == -units("79000789.99909"))
    }

    @Test("The most valuable collateral pays the largest debt, unless the liquidator chooses")
    func choice() {
        var parameters = plainParameters()
        for asset in 0..<3 { parameters.assets[asset].borrowable = true }
        var world = World(parameters)
        let account = world.margin(alice, "0", "2", "0.15")
        let out = world.wallet(alice)
        let wallet = world.wallet(bob, "1000")
        world.run(.withdraw(from: account, to: out, asset: usd, amount: units("300")), by: alice)
        world.post(ethFeed, "70")
        // ETH is worth 140, BTC 150, the debt 300.
        var chosen = world
        world.run(.liquidate(account: account, payer: wallet, target: .next), by: bob)
        #expect(world.liquidations().map(\.seizedAsset) == [btc])
        chosen.run(Self.repay(account, wallet, atMost: "50"), by: bob)
        #expect(chosen.liquidations().map(\.seizedAsset) == [eth])
        #expect(
            chosen.attempt(
                .liquidate(
                    account: account, payer: wallet,
                    target: .collateral(seize: usd, repay: eth, atMost: nil)), by: bob)
                == .nothingToLiquidate)
        #expect(
            chosen.attempt(
                .liquidate(
                    account: account, payer: wallet,
                    target: .collateral(seize: eth, repay: usd, atMost: .zero)), by: bob)
                == .amountNotPositive)
        #expect(
            chosen.attempt(
                .liquidate(
                    account: account, payer: wallet,
                    target: .collateral(seize: AssetID(9), repay: usd, atMost: .zero)), by: bob)
                == .unknownAsset(AssetID(9)))
    }
}
