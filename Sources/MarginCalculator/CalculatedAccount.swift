import ExactMath
public import MarginProtocol
import MarginRules
import OrderBook
public import Scenarios

/// An account file brought to life: the protocol with this account, and enough beside it that any step of a
/// liquidation can be quoted and run.
public struct CalculatedAccount: Sendable {
    /// What could not be set up.
    public struct Impossible: Error, Sendable, CustomStringConvertible {
        public var description: String
    }
    public let file: AccountFile
    public internal(set) var house: ClearingHouse
    /// The account itself, with everything that is in cross mode.
    public let cross: AccountID
    /// One for each position in isolated mode, by its place in the file.
    public let isolated: [Int: AccountID]
    /// Whoever liquidates: has all it may need.
    let liquidator: AccountID
    let liquidatorMargin: AccountID
    static let owner = Address(10)
    static let other = Address(11)
    static let keeper = Address(12)

    /// - Throws: ``Impossible`` where the law itself cannot hold such an account.
    public init(_ file: AccountFile) throws(Impossible) {
        self.file = file
        var house = ClearingHouse(parameters: file.parameters, start: file.time)
        var journal: [Event] = []
        for (feed, price) in file.prices.enumerated() where price.isPositive {
            let report = PriceReport(
                round: 1, price: price, confidence: file.halfSpreads[feed],
                observedAt: file.time, publishedAt: file.time)
            do throws(Rejection) {
                try house.execute(
                    .postPrice(feed: FeedID(index: feed), report: report), from: .system,
                    into: &journal)
            } catch { throw Impossible(description: "a price cannot be posted: \(error)") }
        }
        cross = house.addAccount(owner: Self.owner, role: .margin)
        let other = house.addAccount(owner: Self.other, role: .margin)
        try Self.fillBooks(file, &house, &journal)
        let keeper = file.parameters.liquidation.caller == .venue ? Address.system : Self.keeper
        liquidator = house.addAccount(owner: keeper, role: .wallet)
        liquidatorMargin = house.addAccount(owner: keeper, role: .margin)
        let settlement = file.parameters.settlementAsset
        var children: [Int: AccountID] = [:]
        var rest = file.balances
        for (index, position) in file.positions.enumerated() {
            guard let margin = position.isolatedMargin else { continue }
            let child = house.addAccount(
                owner: Self.owner, role: .margin, parent: cross, market: position.market)
            children[index] = child
            var own = margin
            if margin.isZero, file.positions.count == 1 {
                // The only position of the account, without a margin of its own, has all there is.
                own = rest.first { $0.asset == settlement }?.amount ?? .zero
                rest.removeAll { $0.asset == settlement }
            }
            house.seedBalance(own, of: settlement, to: child, into: &journal)
        }
        isolated = children
        for (asset, amount) in rest {
            house.seedBalance(amount, of: asset, to: cross, into: &journal)
        }
        for order in file.spotOrders {
            house.seedSpotOrder(
                cross, order.market, order.side, price: order.price, size: order.size,
                into: &journal)
        }
        for (asset, amount) in file.insuranceFund {
            house.mint(amount, of: asset, to: ClearingHouse.insuranceFund, into: &journal)
        }
        for (asset, amount) in file.backstopFunds {
            guard let vault = house.backstopVault else { continue }
            house.mint(amount, of: asset, to: vault, into: &journal)
        }
        do throws(Rejection) {
            try Self.open(file, &house, cross, children, &journal)
            try Self.surround(file, &house, other, &journal)
            try Self.back(file, &house, &journal)
        } catch { throw Impossible(description: "the law cannot hold this account: \(error)") }
        for market in file.parameters.markets.indices {
            let collected = file.surroundings.feesCollected[market]
            let left = file.surroundings.feesLeft[market] ?? collected
            house.seedFunding(
                MarketID(index: market), rate: file.surroundings.savedRates[market],
                fees: left.map { (collected ?? .zero, $0) })
        }
        try Self.rest(file, &house, cross, children, &journal)
        do throws(Rejection) { try house.checkBalances() } catch {
            throw Impossible(description: "the law cannot hold this account: \(error)")
        }
        if let category = file.category { house.seedSetting(cross, .category(category)) }
        if let ratio = file.marginRatio { house.seedSetting(cross, .marginRatio(ratio)) }
        self.house = house
        try endow()
    }

