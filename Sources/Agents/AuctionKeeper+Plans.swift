import Chain
import ExactMath
import MarginProtocol
import MarginRules
import Markets

/// What lots would sell for outside; equal lots are asked for once.
struct Appraisal {
    private var known: [(feed: Int, amount: Quantity, proceeds: Money?)] = []
    private static let remembered = 16

    /// What selling an amount would bring now; nil where the market does not take it. [1e-8 USD]
    mutating func proceeds(_ amount: Quantity, feed: Int, _ markets: Markets) -> Money? {
        if let found = known.first(where: { $0.feed == feed && $0.amount == amount }) {
            return found.proceeds
        }
        let proceeds = try? markets.quote(feed, -amount).proceeds
        if known.count == Self.remembered { known.removeFirst() }
        known.append((feed, amount, proceeds))
        return proceeds
    }
}

extension AuctionKeeper {
    /// A request that would pay.
    struct Plan: Comparable {
        var purpose: Purpose
        var command: Command
        /// [1e-8 settlement units]
        var payment: Quantity
        /// [wei per gas]
        var fee: Int64
        /// Beyond its margin, after gas. [1e-8 USD]
        var profit: Money

        /// The most profitable first; equal ones in the order of what they are for.
        static func < (a: Plan, b: Plan) -> Bool {
            (b.profit, a.purpose.rank.0, a.purpose.rank.1) < (
                a.profit, b.purpose.rank.0, b.purpose.rank.1
            )
        }
        static func == (a: Plan, b: Plan) -> Bool {
            a.profit == b.profit && a.purpose == b.purpose
        }
    }

    /// Everything that would pay now.
    func plans(_ view: borrowing View, _ appraisal: inout Appraisal) -> [Plan] {
        var found: [Plan] = []
        for id in view.house.openAuctions {
            let auction = view.house.auction(id)
            let purpose = purpose(for: auction, view)
            guard let purpose, !isPursuing(purpose) else { continue }
            if let plan = plan(purpose, view, &appraisal) { found.append(plan) }
        }
        for asset in view.house.absorbedAssets where group.bids {
            let purpose = Purpose.shop(asset)
            guard !isPursuing(purpose) else { continue }
            if let plan = plan(purpose, view, &appraisal) { found.append(plan) }
        }
        guard group.starts, view.house.parameters.auctions != nil else { return found }
        for account in view.liquidatable {
            let holder = view.house.account(account)
            guard holder.owner != address, holder.markets == 0 else { continue }
            for index in indexes(in: holder.assets) {
                let asset = AssetID(index: index)
                let purpose = Purpose.start(account, asset)
                guard view.house.balance(account, asset).isPositive, !isPursuing(purpose),
                    let plan = plan(purpose, view, &appraisal)
                else { continue }
                found.append(plan)
            }
        }
        return found
    }

    /// What there is to do for it in an auction; nil for nothing.
    private func purpose(for auction: Auction, _ view: borrowing View) -> Purpose? {
        switch auction.form {
        case .dutch:
            guard let status = view.house.auctionStatus(auction.id, at: view.time) else {
                return nil
            }
            if status.needsRestart { return .restart(auction.id) }
            return group.bids ? .buy(auction.id) : nil
        case .english(_, let bidder, let expiry, let end):
            let isClosed = (expiry.map { $0 <= view.time } ?? false) || end <= view.time
            if isClosed {
                if bidder == wallet { return .settle(auction.id) }
                return bidder == nil && group.bids ? .restart(auction.id) : nil
            }
            guard group.bids, bidder != wallet, bidder == nil || group.outbids else { return nil }
            return .buy(auction.id)
        }
    }

    /// What it would do, or nil where the protocol would refuse or it does not pay.
    /// - Parameter floor: the least it bids for gas. [wei per gas]
    func plan(
        _ purpose: Purpose, _ view: borrowing View, _ appraisal: inout Appraisal,
        atLeast floor: Int64 = 0
    ) -> Plan? {
        guard let deal = deal(purpose, view, &appraisal) else { return nil }
        let gas = view.gasAmount(of: deal.command)
        guard
            let bid = group.fee.bid(
                profit: deal.earned, gas: gas, going: view.entryPrice, native: view.nativePrice)
        else { return nil }
        let fee = max(bid, floor)
        guard let cost = gasCost(gas, at: fee, native: view.nativePrice),
            let profit = try? deal.earned.adding(-cost), profit >= group.minimumProfit
        else { return nil }
        return Plan(
            purpose: purpose, command: deal.command, payment: deal.payment, fee: fee,
            profit: profit)
    }

