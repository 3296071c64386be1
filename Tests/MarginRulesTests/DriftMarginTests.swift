import ExactMath
import MarginRules
import Testing

// Drift counts USDC and prices in millionths and contracts in billionths. Where rounding matters, one
// native unit of USDC and of price is one raw unit here, and ten native units of size are one raw unit of
// Quantity, which is the true size: then size · price is the protocol's value, and √size is the true one.
// Rules that take the root of a sum of money are tested at the true scale.

extension Ratio {
    /// A number of basis points, as Drift keeps weights.
    static func bp(_ value: Int64) -> Ratio { Ratio(basisPoints: value) }
    /// A number of parts per million, as Drift keeps fees and factors.
    static func ppm(_ value: Int64) -> Ratio { Ratio(raw: value * 100) }
}

/// drift-labs/protocol-v2 programs/drift/src/math/margin/tests.rs, and controller/liquidation/tests.rs for
/// the whale.
@Suite struct DriftMarginTests {
    @Test(
        arguments: [
            // spot_market_asset_weight: (id, asset, weight, factor ppm, size in billionths, expected)
            ("drift-spot-weight-1", true, 9_000, 0, 1_000_000_000_000, 9_000),
            ("drift-spot-weight-2", false, 11_000, 0, 1_000_000_000_000, 11_000),
            ("drift-spot-weight-5", true, 9_000, 10, 1_000_000_000_000_000_000, 8_357),
            ("drift-spot-weight-8", true, 9_000, 100_000, 1_000_000_000_000, 2_642),
            ("drift-spot-weight-9", false, 11_000, 100_000, 1_000_000_000_000, 40_422),
            ("drift-spot-weight-10", false, 0, 100_000, 1_000_000_000_000, 31_622),
            ("drift-spot-weight-14", true, 1_500, 100_000, 100_000_000_000_000, 337),
            ("drift-spot-weight-15", true, 4_500, 100_000, 100_000_000_000_000, 337),
            ("drift-spot-weight-16", true, 7_500, 100_000, 100_000_000_000_000, 337),
            ("nothing held", true, 9_000, 100_000, 0, 9_000),
            ("bounded below", false, 11_000, 1, 10, 11_000),
        ] as [(String, Bool, Int64, Int64, Int64, Int64)])
    func spotWeights(
        id: String, isAsset: Bool, weight: Int64, factor: Int64, size: Int64, expected: Int64
    ) throws {
        let premium = SizePremium(factor: .ppm(factor))
        let size = Quantity(raw: size / 10)
        let found =
            isAsset
            ? try premium.assetWeight(.bp(weight), size: size)
            : try premium.liabilityWeight(.bp(weight), size: size)
        #expect(found == .bp(expected), "\(id)")
    }

