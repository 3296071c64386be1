import ExactMath
import MarginProtocol
import MarginRules
import OrderBook
import SeededRandom
import Testing

/// Random commands with random, also absurd, values from random senders under random policies.
struct LawFuzzTests {
    #if DEBUG
        static let seeds: ClosedRange<UInt64> = 1...6
        static let commands = 60
    #else
        static let seeds: ClosedRange<UInt64> = 1...250
        static let commands = 400
    #endif

    @Test(
        "No command breaks an invariant, traps, or changes anything where it is rejected",
        arguments: seeds)
    func commandsKeepTheLaw(seed: UInt64) {
        var fuzz = Fuzz(seed: seed)
        for step in 0..<Self.commands where !fuzz.step() {
            Issue.record("seed \(seed), step \(step)")
            return
        }
    }

    @Test("Between them the seeds apply every kind of command and meet most rejections")
    func coverage() {
        var applied = Set<CommandKind>()
        var rejected = Set<Int>()
        var liquidated = Set<Int8>()
        for seed in Array(Self.seeds.prefix(40)) + [41, 45, 49, 53, 61, 69, 77, 85, 184, 196] {
            var fuzz = Fuzz(seed: seed)
            for _ in 0..<Self.commands where !fuzz.step() { break }
            applied.formUnion(fuzz.applied)
            rejected.formUnion(fuzz.rejected)
            liquidated.formUnion(fuzz.liquidated)
        }
        #expect(applied.count > 8)
        #expect(rejected.count > 20)
        #if !DEBUG
            // Collateral is sold only where it is absorbed, or by auction, and winners are closed only by pools with
            // terms: the presets' traffic has those. A market that is settled would end the traffic (WindingUpTests).
            #expect(
                applied
                    == Set(CommandKind.allCases).subtracting([
                        .buyCollateral, .startAuction, .takeAuction, .bidAuction, .restartAuction,
                        .settleAuction, .payAuction, .updateDeleveraging, .deleverage,
                        .settleResult, .windUp, .claimImpact, .addLiquidity, .removeLiquidity,
                    ]))
            #expect(liquidated.isSuperset(of: [1, 2, 27]))
            #expect(rejected.count > 34)
        #endif
    }
}

/// One random protocol and the random traffic on it.
struct Fuzz {
    var draws: RandomStream
    /// Of prices that are brought along, so that the other draws stay where they were.
    var extra: RandomStream
    /// Pulled feeds, guards and word of the sequencer are in the later seeds only.
    let bringsPrices: Bool
    var house: ClearingHouse
    var journal: [Event] = []
    var index = HealthIndex()
    var otherIndex = HealthIndex()
    var otherPrices: [Price]
    var applied = Set<CommandKind>()
    var rejected = Set<Int>()
    var liquidated = Set<Int8>()
    let seed: UInt64
    /// Does this run draw absurd values at all? Those that do not get further.
    let wild: Bool
    let choosesSettings: Bool
    /// Trades go in two steps in some of the seeds that bring prices.
    let isTwoStep: Bool

    static let users: [Address] = [alice, bob, carol, Address(13)]

    init(seed: UInt64) {
        self.seed = seed
        draws = RandomSource(seed: seed).stream("law")
        wild = seed % 3 == 0
        choosesSettings = seed % 5 == 0
        bringsPrices = seed > 40 && seed % 4 == 1
        extra = RandomSource(seed: seed).stream("law/prices")
        isTwoStep = seed > 60 && seed % 8 == 5
        var parameters = Self.parameters(&draws)
        if bringsPrices {
            for feed in 1...3 { parameters.feeds[feed].isPulled = true }
            parameters.guards = Self.guards
            if isTwoStep { parameters.twoStep = Self.twoStep(seed) }
        } else if seed > 40, seed % 8 == 3 {
            parameters.feeds[2].delay = TimeSpan(seconds: 900)
        }
        if seed > 40, seed % 5 == 4 { Self.fund(&parameters) }
        if seed > 40, seed % 6 == 2 { Self.mark(&parameters) }
        if seed > 40, seed % 4 == 2 { Self.liquidateInBooks(&parameters, seed) }
        if seed > 40, seed % 3 == 1 { Self.countOrders(&parameters, seed) }
        if seed % 10 == 7 { Self.exchange(&parameters, seed) }
        #expect(ClearingHouse.problems(in: parameters).isEmpty)
        house = ClearingHouse(parameters: parameters, start: Timestamp(milliseconds: 1_000_000))
        otherPrices = Array(repeating: .zero, count: 4)
        for user in Self.users {
            let wallet = house.addAccount(owner: user, role: .wallet)
            let account = house.addAccount(owner: user, role: .margin)
            _ = house.addAccount(
                owner: user, role: .margin, parent: account,
                market: MarketID(index: Int(draws.uniform(in: 0...2))))
            for asset in 0..<3 {
                let huge = wild && draws.chance(Ratio(percent: 20))
                let amount = huge ? 1 << 60 : draws.uniform(in: 0...(scaleE8 * 1_000_000))
                house.mint(
                    Quantity(raw: amount), of: AssetID(index: asset), to: wallet, into: &journal)
                house.mint(
                    Quantity(raw: draws.uniform(in: 0...(scaleE8 * 10_000))),
                    of: AssetID(index: asset), to: account, into: &journal)
            }
        }
        for feed in 0..<4 {
            let raw = scaleE8 * [1, 100, 1000, 10][feed]
            let moment = house.time
            let report = PriceReport(
                round: 1, price: Price(raw: raw), observedAt: moment, publishedAt: moment)
            try? house.execute(
                .postPrice(feed: FeedID(index: feed), report: report), from: reporter,
                into: &journal)
            otherPrices[feed] = Price(raw: raw)
        }
    }

