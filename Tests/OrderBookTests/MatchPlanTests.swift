import ExactMath
import OrderBook
import Testing

@Suite struct MatchPlanTests {
    private func plan(
        _ side: Side, _ size: Int64, limit: Int64? = nil, owner: Int32 = 99,
        selfTrade: SelfTrade = .cancelMaker, cancelling: [OrderID] = []
    ) -> MatchPlan {
        sampleBook().plan(
            owner: owner, side: side, size: units(size), limit: limit.map(usd),
            selfTrade: selfTrade, cancelling: cancelling)
    }

    /// (maker, price, size, left) of every match.
    private func rows(_ plan: MatchPlan) -> [[Int64]] {
        plan.matches.map {
            [$0.maker.raw, $0.price.raw, $0.size.raw, $0.makerRemaining.raw].enumerated().map {
                $0.offset == 0 ? $0.element : $0.element / 100_000_000
            }
        }
    }

    @Test func anEmptyBookMatchesNothing() {
        let plan = LimitOrderBook().plan(owner: 1, side: .buy, size: units(5), limit: nil)
        #expect(plan == MatchPlan(matches: [], unmatched: units(5)))
    }

    @Test(
        arguments: [
            // Part of the first order.
            (Side.buy, 1, nil, [[4, 101, 1, 3]], 0),
            // Exactly the first order, and nothing of the second.
            (.buy, 4, nil, [[4, 101, 4, 0]], 0),
            // The level in order of arrival, then the next level.
            (.buy, 12, nil, [[4, 101, 4, 0], [6, 101, 6, 0], [5, 102, 2, 3]], 0),
            // More than there is.
            (.buy, 20, nil, [[4, 101, 4, 0], [6, 101, 6, 0], [5, 102, 5, 0]], 5),
            // The limit ends the walk, at its own price inclusive.
            (.buy, 12, 101, [[4, 101, 4, 0], [6, 101, 6, 0]], 2),
            (.buy, 12, 100, [], 12),
            // A better price than the limit is the taker's gain.
            (.buy, 5, 500, [[4, 101, 4, 0], [6, 101, 1, 5]], 0),
            // The same downwards.
            (.sell, 2, nil, [[1, 99, 1, 0], [3, 99, 1, 2]], 0),
            (.sell, 9, nil, [[1, 99, 1, 0], [3, 99, 3, 0], [2, 98, 2, 0]], 3),
            (.sell, 9, 99, [[1, 99, 1, 0], [3, 99, 3, 0]], 5),
            (.sell, 9, 100, [], 9),
        ] as [(Side, Int64, Int64?, [[Int64]], Int64)])
    func matchesByPriceThenTime(
        _ side: Side, _ size: Int64, _ limit: Int64?, _ expected: [[Int64]], _ unmatched: Int64
    ) {
        let plan = plan(side, size, limit: limit)
        #expect(rows(plan) == expected)
        #expect(plan.unmatched == units(unmatched))
        #expect(plan.cancelled.isEmpty)
        #expect(!plan.stoppedBySelfTrade)
    }

    @Test func aMatchNamesTheMakersOwner() {
        #expect(plan(.buy, 12).matches.map(\.makerOwner) == [10, 30, 20])
    }

    @Test func ownRestingOrdersAreCancelledAndPassed() {
        let plan = plan(.buy, 7, owner: 10)
        #expect(rows(plan) == [[6, 101, 6, 0], [5, 102, 1, 4]])
        #expect(plan.cancelled.map(\.id) == [id(4)])
        #expect(plan.unmatched == .zero)
    }

    @Test func ownOrdersBehindTheLastMatchStay() {
        // Owner 30's order is next at the same price, but nothing is left to meet it.
        #expect(plan(.buy, 4, owner: 30).cancelled.isEmpty)
        #expect(plan(.buy, 5, owner: 30).cancelled.map(\.id) == [id(6)])
        // Owner 20's order is beyond the limit.
        #expect(plan(.buy, 15, limit: 101, owner: 20).cancelled.isEmpty)
    }

    @Test func anOwnOrderCanStopTheTakerInstead() {
        let met = plan(.buy, 7, owner: 30, selfTrade: .cancelTaker)
        #expect(rows(met) == [[4, 101, 4, 0]])
        #expect(met.unmatched == units(3))
        #expect(met.stoppedBySelfTrade)
        #expect(met.cancelled.isEmpty)
        let notMet = plan(.buy, 4, owner: 30, selfTrade: .cancelTaker)
        #expect(notMet.unmatched == .zero)
        #expect(!notMet.stoppedBySelfTrade)
    }

    @Test func makersThatTheCallerRefusesAreCancelled() {
        let passed = plan(.buy, 6, cancelling: [id(5), id(4)])
        #expect(rows(passed) == [[6, 101, 6, 0]])
        #expect(passed.cancelled.map(\.id) == [id(4)])
        // An own order that is to go anyway does not stop the taker.
        let own = plan(.buy, 11, owner: 30, selfTrade: .cancelTaker, cancelling: [id(6)])
        #expect(rows(own) == [[4, 101, 4, 0], [5, 102, 5, 0]])
        #expect(own.unmatched == units(2))
        #expect(!own.stoppedBySelfTrade)
    }

    @Test func planningChangesNothing() {
        let book = sampleBook()
        _ = book.plan(owner: 10, side: .buy, size: units(12), limit: nil, cancelling: [id(6)])
        #expect(book == sampleBook())
        #expect(book.breachedInvariant() == nil)
    }

    @Test func applyingDoesWhatWasPlanned() {
        var book = sampleBook()
        book.apply(
            book.plan(owner: 10, side: .buy, size: units(7), limit: usd(102)))
        #expect(book.ids(.sell) == [5])
        #expect(book.order(id(5))?.remaining == units(4))
        #expect(book.ids(.buy) == [1, 3, 2])
        book.checkInvariants()
    }

    @Test func aCallersOwnPlanMayFillAndThenCancelOneOrder() throws {
        // A reduce-only maker whose position is smaller than its order.
        var book = sampleBook()
        let maker = try #require(book.order(id(4)))
        let match = Match(with: maker, size: units(1))
        let rest = Order(
            id: maker.id, owner: maker.owner, side: maker.side, price: maker.price,
            remaining: match.makerRemaining, reduceOnly: maker.reduceOnly)
        book.apply(MatchPlan(matches: [match], cancelled: [rest], unmatched: .zero))
        #expect(book.order(id(4)) == nil)
        #expect(book.restingSize(.sell) == units(11))
        book.checkInvariants()
    }

    @Test func aPlanThatDisagreesWithTheBookTraps() async {
        await #expect(processExitsWith: .failure) {
            var book = sampleBook()
            let plan = book.plan(owner: 99, side: .buy, size: units(2), limit: nil)
            book.reduce(OrderID(raw: 4), by: units(1))
            book.apply(plan)
        }
    }
}
