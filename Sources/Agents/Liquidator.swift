import Chain
public import ExactMath
public import MarginProtocol
public import SeededRandom

/// A liquidator: looks for accounts that may be liquidated, and acts where that pays.
///
/// What it expects to earn is the reward at the protocol's prices, less gas, less the distance from those
/// prices to what selling its prize would bring outside, its own impact included: with a fresh oracle that
/// is the slippage, with a stale one it is also what the protocol does not know yet. Each account has at
/// most one of its requests on the way, the most profitable go first, and what they would repay or take
/// over counts as spent until it hears of them.
///
/// It pays with its wallet, with a credit line beyond it, or with flash loans. Where the policy hands positions
/// to the liquidator, or where it hedges, half of its capital is in a margin account that carries them.
public struct Liquidator: Agent {
    /// The most requests it has on the way: under go-ethereum's 80 a sender, with room to replace them.
    public static let maximumPending = 64

    /// What it has achieved so far.
    public struct Record: Hashable, Sendable {
        /// Liquidation steps that were applied.
        public var wins: Int64 = 0
        /// Included too late: somebody or something had restored the account.
        public var lostRaces: Int64 = 0
        /// Refused by the protocol for another reason.
        public var failures: Int64 = 0
        /// Never included.
        public var drops: Int64 = 0
        /// [1e-8 native units]
        public var gasSpent: Quantity = .zero
    }

    /// What a request on its way would tie up.
    enum Commitment: Hashable, Sendable {
        case nothing
        case repayment(AssetID, Quantity)
        case margin(Money)
    }

    enum Purpose: Hashable, Sendable {
        case liquidation(AccountID, payer: AccountID, LiquidationTarget)
        case closing(MarketID)
    }

    /// A request whose end it has not heard of.
    struct Attempt: Hashable, Sendable {
        var tag: Int64
        var purpose: Purpose
        var command: Command
        var commitment: Commitment
        /// Known once it waits in the mempool.
        var nonce: Int64?
        var fee: Int64
        var sentAt: Int64
        /// The request whose place it takes.
        var replaces: Int64?
        /// Another request is to take its place.
        var isSuperseded = false
        /// The bandit's arm by which it was bid.
        var arm: Int?
    }

    public let group: LiquidatorGroup
    public let address: Address
    /// Holds what it repays with, and what it seizes.
    public let wallet: AccountID
    /// Carries positions it takes over; nil where the policy never hands any over.
    public let marginAccount: AccountID?
    public private(set) var record = Record()
    var attempts: [Attempt] = []
    /// The round of the express lane it has bid for.
    var lastExpressRound: Timestamp?
    private let offset: Int64
    private var lastTag: Int64 = 0
    var bandit: FeeBandit?
    private var outages: Outages?
    var credit = CreditBook()
    var schedules: [SaleSchedule] = []

    /// - Parameters:
    ///   - index: its place in its group, by which the members' looks are staggered.
    ///   - random: where it finds the streams `liquidator/GROUP/i/…`, which only failures and learned fees draw
    ///     from.
    public init(
        group: LiquidatorGroup, index: Int, address: Address, wallet: AccountID,
        marginAccount: AccountID? = nil, random: RandomSource = RandomSource(seed: 0)
    ) {
        self.group = group
        self.address = address
        self.wallet = wallet
        self.marginAccount = marginAccount
        offset = Int64(index)
        let name = "liquidator/\(group.name)/\(index)"
        if case .learning(let fee) = group.fee {
            bandit = FeeBandit(fee, random: random.stream("\(name)/fee"))
        }
        outages = group.failures.map {
            Outages(
                $0, crashes: random.stream("\(name)/crashes"),
                mistakes: random.stream("\(name)/mistakes"))
        }
    }

    public var watchesMempool: Bool { group.timing == .mempool }

    public var addresses: ClosedRange<Int32> { address.raw...address.raw }

    public mutating func decide(_ view: borrowing View) -> Actions {
        guard isRunning(view) else { return Actions() }
        var actions = Actions()
        raiseStuck(view, &actions)
        closeTakenOver(view, &actions.requests)
        if (view.block + offset) % Int64(max(1, group.pollEvery)) == 0 { pursue(view, &actions) }
        settleCredit(view, &actions)
        return actions
    }

    public mutating func watch(_ view: borrowing View) -> Actions {
        guard isRunning(view) else { return Actions() }
        var actions = Actions()
        pursue(view, &actions)
        drawCredit(view, &actions)
        return actions
    }

    /// Goes after every account that pays, the most profitable first.
    private mutating func pursue(_ view: borrowing View, _ actions: inout Actions) {
        guard !view.liquidatable.isEmpty else { return }
        bandit?.choose()
        for plan in plans(view).sorted() {
            guard attempts.count < Self.maximumPending else { break }
            guard let plan = fitted(plan, view) else { continue }
            for part in sized(plan, view) { submit(part, view, &actions) }
        }
    }

    /// Neither by chance nor by a fault of the scenario is it down.
    mutating func isRunning(_ view: borrowing View) -> Bool {
        (outages?.isRunning(at: view.time) ?? true) && !isDown(at: view.time)
    }

