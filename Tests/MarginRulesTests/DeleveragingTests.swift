import ExactMath
import MarginRules
import Testing

/// A dYdX market. One unit of our money stands for a quote quantum of 1e-6 USDC, and one of our
/// quantity for a base quantum, so that everything rounds where the chain rounds.
private struct Market {
    /// Quote quantums per base quantum, in 1e-8.
    var price: Price
    var initial = Ratio(percent: 20)
    var fraction = Ratio(percent: 50)

    /// 50,000 USD at base quantums of 1e-8.
    static let bitcoin = Market(price: Price(whole: 500))
    /// 3,000 USD at base quantums of 1e-9.
    static let ether = Market(price: Price(whole: 3))
}

private struct Account: Equatable {
    var usdc: Int64
    var sizes: [Int64]

    func state(_ markets: [Market]) throws -> CollateralState {
        var state = CollateralState(
            netCollateral: Money(raw: usdc), initialMargin: .zero, maintenanceMargin: .zero)
        for (size, market) in zip(sizes, markets) {
            let position = try Account.risk(size, market)
            state.netCollateral += position.netCollateral
            state.initialMargin += position.initialMargin
            state.maintenanceMargin += position.maintenanceMargin
        }
        return state
    }

    /// x/perpetuals/lib/lib.go: notional toward zero, requirements up.
    static func risk(_ size: Int64, _ market: Market) throws -> CollateralState {
        let value = try Quantity(raw: size).value(at: market.price, rounding: .towardZero)
        let initial = try value.magnitude.scaled(by: market.initial, rounding: .up)
        return CollateralState(
            netCollateral: value, initialMargin: initial,
            maintenanceMargin: try initial.scaled(by: market.fraction, rounding: .up))
    }

    func closing(_ delta: Int64, for quote: Money) -> Account {
        Account(usdc: usdc + quote.raw, sizes: [sizes[0] + delta] + sizes.dropFirst())
    }
}

private enum Outcome: Equatable {
    case done(Account, Account)
    case invalidDelta
    case refused
}

private func deleverage(
    _ liquidated: Account, _ offsetting: Account, delta: Int64, at rule: Deleveraging.PriceRule,
    markets: [Market]
) throws -> Outcome {
    guard
        Deleveraging.isValid(
            delta: Quantity(raw: delta), deleveraged: Quantity(raw: liquidated.sizes[0]),
            offsetting: Quantity(raw: offsetting.sizes[0]))
    else { return .invalidDelta }
    let quote = try quote(liquidated, delta: delta, at: rule, markets: markets)
    let accounts = (liquidated.closing(delta, for: quote), offsetting.closing(-delta, for: -quote))
    for (before, after) in [(liquidated, accounts.0), (offsetting, accounts.1)] {
        guard try before.state(markets).update(to: try after.state(markets)) == .accepted else {
            return .refused
        }
    }
    return .done(accounts.0, accounts.1)
}

private func quote(
    _ account: Account, delta: Int64, at rule: Deleveraging.PriceRule, markets: [Market]
) throws -> Money {
    switch rule {
    case .oracle:
        return try Deleveraging.oracleQuote(delta: Quantity(raw: delta), oracle: markets[0].price)
    case .bankruptcy:
        let before = try Account.risk(account.sizes[0], markets[0])
        let after = try Account.risk(account.sizes[0] + delta, markets[0])
        return try Deleveraging.bankruptcyQuote(
            notionalChange: after.netCollateral - before.netCollateral,
            maintenanceChange: after.maintenanceMargin - before.maintenanceMargin,
            state: try account.state(markets))
    }
}

private let bitcoin: Int64 = 100_000_000

