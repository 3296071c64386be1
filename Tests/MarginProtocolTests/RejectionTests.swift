import ExactMath
import MarginProtocol
import OrderBook
import Testing

/// The numbers of rejections, and which one is reported where several apply.
struct RejectionTests {
    @Test("The code of a rejection never changes")
    func codes() {
        let account = AccountID(1)
        let asset = AssetID(1)
        let market = MarketID(1)
        let feed = FeedID(1)
        let one = Price(raw: 1)
        let golden: [(Rejection, Int, String)] = [
            (.amountNotPositive, 101, "amountNotPositive"),
            (.unknownAccount(account), 102, "unknownAccount"),
            (.unknownAsset(asset), 103, "unknownAsset"),
            (.unknownMarket(market), 104, "unknownMarket"),
            (.unknownFeed(feed), 105, "unknownFeed"),
            (.sameAccount, 106, "sameAccount"),
            (.wrongRole(account, .wallet), 107, "wrongRole"),
            (.parameterInvalid, 108, "parameterInvalid"),
            (.senderNotOwner(account), 201, "senderNotOwner"),
            (.senderNotReporter(feed), 202, "senderNotReporter"),
            (.senderNotGovernance, 203, "senderNotGovernance"),
            (.senderNotSystem, 204, "senderNotSystem"),
            (.ownersDiffer, 205, "ownersDiffer"),
            (.paused(.all), 301, "paused"),
            (.priceMissing(feed), 302, "priceMissing"),
            (.priceStale(feed, age: .zero), 303, "priceStale"),
            (.wouldWorsen(account), 341, "wouldWorsen"),
            (.noOrderWithinLimit(market), 350, "noOrderWithinLimit"),
            (
                .liquidationGrace(asset, until: Timestamp(milliseconds: 1)), 380,
                "liquidationGrace"
            ),
            (.insufficientBalance(asset, has: .zero, needs: .zero), 401, "insufficientBalance"),
            (.insufficientMargin(shortBy: .zero), 402, "insufficientMargin"),
            (.assetNotBorrowable(asset), 403, "assetNotBorrowable"),
            (.depositCapExceeded(asset), 404, "depositCapExceeded"),
            (.isolatedOnlyFromParent(account), 405, "isolatedOnlyFromParent"),
            (.nothingToSettle(market), 408, "nothingToSettle"),
            (.settledOnClosing, 409, "settledOnClosing"),
            (.beingLiquidated(account), 411, "beingLiquidated"),
            (.marketNotAllowed(market), 501, "marketNotAllowed"),
            (.noPool(market), 502, "noPool"),
            (.limitExceeded(price: one, limit: one), 503, "limitExceeded"),
            (.wouldIncrease(market), 504, "wouldIncrease"),
            (.openInterestCapExceeded(market), 505, "openInterestCapExceeded"),
            (.exposureTooLarge, 506, "exposureTooLarge"),
            (.unknownOrder(OrderID(raw: 1)), 507, "unknownOrder"),
            (.postOnlyWouldCross(nil), 508, "postOnlyWouldCross"),
            (.nothingToMatch(market), 509, "nothingToMatch"),
            (.accountHealthy(surplus: .zero), 601, "accountHealthy"),
            (.targetNotAllowed, 602, "targetNotAllowed"),
            (.nothingToLiquidate, 603, "nothingToLiquidate"),
            (.oncePerBlock(account), 604, "oncePerBlock"),
            (.payerCannotTakePosition(account), 605, "payerCannotTakePosition"),
            (.belowMinimumDebt(minimum: .zero), 421, "belowMinimumDebt"),
            (.marketReduceOnly(market), 422, "marketReduceOnly"),
            (.marketSettled(market), 423, "marketSettled"),
            (.nothingToClaim(account), 430, "nothingToClaim"),
            (.noPoolShares, 431, "noPoolShares"), (.assetNotInPool(asset), 432, "assetNotInPool"),
            (.poolCapExceeded(asset), 433, "poolCapExceeded"),
            (.poolProfitTooHigh(market), 434, "poolProfitTooHigh"),
            (.poolWorthless, 435, "poolWorthless"),
            (.receivedTooLittle(.zero), 436, "receivedTooLittle"),
            (.insufficientShares(has: .zero, needs: .zero), 437, "insufficientShares"),
            (.poolReserveExceeded(market), 438, "poolReserveExceeded"),
            (.noAccountMarginRatio, 440, "noAccountMarginRatio"),
            (
                .priceStaleForMargin(feed, age: TimeSpan(milliseconds: 1)), 470,
                "priceStaleForMargin"
            ),
            (.noAuctions, 621, "noAuctions"),
            (.auctionLimitReached(asset), 622, "auctionLimitReached"),
            (.unknownAuction(AuctionID(1)), 623, "unknownAuction"),
            (.wrongAuctionKind(AuctionID(1)), 624, "wrongAuctionKind"),
            (.auctionOver(AuctionID(1)), 625, "auctionOver"),
            (.auctionStale(AuctionID(1)), 626, "auctionStale"),
            (.noPartialPurchase(AuctionID(1)), 627, "noPartialPurchase"),
            (.auctionRunning(AuctionID(1)), 628, "auctionRunning"),
            (.biddingEnded(AuctionID(1)), 629, "biddingEnded"),
            (.bidNotMatching(AuctionID(1)), 630, "bidNotMatching"),
            (.bidTooLow(AuctionID(1)), 631, "bidTooLow"),
            (.soldByAuction(account), 632, "soldByAuction"),
            (.nothingAllowedYet(account), 611, "nothingAllowedYet"),
            (.windowExhausted(market), 612, "windowExhausted"),
            (.priceNotPositive, 701, "priceNotPositive"),
            (.reportFromFuture(observedAt: Timestamp(milliseconds: 1)), 702, "reportFromFuture"),
            (.reportOutdated(last: Timestamp(milliseconds: 1)), 703, "reportOutdated"),
            (.priceDeviates(from: one, to: one), 704, "priceDeviates"),
            (.confidenceTooWide(one), 705, "confidenceTooWide"),
            (.priceUncertain(feed, one), 321, "priceUncertain"),
            (.priceDiverges(feed, from: one, to: one), 322, "priceDiverges"),
            (.sequencerDown, 323, "sequencerDown"),
            (
                .sequencerGracePeriod(since: Timestamp(milliseconds: 1)), 324,
                "sequencerGracePeriod"
            ),
            (.priceOutOfBounds(feed, one), 325, "priceOutOfBounds"),
            (.priceInvalid(feed, severity: 1), 326, "priceInvalid"),
            (.periodNotOver(feed, until: Timestamp(milliseconds: 1)), 721, "periodNotOver"),
            (.feedNotPulled(feed), 722, "feedNotPulled"),
            (.attachedSpreadTooWide(.zero), 723, "attachedSpreadTooWide"),
            (.requestNeeded, 360, "requestNeeded"),
            (.noRequests, 361, "noRequests"),
            (.unknownRequest(RequestID(1)), 362, "unknownRequest"),
            (.requestFrozen(RequestID(1)), 363, "requestFrozen"),
            (
                .priceOutsideWindow(feed, observedAt: Timestamp(milliseconds: 1)), 364,
                "priceOutsideWindow"
            ),
            (.requestExpired(RequestID(1)), 365, "requestExpired"),
            (.requestNotExpired(RequestID(1)), 366, "requestNotExpired"),
            (.requestNotDue(RequestID(1)), 367, "requestNotDue"),
            (.deleveragingNotEnabled(market), 368, "deleveragingNotEnabled"),
            (.deleveragingRefused(market), 369, "deleveragingRefused"),
            (.overflow, 901, "overflow"),
        ]
        for (rejection, code, name) in golden {
            #expect(rejection.code == code)
            #expect(rejection.name == name)
        }
        #expect(Set(golden.map(\.1)).count == golden.count)
    }