    /// Spot markets; in some seeds what orders may bring scales a weight.
    private static func exchange(_ parameters: inout ProtocolParameters, _ seed: UInt64) {
        parameters.spotMarkets = [
            SpotMarketParameters(
                name: "ETH-USD", base: eth, quote: usd, takerFee: Ratio(basisPoints: 10),
                makerFee: Ratio(basisPoints: seed % 20 == 7 ? -5 : 5)),
            SpotMarketParameters(name: "BTC-ETH", base: btc, quote: eth),
        ]
        for asset in 0..<3 { parameters.assets[asset].borrowable = true }
        guard seed % 20 == 7 else { return }
        parameters.countsSpotOrders = true
        parameters.assets[1].collateral.depositScale = Money(whole: 500_000)
    }

    /// Funding in which the pool takes part, by impact prices, and of the interval before.
    private static func fund(_ parameters: inout ProtocolParameters) {
        var next = PremiumFunding(
            source: .mark, interest: Ratio(basisPoints: 30), interval: TimeSpan(seconds: 600))
        next.paysNext = true
        next.phase = TimeSpan(seconds: 60)
        next.grace = TimeSpan(seconds: 120)
        let policies: [FundingPolicy] = [
            .spread(
                SpreadFunding(
                    source: .skew(scale: Quantity(whole: 1000)), spreadDivisor: 10,
                    sampling: TimeSpan(seconds: 60))),
            .impactMid(
                ImpactMidPolicy(
                    impact: Quantity(raw: 1000), minimum: Ratio(percent: -5),
                    maximum: Ratio(percent: 5))), .premium(next),
        ]
        for (market, policy) in policies.enumerated()
        where parameters.markets[market].pool?.terms == nil
            && parameters.markets[market].contract == .linear
        {
            parameters.markets[market].funding = policy
            parameters.markets[market].takerFee = Ratio(basisPoints: 10)
            parameters.markets[market].makerFee = .zero
        }
        parameters.assets[2].interest = InterestModel(
            loans: MarginLoanInterest(
                rate: Fixed18(Ratio(basisPoints: 50)), ratePeriod: TimeSpan(seconds: 3600),
                counting: .started(opening: 1)))
    }

    /// Positions of markets without a pool go to their books.
    private static func liquidateInBooks(_ parameters: inout ProtocolParameters, _ seed: UInt64) {
        var policy = parameters.liquidation
        policy.taker = .pool
        policy.book = BookLiquidation(
            rest: seed % 8 < 4 ? .stays : .takenOver, fillsWhole: seed % 12 == 2)
        let prices: [LiquidationPolicy.ClosingPrice] = [
            .bankruptcy, .mark,
            .fillable(adjustment: .one, spread: Ratio(percent: 50), maximumFee: Ratio(percent: 2)),
        ]
        policy.closingPrice = prices[Int(seed / 4) % 3]
        parameters.liquidation = policy
        for market in 0..<2 where parameters.markets[market].pool?.terms == nil {
            parameters.markets[market].pool = nil
        }
        // Where that cannot be, the protocol stays as it was drawn.
        if !ClearingHouse.problems(in: parameters).isEmpty { parameters.liquidation.book = nil }
    }

    /// Orders that rest are part of margin.
    private static func countOrders(_ parameters: inout ProtocolParameters, _ seed: UInt64) {
        func atPrices(_ netting: OpenOrderNotional.Netting, _ both: Bool) -> OpenOrderPolicy {
            .atOrderPrices(
                OrderPriceTerms(netting: netting, countsInMaintenance: both, reservesFee: both))
        }
        let policies: [OpenOrderPolicy] = [
            .worstLiability(perOrder: Money(raw: 1_000_000)), atPrices(.largerSide, true),
            atPrices(.netBids, true), atPrices(.largerSide, false), .worstResult,
        ]
        parameters.openOrders = policies[Int(seed / 3) % 5]
        guard parameters.openOrders == .worstResult else { return }
        parameters.positionResults = .inBalance
        guard !ClearingHouse.problems(in: parameters).isEmpty else { return }
        // Where that cannot be, results stay apart.
        parameters.positionResults = .separate
        parameters.openOrders = policies[0]
    }

    /// Markets that trade in their books alone, each with another mark.
    private static func mark(_ parameters: inout ProtocolParameters) {
        let policies = [
            MarkPolicy(.mid), MarkPolicy(.medianOfThree, average: .moving(TimeSpan(seconds: 600))),
            MarkPolicy(
                .robustMedian, average: .exponential(TimeSpan(seconds: 150)),
                bookAverage: TimeSpan(seconds: 30), band: Ratio(percent: 20)),
        ]
        for (market, policy) in policies.enumerated() {
            guard parameters.markets[market].pool?.terms == nil else { continue }
            parameters.markets[market].pool = nil
            parameters.markets[market].mark = policy
            var funding = PremiumFunding(
                source: .book(impact: .zero), interest: Ratio(basisPoints: 30),
                interval: TimeSpan(seconds: 600))
            funding.limitsCharges = market != 1
            parameters.markets[market].funding = .premium(funding)
        }
    }

