public import ExactMath

/// What of an account's equity and maintenance margin belongs to a part of a position.
struct PositionShare {
    /// Negative once the account is under water. [1e-8 of the settlement asset]
    var equity: Int64
    var maintenance: Int64
    /// The part's value at the protocol's price, without a sign.
    var value: Int64
    /// The part's size. [1e-8 units]
    var size: Int64
    /// Equity over maintenance of the whole account, as two numbers.
    var accountEquity: Int64
    var accountMaintenance: Int64
}

extension ClearingHouse {
    /// Equity is spread over positions in proportion to their maintenance margin; source:
    /// dydxprotocol/v4-chain, x/clob/keeper/liquidations.go, GetBankruptcyPriceInQuoteQuantums.
    func positionShare(_ account: Int, _ market: Int, closing amount: Int64) -> PositionShare {
        let row = marketRows[market]
        let price = prices[row.feed].raw
        let whole = positions[account * marketCount + market].size.magnitude.raw
        let statement = statement(account, prices, .maintenance, .nothing)
        let own =
            statement.positions.first { $0.market.index == market }?.requirement.raw ?? 0
        let equity = settlementValue(statement.health.equity.raw)
        let total = settlementValue(statement.health.requirement.raw)
        let maintenance = exact(own, amount, over: max(1, whole), .up)
        return PositionShare(
            equity: total > 0 ? exact(equity, maintenance, over: total, .down) : equity,
            maintenance: maintenance, value: row.notional(amount, price), size: amount,
            accountEquity: equity, accountMaintenance: total)
    }

    /// The price at which a position uses up its share of the account's equity; nil where there is none above zero.
    public func bankruptcyPrice(of id: AccountID, _ market: MarketID) -> Price? {
        let size = position(id, market).size
        guard !size.isZero else { return nil }
        let share = positionShare(id.index, market.index, closing: size.magnitude.raw)
        return bankruptcyPrice(
            share, price(of: market), isLong: !size.isNegative, marketRows[market.index])
    }

    /// A sum in USD, in units of the settlement asset. [1e-8]
    private func settlementValue(_ money: Int64) -> Int64 {
        let unit = prices[assetRows[settlement].feed].raw
        return unit == scaleE8 || unit <= 0 ? money : exact(money, scaleE8, over: unit, .down)
    }

    /// The price at which a part of a position uses up its share of the account's equity; nil where there is none
    /// above zero. Rounded against the account.
    func bankruptcyPrice(_ share: PositionShare, _ mark: Price, isLong: Bool, _ row: MarketRow)
        -> Price?
    {
        guard share.size > 0 else { return nil }
        if row.isInverse {
            // Value is size / price: a long position owes more of it at a lower price.
            let value = share.value + (isLong ? share.equity : -share.equity)
            guard value > 0 else { return nil }
            return
                (try? multiply(
                    share.size, scaleE8, dividingBy: value, rounding: isLong ? .up : .down)).map(
                    Price.init(raw:))
        }
        let value = share.value - (isLong ? share.equity : -share.equity)
        guard value > 0 else { return nil }
        return
            (try? multiply(
                value, scaleE8, dividingBy: share.size, rounding: isLong ? .up : .down)).map(
                Price.init(raw:))
    }

    /// The price at which a part of a position changes hands. At least one unit.
    func closingPrice(
        _ rule: LiquidationPolicy.ClosingPrice, _ share: PositionShare, _ mark: Price, isLong: Bool
    ) -> Price {
        guard case .fillable(let adjustment, let spread, _) = rule, share.size > 0,
            share.accountMaintenance > 0
        else { return mark }
        let missing = exact(
            share.accountMaintenance - share.accountEquity, scaleE8,
            over: share.accountMaintenance, .up)
        let ratio = min(scaleE8, max(0, scaled(missing, adjustment.raw, .up)))
        let discount = scaled(scaled(share.maintenance, spread.raw, .up), ratio, .up)
        let perUnit = exact(discount, scaleE8, over: share.size, .up)
        return isLong
            ? max(mark - Price(raw: perUnit), Price(raw: 1)) : mark + Price(raw: perUnit)
    }
}
