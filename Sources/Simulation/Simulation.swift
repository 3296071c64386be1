import Agents
import Chain
import ExactMath
public import MarginProtocol
import Markets
import Oracles
public import Scenarios
import SeededRandom

/// The one loop: an iterator of block records.
///
/// The first record is genesis. Each later one is a block: the world moves to the block's time, oracles look,
/// agents decide on what was committed before, the chain orders and the law executes, agents sell what they
/// seized. The same scenario gives the same records on every machine.
///
/// A class, so that the chain can run the law while both are its parts; it is used by one thread.
public final class Simulation: IteratorProtocol {
    public let scenario: Scenario
    public let description: RunDescription
    /// What all records so far add up to.
    public private(set) var summary: RunSummary
    public internal(set) var house: ClearingHouse
    var chain: Chain
    var markets: Markets
    var oracles: Oracles
    var agents: [any Agent]
    var dispatch: Dispatch
    var auctions: OracleAuctions
    /// Those who read the mempool, in order.
    var watchers: [Int]
    /// Agents that answer what others bid, and how often before a block.
    var rivals: [Int]
    var rounds: Int
    var reports = ReportLedger()
    /// Who is liquidatable, and since when: at the protocol's prices, and at the outside ones.
    var onChain = DueList()
    var inTruth = DueList()
    /// Who has become liquidatable at the protocol's prices since the last record, and their exposure then.
    var arrived: [Arrival] = []
    let paranoid: Bool
    let end: Timestamp
    var worldTime: Timestamp
    var nextGovernance = 0
    var upcoming: Slot?
    var genesis: BlockRecord?
    var lastHeader: BlockHeader
    /// Drawn or paid back at the beginning of the block.
    var loans: [Loan] = []
    /// Trades and loans inside the block that is being built.
    var traded: [OutsideTradeRecord] = []
    /// What a bundle that is being tried may change, as it was before.
    var kept: (house: ClearingHouse, markets: Markets, trades: Int)?
    /// The last published round of each pulled feed; empty where there is none such.
    var pulled: [Report?] = []
    /// All that pulled feeds have published of late, where requests are executed at prices of their own time.
    var recentRounds: [Report] = []
    /// Trades that agents have asked for and whose execution is open.
    var awaited: [AwaitedTrade] = []
    /// What agents see before the coming block, once somebody has asked; nil where no prices can be brought along.
    var prospective: (house: ClearingHouse, due: DueList)?
    /// The last published round, since the block before, of each feed that is written into blocks.
    var written: [Report] = []

    /// A run that has not begun.
    ///
    /// - Parameter paranoid: check every invariant after every transaction, not only after every block.
    /// - Throws: ``SimulationError`` where the scenario's parts do not fit together.
    public init(_ scenario: Scenario, paranoid: Bool = false) throws(SimulationError) {
        self.scenario = scenario
        self.paranoid = paranoid
        end = scenario.start + scenario.duration
        worldTime = scenario.start
        var parts = try Genesis(scenario)
        house = parts.house
        chain = parts.chain
        markets = parts.markets
        oracles = parts.oracles
        agents = parts.cast.agents
        dispatch = Dispatch(agents: parts.cast.agents)
        auctions = OracleAuctions(scenario)
        watchers = Self.watchers(among: parts.cast.agents)
        (rivals, rounds) = Self.rivals(among: parts.cast.agents, scenario)
        description = parts.description
        let liquidators = parts.cast.members
            .filter { $0.kind == "liquidator" || $0.kind == "keeper" }.map(\.address)
        summary = RunSummary(
            scenario, groups: parts.groups, liquidators: Set(liquidators),
            followed: parts.followed)
        lastHeader = parts.header
        if scenario.priceFeeds.contains(where: { $0.kind.delivery == .attached }) {
            pulled = Array(repeating: nil, count: scenario.priceFeeds.count)
        }
        let journal = parts.takeJournal()
        genesis = nil
        genesis = record(
            ChainBlock(header: lastHeader, transactions: [], dropped: [], journal: journal),
            opening: journal.count, closing: journal.count..<journal.count, reports: [],
            liquidations: [], taken: [], outside: [])
        upcoming = chain.nextSlot()
        dueUpdate(at: scenario.start)
    }

