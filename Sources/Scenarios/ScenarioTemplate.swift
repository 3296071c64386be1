/// The scenario that a new file begins with.
public enum ScenarioTemplate {
    /// A commented scenario that loads and runs as it is.
    ///
    /// - Parameter name: letters, digits, `-` and `_`, at most 40; anything else gives nil.
    public static func text(name: String) -> String? {
        guard isName(name) else { return nil }
        return """
            # What this scenario asks, in one sentence. Every key is explained in docs/scenarios.md.
            name: \(name)
            question: What does a late oracle cost when ether falls by a third in two hours?
            seed: 1                              # Another seed, another draw of everything random.
            start: 2024-01-01T08:00:00Z
            duration: 4h

            chain: ethereum                      # A preset; {preset: ethereum, gas_limit: 10M} changes one thing.
            demand:                              # What else wants the block space.
              points: [[08:00, 15 gwei], [09:30, 120 gwei], [11:00, 40 gwei]]

            assets:
              USDC: {price: 1}                   # The first asset is what profit and loss are paid in.
              ETH:
                price:
                  points: [[08:00, 2000], [09:00, 1900], [10:00, 1350], [12:00, 1500]]
                  between: bridge                # Exact at the points, random between them.
                  volatility: 90%/year
                liquidity: {depth_2pct: $12M, recovery: 20m}
                collateral: {haircut: 10%}

            markets:
              ETH-PERP:
                underlying: ETH
                initial_margin: 5%
                maintenance_margin: 3%
                taker_fee: 5bp

            oracles:
              ETH:
                deviation: 0.5%                  # A report when the price has moved by this,
                heartbeat: 1h                    # and at the latest this often.
                latency: 15s..45s                # A range is a uniform draw.
                fee: 1.25x                       # A multiple of the price that last got in.

            protocol:
              oracle_guard: {max_age: 70m, blocks: [open, withdraw]}
              liquidation: {close_factor: 50%, penalty: 1.5%, bonus: 5%}
              insurance_fund: $250k
              pool: $50M

            agents:
              traders:
                count: 200
                collateral: {USDC: 70%, ETH: 30%}
                equity: {lognormal: {median: $8k, sigma: 1.2, maximum: $2M}}
                leverage: {pareto: {minimum: 1.2, shape: 2.1, maximum: 18}}
                long_bias: 65%
                on_margin_call: {top_up: 20%, panic: 10%}
              liquidators:
                fast: {count: 2, capital: $2M, fee: {share_of_profit: 60%}}
                slow: {count: 3, capital: $500k, fee: 20 gwei, lag: 2 blocks}

            faults:
              - {at: 09:40, for: 25m, oracle: ETH, extra_latency: 90s}

            expect:
              conservation: exact
              liquidations: "> 0"

            """
    }
}
