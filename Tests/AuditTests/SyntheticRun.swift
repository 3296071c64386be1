import Agents
import ExactMath
import OrderBook

@testable import Chain
@testable import MarginProtocol
@testable import Simulation

/// A small market in one price, driven by pseudo-random commands through the real law: its records are
/// as consistent as a simulation's, and every kind of event occurs.
struct SyntheticRun {
    static let usdc = AssetID(0)
    static let eth = AssetID(1)
    static let perp = MarketID(0)
    static let reporter = Address(2)
    static let liquidator = Address(3)
    static let firstTrader: Int32 = 10

    private(set) var house: ClearingHouse
    private(set) var description: RunDescription
    private var random: UInt64
    private let traders: Int
    private let perBlock: Int
    private var block: Int64 = 0
    private var nextID: Int64 = 1
    private var nonces: [Int32: Int64] = [:]
    private var round: Int64 = 0
    private var price: Int64 = 200 * scaleE8
    private var liquidatorWallet = AccountID(0)
    private var liquidatorMargin = AccountID(0)
    private var wallets: [AccountID] = []
    private var margins: [AccountID] = []

    init(seed: UInt64, traders: Int = 12, transactionsPerBlock: Int = 12) {
        self.traders = traders
        perBlock = transactionsPerBlock
        random = seed &* 2 + 1
        let start = Timestamp(milliseconds: 1_600_000_000_000)
        let parameters = ProtocolParameters(
            assets: [
                AssetParameters(name: "USDC", feed: FeedID(0), collateral: .flat(.one)),
                AssetParameters(
                    name: "ETH", feed: FeedID(1), collateral: .flat(Ratio(percent: 80)),
                    borrowable: true),
            ],
            markets: [
                MarketParameters(
                    name: "ETH-PERP", feed: FeedID(1),
                    margin: .flat(initial: Ratio(percent: 10), maintenance: Ratio(percent: 5)),
                    takerFee: Ratio(basisPoints: 5),
                    funding: .skew(
                        maximumRate: Ratio(basisPoints: 10), skewScale: Quantity(whole: 100)))
            ],
            feeds: [
                FeedParameters(name: "USDC/USD", reporters: [Self.reporter]),
                FeedParameters(name: "ETH/USD", reporters: [Self.reporter]),
            ],
            liquidation: LiquidationPolicy(liquidatorShare: Ratio(percent: 60)),
            lossWaterfall: [.insuranceFund, .socialised, .badDebt])
        house = ClearingHouse(parameters: parameters, start: start)
        description = RunDescription(
            scenario: "synthetic", scenarioText: "name: synthetic\nseed: \(seed)\n", seed: seed,
            engineVersion: "1.0.0", start: start,
            assets: [("USDC", FeedID(0)), ("ETH", FeedID(1))], markets: [("ETH-PERP", FeedID(1))],
            feeds: ["USDC/USD", "ETH/USD"], agents: [], accounts: [],
            parameters: [.init(key: "protocol.liquidation.penalty", value: "1%")],
            settlementAsset: Self.usdc, gasFeed: FeedID(1))
        openAccounts()
    }

    private mutating func openAccounts() {
        liquidatorWallet = house.addAccount(owner: Self.liquidator, role: .wallet)
        liquidatorMargin = house.addAccount(owner: Self.liquidator, role: .margin)
        for trader in 0..<traders {
            let owner = Address(Self.firstTrader + Int32(trader))
            wallets.append(house.addAccount(owner: owner, role: .wallet))
            margins.append(house.addAccount(owner: owner, role: .margin))
        }
        description.accounts = house.accountIDs.map { raw in
            let account = house.account(AccountID(raw))
            return .init(
                id: AccountID(raw), name: "\(account.role) \(raw)", owner: account.owner,
                role: account.role, parent: account.parent, market: account.isolatedMarket)
        }
        description.agents =
            [
                .init(address: .system, name: "system", kind: "system", group: "system"),
                .init(address: .governance, name: "dao", kind: "governance", group: "system"),
                .init(address: Self.reporter, name: "oracle", kind: "reporter", group: "oracles"),
                .init(
                    address: Self.liquidator, name: "keeper", kind: "liquidator", group: "keepers"),
            ]
            + (0..<traders).map {
                .init(
                    address: Address(Self.firstTrader + Int32($0)), name: "trader \($0)",
                    kind: "trader", group: "traders")
            }
    }

