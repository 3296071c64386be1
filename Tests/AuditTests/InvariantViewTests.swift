import Foundation
import GRDB
import Reports
import Scenarios
import Simulation
import Testing

@testable import Audit

/// Each `breach_…` view is empty for a run under the law, and not empty once its invariant is broken.
@Suite struct InvariantViewTests {
    private func record(_ scratch: Scratch) throws -> DatabaseQueue {
        let (description, records) = SyntheticRun.records(seed: 11, blocks: 60)
        let writer = try AuditWriter.create(scratch.path(), description: description)
        for record in records { try writer.append(record) }
        try writer.finish(unseed: 1)
        // A second run, in which collateral is sold by auction.
        let simulation = try Simulation(try ScenarioLoader.load(text: Self.auctions))
        let second = try AuditWriter.create(scratch.path(), description: simulation.description)
        while let record = simulation.next() { try second.append(record) }
        try second.finish(unseed: 1)
        // One in which trades go in two steps, and one whose order book marks positions and takes what is liquidated.
        for text in [Self.requests, Self.impacts, Self.spot, Self.books] {
            let simulation = try Simulation(try ScenarioLoader.load(text: text))
            let writer = try AuditWriter.create(scratch.path(), description: simulation.description)
            while let record = simulation.next() { try writer.append(record) }
            try writer.finish(unseed: 1)
        }
        return try DatabaseQueue(path: scratch.path())
    }

    /// Ether falls by a tenth in ten minutes; makers bid for what is liquidated; funding is paid on the hour.
    static let books = """
        name: books
        seed: 1
        start: 2024-06-03T12:50:00Z
        duration: 15m
        chain: {preset: instant}
        native: none
        step: 1s
        assets:
          USDC: {price: 1.00}
          ETH: {price: {points: [[12:50, 2000], [13:00, 1800], [13:05, 1800]], between: linear}}
        markets:
          ETH-PERP:
            {underlying: ETH, initial_margin: 5%, maintenance_margin: 3%, pool: none, mark: {rule: median, average: 30s}, funding: {spread: book, spread_divisor: 33, offset_divisor: 5000, interval: 1h}}
        oracles: {ETH: {deviation: 0%, heartbeat: 1s, interval: 1s}}
        protocol:
          liquidation: {whole: position, closing_price: bankruptcy, caller: venue, book: {}}
          insurance_fund: $1M
        agents:
          traders:
            crowd: {count: 20, book: true, equity: $5k..$10k, leverage: 8..15, long_bias: 100%}
          market_makers:
            makers: {count: 2, capital: $5M, half_spread: 0.1%, levels: 3, size: $50k, inventory_limit: $2M}
        faults:
          - {at: 13:02, settle_market: {market: ETH-PERP, notice: 1m}}
        """

    /// Ether falls by half in two hours; one keeper bids what lots are worth.
    static let auctions = """
        name: auctions
        seed: 1
        start: 2020-03-12T00:00:00Z
        duration: 3h
        chain: ethereum-2020
        assets:
          DAI: {price: 1.00}
          ETH: {price: {points: [[00:00, 200], [02:00, 100]]}, liquidity: {impact: linear, depth_2pct: $5M}}
        oracles: {ETH: {fee: 50 gwei}}
        protocol: {preset: maker-flip}
        agents:
          traders:
            vaults:
              {count: 20, equity: $10k..$20k, collateral: {ETH: 100%}, loans: ETH, leverage: 2..2.8, long_bias: 100%}
          keepers: {count: 2, capital: $1M, fee: 60 gwei}
        """

    /// Traders ask, and a keeper executes; ether falls, and the pool closes those who win by it.
    static let requests = """
        name: requests
        seed: 1
        start: 2024-01-01T00:00:00Z
        duration: 1h
        chain: arbitrum
        assets:
          USDC: {price: 1.00}
          ETH: {price: {points: [[00:00, 2000], [00:50, 1400]]}}
        markets: {ETH-PERP: {underlying: ETH, initial_margin: 10%, maintenance_margin: 5%, pool: {adl: {above: 10%, down_to: 5%}}}}
        oracles: {ETH: {kind: pull, interval: 1s, latency: 1s}}
        protocol: {pool: {USDC: 50000, ETH: 20}, execution: {mode: two_step, fee: $1}}
        agents: {traders: {count: 10, equity: $1k..$2k, leverage: 2..4, long_bias: 10%, trades_per_hour: 6/hour}}
        """

