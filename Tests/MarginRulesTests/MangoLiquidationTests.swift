import ExactMath
import MarginRules
import Testing

/// blockworks-foundation/mango-v4 programs/mango-v4/src/instructions; the tests' own tolerances.
@Suite struct MangoLiquidationTests {
    private let noFees = TokenLiquidation(
        assetFee: TokenLiquidation.Fee(liquidator: .zero, platform: .zero),
        liabilityFee: TokenLiquidation.Fee(liquidator: .zero, platform: .zero))

    @Test(
        arguments: [
            // token_liq_with_token.rs test_liq_with_token_while_perp: (id, weight of asset and debt, overall
            // weight, asset, its perpetual, debt, its perpetual, other, asset and debt after)
            ("mango-liq-token-1", 0.9, 0.9, [0, 0, 0, 0, 0], nil),
            ("mango-liq-token-4", 0.9, 0.9, [0, 0, -1, 0, 0], nil),
            ("mango-liq-token-5", 0.9, 0.9, [99.999, -100, -1, 0, 0], nil),
            ("mango-liq-token-6", 0.9, 0.9, [10, 0, -11, 0, 0], [0, -1]),
            ("mango-liq-token-8", 0.8, 0.8, [10, 0, -9, 0, 0], [3, -2]),
            ("mango-liq-token-10", 0.8, 0.8, [10, 0, -9, 0, -0.4], [2, -1]),
            ("perp assets1", 0.8, 0.5, [5, 6, -9, 0, 0], [0, -4]),
            ("a profit offsets the debt", 0.8, 0.5, [10, 0, -9, 14, -20], [8, -7]),
            ("perp liabs3", 0.8, 0.5, [10, 0, 0, -9, 0], nil),
            ("mango-liq-token-12", 0.8, 0.5, [5, 14, -9, 0, 0], [2, -6]),
            ("mango-liq-token-13", 0.8, 0.5, [0, 14, -9, 0, 0], nil),
            ("mango-liq-token-14", 0.8, 0.5, [10, 0, -4, -5, 0], [6, 0]),
            ("mango-liq-token-15", 0.8, 0.5, [10, 0, -8, -1, 0], [3, -1]),
        ] as [(String, Double, Double, [Double], [Double]?)])
    func tokens(id: String, weight: Double, overall: Double, start: [Double], after: [Double]?)
        throws
    {
        let account = CrossHealth(
            tokens: [
                try mangoBank(1, init: 1 - weight, maint: 0, balance: start[0]),
                try mangoBank(1, init: 1 - weight, maint: 0, balance: start[2]),
                try mangoBank(1, init: 0, maint: 0, balance: start[4]),
            ], spotOrders: [],
            perpetuals: [
                mangoPerpetual(1, size: 0, quote: start[1], overall: overall, settle: 0),
                mangoPerpetual(1, size: 0, quote: start[3], overall: overall, settle: 1),
            ])
        let transfer = try noFees.transfer(
            in: account, asset: 0, liability: 1, maximum: Quantity(whole: 100))
        guard let after else {
            #expect(transfer == nil, "\(id)")
            return
        }
        let moved = try #require(transfer, "\(id)")
        let (asset, debt): (Quantity, Quantity) = (decimal(start[0]), decimal(start[2]))
        #expect(isClose(asset - moved.assetFromAccount, after[0], within: 0.01), "\(id)")
        #expect(isClose(debt + moved.liability, after[1], within: 0.01), "\(id)")
        #expect(moved.assetToLiquidator == moved.assetFromAccount, "\(id)")
    }

