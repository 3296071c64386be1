/// A scenario that writes out nearly every key of the grammar.
let rich = """
    name: rich
    question: "Does everything that can be written arrive?"
    seed: 18446744073709551615
    start: 2020-03-12T08:00:00Z
    duration: 12h
    step: 2s
    native: ETH
    chain:
      preset: ethereum-2020
      name: my-chain
      block_time: {exponential: 14s}
      gas_limit: 12.5M
      fee_market: eip1559
      initial_base_fee: 20 gwei
      minimum_base_fee: 1 gwei
      elasticity: 3
      denominator: 10
      ordering: first_come_first_served
      mempool: {transactions: 1000, per_sender: 9, lifetime: 20m, price_bump: 12.5%, minimum_tip: 2 gwei}
      gas: {liquidate: 400k, post_price: 120k, rejected_share: 55%}
    demand:
      points:
        - [08:00, 10 gwei]
        - [10:00, 200 gwei, 400%, 80%]
        - [26:00, 20 gwei, 3M/s]
      load: 200%
      spread: 40%
      between: step
      patience: 8m
      transaction_gas: 100k
    assets:
      USDC: {price: $1.00, borrowable: yes, liability_weight: 1.02}
      ETH:
        price: {points: [[08:00, 185.2], [08:10, 183.9], [20:00, 120]], between: bridge, volatility: 120%/year}
        liquidity: {impact: linear, depth: $12M, move: 3%, permanent: 25%, recovery: 30m, spread: 5bp}
        collateral: {tiers: [[0, 95%], [$1M, 90%], [$10M, 50%]], by: value}
        liability_weight: 1.1x
        borrowable: true
        deposit_cap: 10,000 ETH
      BTC:
        price: {gbm: {start: 8000, drift: -20%/year, volatility: 90%/year, jumps: {per_year: 50, mean: -5%, deviation: 3%}}}
        collateral: {tiers: [[0, 80%], [5 BTC, 60%]], by: quantity}
      DAI:
        price: {mean_reverting: {start: 1.02, mean: 1, half_life: 6h, volatility: 30%/year}}
        liquidity: {depth_2pct: $2M}
        collateral: {haircut: 15%}
      STEP:
        price: {points: [[08:00, 5], [09:00, 4]], between: step}
      BARS:
        price:
          interval: 30m
          bars:
            - [08:00, 10, 12, 9, 11]
            - [09:00, 11, 11, 10, 10.5]
    correlations: [[ETH, BTC, 0.8], [BTC, DAI, -10%]]
    markets:
      ETH-PERP:
        underlying: ETH
        brackets: [[0, 5%, 3%], [$1M, 10%, 5%]]
        taker_fee: 5bp
        maker_fee: -1bp
        pool_fee_share: 70%
        pool: {spread: 2bp, impact: 0.5%, impact_depth: $10M}
        open_interest_cap: $50M
        funding: {maximum_rate: 0.1%, skew_scale: 10k ETH}
        profit_weight: 90%
      BTC-PERP: {underlying: BTC, initial_margin: 10%, maintenance_margin: 5%, pool: none}
    oracles:
      ETH:
        kind: push
        deviation: 0.75%
        heartbeat: 2h
        mode: reset_on_update
        interval: 5s
        noise: 10bp
        latency: 15s..45s
        confidence: 0.2%
        reporters: 21
        fee: {multiple_of_base: 1.3}
        max_fee: 500 gwei
        bump_after: 4 blocks
        max_age: none
        max_deviation: 20%
        max_confidence: 1%
      BTC: {latency: {exponential: 20s}, fee: 30 gwei}
      DAI: {latency: {lognormal: {median: 10s, sigma: 0.5}}, fee: 2x}
      STEP: {latency: {pareto: {minimum: 1s, shape: 1.5, maximum: 10m}}, fee: {fixed: 7 gwei}}
      BARS: {}
    protocol:
      settlement: USDC
      oracle_guard: {max_age: 70m, max_deviation: 50%, max_confidence: 5%, blocks: [open, withdraw]}
      liquidation:
        trigger: inclusive
        order: largest_first
        close_factor: 40%
        full_below: 60%
        dust: $100
        penalty: 1.5%
        liquidator_share: 50%
        bonus: 6%
        insurance_share: 20%
        taker: liquidator
        once_per_block: true
      losses: [insurance_fund, socialised, bad_debt]
      insurance_fund: $250,000
      pool: {USDC: 5M, ETH: 100 ETH}
    agents:
      traders:
        whales:
          count: 20
          mode: isolated
          collateral: {USDC: 70%, ETH: 30%}
          equity: $100k..$5M
          markets: {ETH-PERP: 3, BTC-PERP: 1}
          positions: 1..2
          leverage: {pareto: {minimum: 1.2, shape: 2.1, maximum: 18}}
          long_bias: 65%
          hedged: 10%
          trades_per_hour: 2/hour
          on_margin_call: {threshold: 1.5, top_up: 20%, panic: 10%, delay: 30s}
          fee: {share_of_profit: 10%}
          poll: 20s
          book: true
        twins:
          count: 20
          twin_of: whales
          leverage: {lognormal: {median: 3, sigma: 0.5, maximum: 10}}
          equity: {fixed: $7k}
          markets: ETH-PERP
          collateral: DAI
      liquidators:
        - {name: fast, count: 2, capital: $2M, lag: 1 block, poll_every: 2, fee: {share_of_profit: 60%}, minimum_profit: $10, unwind: hold, bump_after: 3}
        - {count: 3, capital: $500k, unwind: {work_out: 10%}}
      market_makers:
        count: 2
        capital: $1M
        markets: [BTC-PERP]
        half_spread: 5bp
        levels: 4
        size: $20k
        requote: 3bp
        inventory_limit: $300k
        hedges: no
        fee: 9 gwei
      pool_hedger: {share: 80%, threshold: $5k}
    faults:
      - {at: 10:40, for: 25m, oracle: [ETH, BTC], extra_latency: 90s}
      - {at: +5h, for: 10m, oracle: all, outage: true}
      - {at: 11:00, pause: [open, post], for: 5m}
      - {at: 2020-03-12T12:00:00Z, resume: true}
      - at: 09:00
        set:
          liquidation: {target_health: 1.1, bonus: 8%}
          margin: {BTC-PERP: {initial_margin: 20%, maintenance_margin: 10%}}
          collateral: {ETH: {haircut: 20%}}
          open_interest_cap: {ETH-PERP: none, BTC-PERP: $5M}
          max_age: {ETH: 3h, BTC: none}
          max_deviation: {ETH: none}
          blocks: all
      - {at: 09:30, set: {liquidation: {penalty: 2%}}}
    audit: {health_every: 25 blocks, late_after: 90s}
    expect:
      conservation: exact
      liquidations: 40..250
      late_share: "> 20%"
      wrongful_share: "<= 1%"
      bad_debt_usd: "< $5k"
      insurance_change_usd: -$50k..$0
      mean_delay_seconds: "< 2m"
      max_base_fee_gwei: ">= 100 gwei"
      min_price_ETH: $100..$130
      accounts_liquidated_whales: 3
      reports_dropped: 0
    """
