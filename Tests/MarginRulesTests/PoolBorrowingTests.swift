import ExactMath
import MarginRules
import Testing

@Suite struct PoolBorrowingTests {
    let reserves = PoolReserves(
        reserve: Ratio(percent: 50), openInterestReserve: Ratio(percent: 50),
        maximumOpenInterest: Money(whole: 1_000_000_000))
    let balance = PoolOpenInterest(long: Money(whole: 400_000), short: Money(whole: 100_000))
    let pool = Money(whole: 5_000_000)
    /// The factor of the upstream test, 1e-7 per second for longs.
    let curve = PoolBorrowing(
        law: .curve(factor: annual("100000000000000000000000"), exponent: .one),
        skipsSmallerSide: false)

    private func rate(_ reserved: Int64) throws -> Fixed18 {
        try curve.rate(
            .long, reserved: Money(whole: reserved), pool: pool, reserves: reserves,
            balance: balance)
    }

    /// borrow-curve-1: gmx-io/gmx-synthetics a5c0c88 test/exchange/BorrowingFees.ts "borrowing fees
    /// vary with time".
    @Test func publishedFee() throws {
        let index = try PoolBorrowingIndex().grown(
            at: rate(200_000), over: TimeSpan(seconds: 1_209_600))
        let fee = try index.fee(size: Money(whole: 200_000), entry: .zero)
        #expect(fee == usd("967680000000000000000000000000000"))
    }

