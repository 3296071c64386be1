import Chain
public import ExactMath
public import MarginProtocol
public import SeededRandom

/// A group of traders with the same habits, each with accounts and chance of its own.
///
/// A trader looks at its accounts every poll, staggered by its place in the group. When equity falls under
/// the margin call's multiple of the maintenance requirement it does what was drawn for it, after the delay
/// and on the state it then sees: it tops up from its wallet, closes everything and stays out, or does
/// nothing. Between, it resizes its positions at random moments. A trader sends nothing new before it has
/// heard of all it sent.
public struct TraderPopulation: Agent {
    /// A trade of less is not worth sending. [1e-8 USD]
    static let smallestTrade = Money(whole: 1)

    /// Where a trader holds the position of one market.
    struct Slot: Hashable, Sendable {
        var market: MarketID
        var account: AccountID
        /// What it holds outside against its position, in its own books. [1e-8 units]
        var outside: Quantity = .zero
    }

    struct Trader: Sendable {
        /// Its cross margin account, or the parent of its isolated ones.
        var main: AccountID
        var wallet: AccountID
        var slots: [Slot]
        var response: MarginCallResponse
        var isHedged: Bool
        /// Requests whose end it has not heard of.
        var waiting: Int32 = 0
        /// Has decided to respond and not yet done it.
        var isAlarmed = false
        /// Closed everything for good.
        var hasLeft = false
        var arrivals: RandomStream
        var choices: RandomStream
    }

    public let group: TraderGroup
    public let addresses: ClosedRange<Int32>
    var traders: [Trader]
    /// What its style looks back on; nil where it looks at nothing.
    var memory: MarketMemory?
    /// The accounts of those it copies.
    var leaders: [AccountID] = []
    private var agenda = Agenda()
    private var lastTag: Int64 = 0

    /// A population whose accounts were opened in order from `firstAccount`: for each trader its margin
    /// account, its isolated ones, its wallet.
    ///
    /// - Parameter plans: as ``TraderGroup/genesis(parameters:prices:random:)`` made them; not empty.
    public init(
        group: TraderGroup, plans: [GenesisTrader], firstAddress: Address, firstAccount: AccountID,
        start: Timestamp, random: RandomSource
    ) {
        precondition(!plans.isEmpty, "a population has members")
        self.group = group
        addresses = firstAddress.raw...(firstAddress.raw + Int32(plans.count) - 1)
        var account = firstAccount.raw
        traders = plans.enumerated().map { index, plan in
            let main = AccountID(account)
            let trader = Trader(
                main: main, wallet: AccountID(account + 1 + Int32(plan.children.count)),
                slots: plan.positions.map { position in
                    let child = position.child.map { AccountID(main.raw + 1 + Int32($0)) }
                    return Slot(market: position.market, account: child ?? main)
                },
                response: plan.response, isHedged: plan.isHedged,
                arrivals: random.stream(group.streamName(index, "arrivals")),
                choices: random.stream(group.streamName(index, "trades")))
            account += 2 + Int32(plan.children.count)
            return trader
        }
        memory = group.style.memory.map { span in
            MarketMemory(markets: group.markets.map { $0.id.index + 1 }.max() ?? 0, span: span)
        }
        for index in traders.indices {
            let (share, overflow) = pollInterval.multipliedReportingOverflow(by: Int64(index))
            let offset = overflow ? 0 : share / Int64(traders.count)
            agenda.insert(
                Appointment(
                    time: start + TimeSpan(milliseconds: offset), kind: .poll, trader: index))
            scheduleTrade(index, after: start)
        }
    }

    public mutating func decide(_ view: borrowing View) -> Actions {
        var requests: [Request] = []
        remember(view)
        while let appointment = agenda.next(by: view.time) {
            let index = appointment.trader
            switch appointment.kind {
            case .poll:
                look(index, view, &requests)
                // The next moment of its rhythm that is still to come.
                let late = (view.time - appointment.time).milliseconds
                let next = (late / pollInterval + 1) * pollInterval
                agenda.insert(
                    Appointment(
                        time: appointment.time + TimeSpan(milliseconds: next), kind: .poll,
                        trader: index))
            case .respond: respond(index, view, &requests)
            case .trade:
                resize(index, view, &requests)
                scheduleTrade(index, after: appointment.time)
            }
        }
        return Actions(requests: requests)
    }

