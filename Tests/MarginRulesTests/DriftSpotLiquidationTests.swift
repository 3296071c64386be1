import ExactMath
import MarginRules
import Testing

/// drift-labs/protocol-v2 programs/drift/src/math/liquidation/tests.rs and
/// controller/liquidation/tests.rs; units as in the margin tests.
@Suite struct DriftSpotLiquidationTests {
    /// A side in native units: an amount with `decimals`, a price in millionths.
    private func side(
        _ amount: Int64, decimals: Int, price: Int64, weight: Int64, fee: Int64
    ) -> SpotShortageCover.Side {
        var price = price
        for _ in 0..<abs(8 - decimals) { price = decimals < 8 ? price * 10 : price / 10 }
        return SpotShortageCover.Side(
            amount: Quantity(raw: amount), price: Price(raw: price), weight: .bp(weight),
            fee: .ppm(fee))
    }

    @Test(
        arguments: [
            // calculate_liability_transfer_to_cover_margin_shortage, 10 USD missing at a price of 100: (id,
            // asset's weight and fee ppm, debt's weight and fee ppm, insurance ppm, expected in millionths)
            ("drift-liab-to-cover-5", 10_000, 0, 10_000, 250_000, 0, nil),
            ("no fees", 9_000, 0, 11_000, 0, 0, 500_000),
            ("the payment weighs more", 9_000, 250_000, 11_000, 0, 0, nil),
            // 90 · 1.1/0.9 = 110.
            ("the payment weighs the same", 9_000, 100_000, 11_000, 100_000, 0, nil),
            // The component 80 · 1.1/0.9 is 97.777, so 10 / 12.223.
            ("both fees", 8_000, 100_000, 11_000, 100_000, 0, 818_129),
            // 10 / (20 − 1 · 1.1).
            ("insurance", 9_000, 0, 11_000, 0, 10_000, 529_100),
        ] as [(String, Int64, Int64, Int64, Int64, Int64, Int64?)])
    func debtToCover(
        id: String, assetWeight: Int64, assetFee: Int64, weight: Int64, fee: Int64,
        insurance: Int64, expected: Int64?
    ) throws {
        let cover = SpotShortageCover(
            asset: side(0, decimals: 6, price: 1_000_000, weight: assetWeight, fee: assetFee),
            liability: side(0, decimals: 6, price: 100_000_000, weight: weight, fee: fee))
        let amount = try cover.amountToCover(
            Money(raw: 10_000_000), insuranceFee: .ppm(insurance))
        #expect(amount == expected.map { Quantity(raw: $0) }, "\(id)")
    }

