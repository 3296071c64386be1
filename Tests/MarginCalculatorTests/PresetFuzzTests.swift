import ExactMath
import MarginProtocol
import MarginRules
import OrderBook
import Scenarios
import SeededRandom
import Testing

/// Random traffic under every preset: 10,000 commands each, in release.
@Suite struct PresetFuzzTests {
    #if DEBUG
        static let commands = 300
    #else
        static let commands = 10_000
    #endif

    @Test(arguments: Preset.names) func commandsKeepTheLaw(preset: String) throws {
        var traffic = try Traffic(preset: preset)
        for step in 0..<Self.commands {
            if let fault = traffic.step() {
                Issue.record("\(preset), command \(step): \(fault)")
                return
            }
        }
        // Traffic that nothing comes of would prove nothing.
        #expect(traffic.applied > Self.commands / 20, "\(preset): \(traffic.applied) applied")
        #if !DEBUG
            #expect(traffic.liquidated > 5, "\(preset): \(traffic.liquidated) liquidations")
            #expect(
                traffic.ramps > 50 || !traffic.changesWeights, "\(preset): \(traffic.ramps) ramps")
            if !traffic.house.parameters.spotMarkets.isEmpty {
                #expect(traffic.spotOrders > 100, "\(preset): \(traffic.spotOrders) spot orders")
                #expect(traffic.spotFills > 20, "\(preset): \(traffic.spotFills) spot fills")
                #expect(traffic.taken > 0, "\(preset): no liquidation cancelled any")
            }
            let keeps = traffic.house.parameters.resultSettlement != nil
            #expect((traffic.settled > 20) == keeps, "\(preset): \(traffic.settled) settlements")
            if traffic.house.parameters.auctions != nil {
                #expect(traffic.sold > 5, "\(preset): \(traffic.sold) auctions ended")
                #expect(
                    traffic.auctionKinds.isSuperset(of: [.started, .restarted]),
                    "\(preset): \(traffic.auctionKinds)")
            }
        #endif
    }
}

/// The same where markets trade in order books, are marked as the venue does it, and are liquidated in their books.
@Suite struct PresetBookFuzzTests {
    static let venues = [
        "binance-usdm", "bitmex", "bitmex-usdt", "bybit-uta", "deribit", "dydx-v4", "hyperliquid",
        "okx-multi-currency", "okx-portfolio",
    ]

    @Test(arguments: venues, ["{rest: stays}", "{rest: taken_over, fill_or_kill: true}"])
    func commandsKeepTheLaw(preset: String, book: String) throws {
        var traffic = try Traffic(preset: preset, book: book)
        for step in 0..<PresetFuzzTests.commands / 2 {
            if let fault = traffic.step() {
                Issue.record("\(preset), \(book), command \(step): \(fault)")
                return
            }
        }
        #if !DEBUG
            #expect(
                traffic.applied > PresetFuzzTests.commands / 40, "\(preset): \(traffic.applied)")
            #expect(traffic.liquidated > 5, "\(preset): \(traffic.liquidated) liquidations")
            #expect(traffic.orders > 0, "\(preset), \(book): no order of a liquidation was filled")
        #endif
    }
}

/// The same where markets trade in order books, liquidations take positions over, and orders that rest are part of health.
@Suite struct PresetOrderFuzzTests {
    @Test(arguments: ["mango-v4", "drift-v2", "bybit-uta"])
    func commandsKeepTheLaw(preset: String) throws {
        var traffic = try Traffic(preset: preset, book: "null")
        for step in 0..<PresetFuzzTests.commands / 2 {
            if let fault = traffic.step() {
                Issue.record("\(preset), command \(step): \(fault)")
                return
            }
        }
        #if !DEBUG
            #expect(
                traffic.applied > PresetFuzzTests.commands / 40, "\(preset): \(traffic.applied)")
            #expect(traffic.liquidated > 5, "\(preset): \(traffic.liquidated) liquidations")
            // Whose liquidation goes on beyond what began it is hardly ever let go by its orders alone.
            let isLetGo = traffic.house.parameters.liquidation.course == nil
            #expect(
                traffic.endedByOrders > 0 || !isLetGo, "\(preset): orders ended no liquidation")
        #endif
    }
}

