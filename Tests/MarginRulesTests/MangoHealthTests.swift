import ExactMath
import MarginRules
import Testing

/// blockworks-foundation/mango-v4 programs/mango-v4/src/health/cache.rs and client.rs; the tests' own
/// tolerance of 0.001.
@Suite struct MangoHealthTests {
    struct Case: Sendable {
        var id: String
        var tokens: [Double]
        /// Reserved quote and base of the markets token 2 / token 1 and token 3 / token 1.
        var orders: [[Double]] = [[0, 0], [0, 0]]
        /// Base lots of ten, quote, and lots of bids and asks.
        var perpetual: [Double] = [0, 0, 0, 0]
        /// Per bank: deposits with potential ones, where their scaling starts, borrows, where theirs does.
        var banks: [[Double?]] = []
        var lowestAsk: Double?
        var highestBid: Double?
        var expected: Double
    }

    @Test(arguments: [
        Case(
            id: "mango-health1-0", tokens: [100, -10, 0], orders: [[20, 15], [0, 0]],
            perpetual: [3, -131, 7, 11], expected: 16.2),
        Case(
            id: "mango-health1-2", tokens: [0, 0, 0], perpetual: [-1, 100, 0, 0], expected: 30.4),
        Case(id: "mango-health1-4", tokens: [0, 0, 0], perpetual: [10, 100, 0, 0], expected: 380),
        Case(
            id: "mango-health1-6", tokens: [-100, -10, -10], orders: [[1, 1], [1, 1]],
            expected: -324.6),
        Case(
            id: "mango-health1-7", tokens: [-14, -10, -10], orders: [[1, 1], [1, 1]],
            expected: -223.8),
        Case(
            id: "mango-health1-11", tokens: [-100, -100, -100],
            banks: [[0, nil, 100, 1_000], [0, nil, 1_500, 5_000], [0, nil, 10_000, 10_000]],
            expected: -16_245),
        Case(
            id: "mango-health1-12", tokens: [-100, 0, 0], perpetual: [1, 100, 0, 0], expected: 26.4),
        Case(
            id: "mango-health1-14", tokens: [-100, -10, 0], orders: [[1, 1], [11, 1]],
            lowestAsk: 3, highestBid: 12, expected: -180.61666666666665),
        Case(
            id: "mango-health1-17", tokens: [100, 100, 100], orders: [[0, 100], [0, 100]],
            banks: [[0, nil, 0, nil], [200, 500, 0, nil], [700, 5_000, 0, nil]],
            expected: 1_044.2857142857142),
    ])
    func initialHealth(testCase: Case) throws {
        let worlds: [(Double, Double, Double)] = [(1, 0.2, 0.1), (5, 0.5, 0.3), (10, 0.5, 0.3)]
        var tokens: [TokenHealth] = []
        for (index, world) in worlds.enumerated() {
            let settings =
                testCase.banks.isEmpty ? [0, nil, 0, nil] : testCase.banks[index]
            tokens.append(
                try mangoBank(
                    world.0, init: world.1, maint: world.2, balance: testCase.tokens[index],
                    deposits: settings[0] ?? 0, depositStart: settings[1],
                    borrows: settings[2] ?? 0, borrowStart: settings[3]))
        }
        let orders = (0..<2).map { index in
            SpotOrdersHealth(
                baseToken: index + 1, quoteToken: 0,
                reservedBase: decimal(testCase.orders[index][1]),
                reservedQuote: decimal(testCase.orders[index][0]),
                lowestAsk: index == 0 ? testCase.lowestAsk.map { decimal($0) } : nil,
                highestBid: index == 1 ? testCase.highestBid.map { decimal($0) } : nil)
        }
        let (lots, quote, bids, asks) = testCase.perpetual.four
        let account = CrossHealth(
            tokens: tokens, spotOrders: orders,
            perpetuals: [
                mangoPerpetual(5, size: lots * 10, quote: quote, bids: bids * 10, asks: asks * 10)
            ])
        let health = try account.health(.initial)
        #expect(isClose(health, testCase.expected, within: 0.001), "\(testCase.id): \(health)")
    }

    private func skipping() throws -> CrossHealth {
        CrossHealth(
            tokens: [
                try mangoBank(1, init: 0.2, maint: 0.1, balance: 100),
                try mangoBank(5, init: 0.5, maint: 0.3, balance: 10),
                try mangoBank(10, init: 0.5, maint: 0.3, balance: -10),
            ],
            spotOrders: [
                SpotOrdersHealth(
                    baseToken: 1, quoteToken: 0, reservedBase: decimal(1),
                    reservedQuote: decimal(5), lowestAsk: nil, highestBid: nil)
            ], perpetuals: [])
    }

