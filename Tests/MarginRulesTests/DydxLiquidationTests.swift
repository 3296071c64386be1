import ExactMath
import MarginRules
import Testing

/// dydxprotocol/v4-chain protocol/x/clob/keeper/liquidations_test.go, deleveraging_test.go and
/// e2e/liquidation_deleveraging_test.go.
@Suite struct DydxLiquidationTests {
    @Test(
        arguments: [
            // TestGetBankruptcyPriceInQuoteQuantums: (id, USDC, BTC, ETH, market, delta, expected)
            ("dydx4-bankr-01", -4_501_000_000, 10_000_000, 0, 0, -10_000_000, 4_501_000_000),
            ("dydx4-bankr-07", -5_100_000_000, 10_000_000, 0, 0, -10_000_000, 5_100_000_000),
            ("dydx4-bankr-08", 4_900_000_000, -10_000_000, 0, 0, 10_000_000, -4_900_000_000),
            ("dydx4-bankr-09", -490_000_000, 400_000, 100_000_000, 1, -100_000_000, 294_000_000),
            ("dydx4-bankr-10", 510_000_000, -400_000, -100_000_000, 1, 100_000_000, -306_000_000),
            ("dydx4-bankr-12", -13_000_000, 100_000_000, 0, 0, -21_347, 2_776),
            ("dydx4-bankr-15", -4_501_000_000, 100_000_000, 0, 0, 0, nil),
            ("wrong direction", -4_501_000_000, 100_000_000, 0, 0, 1, nil),
            ("more than the position", -4_501_000_000, 100, 0, 0, -101, nil),
        ] as [(String, Int64, Int64, Int64, Int, Int64, Int64?)])
    func bankruptcyPrice(
        id: String, usdc: Int64, bitcoin: Int64, ether: Int64, market: Int, delta: Int64,
        expected: Int64?
    ) throws {
        let account = DydxAccount(
            usdc: usdc, positions: [(.bitcoin(), bitcoin), (.ether, ether)])
        let quote = try account.bankruptcyQuote(market, delta: delta)
        #expect(quote == expected.map { Money(raw: $0) }, "\(id)")
    }