    /// The records of the whole run.
    static func records(seed: UInt64, blocks: Int64) -> (RunDescription, [BlockRecord]) {
        var run = SyntheticRun(seed: seed)
        let records = (0..<blocks).map { _ in run.next() }
        return (run.description, records)
    }

    // MARK: Blocks

    mutating func next() -> BlockRecord {
        defer { block += 1 }
        var journal: [Event] = []
        if block == 0 {
            genesis(&journal)
            return record(journal, opening: journal.count, [], [], closing: journal.count)
        }
        let time = description.start + TimeSpan(seconds: 12 * block)
        house.advance(to: time, into: &journal)
        let opening = journal.count
        // A long fall, then a slow rise.
        price += price * Int64(below(401) - (block % 40 < 20 ? 260 : 150)) / 10_000
        if block == 31 { price = price * 55 / 100 }
        var included: [IncludedTransaction] = []
        var liquidations: [LiquidationRecord] = []
        for (sender, command) in commands(at: time) {
            let step = run(command, sender, index: included.count, &journal)
            for event in journal[step.events] {
                if case .liquidated(let taken) = event {
                    liquidations.append(describe(taken, index: included.count))
                }
            }
            included.append(step)
        }
        let closing = journal.count
        let sold = house.balance(liquidatorWallet, Self.eth)
        var trades: [OutsideTradeRecord] = []
        if sold.isPositive { trades.append(sell(sold, &journal)) }
        var made = record(journal, opening: opening, included, liquidations, closing: closing)
        made.outsideTrades = trades
        made.decisions = decisions(included)
        compete(&made)
        return made
    }

    /// What the keeper knew of each liquidation that was included.
    private func decisions(_ included: [IncludedTransaction]) -> [LiquidatorDecisionRecord] {
        included.compactMap { item in
            guard case .liquidate(let account, _, _) = item.transaction.command else { return nil }
            let health = house.health(of: account, .maintenance)
            return LiquidatorDecisionRecord(
                agent: item.transaction.sender, transaction: item.transaction.id,
                decision: Decision(
                    tag: item.transaction.id, block: block, account: account, trigger: .poll,
                    health: health, priceAge: .zero, expectedProfit: Money(whole: 1),
                    bid: item.transaction.maxFee, rivals: 0),
                result: item.rejection == nil ? .won : .lost, reason: item.rejection?.code,
                index: item.index, healthAtExecution: health)
        }
    }

    private mutating func genesis(_ journal: inout [Event]) {
        house.mint(
            Quantity(whole: 1_000_000), of: Self.usdc, to: ClearingHouse.liquidityPool,
            into: &journal)
        house.mint(
            Quantity(whole: 20), of: Self.usdc, to: ClearingHouse.insuranceFund, into: &journal)
        house.mint(Quantity(whole: 500_000), of: Self.usdc, to: liquidatorWallet, into: &journal)
        for index in 0..<traders {
            house.mint(Quantity(whole: 2000), of: Self.usdc, to: wallets[index], into: &journal)
            house.mint(Quantity(whole: 400), of: Self.usdc, to: margins[index], into: &journal)
            house.mint(Quantity(whole: 1), of: Self.eth, to: margins[index], into: &journal)
        }
        for feed in [FeedID(0), FeedID(1)] {
            _ = try? house.execute(
                .postPrice(feed: feed, report: report(feed, at: house.time)), from: Self.reporter,
                into: &journal)
        }
    }

    private mutating func commands(at time: Timestamp) -> [(Address, Command)] {
        var list: [(Address, Command)] = []
        if block % 3 != 0 {
            list.append(
                (Self.reporter, .postPrice(feed: FeedID(1), report: report(FeedID(1), at: time))))
        }
        switch block {
        case 3: list.append((.governance, .pause(.withdraw)))
        case 5: list.append((.governance, .pause([])))
        case 6: list.append((.governance, .setParameter(.openInterestCap(Self.perp, nil))))
        default: break
        }
        for _ in 0..<perBlock { list.append(traderCommand()) }
        for id in house.accountIDs {
            let account = AccountID(id)
            guard house.account(account).role == .margin, account != liquidatorMargin,
                house.isLiquidatable(account, at: house.prices)
            else { continue }
            list.append(
                (
                    Self.liquidator,
                    .liquidate(account: account, payer: liquidatorWallet, target: .next)
                ))
        }
        return list
    }

