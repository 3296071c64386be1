import ExactMath
import MarginRules
import Testing

/// drift-labs/protocol-v2 programs/drift/src/math/liquidation/tests.rs and
/// controller/liquidation/tests.rs; units as in the margin tests.
@Suite struct DriftLiquidationTests {
    @Test(
        arguments: [
            // calculate_base_asset_amount_to_cover_margin_shortage: (id, fee ppm, insurance ppm, quote price,
            // size in billionths)
            ("drift-base-to-cover-1", 0, 0, 1_000_000, 1_000_000_000),
            ("drift-base-to-cover-3", 0, 0, 1_010_000, 990_099_009),
            ("drift-base-to-cover-4", 10_000, 0, 1_000_000, 1_111_111_111),
            ("both fees", 10_000, 10_000, 1_000_000, 1_250_000_000),
        ] as [(String, Int64, Int64, Int64, Int64)])
    func baseToCover(
        id: String, fee: Int64, insurance: Int64, quotePrice: Int64, expected: Int64
    ) throws {
        let size = try PerpetualShortageCover(
            shortage: Money(raw: 10_000_000), marginRatio: .bp(1_000), liquidatorFee: .ppm(fee),
            price: Price(raw: 100_000_000), quotePrice: Price(raw: quotePrice * 100)
        ).size(insuranceFee: .ppm(insurance))
        #expect(size == Quantity(raw: expected / 10), "\(id)")
    }

