import ExactMath
import MarginRules
import OrderBook
import SeededRandom
import Testing

@testable import MarginProtocol

/// Liquidation orders against the book.
struct BookLiquidationTests {
    /// Alice is long one from 3,100 with a margin of 100, at a mark of 3,100: due at 5 %, bankrupt at 3,000. Bob is short.
    struct Case {
        var world: World
        let long: AccountID
        let short: AccountID
        let maker: AccountID
        let keeper: AccountID

        init(
            _ book: BookLiquidation = BookLiquidation(),
            _ closing: LiquidationPolicy.ClosingPrice = .bankruptcy, margin: String = "100",
            size: String = "1", change: (inout ProtocolParameters) -> Void = { _ in }
        ) throws {
            var parameters = plainParameters()
            parameters.markets[0].pool = nil
            parameters.liquidation = LiquidationPolicy(
                size: .wholePosition, penalty: .zero, liquidatorShare: .zero, closingPrice: closing)
            parameters.liquidation.book = book
            change(&parameters)
            world = World(parameters)
            world.post(ethFeed, "3100")
            long = world.margin(alice, margin)
            short = world.margin(bob, "100000")
            maker = world.margin(carol, "100000")
            keeper = world.wallet(Address(13), "0")
            world.mint("1000", usd, insurance)
            try world.house.seedPosition(
                long, ethPerp, size: units(size), entry: price("3100"), into: &world.journal)
            try world.house.seedPosition(
                short, ethPerp, size: -units(size), entry: price("3100"), into: &world.journal)
        }

        mutating func bid(_ size: String, _ at: String) {
            world.run(OrderTests.place(maker, .buy, size, at), by: carol)
        }

        /// What the quote says, and that the step does just that.
        @discardableResult
        mutating func liquidate(sourceLocation: SourceLocation = #_sourceLocation) throws
            -> [LiquidationQuote.PositionPart]
        {
            let before = world.house
            let quote = try before.quoteLiquidation(of: long, payer: keeper)
            guard case .positions(let parts) = quote.step else { return [] }
            world.journal.removeAll()
            world.run(
                .liquidate(account: long, payer: keeper, target: .next), by: Address(13),
                sourceLocation: sourceLocation)
            #expect(isExecuted(parts, before), sourceLocation: sourceLocation)
            return parts
        }

        func isExecuted(_ parts: [LiquidationQuote.PositionPart], _ before: ClearingHouse) -> Bool {
            BookLiquidationTests.isExecuted(parts, of: long, before, world.house, world.journal)
        }

        var fund: Quantity { world.balance(insurance) - units("1000") }
    }

    /// Does the journal hold each fill and each step of a quote, in order, and the state their sum?
    static func isExecuted(
        _ parts: [LiquidationQuote.PositionPart], of id: AccountID, _ before: ClearingHouse,
        _ after: ClearingHouse, _ journal: [Event]
    ) -> Bool {
        let steps: [Liquidation] = journal.compactMap {
            if case .liquidated(let step) = $0 { step } else { nil }
        }
        let fills: [Fill] = journal.compactMap {
            if case .filled(let fill) = $0 { fill } else { nil }
        }
        let quoted = parts.flatMap { part in
            part.orders.filter { !$0.size.isZero }.map { (part.market, $0) }
        }
        let sums = Set(parts.map(\.market)).allSatisfy { market in
            after.position(id, market).size
                == parts.reduce(before.position(id, market).size) {
                    $1.market == market ? $0 + $1.size : $0
                }
        }
        return sums && steps.count == parts.count && fills.count == quoted.count
            && zip(steps, parts).allSatisfy { step, part in
                step.size == part.size && step.price == part.price
                    && step.kind == (part.taker == .book ? .order : .position)
                    && step.toInsurance == part.toInsurance
            }
            && zip(fills, quoted).allSatisfy { fill, quote in
                fill.market == quote.0 && fill.taker == id && fill.maker == quote.1.maker
                    && fill.makerOrder == quote.1.order && fill.price == quote.1.price
                    && fill.size == quote.1.size
            }
            && parts.allSatisfy { part in
                part.taker != .book
                    || part.size == part.orders.reduce(Quantity.zero) { $0 + $1.size }
            }
    }