    public mutating func learn(_ outcome: Outcome) {
        let index = Int(outcome.sender.raw - addresses.lowerBound)
        guard traders.indices.contains(index) else { return }
        if case .pending = outcome.result { return }
        traders[index].waiting = max(0, traders[index].waiting - 1)
    }

    // MARK: Timing

    /// [ms], greater than zero
    private var pollInterval: Int64 { max(1, group.poll.milliseconds) }

    /// Draws the time to the next trade: exponential, of the group's mean rate.
    private mutating func scheduleTrade(_ index: Int, after time: Timestamp) {
        guard group.tradesPerHour > .zero, !traders[index].isHedged else { return }
        let draw = traders[index].arrivals.exponential()
        guard let hours = try? draw.divided(by: group.tradesPerHour, rounding: .down),
            // Beyond ten thousand years it never comes.
            hours < Fixed18(whole: 87_600_000)
        else { return }
        let wait = Int64(hours.raw / 1_000_000_000 * 3_600_000 / 1_000_000_000)
        agenda.insert(
            Appointment(
                time: time + TimeSpan(milliseconds: max(1, wait)), kind: .trade, trader: index))
    }

    // MARK: Margin calls

    private mutating func look(_ index: Int, _ view: borrowing View, _ requests: inout [Request]) {
        let trader = traders[index]
        guard trader.response != .ignore, !trader.isAlarmed, !trader.hasLeft, trader.waiting == 0,
            trader.slots.contains(where: { isCalled($0.account, view) })
                || !group.loans.isEmpty && isCalled(borrower: trader.main, view)
        else { return }
        traders[index].isAlarmed = true
        if group.onMarginCall.delay > .zero {
            agenda.insert(
                Appointment(
                    time: view.time + group.onMarginCall.delay, kind: .respond, trader: index))
        } else {
            respond(index, view, &requests)
        }
    }

    private func isCalled(_ account: AccountID, _ view: borrowing View) -> Bool {
        let health = view.house.health(of: account, .maintenance)
        return health.requirement.isPositive
            && product(health.equity.raw, scaleE8)
                < product(health.requirement.raw, group.onMarginCall.threshold.raw)
    }

    /// The same for a borrower: collateral against debt, both weighted.
    private func isCalled(borrower account: AccountID, _ view: borrowing View) -> Bool {
        let statement = view.house.statement(of: account, .maintenance)
        return statement.debt.isPositive
            && product(statement.collateral.raw, scaleE8)
                < product(statement.debt.raw, group.onMarginCall.threshold.raw)
    }

    private mutating func respond(
        _ index: Int, _ view: borrowing View, _ requests: inout [Request]
    ) {
        traders[index].isAlarmed = false
        switch traders[index].response {
        case .ignore: break
        case .topUp: topUp(index, view, &requests)
        case .deleverage: deleverage(index, view, &requests)
        case .panic:
            traders[index].hasLeft = true
            // A borrower has nothing to close here; it pays back what it can.
            if !group.loans.isEmpty { topUp(index, view, &requests) }
            for slot in traders[index].slots {
                let held = view.house.position(slot.account, slot.market).size
                guard !held.isZero else { continue }
                send(
                    trade(slot, -held, reduceOnly: true, view), from: index, view, &requests)
            }
        }
    }

    /// Brings each account under its initial margin back to it, as far as the settlement asset in the parent
    /// account and the wallet go.
    private mutating func topUp(_ index: Int, _ view: borrowing View, _ requests: inout [Request]) {
        let trader = traders[index]
        let asset = view.house.parameters.settlementAsset
        let price = view.house.price(of: asset)
        guard price.isPositive else { return }
        var wallet = max(.zero, view.house.balance(trader.wallet, asset))
        let isCross = trader.slots.allSatisfy { $0.account == trader.main }
        var parent = isCross ? .zero : max(.zero, view.house.balance(trader.main, asset))
        for account in isCross ? [trader.main] : trader.slots.map(\.account) {
            let short = -view.house.health(of: account, .initial).surplus
            guard short.isPositive, let needed = try? short.quantity(at: price, rounding: .up)
            else { continue }
            let deposit = min(wallet, max(.zero, needed - parent))
            if deposit.isPositive {
                wallet -= deposit
                send(
                    .deposit(from: trader.wallet, to: trader.main, asset: asset, amount: deposit),
                    from: index, view, &requests)
            }
            guard !isCross else { continue }
            let moved = min(needed, parent + deposit)
            guard moved.isPositive else { continue }
            parent += deposit - moved
            send(
                .transfer(from: trader.main, to: account, asset: asset, amount: moved),
                from: index, view, &requests)
        }
    }