    /// Asks the agents in another order, before the first block.
    ///
    /// The order decides nothing but the ids of transactions, which are the last word in every tie.
    func reorderAgents(_ order: [Int]) {
        precondition(genesis != nil && order.sorted() == Array(agents.indices))
        agents = order.map { agents[$0] }
        watchers = Self.watchers(among: agents)
        (rivals, rounds) = Self.rivals(among: agents, scenario)
        dispatch = Dispatch(agents: agents)
    }

    /// The next block, or nil when the scenario's time is over.
    public func next() -> BlockRecord? {
        if let first = genesis {
            genesis = nil
            summary.add(first)
            summary.look(house, at: truth)
            return first
        }
        guard let slot = upcoming, slot.time <= end else { return nil }
        prospective = nil
        moveWorld(to: slot.time)
        let published = deliver(oracles.published(until: slot.time))
        reports.published(published)
        dueUpdate(at: slot.time)
        var fates: [OracleReportRecord] = []
        let early = decide(slot, published, &fates)
        // The block changes the state, which must be held only once by then.
        prospective = nil
        var result = execute(slot, &fates)
        result.block.dropped = early + result.block.dropped
        var decisions = decisions(of: result)
        settle(result.block, slot, early: early.count, &fates)
        let opening = result.opening
        let closing = result.block.journal.count
        let outside = result.outside + unwind(slot, &result.block.journal)
        lastHeader = result.block.header
        requireInvariants()
        upcoming = chain.nextSlot()
        if let next = upcoming, next.time > end {
            fates += reports.unresolved()
            decisions += openDecisions()
        }
        var record = record(
            result.block, opening: opening, closing: closing..<result.block.journal.count,
            reports: fates, liquidations: result.liquidations, taken: result.taken, outside: outside
        )
        record.decisions = decisions
        record.bundles = result.block.bundles
        record.expressRounds = result.block.expressRounds
        record.oracleAuctions = auctions.ended(in: result.block)
        summary.add(record)
        summary.look(house, at: truth)
        return record
    }

    /// A draw that depends on how many numbers the world consumed: equal runs end in equal ones.
    public var unseed: UInt64 {
        var draws = RandomSource(seed: scenario.seed).stream("unseed", at: markets.drawn)
        return draws.next()
    }

    func requireInvariants() {
        let breaches = house.breaches()
        precondition(breaches.isEmpty, breaches.map(\.description).joined(separator: "; "))
    }

    // MARK: 9 The record

    private func record(
        _ block: ChainBlock, opening: Int, closing: Range<Int>, reports: [OracleReportRecord],
        liquidations: [LiquidationRecord], taken: [Arrival], outside: [OutsideTradeRecord]
    ) -> BlockRecord {
        let truth = truth
        let now = block.header.time
        dueUpdate(at: now)
        let newly = newlyLiquidatable(taken: taken, liquidations)
        for liquidation in liquidations {
            onChain.restart(liquidation.step.account, at: now)
            inTruth.restart(liquidation.step.account, at: now)
        }
        let reference = scenario.referenceAssets.indices.map {
            ReferencePriceRecord(
                feed: FeedID(index: $0), exogenous: markets.exogenousPrice($0),
                impact: markets.impact($0), price: truth[$0])
        }
        let everyone = block.header.number % Int64(max(1, scenario.healthEvery)) == 0
        return BlockRecord(
            header: block.header, transactions: block.transactions, dropped: block.dropped,
            journal: block.journal, openingEvents: 0..<opening, closingEvents: closing,
            oracleReports: reports, referencePrices: reference, outsideTrades: outside,
            liquidations: liquidations, health: house.healthRecords(of: everyone, truth: truth),
            metric: house.metric(
                onChain: onChain.accounts.count, inTruth: inTruth.accounts, truth: truth,
                newly: newly))
    }
}