    @Test("An order at the mark pays the venue its fee, of what the account still has")
    func venueFee() throws {
        for (margin, bid, fee) in [
            ("100", "3090", "30.9"), ("20", "3085", "5"), ("10", "3080", "0"),
        ] {
            var it = try Case(BookLiquidation(), .mark, margin: margin) {
                $0.liquidation.fee = ratio("0.01")
                $0.liquidation.penalty = ratio("0.002")
            }
            it.bid("1", bid)
            let parts = try it.liquidate()
            #expect(parts[0].toTreasury == money(fee) && parts[0].fee == money(fee))
            #expect(it.world.balance(treasury) == units(fee))
            // The fund's penalty comes after it.
            let left = decimal(margin) - decimal("3100") + decimal(bid) - decimal(fee)
            let penalty = max(0, min(decimal(bid) / 500, left))
            #expect(parts[0].toInsurance.raw == penalty)
            #expect(it.world.balance(it.long).raw == max(0, left - penalty))
        }
    }

    @Test("Without a book the fee is the same, and what brings an account back counts it")
    func venueFeeOfAPool() throws {
        for (size, closed) in [
            (LiquidationPolicy.Size.wholePosition, "1"),
            // 120 − 27.9 x is 5 % of 3,100 · (1 − x).
            (.targetHealth(.one), "0.27537373"),
        ] {
            var it = try Case(BookLiquidation(), .mark, margin: "120") {
                $0.markets[0].pool = .atOracle
                $0.liquidation.size = size
                $0.liquidation.fee = ratio("0.009")
            }
            let parts = try it.liquidate()
            #expect(parts[0].size == -units(closed))
            let fee = scaledUp(parts[0].size.magnitude.raw, decimal("27.9"))
            #expect(it.world.balance(treasury).raw == fee && parts[0].toTreasury.raw == fee)
            #expect(
                it.world.house.isLiquidatable(it.long, at: it.world.house.prices) == false)
        }
    }

    private func scaledUp(_ a: Int64, _ b: Int64) -> Int64 {
        let whole = Int128(a) * Int128(b)
        return Int64((whole + Int128(scaleE8) - 1) / Int128(scaleE8))
    }

    @Test("What no order takes goes to the other side, if so the policy says and the fund is empty")
    func unfilled() throws {
        for (rest, fund, takes, taker) in [
            (.stays, "0", true, .deleveraged), (.takenOver, "0", true, .deleveraged),
            (.stays, "1", true, nil), (.takenOver, "1", true, .pool), (.stays, "0", false, nil),
            (.takenOver, "0", false, .pool),
        ] as [(BookLiquidation.Rest, String, Bool, LiquidationQuote.Taker?)] {
            var it = try Case(BookLiquidation(rest: rest)) {
                $0.lossWaterfall = [.insuranceFund, .autoDeleveraging, .badDebt]
                $0.deleveraging = DeleveragingPolicy(order: .proRata, pool: .never)
                $0.deleveraging.takesUnfilled = takes
            }
            it.world.house.seedBalance(
                units(fund) - units("1000"), of: usd, to: insurance, into: &it.world.journal)
            let quote = try? it.world.house.quoteLiquidation(of: it.long, payer: it.keeper)
            guard case .positions(let parts) = quote?.step else {
                #expect(taker == nil)
                continue
            }
            #expect(parts.map(\.taker) == [taker])
            it.world.run(
                .liquidate(account: it.long, payer: it.keeper, target: .next), by: Address(13))
            #expect(it.world.size(it.long).isZero && it.world.balance(it.long).isZero)
            if taker == .deleveraged {
                // Bankrupt at 3,000: the short has 100 of it that the mark would not have given.
                #expect(it.world.size(it.short).isZero)
                #expect(it.world.balance(it.short) == units("100100"))
                #expect(it.world.covers().isEmpty)
            }
        }
    }