    /// The protocol's integer formulas in its own units.
    @Test func premiumAgainstIntegerFormulas() throws {
        var state: UInt64 = 0x5EED_0004
        for _ in 0..<20_000 {
            let weight = Int64(next(&state) % 20_000)
            let factor = Int64(next(&state) % 200_000 + 1)
            let size = Int64(next(&state) % 1_000_000_000_000) >> Int64(next(&state) % 40)
            let premium = SizePremium(factor: .ppm(factor))
            let root = Int128(integerSquareRoot(UInt128(size) * 100 + 1))
            let liability = Int128(weight - weight / 5) + root * Int128(factor) / 10_000_000
            let asset =
                Int128(1_100_000) * 10_000 / (1_000_000 + root * Int128(factor) / 100_000)
            #expect(
                try premium.unboundedLiabilityWeight(.bp(weight), size: Quantity(raw: size))
                    == .bp(Int64(liability)))
            #expect(
                try premium.liabilityWeight(.bp(weight), size: Quantity(raw: size))
                    == .bp(max(weight, Int64(liability))))
            #expect(
                try premium.assetWeight(.bp(weight), size: Quantity(raw: size))
                    == .bp(min(weight, Int64(asset))))
        }
    }

    @Test func highLeverageRatios() throws {
        // calc_high_leverage_mode_initial_margin_ratio_from_size, by hand: 1000 bp ordinary, 300 bp granted.
        func ratio(_ adjusted: Int64) throws -> Ratio {
            try HighLeverageRatio.ratio(
                ordinary: .bp(1_000), sizeAdjusted: .bp(adjusted), highLeverage: .bp(300))
        }
        #expect(try ratio(800) == .bp(300))
        #expect(try ratio(900) == .bp(650))
        #expect(try ratio(950) == .bp(825))
        #expect(try ratio(1_000) == .bp(300))
        #expect(try ratio(1_200) == .bp(1_200))
    }

    @Test func weightScaledByDeposits() throws {
        // drift-scaled-iaw-2: spot_market_scale_initial_asset_weight, 20,000 deposited at 25 USD, from
        // 500,000 USD on.
        let rule = MarketScaledWeight(start: Money(whole: 500_000), step: .basisPoint)
        func weight(_ tokens: Int64) throws -> Ratio {
            try rule.assetWeight(.bp(9_000), deposits: Money(whole: tokens * 25))
        }
        #expect(try weight(20_000) == .bp(9_000))
        #expect(try weight(20_001) == .bp(8_999))
        #expect(try weight(40_000) == .bp(4_500))
        #expect(try weight(0) == .bp(9_000))
        #expect(
            try rule.liabilityWeight(.bp(11_000), borrows: Money(whole: 1_000_000)) == .bp(22_000))
        let none = MarketScaledWeight(start: .zero, step: .exact)
        #expect(try none.assetWeight(.one, deposits: Money(raw: 1)) == .zero)
        #expect(throws: ArithmeticOverflow.self) {
            try none.liabilityWeight(.one, borrows: Money(raw: 1))
        }
    }

    private func perpetual(
        _ initial: Int64, _ maintenance: Int64, factor: Int64 = 0, payoff: ContractPayoff = .linear
    ) -> SizedPerpetualMargin {
        SizedPerpetualMargin(
            initialRatio: .bp(initial), maintenanceRatio: .bp(maintenance),
            premium: SizePremium(factor: .ppm(factor)),
            openOrderRequirement: Money(raw: 10_000), payoff: payoff)
    }

    private let dollar = ConservativePrice(oracle: Price(whole: 1), slow: nil)

    private func profits(_ initial: Int64, factor: Int64) -> UnrealisedProfitWeight {
        UnrealisedProfitWeight(
            initial: .bp(initial), maintenance: .one, premium: SizePremium(factor: .ppm(factor)),
            imbalanceCap: nil, initialCap: Money(whole: 100))
    }

    @Test func aShortInProfit() throws {
        // drift-perp-initial-1, drift-perp-raw-pnl: calculate_user_equity_value_tests. The size has nine
        // decimals, so here it is ten times too large and the price ten times too small; at neither size
        // does √size reach the ratio's fifth.
        let size = Quantity(raw: -6_147_540_983)
        let rule = perpetual(1_000, 500, factor: 1_000)
        for true_ in [size, Quantity(raw: size.raw / 10)] {
            #expect(
                try rule.ratio(size: true_.magnitude, for: .initial, custom: nil) == .bp(1_000))
        }
        let required = try rule.requirement(
            position: size, bids: .zero, asks: .zero, openOrders: 0,
            price: Price(raw: 2_205_000_000), quote: dollar, for: .initial, custom: nil)
        #expect(required.margin == Money(raw: 13_555_327_867))
        let quote = Money(raw: 153_688_524_588)
        let lower = try SizedPerpetualMargin.profit(
            position: size, quoteAmount: quote, price: Price(raw: 2_105_000_000))
        #expect(lower == Money(raw: 24_282_786_896))
        let profit = try SizedPerpetualMargin.profit(
            position: size, quoteAmount: quote, price: Price(raw: 2_205_000_000))
        let counted = try profits(10_000, factor: 1_000).collateral(
            of: Money(raw: profit.raw * 100), marketProfit: .zero, quote: dollar, for: .initial)
        #expect(counted == Money(whole: 100))
    }

    @Test(
        arguments: [
            // calculate_user_equity_value_tests: (id, profit in millionths, expected)
            ("drift-upnl-weight-5", 24_282_786_896_000, 1_855),
            ("drift-upnl-weight-7", 19_426_229_516_800_000, 78),
            ("small", 1_000_000, 10_000),
        ] as [(String, Int64, Int64)])
    func profitWeight(id: String, profit: Int64, expected: Int64) throws {
        let weight = try profits(10_000, factor: 1_000).weight(
            of: Money(raw: profit * 100), marketProfit: .zero, for: .initial)
        #expect(weight == .bp(expected), "\(id)")
    }

    @Test func profitBranches() throws {
        let rule = UnrealisedProfitWeight(
            initial: .bp(8_000), maintenance: .bp(9_500), premium: SizePremium(factor: .zero),
            imbalanceCap: Money(whole: 1_000), initialCap: Money(whole: 100))
        let profit = Money(whole: 50)
        func weight(_ kind: RequirementKind, market: Int64) throws -> Ratio {
            try rule.weight(of: profit, marketProfit: Money(whole: market), for: kind)
        }
        #expect(try weight(.initial, market: 1_000) == .bp(8_000))
        #expect(try weight(.fill, market: 3_000) == .bp(2_666))
        #expect(try weight(.maintenance, market: 3_000) == .bp(9_500))
        #expect(try rule.weight(of: -profit, marketProfit: .zero, for: .initial) == .one)
        let untrusted = UnrealisedProfitWeight(
            initial: .zero, maintenance: .one, premium: SizePremium(factor: .ppm(1_000)),
            imbalanceCap: nil, initialCap: nil)
        #expect(try untrusted.weight(of: profit, marketProfit: .zero, for: .initial) == .zero)
        // A profit is worth the lower, a loss the higher price of the quote asset.
        let quote = ConservativePrice(oracle: Price(whole: 1), slow: Price(raw: 98_000_000))
        func collateral(_ profit: Int64, _ kind: RequirementKind) throws -> Money {
            try rule.collateral(
                of: Money(whole: profit), marketProfit: .zero, quote: quote, for: kind)
        }
        #expect(try collateral(50, .initial) == Money(raw: 3_920_000_000))
        #expect(try collateral(-50, .initial) == Money(whole: -50))
        #expect(try collateral(1_000, .initial) == Money(whole: 100))
        #expect(try collateral(1_000, .fill) == Money(whole: 784))
        #expect(try collateral(1_000, .maintenance) == Money(whole: 931))
    }

    private func sol(factor: Int64 = 0) -> SpotWeights {
        SpotWeights(
            initialAsset: .bp(8_000), maintenanceAsset: .bp(9_000), initialLiability: .bp(12_000),
            maintenanceLiability: .bp(11_000), premium: SizePremium(factor: .ppm(factor)),
            scaling: nil)
    }

    private let hundred = ConservativePrice(oracle: Price(whole: 100), slow: nil)

    private func spot(
        _ balance: Int64, _ kind: RequirementKind, custom: Ratio?, bids: Int64 = 0, asks: Int64 = 0
    )
        throws -> SpotOrderExposure
    {
        try SpotOrderExposure(
            balance: Quantity(whole: balance), bids: Quantity(whole: bids),
            asks: Quantity(whole: asks), price: hundred, weights: sol(), deposits: .zero, for: kind,
            customRatio: custom)
    }

    @Test(
        arguments: [
            // user_custom_margin_ratio, margin_ratio_override: 100 SOL borrowed and 100 contracts, at 100 USD:
            // (id, kind, ratio bp, requirement in USD)
            ("drift-acct-custom-ratio-2", RequirementKind.initial, 10_000, 30_000),
            ("drift-acct-override-3", .initial, 5_000, 20_000),
            ("drift-acct-custom-ratio-maint", .maintenance, nil, 11_500),
            ("no custom ratio", .initial, nil, 13_000),
            ("a ratio of zero", .maintenance, 0, 11_500),
        ] as [(String, RequirementKind, Int64?, Int64)])
    func customRatio(id: String, kind: RequirementKind, custom: Int64?, expected: Int64) throws {
        let custom = custom.map { Ratio.bp($0) }
        let borrow = try spot(-100, kind, custom: custom)
        let contracts = try perpetual(1_000, 500).requirement(
            position: Quantity(whole: 100), bids: .zero, asks: .zero, openOrders: 0,
            price: Price(whole: 100), quote: dollar, for: kind, custom: custom)
        #expect(contracts.margin - borrow.weightedValue == Money(whole: expected), "\(id)")
    }

    @Test func customRatioOfAnAsset() throws {
        // drift-acct-custom-ratio-asset: user_custom_margin_ratio, asset side.
        #expect(try spot(100, .initial, custom: .bp(5_000)).weightedValue == Money(whole: 5_000))
        #expect(try spot(100, .initial, custom: .bp(1_000)).weightedValue == Money(whole: 8_000))
        #expect(try spot(100, .initial, custom: .bp(20_000)).weightedValue == .zero)
        // An override in maintenance weighs with the initial weights.
        #expect(
            try spot(100, .maintenance, custom: .bp(1_000)).weightedValue == Money(whole: 8_000))
        #expect(try spot(100, .fill, custom: nil).weightedValue == Money(whole: 8_500))
    }

    @Test func spotOrdersInTheWorseCase() throws {
        // All bids: 200 SOL worth 20,000 · 0.8 − 10,000 = 6,000; all asks: nothing left and 10,000 more,
        // so the bids are worse; with asks of 250, a debt of 150 and 25,000.
        let bids = try spot(100, .initial, custom: nil, bids: 100, asks: 100)
        #expect(bids.amount == Quantity(whole: 200) && bids.ordersValue == Money(whole: -10_000))
        #expect(bids.weightedValue == Money(whole: 16_000))
        let asks = try spot(100, .initial, custom: nil, bids: 0, asks: 250)
        #expect(asks.amount == Quantity(whole: -150) && asks.ordersValue == Money(whole: 25_000))
        #expect(asks.weightedValue == Money(whole: -18_000))
        let none = try spot(0, .initial, custom: .bp(5_000))
        #expect(none.weightedValue == .zero && none.value == .zero)
    }

    @Test(
        arguments: [
            // usdc_less_than_1_with_deposit, usdc_more_than_1_with_borrow: (id, tokens, oracle, average, value)
            ("drift-strict-usdc-2", 1_000_000, 990_000, 950_000, 950_000),
            ("drift-strict-usdc-3", 1_000_000, 990_000, 1_010_000, 990_000),
            ("drift-strict-usdc-4", -1_000_000, 1_010_000, 1_010_000, -1_010_000),
            ("debt at the higher price", -1_000_000, 990_000, 1_010_000, -1_010_000),
            ("asset truncated", 1, 1_500_000, 1_700_000, 1),
            ("debt rounded away from zero", -1, 1_200_000, 1_100_000, -2),
        ] as [(String, Int64, Int64, Int64, Int64)])
    func strictPrices(
        id: String, tokens: Int64, oracle: Int64, average: Int64, expected: Int64
    ) throws {
        let price = ConservativePrice(
            oracle: Price(raw: oracle * 100), slow: Price(raw: average * 100))
        #expect(try price.value(of: Quantity(raw: tokens)) == Money(raw: expected), "\(id)")
    }

    @Test func bufferOnNegativeProfit() throws {
        // drift-neg-pnl-buffer: negative_perp_pnl_liquidation_buffer.
        var margin = BufferedMargin(buffer: .bp(100))
        try margin.addCollateral(Money(raw: 100_000_000))
        try margin.addCollateral(Money(raw: -100_000_000))
        #expect(margin.collateral == .zero && margin.collateralPlusBuffer == Money(raw: -1_000_000))
        #expect(margin.meetsRequirement && !margin.endsLiquidation)
        #expect(try margin.shortage() == Money(raw: 1_000_000))
    }

    @Test func isolatedAndCross() throws {
        // drift-isolated-2: isolated_position_margin_requirement, buffer 10 %.
        var cross = BufferedMargin(buffer: .bp(1_000))
        try cross.addCollateral(Money(raw: 20_000_000_000))
        let borrow = try spot(-100, .initial, custom: nil)
        try cross.addRequirement(
            Money(raw: -borrow.weightedValue.raw / 100),
            liability: Money(raw: -borrow.value.raw / 100))
        #expect(cross.requirementPlusBuffer == Money(raw: 13_000_000_000))
        #expect(cross.collateralPlusBuffer == Money(raw: 20_000_000_000))
        #expect(cross.endsLiquidation)
        #expect(try cross.shortage() == .zero)

        let position = Quantity(raw: 10_000_000_000)
        let price = Price(raw: 100_000_000)
        var isolated = BufferedMargin(buffer: .bp(1_000))
        try isolated.addCollateral(Money(raw: 100_000_000))
        try isolated.addCollateral(
            SizedPerpetualMargin.profit(
                position: position, quoteAmount: Money(raw: -11_000_000_000), price: price))
        let required = try perpetual(1_000, 500).requirement(
            position: position, bids: .zero, asks: .zero, openOrders: 0, price: price,
            quote: dollar,
            for: .initial, custom: nil)
        try isolated.addRequirement(required.margin, liability: required.liability)
        #expect(isolated.requirement == Money(raw: 1_000_000_000))
        #expect(isolated.requirementPlusBuffer == Money(raw: 2_000_000_000))
        #expect(isolated.collateral == Money(raw: -900_000_000))
        #expect(isolated.collateralPlusBuffer == Money(raw: -1_000_000_000))
        #expect(!isolated.meetsRequirement)
        #expect(
            try isolated.shortage(Money(raw: 300), ofMarket: Money(raw: 333_333_333))
                == Money(raw: 99))
        #expect(
            try BufferedMargin(buffer: .zero).shortage(Money(raw: 300), ofMarket: .zero) == .zero)
    }

    @Test(
        arguments: [
            // successful_liquidation_long_perp_whale_imf_factor: (id, factor ppm, requirement in millionths)
            ("drift-whale-imf-1", 1_000, 140_014_010_000),
            ("drift-whale-imf-2", 10_000, 1_040_104_010_000),
        ] as [(String, Int64, Int64)])
    func whale(id: String, factor: Int64, expected: Int64) throws {
        let required = try perpetual(1_000, 500, factor: factor).requirement(
            position: Quantity(raw: 1_000_000_000_000), bids: Quantity(raw: 100_000_000),
            asks: .zero,
            openOrders: 1, price: Price(raw: 100_000_000), quote: dollar, for: .maintenance,
            custom: nil)
        #expect(required.margin == Money(raw: expected), "\(id)")
    }

    @Test(
        arguments: [
            // calculate_perp_position_value_and_pnl_prediction_market: (id, size, quote, price, margin)
            ("drift-prediction-1", -100_000_000, 750_000, 250_000, 750_000),
            ("drift-prediction-3", 100_000_000, -250_000, 750_000, 750_000),
            ("short above the bound", -100_000_000, 0, 1_200_000, 0),
        ] as [(String, Int64, Int64, Int64, Int64)])
    func predictionMarket(
        id: String, size: Int64, quote: Int64, price: Int64, expected: Int64
    ) throws {
        let payoff = ContractPayoff.bounded(maximum: Price(raw: 1_000_000))
        let rule = perpetual(10_000, 10_000, payoff: payoff)
        let (position, price) = (Quantity(raw: size), Price(raw: price))
        let required = try rule.requirement(
            position: position, bids: .zero, asks: .zero, openOrders: 0, price: price,
            quote: dollar,
            for: .initial, custom: nil)
        #expect(required.margin == Money(raw: expected), "\(id)")
        let profit = try SizedPerpetualMargin.profit(
            position: position, quoteAmount: Money(raw: quote), price: price)
        let counted = try profits(0, factor: 0).collateral(
            of: max(profit, .zero), marketProfit: .zero, quote: dollar, for: .initial)
        #expect(counted == .zero, "\(id)")
    }

    @Test func openOrdersInTheWorseCase() throws {
        func exposure(_ position: Int64, _ bids: Int64, _ asks: Int64) throws -> OpenOrderExposure {
            try OpenOrderExposure(
                position: Quantity(whole: position), bids: Quantity(whole: bids),
                asks: Quantity(whole: asks), price: Price(whole: 2), payoff: .linear)
        }
        #expect(try exposure(5, 3, 1).size == Quantity(whole: 8))
        #expect(try exposure(5, 3, 14).size == Quantity(whole: -9))
        #expect(try exposure(0, 3, 3).size == Quantity(whole: -3))
        #expect(try exposure(0, 3, 3).liability == Money(whole: 6))
    }
}