    /// Runs one command, or a block's beginning; false when something is wrong.
    mutating func step() -> Bool {
        journal.removeAll(keepingCapacity: true)
        if draws.chance(Ratio(percent: 12)) { return block() }
        let command = spotCommand(pricedCommand(randomCommand()))
        var sender = draw(Self.users + [.system, .governance, reporter, stranger])
        if !draws.chance(Ratio(percent: 10)) { sender = properSender(command) ?? sender }
        return check(command, sender)
    }

    /// A new block, and both indexes against a look at everybody.
    private mutating func block() -> Bool {
        if draws.chance(Ratio(percent: 80)) {
            let span =
                wild && draws.chance(Ratio(percent: 10))
                ? 86_400_000 : draws.uniform(in: 0...600_000)
            house.advance(to: house.time + TimeSpan(milliseconds: span), into: &journal)
        }
        for feed in otherPrices.indices {
            let chain = house.prices[feed].raw
            let share = draws.uniform(in: 85...115)
            // Near the protocol's price, or where it was: as an outside price would be.
            if draws.chance(Ratio(percent: 60)) {
                otherPrices[feed] = Price(raw: max(1, chain / 100 * share))
            }
        }
        return expect(house.breaches().isEmpty, "breaches: \(house.breaches())") && checkIndexes()
    }

    private mutating func checkIndexes() -> Bool {
        // The law bounds exposures at its own prices; others may not be far above them.
        for feed in otherPrices.indices where wild {
            let chain = house.prices[feed]
            otherPrices[feed] = max(
                Price(raw: 1), min(otherPrices[feed], chain + Price(raw: chain.raw / 8)))
        }
        let found = index.liquidatable(in: house, at: house.prices)
        let others = otherIndex.liquidatable(in: house, at: otherPrices)
        func scan(_ prices: [Price]) -> [AccountID] {
            house.accountIDs.map { AccountID($0) }.filter { house.isLiquidatable($0, at: prices) }
        }
        return expect(found == scan(house.prices), "index at chain prices")
            && expect(others == scan(otherPrices), "index at other prices")
    }

    private mutating func check(_ command: Command, _ sender: Address) -> Bool {
        let before = house
        var quote: LiquidationQuote?
        if case .liquidate(let account, let payer, let target) = command {
            quote = try? house.quoteLiquidation(of: account, payer: payer, target: target)
            if quote != nil, !house.isLiquidatable(account, at: house.prices) {
                return expect(false, "a healthy account is quoted: \(command)")
            }
        }
        do throws(Rejection) {
            try house.execute(command, from: sender, into: &journal)
        } catch {
            rejected.insert(error.code)
            if let quote, case .liquidate(_, let payer, _) = command,
                before.isOwned(payer, by: sender)
            {
                return expect(false, "quoted \(quote) and rejected \(error)")
            }
            return expect(house == before, "\(command) was rejected with \(error) and changed")
                && expect(journal.isEmpty, "\(command) was rejected with \(error) and journaled")
        }
        applied.formUnion([command.kind, command.inner.kind])
        let breaches = house.breaches()
        guard expect(breaches.isEmpty, "\(command) left \(breaches)") else { return false }
        if draws.chance(Ratio(percent: 15)), !checkIndexes() { return false }
        switch command {
        case .liquidate(let account, let payer, _):
            guard let quote else { return expect(false, "executed without a quote: \(command)") }
            return checkLiquidation(quote, account, payer, before)
        case .withdraw(let from, _, _, _), .transfer(let from, _, _, _):
            let facts = house.account(from)
            let carriesRisk = facts.markets != 0 || house.owes(from)
            return expect(
                !carriesRisk || house.health(of: from, .initial).isMet, "\(command) left no margin")
        case .trade(let account, let market, let size, _, _):
            let held = before.position(account, market).size
            return expect(
                house.health(of: account, .initial).isMet
                    || (held.isNegative != size.isNegative && size.magnitude <= held.magnitude
                        && house.health(of: account, .maintenance).surplus
                            >= before.health(of: account, .maintenance).surplus),
                "\(command) left no margin")
        default: return true
        }
    }

    private mutating func checkLiquidation(
        _ quote: LiquidationQuote, _ account: AccountID, _ payer: AccountID,
        _ before: ClearingHouse
    ) -> Bool {
        let steps: [Liquidation] = journal.compactMap {
            if case .liquidated(let step) = $0 { step } else { nil }
        }
        for step in steps { liquidated.insert(step.kind.rawValue) }
        let socialised = journal.contains {
            if case .lossCovered(let cover) = $0 { cover.payer == payer } else { false }
        }
        func gained(_ asset: AssetID) -> Int64 {
            house.balance(payer, asset).raw - before.balance(payer, asset).raw
        }
        let settlement = house.parameters.settlementAsset
        switch quote.step {
        case .positions(let parts):
            guard expect(steps.count == parts.count, "one event a position") else { return false }
            for (step, part) in zip(steps, parts) {
                guard
                    expect(
                        step.market == part.market && step.size == part.size
                            && step.price == part.price && step.toLiquidator == part.toLiquidator
                            && step.toInsurance == part.toInsurance
                            && step.penalty == part.penalty
                            && house.position(account, part.market).size
                                == parts.reduce(before.position(account, part.market).size) {
                                    $1.market == part.market ? $0 + $1.size : $0
                                },
                        "executed as quoted: \(part), \(step)")
                else { return false }
            }
            if before.account(payer).role == .wallet {
                return expect(gained(settlement) == quote.reward.raw, "the reward as quoted")
            }
            return expect(
                before.parameters.liquidation.taker == .pool || socialised
                    || house.health(of: payer, .initial).isMet, "the payer has its margin")
        case .flag, .result: return expect(steps.count >= 1, "one event at least")
        case .orders:
            return expect(
                steps.map(\.kind) == [.ordersCancelled] && house.account(account).orders == 0
                    && house.spotReserves(of: account).isEmpty
                    && house.account(account).markets == before.account(account).markets
                    && !house.isLiquidatable(account, at: house.prices),
                "cancelled orders end it: \(steps)")
        case .absorption(let part):
            return expect(
                steps.count == part.seized.count
                    && part.seized.allSatisfy { house.balance(account, $0.asset).isZero },
                "everything taken as quoted")
        case .collateral(let part):
            return expect(
                steps.count == 1 && steps[0].size == part.seized && steps[0].repaid == part.repaid
                    && (socialised
                        || (gained(part.seize) == part.seized.raw - part.toInsurance.raw
                            && gained(part.repay) == -part.repaid.raw)),
                "executed as quoted: \(part), \(steps)")
        case .deficit:
            return expect(
                steps.count == 1 && house.account(account).assets == 0,
                "the deficit is covered: \(steps)")
        }
    }

