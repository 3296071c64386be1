public import ExactMath
import MarginProtocol
import Scenarios

/// One step of a liquidation, as quoted by the law and in a venue's words.
public struct LiquidationStep: Sendable {
    public enum Kind: String, Sendable {
        /// A position is closed, or taken over.
        case position
        /// A position is closed against orders in the book.
        case order
        /// Holders of the other side give theirs up for it.
        case deleveraging
        /// The backstop vault takes the whole account over.
        case takeover
        /// Collateral is seized for a repaid debt.
        case collateral
        /// The protocol takes everything over.
        case absorption
        /// The pool takes all collateral, and answers for the positions from there on.
        case flag
        /// Nothing is left to take; what is owed is booked.
        case deficit
        /// Collateral goes to an auction, and debt with it.
        case auction
        /// A result that stayed with its position is taken over.
        case result
        /// Open spot orders are taken back, and that is enough.
        case cancellation
        /// Nobody takes a loss over: others bear it.
        case lossLeft = "loss left"
        /// Somebody buys from a Dutch auction.
        case purchase
        /// A bid in an English auction: for the whole lot, or for less of it.
        case bid
        /// The winner has the lot, and its bid pays the debt.
        case settlement
    }
    public var kind: Kind
    /// The market of a position, or the seized asset.
    public var what: String
    /// What is taken: the change of a position's size, or the amount seized. [1e-8 units]
    public var amount: Quantity
    /// The repaid asset, and how much of it; nil for a position.
    public var repaidAsset: String?
    public var repaid: Quantity?
    /// At what price it changes hands: bankruptcy price, where the account leaves all its equity with it.
    public var price: Price
    /// The protocol's own price.
    public var mark: Price
    public var bankruptcyPrice: Price?
    /// The discount on seized collateral, or the penalty on closed notional.
    public var bonus: Ratio
    /// The share of the position, or of the debt, that this step takes.
    public var closeFactor: Ratio
    /// [1e-8 USD]
    public var penalty: Money
    public var toLiquidator: Money
    public var toInsurance: Money
    /// What would be left unpaid after the step. [1e-8 USD]
    public var deficit: Money
}

extension LiquidationStep {
    /// The next step, or nil where the law refuses one.
    ///
    /// Several positions that go at once are one step, described by the first.
    init?(_ account: CalculatedAccount, _ id: AccountID) {
        if let quote = account.auctionQuote(id) {
            self.init(account, auction: quote)
        } else {
            self.init(account, id, quote: account.quote(id))
        }
    }

