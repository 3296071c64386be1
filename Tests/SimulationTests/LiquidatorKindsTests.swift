import Agents
import Chain
import ExactMath
import MarginProtocol
import Scenarios
import Simulation
import Testing

/// Liquidators of every kind in one world, and what the record says of them.
@Suite struct LiquidatorKindsTests {
    private func records(_ agents: String, audit: String = "{decisions: true}", seed: Int = 4)
        throws
        -> (Simulation, [BlockRecord])
    {
        let simulation = try Simulation(
            try ScenarioLoader.load(text: Self.lending(agents, audit: audit, seed: seed)))
        var records: [BlockRecord] = []
        while let record = simulation.next() { records.append(record) }
        return (simulation, records)
    }

    static func lending(_ liquidators: String, audit: String, seed: Int) -> String {
        """
        name: kinds
        seed: \(seed)
        start: 2024-01-01T00:00:00Z
        duration: 1h
        chain: ethereum
        demand: {price: 20 gwei, load: 60%}
        assets:
          USDC: {price: 1, borrowable: true}
          ETH:
            price: {points: [[00:00, 2000], [00:10, 1950], [00:30, 1600], [01:00, 1500]]}
            liquidity: {depth_2pct: $12M, recovery: 20m}
            collateral: {haircut: 20%}
        markets:
          ETH-PERP: {underlying: ETH, initial_margin: 5%, maintenance_margin: 3%}
        oracles:
          ETH: {deviation: 0.5%, heartbeat: 1h, latency: 15s, fee: 60 gwei}
        protocol:
          liquidation: {close_factor: 50%, bonus: 5%}
          insurance_fund: $1M
          pool: $50M
        agents:
          traders:
            borrowers: {count: 80, loans: ETH, long_bias: 100%, leverage: 2..4.5, equity: $20k..$80k}
          liquidators: \(liquidators)
        audit: \(audit)
        """
    }

    private func decisions(_ records: [BlockRecord]) -> [LiquidatorDecisionRecord] {
        records.flatMap(\.decisions)
    }

    @Test func everyLiquidationThatIsIncludedWasDecidedByOne() throws {
        let (simulation, records) = try records(
            "{fast: {count: 2, capital: $2M}, slow: {count: 2, capital: $2M, lag: 1 block}}")
        let all = decisions(records)
        let won = all.filter { $0.result == .won }
        #expect(won.count > 20)
        #expect(won.count == Int(simulation.summary.liquidations))
        #expect(all.contains { $0.result == .lost })
        #expect(Set(all.map(\.transaction)).count == all.count)
        for decision in won {
            let health = try #require(decision.healthAtExecution)
            #expect(health.equity < health.requirement)
            #expect(decision.decision.health.equity < decision.decision.health.requirement)
            #expect(decision.index != nil)
            #expect(decision.decision.expectedProfit >= .zero)
        }
        for decision in all where decision.result == .dropped { #expect(decision.index == nil) }
    }

    @Test func nothingIsRecordedUnlessItIsAskedFor() throws {
        let (_, quiet) = try records("{fast: {count: 2, capital: $2M}}", audit: "{}")
        #expect(decisions(quiet).isEmpty)
        let (_, told) = try records("{fast: {count: 2, capital: $2M}}")
        // Recording changes nothing of what happens.
        #expect(quiet.map(\.journal) == told.map(\.journal))
    }

    @Test func whoWatchesTheMempoolIsInTheReportsBlock() throws {
        let (simulation, records) = try records(
            "{poll: {count: 1, capital: $5M}, watch: {count: 1, capital: $5M, timing: mempool}}")
        let watcher = try #require(
            simulation.description.agents.first { $0.group == "watch" }?.address)
        var same = 0
        for record in records {
            for decision in record.decisions
            where decision.decision.trigger == .report && decision.result == .won {
                #expect(decision.agent == watcher)
                let index = try #require(decision.index)
                // A report stands before it in the very block, and pays a wei more.
                let report = record.transactions.prefix(index).last {
                    $0.transaction.command.kind == .postPrice
                }
                let own = record.transactions[index]
                #expect(report.map { $0.effectivePrice > own.effectivePrice } == true)
                same += 1
            }
        }
        #expect(same > 10)
        let wins = decisions(records).filter { $0.result == .won }
        let byWatcher = wins.count { $0.agent == watcher }
        #expect(byWatcher > wins.count / 2, "\(byWatcher) of \(wins.count)")
    }