    /// A pool that keeps price impact apart, and holds what is above a cap of a hundredth of a percent.
    static let impacts = """
        name: impacts
        seed: 1
        start: 2024-01-01T00:00:00Z
        duration: 1h
        chain: arbitrum
        assets:
          USDC: {price: 1.00}
          ETH: {price: {points: [[00:00, 2000], [00:50, 1900]]}}
        markets:
          ETH-PERP:
            underlying: ETH
            initial_margin: 10%
            maintenance_margin: 5%
            pool: {imbalance_impact: {negative: 0.000001, positive: 0.0000005, maximum_negative: 0.01%}, impact_pool: {distribution: 0.001}}
        oracles: {ETH: {interval: 10s, deviation: 0%, heartbeat: 10s, confidence: 0.01%}}
        protocol:
          pool: {USDC: 500000, ETH: 200}
          liquidation: {whole: position, closing_price: pool, caller: venue}
          pool_shares: {fee: 0.1%}
        agents:
          traders: {count: 10, equity: $1k..$2k, leverage: 2..4, long_bias: 60%, trades_per_hour: 12/hour}
          scripted:
            depositor:
              funding: $1M
              fee: {fixed: 1 gwei}
              steps:
                - {at: +5m, every: 10m, until: +30m, add_liquidity: {USDC: $10k}}
                - {at: +40m, remove_liquidity: {share: 50%}}
        """

    /// One account quotes on both sides of a spot market, another takes some of it.
    static let spot = """
        name: spot
        seed: 1
        start: 2024-01-01T00:00:00Z
        duration: 1h
        chain: instant
        native: none
        assets:
          USDC: {price: 1.00, borrowable: true}
          ETH: {price: {points: [[00:00, 2000], [00:50, 1900]]}, collateral: 80%, borrowable: true}
        oracles: {ETH: {interval: 10s}}
        protocol:
          spot_markets: {ETH-USDC: {base: ETH, quote: USDC, taker_fee: 0.1%, maker_fee: -0.02%}}
        agents:
          scripted:
            maker:
              funding: {USDC: 100000, ETH: 50}
              steps:
                - {at: +1m, deposit: {USDC: 100000, ETH: 20}}
                - {at: +2m, place_spot: {market: ETH-USDC, size: -5, price: 2010}}
                - {at: +2m, place_spot: {market: ETH-USDC, size: 5, price: 1890}}
                - {at: +40m, cancel_spot: all}
            taker:
              funding: {USDC: 100000, ETH: 50}
              steps:
                - {at: +1m, deposit: {USDC: 10000, ETH: 3}}
                - {at: +5m, place_spot: {market: ETH-USDC, size: 2.5}}
                - {at: +6m, every: 5m, until: +30m, place_spot: {market: ETH-USDC, size: -0.7}}
        """

    static let mutations = [
        "breach_conservation_balance":
            "update balance_change set delta_e8 = delta_e8 + 1 where seq = 3",
        "breach_conservation_position": """
        update position_change set size_after_e8 = size_after_e8 + 1 where block = 5
        """,
        "breach_clearing":
            "update position_change set cost_after_e8 = cost_after_e8 + 1 where block = 5",
        "breach_wallet_negative": "update balance_change set after_e8 = -1 where account = 9",
        "breach_wallet_position": "update position_change set account = 9 where block = 5",
        "breach_insurance_negative": "update balance_change set after_e8 = -1 where account = 1",
        "breach_bad_debt_positive": """
        update balance_change set account = 4, after_e8 = 1 where account = 1
        """,
        "breach_balance_chain": "update balance_change set after_e8 = after_e8 + 1 where block = 5",
        "breach_position_chain": "update position_change set size_before_e8 = 7 where block = 5",
        "breach_flat_cost": "update position_change set size_after_e8 = 0, cost_after_e8 = 1",
        "breach_isolated_market": "update account set market = 3 where role = 0",
        "breach_liquidated_healthy":
            "update liquidation set equity_before_e8 = requirement_before_e8 + 1",
        "breach_penalty_split": "update liquidation set penalty_e8 = penalty_e8 + 1",
        "breach_auction_lots": "update auction_event set lot_e8 = lot_e8 + 1",
        "breach_auction_principal": "update auction_event set principal_e8 = principal_e8 + 1",
        "breach_auction_bids": "update auction_event set bid_e8 = bid_e8 + 1",
        "breach_execution_fees": "update trade_request set fee_e8 = fee_e8 + 1",
        "breach_spot_reserves": "update spot_fill set released_e8 = released_e8 + 1",
        "breach_pool_shares":
            "update pool_share_change set supply_after_e8 = supply_after_e8 + 1 where shares_e8 > 0",
        "breach_impact_claims": "update impact_change set held_e8 = held_e8 + 1",
        "breach_pool_deleveraging": "update pool_deleveraging set share_after_e8 = 1000000000",
        "breach_market_winding_up": "update position_change set reason = 1 where reason = 80",
        "breach_request_order": "update trade_request set request = 0 where request = 1",
        "breach_rejection_changes": "update tx set applied = 0",
        "breach_report_price": "update oracle_report set price_e8 = price_e8 + 1",
        "breach_price_order": "update oracle_price set observed_ms = 5",
        "breach_nonce_order": "update tx set nonce = nonce + 1 where block = 9",
        "breach_gas_limit": "update tx set gas_used = gas_limit + 1",
        "breach_gas_sum": "update block set demand_gas = demand_gas + 1",
        "breach_gas_price": "update tx set tip_wei = tip_wei + 1",
        "breach_included_early": "update tx set submitted_ms = submitted_ms + 100000000",
        "breach_block_sequence": "update block set time_ms = time_ms - 12000 where block = 4",
        "breach_tx_count": "update block set tx_count = tx_count + 1 where block = 4",
    ]