    private mutating func traderCommand() -> (Address, Command) {
        let index = below(traders)
        let owner = Address(Self.firstTrader + Int32(index))
        let size = Quantity(raw: Int64(below(40) - 14) * scaleE8 / 4)
        let amount = Quantity(raw: Int64(below(100)) * scaleE8)
        switch below(20) {
        case 0:
            return (
                owner,
                .deposit(from: wallets[index], to: margins[index], asset: Self.usdc, amount: amount)
            )
        case 1:
            return (
                owner,
                .withdraw(
                    from: margins[index], to: wallets[index], asset: Self.usdc, amount: amount)
            )
        case 2:
            return (
                owner,
                .setDelegate(
                    account: margins[index], delegate: Self.liquidator, allowed: below(2) == 0)
            )
        case 3 where block < 10: return (owner, .openAccount(parent: nil, isolated: nil))
        case 4...8:
            let side: Side = below(2) == 0 ? .buy : .sell
            return (
                owner,
                .placeOrder(
                    account: margins[index], market: Self.perp,
                    order: OrderRequest(
                        side: side, size: Quantity(raw: scaleE8 / 2),
                        price: Price(raw: price + Int64(below(200) - 100) * scaleE8 / 100),
                        timeInForce: .goodTillCancelled))
            )
        case 9:
            return (
                owner,
                .cancelOrder(
                    account: margins[index], market: Self.perp,
                    order: OrderID(raw: Int64(below(20) + 1)))
            )
        default:
            return (
                owner,
                .trade(
                    account: margins[index], market: Self.perp, size: size, limit: nil,
                    reduceOnly: false)
            )
        }
    }

    // MARK: Parts

    private mutating func run(
        _ command: Command, _ sender: Address, index: Int, _ journal: inout [Event]
    ) -> IncludedTransaction {
        let start = journal.count
        var rejection: Rejection?
        do throws(Rejection) {
            try house.execute(command, from: sender, into: &journal)
        } catch {
            rejection = error
        }
        let tip = Int64(below(50) + 1) * 100_000_000
        let transaction = Transaction(
            id: nextID, sender: sender, nonce: nonces[sender.raw, default: 0], command: command,
            gasLimit: 600_000, maxFee: 100_000_000_000, maxTip: tip,
            submittedAt: house.time - TimeSpan(milliseconds: Int64(below(60_000))))
        nextID += 1
        nonces[sender.raw, default: 0] += 1
        return IncludedTransaction(
            transaction: transaction, index: index, gasUsed: 400_000,
            effectivePrice: 20_000_000_000 + tip, tip: tip, rejection: rejection,
            events: start..<journal.count)
    }

    private mutating func report(_ feed: FeedID, at time: Timestamp) -> PriceReport {
        round += 1
        return PriceReport(
            round: round, price: feed == FeedID(0) ? Price(whole: 1) : Price(raw: price),
            observedAt: time - TimeSpan(milliseconds: 4000), publishedAt: time)
    }

    private func describe(_ step: Liquidation, index: Int) -> LiquidationRecord {
        let truth = house.health(of: step.account, .maintenance)
        return LiquidationRecord(
            step: step, index: index, referencePrice: Price(raw: price), trueHealthBefore: truth,
            liquidatableSince: house.time - TimeSpan(seconds: 12),
            trulyLiquidatableSince: index % 2 == 0 ? house.time - TimeSpan(seconds: 24) : nil,
            wrongful: index % 2 == 1, late: index % 2 == 0)
    }

    private mutating func sell(_ amount: Quantity, _ journal: inout [Event]) -> OutsideTradeRecord {
        let average = Price(raw: price - price / 200)
        let proceeds = (try? amount.value(at: average, rounding: .down)) ?? .zero
        let command = Command.settleOutside(
            wallet: liquidatorWallet,
            changes: [
                AssetChange(asset: Self.eth, delta: -amount),
                AssetChange(asset: Self.usdc, delta: Quantity(raw: proceeds.raw)),
            ])
        _ = try? house.execute(command, from: .system, into: &journal)
        return OutsideTradeRecord(
            agent: Self.liquidator, wallet: liquidatorWallet, feed: FeedID(1), purpose: "unwind",
            quantity: -amount, averagePrice: average, proceeds: proceeds,
            slippage: Money(raw: proceeds.raw / 199), priceBefore: Price(raw: price),
            priceAfter: Price(raw: price - price / 100))
    }

