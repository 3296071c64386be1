import Agents
import Chain
import ExactMath
import MarginProtocol
import Markets
import Scenarios

/// Step 8 of a block: agents sell outside what they seized.
extension Simulation {
    func unwind(_ slot: Slot, _ journal: inout [Event]) -> [OutsideTradeRecord] {
        var orders: [OutsideOrder] = []
        do {
            onChain.update(house, at: house.prices, time: slot.time)
            let view = view(slot, [])
            for index in agents.indices { orders += agents[index].unwind(view) }
        }
        prospective = nil
        return orders.compactMap { trade($0, &journal) }
    }

    /// Runs one trade in the world outside and settles it in the agent's wallet, or refuses all of it.
    func trade(_ order: OutsideOrder, _ journal: inout [Event]) -> OutsideTradeRecord? {
        guard order.quantity.raw != 0,
            let quote = try? markets.quote(order.feed.index, order.quantity)
        else { return nil }
        if let wallet = order.wallet, let asset = order.asset {
            let settlement = scenario.parameters.settlementAsset
            let feed = scenario.parameters.assets[settlement.index].feed
            guard
                let cash = try? quote.proceeds.quantity(
                    at: markets.price(feed.index), rounding: .down)
            else { return nil }
            let changes = [
                AssetChange(asset: asset, delta: order.quantity),
                AssetChange(asset: settlement, delta: cash),
            ]
            // A wallet that cannot pay does not trade.
            guard
                (try? house.execute(
                    .settleOutside(wallet: wallet, changes: changes), from: .system, into: &journal))
                    != nil
            else { return nil }
        }
        guard let fill = try? markets.trade(order.feed.index, order.quantity) else {
            preconditionFailure("a trade runs as it was quoted")
        }
        return OutsideTradeRecord(
            agent: order.agent, wallet: order.wallet, feed: order.feed, purpose: order.purpose,
            quantity: fill.quantity, averagePrice: fill.averagePrice, proceeds: fill.proceeds,
            slippage: fill.slippage, priceBefore: fill.priceBefore, priceAfter: fill.priceAfter)
    }
}
