import ExactMath
import MarginProtocol
import OrderBook
import Testing

/// The raw value of a decimal text, exactly.
func decimal(_ text: String) -> Int64 {
    let negative = text.hasPrefix("-")
    let parts = text.drop { $0 == "-" }.split(separator: ".", omittingEmptySubsequences: false)
    let fraction = parts.count > 1 ? String(parts[1]) : ""
    let padded = fraction + String(repeating: "0", count: 8 - fraction.count)
    let value = (Int64(parts[0]) ?? 0) * scaleE8 + (Int64(padded) ?? 0)
    return negative ? -value : value
}

func price(_ text: String) -> Price { Price(raw: decimal(text)) }
func units(_ text: String) -> Quantity { Quantity(raw: decimal(text)) }
func money(_ text: String) -> Money { Money(raw: decimal(text)) }
func ratio(_ text: String) -> Ratio { Ratio(raw: decimal(text)) }

let usd = AssetID(0)
let eth = AssetID(1)
let btc = AssetID(2)
let ethPerp = MarketID(0)
let btcPerp = MarketID(1)
let solPerp = MarketID(2)
let usdFeed = FeedID(0)
let ethFeed = FeedID(1)
let btcFeed = FeedID(2)
let solFeed = FeedID(3)
let reporter = Address(2)
let alice = Address(10)
let bob = Address(11)
let carol = Address(12)
let stranger = Address(99)
let pool = ClearingHouse.liquidityPool
let insurance = ClearingHouse.insuranceFund
let treasury = ClearingHouse.treasury
let badDebt = ClearingHouse.badDebt

/// Three assets and three markets: no fees, 10 % initial and 5 % maintenance margin, no haircuts.
func plainParameters() -> ProtocolParameters {
    let margin = MarginSchedule.flat(
        initial: Ratio(percent: 10), maintenance: Ratio(percent: 5))
    return ProtocolParameters(
        assets: [
            AssetParameters(name: "USD", feed: usdFeed, collateral: .flat(.one)),
            AssetParameters(name: "ETH", feed: ethFeed, collateral: .flat(.one)),
            AssetParameters(name: "BTC", feed: btcFeed, collateral: .flat(.one)),
        ],
        markets: [
            MarketParameters(name: "ETH-PERP", feed: ethFeed, margin: margin),
            MarketParameters(name: "BTC-PERP", feed: btcFeed, margin: margin),
            MarketParameters(name: "SOL-PERP", feed: solFeed, margin: margin),
        ],
        feeds: [
            FeedParameters(name: "USD", reporters: [reporter]),
            FeedParameters(name: "ETH", reporters: [reporter]),
            FeedParameters(name: "BTC", reporters: [reporter]),
            FeedParameters(name: "SOL", reporters: [reporter]),
        ])
}

/// A protocol under test: its state, its journal, and what every command is checked for.
struct World {
    var house: ClearingHouse
    var journal: [Event] = []
    var round: Int64 = 0

    /// Prices of USD 1, ETH 100, BTC 1000 and SOL 10 stand at time zero; `posted` leaves them out.
    init(_ parameters: ProtocolParameters = plainParameters(), posted: Bool = true) {
        house = ClearingHouse(parameters: parameters, start: Timestamp(milliseconds: 0))
        guard posted else { return }
        post(usdFeed, "1")
        post(ethFeed, "100")
        post(btcFeed, "1000")
        post(solFeed, "10")
    }

    /// Runs a command that is accepted, or reports why it is not.
    mutating func run(
        _ command: Command, by sender: Address, sourceLocation: SourceLocation = #_sourceLocation
    ) {
        let rejection = attempt(command, by: sender, sourceLocation: sourceLocation)
        #expect(rejection == nil, sourceLocation: sourceLocation)
    }

