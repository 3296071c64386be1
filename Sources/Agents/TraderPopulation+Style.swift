import Chain
import ExactMath
import MarginProtocol
import Markets

extension TraderPopulation {
    /// Remembers the markets as they stand, where the style looks back.
    mutating func remember(_ view: borrowing View) {
        guard group.style.memory != nil else { return }
        for share in group.markets {
            let market = share.id
            let feed = view.house.parameters.markets[market.index].feed
            let held = leaders.reduce(Int128(0)) {
                $0 + Int128(view.house.position($1, market).size.raw)
            }
            memory?.append(
                MarketMemory.Entry(
                    time: view.time, price: view.outsidePrices[feed.index],
                    funding: view.house.fundingIndex(market), leaders: held), to: market)
        }
    }

    /// Where its style wants to stand in a market, or nil to leave things as they are.
    func stance(in market: MarketID, drawn isLong: Bool, _ view: borrowing View) -> Stance? {
        guard case .informed(let edge) = group.style else {
            return group.style.stance(market, drawn: isLong, memory)
        }
        let known = view.house.price(of: market)
        let outside = view.outsidePrices[view.house.parameters.markets[market.index].feed.index]
        return Stance(knowing: outside, against: known, edge: edge)
    }

    /// Holds outside, in its own books, the opposite of its positions, where it trades the basis.
    public mutating func unwind(_ view: borrowing View) -> [OutsideOrder] {
        guard case .basis = group.style else { return [] }
        var orders: [OutsideOrder] = []
        for index in traders.indices {
            for place in traders[index].slots.indices {
                let slot = traders[index].slots[place]
                let held = view.house.position(slot.account, slot.market).size
                guard let open = try? held.adding(traders[index].slots[place].outside),
                    open.raw > .min, !open.isZero
                else { continue }
                let feed = view.house.parameters.markets[slot.market.index].feed
                let quantity = takable(-open, feed: feed, view.markets)
                guard !quantity.isZero else { continue }
                traders[index].slots[place].outside += quantity
                orders.append(
                    OutsideOrder(
                        agent: Address(addresses.lowerBound + Int32(index)), wallet: nil,
                        feed: feed, asset: nil, quantity: quantity, purpose: "hedge"))
            }
        }
        return orders
    }

    /// Reduces all positions alike until their notional is the target times equity.
    mutating func deleverage(
        _ index: Int, _ view: borrowing View, _ requests: inout [Request]
    ) {
        let target = group.onMarginCall.targetLeverage
        var done: [AccountID] = []
        for slot in traders[index].slots where !done.contains(slot.account) {
            done.append(slot.account)
            let own = traders[index].slots.filter { $0.account == slot.account }
            let equity = view.house.plainEquity(of: slot.account, at: view.house.prices)
            let gross = own.reduce(Int128(0)) { sum, slot in
                let size = view.house.position(slot.account, slot.market).size.magnitude
                let value = try? size.value(at: view.house.price(of: slot.market), rounding: .up)
                return sum + Int128(value?.raw ?? 0)
            }
            let allowed = product(max(.zero, equity).raw, target.raw) / Int128(scaleE8)
            guard gross > allowed, let whole = Int64(exactly: gross) else { continue }
            for slot in own {
                let held = view.house.position(slot.account, slot.market).size
                guard
                    let excess = try? held.magnitude.scaled(
                        by: Int64(gross - allowed), over: whole, rounding: .up),
                    excess.isPositive
                else { continue }
                send(
                    trade(slot, held.isNegative ? excess : -excess, reduceOnly: true, view),
                    from: index, view, &requests)
            }
        }
    }
}