    func expect(_ holds: Bool, _ message: @autoclosure () -> String) -> Bool {
        if !holds { Issue.record("seed \(seed): \(message())") }
        return holds
    }
}

// MARK: Drawing

extension Fuzz {
    mutating func draw<T>(_ items: [T]) -> T {
        items[Int(draws.uniform(in: 0...Int64(items.count - 1)))]
    }

    static let absurd: [Int64] = [
        0, 1, -1, .max, .min, .max - 1, .min + 1, 1 << 62, 1 << 61, 1 << 60, -1 << 61,
    ]

    /// A number near a scale, or, in a wild run, sometimes one that nobody would send.
    mutating func number(_ scale: Int64) -> Int64 {
        if wild, draws.chance(Ratio(percent: 12)) {
            let any = draws.uniform(in: .min ... .max)
            let power: Int64 = 1 << draws.uniform(in: 0...62)
            return draw(Self.absurd + [any, power])
        }
        if draws.chance(Ratio(percent: 3)) { return draw([0, -1, 1, -scale]) }
        // Log-uniform over three decades.
        let reduction = draw([1, 1, 3, 10, 30, 100, 1000])
        return draws.uniform(in: 1...max(1, scale / Int64(reduction)))
    }

    mutating func accountID() -> AccountID {
        if draws.chance(Ratio(percent: 2)) { return AccountID(draw([-1, 10_000, .max, .min])) }
        return AccountID(Int32(draws.uniform(in: 0...Int64(house.accountCount - 1))))
    }

    mutating func marginAccount() -> AccountID {
        let all = house.accountIDs.map { AccountID($0) }.filter {
            house.account($0).role == .margin
        }
        return draws.chance(Ratio(percent: 94)) ? draw(all) : accountID()
    }

    mutating func wallet() -> AccountID {
        let all = house.accountIDs.map { AccountID($0) }.filter {
            house.account($0).role == .wallet
        }
        return draws.chance(Ratio(percent: 94)) ? draw(all) : accountID()
    }

    /// Whoever's wallet it is, most of the time.
    mutating func wallet(of id: AccountID) -> AccountID {
        let all = house.accountIDs.map { AccountID($0) }.filter {
            house.account($0).role == .wallet && house.accountIDs.contains(id.raw)
                && house.account($0).owner == house.account(id).owner
        }
        return all.isEmpty || draws.chance(Ratio(percent: 6)) ? accountID() : draw(all)
    }

    mutating func asset() -> AssetID {
        draws.chance(Ratio(percent: 2))
            ? AssetID(draw([-1, 3, .max])) : AssetID(Int32(draws.uniform(in: 0...2)))
    }

    mutating func market() -> MarketID {
        draws.chance(Ratio(percent: 2))
            ? MarketID(draw([-1, 3, .max])) : MarketID(Int32(draws.uniform(in: 0...2)))
    }

    static let guards: [PriceGuard] = [
        PriceGuard(
            .check(.maximumDeviation(Ratio(percent: 80)), against: .average(TimeSpan(seconds: 60))),
            blocks: .open),
        PriceGuard(
            .check(.sequencerUp(grace: TimeSpan(seconds: 30), .exclusive), against: .nothing),
            blocks: .liquidate, bypassBelow: Ratio(percent: 95)),
    ]

    /// Either way of executing what was asked for.
    static func twoStep(_ seed: UInt64) -> TwoStepPolicy {
        let expiration = TimeSpan(seconds: 300)
        return TwoStepPolicy(
            timing: seed % 16 == 5
                ? .afterRequest(
                    TwoStepExecution(
                        requestExpiration: expiration, maximumPriceAge: expiration,
                        maximumTimestampRange: TimeSpan(seconds: 60),
                        maximumReferenceDeviation: .one))
                : .window(
                    SettlementWindow(
                        delay: .zero, duration: expiration, priceDelay: .zero,
                        priceTolerance: TimeSpan(seconds: 60))), fee: Quantity(raw: 12_345))
    }

