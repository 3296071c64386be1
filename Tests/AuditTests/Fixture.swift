import Agents
import Chain
import ExactMath
import Foundation
import MarginProtocol
import MarginRules
import OrderBook
import Simulation

@testable import Chain
@testable import MarginProtocol
@testable import Simulation

/// A run in which every table has rows and every column a value of its own; no law made it.
enum Fixture {
    static let description = RunDescription(
        scenario: "fixture", scenarioText: "name: fixture\nseed: 7\n", seed: 7,
        engineVersion: "1.0.0", start: Timestamp(milliseconds: 1_584_000_000_000),
        assets: [("USDC", FeedID(0)), ("ETH", FeedID(1))], markets: [("ETH-PERP", FeedID(1))],
        feeds: ["USDC/USD", "ETH/USD"],
        agents: [
            .init(address: Address(3), name: "liquidator 1", kind: "liquidator", group: "fast"),
            .init(address: .system, name: "system", kind: "system", group: ""),
        ],
        accounts: [
            .init(
                id: AccountID(0), name: "outside", owner: .system, role: .outside, parent: nil,
                market: nil),
            .init(
                id: AccountID(9), name: "trader 1 · isolated", owner: Address(2), role: .margin,
                parent: AccountID(8), market: MarketID(0)),
        ],
        parameters: [.init(key: "protocol.liquidation.penalty", value: "1%")],
        settlementAsset: AssetID(0), gasFeed: FeedID(1))

    /// Genesis and two blocks, the last with one row of everything.
    static var records: [BlockRecord] { [quiet(0), quiet(1), everything(2)] }

    static func header(_ number: Int64) -> BlockHeader {
        BlockHeader(
            number: number, time: Timestamp(milliseconds: 1_584_000_000_000 + 12_000 * number),
            missedSlots: 1, baseFee: 20_000_000_000, gasLimit: 30_000_000, gasUsed: 12_000_000,
            demandGas: 11_000_000, backlogGas: 5_000_000, mempoolDepth: 17,
            marginalTip: 1_000_000_000, minimumPrice: 21_000_000_000, wasFull: true)
    }

    static let metric = ProtocolMetric(
        openInterest: Money(raw: 101), collateral: Money(raw: 102), insuranceFund: Money(raw: 103),
        badDebt: Money(raw: 104), poolEquity: Money(raw: 105), underwater: Money(raw: 106),
        liquidatableOnChain: 5, liquidatableInTruth: 6, staleFeeds: 1,
        newlyLiquidatable: NewlyLiquidatable(
            accounts: 3, exposure: Money(raw: 107), takenAccounts: 2, takenExposure: Money(raw: 108)
        ))

    static func quiet(_ number: Int64) -> BlockRecord {
        BlockRecord(
            header: header(number), transactions: [], dropped: [],
            journal: [balance(11), balance(12)], openingEvents: 0..<2, closingEvents: 2..<2,
            oracleReports: [], referencePrices: [], outsideTrades: [], liquidations: [],
            health: [], metric: metric)
    }

    static func balance(_ raw: Int64) -> Event {
        .balanceChanged(
            BalanceChange(
                account: AccountID(9), asset: AssetID(1), delta: Quantity(raw: raw),
                after: Quantity(raw: raw + 5), reason: .deposit))
    }

    static let step = Liquidation(
        account: AccountID(9), payer: AccountID(10), kind: .position, market: MarketID(0),
        seizedAsset: AssetID(1), repaidAsset: AssetID(0), size: Quantity(raw: -5),
        repaid: Quantity(raw: 6), price: Price(raw: 7), priceAge: TimeSpan(milliseconds: 8),
        healthBefore: Health(equity: Money(raw: 9), requirement: Money(raw: 10)),
        healthAfter: Health(equity: Money(raw: 11), requirement: Money(raw: 12)),
        penalty: Money(raw: 13), toLiquidator: Money(raw: 14), toInsurance: Money(raw: 15),
        deficit: Money(raw: 16))

    static let report = PriceReport(
        round: 4, price: Price(raw: 18_500_000_000), confidence: Price(raw: 3),
        observedAt: Timestamp(milliseconds: 1_584_000_001_000),
        publishedAt: Timestamp(milliseconds: 1_584_000_002_000))

    static let order = Order(
        id: OrderID(raw: 77), owner: 9, side: .sell, price: Price(raw: 31),
        remaining: Quantity(raw: 32), reduceOnly: true)

