/// The tables that the hash chain covers, numbered for good, in the order in which it covers them.
enum FactTable: UInt8, CaseIterable, Sendable {
    case asset = 1
    case market, feed, agent, parameter, account, block, tx, txDropped, oracleReport, oraclePrice
    case referencePrice, balanceChange, positionChange, fill, orderChange, funding, liquidation
    case lossCover, governance, liquidatorTrade, accountHealth, protocolMetric
    case auctionEvent = 50
    case oevAuction = 70
    case bundle, expressRound
    case liquidatorDecision = 90
    case markPrice = 95
    case tradeRequest = 98
    case poolDeleveraging
    case fundingSplit = 103
    case impactChange = 109, poolShareChange
    case spotOrderChange = 112, spotFill

    /// The number under which a run's own row stands in `block_digest`.
    static let runNumber: UInt8 = 0

    /// Its place among all tables; their numbers have gaps.
    @inline(__always) var index: Int { Self.places[Int(rawValue)] }

    private static let places: [Int] = {
        var places = [Int](repeating: -1, count: Int(UInt8.max) + 1)
        for (place, table) in allCases.enumerated() { places[Int(table.rawValue)] = place }
        return places
    }()

    /// Its name in the schema.
    var name: String {
        var text = ""
        for character in String(describing: self) {
            if character.isUppercase { text += "_" }
            text += character.lowercased()
        }
        return text
    }

