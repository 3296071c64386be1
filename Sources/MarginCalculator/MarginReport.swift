public import ExactMath
import MarginProtocol
import Scenarios

/// What a venue would say of an account: equity, margins, health, liquidation prices, and the next step of a
/// liquidation where one is due.
public struct MarginReport: Sendable {
    /// Against both requirements.
    public struct Pair<Value: Sendable>: Sendable {
        public var initial: Value
        public var maintenance: Value
    }
    public struct AssetReport: Sendable {
        public var asset: String
        /// [1e-8 units]
        public var amount: Quantity
        public var price: Price
        /// Unweighted. [1e-8 USD]
        public var value: Money
        public var weighted: Pair<Money>
        /// The price of this asset, all others as they are, at which the account becomes liquidatable.
        public var liquidationPrice: Price?
    }
    public struct PositionReport: Sendable {
        public var market: String
        /// What its notional, profit and margins are counted in: the settlement asset's name.
        public var unit: String
        /// Whether that is the underlying and not money.
        public var isInverse: Bool
        public var isIsolated: Bool
        public var size: Quantity
        public var entry: Price
        public var mark: Price
        public var leverage: Ratio?
        /// In the settlement asset. [1e-8]
        public var notional: Money
        public var unrealizedProfit: Money
        public var margin: Pair<Money>
        /// What of that is for the orders beside it, or where its margin is part of its result what they take off that.
        public var orderMargin: Pair<Money>
        /// The nearest of ``liquidationPrices`` that is reached as the position loses, else the nearest.
        public var liquidationPrice: Price?
        /// Every price of the market, all others as they are, at which the account passes the trigger.
        public var liquidationPrices: [Price]
        public var bankruptcyPrice: Price?
    }
    public struct SpotReport: Sendable {
        public var market: String
        /// What asks and bids have set aside. [1e-8 units]
        public var base: Quantity
        public var quote: Quantity
        /// Unweighted. [1e-8 USD]
        public var value: Money
        /// The smaller effect of all orders filled and of none. [1e-8 USD]
        public var weighted: Pair<Money>
    }
    /// One account: everything in cross mode, or one isolated position.
    public struct AccountReport: Sendable {
        /// Nil for what is in cross mode.
        public var isolatedMarket: String?
        /// Unweighted. [1e-8 USD]
        public var equity: Money
        public var weightedEquity: Pair<Money>
        public var requirement: Pair<Money>
        /// Weighted equity less requirement. [1e-8 USD]
        public var health: Pair<Money>
        /// In the venue's own convention; nil where it divides by nothing.
        public var marginRatio: Ratio?
        /// Weighted collateral over weighted debts and requirement; nil where nothing is owed or required.
        public var healthFactor: Ratio?
        /// Never where a holding is without a price, which liquidations need.
        public var isLiquidatable: Bool
        /// Holdings without a price, which count nothing: health is at least what it says.
        public var leftOut: [String]
        public var assets: [AssetReport]
        public var positions: [PositionReport]
        public var spotOrders: [SpotReport]
        /// The next step; nil where none is due.
        public var liquidation: LiquidationStep?
    }
    public var protocolName: String
    /// The account, or its only isolated position where that is all there is.
    public var account: AccountReport
    /// Isolated positions beside it.
    public var isolated: [AccountReport]
}

extension MarginReport {
    public init(_ account: CalculatedAccount) {
        protocolName = account.file.name
        let children = account.isolated.sorted { $0.key < $1.key }.map(\.value)
        let hasCross =
            account.house.account(account.cross).assets != 0
            || account.house.account(account.cross).markets != 0
            || account.house.account(account.cross).orders != 0 || children.isEmpty
        var reports = children.map { AccountReport(account, $0) }
        self.account =
            hasCross || reports.count > 1
            ? AccountReport(account, account.cross) : reports.removeFirst()
        isolated = reports
    }
}

