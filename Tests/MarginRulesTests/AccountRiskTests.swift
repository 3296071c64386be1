import ExactMath
import MarginRules
import Testing

/// dydxprotocol/v4-chain protocol/lib/margin/risk_test.go.
@Suite struct AccountRiskTests {
    private func risk(_ net: Int64, _ maintenance: Int64, initial: Int64 = 0) -> AccountRisk {
        AccountRisk(
            netCollateral: Money(raw: net), initialMargin: Money(raw: initial),
            maintenanceMargin: Money(raw: maintenance))
    }

    @Test(
        arguments: [
            // TestRisk_IsLiquidatable
            ("dydx4-isliq-1", 100, 0, false), ("dydx4-isliq-6", 75, 100, true),
            ("equal", 100, 100, false), ("negative without margin", -100, 0, false),
            ("negative", -1, 1, true),
        ] as [(String, Int64, Int64, Bool)])
    func liquidatable(id: String, net: Int64, maintenance: Int64, expected: Bool) {
        #expect(risk(net, maintenance).isLiquidatable == expected, "\(id)")
    }

    @Test(
        arguments: [
            // TestRisk_IsInitialCollateralized
            ("dydx4-initok-1", 200, 100, true), ("dydx4-initok-2", 100, 100, true),
            ("dydx4-initok-3", 50, 100, false), ("dydx4-initok-4", 0, 0, true),
            ("dydx4-initok-5", -100, 0, false),
        ] as [(String, Int64, Int64, Bool)])
    func initial(id: String, net: Int64, initial: Int64, expected: Bool) {
        #expect(risk(net, 0, initial: initial).meetsInitialMargin == expected, "\(id)")
        #expect(risk(net, initial, initial: 0).meetsMaintenanceMargin == expected, "\(id)")
    }

    @Test(
        arguments: [
            // TestRisk_Cmp: (id, NC and MMR of the first, of the second, expected)
            ("dydx4-riskcmp-02", 100, 50, 0, 100, AccountRisk.Comparison.lower),
            ("dydx4-riskcmp-04", -100, 150, -100, 100, .lower),
            ("dydx4-riskcmp-08", -100, 50, -100, 100, .higher),
            ("dydx4-riskcmp-15", 100, 50, 0, 0, .higher),
            ("same", 100, 50, 100, 50, .equal), ("same ratio, larger", 200, 100, 100, 50, .higher),
            ("no margins, poorer", -5, 0, 3, 0, .higher), ("no margins", 3, 0, 3, 0, .equal),
            ("extreme", .max, .max, .min, .max, .lower),
        ] as [(String, Int64, Int64, Int64, Int64, AccountRisk.Comparison)])
    func comparison(
        id: String, net: Int64, margin: Int64, otherNet: Int64, otherMargin: Int64,
        expected: AccountRisk.Comparison
    ) {
        let (first, second) = (risk(net, margin), risk(otherNet, otherMargin))
        #expect(first.compared(to: second) == expected, "\(id)")
        let mirrored: AccountRisk.Comparison =
            expected == .equal ? .equal : (expected == .lower ? .higher : .lower)
        #expect(second.compared(to: first) == mirrored, "\(id)")
    }

    @Test func transitions() {
        let healthy = risk(200, 50, initial: 100)
        let poor = risk(60, 50, initial: 100)
        // dydxprotocol/v4-chain protocol/x/subaccounts/lib/updates.go, branch by branch.
        #expect(MarginTransition(from: poor, to: healthy) == .allowed)
        #expect(MarginTransition(from: healthy, to: poor) == .newlyUndercollateralized)
        #expect(
            MarginTransition(from: healthy, to: risk(90, 51, initial: 102))
                == .newlyUndercollateralized)
        #expect(MarginTransition(from: poor, to: poor) == .allowed)
        #expect(
            MarginTransition(from: poor, to: risk(59, 50, initial: 100))
                == .stillUndercollateralized)
        #expect(MarginTransition(from: poor, to: risk(30, 25, initial: 50)) == .allowed)
        #expect(
            MarginTransition(from: poor, to: risk(29, 25, initial: 50))
                == .stillUndercollateralized)
        #expect(
            MarginTransition(from: poor, to: risk(90, 51, initial: 102))
                == .stillUndercollateralized)
        // Without requirements only an improvement is allowed; from a requirement to none it is not.
        #expect(MarginTransition(from: risk(-5, 0), to: risk(-4, 0)) == .allowed)
        #expect(MarginTransition(from: risk(-5, 0), to: risk(-5, 0)) == .stillUndercollateralized)
        #expect(
            MarginTransition(from: risk(-5, 10, initial: 20), to: risk(-4, 0))
                == .stillUndercollateralized)
        #expect(MarginTransition(from: risk(-5, 10, initial: 20), to: risk(0, 0)) == .allowed)
    }

    @Test func accountsAddUp() throws {
        // dydx4-acct-2, dydx4-acct-3: protocol/x/subaccounts/lib/updates_test.go TestGetRiskForSubaccount.
        let first = DydxMarket(price: Price(raw: 100 * scaleE8), tier: .percent(10, 50))
        let second = DydxMarket(price: Price(raw: 200 * scaleE8), tier: .percent(10, 50))
        let one = try DydxAccount(usdc: 100, positions: [(first, 100)]).risk()
        #expect(one == risk(10_100, 500, initial: 1_000))
        let two = try DydxAccount(usdc: 110, positions: [(first, 100), (second, -25)]).risk()
        #expect(two == risk(5_110, 750, initial: 1_500))
    }

    @Test func positionsAreLiquidatable() throws {
        // dydx4-posliq-2, dydx4-posliq-5: protocol/x/clob/keeper/liquidations_test.go TestIsLiquidatable.
        #expect(try !DydxAccount(usdc: -1_000_000, positions: []).risk().isLiquidatable)
        let below = DydxAccount(usdc: -4_501_000_000, positions: [(.bitcoin(), 10_000_000)])
        #expect(try below.risk().isLiquidatable)
        let equal = DydxAccount(usdc: -4_500_000_000, positions: [(.bitcoin(), 10_000_000)])
        #expect(try !equal.risk().isLiquidatable)
    }
}