    /// blog.btcmex.com/insurance-fund: liquidated at 3,100, bankrupt at 3,000, filled at 3,060: the fund has 60.
    @Test("What fills bring beyond the bankruptcy price is the fund's")
    func betterThanBankruptcy() throws {
        var it = try Case()
        it.bid("1", "3060")
        let parts = try it.liquidate()
        #expect(parts.count == 1 && parts[0].taker == .book)
        #expect(parts[0].price == price("3060") && parts[0].bankruptcyPrice == price("3000"))
        #expect(it.fund == units("60"))
        #expect(it.world.balance(it.long) == .zero && it.world.size(it.long) == .zero)
        #expect(it.world.size(it.maker) == units("1") && it.world.size(pool) == .zero)
        #expect(it.world.house.lastTrade(ethPerp) == nil, "without marks nobody keeps it")
    }

    @Test("Nothing trades below bankruptcy; the rest is taken over, with what equity it has")
    func rest() throws {
        var it = try Case()
        it.bid("0.4", "3060")
        it.bid("0.3", "3000")
        it.bid("5", "2999.99999999")
        let parts = try it.liquidate()
        #expect(parts.map(\.taker) == [.book, .pool])
        #expect(parts.map(\.size) == [units("-0.7"), units("-0.3")])
        // (0.4 · 3,060 + 0.3 · 3,000) / 0.7.
        #expect(parts[0].price == price("3034.28571429"))
        #expect(parts[0].toInsurance == money("24") && parts[1].toInsurance == money("30"))
        #expect(it.fund == units("54") && it.world.balance(it.long) == .zero)
        // The pool stands for the fund, which has the position closed at the protocol's price.
        #expect(it.world.size(pool) == units("0.3"))
    }

