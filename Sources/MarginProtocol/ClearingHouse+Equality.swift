extension ClearingHouse: Equatable {
    /// Whether two houses are in the same state: the same parameters, holdings, prices, orders and time.
    ///
    /// What is derived from the parameters is not compared again.
    public static func == (a: ClearingHouse, b: ClearingHouse) -> Bool {
        a.time == b.time && a.epoch == b.epoch && a.pausedActions == b.pausedActions
            && a.balances == b.balances && a.positions == b.positions && a.accounts == b.accounts
            && a.prices == b.prices && a.reports == b.reports
            && a.histories == b.histories && a.waitingPrices == b.waitingPrices
            && a.sequencer == b.sequencer && a.books == b.books
            && a.marketRows == b.marketRows && a.fundingStates == b.fundingStates
            && a.sides == b.sides && a.assetRows == b.assetRows
            && a.interestRows == b.interestRows && a.interestIndexes == b.interestIndexes
            && a.loans == b.loans
            && a.delegations == b.delegations && a.blockUsage == b.blockUsage
            && a.auctions == b.auctions && a.requests == b.requests
            && a.poolFlags == b.poolFlags && a.windingUp == b.windingUp
            && a.impacts == b.impacts && a.poolShareBook == b.poolShareBook
            && a.spot == b.spot
            && a.proceedings == b.proceedings && a.windowRecords == b.windowRecords
            && a.slowPrices == b.slowPrices && a.stablePrices == b.stablePrices
            && a.resultStates == b.resultStates && a.socialised == b.socialised
            && a.marks == b.marks && a.splitFunding == b.splitFunding
            && a.lastSteps == b.lastSteps && a.chosenLeverages == b.chosenLeverages
            && a.touched == b.touched
            && a.touchedBefore == b.touchedBefore && a.parameterVersion == b.parameterVersion
            && a.parameters == b.parameters
    }
}