    /// In place of a command, sometimes the execution of a request with fresh prices, or its end.
    private mutating func ofRequests() -> Command? {
        guard isTwoStep, extra.chance(Ratio(percent: 35)) else { return nil }
        let open = house.openRequests.map(\.id)
        let id = RequestID(
            open.isEmpty || extra.chance(Ratio(percent: 5))
                ? Int32(extra.uniform(in: -1...50))
                : open[Int(extra.uniform(in: 0...Int64(open.count - 1)))].raw)
        if extra.chance(Ratio(percent: 20)) { return .cancelRequest(id) }
        let wallets = house.accountIDs.map { AccountID($0) }.filter {
            house.account($0).role == .wallet
        }
        let keeper = wallets[Int(extra.uniform(in: 0...Int64(wallets.count - 1)))]
        let moment = house.time - TimeSpan(milliseconds: extra.uniform(in: 0...2000))
        let prices = (1...3).map { feed in
            AttachedPrice(
                feed: FeedID(index: feed),
                report: PriceReport(
                    round: 1,
                    price: Price(
                        raw: max(1, house.prices[feed].raw / 100 * extra.uniform(in: 98...102))),
                    observedAt: moment, publishedAt: moment))
        }
        return .attach(prices, to: .executeRequest(id, keeper: keeper))
    }

    /// A trade as it is asked for here.
    private mutating func asked(_ command: Command) -> Command {
        guard isTwoStep,
            case .trade(let account, let market, let size, let limit, let reduceOnly) = command,
            !extra.chance(Ratio(percent: 3))
        else { return command }
        return .requestTrade(
            account: account, market: market, size: size, limit: limit, reduceOnly: reduceOnly,
            kind: limit != nil && extra.chance(Ratio(percent: 50)) ? .limit : .market)
    }

    /// Sometimes a command with prices that are brought along, or word of the sequencer in its place.
    mutating func pricedCommand(_ command: Command) -> Command {
        guard bringsPrices else { return command }
        if let command = ofRequests() { return command }
        let command = asked(command)
        if extra.chance(Ratio(percent: 1)) { return .reportUptime(isUp: extra.next() % 4 != 0) }
        guard extra.chance(Ratio(percent: 8)) else { return command }
        let prices = (0...Int(extra.uniform(in: 0...2))).map { _ -> AttachedPrice in
            let feed = Int(extra.uniform(in: extra.chance(Ratio(percent: 5)) ? 0...4 : 1...3))
            let last = house.prices.indices.contains(feed) ? house.prices[feed].raw : 1
            let observed = house.time - TimeSpan(milliseconds: extra.uniform(in: -5...5000))
            return AttachedPrice(
                feed: FeedID(index: feed),
                report: PriceReport(
                    round: 1, price: Price(raw: last / 100 * extra.uniform(in: 95...106)),
                    observedAt: observed, publishedAt: observed))
        }
        return .attach(prices, to: command)
    }

    /// In place of a command, sometimes one of a spot market.
    private mutating func spotCommand(_ command: Command) -> Command {
        guard !house.parameters.spotMarkets.isEmpty, extra.chance(Ratio(percent: 25)) else {
            return command
        }
        let market = SpotMarketID(
            Int32(extra.uniform(in: extra.chance(Ratio(percent: 2)) ? -1...5 : 0...1)))
        let accounts = house.accountIDs.map { AccountID($0) }.filter {
            house.account($0).role == .margin
        }
        let account = accounts[Int(extra.uniform(in: 0...Int64(accounts.count - 1)))]
        if extra.chance(Ratio(percent: 15)) {
            let isThere = house.parameters.spotMarkets.indices.contains(market.index)
            let own = isThere ? house.spotBook(market).orders(of: account.raw) : []
            return .cancelSpotOrder(
                account: account, market: market,
                order: own.first?.id ?? OrderID(raw: extra.uniform(in: 0...20)))
        }
        let isWild = wild && extra.chance(Ratio(percent: 8))
        func raw(_ usual: Int64) -> Int64 {
            isWild ? Self.absurd[Int(extra.uniform(in: 0...Int64(Self.absurd.count - 1)))] : usual
        }
        // Ether at 100 and bitcoin at 1000, against the settlement asset and against each other.
        let oracle = house.prices[1].raw
        let usual =
            market.raw == 0 ? oracle : max(1, house.prices[2].raw / max(1, oracle / scaleE8))
        let limit = Price(raw: raw(max(1, usual / 100 &* extra.uniform(in: 90...110))))
        let rests = extra.chance(Ratio(percent: 75))
        return .placeSpotOrder(
            account: account, market: market,
            order: OrderRequest(
                side: extra.chance(Ratio(percent: 50)) ? .buy : .sell,
                size: Quantity(raw: raw(extra.uniform(in: 1...(scaleE8 * 100)))),
                price: rests || extra.chance(Ratio(percent: 50)) ? limit : nil,
                timeInForce: !rests
                    ? .immediateOrCancel
                    : extra.chance(Ratio(percent: 20)) ? .postOnly : .goodTillCancelled,
                reduceOnly: extra.chance(Ratio(percent: 1))))
    }

    func properSender(_ command: Command) -> Address? {
        func owner(_ id: AccountID) -> Address? {
            house.accountIDs.contains(id.raw) ? house.account(id).owner : nil
        }
        return switch command {
        case .deposit(let from, _, _, _): owner(from)
        case .withdraw(let from, _, _, _): owner(from)
        case .transfer(let from, _, _, _): owner(from)
        case .openAccount(let parent, _): parent.flatMap(owner)
        case .setDelegate(let account, _, _): owner(account)
        case .configure(let account, _): owner(account)
        case .trade(let account, _, _, _, _): owner(account)
        case .placeOrder(let account, _, _): owner(account)
        case .cancelOrder(let account, _, _): owner(account)
        case .postPrice: reporter
        case .liquidate(_, let payer, _): owner(payer)
        case .buyCollateral(let wallet, _, _, _): owner(wallet)
        case .startAuction(_, _, let keeper), .restartAuction(_, let keeper): owner(keeper)
        case .takeAuction(_, let wallet, _, _), .bidAuction(_, let wallet, _, _): owner(wallet)
        case .settleAuction: nil
        case .pause, .setParameter, .windUp: .governance
        case .settleOutside, .reportUptime: .system
        case .attach(_, let inner): properSender(inner)
        case .payAuction(let wallet, _, _): owner(wallet)
        case .requestTrade(let account, _, _, _, _, _): owner(account)
        case .executeRequest(_, let keeper): owner(keeper)
        case .cancelRequest(let id): house.request(id).flatMap { owner($0.account) }
        case .updateDeleveraging, .deleverage, .settleResult: stranger
        case .claimImpact(let account): owner(account)
        case .placeSpotOrder(let account, _, _), .cancelSpotOrder(let account, _, _):
            owner(account)
        case .addLiquidity(let wallet, _, _, _), .removeLiquidity(let wallet, _, _, _):
            owner(wallet)
        }
    }

