import Agents
import Chain
import ExactMath
import Testing

@testable import Scenarios

/// The keys of chain kinds, chain faults, and competition for blocks.
struct ChainKeysTests {
    private func load(_ chain: String, _ more: String = "") throws -> Scenario {
        try ScenarioLoader.load(
            text: """
                name: keys
                seed: 1
                start: 2024-01-01T00:00:00Z
                duration: 1h
                chain: \(chain)
                assets:
                  ETH: {price: 2000}
                \(more)
                """)
    }

    private func problem(_ chain: String, _ more: String = "") -> String {
        do {
            _ = try load(chain, more)
            return "none"
        } catch { return "\(error)" }
    }

    private func at(_ minutes: Int64) -> Timestamp {
        Timestamp(milliseconds: 1_704_067_200_000 + minutes * 60_000)
    }

    @Test func inclusion() throws {
        let chain = try load(
            """
            {preset: ethereum, bundles: 40%, lock_limit: 1M, loss: 3%,
              precedence: {liquidations_first: 7}, fee_changes: [[00:10, 6, 250], [00:20, 2, 8, 1 gwei]]}
            """
        ).chain
        #expect(chain.rules.bundles == BundleRule(builderShare: Ratio(percent: 40)))
        #expect(chain.rules.lockLimit == 1_000_000)
        #expect(chain.rules.lossRate == Ratio(percent: 3))
        #expect(chain.rules.precedence == .liquidationsFirst(attempts: 7))
        #expect(
            chain.rules.feeChanges == [
                FeeChange(from: at(10), elasticity: 6, denominator: 250),
                FeeChange(
                    from: at(20), elasticity: 2, denominator: 8, minimumBaseFee: 1_000_000_000),
            ])
        #expect(
            try load("{preset: hyperliquid, precedence: none}", "native: none").chain.rules
                .precedence == .none)
        #expect(try load("{preset: ethereum-builders, bundles: none}").chain.rules.bundles == nil)
        #expect(try load("{preset: solana, lock_limit: none}").chain.rules.lockLimit == nil)
    }

    @Test func theExpressLane() throws {
        let lane = try load(
            "{preset: arbitrum, express_lane: {round: 30s, closing: 5s, delay: 100ms, reserve: 5 gwei, bids: 2}}"
        )
        .chain.rules.expressLane
        #expect(
            lane
                == ExpressLane(
                    round: TimeSpan(seconds: 30), closing: TimeSpan(seconds: 5),
                    delay: TimeSpan(milliseconds: 100), reserve: 5_000_000_000, bids: 2))
        // Arbitrum's own figures are the defaults.
        #expect(
            try load("{preset: arbitrum, express_lane: {}}").chain.rules.expressLane
                == ExpressLane())
        #expect(try load("arbitrum-timeboost").chain.rules.expressLane == ExpressLane())
        #expect(
            problem("{preset: ethereum, express_lane: {}}")
                .contains("absent where transactions are not ordered by arrival"))
    }

    @Test func faults() throws {
        let rules = try load(
            "ethereum",
            """
            faults:
              - {at: 00:10, for: 5m, halt: true}
              - {at: 00:30, for: 10m, halt: true, burst: 250ms}
              - {at: 00:45, for: 5m, missed_slots: 50%}
            """
        ).chain.rules
        #expect(
            rules.halts == [
                ChainHalt(from: at(10), until: at(15)),
                ChainHalt(from: at(30), until: at(40), burst: TimeSpan(milliseconds: 250)),
            ])
        #expect(
            rules.missedSlots == [
                MissedSlots(from: at(45), until: at(50), share: Ratio(percent: 50))
            ])
    }

    /// Chance draws when the chain stands still, in order and apart.
    @Test func randomHalts() throws {
        let fault = "faults:\n  - {random: {rate: 12/hour, for: 1m..2m}, halt: true}"
        let halts = try load("ethereum", fault).chain.rules.halts
        #expect(halts.count > 3)
        #expect(
            halts.allSatisfy {
                (TimeSpan(seconds: 60)...TimeSpan(seconds: 120)).contains($0.until - $0.from)
            })
        #expect(zip(halts, halts.dropFirst()).allSatisfy { $0.until <= $1.from })
        #expect(try load("ethereum", fault).chain.rules.halts == halts)
    }

    @Test(arguments: [
        ("- {at: 00:10, halt: true}", "missing key 'for' in faults.0"),
        ("- {at: 00:10, for: 5m, halt: false}", "faults.0.halt: expected 'true'"),
        (
            "- {at: 00:10, for: 5m, missed_slots: 5%, burst: 1s}",
            "faults.0.burst: has a meaning only with a halt"
        ),
        (
            "- {at: 00:10, for: 5m, halt: true}\n  - {at: 00:12, for: 5m, halt: true}",
            "the chain already stands still until"
        ),
        ("- {at: 00:10, for: 5m, missed_slots: 100%}", "expected 0% to 99%"),
        (
            "- {at: 00:10, for: 5m, halt: true, timelock: 1m}",
            "has a meaning only with pause, resume, set and settle_market"
        ),
        (
            "- {at: 00:10, for: 5m, halt: true, factor: 2}",
            "has a meaning only with an oracle or an asset"
        ),
    ])
    func badFaults(_ fault: String, _ message: String) {
        let found = problem("ethereum", "faults:\n  " + fault)
        #expect(found.contains(message), "\(found)")
    }

    @Test func competition() throws {
        let scenario = try load(
            "ethereum-builders",
            """
            agents:
              liquidators:
                open: {count: 1, capital: $1M, counterbid: 5%, reaction: 2s, fee: {waiting_percentile: 90}}
                hidden: {count: 1, capital: $1M, send: bundles, auction_bid: 90%, fee: {recent_percentile: 60}}
            oracle_auction: {pricing: second, protocol: 60%, oracle: 30%, reserve: $5}
            """)
        let open = scenario.agents.liquidators[0]
        #expect(open.counterbid == Ratio(percent: 5) && open.reaction == TimeSpan(seconds: 2))
        #expect(open.fee == .waitingPercentile(90) && !open.isPrivate)
        let hidden = scenario.agents.liquidators[1]
        #expect(hidden.isPrivate && hidden.auctionShare == Ratio(percent: 90))
        #expect(hidden.fee == .recentPercentile(60))
        #expect(
            scenario.oracleAuction
                == OracleAuctionRules(
                    pricing: .second, toProtocol: Ratio(percent: 60), toOracle: Ratio(percent: 30),
                    reserve: Money(whole: 5)))
    }

    @Test(arguments: [
        (
            "ethereum", "a: {count: 1, capital: $1M, send: bundles}",
            "the chain has no builders who take bundles"
        ),
        (
            "{preset: arbitrum, bundles: 100%}", "a: {count: 1, capital: $1M, send: bundles}",
            "only with ordering: effective_tip"
        ),
        (
            "ethereum-builders", "a: {count: 1, capital: $1M, send: bundles, counterbid: 5%}",
            "nobody sees a bundle"
        ),
        (
            "ethereum", "a: {count: 1, capital: $1M, reaction: 1s}",
            "has a meaning only with counterbid"
        ),
        (
            "ethereum", "a: {count: 1, capital: $1M, express_bid: $5}",
            "the chain has no express lane"
        ),
    ])
    func badCompetition(_ chain: String, _ group: String, _ message: String) {
        let found = problem(chain, "agents:\n  liquidators:\n    " + group)
        #expect(found.contains(message), "\(found)")
    }

    @Test(arguments: [
        ("ethereum", "{protocol: 60%}", "needs a chain with bundles"),
        ("ethereum-builders", "{protocol: 60%}", "no liquidator has an auction_bid"),
        (
            "ethereum-builders", "{protocol: 60%, oracle: 50%}",
            "at most what the protocol's share leaves"
        ),
    ])
    func badAuctions(_ chain: String, _ rules: String, _ message: String) {
        let found = problem(chain, "oracle_auction: " + rules)
        #expect(found.contains(message), "\(found)")
    }

    @Test func waitingBidsRise() throws {
        let demand = "demand: {price: 10 gwei, escalation: 30%}"
        #expect(try load("ethereum", demand).chain.demand?.escalation == Ratio(percent: 30))
        #expect(
            problem("{preset: ethereum, ordering: first_come_first_served}", demand)
                .contains("zero where the order does not depend on bids"))
    }
}
