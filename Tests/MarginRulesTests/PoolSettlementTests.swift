import ExactMath
import MarginRules
import Testing

@Suite struct PoolSettlementTests {
    static let eth = PriceRange(Price(whole: 5_000))
    static let dollar = PriceRange(Price(whole: 1))

    /// gmx-io/gmx-synthetics a5c0c88 test/exchange/PositionPriceImpact/PairMarket.ts "price impact
    /// pair market": the impact pool after each decrease, with ether as collateral.
    @Test(arguments: [
        (
            "pi-pool-01", "-79000000000000000652818973670000", "39500000000000000000000000000000",
            "0",
            "7900000000000001"
        ),
        (
            "second", "49999999999999999073502339165000", "-60000000000000000000000000000000",
            "7900000000000001", "9900000000000002"
        ),
        (
            "pi-pool-03", "-99999999999999998147004678330000", "-60000000000000000000000000000000",
            "9900000000000002", "41900000000000002"
        ),
        (
            "pi-pool-04", "49999999999999999073502339165000", "66666666666666665000000000000000",
            "41900000000000002", "18566666666666669"
        ),
    ])
    func publishedImpactPool(
        _ id: String, _ closing: String, _ pending: String, _ before: String, _ after: String
    ) throws {
        let pool = PositionImpactPool(amount: amount(before))
        var impact = try impactRule().settled(
            closing: usd(closing), pending: usd(pending), size: Money(whole: 100_000))
        impact.amount = try pool.capping(
            impact.amount, pool: Money(whole: 10_000_000), indexPrice: Self.eth,
            limit: PositionImpactPool.LendingLimit(
                factor: Ratio(percent: 20), maximum: Money(whole: 1_000_000_000)))
        let payout = try PoolSettlement(
            collateralPrice: Self.eth, profitToken: .collateral, indexPrice: Self.eth
        ).payout(
            collateral: Quantity(whole: 10), profit: .zero, impact: impact, fees: .none,
            kind: .partial(withdrawing: .zero))
        let result = pool.changed(by: payout.impactPoolChange)
        #expect(isNear(result.amount, amount(after)), "\(id): \(result.amount)")
        #expect(result.lent == .zero)
    }

