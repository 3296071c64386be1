public import ExactMath
public import MarginRules

/// What a pool that is the counterparty of all traders asks of them, beyond a spread.
///
/// Every rule left out does not apply. Source: gmx-io/gmx-synthetics and gmx-io/gmx-contracts; the arithmetic is
/// in `MarginRules`.
public struct PoolTerms: Hashable, Sendable {
    /// What a trade pays or earns for the balance of longs and shorts that it leaves behind.
    public var impact: PoolPriceImpact?
    /// The fee of a trade after which the sides are closer to each other; nil is the market's taker fee.
    public var improvingFee: Ratio?
    /// What the pool pays winning longs, and winning shorts, out of.
    public var longBacking: AssetID
    public var shortBacking: AssetID
    /// How much open interest a side of the pool may back. Its cap is not read: each side has its own.
    public var reserves: PoolReserves?
    /// The most open interest of each side, at entry. [1e-8 USD]
    public var longCap: Money?
    public var shortCap: Money?
    /// The share of its side of the pool that all winners together may have; above it each is cut alike.
    public var profitCap: Ratio?
    /// What a position pays for the reserve that it keeps.
    public var borrowing: PoolBorrowing?
    /// The same by whole intervals, in millionths; not beside the other. Source: gmx-io/gmx-contracts, Vault.sol.
    public var intervalBorrowing: GLPFunding?
    /// How much the initial rate is at least, for each dollar of its side's open interest. [1e-18 per USD]
    public var openInterestMultiplier: Fixed18
    /// What a liquidation costs whatever the size; with it, fees are no part of equity but a requirement of their
    /// own, and a position that cannot pay them is forfeited; source: gmx-contracts, VaultUtils.sol.
    public var liquidationFee: Money?
    /// When winners are closed before their profit exceeds what the pool can pay; nil for never.
    public var deleveraging: PoolDeleveraging?
    /// In what the pool pays a profit.
    public var payout = PoolPayoutAsset.settlement
    /// How impact is kept apart from liquidity; nil where it is a part of the price of each trade.
    public var impactPool: ImpactPoolTerms?

    public init(
        impact: PoolPriceImpact? = nil, improvingFee: Ratio? = nil, longBacking: AssetID,
        shortBacking: AssetID, reserves: PoolReserves? = nil, longCap: Money? = nil,
        shortCap: Money? = nil, profitCap: Ratio? = nil, borrowing: PoolBorrowing? = nil,
        openInterestMultiplier: Fixed18 = .zero, liquidationFee: Money? = nil
    ) {
        self.impact = impact
        self.improvingFee = improvingFee
        self.longBacking = longBacking
        self.shortBacking = shortBacking
        self.reserves = reserves
        self.longCap = longCap
        self.shortCap = shortCap
        self.profitCap = profitCap
        self.borrowing = borrowing
        self.openInterestMultiplier = openInterestMultiplier
        self.liquidationFee = liquidationFee
    }
}

/// In what a pool pays the profit of a closing, once its costs are taken off.
///
/// Where it is not the settlement asset, what a closing leaves owed is taken of the account's other assets at once, at their
/// prices. Source: gmx-io/gmx-synthetics @a5c0c88 contracts/position/DecreasePositionCollateralUtils.sol,
/// DecreasePositionSwapUtils.sol; there the swap into the collateral has a fee and an impact of its own.
public enum PoolPayoutAsset: Int8, Hashable, Sendable {
    case settlement
    /// What backs the position's side.
    case backing
    /// The asset of which the account holds most by value, beside the settlement asset; what backs its side where it
    /// holds none.
    case collateral
}

/// What traders hold against the pool on one side of a market.
struct PoolSideRow: Hashable, Sendable {
    /// Σ of sizes, without a sign. [1e-8 units]
    var size: Quantity = .zero
    /// Σ of what they cost, without a sign. [1e-8]
    var cost: Money = .zero
    /// What each dollar of cost has been charged since the beginning, borrowing and funding together; it falls
    /// while the other side pays. [1e-18]
    var index: Fixed18 = .zero
}

/// Both sides of a market whose pool has terms.
struct PoolSides: Hashable, Sendable {
    var long = PoolSideRow()
    var short = PoolSideRow()
    /// The funding rate that an adaptive law remembers. [1e-18 per year]
    var savedFunding: Fixed18 = .zero

    subscript(side: PoolSide) -> PoolSideRow {
        get { side == .long ? long : short }
        set { if side == .long { long = newValue } else { short = newValue } }
    }

    /// Open interest at entry, as the pool balances by it.
    var openInterest: PoolOpenInterest { PoolOpenInterest(long: long.cost, short: short.cost) }

    mutating func replace(_ before: Position, with after: Position) {
        for (position, sign) in [(before, Int64(-1)), (after, 1)] where position.size.raw != 0 {
            self[position.side].size.raw += sign * position.size.magnitude.raw
            self[position.side].cost.raw += sign * position.cost.magnitude.raw
        }
    }
}

extension Position {
    var side: PoolSide { size.isNegative ? .short : .long }
}

