import ExactMath
import MarginRules
import Testing

@testable import MarginProtocol

/// A vault protocol: USD is owed against ETH at 50 % and BTC at 50 %, and sold by auction.
func auctionParameters(_ form: AuctionPolicy.Form, minimumDebt: Money = .zero)
    -> ProtocolParameters
{
    var parameters = plainParameters()
    parameters.assets[0].collateral = .flat(.zero)
    parameters.assets[0].borrowable = true
    parameters.assets[1].collateral = .flat(Ratio(percent: 50))
    parameters.assets[2].collateral = .flat(Ratio(percent: 50))
    parameters.auctions = AuctionPolicy(
        form: form, penalty: Ratio(percent: 10), minimumDebt: minimumDebt,
        reward: KeeperReward(flat: Money(whole: 3), share: Ratio(percent: 1)))
    return parameters
}

let dutchForm = AuctionPolicy.Form.dutch(
    .init(
        terms: DutchAuction(
            curve: .linear(duration: TimeSpan(seconds: 1000)), startingFactor: .one,
            maximumDuration: TimeSpan(seconds: 800), restartRatio: Ratio(percent: 40)),
        limit: Money(whole: 10_000), globalLimit: Money(whole: 10_000)))
let englishForm = AuctionPolicy.Form.english(
    .init(
        terms: EnglishAuction(
            minimumImprovement: Ratio(percent: 105), bidLifetime: TimeSpan(seconds: 600),
            duration: TimeSpan(seconds: 3600)),
        lots: .collateral([.init(asset: eth, amount: Quantity(whole: 6))])))

/// A vault with 10 ETH at 100 and a debt of 600, and two keepers with 10,000 each.
struct AuctionWorld {
    var world: World
    let vault: AccountID
    let keeper: AccountID
    let other: AccountID
    static let first = AuctionID(0)

    init(_ form: AuctionPolicy.Form, minimumDebt: Money = .zero, debt: String = "600") {
        world = World(auctionParameters(form, minimumDebt: minimumDebt))
        vault = world.margin(alice, "0", "10")
        world.house.seedBalance(-units(debt), of: usd, to: vault, into: &world.journal)
        keeper = world.wallet(bob, "10000")
        other = world.wallet(carol, "10000")
    }

    mutating func start(sourceLocation: SourceLocation = #_sourceLocation) {
        world.run(
            .startAuction(account: vault, asset: eth, keeper: keeper), by: bob,
            sourceLocation: sourceLocation)
    }
    func take(_ amount: String, _ price: String) -> Command {
        .takeAuction(
            Self.first, wallet: keeper, atMost: units(amount),
            maximumPrice: MarginProtocolTests.price(price))
    }
    func bid(_ wallet: AccountID, _ lot: String, _ bid: String) -> Command {
        .bidAuction(Self.first, wallet: wallet, lot: units(lot), bid: units(bid))
    }
    var lots: AccountID { world.house.auctions.lots }
    var bids: AccountID { world.house.auctions.bids }
}

@Suite struct AuctionTests {
    // MARK: Dutch

    @Test(
        "A start moves collateral and debt to the auction, and pays the keeper as debt of the system"
    )
    func start() {
        var it = AuctionWorld(dutchForm)
        it.start()
        let auction = it.world.house.auction(AuctionWorld.first)
        #expect(auction.lot == units("10") && auction.principal == units("600"))
        #expect(auction.debt == units("660"))
        #expect(it.world.balance(it.vault, usd).isZero && it.world.balance(it.vault, eth).isZero)
        #expect(it.world.balance(it.lots, usd) == units("-600"))
        #expect(it.world.balance(it.lots, eth) == units("10"))
        // 3 and 1 % of 660; there is no fund to pay it.
        #expect(it.world.balance(it.keeper) == units("10009.6"))
        #expect(it.world.balance(badDebt) == units("-9.6"))
        let step = it.world.liquidations().last
        #expect(step?.kind == .auction && step?.size == units("10") && step?.repaid == units("600"))
        #expect(it.world.house.auctionedDebt(eth) == units("660"))
    }

    @Test("A keeper is paid from the fund as far as that goes")
    func rewardFromTheFund() {
        var it = AuctionWorld(dutchForm)
        it.world.mint("4", usd, insurance)
        it.start()
        #expect(it.world.balance(insurance).isZero && it.world.balance(badDebt) == units("-5.6"))
    }

