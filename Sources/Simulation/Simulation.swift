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
    private var oracles: Oracles
    var agents: [any Agent]
    var dispatch: Dispatch
    var auctions: OracleAuctions
    /// Those who read the mempool, in order.
    private(set) var watchers: [Int]
    /// Agents that answer what others bid, and how often before a block.
    private(set) var rivals: [Int]
    private(set) var rounds: Int
    private var reports = ReportLedger()
    private(set) var onChain = DueList()
    private var inTruth = DueList()
    private let paranoid: Bool
    private let end: Timestamp
    private var worldTime: Timestamp
    private var nextGovernance = 0
    private var upcoming: Slot?
    private var genesis: BlockRecord?
    private var lastHeader: BlockHeader
    /// Drawn or paid back at the beginning of the block.
    var loans: [Loan] = []
    /// Trades and loans inside the block that is being built.
    private var traded: [OutsideTradeRecord] = []
    /// What a bundle that is being tried may change, as it was before.
    private var kept: (house: ClearingHouse, markets: Markets, trades: Int)?
    /// The last published round of each pulled feed; empty where there is none such.
    private var pulled: [Report?] = []
    /// The last published round, since the block before, of each feed that is written into blocks.
    private var written: [Report] = []

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
            backstop: parts.house.backstopVault, scripts: parts.scripts)
        lastHeader = parts.header
        if scenario.priceFeeds.contains(where: { $0.kind.delivery == .attached }) {
            pulled = Array(repeating: nil, count: scenario.priceFeeds.count)
        }
        let journal = parts.takeJournal()
        genesis = nil
        genesis = record(
            ChainBlock(header: lastHeader, transactions: [], dropped: [], journal: journal),
            opening: journal.count, closing: journal.count..<journal.count, reports: [],
            liquidations: [], outside: [])
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
            summary.look(house, at: outsidePrices)
            return first
        }
        guard let slot = upcoming, slot.time <= end else { return nil }
        moveWorld(to: slot.time)
        let published = deliver(oracles.published(until: slot.time))
        reports.published(published)
        dueUpdate(at: slot.time)
        var fates: [OracleReportRecord] = []
        let early = decide(slot, published, &fates)
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
            reports: fates, liquidations: result.liquidations, outside: outside)
        record.decisions = decisions
        record.bundles = result.block.bundles
        record.expressRounds = result.block.expressRounds
        record.oracleAuctions = auctions.ended(in: result.block)
        summary.add(record)
        summary.look(house, at: outsidePrices)
        return record
    }

    /// A draw that depends on how many numbers the world consumed: equal runs end in equal ones.
    public var unseed: UInt64 {
        var draws = RandomSource(seed: scenario.seed).stream("unseed", at: markets.drawn)
        return draws.next()
    }

    // MARK: 1–2 The world and its observers

    /// Moves prices on along a fixed grid, whatever the chain does: so two variants see the same world.
    private func moveWorld(to time: Timestamp) {
        while worldTime + scenario.step <= time {
            worldTime = worldTime + scenario.step
            markets.advance(to: worldTime)
            // Nobody builds a block that would notice who falls due meanwhile.
            if isHalted(worldTime) {
                inTruth.update(house, at: outsidePrices, time: worldTime)
            }
            guard let due = oracles.nextDue, due <= worldTime else { continue }
            let prices = outsidePrices
            oracles.observe(at: worldTime, prices: prices)
            reports.looked(at: worldTime, prices)
        }
    }

    private func isHalted(_ time: Timestamp) -> Bool {
        chain.configuration.rules.halts.contains { $0.from <= time && time < $0.until }
    }

    /// Keeps the rounds that no reporter carries, and returns those that one does.
    private func deliver(_ reports: [Report]) -> [Report] {
        written.removeAll(keepingCapacity: true)
        return reports.filter { report in
            switch scenario.priceFeeds[report.feed].kind.delivery {
            case .transaction: return true
            case .attached:
                if pulled[report.feed].map({ $0.round < report.round }) ?? true {
                    pulled[report.feed] = report
                }
            case .block:
                written.removeAll { $0.feed == report.feed }
                written.append(report)
            }
            return false
        }
    }

    /// The prices that can be brought along now and that the protocol does not have yet.
    private var attachablePrices: [AttachedPrice] {
        pulled.compactMap { report in
            guard let report else { return nil }
            let feed = FeedID(index: report.feed)
            if let last = house.report(feed), last.observedAt >= report.observedAt { return nil }
            return AttachedPrice(feed: feed, report: PriceReport(report))
        }
    }

    /// A request whose command has the prices along that it needs and that are newer than the protocol's.
    func attaching(_ request: Request) -> Request {
        guard !pulled.isEmpty else { return request }
        let needed = house.pulledFeeds(neededBy: request.command)
        let attached = attachablePrices.filter { needed.contains($0.feed) }
        guard !attached.isEmpty else { return request }
        var request = request
        request.command = .attach(attached, to: request.command)
        return request
    }

    private var outsidePrices: [Price] {
        scenario.referenceAssets.indices.map { markets.price($0) }
    }

    /// Who is liquidatable now, at the protocol's prices and in truth.
    private func dueUpdate(at time: Timestamp) {
        onChain.update(house, at: house.prices, time: time)
        inTruth.update(house, at: outsidePrices, time: time)
    }

    // MARK: 3–4 Agents and the mempool

    /// What agents see: the committed state, and where prices can be brought along what the coming block finds
    /// with those.
    func view(_ slot: Slot, _ published: [Report]) -> View {
        let seen = seen(at: slot.time)
        return view(slot, published, seen.house, seen.due.accounts)
    }

    /// The state that agents see, and who is liquidatable in it.
    func seen(at time: Timestamp) -> (house: ClearingHouse, due: DueList) {
        guard !pulled.isEmpty else { return (house, onChain) }
        var seen = house
        var scratch: [Event] = []
        // A price that was observed since the last block is from the future there.
        if time > seen.time { seen.advance(to: time, into: &scratch) }
        seen = seen.attaching(attachablePrices)
        var due = onChain
        due.update(seen, at: seen.prices, time: time)
        return (seen, due)
    }

    /// - Parameter awaited: the report behind which the state is the given one.
    func view(
        _ slot: Slot, _ published: [Report], _ house: ClearingHouse, _ liquidatable: [AccountID],
        awaited: AwaitedReport? = nil
    ) -> View {
        View(
            house: house, markets: markets, outsidePrices: outsidePrices, block: slot.number,
            time: slot.time, blockTime: chain.configuration.blockTime.mean(at: slot.time),
            baseFee: chain.baseFee, goingPrice: max(lastHeader.minimumPrice, chain.reservePrice),
            gas: chain.configuration.gas,
            nativePrice: scenario.nativeFeed.map { markets.price($0.index) } ?? .zero,
            liquidatable: liquidatable, reports: published, bids: pendingBids(), awaited: awaited,
            survey: chain.survey, nextExpressRound: chain.nextExpressRound)
    }

    /// Liquidations in the public mempool, oldest first; bundles are seen by nobody.
    private func pendingBids() -> [PendingBid] {
        // Who is behind which bid matters to nobody else.
        guard !watchers.isEmpty || !rivals.isEmpty || scenario.recordsDecisions else { return [] }
        return chain.waiting(.liquidate).compactMap { transaction in
            guard case .liquidate(let account, _, _) = transaction.command.inner else { return nil }
            return PendingBid(
                sender: transaction.sender, account: account,
                price: chain.offer(of: transaction))
        }
    }

    /// Asks every agent what it wants and sends it; returns what the mempool refused or pushed out.
    private func decide(
        _ slot: Slot, _ published: [Report], _ fates: inout [OracleReportRecord]
    ) -> [DroppedTransaction] {
        var wanted: [(agent: Int, actions: Agents.Actions)] = []
        do {
            let view = view(slot, published)
            for index in agents.indices { wanted.append((index, agents[index].decide(view))) }
        }
        var dropped: [DroppedTransaction] = []
        govern(until: slot.time, &dropped)
        var posted: [Transaction] = []
        for (agent, actions) in wanted {
            let sent = submit(actions, of: agent, slot, &dropped)
            if auctions.isOn { posted += sent.filter { $0.command.kind == .postPrice } }
        }
        watch(slot, &dropped)
        answerRivals(slot, &dropped)
        for report in posted { sellRight(behind: report, slot, &dropped) }
        bidForExpressLane(slot)
        return dropped
    }

    /// Sends what an agent wants; returns what was not refused at once.
    @discardableResult
    func submit(
        _ actions: Agents.Actions, of agent: Int, _ slot: Slot,
        _ dropped: inout [DroppedTransaction]
    ) -> [Transaction] {
        loans += actions.loans
        return actions.requests.compactMap { request in
            send(request, of: agent, decision(behind: request, actions), slot, &dropped)
        }
    }

    /// What was known to the sender of a request, where the scenario asks for it.
    func decision(behind request: Request, _ actions: Agents.Actions) -> Decision? {
        scenario.recordsDecisions ? actions.decisions.first { $0.tag == request.tag } : nil
    }

    private func send(
        _ request: Request, of agent: Int, _ decision: Decision?, _ slot: Slot,
        _ dropped: inout [DroppedTransaction]
    ) -> Transaction? {
        if request.isPrivate { return sendPrivately(request, of: agent, decision, slot, &dropped) }
        let transaction = dispatch.transaction(
            attaching(request), agent: agent, decision: decision, seen: slot.time, chain: chain)
        if let feedRound = transaction.reportKey {
            reports.sent(feedRound, transaction.value)
        }
        let drops = chain.submit(transaction.value)
        dropped += drops
        guard !drops.contains(where: { $0.transaction.id == transaction.value.id }) else {
            return nil
        }
        tell(agent, request, transaction.value.nonce, .pending(nonce: transaction.value.nonce))
        return transaction.value
    }

    /// Shows those who read the mempool each report that waits there and makes accounts liquidatable.
    private func watch(_ slot: Slot, _ dropped: inout [DroppedTransaction]) {
        guard !watchers.isEmpty else { return }
        let waiting = chain.executable(.postPrice)
        guard !waiting.isEmpty else { return }
        let seen = seen(at: slot.time)
        var prospect = Prospect(seen.house, seen.due, at: slot.time)
        var known = Set(seen.due.accounts)
        for transaction in waiting {
            guard case .postPrice(let feed, let report) = transaction.command,
                prospect.run(transaction)
            else { continue }
            let fresh = prospect.due.filter { !known.contains($0) }
            guard !fresh.isEmpty else { continue }
            known.formUnion(fresh)
            let view = view(
                slot, [], prospect.house, fresh,
                awaited: AwaitedReport(
                    feed: feed, report: report, price: chain.offer(of: transaction)))
            for index in watchers {
                submit(agents[index].watch(view), of: index, slot, &dropped)
            }
        }
    }

    func tell(_ agent: Int, _ request: Request, _ nonce: Int64, _ result: Outcome.Result) {
        agents[agent].learn(
            Outcome(
                sender: request.sender, tag: request.tag, nonce: nonce, result: result,
                gasCost: .zero))
    }

    /// Sends governance's commands that are due, bidding well above what others pay.
    private func govern(until time: Timestamp, _ dropped: inout [DroppedTransaction]) {
        while nextGovernance < scenario.governance.count,
            scenario.governance[nextGovernance].time <= time
        {
            let transaction = dispatch.governance(
                scenario.governance[nextGovernance].command, at: time,
                price: max(lastHeader.minimumPrice, chain.reservePrice), chain: chain)
            dropped += chain.submit(transaction)
            nextGovernance += 1
        }
    }

    // MARK: 5–6 Building and executing

    struct Execution {
        var block: ChainBlock
        var opening: Int
        var liquidations: [LiquidationRecord]
        /// Trades and loans inside the block.
        var outside: [OutsideTradeRecord]
        /// Accounts' maintenance health before each liquidation, by transaction, where decisions are recorded.
        var health: [Int64: Health]
    }

    /// Writes what is free of charge into the block: the uptime of the sequencer after a silence, and the
    /// prices of validators, pools and recordings.
    private func open(
        _ slot: Slot, _ journal: inout [Event], _ fates: inout [OracleReportRecord]
    ) {
        if let silence = scenario.sequencerSilence, slot.time - lastHeader.time > silence {
            do {
                try house.execute(.reportUptime(isUp: true), from: .system, into: &journal)
            } catch { preconditionFailure("the simulator may report uptime") }
        }
        for report in written {
            var rejection: Rejection?
            do {
                try house.execute(
                    .postPrice(feed: FeedID(index: report.feed), report: PriceReport(report)),
                    from: .system, into: &journal)
            } catch { rejection = error }
            fates.append(reports.settled(report, rejection: rejection))
        }
    }

    private func execute(_ slot: Slot, _ fates: inout [OracleReportRecord]) -> Execution {
        var journal: [Event] = []
        house.advance(to: slot.time, into: &journal)
        open(slot, &journal, &fates)
        traded = lend(&journal)
        var health: [Int64: Health] = [:]
        let opening = journal.count
        let truth = outsidePrices
        var before: [Int64: Health] = [:]
        // Liquidations that had begun, and that the outside prices would not have ended either.
        var continued: Set<Int64> = []
        let block = chain.build(slot, appendingTo: journal, checkpoint: checkpoint) {
            [self] (transaction, journal) throws(Rejection) in
            if let account = transaction.command.liquidated, account.index < house.accountCount {
                before[transaction.id] = house.health(of: account, .maintenance, at: truth)
                if scenario.recordsDecisions {
                    health[transaction.id] = house.health(of: account, .maintenance)
                }
                if house.isBeingLiquidated(account), house.isLiquidatable(account, at: truth) {
                    continued.insert(transaction.id)
                }
            }
            if let loan = dispatch.flashLoan(of: transaction) {
                traded += try execute(transaction, with: loan, into: &journal)
            } else {
                try house.execute(transaction.command, from: transaction.sender, into: &journal)
            }
            if paranoid { requireInvariants() }
        }
        var liquidations: [LiquidationRecord] = []
        for included in block.transactions {
            guard included.rejection == nil, let health = before[included.transaction.id] else {
                continue
            }
            for event in block.journal[included.events] {
                guard case .liquidated(let step) = event else { continue }
                var record = judge(step, included.index, health, truth, slot.time)
                if continued.contains(included.transaction.id) { record.wrongful = false }
                liquidations.append(record)
            }
        }
        return Execution(
            block: block, opening: opening, liquidations: liquidations, outside: traded,
            health: health)
    }

    /// The state before a bundle, while it is tried; nil where there are no bundles.
    private var checkpoint: Checkpoint? {
        guard chain.configuration.rules.bundles != nil else { return nil }
        return Checkpoint(
            keep: { [self] in kept = (house, markets, traded.count) },
            restore: { [self] in
                if let kept {
                    house = kept.house
                    markets = kept.markets
                    traded.removeSubrange(kept.trades...)
                }
                kept = nil
            },
            forget: { [self] in kept = nil })
    }

    /// What a liquidation looks like to somebody who knows the outside prices.
    private func judge(
        _ step: Liquidation, _ index: Int, _ health: Health, _ truth: [Price], _ now: Timestamp
    ) -> LiquidationRecord {
        let feed: FeedID? =
            step.market.map { scenario.parameters.markets[$0.index].feed }
            ?? step.seizedAsset.map { scenario.parameters.assets[$0.index].feed }
        let due = inTruth.since(step.account)
        let isDue: Bool
        // The vault's own trigger knows no health in truth.
        if step.account == house.backstopVault {
            isDue = true
        } else {
            switch house.parameters.liquidation.trigger {
            case .strict: isDue = health.equity < health.requirement
            case .inclusive: isDue = health.equity <= health.requirement
            }
        }
        return LiquidationRecord(
            step: step, index: index, referencePrice: feed.map { truth[$0.index] } ?? .zero,
            trueHealthBefore: health, liquidatableSince: onChain.since(step.account),
            trulyLiquidatableSince: due, wrongful: !isDue,
            late: due.map { now - $0 > scenario.lateAfter } ?? false)
    }

    /// Tells agents what became of their transactions, and the ledger what became of reports.
    private func settle(
        _ block: ChainBlock, _ slot: Slot, early: Int, _ fates: inout [OracleReportRecord]
    ) {
        for drop in block.dropped {
            guard let sent = dispatch.resolve(drop.transaction) else { continue }
            if let fate = reports.dropped(drop) { fates.append(fate) }
            tell(sent.agent, sent.request, drop.transaction.nonce, .dropped(drop.reason))
        }
        for included in block.transactions {
            guard let sent = dispatch.resolve(included.transaction) else { continue }
            if let fate = reports.included(included) { fates.append(fate) }
            fates += reports.attached(included, block.journal)
            let result: Outcome.Result = included.rejection.map { .rejected($0) } ?? .applied
            agents[sent.agent].learn(
                Outcome(
                    sender: sent.request.sender, tag: sent.request.tag,
                    nonce: included.transaction.nonce, result: result, gasCost: included.gasCost))
        }
    }

    // MARK: 8 Selling outside

    private func unwind(_ slot: Slot, _ journal: inout [Event]) -> [OutsideTradeRecord] {
        var orders: [OutsideOrder] = []
        do {
            onChain.update(house, at: house.prices, time: slot.time)
            let view = view(slot, [])
            for index in agents.indices { orders += agents[index].unwind(view) }
        }
        return orders.compactMap { trade($0, &journal) }
    }

    /// Runs one trade in the world outside and settles it in the agent's wallet, or refuses all of it.
    func trade(_ order: OutsideOrder, _ journal: inout [Event]) -> OutsideTradeRecord? {
        guard order.quantity.raw != 0,
            let quote = try? markets.quote(order.feed.index, order.quantity)
        else { return nil }
        if let wallet = order.wallet, let asset = order.asset {
            let settlement = scenario.parameters.settlementAsset
            let feed = scenario.parameters.assets[settlement.index].feed
            guard
                let cash = try? quote.proceeds.quantity(
                    at: markets.price(feed.index), rounding: .down)
            else { return nil }
            let changes = [
                AssetChange(asset: asset, delta: order.quantity),
                AssetChange(asset: settlement, delta: cash),
            ]
            // A wallet that cannot pay does not trade.
            guard
                (try? house.execute(
                    .settleOutside(wallet: wallet, changes: changes), from: .system, into: &journal))
                    != nil
            else { return nil }
        }
        guard let fill = try? markets.trade(order.feed.index, order.quantity) else {
            preconditionFailure("a trade runs as it was quoted")
        }
        return OutsideTradeRecord(
            agent: order.agent, wallet: order.wallet, feed: order.feed, purpose: order.purpose,
            quantity: fill.quantity, averagePrice: fill.averagePrice, proceeds: fill.proceeds,
            slippage: fill.slippage, priceBefore: fill.priceBefore, priceAfter: fill.priceAfter)
    }

    private func requireInvariants() {
        let breaches = house.breaches()
        precondition(breaches.isEmpty, breaches.map(\.description).joined(separator: "; "))
    }

    // MARK: 9 The record

    private func record(
        _ block: ChainBlock, opening: Int, closing: Range<Int>, reports: [OracleReportRecord],
        liquidations: [LiquidationRecord], outside: [OutsideTradeRecord]
    ) -> BlockRecord {
        let truth = outsidePrices
        let now = block.header.time
        onChain.update(house, at: house.prices, time: now)
        inTruth.update(house, at: truth, time: now)
        for liquidation in liquidations {
            onChain.restart(liquidation.step.account, at: now)
            inTruth.restart(liquidation.step.account, at: now)
        }
        let reference = truth.indices.map {
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
                onChain: onChain.accounts.count, inTruth: inTruth.accounts, truth: truth))
    }
}

extension Command {
    /// Whose collateral or positions it would take.
    fileprivate var liquidated: AccountID? {
        switch inner {
        case .liquidate(let account, _, _), .startAuction(let account, _, _): account
        default: nil
        }
    }
}