/// dydxprotocol/v4-chain protocol/x/clob/keeper/deleveraging_test.go
@Suite struct DeleveragingTests {
    /// TestProcessDeleveraging; dydx4-adl-04, dydx4-adl-05,
    /// dydx4-adl-15, dydx4-adl-18.
    @Test func atTheBankruptcyPrice() throws {
        let markets = [Market.bitcoin, .ether]
        typealias Row = (id: String, liquidated: Account, offsetting: Account, outcome: Outcome)
        let rows: [Row] = [
            (
                "04", Account(usdc: 54_999_000_000, sizes: [-bitcoin]),
                Account(usdc: -50_001_000_000, sizes: [bitcoin]),
                .done(Account(usdc: 0, sizes: [0]), Account(usdc: 4_998_000_000, sizes: [0]))
            ),
            (
                "05", Account(usdc: 50_000_000_000, sizes: [-bitcoin]),
                Account(usdc: 50_000_000_000, sizes: [bitcoin]),
                .done(Account(usdc: 0, sizes: [0]), Account(usdc: 100_000_000_000, sizes: [0]))
            ),
            (
                "15", Account(usdc: 80_800_000_000, sizes: [-bitcoin, -100 * bitcoin]),
                Account(usdc: 50_000_000_000, sizes: [bitcoin]),
                .done(
                    Account(usdc: 30_300_000_000, sizes: [0, -100 * bitcoin]),
                    Account(usdc: 100_500_000_000, sizes: [0]))
            ),
            (
                "18", Account(usdc: 54_999_000_000, sizes: [-bitcoin]),
                Account(usdc: 50_499_000_000, sizes: [-bitcoin]), .invalidDelta
            ),
        ]
        for row in rows {
            #expect(
                try deleverage(
                    row.liquidated, row.offsetting, delta: bitcoin, at: .bankruptcy,
                    markets: markets) == row.outcome, "\(row.id)")
        }
    }

    /// TestProcessDeleveragingAtOraclePrice; dydx4-adlo-2, dydx4-adlo-3, dydx4-adlo-6,
    /// dydx4-adlo-7.
    @Test func atTheOraclePrice() throws {
        typealias Row = (
            id: String, liquidated: Account, offsetting: Account, delta: Int64, outcome: Outcome
        )
        let rows: [Row] = [
            (
                "2", Account(usdc: 50_000_000_000, sizes: [bitcoin]),
                Account(usdc: 54_999_000_000, sizes: [-bitcoin]), -bitcoin,
                .done(
                    Account(usdc: 100_000_000_000, sizes: [0]),
                    Account(usdc: 4_999_000_000, sizes: [0]))
            ),
            (
                "3", Account(usdc: 100_000_000_000, sizes: [-bitcoin]),
                Account(usdc: -50_000_000_000, sizes: [bitcoin]), bitcoin,
                .done(Account(usdc: 50_000_000_000, sizes: [0]), Account(usdc: 0, sizes: [0]))
            ),
            (
                "6", Account(usdc: 50_000_000_000, sizes: [-bitcoin]),
                Account(usdc: -50_001_000_000, sizes: [bitcoin]), bitcoin, .refused
            ),
            (
                "7", Account(usdc: 49_999_000_000, sizes: [-bitcoin]),
                Account(usdc: -45_001_000_000, sizes: [bitcoin]), bitcoin, .refused
            ),
        ]
        for row in rows {
            #expect(
                try deleverage(
                    row.liquidated, row.offsetting, delta: row.delta, at: .oracle,
                    markets: [.bitcoin]) == row.outcome, "\(row.id)")
        }
    }

    /// TestProcessDeleveraging_Rounding; dydx4-adlr-2, dydx4-adlr-3, dydx4-adlr-4, and the test's fourth case. The test
    /// asserts that the fills are accepted; the quotes are recomputed from the formula.
    @Test func roundingDoesNotRefuse() throws {
        let markets = [Market(price: Price(raw: 49_999_999_370))]
        let long: Int64 = -49_999_991
        typealias Row = (
            id: String, usdc: Int64, size: Int64, offsetting: Account, delta: Int64, quote: Int64?
        )
        let rows: [Row] = [
            (
                "1", 54_999_000_000, -bitcoin, Account(usdc: 50_000_000_000, sizes: [bitcoin]),
                49_999_991, nil
            ),
            (
                "2", -45_001_000_000, bitcoin, Account(usdc: 100_000_000_000, sizes: [-bitcoin]),
                long, 22_500_495_952
            ),
            (
                "3", 45_001_000_000, -bitcoin, Account(usdc: 50_000_000_000, sizes: [bitcoin]),
                49_999_991, -22_500_495_951
            ),
            (
                "4", -54_999_000_000, bitcoin, Account(usdc: 100_000_000_000, sizes: [-bitcoin]),
                long, 27_499_495_051
            ),
        ]
        for row in rows {
            let liquidated = Account(usdc: row.usdc, sizes: [row.size])
            let quote = try quote(liquidated, delta: row.delta, at: .bankruptcy, markets: markets)
            if let expected = row.quote { #expect(quote == Money(raw: expected), "\(row.id)") }
            guard
                case .done = try deleverage(
                    liquidated, row.offsetting, delta: row.delta, at: .bankruptcy, markets: markets)
            else {
                Issue.record("refused: \(row.id)")
                continue
            }
        }
    }

    /// TestCanDeleverageSubaccount; dydx4-canadl-1 and dydx4-canadl-5, and its other cases.
    @Test func whichPrice() throws {
        let rows: [(usdc: Int64, isFinal: Bool, rule: Deleveraging.PriceRule?)] = [
            (54_999_000_000, false, nil), (50_000_000_000, false, nil),
            (49_999_000_000, false, .bankruptcy), (49_999_000_000, true, .bankruptcy),
            (54_999_000_000, true, .oracle), (50_000_000_000, true, .oracle),
        ]
        for row in rows {
            let state = try Account(usdc: row.usdc, sizes: [-bitcoin]).state([.bitcoin])
            #expect(
                Deleveraging.priceRule(
                    netCollateral: state.netCollateral, isFinalSettlement: row.isFinal)
                    == row.rule, "\(row)")
        }
    }

    /// TestOffsetSubaccountPerpetualPosition two offsetting; dydx4-offset-3, margins of 100 %.
    @Test func severalCounterparties() throws {
        var market = Market.bitcoin
        market.initial = .one
        market.fraction = .one
        var liquidated = Account(usdc: 54_999_000_000, sizes: [-bitcoin])
        var candidates = Array(
            repeating: Account(usdc: 50_000_000_000, sizes: [bitcoin / 2]), count: 2)
        let result = try DeleveragingQueue.walk(
            Quantity(raw: bitcoin), among: candidates.map { Quantity(raw: $0.sizes[0]) }, start: 0,
            limit: 500
        ) { (candidate, delta) throws in
            let outcome = try deleverage(
                liquidated, candidates[candidate], delta: delta.raw, at: .bankruptcy,
                markets: [market])
            guard case .done(let first, let second) = outcome else { return false }
            liquidated = first
            candidates[candidate] = second
            return true
        }
        #expect(liquidated == Account(usdc: 0, sizes: [0]))
        #expect(
            candidates == Array(repeating: Account(usdc: 77_499_500_000, sizes: [0]), count: 2))
        #expect(result.fills.map(\.quantity.raw) == [bitcoin / 2, bitcoin / 2])
        #expect(result.remaining == .zero)
    }

    @Test func deltas() {
        func valid(_ delta: Int64, _ liquidated: Int64, _ offsetting: Int64) -> Bool {
            Deleveraging.isValid(
                delta: Quantity(raw: delta), deleveraged: Quantity(raw: liquidated),
                offsetting: Quantity(raw: offsetting))
        }
        #expect(valid(5, -5, 5))
        #expect(valid(-3, 5, -4))
        #expect(!valid(0, -5, 5))
        #expect(!valid(5, 5, 5))
        #expect(!valid(5, -5, -5))
        #expect(!valid(5, -4, 5))
        #expect(!valid(5, -5, 4))
        #expect(!valid(5, 0, 5))
        func part(_ delta: Int64, _ held: Int64) -> Int64? {
            Deleveraging.part(of: Quantity(raw: delta), held: Quantity(raw: held))?.raw
        }
        #expect(part(5, 3) == 3)
        #expect(part(5, 8) == 5)
        #expect(part(-5, -3) == -3)
        #expect(part(-5, -8) == -5)
        #expect(part(5, -8) == nil)
        #expect(part(0, 0) == nil)
    }

    @Test func bankruptcyQuoteRoundsUp() throws {
        func quote(_ notional: Int64, _ change: Int64, _ state: (Int64, Int64)) throws -> Int64 {
            try Deleveraging.bankruptcyQuote(
                notionalChange: Money(raw: notional), maintenanceChange: Money(raw: change),
                state: CollateralState(
                    netCollateral: Money(raw: state.0), initialMargin: .zero,
                    maintenanceMargin: Money(raw: state.1))
            ).raw
        }
        // Collateral of 10 over 3: floor to 3, of −10 to −4.
        #expect(try quote(-100, -1, (10, 3)) == 97)
        #expect(try quote(-100, -1, (-10, 3)) == 104)
        #expect(try quote(100, -1, (10, 3)) == -103)
        #expect(try quote(100, 0, (10, 3)) == -100)
        #expect(try quote(100, 0, (10, 0)) == -100)
        #expect(
            try Deleveraging.oracleQuote(delta: Quantity(raw: 3), oracle: Price(raw: 50_000_000))
                == Money(raw: -1))
        #expect(
            try Deleveraging.oracleQuote(delta: Quantity(raw: -3), oracle: Price(raw: 50_000_000))
                == Money(raw: 1))
    }
}

