import Chain
public import ExactMath
public import MarginProtocol
import MarginRules
public import SeededRandom

/// A group of competing order keepers.
public struct OrderKeeperGroup: Hashable, Sendable {
    /// Which winner of a side comes first.
    public enum Ranking: Hashable, Sendable {
        /// The one that wins most.
        case profit
        /// The one that wins most of what it has.
        case profitOverEquity
    }
    public var name: String
    public var count: Int
    /// How long after a request may be executed each of them sends.
    public var reaction: TimeSpan
    /// How many blocks after what it saw its transaction reaches the mempool.
    public var lag: Int
    /// Looks only every so many blocks.
    public var pollEvery: Int
    public var fee: FeePolicy
    /// Acts only where the execution fee less gas is at least this. [1e-8 USD]
    public var minimumProfit: Money
    /// nil = nothing ever goes wrong.
    public var failures: LiquidatorGroup.Failures?
    /// Whom it closes first where a pool closes its winners; nil = it closes nobody.
    public var deleverages: Ranking?
    /// Times in which the first members do nothing.
    public var crashes: [LiquidatorGroup.Crash] = []
    public init(
        name: String, count: Int, reaction: TimeSpan = .zero, lag: Int = 0, pollEvery: Int = 1,
        fee: FeePolicy, minimumProfit: Money = Money(whole: -1_000_000_000),
        failures: LiquidatorGroup.Failures? = nil, deleverages: Ranking? = .profit
    ) {
        self.deleverages = deleverages
        self.name = name
        self.count = count
        self.reaction = reaction
        self.lag = lag
        self.pollEvery = pollEvery
        self.fee = fee
        self.minimumProfit = minimumProfit
        self.failures = failures
    }

    /// The venue's own keeper, which executes whatever it can.
    public static let venues = OrderKeeperGroup(
        name: "order keeper", count: 1, fee: .multipleOfBase(Ratio(percent: 125)))
}

/// An order keeper: executes requests for trades as soon as prices of their time are there, and brings these along.
///
/// It has at most one transaction on its way for each request, and sends again where that came to nothing.
public struct OrderKeeper: Agent {
    /// The most requests it has on the way: under go-ethereum's 80 a sender.
    public static let maximumPending = 64

    public let group: OrderKeeperGroup
    public let address: Address
    /// Is paid what it earns.
    public let wallet: AccountID
    private var attempts: [(tag: Int64, request: RequestID)] = []
    /// Its transactions for a side of a pool, of which there is one at a time.
    var sidesPending: [(tag: Int64, market: MarketID, side: PoolSide)] = []
    var lastTag: Int64 = 0
    private let offset: Int64
    private var outages: Outages?

    /// - Parameters:
    ///   - index: its place in its group, by which the members' looks are staggered.
    ///   - random: where it finds the streams `order keeper/GROUP/i/…`, which only failures draw from.
    public init(
        group: OrderKeeperGroup, index: Int, address: Address, wallet: AccountID,
        random: RandomSource = RandomSource(seed: 0)
    ) {
        self.group = group
        self.address = address
        self.wallet = wallet
        offset = Int64(index)
        let name = "order keeper/\(group.name)/\(index)"
        outages = group.failures.map {
            Outages(
                $0, crashes: random.stream("\(name)/crashes"),
                mistakes: random.stream("\(name)/mistakes"))
        }
    }

    public var addresses: ClosedRange<Int32> { address.raw...address.raw }

    public mutating func decide(_ view: borrowing View) -> Actions {
        let isUp = outages?.isRunning(at: view.time) ?? true
        guard isUp, !isDown(at: view.time),
            (view.block + offset) % Int64(max(1, group.pollEvery)) == 0
        else { return Actions() }
        var requests = deleveragings(view)
        guard let policy = view.house.parameters.twoStep else { return Actions(requests: requests) }
        for open in view.house.openRequests {
            guard attempts.count < Self.maximumPending else { break }
            guard !attempts.contains(where: { $0.request == open.id }),
                isDue(open.request, policy, view),
                let bid = bid(for: open, view)
            else { continue }
            lastTag += 1
            attempts.append((lastTag, open.id))
            requests.append(
                Request(
                    tag: lastTag, sender: address,
                    command: .executeRequest(open.id, keeper: wallet), maxFee: bid, maxTip: bid,
                    delay: view.blocks(Int64(max(0, group.lag))),
                    lifetime: view.blocks(patienceInBlocks)))
        }
        return Actions(requests: requests)
    }

    public mutating func learn(_ outcome: Outcome) {
        if case .pending = outcome.result { return }
        attempts.removeAll { $0.tag == outcome.tag }
        sidesPending.removeAll { $0.tag == outcome.tag }
    }

    private func isDown(at time: Timestamp) -> Bool {
        group.crashes.contains {
            $0.from <= time && time < $0.until && offset < Int64($0.members)
        }
    }

    /// Whether a request may be executed by the coming block, as far as it can see: with the prices of the view,
    /// which are the newest that can be brought along.
    private func isDue(
        _ request: TradeRequest, _ policy: TwoStepPolicy, _ view: borrowing View
    ) -> Bool {
        guard !request.isFrozen else { return false }
        let feed = view.house.parameters.markets[request.market.index].feed
        let moment = policy.priceMoment(of: request)
        guard let report = view.house.report(feed), report.observedAt >= moment,
            view.time >= max(policy.opens(request), moment) + group.reaction
        else { return false }
        if request.kind == .market {
            return !policy.isCancellable(request, at: view.time)
        }
        guard let limit = request.limit else { return true }
        return request.size.isPositive ? report.price <= limit : report.price >= limit
    }

    /// What it bids for an execution; nil where that does not pay.
    private func bid(for open: OpenRequest, _ view: borrowing View) -> Int64? {
        let command = Command.executeRequest(open.id, keeper: wallet)
        let prices = Int64(view.house.pulledFeeds(neededBy: command).count)
        let gas = view.gas[.executeRequest] + prices * view.gas[.attach]
        let unit = view.house.price(of: view.house.parameters.settlementAsset)
        guard let reward = try? open.request.fee.value(at: unit, rounding: .down),
            let bid = group.fee.bid(
                profit: reward, gas: gas, going: view.entryPrice(for: group.fee),
                native: view.nativePrice),
            let cost = gasCost(gas, at: bid, native: view.nativePrice),
            let profit = try? reward.adding(-cost), profit >= group.minimumProfit
        else { return nil }
        return bid
    }
}
