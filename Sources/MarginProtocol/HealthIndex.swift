public import ExactMath

/// Knows which margin accounts are liquidatable at one set of prices without looking at all of them.
///
/// Exact by construction. Accounts are kept in levels; each level has, for each price, a band around where
/// the price was when it last left its band, of relative half-width 1, ¾, ½, ⅜, ¼, … from level to level.
/// An account belongs to the coarsest level in whose bands it cannot become liquidatable: surplus now ≥
/// Σ exposure · distance to the edge that hurts it. So while no price leaves its band nobody in the level
/// needs a look, and when one rises out of it, only those whom a rise hurts do; surplus is monotone in each
/// price, and nobody else's edge comes nearer. A market's price less its funding index has a band of its
/// own. Where schedules are not plain but each term of health still moves one way with each price, an account
/// belongs to the coarsest level in whose bands all terms may be at their worse ends together, and what indexes
/// of funding and interest grow by is set aside (``Drift``). Touched accounts are placed anew. There is one index for the protocol's prices and one for the
/// outside prices.
public struct HealthIndex: Sendable {
    /// The finest level: bands of 2^-22. Whoever would need finer ones is looked at every time.
    private static let finest = 44
    private static let watched = finest + 1
    /// The coarsest level of bounded accounts: half-widths of one half, so that no term outgrows its limits.
    private static let coarsestBounded = 2
    /// Accounts that no price can hurt.
    private static let safe = finest + 2
    /// Bands of the settlement asset are finer by so many powers of two: it hardly moves, and width costs.
    private static let settlementShift: Int64 = 5

    private var levelOf: [Int8] = []
    private var slotOf: [Int32] = []
    private var dependenceOf: [Dependence] = []
    private var members: [[Int32]] = Array(repeating: [], count: safe + 1)
    private var signals: [Int64] = []
    /// Per signal, the price that its movement is measured against.
    private var scales: [Int64] = []
    /// Per level and signal.
    private var bands: [Band] = []
    private var feedCount = 0
    /// Feeds, and after them the markets that pay funding.
    private var fundedMarkets: [Int] = []
    /// The refresh in which an empty level's bands were last set.
    private var centredAt: [Int64] = []
    private var refreshes: Int64 = 0
    private var settlementFeed = -1
    private var exposures = Exposures()
    private var underwater: [AccountID] = []
    private var consumed = 0
    /// What indexes may have grown by since the last rebuild; empty where nobody's margin depends on any.
    private var drift = Drift()
    private var lows: [Price] = []
    private var highs: [Price] = []
    private var epoch: Int64 = -1
    private var parameterVersion: Int64 = -1
    /// Under stress tests, pools with terms and liquidations with a course a price moves more than its own terms.
    private var scan = HealthScan()
    private var placements: Int64 = 0
    /// How many accounts were evaluated in all: the work done. For measurement.
    public var evaluations: Int64 { placements + scan.evaluations }

    public init() {}

    /// The liquidatable accounts at these prices, ascending.
    ///
    /// Called at least once for each block it works incrementally; after a gap it starts over, which is
    /// slower and equally right.
    /// - Parameter prices: one for each feed. All must be positive where an account depends on them.
    public mutating func liquidatable(in house: ClearingHouse, at prices: [Price]) -> [AccountID] {
        let prices = house.valuationPrices(prices)
        refreshes += 1
        guard house.isPlainMaintenance || house.isMonotone else {
            // Whatever was known of the levels is out of date by the time they are used again.
            epoch = -1
            parameterVersion = -1
            return scan.liquidatable(in: house, at: prices)
        }
        let follows = house.epoch == epoch || house.epoch == epoch + 1
        if follows, parameterVersion == house.parameterVersion, drift.covers(house) {
            updateSignals(house, prices)
            recentre(house, prices)
            if house.epoch != epoch, house.movedWeights != 0 { placeHolders(house, prices) }
            // Whoever stands last in the list may have been touched again without being repeated there.
            let last = max(0, consumed - 1)
            if house.epoch != epoch { place(house.touchedBefore[last...], house, prices) }
            let seen = house.epoch == epoch ? last : 0
            place(house.touched[seen...], house, prices)
        } else {
            rebuild(house, prices)
        }
        epoch = house.epoch
        consumed = house.touched.count
        collect(house, prices)
        return underwater
    }

