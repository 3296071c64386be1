// A state is corrupted here on purpose, which the public interface has no way to do.
import ExactMath
import MarginRules
import OrderBook
import Testing

@testable import MarginProtocol

/// Each invariant can fail: a state with exactly one fault is reported as exactly that.
struct InvariantTests {
    /// Two accounts with positions against each other and the pool, an isolated child, funding.
    static func sound() -> (world: World, long: AccountID, short: AccountID, child: AccountID) {
        var parameters = plainParameters()
        parameters.markets[0].funding = .skew(
            maximumRate: ratio("0.01"), skewScale: units("100"))
        var world = World(parameters)
        let long = world.margin(alice, "1000", "3")
        let short = world.margin(bob, "1000")
        let child = open(&world, parent: long, alice)
        world.mint("50", usd, insurance)
        world.run(
            .transfer(from: long, to: child, asset: usd, amount: units("100")), by: alice)
        world.trade(long, ethPerp, "10", by: alice)
        world.trade(short, ethPerp, "-4", by: bob)
        world.trade(child, ethPerp, "1", by: alice)
        world.advance(by: 28_800_000)
        world.post(ethFeed, "110")
        world.trade(long, ethPerp, "-2", by: alice)
        return (world, long, short, child)
    }

    @Test("A sound state has no breach")
    func soundness() {
        #expect(Self.sound().world.house.breaches().isEmpty)
    }

    @Test(
        "Every invariant fails where it is broken, and no other", arguments: Invariant.allCases)
    func mutation(invariant: Invariant) {
        if invariant == .marksAgree { return markMutation() }
        if invariant == .entriesAgree { return entryMutation() }
        if invariant == .executionFeesAreHeld || invariant == .requestsAreInOrder {
            requestMutation(invariant)
            return
        }
        if invariant == .settledMarketsAreClosed || invariant == .woundUpMarketsShrink {
            return windingUpMutation(invariant)
        }
        if invariant == .impactIsAccounted { return impactMutation() }
        if invariant == .poolSharesAgree { return shareMutation() }
        if invariant == .orderBitsAgree { return orderMutation() }
        if invariant.rawValue >= Invariant.spotReservesAreHeld.rawValue {
            return spotMutation(invariant)
        }
        if invariant.rawValue >= Invariant.auctionLotsAreHeld.rawValue {
            auctionMutation(invariant)
            return
        }
        var (world, long, short, child) = Self.sound()
        let wallet = world.wallet(carol, "10")
        var house = world.house
        func slot(_ id: AccountID, _ market: MarketID = ethPerp) -> Int {
            id.index * house.marketCount + market.index
        }
        func cell(_ id: AccountID) -> Int { id.index * house.assetCount }
        switch invariant {
        case .balancesSumToZero: house.balances[cell(ClearingHouse.outside)] += 1
        case .sizesSumToZero: house.positions[slot(short)].size.raw -= 1
        case .costEqualsClearing:
            house.positions[slot(long)].cost.raw += 1
            house.marketRows[0].openCost.raw += 1
        case .walletsArePlain:
            let has = house.balances[cell(wallet)]
            house.balances[cell(wallet)] = -1
            house.balances[cell(ClearingHouse.outside)] += has + 1
        case .insuranceFundNotNegative:
            let has = house.balances[cell(insurance)]
            house.balances[cell(insurance)] = -1
            house.balances[cell(ClearingHouse.outside)] += has + 1
        case .badDebtNotPositive:
            house.balances[cell(badDebt)] += 1
            house.balances[cell(ClearingHouse.outside)] -= 1
            house.accounts[badDebt.index].assets = 1
        case .flatPositionHasNoCost:
            house.positions[slot(wallet)].cost.raw += 1
            house.positions[slot(long)].cost.raw -= 1
        case .holdingBitsAgree: house.accounts[long.index].markets = 0
        case .openInterestAgrees: house.marketRows[0].longOpenInterest.raw += 1
        case .isolatedInItsMarket: house.accounts[child.index].isolatedMarket = btcPerp
        case .fundingIsHeld:
            // The fund owes the short its funding; all it holds goes elsewhere.
            let fund = cell(ClearingHouse.funding(ethPerp))
            let has = house.balances[fund]
            house.balances[fund] = has - 10 * scaleE8
            house.balances[cell(ClearingHouse.outside)] += 10 * scaleE8
        case .booksAreWellFormed:
            house.books[0].rest(
                owner: treasury.raw, side: .buy, price: price("1"), size: units("1"),
                reduceOnly: false)
            house.accounts[treasury.index].orders = 1
        case .depositsAgree: house.assetRows[0].owed.raw += 1
        case .auctionLotsAreHeld, .auctionPrincipalIsOwed, .bidsAreHeld, .auctionDebtsAgree,
            .openAuctionsAgree, .marksAgree, .executionFeesAreHeld, .requestsAreInOrder,
            .entriesAgree, .settledMarketsAreClosed, .woundUpMarketsShrink, .impactIsAccounted,
            .poolSharesAgree, .orderBitsAgree, .spotReservesAreHeld, .spotReservesAgree,
            .spotPotentialAgrees:
            Issue.record("\(invariant) is broken elsewhere")
        }
        let found = house.breaches()
        #expect(!found.isEmpty)
        #expect(found.allSatisfy { $0.invariant == invariant }, "\(found)")
        #expect(found.first?.description.hasPrefix("invariant \(invariant.rawValue) ") == true)
        #expect(house != world.house, "and equality sees it")
    }