    init?(_ account: CalculatedAccount, _ id: AccountID, quote: LiquidationQuote?) {
        guard let quote else { return nil }
        let parameters = account.file.parameters
        let policy = parameters.liquidation
        let after = account.deficit(after: id)
        switch quote.step {
        case .positions(let parts):
            guard let part = parts.first else { return nil }
            let held = account.house.position(id, part.market).size.magnitude
            let isMarket = part.taker == .pool || part.taker == .liquidator
            let rule = policy.closingPrice(closing: part.size, of: held)
            let taken = isMarket && rule == .bankruptcy ? part.bankruptcyPrice : part.price
            self.init(
                kind: Self.kind(part.taker),
                what: parts.map { parameters.markets[$0.market.index].name }.joined(separator: "+"),
                amount: part.size, repaidAsset: nil, repaid: nil, price: taken ?? part.price,
                mark: account.house.price(of: part.market), bankruptcyPrice: part.bankruptcyPrice,
                bonus: isMarket && (rule == .mark || rule == .pool)
                    ? policy.penalty : .zero,
                closeFactor: Self.share(part.size.magnitude, held),
                penalty: Self.worth(
                    parts.reduce(quote.keeperReward) { $0 + $1.penalty + $1.fee }, account),
                toLiquidator: Self.worth(
                    parts.reduce(quote.keeperReward) { $0 + $1.toLiquidator }, account),
                toInsurance: Self.worth(parts.reduce(.zero) { $0 + $1.toInsurance }, account),
                deficit: after)
        case .collateral(let part):
            let price = account.house.price(of: part.seize)
            let owed = -account.house.balance(id, part.repay)
            let fee =
                (try? part.repaidToInsurance.value(
                    at: account.house.price(of: part.repay), rounding: .down)) ?? .zero
            let fund = ((try? part.toInsurance.value(at: price, rounding: .down)) ?? .zero) + fee
            self.init(
                kind: .collateral,
                what: ([part.seize] + part.others.map(\.asset))
                    .map { parameters.assets[$0.index].name }.joined(separator: "+"),
                amount: part.seized, repaidAsset: parameters.assets[part.repay.index].name,
                repaid: part.repaid, price: price, mark: price, bankruptcyPrice: nil,
                bonus: account.house.liquidationBonus(of: part.seize, in: id),
                closeFactor: Self.share(part.repaid, owed), penalty: part.bonus + fund,
                toLiquidator: part.bonus, toInsurance: fund, deficit: after)
        case .absorption(let part):
            guard let first = part.seized.first else { return nil }
            let price = account.house.price(of: first.asset)
            let loss = max(.zero, -part.shortfall)
            self.init(
                kind: .absorption,
                what: part.seized.map { parameters.assets[$0.asset.index].name }
                    .joined(separator: "+"), amount: first.delta,
                repaidAsset: part.repaid.first.map { parameters.assets[$0.asset.index].name },
                repaid: part.repaid.first?.delta, price: price, mark: price, bankruptcyPrice: nil,
                bonus: account.house.liquidationBonus(of: first.asset, in: id),
                closeFactor: .one, penalty: part.value - part.creditedValue, toLiquidator: .zero,
                toInsurance: part.value - part.creditedValue, deficit: loss)
        case .flag(let part):
            let first = part.seized.first?.asset ?? parameters.settlementAsset
            let price = account.house.price(of: first)
            self.init(
                kind: .flag,
                what: part.seized.map { parameters.assets[$0.asset.index].name }
                    .joined(separator: "+"), amount: part.seized.first?.delta ?? .zero,
                repaidAsset: part.repaid.first.map { parameters.assets[$0.asset.index].name },
                repaid: part.repaid.first?.delta, price: price, mark: price, bankruptcyPrice: nil,
                bonus: .zero, closeFactor: .one, penalty: part.reward, toLiquidator: part.reward,
                toInsurance: .zero, deficit: max(.zero, -part.balance))
        case .result(let part):
            let given = part.given.isZero ? nil : part.given
            let mark = account.house.price(of: part.market)
            let penalty = part.bonus + (part.position?.penalty ?? .zero)
            self.init(
                kind: part.taken.isZero ? .lossLeft : .result,
                what: parameters.markets[part.market.index].name,
                amount: Quantity(raw: part.taken.raw),
                repaidAsset: given.map { _ in parameters.assets[part.asset.index].name },
                repaid: given, price: mark, mark: mark, bankruptcyPrice: nil, bonus: .zero,
                closeFactor: .one, penalty: penalty,
                toLiquidator: part.bonus + (part.position?.toLiquidator ?? .zero),
                toInsurance: part.position?.toInsurance ?? .zero, deficit: after)
        case .deficit, .cancellation:
            let unit = parameters.settlementAsset
            var kind = Kind.deficit
            if case .cancellation = quote.step { kind = .cancellation }
            self.init(
                kind: kind, what: parameters.assets[unit.index].name, amount: .zero,
                repaidAsset: nil, repaid: nil, price: account.house.price(of: unit),
                mark: account.house.price(of: unit), bankruptcyPrice: nil, bonus: .zero,
                closeFactor: .one, penalty: .zero, toLiquidator: .zero, toInsurance: .zero,
                deficit: after)
        }
    }

    /// What a contract pays in its settlement asset is a sum of dollars, but where contracts are inverse.
    private static func worth(_ sum: Money, _ account: CalculatedAccount) -> Money {
        let parameters = account.file.parameters
        guard parameters.markets.contains(where: { $0.contract == .inverse }) else { return sum }
        let price = account.house.price(of: parameters.settlementAsset)
        return (try? Quantity(raw: sum.raw).value(at: price, rounding: .nearest)) ?? sum
    }

    private static func kind(_ taker: LiquidationQuote.Taker) -> Kind {
        switch taker {
        case .pool, .liquidator: .position
        case .deleveraged: .deleveraging
        case .book: .order
        case .backstop: .takeover
        }
    }

    private static func share(_ part: Quantity, _ whole: Quantity) -> Ratio {
        (try? Ratio(part, over: whole, rounding: .nearest)) ?? .one
    }
}

extension CalculatedAccount {
    /// The law's quote of the next step; nil where it refuses one.
    func quote(_ id: AccountID) -> LiquidationQuote? {
        try? house.quoteLiquidation(of: id, payer: payer(for: id).account)
    }

    /// The deficit that the next step would leave, found by running it on a copy.
    func deficit(after id: AccountID) -> Money {
        var trial = self
        guard let events = try? trial.step(id) else { return .zero }
        return events.reduce(.zero) { sum, event in
            if case .liquidated(let step) = event { sum + step.deficit } else { sum }
        }
    }

    /// Runs the next step.
    mutating func step(_ id: AccountID) throws(Rejection) -> [Event] {
        let payer = payer(for: id)
        var journal: [Event] = []
        if let quote = auctionQuote(id) {
            try house.execute(
                .startAuction(account: id, asset: quote.asset, keeper: liquidator),
                from: payer.sender, into: &journal)
            return journal
        }
        try house.execute(
            .liquidate(account: id, payer: payer.account, target: .next), from: payer.sender,
            into: &journal)
        return journal
    }
}
