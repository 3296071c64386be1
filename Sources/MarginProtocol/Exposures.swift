import ExactMath

/// The prices whose fall, and whose rise, takes from an account's surplus.
struct Dependence {
    /// Bit i is feed i.
    var falling: UInt64 = 0
    var rising: UInt64 = 0
    /// Bit i is the price of market i less its funding index.
    var fundedFalling: UInt64 = 0
    var fundedRising: UInt64 = 0

    static let all = Dependence(
        falling: .max, rising: .max, fundedFalling: .max, fundedRising: .max)

    @inline(__always)
    func meets(_ other: Dependence) -> Bool {
        falling & other.falling | rising & other.rising
            | fundedFalling & other.fundedFalling | fundedRising & other.fundedRising != 0
    }
}

/// Where a price may move before those who depend on it are looked at again.
struct Band {
    var low: Int64 = 0
    var high: Int64 = 0
}

/// Bounds how much an account's surplus loses with each price's fall and rise.
///
/// Slot f is feed f: so many units lose what the feed's price loses, so many what it gains. After the feeds
/// comes a slot for each market with funding: its price less funding moves a position's profit, not its
/// requirement.
struct Exposures {
    /// Per slot, what loses when it falls and then what loses when it rises. [1e-8 units]
    private var units: [Int64] = []
    private(set) var dependence = Dependence()
    private var fundingSlot: [Int] = []
    private var settlement = 0
    private var hasPositions = false
    /// The sum of all exposures at the present prices, for a first guess. [1e-8 USD]
    private(set) var total: UInt64 = 0

    mutating func configure(feedCount: Int, funded: [Int], markets: Int, settlementFeed: Int) {
        units = Array(repeating: 0, count: 2 * (feedCount + funded.count))
        fundingSlot = Array(repeating: -1, count: markets)
        for (offset, market) in funded.enumerated() { fundingSlot[market] = feedCount + offset }
        settlement = settlementFeed
    }

    /// Measures one account, given its valuation at these prices.
    mutating func measure(
        _ account: Int, in house: ClearingHouse, at prices: [Price], as valuation: Valuation
    ) {
        for slot in units.indices { units[slot] = 0 }
        dependence = Dependence()
        total = valuation.profit.magnitude &+ UInt64(bitPattern: valuation.notional)
        let facts = house.accounts[account]
        let base = account * house.marketCount
        for market in Bits(mask: facts.markets) {
            count(market, house.marketRows[market], house.positions[base + market].size.raw)
        }
        for asset in Bits(mask: facts.assets) {
            count(
                house.assetRows[asset], house.balances[account * house.assetCount + asset], prices,
                highestWeight: house.weightBounds[asset].holding)
        }
        hasPositions = facts.markets != 0
        guard hasPositions else { return }
        // Below 2^63, as everything that a valuation sums.
        let net = valuation.profit - valuation.margin
        add(Int64(net.magnitude), to: settlement, net < 0 ? 1 : 0)
        // Its price multiplies all profit and margin, whichever way they will go.
        dependence.falling |= 1 << UInt64(settlement)
        dependence.rising |= 1 << UInt64(settlement)
    }

    @inline(__always)
    private mutating func count(_ market: Int, _ row: MarketRow, _ size: Int64) {
        let held = Int64(size.magnitude)
        // The highest rate bounds how fast a schedule's requirement grows.
        let slope = scaled(held, row.highestRate, .up)
        // All ones for a short position: a rise hurts it, a fall hurts a long one.
        let short = size >> 63
        let rises = UInt64(bitPattern: short)
        let bit: UInt64 = 1 << UInt64(row.feed)
        guard !row.hasFunding else {
            // Profit follows the price less funding; the requirement follows the price alone.
            let own: UInt64 = 1 << UInt64(market)
            add(held, to: fundingSlot[market], Int(short & 1))
            dependence.fundedFalling |= own & ~rises
            dependence.fundedRising |= own & rises
            add(slope, to: row.feed, 1)
            dependence.rising |= bit
            return
        }
        add(Self.sum(held, slope & short), to: row.feed, Int(short & 1))
        dependence.falling |= bit & ~rises
        dependence.rising |= bit & rises
        // What a long position gains in a rise is more than its requirement grows, unless profit counts
        // for very little; both are counted in the settlement asset.
        if row.profitWeight < 2 * row.highestRate {
            add(slope & ~short, to: row.feed, 1)
            dependence.rising |= bit
        }
    }

