import Chain
import ExactMath
public import MarginProtocol

/// A keeper of collateral that is for sale: starts auctions where that pays, buys in Dutch ones once the price is low
/// enough, bids in English ones up to what a lot is worth to it, and buys what the protocol has absorbed.
///
/// A lot is worth what selling it outside would bring, its own impact included, less the margin it wants. Each
/// auction, each account and each asset in the storefront has at most one of its requests on the way; what they would pay counts as spent until it
/// hears of them, and what its standing bids tie up has left its wallet.
public struct AuctionKeeper: Agent {
    /// The most requests it has on the way: under go-ethereum's 80 a sender, with room to replace them.
    public static let maximumPending = 64

    /// What a request is for.
    enum Purpose: Hashable, Sendable {
        case start(AccountID, AssetID)
        case restart(AuctionID)
        case buy(AuctionID)
        case settle(AuctionID)
        case shop(AssetID)
    }

    /// A request whose end it has not heard of.
    struct Attempt: Hashable, Sendable {
        var tag: Int64
        var purpose: Purpose
        /// What it would pay. [1e-8 settlement units]
        var payment: Quantity
        /// Known once it waits in the mempool.
        var nonce: Int64?
        var fee: Int64
        var sentAt: Int64
        /// The request whose place it takes.
        var replaces: Int64?
        /// Another request is to take its place.
        var isSuperseded = false
    }

    public let group: KeeperGroup
    public let address: Address
    /// Holds what it pays with, and what it wins.
    public let wallet: AccountID
    var attempts: [Attempt] = []
    private let offset: Int64
    private var lastTag: Int64 = 0

    /// - Parameter index: its place in its group, by which the members' looks are staggered.
    public init(group: KeeperGroup, index: Int, address: Address, wallet: AccountID) {
        self.group = group
        self.address = address
        self.wallet = wallet
        offset = Int64(index)
    }

    public var addresses: ClosedRange<Int32> { address.raw...address.raw }

    public mutating func decide(_ view: borrowing View) -> Actions {
        var requests: [Request] = []
        var appraisal = Appraisal()
        raiseStuck(view, &appraisal, &requests)
        guard (view.block + offset) % Int64(max(1, group.pollEvery)) == 0 else {
            return Actions(requests: requests)
        }
        for plan in plans(view, &appraisal).sorted() {
            guard attempts.count < Self.maximumPending else { break }
            var fitting: Plan? = plan
            if plan.payment > budget(view) {
                fitting = self.plan(plan.purpose, view, &appraisal)
            }
            guard let plan = fitting else { continue }
            requests.append(send(plan, view))
        }
        return Actions(requests: requests)
    }

    public mutating func learn(_ outcome: Outcome) {
        guard let index = attempts.firstIndex(where: { $0.tag == outcome.tag }) else { return }
        if case .pending(let nonce) = outcome.result {
            attempts[index].nonce = nonce
            return
        }
        let attempt = attempts.remove(at: index)
        if case .dropped = outcome.result,
            let old = attempts.firstIndex(where: { $0.tag == attempt.replaces })
        {
            attempts[old].isSuperseded = false
        }
    }

    /// Sells what it has won, against the settlement asset, as its inventory policy says.
    public mutating func unwind(_ view: borrowing View) -> [OutsideOrder] {
        guard group.inventory != .hold else { return [] }
        var orders: [OutsideOrder] = []
        for index in view.house.parameters.assets.indices {
            let asset = AssetID(index: index)
            guard asset != view.house.parameters.settlementAsset else { continue }
            let feed = view.house.parameters.assets[index].feed
            let held = view.house.balance(wallet, asset)
            guard held.isPositive else { continue }
            var part = held
            if case .workOut(let share) = group.inventory {
                part = (try? held.scaled(by: share, rounding: .up)) ?? held
            }
            let sale = takable(-part, feed: feed, view.markets)
            guard !sale.isZero else { continue }
            orders.append(
                OutsideOrder(
                    agent: address, wallet: wallet, feed: feed, asset: asset, quantity: sale,
                    purpose: "unwind"))
        }
        return orders
    }

    // MARK: Sending

    private mutating func send(
        _ plan: Plan, _ view: borrowing View, replacing old: (tag: Int64, nonce: Int64)? = nil
    ) -> Request {
        lastTag += 1
        attempts.append(
            Attempt(
                tag: lastTag, purpose: plan.purpose, payment: plan.payment, nonce: nil,
                fee: plan.fee, sentAt: view.block, replaces: old?.tag))
        return Request(
            tag: lastTag, sender: address, command: plan.command, nonce: old?.nonce,
            maxFee: plan.fee, maxTip: plan.fee, delay: view.blocks(Int64(max(0, group.lag))),
            lifetime: view.blocks(patienceInBlocks))
    }

    /// Replaces its requests that have waited too long, by what it would send now, while that still pays.
    private mutating func raiseStuck(
        _ view: borrowing View, _ appraisal: inout Appraisal, _ requests: inout [Request]
    ) {
        guard group.bumpAfter > 0 else { return }
        for index in attempts.indices {
            let stuck = attempts[index]
            guard let nonce = stuck.nonce, !stuck.isSuperseded,
                view.block - stuck.sentAt >= Int64(group.bumpAfter), let fee = bumped(stuck.fee)
            else { continue }
            // Its own payment is free again once it is replaced.
            attempts[index].isSuperseded = true
            guard let plan = plan(stuck.purpose, view, &appraisal, atLeast: fee) else {
                attempts[index].isSuperseded = false
                continue
            }
            requests.append(send(plan, view, replacing: (stuck.tag, nonce)))
        }
    }

    // MARK: Capital

    /// Has it a request for this on the way?
    func isPursuing(_ purpose: Purpose) -> Bool {
        attempts.contains { $0.purpose == purpose }
    }

    /// What it may still pay. [1e-8 settlement units]
    func budget(_ view: borrowing View) -> Quantity {
        let committed = attempts.reduce(Quantity.zero) {
            $1.isSuperseded ? $0 : $0 + $1.payment
        }
        return view.house.balance(wallet, view.house.parameters.settlementAsset) - committed
    }
}
