import Chain
public import ExactMath
public import MarginProtocol

/// A liquidator: looks for accounts that may be liquidated, and acts where that pays.
///
/// What it expects to earn is the reward at the protocol's prices, less gas, less the distance from those
/// prices to what selling its prize would bring outside, its own impact included: with a fresh oracle that
/// is the slippage, with a stale one it is also what the protocol does not know yet. Each account has at
/// most one of its requests on the way, the most profitable go first, and what they would repay or take
/// over counts as spent until it hears of them.
///
/// It pays with its wallet. Where the policy hands positions to the liquidator, half of its capital is in a
/// margin account that carries them.
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
    }

    public let group: LiquidatorGroup
    public let address: Address
    /// Holds what it repays with, and what it seizes.
    public let wallet: AccountID
    /// Carries positions it takes over; nil where the policy never hands any over.
    public let marginAccount: AccountID?
    public private(set) var record = Record()
    var attempts: [Attempt] = []
    private let offset: Int64
    private var lastTag: Int64 = 0

    /// - Parameter index: its place in its group, by which the members' looks are staggered.
    public init(
        group: LiquidatorGroup, index: Int, address: Address, wallet: AccountID,
        marginAccount: AccountID? = nil
    ) {
        self.group = group
        self.address = address
        self.wallet = wallet
        self.marginAccount = marginAccount
        offset = Int64(index)
    }

    public var addresses: ClosedRange<Int32> { address.raw...address.raw }

    public mutating func decide(_ view: borrowing View) -> Actions {
        guard !isDown(at: view.time) else { return Actions() }
        var requests: [Request] = []
        raiseStuck(view, &requests)
        closeTakenOver(view, &requests)
        if (view.block + offset) % Int64(max(1, group.pollEvery)) == 0 {
            for plan in plans(view).sorted() {
                guard attempts.count < Self.maximumPending else { break }
                guard let plan = fitted(plan, view) else { continue }
                requests.append(
                    send(
                        .liquidation(plan.account, payer: plan.payer, plan.target),
                        .liquidate(account: plan.account, payer: plan.payer, target: plan.target),
                        plan.commitment, fee: plan.fee, view))
            }
        }
        return Actions(requests: requests)
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

    /// Whether it has crashed; what it has sent before goes on without it.
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
        attempts.append(
            Attempt(
                tag: lastTag, purpose: purpose, command: command, commitment: commitment,
                nonce: nil, fee: fee, sentAt: view.block, replaces: old?.tag))
        return Request(
            tag: lastTag, sender: address, command: command, nonce: old?.nonce, maxFee: fee,
            maxTip: fee, delay: view.blocks(Int64(max(0, group.lag))),
            lifetime: view.blocks(patienceInBlocks))
    }

    /// Replaces its requests that have waited too long, while they still pay at the higher fee.
    private mutating func raiseStuck(_ view: borrowing View, _ requests: inout [Request]) {
        guard group.bumpAfter > 0 else { return }
        for index in attempts.indices {
            let stuck = attempts[index]
            guard let nonce = stuck.nonce, !stuck.isSuperseded,
                view.block - stuck.sentAt >= Int64(group.bumpAfter), var fee = bumped(stuck.fee)
            else { continue }
            if case .liquidation(let account, let payer, let target) = stuck.purpose {
                guard let plan = plan(account, payer, target, view, atLeast: fee) else { continue }
                fee = plan.fee
            }
            attempts[index].isSuperseded = true
            requests.append(
                send(
                    stuck.purpose, stuck.command, stuck.commitment, fee: fee, view,
                    replacing: (stuck.tag, nonce)))
        }
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
