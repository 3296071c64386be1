import ExactMath
import MarginRules
import Testing

/// Synthetixio/synthetix-v3 markets/perps-market/test/integration.
@Suite struct SynthetixTests {
    @Test(
        arguments: [
            // Orders/OffchainAsyncOrder.price.test.ts: (id, size, skew, price, tight price)
            ("snx-fill-price-1", 1, 0, "1000.005", "1000.004"),
            ("snx-fill-price-2", -1, 0, "999.995", "999.996"),
            ("reducing the skew", -100, 200, "1001.5", "1001.6"),
            ("crossing zero", -300, 100, "999.5", "999.6"),
        ] as [(String, Int64, Int64, String, String)])
    func fillPrice(id: String, size: Int64, skew: Int64, expected: String, tight: String) throws {
        let size = Quantity(whole: size)
        for rounding in [Rounding.up, .down, .nearest] {
            let price = try SkewFillPrice(skewScale: Quantity(whole: 100_000)).price(
                size: size, index: Price(whole: 1_000), skew: Quantity(whole: skew),
                rounding: rounding)
            #expect(price == Price(decimal: expected), "\(id)")
            let tight = try #require(Price(decimal: tight))
            #expect(SkewFillPrice.exceeds(price, acceptable: tight, size: size), "\(id)")
            #expect(!SkewFillPrice.exceeds(price, acceptable: price, size: size), "\(id)")
        }
    }