    @Test(
        "Buying in parts: the debt first, then the penalty to the fund, and what is left goes back")
    func buy() {
        var it = AuctionWorld(dutchForm)
        it.start()
        it.world.advance(by: 100_000)
        // 90 % of 100: 5 ETH for 450.
        it.world.run(it.take("5", "90"), by: bob)
        #expect(it.world.house.auction(AuctionWorld.first).principal == units("150"))
        #expect(it.world.house.auction(AuctionWorld.first).debt == units("210"))
        it.world.advance(by: 100_000)
        it.world.run(it.take("10", "80"), by: bob)
        // 210 at 80: 2.625 ETH.
        #expect(it.world.balance(it.keeper, eth) == units("7.625"))
        #expect(it.world.balance(it.vault, eth) == units("2.375"))
        #expect(it.world.balance(insurance) == units("60"))
        #expect(it.world.balance(it.lots, usd).isZero && it.world.house.openAuctions.isEmpty)
        #expect(it.world.covers().isEmpty)
        #expect(it.world.attempt(it.take("1", "80"), by: bob) == .auctionOver(AuctionWorld.first))
    }

    @Test("Where the collateral ends first, the loss is covered in the vault's name")
    func loss() {
        var it = AuctionWorld(dutchForm, debt: "900")
        it.world.mint("20", usd, insurance)
        it.start()
        it.world.advance(by: 300_000)
        let fund = it.world.balance(insurance)
        it.world.run(it.take("10", "70"), by: bob)
        let covers = it.world.covers()
        #expect(covers.map(\.layer) == [.insuranceFund, .badDebt])
        #expect(covers.map(\.amount) == [fund, units("200") - fund])
        #expect(covers.allSatisfy { $0.account == it.vault })
        #expect(it.world.balance(it.lots, usd).isZero)
    }

