import Chain
import ExactMath
public import MarginProtocol
import Markets
import OrderBook

/// An agent that carries out a script.
///
/// Steps that are due go out in order of their times, and of the script where these are equal; one sender's
/// transactions are executed in the order of its nonces. It asks no price twice and repeats nothing: what was
/// rejected or dropped stands in the record of transactions, and the script goes on.
public struct ScriptedAgent: Agent {
    public let script: Script
    public let address: Address
    public let wallet: AccountID
    /// Its margin accounts, as its script numbers them.
    public let accounts: [AccountID]
    /// When each step is due next; nil when it is done.
    private var due: [Timestamp?]
    private var lastTag: Int64 = 0

    public init(script: Script, address: Address, wallet: AccountID, accounts: [AccountID]) {
        precondition(
            script.steps.allSatisfy { accounts.indices.contains($0.account) },
            "every step has an account")
        self.script = script
        self.address = address
        self.wallet = wallet
        self.accounts = accounts
        due = script.steps.map(\.at)
    }

    public var addresses: ClosedRange<Int32> { address.raw...address.raw }

    public mutating func decide(_ view: borrowing View) -> Actions {
        var requests: [Request] = []
        for step in takeDue(by: view.time, outside: false) {
            for command in commands(step, view) {
                guard
                    let bid = script.fee.bid(
                        profit: nil, gas: view.gasAmount(of: command), going: view.entryPrice,
                        native: view.nativePrice)
                else { continue }
                lastTag += 1
                requests.append(
                    Request(
                        tag: lastTag, sender: address, command: command, maxFee: bid, maxTip: bid))
            }
        }
        return Actions(requests: requests)
    }

    /// Trades outside once the block has been executed, with what the wallet has then.
    public mutating func unwind(_ view: borrowing View) -> [OutsideOrder] {
        takeDue(by: view.time, outside: true).compactMap { step in
            guard case .tradeOutside(let portion, let sells) = step.action else { return nil }
            let quantity =
                sells ? -salable(portion, view) : affordable(portion, view)
            guard !quantity.isZero else { return nil }
            return OutsideOrder(
                agent: address, wallet: wallet,
                feed: view.house.parameters.assets[portion.asset.index].feed, asset: portion.asset,
                quantity: quantity, purpose: "script")
        }
    }

    // MARK: Time

    /// The steps that are due, once for each time that has come, in order.
    private mutating func takeDue(by time: Timestamp, outside: Bool) -> [Script.Step] {
        var taken: [(time: Timestamp, index: Int)] = []
        for index in script.steps.indices where script.steps[index].action.isOutside == outside {
            while let next = due[index], next <= time {
                taken.append((next, index))
                let later = script.steps[index].every.map { next + $0 }
                due[index] = later.flatMap { $0 <= script.steps[index].until ? $0 : nil }
            }
        }
        return taken.sorted { ($0.time, $0.index) < ($1.time, $1.index) }
            .map { script.steps[$0.index] }
    }

    // MARK: Commands

    private func commands(_ step: Script.Step, _ view: borrowing View) -> [Command] {
        let account = accounts[step.account]
        switch step.action {
        case .deposit(let portions):
            return amounts(portions, of: wallet, view).map {
                .deposit(from: wallet, to: account, asset: $0.asset, amount: $0.quantity)
            }
        case .withdraw(let portions):
            return amounts(portions, of: account, view).map {
                .withdraw(from: account, to: wallet, asset: $0.asset, amount: $0.quantity)
            }
        case .transfer(let portions, let other):
            return amounts(portions, of: account, view).map {
                .transfer(
                    from: account, to: accounts[other], asset: $0.asset, amount: $0.quantity)
            }
        case .trade(let market, let size, let limit, let reduceOnly):
            return [
                .trade(
                    account: account, market: market, size: size, limit: limit,
                    reduceOnly: reduceOnly)
            ]
        case .place(let market, let order):
            return [.placeOrder(account: account, market: market, order: order)]
        case .cancel(let markets):
            var commands: [Command] = []
            for market in markets {
                for order in view.house.book(market).orders(of: account.raw) {
                    commands.append(
                        .cancelOrder(account: account, market: market, order: order.id))
                }
            }
            return commands
        case .close(let markets, let share):
            var commands: [Command] = []
            for market in markets {
                let size = view.house.position(account, market).size
                guard let part = try? size.scaled(by: share, rounding: .towardZero), !part.isZero
                else { continue }
                commands.append(
                    tradeCommand(
                        account: account, market: market, size: -part, reduceOnly: true,
                        inBook: view.house.parameters.markets[market.index].pool == nil))
            }
            return commands
        case .leverage(let market, let leverage):
            return [.configure(account: account, .leverage(market, leverage))]
        case .marginRatio(let ratio):
            return [.configure(account: account, .marginRatio(ratio))]
        case .addLiquidity(let portions):
            return amounts(portions, of: wallet, view).map {
                .addLiquidity(
                    wallet: wallet, asset: $0.asset, amount: $0.quantity, atLeast: .zero)
            }
        case .removeLiquidity(let share, let asset):
            let owned = view.house.poolShares(wallet)
            guard let part = try? owned.scaled(by: share, rounding: .down), part.isPositive else {
                return []
            }
            return [.removeLiquidity(wallet: wallet, shares: part, asset: asset, atLeast: .zero)]
        case .placeSpot(let market, let order):
            return [.placeSpotOrder(account: account, market: market, order: order)]
        case .cancelSpot(let markets):
            return markets.flatMap { market in
                view.house.spotBook(market).orders(of: account.raw).map {
                    .cancelSpotOrder(account: account, market: market, order: $0.id)
                }
            }
        case .tradeOutside: return []
        }
    }

