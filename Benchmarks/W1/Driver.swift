import ExactMath
import MarginProtocol

/// Drives the workload through the law: every price, trade and liquidation is a command.
struct Driver {
    static let reporter = Address(2)
    static let liquidator = Address(3)
    static let firstTrader: Int32 = 4
    /// The workload's integers have six decimals, the law's eight.
    static let rescale: Int64 = 100
    static let start = Timestamp(milliseconds: 0)

    let input: Workload
    private(set) var house: ClearingHouse
    private var index = HealthIndex()
    private let firstAccount: Int32
    private let wallet: AccountID
    /// The events of the block, reused; before the first block those of genesis.
    private(set) var journal: [Event] = []
    private(set) var liquidations = 0
    private(set) var applied = 0
    private(set) var rejected = 0

    init(_ input: Workload) throws {
        self.input = input
        let usd = FeedParameters(name: "USD", reporters: [.system])
        let feeds = (0..<input.marketCount).map {
            FeedParameters(name: "M\($0)", reporters: [Self.reporter])
        }
        let markets = (0..<input.marketCount).map {
            MarketParameters(
                name: "M\($0)-PERP", feed: FeedID(index: $0 + 1),
                margin: .flat(
                    initial: Ratio(basisPoints: input.initial[$0]),
                    maintenance: Ratio(basisPoints: input.maintenance[$0])))
        }
        let parameters = ProtocolParameters(
            assets: [AssetParameters(name: "USD", feed: FeedID(0), collateral: .flat(.one))],
            markets: markets, feeds: [usd] + feeds,
            liquidation: LiquidationPolicy(
                size: .wholeAccount, penalty: Ratio(percent: 1), liquidatorShare: .one,
                taker: .pool))
        house = ClearingHouse(parameters: parameters, start: Self.start)
        wallet = house.addAccount(owner: Self.liquidator, role: .wallet)
        firstAccount = Int32(house.accountCount)
        let usdAsset = AssetID(0)
        house.mint(
            Quantity(whole: 1_000_000), of: usdAsset, to: ClearingHouse.insuranceFund,
            into: &journal)
        for account in 0..<input.accountCount {
            let id = house.addAccount(
                owner: Address(Self.firstTrader + Int32(account)), role: .margin)
            house.mint(
                Quantity(raw: input.collateral[account] * Self.rescale), of: usdAsset, to: id,
                into: &journal)
            for slot in 0..<input.slots {
                let at = account * input.slots + slot
                try house.seedPosition(
                    id, MarketID(Int32(input.market[at])),
                    size: Quantity(raw: input.size[at] * Self.rescale),
                    entry: Price(raw: input.entry[at] * Self.rescale), into: &journal)
            }
        }
        let report = PriceReport(
            round: 1, price: Price(whole: 1), observedAt: Self.start, publishedAt: Self.start)
        try house.execute(
            .postPrice(feed: FeedID(0), report: report), from: .system, into: &journal)
    }

    /// A command that was executed, and where its events are in the journal.
    struct Step {
        var command: Command
        var sender: Address
        var events: Range<Int>
        var rejection: Rejection?
    }

    static func time(of block: Int) -> Timestamp {
        Timestamp(milliseconds: Int64(block + 1) * 1000)
    }

    /// One block: ten prices, whoever is liquidatable, twenty trades.
    mutating func run(_ block: Int, record: (Step) -> Void) {
        journal.removeAll(keepingCapacity: true)
        let now = Self.time(of: block)
        house.advance(to: now, into: &journal)
        for market in 0..<input.marketCount {
            let price = Price(raw: input.prices[block * input.marketCount + market] * Self.rescale)
            let report = PriceReport(
                round: Int64(block + 2), price: price, observedAt: now, publishedAt: now)
            let command = Command.postPrice(feed: FeedID(index: market + 1), report: report)
            _ = execute(command, from: Self.reporter, record)
        }
        for id in index.liquidatable(in: house, at: house.prices) {
            let command = Command.liquidate(account: id, payer: wallet, target: .next)
            if execute(command, from: Self.liquidator, record) { liquidations += 1 }
        }
        for trade in 0..<input.tradesPerBlock {
            let at = block * input.tradesPerBlock + trade
            let account = Int(input.tradeAccount[at])
            let market = input.market[account * input.slots + Int(input.tradeSlot[at])]
            let command = Command.trade(
                account: AccountID(firstAccount + Int32(account)), market: MarketID(Int32(market)),
                size: Quantity(raw: input.tradeSize[at] * Self.rescale), limit: nil,
                reduceOnly: false)
            if execute(command, from: Address(Self.firstTrader + Int32(account)), record) {
                applied += 1
            } else {
                rejected += 1
            }
        }
    }

    private mutating func execute(
        _ command: Command, from sender: Address, _ record: (Step) -> Void
    ) -> Bool {
        let first = journal.count
        var rejection: Rejection?
        do throws(Rejection) {
            try house.execute(command, from: sender, into: &journal)
        } catch {
            rejection = error
        }
        record(
            Step(
                command: command, sender: sender, events: first..<journal.count,
                rejection: rejection))
        return rejection == nil
    }

    /// The workload's own final figures, in its six decimals.
    struct Digest {
        var liquidations: Int
        var applied: Int
        var rejected: Int
        var open: Int
        var insurance: Money
        var fees: Money
        var collateral: Money
    }

    func digest() -> Digest {
        var open = 0
        var collateral: Money = .zero
        for account in 0..<input.accountCount {
            let id = AccountID(firstAccount + Int32(account))
            collateral += Money(raw: house.balance(id, AssetID(0)).raw)
            for market in 0..<input.marketCount
            where house.position(id, MarketID(index: market)).size.raw != 0 {
                open += 1
            }
        }
        return Digest(
            liquidations: liquidations, applied: applied, rejected: rejected, open: open,
            insurance: Money(raw: house.balance(ClearingHouse.insuranceFund, AssetID(0)).raw),
            fees: Money(raw: house.balance(wallet, AssetID(0)).raw), collateral: collateral)
    }

    var evaluations: Int64 { index.evaluations }
}
