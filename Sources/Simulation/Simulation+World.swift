import Agents
import Chain
import ExactMath
import MarginProtocol
import Markets
import Oracles
import Scenarios

/// Steps 1 and 2 of a block: the world moves, its observers look, and prices wait to be brought along.
extension Simulation {
    /// Moves prices on along a fixed grid, whatever the chain does: so two variants see the same world.
    func moveWorld(to time: Timestamp) {
        while worldTime + scenario.step <= time {
            worldTime = worldTime + scenario.step
            markets.advance(to: worldTime)
            // Nobody builds a block that would notice who falls due meanwhile.
            if isHalted(worldTime) {
                inTruth.update(house, at: truth, time: worldTime)
            }
            guard let due = oracles.nextDue, due <= worldTime else { continue }
            let prices = outsidePrices
            oracles.observe(at: worldTime, prices: prices)
            reports.looked(at: worldTime, prices)
        }
    }

    func isHalted(_ time: Timestamp) -> Bool {
        chain.configuration.rules.halts.contains { $0.from <= time && time < $0.until }
    }

    /// Keeps the rounds that no reporter carries, and returns those that one does.
    func deliver(_ reports: [Report]) -> [Report] {
        written.removeAll(keepingCapacity: true)
        return reports.filter { report in
            switch scenario.priceFeeds[report.feed].kind.delivery {
            case .transaction: return true
            case .attached:
                if pulled[report.feed].map({ $0.round < report.round }) ?? true {
                    pulled[report.feed] = report
                }
                if house.parameters.twoStep != nil { recentRounds.append(report) }
            case .block:
                written.removeAll { $0.feed == report.feed }
                written.append(report)
            }
            return false
        }
    }

    /// The prices that can be brought along now and that the protocol does not have yet.
    var attachablePrices: [AttachedPrice] {
        pulled.compactMap { report in
            guard let report else { return nil }
            let feed = FeedID(index: report.feed)
            if let last = house.report(feed), last.observedAt >= report.observedAt { return nil }
            return AttachedPrice(feed: feed, report: PriceReport(report))
        }
    }

    /// A request whose command has the prices along that it needs and that are newer than the protocol's.
    func attaching(_ request: Request) -> Request {
        guard !pulled.isEmpty else { return request }
        let needed = house.pulledFeeds(neededBy: request.command)
        if case .executeRequest(let id, _) = request.command {
            return attaching(request, of: id, needed)
        }
        let attached = attachablePrices.filter { needed.contains($0.feed) }
        guard !attached.isEmpty else { return request }
        var request = request
        request.command = .attach(attached, to: request.command)
        return request
    }

    var outsidePrices: [Price] {
        scenario.referenceAssets.indices.map { markets.price($0) }
    }

    /// The same, with marks that are the outside prices of what they follow.
    var truth: [Price] { house.valuationPrices(outsidePrices) }

    /// Who is liquidatable now, at the protocol's prices and in truth.
    func dueUpdate(at time: Timestamp) {
        onChain.update(house, at: house.prices, time: time)
        inTruth.update(house, at: truth, time: time)
        arrived += onChain.takeArrivals().map {
            Arrival(account: $0, exposure: house.exposure(of: $0))
        }
    }

    /// Those who have become liquidatable since the last record, seen before or after the block, or taken within it.
    func newlyLiquidatable(taken: [Arrival], _ liquidations: [LiquidationRecord])
        -> NewlyLiquidatable
    {
        var newly = NewlyLiquidatable()
        for arrival in taken { newly.add(arrival.exposure, taken: true) }
        for arrival in arrived where !taken.contains(where: { $0.account == arrival.account }) {
            newly.add(
                arrival.exposure,
                taken: liquidations.contains { $0.step.account == arrival.account })
        }
        arrived.removeAll(keepingCapacity: true)
        return newly
    }
}