@Suite struct CollateralStateTests {
    private func state(_ net: Int64, _ initial: Int64, _ maintenance: Int64) -> CollateralState {
        CollateralState(
            netCollateral: Money(raw: net), initialMargin: Money(raw: initial),
            maintenanceMargin: Money(raw: maintenance))
    }

    /// dydxprotocol/v4-chain protocol/x/subaccounts/lib/updates_test.go
    /// TestIsValidStateTransitionForUndercollateralizedSubaccount_ZeroMarginRequirements; the first
    /// and third row are dydx4-trans-2 and -6.
    @Test func updatesWithoutRequirements() {
        let rows:
            [(old: CollateralState, new: CollateralState, result: CollateralState.UpdateResult)] =
                [
                    (state(-1, 0, 0), state(-1, 100, 1), .stillUndercollateralized),
                    (state(0, 0, 0), state(-1, 0, 0), .newlyUndercollateralized),
                    (state(-2, 0, 0), state(-1, 0, 0), .accepted),
                    (state(-1, 0, 0), state(-1, 0, 0), .stillUndercollateralized),
                    (state(-1, 0, 0), state(-2, 0, 0), .stillUndercollateralized),
                    (state(-1, 2, 1), state(-1, 0, 0), .stillUndercollateralized),
                    (state(-1, 0, 0), state(0, 0, 0), .accepted),
                ]
        for row in rows { #expect(row.old.update(to: row.new) == row.result, "\(row)") }
    }

    @Test func updatesWithRequirements() {
        let low = state(50, 100, 60)
        // Meets its initial margin, even exactly, whatever it did before.
        #expect(low.update(to: state(200, 200, 120)) == .accepted)
        #expect(low.update(to: state(199, 200, 120)) == .stillUndercollateralized)
        #expect(state(100, 100, 60).update(to: state(199, 200, 120)) == .newlyUndercollateralized)
        // No riskier: a lower requirement at the same or a better ratio.
        #expect(low.update(to: state(25, 50, 30)) == .accepted)
        #expect(low.update(to: state(24, 50, 30)) == .stillUndercollateralized)
        #expect(low.update(to: state(50, 100, 60)) == .accepted)
        #expect(low.update(to: state(60, 100, 61)) == .stillUndercollateralized)
        // Below zero the same ratio at a lower requirement is closer to zero.
        let negative = state(-50, 100, 60)
        #expect(negative.update(to: state(-25, 50, 30)) == .accepted)
        #expect(negative.update(to: state(-26, 50, 30)) == .stillUndercollateralized)
        #expect(negative.update(to: state(-40, 100, 60)) == .accepted)
    }
}