    @Test func everyInvariantHoldsAndCanFail() throws {
        let scratch = try Scratch()
        let queue = try record(scratch)
        try queue.writeWithoutTransaction { database in
            let views = try String.fetchAll(
                database,
                sql: "select name from sqlite_master where name like 'breach%' order by name")
            #expect(views == Self.mutations.keys.sorted())
            for trigger in try String.fetchAll(
                database, sql: "select name from sqlite_master where type = 'trigger'")
            {
                try database.execute(sql: "drop trigger \(trigger)")
            }
            try database.execute(sql: "pragma ignore_check_constraints = on")
            for view in views {
                let count = "select count(*) from \(view)"
                #expect(try Int.fetchOne(database, sql: count) == 0, "\(view)")
                try database.execute(sql: "savepoint before")
                try database.execute(sql: Self.mutations[view] ?? "")
                #expect(try Int.fetchOne(database, sql: count) ?? 0 > 0, "\(view) stays empty")
                try database.execute(sql: "rollback to before; release before")
            }
        }
    }

    /// Only a delayed feed takes over an older round with a report.
    @Test func anOlderRoundIsForDelayedFeeds() throws {
        let scratch = try Scratch()
        let queue = try record(scratch)
        try queue.writeWithoutTransaction { database in
            for trigger in try String.fetchAll(
                database, sql: "select name from sqlite_master where type = 'trigger'")
            {
                try database.execute(sql: "drop trigger \(trigger)")
            }
            let count = "select count(*) from breach_report_price where feed = 1"
            try database.execute(
                sql: "update oracle_report set round = round + 1000000 where feed = 1")
            #expect(try Int.fetchOne(database, sql: count) ?? 0 > 0)
            try database.execute(
                sql: """
                    delete from parameter where key like 'oracles.%.kind';
                    insert into parameter
                    select run, 1000000, 'oracles.' || name || '.kind', 'delayed' from feed where feed = 1
                    """)
            #expect(try Int.fetchOne(database, sql: count) == 0)
        }
    }

    @Test func questionsOfBooksHaveAnswers() throws {
        let scratch = try Scratch()
        _ = try record(scratch)
        let database = try ReportDatabase(scratch.path())
        for name in ["liquidation-orders", "marks"] {
            let answer = try database.answer(NamedQuery.named(name))
            #expect(!answer.rows.isEmpty, "\(name)")
        }
    }

    @Test func everyViewCanBeRead() throws {
        let scratch = try Scratch()
        let queue = try record(scratch)
        try queue.read { database in
            let views = try String.fetchAll(
                database, sql: "select name from sqlite_master where type = 'view'")
            for view in views where !view.hasPrefix("breach") {
                let rows = try Int.fetchOne(database, sql: "select count(*) from \(view)") ?? 0
                // Studies are kept in files of their own.
                #expect(rows > 0 || view.hasPrefix("v_study"), "\(view)")
            }
            for table in FactTable.allCases {
                let sql = "select count(*) from v_\(table.name)"
                let shown = try Int.fetchOne(database, sql: sql)
                let held = try Int.fetchOne(database, sql: "select count(*) from \(table.name)")
                #expect(shown == held, "\(table.name)")
            }
        }
    }
}
