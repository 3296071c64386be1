import ExactMath
import OrderBook

extension ClearingHouse {
    /// What is always true of spot orders.
    func checkSpotOrders(_ found: inout [Breach]) {
        guard let escrow = spot.escrow else { return }
        var held = [Int128](repeating: 0, count: assetCount)
        var potential = held
        var expected: [SpotState.Entry] = []
        for (place, market) in parameters.spotMarkets.enumerated() {
            if let problem = spot.books[place].breachedInvariant() {
                found.append(
                    Breach(invariant: .spotReservesAgree, detail: "\(market.name): \(problem)"))
            }
            for account in accounts.indices {
                let id = AccountID(index: account)
                guard let reserve = bookedReserve(of: id, SpotMarketID(index: place)) else {
                    continue
                }
                if accounts[account].role != .margin {
                    found.append(
                        Breach(
                            invariant: .spotReservesAgree,
                            detail: "\(market.name): account \(id) has an order"))
                }
                expected.append(SpotState.Entry(account: id.raw, reserve: reserve))
                held[market.base.index] += Int128(reserve.base.raw)
                held[market.quote.index] += Int128(reserve.quote.raw)
                potential[market.base.index] += Int128(reserve.potentialBase.raw)
                potential[market.quote.index] += Int128(reserve.potentialQuote.raw)
            }
        }
        expected.sort { ($0.account, $0.reserve.market) < ($1.account, $1.reserve.market) }
        var bits = accounts.map { _ in UInt64(0) }
        for entry in expected {
            bits[Int(entry.account)] |= 1 << UInt64(entry.reserve.market.raw)
        }
        if spot.entries != expected || bits != accounts.map(\.spotMarkets) {
            found.append(
                Breach(
                    invariant: .spotReservesAgree,
                    detail: "\(spot.entries.count) recorded, \(expected.count) in the books"))
        }
        for asset in 0..<assetCount {
            let name = parameters.assets[asset].name
            let balance = balances[escrow.index * assetCount + asset]
            if Int128(balance) != held[asset] {
                found.append(
                    Breach(
                        invariant: .spotReservesAreHeld,
                        detail: "\(name): holds \(balance), not \(held[asset])"))
            }
            if spot.potential[asset] != potential[asset] {
                found.append(
                    Breach(
                        invariant: .spotPotentialAgrees,
                        detail: "\(name): \(spot.potential[asset]), not \(potential[asset])"))
            }
        }
    }
}