    mutating func randomCommand() -> Command {
        switch draws.uniform(in: 0...99) {
        case 0..<8:
            let from = wallet()
            let to = draws.chance(Ratio(percent: 85)) ? marginAccount() : accountID()
            return .deposit(from: from, to: to, asset: asset(), amount: amount(100_000))
        case 8..<16:
            let from = marginAccount()
            return .withdraw(
                from: from, to: wallet(of: from), asset: asset(), amount: amount(10_000))
        case 16..<22:
            let from = marginAccount()
            var to = marginAccount()
            if house.accountIDs.contains(from.raw), draws.chance(Ratio(percent: 80)) {
                // A parent and its child follow each other.
                to = house.account(from).parent ?? AccountID(from.raw &+ 1)
            }
            return .transfer(from: from, to: to, asset: asset(), amount: amount(10_000))
        case 22..<24:
            let parent: AccountID? = draws.chance(Ratio(percent: 50)) ? accountID() : nil
            return .openAccount(
                parent: house.accountCount < 40 ? parent : AccountID(-1),
                isolated: draws.chance(Ratio(percent: 50)) ? market() : nil)
        case 24..<26:
            return .setDelegate(
                account: accountID(), delegate: draw(Self.users),
                allowed: draws.chance(Ratio(percent: 50)))
        // A chosen leverage ends the fast valuation for good, so most seeds have none.
        case 26 where choosesSettings:
            return .configure(
                account: marginAccount(),
                draws.chance(Ratio(percent: 50))
                    ? .leverage(market(), Ratio(raw: draws.uniform(in: 0...(20 * scaleE8))))
                    : .category(Int(draws.uniform(in: -1...1))))
        case 26..<42: return randomTrade()
        case 42..<58: return randomOrder()
        case 58..<61:
            return .cancelOrder(
                account: marginAccount(), market: market(),
                order: OrderID(raw: draws.uniform(in: 0...60)))
        case 61..<77: return randomReport()
        case 77..<93: return randomLiquidation()
        case 93..<94:
            return .pause(
                draws.chance(Ratio(percent: 80))
                    ? [] : Actions(rawValue: UInt8(draws.uniform(in: 0...63))))
        case 94..<97: return .setParameter(randomChange())
        default:
            let count = Int(draws.uniform(in: 0...3))
            return .settleOutside(
                wallet: wallet(),
                changes: (0..<count).map { _ in
                    let sign: Int64 = draws.chance(Ratio(percent: 50)) ? 1 : -1
                    return AssetChange(
                        asset: asset(), delta: Quantity(raw: sign &* number(scaleE8 * 10_000)))
                })
        }
    }

    private mutating func amount(_ whole: Int64) -> Quantity {
        Quantity(raw: number(scaleE8 * whole))
    }

    private mutating func randomTrade() -> Command {
        let account = marginAccount()
        var market = market()
        if house.accountIDs.contains(account.raw), let only = house.account(account).isolatedMarket,
            draws.chance(Ratio(percent: 90))
        {
            market = only
        }
        var size = number(scaleE8 * 1_000) &* (draws.chance(Ratio(percent: 50)) ? 1 : -1)
        if (0..<3).contains(market.raw), house.accountIDs.contains(account.raw),
            draws.chance(Ratio(percent: 30))
        {
            // What is held, exactly, or a little more or less.
            size = 0 &- house.position(account, market).size.raw &+ draws.uniform(in: -1...1)
        }
        let limit: Price? =
            draws.chance(Ratio(percent: 15)) ? Price(raw: number(scaleE8 * 1000)) : nil
        return .trade(
            account: account, market: market, size: Quantity(raw: size), limit: limit,
            reduceOnly: draws.chance(Ratio(percent: 10)))
    }

    private mutating func randomOrder() -> Command {
        let account = marginAccount()
        var market = market()
        if house.accountIDs.contains(account.raw), let only = house.account(account).isolatedMarket
        {
            market = only
        }
        let index = (0..<3).contains(market.raw) ? market.index : 0
        let oracle = house.prices[index + 1].raw
        var limit: Price? = Price(raw: max(1, oracle / 100 &* draws.uniform(in: 95...105)))
        if wild, draws.chance(Ratio(percent: 10)) { limit = Price(raw: number(oracle)) }
        if draws.chance(Ratio(percent: 10)) { limit = nil }
        return .placeOrder(
            account: account, market: market,
            order: OrderRequest(
                side: draw(Side.allCases),
                // Where orders count they may be too much for what is left.
                size: amount(house.parameters.openOrders == .none ? 200 : 10_000), price: limit,
                timeInForce: limit == nil && draws.chance(Ratio(percent: 90))
                    ? .immediateOrCancel : draw(TimeInForce.allCases),
                reduceOnly: draws.chance(Ratio(percent: 12))))
    }