extension ClearingHouse {
    /// The pool's terms in a market; nil where there are none.
    ///
    /// They are large: the hot path asks ``MarketRow/hasPoolTerms`` first, and so copies nothing.
    func poolTerms(_ market: Int) -> PoolTerms? {
        marketRows[market].hasPoolTerms ? parameters.markets[market].pool?.terms : nil
    }

    /// What all traders hold on one side of a market, without the pool. [1e-8 units]
    public func openInterest(_ market: MarketID, _ side: PoolSide) -> Quantity {
        let pool = positions[Self.liquidityPool.index * marketCount + market.index].size
        let all = marketRows[market.index].longOpenInterest
        return side == .long ? all - max(.zero, pool) : all - max(.zero, -pool)
    }

    /// What the pool of a market holds of the assets that back its sides, fees included, whatever traders have won; nil
    /// where the pool has no terms. [1e-8 USD]
    ///
    /// Source: gmx-io/gmx-synthetics, contracts/market/MarketUtils.sol, getPoolValueInfo, without the traders' profit.
    public func poolValue(_ market: MarketID) -> Money? {
        guard let terms = poolTerms(market.index) else { return nil }
        let long = poolValue(terms, .long, prices)
        guard terms.longBacking != terms.shortBacking else { return long }
        return (try? long.adding(poolValue(terms, .short, prices))) ?? Money(raw: .max)
    }

    /// The value of the side of the pool that backs longs or shorts, at the lower price. [1e-8 USD] At least zero.
    ///
    /// One asset backs each side with half of it; source: gmx-synthetics, contracts/market/MarketUtils.sol,
    /// getPoolDivisor.
    func poolValue(_ terms: PoolTerms, _ side: PoolSide, _ prices: [Price]) -> Money {
        let asset = side == .long ? terms.longBacking : terms.shortBacking
        var held = balances[Self.liquidityPool.index * assetCount + asset.index]
        if !impacts.isEmpty { held += heldForImpact(asset.index) }
        if terms.longBacking == terms.shortBacking { held /= 2 }
        guard held > 0 else { return .zero }
        let price = conservative(assetRows[asset.index].feed, prices, .maintenance, owned: true)
        // The largest number where it does not fit: such a pool backs everything.
        return
            (try? Quantity(raw: held).value(at: price, rounding: .down)) ?? Money(raw: .max)
    }

    /// What a position owes for funding and borrowing since it last paid, rounded up. [1e-8]
    func pendingCharges(_ account: Int, _ position: Position, _ market: Int) -> Int64 {
        guard marketRows[market].hasPoolTerms else {
            guard !socialised.isEmpty || marketRows[market].splitsFunding else {
                return pendingFunding(position, marketRows[market].fundingIndex)
            }
            // Where each side has an index of its own the pool has its part when it accrues.
            if marketRows[market].splitsFunding, account == Self.liquidityPool.index { return 0 }
            return pendingFunding(
                position, chargeIndex(market, ofLong: !position.size.isNegative, account))
        }
        // The pool has its share when it accrues.
        guard account != Self.liquidityPool.index, position.size.raw != 0 else { return 0 }
        let measured = Position(
            size: Quantity(raw: position.cost.magnitude.raw), cost: .zero,
            fundingIndex: position.fundingIndex)
        return pendingFunding(measured, sides[market][position.side].index)
    }

    /// The index from which a position's charges count from now on.
    func chargeIndex(_ market: Int, ofLong isLong: Bool, _ account: Int) -> Fixed18 {
        guard marketRows[market].hasPoolTerms else {
            let index =
                isLong || !marketRows[market].splitsFunding
                ? marketRows[market].fundingIndex : splitFunding[market].shortIndex
            // What others have lost is borne by traders, long or short, not by the pool.
            guard !socialised.isEmpty, account != Self.liquidityPool.index else { return index }
            return isLong ? index + socialised[market] : index - socialised[market]
        }
        return sides[market][isLong ? .long : .short].index
    }

    /// The profit of a position as the pool would pay it: cut where all of its side win too much.
    func payableProfit(
        _ gain: Int64, _ side: PoolSide, _ market: Int, _ terms: PoolTerms, _ prices: [Price]
    ) -> Int64 {
        guard gain > 0, let cap = terms.profitCap else { return gain }
        let row = sides[market][side]
        let range = range(marketRows[market].feed, prices)
        let pool = poolValue(terms, side, prices)
        return unbounded { () throws(ArithmeticOverflow) in
            try PoolProfit(
                side, openInterest: row.cost, tokens: row.size, indexPrice: range, .maximum
            ).scaling(Money(raw: gain), cappedAt: cap, ofPool: pool).raw
        }
    }

    /// The fees that the market's terms set, for a penalty on liquidation.
    func feeSchedule(_ market: Int, _ terms: PoolTerms) -> PoolFeeSchedule {
        let market = parameters.markets[market]
        let outside = .one - market.poolFeeShare
        return PoolFeeSchedule(
            improving: terms.improvingFee ?? market.takerFee, worsening: market.takerFee,
            liquidation: parameters.liquidation.penalty, positionReceiver: outside,
            borrowingReceiver: outside, liquidationReceiver: outside)
    }
}