    @Test("A stale auction is only restarted, at the present price, and only then")
    func restart() {
        var it = AuctionWorld(dutchForm)
        it.start()
        let redo = Command.restartAuction(AuctionWorld.first, keeper: it.keeper)
        #expect(it.world.attempt(redo, by: bob) == .auctionRunning(AuctionWorld.first))
        // 40 % of the start is still in time; a moment later it is not.
        it.world.advance(by: 600_000)
        #expect(it.world.attempt(redo, by: bob) == .auctionRunning(AuctionWorld.first))
        it.world.advance(by: 1000)
        #expect(
            it.world.attempt(it.take("1", "100"), by: bob) == .auctionStale(AuctionWorld.first))
        it.world.post(ethFeed, "50")
        it.world.run(redo, by: bob)
        #expect(
            it.world.house.auctionStatus(AuctionWorld.first, at: it.world.house.time)?.price
                == Fixed18(whole: 50))
    }

    @Test("Of two kinds of collateral each has its part of the debt, and the last all of the rest")
    func twoKinds() {
        var it = AuctionWorld(dutchForm, debt: "1200")
        it.world.mint("1", btc, it.vault)
        it.start()
        // 500 of 1,000 count for ETH.
        #expect(it.world.house.auction(AuctionWorld.first).principal == units("600"))
        #expect(it.world.balance(it.vault, usd) == units("-600"))
        it.world.run(.startAuction(account: it.vault, asset: btc, keeper: it.keeper), by: bob)
        #expect(it.world.house.auction(AuctionID(1)).principal == units("600"))
        #expect(it.world.balance(it.vault, usd).isZero)
        #expect(it.world.house.openAuctions == [AuctionID(0), AuctionID(1)])
    }

    // MARK: English

    @Test("Bids raise the payment, then lower the lot; who is outbid has its own back at once")
    func bidding() {
        var it = AuctionWorld(englishForm)
        it.start()
        // A lot of 6 of 10 ETH carries 360 of the debt; 396 are to be raised.
        #expect(it.world.house.auction(AuctionWorld.first).debt == units("396"))
        #expect(it.world.balance(it.vault, usd) == units("-240"))
        let before = it.world.balance(it.keeper)
        // The smallest bid there is.
        it.world.run(it.bid(it.keeper, "6", "0.00000001"), by: bob)
        #expect(it.world.balance(it.bids) == units("0.00000001"))
        it.world.run(it.bid(it.other, "6", "300"), by: carol)
        #expect(it.world.balance(it.keeper) == before)
        #expect(
            it.world.attempt(it.bid(it.keeper, "6", "314"), by: bob)
                == .bidTooLow(AuctionWorld.first))
        it.world.run(it.bid(it.keeper, "6", "396"), by: bob)
        // 5 % less of the lot, at least.
        #expect(
            it.world.attempt(it.bid(it.other, "5.8", "396"), by: carol)
                == .bidTooLow(AuctionWorld.first))
        it.world.run(it.bid(it.other, "5", "396"), by: carol)
        #expect(it.world.balance(it.vault, eth) == units("5"))
        #expect(it.world.balance(it.bids) == units("396"))
        let settle = Command.settleAuction(AuctionWorld.first)
        it.world.advance(by: 600_000)
        #expect(it.world.attempt(settle, by: stranger) == .auctionRunning(AuctionWorld.first))
        #expect(
            it.world.attempt(it.bid(it.keeper, "4", "396"), by: bob)
                == .biddingEnded(AuctionWorld.first))
        it.world.advance(by: 1)
        it.world.run(settle, by: stranger)
        #expect(it.world.balance(it.other, eth) == units("5"))
        #expect(it.world.balance(it.other) == units("9604"))
        #expect(it.world.balance(insurance) == units("36"))
        #expect(it.world.balance(it.bids).isZero && it.world.balance(it.lots, usd).isZero)
    }

    @Test("A bid of next to nothing wins where nobody bids more: the whole debt is lost")
    func zeroBid() {
        var it = AuctionWorld(englishForm)
        it.start()
        it.world.run(it.bid(it.keeper, "6", "0.00000001"), by: bob)
        it.world.advance(by: 600_001)
        it.world.run(.settleAuction(AuctionWorld.first), by: bob)
        #expect(it.world.balance(it.keeper, eth) == units("6"))
        #expect(it.world.covers().last?.amount == units("359.99999999"))
    }

    @Test("Whoever beats its own bid needs only the difference")
    func ownBid() {
        var it = AuctionWorld(englishForm)
        it.start()
        let poor = it.world.wallet(stranger, "300")
        it.world.run(it.bid(poor, "6", "200"), by: stranger)
        it.world.run(it.bid(poor, "6", "290"), by: stranger)
        #expect(it.world.balance(poor) == units("10"))
        let more = it.world.attempt(it.bid(poor, "6", "310"), by: stranger)
        #expect(more == .insufficientBalance(usd, has: units("10"), needs: units("20")))
    }

    @Test("An auction that ended without a bid runs again; one with a bid does not")
    func again() {
        var it = AuctionWorld(englishForm)
        it.start()
        let redo = Command.restartAuction(AuctionWorld.first, keeper: it.keeper)
        #expect(it.world.attempt(redo, by: bob) == .auctionRunning(AuctionWorld.first))
        it.world.advance(by: 3_600_001)
        #expect(
            it.world.attempt(it.bid(it.keeper, "6", "1"), by: bob)
                == .biddingEnded(AuctionWorld.first))
        it.world.run(redo, by: bob)
        it.world.run(it.bid(it.keeper, "6", "1"), by: bob)
        it.world.advance(by: 3_600_001)
        #expect(it.world.attempt(redo, by: bob) == .auctionRunning(AuctionWorld.first))
    }

    // MARK: The vault

    @Test("What is auctioned is not seized")
    func notSeized() {
        var it = AuctionWorld(dutchForm)
        let command = Command.liquidate(account: it.vault, payer: it.keeper, target: .next)
        #expect(it.world.attempt(command, by: bob) == .soldByAuction(it.vault))
    }

    @Test("A debt is nothing or as large as it has to be, however it came about")
    func minimumDebt() {
        var it = AuctionWorld(dutchForm, minimumDebt: Money(whole: 100), debt: "400")
        let wallet = it.world.wallet(alice, "1000")
        let small = Rejection.belowMinimumDebt(minimum: Money(whole: 100))
        func repay(_ amount: String) -> Command {
            .deposit(from: wallet, to: it.vault, asset: usd, amount: units(amount))
        }
        #expect(it.world.attempt(repay("300.00000001"), by: alice) == small)
        it.world.run(repay("300"), by: alice)
        it.world.run(repay("100"), by: alice)
        func draw(_ amount: String) -> Command {
            .withdraw(from: it.vault, to: wallet, asset: usd, amount: units(amount))
        }
        #expect(it.world.attempt(draw("99.99999999"), by: alice) == small)
        it.world.run(draw("100"), by: alice)
    }

    // MARK: Precedence: each begins with everything wrong and mends one guard at a time.

    @Test func startPrecedence() {
        var it = AuctionWorld(dutchForm, debt: "400")
        let no = AccountID(900)
        func start(_ account: AccountID, _ asset: AssetID, _ keeper: AccountID) -> Command {
            .startAuction(account: account, asset: asset, keeper: keeper)
        }
        it.world.run(.pause(.liquidate), by: .governance)
        #expect(it.world.attempt(start(no, AssetID(9), no), by: bob) == .unknownAccount(no))
        #expect(
            it.world.attempt(start(no, AssetID(9), it.vault), by: bob)
                == .wrongRole(it.vault, .margin))
        #expect(
            it.world.attempt(start(no, AssetID(9), it.keeper), by: carol)
                == .senderNotOwner(it.keeper))
        #expect(it.world.attempt(start(no, AssetID(9), it.keeper), by: bob) == .unknownAccount(no))
        #expect(
            it.world.attempt(start(it.keeper, AssetID(9), it.keeper), by: bob)
                == .unknownAsset(AssetID(9)))
        #expect(
            it.world.attempt(start(it.keeper, usd, it.keeper), by: bob)
                == .wrongRole(it.keeper, .wallet))
        #expect(
            it.world.attempt(start(it.vault, usd, it.keeper), by: bob) == .paused(.liquidate))
        it.world.run(.pause([]), by: .governance)
        #expect(
            it.world.attempt(start(it.vault, usd, it.keeper), by: bob)
                == .accountHealthy(surplus: money("100")))
        it.world.post(ethFeed, "79")
        #expect(it.world.attempt(start(it.vault, usd, it.keeper), by: bob) == .nothingToLiquidate)
        #expect(it.world.attempt(start(it.vault, btc, it.keeper), by: bob) == .nothingToLiquidate)
        it.world.run(start(it.vault, eth, it.keeper), by: bob)

        var plain = World()
        let wallet = plain.wallet(bob, "1")
        let margin = plain.margin(alice, "1")
        #expect(plain.attempt(start(margin, usd, wallet), by: bob) == .noAuctions)
    }

    @Test("Limits: for the asset and for all, and no dust")
    func startLimits() {
        guard case .dutch(var dutch) = dutchForm else { return }
        dutch.limit = Money(whole: 220)
        var it = AuctionWorld(.dutch(dutch), minimumDebt: Money(whole: 100))
        it.start()
        #expect(it.world.house.auction(AuctionWorld.first).principal == units("200"))
        let again = Command.startAuction(account: it.vault, asset: eth, keeper: it.keeper)
        #expect(it.world.attempt(again, by: bob) == .auctionLimitReached(eth))
        // Room for 50 of debt only, where an auction has at least 100.
        it.world.run(it.take("0.55", "100"), by: bob)
        #expect(it.world.attempt(again, by: bob) == .leavesDust)
    }

    @Test func takePrecedence() {
        var it = AuctionWorld(dutchForm, minimumDebt: Money(whole: 500))
        it.start()
        var english = AuctionWorld(englishForm)
        english.start()
        let id = AuctionWorld.first
        func take(
            _ id: AuctionID, _ wallet: AccountID, _ amount: String, _ limit: String
        ) -> Command {
            .takeAuction(
                id, wallet: wallet, atMost: units(amount), maximumPrice: price(limit))
        }
        it.world.run(.pause(.liquidate), by: .governance)
        #expect(
            it.world.attempt(take(AuctionID(7), it.vault, "0", "1"), by: carol)
                == .wrongRole(it.vault, .margin))
        #expect(
            it.world.attempt(take(AuctionID(7), it.keeper, "0", "1"), by: carol)
                == .senderNotOwner(it.keeper))
        #expect(
            it.world.attempt(take(AuctionID(7), it.keeper, "0", "1"), by: bob) == .amountNotPositive
        )
        #expect(
            it.world.attempt(take(AuctionID(7), it.keeper, "1", "1"), by: bob)
                == .unknownAuction(AuctionID(7)))
        #expect(it.world.attempt(take(id, it.keeper, "1", "1"), by: bob) == .paused(.liquidate))
        it.world.run(.pause([]), by: .governance)
        #expect(
            english.world.attempt(take(id, english.keeper, "1", "1"), by: bob)
                == .wrongAuctionKind(id))
        #expect(
            it.world.attempt(take(id, it.keeper, "1", "1"), by: bob)
                == .limitExceeded(price: price("100"), limit: price("1")))
        let poor = it.world.wallet(stranger, "1")
        // 660 are to be raised, and at least 550 are left: 110 is all that a part may pay.
        #expect(
            it.world.attempt(take(id, poor, "6", "100"), by: stranger)
                == .insufficientBalance(usd, has: units("1"), needs: units("110")))
        it.world.run(take(id, it.keeper, "6", "100"), by: bob)
        #expect(it.world.balance(it.keeper, eth) == units("1.1"))
        #expect(
            it.world.attempt(take(id, it.keeper, "1", "100"), by: bob) == .noPartialPurchase(id))
        it.world.run(take(id, it.keeper, "9", "100"), by: bob)
    }

    @Test func bidAndSettlePrecedence() {
        var it = AuctionWorld(englishForm)
        it.start()
        var dutch = AuctionWorld(dutchForm)
        dutch.start()
        let id = AuctionWorld.first
        func bid(_ id: AuctionID, _ lot: String, _ bid: String) -> Command {
            .bidAuction(id, wallet: it.keeper, lot: units(lot), bid: units(bid))
        }
        it.world.run(.pause(.liquidate), by: .governance)
        #expect(
            it.world.attempt(bid(AuctionID(7), "0", "0"), by: carol) == .senderNotOwner(it.keeper))
        #expect(it.world.attempt(bid(AuctionID(7), "6", "0"), by: bob) == .amountNotPositive)
        #expect(
            it.world.attempt(bid(AuctionID(7), "5", "1"), by: bob) == .unknownAuction(AuctionID(7)))
        #expect(it.world.attempt(bid(id, "5", "1"), by: bob) == .paused(.liquidate))
        #expect(it.world.attempt(.settleAuction(id), by: bob) == .paused(.liquidate))
        it.world.run(.pause([]), by: .governance)
        #expect(
            dutch.world.attempt(dutch.bid(dutch.keeper, "5", "1"), by: bob)
                == .wrongAuctionKind(id))
        #expect(dutch.world.attempt(.settleAuction(id), by: bob) == .wrongAuctionKind(id))
        #expect(it.world.attempt(bid(id, "5", "1"), by: bob) == .bidNotMatching(id))
        #expect(it.world.attempt(bid(id, "6", "397"), by: bob) == .bidNotMatching(id))
        #expect(it.world.attempt(.settleAuction(id), by: bob) == .auctionRunning(id))
        it.world.run(bid(id, "6", "1"), by: bob)
        #expect(it.world.attempt(.settleAuction(id), by: bob) == .auctionRunning(id))
        #expect(
            it.world.attempt(.settleAuction(AuctionID(9)), by: bob) == .unknownAuction(AuctionID(9))
        )
        it.world.advance(by: 600_001)
        it.world.run(.settleAuction(id), by: bob)
        #expect(it.world.attempt(.settleAuction(id), by: bob) == .auctionOver(id))
    }

    @Test("A policy that cannot run is named")
    func problems() {
        guard case .dutch(var dutch) = dutchForm else { return }
        dutch.limit = .zero
        dutch.terms.maximumDuration = .zero
        var parameters = auctionParameters(.dutch(dutch))
        #expect(ClearingHouse.problems(in: parameters).count == 2)
        parameters.auctions?.penalty = Ratio(percent: 101)
        #expect(ClearingHouse.problems(in: parameters).count == 3)
        #expect(ClearingHouse.problems(in: auctionParameters(englishForm)).isEmpty)
    }
}
