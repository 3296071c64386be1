import Agents
import Chain
import ExactMath
import MarginProtocol
import Scenarios

extension Simulation {
    /// Liquidators' decisions whose fate this block decides; empty where decisions are not recorded.
    ///
    /// To be asked before the fates are settled.
    func decisions(of result: Execution) -> [LiquidatorDecisionRecord] {
        guard scenario.recordsDecisions else { return [] }
        var records: [LiquidatorDecisionRecord] = []
        for drop in result.block.dropped {
            guard let decision = dispatch.decision(behind: drop.transaction) else { continue }
            records.append(
                LiquidatorDecisionRecord(
                    agent: drop.transaction.sender, transaction: drop.transaction.id,
                    decision: decision, result: drop.reason == .replaced ? .replaced : .dropped,
                    reason: Int(drop.reason.rawValue)))
        }
        for included in result.block.transactions {
            guard let decision = dispatch.decision(behind: included.transaction) else { continue }
            records.append(
                LiquidatorDecisionRecord(
                    agent: included.transaction.sender, transaction: included.transaction.id,
                    decision: decision, result: .init(included.rejection),
                    reason: included.rejection?.code, index: included.index,
                    healthAtExecution: result.health[included.transaction.id]))
        }
        return records
    }

    /// Those whose transactions are on their way when the run ends.
    func openDecisions() -> [LiquidatorDecisionRecord] {
        dispatch.openDecisions.map {
            LiquidatorDecisionRecord(
                agent: $0.sender, transaction: $0.id, decision: $0.decision, result: .pending)
        }
    }
}
