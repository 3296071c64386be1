extension Invariant {
    /// The sentence that is always true.
    public var meaning: String {
        switch self {
        case .balancesSumToZero: "The sum over all accounts of each asset's balances is zero."
        case .sizesSumToZero: "The sum over all accounts of each market's sizes is zero."
        case .costEqualsClearing:
            "Each market's open cost and its clearing account's balance sum to zero."
        case .walletsArePlain: "A wallet owes nothing and holds no position."
        case .insuranceFundNotNegative: "The insurance fund is never negative."
        case .badDebtNotPositive: "The bad-debt account never holds anything."
        case .flatPositionHasNoCost: "A flat position has no cost, where closing pays results."
        case .holdingBitsAgree:
            "The bits that say what an account holds agree with what it holds."
        case .openInterestAgrees:
            "The recorded open interest is the sum of the long sizes, the recorded open cost that of all costs."
        case .isolatedInItsMarket: "An isolated child holds no position but in its market."
        case .fundingIsHeld:
            "Funding held and funding still to be paid cover what is still owed to receivers."
        case .booksAreWellFormed:
            "Every book is well formed, and every resting order belongs to a margin account."
        case .depositsAgree:
            "The recorded deposits and debts are the sums of margin accounts' positive and negative balances."
        case .auctionLotsAreHeld:
            "The auction account holds of each asset just what open auctions have for sale."
        case .auctionPrincipalIsOwed:
            "The auction account owes just what open auctions have not raised yet of the debts that came with the lots."
        case .bidsAreHeld: "The bids account holds just the bids that stand."
        case .auctionDebtsAgree:
            "The recorded debts in auctions are the sums of what open auctions are to raise."
        case .openAuctionsAgree: "The open auctions are those that are not over, in order."
        case .marksAgree:
            "A mark is there wherever its index is, and the sum of its samples is theirs."
        case .executionFeesAreHeld:
            "The escrow account holds just what the requests that wait have set aside for their execution."
        case .requestsAreInOrder:
            "The requests that wait are in the order in which they were asked for."
        case .entriesAgree:
            "What an open size is recorded to have cost at entry has its sign; a flat position has none."
        case .settledMarketsAreClosed:
            "A settled market has no order, and no position but where these are closed one after the other."
        case .woundUpMarketsShrink:
            "The open interest of a market that is wound up is never above what it was when that began."
        case .impactIsAccounted:
            "Price impact waits only with an open position, and the claims account holds just what may be claimed back."
        case .poolSharesAgree:
            "The pool's shares are the sum of what accounts own of it, none of them negative."
        case .orderBitsAgree:
            "The bits that say where an account has orders agree with the books."
        case .spotReservesAreHeld:
            "The spot escrow holds of each asset just what open spot orders have set aside."
        case .spotReservesAgree:
            "What each account is recorded to have set aside is what its resting spot orders do, with their best prices."
        case .spotPotentialAgrees:
            "What open spot orders may bring of each asset is the sum over all accounts."
        }
    }
}