extension MarginReport.AccountReport {
    init(_ account: CalculatedAccount, _ id: AccountID) {
        let house = account.house
        let initial = house.statement(of: id, .initial)
        let maintenance = house.statement(of: id, .maintenance)
        isolatedMarket = house.account(id).isolatedMarket.map {
            account.file.parameters.markets[$0.index].name
        }
        equity = house.plainEquity(of: id, at: house.prices)
        weightedEquity = .init(
            initial: initial.health.equity, maintenance: maintenance.health.equity)
        requirement = .init(
            initial: initial.health.requirement, maintenance: maintenance.health.requirement)
        health = .init(initial: initial.health.surplus, maintenance: maintenance.health.surplus)
        marginRatio = Self.marginRatio(account.file.parameters.marginRatio, maintenance)
        healthFactor = Self.healthFactor(maintenance)
        leftOut = house.withoutPrice(id).map { account.file.parameters.assets[$0.index].name }
        isLiquidatable = leftOut.isEmpty && house.isLiquidatable(id, at: house.prices)
        assets = maintenance.assets.map { line in
            let terms = account.file.parameters.assets[line.asset.index]
            let weighted =
                initial.assets.first { $0.asset == line.asset }?.weighted ?? line.weighted
            let critical =
                line.asset == account.file.parameters.settlementAsset
                    || !house.price(of: line.asset).isPositive
                ? [] : house.criticalPrices(of: id, feed: terms.feed, .liquidatable)
            return .init(
                asset: terms.name, amount: line.amount, price: house.price(of: line.asset),
                value: line.value,
                weighted: .init(initial: weighted, maintenance: line.weighted),
                liquidationPrice: Self.nearest(
                    critical, to: house.price(of: line.asset), falling: !line.amount.isNegative))
        }
        // Orders without a position may count against the initial requirement alone.
        let others = initial.positions.filter { line in
            !maintenance.positions.contains { $0.market == line.market }
        }
        positions = (maintenance.positions + others).map { line in
            Self.position(account, id, line.market, initial, maintenance)
        }
        spotOrders = maintenance.spotOrders.map { line in
            .init(
                market: account.file.parameters.spotMarkets[line.market.index].name,
                base: line.base, quote: line.quote, value: line.value,
                weighted: .init(
                    initial: initial.spotOrders.first { $0.market == line.market }?.weighted
                        ?? line.weighted, maintenance: line.weighted))
        }
        liquidation = LiquidationStep(account, id)
    }

    private static func position(
        _ account: CalculatedAccount, _ id: AccountID, _ market: MarketID,
        _ initial: MarginStatement, _ maintenance: MarginStatement
    ) -> MarginReport.PositionReport {
        let house = account.house
        let terms = account.file.parameters.markets[market.index]
        let mark = house.price(of: market)
        let all = house.criticalPrices(of: id, market: market, .liquidatable)
        let opening = initial.positions.first { $0.market == market }
        let keeping = maintenance.positions.first { $0.market == market }
        let size = house.position(id, market).size
        let isLong = !size.isNegative
        let given = account.file.positions.first { $0.market == market }
        return .init(
            market: terms.name,
            unit: account.file.parameters.assets[
                account.file.parameters.settlementAsset.index
            ].name, isInverse: terms.contract == .inverse,
            isIsolated: house.account(id).isolatedMarket != nil,
            size: size,
            entry: house.position(id, market).entryPrice(terms.contract) ?? mark, mark: mark,
            leverage: given?.leverage, notional: keeping?.notional ?? .zero,
            unrealizedProfit: keeping?.profit ?? .zero,
            margin: .init(
                initial: opening?.requirement ?? .zero, maintenance: keeping?.requirement ?? .zero),
            orderMargin: .init(
                initial: opening?.orderMargin ?? .zero, maintenance: keeping?.orderMargin ?? .zero),
            liquidationPrice: nearest(all, to: mark, falling: isLong), liquidationPrices: all,
            bankruptcyPrice: house.bankruptcyPrice(of: id, market))
    }

    /// The nearest price on the side where the holder loses; on the other side where there is none.
    private static func nearest(_ prices: [Price], to present: Price, falling: Bool) -> Price? {
        let below = prices.last { $0 <= present }
        let above = prices.first { $0 > present }
        return falling ? below ?? above : above ?? below
    }

    private static func marginRatio(
        _ convention: MarginRatioConvention, _ statement: MarginStatement
    ) -> Ratio? {
        let equity = statement.health.equity
        let required = statement.health.requirement
        let held = statement.assets.reduce(
            statement.spotOrders.reduce(Money.zero) { $0 + $1.value }
        ) { $0 + max(.zero, $1.value) }
        let owed = statement.assets.reduce(Money.zero) { $0 - min(.zero, $1.value) }
        switch convention {
        case .maintenanceOverEquity: return ratio(required, equity)
        case .equityOverMaintenance: return ratio(equity, required)
        case .collateralOverDebt: return ratio(held, owed)
        case .debtOverCollateral: return ratio(owed, held)
        }
    }

    private static func healthFactor(_ statement: MarginStatement) -> Ratio? {
        ratio(
            statement.collateral + max(.zero, statement.profit),
            statement.debt + statement.requirement - min(.zero, statement.profit))
    }

    private static func ratio(_ part: Money, _ whole: Money) -> Ratio? {
        whole.isPositive ? try? Ratio(part, over: whole, rounding: .down) : nil
    }
}
