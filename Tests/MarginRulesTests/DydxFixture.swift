import ExactMath
import MarginRules

// dYdX v4 counts USDC in millionths ("quote quantums") and sizes in quantums of each market. Here one
// quote quantum is one raw unit of Money and one base quantum one raw unit of Quantity, so that every
// floor and ceiling falls where the protocol's does; a Price is scaled so that size · price is notional.

struct DydxMarket {
    let price: Price
    let tier: LiquidityTier

    /// 0.1 bitcoin is 10^7 quantums. [USD]
    static func bitcoin(_ dollars: Int64 = 50_000, initial: Int64 = 20, maintenance: Int64 = 50)
        -> DydxMarket
    {
        DydxMarket(
            price: Price(raw: dollars * 1_000_000), tier: .percent(initial, maintenance))
    }

    /// $3,000, in quantums of 10^-9.
    static let ether = DydxMarket(price: Price(raw: 300_000_000), tier: .percent(20, 50))

    func notional(_ size: Int64) throws -> Money {
        try Quantity(raw: size).value(at: price, rounding: .towardZero)
    }

    func risk(_ size: Int64, openInterest: Int64 = 0) throws -> AccountRisk {
        let notional = try notional(size)
        return AccountRisk(
            netCollateral: notional,
            initialMargin: try tier.initialMargin(
                notional: notional, openInterest: Money(raw: openInterest), custom: nil),
            maintenanceMargin: try tier.maintenanceMargin(notional: notional))
    }
}

extension LiquidityTier {
    static func percent(_ initial: Int64, _ maintenance: Int64) -> LiquidityTier {
        LiquidityTier(
            initialMarginFraction: Ratio(percent: initial),
            maintenanceShare: Ratio(percent: maintenance), openInterestScaling: nil)
    }

    static func ppm(_ initial: Int64, _ maintenance: Int64) -> LiquidityTier {
        LiquidityTier(
            initialMarginFraction: Ratio(raw: initial * 100),
            maintenanceShare: Ratio(raw: maintenance * 100), openInterestScaling: nil)
    }
}

struct DydxAccount {
    var usdc: Int64
    var positions: [(market: DydxMarket, size: Int64)]

    func risk() throws -> AccountRisk {
        var risk = AccountRisk(
            netCollateral: Money(raw: usdc), initialMargin: .zero, maintenanceMargin: .zero)
        for position in positions {
            risk = try risk.adding(try position.market.risk(position.size))
        }
        return risk
    }

    func reduction(_ index: Int) throws -> PositionReduction {
        let (market, size) = positions[index]
        let risk = try market.risk(size)
        return PositionReduction(
            size: Quantity(raw: size), notional: risk.netCollateral,
            maintenanceMargin: risk.maintenanceMargin, account: try self.risk())
    }

    func bankruptcyQuote(_ index: Int, delta: Int64) throws -> Money? {
        let (market, size) = positions[index]
        let after = try market.risk(size + delta)
        return try BankruptcyPrice.quote(
            of: try reduction(index), delta: Quantity(raw: delta),
            notionalAfter: after.netCollateral, maintenanceMarginAfter: after.maintenanceMargin)
    }
}