    private mutating func rebuild(_ house: ClearingHouse, _ prices: [Price]) {
        parameterVersion = house.parameterVersion
        members = Array(repeating: [], count: Self.safe + 1)
        let accounts = house.accounts.count
        levelOf = Array(repeating: -1, count: accounts)
        slotOf = Array(repeating: 0, count: accounts)
        dependenceOf = Array(repeating: Dependence(), count: accounts)
        feedCount = prices.count
        drift = house.isPlainMaintenance ? Drift() : Drift(house, prices)
        // Where drift covers what funding costs it is no price of its own.
        fundedMarkets =
            house.isPlainMaintenance
            ? (0..<house.marketCount).filter { house.marketRows[$0].hasFunding } : []
        settlementFeed = house.assetRows[house.settlement].feed
        exposures.configure(
            feedCount: feedCount, funded: fundedMarkets, markets: house.marketCount,
            settlementFeed: settlementFeed)
        centredAt = Array(repeating: -1, count: Self.finest + 1)
        let count = feedCount + fundedMarkets.count
        signals = Array(repeating: 0, count: count)
        scales = signals
        lows = Array(repeating: .zero, count: feedCount)
        highs = lows
        bands = Array(repeating: Band(), count: (Self.finest + 1) * count)
        updateSignals(house, prices)
        for account in 0..<accounts { put(account, house, prices) }
    }

    private mutating func updateSignals(_ house: ClearingHouse, _ prices: [Price]) {
        for feed in prices.indices {
            signals[feed] = prices[feed].raw
            scales[feed] = prices[feed].raw
        }
        for (offset, market) in fundedMarkets.enumerated() {
            let row = house.marketRows[market]
            let index = Int64(clamping: row.fundingIndex.raw / 10_000_000_000)
            signals[feedCount + offset] = prices[row.feed].raw - index
            scales[feedCount + offset] = prices[row.feed].raw
        }
    }

    private mutating func place(
        _ touched: ArraySlice<AccountID>, _ house: ClearingHouse, _ prices: [Price]
    ) {
        for id in touched { put(id.index, house, prices) }
    }

    /// Places anew whoever holds or owes an asset whose weights have moved; nobody else's health depends on them.
    @inline(never)
    private mutating func placeHolders(_ house: ClearingHouse, _ prices: [Price]) {
        for account in house.accounts.indices
        where house.accounts[account].assets & house.movedWeights != 0 {
            put(account, house, prices)
        }
    }

    /// Evaluates an account and moves it to the level where it belongs.
    private mutating func put(_ account: Int, _ house: ClearingHouse, _ prices: [Price]) {
        while levelOf.count <= account {
            levelOf.append(-1)
            slotOf.append(0)
            dependenceOf.append(Dependence())
        }
        let level = level(of: account, house, prices)
        guard level != Int(levelOf[account]) else { return }
        remove(account)
        guard level >= 0 else { return }
        levelOf[account] = Int8(level)
        slotOf[account] = Int32(members[level].count)
        members[level].append(Int32(account))
    }

    private mutating func remove(_ account: Int) {
        let level = Int(levelOf[account])
        guard level >= 0 else { return }
        let slot = Int(slotOf[account])
        let last = members[level].removeLast()
        if Int(last) != account {
            members[level][slot] = last
            slotOf[Int(last)] = Int32(slot)
        }
        levelOf[account] = -1
    }

    /// Where an account belongs: the coarsest level whose bands cannot hurt it.
    private mutating func level(of account: Int, _ house: ClearingHouse, _ prices: [Price]) -> Int {
        let facts = house.accounts[account]
        guard facts.role == .margin else { return -1 }
        // Orders that count have prices of their own, which no band knows.
        if house.countsOrdersInMaintenance, facts.orders != 0 { return Self.watched }
        guard facts.markets != 0 || house.hasDebt(account) else { return Self.safe }
        // Open spot orders count as the worse of two outcomes, which no band bounds.
        guard facts.spotMarkets == 0 else { return Self.watched }
        placements += 1
        guard house.isPlainMaintenance else { return boundedLevel(of: account, house, prices) }
        let valuation = house.valuation(account, prices, .maintenance, .nothing)
        exposures.measure(account, in: house, at: prices, as: valuation)
        dependenceOf[account] = exposures.dependence
        // A few units are kept back for the rounding of each term.
        let surplus = valuation.health.surplus.raw - house.roundings(at: prices)
        guard surplus > 0 else { return Self.watched }
        var level = Self.firstGuess(exposures.total, over: UInt64(surplus))
        while level <= Self.finest {
            if members[level].isEmpty { remember(level) }
            let loss = exposures.worstLoss(bands, from: level * signals.count, at: signals)
            if loss <= surplus { return level }
            level += 1
        }
        return Self.watched
    }