    /// Others' orders, and what marks remember.
    private static func fillBooks(
        _ file: AccountFile, _ house: inout ClearingHouse, _ journal: inout [Event]
    ) throws(Impossible) {
        for (index, state) in file.surroundings.books.enumerated() {
            guard let state else { continue }
            let market = MarketID(index: index)
            for (side, levels) in [(Side.buy, state.bids), (.sell, state.asks)]
            where !levels.isEmpty {
                let maker = house.addAccount(owner: Self.other, role: .margin)
                for level in levels {
                    // Twice what it is worth, so that its margin is not what ends it.
                    let worth = try value(of: level.size, at: level.price, index, file)
                    house.mint(
                        worth + worth, of: file.parameters.settlementAsset, to: maker,
                        into: &journal)
                    house.seedOrder(
                        maker, market, side, price: level.price, size: level.size, into: &journal)
                }
            }
            house.seedMark(
                market, lastTrade: state.lastTrade, averageBasis: state.averageBasis,
                averageBookPrice: state.averageBookPrice, fundingRate: state.fundingRate,
                into: &journal)
        }
    }

    /// The account's own orders; one in a market of an isolated position belongs to that.
    private static func rest(
        _ file: AccountFile, _ house: inout ClearingHouse, _ cross: AccountID,
        _ children: [Int: AccountID], _ journal: inout [Event]
    ) throws(Impossible) {
        var total = Quantity.zero
        for order in file.orders {
            total += try value(of: order.size, at: order.price, order.market.index, file)
            guard total <= Quantity(raw: .max / 16) else {
                throw Impossible(description: "the orders of the account are worth too much")
            }
            guard !house.book(order.market).crosses(order.side, limit: order.price),
                house.book(order.market).hasRoom(for: order.size, order.side)
            else {
                throw Impossible(description: "an order of the account would trade at once")
            }
            let place = children.sorted { $0.key < $1.key }
                .first { file.positions[$0.key].market == order.market }
            house.seedOrder(
                place?.value ?? cross, order.market, order.side, price: order.price,
                size: order.size, reduceOnly: order.reduceOnly, into: &journal)
            // A mark that reads the book has one more order to read.
            house.seedMark(
                order.market, lastTrade: nil, averageBasis: nil, averageBookPrice: nil,
                fundingRate: nil, into: &journal)
        }
    }

    /// What an order comes to, in the settlement asset.
    private static func value(
        of size: Quantity, at limit: Price, _ market: Int, _ file: AccountFile
    ) throws(Impossible) -> Quantity {
        let isInverse = file.parameters.markets[market].contract == .inverse
        let unit = file.prices[
            file.parameters.assets[file.parameters.settlementAsset.index].feed.index]
        // An order far from the market still needs the margin for what it would hold.
        let price = max(limit, file.prices[file.parameters.markets[market].feed.index])
        let money =
            isInverse
            ? Money(raw: size.raw) : try? size.value(at: price, rounding: .up)
        guard let money, let worth = try? money.quantity(at: unit, rounding: .up),
            worth <= Quantity(raw: .max / 16)
        else { throw Impossible(description: "an order in the book is worth too much") }
        return worth
    }

    private static func open(
        _ file: AccountFile, _ house: inout ClearingHouse, _ cross: AccountID,
        _ children: [Int: AccountID], _ journal: inout [Event]
    ) throws(Rejection) {
        for (index, position) in file.positions.enumerated()
        where !position.size.isZero || position.quote?.isZero == false {
            let account = children[index] ?? cross
            if !position.size.isZero {
                try house.seedPosition(
                    account, position.market, size: position.size, entry: position.entry,
                    into: &journal)
            }
            if let quote = position.quote {
                try house.seedResult(
                    account, position.market, Money(raw: quote.raw), into: &journal)
            }
            if let allowance = position.settleAllowance {
                house.seedSettlementAllowance(account, position.market, recurring: allowance)
            }
            if let pending = position.pendingImpact {
                house.seedImpact(account, position.market, pending: pending, into: &journal)
            }
            if let leverage = position.leverage {
                house.seedSetting(account, .leverage(position.market, leverage))
            }
        }
    }

    /// Others hold what the market and the assets have beyond this account.
    private static func surround(
        _ file: AccountFile, _ house: inout ClearingHouse, _ other: AccountID,
        _ journal: inout [Event]
    ) throws(Rejection) {
        for (index, size) in file.surroundings.openInterest.enumerated() {
            guard let size else { continue }
            let market = MarketID(index: index)
            let missing = size - house.openInterest(market)
            guard missing.isPositive else { continue }
            let feed = file.parameters.markets[index].feed.index
            // On the pool's side of the market, so that one side grows by just this much.
            let pool = house.position(ClearingHouse.liquidityPool, market).size
            try house.seedPosition(
                other, market, size: pool.isPositive ? -missing : missing,
                entry: file.prices[feed], into: &journal)
        }
        for (index, amount) in file.surroundings.deposits.enumerated() {
            guard let amount else { continue }
            let missing = amount - house.deposited(AssetID(index: index))
            guard missing.isPositive else { continue }
            house.mint(missing, of: AssetID(index: index), to: other, into: &journal)
        }
        for (index, amount) in file.surroundings.debts.enumerated() {
            guard let amount else { continue }
            let missing = amount - house.owed(AssetID(index: index))
            guard missing.isPositive else { continue }
            // Nobody both holds and owes: of each asset others have an account more.
            let debtor = house.addAccount(owner: Self.other, role: .margin)
            house.seedBalance(-missing, of: AssetID(index: index), to: debtor, into: &journal)
        }
        for (index, amount) in file.surroundings.badDebts.enumerated() {
            house.seedBalance(
                -(amount ?? .zero), of: AssetID(index: index), to: ClearingHouse.badDebt,
                into: &journal)
        }
        for (index, price) in file.surroundings.slowPrices.enumerated() {
            guard let price else { continue }
            house.seedSlowPrice(FeedID(index: index), price)
        }
    }

