import Chain
public import ExactMath
public import MarginProtocol
import Markets
import OrderBook

/// A market maker: quotes both sides of several order books around the outside price.
///
/// Which orders it has, it reads from the book. When the outside price has moved far enough it cancels
/// what no longer fits and quotes anew; what was filled it quotes again at the same price. In each market
/// it waits for the end of everything it sent before it sends more.
public struct MarketMaker: Agent {
    /// After a refusal it leaves a market alone for so many blocks.
    public static let restAfterRefusal: Int64 = 5

    /// What it remembers of one market.
    struct Desk: Hashable, Sendable {
        var market: MarketID
        /// The outside price around which its quotes stand.
        var reference: Price?
        /// Requests whose end it has not heard of.
        var waiting: Int64 = 0
        /// Blocks for which it still leaves the market alone.
        var rest: Int64 = 0
        /// What it holds outside against its position. [1e-8 units]
        var hedged: Quantity = .zero
    }

    /// An order as it should rest.
    struct Quote: Hashable {
        var side: Side
        var price: Price
        var size: Quantity
    }

    public let group: MarketMakerGroup
    public let address: Address
    /// The margin account whose orders and positions these are.
    public let account: AccountID
    private(set) var desks: [Desk]
    private var sequence: Int64 = 0

    public init(group: MarketMakerGroup, address: Address, account: AccountID) {
        self.group = group
        self.address = address
        self.account = account
        desks = group.markets.map { Desk(market: $0) }
    }

    public var addresses: ClosedRange<Int32> { address.raw...address.raw }

    /// What it holds outside against its position in a market. [1e-8 units]
    public func hedged(_ market: MarketID) -> Quantity {
        desks.first { $0.market == market }?.hedged ?? .zero
    }

    public mutating func decide(_ view: borrowing View) -> Actions {
        var requests: [Request] = []
        for index in desks.indices {
            if desks[index].rest > 0 {
                desks[index].rest -= 1
                continue
            }
            guard desks[index].waiting == 0 else { continue }
            for command in commands(&desks[index], view) {
                let bid = group.fee.bid(
                    profit: nil, gas: view.gasAmount(of: command),
                    going: view.entryPrice(for: group.fee),
                    native: view.nativePrice)
                guard let bid else { break }
                sequence += 1
                desks[index].waiting += 1
                requests.append(
                    Request(
                        // The desk is told by the remainder.
                        tag: sequence * Int64(desks.count) + Int64(index), sender: address,
                        command: command, maxFee: bid, maxTip: bid,
                        lifetime: view.blocks(patienceInBlocks)))
            }
        }
        return Actions(requests: requests)
    }

    public mutating func learn(_ outcome: Outcome) {
        guard !desks.isEmpty else { return }
        let index = Int(outcome.tag % Int64(desks.count))
        switch outcome.result {
        case .pending: return
        // An order that was filled before its cancellation is no trouble.
        case .applied, .rejected(.unknownOrder): break
        case .rejected, .dropped: desks[index].rest = Self.restAfterRefusal
        }
        desks[index].waiting = max(0, desks[index].waiting - 1)
    }

    /// Offsets its fills outside, in its own books.
    public mutating func unwind(_ view: borrowing View) -> [OutsideOrder] {
        guard group.hedges else { return [] }
        var orders: [OutsideOrder] = []
        for index in desks.indices {
            let held = view.house.position(account, desks[index].market).size
            guard let open = try? held.adding(desks[index].hedged), open.raw > .min, !open.isZero
            else { continue }
            let feed = view.house.parameters.markets[desks[index].market.index].feed
            let quantity = takable(-open, feed: feed, view.markets)
            guard !quantity.isZero else { continue }
            desks[index].hedged += quantity
            orders.append(
                OutsideOrder(
                    agent: address, wallet: nil, feed: feed, asset: nil, quantity: quantity,
                    purpose: "hedge"))
        }
        return orders
    }

    // MARK: Quoting

