extension Rejection {
    /// A rejection as the reference and the database know it.
    public struct Entry: Hashable, Sendable {
        public var code: Int
        public var name: String
        public var meaning: String
    }

    /// Every rejection, in order of number.
    public static let catalogue: [Entry] = [
        entry(
            101, "amountNotPositive", "An amount, size or price in the command is zero or negative."
        ),
        entry(102, "unknownAccount", "The command names an account that does not exist."),
        entry(103, "unknownAsset", "The command names an asset that does not exist."),
        entry(104, "unknownMarket", "The command names a market that does not exist."),
        entry(105, "unknownFeed", "The command names a price feed that does not exist."),
        entry(106, "sameAccount", "Both accounts of the command are the same."),
        entry(107, "wrongRole", "An account has a role for which the command makes no sense."),
        entry(
            108, "parameterInvalid",
            "A parameter of the command, or a new protocol parameter, is not valid."),
        entry(201, "senderNotOwner", "The sender neither owns the account nor is its delegate."),
        entry(202, "senderNotReporter", "The sender may not post to this feed."),
        entry(203, "senderNotGovernance", "Only governance may do this."),
        entry(204, "senderNotSystem", "Only the simulator itself may do this."),
        entry(205, "ownersDiffer", "The two accounts belong to different owners."),
        entry(206, "senderNotVenue", "Only the venue's own engine liquidates here."),
        entry(301, "paused", "Governance has paused this action."),
        entry(302, "priceMissing", "A price that is needed has never been posted."),
        entry(303, "priceStale", "A price that is needed is older than its feed allows."),
        entry(321, "priceUncertain", "A price that is needed is less certain than a guard allows."),
        entry(
            322, "priceDiverges",
            "A price that is needed is further from the one before, or from its average, than a guard allows."
        ),
        entry(323, "sequencerDown", "The uptime feed says that the sequencer is down."),
        entry(
            324, "sequencerGracePeriod",
            "The sequencer is up again, but not for longer than the grace period."),
        entry(325, "priceOutOfBounds", "A price that is needed is beyond a guard's bounds."),
        entry(
            326, "priceInvalid",
            "A price that is needed is in a state in which this action does not go on."),
        entry(
            341, "wouldWorsen",
            "The seizure would leave more debt for each unit of collateral than there was."),
        entry(
            350, "noOrderWithinLimit",
            "No order in the book takes any of the position within the liquidation's limit, and nobody else does."
        ),
        entry(360, "requestNeeded", "Trades against the pool are asked for first here."),
        entry(361, "noRequests", "Trades are executed at once here: there are no requests."),
        entry(
            362, "unknownRequest",
            "No such request waits: it never was, or has been executed or taken back."),
        entry(
            363, "requestFrozen",
            "The request's execution has failed; its owner may take it back."),
        entry(
            364, "priceOutsideWindow",
            "A price is older than what it is needed for, or from after its time."),
        entry(365, "requestExpired", "The request was to be executed earlier."),
        entry(366, "requestNotExpired", "The request may still be executed."),
        entry(
            367, "requestNotDue",
            "The request may not be executed yet: its window has not begun, or the price is not at its limit."
        ),
        entry(
            368, "deleveragingNotEnabled",
            "The pool closes nobody here now: the winners' profit is not so large, or nobody has looked since it is."
        ),
        entry(
            369, "deleveragingRefused",
            "The closing would not lower the share of the winners' profit, or lower it too far."),
        entry(
            380, "liquidationGrace",
            "After a pause, nothing of the asset is seized or repaid by liquidations for a while."),
        entry(401, "insufficientBalance", "The account holds less than the command moves."),
        entry(
            402, "insufficientMargin", "Afterwards the account would not meet its initial margin."),
        entry(403, "assetNotBorrowable", "The asset may not be borrowed."),
        entry(
            404, "depositCapExceeded",
            "All accounts together would hold more of the asset than its cap."),
        entry(
            405, "isolatedOnlyFromParent",
            "An isolated account is funded from and paid out to its parent only."),
        entry(
            406, "borrowCapExceeded",
            "All accounts together would owe more of the asset than its cap."),
        entry(
            407, "insufficientLiquidity",
            "More of the asset would leave than is supplied and not on loan."),
        entry(
            408, "nothingToSettle",
            "There is no profit here and no loss there of which anything may be settled now."),
        entry(
            409, "settledOnClosing",
            "Closing a position pays its result here: there is nothing to settle or take over."),
        entry(
            411, "beingLiquidated",
            "The account's liquidation has begun and not ended: nothing may leave or be opened."),
        entry(
            421, "belowMinimumDebt",
            "The account would be left with a debt that is smaller than debts may be."),
        entry(
            422, "marketReduceOnly",
            "The market is being wound up: positions may only become smaller."),
        entry(423, "marketSettled", "The market is settled: nobody trades in it any more."),
        entry(
            430, "nothingToClaim",
            "Nothing is held for the account that may be claimed yet."),
        entry(431, "noPoolShares", "Nobody may own a part of this protocol's pool."),
        entry(432, "assetNotInPool", "The asset backs no positions, so the pool does not take it."),
        entry(433, "poolCapExceeded", "The pool would hold more of the asset than it takes."),
        entry(
            434, "poolProfitTooHigh",
            "Traders' profit is too large a share of what backs it: the pool's token has no fair price."
        ),
        entry(435, "poolWorthless", "The pool is worth nothing to its depositors."),
        entry(436, "receivedTooLittle", "Less would be received than was asked for, or nothing."),
        entry(437, "insufficientShares", "The account owns less of the pool than it gives back."),
        entry(
            438, "poolReserveExceeded", "Positions reserve more than the pool would have left."),
        entry(
            440, "noAccountMarginRatio",
            "Owners choose no margin ratio for a whole account under these rules."),
        entry(460, "unknownSpotMarket", "The command names a spot market that does not exist."),
        entry(
            461, "isolatedHasNoSpot", "An isolated account has one market, and no spot orders."),
        entry(
            462, "nothingToMatchInSpot",
            "An order that may not rest meets none in the spot market's book at its price."),
        entry(
            470, "priceStaleForMargin",
            "At so old a price risk may change hands, but the market's open interest does not grow."
        ),
        entry(501, "marketNotAllowed", "An isolated account trades its own market only."),
        entry(502, "noPool", "The market has no liquidity pool to trade against."),
        entry(503, "limitExceeded", "The price would be worse than the sender's limit."),
        entry(504, "wouldIncrease", "A reduce-only trade would increase or open a position."),
        entry(505, "openInterestCapExceeded", "Open interest would exceed the market's cap."),
        entry(
            506, "exposureTooLarge",
            "The protocol's total exposure would exceed what exact sums can carry."),
        entry(507, "unknownOrder", "The account has no such resting order."),
        entry(508, "postOnlyWouldCross", "A post-only order would trade at once."),
        entry(
            509, "nothingToMatch", "An order that must trade at once finds nothing to trade with."),
        entry(601, "accountHealthy", "The account is not liquidatable."),
        entry(602, "targetNotAllowed", "The protocol, not the liquidator, chooses what is taken."),
        entry(603, "nothingToLiquidate", "There is nothing of what the liquidator asks for."),
        entry(604, "oncePerBlock", "The account has been liquidated in this block already."),
        entry(
            605, "payerCannotTakePosition",
            "The liquidator lacks the margin for the position it would take over."),
        entry(
            606, "leavesDust",
            "What would be left of debt or collateral is too little for anyone to liquidate."),
        entry(
            607, "notForSale",
            "The protocol does not sell this asset, or its reserves are full."),
        entry(
            608, "boughtTooLittle", "The payment buys less than the sender asks for, or nothing."),
        entry(
            611, "nothingAllowedYet",
            "So soon after the liquidation began, no more may be taken; with time more may."),
        entry(
            612, "windowExhausted",
            "The market's liquidations of the last while leave no room for more."),
        entry(621, "noAuctions", "The protocol sells no collateral by auction."),
        entry(
            622, "auctionLimitReached",
            "As much debt is in auctions already as may be at once."),
        entry(623, "unknownAuction", "The command names an auction that does not exist."),
        entry(624, "wrongAuctionKind", "The auction is of the other kind."),
        entry(625, "auctionOver", "The auction has been settled, or all of its lot is sold."),
        entry(
            626, "auctionStale",
            "The auction has run too long or fallen too far: it has to be restarted."),
        entry(
            627, "noPartialPurchase",
            "So little debt is left to be raised that only the whole lot may be bought."),
        entry(
            628, "auctionRunning",
            "The auction still runs, or has a bid, or has none: it is not to be restarted or settled."
        ),
        entry(
            629, "biddingEnded",
            "The highest bid has stood for its time, or the auction is past its own."),
        entry(
            630, "bidNotMatching",
            "A bid is for the whole lot and at most the debt until that is reached, and exactly the debt from then on."
        ),
        entry(631, "bidTooLow", "The bid does not beat the one that stands by the minimum."),
        entry(
            632, "soldByAuction",
            "The account's collateral is sold by auction for this debt, not seized."),
        entry(
            701, "priceNotPositive",
            "The posted price is zero or negative, or its confidence negative."),
        entry(702, "reportFromFuture", "The report was observed later than the block's time."),
        entry(703, "reportOutdated", "A report observed later has been accepted already."),
        entry(704, "priceDeviates", "The price is further from the last one than the feed allows."),
        entry(705, "confidenceTooWide", "The report's uncertainty is wider than the feed allows."),
        entry(721, "periodNotOver", "A delayed feed is read once in a period, and has been."),
        entry(722, "feedNotPulled", "Only its reporters bring prices to this feed."),
        entry(
            723, "attachedSpreadTooWide",
            "The prices that the command brings along are too far apart in time."),
        entry(901, "overflow", "The command's numbers are too large for exact arithmetic."),
    ]

    private static func entry(_ code: Int, _ name: String, _ meaning: String) -> Entry {
        Entry(code: code, name: name, meaning: meaning)
    }
}
