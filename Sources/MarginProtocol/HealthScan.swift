import ExactMath

/// Knows who is liquidatable where no bands can be drawn: it looks at everybody, but only when something has moved
/// that everybody's health depends on, and otherwise at those who were touched.
///
/// Health is a function of an account's own holdings, which are touched when they change, and of what ``Common`` has,
/// and of no other part of the state.
struct HealthScan {
    /// What the health of all accounts may depend on. What is left out is known not to matter; whatever is new in a
    /// row counts until somebody shows that it does not.
    private struct Common: Equatable {
        var prices: [Price] = []
        var parameterVersion: Int64 = -1
        var weightVersion: Int64 = -1
        var markets: [MarketRow] = []
        var sides: [PoolSides] = []
        var assets: [AssetRow] = []
        var interest: [InterestRow] = []
        var slowPrices: [Price] = []
        /// What the bounds of prices follow from beside the prices, where any has them.
        var reports: [PriceReport?] = []
        var socialised: [Fixed18] = []
        var splitFunding: [SplitFunding] = []
        /// Where loans are charged one by one, the moment until which they are.
        var time: Timestamp?
        var proceedings: [Proceeding] = []
        var chosenLeverages: [Int64] = []
        /// What open spot orders may bring, where that scales weights.
        var spotPotential: [Int128] = []
        /// What the pool holds, where that decides what it pays to each winner.
        var pool: [Int64] = []

        init() {}

        init(_ house: ClearingHouse, _ prices: [Price]) {
            self.prices = prices
            parameterVersion = house.parameterVersion
            weightVersion = house.weightVersion
            markets = house.marketRows
            sides = house.sides
            assets = house.assetRows
            interest = house.interestRows
            slowPrices = house.slowPrices
            if house.hasBounds { reports = house.reports }
            socialised = house.socialised
            splitFunding = house.splitFunding
            if !house.loans.isEmpty { time = house.time }
            proceedings = house.proceedings
            chosenLeverages = house.chosenLeverages
            if house.parameters.countsSpotOrders { spotPotential = house.spot.potential }
            if markets.contains(where: \.hasPoolTerms) {
                let first = ClearingHouse.liquidityPool.index * house.assetCount
                pool = Array(house.balances[first..<first + house.assetCount])
            }
            for index in markets.indices where !markets[index].hasPoolTerms {
                // Open interest scales what it takes to open, not to maintain.
                markets[index].longOpenInterest = .zero
                markets[index].openCost = .zero
            }
            for index in assets.indices {
                assets[index].owed = .zero
                // Only a weight that falls with all deposits depends on them.
                if assets[index].isPlain { assets[index].deposited = .zero }
            }
        }
    }

    private var common = Common()
    private var epoch: Int64 = -1
    private var consumed = 0
    private var due: [AccountID] = []
    private(set) var evaluations: Int64 = 0

    /// The liquidatable accounts at these prices, ascending.
    /// - Parameter prices: those at which everything is valued, marks included.
    mutating func liquidatable(in house: ClearingHouse, at prices: [Price]) -> [AccountID] {
        let now = Common(house, prices)
        // Under a pool with terms each account's position is part of what all others depend on: only whoever was touched
        // last may have been touched again.
        let isCoupled = !now.pool.isEmpty
        let follows =
            isCoupled
            ? house.epoch == epoch && house.touched.count == consumed
            : house.epoch == epoch || house.epoch == epoch + 1
        if follows, now == common {
            lookAtTouched(house, prices)
        } else {
            due.removeAll(keepingCapacity: true)
            for index in house.accounts.indices where isDue(index, house, prices) {
                due.append(AccountID(index: index))
            }
        }
        common = now
        epoch = house.epoch
        consumed = house.touched.count
        return due
    }

    private mutating func lookAtTouched(_ house: ClearingHouse, _ prices: [Price]) {
        // Whoever stands last in the list may have been touched again without being repeated there.
        let last = max(0, consumed - 1)
        var touched = house.epoch == epoch ? house.touched[last...] : house.touchedBefore[last...]
        if house.epoch != epoch { touched += house.touched }
        for id in touched.sorted() {
            let place = due.firstIndex { $0 >= id } ?? due.endIndex
            let isListed = place < due.endIndex && due[place] == id
            switch (isListed, isDue(id.index, house, prices)) {
            case (true, false): due.remove(at: place)
            case (false, true): due.insert(id, at: place)
            default: break
            }
        }
    }

    private mutating func isDue(_ account: Int, _ house: ClearingHouse, _ prices: [Price]) -> Bool {
        guard house.accounts[account].role == .margin, house.mayBeLiquidatable(account) else {
            return false
        }
        evaluations += 1
        return house.isDue(
            account, house.evaluate(account, prices, .maintenance, .nothing), prices)
    }
}
