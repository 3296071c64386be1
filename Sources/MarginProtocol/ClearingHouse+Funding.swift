import ExactMath

extension ClearingHouse {
    /// Moves each market's funding index on by what the time since the last block is worth.
    ///
    /// Index change = price · rate · elapsed / 8 h; longs pay while traders are net long.
    mutating func accrueFunding(until now: Timestamp, into journal: inout [Event]) {
        let elapsed = (now - time).milliseconds
        guard elapsed > 0 else { return }
        for index in 0..<marketCount {
            if !sides.isEmpty, parameters.markets[index].pool?.terms != nil {
                accruePool(index, over: TimeSpan(milliseconds: elapsed), into: &journal)
                continue
            }
            guard marketRows[index].hasFunding,
                case .skew(let maximum, let scale) = parameters.markets[index].funding
            else { continue }
            let price = prices[marketRows[index].feed].raw
            let pool = positions[Self.liquidityPool.index * marketCount + index].size.raw
            let skew = max(-scale.raw, min(scale.raw, -pool))
            let rate = exact(skew, maximum.raw, over: scale.raw, .towardZero)
            guard rate != 0, price > 0 else { continue }
            // price [1e-8] · rate [1e-8] = [1e-16]; two more decimals make the index's 1e-18.
            let full = product(price, rate) * 100
            let eightHours: Int128 = 28_800_000
            marketRows[index].fundingIndex.raw += full * Int128(elapsed) / eightHours
            journal.append(
                .fundingAccrued(
                    MarketID(index: index), index: marketRows[index].fundingIndex,
                    ratePer8Hours: Ratio(raw: rate)))
        }
    }
}
