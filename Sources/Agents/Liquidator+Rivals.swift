import Chain
public import ExactMath
public import MarginProtocol

/// Bidding against others: raised fees in the public mempool, and sealed bids for rights.
extension Liquidator {
    /// Raises its own waiting liquidations over rivals' for the same account, while they still pay.
    ///
    /// A priority gas auction: everybody sees everybody's last bid, and the losers of the race pay for
    /// their gas too. Each raise is at least the mempool's bump, and a share of the rival's bid beyond it.
    public mutating func respond(_ view: borrowing View) -> Actions {
        guard let raise = group.counterbid, !group.isPrivate, isRunning(view) else {
            return Actions()
        }
        var actions = Actions()
        for index in attempts.indices {
            let own = attempts[index]
            guard !own.isSuperseded, let nonce = own.nonce,
                case .liquidation(let account, let payer, let target) = own.purpose,
                let rival = highestRival(for: account, view), rival >= own.fee,
                let least = bumped(own.fee), let over = raised(rival, by: raise),
                max(least, over) <= highestBid,
                var plan = plan(
                    account, payer, target, view, paying: max(least, over))
            else { continue }
            plan.commitment = own.commitment
            attempts[index].isSuperseded = true
            submit(plan, view, &actions, replacing: (own.tag, nonce))
        }
        return actions
    }

    /// No bid of its policy is higher. [wei per gas]
    private var highestBid: Int64 {
        if case .escalating(let fee) = group.fee { fee.cap } else { .max }
    }

    private func highestRival(for account: AccountID, _ view: borrowing View) -> Int64? {
        var highest: Int64?
        for bid in view.bids where bid.account == account && bid.sender != address {
            highest = max(highest ?? 0, bid.price)
        }
        return highest
    }

    private func raised(_ price: Int64, by share: Ratio) -> Int64? {
        try? multiply(price, scaleE8 + share.raw, dividingBy: scaleE8, rounding: .up)
    }

    // MARK: The place behind an oracle report

    /// The most liquidations that it puts behind one report.
    static let liquidationsPerRight = 16

    /// Its sealed bid for the place behind a report, on the state as the report leaves it; nil where it
    /// would do nothing with the place.
    ///
    /// - Parameter due: the accounts that the report makes liquidatable.
    public func auctionBid(_ view: borrowing View, due: [AccountID]) -> Money? {
        var machine = self
        guard let share = group.auctionShare, machine.isRunning(view) else { return nil }
        var total: Money = .zero
        for plan in rightPlans(view, due: due) {
            guard let sum = try? total.adding(plan.profit) else { return nil }
            total = sum
        }
        guard total.isPositive, let bid = try? total.scaled(by: share, rounding: .down),
            bid.isPositive
        else { return nil }
        return bid
    }

    /// The liquidations that it puts behind the report, after it has won.
    public mutating func claimRight(_ view: borrowing View, due: [AccountID]) -> Actions {
        var actions = Actions()
        for plan in rightPlans(view, due: due) {
            submit(plan, view, &actions, isBehindReport: true)
        }
        for index in actions.requests.indices {
            actions.requests[index].delay = .zero
            actions.requests[index].maxTip = 0
        }
        drawCredit(view, &actions)
        return actions
    }

    /// The most profitable liquidations of these accounts at the going price, within its means.
    private func rightPlans(_ view: borrowing View, due: [AccountID]) -> [Plan] {
        var bidder = self
        var chosen: [Plan] = []
        for plan in plans(view, among: due, paying: view.entryPrice).sorted() {
            guard let plan = bidder.fitted(plan, view, paying: view.entryPrice) else { continue }
            for part in bidder.sized(plan, view, paying: view.entryPrice)
            where chosen.count < Self.liquidationsPerRight {
                chosen.append(part)
                _ = bidder.send(
                    .liquidation(part.account, payer: part.payer, part.target),
                    .liquidate(account: part.account, payer: part.payer, target: part.target),
                    part.commitment, fee: part.fee, view)
            }
        }
        return chosen
    }

    // MARK: The express lane

    /// Its sealed bid for the next round, once a round; nil where it makes none. [wei]
    public mutating func expressBid(_ view: borrowing View) -> Int64? {
        guard group.expressBid.isPositive, view.nativePrice.isPositive,
            let round = view.nextExpressRound, round != lastExpressRound, isRunning(view)
        else { return nil }
        lastExpressRound = round
        let wei = Int128(group.expressBid.raw) * weiPerUnit / Int128(view.nativePrice.raw)
        return Int64(exactly: wei)
    }
}
