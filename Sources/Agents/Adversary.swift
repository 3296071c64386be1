import Chain
public import ExactMath
public import MarginProtocol
import Markets

/// An adversary: one scheme, played once, with two addresses.
///
/// What it trades outside, it trades in its own books, but for what it seizes.
public struct Adversary: Agent {
    enum Stage: Int8, Sendable {
        case waiting, pushed, asked, done
    }
    public let group: AdversaryGroup
    public let address: Address
    /// Its second address.
    public let partner: Address
    /// Its margin accounts: the large one last.
    public let accounts: [AccountID]
    /// Of each address.
    public let wallets: [AccountID]
    /// What it has bought outside, in its own books; negative is short. [1e-8 units]
    public private(set) var outside: Quantity = .zero
    private(set) var stage = Stage.waiting
    private let start: Timestamp
    private var pushedAt: Timestamp?
    private var pending: Int64?
    private var lastTag: Int64 = 0

    public init(
        group: AdversaryGroup, address: Address, partner: Address, accounts: [AccountID],
        wallets: [AccountID], start: Timestamp
    ) {
        precondition(!accounts.isEmpty && wallets.count == 2, "an adversary has accounts")
        self.group = group
        self.address = address
        self.partner = partner
        self.accounts = accounts
        self.wallets = wallets
        self.start = start
    }

    public var addresses: ClosedRange<Int32> { address.raw...partner.raw }

    public mutating func decide(_ view: borrowing View) -> Actions {
        guard pending == nil else { return Actions() }
        switch group.scheme {
        case .manipulator(_, let patience):
            guard stage == .pushed, let pushedAt, view.time >= pushedAt + patience,
                let request = withdrawal(from: accounts[0], view)
            else { return Actions() }
            stage = .asked
            return Actions(requests: [request])
        case .selfLiquidator:
            guard let request = liquidation(view) else { return Actions() }
            return Actions(requests: [request])
        case .withdrawAndDump:
            var requests: [Request] = []
            if stage != .waiting, let request = closing(view) {
                return Actions(requests: [request])
            }
            for account in accounts {
                if let request = withdrawal(from: account, view) { requests.append(request) }
            }
            return Actions(requests: requests)
        case .decoys: return Actions()
        }
    }

    public mutating func learn(_ outcome: Outcome) {
        if case .pending = outcome.result { return }
        guard outcome.tag == pending else { return }
        pending = nil
        if stage == .asked { stage = .done }
    }

    public mutating func unwind(_ view: borrowing View) -> [OutsideOrder] {
        let feed = view.house.parameters.assets[group.asset.index].feed
        var wanted = outside
        switch group.scheme {
        case .manipulator(let push, _):
            if stage == .waiting, isTime(view), let bought = units(of: push, feed, view) {
                wanted = bought
                (stage, pushedAt) = (.pushed, view.time)
            } else if stage == .done {
                wanted = .zero
            }
        case .withdrawAndDump(_, let push, let patience):
            if stage == .waiting, isTime(view), let sold = units(of: push, feed, view) {
                wanted = -sold
                (stage, pushedAt) = (.pushed, view.time)
            } else if let pushedAt, view.time >= pushedAt + patience {
                wanted = .zero
            }
        case .decoys:
            // It holds outside the opposite of what the large account still has.
            if let large = accounts.last, isTime(view) {
                wanted = -max(.zero, view.house.balance(large, group.asset))
            }
        case .selfLiquidator: return seized(feed, view)
        }
        guard let change = try? wanted.adding(-outside) else { return [] }
        let quantity = takable(change, feed: feed, view.markets)
        guard !quantity.isZero else { return [] }
        outside += quantity
        return [
            OutsideOrder(
                agent: address, wallet: nil, feed: feed, asset: nil, quantity: quantity,
                purpose: "attack")
        ]
    }

    // MARK: Parts

    private func isTime(_ view: borrowing View) -> Bool { view.time >= start + group.after }

    private func units(of worth: Money, _ feed: FeedID, _ view: borrowing View) -> Quantity? {
        let price = view.outsidePrices[feed.index]
        return price.isPositive ? try? worth.quantity(at: price, rounding: .down) : nil
    }

    /// Sells outside what it has seized from itself.
    private func seized(_ feed: FeedID, _ view: borrowing View) -> [OutsideOrder] {
        let quantity = takable(
            -max(.zero, view.house.balance(wallets[1], group.asset)), feed: feed, view.markets)
        guard !quantity.isZero else { return [] }
        return [
            OutsideOrder(
                agent: partner, wallet: wallets[1], feed: feed, asset: group.asset,
                quantity: quantity, purpose: "unwind")
        ]
    }

    /// Takes what an account may give up, less two per cent, once that is a hundredth of the capital.
    private mutating func withdrawal(from account: AccountID, _ view: borrowing View) -> Request? {
        let asset = view.house.parameters.settlementAsset
        let surplus = view.house.health(of: account, .initial).surplus
        guard let least = try? group.capital.scaled(by: Ratio(percent: 1), rounding: .up),
            surplus > least, view.house.price(of: asset).isPositive,
            let usable = try? surplus.scaled(by: Ratio(percent: 98), rounding: .down),
            let amount = try? usable.quantity(at: view.house.price(of: asset), rounding: .down),
            amount.isPositive
        else { return nil }
        let isFirst = view.house.account(account).owner == address
        return request(
            .withdraw(from: account, to: wallets[isFirst ? 0 : 1], asset: asset, amount: amount),
            from: isFirst ? address : partner, view)
    }

    /// Closes what one account gains by once the other has nothing left.
    private mutating func closing(_ view: borrowing View) -> Request? {
        guard let market = group.market else { return nil }
        let open = accounts.filter { !view.house.position($0, market).size.isZero }
        guard open.count == 1, let account = open.first else { return nil }
        let held = view.house.position(account, market).size
        let owner = view.house.account(account).owner
        return request(
            tradeCommand(
                account: account, market: market, size: -held, reduceOnly: true,
                inBook: view.house.parameters.markets[market.index].pool == nil), from: owner, view)
    }

    /// Its own account's next step, by its partner.
    private mutating func liquidation(_ view: borrowing View) -> Request? {
        let repay = view.house.parameters.settlementAsset
        let funds = view.house.balance(wallets[1], repay)
        let target = LiquidationTarget.collateral(seize: group.asset, repay: repay, atMost: funds)
        guard funds.isPositive, view.liquidatable.contains(accounts[0]),
            (try? view.house.quoteLiquidation(of: accounts[0], payer: wallets[1], target: target))
                != nil
        else { return nil }
        return request(
            .liquidate(account: accounts[0], payer: wallets[1], target: target), from: partner,
            view)
    }

    private mutating func request(
        _ command: Command, from sender: Address, _ view: borrowing View
    ) -> Request? {
        guard
            let bid = group.fee.bid(
                profit: nil, gas: view.gasAmount(of: command), going: view.entryPrice,
                native: view.nativePrice)
        else { return nil }
        lastTag += 1
        pending = lastTag
        return Request(
            tag: lastTag, sender: sender, command: command, maxFee: bid, maxTip: bid,
            lifetime: view.blocks(patienceInBlocks))
    }
}
