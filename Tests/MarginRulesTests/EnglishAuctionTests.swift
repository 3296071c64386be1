import ExactMath
import MarginRules
import Testing

struct EnglishAuctionTests {
    /// The defaults of makerdao/dss src/flip.sol.
    static let rule = EnglishAuction(
        minimumImprovement: d("1.05"), bidLifetime: TimeSpan(seconds: 3 * 3600),
        duration: TimeSpan(seconds: 2 * 86_400))
    static let start = Timestamp(milliseconds: 604_411_200_000)
    static func after(hours: Int64) -> Timestamp { start + TimeSpan(seconds: hours * 3600) }

    static func raised(
        _ auction: EnglishAuction.State, _ bid: String, lot: String = "100", hours: Int64 = 0
    ) -> Result<EnglishAuction.State, EnglishAuctionRefusal> {
        rule.raised(auction, lot: d(lot), bid: d(bid), at: after(hours: hours))
    }
    static func lowered(
        _ auction: EnglishAuction.State, _ lot: String, bid: String = "50", hours: Int64 = 0
    ) -> Result<EnglishAuction.State, EnglishAuctionRefusal> {
        rule.lowered(auction, lot: d(lot), bid: d(bid), at: after(hours: hours))
    }
    static let opening = rule.started(lot: d("100"), debt: d("50"), at: start)

    /// makerdao/dss fa4f663 src/test/flip.t.sol test_beg.
    @Test func minimumImprovement() throws {
        let first = try Self.raised(Self.opening, "1").get()
        #expect(Self.raised(first, "1.01") == .failure(.insufficientImprovement))
        #expect(Self.raised(first, "1.04999999") == .failure(.insufficientImprovement))
        #expect(try Self.raised(first, "1.05").get().bid == d("1.05"))
        let second = try Self.raised(first, "1.07").get()
        let third = try Self.raised(second, "49").get()
        // The bid that reaches the debt may be better by less.
        let full = try Self.raised(third, "50").get()
        #expect(Self.lowered(full, "100") == .failure(.notBetter))
        #expect(Self.lowered(full, "99") == .failure(.insufficientImprovement))
        let lower = try Self.lowered(full, "95").get()
        #expect(lower.lot == d("95") && lower.bid == d("50"))
        // 95 / 1.05 = 90.476…
        #expect(Self.lowered(lower, "90.47619048") == .failure(.insufficientImprovement))
        #expect(try Self.lowered(lower, "90.47619047").get().lot == d("90.47619047"))
    }

    @Test func openingBidIsZero() {
        #expect(Self.opening.bid.isZero && Self.opening.bidExpiry == nil)
        #expect(Self.raised(Self.opening, "0") == .failure(.notBetter))
        // There is no reserve price: the smallest bid wins if nobody else comes.
        #expect((try? Self.raised(Self.opening, "0.00000001").get()) != nil)
    }

    @Test func refusalsInOrder() throws {
        #expect(Self.raised(Self.opening, "51", lot: "99") == .failure(.notMatching))
        #expect(Self.raised(Self.opening, "50.00000001") == .failure(.aboveDebt))
        #expect(Self.lowered(Self.opening, "95") == .failure(.notMatching))
        #expect(Self.lowered(Self.opening, "95", bid: "0") == .failure(.debtNotReached))
        let bid = try Self.raised(Self.opening, "10").get()
        #expect(Self.raised(bid, "10") == .failure(.notBetter))
        // At the very moment it expires a bid has won.
        #expect((try? Self.raised(bid, "20", hours: 2).get()) != nil)
        #expect(Self.raised(bid, "20", hours: 3) == .failure(.bidExpired))
        #expect(Self.lowered(bid, "20", hours: 3) == .failure(.bidExpired))
        #expect(Self.raised(Self.opening, "20", hours: 48) == .failure(.ended))
        #expect(Self.lowered(Self.opening, "20", hours: 48) == .failure(.ended))
    }

    /// test_tend_later, test_deal.
    @Test func winning() throws {
        #expect(!Self.rule.isWon(Self.opening, at: Self.after(hours: 1000)))
        let bid = try Self.raised(Self.opening, "1", hours: 5).get()
        #expect(bid.bidExpiry == Self.after(hours: 8))
        #expect(!Self.rule.isWon(bid, at: Self.after(hours: 8)))
        #expect(
            Self.rule.isWon(bid, at: Self.after(hours: 8) + TimeSpan(milliseconds: 1)))
        // A late bid wins at the end of the auction, before its own time.
        let late = try Self.raised(Self.opening, "1", hours: 47).get()
        #expect(!Self.rule.isWon(late, at: Self.after(hours: 48)))
        #expect(Self.rule.isWon(late, at: Self.after(hours: 49)))
    }

    /// test_tick, test_no_deal_after_end.
    @Test func restarting() throws {
        #expect(
            Self.rule.restarted(Self.opening, at: Self.after(hours: 48)) == .failure(.notFinished))
        let again = try Self.rule.restarted(Self.opening, at: Self.after(hours: 336)).get()
        #expect(again.end == Self.after(hours: 384))
        #expect((try? Self.raised(again, "1", hours: 336).get()) != nil)
        let bid = try Self.raised(Self.opening, "1").get()
        #expect(Self.rule.restarted(bid, at: Self.after(hours: 336)) == .failure(.alreadyBid))
    }
}

struct OneHourDelayTests {
    static let rule = OneHourDelay(period: TimeSpan(seconds: 3600))
    static func at(_ seconds: Int64) -> Timestamp { Timestamp(milliseconds: seconds * 1000) }

    /// makerdao/osm e36c874 src/osm.t.sol setUp, testPoke, testFailPoke.
    @Test func poke() throws {
        let empty = OneHourDelay.State(current: nil, next: nil, lastUpdate: Self.at(0))
        let first = try #require(Self.rule.updated(empty, reading: d("100"), at: Self.at(3600)))
        #expect(first == .init(current: nil, next: d("100"), lastUpdate: Self.at(3600)))
        #expect(Self.rule.updated(first, reading: d("101"), at: Self.at(7199)) == nil)
        let second = try #require(Self.rule.updated(first, reading: d("101"), at: Self.at(7200)))
        #expect(second.current == d("100") && second.next == d("101"))
        let third = try #require(Self.rule.updated(second, reading: d("101"), at: Self.at(10_800)))
        #expect(third.current == d("101"))
    }

    @Test func periodsStartOnTheHour() throws {
        let state = OneHourDelay.State(current: d("1"), next: d("2"), lastUpdate: Self.at(3600))
        let late = try #require(Self.rule.updated(state, reading: d("3"), at: Self.at(10_799)))
        #expect(late.lastUpdate == Self.at(7200))
        // So a late update is followed by one on time, and a price is in use within a second of it.
        #expect(Self.rule.mayUpdate(late, at: Self.at(10_800)))
        #expect(!Self.rule.mayUpdate(late, at: Self.at(10_799)))
    }

    @Test func invalidSourceChangesNothing() {
        let state = OneHourDelay.State(current: d("1"), next: d("2"), lastUpdate: Self.at(3600))
        #expect(Self.rule.updated(state, reading: nil, at: Self.at(7200)) == state)
        #expect(Self.rule.updated(state, reading: nil, at: Self.at(7199)) == nil)
    }
}