    @Test func flashLoansNeedNoCapitalAndLeaveNoStock() throws {
        let (simulation, records) = try records(
            "{flash: {count: 1, capital: $0, financing: {flash: {fee: 0.05%}}}}")
        let wins = decisions(records).filter { $0.result == .won }
        #expect(wins.count > 20)
        let wallet = try #require(
            simulation.description.accounts.first { $0.name == "flash/0 wallet" }?.id)
        #expect(simulation.house.balance(wallet, AssetID(1)) == .zero)
        #expect(simulation.house.balance(wallet, AssetID(0)) > .zero)
        let fees = records.flatMap(\.outsideTrades).filter { $0.purpose == "flash loan" }
        #expect(fees.count == wins.count { $0.index != nil })
        #expect(simulation.summary.financing > .zero)
        #expect(simulation.summary.value(of: "conservation") == .zero)
    }

    @Test func aFlashLoanThatCannotBeRepaidUndoesItsLiquidation() throws {
        // The market is so thin that whoever sells second finds nothing.
        let text = Self.lending(
            "{a: {count: 3, capital: $0, financing: {flash: {fee: 0.05%}}}}",
            audit: "{decisions: true}", seed: 4
        ).replacing("depth_2pct: $12M", with: "depth_2pct: $15k")
        let simulation = try Simulation(try ScenarioLoader.load(text: text), paranoid: true)
        var failed = 0
        while let record = simulation.next() {
            for decision in record.decisions where decision.result == .failed {
                failed += 1
                #expect(decision.reason == 401)
                let index = try #require(decision.index)
                #expect(record.transactions[index].events.isEmpty)
            }
        }
        #expect(failed > 0)
        #expect(simulation.summary.value(of: "conservation") == .zero)
    }

    private func privately(_ liquidators: String, depth: String, _ more: String = "") throws
        -> (Simulation, [BlockRecord])
    {
        let text = Self.lending(liquidators, audit: "{decisions: true}", seed: 4)
            .replacing("depth_2pct: $12M", with: "depth_2pct: \(depth)")
            .replacing(
                "chain: ethereum", with: "chain: {preset: ethereum-builders, bundles: 100%}")
        let simulation = try Simulation(
            try ScenarioLoader.load(text: text + "\n" + more), paranoid: true)
        var records: [BlockRecord] = []
        while let record = simulation.next() { records.append(record) }
        return (simulation, records)
    }

    /// A bundle that fails is dropped for nothing, with the loan in it.
    @Test func aFlashLoanInABundleCostsNothingWhenItFails() throws {
        let (simulation, records) = try privately(
            "{a: {count: 3, capital: $0, send: bundles, financing: {flash: {fee: 0.05%}}}}",
            depth: "$15k")
        let all = decisions(records)
        let wins = all.filter { $0.result == .won }
        #expect(wins.count > 5)
        #expect(all.contains { $0.result == .dropped && $0.reason == 11 })
        #expect(!all.contains { $0.result == .lost || $0.result == .failed })
        let loans = records.flatMap(\.outsideTrades).filter { $0.purpose == "flash loan" }
        #expect(loans.count == wins.count)
        #expect(simulation.summary.value(of: "losers_gas_usd") == .zero)
        #expect(simulation.summary.value(of: "conservation") == .zero)
    }

    /// Several flash loans behind one report: all of them, or none and no trade of theirs.
    @Test func flashLoansStandBehindAReportThatWasSold() throws {
        let (simulation, records) = try privately(
            "{a: {count: 2, capital: $20k, auction_bid: 50%, financing: {flash: {fee: 0.05%}}}}",
            depth: "$300k", "oracle_auction: {protocol: 80%}\n")
        let sold = records.flatMap(\.oracleAuctions)
        #expect(sold.contains { $0.fate == .included && $0.accountsDue > 1 })
        let wins = decisions(records).filter { $0.result == .won }
        #expect(wins.contains { $0.decision.trigger == .report })
        let loans = records.flatMap(\.outsideTrades).filter { $0.purpose == "flash loan" }
        #expect(loans.count == wins.count)
        #expect(simulation.summary.auctionPaid > .zero)
        #expect(simulation.summary.value(of: "conservation") == .zero)
    }

    @Test func creditIsPaidBack() throws {
        let (simulation, records) = try records(
            "{credit: {count: 1, capital: $20k, financing: {credit: {line: $500k, rate: 20%/year}}}}"
        )
        let moves = records.flatMap(\.outsideTrades).filter { $0.purpose == "credit" }
        #expect(moves.contains { $0.quantity.isPositive })
        #expect(moves.contains { $0.quantity.isNegative })
        let net = moves.reduce(Int64(0)) { $0 + $1.proceeds.raw + $1.quantity.raw }
        // What is not principal is interest.
        #expect(net == -simulation.summary.financing.raw)
        #expect(net <= 0)
        #expect(decisions(records).count { $0.result == .won } > 10)
    }

    @Test func everyKindRunsTogetherTwiceAlike() throws {
        let kinds = """
            {
              poll: {count: 1, capital: $200k},
              watch: {count: 1, capital: $200k, timing: mempool, unwind: {work: {slices: 5, every: 2 blocks}}},
              learn: {count: 2, capital: $200k, fee: {learning: {explore: 20%}}},
              climb: {count: 1, capital: $200k, fee: {escalating: {start: 0.5x, cap: 300 gwei}}},
              flash: {count: 1, capital: $0, financing: {flash: {}}},
              credit: {count: 1, capital: $50k, financing: {credit: {line: $300k}}},
              hedge: {count: 1, capital: $400k, unwind: {hedge: {slices: 5, every: 3 blocks}}},
              twice: {count: 1, capital: $200k, sizing: two_step},
              part: {count: 1, capital: $200k, sizing: {partial: 50%}},
              frail: {count: 1, capital: $200k, failures: {mtbf: 10m, mttr: 5m, stuck_nonce: 20%, wrong_gas: 20%}}
            }
            """.replacing("\n", with: " ")
        let (first, records) = try records(kinds)
        let (second, again) = try self.records(kinds)
        #expect(records.map(\.journal) == again.map(\.journal))
        #expect(records.map(\.decisions) == again.map(\.decisions))
        #expect(first.summary.value(of: "conservation") == .zero)
        #expect(second.summary.liquidations == first.summary.liquidations)
        let agents = first.description.agents
        let active = Set(
            decisions(records).compactMap { decision in
                agents.first { $0.address == decision.agent }?.group
            })
        #expect(active.count == 10, "\(active.sorted())")
        let refused = decisions(records).filter {
            $0.result == .dropped && $0.reason == 9
        }
        #expect(!refused.isEmpty)
    }
}