    /// A command, what it pays, and what it earns beyond the margin, before gas.
    typealias Deal = (command: Command, payment: Quantity, earned: Money)

    private func deal(_ purpose: Purpose, _ view: borrowing View, _ appraisal: inout Appraisal)
        -> Deal?
    {
        switch purpose {
        case .start(let account, let asset):
            guard let quote = try? view.house.quoteAuction(of: account, selling: asset) else {
                return nil
            }
            // Whoever bids hopes for its margin; whoever does not has the reward alone.
            let hope = group.bids ? margin(of: quote.lot, asset, view, &appraisal) : .zero
            return (
                .startAuction(account: account, asset: asset, keeper: wallet), .zero,
                worth(quote.reward, view) + hope
            )
        case .restart(let id):
            let auction = view.house.auction(id)
            let hope =
                group.bids ? margin(of: auction.lot, auction.asset, view, &appraisal) : .zero
            // What a restart is paid depends on its moment; a keeper counts on what starting would bring.
            let reward = view.house.parameters.auctions.flatMap {
                try? $0.reward.starting(debt: Money(raw: auction.debt.raw))
            }
            return (
                .restartAuction(id, keeper: wallet), .zero,
                worth(Quantity(raw: reward?.raw ?? 0), view) + hope
            )
        case .settle(let id):
            let auction = view.house.auction(id)
            guard
                let value = appraisal.proceeds(
                    auction.lot, feed: feed(auction.asset, view), view.markets)
            else { return nil }
            return (.settleAuction(id), .zero, value)
        case .buy(let id):
            let auction = view.house.auction(id)
            if case .dutch = auction.form { return purchase(auction, view, &appraisal) }
            return bid(auction, view, &appraisal)
        case .shop(let asset): return shopping(for: asset, view, &appraisal)
        }
    }

    // MARK: Dutch

    /// The purchase of the whole lot, or of a half, a quarter, an eighth of it, that earns most.
    private func purchase(
        _ auction: Auction, _ view: borrowing View, _ appraisal: inout Appraisal
    ) -> Deal? {
        guard let status = view.house.auctionStatus(auction.id, at: view.time),
            let price = try? status.price.rounded(to: Price.self, .up)
        else { return nil }
        let budget = budget(view)
        guard budget.isPositive else { return nil }
        var most = auction.lot
        if price.isPositive {
            let affordable = try? Money(raw: budget.raw).quantity(at: price, rounding: .down)
            most = min(most, affordable ?? most)
        }
        var best: Deal?
        for _ in 0..<4 where most.isPositive {
            if let quote = try? view.house.quotePurchase(
                from: auction.id, atMost: most, maximumPrice: price, at: view.time),
                quote.paid.raw <= budget.raw,
                let limit = limit(for: quote.bought, auction.asset, view, &appraisal)
            {
                let paid = Quantity(raw: quote.paid.raw)
                let earned = limit - worth(paid, view)
                if best.map({ earned > $0.earned }) ?? earned.isPositive {
                    best = (
                        .takeAuction(
                            auction.id, wallet: wallet, atMost: most, maximumPrice: price),
                        paid, earned
                    )
                }
            }
            most = Quantity(raw: most.raw / 2)
        }
        return best
    }

    // MARK: English