    /// Runs a command and returns its rejection, after which nothing may have changed.
    mutating func attempt(
        _ command: Command, by sender: Address, sourceLocation: SourceLocation = #_sourceLocation
    ) -> Rejection? {
        let before = self
        do throws(Rejection) {
            try house.execute(command, from: sender, into: &journal)
        } catch {
            #expect(
                house == before.house, "a rejection changes nothing", sourceLocation: sourceLocation
            )
            #expect(journal == before.journal, sourceLocation: sourceLocation)
            return error
        }
        #expect(house.breaches().isEmpty, sourceLocation: sourceLocation)
        return nil
    }

    mutating func post(
        _ feed: FeedID, _ text: String, observed: Int64? = nil, confidence: String = "0",
        sourceLocation: SourceLocation = #_sourceLocation
    ) {
        // One feed's observations are one millisecond apart, so that several fit into a block.
        if let last = house.report(feed)?.observedAt, observed == nil, last >= house.time {
            advance(by: 1)
        }
        run(
            report(feed, text, observed: observed, confidence: confidence), by: reporter,
            sourceLocation: sourceLocation)
    }

    func report(
        _ feed: FeedID, _ text: String, observed: Int64? = nil, confidence: String = "0"
    ) -> Command {
        let time = observed.map(Timestamp.init(milliseconds:)) ?? house.time
        return .postPrice(
            feed: feed,
            report: PriceReport(
                round: 1, price: price(text), confidence: price(confidence), observedAt: time,
                publishedAt: time))
    }

    /// Begins a block so many milliseconds later.
    mutating func advance(by milliseconds: Int64) {
        house.advance(to: house.time + TimeSpan(milliseconds: milliseconds), into: &journal)
    }

    /// A wallet that holds so much of each asset, in the order of the assets.
    mutating func wallet(_ owner: Address, _ amounts: String...) -> AccountID {
        let id = house.addAccount(owner: owner, role: .wallet)
        for (asset, amount) in amounts.enumerated() where amount != "0" {
            house.mint(units(amount), of: AssetID(index: asset), to: id, into: &journal)
        }
        return id
    }

    /// A margin account that holds so much of each asset.
    mutating func margin(_ owner: Address, _ amounts: String...) -> AccountID {
        let id = house.addAccount(owner: owner, role: .margin)
        for (asset, amount) in amounts.enumerated() where amount != "0" {
            house.mint(units(amount), of: AssetID(index: asset), to: id, into: &journal)
        }
        return id
    }

    mutating func mint(_ amount: String, _ asset: AssetID, _ id: AccountID) {
        house.mint(units(amount), of: asset, to: id, into: &journal)
    }

    mutating func trade(
        _ id: AccountID, _ market: MarketID, _ size: String, by sender: Address,
        sourceLocation: SourceLocation = #_sourceLocation
    ) {
        run(
            .trade(account: id, market: market, size: units(size), limit: nil, reduceOnly: false),
            by: sender, sourceLocation: sourceLocation)
    }

    func balance(_ id: AccountID, _ asset: AssetID = usd) -> Quantity { house.balance(id, asset) }
    func size(_ id: AccountID, _ market: MarketID = ethPerp) -> Quantity {
        house.position(id, market).size
    }
    func cost(_ id: AccountID, _ market: MarketID = ethPerp) -> Money {
        house.position(id, market).cost
    }

    /// What the commands since a mark say about liquidations.
    func liquidations(since mark: Int = 0) -> [Liquidation] {
        journal[mark...].compactMap { if case .liquidated(let step) = $0 { step } else { nil } }
    }

    func positionChanges(since mark: Int = 0) -> [PositionChange] {
        journal[mark...].compactMap {
            if case .positionChanged(let change) = $0 { change } else { nil }
        }
    }

    func balanceChanges(since mark: Int = 0) -> [BalanceChange] {
        journal[mark...].compactMap {
            if case .balanceChanged(let change) = $0 { change } else { nil }
        }
    }

    func fills(since mark: Int = 0) -> [Fill] {
        journal[mark...].compactMap { if case .filled(let fill) = $0 { fill } else { nil } }
    }

    func covers(since mark: Int = 0) -> [LossCover] {
        journal[mark...].compactMap { if case .lossCovered(let cover) = $0 { cover } else { nil } }
    }
}

extension ClearingHouse {
    /// Does an account owe anything?
    func owes(_ id: AccountID) -> Bool {
        parameters.assets.indices.contains { balance(id, AssetID(index: $0)).isNegative }
    }
}
