import ExactMath
import Testing

@testable import MarginRules

struct CompoundTests {
    // MARK: Seizing, Comptroller.liquidateCalculateSeizeTokens

    /// compound-finance/compound-protocol a3214f6 tests/Comptroller/liquidateCalculateAmountSeizeTest.js:
    /// (exchange rate, borrowed price, collateral price, incentive, repaid, seized), whole mantissas of
    /// 18 decimals. The test's other rows are amounts beyond 64 bits.
    static let seizures: [(String, String, String, String, String, String)] = [
        ("1", "1", "1", "1", "1", "1"),  // cv2-seize-1
        ("2", "1", "1", "1", "1", "0.5"),
        ("2", "2", "1.42", "1.3", "2.45", "2.24295774"),
        // cv2-seize-4: 31.616096631969335715; both prices tenfold, as one has nine decimals.
        ("2.789", "52.30480842", "7713.2", "1.3", "10002.45", "31.61609663"),
    ]

    @Test(arguments: seizures)
    func seizeTokens(
        rate: String, borrowed: String, collateral: String, incentive: String, repaid: String,
        seized: String
    ) throws {
        let rule = CompoundSeizure(
            liquidationIncentive: try #require(Ratio(decimal: incentive)), protocolShare: .zero)
        let tokens = try rule.seizeTokens(
            repaying: #require(Quantity(decimal: repaid)),
            in: CompoundSeizure.Market(
                borrowedPrice: #require(Price(decimal: borrowed)),
                collateralPrice: #require(Price(decimal: collateral)),
                exchangeRate: #require(Fixed18(decimal: rate)),
                // Mantissas of 18 decimals on both sides.
                borrowedDecimals: 18, tokenDecimals: 18))
        #expect(near(tokens, try #require(Quantity(decimal: seized))))
    }

    private func market(_ rate: String, collateralPrice: String = "1") throws
        -> CompoundSeizure.Market
    {
        try CompoundSeizure.Market(
            borrowedPrice: Price(whole: 1),
            collateralPrice: #require(Price(decimal: collateralPrice)),
            exchangeRate: #require(Fixed18(decimal: rate)), borrowedDecimals: 18,
            tokenDecimals: 8)
    }

    /// spec/scenario/InKindLiquidation.scen "Proper In-Kind Liquidation": an exchange rate of 4e9 is 0.4
    /// units per cToken of eight decimals. (cv2-inkind-1)
    @Test func inKind() throws {
        let market = try market("0.4")
        let rule = CompoundSeizure(
            liquidationIncentive: Ratio(percent: 110), protocolShare: Ratio(basisPoints: 280))
        func liquidity(_ tokens: Quantity, _ borrow: Quantity) throws -> CompoundLiquidity {
            try CompoundLiquidity(
                collateral: [
                    CompoundCollateral(
                        tokens: tokens, exchangeRate: market.exchangeRate,
                        price: market.collateralPrice, collateralFactor: Ratio(percent: 50),
                        underlyingDecimals: 18)
                ], borrows: [CompoundBorrow(balance: borrow, price: market.borrowedPrice)])
        }
        let before = Quantity(raw: 50_000_000_000)
        let owed = Quantity(whole: 101)
        #expect(try liquidity(before, owed).shortfall == Money(whole: 1))
        #expect(try liquidity(before, owed).isLiquidatable)

        let repaid = Quantity(whole: 2)
        let seized = try rule.seizeTokens(repaying: repaid, in: market)
        let split = try rule.split(seized, exchangeRate: market.exchangeRate)
        #expect(split.toLiquidator == Quantity(raw: 534_600_000))
        #expect(before - seized == Quantity(raw: 49_450_000_000))
        #expect(split.addedReserves == Quantity(raw: 6_160_000))
        let after = try liquidity(before - seized, owed - repaid)
        #expect(after.liquidity == .zero)
        #expect(after.shortfall == Money(raw: 10_000_000))
    }

    /// spec/scenario/BreakLiquidate.scen "When liquidation incentive is too high to be effective": 1.5
    /// makes liquidity worse by 0.025, and then 1.2 better by 0.016. (cv2-break-3)
    @Test func incentiveTooHigh() throws {
        var market = try market("0.2", collateralPrice: "0.87")
        func liquidity(_ tokens: Quantity, _ borrow: Quantity) throws -> Int64 {
            let result = try CompoundLiquidity(
                collateral: [
                    CompoundCollateral(
                        tokens: tokens, exchangeRate: market.exchangeRate,
                        price: market.collateralPrice, collateralFactor: Ratio(percent: 70),
                        underlyingDecimals: 18)
                ], borrows: [CompoundBorrow(balance: borrow, price: market.borrowedPrice)])
            return result.liquidity.raw - result.shortfall.raw
        }
        var rule = CompoundSeizure(
            liquidationIncentive: Ratio(percent: 150), protocolShare: Ratio(basisPoints: 280))
        var tokens = Quantity(raw: 715_000_000)  // 1.43 units
        var owed = Quantity(whole: 1)
        var before = try liquidity(tokens, owed)

        tokens -= try rule.seizeTokens(repaying: Quantity(raw: 50_000_000), in: market)
        owed -= Quantity(raw: 50_000_000)
        // 0.567931036 units, of eight decimals.
        #expect(
            try tokens.multiplied(by: market.exchangeRate, rounding: .down)
                == Quantity(raw: 56_793_103))
        #expect(owed == Quantity(raw: 50_000_000))
        var after = try liquidity(tokens, owed)
        #expect(abs(after - before - -2_499_999) <= 1)

        rule.liquidationIncentive = Ratio(percent: 120)
        before = after
        tokens -= try rule.seizeTokens(repaying: Quantity(raw: 10_000_000), in: market)
        owed -= Quantity(raw: 10_000_000)
        after = try liquidity(tokens, owed)
        #expect(abs(after - before - 1_600_000) <= 1)

        // At 0.76 ("further underwater than the incentive"), 1.1 leaves 0.127368422 after 0.9 repaid.
        market.collateralPrice = try #require(Price(decimal: "0.76"))
        rule.liquidationIncentive = Ratio(percent: 110)
        let seized = try rule.seizeTokens(repaying: Quantity(raw: 90_000_000), in: market)
        #expect(
            near(
                try (Quantity(raw: 715_000_000) - seized)
                    .multiplied(by: market.exchangeRate, rounding: .down),
                Quantity(raw: 12_736_842)))
        #expect(
            try rule.seizeTokens(repaying: Quantity(raw: 8_800_000), in: market)
                <= Quantity(raw: 715_000_000) - seized)
    }

    /// spec/scenario/Fee.scen "Should be able to liquidate fee token borrow": what arrives counts.
    /// (cv2-fee-1)
    @Test func feeOnTransfer() throws {
        let sent = Quantity(raw: 10_000_000)
        let arrived = try TransferFee(rate: Ratio(percent: 1), maximum: nil)
            .received(ofSending: sent)
        #expect(arrived == Quantity(raw: 9_900_000))
        let market = try market("0.2")
        let rule = CompoundSeizure(
            liquidationIncentive: Ratio(percent: 110), protocolShare: Ratio(basisPoints: 280))
        let split = try rule.split(
            rule.seizeTokens(repaying: arrived, in: market), exchangeRate: market.exchangeRate)
        #expect(split.toLiquidator == Quantity(raw: 52_925_400))
        #expect(Quantity(raw: 198_000_000) - arrived == Quantity(raw: 188_100_000))
    }

    /// spec/scenario/Seize.scen "Able to seize tokens with a malicious listed cToken". (cv2-seize-scen)
    @Test func seizeShare() throws {
        let split = try CompoundSeizure.mainnet.split(
            Quantity(raw: 1_000_000_000), exchangeRate: .one)
        #expect(split.toLiquidator == Quantity(raw: 972_000_000))
        #expect(split.toReserves == Quantity(raw: 28_000_000))
    }

    @Test func ratioIsCutAtTheTokensDecimals() throws {
        // 1.5 / (0.87 · 0.2) = 8.6206896551…: for a borrowed token of 18 decimals the mantissa is
        // 862068965, so a repayment of 1,000 seizes 8620.68965 cTokens and no more.
        let rule = CompoundSeizure(
            liquidationIncentive: Ratio(percent: 150), protocolShare: .zero)
        var market = try market("0.2", collateralPrice: "0.87")
        #expect(
            try rule.seizeTokens(repaying: Quantity(whole: 1000), in: market)
                == Quantity(raw: 862_068_965_000))
        market.borrowedDecimals = 6
        #expect(
            try rule.seizeTokens(repaying: Quantity(whole: 1000), in: market)
                == Quantity(raw: 862_068_965_517))
    }

    @Test func nothingToSeizeBy() throws {
        let market = CompoundSeizure.Market(
            borrowedPrice: Price(whole: 1), collateralPrice: Price(raw: 1),
            exchangeRate: Fixed18(raw: 1), borrowedDecimals: 18, tokenDecimals: 8)
        #expect(throws: ArithmeticOverflow()) {
            try CompoundSeizure.mainnet.seizeTokens(repaying: Quantity(whole: 1), in: market)
        }
    }

    // MARK: Liquidity

    @Test func equalityIsNoShortfall() throws {
        func liquidity(_ owed: Int64) throws -> CompoundLiquidity {
            try CompoundLiquidity(
                collateral: [
                    CompoundCollateral(
                        tokens: Quantity(whole: 500), exchangeRate: Fixed18(Ratio(percent: 2)),
                        price: Price(whole: 1000), collateralFactor: Ratio(percent: 75),
                        underlyingDecimals: 18)
                ], borrows: [CompoundBorrow(balance: Quantity(raw: owed), price: Price(whole: 1))])
        }
        #expect(try !liquidity(750_000_000_000).isLiquidatable)
        #expect(try liquidity(750_000_000_000).liquidity == .zero)
        #expect(try liquidity(750_000_000_001).isLiquidatable)
        #expect(try liquidity(749_999_999_999).liquidity == Money(raw: 1))
        // A shortfall below 1e-8 is one.
        let tiny = try CompoundLiquidity(
            collateral: [],
            borrows: [CompoundBorrow(balance: Quantity(raw: 1), price: Price(raw: 1))])
        #expect(tiny.shortfall == Money(raw: 1))
    }

    @Test func factorTimesRateIsCut() throws {
        // USDC: collateral factor 85.5 % · 0.0212345678901234567 = 0.01815555554605555547…, of which
        // the mantissa keeps sixteen decimals.
        let rate = Fixed18(raw: 21_234_567_890_123_456)
        let power = try CompoundLiquidity(
            collateral: [
                CompoundCollateral(
                    tokens: Quantity(whole: 50_000_000_000), exchangeRate: rate,
                    price: Price(whole: 1), collateralFactor: Ratio(raw: 85_500_000),
                    underlyingDecimals: 6)
            ], borrows: [])
        // ⌊0.855 · 0.021234567890123456 · 1e16⌋ = 181555555460555
        #expect(power.liquidity == Money(raw: 90_777_777_730_277_500))
    }

    @Test func exchangeRates() throws {
        let pool = PoolBalances(
            cash: Quantity(whole: 500), borrowed: Quantity(whole: 600),
            reserves: Quantity(whole: 50))
        #expect(
            try CompoundLiquidity.exchangeRate(
                of: pool, totalSupply: Quantity(whole: 50_000), initial: .one)
                == Fixed18(Ratio(raw: 2_100_000)))
        #expect(
            try CompoundLiquidity.exchangeRate(
                of: pool, totalSupply: .zero, initial: Fixed18(Ratio(percent: 2)))
                == Fixed18(Ratio(percent: 2)))
    }

    @Test func fuzzAgainstDoubles() throws {
        var draws = SeededDraws(state: 2)
        for _ in 0..<3000 {
            let rate = draws.next(in: 10_000_000_000_000_000...300_000_000_000_000_000)
            let repay = draws.next(in: 1...100_000_000_000)
            let (pb, pc) = (
                draws.next(in: 1000...1_000_000_000_000),
                draws.next(in: 1_000_000...1_000_000_000_000)
            )
            let incentive = draws.next(in: 10_000...15_000)
            let market = CompoundSeizure.Market(
                borrowedPrice: Price(raw: pb), collateralPrice: Price(raw: pc),
                exchangeRate: Fixed18(raw: Int128(rate)), borrowedDecimals: 8, tokenDecimals: 8)
            let expected =
                Double(repay) * Double(incentive) / 1e4 * Double(pb) / Double(pc)
                / (Double(rate) / 1e18)
            guard expected < 9e18 else { continue }
            let seized = try CompoundSeizure(
                liquidationIncentive: ratio(bps: incentive), protocolShare: .zero
            ).seizeTokens(repaying: Quantity(raw: repay), in: market)
            #expect(Double(seized.raw) <= expected * (1 + 1e-12) + 1)
            #expect(Double(seized.raw) >= expected * (1 - 1e-9) - 2)
        }
    }
}
