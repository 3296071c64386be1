import Agents
import Chain
import ExactMath
import MarginProtocol
import Oracles

/// A trade that an agent has asked for, in two steps, and whose fate it has not heard of.
struct AwaitedTrade {
    var id: RequestID
    var sent: Dispatch.Sent
    /// Of the transaction that asked for it.
    var nonce: Int64
    var gasCost: Quantity
    /// The block for which it was last taken back.
    var takenBack: Int64?
}

/// Trades in two steps: agents want trades, send requests, and hear of what became of them.
extension Simulation {
    /// A trade against the pool is asked for where that is the protocol's way.
    func inTwoSteps(_ request: Request) -> Request {
        guard house.parameters.twoStep != nil,
            case .trade(let account, let market, let size, let limit, let reduceOnly) =
                request.command
        else { return request }
        var request = request
        request.command = .requestTrade(
            account: account, market: market, size: size, limit: limit, reduceOnly: reduceOnly,
            kind: .market)
        return request
    }

    /// An execution with the prices of its request's time: of each feed the first since the moment that counts, of a
    /// limit order the newest.
    func attaching(_ request: Request, of id: RequestID, _ needed: [FeedID]) -> Request {
        guard let policy = house.parameters.twoStep, let trade = house.request(id) else {
            return request
        }
        let moment = policy.priceMoment(of: trade)
        let attached = needed.compactMap { feed -> AttachedPrice? in
            let report =
                trade.kind == .limit
                ? pulled[feed.index]
                : recentRounds.first { $0.feed == feed.index && $0.observedAt >= moment }
            guard let report, house.report(feed)?.observedAt != report.observedAt else {
                return nil
            }
            return AttachedPrice(feed: feed, report: PriceReport(report))
        }
        guard !attached.isEmpty else { return request }
        var request = request
        request.command = .attach(attached, to: request.command)
        return request
    }

    /// Forgets rounds that no request can need any more: none waits for so long.
    func forgetRounds(before time: Timestamp) {
        let limit =
            house.openRequests
            .first { $0.request.kind == .market && !$0.request.isFrozen }
            .map { min($0.request.createdAt, time) } ?? time
        guard let first = recentRounds.first, first.observedAt + TimeSpan(seconds: 60) < limit
        else { return }
        recentRounds.removeAll { $0.observedAt < limit }
    }

    /// Notes a trade that was asked for; `false` for any other transaction.
    func note(_ included: IncludedTransaction, _ sent: Dispatch.Sent, _ events: ArraySlice<Event>)
        -> Bool
    {
        guard case .requestTrade = included.transaction.command.inner else { return false }
        for case .requestChanged(let change) in events where change.fate == .created {
            awaited.append(
                AwaitedTrade(
                    id: change.id, sent: sent, nonce: included.transaction.nonce,
                    gasCost: included.gasCost))
            return true
        }
        return false
    }

    /// Tells agents what became of the trades that they had asked for.
    func tellFates(_ journal: [Event]) {
        guard !awaited.isEmpty else { return }
        for case .requestChanged(let change) in journal where change.fate.isFinal {
            guard let place = awaited.firstIndex(where: { $0.id == change.id }) else { continue }
            let trade = awaited.remove(at: place)
            var result = Outcome.Result.applied
            if change.fate != .executed {
                result = .rejected(change.reason ?? .requestExpired(change.id))
            }
            agents[trade.sent.agent].learn(
                Outcome(
                    sender: trade.sent.request.sender, tag: trade.sent.request.tag,
                    nonce: trade.nonce, result: result, gasCost: trade.gasCost))
        }
    }

    /// Takes back, in their senders' names, trades that nobody has executed in time; again after a while where that
    /// did not get in.
    func takeBack(_ slot: Slot, _ dropped: inout [DroppedTransaction]) {
        guard let policy = house.parameters.twoStep else { return }
        forgetRounds(before: slot.time)
        for place in awaited.indices {
            let trade = awaited[place]
            guard trade.takenBack.map({ slot.number - $0 > Self.patience }) ?? true,
                let request = house.request(trade.id),
                policy.isCancellable(request, at: slot.time)
            else { continue }
            awaited[place].takenBack = slot.number
            let going = max(lastHeader.minimumPrice, chain.reservePrice)
            let transaction = dispatch.unattended(
                .cancelRequest(trade.id), from: trade.sent.request.sender, at: slot.time,
                price: max(trade.sent.request.maxFee, going), chain: chain)
            dropped += chain.submit(transaction)
        }
    }

    /// How many blocks it waits before it tries once more.
    private static let patience: Int64 = 20
}
