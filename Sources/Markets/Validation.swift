import ExactMath

extension PriceProcess {
    /// The first rule that the process breaks.
    var fault: ProcessFault? {
        switch self {
        case .constant(let price): return price.isPositive ? nil : .priceNotPositive
        case .path(let points, let between):
            if points.isEmpty { return .noPoints }
            if points.contains(where: { !$0.price.isPositive }) { return .priceNotPositive }
            for index in points.indices.dropFirst()
            where points[index].time <= points[index - 1].time {
                return .timesNotIncreasing(point: index)
            }
            if case .bridge(let volatility) = between { return fault(ofVolatility: volatility) }
            return nil
        case .bars(let bars, let interval): return fault(of: bars, interval: interval)
        case .geometricBrownian(let law):
            if !law.start.isPositive { return .priceNotPositive }
            if law.drift < -PriceProcess.maximumRate || law.drift > PriceProcess.maximumRate {
                return .driftOutOfRange(law.drift)
            }
            if let jumps = law.jumps {
                let limit = PriceProcess.maximumVolatility
                guard jumps.perYear >= .zero, jumps.perYear <= PriceProcess.maximumRate,
                    jumps.mean >= -limit, jumps.mean <= limit,
                    jumps.deviation >= .zero, jumps.deviation <= limit
                else { return .jumpsOutOfRange }
            }
            return fault(ofVolatility: law.volatility)
        case .meanReverting(let law):
            if !law.start.isPositive || !law.mean.isPositive { return .priceNotPositive }
            if law.halfLife <= .zero { return .halfLifeNotPositive }
            return fault(ofVolatility: law.volatility)
        }
    }

    private func fault(ofVolatility volatility: Ratio) -> ProcessFault? {
        guard volatility >= .zero, volatility <= PriceProcess.maximumVolatility else {
            return .volatilityOutOfRange(volatility)
        }
        return nil
    }

    private func fault(of bars: [Bar], interval: TimeSpan) -> ProcessFault? {
        if bars.isEmpty { return .noBars }
        if interval <= .zero { return .intervalNotPositive }
        for (index, bar) in bars.enumerated() {
            if !bar.low.isPositive { return .priceNotPositive }
            guard bar.low <= min(bar.open, bar.close), bar.high >= max(bar.open, bar.close) else {
                return .barOutOfRange(bar: index)
            }
            if index > 0, bar.openTime < bars[index - 1].openTime + interval {
                return .barsOverlap(bar: index)
            }
        }
        return nil
    }
}

extension Liquidity {
    /// The first rule that the parameters break.
    var fault: LiquidityFault? {
        if !depth.isPositive { return .depthNotPositive(depth) }
        if !depthMove.isPositive || depthMove > -Liquidity.deepestImpact {
            return .depthMoveOutOfRange(depthMove)
        }
        if permanentShare < .zero || permanentShare > .one {
            return .permanentShareOutOfRange(permanentShare)
        }
        if recovery < .zero { return .recoveryNegative(recovery) }
        if spread < .zero || spread >= .one { return .spreadOutOfRange(spread) }
        return nil
    }
}

extension CorrelationMatrix {
    /// Checks that the matrix has a row for each asset, and correlates only what diffuses.
    func check(against assets: [ReferenceAsset]) throws(MarketsError) {
        guard rows.count == assets.count else {
            throw .correlationOrder(rows: rows.count, assets: assets.count)
        }
        for (index, asset) in assets.enumerated() where !asset.process.isDiffusive {
            for other in assets.indices where other != index && !self[index, other].isZero {
                throw .correlationWithoutDiffusion(asset: asset.name)
            }
        }
    }
}