    @Test func nothingCoversAShortage() throws {
        func cover(_ price: Int64, _ ratio: Int64) -> PerpetualShortageCover {
            PerpetualShortageCover(
                shortage: Money(raw: 1), marginRatio: .bp(ratio), liquidatorFee: .bp(100),
                price: Price(raw: price), quotePrice: Price(whole: 1))
        }
        #expect(try cover(0, 1_000).size(insuranceFee: .zero) == nil)
        #expect(try cover(100_000_000, 100).size(insuranceFee: .zero) == nil)
        #expect(throws: ArithmeticOverflow.self) {
            try cover(100_000_000, 200).size(insuranceFee: .bp(100))
        }
    }

    @Test(
        arguments: [
            // calculate_perp_if_fee: (id, shortage, size in billionths, quote price, expected ppm); ratio 5 %,
            // liquidator's fee 1 %, price 100, at most 5 %
            ("drift-perp-if-fee-1", 20_000_000, 10_000_000_000, 1_000_000, 19_000),
            ("drift-perp-if-fee-3", 1_000_000_000, 10_000_000_000, 1_000_000, 0),
            ("drift-perp-if-fee-6", 20_000_000, 10_000_000_000, 0, 0),
            ("drift-perp-if-fee-7", 20_000_000, 0, 1_000_000, 0),
            ("almost nothing missing", 1, 10_000_000_000, 1_000_000, 38_000),
            ("uneven", 12_345_678, 10_000_000_000, 1_000_000, 26_272),
        ] as [(String, Int64, Int64, Int64, Int64)])
    func perpetualInsuranceFee(
        id: String, shortage: Int64, size: Int64, quotePrice: Int64, expected: Int64
    ) throws {
        let cover = PerpetualShortageCover(
            shortage: .zero, marginRatio: .bp(500), liquidatorFee: .ppm(10_000),
            price: Price(raw: 100_000_000), quotePrice: Price(raw: quotePrice * 100))
        let fee = try cover.insuranceFee(
            marketShortage: Money(raw: shortage), position: Quantity(raw: size / 10),
            maximum: .ppm(50_000), kept: ExactFraction(19, over: 20))
        #expect(fee == .ppm(expected), "\(id)")
    }

    @Test(
        arguments: [
            // calculate_max_pct_to_liquidate: (id, shortage in USD, freed, slots, initial, duration, expected)
            ("drift-max-pct-1", 49, 0, 1, 1_000, 10, 10_000),
            ("at the limit", 50, 0, 1, 1_000, 10, 2_000), ("later", 100, 0, 4, 1_000, 10, 5_000),
            ("capped", 100, 0, 400, 1_000, 10, 10_000), ("at once", 100, 0, 0, 1_000, 0, 10_000),
            ("freed counts", 90, 10, 1, 1_000, 10, 1_111),
            ("freed already", 90, 30, 1, 1_000, 10, 0),
        ] as [(String, Int64, Int64, Int64, Int64, Int64, Int64)])
    func share(
        id: String, shortage: Int64, freed: Int64, elapsed: Int64, initial: Int64, duration: Int64,
        expected: Int64
    ) throws {
        let share = try driftRamp(initial, duration).share(
            shortage: Money(raw: shortage * 1_000_000), freed: Money(raw: freed * 1_000_000),
            elapsed: slots(elapsed))
        #expect(share == .bp(expected), "\(id)")
    }

    private var inactivity: InactivityFeeRamp {
        InactivityFeeRamp(
            grace: slots(1_500), interval: slots(1), increase: .ppm(1), maximumMultiple: 3)
    }

    @Test(
        arguments: [
            // get_liquidation_fee, 2 % growing to at most 5 %: (id, slots, expected ppm)
            ("drift-fee-ramp-1", 100_000, 50_000), ("drift-fee-ramp-2", 10, 20_000),
            ("drift-fee-ramp-3", 10_000, 30_000), ("within the grace", 1_499, 20_000),
            ("after it, from the start", 1_500, 21_500),
        ] as [(String, Int64, Int64)])
    func feeRamp(id: String, elapsed: Int64, expected: Int64) throws {
        let fee = try inactivity.fee(
            base: .ppm(20_000), maximum: .ppm(50_000), elapsed: slots(elapsed))
        #expect(fee == .ppm(expected), "\(id)")
    }

    @Test func feeMaximum() throws {
        #expect(
            try inactivity.maximum(base: .ppm(10_000), maintenanceRatio: .bp(500)) == .ppm(30_000))
        #expect(
            try inactivity.maximum(base: .ppm(20_000), maintenanceRatio: .bp(500)) == .ppm(50_000))
    }

    /// A user with one perpetual and a deposit, in native units.
    struct User {
        var size: Int64
        var quote: Int64
        var deposit: Int64
        var price: Int64 = 100_000_000
        var buffer: Int64

        var rule: SizedPerpetualMargin {
            SizedPerpetualMargin(
                initialRatio: .bp(1_000), maintenanceRatio: .bp(500),
                premium: SizePremium(factor: .zero), openOrderRequirement: Money(raw: 10_000),
                payoff: .linear)
        }

        func margin() throws -> BufferedMargin {
            var margin = BufferedMargin(buffer: .bp(buffer))
            let dollar = ConservativePrice(oracle: Price(whole: 1), slow: nil)
            try margin.addCollateral(Money(raw: deposit))
            try margin.addCollateral(
                SizedPerpetualMargin.profit(
                    position: Quantity(raw: size / 10), quoteAmount: Money(raw: quote),
                    price: Price(raw: price)))
            let required = try rule.requirement(
                position: Quantity(raw: size / 10), bids: .zero, asks: .zero, openOrders: 0,
                price: Price(raw: price), quote: dollar, for: .maintenance, custom: nil)
            try margin.addRequirement(required.margin, liability: required.liability)
            return margin
        }

        /// One call of `liquidate_perp` after the orders are cancelled; fees 1 % each, steps of 0.01.
        mutating func liquidate(wanted: Int64, ramp: LiquidationRamp, elapsed: TimeSpan) throws
            -> PerpetualTransfer
        {
            let margin = try margin()
            let shortage = try margin.shortage()
            let cover = PerpetualShortageCover(
                shortage: shortage, marginRatio: .bp(500 + buffer), liquidatorFee: .ppm(10_000),
                price: Price(raw: price), quotePrice: Price(whole: 1))
            let magnitude = Quantity(raw: abs(size) / 10)
            let insurance = try cover.insuranceFee(
                marketShortage: try margin.shortage(shortage, ofMarket: margin.requirement),
                position: magnitude, maximum: .ppm(10_000), kept: ExactFraction(19, over: 20))
            let transfer = try #require(
                try PerpetualTransfer(
                    position: magnitude, wanted: Quantity(raw: wanted / 10),
                    toCover: try cover.size(insuranceFee: insurance),
                    share: try ramp.share(shortage: shortage, freed: .zero, elapsed: elapsed),
                    price: Price(raw: price), liquidatorFee: .ppm(10_000), insuranceFee: insurance,
                    smallPosition: Money(raw: 50_000_000), step: Quantity(raw: 1_000_000)))
            let sign: Int64 = size > 0 ? 1 : -1
            size -= sign * transfer.size.raw * 10
            quote += sign * transfer.value.raw
            quote -= transfer.liquidatorFee.raw + transfer.insuranceFee.raw
            return transfer
        }
    }

    @Test(
        arguments: [
            // (id, size, quote, deposit, price, buffer, wanted, expected size, quote, liquidator's quote,
            // insurance fee), successful_liquidation_short_perp, …_to_cover_margin_shortage,
            // liquidate_user_with_step_size_position, …_half_of_if_fee, …_portion_of_if_fee
            (
                "drift-liq-short", -1_000_000_000, 50_000_000, 0, 100_000_000, 10, 1_000_000_000,
                0, -51_000_000, 101_000_000, 0
            ),
            (
                "drift-liq-cover", 2_000_000_000, -200_000_000, 5_000_000, 100_000_000, 200,
                10_000_000_000, 200_000_000, -23_600_000, -178_200_000, 1_800_000
            ),
            (
                "drift-liq-step", 10_000_000, -1_500_000, 545_454, 100_000_000, 10, 10_000_000,
                0, -520_000, -990_000, 10_000
            ),
            (
                "drift-liq-half-if", -1_000_000_000, 100_000_000, 1_500_000, 100_000_000, 10,
                1_000_000_000, nil, nil, nil, 475_000
            ),
            (
                "drift-liq-portion-if", -299_400_000_000, 6_959_294_318, 113_838_792, 23_244_136,
                200,
                300_000_000_000, nil, nil, nil, 41_787_043
            ),
        ]
            as [(
                String, Int64, Int64, Int64, Int64, Int64, Int64, Int64?, Int64?, Int64?, Int64
            )])
    func perpetual(
        id: String, size: Int64, quote: Int64, deposit: Int64, price: Int64, buffer: Int64,
        wanted: Int64, sizeAfter: Int64?, quoteAfter: Int64?, liquidatorQuote: Int64?,
        insurance: Int64
    ) throws {
        var user = User(
            size: size, quote: quote, deposit: deposit, price: price, buffer: buffer)
        #expect(try !user.margin().meetsRequirement, "\(id)")
        let transfer = try user.liquidate(wanted: wanted, ramp: driftRamp(10_000), elapsed: .zero)
        #expect(transfer.insuranceFee == Money(raw: insurance), "\(id)")
        if let sizeAfter { #expect(user.size == sizeAfter, "\(id)") }
        if let quoteAfter { #expect(user.quote == quoteAfter, "\(id)") }
        if let liquidatorQuote {
            let sign: Int64 = size > 0 ? 1 : -1
            #expect(
                -sign * transfer.value.raw + transfer.liquidatorFee.raw == liquidatorQuote, "\(id)")
        }
        if id == "drift-liq-portion-if" { #expect(transfer.coversShortage) }
    }

    @Test func coveringEndsAtTheBuffer() throws {
        // drift-liq-cover: 7 % of 20 USD with exactly that left.
        var user = User(
            size: 2_000_000_000, quote: -200_000_000, deposit: 5_000_000, buffer: 200)
        let transfer = try user.liquidate(
            wanted: 10_000_000_000, ramp: driftRamp(10_000), elapsed: .zero)
        let after = try user.margin()
        // The fees left a loss, whose buffer is not covered; having covered the shortage ends it all the same.
        #expect(transfer.coversShortage && after.meetsRequirement && !after.endsLiquidation)
        #expect(after.collateral == Money(raw: 1_400_000))
        #expect(after.requirementPlusBuffer == Money(raw: 1_400_000))
    }

    @Test func aSmallShortageIsCoveredAtOnce() throws {
        // drift-liq-accelerated: liquidation_accelerated, 10 % at first.
        var user = User(
            size: 2_000_000_000, quote: -200_000_000, deposit: 5_000_000, buffer: 200)
        let transfer = try user.liquidate(
            wanted: 10_000_000_000, ramp: driftRamp(1_000), elapsed: .zero)
        #expect(user.size == 200_000_000 && transfer.coversShortage)
    }

    @Test func transferLimits() throws {
        func transfer(
            position: Int64 = 1_000, wanted: Int64 = 10_000, toCover: Int64? = 500,
            share: Ratio = .one, small: Int64 = 0, price: Int64 = 1
        ) throws -> PerpetualTransfer? {
            try PerpetualTransfer(
                position: Quantity(raw: position), wanted: Quantity(raw: wanted),
                toCover: toCover.map { Quantity(raw: $0) }, share: share,
                price: Price(whole: price),
                liquidatorFee: .bp(100), insuranceFee: .bp(50), smallPosition: Money(raw: small),
                step: Quantity(raw: 10))
        }
        #expect(try transfer()?.size == Quantity(raw: 500))
        #expect(try transfer(toCover: 501)?.size == Quantity(raw: 510))
        #expect(try transfer(wanted: 129)?.size == Quantity(raw: 120))
        #expect(try transfer(wanted: 9) == nil)
        #expect(try transfer(share: .zero) == nil)
        #expect(try transfer(share: Ratio(percent: 30))?.size == Quantity(raw: 150))
        #expect(try transfer(share: Ratio(percent: 30))?.coversShortage == false)
        // Nothing covers the shortage: the position and the liquidator limit.
        #expect(try transfer(toCover: nil)?.size == Quantity(raw: 1_000))
        #expect(try transfer(toCover: nil)?.coversShortage == false)
        #expect(try transfer(toCover: nil, share: .zero) == nil)
        // A small position may be taken whole.
        #expect(try transfer(small: 1_000)?.size == Quantity(raw: 1_000))
        #expect(try transfer(small: 999)?.size == Quantity(raw: 500))
        let fees = try #require(try transfer(price: 3))
        #expect(fees.value == Money(raw: 1_500) && fees.liquidatorFee == Money(raw: 15))
        #expect(fees.insuranceFee == Money(raw: 7))
    }
}
