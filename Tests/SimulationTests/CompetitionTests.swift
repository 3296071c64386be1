import Agents
import Chain
import ExactMath
import MarginProtocol
import Scenarios
import Testing

@testable import Simulation

/// Races for liquidations: in the open, in private, behind reports, in an express lane.
@Suite struct CompetitionTests {
    private struct Run {
        var records: [BlockRecord]
        var summary: RunSummary
        var liquidations: [LiquidationRecord] { records.flatMap(\.liquidations) }
        func value(_ metric: String) -> Int64 { summary.value(of: metric)?.raw ?? -1 }
    }

    private func run(
        _ keepers: [String], chain: String = "{preset: ethereum, missed_blocks: 0%}",
        _ more: String = ""
    ) throws -> Run {
        var text = raceMarket.replacing(
            "      KEEPERS", with: keepers.map { "      " + $0 }.joined(separator: "\n"))
        text = text.replacing(
            "chain: {preset: ethereum, missed_blocks: 0%}", with: "chain: " + chain)
        let simulation = try Simulation(try ScenarioLoader.load(text: text + more), paranoid: true)
        var records: [BlockRecord] = []
        while let record = simulation.next() { records.append(record) }
        return Run(records: records, summary: simulation.summary)
    }

    private let builders = "{preset: ethereum-builders, missed_blocks: 0%, bundles: 100%}"

    // MARK: In the open

    private let bidders = [
        "a: {count: 1, capital: $5M, unwind: hold, fee: 1.25x, counterbid: 5%, reaction: 200ms}",
        "b: {count: 1, capital: $5M, unwind: hold, fee: 1.5x, counterbid: 5%, reaction: 200ms}",
    ]

    @Test func rivalsRaiseUntilItDoesNotPay() throws {
        let quiet = try run([
            "a: {count: 1, capital: $5M, unwind: hold, fee: 1.25x}",
            "b: {count: 1, capital: $5M, unwind: hold, fee: 1.5x}",
        ])
        let war = try run(bidders)
        #expect(quiet.liquidations.count > 10 && war.liquidations.count > 10)
        // The bids of the winners are far above where they began, and each replaced its own.
        #expect(war.value("builder_share") > 10 * quiet.value("builder_share"))
        #expect(war.records.flatMap(\.dropped).contains { $0.reason == .replaced })
        #expect(!quiet.records.flatMap(\.dropped).contains { $0.reason == .replaced })
        // A war is all-pay: losers burn more than they did.
        #expect(war.value("losers_gas_usd") > quiet.value("losers_gas_usd"))
        // Nobody pays more for gas than the liquidation brought.
        #expect(war.summary.toLiquidators > war.summary.gasCost - war.summary.losersGas)
    }

