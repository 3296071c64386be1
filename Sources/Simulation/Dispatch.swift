import Agents
import Chain
import ExactMath
import MarginProtocol

/// Turns agents' requests into transactions, and finds the way back when their fate is known.
struct Dispatch {
    struct Sent {
        var agent: Int
        var request: Request
        /// What a liquidator knew when it sent it.
        var decision: Decision?
        /// Sent to builders, who give it its nonce.
        var isPrivate = false
    }
    struct Outgoing {
        var value: Transaction
        /// Which report it carries, where its sender is a reporter.
        var reportKey: Int64?
    }
    private var nextID: Int64 = 1
    private var sent: [Int64: Sent] = [:]
    /// Of each sender, the nonces of transactions whose fate is open; one stands twice while a replacement
    /// and what it replaces are both on their way.
    private var open: [Address: [Int64]] = [:]
    private let reporters: Set<Int>
    /// The transactions of decisions, in order; those whose fate is known may still stand here.
    private var decided: [Int64] = []

    init(agents: [any Agent]) {
        reporters = Set(agents.indices.filter { agents[$0] is Reporter })
    }

    mutating func transaction(
        _ request: Request, agent: Int, decision: Decision? = nil, seen: Timestamp, chain: Chain
    ) -> Outgoing {
        var transaction = make(
            request.command, from: request.sender, nonce: request.nonce, maxFee: request.maxFee,
            tip: request.maxTip, at: seen + request.delay, lifetime: request.lifetime, chain)
        if let limit = request.gasLimit { transaction.gasLimit = limit }
        note(Sent(agent: agent, request: request, decision: decision), as: transaction.id)
        return Outgoing(
            value: transaction, reportKey: reporters.contains(agent) ? request.tag : nil)
    }

    private mutating func note(_ what: Sent, as id: Int64) {
        sent[id] = what
        guard what.decision != nil else { return }
        if decided.count > 1024 { decided.removeAll { sent[$0] == nil } }
        decided.append(id)
    }

    /// A transaction that goes to builders: its nonce is whatever is due when it is built.
    mutating func privately(
        _ request: Request, agent: Int, decision: Decision? = nil, seen: Timestamp, chain: Chain
    ) -> Transaction {
        let arrival = seen + request.delay
        defer { nextID += 1 }
        note(
            Sent(agent: agent, request: request, decision: decision, isPrivate: true), as: nextID)
        return Transaction(
            id: nextID, sender: request.sender, nonce: chain.nextNonce(of: request.sender),
            command: request.command,
            gasLimit: request.gasLimit ?? chain.configuration.gas.amount(for: request.command),
            maxFee: max(0, request.maxFee), maxTip: max(0, min(request.maxTip, request.maxFee)),
            submittedAt: arrival, expiresAt: request.lifetime.map { arrival + $0 })
    }

    mutating func governance(
        _ command: Command, at time: Timestamp, price: Int64, chain: Chain
    ) -> Transaction {
        let bid = max(price, 1_000_000_000).multipliedReportingOverflow(by: 10)
        let fee = bid.overflow ? price : bid.partialValue
        return make(
            command, from: .governance, nonce: nil, maxFee: fee, tip: fee, at: time, lifetime: nil,
            chain)
    }

    /// A transaction in an agent's name that the agent does not hear of.
    mutating func unattended(
        _ command: Command, from sender: Address, at time: Timestamp, price: Int64, chain: Chain
    ) -> Transaction {
        make(
            command, from: sender, nonce: nil, maxFee: price, tip: price, at: time, lifetime: nil,
            chain)
    }

    /// What was sent as this transaction; nil for governance. Its nonce is free again.
    mutating func resolve(_ transaction: Transaction) -> Sent? {
        if sent[transaction.id]?.isPrivate ?? false {
            return sent.removeValue(forKey: transaction.id)
        }
        if let at = open[transaction.sender]?.firstIndex(of: transaction.nonce) {
            open[transaction.sender]?.remove(at: at)
        }
        return sent.removeValue(forKey: transaction.id)
    }

    /// The loan with which a transaction pays, if it takes one.
    func flashLoan(of transaction: Transaction) -> FlashLoan? {
        sent[transaction.id]?.request.flash
    }

    /// What was known to whoever sent a liquidation, where decisions are recorded.
    func decision(behind transaction: Transaction) -> Decision? {
        sent[transaction.id]?.decision
    }

    /// Decisions whose transactions are still on their way, in order of sending.
    var openDecisions: [(id: Int64, sender: Address, decision: Decision)] {
        decided.compactMap { id in
            guard let sent = sent[id], let decision = sent.decision else { return nil }
            return (id, sent.request.sender, decision)
        }
    }

    private mutating func make(
        _ command: Command, from sender: Address, nonce: Int64?, maxFee: Int64, tip: Int64,
        at arrival: Timestamp, lifetime: TimeSpan?, _ chain: Chain
    ) -> Transaction {
        var chosen = nonce ?? chain.nextNonce(of: sender)
        let taken = open[sender] ?? []
        if nonce == nil { while taken.contains(chosen) { chosen += 1 } }
        open[sender, default: []].append(chosen)
        defer { nextID += 1 }
        return Transaction(
            id: nextID, sender: sender, nonce: chosen, command: command,
            gasLimit: chain.configuration.gas.amount(for: command), maxFee: max(0, maxFee),
            maxTip: max(0, min(tip, maxFee)), submittedAt: arrival,
            expiresAt: lifetime.map { arrival + $0 })
    }
}

extension IncludedTransaction {
    /// What its gas cost, in the chain's own token, rounded up. [1e-8 units of 10^18 wei]
    var gasCost: Quantity {
        let wei = product(gasUsed, effectivePrice)
        return Quantity(raw: Int64(clamping: (wei + 9_999_999_999) / 10_000_000_000))
    }
}