    /// pi-cap-07: gmx-synthetics a5c0c88 test/exchange/DecreasePosition/CappedPriceImpact.ts
    /// "capped price impact", and "uncapped price impact" with the cap away.
    @Test(arguments: [
        (Ratio(basisPoints: 10), "20000000", "420000000", "4000000000000000"),
        (Ratio.one, "440000000", "0", "88000000000000000"),
    ])
    func publishedExcess(
        _ cap: Ratio, _ poolDelta: String, _ claimable: String, _ impactPool: String
    ) throws {
        let rule = impactRule(
            positive: "50000000000000000000000", negative: "100000000000000000000000",
            maximumNegative: cap)
        let position = PoolPosition(
            side: .long, size: Money(whole: 200_000), sizeInTokens: Quantity(whole: 40),
            collateral: amount("50000000000", decimals: 6),
            pendingImpact: amount("-799999999999999986"))
        let size = Money(whole: 20_000)
        let quote = try rule.decrease(
            by: size, of: position,
            openInterest: PoolOpenInterest(
                long: Money(whole: 200_000), short: Money(whole: 200_000)),
            indexPrice: Self.eth)
        let pending = try position.pendingImpact(closing: size, indexPrice: Self.eth)
        #expect(
            isNear(position.pendingImpact - pending.amount, amount("-719999999999999987")))
        let impact = try rule.settled(
            closing: quote.impact.amount, pending: pending.value, size: size)
        let payout = try PoolSettlement(
            collateralPrice: Self.dollar, profitToken: .other(Self.eth), indexPrice: Self.eth
        ).payout(
            collateral: position.collateral, profit: .zero, impact: impact, fees: .none,
            kind: .partial(withdrawing: .zero))
        #expect(isNear(payout.remainingCollateral, amount("49560000000", decimals: 6)))
        #expect(isNear(payout.poolChange, amount(poolDelta, decimals: 6)))
        #expect(isNear(payout.claimable, amount(claimable, decimals: 6)))
        #expect(isNear(payout.impactPoolChange, amount(impactPool)))
        #expect(payout.unpaid == nil)
    }

    /// spread-3: gmx-synthetics a5c0c88 test/exchange/DecreasePosition/Spread.ts "spread";
    /// negpnl-1: NegativePnl.ts "negative pnl". A tenth of 40 ether is closed at a loss.
    @Test(arguments: [
        ("spread-3", "4990000000000000", "-40", "49960000000", "1000040000000"),
        ("negpnl-1", "4980000000000000", "-80", "49920000000", "1000080000000"),
    ])
    func publishedLoss(
        _ id: String, _ closing: String, _ realized: String, _ collateral: String, _ pool: String
    ) throws {
        let position = PoolPosition(
            side: .long, size: Money(whole: 200_000), sizeInTokens: Quantity(whole: 40),
            collateral: amount("50000000000", decimals: 6))
        let range = PriceRange(minimum: price(closing), maximum: Price(whole: 5_010))
        let tokens = try position.tokens(closing: Money(whole: 20_000))
        #expect(position.sizeInTokens - tokens == amount("36000000000000000000"), "\(id)")
        let profit = try position.realized(position.profit(at: range), closing: tokens)
        #expect(profit == Money(whole: Int64(realized) ?? 0), "\(id)")
        let payout = try PoolSettlement(
            collateralPrice: Self.dollar, profitToken: .other(range), indexPrice: range
        ).payout(
            collateral: position.collateral, profit: profit,
            impact: SettledImpact(amount: .zero, excess: .zero), fees: .none,
            kind: .partial(withdrawing: .zero))
        #expect(payout.remainingCollateral == amount(collateral, decimals: 6), "\(id)")
        #expect(
            Quantity(whole: 1_000_000) + payout.poolChange == amount(pool, decimals: 6), "\(id)")
    }

    let settlement = PoolSettlement(
        collateralPrice: dollar, profitToken: .other(eth), indexPrice: eth)

    private func fees(position: Int64, funding: Int64) -> PoolPositionFees {
        PoolPositionFees(
            position: Quantity(whole: position), borrowing: .zero, liquidation: .zero,
            funding: Quantity(whole: funding),
            forReceiver: Quantity(whole: position / 4),
            forPool: Quantity(whole: position - position / 4))
    }

    private func sum(_ amounts: [Quantity]) -> Quantity { amounts.reduce(.zero, +) }

    private let nothing = SettledImpact(amount: .zero, excess: .zero)

    /// Funding first, then the loss, then fees, impact and its excess; each stops what follows.
    @Test(arguments: [
        (Int64(9), PoolCost?.some(.funding), Int64(1)), (15, .loss, 15), (45, .fees, 5),
        (55, .impact, 5), (65, .impactExcess, 5), (70, nil, 0),
    ])
    func costsInOrder(_ collateral: Int64, _ stop: PoolCost?, _ shortfall: Int64) throws {
        let payout = try settlement.payout(
            collateral: Quantity(whole: collateral), profit: Money(whole: -20),
            impact: SettledImpact(amount: Money(whole: -10), excess: Money(whole: 10)),
            fees: fees(position: 20, funding: 10), kind: .forced)
        #expect(payout.unpaid == stop)
        #expect(payout.shortfall == Money(whole: shortfall))
        #expect(payout.toOwner == .zero)
        let paid = sum([
            payout.funding, payout.poolChange, payout.toFeeReceiver, payout.claimable,
        ])
        #expect(paid == Quantity(whole: collateral))
        // Fees are shared only where they are paid in full.
        #expect(payout.toFeeReceiver == (collateral >= 50 ? Quantity(whole: 5) : .zero))
        #expect(payout.impactPoolChange.isPositive == (collateral > 50))
    }

    /// A profit in another token pays what the collateral cannot; its fees all go to the pool.
    @Test func profitInAnotherTokenPaysLast() throws {
        let payout = try settlement.payout(
            collateral: Quantity(whole: 10), profit: Money(whole: 5_000), impact: nothing,
            fees: fees(position: 1_010, funding: 0), kind: .full)
        #expect(payout.unpaid == nil)
        #expect(payout.poolChange == Quantity(whole: 10))
        #expect(payout.toFeeReceiver == .zero)
        #expect(payout.profitToOwner == Quantity(raw: 80_000_000))
        #expect(payout.poolProfitTokenChange == Quantity(raw: -80_000_000))
    }

    @Test func fundingInTheWrongTokenIsHeld() throws {
        let payout = try settlement.payout(
            collateral: .zero, profit: Money(whole: 5_000), impact: nothing,
            fees: fees(position: 0, funding: 1_000), kind: .full)
        #expect(payout.funding == .zero)
        #expect(payout.fundingInProfitToken == Quantity(raw: 20_000_000))
        #expect(payout.profitToOwner == Quantity(raw: 80_000_000))
    }

    @Test func swappedProfitPaysFeesInFull() throws {
        let payout = try PoolSettlement(
            collateralPrice: Self.dollar, profitToken: .swapped(Self.eth, fee: Ratio(percent: 1)),
            indexPrice: Self.eth
        ).payout(
            collateral: Quantity(whole: 10), profit: Money(whole: 5_000), impact: nothing,
            fees: fees(position: 100, funding: 0), kind: .full)
        #expect(payout.toOwner == Quantity(whole: 10 + 4_950 - 100))
        #expect(payout.toFeeReceiver == Quantity(whole: 25))
        #expect(payout.poolChange == Quantity(whole: 75 - 4_950))
        #expect(payout.poolProfitTokenChange == .zero)
    }

    /// A gain comes out of the impact pool and, in the token of profits, out of the pool.
    @Test func gainIsPaidOnceByThePool() throws {
        let payout = try settlement.payout(
            collateral: Quantity(whole: 10), profit: .zero,
            impact: SettledImpact(amount: Money(whole: 50), excess: .zero), fees: .none,
            kind: .full)
        #expect(payout.impactPoolChange == Quantity(raw: -1_000_000))
        #expect(payout.poolProfitTokenChange == Quantity(raw: -1_000_000))
        #expect(payout.profitToOwner == Quantity(raw: 1_000_000))
        #expect(payout.toOwner == Quantity(whole: 10))
    }

    /// The excess has left the collateral, so it comes off a withdrawal; never more than there is.
    @Test(arguments: [(Int64(30), Int64(20)), (5, 0), (500, 90)])
    func withdrawal(_ asked: Int64, _ taken: Int64) throws {
        let payout = try settlement.payout(
            collateral: Quantity(whole: 100), profit: .zero,
            impact: SettledImpact(amount: .zero, excess: Money(whole: 10)), fees: .none,
            kind: .partial(withdrawing: Quantity(whole: asked)))
        #expect(payout.toOwner == Quantity(whole: taken))
        #expect(payout.remainingCollateral == Quantity(whole: 90 - taken))
        #expect(payout.claimable == Quantity(whole: 10))
    }

    /// Nothing is made and nothing lost, in either token, whatever happens.
    @Test func fuzzConservation() throws {
        var random = TestRandom(seed: 23)
        for round in 0..<5_000 {
            let low = 1_000 + random.spread(12)
            let profitPrice = PriceRange(
                minimum: Price(raw: low), maximum: Price(raw: low + random.spread(8)))
            let stable = 1_000 + random.spread(9)
            let collateralPrice = PriceRange(
                minimum: Price(raw: stable), maximum: Price(raw: stable + random.spread(4)))
            let token: PoolSettlement.ProfitToken =
                switch round % 3 {
                case 0: .collateral
                case 1: .other(profitPrice)
                default: .swapped(profitPrice, fee: Ratio(raw: random.below(scaleE8)))
                }
            let position = Quantity(raw: random.spread(10))
            let received = Quantity(raw: random.below(position.raw + 1))
            let fees = PoolPositionFees(
                position: position, borrowing: .zero, liquidation: .zero,
                funding: Quantity(raw: random.spread(10)), forReceiver: received,
                forPool: position - received)
            let collateral = Quantity(raw: random.spread(12))
            let impact = SettledImpact(
                amount: Money(raw: random.spread(11) - random.spread(11)),
                excess: Money(raw: random.below(2) * random.spread(10)))
            let kind: PoolCloseKind =
                switch random.below(3) {
                case 0: .full
                case 1: .forced
                default: .partial(withdrawing: Quantity(raw: random.spread(12)))
                }
            let payout = try PoolSettlement(
                collateralPrice: collateralPrice, profitToken: token, indexPrice: profitPrice
            ).payout(
                collateral: collateral,
                profit: Money(raw: random.spread(13) - random.spread(13)), impact: impact,
                fees: fees, kind: kind)
            let out = sum([
                payout.toOwner, payout.remainingCollateral, payout.poolChange,
                payout.toFeeReceiver, payout.funding, payout.claimable,
            ])
            #expect(out == collateral, "round \(round)")
            let other = sum([
                payout.profitToOwner, payout.poolProfitTokenChange, payout.fundingInProfitToken,
                payout.claimableInProfitToken,
            ])
            #expect(other == .zero, "round \(round)")
            for part in [
                payout.toOwner, payout.profitToOwner, payout.remainingCollateral, payout.funding,
                payout.claimable, payout.toFeeReceiver,
            ] { #expect(part >= .zero, "round \(round)") }
            #expect(payout.unpaid != nil || payout.shortfall == .zero)
        }
    }
}
