extension NamedQuery {
    static let chainQueries = [
        NamedQuery(
            "inclusion-by-fee-decile", "How long transactions waited, by what they paid",
            """
            Transactions in ten equal groups by the tip per gas they paid; group 1 paid least. Delay is \
            from arrival at the mempool to the block.
            """,
            sql: """
                select decile, tx_count, lowest_tip_gwei, highest_tip_gwei, average_price_gwei,
                    average_delay_s, median_delay_s, delay_90_percent_s, longest_delay_s,
                    rejected_share
                from v_inclusion_by_fee_decile where run = :run order by decile
                """),
        NamedQuery(
            "fee-market", "Base fee and backlog over time",
            "Per block: price of gas, how full the block was, and what still waited after it.",
            sql: """
                select block, time, base_fee_gwei, minimum_price_gwei, marginal_tip_gwei, fullness,
                    was_full, backlog_blocks, mempool_depth, tx_count
                from v_fee_market where run = :run order by block
                """),
        NamedQuery(
            "gas-by-kind", "What gas was spent on",
            "Transactions, gas and fees by what they asked.",
            sql: """
                select kind, count(*) as tx_count, sum(gas_used) as gas, sum(fee_eth) as fee_eth,
                    avg(effective_price_gwei) as average_price_gwei, avg(delay_s) as average_delay_s
                from v_tx where run = :run group by kind order by gas desc, kind
                """),
        NamedQuery(
            "rejections", "What the protocol refused, and why",
            "Included transactions that changed nothing, by what they asked and why they were refused.",
            sql: """
                select kind, code, rejection, count, share_of_rejections, share_of_kind
                from v_rejection_count where run = :run order by count desc, kind, code
                """),
        NamedQuery(
            "races", "What races for liquidations cost",
            """
            Each liquidator's transactions in blocks: how many came too late or failed, the gas that those \
            burned, and what block producers got, in the chain's own token.
            """,
            sql: """
                select sender_name, included, lost, gas_paid, gas_burned, to_builders
                from v_race where run = :run order by gas_paid desc, sender
                """),
        NamedQuery(
            "oracle-auctions", "Who got the value of oracle reports",
            "Sold places behind reports by feed and winner: what was paid, to whom, and what the winner kept.",
            sql: """
                select feed_name, winner_name, count(*) as sold, sum(fate = 'included') as included,
                    sum(bonus) as bonus, sum(paid) as paid, sum(to_protocol) as to_protocol,
                    sum(to_oracle) as to_oracle, sum(to_builder) as to_builder, sum(kept) as kept
                from v_oev_auction where run = :run
                group by feed, winner order by paid desc, feed, winner
                """),
        NamedQuery(
            "drops", "What never got into a block, and why",
            "Transactions that were refused, replaced or expired, by what they asked.",
            sql: """
                select kind, reason, count(*) as count, avg(waited_s) as average_wait_s,
                    avg(max_fee_gwei) as average_bid_gwei
                from v_tx_dropped where run = :run
                group by kind, reason order by count desc, kind, reason
                """),
    ]
}
