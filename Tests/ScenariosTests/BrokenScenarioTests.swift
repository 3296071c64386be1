import Scenarios
import Testing

/// One thing is wrong, and the message says exactly what and where.
@Suite struct BrokenScenarioTests {
    struct Case: CustomTestStringConvertible {
        var part: String
        var other: String
        var expected: [String]
        init(_ part: String, _ other: String, _ expected: String...) {
            (self.part, self.other, self.expected) = (part, other, expected)
        }
        var testDescription: String { other.isEmpty ? "without \(part)" : other }
    }

    static let cases = [
        // Keys.
        Case(
            "latency", "latencey",
            "s.yaml:12:9: unknown key 'latencey' in oracles.ETH (did you mean 'latency'?)"),
        Case(
            "seed: 1", "sede: 1",
            "s.yaml:1:1: missing key 'seed': whole number",
            "s.yaml:2:1: unknown key 'sede' (did you mean 'seed'?)"),
        Case(
            "initial_margin", "initialMargin",
            "s.yaml:10:13: missing key 'initial_margin' in markets.ETH-PERP: percentage",
            "s.yaml:10:31: unknown key 'initialMargin' in markets.ETH-PERP (did you mean 'initial_margin'?)"
        ),
        Case(
            "pool: $1M", "pool: $1M, colour: red",
            "s.yaml:13:23: unknown key 'colour' in protocol (known keys: preset, name, pool_shares, margin_ratio, missing_entry, categories, stress, settlement, oracle_guard, liquidation, losses, deleveraging, winding_up, backstop, withdrawal_margin, position_results, account_margin_ratio, result_settlement, slow_price, open_orders, keeper, execution, storefront, auctions, insurance_fund, pool)"
        ),
        Case(
            "seed: 1", "seed: 1\nseed: 2",
            "s.yaml:3:1: the key 'seed' stands twice in this map, first in line 2"),
        Case(
            "latency: 15s", "latency: 15s, latency: 20s, \"latency\": 3s",
            "s.yaml:12:23: the key 'latency' stands twice in this map, first in line 12",
            "s.yaml:12:37: the key 'latency' stands twice in this map, first in line 12"),
        Case("name: small\n", "", "s.yaml:1:1: missing key 'name': name"),
        // Units.
        Case(
            "15s", "15%",
            "s.yaml:12:18: oracles.ETH.latency: expected a duration such as '15s', or a range such as '15s..45s', found '15%'"
        ),
        Case(
            "duration: 1h", "duration: 15%",
            "s.yaml:4:11: duration: expected a duration such as '15s' or '2m', found '15%'"),
        Case(
            "duration: 1h", "duration: 15",
            "s.yaml:4:11: duration: expected a duration such as '15s' or '2m', found '15' (did you mean '15s'?)"
        ),
        Case(
            "duration: 1h", "duration: 0.0001s",
            "s.yaml:4:11: duration: expected a whole number of milliseconds, found '0.0001s'"),
        Case(
            "duration: 1h", "duration: 400d",
            "s.yaml:4:11: duration: expected more than 0s and at most 366 days, found '400d'"),
        Case(
            "pool: $1M", "pool: 1M",
            "s.yaml:13:18: protocol.pool: expected an amount of money such as '$250k', found '1M' (did you mean '$1M'?)"
        ),
        Case(
            "pool: $1M", "pool: $1,000,000",
            "s.yaml:13:21: unknown key '000' in protocol (between { } and [ ] a comma separates entries: write thousands as 1_000 or 1k)",
            "s.yaml:13:25: the key '000' stands twice in this map, first in line 13"),
        Case(
            "maintenance_margin: 5%", "maintenance_margin: 5",
            "s.yaml:10:72: markets.ETH-PERP.maintenance_margin: expected more than 0% and at most 100%, found '5' (did you mean '5%'?)"
        ),
        Case(
            "maintenance_margin: 5%", "maintenance_margin: 15%",
            "s.yaml:10:72: markets.ETH-PERP.maintenance_margin: expected at most the initial margin"
        ),
        Case(
            "maintenance_margin: 5%", "maintenance_margin: 5.000000001%",
            "s.yaml:10:72: markets.ETH-PERP.maintenance_margin: expected at most eight decimals and less than 92 billion, found '5.000000001%'"
        ),
        Case(
            "latency: 15s", "latency: 45s..15s",
            "s.yaml:12:18: oracles.ETH.latency: expected a range from the smaller to the larger, found '45s..15s'"
        ),
        Case(
            "latency: 15s", "fee: 20",
            "s.yaml:12:14: oracles.ETH.fee: expected a fee such as '20 gwei', '1.25x' or {share_of_profit: 60%}, found '20' (did you mean '20 gwei'?)"
        ),
        Case(
            "latency: 15s", "max_fee: 0.5 wei",
            "s.yaml:12:18: oracles.ETH.max_fee: expected a whole number of wei below 2^62, found '0.5 wei'"
        ),
        Case(
            "capital: $1M", "capital: $1M, lag: 2 days",
            "s.yaml:17:37: agents.liquidators.0.lag: expected a number of blocks such as '2 blocks', found '2 days'"
        ),
        Case(
            "count: 10,", "count: -3,",
            "s.yaml:15:20: agents.traders.count: expected 1 to 1000000, found '-3'"),
        Case(
            "leverage: 2..5", "leverage: 2..5, trades_per_hour: 3",
            "s.yaml:15:57: agents.traders.trades_per_hour: expected a frequency such as '2/hour' or '30/day', found '3'"
        ),
        Case(
            "start: 2024-01-01T00:00:00Z", "start: 2024-02-30T00:00:00Z",
            "s.yaml:3:8: start: expected a moment such as '2020-03-12T08:00:00Z', found '2024-02-30T00:00:00Z'"
        ),
        Case(
            "USDC: {price: 1}", "USDC: {price: 1, borrowable: maybe}",
            "s.yaml:7:32: assets.USDC.borrowable: expected 'true' or 'false', found 'maybe'"),
        Case(
            "USDC: {price: 1}", "USDC: {price: 1, deposit_cap: 5 ETH}",
            "s.yaml:7:33: assets.USDC.deposit_cap: expected an amount such as '12.5 USDC', found '5 ETH'"
        ),
        // Types.
        Case(
            "oracles:\n  ETH: {latency: 15s}", "oracles: fast",
            "s.yaml:8:16: assets.ETH.price: a price that moves needs a feed: add 'oracles.ETH'",
            "s.yaml:11:10: oracles: expected a map of price feeds, found 'fast'"),
        Case(
            "protocol: {pool: $1M}", "protocol: [1, 2]",
            "s.yaml:13:11: protocol: expected a map with the keys preset, name, pool_shares, margin_ratio, …, found a list"
        ),
        Case(
            "pool: $1M", "pool: [1]",
            "s.yaml:13:18: protocol.pool: expected an amount of money such as '$250k', found a list"
        ),
        Case(
            "seed: 1", "seed:",
            "s.yaml:2:6: seed: expected a whole number from 0 to 18446744073709551615, found nothing"
        ),
        Case(
            "[01:00, 1900]", "[01:00]",
            "s.yaml:8:41: assets.ETH.price.points: expected a row [time, price], found 1 value"),
        Case(
            "[[00:00, 2000], [01:00, 1900]]", "[]",
            "s.yaml:8:25: assets.ETH.price.points: expected at least one row [time, price]"),
        Case(
            "chain: instant", "chain: etherium",
            "s.yaml:5:8: chain.preset: expected 'ethereum', 'ethereum-builders', 'ethereum-2020', 'arbitrum', 'arbitrum-timeboost', 'optimism-bedrock', 'optimism', 'solana', 'dydx', 'hyperliquid' or 'instant', found 'etherium' (did you mean 'ethereum'?)"
        ),
        Case(
            "chain: instant", "chain: {preset: instant, block_time: {exponentail: 3s}}",
            "s.yaml:5:39: chain.block_time: expected a duration, {exponential: …} or {schedule: …} (did you mean 'exponential'?)"
        ),
        // References.
        Case(
            "underlying: ETH", "underlying: ETHH",
            "s.yaml:10:26: markets.ETH-PERP.underlying: 'ETHH' is not an asset of this scenario (did you mean 'ETH'?)"
        ),
        Case(
            "leverage: 2..5", "leverage: 2..5, markets: [BTC]",
            "s.yaml:15:50: agents.traders.markets: 'BTC' is not a market of this scenario (known: ETH-PERP)"
        ),
        Case(
            "  ETH: {latency: 15s}", "  ETH: {latency: 15s}\n  EHT: {}",
            "s.yaml:13:3: oracles: 'EHT' is not an asset of this scenario (did you mean 'ETH'?)"),
        Case(
            "leverage: 2..5", "leverage: 2..5, twin_of: whales",
            "s.yaml:15:49: agents.traders.twin_of: 'whales' is not another trader group of this scenario (there is none)"
        ),
        // What has to fit together.
        Case(
            "[01:00, 1900]", "[23:00, 1900], [01:00, 1800]",
            "s.yaml:8:57: assets.ETH.price.points: expected a time after 2024-01-01T23:00:00Z, found 2024-01-01T01:00:00Z (on the next day it is '25:00')"
        ),
        Case(
            "{points: [[00:00, 2000], [01:00, 1900]]}",
            "{points: [[00:00, 2000]], between: bridge}",
            "s.yaml:8:51: assets.ETH.price.between: a bridge needs a volatility, such as 'volatility: 120%/year'"
        ),
        Case(
            "{points: [[00:00, 2000], [01:00, 1900]]}",
            "{points: [[00:00, 2000]], gbm: {start: 1, volatility: 3%}}",
            "s.yaml:8:16: assets.ETH.price: expected one of points, bars, gbm, mean_reverting, found points and gbm"
        ),
        Case(
            "leverage: 2..5", "leverage: 2..5, collateral: {USDC: 70%, ETH: 20%}",
            "s.yaml:15:52: agents.traders.collateral: expected shares that make 100%, found 90%"),
        Case(
            "pool: $1M", "losses: [bad_debt, insurance_fund], pool: $1M",
            "s.yaml:13:20: protocol.losses: expected bad_debt as the last: somebody takes the rest"),
        Case(
            "protocol: {pool: $1M}", "protocol: {}",
            "s.yaml:13:11: protocol.pool: ETH-PERP trades against the pool, so it must hold something (or give the market 'pool: none')"
        ),
        Case(
            "maintenance_margin: 5%", "maintenance_margin: 5%, pool: none",
            "s.yaml:15:12: agents.traders.book: ETH-PERP has no pool, so these traders need 'book: true'"
        ),
        Case(
            "initial_margin: 10%, maintenance_margin: 5%",
            "brackets: [[0, 10%, 5%], [$1M, 8%, 5%]]",
            "s.yaml:10:56: markets.ETH-PERP.brackets: expected rates no lower than in the row before"
        ),
        Case(
            "initial_margin: 10%, maintenance_margin: 5%", "brackets: [[$1, 10%, 5%]]",
            "s.yaml:10:42: markets.ETH-PERP.brackets: expected the first row to begin at 0"),
        Case(
            "latency: 15s", "deviation: 0%, heartbeat: 0s",
            "s.yaml:12:20: oracles.ETH.deviation: expected a deviation or a heartbeat above zero"),
        Case(
            "latency: 15s", "heartbeat: 5s, interval: 10s",
            "s.yaml:12:20: oracles.ETH.heartbeat: expected at least the interval of 10s"),
        Case(
            "pool: $1M", "pool: $1M, liquidation: {close_factor: 50%, whole: account}",
            "s.yaml:13:36: protocol.liquidation: expected at most one of close_factor, target_health and whole, found close_factor and whole"
        ),
        Case(
            "pool: $1M", "pool: $1M, liquidation: {target_health: 1.1, reductions: mark}",
            "s.yaml:13:69: protocol.liquidation.reductions: has a meaning only with closing_price: bankruptcy"
        ),
        Case(
            "pool: $1M", "pool: $1M, liquidation: {target_health: 1.1, dust: $5}",
            "s.yaml:13:63: protocol.liquidation.dust: has a meaning only with close_factor and debt_share"
        ),
        Case(
            "chain: instant", "chain: {preset: instant, elasticity: 4}",
            "s.yaml:5:38: chain.elasticity: has a meaning only with fee_market: eip1559"),
        Case(
            "chain: instant", "chain: ethereum\nnative: none",
            "s.yaml:6:9: native: gas costs something on this chain, so an asset has to pay for it"),
        Case(
            "chain: instant", "chain: instant\ndemand: {price: 1 gwei, series: []}",
            "s.yaml:6:9: demand: expected one of points, price and series, found price and series"),
        Case(
            "chain: instant", "chain: instant\ncorrelations: [[USDC, ETH, 50%]]",
            "s.yaml:6:16: correlations: nothing random moves the price of USDC",
            "s.yaml:6:16: correlations: nothing random moves the price of ETH"),
        // Faults and expectations.
        Case(
            "agents:", "faults: [{at: 02:00, for: 5m, oracle: ETH, outage: true}]\nagents:",
            "s.yaml:14:15: faults.0.at: expected a time of the run, 2024-01-01T00:00:00Z to 2024-01-01T01:00:00Z, found 2024-01-01T02:00:00Z"
        ),
        Case(
            "agents:", "faults: [{at: +5m, for: 5m, oracle: BTC, outage: true}]\nagents:",
            "s.yaml:14:37: faults.0.oracle: 'BTC' is not a feed of this scenario (known: ETH)"),
        Case(
            "agents:", "faults: [{at: +5m, pause: [opne]}]\nagents:",
            "s.yaml:14:28: expected 'deposit', 'withdraw', 'open', 'reduce', 'liquidate', 'post' or 'all', found 'opne' (did you mean 'open'?)"
        ),
        Case(
            "agents:", "faults: [{at: +5m, oracle: ETH, set: {}}]\nagents:",
            "s.yaml:14:10: faults.0: expected one of oracle, asset, agents, pause, resume, set, settle_market, halt, missed_slots, found oracle and set"
        ),
        Case(
            "agents:", "expect: {liquidation: 3}\nagents:",
            "s.yaml:14:10: unknown metric 'liquidation' in expect (did you mean 'liquidations'?)"),
        Case(
            "agents:", "expect: {late_share: \"> 20s\"}\nagents:",
            "s.yaml:14:22: expect.late_share: expected a value, a range or a bound such as '20%', '20%..40%' or '> 20%', found '> 20s'"
        ),
        // YAML.
        Case(
            "seed: 1", "seed: [1",
            "s.yaml:3:6: not YAML: while parsing a flow sequence, did not find expected ',' or ']'"),
        Case(
            "seed: 1", "seed: 1\n\tx: 2",
            "s.yaml:3:1: not YAML: while scanning a plain scalar, found a tab character that violates indentation"
        ),
        Case(
            "seed: 1", "expect:\n  late_share: > 20%\nseed: 1",
            "s.yaml:3:17: not YAML: while scanning a block scalar, did not find expected comment or line break (put a text that begins with '>' or '|' in quotes)"
        ),
        Case(
            "seed: 1", "seed: *one",
            "s.yaml:2:7: aliases ('*name') are not supported: write the value out, or use 'extends'"
        ),
        Case(
            "seed: 1", "seed: &one 1",
            "s.yaml:2:7: anchors ('&name') are not supported: write the value out, or use 'extends'"
        ),
        Case(
            "protocol: {pool: $1M}", "protocol: &rules\n  pool: $1M",
            "s.yaml:13:11: anchors ('&name') are not supported: write the value out, or use 'extends'"
        ),
        Case(
            "seed: 1", "seed: !!int 1",
            "s.yaml:2:7: tags ('!name') are not supported: put a text that begins with '!' in quotes"
        ),
        Case(
            "seed: 1", "seed: 1\n---\nseed: 2",
            "s.yaml:3:1: not YAML: expected a single document in the stream, but found another document"
        ),
    ]

