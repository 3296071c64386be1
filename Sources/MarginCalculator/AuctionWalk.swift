import ExactMath
import MarginProtocol
import MarginRules
import Scenarios

extension LiquidationStep {
    /// The start of an auction, as quoted.
    init(_ account: CalculatedAccount, auction quote: AuctionQuote) {
        let parameters = account.file.parameters
        let mark = account.house.price(of: quote.asset)
        let owed = -account.house.balance(quote.account, parameters.settlementAsset)
        let penalty = Money(raw: quote.debt.raw - quote.principal.raw)
        let top = quote.top.flatMap { try? $0.rounded(to: Price.self, .up) }
        self.init(
            kind: .auction, what: parameters.assets[quote.asset.index].name, amount: quote.lot,
            repaidAsset: parameters.assets[parameters.settlementAsset.index].name,
            repaid: quote.principal, price: top ?? mark, mark: mark, bankruptcyPrice: nil,
            bonus: parameters.auctions?.penalty ?? .zero,
            closeFactor: (try? Ratio(quote.principal, over: owed, rounding: .nearest)) ?? .one,
            penalty: penalty, toLiquidator: Money(raw: quote.reward.raw), toInsurance: penalty,
            deficit: .zero)
    }

    /// A step of an auction's sale, as it was recorded.
    init(_ account: CalculatedAccount, change: AuctionChange, kind: Kind) {
        let parameters = account.file.parameters
        let settled = change.kind == .bid ? change.bid : change.paid
        self.init(
            kind: kind, what: parameters.assets[change.asset.index].name,
            amount: change.kind == .bid ? change.lot : change.bought,
            repaidAsset: parameters.assets[parameters.settlementAsset.index].name,
            repaid: settled, price: change.price, mark: change.oraclePrice, bankruptcyPrice: nil,
            bonus: .zero, closeFactor: .one, penalty: .zero, toLiquidator: .zero,
            toInsurance: .zero, deficit: Money(raw: change.uncovered.raw))
    }
}

extension CalculatedAccount {
    /// A step of a sale, and how the account stands after it.
    struct SaleStep {
        var step: LiquidationStep
        var events: [Event]
        var after: CalculatedAccount
    }

    /// The auction that would be started next: of the collateral that is worth most; nil where none would.
    func auctionQuote(_ id: AccountID) -> AuctionQuote? {
        guard file.parameters.auctions != nil else { return nil }
        var best: AuctionQuote?
        var most = Money(raw: -1)
        for index in file.parameters.assets.indices {
            let asset = AssetID(index: index)
            guard let quote = try? house.quoteAuction(of: id, selling: asset) else { continue }
            let value =
                (try? quote.lot.value(at: house.price(of: asset), rounding: .down)) ?? .zero
            if value > most { (best, most) = (quote, value) }
        }
        return best
    }

    /// Sells everything in auctions to somebody to whom it is worth the protocol's price.
    ///
    /// In a Dutch auction that buyer waits until the price has come down to it; in an English one it bids it, and has
    /// the lot when the bid has stood for its time.
    mutating func sellOpenAuctions() -> [SaleStep] {
        var steps: [SaleStep] = []
        while let id = house.openAuctions.first {
            let count = steps.count
            switch house.auction(id).form {
            case .dutch: buyDutch(id, &steps)
            case .english: bidEnglish(id, &steps)
            }
            // An auction that nobody can buy from stays open.
            guard steps.count > count else { break }
        }
        return steps
    }

    private mutating func buyDutch(_ id: AuctionID, _ steps: inout [SaleStep]) {
        let auction = house.auction(id)
        let unit = house.price(of: file.parameters.settlementAsset)
        let mark = house.price(of: auction.asset)
        guard let worth = try? Fixed18(mark).divided(by: Fixed18(unit), rounding: .down) else {
            return
        }
        // No curve falls more often than once a second, and a day is longer than any auction runs.
        var elapsed = TimeSpan.zero
        while elapsed < TimeSpan(seconds: 86_400),
            let status = house.auctionStatus(id, at: house.time + elapsed), !status.needsRestart
        {
            if status.price <= worth {
                advance(by: elapsed)
                let limit = (try? status.price.rounded(to: Price.self, .up)) ?? mark
                run(
                    .takeAuction(
                        id, wallet: liquidator, atMost: auction.lot, maximumPrice: limit),
                    .purchase, &steps)
                return
            }
            elapsed = elapsed + TimeSpan(seconds: 1)
        }
    }

    private mutating func bidEnglish(_ id: AuctionID, _ steps: inout [SaleStep]) {
        guard case .english(let policy) = file.parameters.auctions?.form else { return }
        let auction = house.auction(id)
        let unit = house.price(of: file.parameters.settlementAsset)
        let value = try? auction.lot.value(at: house.price(of: auction.asset), rounding: .down)
        guard let worth = try? value?.quantity(at: unit, rounding: .down) else { return }
        let bid = max(Quantity(raw: 1), min(auction.debt, worth))
        run(.bidAuction(id, wallet: liquidator, lot: auction.lot, bid: bid), .bid, &steps)
        if worth > auction.debt,
            let lot = try? multiply(
                auction.lot.raw, auction.debt.raw, dividingBy: worth.raw, rounding: .up)
        {
            // Refused where that would lower the lot by less than the minimum; then the whole lot is won.
            run(
                .bidAuction(
                    id, wallet: liquidator, lot: Quantity(raw: lot), bid: auction.debt), .bid,
                &steps)
        }
        advance(by: policy.terms.bidLifetime + TimeSpan(milliseconds: 1))
        run(.settleAuction(id), .settlement, &steps)
    }

    private mutating func advance(by span: TimeSpan) {
        var journal: [Event] = []
        house.advance(to: house.time + span, into: &journal)
    }

    /// Runs a command of the buyer's, where the law takes it, and notes the step.
    private mutating func run(
        _ command: Command, _ kind: LiquidationStep.Kind, _ steps: inout [SaleStep]
    ) {
        var journal: [Event] = []
        guard
            (try? house.execute(command, from: payer(for: cross).sender, into: &journal)) != nil
        else { return }
        for case .auctionChanged(let change) in journal {
            steps.append(
                SaleStep(
                    step: LiquidationStep(self, change: change, kind: kind), events: journal,
                    after: self))
        }
    }
}