    static let events: [Event] = [
        .fundingAccrued(
            MarketID(0), index: Fixed18(raw: -12_345_678_901_234_567_890), ratePer8Hours: .one),
        balance(21), balance(22), balance(23),
        .positionChanged(
            PositionChange(
                account: AccountID(9), market: MarketID(0), sizeBefore: Quantity(raw: 41),
                sizeAfter: Quantity(raw: 42), costBefore: Money(raw: 43), costAfter: Money(raw: 44),
                price: Price(raw: 45), realized: Money(raw: 46), funding: Money(raw: 47),
                reason: .liquidation)),
        .filled(
            Fill(
                market: MarketID(0), taker: AccountID(9), maker: AccountID(8),
                makerOrder: OrderID(raw: 76), size: Quantity(raw: 51), price: Price(raw: 52),
                takerFee: Money(raw: 53), makerFee: Money(raw: -54))),
        .pricePosted(FeedID(1), report),
        .fundingSplit(
            FundingSplit(
                market: MarketID(0), shortIndex: Fixed18(raw: -95), poolReceived: Money(raw: -96),
                feesLeft: Money(raw: 97))),
        .markTaken(
            MarkChange(
                market: MarketID(0), mark: Price(raw: 91), index: Price(raw: 92),
                bestBid: Price(raw: 93), bestAsk: nil, lastTrade: Price(raw: 94))),
        .orderPlaced(MarketID(0), order), .orderCancelled(MarketID(0), order),
        .liquidated(step),
        .lossCovered(
            LossCover(
                account: AccountID(9), layer: .socialised, payer: AccountID(8), asset: AssetID(0),
                amount: Quantity(raw: 61))),
        .auctionChanged(
            AuctionChange(
                auction: AuctionID(71), kind: .taken, account: AccountID(9), actor: AccountID(10),
                asset: AssetID(1), price: Price(raw: 72), bought: Quantity(raw: 73),
                paid: Quantity(raw: 74), returned: Quantity(raw: 75), uncovered: Quantity(raw: 76),
                reward: Quantity(raw: 77), lot: Quantity(raw: 78), principal: Quantity(raw: 79),
                debt: Quantity(raw: 80), bid: Quantity(raw: 81), oraclePrice: Price(raw: 82),
                isOver: false)),
        .requestChanged(
            RequestChange(
                id: RequestID(91), fate: .executed,
                request: TradeRequest(
                    account: AccountID(9), market: MarketID(0), size: Quantity(raw: -92),
                    limit: Price(raw: 93), reduceOnly: true, kind: .limit,
                    createdAt: Timestamp(milliseconds: 94), fee: Quantity(raw: 95)),
                keeper: AccountID(10), fee: Quantity(raw: 95), price: Price(raw: 96),
                oraclePrice: Price(raw: 97), observedAt: Timestamp(milliseconds: 98),
                delay: TimeSpan(milliseconds: 99), reason: .overflow)),
        .poolDeleveraged(
            PoolDeleveragingStep(
                kind: .closed, market: MarketID(0), side: .long, account: AccountID(9),
                size: Quantity(raw: -101), price: Price(raw: 102), realized: Money(raw: 103),
                before: Fixed18(raw: 1_040_000_000_000), after: Fixed18(raw: 1_030_000_000_000))),
        .impactChanged(
            ImpactChange(
                account: AccountID(9), market: MarketID(0), pendingBefore: Quantity(raw: -111),
                pendingAfter: Quantity(raw: -112), settled: Quantity(raw: -113),
                held: Quantity(raw: 114), poolChange: Quantity(raw: 115))),
        .poolSharesChanged(
            PoolShareChange(
                account: AccountID(10), shares: Quantity(raw: -121),
                supplyAfter: Quantity(raw: 122), poolValue: Money(raw: 123),
                value: Money(raw: 124), fee: Money(raw: 125))),
        .spotOrderChanged(
            SpotOrderChange(
                kind: .cancelled, market: SpotMarketID(2),
                order: Order(
                    id: OrderID(raw: 131), owner: 9, side: .sell, price: Price(raw: 132),
                    remaining: Quantity(raw: 133), reduceOnly: false), asset: AssetID(1),
                reserved: Quantity(raw: 134))),
        .spotFilled(
            SpotFill(
                market: SpotMarketID(2), base: AssetID(1), quote: AssetID(0), taker: AccountID(9),
                maker: AccountID(10), makerOrder: OrderID(raw: 135), size: Quantity(raw: -136),
                price: Price(raw: 137), cost: Quantity(raw: 138), takerFee: Quantity(raw: 139),
                makerFee: Quantity(raw: -140), released: Quantity(raw: 141))),
        .accountOpened(
            AccountID(11), owner: Address(2), role: .margin, parent: nil, market: nil),
        .delegateSet(AccountID(9), Address(3), allowed: true),
        .paused([.open, .withdraw]),
        .parameterChanged(.openInterestCap(MarketID(0), nil)),
        .marketWoundUp(MarketID(0), .settled, price: Price(raw: 106)),
        balance(24),
    ]

    static func transaction(_ id: Int64, _ command: Command) -> Transaction {
        Transaction(
            id: id, sender: Address(3), nonce: id, command: command, gasLimit: 600_000,
            maxFee: 90_000_000_000, maxTip: 2_000_000_000,
            submittedAt: Timestamp(milliseconds: 1_584_000_003_000),
            expiresAt: Timestamp(milliseconds: 1_584_000_900_000))
    }

