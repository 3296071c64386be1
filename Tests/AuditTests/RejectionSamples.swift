import ExactMath
import MarginProtocol
import OrderBook

/// One of each rejection.
enum RejectionSamples {
    static let all: [Rejection] = [
        .amountNotPositive, .unknownAccount(AccountID(1)), .unknownAsset(AssetID(1)),
        .unknownMarket(MarketID(1)), .unknownFeed(FeedID(1)), .sameAccount,
        .wrongRole(AccountID(1), .wallet), .parameterInvalid, .senderNotOwner(AccountID(1)),
        .senderNotReporter(FeedID(1)), .senderNotGovernance, .senderNotSystem, .senderNotVenue,
        .ownersDiffer,
        .paused(.open), .priceMissing(FeedID(1)),
        .priceStale(FeedID(1), age: TimeSpan(milliseconds: 5)),
        .insufficientBalance(AssetID(1), has: Quantity(raw: 1), needs: Quantity(raw: 2)),
        .insufficientMargin(shortBy: Money(raw: 1)), .assetNotBorrowable(AssetID(1)),
        .depositCapExceeded(AssetID(1)), .isolatedOnlyFromParent(AccountID(1)),
        .marketNotAllowed(MarketID(1)), .noPool(MarketID(1)),
        .limitExceeded(price: Price(raw: 2), limit: Price(raw: 1)), .wouldIncrease(MarketID(1)),
        .openInterestCapExceeded(MarketID(1)), .exposureTooLarge, .unknownOrder(.init(raw: 3)),
        .postOnlyWouldCross(nil), .nothingToMatch(MarketID(1)), .accountHealthy(surplus: .zero),
        .targetNotAllowed, .nothingToLiquidate, .oncePerBlock(AccountID(1)),
        .payerCannotTakePosition(AccountID(1)), .priceNotPositive,
        .reportFromFuture(observedAt: Timestamp(milliseconds: 1)),
        .reportOutdated(last: Timestamp(milliseconds: 1)),
        .priceDeviates(from: Price(raw: 1), to: Price(raw: 2)), .confidenceTooWide(Price(raw: 1)),
        .overflow, .beingLiquidated(AccountID(1)), .nothingAllowedYet(AccountID(1)),
        .windowExhausted(MarketID(1)), .borrowCapExceeded(AssetID(1)),
        .insufficientLiquidity(AssetID(1)), .leavesDust,
        .priceUncertain(FeedID(1), Price(raw: 1)),
        .priceDiverges(FeedID(1), from: Price(raw: 1), to: Price(raw: 2)), .sequencerDown,
        .sequencerGracePeriod(since: Timestamp(milliseconds: 1)),
        .priceOutOfBounds(FeedID(1), Price(raw: 1)), .priceInvalid(FeedID(1), severity: 5),
        .periodNotOver(FeedID(1), until: Timestamp(milliseconds: 1)), .feedNotPulled(FeedID(1)),
        .attachedSpreadTooWide(TimeSpan(milliseconds: 1)),
        .notForSale(AssetID(1)), .boughtTooLittle(Quantity(raw: 1)),
        .belowMinimumDebt(minimum: Money(raw: 1)), .noAuctions, .auctionLimitReached(AssetID(1)),
        .unknownAuction(AuctionID(1)), .wrongAuctionKind(AuctionID(1)), .auctionOver(AuctionID(1)),
        .auctionStale(AuctionID(1)), .noPartialPurchase(AuctionID(1)),
        .auctionRunning(AuctionID(1)), .biddingEnded(AuctionID(1)), .bidNotMatching(AuctionID(1)),
        .bidTooLow(AuctionID(1)), .soldByAuction(AccountID(1)),
        .wouldWorsen(AccountID(1)),
        .liquidationGrace(AssetID(1), until: Timestamp(milliseconds: 1)),
    ]
}
