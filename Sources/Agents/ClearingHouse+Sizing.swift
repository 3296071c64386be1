import ExactMath
import MarginProtocol

extension ClearingHouse {
    /// Does a market's margin depend on more than a position's notional: its size, a stress test, a pool?
    private func asksForMore(_ market: MarketID) -> Bool {
        let terms = parameters.markets[market.index]
        return parameters.stress != nil || terms.margin.sizePremium != .none
            || terms.margin.basis == .size || terms.pool?.terms != nil
    }

    /// The initial margin of a position of this notional that is all an account has, by the law itself where the
    /// notional alone does not say; nil where it does not fit. [1e-8 USD]
    ///
    /// - Parameters:
    ///   - notional: zero or more. [1e-8 units of the settlement asset]
    ///   - isLong: matters where a pool's sides differ.
    ///   - prices: one for each feed, the market's greater than zero.
    func initialMargin(
        of notional: Money, in market: MarketID, isLong: Bool = true, at prices: [Price]
    ) -> Money? {
        guard asksForMore(market) else {
            let margin = parameters.markets[market.index].margin
            return (try? margin.requirement(on: notional, .initial)).map { worth($0, prices) }
        }
        let price = prices[parameters.markets[market.index].feed.index]
        guard let size = try? notional.quantity(at: price, rounding: .down) else { return nil }
        guard size.isPositive else { return .zero }
        var alone = self
        var journal: [Event] = []
        let account = alone.addAccount(owner: .system, role: .margin)
        do throws(Rejection) {
            try alone.seedPosition(
                account, market, size: isLong ? size : -size, entry: price, into: &journal)
        } catch { return nil }
        let health = alone.statement(of: account, .initial, at: prices).health
        // What closing would cost counts against equity, not as a requirement.
        return max(.zero, health.requirement - min(.zero, health.equity))
    }

    /// The largest notional up to a wanted one whose initial margin, and costs in proportion, fit a budget.
    ///
    /// - Parameters:
    ///   - wanted: zero or more. [1e-8 units of the settlement asset]
    ///   - budget: [1e-8 USD]
    ///   - costs: what each dollar of notional costs beside its margin.
    func largestNotional(
        upTo wanted: Money, within budget: Money, in market: MarketID, costs: Ratio = .zero,
        at prices: [Price]
    ) -> Money {
        func fits(_ notional: Int64) -> Bool {
            guard let margin = initialMargin(of: Money(raw: notional), in: market, at: prices),
                let cost = try? Money(raw: notional).scaled(by: costs, rounding: .up),
                let total = try? margin.adding(worth(cost, prices))
            else { return false }
            return total <= budget
        }
        guard wanted.isPositive, budget.isPositive else { return .zero }
        if fits(wanted.raw) { return wanted }
        var low: Int64 = 0
        var high = wanted.raw
        // A cent is near enough where the law itself is asked.
        let grain: Int64 = asksForMore(market) ? 1_000_000 : 1
        while high - low > grain {
            let middle = low + (high - low) / 2
            if fits(middle) { low = middle } else { high = middle }
        }
        return Money(raw: low)
    }
}
