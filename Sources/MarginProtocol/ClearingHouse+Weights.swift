import ExactMath
import MarginRules

/// Weights that change with time, and what any weight of an asset may come to.
extension ClearingHouse {
    /// What a weight of a holding or a debt may be: beyond one, a holding counts more than it is worth, and below one a debt
    /// less. Sources allow any number from zero on; ten is what sums have room for.
    static let weightRange: ClosedRange<Ratio> = .zero...Ratio(whole: 10)

    /// The most that an asset's weights may come to, so that sums of weighted values fit. [1e-8]
    struct WeightBounds: Hashable {
        /// Of a holding, at least one.
        var holding: Int64
        /// Of a debt, at least one.
        var debt: Int64

        /// - Parameter ratio: the highest margin ratio that may hold for a whole account, or zero.
        init(_ asset: AssetParameters, ratio: Ratio) {
            var schedules = [asset.collateral]
            if let initial = asset.initialCollateral { schedules.append(initial) }
            var debts = [Ratio.one, asset.liabilityWeight, asset.initialLiabilityWeight ?? .zero]
            if let ramp = asset.weightRamp {
                schedules += [ramp.from.collateral, ramp.to.collateral]
                debts += [ramp.from.liability, ramp.to.liability]
            }
            debts.append(ChosenMarginRatio(ratio).liabilityWeight)
            if !asset.debtFactor.isZero || asset.debtScale != nil {
                debts.append(ClearingHouse.debtWeightLimit)
            }
            let held = schedules.flatMap(\.tiers).map(\.weight)
            holding = max(.one, held.max() ?? .one).raw
            debt = (debts.max() ?? .one).raw
        }
    }

    /// Brings weights that are on their way to where they are at a moment, and ends ramps that are over.
    @inline(never)
    mutating func moveWeights(until now: Timestamp) {
        movedWeights = 0
        var isOver = true
        for asset in 0..<assetCount {
            guard let ramp = parameters.assets[asset].weightRamp else { continue }
            let weights = ramp.weights(at: now)
            let terms = parameters.assets[asset]
            if weights.collateral != terms.collateral || weights.liability != terms.liabilityWeight
            {
                movedWeights |= 1 << UInt64(asset)
            }
            // At a start that is the end too, the weights are still those before it.
            let ends = now >= ramp.span.end && now > ramp.span.start
            if !ends { isOver = false }
            setWeights(of: asset, weights, ramp: ends ? nil : ramp)
        }
        isRamping = !isOver
        guard movedWeights != 0 || isOver else { return }
        rebuildSchedules()
        weightVersion += 1
    }

    /// Parameters with a change of weights as governance asks for it.
    func changed(_ asset: AssetID, by change: WeightChange) throws(Rejection) -> ProtocolParameters
    {
        try requireAsset(asset)
        guard change.notice >= .zero, change.notice <= .year, change.duration >= .zero,
            change.duration <= .year, change.collateral != nil || change.liability != nil
        else { throw .parameterInvalid }
        var new = parameters
        let terms = new.assets[asset.index]
        let from = WeightRamp.Weights(
            collateral: terms.collateral, liability: terms.liabilityWeight)
        let to = WeightRamp.Weights(
            collateral: change.collateral ?? from.collateral,
            liability: change.liability ?? from.liability)
        guard change.notice + change.duration > .zero else {
            new.assets[asset.index].collateral = to.collateral
            new.assets[asset.index].liabilityWeight = to.liability
            new.assets[asset.index].weightRamp = nil
            return new
        }
        let start = time + change.notice
        new.assets[asset.index].weightRamp = WeightRamp(
            span: ParameterRamp(start: start, end: start + change.duration), from: from, to: to,
            step: change.step)
        return new
    }

    /// What accounts hold and owe still fits where weights may come to more than before.
    func requireExposures(under new: ProtocolParameters) throws(Rejection) {
        var changed = self
        changed.replaceParameters(new)
        for asset in 0..<assetCount {
            let (old, bounds) = (weightBounds[asset], changed.weightBounds[asset])
            guard bounds.holding > old.holding || bounds.debt > old.debt else { continue }
            let (feed, id) = (assetRows[asset].feed, AssetID(index: asset))
            try changed.requireHoldings(
                deposited(id) + spotReserved(id), at: prices[feed], of: asset)
            try changed.requireExposure(
                adding: owed(id), at: highest(feed), weight: bounds.debt, limit: assetLimit)
            // Where results join the balance, positions have room by its weights.
            if asset == settlement { try changed.requireExposure(at: prices[feed], feed: feed) }
        }
    }

    /// What accounts together hold of an asset, counted at the most that it may weigh, stays within what sums can carry.
    func requireHoldings(_ held: Quantity, at price: Price, of asset: Int) throws(Rejection) {
        let weight = weightBounds[asset].holding
        guard weight != scaleE8 else {
            return try requireExposure(adding: held, at: price, limit: assetLimit)
        }
        // A tier by amount weighs the amount before it has a price.
        let counted = try orOverflow { () throws(ArithmeticOverflow) in
            try held.scaled(by: Ratio(raw: weight), rounding: .up)
        }
        try requireExposure(adding: counted, at: price, limit: assetLimit)
    }
}
