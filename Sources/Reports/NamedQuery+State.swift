extension NamedQuery {
    static let stateQueries = [
        NamedQuery(
            "balances", "Balances as of a block", "Every balance that is not zero.", [.block],
            sql: """
                select account, account_name, role, asset_name, balance, valid_from_block as since_block
                from v_balance_history
                where run = :run and balance_e8 <> 0
                    and iif(:block < 0, (select block_count - 1 from run where run = :run), :block)
                        between valid_from_block and valid_to_block
                order by account, asset
                """),
        NamedQuery(
            "positions", "Positions as of a block", "Every position that is open.", [.block],
            sql: """
                select account, account_name, role, market_name, size, entry_price,
                    valid_from_block as since_block
                from v_position_history
                where run = :run and size_e8 <> 0
                    and iif(:block < 0, (select block_count - 1 from run where run = :run), :block)
                        between valid_from_block and valid_to_block
                order by account, market
                """),
        NamedQuery(
            "health", "Health as of a block, the weakest first",
            "As last recorded at or before the block; `recorded_in_block` says when that was.",
            [.block],
            sql: """
                select account, account_name, equity, initial_margin, maintenance_margin, health,
                    true_health, valid_from_block as recorded_in_block
                from v_health_history
                where run = :run
                    and iif(:block < 0, (select block_count - 1 from run where run = :run), :block)
                        between valid_from_block and valid_to_block
                order by health, account
                """),
        NamedQuery(
            "account-history", "Everything that moved an account's balances",
            "Each movement in order, with the balance after it.", [.account],
            sql: """
                select block, tx, seq, time, asset_name, delta, after, reason
                from v_balance_change where run = :run and account = :account
                order by block, tx, seq
                """),
        NamedQuery(
            "protocol-over-time", "The protocol as a whole, by block",
            "Open interest, collateral, insurance fund, bad debt, and who was liquidatable.",
            sql: """
                select block, time, open_interest, collateral, insurance_fund, bad_debt, pool_equity,
                    liquidatable_on_chain, liquidatable_in_truth, newly_liquidatable, taken_at_once,
                    stale_feeds
                from v_protocol_metric where run = :run order by block
                """),
        NamedQuery(
            "volume", "What was traded", "Fills, notional and fees by market.",
            sql: """
                select market_name, count(*) as fills, sum(abs(notional)) as notional,
                    sum(taker_fee) as taker_fees, sum(maker_fee) as maker_fees
                from v_fill where run = :run group by market order by market
                """),
        NamedQuery(
            "funding", "What funding cost", "Funding rate per eight hours, and its sum, by market.",
            sql: """
                select market_name, count(*) as blocks, avg(rate_per_8h) as average_rate,
                    min(rate_per_8h) as lowest_rate, max(rate_per_8h) as highest_rate,
                    max("index") filter (where block = last) as "index"
                from (select *, max(block) over (partition by market) as last
                    from v_funding where run = :run)
                group by market order by market
                """),
    ]
}