    static func everything(_ number: Int64) -> BlockRecord {
        var record = quiet(number)
        record.journal = events
        record.openingEvents = 0..<1
        record.closingEvents = (events.count - 1)..<events.count
        record.transactions = [
            IncludedTransaction(
                transaction: transaction(
                    1, .liquidate(account: AccountID(9), payer: AccountID(10), target: .next)),
                index: 0, gasUsed: 500_000, effectivePrice: 22_000_000_000, tip: 2_000_000_000,
                rejection: nil, events: 1..<(events.count - 1)),
            IncludedTransaction(
                transaction: transaction(2, .postPrice(feed: FeedID(1), report: report)), index: 1,
                gasUsed: 500_000, effectivePrice: 22_000_000_000, tip: 2_000_000_000,
                rejection: .reportOutdated(last: report.observedAt),
                events: (events.count - 1)..<(events.count - 1)),
        ]
        record.dropped = [
            DroppedTransaction(
                transaction: transaction(3, .openAccount(parent: nil, isolated: nil)),
                reason: .replaced, at: Timestamp(milliseconds: 1_584_000_005_000), replacedBy: 2)
        ]
        record.bundles = [
            BundleRecord(
                bundle: TransactionBundle(
                    transactions: [transaction(4, .pause([]))],
                    expiresAt: Timestamp(milliseconds: 1_584_000_006_000), behind: 2),
                fate: .failed, index: 1, price: 91, rejection: .senderNotSystem,
                reason: .rejected, part: 4)
        ]
        record.oracleAuctions = [
            OracleAuctionRecord(
                feed: FeedID(1), round: 4, report: 2, accountsDue: 81, bids: 82,
                winner: Address(3), highestBid: Money(raw: 83), secondBid: Money(raw: 84),
                paid: Money(raw: 85), toProtocol: Money(raw: 86), toOracle: Money(raw: 87),
                toBuilder: Money(raw: 88), bonus: Money(raw: 89), fate: .included, index: 1)
        ]
        record.expressRounds = [
            ExpressRound(
                start: Timestamp(milliseconds: 1_584_000_007_000), holder: Address(3),
                highest: 93, paid: 92, bids: 2)
        ]
        record.oracleReports = [
            OracleReportRecord(
                feed: FeedID(1), round: 4, trigger: "deviation", price: report.price,
                confidence: report.confidence, referenceAtObservation: Price(raw: 71),
                observedAt: report.observedAt, publishedAt: report.publishedAt,
                submittedAt: report.publishedAt, transaction: 2, index: 1, fate: .rejected,
                reason: 703)
        ]
        record.referencePrices = [
            ReferencePriceRecord(
                feed: FeedID(1), exogenous: Price(raw: 81), impact: Ratio(raw: -82),
                price: Price(raw: 83))
        ]
        record.outsideTrades = [
            OutsideTradeRecord(
                agent: Address(3), wallet: AccountID(10), feed: FeedID(1), purpose: "unwind",
                quantity: Quantity(raw: -91), averagePrice: Price(raw: 92),
                proceeds: Money(raw: 93),
                slippage: Money(raw: 94), priceBefore: Price(raw: 95), priceAfter: Price(raw: 96))
        ]
        record.liquidations = [
            LiquidationRecord(
                step: step, index: 0, referencePrice: Price(raw: 17),
                trueHealthBefore: Health(equity: Money(raw: 18), requirement: Money(raw: 19)),
                liquidatableSince: Timestamp(milliseconds: 1_584_000_004_000),
                trulyLiquidatableSince: Timestamp(milliseconds: 1_584_000_003_500), wrongful: false,
                late: true)
        ]
        record.health = [AccountID(10), AccountID(9)].map { account in
            AccountHealthRecord(
                account: account, equity: Money(raw: 111),
                initial: Health(equity: Money(raw: 112), requirement: Money(raw: 113)),
                maintenance: Health(equity: Money(raw: 114), requirement: Money(raw: 115)),
                trueMaintenance: Health(equity: Money(raw: 116), requirement: Money(raw: 117)))
        }
        record.decisions = [
            LiquidatorDecisionRecord(
                agent: Address(3), transaction: 1,
                decision: Decision(
                    tag: 5, block: 1, account: AccountID(9), trigger: .report,
                    health: Health(equity: Money(raw: 121), requirement: Money(raw: 122)),
                    priceAge: TimeSpan(milliseconds: 123), expectedProfit: Money(raw: 124),
                    bid: 125, rivals: 2), result: .lost, reason: 601, index: 0,
                healthAtExecution: Health(equity: Money(raw: 126), requirement: Money(raw: 127)))
        ]
        return record
    }
}

/// A directory of its own that goes away with the value.
final class Scratch {
    let directory: URL

    init() throws {
        directory = FileManager.default.temporaryDirectory.appendingPathComponent(
            "crossmargin-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
    }

    deinit { try? FileManager.default.removeItem(at: directory) }

    func path(_ name: String = "runs.sqlite") -> String {
        directory.appendingPathComponent(name).path
    }
}
