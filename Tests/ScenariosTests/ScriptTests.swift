import Agents
import ExactMath
import MarginProtocol
import OrderBook
import Testing

@testable import Scenarios

@Suite struct ScriptTests {
    private static let whale = """
            whale:
              funding: {USDC: $5M, ETH: 10}
              accounts: [main, second]
              fee: 2x
              steps:
                - {at: 00:10, deposit: {USDC: $1M, ETH: all}}
                - {at: +11m, account: second, borrow: {ETH: 3.5}}
                - {at: 00:12, withdraw: {USDC: all}}
                - {at: 00:13, transfer: {to: second, amounts: {USDC: 7}}}
                - {at: 00:14, every: 10s, until: 00:15, trade: {market: ETH-PERP, size: -483k, limit: 1900, reduce_only: true}}
                - {at: 00:15, place: {market: ETH-PERP, size: 2, price: $1,900, kind: post_only}}
                - {at: 00:15, place: {market: ETH-PERP, size: -2}}
                - {at: 00:16, cancel: all}
                - {at: 00:17, close: ETH-PERP, share: 25%}
                - {at: 00:18, leverage: {market: ETH-PERP, times: 5}}
                - {at: 00:18, leverage: {market: ETH-PERP, times: none}}
                - {at: 00:18, margin_ratio: 50%}
                - {at: 00:19, buy_outside: {asset: ETH, worth: $3M}}
                - {at: 00:20, sell_outside: {asset: ETH, quantity: all}}

        """

    @Test func everyStepArrives() throws {
        // The price has a comma, which separates entries between braces.
        let text = Self.whale.replacing("$1,900", by: "$1_900")
        let loaded = try load(small.replacing("agents:\n", by: "agents:\n  scripted:\n" + text))
        func at(_ minutes: Int64) -> Timestamp { loaded.start + TimeSpan(seconds: minutes * 60) }
        let usdc = AssetID(0)
        let eth = AssetID(1)
        let perp = MarketID(0)
        func order(_ side: Side, _ price: Price?, _ force: TimeInForce) -> OrderRequest {
            OrderRequest(side: side, size: Quantity(whole: 2), price: price, timeInForce: force)
        }
        let script = try #require(loaded.agents.scripts.first)
        #expect(script.name == "whale" && script.accounts == ["main", "second"])
        #expect(
            script.funding == [
                Holding(asset: usdc, quantity: Quantity(whole: 5_000_000)),
                Holding(asset: eth, quantity: Quantity(whole: 10)),
            ])
        #expect(script.fee == .multipleOfBase(Ratio(whole: 2)))
        let expected: [Script.Step] = [
            .init(
                at: at(10),
                action: .deposit([
                    .init(asset: usdc, amount: .worth(Money(whole: 1_000_000))),
                    .init(asset: eth, amount: .all),
                ])),
            .init(
                at: at(11), account: 1,
                action: .withdraw([.init(asset: eth, amount: .quantity(Quantity(raw: 350_000_000)))]
                )
            ),
            .init(at: at(12), action: .withdraw([.init(asset: usdc, amount: .all)])),
            .init(
                at: at(13),
                action: .transfer(
                    [.init(asset: usdc, amount: .quantity(Quantity(whole: 7)))], to: 1)),
            .init(
                at: at(14), every: TimeSpan(seconds: 10), until: at(15),
                action: .trade(
                    perp, size: Quantity(whole: -483_000), limit: Price(whole: 1900),
                    reduceOnly: true)),
            .init(at: at(15), action: .place(perp, order(.buy, Price(whole: 1900), .postOnly))),
            .init(at: at(15), action: .place(perp, order(.sell, nil, .immediateOrCancel))),
            .init(at: at(16), action: .cancel([perp])),
            .init(at: at(17), action: .close([perp], share: Ratio(percent: 25))),
            .init(at: at(18), action: .leverage(perp, Ratio(whole: 5))),
            .init(at: at(18), action: .leverage(perp, nil)),
            .init(at: at(18), action: .marginRatio(Ratio(percent: 50))),
            .init(
                at: at(19),
                action: .tradeOutside(
                    .init(asset: eth, amount: .worth(Money(whole: 3_000_000))), sells: false)),
            .init(
                at: at(20), action: .tradeOutside(.init(asset: eth, amount: .all), sells: true)),
        ]
        #expect(script.steps.count == expected.count)
        for (step, other) in zip(script.steps, expected) { #expect(step == other) }
        #expect(Set(loaded.settings.map(\.key)).count == loaded.settings.count)
    }