    // Each precedence test begins with a command that violates everything and mends one guard at a
    // time: the codes come in the order of the guards.

    @Test func depositPrecedence() {
        var parameters = plainParameters()
        parameters.assets[1].depositCap = units("5")
        var world = World(parameters)
        let wallet = world.wallet(bob, "0", "3")
        let account = world.margin(bob)
        let child = open(&world, parent: account, bob)
        world.run(.pause(.deposit), by: .governance)
        func deposit(
            _ from: AccountID, _ to: AccountID, _ asset: AssetID, _ amount: String
        ) -> Command { .deposit(from: from, to: to, asset: asset, amount: units(amount)) }
        let no = AccountID(900)
        let nor = AccountID(-1)
        #expect(world.attempt(deposit(no, nor, AssetID(9), "0"), by: stranger)?.code == 101)
        #expect(
            world.attempt(deposit(no, nor, AssetID(9), "9"), by: stranger)
                == .unknownAsset(AssetID(9)))
        #expect(world.attempt(deposit(no, nor, eth, "9"), by: stranger) == .unknownAccount(no))
        #expect(
            world.attempt(deposit(account, nor, eth, "9"), by: stranger) == .unknownAccount(nor))
        #expect(
            world.attempt(deposit(account, treasury, eth, "9"), by: stranger)
                == .wrongRole(account, .margin))
        #expect(
            world.attempt(deposit(wallet, treasury, eth, "9"), by: stranger)
                == .wrongRole(treasury, .treasury))
        #expect(
            world.attempt(deposit(wallet, child, eth, "9"), by: stranger)
                == .senderNotOwner(wallet))
        #expect(world.attempt(deposit(wallet, child, eth, "9"), by: bob) == .paused(.deposit))
        world.run(.pause([]), by: .governance)
        #expect(
            world.attempt(deposit(wallet, child, eth, "9"), by: bob)
                == .insufficientBalance(eth, has: units("3"), needs: units("9")))
        world.mint("40000000000", eth, wallet)
        #expect(
            world.attempt(deposit(wallet, child, eth, "9"), by: bob)
                == .isolatedOnlyFromParent(child))
        #expect(
            world.attempt(deposit(wallet, account, eth, "9"), by: bob) == .depositCapExceeded(eth))
        // 30 billion units, each worth $1000, are more than sums can carry.
        world.mint("30000000000", btc, wallet)
        #expect(
            world.attempt(deposit(wallet, account, btc, "30000000000"), by: bob)?.code == 901)
        #expect(
            world.attempt(deposit(wallet, account, btc, "30000000"), by: bob) == .exposureTooLarge)
        world.run(deposit(wallet, account, eth, "5"), by: bob)
    }

    @Test func withdrawPrecedence() {
        var parameters = plainParameters()
        parameters.assets[2].borrowable = true
        parameters.feeds[1].maxAge = TimeSpan(seconds: 60)
        parameters.staleBlocks = .withdraw
        var world = World(parameters)
        let account = world.margin(bob, "1000", "2")
        let child = open(&world, parent: account, bob)
        let mine = world.wallet(bob)
        let theirs = world.wallet(alice)
        world.run(.pause(.withdraw), by: .governance)
        func withdraw(
            _ from: AccountID, _ to: AccountID, _ asset: AssetID, _ amount: String
        ) -> Command { .withdraw(from: from, to: to, asset: asset, amount: units(amount)) }
        let no = AccountID(900)
        #expect(world.attempt(withdraw(no, no, AssetID(9), "0"), by: stranger)?.code == 101)
        #expect(world.attempt(withdraw(no, no, AssetID(9), "9"), by: stranger)?.code == 103)
        #expect(world.attempt(withdraw(no, no, eth, "9"), by: stranger)?.code == 102)
        #expect(world.attempt(withdraw(theirs, no, eth, "9"), by: stranger)?.code == 102)
        #expect(
            world.attempt(withdraw(theirs, pool, eth, "9"), by: stranger)
                == .wrongRole(theirs, .wallet))
        #expect(
            world.attempt(withdraw(child, pool, eth, "9"), by: stranger)
                == .wrongRole(pool, .liquidityPool))
        #expect(world.attempt(withdraw(child, theirs, eth, "9"), by: stranger)?.code == 201)
        #expect(world.attempt(withdraw(child, theirs, eth, "9"), by: bob)?.code == 205)
        #expect(
            world.attempt(withdraw(child, mine, eth, "9"), by: bob)
                == .isolatedOnlyFromParent(child))
        #expect(world.attempt(withdraw(account, mine, eth, "9"), by: bob)?.code == 301)
        world.run(.pause([]), by: .governance)
        #expect(
            world.attempt(withdraw(account, mine, eth, "9"), by: bob)
                == .insufficientBalance(eth, has: units("2"), needs: units("9")))
        #expect(
            world.attempt(withdraw(account, mine, btc, "90000000000"), by: bob)?.code == 901)
        #expect(world.attempt(withdraw(account, mine, btc, "20000000"), by: bob)?.code == 506)
        world.trade(account, ethPerp, "20", by: bob)
        world.advance(by: 60_001)
        #expect(world.attempt(withdraw(account, mine, usd, "1001"), by: bob)?.code == 401)
        #expect(
            world.attempt(withdraw(account, mine, usd, "1000"), by: bob)?.code == 303)
        world.post(ethFeed, "100")
        #expect(
            world.attempt(withdraw(account, mine, usd, "1000.00000001"), by: bob)?.code == 401)
        // 2 ETH back 20 · 100 · 10 %: 200 of the 1200 must stay.
        world.run(withdraw(account, mine, usd, "1000"), by: bob)
        #expect(
            world.attempt(withdraw(account, mine, eth, "0.00000001"), by: bob)
                == .insufficientMargin(shortBy: money("0.000001")))
        // Nothing is held of an asset that nobody may borrow.
        #expect(
            world.attempt(withdraw(account, mine, usd, "1"), by: bob) == .assetNotBorrowable(usd))
    }

    @Test func transferPrecedence() {
        var world = World()
        let account = world.margin(bob, "100")
        let second = world.margin(bob)
        let child = open(&world, parent: account, bob)
        let other = open(&world, parent: second, bob)
        let theirs = world.margin(alice)
        let wallet = world.wallet(bob)
        world.run(.pause(.withdraw), by: .governance)
        func transfer(
            _ from: AccountID, _ to: AccountID, _ asset: AssetID, _ amount: String
        ) -> Command { .transfer(from: from, to: to, asset: asset, amount: units(amount)) }
        let no = AccountID(900)
        #expect(world.attempt(transfer(no, no, AssetID(9), "0"), by: stranger)?.code == 101)
        #expect(world.attempt(transfer(no, no, AssetID(9), "1"), by: stranger)?.code == 103)
        #expect(world.attempt(transfer(no, no, usd, "1"), by: stranger)?.code == 102)
        #expect(world.attempt(transfer(wallet, no, usd, "1"), by: stranger)?.code == 102)
        #expect(world.attempt(transfer(wallet, wallet, usd, "1"), by: stranger)?.code == 106)
        #expect(
            world.attempt(transfer(wallet, pool, usd, "1"), by: stranger)
                == .wrongRole(wallet, .wallet))
        #expect(
            world.attempt(transfer(child, pool, usd, "1"), by: stranger)
                == .wrongRole(pool, .liquidityPool))
        #expect(world.attempt(transfer(child, theirs, usd, "1"), by: stranger)?.code == 201)
        #expect(world.attempt(transfer(child, theirs, usd, "1"), by: bob)?.code == 205)
        #expect(
            world.attempt(transfer(child, other, usd, "1"), by: bob)
                == .isolatedOnlyFromParent(other))
        #expect(
            world.attempt(transfer(child, second, usd, "1"), by: bob)
                == .isolatedOnlyFromParent(child))
        #expect(world.attempt(transfer(account, child, usd, "101"), by: bob)?.code == 301)
        world.run(.pause([]), by: .governance)
        #expect(world.attempt(transfer(account, child, usd, "101"), by: bob)?.code == 401)
        world.trade(account, ethPerp, "5", by: bob)
        #expect(
            world.attempt(transfer(account, child, usd, "50.00000001"), by: bob)?.code == 402)
        world.run(transfer(account, child, usd, "50"), by: bob)
        #expect(world.balance(child) == units("50"))
        world.run(transfer(child, account, usd, "50"), by: bob)
    }

    @Test func openAccountAndDelegatePrecedence() {
        var world = World()
        let account = world.margin(bob)
        let child = open(&world, parent: account, bob)
        let wallet = world.wallet(bob)
        func opening(_ parent: AccountID?, _ market: MarketID?) -> Command {
            .openAccount(parent: parent, isolated: market)
        }
        let no = MarketID(9)
        #expect(world.attempt(opening(AccountID(900), nil), by: stranger)?.code == 102)
        #expect(world.attempt(opening(wallet, nil), by: stranger)?.code == 107)
        #expect(world.attempt(opening(account, nil), by: stranger)?.code == 108)
        // A child has no children.
        #expect(world.attempt(opening(child, ethPerp), by: stranger)?.code == 108)
        #expect(world.attempt(opening(account, no), by: stranger)?.code == 104)
        #expect(world.attempt(opening(account, ethPerp), by: stranger)?.code == 201)
        #expect(world.attempt(opening(nil, ethPerp), by: stranger)?.code == 108)
        world.run(opening(nil, nil), by: stranger)

        func delegate(_ id: AccountID, _ to: Address) -> Command {
            .setDelegate(account: id, delegate: to, allowed: true)
        }
        #expect(world.attempt(delegate(AccountID(900), carol), by: stranger)?.code == 102)
        #expect(world.attempt(delegate(account, carol), by: stranger)?.code == 201)
        world.run(delegate(account, carol), by: bob)
        // A delegate acts for the owner, but does not appoint others.
        #expect(world.attempt(delegate(account, stranger), by: carol)?.code == 201)
        world.run(opening(account, ethPerp), by: carol)
        world.run(.setDelegate(account: account, delegate: carol, allowed: false), by: bob)
        #expect(world.attempt(opening(account, ethPerp), by: carol)?.code == 201)
    }

    @Test func tradePrecedence() {
        var parameters = plainParameters()
        parameters.markets[2].pool = nil
        parameters.markets[0].openInterestCap = money("5000")
        for feed in 0..<3 { parameters.feeds[feed].maxAge = TimeSpan(seconds: 60) }
        parameters.staleBlocks = .open
        var world = World(parameters)
        let account = world.margin(bob, "300", "0", "0.1")
        let child = open(&world, parent: account, bob)
        let wallet = world.wallet(bob)
        world.run(.pause([.open, .reduce]), by: .governance)
        func trade(
            _ id: AccountID, _ market: MarketID, _ size: String, limit: String? = nil,
            reduceOnly: Bool = false
        ) -> Command {
            .trade(
                account: id, market: market, size: units(size), limit: limit.map { price($0) },
                reduceOnly: reduceOnly)
        }
        let no = AccountID(900)
        #expect(world.attempt(trade(no, MarketID(9), "0"), by: stranger)?.code == 101)
        #expect(
            world.attempt(
                .trade(
                    account: no, market: MarketID(9), size: Quantity(raw: .min), limit: nil,
                    reduceOnly: false), by: stranger)?.code == 101)
        #expect(world.attempt(trade(no, MarketID(9), "90"), by: stranger)?.code == 102)
        #expect(world.attempt(trade(wallet, MarketID(9), "90"), by: stranger)?.code == 104)
        #expect(world.attempt(trade(wallet, btcPerp, "90"), by: stranger)?.code == 107)
        #expect(world.attempt(trade(child, btcPerp, "90"), by: stranger)?.code == 201)
        #expect(
            world.attempt(trade(child, btcPerp, "90"), by: bob) == .marketNotAllowed(btcPerp))
        #expect(world.attempt(trade(account, ethPerp, "90"), by: bob) == .paused(.open))
        world.run(.pause([]), by: .governance)
        world.advance(by: 100_000)
        #expect(
            world.attempt(trade(account, ethPerp, "90", limit: "99", reduceOnly: true), by: bob)
                == .priceStale(ethFeed, age: TimeSpan(milliseconds: 100_000)))
        world.post(ethFeed, "100")
        #expect(
            world.attempt(trade(account, ethPerp, "90", limit: "99", reduceOnly: true), by: bob)
                == .priceStale(usdFeed, age: TimeSpan(milliseconds: 100_000)))
        world.post(usdFeed, "1")
        #expect(
            world.attempt(trade(account, ethPerp, "90", limit: "99", reduceOnly: true), by: bob)
                == .wouldIncrease(ethPerp))
        #expect(world.attempt(trade(account, solPerp, "90", limit: "9"), by: bob)?.code == 502)
        #expect(
            world.attempt(trade(account, ethPerp, "90", limit: "99"), by: bob)
                == .limitExceeded(price: price("100"), limit: price("99")))
        #expect(world.attempt(trade(account, ethPerp, "90000000000"), by: bob)?.code == 901)
        #expect(world.attempt(trade(account, ethPerp, "250000000"), by: bob)?.code == 506)
        #expect(
            world.attempt(trade(account, ethPerp, "90"), by: bob)
                == .openInterestCapExceeded(ethPerp))
        // What it holds beside is stale: BTC.
        #expect(world.attempt(trade(account, ethPerp, "45"), by: bob)?.code == 303)
        world.post(btcFeed, "1000")
        // 4500 · 10 % = 450 against 300 + 0.1 · 1000.
        #expect(
            world.attempt(trade(account, ethPerp, "45"), by: bob)
                == .insufficientMargin(shortBy: money("50")))
        world.run(trade(account, ethPerp, "40", limit: "100"), by: bob)
        world.run(.pause(.reduce), by: .governance)
        #expect(world.attempt(trade(account, ethPerp, "-1"), by: bob) == .paused(.reduce))
    }

    @Test func placeOrderPrecedence() {
        var world = World()
        let account = world.margin(bob, "100")
        let maker = world.margin(alice, "100000")
        let child = open(&world, parent: account, bob)
        let wallet = world.wallet(bob)
        world.run(.pause(.open), by: .governance)
        func place(
            _ id: AccountID, _ market: MarketID, _ size: String, _ limit: String?,
            _ force: TimeInForce = .goodTillCancelled, reduceOnly: Bool = false
        ) -> Command {
            .placeOrder(
                account: id, market: market,
                order: OrderRequest(
                    side: .buy, size: units(size), price: limit.map { price($0) },
                    timeInForce: force, reduceOnly: reduceOnly))
        }
        let no = AccountID(900)
        #expect(world.attempt(place(no, MarketID(9), "0", nil), by: stranger)?.code == 101)
        #expect(world.attempt(place(no, MarketID(9), "1", "0"), by: stranger)?.code == 101)
        #expect(world.attempt(place(no, MarketID(9), "50", nil), by: stranger)?.code == 102)
        #expect(world.attempt(place(wallet, MarketID(9), "50", nil), by: stranger)?.code == 104)
        #expect(world.attempt(place(wallet, btcPerp, "50", nil), by: stranger)?.code == 107)
        #expect(world.attempt(place(child, btcPerp, "50", nil), by: stranger)?.code == 201)
        #expect(world.attempt(place(child, btcPerp, "50", nil), by: bob)?.code == 501)
        #expect(world.attempt(place(account, ethPerp, "50", nil), by: bob)?.code == 108)
        #expect(world.attempt(place(account, ethPerp, "50", nil, .postOnly), by: bob)?.code == 108)
        #expect(
            world.attempt(place(account, ethPerp, "50", "101", reduceOnly: true), by: bob)?.code
                == 301)
        world.run(.pause([]), by: .governance)
        #expect(
            world.attempt(
                place(account, ethPerp, "50", "101", .postOnly, reduceOnly: true), by: bob)?
                .code == 504)
        world.run(
            .placeOrder(
                account: maker, market: ethPerp,
                order: OrderRequest(
                    side: .sell, size: units("10"), price: price("101"),
                    timeInForce: .goodTillCancelled)), by: alice)
        #expect(
            world.attempt(place(account, ethPerp, "50", "101", .postOnly), by: bob)
                == .postOnlyWouldCross(OrderID(raw: 1)))
        #expect(world.attempt(place(account, ethPerp, "50", "101"), by: bob)?.code == 402)
        #expect(
            world.attempt(place(account, ethPerp, "5", "100", .immediateOrCancel), by: bob)
                == .nothingToMatch(ethPerp))
        world.run(place(account, ethPerp, "5", "101"), by: bob)
        #expect(world.size(account) == units("5"))

        func cancel(_ id: AccountID, _ market: MarketID, _ order: Int64) -> Command {
            .cancelOrder(account: id, market: market, order: OrderID(raw: order))
        }
        #expect(world.attempt(cancel(no, MarketID(9), 7), by: stranger)?.code == 102)
        #expect(world.attempt(cancel(account, MarketID(9), 7), by: stranger)?.code == 104)
        #expect(world.attempt(cancel(account, ethPerp, 7), by: stranger)?.code == 201)
        #expect(world.attempt(cancel(account, ethPerp, 7), by: bob)?.code == 507)
        // Somebody else's order is as unknown as none.
        #expect(world.attempt(cancel(account, ethPerp, 1), by: bob)?.code == 507)
        world.run(cancel(maker, ethPerp, 1), by: alice)
    }

    @Test func postPricePrecedence() {
        var parameters = plainParameters()
        parameters.feeds[1].maxDeviation = ratio("0.1")
        parameters.feeds[1].maxConfidence = ratio("0.01")
        var world = World(parameters)
        let account = world.margin(bob, "0", "10000000")
        world.advance(by: 1000)
        let now = world.house.time.milliseconds
        let last = now - 1000
        world.run(.pause(.post), by: .governance)
        func post(_ text: String, _ confidence: String, _ observed: Int64) -> Command {
            world.report(ethFeed, text, observed: observed, confidence: confidence)
        }
        let elsewhere = world.report(FeedID(4), "0")
        #expect(world.attempt(elsewhere, by: stranger)?.code == 105)
        #expect(world.attempt(post("0", "50", now + 1), by: stranger)?.code == 202)
        #expect(world.attempt(post("0", "50", now + 1), by: reporter)?.code == 301)
        world.run(.pause([]), by: .governance)
        #expect(world.attempt(post("0", "50", now + 1), by: reporter)?.code == 701)
        #expect(world.attempt(post("1000", "-1", now + 1), by: reporter)?.code == 701)
        #expect(world.attempt(post("1000", "50000", now + 1), by: reporter)?.code == 702)
        #expect(world.attempt(post("1000", "50000", .min), by: reporter)?.code == 901)
        #expect(
            world.attempt(post("1000", "50000", last), by: reporter)
                == .reportOutdated(last: Timestamp(milliseconds: last)))
        #expect(
            world.attempt(post("1000", "50000", now), by: reporter)
                == .priceDeviates(from: price("100"), to: price("1000")))
        world.run(.setParameter(.maxDeviation(ethFeed, nil)), by: .governance)
        #expect(
            world.attempt(post("1000", "50000", now), by: reporter)
                == .confidenceTooWide(price("50000")))
        #expect(world.attempt(post("1000", "0", now), by: reporter)?.code == 506)
        world.run(post("110", "1.1", now), by: reporter)
        #expect(world.balance(account, eth) == units("10000000"))
    }

    @Test func liquidatePrecedence() {
        var parameters = plainParameters()
        parameters.liquidation = LiquidationPolicy(
            order: .largestFirst, size: .wholePosition, taker: .liquidator, oncePerBlock: true)
        for feed in 0..<3 { parameters.feeds[feed].maxAge = TimeSpan(seconds: 60) }
        parameters.staleBlocks = .liquidate
        var world = World(parameters)
        let account = world.margin(alice, "145")
        let payer = world.margin(bob, "0.01")
        let wallet = world.wallet(bob)
        let child = open(&world, parent: payer, bob, btcPerp)
        world.trade(account, ethPerp, "10", by: alice)
        world.run(.pause(.liquidate), by: .governance)
        world.advance(by: 100_000)
        func liquidate(
            _ id: AccountID, _ payer: AccountID, _ target: LiquidationTarget = .next
        ) -> Command { .liquidate(account: id, payer: payer, target: target) }
        let no = AccountID(900)
        let aim = LiquidationTarget.position(MarketID(9), atMost: .zero)
        #expect(world.attempt(liquidate(no, no, aim), by: stranger)?.code == 102)
        #expect(world.attempt(liquidate(no, treasury, aim), by: stranger)?.code == 201)
        #expect(world.attempt(liquidate(no, treasury, aim), by: .system) == .unknownAccount(no))
        #expect(
            world.attempt(liquidate(treasury, treasury, aim), by: .system)
                == .wrongRole(treasury, .treasury))
        #expect(world.attempt(liquidate(account, account, aim), by: alice)?.code == 106)
        #expect(
            world.attempt(liquidate(account, treasury, aim), by: .system)
                == .wrongRole(treasury, .treasury))
        #expect(world.attempt(liquidate(account, wallet, aim), by: bob)?.code == 301)
        world.run(.pause([]), by: .governance)
        #expect(world.attempt(liquidate(account, wallet, aim), by: bob)?.code == 303)
        world.post(ethFeed, "90")
        world.post(usdFeed, "1")
        // 145 − 100 = 45 = 5 % of 900: met, and the trigger is strict.
        #expect(
            world.attempt(liquidate(account, wallet, aim), by: bob)
                == .accountHealthy(surplus: .zero))
        world.post(ethFeed, "89")
        #expect(world.attempt(liquidate(account, wallet, aim), by: bob)?.code == 602)
        let collateral = LiquidationTarget.collateral(seize: eth, repay: usd, atMost: nil)
        #expect(world.attempt(liquidate(account, wallet, collateral), by: bob)?.code == 602)
        policy(&world) { $0.order = .liquidatorsChoice }
        #expect(world.attempt(liquidate(account, wallet, aim), by: bob)?.code == 104)
        func position(_ market: MarketID, _ atMost: String?) -> LiquidationTarget {
            .position(market, atMost: atMost.map { units($0) })
        }
        #expect(
            world.attempt(liquidate(account, wallet, position(btcPerp, "0")), by: bob)?.code == 603)
        #expect(
            world.attempt(liquidate(account, wallet, position(ethPerp, "0")), by: bob)?.code == 101)
        #expect(
            world.attempt(liquidate(account, wallet, position(ethPerp, "1")), by: bob)
                == .wrongRole(wallet, .wallet))
        #expect(
            world.attempt(liquidate(account, child), by: bob) == .marketNotAllowed(ethPerp))
        #expect(
            world.attempt(liquidate(account, payer), by: bob) == .payerCannotTakePosition(payer))
        world.mint("1000", usd, payer)
        world.run(liquidate(account, payer, position(ethPerp, "1")), by: bob)
        world.post(ethFeed, "80")
        world.house.advance(to: world.house.time, into: &world.journal)
        world.run(liquidate(account, payer, position(ethPerp, "1")), by: bob)
        #expect(world.attempt(liquidate(account, payer), by: bob) == .oncePerBlock(account))
    }

    @Test func governanceAndSystemPrecedence() {
        var world = World()
        let wallet = world.wallet(bob, "10")
        let account = world.margin(bob)
        #expect(world.attempt(.pause(.all), by: bob) == .senderNotGovernance)
        func set(_ change: ParameterChange) -> Command { .setParameter(change) }
        let bad = CollateralSchedule(basis: .value, tiers: [])
        #expect(world.attempt(set(.collateral(AssetID(9), bad)), by: bob)?.code == 203)
        #expect(world.attempt(set(.collateral(AssetID(9), bad)), by: .governance)?.code == 103)
        #expect(world.attempt(set(.collateral(usd, bad)), by: .governance)?.code == 108)
        #expect(
            world.attempt(set(.margin(MarketID(9), [])), by: .governance)?
                .code == 104)
        #expect(
            world.attempt(set(.margin(ethPerp, [])), by: .governance)?
                .code == 108)
        #expect(
            world.attempt(set(.openInterestCap(MarketID(9), nil)), by: .governance)?.code == 104)
        #expect(
            world.attempt(set(.openInterestCap(ethPerp, money("-1"))), by: .governance)?.code == 108
        )
        #expect(world.attempt(set(.maxAge(FeedID(9), nil)), by: .governance)?.code == 105)
        #expect(
            world.attempt(set(.maxAge(ethFeed, TimeSpan(milliseconds: -1))), by: .governance)?.code
                == 108)
        #expect(world.attempt(set(.maxDeviation(FeedID(-1), nil)), by: .governance)?.code == 105)
        #expect(
            world.attempt(set(.maxDeviation(ethFeed, ratio("-0.1"))), by: .governance)?.code == 108)

        func settle(_ wallet: AccountID, _ changes: (AssetID, Int64)...) -> Command {
            .settleOutside(
                wallet: wallet,
                changes: changes.map { AssetChange(asset: $0.0, delta: Quantity(raw: $0.1)) })
        }
        #expect(world.attempt(settle(AccountID(900), (AssetID(9), .min)), by: bob)?.code == 102)
        #expect(world.attempt(settle(account, (AssetID(9), .min)), by: bob)?.code == 107)
        #expect(world.attempt(settle(wallet, (AssetID(9), .min)), by: bob)?.code == 204)
        #expect(world.attempt(settle(wallet, (AssetID(9), .min)), by: .system)?.code == 103)
        #expect(world.attempt(settle(wallet, (usd, .min)), by: .system)?.code == 901)
        #expect(world.attempt(settle(wallet, (usd, .max)), by: .system)?.code == 901)
        // Twice 6 of 10: each would be possible, both are not.
        #expect(
            world.attempt(settle(wallet, (usd, -6 * scaleE8), (usd, -6 * scaleE8)), by: .system)
                == .insufficientBalance(usd, has: units("4"), needs: units("6")))
        world.run(settle(wallet, (usd, -6 * scaleE8), (eth, 3 * scaleE8)), by: .system)
        #expect(world.balance(wallet) == units("4"))
        #expect(world.balance(wallet, eth) == units("3"))
    }

    @Test func aMissingPriceBlocksTradesButNotDeposits() {
        var world = World(posted: false)
        let wallet = world.wallet(bob, "10")
        let account = world.margin(bob, "100")
        func trade() -> Command {
            .trade(
                account: account, market: ethPerp, size: units("1"), limit: nil, reduceOnly: false)
        }
        #expect(world.attempt(trade(), by: bob) == .priceMissing(ethFeed))
        world.post(ethFeed, "100")
        #expect(world.attempt(trade(), by: bob) == .priceMissing(usdFeed))
        world.run(.deposit(from: wallet, to: account, asset: usd, amount: units("10")), by: bob)
        world.post(usdFeed, "1")
        world.run(trade(), by: bob)
    }
}

/// Opens an isolated child and returns its id.
func open(
    _ world: inout World, parent: AccountID, _ owner: Address, _ market: MarketID = ethPerp
) -> AccountID {
    let id = AccountID(index: world.house.accountCount)
    world.run(.openAccount(parent: parent, isolated: market), by: owner)
    return id
}

/// Changes the liquidation policy as governance does.
func policy(_ world: inout World, _ change: (inout LiquidationPolicy) -> Void) {
    var policy = world.house.parameters.liquidation
    change(&policy)
    world.run(.setParameter(.liquidation(policy)), by: .governance)
}