    private mutating func randomReport() -> Command {
        let feed = Int(draws.uniform(in: 0...3))
        let last = house.prices[feed].raw
        // Mostly a random walk; sometimes a jump; the settlement asset walks too.
        var raw = last / 1000 &* draws.uniform(in: 970...1030) &+ draws.uniform(in: 0...5)
        if feed == 0 { raw = last / 1000 &* draws.uniform(in: 990...1010) &+ 1 }
        if draws.chance(Ratio(percent: 12)) { raw = last / 100 &* draws.uniform(in: 20...250) }
        if wild, draws.chance(Ratio(percent: 6)) { raw = number(last) }
        if draws.chance(Ratio(percent: 15)) { raw = scaleE8 * [1, 100, 1000, 10][feed] }
        let back = draws.chance(Ratio(percent: 70)) ? 0 : draws.uniform(in: -1000...100_000)
        var observed = house.time.milliseconds &- back
        if wild, draws.chance(Ratio(percent: 2)) { observed = number(1 << 40) }
        return .postPrice(
            feed: draws.chance(Ratio(percent: 2)) ? FeedID(draw([-1, 4])) : FeedID(index: feed),
            report: PriceReport(
                round: number(1000), price: Price(raw: raw),
                confidence: Price(
                    raw: draws.chance(Ratio(percent: 30)) ? number(max(1, raw / 50)) : 0),
                observedAt: Timestamp(milliseconds: observed),
                publishedAt: Timestamp(milliseconds: number(1 << 40))))
    }

    private mutating func randomLiquidation() -> Command {
        var account = marginAccount()
        let unhealthy = house.accountIDs.map { AccountID($0) }.filter {
            house.isLiquidatable($0, at: house.prices)
        }
        if !unhealthy.isEmpty, draws.chance(Ratio(percent: 90)) { account = draw(unhealthy) }
        let payer = draws.chance(Ratio(percent: 50)) ? wallet() : marginAccount()
        let atMost: Quantity? = draws.chance(Ratio(percent: 50)) ? amount(100) : nil
        let target: LiquidationTarget =
            switch draws.uniform(in: 0...9) {
            case 0..<6: .next
            case 6..<8: .position(market(), atMost: atMost)
            default: .collateral(seize: asset(), repay: asset(), atMost: atMost)
            }
        return .liquidate(account: account, payer: payer, target: target)
    }

    private mutating func randomChange() -> ParameterChange {
        switch draws.uniform(in: 0...6) {
        case 0: .collateral(asset(), Self.collateral(&draws))
        case 1:
            draws.chance(Ratio(percent: 80))
                ? .margin(market(), Self.margin(&draws).brackets)
                : .margin(market(), [])
        case 2: .openInterestCap(market(), draws.chance(.one) ? Money(raw: number(1 << 50)) : nil)
        case 3: .liquidation(Self.liquidation(&draws))
        case 4:
            .maxAge(
                FeedID(Int32(draws.uniform(in: 0...4))),
                TimeSpan(milliseconds: number(100_000_000)))
        case 5:
            .maxDeviation(
                FeedID(Int32(draws.uniform(in: 0...4))),
                draws.chance(Ratio(percent: 50)) ? Ratio(raw: number(scaleE8 * 3)) : nil)
        default: blocking(UInt8(draws.uniform(in: 0...63)))
        }
    }

    /// What is blocked, by one draw: by staleness, by guards, or liquidations for a while.
    private func blocking(_ draw: UInt8) -> ParameterChange {
        switch draw % 8 {
        case 1: .guards(Self.guards(draw))
        case 2: .guards([])
        case 3:
            .liquidationGrace(
                AssetID(Int32(draw / 16)), TimeSpan(milliseconds: Int64(draw) * 10_000))
        case 4, 5: .weights(AssetID(Int32(draw / 16)), Self.weights(draw))
        default: .staleBlocks(Actions(rawValue: draw))
        }
    }

    /// A debt's weight from 0 to 7 on its way for up to ten minutes, or a holding's from 0 to 3.5 at once.
    private static func weights(_ draw: UInt8) -> WeightChange {
        let weight = Ratio(percent: Int64(draw / 8) * 100)
        return draw % 8 == 4
            ? WeightChange(liability: weight, duration: TimeSpan(seconds: Int64(draw) * 10))
            : WeightChange(collateral: .flat(Ratio(raw: weight.raw / 2)))
    }

    private static func guards(_ draw: UInt8) -> [PriceGuard] {
        let window = TimeSpan(milliseconds: Int64(draw / 8 + 1) * 50_000)
        let limit = OracleGuard.maximumDeviation(Ratio(percent: Int64(draw) + 10))
        return [
            PriceGuard(.check(limit, against: .average(window)), blocks: Actions(rawValue: draw)),
            PriceGuard(.check(limit, against: .previous), blocks: .open),
        ]
    }
}

// MARK: Random policies

extension Fuzz {
    static func collateral(_ draws: inout RandomStream) -> CollateralSchedule {
        var floor: Int64 = 0
        let tiers = (0...draws.uniform(in: 0...3)).map { _ in
            defer { floor += draws.uniform(in: 1...(scaleE8 * 100_000)) }
            return CollateralSchedule.Tier(
                floor: floor, weight: Ratio(raw: draws.uniform(in: 0...scaleE8)))
        }
        return draws.chance(Ratio(percent: 30))
            ? .flat(.one)
            : CollateralSchedule(
                basis: draws.chance(Ratio(percent: 50)) ? .value : .quantity, tiers: tiers)
    }