/// One protocol under a preset, a few users, and random commands.
private struct Traffic {
    var draws: RandomStream
    /// Of governance, so that the other draws stay where they were.
    var changes: RandomStream
    /// Maintenance weights as the preset has them.
    let weights: [(collateral: CollateralSchedule, liability: Ratio)]
    var ramps = 0
    /// English auctions are hardly ever restarted; the traffic that meets one stays as it is.
    let changesWeights: Bool
    var house: ClearingHouse
    var index = HealthIndex()
    var applied = 0
    var liquidated = 0
    var settled = 0
    /// Spot orders that came to rest, were filled, or were taken back by liquidations.
    var spotOrders = 0
    var spotFills = 0
    var taken = 0
    /// Auctions that ended, and what ever happened to one.
    var sold = 0
    var auctionKinds: Set<AuctionChangeKind> = []
    let users: [Address] = [Address(10), Address(11), Address(12), Address(13), Address(14)]
    var wallets: [AccountID] = []
    var margins: [AccountID] = []
    let venueWallet: AccountID
    let hasMarkets: Bool
    let isInverse: Bool
    let markets: Int64
    /// How positions are liquidated in books; empty where trades go against the pool.
    let book: String
    /// Parts of liquidations that orders in the book took.
    var orders = 0
    /// Liquidations that ended with the orders cancelled.
    var endedByOrders = 0

