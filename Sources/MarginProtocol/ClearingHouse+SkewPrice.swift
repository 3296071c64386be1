import ExactMath
import MarginRules

extension ClearingHouse {
    /// The price of a trade against a pool that asks by skew, half the spread beside it, rounded against the trade; at
    /// least one unit.
    @inline(never)
    func skewPrice(_ market: Int, _ size: Quantity, _ pool: PoolPricing, _ oracle: Price)
        throws(Rejection) -> Price
    {
        let skew = -positions[Self.liquidityPool.index * marketCount + market].size
        return try orOverflow { () throws(ArithmeticOverflow) in
            let price = try SkewFillPrice(skewScale: pool.skewScale).price(
                size: size, index: oracle, skew: skew, rounding: size.isNegative ? .down : .up)
            let spread = try oracle.scaled(by: pool.spread, rounding: .up)
            return try max(Price(raw: 1), price.adding(size.isNegative ? -spread : spread))
        }
    }
}
