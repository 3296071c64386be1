import ExactMath
import MarginProtocol
import OrderBook

extension JSONText {
    /// The values that offended; the rejection's name stands in `code`.
    mutating func write(_ rejection: Rejection) {
        object { json in json.values(of: rejection) }
    }

    private mutating func values(of rejection: Rejection) {
        switch rejection {
        case .amountNotPositive, .sameAccount, .parameterInvalid, .senderNotGovernance,
            .senderNotSystem, .senderNotVenue, .noPoolShares, .poolWorthless, .ownersDiffer,
            .noAccountMarginRatio,
            .exposureTooLarge, .targetNotAllowed,
            .nothingToLiquidate, .leavesDust, .priceNotPositive, .overflow, .noAuctions,
            .sequencerDown, .requestNeeded, .noRequests, .settledOnClosing:
            break
        case .unknownRequest(let request), .requestFrozen(let request),
            .requestExpired(let request), .requestNotExpired(let request),
            .requestNotDue(let request):
            member("request", request)
        case .priceOutsideWindow(let feed, let observed):
            member("feed", feed)
            member("observed_ms", observed.milliseconds)
        case .unknownAccount(let account), .senderNotOwner(let account),
            .isolatedOnlyFromParent(let account), .oncePerBlock(let account),
            .payerCannotTakePosition(let account), .soldByAuction(let account),
            .wouldWorsen(let account), .beingLiquidated(let account),
            .nothingAllowedYet(let account), .nothingToClaim(let account),
            .isolatedHasNoSpot(let account):
            member("account", account)
        case .unknownAsset(let asset), .assetNotBorrowable(let asset),
            .depositCapExceeded(let asset), .borrowCapExceeded(let asset),
            .insufficientLiquidity(let asset), .notForSale(let asset),
            .auctionLimitReached(let asset), .assetNotInPool(let asset),
            .poolCapExceeded(let asset):
            member("asset", asset)
        case .unknownAuction(let auction), .wrongAuctionKind(let auction),
            .auctionOver(let auction), .auctionStale(let auction),
            .noPartialPurchase(let auction), .auctionRunning(let auction),
            .biddingEnded(let auction), .bidNotMatching(let auction), .bidTooLow(let auction):
            member("auction", auction)
        case .liquidationGrace(let asset, let until):
            member("asset", asset)
            member("until_ms", until.milliseconds)
        case .belowMinimumDebt(let minimum): member("minimum_e8", minimum)
        case .unknownMarket(let market), .marketNotAllowed(let market), .noPool(let market),
            .wouldIncrease(let market), .openInterestCapExceeded(let market),
            .nothingToMatch(let market), .windowExhausted(let market),
            .deleveragingNotEnabled(let market), .deleveragingRefused(let market),
            .noOrderWithinLimit(let market), .nothingToSettle(let market),
            .marketReduceOnly(let market), .marketSettled(let market),
            .poolProfitTooHigh(let market), .poolReserveExceeded(let market):
            member("market", market)
        case .unknownSpotMarket(let market), .nothingToMatchInSpot(let market):
            member("spot_market", market)
        case .unknownFeed(let feed), .senderNotReporter(let feed), .priceMissing(let feed),
            .feedNotPulled(let feed):
            member("feed", feed)
        case .wrongRole(let account, let role):
            member("account", account)
            member("role", word: String(describing: role))
        case .paused(let actions): write(actions)
        case .priceStale(let feed, let age), .priceStaleForMargin(let feed, let age):
            member("feed", feed)
            member("age_ms", age.milliseconds)
        case .priceUncertain(let feed, let confidence):
            member("feed", feed)
            member("confidence_e8", confidence)
        case .priceDiverges(let feed, let from, let to):
            member("feed", feed)
            member("from_e8", from)
            member("to_e8", to)
        case .sequencerGracePeriod(let since): member("since_ms", since.milliseconds)
        case .priceOutOfBounds(let feed, let price):
            member("feed", feed)
            member("price_e8", price)
        case .priceInvalid(let feed, let severity):
            member("feed", feed)
            member("severity", Int64(severity))
        case .periodNotOver(let feed, let until):
            member("feed", feed)
            member("until_ms", until.milliseconds)
        case .attachedSpreadTooWide(let spread): member("spread_ms", spread.milliseconds)
        case .insufficientBalance(let asset, let has, let needs):
            member("asset", asset)
            member("has_e8", has)
            member("needs_e8", needs)
        case .boughtTooLittle(let amount), .receivedTooLittle(let amount):
            member("amount_e8", amount)
        case .insufficientShares(let has, let needs):
            member("has_e8", has)
            member("needs_e8", needs)
        case .insufficientMargin(let shortBy): member("short_by_e8", shortBy)
        case .limitExceeded(let price, let limit):
            member("price_e8", price)
            member("limit_e8", limit)
        case .unknownOrder(let order): member("order", order.raw)
        case .postOnlyWouldCross(let order): member("order", order?.raw)
        case .accountHealthy(let surplus): member("surplus_e8", surplus)
        case .reportFromFuture(let observed): member("observed_ms", observed.milliseconds)
        case .reportOutdated(let last): member("last_ms", last.milliseconds)
        case .priceDeviates(let from, let to):
            member("from_e8", from)
            member("to_e8", to)
        case .confidenceTooWide(let confidence): member("confidence_e8", confidence)
        }
    }
}
