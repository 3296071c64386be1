extension NamedQuery {
    /// The views that must be empty.
    static let breachViews = [
        "breach_conservation_balance", "breach_conservation_position", "breach_clearing",
        "breach_wallet_negative", "breach_wallet_position", "breach_insurance_negative",
        "breach_bad_debt_positive", "breach_balance_chain", "breach_position_chain",
        "breach_flat_cost", "breach_isolated_market", "breach_liquidated_healthy",
        "breach_penalty_split", "breach_auction_lots", "breach_auction_principal",
        "breach_auction_bids", "breach_execution_fees", "breach_request_order",
        "breach_impact_claims", "breach_spot_reserves", "breach_pool_shares",
        "breach_pool_deleveraging",
        "breach_market_winding_up", "breach_rejection_changes", "breach_report_price",
        "breach_price_order", "breach_nonce_order", "breach_gas_limit", "breach_gas_sum",
        "breach_gas_price", "breach_included_early", "breach_block_sequence", "breach_tx_count",
    ]

    static let integrityQueries = [
        NamedQuery(
            "breaches", "Does every invariant hold?",
            "How many rows contradict each invariant; every number must be zero.",
            sql: breachViews.map {
                "select '\($0)' as invariant, count(*) as breaches from \($0) where run = :run"
            }.joined(separator: "\nunion all ")),
        NamedQuery(
            "run", "What was run", "The run, its seed, its length and its head hash.",
            sql: """
                select run, scenario, seed, engine_version, status, block_count, tx_count, start,
                    "end", head_hash
                from v_run where run = :run
                """),
        NamedQuery(
            "parameters", "What the run's parameters were", "As the scenario stood at genesis.",
            sql: "select key, value from v_parameter where run = :run"),
    ]
}
