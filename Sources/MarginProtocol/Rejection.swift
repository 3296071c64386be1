public import ExactMath
public import OrderBook

/// Why an included command changed nothing: the sender still pays for its inclusion.
///
/// Numbered in bands that never change their meaning: 1xx malformed, 2xx authority, 3xx status and
/// prices, 4xx funds and margin, 5xx market and book, 6xx liquidation, 7xx price posting, 9xx arithmetic.
/// Where several apply, the one the transition checks first is reported; tests fix that order.
public enum Rejection: Error, Hashable, Sendable {
    case amountNotPositive
    case unknownAccount(AccountID)
    case unknownAsset(AssetID)
    case unknownMarket(MarketID)
    case unknownFeed(FeedID)
    case sameAccount
    case wrongRole(AccountID, Role)
    case parameterInvalid

    case senderNotOwner(AccountID)
    case senderNotReporter(FeedID)
    case senderNotGovernance
    case senderNotSystem
    case senderNotVenue
    case ownersDiffer

    case paused(Actions)
    case priceMissing(FeedID)
    case priceStale(FeedID, age: TimeSpan)
    case priceUncertain(FeedID, Price)
    case priceDiverges(FeedID, from: Price, to: Price)
    case sequencerDown
    case sequencerGracePeriod(since: Timestamp)
    case priceOutOfBounds(FeedID, Price)
    case priceInvalid(FeedID, severity: Int)
    case wouldWorsen(AccountID)
    case requestNeeded
    case noRequests
    case unknownRequest(RequestID)
    case requestFrozen(RequestID)
    case priceOutsideWindow(FeedID, observedAt: Timestamp)
    case requestExpired(RequestID)
    case requestNotExpired(RequestID)
    case requestNotDue(RequestID)
    case deleveragingNotEnabled(MarketID)
    case deleveragingRefused(MarketID)
    case liquidationGrace(AssetID, until: Timestamp)

    case insufficientBalance(AssetID, has: Quantity, needs: Quantity)
    case insufficientMargin(shortBy: Money)
    case assetNotBorrowable(AssetID)
    case depositCapExceeded(AssetID)
    case isolatedOnlyFromParent(AccountID)
    case borrowCapExceeded(AssetID)
    case insufficientLiquidity(AssetID)
    case beingLiquidated(AccountID)
    case belowMinimumDebt(minimum: Money)
    case nothingToSettle(MarketID)
    case settledOnClosing
    case marketReduceOnly(MarketID)
    case marketSettled(MarketID)
    case nothingToClaim(AccountID)
    case noPoolShares
    case assetNotInPool(AssetID)
    case poolCapExceeded(AssetID)
    case poolProfitTooHigh(MarketID)
    case poolWorthless
    case receivedTooLittle(Quantity)
    case insufficientShares(has: Quantity, needs: Quantity)
    case poolReserveExceeded(MarketID)
    case noAccountMarginRatio
    case unknownSpotMarket(SpotMarketID)
    case isolatedHasNoSpot(AccountID)
    case nothingToMatchInSpot(SpotMarketID)
    case priceStaleForMargin(FeedID, age: TimeSpan)

    case marketNotAllowed(MarketID)
    case noPool(MarketID)
    case limitExceeded(price: Price, limit: Price)
    case wouldIncrease(MarketID)
    case openInterestCapExceeded(MarketID)
    case exposureTooLarge
    case unknownOrder(OrderID)
    case postOnlyWouldCross(OrderID?)
    case nothingToMatch(MarketID)

    case accountHealthy(surplus: Money)
    case targetNotAllowed
    case nothingToLiquidate
    case oncePerBlock(AccountID)
    case payerCannotTakePosition(AccountID)
    case leavesDust
    case notForSale(AssetID)
    case boughtTooLittle(Quantity)
    case nothingAllowedYet(AccountID)
    case windowExhausted(MarketID)
    case noOrderWithinLimit(MarketID)
    case noAuctions
    case auctionLimitReached(AssetID)
    case unknownAuction(AuctionID)
    case wrongAuctionKind(AuctionID)
    case auctionOver(AuctionID)
    case auctionStale(AuctionID)
    case noPartialPurchase(AuctionID)
    case auctionRunning(AuctionID)
    case biddingEnded(AuctionID)
    case bidNotMatching(AuctionID)
    case bidTooLow(AuctionID)
    case soldByAuction(AccountID)