    /// The same where schedules bend or jump: the coarsest level in whose bands every term of the account's health
    /// may take its worse end.
    private mutating func boundedLevel(
        of account: Int, _ house: ClearingHouse, _ prices: [Price]
    ) -> Int {
        let valuation = house.valuation(account, prices, .maintenance, .nothing)
        let (dependence, gross) = house.dependence(of: account, at: prices)
        dependenceOf[account] = dependence
        let kept = house.roundings(at: prices)
        let surplus = valuation.health.surplus.raw - kept
        guard surplus > 0 else { return Self.watched }
        var level = max(Self.coarsestBounded, Self.firstGuess(gross, over: UInt64(surplus)))
        while level <= Self.finest {
            if members[level].isEmpty { remember(level) }
            for feed in 0..<feedCount {
                let band = bands[level * signals.count + feed]
                lows[feed] = Price(raw: band.low)
                highs[feed] = Price(raw: band.high)
            }
            if house.leastSurplus(of: account, from: lows, to: highs, drift) > Int128(kept) {
                return level
            }
            level += 1
        }
        return Self.watched
    }

    /// The coarsest level whose width times the exposure is within the surplus.
    private static func firstGuess(_ total: UInt64, over surplus: UInt64) -> Int {
        guard total > surplus else { return 0 }
        // The powers of two first, then the one between them.
        let power = UInt64(63 - (total / surplus).leadingZeroBitCount)
        let part = total >> power
        let level = 2 * Int(power)
        if part <= surplus { return level }
        return part - part / 4 <= surplus ? level + 1 : level + 2
    }

    /// Sets all bands of an empty level around the present prices, where they serve newcomers best.
    private mutating func remember(_ level: Int) {
        guard centredAt[level] != refreshes else { return }
        centredAt[level] = refreshes
        for signal in signals.indices {
            bands[level * signals.count + signal] = band(level, signal)
        }
    }

    /// A level's band around the present price: the width halves with every second level.
    private func band(_ level: Int, _ signal: Int) -> Band {
        var half = scales[signal] >> Int64(level / 2)
        if level & 1 == 1 { half -= half / 4 }
        if signal == settlementFeed { half >>= Self.settlementShift }
        return Band(low: signals[signal] - half, high: signals[signal] &+ half)
    }

    /// Moves the bands that a price has left, and looks again at whoever that can have hurt.
    private mutating func recentre(_ house: ClearingHouse, _ prices: [Price]) {
        var left: [(level: Int, moved: Dependence)] = []
        for level in 0...Self.finest where !members[level].isEmpty {
            var moved = Dependence()
            let base = level * signals.count
            for signal in signals.indices {
                let old = bands[base + signal]
                let price = signals[signal]
                if price > old.high {
                    if signal < feedCount {
                        moved.rising |= 1 << UInt64(signal)
                    } else {
                        moved.fundedRising |= 1 << UInt64(fundedMarkets[signal - feedCount])
                    }
                    // Whoever only a fall hurts is not looked at and keeps its edge.
                    bands[base + signal] = band(level, signal)
                    bands[base + signal].low = max(old.low, bands[base + signal].low)
                } else if price < old.low {
                    if signal < feedCount {
                        moved.falling |= 1 << UInt64(signal)
                    } else {
                        moved.fundedFalling |= 1 << UInt64(fundedMarkets[signal - feedCount])
                    }
                    bands[base + signal] = band(level, signal)
                    bands[base + signal].high = min(old.high, bands[base + signal].high)
                }
            }
            if moved.meets(.all) { left.append((level, moved)) }
        }
        for (level, moved) in left {
            // From the end: whoever leaves is replaced by the last, which has been looked at.
            for slot in members[level].indices.reversed() {
                let account = Int(members[level][slot])
                if dependenceOf[account].meets(moved) { put(account, house, prices) }
            }
        }
    }

    private mutating func collect(_ house: ClearingHouse, _ prices: [Price]) {
        underwater.removeAll(keepingCapacity: true)
        for slot in members[Self.watched].indices.reversed() {
            let account = Int(members[Self.watched][slot])
            placements += 1
            let health = house.evaluate(account, prices, .maintenance, .nothing)
            if house.isBelowTrigger(health, account) {
                underwater.append(AccountID(index: account))
            } else {
                // Whoever has recovered leaves the list of those looked at every time.
                put(account, house, prices)
            }
        }
        underwater.sort()
    }
}