    public mutating func learn(_ outcome: Outcome) {
        guard let index = attempts.firstIndex(where: { $0.tag == outcome.tag }) else { return }
        if case .pending(let nonce) = outcome.result {
            attempts[index].nonce = nonce
            return
        }
        let attempt = attempts.remove(at: index)
        if let spent = try? record.gasSpent.adding(outcome.gasCost) { record.gasSpent = spent }
        if case .dropped = outcome.result,
            let old = attempts.firstIndex(where: { $0.tag == attempt.replaces })
        {
            attempts[old].isSuperseded = false
        }
        guard case .liquidation = attempt.purpose else { return }
        if let arm = attempt.arm, outcome.result != .dropped(.replaced) {
            bandit?.learn(arm, won: outcome.result == .applied)
        }
        switch outcome.result {
        case .pending: break
        case .applied: record.wins += 1
        case .rejected(.accountHealthy), .rejected(.nothingToLiquidate), .rejected(.oncePerBlock):
            record.lostRaces += 1
        case .rejected: record.failures += 1
        // The request that took its place counts instead.
        case .dropped(.replaced): break
        case .dropped: record.drops += 1
        }
    }

    /// Whether a fault has struck it; what it has sent before goes on without it.
    func isDown(at time: Timestamp) -> Bool {
        group.crashes.contains {
            $0.from <= time && time < $0.until && offset < Int64($0.members)
        }
    }

    // MARK: Sending

    mutating func send(
        _ purpose: Purpose, _ command: Command, _ commitment: Commitment, fee: Int64,
        _ view: borrowing View, replacing old: (tag: Int64, nonce: Int64)? = nil
    ) -> Request {
        lastTag += 1
        let mistake = outages?.mistake() ?? (isStuck: false, hasWrongGas: false)
        // At half the base fee it waits for its end; where there is no base fee, nothing gets stuck.
        let bid = mistake.isStuck && view.baseFee > 0 ? view.baseFee / 2 : fee
        attempts.append(
            Attempt(
                tag: lastTag, purpose: purpose, command: command, commitment: commitment,
                nonce: nil, fee: bid, sentAt: view.block, replaces: old?.tag))
        var request = Request(
            tag: lastTag, sender: address, command: command, nonce: old?.nonce, maxFee: bid,
            maxTip: bid, delay: view.blocks(Int64(max(0, group.lag))),
            lifetime: view.blocks(patienceInBlocks),
            gasLimit: mistake.hasWrongGas ? view.gasAmount(of: command) / 2 : nil)
        request.isPrivate = group.isPrivate
        return request
    }

    /// Sends a liquidation and says what it knew.
    /// - Parameter isBehindReport: it stands behind the report that leaves the state of this view.
    mutating func submit(
        _ plan: Plan, _ view: borrowing View, _ actions: inout Actions,
        replacing old: (tag: Int64, nonce: Int64)? = nil, isBehindReport: Bool = false
    ) {
        var request = send(
            .liquidation(plan.account, payer: plan.payer, plan.target),
            .liquidate(account: plan.account, payer: plan.payer, target: plan.target),
            plan.commitment, fee: plan.fee, view, replacing: old)
        if case .flash(let fee, _) = group.financing { request.flash = FlashLoan(fee: fee) }
        let isBehindReport = isBehindReport || view.awaited != nil
        if !isBehindReport { attempts[attempts.count - 1].arm = bandit?.current }
        actions.requests.append(request)
        actions.decisions.append(
            Decision(
                tag: lastTag, block: view.block, account: plan.account,
                trigger: old != nil ? .raise : isBehindReport ? .report : .poll,
                health: view.house.health(of: plan.account, .maintenance),
                priceAge: plan.feed.flatMap { view.house.report($0) }
                    .map { view.time - $0.observedAt } ?? .zero,
                expectedProfit: plan.profit, bid: request.maxFee,
                rivals: view.bids.count { $0.account == plan.account && $0.sender != address }))
    }

    /// Replaces its requests that have waited too long, while they still pay at the higher fee.
    private mutating func raiseStuck(_ view: borrowing View, _ actions: inout Actions) {
        var patience = group.bumpAfter
        if case .escalating(let fee) = group.fee { patience = fee.every }
        // A bundle has no place in the mempool that another could take.
        guard patience > 0, !group.isPrivate else { return }
        for index in attempts.indices {
            let stuck = attempts[index]
            guard let nonce = stuck.nonce, !stuck.isSuperseded,
                view.block - stuck.sentAt >= Int64(patience), let fee = raised(stuck.fee)
            else { continue }
            guard case .liquidation(let account, let payer, let target) = stuck.purpose else {
                attempts[index].isSuperseded = true
                actions.requests.append(
                    send(
                        stuck.purpose, stuck.command, stuck.commitment, fee: fee, view,
                        replacing: (stuck.tag, nonce)))
                continue
            }
            guard var plan = plan(account, payer, target, view, atLeast: fee) else { continue }
            if case .escalating(let policy) = group.fee { plan.fee = min(plan.fee, policy.cap) }
            plan.commitment = stuck.commitment
            attempts[index].isSuperseded = true
            submit(plan, view, &actions, replacing: (stuck.tag, nonce))
        }
    }

    private func raised(_ fee: Int64) -> Int64? {
        if case .escalating(let policy) = group.fee { return policy.raised(fee) }
        return bumped(fee)
    }

    // MARK: Commitments

    /// Has it a request for this account on the way?
    func isPursuing(_ account: AccountID) -> Bool {
        attempts.contains {
            if case .liquidation(account, _, _) = $0.purpose { true } else { false }
        }
    }

    /// What its requests would repay of an asset. [1e-8 units]
    func committed(_ asset: AssetID) -> Quantity {
        attempts.reduce(.zero) { sum, attempt in
            guard !attempt.isSuperseded, case .repayment(asset, let amount) = attempt.commitment
            else { return sum }
            return sum + amount
        }
    }

    /// The margin that the positions it is about to take over need. [1e-8 USD]
    var committedMargin: Money {
        attempts.reduce(.zero) { sum, attempt in
            guard !attempt.isSuperseded, case .margin(let margin) = attempt.commitment
            else { return sum }
            return sum + margin
        }
    }
}