    /// The bid that beats the one that stands, as far as the lot is worth it.
    ///
    /// Where nobody bids for more, it bids `opening` of the most it would pay, which leaves it the gas; otherwise the
    /// least that is enough.
    private func bid(_ auction: Auction, _ view: borrowing View, _ appraisal: inout Appraisal)
        -> Deal?
    {
        guard case .english(let policy) = view.house.parameters.auctions?.form,
            let worth = limit(for: auction.lot, auction.asset, view, &appraisal),
            worth.isPositive, let limit = units(worth, view), let expense = expense(view)
        else { return nil }
        let standing = auction.standingBid
        let factor = policy.terms.minimumImprovement
        guard
            let opening = try? max(.zero, limit - expense).scaled(
                by: group.opening, rounding: .down),
            let goal = try? limit.scaled(by: group.opening, rounding: .down)
        else { return nil }
        if standing < auction.debt {
            guard let raised = try? standing.scaled(by: factor, rounding: .up) else { return nil }
            let least = min(auction.debt, max(raised, standing + Quantity(raw: 1)))
            let wanted = max(least, min(auction.debt, opening))
            return deal(auction, lot: auction.lot, bid: wanted, limit: limit, view)
        }
        // The debt is reached: less of the lot for the same payment.
        guard
            let enough = try? multiply(
                auction.lot.raw, scaleE8, dividingBy: factor.raw, rounding: .down)
        else { return nil }
        var lot = enough
        if goal > auction.debt + expense,
            let wanted = try? multiply(
                auction.lot.raw, (auction.debt + expense).raw, dividingBy: goal.raw, rounding: .up)
        {
            lot = min(lot, wanted)
        }
        guard lot > 0, lot < auction.lot.raw,
            let value = self.limit(for: Quantity(raw: lot), auction.asset, view, &appraisal),
            let most = units(value, view)
        else { return nil }
        return deal(auction, lot: Quantity(raw: lot), bid: auction.debt, limit: most, view)
    }

    /// What bidding and collecting the lot costs, and what it wants beside its margin. [1e-8 settlement units]
    private func expense(_ view: borrowing View) -> Quantity? {
        let gas = view.gas[.bidAuction] + view.gas[.settleAuction]
        guard
            let fee = group.fee.bid(
                profit: nil, gas: gas, going: view.entryPrice, native: view.nativePrice),
            let cost = gasCost(gas, at: fee, native: view.nativePrice),
            let total = try? cost.adding(max(.zero, group.minimumProfit))
        else { return nil }
        return units(total, view)
    }

    private func deal(
        _ auction: Auction, lot: Quantity, bid: Quantity, limit: Quantity, _ view: borrowing View
    ) -> Deal? {
        guard bid <= limit, bid <= budget(view) else { return nil }
        return (
            .bidAuction(auction.id, wallet: wallet, lot: lot, bid: bid), bid,
            worth(limit - bid, view)
        )
    }

    // MARK: Worth

    /// The most that a lot is worth to it: what selling it would bring, less its margin. [1e-8 USD]
    func limit(
        for lot: Quantity, _ asset: AssetID, _ view: borrowing View, _ appraisal: inout Appraisal
    ) -> Money? {
        guard
            let value = appraisal.proceeds(lot, feed: feed(asset, view), view.markets),
            let own = try? value.scaled(by: group.margin, rounding: .up)
        else { return nil }
        return value - own
    }

    /// What it hopes to earn with a lot. [1e-8 USD]
    private func margin(
        of lot: Quantity, _ asset: AssetID, _ view: borrowing View, _ appraisal: inout Appraisal
    ) -> Money {
        guard let value = appraisal.proceeds(lot, feed: feed(asset, view), view.markets) else {
            return .zero
        }
        return (try? value.scaled(by: group.margin, rounding: .down)) ?? .zero
    }

    func feed(_ asset: AssetID, _ view: borrowing View) -> Int {
        view.house.parameters.assets[asset.index].feed.index
    }

    /// What an amount of the settlement asset is worth outside, rounded down. [1e-8 USD]
    func worth(_ amount: Quantity, _ view: borrowing View) -> Money {
        let price = view.outsidePrices[feed(view.house.parameters.settlementAsset, view)]
        return (try? amount.value(at: price, rounding: .down)) ?? Money(raw: .max / 4)
    }

    /// How much of the settlement asset a sum of money is, rounded down.
    private func units(_ money: Money, _ view: borrowing View) -> Quantity? {
        let price = view.outsidePrices[feed(view.house.parameters.settlementAsset, view)]
        return try? money.quantity(at: price, rounding: .down)
    }
}

extension AuctionKeeper.Purpose {
    /// A place in a total order.
    fileprivate var rank: (Int, Int64) {
        switch self {
        case .start(let account, let asset): (0, Int64(account.raw) << 8 | Int64(asset.raw))
        case .restart(let id): (1, Int64(id.raw))
        case .buy(let id): (2, Int64(id.raw))
        case .settle(let id): (3, Int64(id.raw))
        case .shop(let asset): (4, Int64(asset.raw))
        }
    }
}
