import Agents
import Chain
import ExactMath
import MarginProtocol
import Markets
import Oracles
import Scenarios

/// What agents see before a block.
extension Simulation {
    /// What agents see: the committed state, and where prices can be brought along what the coming block finds
    /// with those.
    func view(_ slot: Slot, _ published: [Report]) -> View {
        let seen = seen(at: slot.time)
        return view(slot, published, seen.house, seen.due.accounts)
    }

    /// The state that agents see, and who is liquidatable in it: the same for all questions before one block.
    func seen(at time: Timestamp) -> (house: ClearingHouse, due: DueList) {
        guard !pulled.isEmpty else { return (house, onChain) }
        if let known = prospective { return known }
        var seen = house
        var scratch: [Event] = []
        // A price that was observed since the last block is from the future there.
        if time > seen.time { seen.advance(to: time, into: &scratch) }
        seen = seen.attaching(attachablePrices)
        var due = onChain
        due.update(seen, at: seen.prices, time: time)
        prospective = (seen, due)
        return (seen, due)
    }

    /// - Parameter awaited: the report behind which the state is the given one.
    func view(
        _ slot: Slot, _ published: [Report], _ house: ClearingHouse, _ liquidatable: [AccountID],
        awaited: AwaitedReport? = nil
    ) -> View {
        View(
            house: house, markets: markets, outsidePrices: outsidePrices, block: slot.number,
            time: slot.time, blockTime: chain.configuration.blockTime.mean(at: slot.time),
            baseFee: chain.baseFee, goingPrice: max(lastHeader.minimumPrice, chain.reservePrice),
            gas: chain.configuration.gas,
            nativePrice: scenario.nativeFeed.map { markets.price($0.index) } ?? .zero,
            liquidatable: liquidatable, reports: published, bids: pendingBids(), awaited: awaited,
            survey: chain.survey, nextExpressRound: chain.nextExpressRound,
            attachable: pulled.isEmpty ? [] : attachablePrices.map(\.feed))
    }

    /// Liquidations in the public mempool, oldest first; bundles are seen by nobody.
    func pendingBids() -> [PendingBid] {
        // Who is behind which bid matters to nobody else.
        guard !watchers.isEmpty || !rivals.isEmpty || scenario.recordsDecisions else { return [] }
        return chain.waiting(.liquidate).compactMap { transaction in
            guard case .liquidate(let account, _, _) = transaction.command.inner else { return nil }
            return PendingBid(
                sender: transaction.sender, account: account,
                price: chain.offer(of: transaction))
        }
    }
}