    case priceNotPositive
    case reportFromFuture(observedAt: Timestamp)
    case reportOutdated(last: Timestamp)
    case priceDeviates(from: Price, to: Price)
    case confidenceTooWide(Price)
    case periodNotOver(FeedID, until: Timestamp)
    case feedNotPulled(FeedID)
    case attachedSpreadTooWide(TimeSpan)

    case overflow

    /// The number of the rejection, for good.
    public var code: Int {
        switch self {
        case .amountNotPositive: 101
        case .unknownAccount: 102
        case .unknownAsset: 103
        case .unknownMarket: 104
        case .unknownFeed: 105
        case .sameAccount: 106
        case .wrongRole: 107
        case .parameterInvalid: 108
        case .senderNotOwner: 201
        case .senderNotReporter: 202
        case .senderNotGovernance: 203
        case .senderNotSystem: 204
        case .senderNotVenue: 206
        case .ownersDiffer: 205
        case .paused: 301
        case .priceMissing: 302
        case .priceStale: 303
        case .priceUncertain: 321
        case .priceDiverges: 322
        case .sequencerDown: 323
        case .sequencerGracePeriod: 324
        case .priceOutOfBounds: 325
        case .priceInvalid: 326
        case .wouldWorsen: 341
        case .noOrderWithinLimit: 350
        case .requestNeeded: 360
        case .noRequests: 361
        case .unknownRequest: 362
        case .requestFrozen: 363
        case .priceOutsideWindow: 364
        case .requestExpired: 365
        case .requestNotExpired: 366
        case .requestNotDue: 367
        case .deleveragingNotEnabled: 368
        case .deleveragingRefused: 369
        case .liquidationGrace: 380
        case .insufficientBalance: 401
        case .insufficientMargin: 402
        case .assetNotBorrowable: 403
        case .depositCapExceeded: 404
        case .isolatedOnlyFromParent: 405
        case .borrowCapExceeded: 406
        case .insufficientLiquidity: 407
        case .nothingToSettle: 408
        case .settledOnClosing: 409
        case .beingLiquidated: 411
        case .belowMinimumDebt: 421
        case .marketReduceOnly: 422
        case .marketSettled: 423
        case .nothingToClaim: 430
        case .noPoolShares: 431
        case .assetNotInPool: 432
        case .poolCapExceeded: 433
        case .poolProfitTooHigh: 434
        case .poolWorthless: 435
        case .receivedTooLittle: 436
        case .insufficientShares: 437
        case .poolReserveExceeded: 438
        case .noAccountMarginRatio: 440
        case .unknownSpotMarket: 460
        case .isolatedHasNoSpot: 461
        case .nothingToMatchInSpot: 462
        case .priceStaleForMargin: 470
        case .marketNotAllowed: 501
        case .noPool: 502
        case .limitExceeded: 503
        case .wouldIncrease: 504
        case .openInterestCapExceeded: 505
        case .exposureTooLarge: 506
        case .unknownOrder: 507
        case .postOnlyWouldCross: 508
        case .nothingToMatch: 509
        case .accountHealthy: 601
        case .targetNotAllowed: 602
        case .nothingToLiquidate: 603
        case .oncePerBlock: 604
        case .payerCannotTakePosition: 605
        case .leavesDust: 606
        case .notForSale: 607
        case .boughtTooLittle: 608
        case .nothingAllowedYet: 611
        case .windowExhausted: 612
        case .noAuctions: 621
        case .auctionLimitReached: 622
        case .unknownAuction: 623
        case .wrongAuctionKind: 624
        case .auctionOver: 625
        case .auctionStale: 626
        case .noPartialPurchase: 627
        case .auctionRunning: 628
        case .biddingEnded: 629
        case .bidNotMatching: 630
        case .bidTooLow: 631
        case .soldByAuction: 632
        case .priceNotPositive: 701
        case .reportFromFuture: 702
        case .reportOutdated: 703
        case .priceDeviates: 704
        case .confidenceTooWide: 705
        case .periodNotOver: 721
        case .feedNotPulled: 722
        case .attachedSpreadTooWide: 723
        case .overflow: 901
        }
    }

    /// The rejection's name without its values: `insufficientMargin`.
    public var name: String {
        let text = String(describing: self)
        return String(text.prefix { $0 != "(" })
    }
}