    private mutating func record(
        _ journal: [Event], opening: Int, _ included: [IncludedTransaction],
        _ liquidations: [LiquidationRecord], closing: Int
    ) -> BlockRecord {
        let gas = included.reduce(0) { $0 + $1.gasUsed }
        let header = BlockHeader(
            number: block, time: house.time, missedSlots: 0,
            baseFee: 20_000_000_000, gasLimit: 300_000_000, gasUsed: gas + 1_000_000,
            demandGas: 1_000_000, backlogGas: block * 1000, mempoolDepth: 3,
            marginalTip: 100_000_000, minimumPrice: 20_000_000_000, wasFull: false)
        let touched = Set(house.touched.map(\.raw)).sorted().map { AccountID($0) }
            .filter { house.account($0).role == .margin }
        return BlockRecord(
            header: header, transactions: included, dropped: dropped(), journal: journal,
            openingEvents: 0..<opening, closingEvents: closing..<journal.count,
            oracleReports: accepted(included),
            referencePrices: [FeedID(0), FeedID(1)].map {
                let value = $0 == FeedID(0) ? Price(whole: 1) : Price(raw: price)
                return ReferencePriceRecord(
                    feed: $0, exogenous: value, impact: .zero, price: value)
            },
            outsideTrades: [], liquidations: liquidations, health: touched.map(health),
            metric: ProtocolMetric(
                openInterest: .zero, collateral: .zero, insuranceFund: .zero, badDebt: .zero,
                poolEquity: .zero, underwater: .zero,
                liquidatableOnChain: 0, liquidatableInTruth: 0, staleFeeds: 0))
    }

    /// Every fifth block a bundle that failed, a right that was sold, and a round of an express lane.
    private func compete(_ record: inout BlockRecord) {
        guard block % 5 == 4, let sent = record.transactions.first?.transaction else { return }
        let bundle = TransactionBundle(transactions: [sent], expiresAt: house.time, behind: block)
        record.bundles = [
            BundleRecord(
                bundle: bundle, fate: .failed, index: 3, price: block, rejection: .senderNotSystem,
                reason: .rejected, part: sent.id)
        ]
        record.oracleAuctions = [
            OracleAuctionRecord(
                feed: FeedID(1), round: block, report: sent.id, accountsDue: 2, bids: 3,
                winner: Self.liquidator, highestBid: Money(whole: 9), secondBid: Money(whole: 8),
                paid: Money(whole: 8), toProtocol: Money(whole: 5), toOracle: Money(whole: 2),
                toBuilder: Money(whole: 1), bonus: Money(whole: 10), fate: .included, index: 0)
        ]
        record.expressRounds = [
            ExpressRound(
                start: house.time, holder: Self.liquidator, highest: 500, paid: 400, bids: 2)
        ]
    }

    /// Every tenth block a withdrawal that bid too little.
    private mutating func dropped() -> [DroppedTransaction] {
        guard block % 10 == 9 else { return [] }
        let transaction = Transaction(
            id: nextID, sender: Address(Self.firstTrader), nonce: 0,
            command: .withdraw(
                from: margins[0], to: wallets[0], asset: Self.usdc, amount: Quantity(whole: 1)),
            gasLimit: 300_000, maxFee: 1_000_000_000, maxTip: 0,
            submittedAt: house.time - TimeSpan(seconds: 900))
        nextID += 1
        return [DroppedTransaction(transaction: transaction, reason: .expired, at: house.time)]
    }

    private func accepted(_ included: [IncludedTransaction]) -> [OracleReportRecord] {
        included.compactMap { item in
            guard case .postPrice(let feed, let report) = item.transaction.command else {
                return nil
            }
            return OracleReportRecord(
                feed: feed, round: report.round, trigger: "heartbeat", price: report.price,
                confidence: report.confidence, referenceAtObservation: report.price,
                observedAt: report.observedAt, publishedAt: report.publishedAt,
                submittedAt: item.transaction.submittedAt, transaction: item.transaction.id,
                index: item.index, fate: item.rejection == nil ? .accepted : .rejected,
                reason: item.rejection?.code)
        }
    }

    private func health(_ account: AccountID) -> AccountHealthRecord {
        let maintenance = house.health(of: account, .maintenance)
        return AccountHealthRecord(
            account: account, equity: house.plainEquity(of: account, at: house.prices),
            initial: house.health(of: account, .initial), maintenance: maintenance,
            trueMaintenance: maintenance)
    }

    /// A number from zero, below the limit.
    private mutating func below(_ limit: Int) -> Int {
        random = random &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
        return Int((random >> 33) % UInt64(limit))
    }
}