    /// What the bidders of a war knew stands in the record: whom they saw, and that they raised.
    @Test func raisesAreDecisions() throws {
        let war = try run(bidders, "audit: {decisions: true}\n")
        let decisions = war.records.flatMap(\.decisions)
        let raises = decisions.filter { $0.decision.trigger == .raise }
        #expect(raises.count > 20)
        #expect(raises.allSatisfy { $0.decision.rivals > 0 })
        #expect(
            decisions.count { $0.result == .replaced }
                == war.records.flatMap(\.dropped).count { $0.reason == .replaced })
    }

    @Test func eachRaiseIsAtLeastTheBump() throws {
        let war = try run(bidders)
        var fees: [Int64: Int64] = [:]
        for record in war.records {
            for drop in record.dropped { fees[drop.transaction.id] = drop.transaction.maxFee }
            for included in record.transactions {
                fees[included.transaction.id] = included.transaction.maxFee
            }
        }
        var raises = 0
        for drop in war.records.flatMap(\.dropped) where drop.reason == .replaced {
            let next = try #require(drop.replacedBy.flatMap { fees[$0] })
            #expect(next * 100 >= drop.transaction.maxFee * 110)
            raises += 1
        }
        #expect(raises > 20)
    }

    /// What losers pay is what the records say: gas used times price of their rejected transactions.
    @Test func theGasOfLosersAddsUp() throws {
        let war = try run(bidders)
        var wei: Int128 = 0
        for record in war.records {
            for included in record.transactions
            where included.rejection != nil && included.transaction.command.kind == .liquidate {
                wei += product(included.gasUsed, included.effectivePrice)
                #expect(included.gasUsed == 204_000)  // 60 % of 340,000.
            }
        }
        #expect(wei > 0)
        let spent = war.value("losers_gas_usd")
        // At between 1,300 and 2,000 USD, in 1e-8.
        #expect(
            spent >= Int64(wei * 1300 / 10_000_000_000)
                && spent <= Int64(wei * 2001 / 10_000_000_000))
    }

    // MARK: In private

    @Test func bundlesThatFailCostNothing() throws {
        let open = try run([
            "a: {count: 3, capital: $5M, unwind: hold, fee: 1.25x}"
        ])
        let hidden = try run(
            ["a: {count: 3, capital: $5M, unwind: hold, fee: 1.25x, send: bundles}"],
            chain: builders)
        #expect(open.value("losers_gas_usd") > 0)
        #expect(hidden.value("losers_gas_usd") == 0)
        #expect(hidden.liquidations.count > 10)
        let fates = hidden.records.flatMap(\.bundles).map(\.fate)
        #expect(fates.contains(.included) && fates.contains(.failed))
        #expect(
            fates.count { $0 == .included }
                == hidden.records.flatMap(\.transactions)
                .count { $0.transaction.command.kind == .liquidate })
        // The same accounts go, in the open or not.
        #expect(
            Set(open.liquidations.map(\.step.account))
                == Set(hidden.liquidations.map(\.step.account)))
    }

    @Test func aPrivateSenderWaitsForABuilder() throws {
        let keeper = "a: {count: 1, capital: $5M, unwind: hold, fee: 1.25x, send: bundles}"
        let few = try run(
            [keeper], chain: "{preset: ethereum-builders, missed_blocks: 0%, bundles: 20%}")
        let all = try run([keeper], chain: builders)
        #expect(few.value("mean_delay_seconds") > all.value("mean_delay_seconds"))
    }

    /// What builders do not even take is told as well, with the reason, and costs nothing.
    @Test func aRefusedBundleIsInTheRecord() throws {
        let run = try run(
            [
                "a: {count: 1, capital: $5M, unwind: hold, fee: 1.25x, send: bundles, failures: {wrong_gas: 50%}}"
            ], chain: builders)
        let refused = run.records.flatMap(\.bundles).filter { $0.fate == .refused }
        #expect(refused.count > 5)
        #expect(
            refused.allSatisfy {
                $0.reason == .gasLimitTooLow && $0.part == $0.bundle.id && $0.index == nil
            })
        let dropped = run.records.flatMap(\.dropped).filter { $0.reason == .gasLimitTooLow }
        #expect(Set(dropped.map(\.transaction.id)) == Set(refused.map(\.bundle.id)))
        #expect(run.liquidations.count > 5)
    }

    // MARK: Behind reports

    private let auction = """
        oracle_auction: {pricing: second, protocol: 65%, oracle: 10%, reserve: $1}

        """

    @Test func thePlaceBehindAReportIsSold() throws {
        let keepers = [
            "a: {count: 1, capital: $5M, unwind: hold, fee: 1.25x, auction_bid: 90%}",
            "b: {count: 1, capital: $5M, unwind: hold, fee: 1.25x, auction_bid: 80%}",
        ]
        let without = try run(keepers, chain: builders)
        let with = try run(keepers, chain: builders, auction)
        let sold = with.records.flatMap(\.oracleAuctions)
        #expect(without.records.flatMap(\.oracleAuctions).isEmpty)
        #expect(sold.count > 5)
        for right in sold where right.fate == .included {
            #expect(right.bids == 2 && right.highestBid >= right.secondBid)
            #expect(right.paid == max(right.secondBid, Money(whole: 1)))
            #expect(right.paid == right.toProtocol + right.toOracle + right.toBuilder)
            #expect(right.bonus > right.paid)
        }
        // Each stands directly behind its report, and the payment before the liquidations.
        var checked = 0
        for record in with.records {
            for right in record.oracleAuctions where right.fate == .included {
                let first = try #require(right.index)
                #expect(record.transactions[first - 1].transaction.id == right.report)
                #expect(record.transactions[first].transaction.command.kind == .payAuction)
                #expect(record.transactions[first + 1].transaction.command.kind == .liquidate)
                checked += 1
            }
        }
        #expect(checked > 5)
        // The protocol has what the records say, and liquidations come a block earlier.
        let paid = with.records.flatMap(\.journal).reduce(Int64(0)) { sum, event in
            guard case .balanceChanged(let change) = event, change.reason == .oevPaid,
                change.account == ClearingHouse.treasury
            else { return sum }
            return sum + change.delta.raw
        }
        let told = sold.reduce(Money.zero) { $0 + $1.toProtocol }
        #expect(abs(paid - told.raw) <= Int64(sold.count) && paid > 0)
        #expect(with.value("auction_protocol_usd") == told.raw)
        #expect(with.value("mean_delay_seconds") < without.value("mean_delay_seconds"))
        #expect(with.value("conservation") == 0)
    }

    @Test func inBlocksWithoutBundlesTheRightLapses() throws {
        let keepers = [
            "a: {count: 2, capital: $5M, unwind: hold, fee: 1.25x, auction_bid: 90%}"
        ]
        let some = try run(
            keepers, chain: "{preset: ethereum-builders, missed_blocks: 0%, bundles: 40%}", auction)
        let fates = Set(some.records.flatMap(\.oracleAuctions).map(\.fate))
        #expect(fates.isSuperset(of: [.included, .lapsed]))
        for right in some.records.flatMap(\.oracleAuctions) where right.fate != .included {
            #expect(right.paid == .zero && right.bonus == .zero && right.toProtocol == .zero)
        }
        #expect(some.value("conservation") == 0)
    }

    // MARK: Elsewhere

    @Test func theExpressLaneIsSoldEveryMinute() throws {
        let run = try run(
            [
                "a: {count: 1, capital: $5M, unwind: hold, fee: 1.25x, express_bid: $50}",
                "b: {count: 1, capital: $5M, unwind: hold, fee: 1.25x, express_bid: $20}",
            ],
            chain: "{preset: arbitrum-timeboost, block_time: 1s}")
        let rounds = run.records.flatMap(\.expressRounds)
        #expect(rounds.count == 40)
        #expect(Set(rounds.map(\.holder)).count == 1)
        #expect(rounds.allSatisfy { $0.bids == 2 && $0.paid < $0.highest })
        // Each pays the second bid, some $20, at the price of ether of its moment.
        #expect(40 * 19 * scaleE8...40 * 21 * scaleE8 ~= run.value("express_lane_usd"))
    }

    @Test func aHaltDelaysWhatFallsDueInIt() throws {
        let keepers = ["a: {count: 1, capital: $5M, unwind: hold, fee: 1.25x}"]
        let plain = try run(keepers)
        let halted = try run(keepers, "faults:\n  - {at: 00:12, for: 8m, halt: true, burst: 1s}\n")
        #expect(plain.value("max_delay_seconds") < 200 * scaleE8)
        #expect(halted.value("max_delay_seconds") > 400 * scaleE8)
        let start = Timestamp(milliseconds: 1_704_067_200_000)
        let down = (start + TimeSpan(seconds: 720))..<(start + TimeSpan(seconds: 1200))
        #expect(!halted.records.contains { down.contains($0.header.time) })
        // The burst makes up for the forty blocks that were lost, in the time of three.
        #expect(halted.records.count == plain.records.count - 4)
    }
}
