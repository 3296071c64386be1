import Chain
import ExactMath
import MarginProtocol

extension Liquidator {
    /// The steps in which it takes what a plan would take at once; empty where a part of it does not pay.
    /// - Parameter price: what it pays for gas; nil = what its policy bids. [wei per gas]
    func sized(_ plan: Plan, _ view: borrowing View, paying price: Int64? = nil) -> [Plan] {
        switch group.sizing {
        case .full: return [plan]
        case .partial(let share):
            return part(share, of: plan, view, paying: price).map { [$0] } ?? []
        case .twoStep: return twoSteps(plan, view, paying: price) ?? [plan]
        }
    }

    private func part(
        _ share: Ratio, of plan: Plan, _ view: borrowing View, paying price: Int64?
    ) -> Plan? {
        guard
            let quote = self.quote(plan.account, plan.payer, plan.target, view)
        else { return nil }
        switch (quote.step, plan.target) {
        case (.collateral(let part), .collateral(let seize, let repay, _)):
            guard let most = try? part.repaid.scaled(by: share, rounding: .up) else { return nil }
            return self.plan(
                plan.account, plan.payer, .collateral(seize: seize, repay: repay, atMost: most),
                view, paying: price)
        case (.positions(let parts), .position(let market, _)):
            guard let size = parts.first?.size.magnitude,
                let most = try? size.scaled(by: share, rounding: .up)
            else { return nil }
            return self.plan(
                plan.account, plan.payer, .position(market, atMost: most), view, paying: price)
        // Where the protocol decides what is taken, there is nothing to choose.
        default: return plan
        }
    }

    /// Repays just less than what restores the account, then what the protocol allows of the rest; nil where
    /// no repayment restores it, or one step is all there is.
    ///
    /// r* = (D − C) / (w − ℓ · (1 + i)), with debt D and collateral C weighted, w the debt's weight, ℓ the seized
    /// collateral's, i the bonus; source: Qin et al., IMC 2021, arXiv 2106.06389, for w = 1.
    private func twoSteps(_ plan: Plan, _ view: borrowing View, paying price: Int64?) -> [Plan]? {
        guard case .collateral(let seize, let repay, let budget) = plan.target,
            let quote = self.quote(plan.account, plan.payer, plan.target, view),
            case .collateral(let whole) = quote.step
        else { return nil }
        let statement = view.house.statement(of: plan.account, .maintenance)
        let short = statement.debt - statement.collateral - statement.profit + statement.requirement
        guard short.isPositive, let debt = statement.assets.first(where: { $0.asset == repay }),
            let held = statement.assets.first(where: { $0.asset == seize }),
            debt.value.isNegative, held.value.isPositive,
            let debtWeight = try? Ratio(
                Money(raw: debt.weighted.magnitude.raw), over: debt.value.magnitude, rounding: .down
            ),
            let heldWeight = try? Ratio(held.weighted, over: held.value, rounding: .up),
            let seized = try? heldWeight.scaled(
                by: .one + view.house.liquidationBonus(of: seize, in: plan.account), rounding: .up),
            debtWeight > seized,
            let value = try? short.scaled(
                by: scaleE8, over: (debtWeight - seized).raw, rounding: .down),
            let exact = try? value.quantity(at: view.house.price(of: repay), rounding: .down),
            // A hundredth of a per cent less, so that roundings and interest leave it liquidatable.
            let first = try? exact.scaled(by: Ratio(raw: 99_990_000), rounding: .down),
            first.isPositive, first < whole.repaid,
            let opening = self.plan(
                plan.account, plan.payer, .collateral(seize: seize, repay: repay, atMost: first),
                view, atLeast: plan.fee, paying: price)
        else { return nil }
        let left = budget.map { $0 - first }
        guard left.map(\.isPositive) ?? true else { return nil }
        var rest = plan
        // The nonce puts it behind the first; it costs as much a unit of gas.
        rest.fee = opening.fee
        rest.target = .collateral(seize: seize, repay: repay, atMost: left)
        let owed = Quantity(raw: view.house.balance(plan.account, repay).magnitude.raw)
        rest.profit =
            (try? plan.profit.scaled(by: (owed - first).raw, over: owed.raw, rounding: .down))
            ?? plan.profit
        return [opening, rest]
    }
}