    /// borrow-curve-2: same test.
    @Test func publishedPoolValue() throws {
        let eth = PriceRange(Price(whole: 5_000))
        let value = try PoolValue(
            long: PoolSideState(
                amount: Quantity(whole: 1_000), price: eth,
                pendingBorrowing: usd("967680000000000000000000000000000")),
            short: PoolSideState(
                amount: Quantity(whole: 1_000_000), price: PriceRange(Price(whole: 1))),
            indexPrice: eth
        ).value(.maximum, maximumProfit: (.one, .one))
        #expect(value == usd("6000967680000000000000000000000000000"))
        let share = try PoolValue.sharePrice(
            value: value, supply: amount("6000000000000000000000000"))
        #expect(
            share == Price(raw: Int64(rescaled("1000161280000000000000000000000", from: 30, to: 8)))
        )
    }

    /// borrow-curve-4: same test; the second position opens after 14 days and 4 seconds.
    @Test func publishedTwoPositions() throws {
        #expect(try rate(200_000) == annual("4000000000000000000000"))
        #expect(try rate(400_000) == annual("8000000000000000000000"))
        let size = Money(whole: 200_000)
        var index = try PoolBorrowingIndex().settling(entry: .zero, size: .zero, to: size)
        index = try index.grown(at: rate(200_000), over: TimeSpan(seconds: 1_209_604))
        let entry = index.cumulative
        index = try index.settling(entry: entry, size: .zero, to: size)
        index = try index.grown(at: rate(400_000), over: TimeSpan(seconds: 1_209_600))
        #expect(
            try index.fee(size: size, entry: .zero) == usd("2903043200000000000000000000000000"))
        #expect(
            try index.fee(size: size, entry: entry) == usd("1935360000000000000000000000000000"))
        let pending = try index.pendingFees(openInterest: Money(whole: 400_000))
        #expect(
            Money(whole: 6_000_000) + pending == usd("6004838403200000000000000000000000000"))
    }

    /// usage-1: gmx-synthetics a5c0c88 test/market/MarketUtils.ts "getUsageFactor doesn't account
    /// for open interest".
    @Test func publishedUsage() throws {
        #expect(
            try reserves.usage(reserved: Money(whole: 200_000), pool: pool)
                == factor("80000000000000000000000000000"))
    }

    /// contracts/market/MarketUtils.sol `getKinkBorrowingFactor` with config/markets.ts' BTC and
    /// ETH.
    @Test(arguments: [
        ("borrow-kink-0", Int64(0), "0"),
        ("borrow-kink-40", 40, "5707762557077625570776"),
        ("borrow-kink-85", 85, "12128995433789954337899"),
        ("borrow-kink-90", 90, "17598934550989345509893"),
        ("borrow-kink-100", 100, "28538812785388127853881"),
        ("borrow-kink-110", 110, "39478691019786910197869"),
    ])
    func publishedKink(_ id: String, _ usage: Int64, _ expected: String) throws {
        let kink = PoolBorrowing(
            law: .kink(
                optimalUsage: Ratio(percent: 85), base: annual("14269406392694063926940"),
                above: annual("28538812785388127853881")),
            skipsSmallerSide: false)
        let rate = try kink.rate(
            .long, reserved: Money(whole: usage), pool: Money(whole: 200), reserves: reserves,
            balance: balance)
        #expect(isNear(rate, annual(expected)), "\(id): \(rate.raw)")
    }

    @Test func kinkEdges() throws {
        func rate(_ optimal: Int64, _ base: Int64, _ above: Int64, usage: Int64) throws -> Fixed18 {
            try PoolBorrowing(
                law: .kink(
                    optimalUsage: Ratio(percent: optimal), base: Fixed18(whole: base),
                    above: Fixed18(whole: above)), skipsSmallerSide: false
            ).rate(
                .long, reserved: Money(whole: usage), pool: Money(whole: 200), reserves: reserves,
                balance: balance)
        }
        // An optimal usage of one has no kink; a slope that is not steeper adds nothing.
        #expect(try rate(100, 1, 5, usage: 200) == Fixed18(whole: 2))
        #expect(try rate(50, 5, 1, usage: 100) == Fixed18(whole: 5))
        #expect(try rate(50, 2, 6, usage: 100) == Fixed18(whole: 6))
    }

    @Test func theSmallerSideMayPayNothing() throws {
        var law = curve
        law.skipsSmallerSide = true
        func rate(_ side: PoolSide, _ balance: PoolOpenInterest) throws -> Fixed18 {
            try law.rate(
                side, reserved: Money(whole: 100_000), pool: pool, reserves: reserves,
                balance: balance)
        }
        #expect(try rate(.short, balance) == .zero)
        #expect(try rate(.long, balance) > .zero)
        let even = PoolOpenInterest(long: Money(whole: 1), short: Money(whole: 1))
        for side in PoolSide.allCases { #expect(try rate(side, even) > .zero) }
    }

    @Test func nothingReservedCostsNothing() throws {
        #expect(try rate(0) == .zero)
        #expect(throws: ArithmeticOverflow.self) {
            try curve.rate(
                .long, reserved: Money(whole: 1), pool: .zero, reserves: reserves,
                balance: balance)
        }
        let none = PoolReserves(
            reserve: .zero, openInterestReserve: .zero, maximumOpenInterest: .zero)
        #expect(try none.usage(reserved: .zero, pool: pool) == .zero)
        #expect(throws: ArithmeticOverflow.self) {
            try none.usage(reserved: Money(whole: 1), pool: pool)
        }
    }

    /// A step of many small spans owes no more than the sum of its parts, and no less than one unit
    /// each.
    @Test func fuzzSettledPositionsOweTheWhole() throws {
        var random = TestRandom(seed: 3)
        var index = PoolBorrowingIndex()
        var positions: [(size: Money, entry: Fixed18)] = []
        for _ in 0..<300 {
            index = try index.grown(
                at: Fixed18(raw: Int128(random.spread(18))),
                over: TimeSpan(milliseconds: random.spread(9)))
            let size = Money(raw: random.spread(14))
            if positions.count > 5 {
                let old = positions.removeFirst()
                index = try index.settling(entry: old.entry, size: old.size, to: .zero)
            }
            index = try index.settling(entry: .zero, size: .zero, to: size)
            positions.append((size, index.cumulative))
            var sum = Money.zero
            var openInterest = Money.zero
            for position in positions {
                sum += try index.fee(size: position.size, entry: position.entry)
                openInterest += position.size
            }
            #expect(isNear(try index.pendingFees(openInterest: openInterest), sum, units: 10))
        }
    }
}

@Suite struct PoolReservesTests {
    let reserves = PoolReserves(
        reserve: Ratio(percent: 95), openInterestReserve: Ratio(percent: 90),
        maximumOpenInterest: Money(whole: 1_000))

    @Test(arguments: [
        (Int64(1_000), Int64(900), PoolReserves.Refusal?.none),
        (1_001, 2_000, .maximumOpenInterest),
        (1_000, 951, .reserve), (1_000, 950, .openInterestReserve),
        (1_000, 901, .openInterestReserve),
    ])
    func refusal(_ openInterest: Int64, _ reserved: Int64, _ expected: PoolReserves.Refusal?)
        throws
    {
        let refusal = try reserves.refusal(
            openInterest: Money(whole: openInterest), reserved: Money(whole: reserved),
            pool: Money(whole: 1_000))
        #expect(refusal == expected)
    }

    @Test func longsReserveTokensAndShortsDollars() throws {
        let range = PriceRange(minimum: Price(whole: 10), maximum: Price(whole: 12))
        func reserved(_ side: PoolSide) throws -> Money {
            try PoolReserves.reserved(
                side, openInterest: Money(whole: 50), tokens: Quantity(whole: 10),
                indexPrice: range)
        }
        #expect(try reserved(.long) == Money(whole: 120))
        #expect(try reserved(.short) == Money(whole: 50))
    }
}