    @Test("A rest that stays keeps its bankruptcy price, and waits for bids")
    func stays() throws {
        var it = try Case(BookLiquidation(rest: .stays))
        it.bid("0.7", "3010")
        try it.liquidate()
        #expect(it.world.size(it.long) == units("0.3") && it.fund == units("7"))
        #expect(it.world.house.bankruptcyPrice(of: it.long, ethPerp) == price("3000"))
        let refused = it.world.attempt(
            .liquidate(account: it.long, payer: it.keeper, target: .next), by: Address(13))
        #expect(refused == .noOrderWithinLimit(ethPerp) && refused?.code == 350)
        it.bid("1", "3000")
        try it.liquidate()
        #expect(it.world.size(it.long) == .zero && it.world.balance(it.long) == .zero)
        // A healthy account is refused before the book is looked at.
        #expect(
            it.world.attempt(
                .liquidate(account: it.short, payer: it.keeper, target: .next), by: Address(13))?
                .code == 601)
    }

    @Test("An order that must be filled whole and cannot be leaves the book as it is")
    func fillOrKill() throws {
        var it = try Case(BookLiquidation(fillsWhole: true))
        it.bid("0.4", "3060")
        let parts = try it.liquidate()
        #expect(parts.map(\.taker) == [.pool] && parts[0].size == units("-1"))
        #expect(it.fund == units("100") && it.world.house.book(ethPerp).count == 1)
        var other = try Case(BookLiquidation(fillsWhole: true))
        other.bid("0.4", "3060")
        other.bid("0.7", "3040")
        #expect(try other.liquidate().map(\.taker) == [.book])
        // 0.4 · 60 + 0.6 · 40.
        #expect(other.fund == units("48"))
    }

    @Test("Own orders go first, and makers without margin or to reduce go as by any order")
    func makers() throws {
        var it = try Case(margin: "400")
        let poor = it.world.margin(Address(14), "400")
        it.world.run(OrderTests.place(it.long, .buy, "0.01", "3095"), by: alice)
        it.world.run(OrderTests.place(poor, .buy, "1", "3090"), by: Address(14))
        // What the poor maker had is gone, and its order with it; Alice has lost 300.
        it.world.house.seedBalance(units("-395"), of: usd, to: poor, into: &it.world.journal)
        it.world.house.seedBalance(units("-300"), of: usd, to: it.long, into: &it.world.journal)
        it.bid("0.5", "3080")
        it.world.run(
            OrderTests.place(it.short, .buy, "1", "3070", reduceOnly: true), by: bob)
        let parts = try it.liquidate()
        let orders = try #require(parts.first).orders
        #expect(orders.map(\.maker) == [poor, it.maker, it.short])
        #expect(orders.map(\.size) == [.zero, units("-0.5"), units("-0.5")])
        let cancelled: [AccountID] = it.world.journal.compactMap {
            if case .orderCancelled(_, let order) = $0 { AccountID(order.owner) } else { nil }
        }
        #expect(cancelled == [it.long, poor])
        // 0.5 · 80 + 0.5 · 70.
        #expect(it.fund == units("75"))
    }

    @Test("A market order leaves the account what the fills leave, and a deficit to the waterfall")
    func atMarket() throws {
        var it = try Case(BookLiquidation(rest: .stays), .mark)
        it.bid("0.5", "3050")
        it.bid("5", "3020")
        try it.liquidate()
        // 100 − 0.5 · 50 − 0.5 · 80.
        #expect(it.world.balance(it.long) == units("35") && it.fund == .zero)
        var deep = try Case(BookLiquidation(rest: .stays), .mark)
        deep.bid("1", "2900")
        try deep.liquidate()
        #expect(deep.fund == units("-100") && deep.world.balance(deep.long) == .zero)
        #expect(
            deep.world.journal.contains {
                if case .lossCovered(let cover) = $0 {
                    cover.layer == .insuranceFund && cover.amount == units("100")
                } else {
                    false
                }
            })
        // With a penalty of 1 % of what was filled, half of it the liquidator's.
        var charged = try Case(BookLiquidation(rest: .stays), .mark) {
            $0.liquidation.penalty = ratio("0.01")
            $0.liquidation.liquidatorShare = ratio("0.5")
        }
        charged.bid("1", "3050")
        try charged.liquidate()
        #expect(charged.world.balance(charged.keeper) == units("15.25"))
        #expect(charged.fund == units("15.25"))
        #expect(charged.world.balance(charged.long) == units("19.5"))
    }

    /// Hyperliquid's documentation, Liquidations: above $100k a fifth first, everything within 30 seconds after it.
    @Test("A large position goes by a fifth, and within thirty seconds whole")
    func firstFifth() throws {
        var it = try Case(BookLiquidation(rest: .stays), .mark, margin: "4000", size: "40") {
            $0.liquidation.size = .firstShare(
                ratio("0.2"), above: money("100000"), window: TimeSpan(seconds: 30))
        }
        it.bid("100", "3090")
        try it.liquidate()
        #expect(it.world.size(it.long) == units("32"))
        it.world.advance(by: 29_000)
        try it.liquidate()
        #expect(it.world.size(it.long) == .zero)
        #expect(it.world.balance(it.long) == units("3600"))
    }

    /// dydxprotocol/v4-chain, x/clob/keeper/liquidations.go: each fill pays the fund what it is better than bankruptcy, up to
    /// a share of its value, or is paid what it is worse.
    @Test("A fillable price may be beyond bankruptcy; the fund pays while it can and may")
    func fillable() throws {
        let rule = LiquidationPolicy.ClosingPrice.fillable(
            adjustment: .one, spread: ratio("10"), maximumFee: ratio("0.01"))
        var it = try Case(BookLiquidation(rest: .stays), rule)
        it.bid("0.5", "3060")
        it.bid("0.5", "2980")
        let parts = try it.liquidate()
        // 60 a unit, but at most 1 % of 3,060: 15.3 for the first half. The second has 100 − 20 − 15.3 = 64.7 of equity,
        // of which the fill leaves 4.7.
        #expect(parts[0].orders.map(\.fundDelta) == [money("15.3"), money("4.7")])
        #expect(parts[0].toInsurance == money("20") && parts[0].fromInsurance.isZero)
        #expect(it.world.size(it.long) == .zero && it.world.balance(it.long) == .zero)
        var short = try Case(BookLiquidation(rest: .stays), rule)
        short.bid("1", "2950")
        try short.liquidate()
        #expect(short.fund == units("-50") && short.world.balance(short.long) == .zero)
        // What the block allows the fund to lose stops the order.
        var limited = try Case(BookLiquidation(rest: .stays), rule) {
            $0.liquidation.blockLimits = LiquidationBlockLimits(
                notional: money("1000000"), insuranceLoss: money("30"))
        }
        limited.bid("0.5", "2950")
        limited.bid("0.5", "2940")
        try limited.liquidate()
        #expect(limited.world.size(limited.long) == units("0.5") && limited.fund == units("-25"))
        // And so does the value that the block allows.
        var capped = try Case(BookLiquidation(rest: .stays), rule) {
            $0.liquidation.blockLimits = LiquidationBlockLimits(
                notional: money("775"), insuranceLoss: money("30"))
        }
        capped.bid("1", "3050")
        try capped.liquidate()
        #expect(capped.world.size(capped.long) == units("0.75"))
    }

    @Test("Where nobody bids and nobody can pay, holders of the other side give up")
    func deleveraging() throws {
        let rule = LiquidationPolicy.ClosingPrice.fillable(
            adjustment: .one, spread: ratio("2"), maximumFee: ratio("0.01"))
        var it = try Case(BookLiquidation(rest: .stays), rule) {
            $0.lossWaterfall = [.insuranceFund, .autoDeleveraging, .badDebt]
            $0.deleveraging.pool = .never
        }
        // 1,100 below zero: more than the fund's 1,000.
        it.world.post(ethFeed, "1900")
        let parts = try it.liquidate()
        #expect(parts.map(\.taker) == [.deleveraged])
        #expect(parts[0].price == price("3000"))
        #expect(it.world.size(it.short) == .zero && it.world.size(it.long) == .zero)
        #expect(it.fund == .zero && it.world.balance(badDebt) == .zero)
    }

    @Test("An inverse contract's order stops at its bankruptcy price as well")
    func inverse() throws {
        var parameters = plainParameters()
        parameters.settlementAsset = btc
        parameters.markets[1] = MarketParameters(
            name: "BTC-PERP", feed: btcFeed, contract: .inverse,
            margin: .flat(initial: Ratio(percent: 10), maintenance: Ratio(percent: 5)), pool: nil)
        for market in [0, 2] { parameters.markets[market].pool = nil }
        parameters.liquidation = LiquidationPolicy(
            size: .wholePosition, penalty: .zero, closingPrice: .bankruptcy)
        parameters.liquidation.book = BookLiquidation()
        var world = World(parameters)
        let long = world.margin(alice, "0", "0", "0.04")
        let maker = world.margin(carol, "0", "0", "100")
        let keeper = world.wallet(Address(13), "0")
        // $1,000 at 1,000 are one bitcoin; it is bankrupt where that costs 1.04: at 961.54.
        try world.house.seedPosition(
            long, btcPerp, size: units("1000"), entry: price("1000"), into: &world.journal)
        for (size, at) in [("400", "980"), ("400", "961.54"), ("400", "961.53")] {
            world.run(
                .placeOrder(
                    account: maker, market: btcPerp,
                    order: OrderRequest(
                        side: .buy, size: units(size), price: price(at),
                        timeInForce: .goodTillCancelled)), by: carol)
        }
        let before = world.house
        let quote = try before.quoteLiquidation(of: long, payer: keeper)
        guard case .positions(let parts) = quote.step else { return }
        #expect(parts.map(\.taker) == [.book, .pool])
        #expect(parts.map(\.size) == [units("-800"), units("-200")])
        world.journal.removeAll()
        world.run(.liquidate(account: long, payer: keeper, target: .next), by: Address(13))
        #expect(Self.isExecuted(parts, of: long, before, world.house, world.journal))
        #expect(world.balance(long, btc) == .zero)
    }

    @Test("Policies that cannot go with a book are named")
    func problems() {
        func found(_ change: (inout LiquidationPolicy) -> Void) -> [String] {
            var parameters = plainParameters()
            parameters.liquidation.book = BookLiquidation()
            change(&parameters.liquidation)
            return ClearingHouse.problems(in: parameters)
        }
        #expect(found { _ in }.isEmpty)
        let rows: [(String, (inout LiquidationPolicy) -> Void)] = [
            ("leaves its rest to the pool", { $0.taker = .liquidator }),
            ("by their size", { $0.size = .absorb }), ("in a book", { $0.closingPrice = .pool }),
            ("has no course", { $0.course = LiquidationCourse(end: .nothingLeft) }),
        ]
        for (text, change) in rows {
            #expect(found(change).contains { $0.contains(text) }, "\(text): \(found(change))")
        }
    }
}

