import Chain
import ExactMath
import MarginProtocol
import Markets

extension Liquidator {
    /// A liquidation that would pay.
    struct Plan: Comparable {
        var account: AccountID
        var payer: AccountID
        var target: LiquidationTarget
        var commitment: Commitment
        /// [wei per gas]
        var fee: Int64
        /// After gas. [1e-8 USD]
        var profit: Money
        /// Whose price decides what the step takes.
        var feed: FeedID?

        /// The most profitable first; equal ones by account.
        static func < (a: Plan, b: Plan) -> Bool {
            (b.profit, a.account) < (a.profit, b.account)
        }
        static func == (a: Plan, b: Plan) -> Bool {
            (a.profit, a.account) == (b.profit, b.account)
        }
    }

    /// The best plan for each account that may be liquidated, where one pays; its own accounts are left alone.
    /// - Parameters:
    ///   - accounts: which; nil = whoever is liquidatable.
    ///   - price: what it pays for gas; nil = what its policy bids. [wei per gas]
    func plans(
        _ view: borrowing View, among accounts: [AccountID]? = nil, paying price: Int64? = nil
    ) -> [Plan] {
        var found: [Plan] = []
        let candidates: [AccountID]
        if let accounts { candidates = accounts } else { candidates = view.liquidatable }
        for account in candidates where !isPursuing(account) {
            let holder = view.house.account(account)
            guard holder.owner != address else { continue }
            let plan =
                view.house.parameters.resultSettlement != nil
                ? bestKept(account, holder, view, paying: price)
                : holder.markets != 0
                    ? bestPosition(account, holder.markets, view, paying: price)
                    : bestCollateral(account, holder.assets, view, paying: price)
            if let plan { found.append(plan) }
        }
        return found
    }

    /// The same plan within what earlier plans of this block have left, or nil.
    func fitted(_ plan: Plan, _ view: borrowing View, paying price: Int64? = nil) -> Plan? {
        switch plan.commitment {
        case .nothing: return plan
        case .margin(let margin):
            return margin + committedMargin <= freeMargin(view) ? plan : nil
        case .repayment(let asset, let amount):
            let left = budget(asset, view)
            if amount <= left { return plan }
            guard left.isPositive, case .collateral(let seize, _, _) = plan.target else {
                return nil
            }
            let smaller = LiquidationTarget.collateral(seize: seize, repay: asset, atMost: left)
            return self.plan(plan.account, plan.payer, smaller, view, paying: price)
        }
    }

    /// What it would do, or nil where the protocol refuses or it does not pay.
    /// - Parameters:
    ///   - floor: the least it bids. [wei per gas]
    ///   - price: what it bids, whatever its policy says. [wei per gas]
    func plan(
        _ account: AccountID, _ payer: AccountID, _ target: LiquidationTarget,
        _ view: borrowing View, atLeast floor: Int64 = 0, paying price: Int64? = nil
    ) -> Plan? {
        guard let quote = self.quote(account, payer, target, view),
            let earned = earnings(quote, view)
        else { return nil }
        let gas = view.gasAmount(
            of: .liquidate(account: account, payer: payer, target: target))
        guard let bid = price ?? bid(for: earned, gas: gas, view)
        else { return nil }
        let fee = max(bid, floor)
        guard let cost = gasCost(gas, at: fee, native: view.nativePrice),
            let profit = try? earned.adding(-cost), profit >= group.minimumProfit,
            let commitment = commitment(quote, view)
        else { return nil }
        return Plan(
            account: account, payer: payer, target: target, commitment: commitment, fee: fee,
            profit: profit, feed: feed(of: quote.step, view))
    }

    /// What the protocol would do, once what it can borrow is in its wallet; nil where it refuses.
    func quote(
        _ account: AccountID, _ payer: AccountID, _ target: LiquidationTarget,
        _ view: borrowing View
    ) -> LiquidationQuote? {
        var advance: Quantity = .zero
        if let repay = Self.repaid(by: target, of: account, view) {
            switch group.financing {
            case .own: break
            case .credit:
                if repay == view.house.parameters.settlementAsset { advance = undrawn(view) }
            case .flash: advance = budget(repay, view)
            }
        }
        return try? view.house.quoteLiquidation(
            of: account, payer: payer, target: target, advance: advance)
    }

    /// What a step would repay, as far as its target says; a credit account is paid for in the asset that it owes.
    private static func repaid(
        by target: LiquidationTarget, of account: AccountID, _ view: borrowing View
    ) -> AssetID? {
        if case .collateral(_, let repay, _) = target { return repay }
        guard case .creditAccount = view.house.parameters.liquidation.size, target == .next else {
            return nil
        }
        return view.house.largestDebt(of: account)
    }