    init(preset: String, book: String = "") throws {
        self.book = book
        let text = try #require(Preset.named(preset)).text
        // A preset without markets is a lending protocol's.
        hasMarkets = text.contains("\nmarkets:")
        let isInverse = text.contains("contract: inverse")
        let settlement =
            text.firstMatch(of: #/\n  settlement: ([A-Z]+)/#).map { String($0.1) } ?? "USDC"
        let known = [("USDC", 1), ("ETH", 2000), ("BTC", 40_000), ("SOL", 100)]
        let rest = known.filter { $0.0 != settlement }.prefix(3)
        let all = [(settlement, known.first { $0.0 == settlement }?.1 ?? 1)] + rest
        let names = all.map(\.0)
        let listed = all.map { "\($0.0): \($0.1)" }.joined(separator: ", ")
        let positions =
            !hasMarkets
            ? "{}"
            : isInverse
                ? "{BTC: {size: 0, entry: 1}}"
                : "{BTC: {size: 0, entry: 1}, ETH: {size: 0, entry: 1}}"
        markets = !hasMarkets ? 0 : isInverse ? 1 : 2
        self.isInverse = isInverse
        let inBooks =
            book.isEmpty
            ? ""
            : """
            parameters:
              markets: {BTC: {pool: none}\(isInverse ? "" : ", ETH: {pool: none}")}
              protocol: {liquidation: {book: \(book)}}
            """
        let file = try AccountFile.load("a.yaml") { _ in
            """
            protocol: \(preset)
            prices: {\(listed)}
            account: {balances: {\(settlement): 0}, positions: \(positions)}
            \(inBooks)
            """
        }
        draws = RandomSource(seed: 1).stream("preset/\(preset)")
        changes = RandomSource(seed: 1).stream("preset/\(preset)/governance")
        changesWeights = preset != "maker-flip"
        weights = file.parameters.assets.map { ($0.collateral, $0.liabilityWeight) }
        house = ClearingHouse(parameters: file.parameters, start: file.time)
        var journal: [Event] = []
        for (feed, price) in file.prices.enumerated() {
            try house.execute(
                .postPrice(
                    feed: FeedID(index: feed),
                    report: PriceReport(
                        round: 1, price: price, observedAt: file.time, publishedAt: file.time)),
                from: .system, into: &journal)
        }
        house.mint(
            isInverse ? Quantity(whole: 1000) : Quantity(whole: 5_000_000),
            of: file.parameters.settlementAsset,
            to: ClearingHouse.liquidityPool, into: &journal)
        house.mint(
            isInverse ? Quantity(whole: 1) : Quantity(whole: 20_000),
            of: file.parameters.settlementAsset,
            to: ClearingHouse.insuranceFund, into: &journal)
        for user in users {
            let wallet = house.addAccount(owner: user, role: .wallet)
            wallets.append(wallet)
            for account in 0..<3 {
                let id = house.addAccount(owner: user, role: .margin)
                margins.append(id)
                for (asset, _) in names.enumerated() {
                    let price = file.prices[asset]
                    let worth = Money(whole: draws.uniform(in: 0...20_000))
                    let amount = try worth.quantity(at: price, rounding: .down)
                    if account < 2 || asset == 0 {
                        house.mint(amount, of: AssetID(index: asset), to: id, into: &journal)
                    }
                    house.mint(
                        try Money(whole: 200_000).quantity(at: price, rounding: .down),
                        of: AssetID(index: asset), to: wallet, into: &journal)
                }
            }
        }
        venueWallet = house.addAccount(owner: .system, role: .wallet)
        for asset in names.indices {
            house.mint(
                Quantity(whole: 1_000_000), of: AssetID(index: asset), to: venueWallet,
                into: &journal)
        }
    }

    private mutating func pick<T>(_ values: [T]) -> T {
        values[Int(draws.uniform(in: 0...Int64(values.count - 1)))]
    }

    private mutating func amount(_ asset: AssetID, _ most: Int64) -> Quantity {
        let worth = Money(whole: draws.uniform(in: 1...most))
        return (try? worth.quantity(at: house.price(of: asset), rounding: .down)) ?? .zero
    }

    /// Runs one command, or lets time and prices move; what is wrong, in words.
    mutating func step() -> String? {
        var journal: [Event] = []
        let kind = draws.uniform(in: 0...99)
        if kind < 12 {
            house.advance(
                to: house.time + TimeSpan(milliseconds: draws.uniform(in: 1...120_000)),
                into: &journal)
            return changesWeights && changes.chance(Ratio(percent: 20)) ? ramp() : faults("time")
        }
        let asset = AssetID(index: Int(draws.uniform(in: 0...3)))
        let account = pick(margins)
        let owner = house.account(account).owner
        let wallet = wallets[users.firstIndex(of: owner) ?? 0]
        let command: Command
        var sender = owner
        switch kind {
        case ..<62
        where !house.parameters.spotMarkets.isEmpty && draws.chance(Ratio(percent: 40)):
            command = spotCommand(account)
        case ..<22:
            command = .deposit(
                from: wallet, to: account, asset: asset, amount: amount(asset, 5_000))
        case ..<42:
            command = .withdraw(
                from: account, to: wallet, asset: asset, amount: amount(asset, 20_000))
        case ..<62 where hasMarkets:
            let market = MarketID(index: Int(draws.uniform(in: 0...(markets - 1))))
            let worth = Money(whole: draws.uniform(in: 10...200_000))
            // An inverse contract's size is in money.
            let size =
                isInverse
                ? Quantity(raw: worth.raw)
                : (try? worth.quantity(at: house.price(of: market), rounding: .down)) ?? .zero
            let buys = draws.chance(Ratio(percent: 50))
            let reduceOnly = draws.chance(Ratio(percent: 20))
            command =
                book.isEmpty
                ? .trade(
                    account: account, market: market, size: buys ? size : -size, limit: nil,
                    reduceOnly: reduceOnly)
                : order(account, market, buys ? .buy : .sell, size, reduceOnly)
        case ..<78:
            let feed = FeedID(index: Int(draws.uniform(in: (isInverse ? 0 : 1)...3)))
            let price = house.prices[feed.index]
            let share = Ratio(raw: draws.uniform(in: 93_000_000...107_000_000))
            house.advance(to: house.time + TimeSpan(milliseconds: 1000), into: &journal)
            let moved = (try? price.scaled(by: share, rounding: .down)) ?? price
            command = .postPrice(
                feed: feed,
                report: PriceReport(
                    round: 1, price: max(moved, Price(whole: 1)), observedAt: house.time,
                    publishedAt: house.time))
            sender = .system
        default:
            if house.parameters.auctions != nil, draws.chance(Ratio(percent: 85)) {
                return auctionStep()
            }
            guard house.parameters.resultSettlement != nil, draws.chance(Ratio(percent: 40)) else {
                return liquidation()
            }
            let all = margins + [ClearingHouse.liquidityPool]
            command = .settleResult(
                MarketID(index: Int(draws.uniform(in: 0...(markets - 1)))), winner: pick(all),
                loser: pick(all))
        }
        let before = house
        do throws(Rejection) {
            try house.execute(command, from: sender, into: &journal)
            applied += 1
            if case .settleResult = command { settled += 1 }
            countSpot(journal)
        } catch {
            if house != before {
                return "\(command) was rejected with \(error) and changed something"
            }
        }
        return faults("\(command)")
    }

    /// Governance moves an asset's weights to a little more or less than the preset's, at once or in some minutes.
    private mutating func ramp() -> String? {
        let asset = Int(changes.uniform(in: 0...Int64(weights.count - 1)))
        var collateral = weights[asset].collateral
        for tier in collateral.tiers.indices {
            let share = Ratio(percent: changes.uniform(in: 94...103))
            let weight = collateral.tiers[tier].weight
            collateral.tiers[tier].weight = min(
                .one, (try? weight.scaled(by: share, rounding: .down)) ?? weight)
        }
        let more = Ratio(percent: changes.uniform(in: -3...6))
        let liability = max(.zero, weights[asset].liability + more)
        let takesTime = changes.chance(Ratio(percent: 80))
        let change = WeightChange(
            collateral: collateral, liability: liability,
            duration: TimeSpan(seconds: takesTime ? changes.uniform(in: 1...600) : 0),
            step: changes.chance(Ratio(percent: 20)) ? .basisPoint : .exact)
        let prices = house.prices
        let before = margins.filter { house.isLiquidatable($0, at: prices) }
        var journal: [Event] = []
        do throws(Rejection) {
            try house.execute(
                .setParameter(.weights(AssetID(index: asset), change)), from: .governance,
                into: &journal)
        } catch { return "a change of weights was rejected: \(error)" }
        ramps += 1
        let after = margins.filter { house.isLiquidatable($0, at: prices) }
        guard !takesTime || before == after else { return "a ramp liquidates somebody at once" }
        return faults("a change of weights")
    }

    /// A market order, or one that rests up to three percent away.
    private mutating func order(
        _ account: AccountID, _ market: MarketID, _ side: Side, _ size: Quantity, _ reduceOnly: Bool
    ) -> Command {
        if house.parameters.openOrders != .none, draws.chance(Ratio(percent: 15)) {
            let resting = house.book(market).orders(of: account.raw)
            if !resting.isEmpty {
                return .cancelOrder(account: account, market: market, order: pick(resting).id)
            }
        }
        let rests = draws.chance(Ratio(percent: 60))
        let away = draws.uniform(
            in: side == .buy ? 97_000_000...100_200_000 : 99_800_000...103_000_000)
        let limit = try? house.indexPrice(market).scaled(by: Ratio(raw: away), rounding: .down)
        return .placeOrder(
            account: account, market: market,
            order: OrderRequest(
                side: side, size: size, price: rests ? limit : nil,
                timeInForce: rests ? .goodTillCancelled : .immediateOrCancel,
                reduceOnly: reduceOnly))
    }

    private mutating func countSpot(_ journal: [Event]) {
        for event in journal {
            switch event {
            case .spotOrderChanged(let change) where change.kind == .placed: spotOrders += 1
            case .spotFilled: spotFills += 1
            default: break
            }
        }
    }

    /// An order up to three percent off, or one taken back.
    private mutating func spotCommand(_ account: AccountID) -> Command {
        let place = Int(draws.uniform(in: 0...Int64(house.parameters.spotMarkets.count - 1)))
        let market = SpotMarketID(index: place)
        let resting = house.spotBook(market).orders(of: account.raw)
        if let order = resting.last, draws.chance(Ratio(percent: 20)) {
            return .cancelSpotOrder(account: account, market: market, order: order.id)
        }
        let terms = house.parameters.spotMarkets[place]
        let away = Ratio(raw: draws.uniform(in: 97_000_000...103_000_000))
        let rests = draws.chance(Ratio(percent: 80))
        let limit = try? house.price(of: terms.base).scaled(by: away, rounding: .down)
        return .placeSpotOrder(
            account: account, market: market,
            order: OrderRequest(
                side: draws.chance(Ratio(percent: 50)) ? .buy : .sell,
                size: amount(terms.base, 20_000), price: rests ? limit : nil,
                timeInForce: rests ? .goodTillCancelled : .immediateOrCancel))
    }

    private mutating func liquidation() -> String? {
        let prices = house.prices
        let due = margins.filter { house.isLiquidatable($0, at: prices) }
        let account = due.isEmpty ? pick(margins) : pick(due)
        let policy = house.parameters.liquidation
        let takesOver = policy.taker == .liquidator && house.account(account).markets != 0
        let payers = takesOver ? margins : wallets
        let payer = policy.caller == .venue ? venueWallet : pick(payers)
        let sender = house.account(payer).owner
        var target = LiquidationTarget.next
        if house.parameters.resultSettlement != nil, draws.chance(Ratio(percent: 30)) {
            target = .result(
                ResultTarget(
                    MarketID(index: Int(draws.uniform(in: 0...(markets - 1)))),
                    size: Quantity(raw: draws.uniform(in: 0...(100 * scaleE8))),
                    amount: Quantity(raw: draws.uniform(in: 0...(10_000 * scaleE8)))))
        }
        let quote = try? house.quoteLiquidation(of: account, payer: payer, target: target)
        if quote != nil, !house.isLiquidatable(account, at: prices) {
            return "a healthy account is quoted"
        }
        var journal: [Event] = []
        let before = house
        do throws(Rejection) {
            try house.execute(
                .liquidate(account: account, payer: payer, target: target), from: sender,
                into: &journal)
        } catch {
            if quote != nil { return "quoted and then refused: \(error)" }
            return house == before ? nil : "a refused liquidation changed something"
        }
        guard let quote else { return "executed without a quote" }
        for case .spotOrderChanged in journal { taken += 1 }
        applied += 1
        liquidated += 1
        if case .orders = quote.step {
            guard house.account(account).orders == 0, !house.isLiquidatable(account, at: prices)
            else { return "cancelled orders did not end it" }
            endedByOrders += 1
        }
        if case .positions(let parts) = quote.step {
            let steps: [Liquidation] = journal.compactMap {
                if case .liquidated(let step) = $0 { step } else { nil }
            }
            guard steps.map(\.size) == parts.map(\.size), steps.map(\.price) == parts.map(\.price),
                steps.map(\.toInsurance) == parts.map(\.toInsurance)
            else { return "not executed as quoted: \(parts), \(steps)" }
            orders += parts.count { $0.taker == .book }
        }
        return faults("a liquidation")
    }

    /// Starts an auction, or does something in one.
    private mutating func auctionStep() -> String? {
        let prices = house.prices
        let due = margins.filter { house.isLiquidatable($0, at: prices) }
        let user = Int(draws.uniform(in: 0...Int64(users.count - 1)))
        let wallet = wallets[user]
        if draws.chance(Ratio(percent: 2)) {
            // Longer than any auction runs.
            var journal: [Event] = []
            house.advance(
                to: house.time + TimeSpan(seconds: 80 * 3600), into: &journal)
        }
        let open = house.openAuctions
        var quote: AuctionQuote?
        let command: Command
        if open.isEmpty || draws.chance(Ratio(percent: 30)) {
            let account = due.isEmpty ? pick(margins) : pick(due)
            let asset = AssetID(index: Int(draws.uniform(in: 0...3)))
            quote = try? house.quoteAuction(of: account, selling: asset)
            if quote != nil, !house.isLiquidatable(account, at: prices) {
                return "a healthy account is quoted"
            }
            command = .startAuction(account: account, asset: asset, keeper: wallet)
        } else {
            command = inAuction(house.auction(pick(open)), wallet)
        }
        var journal: [Event] = []
        let before = house
        do throws(Rejection) {
            try house.execute(command, from: users[user], into: &journal)
        } catch {
            if quote != nil { return "quoted and then refused: \(error)" }
            return house == before ? nil : "\(command) was rejected and changed something"
        }
        applied += 1
        for case .auctionChanged(let change) in journal {
            auctionKinds.insert(change.kind)
            if change.kind == .started { liquidated += 1 }
            if change.isOver { sold += 1 }
            if let quote, quote.lot != change.lot || quote.debt != change.debt {
                return "not as quoted: \(quote), \(change)"
            }
        }
        return faults("\(command)")
    }

    /// Something that may be asked for in an auction, reasonable or not.
    private mutating func inAuction(_ auction: Auction, _ wallet: AccountID) -> Command {
        switch draws.uniform(in: 0...9) {
        case 0: return .restartAuction(auction.id, keeper: wallet)
        case 1: return .settleAuction(auction.id)
        case 2:
            return .takeAuction(
                auction.id, wallet: wallet, atMost: auction.lot, maximumPrice: .zero)
        default: break
        }
        let share = Ratio(raw: draws.uniform(in: 1...100_000_000))
        let part = (try? auction.lot.scaled(by: share, rounding: .up)) ?? auction.lot
        guard case .english(let bid, _, _, _) = auction.form else {
            return .takeAuction(
                auction.id, wallet: wallet,
                atMost: draws.chance(Ratio(percent: 50)) ? part : auction.lot,
                maximumPrice: Price(whole: 1_000_000))
        }
        if bid == auction.debt {
            return .bidAuction(auction.id, wallet: wallet, lot: part, bid: bid)
        }
        let more = (try? auction.debt.scaled(by: share, rounding: .up)) ?? auction.debt
        return .bidAuction(
            auction.id, wallet: wallet, lot: auction.lot,
            bid: draws.chance(Ratio(percent: 20)) ? auction.debt : max(Quantity(raw: 1), more))
    }

    private mutating func faults(_ what: String) -> String? {
        let breaches = house.breaches()
        return breaches.isEmpty ? indexFault() : "\(what) left \(breaches)"
    }

    private mutating func indexFault() -> String? {
        let found = index.liquidatable(in: house, at: house.prices)
        let all = house.accountIDs.map { AccountID($0) }
            .filter { house.isLiquidatable($0, at: house.prices) }
        return found == all ? nil : "the index misses somebody"
    }
}
