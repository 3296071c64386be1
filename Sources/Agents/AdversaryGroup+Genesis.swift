import ExactMath
import MarginProtocol
import SeededRandom

extension AdversaryGroup {
    /// An account of a scheme before the first block.
    struct Opening {
        /// Whether the second address owns it.
        var isPartners = false
        var funding: [Holding]
        var position: (market: MarketID, size: Quantity)?
    }

    /// Its margin accounts in order, and what its partner's wallet holds in the settlement asset. [1e-8 USD]
    func openings(
        parameters: ProtocolParameters, prices: [Price], random: RandomSource
    ) -> (accounts: [Opening], partner: Money) {
        let half = Money(raw: capital.raw / 2)
        func leveraged(_ equity: Money, _ leverage: Fixed18, isLong: Bool) -> GenesisTrader? {
            // A trader of its own whose numbers are all fixed; nothing is left to chance.
            let trader = TraderGroup(
                name: "adversary/\(name)", count: 1,
                collateral: [.init(id: parameters.settlementAsset, share: .one)],
                equity: .fixed(Fixed18(equity)),
                markets: market.map { [.init(id: $0, share: .one)] } ?? [],
                loans: market == nil ? [.init(id: asset, share: .one)] : [],
                leverage: .fixed(leverage), longBias: isLong ? .one : .zero,
                onMarginCall: MarginCallPolicy(
                    threshold: .one, topUp: .zero, panic: .zero, delay: .zero),
                fee: fee, poll: .year)
            return trader.genesis(parameters: parameters, prices: prices, random: random).first
        }
        func borrower(_ equity: Money) -> Opening {
            Opening(
                funding: leveraged(equity, Fixed18(whole: 10_000), isLong: true)?.funding ?? [])
        }
        switch scheme {
        case .manipulator:
            let price = prices[parameters.assets[asset.index].feed.index]
            let held = (try? capital.quantity(at: price, rounding: .down)) ?? .zero
            return (
                [Opening(funding: held.isPositive ? [.init(asset: asset, quantity: held)] : [])],
                .zero
            )
        case .selfLiquidator: return ([borrower(half)], capital - half)
        case .withdrawAndDump(let leverage, _, _):
            let sides = [true, false].compactMap { isLong -> Opening? in
                guard let plan = leveraged(half, leverage, isLong: isLong) else { return nil }
                return Opening(
                    isPartners: !isLong, funding: plan.funding,
                    position: plan.positions.first.map { ($0.market, $0.size) })
            }
            return (sides, .zero)
        case .decoys(let count, let dust):
            let (spent, overflow) = dust.raw.multipliedReportingOverflow(by: Int64(count))
            let rest = overflow ? .zero : max(.zero, capital - Money(raw: spent))
            return (Array(repeating: borrower(dust), count: count) + [borrower(rest)], .zero)
        }
    }
}
