import Chain
import ExactMath
import MarginProtocol
import Markets
import OrderBook

extension Liquidator {
    /// A remainder worth less than this is sold in one piece. [1e-8 USD]
    static let dust = Money(whole: 10)

    // MARK: What a step is worth

    /// What a step earns before gas, when all it brings is sold as the inventory policy says. [1e-8 USD]
    func earnings(_ quote: LiquidationQuote, _ view: borrowing View) -> Money? {
        switch quote.step {
        case .deficit, .absorption, .cancellation: return .zero
        case .flag: return quote.reward
        case .result(let part):
            guard let position = part.position else { return part.bonus }
            guard let loss = closingLoss(position, view) else { return nil }
            return try? quote.reward.adding(-loss)
        case .collateral(let part):
            let got = part.seized - part.toInsurance
            guard let proceeds = saleValue(of: got, part.seize, view),
                let spent = replacementCost(of: withFlashFee(part.repaid), part.repay, view)
            else { return nil }
            var total = proceeds
            for other in part.others {
                guard let more = saleValue(of: other.delta, other.asset, view),
                    let sum = try? total.adding(more)
                else { return nil }
                total = sum
            }
            return try? total.adding(-spent)
        case .positions(let parts):
            var total = quote.reward
            guard view.house.parameters.liquidation.taker == .liquidator else { return total }
            for part in parts where part.taker == .liquidator {
                guard let loss = closingLoss(part, view), let left = try? total.adding(-loss)
                else { return nil }
                total = left
            }
            return total
        }
    }

    /// What an amount of an asset would bring; the settlement asset counts at the protocol's price.
    private func saleValue(of amount: Quantity, _ asset: AssetID, _ view: borrowing View)
        -> Money?
    {
        if asset == view.house.parameters.settlementAsset {
            return try? amount.value(at: view.house.price(of: asset), rounding: .down)
        }
        let feed = view.house.parameters.assets[asset.index].feed.index
        switch group.inventory {
        case .hold: return try? amount.value(at: view.outsidePrices[feed], rounding: .down)
        case .sellAtOnce: return try? view.markets.quote(feed, -amount).proceeds
        case .workOut(let share):
            guard let piece = try? amount.scaled(by: share, rounding: .up) else { return .zero }
            return piecemeal(amount, piece, feed, view)
        case .work(let slices, _): return piecemeal(amount, amount / slices, feed, view)
        case .hedge(let slices, _):
            guard let proceeds = piecemeal(amount, amount / slices, feed, view),
                let fees = hedgingFees(on: proceeds, feed, view)
            else { return nil }
            return try? proceeds.adding(-fees)
        }
    }

    /// Each piece is expected to fetch what the first would.
    private func piecemeal(
        _ amount: Quantity, _ piece: Quantity, _ feed: Int, _ view: borrowing View
    ) -> Money? {
        guard amount.isPositive, piece.isPositive,
            let first = try? view.markets.quote(feed, -min(piece, amount))
        else { return .zero }
        return try? first.proceeds.scaled(
            by: amount.raw, over: min(piece, amount).raw, rounding: .down)
    }

    /// What has to come back for a repayment: with a flash loan, its fee too. [1e-8 units]
    private func withFlashFee(_ repaid: Quantity) -> Quantity {
        guard case .flash(let fee, _) = group.financing,
            let charge = try? repaid.scaled(by: fee, rounding: .up),
            let owed = try? repaid.adding(charge)
        else { return repaid }
        return owed
    }

    private func replacementCost(of amount: Quantity, _ asset: AssetID, _ view: borrowing View)
        -> Money?
    {
        if asset == view.house.parameters.settlementAsset {
            return try? amount.value(at: view.house.price(of: asset), rounding: .up)
        }
        let feed = view.house.parameters.assets[asset.index].feed.index
        return (try? view.markets.quote(feed, amount).proceeds).map { -$0 }
    }

    /// What closing a position it takes over would cost against the price at which it takes it. [1e-8 USD]
    private func closingLoss(_ part: LiquidationQuote.PositionPart, _ view: borrowing View)
        -> Money?
    {
        // To close what it takes over, it trades in the same direction as the liquidated account did.
        let sells = part.size.isNegative
        let amount = part.size.magnitude
        guard let closed = closingValue(part.market, part.size, view),
            let taken = try? amount.value(at: part.price, rounding: sells ? .up : .down)
        else { return nil }
        if group.inventory == .hold { return sells ? taken - closed : closed - taken }
        let rate = view.house.parameters.markets[part.market.index].takerFee
        guard let fee = try? closed.scaled(by: rate, rounding: .up) else { return nil }
        return try? (sells ? taken - closed : closed - taken).adding(fee)
    }

    /// What closing pays or brings: in the pool, else in the book, and outside for what the book lacks.
    private func closingValue(_ market: MarketID, _ size: Quantity, _ view: borrowing View)
        -> Money?
    {
        let sells = size.isNegative
        let rounding: Rounding = sells ? .down : .up
        let feed = view.house.parameters.markets[market.index].feed.index
        if group.inventory == .hold {
            return try? size.magnitude.value(at: view.outsidePrices[feed], rounding: rounding)
        }
        if view.house.parameters.markets[market.index].pool != nil {
            guard let price = try? view.house.poolPrice(market, size: size) else { return nil }
            return try? size.magnitude.value(at: price, rounding: rounding)
        }
        var left = size.magnitude
        var total: Money = .zero
        for level in view.house.book(market).levels(sells ? .buy : .sell) where left.isPositive {
            let filled = min(left, level.size)
            guard let value = try? filled.value(at: level.price, rounding: rounding),
                let sum = try? total.adding(value)
            else { return nil }
            total = sum
            left -= filled
        }
        guard left.isPositive else { return total }
        guard let rest = try? view.markets.quote(feed, sells ? -left : left) else { return nil }
        return try? total.adding(rest.proceeds.magnitude)
    }