    @Test func fillPriceEdges() throws {
        let flat = SkewFillPrice(skewScale: .zero)
        #expect(
            try flat.price(
                size: Quantity(whole: 5), index: Price(whole: 7), skew: Quantity(whole: 9),
                rounding: .up) == Price(whole: 7))
        let small = SkewFillPrice(skewScale: Quantity(whole: 1))
        #expect(throws: ArithmeticOverflow.self) {
            try small.price(
                size: Quantity(whole: -3), index: Price(whole: 7), skew: .zero, rounding: .up)
        }
    }

    @Test(
        arguments: [
            // Account/Margins.multiCollateral.test.ts, the formula it asserts: (id, amount, price, scale,
            // scalar, discount, value)
            ("snx-collateral-haircut-1", 8, 30_000, 100, "1.5", "0.05", 228_000),
            ("snx-collateral-haircut-2", 700, 2_000, 50_000, "2", "0.028", 1_360_800),
            ("lower bound", 1, 2_000, 50_000, "2", "0.01", 1_980),
            ("no skew scale", 700, 2_000, 0, "2", "0", 1_400_000),
        ] as [(String, Int64, Int64, Int64, String, String, Int64)])
    func collateral(
        id: String, amount: Int64, price: Int64, scale: Int64, scalar: String, discount: String,
        value: Int64
    ) throws {
        let rule = SkewCollateralDiscount(
            skewScale: Quantity(whole: scale), scalar: try #require(Ratio(decimal: scalar)),
            lower: Ratio(percent: 1), upper: Ratio(percent: 5))
        let amount = Quantity(whole: amount)
        #expect(try rule.discount(amount: amount) == Fixed18(decimal: discount), "\(id)")
        #expect(
            try rule.value(amount: amount, price: Price(whole: price)) == Money(whole: value),
            "\(id)")
    }

    @Test(
        arguments: [
            // KeeperRewards/KeeperRewards.Caps.test.ts, in wei: (id, rewards, cost, minimum, maximum,
            // collateral, expected)
            ("snx-keeper-2", 0, 8_888, 10_000, 100_000, 0, 18_888),
            ("snx-keeper-3", 0, 8_888, 1, 100, 0, 100),
            ("rewards between the bounds", 5_000, 8_888, 10, 100_000, 0, 13_888),
            ("ratio above the minimum", 0, 8_888, 1, 100_000, 0, 8_932),
            ("share of collateral", 50_000, 8_888, 10, 100_000, 40_000, 20_000),
            ("share above the cap", 50_000, 8_888, 10, 30_000, 400_000, 30_000),
        ] as [(String, Int64, Int64, Int64, Int64, Int64, Int64)])
    func keeperReward(
        id: String, rewards: Int64, cost: Int64, minimum: Int64, maximum: Int64, collateral: Int64,
        expected: Int64
    ) throws {
        let rule = CappedKeeperReward(
            minimumProfit: Money(raw: minimum), minimumProfitRatio: Ratio(raw: 500_000),
            maximum: Money(raw: maximum), maximumCollateralShare: Ratio(percent: 50))
        let reward = try rule.reward(
            rewards: Money(raw: rewards), cost: Money(raw: cost),
            collateral: Money(raw: collateral))
        #expect(reward == Money(raw: expected), "\(id)")
    }

    @Test func rewardsOfManyWindows() throws {
        let rule = CappedKeeperReward(
            minimumProfit: Money(raw: 10), minimumProfitRatio: .zero, maximum: Money(raw: 1_000),
            maximumCollateralShare: .one)
        func total(_ windows: Int64) throws -> Money {
            try rule.possibleLiquidationReward(
                rewards: Money(raw: 40), flagCost: Money(raw: 3), liquidationCost: Money(raw: 5),
                collateral: .zero, windows: windows)
        }
        #expect(try total(0) == Money(raw: 48) && total(1) == Money(raw: 48))
        #expect(try total(3) == Money(raw: 48 + 2 * 15))
    }

    private func window(_ seconds: Int64, _ scale: Int64, premium: Ratio = .zero)
        -> LiquidationWindow
    {
        LiquidationWindow(
            makerFee: Ratio(raw: 700_000), takerFee: Ratio(raw: 300_000),
            skewScale: Quantity(whole: scale), multiplier: .one, length: TimeSpan(seconds: seconds),
            maximumPremium: premium)
    }

    private func at(_ seconds: Int64) -> Timestamp { Timestamp(milliseconds: seconds * 1_000) }

    @Test func windowAmount() throws {
        // snx-window-1: Liquidation/Liquidation.maxLiquidationAmount.test.ts.
        let rule = window(10, 1_000)
        #expect(try rule.maximumAmount() == Quantity(whole: 100))
        #expect(try rule.windows(for: Quantity(whole: -201)) == 3)
        #expect(try rule.windows(for: .zero) == 0)
        #expect(try window(10, 0).windows(for: Quantity(whole: 5)) == 0)
    }

    @Test func rollingWindow() throws {
        // snx-limit-rolling: maxLiquidationAmount.macro.test.ts; a maximum of 300, of which 280 remain.
        let rule = window(30, 1_000)
        let history = [(0, 100), (24, 10), (48, 10), (72, 10)].map {
            LiquidationWindow.Record(time: at($0.0), amount: Quantity(whole: $0.1))
        }
        #expect(try rule.maximumAmount() == Quantity(whole: 300))
        let allowed = try rule.allowed(
            Quantity(whole: 300), after: history, skew: .zero, now: at(73))
        #expect(Quantity(whole: 300) - allowed == Quantity(whole: 20))
        // Exactly one window ago does not count any more.
        #expect(try rule.capacity(after: history, now: at(78)) == Quantity(whole: 290))
        #expect(try rule.capacity(after: history, now: at(77)) == Quantity(whole: 280))
    }

    @Test func maximumPremium() throws {
        // snx-limit-max-pd: maxLiquidationAmount.maxPd.test.ts, a maximum of 25 in 10 s, 90 units.
        func rule(_ premium: Ratio) -> LiquidationWindow {
            LiquidationWindow(
                makerFee: Ratio(raw: 150_000), takerFee: Ratio(raw: 100_000),
                skewScale: Quantity(whole: 1_000), multiplier: .one, length: TimeSpan(seconds: 10),
                maximumPremium: premium)
        }
        var (size, skew) = (Quantity(whole: 90), Quantity(whole: 90))
        var history: [LiquidationWindow.Record] = []
        func liquidate(_ rule: LiquidationWindow, _ seconds: Int64) throws {
            let amount = try rule.allowed(size, after: history, skew: skew, now: at(seconds))
            history = try LiquidationWindow.recording(amount, at: at(seconds), in: history)
            size -= amount
            skew -= amount
        }
        #expect(try rule(.zero).maximumAmount() == Quantity(whole: 25))
        try liquidate(rule(.zero), 100)
        #expect(size == Quantity(whole: 65))
        try liquidate(rule(.zero), 101)
        #expect(size == Quantity(whole: 65))
        skew -= Quantity(whole: 25)
        let limited = rule(Ratio(percent: 6))
        try liquidate(limited, 102)
        #expect(size == Quantity(whole: 40))
        for _ in 0..<4 { try liquidate(limited, 103) }
        #expect(size == Quantity(whole: 15))
        try liquidate(limited, 104)
        #expect(size == .zero)
        #expect(history.count == 4)
    }

    @Test func windowEdges() throws {
        let full = [LiquidationWindow.Record(time: at(5), amount: Quantity(whole: 200))]
        let rule = window(10, 1_000, premium: Ratio(percent: 5))
        #expect(try rule.capacity(after: full, now: at(6)) == .zero)
        // At the maximum premium nothing more, just below it one window.
        for (skew, expected) in [(50, 0), (-50, 0), (49, 100), (-49, 100)] as [(Int64, Int64)] {
            #expect(
                try rule.allowed(
                    Quantity(whole: 500), after: full, skew: Quantity(whole: skew), now: at(6))
                    == Quantity(whole: expected))
        }
        #expect(
            try rule.allowed(Quantity(whole: 5), after: full, skew: .zero, now: at(5)) == .zero)
        #expect(
            try window(10, 0).allowed(Quantity(whole: 5), after: full, skew: .zero, now: at(5))
                == Quantity(whole: 5))
        let merged = try LiquidationWindow.recording(Quantity(whole: 1), at: at(5), in: full)
        #expect(merged.count == 1 && merged[0].amount == Quantity(whole: 201))
        #expect(try LiquidationWindow.recording(.zero, at: at(9), in: full) == full)
    }
}
