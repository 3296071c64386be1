import ExactMath
import MarginRules
import Scenarios
import Testing

@testable import MarginCalculator
@testable import MarginProtocol

/// Open orders in account files, under each exchange's own rule: one bitcoin long at 50,000, leverage 10.
@Suite struct OpenOrderReportTests {
    static func text(
        _ preset: String, orders: String, size: String = "1", market: String = ""
    ) -> String {
        let unit = preset == "deribit" || preset == "hyperliquid" ? "USDC" : "USDT"
        return """
            protocol: \(preset)
            parameters: {markets: {BTC: {mark: null, funding: null\(market)}}}
            prices: {BTC: 50000}
            account:
              balances: {\(unit): 100000}
              positions: {BTC: {size: \(size), entry: 50000, leverage: 10}}
              orders: [\(orders)]
            """
    }

    static let quotes =
        "{market: BTC, side: buy, size: 1, price: 49000}, "
        + "{market: BTC, side: sell, size: 3, price: 51000}"

    /// Binance and OKX: the larger of 50,000 + 49,000 and 153,000 - 50,000, over the leverage; the maintenance margin is the
    /// position's.
    @Test(arguments: ["binance-usdm", "okx-multi-currency"])
    func largerSide(preset: String) throws {
        let ordered = try report(Self.text(preset, orders: Self.quotes))
        #expect(isNear(ordered.requirement.initial, "10300"))
        let alone = try report(Self.text(preset, orders: ""))
        #expect(isNear(alone.requirement.initial, "5000"))
        #expect(ordered.requirement.maintenance == alone.requirement.maintenance)
        #expect(ordered.liquidation == nil)
        let position = try #require(ordered.positions.first)
        #expect(isNear(position.orderMargin.initial, "5300"))
        #expect(position.orderMargin.maintenance.isZero)
        #expect(position.liquidationPrice == alone.positions.first?.liquidationPrice)
    }

    /// The open loss of Binance and the order loss of OKX: a bid of a coin 1,000 above the mark.
    @Test(arguments: ["binance-usdm", "okx-multi-currency"])
    func orderLoss(preset: String) throws {
        let ordered = try report(
            Self.text(preset, orders: "{market: BTC, side: buy, size: 1, price: 51000}"))
        #expect(isNear(ordered.requirement.initial, "11100"))
    }