    // MARK: Getting rid of it

    /// Closes positions it has taken over, and brings its hedges to what it holds: in the pool where there is
    /// one, else at market in the book.
    mutating func closeTakenOver(_ view: borrowing View, _ requests: inout [Request]) {
        guard let account = marginAccount, group.inventory != .hold else { return }
        for index in view.house.parameters.markets.indices {
            let market = MarketID(index: index)
            let isClosing = attempts.contains {
                if case .closing(market) = $0.purpose { true } else { false }
            }
            let held = view.house.position(account, market).size
            let target = hedgeTarget(market, view)
            guard !isClosing, let excess = try? held.adding(-target), excess.raw > .min,
                let change = self.change(by: -excess, of: held, market, view)
            else { continue }
            let reduces = held.isNegative != change.isNegative && change.magnitude <= held.magnitude
            let command = tradeCommand(
                account: account, market: market, size: change, reduceOnly: reduces,
                inBook: view.house.parameters.markets[index].pool == nil)
            let policy = self.policy
            guard
                let fee = policy.bid(
                    profit: nil, gas: view.gasAmount(of: command),
                    going: view.entryPrice(for: policy),
                    native: view.nativePrice)
            else { continue }
            requests.append(send(.closing(market), command, .nothing, fee: fee, view))
        }
    }

    /// How much of a wanted change of a position it makes now; nil for nothing. [1e-8 units]
    private mutating func change(
        by wanted: Quantity, of held: Quantity, _ market: MarketID, _ view: borrowing View
    ) -> Quantity? {
        guard case .hedge = group.inventory else {
            // Nothing is hedged: all it holds is to go.
            let price = view.house.price(of: market)
            let part = portion(of: held.magnitude, at: price, .market(market), view.block)
            return part.map { held.isNegative ? $0 : -$0 }
        }
        guard
            let worth = try? wanted.magnitude.value(
                at: view.house.price(of: market), rounding: .down), worth >= Self.dust
        else { return nil }
        // Away from zero only as far as its margin goes.
        guard held.isZero || held.isNegative == wanted.isNegative else { return wanted }
        guard let most = carriable(market, view) else { return nil }
        return wanted.magnitude <= most ? wanted : wanted.isNegative ? -most : most
    }

    /// Sells what it has seized, against the settlement asset, as its inventory policy says; buys back what is
    /// missing in its stock, as far as the market goes.
    public mutating func unwind(_ view: borrowing View) -> [OutsideOrder] {
        guard isRunning(view) else { return [] }
        var orders: [OutsideOrder] = []
        for index in 0..<view.house.parameters.assets.count {
            let asset = AssetID(index: index)
            guard asset != view.house.parameters.settlementAsset else { continue }
            let feed = view.house.parameters.assets[index].feed
            let stock = stock(asset)
            let missing = stock - view.house.balance(wallet, asset)
            if missing.isPositive {
                let purchase = takable(missing, feed: feed, view.markets)
                guard !purchase.isZero else { continue }
                orders.append(
                    OutsideOrder(
                        agent: address, wallet: wallet, feed: feed, asset: asset,
                        quantity: purchase, purpose: "restock"))
                continue
            }
            let held = view.house.balance(wallet, asset) - stock - committed(asset)
            guard
                let amount = portion(
                    of: held, at: view.outsidePrices[feed.index], .asset(asset), view.block)
            else { continue }
            let sale = takable(-amount, feed: feed, view.markets)
            guard !sale.isZero else { continue }
            orders.append(
                OutsideOrder(
                    agent: address, wallet: wallet, feed: feed, asset: asset, quantity: sale,
                    purpose: "unwind"))
        }
        return orders
    }

    /// How much of a holding it gets rid of in one block; nil for nothing. [1e-8 units]
    private mutating func portion(
        of held: Quantity, at price: Price, _ stock: SaleSchedule.Stock, _ block: Int64
    ) -> Quantity? {
        guard held.isPositive else { return nil }
        switch group.inventory {
        case .hold: return nil
        case .sellAtOnce: return held
        case .work(let slices, let every), .hedge(let slices, let every):
            return slice(of: held, at: price, stock, slices: slices, every: every, block: block)
        case .workOut(let share):
            if let worth = try? held.value(at: price, rounding: .down), worth < Self.dust {
                return held
            }
            guard let part = try? held.scaled(by: share, rounding: .up), part.isPositive else {
                return nil
            }
            return min(part, held)
        }
    }
}

/// The largest of an order's halves, quarters, … that the market outside takes; zero where none is.
func takable(_ quantity: Quantity, feed: FeedID, _ markets: Markets) -> Quantity {
    var part = quantity
    for _ in 0..<24 where !part.isZero {
        if (try? markets.quote(feed.index, part)) != nil { return part }
        part = Quantity(raw: part.raw / 2)
    }
    return .zero
}

/// A trade in the pool, or at market in the book.
func tradeCommand(
    account: AccountID, market: MarketID, size: Quantity, reduceOnly: Bool, inBook: Bool
) -> Command {
    guard inBook else {
        return .trade(
            account: account, market: market, size: size, limit: nil, reduceOnly: reduceOnly)
    }
    return .placeOrder(
        account: account, market: market,
        order: OrderRequest(
            side: size.isNegative ? .sell : .buy, size: size.magnitude, price: nil,
            timeInForce: .immediateOrCancel, reduceOnly: reduceOnly))
}
