import ExactMath
import OrderBook

/// What is always true of a ``ClearingHouse``; numbered for good.
///
/// Checked after every block, and after every command under `--paranoid` and in fuzzing. The database
/// states the same in its `breach_…` views, by other code.
public enum Invariant: Int, CaseIterable, Sendable, Hashable {
    /// The sum over all accounts of each asset's balances is zero.
    case balancesSumToZero = 1
    /// The sum over all accounts of each market's sizes is zero.
    case sizesSumToZero = 2
    /// Each market's open cost and its clearing account's balance sum to zero.
    case costEqualsClearing = 3
    /// A wallet owes nothing and holds no position.
    case walletsArePlain = 4
    /// The insurance fund is never negative.
    case insuranceFundNotNegative = 5
    /// The bad-debt account never holds anything.
    case badDebtNotPositive = 6
    /// A flat position has no cost, where closing pays results.
    case flatPositionHasNoCost = 7
    /// The bits that say what an account holds agree with what it holds.
    case holdingBitsAgree = 8
    /// The recorded open interest is the sum of the long sizes, the recorded open cost that of all costs.
    case openInterestAgrees = 9
    /// An isolated child holds no position but in its market.
    case isolatedInItsMarket = 10
    /// Funding held, with what payers still owe, covers what receivers are still owed.
    case fundingIsHeld = 11
    /// Every book is well formed, and every resting order belongs to a margin account.
    case booksAreWellFormed = 12
    /// The recorded deposits and debts are the sums of margin accounts' positive and negative balances.
    case depositsAgree = 13
    /// The auction account holds of each asset just what open auctions have for sale.
    case auctionLotsAreHeld = 25
    /// The auction account owes just what open auctions have not raised yet of the debts that came with the lots.
    case auctionPrincipalIsOwed = 26
    /// The bids account holds just the bids that stand.
    case bidsAreHeld = 27
    /// The recorded debts in auctions are the sums of what open auctions are to raise.
    case auctionDebtsAgree = 28
    /// The open auctions are those that are not over, in order.
    case openAuctionsAgree = 29
    /// A mark is there wherever its index is, and the sum of its samples is theirs.
    case marksAgree = 30
    /// The escrow account holds just what the requests that wait have set aside for their execution.
    case executionFeesAreHeld = 35
    /// The requests that wait are in the order in which they were asked for.
    case requestsAreInOrder = 36
    /// What an open size is recorded to have cost at entry has its sign; a flat position has none.
    case entriesAgree = 37
    /// A settled market has no order, and no position but where these are closed one after the other.
    case settledMarketsAreClosed = 41
    /// The open interest of a market that is wound up is never above what it was when that began.
    case woundUpMarketsShrink = 42
    /// Price impact waits only with an open position, and the claims account holds just what may be claimed back.
    case impactIsAccounted = 43
    /// The pool's shares are the sum of what accounts own of it, none of them negative.
    case poolSharesAgree = 44
    /// The bits that say where an account has orders agree with the books.
    case orderBitsAgree = 50
    /// The spot escrow holds of each asset just what open spot orders have set aside.
    case spotReservesAreHeld = 55
    /// What each account is recorded to have set aside is what its resting spot orders do, with their best prices.
    case spotReservesAgree = 56
    /// What open spot orders may bring of each asset is the sum over all accounts.
    case spotPotentialAgrees = 57
}

/// An invariant that does not hold: a bug of the engine, never of the input.
public struct Breach: Error, Hashable, Sendable, CustomStringConvertible {
    public var invariant: Invariant
    public var detail: String
    public var description: String {
        "invariant \(invariant.rawValue) (\(invariant)) is broken: \(detail)"
    }
}

extension ClearingHouse {
    /// Every invariant that does not hold, in order of number.
    public func breaches() -> [Breach] {
        var found: [Breach] = []
        checkAssets(&found)
        checkMarkets(&found)
        checkAccounts(&found)
        checkAuctions(&found)
        checkMarks(&found)
        checkRequests(&found)
        if tracksResults { checkResults(&found) }
        checkWindingUp(&found)
        checkImpact(&found)
        checkPoolShares(&found)
        checkOrderBits(&found)
        checkSpotOrders(&found)
        return found.sorted { $0.invariant.rawValue < $1.invariant.rawValue }
    }

