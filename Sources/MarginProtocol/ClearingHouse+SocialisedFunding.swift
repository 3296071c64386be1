import ExactMath
import MarginRules

extension ClearingHouse {
    /// Has every trader in the market of a loss pay its part of it with its next funding; returns what that covers.
    ///
    /// Longs and shorts pay alike, by size; the pool does not. The account where funding waits advances it. Nothing
    /// where the loss is not in the settlement asset, belongs to no market, or nobody has a position, or so little of one
    /// that what a unit of it would pay does not fit.
    mutating func socialiseByFunding(
        _ loss: Int64, of asset: Int, for id: AccountID, payee: AccountID,
        into journal: inout [Event]
    ) -> Int64 {
        guard asset == settlement, let market = proceeding(of: id)?.market, market >= 0 else {
            return 0
        }
        var long = Quantity.zero
        var short = Quantity.zero
        for index in accounts.indices where index != Self.liquidityPool.index && index != id.index {
            let size = positions[index * marketCount + market].size
            if size.isNegative { short -= size } else { long += size }
        }
        let increase =
            (try? LossSocialisation.fundingIncrease(
                loss: Money(raw: loss), long: long, short: short)) ?? nil
        guard let increase else { return 0 }
        if socialised.isEmpty { socialised = Array(repeating: .zero, count: marketCount) }
        socialised[market] += Fixed18(increase)
        return pay(
            loss, of: asset, Self.funding(MarketID(index: market)), id, payee, .socialisedByFunding,
            &journal)
    }
}