    /// Others hold what each side of a pool's market has beyond this account, and the pool what backs it.
    private static func back(
        _ file: AccountFile, _ house: inout ClearingHouse, _ journal: inout [Event]
    ) throws(Rejection) {
        let wanted = [
            (PoolSide.long, file.surroundings.longOpenInterest),
            (.short, file.surroundings.shortOpenInterest),
        ]
        for (side, sizes) in wanted {
            for (index, size) in sizes.enumerated() {
                let market = MarketID(index: index)
                guard let size, size > house.openInterest(market, side) else { continue }
                let missing = size - house.openInterest(market, side)
                let trader = house.addAccount(owner: Self.other, role: .margin)
                try house.seedPosition(
                    trader, market, size: side == .long ? missing : -missing,
                    entry: house.price(of: market), into: &journal)
            }
        }
        for (index, value) in file.surroundings.pool.enumerated() {
            guard let value, let terms = file.parameters.markets[index].pool?.terms else {
                continue
            }
            // One asset may back both sides, and then is shared by them.
            let sides: [(asset: AssetID, value: Money?)] =
                terms.longBacking == terms.shortBacking
                ? [(terms.longBacking, try? value.long.adding(value.short))]
                : [(terms.longBacking, value.long), (terms.shortBacking, value.short)]
            for (asset, value) in sides {
                guard
                    let value,
                    let amount = try? value.quantity(
                        at: house.price(of: asset), rounding: .nearest)
                else { throw .overflow }
                let missing = amount - max(.zero, house.balance(ClearingHouse.liquidityPool, asset))
                guard missing.isPositive else { continue }
                house.mint(missing, of: asset, to: ClearingHouse.liquidityPool, into: &journal)
            }
        }
        for (index, amount) in file.surroundings.impactPool.enumerated() {
            guard let amount else { continue }
            house.seedImpactPool(MarketID(index: index), amount, into: &journal)
        }
        house.seedPoolShares()
    }

    /// Gives the liquidator of every asset more than any step could ask for.
    private mutating func endow() throws(Impossible) {
        var journal: [Event] = []
        for index in file.parameters.assets.indices {
            let asset = AssetID(index: index)
            let needed = max(.zero, -house.balance(cross, asset))
            house.mint(needed + needed, of: asset, to: liquidator, into: &journal)
        }
        // Twice the value of every position, which any margin is less than.
        var total = Money.zero
        for position in file.positions {
            let terms = file.parameters.markets[position.market.index]
            let price = max(file.prices[terms.feed.index], position.entry)
            let value =
                terms.contract == .inverse
                ? Money(raw: position.size.magnitude.raw)
                : (try? position.size.magnitude.value(at: price, rounding: .up)) ?? .zero
            let quote = Money(raw: position.quote?.magnitude.raw ?? 0)
            guard let sum = try? total.adding(value).adding(quote) else {
                throw Impossible(description: "the positions are worth too much")
            }
            total = sum
        }
        // What positions lose may become a debt that is repaid from the wallet.
        let most = Quantity(raw: min(total.raw, Int64.max / 8) * 2)
        let settlement = file.parameters.settlementAsset
        house.mint(most, of: settlement, to: liquidator, into: &journal)
        guard file.parameters.liquidation.taker == .liquidator else { return }
        house.mint(most, of: settlement, to: liquidatorMargin, into: &journal)
        guard file.positions.contains(where: { $0.quote != nil }) else { return }
        // Where results are exchanged for other assets it gives these.
        for index in file.parameters.assets.indices
        where file.parameters.assets[index].borrowable && AssetID(index: index) != settlement {
            let owed = max(.zero, -house.balance(cross, AssetID(index: index)))
            house.mint(owed, of: AssetID(index: index), to: liquidatorMargin, into: &journal)
        }
    }

    /// Whoever pays for a step of this account's liquidation, and who sends it.
    func payer(for account: AccountID) -> (account: AccountID, sender: Address) {
        let policy = file.parameters.liquidation
        let takesOver = policy.taker == .liquidator && house.account(account).markets != 0
        return (
            takesOver ? liquidatorMargin : liquidator,
            policy.caller == .venue ? .system : Self.keeper
        )
    }
}