    private func checkAssets(_ found: inout [Breach]) {
        for asset in 0..<assetCount {
            var sum: Int128 = 0
            var deposited: Int64 = 0
            var owed: Int64 = 0
            for account in accounts.indices {
                let balance = balances[account * assetCount + asset]
                sum += Int128(balance)
                if accounts[account].role == .margin {
                    deposited += max(0, balance)
                    owed -= min(0, balance)
                }
            }
            let name = parameters.assets[asset].name
            if sum != 0 {
                found.append(Breach(invariant: .balancesSumToZero, detail: "\(name): \(sum)"))
            }
            let row = assetRows[asset]
            if deposited != row.deposited.raw || owed != row.owed.raw {
                found.append(
                    Breach(
                        invariant: .depositsAgree,
                        detail: "\(name): holds \(deposited), not \(row.deposited.raw), "
                            + "owes \(owed), not \(row.owed.raw)"))
            }
            let fund = balance(Self.insuranceFund, AssetID(index: asset))
            if fund.isNegative {
                found.append(
                    Breach(invariant: .insuranceFundNotNegative, detail: "\(name): \(fund)"))
            }
            let debt = balance(Self.badDebt, AssetID(index: asset))
            if debt.isPositive {
                found.append(Breach(invariant: .badDebtNotPositive, detail: "\(name): \(debt)"))
            }
        }
    }

    private func checkMarkets(_ found: inout [Breach]) {
        for market in 0..<marketCount {
            let id = MarketID(index: market)
            let name = parameters.markets[market].name
            var sizes: Int128 = 0
            var long: Int128 = 0
            var cost: Int128 = 0
            var openCost: Int128 = 0
            var pending: Int128 = 0
            for account in accounts.indices {
                let position = positions[account * marketCount + market]
                sizes += Int128(position.size.raw)
                long += Int128(max(0, position.size.raw))
                cost += Int128(position.cost.raw)
                openCost += Int128(position.cost.magnitude.raw)
                if position.size.raw == 0, position.cost.raw != 0, !keepsResults {
                    found.append(
                        Breach(
                            invariant: .flatPositionHasNoCost,
                            detail: "account \(account) in \(name): \(position.cost)"))
                }
                pending += Int128(pendingCharges(account, position, market))
            }
            if sizes != 0 {
                found.append(Breach(invariant: .sizesSumToZero, detail: "\(name): \(sizes)"))
            }
            let settlementAsset = parameters.settlementAsset
            let clearing = balance(Self.clearing(id), settlementAsset)
            if cost + Int128(clearing.raw) != 0 {
                found.append(
                    Breach(
                        invariant: .costEqualsClearing,
                        detail: "\(name): cost \(cost), clearing \(clearing.raw)"))
            }
            let row = marketRows[market]
            if long != Int128(row.longOpenInterest.raw) || openCost != Int128(row.openCost.raw) {
                found.append(
                    Breach(
                        invariant: .openInterestAgrees,
                        detail: "\(name): \(long), not \(row.longOpenInterest.raw), "
                            + "at a cost of \(openCost), not \(row.openCost.raw)"))
            }
            // Each settlement rounds up by less than a unit, so what is held never falls short.
            let held = Int128(balance(Self.funding(id), settlementAsset).raw)
            if held + pending < 0 {
                found.append(
                    Breach(
                        invariant: .fundingIsHeld,
                        detail: "\(name): holds \(held), still to come \(pending)"))
            }
            if let problem = books[market].breachedInvariant() {
                found.append(
                    Breach(invariant: .booksAreWellFormed, detail: "\(name): \(problem)"))
            }
            for side in Side.allCases {
                for order in books[market].resting(side)
                where !accounts.indices.contains(Int(order.owner))
                    || accounts[Int(order.owner)].role != .margin
                {
                    found.append(
                        Breach(
                            invariant: .booksAreWellFormed,
                            detail: "\(name): \(order.id) belongs to no margin account"))
                }
            }
        }
    }

    private func checkAccounts(_ found: inout [Breach]) {
        for (index, account) in accounts.enumerated() {
            var assets: UInt64 = 0
            var markets: UInt64 = 0
            for asset in 0..<assetCount {
                let balance = balances[index * assetCount + asset]
                if balance != 0 { assets |= 1 << UInt64(asset) }
                if account.role == .wallet, balance < 0 {
                    found.append(
                        Breach(
                            invariant: .walletsArePlain,
                            detail: "wallet \(index) owes \(balance) of asset \(asset)"))
                }
            }
            for market in 0..<marketCount
            where positions[index * marketCount + market].size.raw != 0
                || (keepsResults && positions[index * marketCount + market].cost.raw != 0)
            {
                markets |= 1 << UInt64(market)
            }
            if assets != account.assets || markets != account.markets {
                found.append(Breach(invariant: .holdingBitsAgree, detail: "account \(index)"))
            }
            if account.role == .wallet, markets != 0 {
                found.append(
                    Breach(invariant: .walletsArePlain, detail: "wallet \(index) has a position"))
            }
            if let only = account.isolatedMarket, account.role == .margin,
                markets & ~(1 << UInt64(only.raw)) != 0
            {
                found.append(Breach(invariant: .isolatedInItsMarket, detail: "account \(index)"))
            }
        }
    }
}