    @inline(__always)
    private mutating func count(
        _ row: AssetRow, _ amount: Int64, _ prices: [Price], highestWeight: Int64
    ) {
        let held = Int64(amount.magnitude)
        let price = prices[row.feed].raw
        total &+= UInt64(bitPattern: price == scaleE8 ? held : scaled(held, price, .up))
        // Of tiers the highest weight bounds how fast what counts falls.
        if amount > 0 {
            add(
                highestWeight == scaleE8 ? held : Self.value(held, highestWeight), to: row.feed, 0)
            dependence.falling |= 1 << UInt64(row.feed)
        } else {
            add(Self.value(held, row.liabilityWeight), to: row.feed, 1)
            dependence.rising |= 1 << UInt64(row.feed)
        }
    }

    @inline(__always)
    private mutating func add(_ amount: Int64, to slot: Int, _ direction: Int) {
        units[2 * slot + direction] = Self.sum(units[2 * slot + direction], amount)
    }

    /// The most that surplus can lose while each slot's price stays within its band. [1e-8 USD]
    ///
    /// - Parameter bands: from `base` on, one for each slot; each holds the slot's price.
    @inline(__always)
    func worstLoss(_ bands: [Band], from base: Int, at prices: [Int64]) -> Int64 {
        var worst: Int64 = 0
        for slot in Bits(mask: dependence.falling | dependence.rising) {
            worst = Self.sum(worst, loss(slot, bands[base + slot], prices[slot]))
        }
        for market in Bits(mask: dependence.fundedFalling | dependence.fundedRising) {
            let slot = fundingSlot[market]
            var band = bands[base + slot]
            // One unit more on either side for an index that is rounded to the price's unit.
            band.low &-= 2
            band.high &+= 2
            worst = Self.sum(worst, loss(slot, band, prices[slot]))
        }
        guard hasPositions else { return worst }
        // What positions lose is multiplied by the settlement price, which may have risen meanwhile too.
        let unit = bands[base + settlement].high
        return unit <= scaleE8 ? worst : Self.value(worst, unit)
    }

    /// A price moves one way only.
    @inline(__always)
    private func loss(_ slot: Int, _ band: Band, _ price: Int64) -> Int64 {
        let falling = units[2 * slot]
        let rising = units[2 * slot + 1]
        let fall = price &- band.low
        let rise = band.high &- price
        // Mostly one of the two is zero; which one is random, so it is chosen without a branch.
        if falling == 0 || rising == 0 {
            return Self.value(falling | rising, rising == 0 ? fall : rise)
        }
        return max(Self.value(falling, fall), Self.value(rising, rise))
    }

    /// `units · distance / 10^8`, rounded up, or one more; the largest number where it does not fit.
    @inline(__always)
    private static func value(_ units: Int64, _ distance: Int64) -> Int64 {
        let product = UInt64(bitPattern: units).multipliedFullWidth(
            by: UInt64(bitPattern: distance))
        guard product.high < UInt64(scaleE8) / 4 else { return .max }
        return Int64(bitPattern: divideByScale(high: product.high, low: product.low).quotient) + 1
    }

    /// The sum of two losses; the largest number where it does not fit.
    @inline(__always)
    private static func sum(_ a: Int64, _ b: Int64) -> Int64 {
        let (sum, overflow) = a.addingReportingOverflow(b)
        return overflow ? .max : sum
    }
}