    @Test func assetsMayBeOmitted() throws {
        // mango-health-skip-base and mango-health-skip-missing-tokens-1-and-2: test_health_with_skips.
        let account = try skipping()
        #expect(isClose(try account.health(.initial), -40, within: 0.001))
        let debtOnly = try #require(account.omitting([0, 1]))
        #expect(isClose(try debtOnly.health(.initial), -150, within: 0.001))
        #expect(debtOnly.spotOrders.isEmpty)
        #expect(account.omitting([2]) == nil)
        let first = try #require(account.omitting([0]))
        #expect(isClose(try first.health(.initial), -125, within: 0.001))
        var settled = account
        settled.perpetuals = [mangoPerpetual(1, size: 0, quote: 0)]
        #expect(settled.omitting([0]) == nil && settled.omitting([1]) != nil)
    }

    @Test(
        arguments: [
            // test_health_stable_price_token, oracle 1, stable 0.5: (id, balance, base, quote, Init, Maint)
            ("mango-stable-health-deposit", 100, 0, 0, 40, 90),
            ("mango-stable-health-borrow", -100, 0, 0, -120, -110),
            ("mango-stable-health-perp", 0, 100, -100, -72, -11),
        ] as [(String, Double, Double, Double, Double, Double)])
    func stablePrice(
        id: String, balance: Double, base: Double, quote: Double, initial: Double,
        maintenance: Double
    ) throws {
        let account = CrossHealth(
            tokens: [try mangoBank(1, init: 0.2, maint: 0.1, balance: balance, stable: 0.5)],
            spotOrders: [], perpetuals: [mangoPerpetual(1, size: base, quote: quote, stable: 0.5)])
        #expect(isClose(try account.health(.initial), initial, within: 0.001), "\(id)")
        #expect(isClose(try account.health(.maintenance), maintenance, within: 0.001), "\(id)")
    }

    @Test func amountsUntilZero() throws {
        let token = try mangoBank(2, init: 0.5, maint: 0.1, balance: 0)
        func taken(_ health: Int64, _ balance: Int64) throws -> Fixed18? {
            try token.amountTaken(
                untilZero: Fixed18(whole: health), from: Fixed18(whole: balance), .liquidationEnd)
        }
        func given(_ health: Int64, _ balance: Int64) throws -> Fixed18? {
            try token.amountGiven(
                untilZero: Fixed18(whole: health), to: Fixed18(whole: balance), .liquidationEnd)
        }
        // An asset counts 1 and a debt 3 USD a unit.
        #expect(try taken(0, 5) == .zero && taken(-1, 5) == .zero)
        #expect(try taken(4, 5) == Fixed18(whole: 4))
        #expect(try taken(8, 5) == Fixed18(whole: 6))
        #expect(try taken(6, -5) == Fixed18(whole: 2))
        #expect(try given(0, 5) == .zero && given(1, 5) == .zero)
        #expect(try given(-6, -5) == Fixed18(whole: 2))
        #expect(try given(-18, -5) == Fixed18(whole: 8))
        #expect(try given(-4, 5) == Fixed18(whole: 4))
        let worthless = try mangoBank(2, init: 1, maint: 1, balance: 0)
        #expect(
            try worthless.amountGiven(
                untilZero: Fixed18(whole: -1), to: .zero, .liquidationEnd) == nil)
    }

    @Test func hysteresis() {
        let rule = LiquidationHysteresis(dust: decimal(1))
        func check(_ before: Bool, _ maintenance: Double, _ end: Double) -> Bool {
            rule.isInLiquidation(
                wasInLiquidation: before, maintenance: decimal(maintenance), end: decimal(end))
        }
        #expect(!check(false, 0, -50) && check(false, -0.1, -50))
        #expect(check(true, 5, -1) && !check(true, 5, -0.99) && !check(true, 5, 3))
        let exact = LiquidationHysteresis(dust: .zero)
        #expect(
            exact.isInLiquidation(
                wasInLiquidation: true, maintenance: .zero, end: Money(raw: -1)))
        #expect(
            !exact.isInLiquidation(wasInLiquidation: true, maintenance: .zero, end: .zero))
    }
}

extension [Double] {
    /// The first four, for destructuring.
    fileprivate var four: (Double, Double, Double, Double) { (self[0], self[1], self[2], self[3]) }
}