    /// The columns that are encoded, in order: all but `run`, and of `block` not the hashes.
    var columns: [String] {
        switch self {
        case .asset: ["asset", "name", "feed"]
        case .market: ["market", "name", "feed"]
        case .feed: ["feed", "name"]
        case .agent: ["address", "name", "kind", "group"]
        case .parameter: ["seq", "key", "value"]
        case .account:
            ["account", "block", "tx", "name", "role", "owner", "parent", "market"]
        case .block:
            [
                "block", "time_ms", "missed_slots", "base_fee_wei", "gas_limit", "gas_used",
                "demand_gas", "backlog_gas", "was_full", "mempool_depth", "marginal_tip_wei",
                "minimum_price_wei", "tx_count", "event_count",
            ]
        case .tx:
            [
                "block", "tx", "id", "sender", "nonce", "kind", "payload", "submitted_ms",
                "expires_ms", "gas_limit", "gas_used", "max_fee_wei", "max_tip_wei",
                "effective_price_wei", "tip_wei", "applied", "rejection", "rejection_values",
            ]
        case .txDropped:
            [
                "block", "seq", "id", "sender", "nonce", "kind", "payload", "submitted_ms",
                "dropped_ms", "gas_limit", "max_fee_wei", "max_tip_wei", "reason", "replaced_by",
            ]
        case .oracleReport:
            [
                "block", "seq", "feed", "round", "trigger", "price_e8", "confidence_e8",
                "reference_price_e8", "observed_ms", "published_ms", "submitted_ms", "tx_id", "tx",
                "fate", "reason",
            ]
        case .oraclePrice:
            FactTable.event + [
                "feed", "round", "price_e8", "confidence_e8", "observed_ms", "published_ms",
            ]
        case .referencePrice: ["block", "feed", "exogenous_e8", "impact_e8", "price_e8"]
        case .balanceChange:
            FactTable.event + ["account", "asset", "delta_e8", "after_e8", "reason"]
        case .positionChange:
            FactTable.event + [
                "account", "market", "size_before_e8", "size_after_e8", "cost_before_e8",
                "cost_after_e8", "price_e8", "realized_e8", "funding_e8", "reason",
            ]
        case .fill:
            FactTable.event + [
                "market", "taker", "maker", "maker_order", "size_e8", "price_e8", "taker_fee_e8",
                "maker_fee_e8",
            ]
        case .orderChange:
            FactTable.event + [
                "change", "market", "order_id", "account", "side", "price_e8", "remaining_e8",
                "reduce_only",
            ]
        case .funding: FactTable.event + ["market", "index_e8", "index_rest_e18", "rate_e8"]
        case .liquidation:
            FactTable.event + [
                "account", "payer", "kind", "market", "seized_asset", "repaid_asset", "size_e8",
                "repaid_e8", "price_e8", "price_age_ms", "reference_price_e8", "equity_before_e8",
                "requirement_before_e8", "equity_after_e8", "requirement_after_e8",
                "true_equity_before_e8", "true_requirement_before_e8", "penalty_e8",
                "to_liquidator_e8", "to_insurance_e8", "deficit_e8", "liquidatable_since_ms",
                "truly_liquidatable_since_ms", "wrongful", "late",
            ]
        case .lossCover: FactTable.event + ["account", "layer", "payer", "asset", "amount_e8"]
        case .auctionEvent:
            FactTable.event + [
                "auction", "kind", "account", "actor", "asset", "price_e8", "bought_e8", "paid_e8",
                "returned_e8", "uncovered_e8", "reward_e8", "lot_e8", "principal_e8", "debt_e8",
                "bid_e8", "oracle_price_e8", "is_over",
            ]
        case .governance:
            FactTable.event + ["kind", "account", "delegate", "allowed", "payload"]
        case .liquidatorTrade:
            [
                "block", "seq", "agent", "wallet", "feed", "purpose", "quantity_e8",
                "average_price_e8", "proceeds_e8", "slippage_e8", "price_before_e8",
                "price_after_e8",
            ]
        case .accountHealth:
            [
                "block", "account", "equity_e8", "initial_equity_e8", "initial_requirement_e8",
                "maintenance_equity_e8", "maintenance_requirement_e8", "true_equity_e8",
                "true_requirement_e8",
            ]
        case .protocolMetric:
            [
                "block", "open_interest_e8", "collateral_e8", "insurance_fund_e8", "bad_debt_e8",
                "pool_equity_e8", "underwater_e8", "liquidatable_on_chain",
                "liquidatable_in_truth", "stale_feeds", "newly_liquidatable",
                "newly_liquidatable_e8", "taken_at_once", "taken_at_once_e8",
            ]
        case .oevAuction:
            [
                "block", "seq", "feed", "round", "report_id", "accounts_due", "bids", "winner",
                "highest_bid_e8", "second_bid_e8", "paid_e8", "to_protocol_e8", "to_oracle_e8",
                "to_builder_e8", "bonus_e8", "fate", "tx",
            ]
        case .bundle:
            [
                "block", "seq", "id", "sender", "tx_count", "gas_limit", "price_wei", "behind_id",
                "fate", "tx", "rejection", "reason", "part_id",
            ]
        case .expressRound:
            ["block", "seq", "start_ms", "holder", "bids", "highest_wei", "paid_wei"]
        case .liquidatorDecision:
            [
                "block", "seq", "agent", "account", "decided_block", "trigger", "tx_id", "tx",
                "equity_e8", "requirement_e8", "price_age_ms", "expected_profit_e8", "bid_wei",
                "rivals", "result", "reason", "execution_equity_e8", "execution_requirement_e8",
            ]
        case .markPrice:
            FactTable.event + [
                "market", "mark_e8", "index_e8", "bid_e8", "ask_e8", "last_trade_e8",
            ]
        case .fundingSplit:
            FactTable.event + [
                "market", "short_index_e8", "short_index_rest_e18", "pool_received_e8",
                "fees_left_e8",
            ]
        case .poolDeleveraging:
            FactTable.event + [
                "kind", "market", "is_long", "account", "size_e8", "price_e8", "realized_e8",
                "share_before_e8", "share_after_e8",
            ]
        case .impactChange:
            FactTable.event + [
                "account", "market", "pending_before_e8", "pending_after_e8", "settled_e8",
                "held_e8", "pool_change_e8",
            ]
        case .poolShareChange:
            FactTable.event + [
                "account", "shares_e8", "supply_after_e8", "pool_value_e8", "value_e8", "fee_e8",
            ]
        case .spotOrderChange:
            FactTable.event + [
                "change", "spot_market", "order_id", "account", "side", "price_e8", "remaining_e8",
                "asset", "reserved_e8",
            ]
        case .spotFill:
            FactTable.event + [
                "spot_market", "base", "quote", "taker", "maker", "maker_order", "size_e8",
                "price_e8", "cost_e8", "taker_fee_e8", "maker_fee_e8", "released_e8",
            ]
        case .tradeRequest:
            FactTable.event + [
                "request", "fate", "account", "market", "kind", "size_e8", "limit_e8",
                "reduce_only", "created_ms", "keeper", "fee_e8", "price_e8", "oracle_price_e8",
                "observed_ms", "delay_ms", "reason",
            ]
        }
    }

    private static let event = ["block", "tx", "seq"]

    /// Where `block` stands among the columns; nil for tables whose rows all belong to genesis.
    var blockColumn: Int? {
        switch self {
        case .asset, .market, .feed, .agent, .parameter: nil
        case .account: 1
        default: 0
        }
    }

    /// The columns that name a row, `block` first where the table has it.
    var key: [String] {
        switch self {
        case .asset, .market, .feed: [columns[0]]
        case .agent: ["address"]
        case .parameter: ["seq"]
        case .account: ["block", "account"]
        case .block, .protocolMetric: ["block"]
        case .tx: ["block", "tx"]
        case .txDropped, .oracleReport, .liquidatorTrade, .oevAuction, .bundle, .expressRound,
            .liquidatorDecision:
            ["block", "seq"]
        case .referencePrice: ["block", "feed"]
        case .accountHealth: ["block", "account"]
        default: FactTable.event
        }
    }

    /// The columns of a run's own row that the chain covers.
    static let runColumns = [
        "scenario", "scenario_text", "seed", "engine_version", "start_ms", "settlement_asset",
        "gas_feed",
    ]
}
