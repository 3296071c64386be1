import Chain
import ExactMath
import MarginProtocol
import Markets

/// A holding that is sold slice by slice.
struct SaleSchedule: Hashable, Sendable {
    enum Stock: Hashable, Sendable {
        case asset(AssetID)
        case market(MarketID)
    }
    var stock: Stock
    /// [1e-8 units]
    var slice: Quantity
    /// The block of the next slice.
    var next: Int64
}

extension Liquidator {
    /// The slice that is due, or nil; more stock makes the later slices larger, so that their number stays.
    mutating func slice(
        of held: Quantity, at price: Price, _ stock: SaleSchedule.Stock, slices: Int, every: Int,
        block: Int64
    ) -> Quantity? {
        let even = held / slices
        let at: Int
        if let known = schedules.firstIndex(where: { $0.stock == stock }) {
            at = known
        } else {
            at = schedules.count
            schedules.append(SaleSchedule(stock: stock, slice: even, next: block))
        }
        guard block >= schedules[at].next else { return nil }
        schedules[at].slice = max(schedules[at].slice, even)
        schedules[at].next = block + Int64(every)
        let isDust = (try? held.value(at: price, rounding: .down)).map { $0 < Self.dust } ?? true
        guard !isDust, schedules[at].slice < held else {
            schedules.remove(at: at)
            return held
        }
        return schedules[at].slice
    }

    /// What it wants to hold in a market: the opposite of its stock of the underlying, in the first market of
    /// that price. [1e-8 units]
    func hedgeTarget(_ market: MarketID, _ view: borrowing View) -> Quantity {
        guard case .hedge = group.inventory else { return .zero }
        let parameters = view.house.parameters
        let feed = parameters.markets[market.index].feed
        guard parameters.markets.firstIndex(where: { $0.feed == feed }) == market.index else {
            return .zero
        }
        var stock: Quantity = .zero
        for index in parameters.assets.indices
        where parameters.assets[index].feed == feed && index != parameters.settlementAsset.index {
            guard
                let sum = try? stock.adding(
                    max(.zero, view.house.balance(wallet, AssetID(index: index))))
            else { return .zero }
            stock = sum
        }
        return -stock
    }

    /// What it pays to open and close a hedge of this worth; nil where there is no market for it. [1e-8 USD]
    func hedgingFees(on worth: Money, _ feed: Int, _ view: borrowing View) -> Money? {
        let markets = view.house.parameters.markets
        guard let market = markets.first(where: { $0.feed.index == feed }) else { return nil }
        let each = market.takerFee + (market.pool?.spread ?? .zero)
        guard let once = try? worth.scaled(by: each, rounding: .up) else { return nil }
        return try? once.adding(once)
    }
}

extension Quantity {
    /// An even part of a positive amount, rounded up, so that the last is the smallest.
    static func / (amount: Quantity, parts: Int) -> Quantity {
        let count = Int64(max(1, parts))
        let (whole, rest) = amount.raw.quotientAndRemainder(dividingBy: count)
        return Quantity(raw: rest > 0 ? whole + 1 : whole)
    }
}