    /// Cancels orders that are no longer wanted, then places those that are missing.
    private func commands(_ desk: inout Desk, _ view: borrowing View) -> [Command] {
        let feed = view.house.parameters.markets[desk.market.index].feed
        let outside = view.outsidePrices[feed.index]
        if desk.reference.map({ hasMoved(from: $0, to: outside) }) ?? true {
            desk.reference = outside
        }
        guard let reference = desk.reference, reference.isPositive else { return [] }
        let wanted = quotes(
            around: fairPrice(reference, in: desk.market, view.house.parameters),
            holding: view.house.position(account, desk.market).size,
            isFull: isFull(view))
        let resting = view.house.book(desk.market).orders(of: account.raw)
        var commands: [Command] = []
        for order in resting
        where !wanted.contains(where: { $0.side == order.side && $0.price == order.price }) {
            commands.append(.cancelOrder(account: account, market: desk.market, order: order.id))
        }
        for quote in wanted
        where !resting.contains(where: { $0.side == quote.side && $0.price == quote.price }) {
            commands.append(
                .placeOrder(
                    account: account, market: desk.market,
                    order: OrderRequest(
                        side: quote.side, size: quote.size, price: quote.price,
                        timeInForce: .postOnly)))
        }
        return commands
    }

    /// The price of a market's contract at which an outside price and funding leave nothing to be earned.
    ///
    /// The outside price itself where no financing is counted, or funding does not follow a premium.
    func fairPrice(_ outside: Price, in market: MarketID, _ parameters: ProtocolParameters) -> Price
    {
        guard let rate = group.financingRate,
            case .premium(let funding) = parameters.markets[market.index].funding,
            let ratio = try? funding.fairRatio(financingRate: rate),
            let fair = try? Fixed18(outside).multiplied(by: ratio, rounding: .nearest)
        else { return outside }
        return (try? fair.rounded(to: Price.self, .nearest)) ?? outside
    }

    /// Do its markets together hold as much as they may, at the outside prices?
    private func isFull(_ view: borrowing View) -> Bool {
        guard let limit = group.jointLimit else { return false }
        let held = desks.reduce(Int128(0)) { sum, desk in
            let feed = view.house.parameters.markets[desk.market.index].feed
            let size = view.house.position(account, desk.market).size.magnitude
            let value = try? size.value(at: view.outsidePrices[feed.index], rounding: .nearest)
            return sum + Int128(value?.raw ?? .max)
        }
        return held >= Int128(limit.raw)
    }

    /// Has the price moved by the requoting distance or more?
    private func hasMoved(from old: Price, to new: Price) -> Bool {
        guard new != old else { return false }
        return product((new - old).magnitude.raw, scaleE8) >= product(old.raw, group.requote.raw)
    }

    /// Level k stands k half-spreads away from the reference: bids rounded down, offers up.
    /// - Parameter isFull: whether all markets together hold as much as they may.
    func quotes(around reference: Price, holding size: Quantity, isFull: Bool = false) -> [Quote] {
        guard let inventory = try? size.value(at: reference, rounding: .nearest),
            let amount = try? group.size.quantity(at: reference, rounding: .down),
            amount.isPositive
        else { return [] }
        var quotes: [Quote] = []
        for level in 0..<Int64(max(0, group.levels)) {
            let (raw, overflow) = group.halfSpread.raw.multipliedReportingOverflow(by: level + 1)
            guard !overflow,
                let distance = try? reference.scaled(by: Ratio(raw: raw), rounding: .up),
                let offer = try? reference.adding(distance)
            else { break }
            let bid = reference - distance
            if inventory < group.inventoryLimit, bid.isPositive,
                !isFull || inventory.isNegative
            {
                quotes.append(Quote(side: .buy, price: bid, size: amount))
            }
            if inventory > -group.inventoryLimit, !isFull || inventory.isPositive {
                quotes.append(Quote(side: .sell, price: offer, size: amount))
            }
        }
        return quotes
    }
}
