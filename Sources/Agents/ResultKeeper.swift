import Chain
public import ExactMath
public import MarginProtocol

/// The venue's own keeper where results stay with positions: it settles profits against losses of the same market, and runs the
/// liquidation steps that nobody else has to do with, in which others bear a loss.
///
/// Accounts that are being liquidated come first, then the largest results; the pool is one account among the others. It pays
/// the gas itself.
public struct ResultKeeper: Agent {
    /// It looks every so many blocks.
    public static let pollEvery: Int64 = 20
    /// The most settlements of a market that it sends at once.
    public static let maximumSettlements = 8
    /// Less is left to wait. [1e-8 of the settlement asset]
    public static let leastSettled = Quantity(whole: 1)
    private static let fee = FeePolicy.multipleOfBase(Ratio(percent: 125))

    public let address: Address
    /// Stands for the payer of steps that nobody pays for.
    public let wallet: AccountID
    private var pending: Set<Int64> = []
    private var lastTag: Int64 = 0

    public init(address: Address, wallet: AccountID) {
        self.address = address
        self.wallet = wallet
    }

    public var addresses: ClosedRange<Int32> { address.raw...address.raw }

    public mutating func decide(_ view: borrowing View) -> Actions {
        guard view.block % Self.pollEvery == 0, pending.isEmpty else { return Actions() }
        var commands: [Command] = []
        for index in view.house.parameters.markets.indices {
            commands += settlements(MarketID(index: index), view)
        }
        for account in view.liquidatable where paysNobody(account, view) {
            commands.append(.liquidate(account: account, payer: wallet, target: .next))
        }
        var requests: [Request] = []
        for command in commands {
            guard
                let bid = Self.fee.bid(
                    profit: nil, gas: view.gasAmount(of: command),
                    going: view.entryPrice(for: Self.fee), native: view.nativePrice)
            else { continue }
            lastTag += 1
            pending.insert(lastTag)
            requests.append(
                Request(
                    tag: lastTag, sender: address, command: command, maxFee: bid, maxTip: bid,
                    lifetime: view.blocks(patienceInBlocks)))
        }
        return Actions(requests: requests)
    }

    public mutating func learn(_ outcome: Outcome) {
        if case .pending = outcome.result { return }
        pending.remove(outcome.tag)
    }

    private func paysNobody(_ account: AccountID, _ view: borrowing View) -> Bool {
        guard let quote = try? view.house.quoteLiquidation(of: account, payer: wallet),
            case .result(let part) = quote.step
        else { return false }
        return part.taken.isZero
    }

    private struct Holder: Comparable {
        var account: AccountID
        var isDue: Bool
        var amount: Money

        /// The most urgent first.
        static func < (a: Holder, b: Holder) -> Bool {
            if a.isDue != b.isDue { return a.isDue }
            return (b.amount, a.account) < (a.amount, b.account)
        }
    }

    /// Pairs the most urgent profits with the most urgent losses, each account once.
    private func settlements(_ market: MarketID, _ view: borrowing View) -> [Command] {
        let price = view.house.price(of: market)
        guard price.isPositive else { return [] }
        var winners: [Holder] = []
        var losers: [Holder] = []
        for raw in view.house.accountIDs {
            let id = AccountID(raw)
            let position = view.house.position(id, market)
            guard !position.size.isZero || !position.cost.isZero else { continue }
            let result = view.house.unrealizedProfit(id, market, at: price)
            let holder = Holder(
                account: id, isDue: view.house.isBeingLiquidated(id), amount: result.magnitude)
            guard holder.amount.raw >= Self.leastSettled.raw else { continue }
            if result.isNegative { losers.append(holder) } else { winners.append(holder) }
        }
        losers.sort()
        var found: [Command] = []
        for winner in winners.sorted() where found.count < Self.maximumSettlements {
            for (place, loser) in losers.prefix(Self.maximumSettlements).enumerated() {
                let quote = try? view.house.quoteSettlement(
                    market, winner: winner.account, loser: loser.account)
                guard let quote, quote.amount >= Self.leastSettled else { continue }
                found.append(
                    .settleResult(market, winner: winner.account, loser: loser.account))
                losers.remove(at: place)
                break
            }
        }
        return found
    }
}