    @Test func bankruptcyNeedsARequirement() throws {
        let market = DydxMarket(price: Price(raw: scaleE8), tier: .percent(0, 0))
        let account = DydxAccount(usdc: 5, positions: [(market, 10)])
        #expect(try account.bankruptcyQuote(0, delta: -10) == nil)
        #expect(
            try FillablePrice(bankruptcyAdjustment: .one, spreadToMaintenanceMargin: .one)
                .limitPrice(
                    of: account.reduction(0), delta: Quantity(raw: -10), tick: Price(raw: 1))
                == nil)
    }

    /// Closing everything at bankruptcy prices leaves the account with less than one unit for each
    /// position, and never with a loss.
    @Test func bankruptcyPricesSpreadTheEquity() throws {
        var state: UInt64 = 0x5EED_0002
        for _ in 0..<3_000 {
            let account = DydxAccount(
                usdc: Int64(next(&state) % 20_000_000_000) - 10_000_000_000,
                positions: [
                    (.bitcoin(), Int64(next(&state) % 40_000_000) - 20_000_000 | 1),
                    (.ether, Int64(next(&state) % 2_000_000_000) - 1_000_000_000 | 1),
                ])
            var left = Money(raw: account.usdc)
            for (index, position) in account.positions.enumerated() {
                let quote = try account.bankruptcyQuote(index, delta: -position.size)
                left += try #require(quote)
            }
            // Received at bankruptcy prices and rounded up, so what is left is zero to two units.
            #expect(left.raw >= 0 && left.raw < 2)
        }
    }

    @Test(
        arguments: [
            // TestGetFillablePrice: (id, USDC, BTC, delta, BA ppm, SMMR ppm, numerator, denominator) in
            // quote quantums per base quantum
            (
                "dydx4-fillable-02", -4_501_000_000, 10_000_000, -10_000_000, 2_000_000, 100_000,
                24_999, 50
            ),
            (
                "dydx4-fillable-07", -5_000_000_000, 10_000_000, -10_000_000, 1_000_000, 100_000,
                495, 1
            ),
            (
                "dydx4-fillable-08", -5_000_000_000, 10_000_000, -5_000_000, 1_000_000, 100_000,
                495, 1
            ),
            (
                "dydx4-fillable-11", 4_500_000_000, -10_000_000, 10_000_000, 1_000_000, 100_000,
                505, 1
            ),
            (
                "dydx4-fillable-13", -4_501_000_000, 10_000_000, -10_000_000, 4_294_967_295,
                100_000, 495, 1
            ),
            (
                "dydx4-fillable-15", -4_501_000_000, 10_000_000, -10_000_000, 1_000_000, 1_000_000,
                4_999, 10
            ),
            ("dydx4-fillable-16", -4_501_000_000, 100_000_000, 0, 1_000_000, 100_000, nil, 1),
            ("well above", -1_000_000_000, 10_000_000, -10_000_000, 1_000_000, 100_000, 500, 1),
        ] as [(String, Int64, Int64, Int64, Int64, Int64, Int64?, Int64)])
    func fillablePrice(
        id: String, usdc: Int64, size: Int64, delta: Int64, adjustment: Int64, spread: Int64,
        numerator: Int64?, denominator: Int64
    ) throws {
        let account = DydxAccount(usdc: usdc, positions: [(.bitcoin(), size)])
        let rule = FillablePrice(
            bankruptcyAdjustment: Ratio(raw: adjustment * 100),
            spreadToMaintenanceMargin: Ratio(raw: spread * 100))
        let price = try rule.limitPrice(
            of: try account.reduction(0), delta: Quantity(raw: delta), tick: Price(raw: 1))
        #expect(price == numerator.map { Price(raw: $0 * scaleE8 / denominator) }, "\(id)")
    }

    @Test(
        arguments: [
            // TestConvertFillablePriceToSubticks: a price of notional / size, in raw units, on a tick.
            // dydx4-subticks-6 asks for the largest aligned UInt64, which a Price cannot hold: the same
            // bound is tested for Int64.
            ("dydx4-subticks-2", -5_000_000_000, -1, 5, 500_000_000_000_000_000),
            ("dydx4-subticks-4", 197, 1_000_000_000, 100, 100),
            ("dydx4-subticks-5", 0, 1, 100, 100),
            (
                "dydx4-subticks-6 in 64 signed bits", 100_000_000_000_000, 1, 100,
                Int64.max / 100 * 100
            ),
            ("short rounds down", -1_999, -1_000_000_000, 100, 100),
            ("long rounds up", 1_001, 1_000_000_000, 100, 200),
            ("short, down to one tick", -1, -1_000_000_000, 100, 100),
        ] as [(String, Int64, Int64, Int64, Int64)])
    func tickRounding(id: String, notional: Int64, size: Int64, tick: Int64, expected: Int64) throws
    {
        let position = PositionReduction(
            size: Quantity(raw: size), notional: Money(raw: notional),
            maintenanceMargin: Money(raw: 1),
            account: AccountRisk(
                netCollateral: Money(raw: 1), initialMargin: Money(raw: 1),
                maintenanceMargin: Money(raw: 1)))
        let price = try FillablePrice(bankruptcyAdjustment: .one, spreadToMaintenanceMargin: .one)
            .limitPrice(of: position, delta: Quantity(raw: -size), tick: Price(raw: tick))
        #expect(price == Price(raw: expected), "\(id)")
    }

    @Test func spreadBeyondTheValueHasNoPrice() throws {
        let account = DydxAccount(usdc: -6_000_000_000, positions: [(.bitcoin(), 10_000_000)])
        let rule = FillablePrice(
            bankruptcyAdjustment: .one, spreadToMaintenanceMargin: Ratio(percent: 1_001))
        #expect(
            try rule.limitPrice(
                of: account.reduction(0), delta: Quantity(raw: -1), tick: Price(raw: 1)) == nil)
    }

    /// The exact quotient, from 128-bit fractions whose factors are small enough.
    @Test func fillablePriceAgainstFractions() throws {
        var state: UInt64 = 0x5EED_0003
        for _ in 0..<5_000 {
            let size = Int64(next(&state) % 1_000_000 + 1) * (next(&state) % 2 == 0 ? 1 : -1)
            let notional = (Int64(next(&state) % 1_000_000) + 1_000_000) * size.signum()
            let margin = Int64(next(&state) % 100_000 + 1)
            let total = margin + Int64(next(&state) % 100_000)
            let net = Int64(next(&state) % 400_000) - 200_000
            let adjustment = Int64(next(&state) % 3 + 1)
            let spread = Int64(next(&state) % 3 + 1)
            let position = PositionReduction(
                size: Quantity(raw: size), notional: Money(raw: notional),
                maintenanceMargin: Money(raw: margin),
                account: AccountRisk(
                    netCollateral: Money(raw: net), initialMargin: Money(raw: total),
                    maintenanceMargin: Money(raw: total)))
            let rule = FillablePrice(
                bankruptcyAdjustment: Ratio(raw: adjustment * scaleE8),
                spreadToMaintenanceMargin: Ratio(raw: spread * scaleE8))
            let tick = Int64(next(&state) % 50 + 1)
            let price = try #require(
                try rule.limitPrice(
                    of: position, delta: Quantity(raw: -size), tick: Price(raw: tick)))
            let rating = min(max((total - net) * adjustment, 0), total)
            let numerator = Int128(notional * total - rating * spread * margin) * Int128(scaleE8)
            let divisor = Int128(size) * Int128(total) * Int128(tick)
            let down = numerator / divisor
            let exact = numerator % divisor == 0
            let ticks = size > 0 && !exact ? down + 1 : down
            #expect(Int128(price.raw) == max(ticks, 1) * Int128(tick))
        }
    }

    @Test(
        arguments: [
            // TestGetLiquidationInsuranceFundDelta: (id, USDC, BTC, subticks, fee ppm, expected); a price of
            // one subtick is one raw unit here
            ("dydx4-ifdelta-01", -5_100_000_000, 10_000_000, 56_100_000_000, 5_000, 28_050_000),
            ("dydx4-ifdelta-05", 4_900_000_000, -10_000_000, 44_100_000_000, 25_000, 110_250_000),
            (
                "dydx4-ifdelta-06", 4_900_000_000, -10_000_000, 44_100_000_000, 1_000_000,
                490_000_000
            ),
            ("dydx4-ifdelta-07", -5_100_000_000, 10_000_000, 51_051_000_000, 5_000, 5_100_000),
            ("dydx4-ifdelta-09", -5_100_000_000, 10_000_000, 51_000_000_000, 5_000, 0),
            ("dydx4-ifdelta-11", -5_100_000_000, 10_000_000, 50_490_000_000, 5_000, -51_000_000),
            ("dydx4-ifdelta-12", 4_900_000_000, -10_000_000, 49_490_000_000, 5_000, -49_000_000),
            ("dydx4-ifdelta-13", 4_900_000_000, -10_000_000, 1, 5_000, 0),
        ] as [(String, Int64, Int64, Int64, Int64, Int64)])
    func insuranceFundDelta(
        id: String, usdc: Int64, size: Int64, subticks: Int64, fee: Int64, expected: Int64
    ) throws {
        let account = DydxAccount(usdc: usdc, positions: [(.bitcoin(), size)])
        let quote = try #require(try account.bankruptcyQuote(0, delta: -size))
        let delta = try CappedLiquidationFee(maximum: Ratio(raw: fee * 100)).insuranceFundDelta(
            delta: Quantity(raw: -size), at: Price(raw: subticks), bankruptcyQuote: quote)
        #expect(delta == Money(raw: expected), "\(id)")
    }

    @Test func nothingFilledHasNoDelta() throws {
        // dydx4-ifdelta-14: ErrInvalidQuantumsForInsuranceFundDeltaCalculation.
        let fee = CappedLiquidationFee(maximum: Ratio(raw: 500_000))
        #expect(
            try fee.insuranceFundDelta(
                delta: .zero, at: Price(raw: 50_000_000_000), bankruptcyQuote: .zero) == nil)
    }

    @Test(
        arguments: [
            // TestIsValidInsuranceFundDelta: (id, balance, delta, expected)
            ("dydx4-ifvalid-2", 0, 0, true), ("covered", 100, -100, true),
            ("short", 100, -101, false),
            ("receives", 0, 5, true), ("extreme", .max, .min, false),
        ] as [(String, Int64, Int64, Bool)])
    func coverage(id: String, balance: Int64, delta: Int64, expected: Bool) {
        let covered = CappedLiquidationFee.isCovered(
            Money(raw: delta), by: Money(raw: balance))
        #expect(covered == expected, "\(id)")
    }

    @Test func blockLimits() {
        let limits = AccountBlockLimits(
            maximumNotional: Money(raw: 150), maximumInsuranceLoss: Money(raw: 10))
        let usage = AccountBlockLimits.Usage(
            notional: Money(raw: 100), insuranceLoss: Money(raw: 4), markets: [0, 7])
        // dydx4-blocklimit-2: TestGetMaxLiquidatableNotionalAndInsuranceLost, same perpetual id.
        #expect(limits.allowance(after: usage, market: 0) == nil)
        let left = limits.allowance(after: usage, market: 1)
        #expect(left?.notional == Money(raw: 50) && left?.insuranceLoss == Money(raw: 6))
        #expect(left?.admits(notional: Money(raw: -50), insuranceFundDelta: Money(raw: -6)) == true)
        #expect(left?.admits(notional: Money(raw: 51), insuranceFundDelta: .zero) == false)
        #expect(left?.admits(notional: .zero, insuranceFundDelta: Money(raw: -7)) == false)
        #expect(left?.admits(notional: .zero, insuranceFundDelta: Money(raw: 999)) == true)
    }

    @Test(
        arguments: [
            // TestGetMaxAndMinPositionNotionalLiquidatable: (id, minimum, portion ppm, notional, bounds)
            ("dydx4-poslimit-3", 10_000_000, 1_000_000, 5_000_000, 5_000_000, 5_000_000),
            ("portion", 1_000, 100_000, 5_000_000, 1_000, 500_000),
            ("minimum above the portion", 1_000_000, 100_000, -5_000_000, 1_000_000, 1_000_000),
            ("floored", 0, 333_333, 10, 0, 3),
        ] as [(String, Int64, Int64, Int64, Int64, Int64)])
    func positionLimits(
        id: String, minimum: Int64, portion: Int64, notional: Int64, least: Int64, most: Int64
    ) throws {
        let bounds = try PositionLiquidationLimits(
            minimumNotional: Money(raw: minimum), maximumPortion: Ratio(raw: portion * 100)
        ).notionalBounds(of: Money(raw: notional))
        #expect(bounds.minimum == Money(raw: least) && bounds.maximum == Money(raw: most), "\(id)")
    }

    @Test func sizesRoundToSteps() throws {
        let limits = PositionLiquidationLimits(
            minimumNotional: .zero, maximumPortion: Ratio(percent: 10))
        func delta(_ size: Int64, _ accountLimit: Int64, step: Int64 = 5) throws -> Int64 {
            try limits.sizeDelta(
                of: Quantity(raw: size), at: Price(raw: 50_000_000_000),
                step: Quantity(raw: step), accountLimit: Money(raw: accountLimit)
            ).raw
        }
        let unlimited = Int64.max
        #expect(try delta(1_000, unlimited) == -100)
        #expect(try delta(-1_000, unlimited) == 100)
        #expect(try delta(1_049, unlimited) == -100)
        #expect(try delta(5, unlimited) == -5)
        #expect(try delta(4, unlimited) == -4)
        // One step even where the block's limit is used up.
        #expect(try delta(1_000, 0) == -5)
        #expect(try delta(1_000, 13 * 500) == -10)
    }

    @Test(
        arguments: [
            // e2e TestLiquidationConfig, TestPlacePerpetualLiquidation_Deleveraging: (id, USDC, BTC, maker's
            // price in raw units, minimum, portion ppm, block limit, expected USDC and BTC); fee 0.5 %
            (
                "dydx4-e2e-04", -49_501_000_000, 100_000_000, 50_000_000_000, 100_000_000, 100_000,
                100_000_000_000_000, -44_526_000_000, 90_000_000
            ),
            (
                "dydx4-e2e-05", 50_499_000_000, -100_000_000, 49_500_000_000, 1_000, 1_000_000,
                5_000_000_000, 45_524_250_000, -90_000_000
            ),
            (
                "dydx4-e2e-09", 50_499_000_000, -100_000_000, 50_000_000_000, 1_000, 1_000_000,
                100_000_000_000_000, 249_000_000, 0
            ),
        ] as [(String, Int64, Int64, Int64, Int64, Int64, Int64, Int64, Int64)])
    func oneMatch(
        id: String, usdc: Int64, size: Int64, maker: Int64, minimum: Int64, portion: Int64,
        blockLimit: Int64, usdcAfter: Int64, sizeAfter: Int64
    ) throws {
        let account = DydxAccount(usdc: usdc, positions: [(.bitcoin(), size)])
        #expect(try account.risk().isLiquidatable)
        let market = DydxMarket.bitcoin()
        let delta = try PositionLiquidationLimits(
            minimumNotional: Money(raw: minimum), maximumPortion: Ratio(raw: portion * 100)
        ).sizeDelta(
            of: Quantity(raw: size), at: market.price, step: Quantity(raw: 5),
            accountLimit: Money(raw: blockLimit))
        let limit = try FillablePrice(
            bankruptcyAdjustment: .one, spreadToMaintenanceMargin: Ratio(percent: 10)
        ).limitPrice(of: try account.reduction(0), delta: delta, tick: Price(raw: 10_000))
        let price = Price(raw: maker)
        #expect(try size > 0 ? price >= #require(limit) : price <= #require(limit))
        let bankruptcy = try #require(try account.bankruptcyQuote(0, delta: delta.raw))
        let fee = try #require(
            try CappedLiquidationFee(maximum: Ratio(raw: 500_000)).insuranceFundDelta(
                delta: delta, at: price, bankruptcyQuote: bankruptcy))
        let quote = -(try delta.value(at: price, rounding: .towardZero))
        #expect(Money(raw: usdc) + quote - fee == Money(raw: usdcAfter), "\(id)")
        #expect(size + delta.raw == sizeAfter, "\(id)")
    }

    @Test func deleveragingAtTheBankruptcyPrice() throws {
        // dydx4-e2e-12: oracle 50,500, the account is at minus one dollar, one bitcoin short.
        let account = DydxAccount(
            usdc: 50_499_000_000, positions: [(.bitcoin(50_500), -100_000_000)])
        #expect(try account.risk().netCollateral == Money(raw: -1_000_000))
        let quote = try #require(try account.bankruptcyQuote(0, delta: 100_000_000))
        #expect(Money(raw: account.usdc) + quote == .zero)
        #expect(Money(raw: 50_000_000_000) - quote == Money(raw: 100_499_000_000))
    }
}
