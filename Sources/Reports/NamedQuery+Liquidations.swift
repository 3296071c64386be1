extension NamedQuery {
    static let liquidationQueries = [
        NamedQuery(
            "liquidations", "Every liquidation step",
            """
            What was taken from whom, at which price, and what it left. Health is weighted equity less \
            maintenance margin: at the protocol's prices before and after, and at the outside prices \
            before.
            """,
            sql: """
                select block, time, account_name, liquidator, kind, taken, size, price,
                    reference_price, health_before, true_health_before, health_after, penalty,
                    deficit, wrongful, late
                from v_liquidation where run = :run order by block, tx, seq
                """),
        NamedQuery(
            "liquidation-price", "The price each liquidation used, and the true one",
            """
            The protocol's price, its age since observation, and the outside price at that moment. \
            `price_error` is the protocol's price over the outside price, less one.
            """,
            sql: """
                select block, time, account_name, taken, price, price_age_s, reference_price,
                    price_error
                from v_liquidation_price where run = :run order by block, tx, seq
                """),
        NamedQuery(
            "wrongful-liquidations", "Who was liquidated though healthy",
            "Liquidations of accounts that met their maintenance margin at the outside prices.",
            sql: """
                select block, time, account_name, taken, size, price, price_age_s, reference_price,
                    health_before, true_health_before, penalty
                from v_wrongful_liquidation where run = :run order by block, tx, seq
                """),
        NamedQuery(
            "liquidation-delay", "How long liquidation took",
            """
            From the moment an account was liquidatable at outside prices to the moment it was \
            liquidated, over all steps for which that moment is known; and the part of it that passed \
            before the protocol's prices showed it.
            """,
            sql: """
                with ranked as (
                    select *, row_number() over (order by delay_in_truth_s) as place,
                        count(*) over () as n
                    from v_liquidation_delay
                    where run = :run and delay_in_truth_s is not null)
                select count(*) as steps, avg(delay_in_truth_s) as average_s,
                    max(delay_in_truth_s) filter (where place <= (n + 1) / 2) as median_s,
                    max(delay_in_truth_s) filter (where place <= (n * 9 + 9) / 10) as within_90_percent_s,
                    max(delay_in_truth_s) as longest_s, avg(oracle_delay_s) as average_oracle_s,
                    avg(delay_on_chain_s) as average_on_chain_s, sum(late) as late,
                    sum(deficit) as deficit
                from ranked
                """),
        NamedQuery(
            "liquidator-profit", "What liquidators earned",
            """
            Per liquidator: bonus and penalty received, profit of positions taken over once closed, \
            trades outside against the protocol's price (slippage is part of that), gas in ETH and at \
            the outside price in USD, and what is left.
            """,
            sql: """
                select name, steps, tx_sent, tx_rejected, bonus_usd, position_profit_usd,
                    trade_profit_usd, slippage_usd, gas_eth, gas_usd, net_usd
                from v_liquidator_profit where run = :run order by net_usd desc, address
                """),
        NamedQuery(
            "liquidator-decisions", "What liquidators knew, and what became of it",
            """
            Every liquidation that was sent, where the scenario records decisions: the account's health in \
            the state it was decided on and just before it ran, the age of the price, the profit expected \
            after gas and slippage, the bid, how many rivals' bids were seen waiting, and how many rivals \
            lost in the block that decided it.
            """,
            sql: """
                select decided_block, block, agent_name, account_name, trigger, health_at_decision,
                    health_at_execution, price_age_s, expected_profit, bid_gwei, rivals, result,
                    reason, rivals_lost
                from v_liquidator_decision where run = :run order by block, seq
                """),
        NamedQuery(
            "liquidation-orders", "What the book gave for liquidated positions",
            """
            Each order of a liquidation with the fills that it had: how many, of how many makers, its average and \
            its worst price, how far that was from the outside price, and what the insurance fund had of it.
            """,
            sql: """
                select f.block, f.account_name, f.market_name, count(*) as fills,
                    count(distinct f.maker) as makers, sum(f.size) as size, f.average_price,
                    iif(sum(f.size) < 0, min(f.price), max(f.price)) as worst_price,
                    100.0 * (f.average_price - f.reference_price) / f.reference_price as from_outside_percent,
                    l.to_insurance_e8 / 1e8 as to_insurance, l.deficit_e8 / 1e8 as deficit
                from v_liquidation_fill f
                join liquidation l
                    on l.run = f.run and l.block = f.block and l.tx = f.tx and l.seq = f.liquidation_seq
                where f.run = :run
                group by f.block, f.tx, f.liquidation_seq order by f.block, f.tx, f.liquidation_seq
                """),
        NamedQuery(
            "marks", "How far marks were from their indexes",
            """
            Each market with a mark of its own: how often that or its index changed, the mark's lowest and highest \
            distance from the index, and the lowest and highest the book's middle had.
            """,
            sql: """
                select market_name, count(*) as changes, min(basis_percent) as lowest_percent,
                    max(basis_percent) as highest_percent,
                    min(100.0 * ((bid + ask) / 2 - "index") / "index") as lowest_middle_percent,
                    max(100.0 * ((bid + ask) / 2 - "index") / "index") as highest_middle_percent
                from v_mark_price where run = :run group by market order by market
                """),
        NamedQuery(
            "loss-payers", "Who paid the deficits",
            "Deficits of liquidated accounts by the layer and the account that paid them.",
            sql: """
                select layer, payer_name, asset, count(*) as times, sum(amount) as amount
                from v_loss_payer where run = :run
                group by layer, payer, asset order by amount desc, payer
                """),
        NamedQuery(
            "liquidated-by-group", "Which group of agents was liquidated",
            "Accounts liquidated, steps, penalties and deficits by the scenario's groups.",
            sql: """
                select a.owner_group as "group", count(distinct l.account) as accounts,
                    count(*) as steps, sum(l.penalty_e8) / 1e8 as penalty,
                    sum(l.deficit_e8) / 1e8 as deficit, sum(l.wrongful) as wrongful,
                    sum(l.late) as late
                from liquidation l join v_account a using (run, account)
                where l.run = :run group by a.owner_group order by accounts desc, a.owner_group
                """),
    ]
}