    @Test func stablePriceDoesNotMoveTheTarget() throws {
        // mango-liq-token-stable: test_liq_with_token_stable_price.
        func account(_ asset: Quantity, _ debt: Quantity) throws -> CrossHealth {
            CrossHealth(
                tokens: [
                    try TokenHealth(
                        weights: TokenHealth.Weights(
                            initialAsset: .one, maintenanceAsset: .one, initialLiability: .one,
                            maintenanceLiability: .one),
                        price: ConservativePrice(oracle: Price(whole: 1), slow: decimal(0.5)),
                        balance: asset, deposits: Quantity(whole: 1_010), borrows: .zero,
                        depositScaling: MarketScaledWeight(
                            start: Money(whole: 505), step: .exact), borrowScaling: nil),
                    try TokenHealth(
                        weights: TokenHealth.Weights(
                            initialAsset: .one, maintenanceAsset: .one,
                            initialLiability: Ratio(percent: 140),
                            maintenanceLiability: Ratio(percent: 120)),
                        price: ConservativePrice(oracle: Price(whole: 1), slow: decimal(1.25)),
                        balance: debt, deposits: .zero, borrows: Quantity(whole: 9),
                        depositScaling: nil,
                        borrowScaling: MarketScaledWeight(start: decimal(3.75), step: .exact)),
                ], spotOrders: [], perpetuals: [])
        }
        let before = try account(Quantity(whole: 10), Quantity(whole: -9))
        #expect(isClose(try before.health(.initial), -44.75, within: 0.01))
        #expect(isClose(try before.health(.liquidationEnd), -2.6, within: 0.01))
        #expect(isClose(try before.health(.maintenance), -0.8, within: 0.01))
        let moved = try #require(
            try noFees.transfer(
                in: before, asset: 0, liability: 1, maximum: Quantity(whole: 100)))
        let asset = Quantity(whole: 10) - moved.assetFromAccount
        let debt = Quantity(whole: -9) + moved.liability
        #expect(isClose(asset, 3.5, within: 0.01) && isClose(debt, -2.5, within: 0.01))
        #expect(isClose(try account(asset, debt).health(.liquidationEnd), 0, within: 0.01))
    }

    @Test func fees() throws {
        let rule = TokenLiquidation(
            assetFee: TokenLiquidation.Fee(
                liquidator: Ratio(percent: 2), platform: Ratio(percent: 1)),
            liabilityFee: TokenLiquidation.Fee(
                liquidator: Ratio(percent: 5), platform: Ratio(percent: 3)))
        #expect(rule.liquidatorFactor == Fixed18(decimal: "1.071"))
        #expect(rule.totalFactor == Fixed18(decimal: "1.1124"))
        let account = CrossHealth(
            tokens: [
                try mangoBank(2, init: 0.2, maint: 0.1, balance: 60),
                try mangoBank(4, init: 0.2, maint: 0.1, balance: -22),
            ], spotOrders: [], perpetuals: [])
        // Health 96 − 105.6 = −9.6; a unit repaid gains 4.8 − 4 · 1.1124 · 0.8 = 1.24032.
        let moved = try #require(
            try rule.transfer(in: account, asset: 0, liability: 1, maximum: Quantity(whole: 100)))
        let repaid = 9.6 / 1.24032
        #expect(isClose(moved.liability, repaid, within: 1e-7))
        #expect(isClose(moved.assetFromAccount, repaid * 2 * 1.1124, within: 1e-7))
        #expect(isClose(moved.assetToLiquidator, repaid * 2 * 1.071, within: 1e-7))
        // The liquidator's and the asset's limits.
        let limited = try rule.transfer(
            in: account, asset: 0, liability: 1, maximum: Quantity(whole: 3))
        #expect(limited?.liability == Quantity(whole: 3))
        var poor = account
        poor.tokens[0].balance = Quantity(whole: 2)
        let all = try #require(
            try rule.transfer(in: poor, asset: 0, liability: 1, maximum: Quantity(whole: 100)))
        #expect(isClose(all.assetFromAccount, 2, within: 1e-7))
        // Fees that eat the gain: nothing is needed, so nothing is exchanged.
        let greedy = TokenLiquidation(
            assetFee: TokenLiquidation.Fee(liquidator: Ratio(percent: 50), platform: .zero),
            liabilityFee: TokenLiquidation.Fee(liquidator: .zero, platform: .zero))
        let none = try greedy.transfer(
            in: account, asset: 0, liability: 1, maximum: Quantity(whole: 100))
        #expect(none?.liability == .zero && none?.assetFromAccount == .zero)
    }

    @Test(
        arguments: [
            // perp_liq_base_or_positive_pnl.rs test_liq_base_or_positive_pnl: (id, overall weight, profit fee,
            // [spot, base, quote, other], most base, most profit, [spot, base, quote] after); base weights 0.5
            // and 1.5
            ("mango-liq-perp-3", 0.5, 0, [5, -10, 0, 0], 20, 100, [5, 0, -10]),
            ("mango-liq-perp-6", 0.5, 0, [0, 20, -30, 0], 100, 100, [0, 0, -10]),
            ("mango-liq-perp-11", 0.5, 0, [-23, 20, 10, 0], 100, 21, [-2, 10, -1]),
            ("mango-liq-perp-14", 0.5, 0, [-20, 20, 10, 0], 10, 5, [-15, 10, 15]),
            ("mango-liq-perp-15", 0.5, 0, [-20, 20, 10, 0], 100, 0, [-20, 0, 30]),
            ("mango-liq-perp-16", 0, 0, [-20, 20, 10, 0], 10, 0, [-20, 20, 10]),
            ("mango-liq-perp-17", 0, 0, [-20, 20, 10, 0], 10, 5, [-15, 20, 5]),
            ("mango-liq-perp-18", 0, 0, [-30, 20, 10, 0], 5, 30, [-7.5, 15, -7.5]),
            ("mango-liq-perp-20", 0, 0, [2, 60, -35, -2], 200, 200, [2, 50, -25]),
            ("mango-liq-perp-21", 0, 0, [-7, 60, -20, -3], 200, 200, [3, 60, -30]),
            ("mango-liq-perp-22", 0, 0, [-7, 60, -30, -3], 200, 200, [3, 40, -20]),
            ("mango-liq-perp-23", 0.5, 0, [-7, 60, -20, -3], 200, 0, [-7, 40, 0]),
            ("neg base liq 1", 0.5, 0, [5, -10, 0, 0], 1, 100, [5, -9, -1]),
            ("neg base liq 3", 0.5, 0, [5, -4, 0, 0], 20, 100, [5, -2, -2]),
            (
                "neg base, a part of a lot is a lot", 0.5, 0, [4.75, -4, 0, 0], 20, 100,
                [4.75, -1, -3]
            ),
            ("pos base liq 1", 0.5, 0, [5, 20, -20, 0], 1, 100, [5, 19, -19]),
            ("pos base liq 3", 0.5, 0, [5, 20, -20, 0], 100, 100, [5, 10, -10]),
            ("1: until health positive", 0.8, 0, [-20, 20, 5, 0], 100, 100, [0, 10, -5]),
            ("2-1: settle", 0.5, 0, [-19, 20, 10, 0], 100, 100, [-1, 20, -8]),
            ("2-2: base and settle", 0.5, 0, [-25, 20, 10, 0], 100, 100, [0, 10, -5]),
            ("2-4: base limit", 0.5, 0, [-25, 20, 10, 0], 2, 100, [-4, 18, -9]),
            ("2-5: both limits", 0.5, 0, [-25, 20, 10, 0], 4, 21, [-4, 16, -7]),
            ("9: until health positive", 0, 0, [-25, 20, 10, 0], 200, 200, [0, 10, -5]),
            ("all phases 1", 0.5, 0, [-7, 70, -40, -100], 200, 10, [3, 0, 20]),
            ("all phases 2", 0.5, 0, [-7, 70, -30, -100], 60, 15, [8, 10, 15]),
            ("settle fee 1", 0.5, 0.25, [-7, 70, -30, -100], 60, 20, [8, 10, 10]),
            ("settle fee 2", 0.5, 0.25, [-7, 70, -30, -12], 60, 20, [8, 24, -4]),
            ("settle fee 3", 0.5, 0.25, [-7, 70, -30, -6], 60, 20, [5.75, 45, -22]),
            ("nothing", 0.5, 0, [0, 0, 0, 0], 0, 100, [0, 0, 0]),
            ("mango-liq-perp-29", 0.5, 0.25, [-7, 70, -30, 4], 60, 20, [-5.5, 70, -32]),
        ] as [(String, Double, Double, [Double], Double, Double, [Double])])
    func perpetuals(
        id: String, overall: Double, fee: Double, start: [Double], maximumBase: Double,
        maximumProfit: Double, after: [Double]
    ) throws {
        let account = CrossHealth(
            tokens: [
                try mangoBank(1, init: 0, maint: 0, balance: start[0]),
                try mangoBank(1, init: 0, maint: 0, balance: start[3]),
            ], spotOrders: [],
            perpetuals: [
                mangoPerpetual(1, size: start[1], quote: start[2], base: 0.5, overall: overall)
            ])
        let rule = PerpetualHealthLiquidation(
            baseFee: .zero, platformFee: .zero, profitFee: decimal(fee), lot: Quantity(whole: 1),
            healthTarget: decimal(-0.5))
        let moved = try #require(
            try rule.transfer(
                in: account, perpetual: 0, maximumBase: decimal(maximumBase),
                maximumProfit: decimal(maximumProfit)), "\(id)")
        #expect(
            isClose(account.tokens[0].balance + moved.profitPayment, after[0], within: 0.01),
            "\(id)")
        #expect(account.perpetuals[0].size + moved.base == decimal(after[1]), "\(id)")
        let quote = account.perpetuals[0].quote + moved.quote - moved.settledProfit
        #expect(isClose(quote, after[2], within: 0.01), "\(id)")
        #expect(moved.liquidatorQuote == moved.quote, "\(id)")
    }

    @Test func baseFees() throws {
        let rule = PerpetualHealthLiquidation(
            baseFee: Ratio(percent: 3), platformFee: Ratio(percent: 1), profitFee: .zero,
            lot: Quantity(whole: 1), healthTarget: .zero)
        func run(_ size: Double, _ quote: Double) throws -> PerpetualHealthLiquidation.Transfer? {
            try rule.transfer(
                in: CrossHealth(
                    tokens: [try mangoBank(1, init: 0, maint: 0, balance: 0)], spotOrders: [],
                    perpetuals: [mangoPerpetual(10, size: size, quote: quote, base: 0.2)]),
                perpetual: 0, maximumBase: Quantity(whole: 2), maximumProfit: .zero)
        }
        let long = try #require(try run(10, -100))
        #expect(long.base == Quantity(whole: -2) && long.quote == decimal(19.2))
        #expect(long.liquidatorQuote == decimal(19.4))
        let short = try #require(try run(-10, 100))
        #expect(short.base == Quantity(whole: 2) && short.quote == decimal(-20.8))
        #expect(short.liquidatorQuote == decimal(-20.6))
        let greedy = PerpetualHealthLiquidation(
            baseFee: Ratio(percent: 20), platformFee: .zero, profitFee: .zero,
            lot: Quantity(whole: 1), healthTarget: .zero)
        #expect(
            try greedy.transfer(
                in: CrossHealth(
                    tokens: [try mangoBank(1, init: 0, maint: 0, balance: 0)], spotOrders: [],
                    perpetuals: [mangoPerpetual(10, size: 10, quote: -100, base: 0.2)]),
                perpetual: 0, maximumBase: Quantity(whole: 2), maximumProfit: .zero) == nil)
    }

    @Test(
        arguments: [
            // perp_liq_negative_pnl_or_bankruptcy.rs test_liq_negative_pnl_or_bankruptcy: (id, insurance price,
            // [token, quote, other, fund, settle limit, most], [token, quote] after, [liquidator's token, quote,
            // insurance], socialised per lot); settle token weight 0.9, price 2, one lot open
            ("mango-bankruptcy-2", 3, [40, -50, -36, 6, 100, 10], [30, -40], [10, -10, 0], 0),
            ("mango-bankruptcy-3", 3, [40, -50, -36, 100, 100, 29], [20, -21], [20, -29, 6], 0),
            ("settle 3", 3, [40, -50, -36, 100, 10, 19], [30, -31], [10, -19, 6], 0),
            ("settle 4", 3, [5, -20, 30, 0, 100, 100], [-13.63, 0], [18.63, -18.63, 0], 1.36),
            ("no insurance 3", 1, [4, -5, -3.6, 0, 0, 100], [4, -2], [0, 0, 0], 3),
            ("with insurance 3", 3, [40, -50, -36, 1_000, 0, 100], [40, -20], [0, -30, 20], 0),
            ("mango-bankruptcy-6", 1, [0, -5, 2.2, 0, 0, 0], [0, -1], [0, 0, 0], 4),
            ("mango-bankruptcy-7", 1, [4, -5, -3.6, 0, 0, 0], [4, -2], [0, 0, 0], 3),
            ("mango-bankruptcy-9", 3, [40, -50, -36, 6, 0, 100], [40, -20], [0, -9, 6], 21),
            ("mango-bankruptcy-10", 3, [40, -50, -36, 6, 0, 3], [40, -47], [0, -3, 2], 0),
            ("mango-bankruptcy-12", 3, [40, -50, -36, 6, 100, 40], [20, 0], [20, -29, 6], 21),
            (
                "mango-bankruptcy-13", 3, [10, -50, 9, 6, 100, 40], [-4.1, 0], [14.1, -23.1, 6],
                26.9
            ),
        ] as [(String, Double, [Double], [Double], [Double], Double)])
    func bankruptcies(
        id: String, insurancePrice: Double, start: [Double], after: [Double], liquidator: [Double],
        perLot: Double
    ) throws {
        let account = CrossHealth(
            tokens: [
                try mangoBank(2, init: 0.1, maint: 0.1, balance: start[0]),
                try mangoBank(1, init: 0, maint: 0, balance: start[2]),
            ], spotOrders: [],
            perpetuals: [mangoPerpetual(1, size: 0, quote: start[1], overall: 0)])
        let outcome = try #require(
            try PerpetualHealthBankruptcy(fee: .zero, insuranceStep: Quantity(whole: 1)).outcome(
                in: account, perpetual: 0, settleLimit: decimal(start[4]),
                maximum: decimal(start[5]), insurancePrice: decimal(insurancePrice),
                insuranceFund: decimal(start[3])), "\(id)")
        let left =
            account.perpetuals[0].quote + outcome.settled + outcome.insuredLoss
            + outcome.socialised
        #expect(
            isClose(account.tokens[0].balance - outcome.settled, after[0], within: 0.01), "\(id)")
        #expect(isClose(left, after[1], within: 0.1), "\(id)")
        #expect(isClose(outcome.settled, liquidator[0], within: 0.01), "\(id)")
        #expect(
            isClose(-(outcome.settled + outcome.insuredLoss), liquidator[1], within: 0.1), "\(id)")
        #expect(isClose(outcome.insurancePayment, liquidator[2], within: 0.01), "\(id)")
        let index = try LossSocialisation.fundingIncrease(
            loss: outcome.socialised, openInterest: Quantity(whole: 1))
        #expect(isClose(try index.rounded(to: Price.self, .down), perLot, within: 0.1), "\(id)")
    }

    @Test func bankruptcyEdges() throws {
        let rule = PerpetualHealthBankruptcy(
            fee: Ratio(percent: 10), insuranceStep: Quantity(raw: 1))
        func run(_ quote: Double, fund: Double) throws -> PerpetualHealthBankruptcy.Outcome? {
            try rule.outcome(
                in: CrossHealth(
                    tokens: [try mangoBank(2, init: 0.1, maint: 0.1, balance: 0)], spotOrders: [],
                    perpetuals: [mangoPerpetual(1, size: 0, quote: quote)]),
                perpetual: 0, settleLimit: .zero, maximum: Quantity(whole: 100),
                insurancePrice: Price(whole: 1), insuranceFund: decimal(fund))
        }
        #expect(try run(0, fund: 10) == nil && run(5, fund: 10) == nil)
        // 10 lost at 2 USD with a premium of 10 % cost 22.
        let paid = try #require(try run(-10, fund: 50))
        #expect(paid.insurancePayment == Quantity(whole: 22))
        #expect(paid.insuredLoss == Quantity(whole: 10) && paid.socialised == .zero)
        let short = try #require(try run(-10, fund: 11))
        #expect(short.insurancePayment == Quantity(whole: 11))
        #expect(short.insuredLoss == Quantity(whole: 5) && short.socialised == Quantity(whole: 5))
        #expect(
            try LossSocialisation.fundingIncrease(loss: Quantity(whole: 1), openInterest: .zero)
                == .zero)
    }
}