    /// An account with an order.
    private func orderMutation() {
        var (world, long, _, _) = Self.sound()
        world.run(OrderTests.place(long, .buy, "1", "50"), by: alice)
        #expect(world.house.breaches().isEmpty)
        for orders: UInt64 in [0, 2] {
            var house = world.house
            house.accounts[long.index].orders = orders
            let found = house.breaches()
            #expect(found.map(\.invariant) == [.orderBitsAgree], "\(found)")
            #expect(house != world.house, "and equality sees it")
        }
    }

    /// A market that only reduces.
    private func windingUpMutation(_ invariant: Invariant) {
        var world = Self.sound().world
        world.run(.windUp(ethPerp, .reducing, price: nil), by: .governance)
        var house = world.house
        if invariant == .woundUpMarketsShrink {
            house.windingUp[0].openInterest.raw -= 1
        } else {
            house.windingUp[0].stage = .settled
        }
        let found = house.breaches()
        #expect(found.count == 1 && found.first?.invariant == invariant, "\(found)")
        #expect(house != world.house, "and equality sees it")
    }

    /// A house in which profits are settled as far as closings have realised them.
    private func entryMutation() {
        let it = ResultWorld(limit: .realised)
        #expect(it.world.house.breaches().isEmpty)
        for entry in [Int64(-1), 1] {
            var house = it.world.house
            let slot = (entry < 0 ? it.long : it.flat).index * house.marketCount
            house.resultStates[slot].entry = entry
            let found = house.breaches()
            #expect(found.count == 1 && found.first?.invariant == .entriesAgree, "\(found)")
            #expect(house != it.world.house, "and equality sees it")
        }
    }

    /// A state with two requests that wait.
    private func requestMutation(_ invariant: Invariant) {
        var it = RequestWorld()
        it.world.run(it.ask("1"), by: alice)
        it.world.run(it.ask("-1"), by: alice)
        #expect(it.world.house.breaches().isEmpty)
        var house = it.world.house
        if invariant == .requestsAreInOrder {
            house.requests.open.swapAt(0, 1)
        } else {
            let cell = it.escrow.index * house.assetCount
            house.balances[cell] += 1
            house.balances[ClearingHouse.outside.index * house.assetCount] -= 1
        }
        let found = house.breaches()
        #expect(found.count == 1 && found.first?.invariant == invariant, "\(found)")
        #expect(house != it.world.house, "and equality sees it")
    }

    /// A pool that somebody has a part of.
    private func shareMutation() {
        let it = ShareWorld()
        #expect(it.world.house.breaches().isEmpty && it.world.house.poolShareSupply.isPositive)
        for change in [
            { (house: inout ClearingHouse) in house.poolShareBook.supply += 1 },
            {
                $0.poolShareBook.held[0] += $0.poolShareBook.held[it.wallet.index] + 1
                $0.poolShareBook.held[it.wallet.index] = -1
            },
        ] as [(inout ClearingHouse) -> Void] {
            var house = it.world.house
            change(&house)
            let found = house.breaches()
            #expect(found.count == 1 && found.first?.invariant == .poolSharesAgree, "\(found)")
            #expect(house != it.world.house, "and equality sees it")
        }
    }

