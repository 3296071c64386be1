import Agents
import Chain
import ExactMath
import MarginProtocol

/// What a run says about incentives: who paid, who won, how promptly, and for how much.
///
/// Each figure is a metric of ``Scenarios/Scenario/metrics``, where it is defined. Sums of money are in USD
/// at the prices of their moment. [1e-8]
struct IncentiveMetrics: Sendable {
    /// Liquidation transactions of liquidators that were included, and those that applied.
    private(set) var attempts: Int64 = 0
    private(set) var wins: Int64 = 0
    /// Gas of the attempts that applied, and of those that did not.
    private(set) var winnersGas: Money = .zero
    private(set) var losersGas: Money = .zero
    /// Of all that liquidators paid for gas, the block producers' part.
    private(set) var tips: Money = .zero
    private(set) var insuranceUsed: Money = .zero
    private var deleveraged: Money = .zero
    private(set) var overLiquidated: Money = .zero
    /// Liquidated in the block that made it liquidatable, and there or in the next one.
    private(set) var sameBlock: Money = .zero
    private(set) var prompt: Money = .zero
    /// [ms]
    private(set) var lateDelayTotal: Int64 = 0
    private(set) var lateDelayCount: Int64 = 0
    /// The longest time without a break at whose blocks somebody was insolvent. [ms]
    private(set) var longestInsolvency: Int64 = 0
    private var insolventSince: Timestamp?
    private var lastTime: Timestamp?

    /// Adds a transaction of a liquidator.
    mutating func add(_ included: IncludedTransaction, gas: Money, native: Price) {
        // gas · wei per gas, in 1e-8 of the chain's own token.
        let tip = Quantity(
            raw: Int64(
                clamping: product(included.gasUsed, included.tip) / 10_000_000_000))
        tips += worth(tip, at: native)
        guard case .liquidate = included.transaction.command.inner else { return }
        attempts += 1
        if included.rejection == nil {
            wins += 1
            winnersGas += gas
        } else {
            losersGas += gas
        }
    }

    /// Adds one step.
    /// - Parameter notional: what it closed or seized.
    mutating func add(_ liquidation: LiquidationRecord, notional: Money) {
        let before = liquidation.step.healthBefore
        let after = liquidation.step.healthAfter
        let start = before.equity - before.requirement
        let end = after.equity - after.requirement
        if end.isPositive, end > start {
            // Health moves in proportion to what is closed, between these two.
            overLiquidated += Money(
                raw: Int64(
                    clamping: product(notional.raw, end.raw) / Int128(end.raw - start.raw)))
        }
        if let since = liquidation.liquidatableSince {
            if let lastTime, since >= lastTime { prompt += notional }
        } else {
            sameBlock += notional
            prompt += notional
        }
    }

    /// Adds the delay of a late liquidation.
    mutating func addLate(_ delay: TimeSpan) {
        lateDelayTotal += delay.milliseconds
        lateDelayCount += 1
    }

    /// Adds what the insurance fund paid for a deficit.
    mutating func addInsurance(_ amount: Money) { insuranceUsed += amount }

    /// Adds one side of a fill by auto-deleveraging.
    mutating func addDeleveraged(_ change: PositionChange) {
        deleveraged += worth((change.sizeAfter - change.sizeBefore).magnitude, at: change.price)
    }

    /// Each fill has two sides.
    var deleveragedVolume: Money { Money(raw: deleveraged.raw / 2) }

    /// Ends a block.
    mutating func endBlock(at time: Timestamp, underwater: Money) {
        if underwater.isPositive {
            let since = insolventSince ?? time
            insolventSince = since
            longestInsolvency = max(longestInsolvency, (time - since).milliseconds)
        } else if let since = insolventSince {
            // Solvent again: known at this block.
            longestInsolvency = max(longestInsolvency, (time - since).milliseconds)
            insolventSince = nil
        }
        lastTime = time
    }

    private func worth(_ quantity: Quantity, at price: Price) -> Money {
        Money(raw: (try? multiplyScaled(quantity.raw, price.raw, rounding: .nearest)) ?? Int64.max)
    }

    /// The notional at which the reward would have paid for the gas of a step that applied; zero without reward.
    func breakEven(reward: Money, notional: Money) -> Money {
        guard reward.isPositive, wins > 0 else { return .zero }
        // Gas per step · notional per unit of reward.
        return Money(
            raw: Int64(
                clamping: product(winnersGas.raw, notional.raw) / Int128(reward.raw) / Int128(wins))
        )
    }
}