    /// Bybit: orders are part of both margins, with the fee to open; 3 offered less 1 held, 103,000, are margined as a short of
    /// that value.
    @Test func bybit() throws {
        let fee = ", taker_fee: 0.055%"
        let ordered = try report(Self.text("bybit-uta", orders: Self.quotes, market: fee))
        let other = try report(
            Self.text("bybit-uta", orders: "", size: "-2.06", market: fee))
        #expect(
            ordered.requirement.maintenance
                == other.requirement.maintenance + Money(raw: 8_415_000_000))
        #expect(
            ordered.requirement.initial == other.requirement.initial + Money(raw: 8_415_000_000))
    }

    /// BitMEX: two of the three offers open, and the bid stands against them; a rate of the whole.
    @Test func bitmex() throws {
        let ordered = try report(
            Self.text(
                "bitmex-usdt", orders: Self.quotes,
                market: ", taker_fee: 0.1%, risk_limit: {base: $1M}"))
        // 50,000 and 102,000 over the leverage, and the commission on 102,000.
        #expect(isNear(ordered.requirement.initial, "15302"))
        #expect(isNear(ordered.requirement.maintenance, "500"))
    }

    /// Deribit: the premium for size is that of position and orders.
    @Test func deribit() throws {
        let ordered = try report(
            Self.text("deribit", orders: "{market: BTC, side: buy, size: 24, price: 49000}")
                .replacing(", leverage: 10", with: ""))
        // 2 % and 0.005 % a coin of 25 coins, 50,000 + 24 · 49,000.
        #expect(isNear(ordered.requirement.initial, "26052.5"))
    }

    /// Hyperliquid looks at an order's margin when it is placed and when it is filled.
    @Test(arguments: ["hyperliquid", "dydx-v4"])
    func none(preset: String) throws {
        let text = Self.text(preset, orders: Self.quotes)
            .replacing("USDT", with: "USDC")
        let ordered = try report(text)
        #expect(ordered.positions.first?.orderMargin.initial.isZero == true)
    }

    /// Orders without a position stand in the report too, and an isolated position has those of its market.
    @Test func withoutAPosition() throws {
        let text = """
            protocol: binance-usdm
            parameters: {markets: {BTC: {mark: null, funding: null}}}
            prices: {BTC: 50000}
            account:
              balances: {USDT: 10000}
              orders: [{market: BTC, side: buy, size: 0.4, price: 50000}]
            """
        let ordered = try report(text)
        let line = try #require(ordered.positions.first)
        #expect(line.market == "BTC" && line.size.isZero)
        #expect(line.orderMargin.initial == ordered.requirement.initial)
        #expect(isNear(ordered.requirement.initial, "160"))
        let isolated = try account(
            Self.text("binance-usdm", orders: Self.quotes).replacing(
                "leverage: 10", with: "leverage: 10, mode: isolated, margin: 6000"))
        let child = try #require(isolated.isolated[0])
        #expect(isolated.house.account(child).orders == 1)
        #expect(isolated.house.account(isolated.cross).orders == 0)
    }

    @Test(arguments: [
        ("{side: buy, size: 1, price: 1}", "expected an order with its market"),
        ("{market: BTC, side: long, size: 1, price: 1}", "account.orders.side"),
        ("{market: BTC, side: buy, size: 0, price: 1}", "account.orders.size"),
        ("{market: BTC, side: buy, size: 1, price: 0}", "account.orders.price"),
        ("{market: BTC, side: buy, size: 1}", "missing key 'price'"),
    ])
    func refused(order: String, message: String) throws {
        let problem = try #require(throws: ScenarioProblems.self) {
            try account(Self.text("binance-usdm", orders: order))
        }
        #expect("\(problem)".contains(message), "\(problem)")
    }

    /// Orders that each could be carried, but not all of them.
    @Test func tooMuchInAll() throws {
        let order = "{market: BTC, side: buy, size: 100000, price: 40000}"
        let many = Array(repeating: order, count: 40).joined(separator: ", ")
        #expect(throws: CalculatedAccount.Impossible.self) {
            try account(Self.text("binance-usdm", orders: many))
        }
        let spot = """
            protocol: mango-v4
            prices: {USDC: 1, BTC: 60000, ETH: 3000, SOL: 100}
            account: {balances: {USDC: 1000, SOL: -1}, spot_orders: {ETH-USDC: [ROWS]}}
            """
        #expect(throws: CalculatedAccount.Impossible.self) {
            try account(spot.replacing("ROWS", with: "[1, -900000000]"))
        }
        let rows = Array(repeating: "[0.00000001, 600000000]", count: 2).joined(separator: ", ")
        let problem = try #require(throws: ScenarioProblems.self) {
            try account(spot.replacing("ROWS", with: rows))
        }
        #expect("\(problem)".contains("at most a billion in all"), "\(problem)")
    }

    @Test func wouldTrade() {
        let both =
            "{market: BTC, side: buy, size: 1, price: 50000}, "
            + "{market: BTC, side: sell, size: 1, price: 50000}"
        #expect(throws: CalculatedAccount.Impossible.self) {
            try account(Self.text("binance-usdm", orders: both))
        }
    }

    @Test(arguments: [
        ("{count: worst_result}", "the worst result belongs to results that join the balance"),
        ("{count: largest}", "protocol.open_orders.count"),
        ("{count: larger_side, per_order: $1}", "per_order: has a meaning only with"),
        ("{count: worst_liability, margin: both}", "margin: the worst case has neither"),
        ("{margin: both}", "missing key 'count'"),
    ])
    func keysRefused(policy: String, message: String) throws {
        let problem = try #require(throws: ScenarioProblems.self) {
            try account(
                """
                protocol: euler-v1
                parameters: {protocol: {open_orders: \(policy)}}
                prices: {USDC: 1}
                account: {balances: {USDC: 1}}
                """)
        }
        #expect("\(problem)".contains(message), "\(problem)")
    }
}