    /// What portions come to now; what does not fit or is nothing is left out.
    private func amounts(_ portions: [Script.Portion], of holder: AccountID, _ view: borrowing View)
        -> [Holding]
    {
        var amounts: [Holding] = []
        for portion in portions {
            let quantity: Quantity?
            switch portion.amount {
            case .quantity(let fixed): quantity = fixed
            case .worth(let worth):
                quantity = try? worth.quantity(
                    at: view.house.price(of: portion.asset), rounding: .down)
            case .all: quantity = view.house.balance(holder, portion.asset)
            }
            if let quantity, quantity.isPositive {
                amounts.append(Holding(asset: portion.asset, quantity: quantity))
            }
        }
        return amounts
    }

    // MARK: Outside

    /// How much it sells: at most what the wallet holds and the market takes. [1e-8 units]
    private func salable(_ portion: Script.Portion, _ view: borrowing View) -> Quantity {
        let held = view.house.balance(wallet, portion.asset)
        let feed = view.house.parameters.assets[portion.asset.index].feed.index
        switch portion.amount {
        case .quantity(let most):
            return largest(upTo: min(most, held)) { quantity in
                (try? view.markets.quote(feed, -quantity)) != nil
            }
        case .worth(let wanted):
            return largest(upTo: held) { quantity in
                (try? view.markets.quote(feed, -quantity)).map { $0.proceeds <= wanted } ?? false
            }
        case .all:
            return largest(upTo: held) { quantity in
                (try? view.markets.quote(feed, -quantity)) != nil
            }
        }
    }

    /// How much it buys: at most what the wallet pays for. [1e-8 units]
    private func affordable(_ portion: Script.Portion, _ view: borrowing View) -> Quantity {
        let settlement = view.house.parameters.settlementAsset
        let unit = view.outsidePrices[view.house.parameters.assets[settlement.index].feed.index]
        let feed = view.house.parameters.assets[portion.asset.index].feed.index
        guard
            let cash = try? view.house.balance(wallet, settlement).value(at: unit, rounding: .down)
        else { return .zero }
        var limit = cash
        var most: Quantity?
        switch portion.amount {
        case .quantity(let wanted): most = wanted
        case .worth(let wanted): limit = min(cash, wanted)
        case .all: break
        }
        // Buying never makes it cheaper, so that the price before bounds the amount.
        let bound = try? limit.quantity(at: view.outsidePrices[feed], rounding: .down)
        return largest(upTo: min(most ?? bound ?? .zero, bound ?? most ?? .zero)) { quantity in
            guard let quote = try? view.markets.quote(feed, quantity),
                // What is settled is rounded against the wallet once more.
                let paid = try? quote.proceeds.quantity(at: unit, rounding: .down),
                let value = try? (-paid).value(at: unit, rounding: .up)
            else { return false }
            return value <= limit
        }
    }

    /// The largest quantity up to a bound that will do, where every smaller one does too; zero where none does.
    private func largest(upTo bound: Quantity, where suits: (Quantity) -> Bool) -> Quantity {
        guard bound.isPositive else { return .zero }
        if suits(bound) { return bound }
        var low: Int64 = 0
        var high = bound.raw
        while high - low > 1 {
            let middle = low + (high - low) / 2
            if suits(Quantity(raw: middle)) { low = middle } else { high = middle }
        }
        return Quantity(raw: low)
    }
}