    static func margin(_ draws: inout RandomStream) -> MarginSchedule {
        var floor: Money = .zero
        var maintenance = draws.uniform(in: 100_000...(scaleE8 / 20))
        var initial = maintenance + draws.uniform(in: 0...(scaleE8 / 20))
        let brackets = (0...draws.uniform(in: 0...3)).map { _ in
            defer {
                floor += Money(raw: draws.uniform(in: 1...(scaleE8 * 50_000)))
                maintenance = min(scaleE8, maintenance * 2)
                initial = min(scaleE8, max(maintenance, initial * 2))
            }
            return MarginSchedule.Bracket(
                floor: floor, initialRate: Ratio(raw: initial),
                maintenanceRate: Ratio(raw: maintenance))
        }
        return MarginSchedule(brackets: brackets)
    }

    static func liquidation(_ draws: inout RandomStream) -> LiquidationPolicy {
        func share() -> Ratio { Ratio(raw: draws.uniform(in: 0...scaleE8)) }
        let size: LiquidationPolicy.Size =
            switch draws.uniform(in: 0...4) {
            case 0, 1:
                .closeFactor(
                    Ratio(raw: draws.uniform(in: 1...scaleE8)), fullBelow: share(),
                    dust: Money(raw: draws.uniform(in: 0...(scaleE8 * 100))))
            case 2: .targetHealth(Ratio(raw: draws.uniform(in: scaleE8...(scaleE8 * 2))))
            case 3: .wholePosition
            default: .wholeAccount
            }
        return LiquidationPolicy(
            trigger: draws.chance(Ratio(percent: 50)) ? .strict : .inclusive,
            order: [.mostUnprofitableFirst, .largestFirst, .liquidatorsChoice][
                Int(draws.uniform(in: 0...2))],
            size: size, penalty: Ratio(raw: draws.uniform(in: 0...(scaleE8 / 20))),
            liquidatorShare: share(),
            collateralBonus: Ratio(raw: draws.uniform(in: 0...(scaleE8 / 5))),
            collateralBonusInsuranceShare: share(),
            taker: draws.chance(Ratio(percent: 50)) ? .pool : .liquidator,
            oncePerBlock: draws.chance(Ratio(percent: 20)))
    }

    static func parameters(_ draws: inout RandomStream) -> ProtocolParameters {
        var parameters = plainParameters()
        for asset in 0..<3 {
            parameters.assets[asset].collateral = collateral(&draws)
            if asset == 0, draws.chance(Ratio(percent: 50)) {
                parameters.assets[asset].collateral = .flat(.one)
            }
            parameters.assets[asset].liabilityWeight = Ratio(
                raw: draws.uniform(in: scaleE8...(scaleE8 * 3 / 2)))
            parameters.assets[asset].borrowable = draws.chance(Ratio(percent: 60))
            if draws.chance(Ratio(percent: 20)) {
                parameters.assets[asset].depositCap = Quantity(whole: 100_000)
            }
        }
        for market in 0..<3 {
            parameters.markets[market].margin = margin(&draws)
            parameters.markets[market].takerFee = Ratio(raw: draws.uniform(in: 0...500_000))
            parameters.markets[market].makerFee = Ratio(
                raw: draws.uniform(in: (0 - parameters.markets[market].takerFee.raw)...100_000))
            parameters.markets[market].poolFeeShare = Ratio(raw: draws.uniform(in: 0...scaleE8))
            if draws.chance(Ratio(percent: 50)) {
                parameters.markets[market].pool = PoolPricing(
                    spread: Ratio(raw: draws.uniform(in: 0...1_000_000)),
                    impactDepth: Money(whole: draws.uniform(in: 0...1_000_000)),
                    impactAtDepth: Ratio(raw: draws.uniform(in: 0...10_000_000)))
            } else if draws.chance(Ratio(percent: 20)) {
                parameters.markets[market].pool = nil
            }
            if draws.chance(Ratio(percent: 30)) {
                parameters.markets[market].openInterestCap = Money(whole: 1_000_000)
            }
            if draws.chance(Ratio(percent: 60)) {
                parameters.markets[market].funding = .skew(
                    maximumRate: Ratio(raw: draws.uniform(in: 0...(scaleE8 / 10))),
                    skewScale: Quantity(raw: draws.uniform(in: 1...(scaleE8 * 1000))))
            }
            parameters.markets[market].profitWeight = Ratio(raw: draws.uniform(in: 0...scaleE8))
            if draws.chance(Ratio(percent: 60)) { parameters.markets[market].profitWeight = .one }
        }
        for feed in 0..<4 where draws.chance(Ratio(percent: 40)) {
            parameters.feeds[feed].maxAge = TimeSpan(milliseconds: draws.uniform(in: 0...3_000_000))
            parameters.feeds[feed].maxConfidence = Ratio(raw: draws.uniform(in: 0...scaleE8))
        }
        parameters.staleBlocks = Actions(rawValue: UInt8(draws.uniform(in: 0...63)))
        if draws.chance(Ratio(percent: 50)) { parameters.staleBlocks = [] }
        parameters.liquidation = liquidation(&draws)
        parameters.lossWaterfall =
            [
                [.badDebt], [.insuranceFund, .badDebt], [.socialised, .badDebt],
                [.insuranceFund, .socialised, .badDebt], [.socialised, .insuranceFund, .badDebt],
            ][Int(draws.uniform(in: 0...4))]
        return parameters
    }
}