    @Test(arguments: cases)
    func message(_ one: Case) {
        #expect(problems(small.replacing(one.part, by: one.other)) == one.expected)
    }

    @Test func everyProblemOfAFileIsFoundAtOnce() {
        let text = small.replacing("seed: 1", by: "seed: x").replacing("15s", by: "15%")
            .replacing("count: 10,", by: "count: ten,").replacing("capital: $1M", by: "capitl: $1M")
        #expect(
            problems(text) == [
                "s.yaml:2:7: seed: expected a whole number from 0 to 18446744073709551615, found 'x'",
                "s.yaml:12:18: oracles.ETH.latency: expected a duration such as '15s', or a range such as '15s..45s', found '15%'",
                "s.yaml:15:20: agents.traders.count: expected a whole number, found 'ten'",
                "s.yaml:17:7: missing key 'capital' in agents.liquidators.0: money",
                "s.yaml:17:18: unknown key 'capitl' in agents.liquidators.0 (did you mean 'capital'?)",
            ])
    }

    @Test func nothingIsWrongWithTheSmallScenario() {
        #expect(problems(small) == [])
    }

    @Test(arguments: ["", "\n\n# only a comment\n", "just text", "- a\n- b\n"])
    func whatIsNoScenario(_ text: String) {
        #expect(problems(text).count == 1)
    }
}