    /// A market with an order on each side.
    private func spotMutation(_ invariant: Invariant) {
        var it = SpotWorld()
        it.world.run(it.place(it.maker, .sell, "2", "101"), by: bob)
        it.world.run(it.place(it.maker, .buy, "1", "99"), by: bob)
        #expect(it.world.house.breaches().isEmpty)
        let changes: [(inout ClearingHouse) -> Void] =
            switch invariant {
            case .spotReservesAreHeld:
                [
                    {
                        $0.balances[it.escrow.index * $0.assetCount] += 1
                        $0.balances[ClearingHouse.outside.index * $0.assetCount] -= 1
                    }
                ]
            case .spotReservesAgree:
                [
                    { $0.spot.entries[0].reserve.lowestAsk = price("102") },
                    { $0.spot.entries[0].reserve.base.raw += 1 },
                    { $0.accounts[it.taker.index].spotMarkets = 1 },
                ]
            default: [{ $0.spot.potential[1] += 1 }]
            }
        for change in changes {
            var house = it.world.house
            change(&house)
            let found = house.breaches()
            #expect(found.count == 1 && found.first?.invariant == invariant, "\(found)")
            #expect(house != it.world.house, "and equality sees it")
        }
    }

    /// A state in which impact waits, and a charge above the cap is held.
    private func impactMutation() {
        var it = ImpactWorld()
        it.world.trade(it.long, ethPerp, "100", by: alice)
        it.world.trade(it.long, ethPerp, "-50", by: alice)
        #expect(it.world.house.breaches().isEmpty && !it.world.house.impactClaims.isEmpty)
        for change in [
            { (house: inout ClearingHouse) in
                house.impacts.pending[it.short.index * house.marketCount] += 1
            },
            { $0.impacts.claimable[0].amount.raw += 1 },
        ] as [(inout ClearingHouse) -> Void] {
            var house = it.world.house
            change(&house)
            let found = house.breaches()
            #expect(found.count == 1 && found.first?.invariant == .impactIsAccounted, "\(found)")
            #expect(house != it.world.house, "and equality sees it")
        }
    }

    /// A state with an English auction that has a bid.
    private func auctionMutation(_ invariant: Invariant) {
        var it = AuctionWorld(englishForm)
        it.start()
        it.world.run(it.bid(it.keeper, "6", "5"), by: bob)
        #expect(it.world.house.breaches().isEmpty)
        var house = it.world.house
        func cell(_ id: AccountID, _ asset: AssetID) -> Int {
            id.index * house.assetCount + asset.index
        }
        switch invariant {
        case .auctionLotsAreHeld:
            house.balances[cell(it.lots, eth)] += 1
            house.balances[cell(ClearingHouse.outside, eth)] -= 1
        case .auctionPrincipalIsOwed:
            house.balances[cell(it.lots, usd)] += 1
            house.balances[cell(ClearingHouse.outside, usd)] -= 1
        case .bidsAreHeld:
            house.balances[cell(it.bids, usd)] += 1
            house.balances[cell(ClearingHouse.outside, usd)] -= 1
        case .auctionDebtsAgree: house.auctions.debts[eth.index] += 1
        case .openAuctionsAgree: house.auctions.open = []
        default: Issue.record("\(invariant) is none of auctions")
        }
        let found = house.breaches()
        #expect(found.count == 1 && found.first?.invariant == invariant, "\(found)")
        #expect(house != it.world.house, "and equality sees it")
    }

    /// A market whose mark is an average of its book.
    private func markMutation() {
        var parameters = MarkTests.parameters(
            MarkPolicy(.averageBasis, average: MarkTests.moving))
        parameters.markets[1].pool = nil
        parameters.markets[1].mark = MarkPolicy(.mid)
        var world = World(parameters)
        let maker = world.margin(carol, "1000")
        world.run(OrderTests.place(maker, .buy, "1", "99"), by: carol)
        world.run(OrderTests.place(maker, .sell, "1", "102"), by: carol)
        world.advance(by: 1000)
        #expect(world.house.breaches().isEmpty)
        for change in [
            { (house: inout ClearingHouse) in house.marks[0].sum += 1 },
            { $0.prices[$0.marks[1].slot] = .zero },
        ] as [(inout ClearingHouse) -> Void] {
            var house = world.house
            change(&house)
            let found = house.breaches()
            #expect(found.count == 1 && found.first?.invariant == .marksAgree, "\(found)")
            #expect(house != world.house, "and equality sees it")
        }
    }

    @Test("Each recorded sum is watched on its own")
    func recordedSums() {
        for change in [
            { (house: inout ClearingHouse) in house.marketRows[0].openCost.raw += 1 },
            { $0.assetRows[0].deposited.raw -= 1 },
            { $0.assetRows[1].owed.raw += 1 },
        ] as [(inout ClearingHouse) -> Void] {
            var house = Self.sound().world.house
            change(&house)
            #expect(house.breaches().count == 1)
        }
    }
}