    /// What it bids for a step; behind a report, as little below it as one can be, or its fixed fee if that is less:
    /// whoever bids the same every day does so there too. [wei per gas]
    private func bid(for earned: Money, gas: Int64, _ view: borrowing View) -> Int64? {
        if let awaited = view.awaited {
            var below = max(0, awaited.price - 1)
            if case .fixed(let own) = policy { below = min(below, own) }
            return below >= view.baseFee ? below : nil
        }
        let policy = self.policy
        return policy.bid(
            profit: earned, gas: gas, going: view.entryPrice(for: policy), native: view.nativePrice)
    }

    /// How it bids now: whoever learns, with the share it has chosen.
    var policy: FeePolicy { bandit.map { .shareOfProfit($0.share) } ?? group.fee }

    private func feed(of step: LiquidationQuote.Step, _ view: borrowing View) -> FeedID? {
        let parameters = view.house.parameters
        switch step {
        case .deficit, .orders, .absorption, .flag: return nil
        case .result(let part): return parameters.markets[part.market.index].feed
        case .collateral(let part):
            let asset = part.seize == parameters.settlementAsset ? part.repay : part.seize
            return parameters.assets[asset.index].feed
        case .positions(let parts):
            return parts.first.map { parameters.markets[$0.market.index].feed }
        }
    }

    // MARK: Choosing

    /// The best of positions, exchanges, and where there is neither of the results that stay with closed positions. It takes none
    /// over for a debt in anything but the settlement asset, which its margin account would be left with.
    private func bestKept(
        _ account: AccountID, _ holder: Account, _ view: borrowing View, paying price: Int64?
    ) -> Plan? {
        var sized: UInt64 = 0
        for index in indexes(in: holder.markets)
        where !view.house.position(account, MarketID(index: index)).size.isZero {
            sized |= 1 << UInt64(index)
        }
        let position = bestPosition(account, sized, view, paying: price)
        let exchange = bestCollateral(account, holder.assets, view, paying: price)
        if let best = [position, exchange].compactMap(\.self).min() { return best }
        guard let payer = marginAccount, let quote = quote(account, payer, .next, view),
            case .result(let part) = quote.step,
            part.asset == view.house.parameters.settlementAsset
        else { return nil }
        return plan(account, payer, .next, view, paying: price)
    }

    /// What taking a result over ties up of its margin: what it pays, and what it takes on as a loss.
    private func commitment(_ part: LiquidationQuote.ResultPart, _ view: borrowing View)
        -> Commitment?
    {
        var total = max(.zero, -part.taken)
        if part.given.isPositive {
            guard
                let paid = try? part.given.value(
                    at: view.house.price(of: part.asset), rounding: .up),
                let sum = try? total.adding(paid)
            else { return nil }
            total = sum
        }
        if let position = part.position {
            let schedule = view.house.parameters.markets[position.market.index].margin
            guard
                let notional = try? position.size.magnitude.value(
                    at: position.price, rounding: .up),
                let margin = try? schedule.requirement(on: notional, .initial),
                let sum = try? total.adding(view.house.worth(margin, view.house.prices))
            else { return nil }
            total = sum
        }
        return .margin(total)
    }

    private func bestPosition(
        _ account: AccountID, _ markets: UInt64, _ view: borrowing View, paying price: Int64?
    ) -> Plan? {
        let policy = view.house.parameters.liquidation
        let takesOver = policy.taker == .liquidator
        guard let payer = takesOver ? marginAccount : wallet else { return nil }
        guard policy.order == .liquidatorsChoice, policy.size != .wholeAccount else {
            return plan(account, payer, .next, view, paying: price)
        }
        var best: Plan?
        for index in indexes(in: markets) {
            let market = MarketID(index: index)
            var plan = plan(account, payer, .position(market, atMost: nil), view, paying: price)
            if plan == nil, takesOver, let most = carriable(market, view) {
                plan = self.plan(
                    account, payer, .position(market, atMost: most), view, paying: price)
            }
            if let plan, best.map({ plan < $0 }) ?? true { best = plan }
        }
        return best
    }

