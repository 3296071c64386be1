import Agents
import ExactMath
import MarginProtocol
import MarginRules
import Markets
import Oracles
import Scenarios
import Testing

/// Kinds of feeds, guards and faults, from the text to what the engine is given.
@Suite struct OracleSectionsTests {
    private let start = Timestamp(milliseconds: 1_704_067_200_000)
    private func at(_ minutes: Int64) -> Timestamp { start + TimeSpan(seconds: 60 * minutes) }

    private func feed(_ text: String) throws -> PriceFeed {
        try load(small.replacing("{latency: 15s}", by: text)).priceFeeds[1]
    }

    @Test func kinds() throws {
        #expect(try feed("{kind: pull, interval: 4s, confidence: 0.1%}").kind == .pull)
        #expect(try feed("{kind: vote}").kind == .vote)
        #expect(
            try feed("{kind: twap, window: 30m}").kind == .twap(window: TimeSpan(seconds: 1800)))
        #expect(
            try feed("{kind: delayed}").kind
                == .delayed(DelayedFeed(period: TimeSpan(seconds: 3600))))
        let rounds = try feed("{kind: replay, rounds: [[00:00, 2000], [00:10, 1990.5]]}")
        #expect(
            rounds.kind
                == .replay([
                    RecordedRound(time: start, price: Price(whole: 2000)),
                    RecordedRound(time: at(10), price: Price(raw: 199_050_000_000)),
                ]))
        let median = try feed(
            "{kind: median, venues: {binance: 3, okx: {weight: 2, noise: 0.1%}, kraken: {}}}")
        #expect(median.kind == .median)
        #expect(
            median.venues == [
                Venue(name: "binance", weight: 3),
                Venue(name: "okx", weight: 2, noise: Ratio(basisPoints: 10)),
                Venue(name: "kraken"),
            ])
    }

    @Test func howAKindReachesTheLaw() throws {
        func parameters(_ text: String) throws -> FeedParameters {
            try load(small.replacing("{latency: 15s}", by: text)).parameters.feeds[1]
        }
        #expect(try parameters("{kind: delayed, period: 30m}").delay == TimeSpan(seconds: 1800))
        #expect(try parameters("{kind: pull, max_lead: 1m}").isPulled)
        #expect(try parameters("{kind: pull, max_lead: 1m}").maxLead == TimeSpan(seconds: 60))
        #expect(try parameters("{}") == FeedParameters(name: "ETH", reporters: []))
        for (kind, count) in [("push", 1), ("pull", 0), ("vote", 0), ("delayed", 1)] {
            let scenario = try load(small.replacing("{latency: 15s}", by: "{kind: \(kind)}"))
            #expect(scenario.agents.reporters.count == count)
        }
    }

    @Test func observers() throws {
        let feed = try feed(
            "{reporters: 5, quorum: 3, outliers: 2%, bounds: {minimum: 0.10, beyond: clamp}}")
        #expect(feed.reporters == 5 && feed.quorum == 3 && feed.outliers == Ratio(percent: 2))
        #expect(
            feed.bounds
                == AnswerBounds(
                    minimum: Price(raw: 10_000_000), maximum: Price(whole: 1_000_000_000),
                    beyond: .clamp))
    }

    @Test func indexesAndAnchors() throws {
        let feed = try feed(
            "{venues: {okx: 1}, index: {protection: exclusion, tolerance: 10%, max_age: 15m}, anchor: {within: 15%}}"
        )
        #expect(
            feed.index
                == IndexPrice(
                    protection: .exclusion(tolerance: Ratio(percent: 10)),
                    maximumAge: TimeSpan(seconds: 900)))
        #expect(
            feed.anchor
                == PriceAnchor(tolerance: Ratio(percent: 15), window: TimeSpan(seconds: 1800)))
        #expect(try self.feed("{anchor: none, index: none}").index == nil)
    }

    /// A preset's feeds lie under those that are written, and how prices come only where a feed says nothing of it.
    @Test func aPresetsFeedsLieUnderTheScenarios() throws {
        func feed(_ preset: String, _ text: String) throws -> PriceFeed {
            try load(
                small.replacing("{latency: 15s}", by: text).replacing(
                    "{pool: $1M}", by: "{preset: \(preset), pool: $1M, settlement: USDC}"
                ).replacing(", initial_margin: 10%, maintenance_margin: 5%", by: "")
            ).priceFeeds[1]
        }
        let plain = try feed("hyperliquid", "{latency: 15s}")
        #expect(plain.venues.count == 8 && plain.venues[0] == Venue(name: "binance", weight: 3))
        #expect(try feed("hyperliquid", "{venues: {okx: 1}}").venues == [Venue(name: "okx")])
        let binance = try feed("binance-usdm", "{venues: {okx: 1}}").index
        #expect(
            binance == IndexPrice(protection: .medianFallback(tolerance: Ratio(percent: 5))))
        #expect(try feed("binance-usdm", "{index: none}").index == nil)
    }

    @Test(arguments: ["maker-clip", "maker-flip", "compound-v2"])
    func lendersFeeds(preset: String) throws {
        func feed(_ text: String) throws -> PriceFeed {
            try load(
                """
                name: small
                seed: 1
                start: 2024-01-01T00:00:00Z
                duration: 1h
                chain: instant
                assets:
                  DAI: {price: 1, collateral: 100%, borrowable: true}
                  ETH: {price: {points: [[00:00, 2000], [01:00, 1900]]}, collateral: 60%}
                oracles:
                  ETH: \(text)
                protocol: {preset: \(preset), settlement: DAI}

                """
            ).priceFeeds[1]
        }
        let plain = try feed("{latency: 15s}")
        if preset == "compound-v2" {
            #expect(
                plain.anchor
                    == PriceAnchor(tolerance: Ratio(percent: 15), window: TimeSpan(seconds: 1800)))
            #expect(try feed("{anchor: none}").anchor == nil)
        } else {
            #expect(plain.kind == .delayed(DelayedFeed(period: TimeSpan(seconds: 3600))))
            #expect(try feed("{deviation: 1%}").kind == .push)
            #expect(
                try feed("{kind: twap, window: 30m}").kind == .twap(window: TimeSpan(seconds: 1800))
            )
        }
    }

    @Test func roundsFromAFile() throws {
        let files = [
            "s.yaml": small.replacing(
                "{latency: 15s}", by: "{kind: replay, rounds: data/rounds.csv}"),
            "data/rounds.csv": """
            time,price
            2023-12-31T22:00:00Z,2100
            2023-12-31T23:30:00Z,2050
            2024-01-01T00:20:00Z,1980
            2024-01-01T01:20:00Z,1900
            2024-01-01T02:20:00Z,1800

            """,
        ]
        let scenario = try load(files)
        guard case .replay(let rounds) = scenario.priceFeeds[1].kind else {
            Issue.record("no replay")
            return
        }
        // Those around the run, so that its text alone replays it.
        #expect(rounds.map(\.price) == [2050, 1980, 1900].map { Price(whole: $0) })
        #expect(try load(scenario.text).priceFeeds == scenario.priceFeeds)
        var broken = files
        broken["data/rounds.csv"] = "time,price\n2023-12-31T22:00:00Z,-5\n"
        #expect(
            problems(broken)
                == ["data/rounds.csv:2:22: expected a price above zero, found \"-5\""])
    }

    static let wrongFeeds: [(String, String)] = [
        (
            "{kind: pul}",
            "s.yaml:12:15: oracles.ETH.kind: expected 'push', 'pull', 'delayed', 'twap', 'median', 'vote' or 'replay', found 'pul' (did you mean 'pull'?)"
        ),
        (
            "{kind: pull, heartbeat: 1h}",
            "s.yaml:12:32: oracles.ETH.heartbeat: has a meaning only where reporters push"
        ),
        (
            "{kind: vote, max_fee: 5 gwei}",
            "s.yaml:12:30: oracles.ETH.max_fee: no reporter pays for this kind of feed"
        ),
        (
            "{kind: twap}",
            "s.yaml:12:15: oracles.ETH.kind: an average needs a window, such as 'window: 30m'"
        ),
        ("{kind: median}", "s.yaml:12:15: oracles.ETH.kind: a median needs 'venues'"),
        (
            "{kind: replay}",
            "s.yaml:12:15: oracles.ETH.kind: a replay needs 'rounds': a file, or rows [time, price]"
        ),
        (
            "{window: 30m}",
            "s.yaml:12:17: oracles.ETH.window: has a meaning only with kind: twap"
        ),
        (
            "{index: {protection: exclusion}}",
            "s.yaml:12:29: oracles.ETH.index.protection: a protection needs a tolerance, such as 'tolerance: 5%'"
        ),
        (
            "{bounds: {minimum: 3, maximum: 2}}",
            "s.yaml:12:39: oracles.ETH.bounds.maximum: expected at least the minimum"
        ),
    ]

    @Test(arguments: wrongFeeds) func brokenFeeds(_ text: String, _ message: String) {
        #expect(problems(small.replacing("{latency: 15s}", by: text)) == [message])
    }

    // MARK: Guards

    private func guards(_ text: String) throws -> [PriceGuard] {
        try load(
            small.replacing("{pool: $1M}", by: "{pool: $1M, oracle_guard: {guards: [\(text)]}}")
        ).parameters.guards
    }

    @Test func severalGuardsEachWithItsOwnBlocks() throws {
        let minute = TimeSpan(seconds: 60)
        let found = try guards(
            "{max_age: 1m, blocks: [open]}, {max_age: 1m, at_limit: stale, blocks: [withdraw]}, "
                + "{max_confidence: 2%, feeds: ETH, blocks: [liquidate]}, "
                + "{max_deviation: 10%, blocks: [all]}, "
                + "{max_deviation: 10%, from: average, window: 1m, blocks: [open]}, "
                + "{anchor: 15%, window: 1m, blocks: [open]}, "
                + "{divergence: 50%, blocks: [liquidate]}, "
                + "{sequencer_grace: 1m, unless_health_below: 0.95, blocks: [liquidate]}, "
                + "{bounds: [0.11, 1000], blocks: [open]}, {validity: c, stablecoin: true}")
        // The dollar has no reporter, and so no age.
        let fed = [FeedID(index: 1)]
        let all: MarginProtocol.Actions = [.deposit, .withdraw, .open, .reduce, .liquidate]
        #expect(
            found == [
                PriceGuard(
                    .check(.maximumAge(minute, .inclusive), against: .nothing), blocks: .open,
                    feeds: fed),
                PriceGuard(
                    .check(.maximumAge(minute, .exclusive), against: .nothing), blocks: .withdraw,
                    feeds: fed),
                PriceGuard(
                    .check(.maximumConfidence(Ratio(percent: 2)), against: .nothing),
                    blocks: .liquidate, feeds: [FeedID(1)]),
                PriceGuard(
                    .check(.maximumDeviation(Ratio(percent: 10)), against: .previous), blocks: all),
                PriceGuard(
                    .check(.maximumDeviation(Ratio(percent: 10)), against: .average(minute)),
                    blocks: .open),
                PriceGuard(
                    .check(.anchorBand(tolerance: Ratio(percent: 15)), against: .average(minute)),
                    blocks: .open),
                PriceGuard(
                    .divergence(OracleDivergence(), average: TimeSpan(seconds: 300)),
                    blocks: .liquidate),
                PriceGuard(
                    .check(.sequencerUp(grace: minute, .exclusive), against: .nothing),
                    blocks: .liquidate, bypassBelow: Ratio(percent: 95)),
                PriceGuard(
                    .check(
                        .bounds(
                            minimum: Price(raw: 11_000_000), maximum: Price(whole: 1000),
                            .inclusive), against: .nothing), blocks: .open),
                PriceGuard(
                    .validity(
                        OracleGuardRails(), slot: TimeSpan(milliseconds: 400),
                        average: TimeSpan(seconds: 300), tier: .c, isStablecoin: true), blocks: all,
                    feeds: fed),
            ])
    }

    static let wrongGuards: [(String, String)] = [
        (
            "{blocks: [open]}",
            "protocol.oracle_guard.guards.0: expected one of max_age, max_confidence, max_deviation, anchor, divergence, sequencer_grace, bounds, validity, found none"
        ),
        (
            "{max_age: 1m}",
            "missing key 'blocks' in protocol.oracle_guard.guards.0: list of actions"
        ),
        (
            "{max_age: 1m, window: 5m, blocks: [open]}",
            "protocol.oracle_guard.guards.0.window: has a meaning only with max_deviation, anchor, divergence, validity"
        ),
        (
            "{divergence: 40%, blocks: [open]}",
            "protocol.oracle_guard.guards.0.divergence: expected 50% or more, found '40%'"
        ),
        (
            "{bounds: [3, 2], blocks: [open]}",
            "protocol.oracle_guard.guards.0.bounds: expected the lower price first"
        ),
    ]

    @Test(arguments: wrongGuards) func brokenGuards(_ text: String, _ message: String) {
        let found = problems(
            small.replacing("{pool: $1M}", by: "{pool: $1M, oracle_guard: {guards: [\(text)]}}"))
        #expect(found.count == 1 && found[0].hasSuffix(": " + message), "\(found)")
    }

    // MARK: Faults

    private func faults(_ text: String, feed: String = "{latency: 15s}") throws -> Scenario {
        try load(
            small.replacing("{latency: 15s}", by: feed)
                .replacing("agents:", by: "faults: [\(text)]\nagents:"))
    }

    @Test func faultsOfOracles() throws {
        let feed = try faults(
            "{at: +5m, for: 5m, oracle: ETH, outage: true}, {at: +5m, for: 5m, oracle: all, freeze: true}, "
                + "{at: +5m, for: 5m, oracle: ETH, factor: 100}, {at: +5m, for: 5m, oracle: ETH, value: 0.107}, "
                + "{at: +5m, for: 5m, oracle: ETH, floor: 2}, {at: +5m, for: 5m, oracle: ETH, ceiling: 3, reporters: 2}, "
                + "{at: +5m, for: 5m, oracle: ETH, outage: true, venue: okx}",
            feed: "{reporters: 3, venues: {okx: 1}}"
        ).priceFeeds[1]
        #expect(feed.outages == [Outage(from: at(5), until: at(10))])
        let effects: [(PriceFault.Scope, PriceFault.Effect)] = [
            (.everyone, .freeze), (.everyone, .factor(Ratio(whole: 100))),
            (.everyone, .value(Price(raw: 10_700_000))), (.everyone, .floor(Price(whole: 2))),
            (.reporters(2), .ceiling(Price(whole: 3))), (.venue("okx"), .silence),
        ]
        #expect(
            feed.faults
                == effects.map {
                    PriceFault(from: at(5), until: at(10), scope: $0.0, effect: $0.1)
                })
    }

    @Test func faultsOfOthers() throws {
        let scenario = try faults(
            "{at: +5m, for: 5m, oracle: ETH, max_fee: 20 gwei}, {at: +5m, for: 5m, agents: liquidators-1}, "
                + "{at: +5m, for: 10m, asset: USDC, factor: 0.88, ramp: 1m}, "
                + "{at: +5m, timelock: 20m, set: {max_age: {ETH: 1h}}}, "
                + "{at: +5m, for: 1m, timelock: 20m, pause: [open]}")
        #expect(
            scenario.agents.reporters[0].caps == [
                .init(from: at(5), until: at(10), maximumFee: 20_000_000_000)
            ])
        #expect(
            scenario.agents.liquidators[0].crashes == [
                .init(from: at(5), until: at(10), members: 1)
            ])
        #expect(
            scenario.referenceAssets[0].faults == [
                MarketFault(
                    from: at(5), until: at(15),
                    effect: .price(factor: Ratio(percent: 88), ramp: TimeSpan(seconds: 60)))
            ])
        #expect(scenario.governance.map(\.time) == [at(25), at(25), at(26)])
        #expect(
            scenario.governance.map(\.command) == [
                .setParameter(.maxAge(FeedID(1), TimeSpan(seconds: 3600))), .pause(.open),
                .pause([]),
            ])
    }

    @Test func governanceChangesGuardsAndGraces() throws {
        let scenario = try faults(
            "{at: +5m, set: {guards: [{sequencer_grace: 1h, silence: 2m, blocks: [liquidate]}], "
                + "liquidation_grace: {ETH: 2h}}}, {at: +6m, set: {guards: none}}, "
                + "{at: +7m, resume: true, grace: 30m}")
        let half = TimeSpan(seconds: 1800)
        #expect(scenario.sequencerSilence == TimeSpan(seconds: 120))
        #expect(
            scenario.governance.map(\.command) == [
                .setParameter(
                    .guards([
                        PriceGuard(
                            .check(
                                .sequencerUp(grace: TimeSpan(seconds: 3600), .exclusive),
                                against: .nothing), blocks: .liquidate)
                    ])),
                .setParameter(.liquidationGrace(AssetID(1), TimeSpan(seconds: 7200))),
                .setParameter(.guards([])), .pause([]),
                .setParameter(.liquidationGrace(AssetID(0), half)),
                .setParameter(.liquidationGrace(AssetID(1), half)),
            ])
    }

    @Test func governanceWindsMarketsUp() throws {
        let scenario = try faults(
            "{at: +5m, settle_market: {market: ETH-PERP, price: 1500, notice: 10m}}")
        #expect(scenario.governance.map(\.time) == [at(5), at(15)])
        #expect(
            scenario.governance.map(\.command) == [
                .windUp(MarketID(0), .reducing, price: nil),
                .windUp(MarketID(0), .settled, price: Price(whole: 1500)),
            ])
        let atOracle = try faults("{at: +5m, timelock: 1m, settle_market: {market: ETH-PERP}}")
        #expect(atOracle.governance.map(\.time) == [at(6)])
        #expect(
            atOracle.governance.map(\.command) == [.windUp(MarketID(0), .settled, price: nil)])
    }

    @Test func chanceStrikesBySeedAndName() throws {
        func outages(_ text: String, seed: Int = 1) throws -> [Outage] {
            try load(
                small.replacing("agents:", by: "faults: [\(text)]\nagents:")
                    .replacing("duration: 1h", by: "duration: 60d")
                    .replacing("seed: 1", by: "seed: \(seed)")
            ).priceFeeds[1].outages
        }
        let fault = "{random: {rate: 2/day, for: 10m..1h}, oracle: ETH, outage: true, name: a}"
        let first = try outages(fault)
        // Two a day on average, and a little less for the time they last: 60 days make about 118.
        #expect((85...150).contains(first.count))
        let lengths = first.map { $0.until - $0.from }
        let shortest = TimeSpan(seconds: 600)
        let longest = TimeSpan(seconds: 3600)
        #expect(lengths.allSatisfy { (shortest...longest).contains($0) })
        let mean = lengths.reduce(0) { $0 + Int($1.milliseconds / 1000) } / lengths.count
        #expect((1900...2300).contains(mean))
        #expect(zip(first, first.dropFirst()).allSatisfy { $0.until <= $1.from })
        #expect(try outages(fault) == first)
        #expect(try outages(fault, seed: 2) != first)
        // Another fault before it changes nobody's times.
        let other = "{at: +5m, for: 5m, agents: liquidators-1}, " + fault
        #expect(try outages(other) == first)
    }

    static let wrongFaults: [(String, String)] = [
        ("{for: 5m, oracle: ETH, outage: true}", "missing key 'at' in faults.0: time"),
        ("{at: +5m, oracle: ETH, outage: true}", "missing key 'for' in faults.0: duration"),
        (
            "{at: +5m, for: 5m, oracle: ETH}",
            "faults.0: expected exactly one of extra_latency, outage: true, freeze: true, factor, value, floor, ceiling and max_fee"
        ),
        (
            "{at: +5m, for: 5m, oracle: ETH, factor: 2, reporters: 3}",
            "faults.0.reporters: ETH has only 1"
        ),
        (
            "{at: +5m, for: 5m, oracle: ETH, factor: 2, venue: okx}",
            "faults.0.venue: 'okx' is not a venue of ETH of this scenario (there is none)"
        ),
        (
            "{at: +5m, for: 5m, asset: ETH, factor: 2, depth: 5%}",
            "faults.0: expected exactly one of factor and depth"
        ),
        (
            "{at: +5m, for: 5m, asset: ETH, depth: 5%}",
            "faults.0.depth: ETH has unlimited liquidity"
        ),
        (
            "{at: +5m, for: 5m, agents: nobody}",
            "faults.0.agents: 'nobody' is not a group of liquidators or order keepers of this scenario (known: liquidators-1)"
        ),
        (
            "{at: +5m, for: 5m, agents: liquidators-1, count: 2}",
            "faults.0.count: liquidators-1 has only 1"
        ),
        (
            "{at: +5m, pause: [open], depth: 5%}",
            "faults.0.depth: has a meaning only with an asset"
        ),
        ("{at: +5m, pause: [open], grace: 1h}", "faults.0.grace: has a meaning only with resume"),
        (
            "{random: {rate: 0/day, for: 5m}, oracle: ETH, outage: true}",
            "faults.0.random.rate: expected more than 0/hour, found '0/day'"
        ),
        (
            "{random: {rate: 1/day, for: 5m}, resume: true}",
            "faults.0.resume: does not happen by chance"
        ),
    ]

    @Test(arguments: wrongFaults) func brokenFaults(_ text: String, _ message: String) {
        let found = problems(small.replacing("agents:", by: "faults: [\(text)]\nagents:"))
        #expect(found.count == 1 && found[0].hasSuffix(": " + message), "\(found)")
    }
}
