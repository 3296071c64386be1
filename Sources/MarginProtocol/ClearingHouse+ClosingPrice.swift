public import ExactMath
import MarginRules

/// What of an account's equity and maintenance margin belongs to a part of a position.
struct PositionShare {
    /// Negative once the account is under water. [1e-8 of the settlement asset]
    var equity: Int64
    var maintenance: Int64
    /// The part's value at the protocol's price, without a sign.
    var value: Int64
    /// The part's size. [1e-8 units]
    var size: Int64
    /// The whole position, and the account's equity and maintenance.
    var reduction: PositionReduction
}

extension ClearingHouse {
    /// Equity is spread over positions in proportion to their maintenance margin; see ``BankruptcyPrice``.
    ///
    /// - Parameter equity: what is spread; nil for the equity that counts against the maintenance requirement. [1e-8 USD]
    func positionShare(
        _ account: Int, _ market: Int, closing amount: Int64, equity: Money? = nil
    ) -> PositionShare {
        let row = marketRows[market]
        let price = prices[row.feed].raw
        let position = positions[account * marketCount + market]
        let delta = position.size.isNegative ? Quantity(raw: amount) : Quantity(raw: -amount)
        let (reduction, notional) = reduction(account, market, equity)
        // What remains has the same entry price, which no margin depends on.
        let rest = Position(
            size: position.size + delta, cost: .zero, fundingIndex: row.fundingIndex)
        // Of a line, as of the whole position above: where contracts are inverse, in what they settle in.
        var after =
            isPlainMaintenance
            ? plainMargin(of: rest.size, market)
            : line(rest, account, market, prices, .maintenance).requirement
        after = rest.size.isZero ? .zero : min(after, reduction.maintenanceMargin)
        let notionalAfter = row.value(rest.size.raw, price, .towardZero)
        let quote = unbounded { () throws(ArithmeticOverflow) in
            try BankruptcyPrice.quote(
                of: reduction, delta: delta, notionalAfter: Money(raw: notionalAfter),
                maintenanceMarginAfter: after)
        }
        let share =
            quote.map { notional - notionalAfter - $0.raw } ?? reduction.account.netCollateral.raw
        return PositionShare(
            equity: share, maintenance: (reduction.maintenanceMargin - after).raw,
            value: row.notional(amount, price), size: amount, reduction: reduction)
    }

    /// A position with the risk of its account, in units of the settlement asset.
    private func reduction(_ account: Int, _ market: Int, _ equity: Money?) -> (
        PositionReduction, notional: Int64
    ) {
        let row = marketRows[market]
        let size = positions[account * marketCount + market].size
        let (health, required, own) = maintenance(account, market)
        let total = settlementValue(required.raw)
        let notional = row.value(size.raw, prices[row.feed].raw, .towardZero)
        let risk = AccountRisk(
            netCollateral: Money(raw: settlementValue((equity ?? (health.surplus + required)).raw)),
            initialMargin: .zero, maintenanceMargin: Money(raw: total))
        return (
            PositionReduction(
                size: size, notional: Money(raw: notional), maintenanceMargin: own, account: risk),
            notional
        )
    }

    /// An account's maintenance health, what its positions require, and what of that one position's is.
    private func maintenance(_ account: Int, _ market: Int) -> (
        Health, required: Money, own: Money
    ) {
        guard isPlainMaintenance else {
            let statement = statement(account, prices, .maintenance, .nothing)
            let own = statement.positions.first { $0.market.index == market }?.requirement
            // Where margins are part of results, they are what equity is spread by all the same.
            let required =
                parameters.positionResults == .inBalance
                ? worth(statement.positions.reduce(.zero) { $0 + $1.requirement }, prices)
                : statement.health.requirement
            return (statement.health, required, own ?? .zero)
        }
        let size = positions[account * marketCount + market].size
        let health = evaluate(account, prices, .maintenance, .nothing)
        return (health, health.requirement, plainMargin(of: size, market))
    }

    /// The maintenance margin of a position under a schedule that asks for nothing but its notional. [1e-8 USD]
    private func plainMargin(of size: Quantity, _ market: Int) -> Money {
        let row = marketRows[market]
        let notional = row.notional(size.raw, prices[row.feed].raw)
        return Money(raw: row.margin(notional, .maintenance, brackets))
    }

    /// The price at which a position uses up its share of the account's equity; nil where there is none above zero.
    public func bankruptcyPrice(of id: AccountID, _ market: MarketID) -> Price? {
        let size = position(id, market).size
        guard !size.isZero else { return nil }
        if hasOrdersInMaintenance(id.index) {
            // A liquidation takes them out first.
            var rest = self
            var journal: [Event] = []
            rest.cancelAllOrders(of: id, into: &journal)
            return rest.bankruptcyPrice(of: id, market)
        }
        let share = positionShare(id.index, market.index, closing: size.magnitude.raw)
        return bankruptcyPrice(
            share, price(of: market), isLong: !size.isNegative, marketRows[market.index])
    }

    /// A sum in USD, in units of the settlement asset. [1e-8]
    func settlementValue(_ money: Int64) -> Int64 {
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
        guard case .fillable(let adjustment, let spread, _) = rule else { return mark }
        let fillable = FillablePrice(
            bankruptcyAdjustment: adjustment, spreadToMaintenanceMargin: spread)
        let delta = Quantity(raw: isLong ? -share.size : share.size)
        let limit = unbounded { () throws(ArithmeticOverflow) in
            try fillable.limitPrice(of: share.reduction, delta: delta, tick: Price(raw: 1))
        }
        return limit
            ?? (share.reduction.account.maintenanceMargin.isPositive ? Price(raw: 1) : mark)
    }
}
