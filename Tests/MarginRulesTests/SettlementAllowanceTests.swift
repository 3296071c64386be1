import ExactMath
import MarginRules
import Testing

/// blockworks-foundation/mango-v4 programs/mango-v4/src/state/mango_account_components.rs, `settle_limit` and what changes it.
@Suite struct SettlementAllowanceTests {
    private let terms = SettlementAllowance.Terms(
        share: Ratio(percent: 20), window: TimeSpan(seconds: 100))
    private let now = Timestamp(milliseconds: 1_000_000)

    private func position(_ size: Int64, _ quote: Int64, at price: Int64 = 10)
        -> SettlementAllowance.Position
    {
        SettlementAllowance.Position(
            size: Quantity(whole: size), quote: Quantity(whole: quote), price: Price(whole: price))
    }

    private func limits(
        _ allowance: SettlementAllowance, _ position: SettlementAllowance.Position,
        at now: Timestamp
    ) throws -> ClosedRange<Quantity> {
        try allowance.limits(position, terms, now: now)
    }

    @Test func aShareOfTheValueBothWays() throws {
        let fresh = SettlementAllowance()
        let range = try limits(fresh, position(-10, 150), at: now)
        #expect(range == Quantity(whole: -20)...Quantity(whole: 20))
        #expect(try limits(fresh, position(0, 150), at: now) == Quantity.zero...Quantity.zero)
    }

    /// What is left of the share is no more than the result at the slow price.
    @Test func theRecurringPartIsWithinTheResult() throws {
        let kept = SettlementAllowance(recurring: Quantity(whole: 100))
        let range = try limits(kept, position(0, -50), at: now)
        #expect(range == Quantity(whole: -50)...Quantity(whole: 50))
    }

    @Test func onceGoesOneWay() throws {
        let gained = SettlementAllowance(once: Quantity(whole: 7))
        #expect(try limits(gained, position(0, 7), at: now) == Quantity.zero...Quantity(whole: 7))
        let lost = SettlementAllowance(once: Quantity(whole: -7))
        #expect(try limits(lost, position(0, -7), at: now) == Quantity(whole: -7)...Quantity.zero)
    }

    @Test func aReductionKeepsItsShareAndAnIncreaseUsesItUp() throws {
        var allowance = SettlementAllowance()
        // Ten units at 10 bought for 5 each, six of them sold: a fifth of 60 stays.
        try allowance.recordTrade(from: Quantity(whole: 10), to: position(4, 10), terms)
        #expect(allowance.recurring == Quantity(whole: 12))
        try allowance.recordTrade(from: Quantity(whole: 4), to: position(7, -20), terms)
        #expect(allowance.recurring == Quantity(whole: 6))
        // Through zero as much is opened as closed.
        try allowance.recordTrade(from: Quantity(whole: 7), to: position(-7, 120), terms)
        #expect(allowance.recurring == Quantity(whole: 6))
        try allowance.recordTrade(from: Quantity(whole: -7), to: position(0, 1), terms)
        #expect(allowance.recurring == Quantity(whole: 1))
    }

    @Test func whatIsUsedComesBackWithTheNextWindow() throws {
        var allowance = SettlementAllowance()
        try allowance.recordSettlement(
            Quantity(whole: 15), leaving: position(10, -65), terms, now: now)
        #expect(allowance.used == Quantity(whole: 15))
        let later = now + TimeSpan(seconds: 99)
        var range = try limits(allowance, position(10, -65), at: later)
        #expect(range == Quantity(whole: -35)...Quantity(whole: 5))
        range = try limits(allowance, position(10, -65), at: now + TimeSpan(seconds: 100))
        #expect(range == Quantity(whole: -20)...Quantity(whole: 20))
        try allowance.recordSettlement(
            Quantity(whole: -3), leaving: position(10, -62), terms,
            now: now + TimeSpan(seconds: 100))
        #expect(allowance.used == Quantity(whole: -3))
    }

    /// Settling 500 of a result of 1,000 with an allowance of 1,000 leaves 500 of both, and the other half may go at once.
    @Test func whatTheAllowanceLosesIsNotUsed() throws {
        var allowance = SettlementAllowance(recurring: Quantity(whole: 1000))
        try allowance.recordSettlement(
            Quantity(whole: 500), leaving: position(0, 500), terms, now: now)
        #expect(allowance.recurring == Quantity(whole: 500) && allowance.used == .zero)
        #expect(try limits(allowance, position(0, 500), at: now).upperBound == Quantity(whole: 500))
    }

    @Test func whatMayGoOnceGoesFirst() throws {
        var allowance = SettlementAllowance()
        try allowance.recordChange(Quantity(whole: 10))
        try allowance.recordSettlement(
            Quantity(whole: 12), leaving: position(10, 0), terms, now: now)
        #expect(allowance.once == .zero && allowance.used == Quantity(whole: 2))
        try allowance.recordChange(Quantity(whole: -10))
        try allowance.recordSettlement(
            Quantity(whole: -4), leaving: position(10, 0), terms, now: now)
        #expect(allowance.once == Quantity(whole: -6) && allowance.used == Quantity(whole: 2))
    }
}