/// Liquidations against books that move, on random walks: every quote is executed to the last unit.
struct BookLiquidationWalkTests {
    #if DEBUG
        static let seeds: ClosedRange<UInt64> = 1...2
        static let blocks = 80
    #else
        static let seeds: ClosedRange<UInt64> = 1...18
        static let blocks = 700
    #endif

    @Test("Quote is execution, and no invariant breaks", arguments: seeds)
    func walk(seed: UInt64) throws {
        var draws = RandomSource(seed: seed).stream("book-liquidation")
        var parameters = HealthIndexWalkTests.parameters(&draws)
        if seed % 4 == 0 {
            parameters = HealthIndexWalkTests.unusual(parameters, seed, &draws)
        }
        for market in parameters.markets.indices {
            // One market keeps its pool: it is liquidated as before.
            guard market != 3 || seed % 2 == 0 else { continue }
            parameters.markets[market].pool = nil
            parameters.markets[market].makerFee = Ratio(basisPoints: draws.uniform(in: -1...3))
            parameters.markets[market].takerFee = Ratio(basisPoints: 5)
            if seed % 3 == 0 {
                parameters.markets[market].mark = MarkPolicy(
                    .averageBasis, average: .moving(TimeSpan(seconds: 60)))
            }
        }
        let sizes: [LiquidationPolicy.Size] = [
            .wholePosition, .wholeAccount,
            .closeFactor(Ratio(percent: 50), fullBelow: Ratio(percent: 50), dust: Money(whole: 50)),
            .bracketSteps(1, fullBelowFirst: false),
            .targetHealth(Ratio(percent: 110)),
            .firstShare(
                Ratio(percent: 20), above: Money(whole: 1000), window: TimeSpan(seconds: 30)),
        ]
        let prices: [LiquidationPolicy.ClosingPrice] = [
            .bankruptcy, .mark,
            .fillable(adjustment: .one, spread: Ratio(percent: 150), maximumFee: Ratio(percent: 1)),
        ]
        parameters.liquidation = LiquidationPolicy(
            size: sizes[Int(seed) % sizes.count], penalty: Ratio(basisPoints: 50),
            liquidatorShare: Ratio(percent: 50), closingPrice: prices[Int(seed / 2) % 3])
        parameters.liquidation.book = BookLiquidation(
            rest: seed % 2 == 0 ? .stays : .takenOver, fillsWhole: seed % 5 == 0)
        parameters.lossWaterfall =
            seed % 3 == 1
            ? [.insuranceFund, .autoDeleveraging, .badDebt] : [.insuranceFund, .badDebt]
        #expect(ClearingHouse.problems(in: parameters).isEmpty)
        var house = ClearingHouse(parameters: parameters, start: Timestamp(milliseconds: 0))
        var journal: [Event] = []
        var truth = [1, 2000, 30, 1, 400].map { Price(whole: $0) }
        try HealthIndexWalkTests.post(truth, 0, &house, &journal)
        let traders = try HealthIndexWalkTests.openAccounts(&house, &draws, &journal)
        house.mint(
            Quantity(whole: 5000), of: AssetID(0), to: ClearingHouse.insuranceFund, into: &journal)
        MarkWalkTests.seedPositions(&house, traders.accounts, &draws, &journal)
        let makers = (4...6).map { house.addAccount(owner: Address($0), role: .margin) }
        for (index, maker) in makers.enumerated() {
            house.mint(
                Quantity(whole: index == 2 ? 300 : 5_000_000), of: AssetID(0), to: maker,
                into: &journal)
        }
        var index = HealthIndex()
        var takers: [LiquidationQuote.Taker: Int] = [:]
        for block in 1...Self.blocks {
            house.advance(to: house.time + TimeSpan(milliseconds: 12_000), into: &journal)
            for feed in truth.indices {
                truth[feed] = HealthIndexWalkTests.step(truth[feed], draws.uniform(in: -60...60))
            }
            try HealthIndexWalkTests.post(truth, Int64(block), &house, &journal)
            for market in 0..<4 where draws.chance(Ratio(percent: 70)) {
                let place = MarketID(index: market)
                for maker in makers {
                    for order in house.book(place).orders(of: maker.raw).prefix(3) {
                        try? house.execute(
                            .cancelOrder(account: maker, market: place, order: order.id),
                            from: house.account(maker).owner, into: &journal)
                    }
                    for side in Side.allCases {
                        let share = draws.uniform(in: side == .buy ? -400...0 : 0...400)
                        try? house.execute(
                            .placeOrder(
                                account: maker, market: place,
                                order: OrderRequest(
                                    side: side,
                                    size: Quantity(raw: draws.uniform(in: 1...scaleE8 * 2)),
                                    price: HealthIndexWalkTests.step(truth[market + 1], share),
                                    timeInForce: .goodTillCancelled,
                                    reduceOnly: draws.chance(Ratio(percent: 10)))),
                            from: house.account(maker).owner, into: &journal)
                    }
                }
            }
            let now = index.liquidatable(in: house, at: house.prices)
            #expect(
                now == HealthIndexWalkTests.scan(house, house.prices),
                "seed \(seed), block \(block)")
            for id in now.prefix(3) {
                let quote = try? house.quoteLiquidation(of: id, payer: traders.wallet)
                let before = house
                journal.removeAll(keepingCapacity: true)
                let refusal: Rejection?
                do throws(Rejection) {
                    try house.execute(
                        .liquidate(account: id, payer: traders.wallet, target: .next),
                        from: Address(3), into: &journal)
                    refusal = nil
                } catch { refusal = error }
                #expect((quote == nil) == (refusal != nil), "seed \(seed), block \(block)")
                if refusal != nil { #expect(house == before && journal.isEmpty) }
                if let quote, case .positions(let parts) = quote.step {
                    for part in parts { takers[part.taker, default: 0] += 1 }
                    #expect(
                        BookLiquidationTests.isExecuted(parts, of: id, before, house, journal),
                        "seed \(seed), block \(block)")
                    #expect(
                        house.balance(traders.wallet, AssetID(0)).raw
                            - before.balance(traders.wallet, AssetID(0)).raw == quote.reward.raw,
                        "seed \(seed), block \(block)")
                }
                #expect(house.breaches().isEmpty, "seed \(seed), block \(block)")
            }
            let id = traders.accounts[Int(draws.uniform(in: 0...Int64(traders.accounts.count - 1)))]
            let market = MarketID(Int32(draws.uniform(in: 0...3)))
            try? house.execute(
                .placeOrder(
                    account: id, market: market,
                    order: OrderRequest(
                        side: draws.chance(Ratio(percent: 50)) ? .buy : .sell,
                        size: Quantity(raw: draws.uniform(in: 1...scaleE8 * 4)), price: nil,
                        timeInForce: .immediateOrCancel)),
                from: house.account(id).owner, into: &journal)
        }
        #expect(takers[.book, default: 0] > 0, "seed \(seed): \(takers)")
    }
}
