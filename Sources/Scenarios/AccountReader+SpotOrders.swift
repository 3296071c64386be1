import ExactMath
import MarginProtocol
import OrderBook

extension AccountReader {
    /// The account's open spot orders, by market; all of a market's asks are above its bids.
    func spotOrders(
        _ fields: Fields, _ decoder: ScenarioDecoder, _ parameters: ProtocolParameters
    ) -> [AccountFile.SpotOrder] {
        guard let tree = fields.value("spot_orders"), tree.scalar != "none" else { return [] }
        let names = parameters.spotMarkets.map(\.name)
        // So that what they set aside can be carried with anything else.
        let limit = Quantity(whole: 1_000_000_000)
        var orders: [AccountFile.SpotOrder] = []
        for entry in decoder.named(tree, "account.spot_orders", of: "spot markets") {
            let path = "account.spot_orders.\(entry.key)"
            guard
                let index = decoder.index(
                    of: entry.key, at: entry.position, among: names, path, a: "a spot market")
            else { continue }
            let base = decoder.assetNames[parameters.spotMarkets[index].base.index]
            let prices = Kind<Price>.average.limited("a price above $0") { $0.isPositive }
            let amounts = Kind<Quantity>.held(of: base).limited("an amount that is not zero") {
                !$0.isZero
            }
            var own: [AccountFile.SpotOrder] = []
            var sum: Int64 = 0
            for row in decoder.rows(entry.value, path, columns: "price, amount", count: 2...2) {
                guard let price = decoder.scalar(row.cells[0], prices, nil),
                    let amount = decoder.scalar(row.cells[1], amounts, nil)
                else { continue }
                let cost = (try? amount.magnitude.value(at: price, rounding: .up))?.raw ?? .max
                let most = max(amount.magnitude.raw, cost)
                guard most <= limit.raw - sum else {
                    decoder.problem(
                        entry.position, "\(path): expected orders of at most a billion in all")
                    continue
                }
                sum += most
                own.append(
                    AccountFile.SpotOrder(
                        market: SpotMarketID(index: index),
                        side: amount.isNegative ? .sell : .buy, price: price,
                        size: amount.magnitude))
            }
            if let bid = own.filter({ $0.side == .buy }).map(\.price).max(),
                let ask = own.filter({ $0.side == .sell }).map(\.price).min(), bid >= ask
            {
                decoder.problem(
                    entry.position, "\(path): expected all that is sold above what is bought")
                continue
            }
            orders += own
        }
        if orders.count > 1000 {
            fields.problem("spot_orders", "expected at most 1000 orders")
            return []
        }
        return orders
    }
}
