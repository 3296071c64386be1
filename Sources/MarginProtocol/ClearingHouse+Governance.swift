import ExactMath

extension ClearingHouse {
    mutating func pause(_ actions: Actions, by sender: Address, into journal: inout [Event])
        throws(Rejection)
    {
        guard sender == .governance else { throw .senderNotGovernance }

        // Nothing below may fail.
        pausedActions = actions
        journal.append(.paused(actions))
    }

    mutating func setParameter(
        _ change: ParameterChange, by sender: Address, into journal: inout [Event]
    ) throws(Rejection) {
        guard sender == .governance else { throw .senderNotGovernance }
        var new = parameters
        switch change {
        case .collateral(let asset, let schedule):
            try requireAsset(asset)
            new.assets[asset.index].collateral = schedule
            // Weights that were on their way stay where they are.
            new.assets[asset.index].weightRamp = nil
        case .weights(let asset, let weights): new = try changed(asset, by: weights)
        case .margin(let market, let brackets):
            try requireMarket(market)
            new.markets[market.index].margin.brackets = brackets
        case .openInterestCap(let market, let cap):
            try requireMarket(market)
            new.markets[market.index].openInterestCap = cap
        case .liquidation(let policy): new.liquidation = policy
        case .maxAge(let feed, let age):
            guard new.feeds.indices.contains(feed.index) else { throw .unknownFeed(feed) }
            new.feeds[feed.index].maxAge = age
        case .maxDeviation(let feed, let ratio):
            guard new.feeds.indices.contains(feed.index) else { throw .unknownFeed(feed) }
            new.feeds[feed.index].maxDeviation = ratio
        case .staleBlocks(let actions): new.staleBlocks = actions
        case .guards(let guards): new.guards = guards
        case .liquidationGrace(let asset, let span):
            try requireAsset(asset)
            guard span >= .zero, span <= .year else { throw .parameterInvalid }
            new.assets[asset.index].liquidationGraceUntil = time + span
        }
        guard Self.problems(in: new).isEmpty else { throw .parameterInvalid }
        switch change {
        case .collateral, .weights: try requireExposures(under: new)
        default: break
        }

        // Nothing below may fail.
        replaceParameters(new)
        if case .guards = change { rebuildHistories() }
        journal.append(.parameterChanged(change))
    }
}