    /// What is wrong with one step, which begins in column 13 of line 18.
    @Test(arguments: [
        (
            "{at: 00:10}",
            "18:13: agents.scripted.w.steps.0: expected one of deposit, withdraw, borrow, transfer, trade, place, cancel, close, leverage, margin_ratio, add_liquidity, remove_liquidity, place_spot, cancel_spot, buy_outside, sell_outside, found none"
        ),
        (
            "{at: 00:10, cancel: all, close: all}",
            "18:13: agents.scripted.w.steps.0: expected one of deposit, withdraw, borrow, transfer, trade, place, cancel, close, leverage, margin_ratio, add_liquidity, remove_liquidity, place_spot, cancel_spot, buy_outside, sell_outside, found cancel and close"
        ),
        (
            "{cancel: all}", "18:13: missing key 'at' in agents.scripted.w.steps.0: time"
        ),
        (
            "{at: 02:00, cancel: all}",
            "18:18: agents.scripted.w.steps.0.at: expected a time of the run, 2024-01-01T00:00:00Z to 2024-01-01T01:00:00Z, found 2024-01-01T02:00:00Z"
        ),
        (
            "{at: 00:10, every: 5s, cancel: all}",
            "18:13: missing key 'until' in agents.scripted.w.steps.0: time, with 'every'"
        ),
        (
            "{at: 00:10, until: 00:11, cancel: all}",
            "18:32: agents.scripted.w.steps.0.until: has a meaning only with 'every'"
        ),
        (
            "{at: 00:10, every: 5s, until: 00:05, cancel: all}",
            "18:43: agents.scripted.w.steps.0.until: expected a time not before 'at'"
        ),
        (
            "{at: 00:10, share: 5%, cancel: all}",
            "18:32: agents.scripted.w.steps.0.share: has a meaning only with close"
        ),
        (
            "{at: 00:10, account: mian, cancel: all}",
            "18:34: agents.scripted.w.steps.0.account: 'mian' is not an account of this scenario (did you mean 'main'?)"
        ),
        (
            "{at: 00:10, deposit: {USDC: 0}}",
            "18:41: agents.scripted.w.steps.0.deposit.USDC: expected more than zero, found '0'"
        ),
        (
            "{at: 00:10, deposit: {USDT: 1}}",
            "18:35: agents.scripted.w.steps.0.deposit: 'USDT' is not an asset of this scenario (did you mean 'USDC'?)"
        ),
        (
            "{at: 00:10, trade: {market: ETH-PERP, size: 0}}",
            "18:57: agents.scripted.w.steps.0.trade.size: expected a size that is not zero, found '0'"
        ),
        (
            "{at: 00:10, place: {market: ETH-PERP, size: 1, kind: post_only}}",
            "18:66: agents.scripted.w.steps.0.place.kind: an order without a price is immediate_or_cancel"
        ),
        (
            "{at: 00:10, buy_outside: {asset: ETH}}",
            "18:38: agents.scripted.w.steps.0.buy_outside: expected exactly one of quantity and worth"
        ),
        (
            "{at: 00:10, buy_outside: {asset: USDC, quantity: 1}}",
            "18:46: agents.scripted.w.steps.0.buy_outside.asset: it is what everything is bought with"
        ),
        (
            "{at: 00:10, buy_outside: {asset: ETH, quantity: $5}}",
            "18:61: agents.scripted.w.steps.0.buy_outside.quantity: expected an amount, not money: that is 'worth'"
        ),
        (
            "{at: 00:10, every: 1ms, until: 00:59, cancel: all}",
            "18:11: agents.scripted.w.steps: expected at most 100000 steps with their repetitions, found 2940001"
        ),
    ])
    func saysWhatIsWrongAndWhere(step: String, expected: String) {
        let script = "  scripted:\n    w:\n      steps:\n          - \(step)\n"
        let found = problems(small.replacing("agents:\n", by: "agents:\n" + script))
        #expect(found == ["s.yaml:" + expected])
    }

    @Test func aScriptIsNamedOnceAndFundedInAmounts() {
        let text = small.replacing(
            "agents:\n",
            by:
                "agents:\n  scripted: {traders: {funding: {ETH: $5}, accounts: [a, a], steps: []}}\n"
        )
        #expect(
            problems(text) == [
                "s.yaml:15:13: agents.scripted: a group of traders is called 'traders' already",
                "s.yaml:15:33: agents.scripted.traders.funding: expected an amount of ETH: money is only the settlement asset",
                "s.yaml:15:54: agents.scripted.traders.accounts: two accounts have one name",
            ])
    }

    @Test func aScriptCanBeExpectedOf() throws {
        let text = small.replacing(
            "agents:\n", by: "agents:\n  scripted: {whale: {steps: []}}\n")
        let loaded = try load(
            text + "expect: {profit_usd_whale: $0, accounts_liquidated_whale: 0}\n")
        #expect(
            loaded.expectations.map(\.metric) == [
                "profit_usd_whale", "accounts_liquidated_whale",
            ])
        #expect(loaded.metricKeys.map(\.name).contains("profit_usd_whale"))
        #expect(
            problems(text + "expect: {profit_usd_traders: $0}\n").first?.hasPrefix(
                "s.yaml:19:10: unknown metric 'profit_usd_traders' in expect") == true)
    }

    @Test func liquidatorsHoldAStockOfWhatTheyRepay() throws {
        let text = small.replacing("capital: $1M}", by: "capital: $1M, stock: {ETH: 5}}")
        #expect(
            try load(text).agents.liquidators[0].stock == [
                Holding(asset: AssetID(1), quantity: Quantity(whole: 5))
            ])
        #expect(
            problems(text.replacing("ETH: 5}}", by: "USDC: 5}}")) == [
                "s.yaml:17:39: agents.liquidators.0.stock: what is held of the settlement asset is 'capital'"
            ])
    }

    @Test func rulesOfWithdrawalsAndOfTheVaultArrive() throws {
        let text = small.replacing(
            "pool: $1M",
            by:
                "pool: $1M, withdrawal_margin: 10%, backstop: {below: 50%, deleverage_below: $5M}, deleveraging: {whole: true}"
        )
        let parameters = try load(text).parameters
        #expect(parameters.withdrawalMargin == Ratio(percent: 10))
        #expect(parameters.backstop?.deleverageBelow == Money(whole: 5_000_000))
        #expect(parameters.deleveraging.isWhole)
        #expect(try load(small).parameters.withdrawalMargin == .zero)
    }
}
