public import Agents
import ExactMath
public import MarginProtocol

/// A liquidation that a liquidator sent: what it knew, and what became of it.
public struct LiquidatorDecisionRecord: Sendable, Hashable {
    /// What became of it. Numbered for good.
    public enum Result: Int8, Sendable, Hashable, CaseIterable {
        /// Included and applied.
        case won = 1
        /// Included after somebody or something had restored the account, or taken the block's one step.
        case lost
        /// Included and refused by the protocol for another reason.
        case failed
        /// Never included.
        case dropped
        /// Its sender put another in its place.
        case replaced
        /// Still on its way when the run ended.
        case pending
    }
    public var agent: Address
    public var transaction: Int64
    public var decision: Decision
    public var result: Result
    /// The rejection's or drop reason's number, where there is one.
    public var reason: Int?
    /// Its place in this block, where it was included.
    public var index: Int?
    /// The account's maintenance health just before it ran.
    public var healthAtExecution: Health?

    public init(
        agent: Address, transaction: Int64, decision: Decision, result: Result, reason: Int? = nil,
        index: Int? = nil, healthAtExecution: Health? = nil
    ) {
        self.agent = agent
        self.transaction = transaction
        self.decision = decision
        self.result = result
        self.reason = reason
        self.index = index
        self.healthAtExecution = healthAtExecution
    }
}

extension LiquidatorDecisionRecord.Result {
    init(_ rejection: Rejection?) {
        switch rejection {
        case nil: self = .won
        case .accountHealthy, .nothingToLiquidate, .oncePerBlock: self = .lost
        default: self = .failed
        }
    }
}