    private func bestCollateral(
        _ account: AccountID, _ assets: UInt64, _ view: borrowing View, paying price: Int64?
    ) -> Plan? {
        let returning = view.house.spotAssets(of: account)
        let held = indexes(in: assets | returning).map { AssetID(index: $0) }
        let seizable = held.filter {
            view.house.balance(account, $0).isPositive || returning & 1 << UInt64($0.raw) != 0
        }
        if seizable.isEmpty {
            // With nothing to seize, a step only books the deficit.
            return plan(account, wallet, .next, view, paying: price)
        }
        if case .creditAccount = view.house.parameters.liquidation.size {
            guard let plan = plan(account, wallet, .next, view, paying: price) else { return nil }
            guard case .repayment(let asset, let amount) = plan.commitment else { return plan }
            return amount <= budget(asset, view) ? plan : nil
        }
        var best: Plan?
        for repay in held where view.house.balance(account, repay).isNegative {
            let budget = budget(repay, view)
            guard budget.isPositive else { continue }
            for seize in seizable where seize != repay {
                let target = LiquidationTarget.collateral(
                    seize: seize, repay: repay, atMost: budget)
                if let plan = plan(account, wallet, target, view, paying: price),
                    best.map({ plan < $0 }) ?? true
                {
                    best = plan
                }
            }
        }
        return best
    }

    // MARK: Capital

    /// What it may still repay in an asset: what is in its wallet and on its line, as far as its means go; with
    /// flash loans, what the lender has. [1e-8 units]
    func budget(_ asset: AssetID, _ view: borrowing View) -> Quantity {
        let price = view.house.price(of: asset)
        guard price.isPositive else { return .zero }
        if case .flash(_, let depth) = group.financing {
            return (try? depth.quantity(at: price, rounding: .down)) ?? .zero
        }
        var line: Quantity = .zero
        var means = group.capital
        if case .credit(let limit, _) = group.financing {
            guard let sum = try? means.adding(limit) else { return .zero }
            means = sum
            if asset == view.house.parameters.settlementAsset { line = undrawn(view) }
        }
        guard let tied = tiedUp(view), tied < means,
            let most = try? (means - tied).quantity(at: price, rounding: .down),
            let funds = try? view.house.balance(wallet, asset).adding(line)
        else { return .zero }
        return min(funds - committed(asset), most)
    }

    /// What it is to hold of an asset to repay with. [1e-8 units]
    func stock(_ asset: AssetID) -> Quantity {
        group.stock.first { $0.asset == asset }?.quantity ?? .zero
    }

    /// Its inventory beyond its stock and its repayments on the way, at the protocol's prices. [1e-8 USD]
    private func tiedUp(_ view: borrowing View) -> Money? {
        var total: Money = .zero
        for index in 0..<view.house.parameters.assets.count {
            let asset = AssetID(index: index)
            var amount = committed(asset)
            if asset != view.house.parameters.settlementAsset {
                amount = max(amount, view.house.balance(wallet, asset) - stock(asset))
            }
            guard
                let value = try? amount.value(at: view.house.price(of: asset), rounding: .up),
                let sum = try? total.adding(value)
            else { return nil }
            total = sum
        }
        return total
    }

    private func freeMargin(_ view: borrowing View) -> Money {
        marginAccount.map { view.house.health(of: $0, .initial).surplus } ?? .zero
    }

    /// How much of a market's positions its margin account can still carry. [1e-8 units]
    func carriable(_ market: MarketID, _ view: borrowing View) -> Quantity? {
        let rate = view.house.parameters.markets[market.index].margin.brackets.last?.initialRate
        let free = freeMargin(view) - committedMargin
        let price = view.house.price(of: market)
        guard let rate, free.isPositive, price.isPositive,
            // A little less, for the rounding of either side.
            let usable = try? free.scaled(by: Ratio(percent: 98), rounding: .down),
            let settled = try? usable.scaled(
                by: scaleE8,
                over: max(1, view.house.price(of: view.house.parameters.settlementAsset).raw),
                rounding: .down),
            let notional = try? settled.scaled(by: scaleE8, over: rate.raw, rounding: .down),
            let size = try? notional.quantity(at: price, rounding: .down), size.isPositive
        else { return nil }
        return size
    }

    private func commitment(_ quote: LiquidationQuote, _ view: borrowing View) -> Commitment? {
        switch quote.step {
        case .deficit, .orders, .absorption, .flag: return .nothing
        case .result(let part): return commitment(part, view)
        case .collateral(let part):
            if case .flash = group.financing { return .nothing }
            return .repayment(part.repay, part.repaid)
        case .positions(let parts):
            guard view.house.parameters.liquidation.taker == .liquidator else { return .nothing }
            var total: Money = .zero
            for part in parts where part.taker == .liquidator {
                let schedule = view.house.parameters.markets[part.market.index].margin
                guard
                    let notional = try? part.size.magnitude.value(at: part.price, rounding: .up),
                    let margin = try? schedule.requirement(on: notional, .initial),
                    let sum = try? total.adding(view.house.worth(margin, view.house.prices))
                else { return nil }
                total = sum
            }
            return .margin(total)
        }
    }
}
