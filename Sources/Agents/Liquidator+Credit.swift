import Chain
import ExactMath
import MarginProtocol

/// What a liquidator owes its lender, in the settlement asset.
struct CreditBook: Hashable, Sendable {
    /// [1e-8 units]
    var principal: Quantity = .zero
    /// Owed on it so far. [1e-8 units]
    var interest: Quantity = .zero
    /// Until when interest has been counted.
    var counted: Timestamp?
    /// What was drawn for a block and is in the wallet only from then on.
    private var drawnFor: Int64 = .min
    private var drawn: Quantity = .zero

    /// Counts interest up to a time: principal · rate · time / year, rounded up.
    mutating func accrue(_ yearlyRate: Ratio, until time: Timestamp) {
        defer { counted = time }
        guard let counted, counted < time, principal.isPositive else { return }
        let rated = (try? principal.scaled(by: yearlyRate, rounding: .up)) ?? .zero
        let due = try? rated.scaled(
            by: (time - counted).milliseconds, over: TimeSpan.year.milliseconds, rounding: .up)
        interest = (try? interest.adding(due ?? .zero)) ?? interest
    }

    /// What has been drawn for this block already. [1e-8 units]
    func arriving(_ block: Int64) -> Quantity { block == drawnFor ? drawn : .zero }

    mutating func draw(_ amount: Quantity, for block: Int64) {
        drawn = arriving(block) + amount
        drawnFor = block
        principal += amount
    }
}

extension Liquidator {
    /// What is left of its line, at the protocol's price of the settlement asset. [1e-8 units]
    func undrawn(_ view: borrowing View) -> Quantity {
        guard case .credit(let limit, _) = group.financing,
            let line = try? limit.quantity(
                at: view.house.price(of: view.house.parameters.settlementAsset), rounding: .down)
        else { return .zero }
        return max(.zero, line - credit.principal)
    }

    /// Draws what its requests need beyond its own money, or pays back what they do not.
    mutating func settleCredit(_ view: borrowing View, _ actions: inout Actions) {
        guard case .credit(_, let rate) = group.financing else { return }
        credit.accrue(rate, until: view.time)
        let asset = view.house.parameters.settlementAsset
        let free = view.house.balance(wallet, asset) - committed(asset)
        guard free.isPositive, credit.principal.isPositive || credit.interest.isPositive else {
            drawCredit(view, &actions)
            return
        }
        let interest = min(free, credit.interest)
        let principal = min(free - interest, credit.principal)
        credit.interest -= interest
        credit.principal -= principal
        actions.loans.append(
            Loan(agent: address, wallet: wallet, principal: -principal, interest: interest))
    }

    mutating func drawCredit(_ view: borrowing View, _ actions: inout Actions) {
        guard case .credit(_, let rate) = group.financing else { return }
        credit.accrue(rate, until: view.time)
        let asset = view.house.parameters.settlementAsset
        // What it has drawn for this block already is not in its wallet yet.
        let short =
            committed(asset) - view.house.balance(wallet, asset) - credit.arriving(view.block)
        let amount = min(short, undrawn(view))
        guard amount.isPositive else { return }
        credit.draw(amount, for: view.block)
        actions.loans.append(Loan(agent: address, wallet: wallet, principal: amount))
    }
}