    // MARK: Trading

    /// Brings one position to a newly drawn side and leverage, as far as initial margin allows.
    private mutating func resize(
        _ index: Int, _ view: borrowing View, _ requests: inout [Request]
    ) {
        guard !traders[index].slots.isEmpty else { return }
        // Drawn whatever happens then, so that twins keep the same numbers.
        let choice = traders[index].choices.uniform(
            in: 0...Int64(traders[index].slots.count - 1))
        let leverage = group.leverage.draw(&traders[index].choices)
        let isLong = traders[index].choices.chance(group.longBias)
        let trader = traders[index]
        guard !trader.hasLeft, !trader.isAlarmed, trader.waiting == 0 else { return }
        let slot = trader.slots[Int(choice)]
        guard let stance = stance(in: slot.market, drawn: isLong, view),
            let size = stance == .flat ? .zero : target(trader, slot, leverage, view),
            let change = try? (stance == .long ? size : -size)
                .adding(-view.house.position(slot.account, slot.market).size),
            change.raw > .min,
            let worth = try? change.magnitude.value(
                at: view.house.price(of: slot.market), rounding: .down),
            worth >= Self.smallestTrade
        else { return }
        send(trade(slot, change, reduceOnly: false, view), from: index, view, &requests)
    }

    /// The size that a leverage comes to, or as much of it as the account's margin carries; never negative.
    private func target(
        _ trader: Trader, _ slot: Slot, _ leverage: Fixed18, _ view: borrowing View
    ) -> Quantity? {
        let market = view.house.parameters.markets[slot.market.index]
        let price = view.house.price(of: slot.market)
        let equity = view.house.plainEquity(of: slot.account, at: view.house.prices)
        let health = view.house.health(of: slot.account, .initial)
        let parts = slot.account == trader.main ? trader.slots.count : 1
        let held = view.house.position(slot.account, slot.market).size
        guard price.isPositive, equity.isPositive,
            let wanted = try? Fixed18(equity).multiplied(by: leverage, rounding: .down)
                .rounded(to: Money.self, .down),
            let current = try? held.magnitude.value(at: price, rounding: .down),
            let own = view.house.initialMargin(
                of: current, in: slot.market, isLong: !held.isNegative, at: view.house.prices),
            let free = try? health.surplus.adding(own),
            let usable = try? free.scaled(by: TraderGroup.usableMargin, rounding: .down)
        else { return nil }
        // Fee and half spread are paid on the way out of the old position and into the new one.
        let costs = market.takerFee + (market.pool?.spread ?? .zero)
        guard let exit = try? current.scaled(by: costs, rounding: .up) else { return nil }
        let notional = view.house.largestNotional(
            upTo: Money(raw: wanted.raw / Int64(parts)), within: usable - exit, in: slot.market,
            costs: costs, at: view.house.prices)
        return try? notional.quantity(at: price, rounding: .down)
    }

    func trade(
        _ slot: Slot, _ size: Quantity, reduceOnly: Bool, _ view: borrowing View
    ) -> Command {
        tradeCommand(
            account: slot.account, market: slot.market, size: size, reduceOnly: reduceOnly,
            inBook: group.usesBook
                || view.house.parameters.markets[slot.market.index].pool == nil)
    }

    mutating func send(
        _ command: Command, from index: Int, _ view: borrowing View, _ requests: inout [Request]
    ) {
        let bid = group.fee.bid(
            profit: nil, gas: view.gasAmount(of: command), going: view.entryPrice(for: group.fee),
            native: view.nativePrice)
        guard let bid else { return }
        lastTag += 1
        traders[index].waiting += 1
        requests.append(
            Request(
                tag: lastTag, sender: Address(addresses.lowerBound + Int32(index)),
                command: command, maxFee: bid, maxTip: bid,
                lifetime: view.blocks(patienceInBlocks)))
    }
}