    @Test func debtToCoverEdges() throws {
        let cover = SpotShortageCover(
            asset: side(0, decimals: 6, price: 1_000_000, weight: 0, fee: 0),
            liability: side(0, decimals: 6, price: 100_000_000, weight: 11_000, fee: 0))
        #expect(try cover.amountToCover(.zero, insuranceFee: .zero) == Quantity(raw: 1))
        #expect(throws: ArithmeticOverflow.self) {
            try cover.amountToCover(Money(raw: 1), insuranceFee: .one)
        }
    }

    @Test func assetForADebtOfOtherDecimals() throws {
        // drift-asset-for-liab-5: full_liability_tranfer_liability_decimals_less_than_asset_decimals.
        let cover = SpotShortageCover(
            asset: side(200_000_000, decimals: 6, price: 1_000_000, weight: 0, fee: 0),
            liability: side(100_000, decimals: 5, price: 1_000_000, weight: 0, fee: 0))
        let dust = Money(raw: 1_000_000)
        #expect(
            try cover.payment(for: Quantity(raw: 100_000), dust: dust) == Quantity(raw: 1_000_000))
        // Less than one dollar from the whole asset, on either side.
        for repaid: Int64 in [19_900_001, 20_000_000, 20_099_999] {
            #expect(
                try cover.payment(for: Quantity(raw: repaid), dust: dust)
                    == Quantity(raw: 200_000_000))
        }
        #expect(
            try cover.payment(for: Quantity(raw: 19_900_000), dust: dust)
                == Quantity(raw: 199_000_000))
        #expect(try cover.payment(for: .zero, dust: dust) == Quantity(raw: 1))
    }

    @Test(
        arguments: [
            // calculate_spot_if_fee at 1.0 token of 100 USD: (id, shortage, tokens, asset's weight, debt's fee
            // ppm, expected ppm); asset's fee 1 %, debt's weight 1.1, at most 5 %
            ("drift-spot-if-fee-4", 1_000_000, 1_000_000_000, 20_000, 0, 0),
            ("drift-spot-if-fee-6", 5_000_000, 0, 10_000, 0, 0),
            ("drift-spot-if-fee-7", 5_000_000, 1_000_000_000, 10_000, 1_000_000, 0),
            ("4 % of 1.1", 5_000_000, 1_000_000_000, 10_000, 0, 36_363),
            ("a large shortage", 100_000_000, 1_000_000_000, 10_000, 0, 0),
            ("a tiny one", 1_000_000, 1_000_000_000, 10_000, 0, 50_000),
        ] as [(String, Int64, Int64, Int64, Int64, Int64)])
    func spotInsuranceFee(
        id: String, shortage: Int64, tokens: Int64, assetWeight: Int64, fee: Int64, expected: Int64
    ) throws {
        let cover = SpotShortageCover(
            asset: side(0, decimals: 6, price: 1_000_000, weight: assetWeight, fee: 10_000),
            liability: side(tokens, decimals: 9, price: 100_000_000, weight: 11_000, fee: fee))
        let found = try cover.insuranceFee(
            marketShortage: Money(raw: shortage), maximum: .ppm(50_000))
        #expect(found == .ppm(expected), "\(id)")
    }

    /// A borrower of a token of six decimals at 100 USD, with a deposit of USDC, in native units.
    private struct Borrower {
        var usdc: Int64
        var borrow: Int64
        var freed: Int64 = 0

        func margin() throws -> BufferedMargin {
            var margin = BufferedMargin(buffer: .bp(200))
            try margin.addCollateral(Money(raw: usdc))
            let liability = Money(raw: borrow * 100)
            try margin.addRequirement(
                try liability.scaled(by: .bp(11_000), rounding: .down), liability: liability)
            return margin
        }

        /// One call of `liquidate_spot`; fees of the borrowed token 0.1 % each.
        mutating func liquidate(
            _ test: DriftSpotLiquidationTests, wanted: Int64, ramp: LiquidationRamp, slots: TimeSpan
        ) throws -> SpotShortageCover.Transfer {
            let margin = try margin()
            let shortage = try margin.shortage()
            let cover = SpotShortageCover(
                asset: test.side(usdc, decimals: 6, price: 1_000_000, weight: 10_000, fee: 0),
                liability: test.side(
                    borrow, decimals: 6, price: 100_000_000, weight: 11_200, fee: 1_000))
            let insurance = try cover.insuranceFee(
                marketShortage: try margin.shortage(shortage, ofMarket: margin.requirement),
                maximum: .ppm(1_000))
            let transfer = try #require(
                try cover.transfer(
                    wanted: Quantity(raw: wanted),
                    toCover: try cover.amountToCover(shortage, insuranceFee: insurance),
                    share: try ramp.share(
                        shortage: shortage, freed: Money(raw: freed), elapsed: slots),
                    insuranceFee: insurance, smallDebt: Money(raw: 10_000_000),
                    dust: Money(raw: 1_000_000)))
            usdc -= transfer.asset.raw
            borrow -= (transfer.liability - transfer.insuranceFee).raw
            freed += max(0, (shortage - (try self.margin().shortage())).raw)
            if transfer.coversShortage { freed = 0 }
            return transfer
        }
    }

    @Test func dustBorrow() throws {
        // drift-spot-dust: successful_liquidation_dust_borrow; scaled balances are a thousand a unit, and
        // the borrow that stays, 19,999 of them, is 20 units rounded up.
        var user = Borrower(usdc: 2_140_000, borrow: 20_000)
        let transfer = try user.liquidate(
            self, wanted: 1_000_000, ramp: driftRamp(10_000), slots: .zero)
        #expect(user.usdc == 0 && user.borrow == 20)
        #expect(transfer.asset.raw == 2_140_000 && transfer.liability.raw == 20_000)
    }

    @Test func overMultipleSlots() throws {
        // drift-spot-multi-slot: liquidate_over_multiple_slots; calls at slots 1, 51 and 136 of an account
        // active at slot 1. (freed, USDC, borrow, share freed ppm)
        var user = Borrower(usdc: 1_050_000_000, borrow: 10_000_000)
        let expected: [(Int64, Int64, Int64, Int64, Int64)] = [
            (0, 7_000_031, 990_558_159, 9_406_769, 100_000),
            (50, 30_328_714, 792_456_458, 7_429_712, 433_267),
            (135, 0, 455_580_082, 4_067_682, 0),
        ]
        for (elapsed, freed, usdc, borrow, share) in expected {
            let transfer = try user.liquidate(
                self, wanted: 10_000_000, ramp: driftRamp(1_000), slots: slots(elapsed))
            #expect(user.freed == freed && user.usdc == usdc && user.borrow == borrow)
            #expect(transfer.coversShortage == (elapsed == 135))
            if elapsed < 135 {
                let total = try user.margin().shortage().raw + freed
                #expect(freed * 1_000_000 / total == share)
            }
        }
    }

    @Test(
        arguments: [
            // liquidate_borrow_for_perp_pnl: (id, pnl, wanted, borrow after, pnl after); one token at 100 USD
            // borrowed, liquidator's fees 1 % on profits and 0.1 % on the debt, buffer 0.1 %
            ("drift-borrow-pnl-max", 100_000_000, 800_000, 200_000, 19_119_120),
            ("drift-borrow-pnl-implied", 80_000_000, 2_000_000, 208_712, 0),
        ] as [(String, Int64, Int64, Int64, Int64)])
    func borrowForProfit(
        id: String, profit: Int64, wanted: Int64, borrow: Int64, left: Int64
    ) throws {
        var margin = BufferedMargin(buffer: .bp(10))
        try margin.addCollateral(Money(raw: profit))
        try margin.addRequirement(Money(raw: 110_000_000), liability: Money(raw: 100_000_000))
        #expect(!margin.meetsRequirement)
        let cover = SpotShortageCover(
            asset: side(profit, decimals: 6, price: 1_000_000, weight: 10_000, fee: 10_000),
            liability: side(
                1_000_000, decimals: 6, price: 100_000_000, weight: 11_010, fee: 1_000))
        let shortage = try margin.shortage()
        let transfer = try #require(
            try cover.transfer(
                wanted: Quantity(raw: wanted),
                toCover: try cover.amountToCover(shortage, insuranceFee: .zero),
                share: try driftRamp(1_000_000).share(
                    shortage: shortage, freed: .zero, elapsed: .zero),
                insuranceFee: .zero, smallDebt: Money(raw: 10_000_000), dust: Money(raw: 1_000_000))
        )
        // The protocol keeps 199,999,999 and 208,711,999 billionths: scaled balances round once more.
        #expect(1_000_000 - transfer.liability.raw == borrow, "\(id)")
        #expect(profit - transfer.asset.raw == left, "\(id)")
    }

    @Test func depositForLoss() throws {
        // drift-pnl-deposit-cover: successful_liquidation_pnl_transfer_to_cover_margin_shortage.
        var margin = BufferedMargin(buffer: .bp(200))
        try margin.addCollateral(Money(raw: 90_000_000))
        try margin.addCollateral(Money(raw: -91_000_000))
        #expect(!margin.meetsRequirement)
        let cover = SpotShortageCover(
            asset: side(1_000_000, decimals: 6, price: 100_000_000, weight: 9_000, fee: 1_000),
            liability: side(91_000_000, decimals: 6, price: 1_000_000, weight: 10_200, fee: 10_000))
        let shortage = try margin.shortage()
        let transfer = try #require(
            try cover.transfer(
                wanted: Quantity(raw: 200_000_000),
                toCover: try cover.amountToCover(shortage, insuranceFee: .zero), share: .one,
                insuranceFee: .zero, smallDebt: Money(raw: 10_000_000), dust: Money(raw: 1_000_000))
        )
        #expect(transfer.liability.raw == 91_000_000 - 65_363_637)
        #expect(transfer.asset.raw == 1_000_000 - 740_788)
        #expect(transfer.coversShortage)
    }

    @Test func lossesReachEverybody() throws {
        // drift-deposit-delta-bankruptcy: an index with ten decimals.
        let delta = try LossSocialisation.depositIndexDecrease(
            index: Fixed18(raw: 10_000_000_000), loss: Quantity(raw: 11_000_000),
            deposits: Quantity(raw: 120_000_000))
        #expect(delta.raw == 916_666_667)
        // drift-bankruptcy-spot: successful_resolve_spot_bankruptcy.
        let index = Fixed18(raw: 10_000_000_000)
        let loss = BankruptcyWaterfall(
            loss: Money(raw: 100_000_000), insuranceFund: .zero, reserve: Money(raw: 1),
            marketAllowance: nil, feePool: .zero)
        #expect(loss.socialised == Money(raw: 100_000_000))
        let after =
            index
            - (try LossSocialisation.depositIndexDecrease(
                index: index, loss: Quantity(raw: loss.socialised.raw),
                deposits: Quantity(raw: 1_000_000_000)))
        #expect(after.raw == 9_000_000_000)
        #expect(Int128(1_000_000_000) * after.raw / index.raw == 900_000_000)
        #expect(
            try LossSocialisation.depositIndexDecrease(
                index: index, loss: Quantity(raw: 1), deposits: .zero) == .zero)

        // calculate_funding_rate_deltas_to_resolve_bankruptcy: 100 USD over 11 contracts.
        let funding = try LossSocialisation.fundingIncrease(
            loss: Money(raw: 100_000_000), long: Quantity(raw: 700_000_000),
            short: Quantity(raw: 400_000_000))
        #expect(funding == Price(raw: 9_090_910))
        #expect(
            try LossSocialisation.fundingIncrease(loss: Money(raw: 1), long: .zero, short: .zero)
                == nil)
    }

    @Test(
        arguments: [
            // (fund, reserve, allowance, fee pool) → (insurance, pool, socialised) of a loss of 100
            (201, 1, nil, 0, 100, 0, 0), (100, 1, nil, 0, 99, 0, 1), (0, 1, nil, 0, 0, 0, 100),
            (500, 1, 30, 50, 30, 50, 20), (500, 1, 0, 500, 0, 100, 0),
        ] as [(Int64, Int64, Int64?, Int64, Int64, Int64, Int64)])
    func waterfall(
        fund: Int64, reserve: Int64, allowance: Int64?, pool: Int64, insurance: Int64,
        fromPool: Int64, socialised: Int64
    ) {
        let waterfall = BankruptcyWaterfall(
            loss: Money(raw: 100), insuranceFund: Money(raw: fund), reserve: Money(raw: reserve),
            marketAllowance: allowance.map { Money(raw: $0) }, feePool: Money(raw: pool))
        #expect(waterfall.insurance == Money(raw: insurance))
        #expect(waterfall.feePool == Money(raw: fromPool))
        #expect(waterfall.socialised == Money(raw: socialised))
    }
}
