import Chain
import ExactMath
import MarginProtocol
import Markets
import Oracles
import SeededRandom

@testable import Agents

let usdc = AssetID(0)
let eth = AssetID(1)
let ethPerp = MarketID(0)
let btcPerp = MarketID(1)
let ethFeed = FeedID(1)
let start = Timestamp(milliseconds: 1_600_000_000_000)
let poster = Address(900)

/// Prices of USDC, ETH and BTC.
let startPrices = [Price(whole: 1), Price(whole: 2000), Price(whole: 40_000)]

/// USDC settles; ETH and BTC are collateral with haircuts and have perpetual markets.
func parameters(
    liquidation: LiquidationPolicy = LiquidationPolicy(), pool: PoolPricing? = .atOracle,
    takerFee: Ratio = .zero, ethWeight: Ratio = Ratio(percent: 80)
) -> ProtocolParameters {
    let reporters = [poster, .system] + (2..<20).map { Address($0) }
    return ProtocolParameters(
        assets: [
            AssetParameters(
                name: "USDC", feed: FeedID(0), collateral: .flat(.one), borrowable: true),
            AssetParameters(name: "ETH", feed: ethFeed, collateral: .flat(ethWeight)),
            AssetParameters(
                name: "BTC", feed: FeedID(2),
                collateral: CollateralSchedule(
                    basis: .value,
                    tiers: [
                        .init(floor: 0, weight: Ratio(percent: 90)),
                        .init(floor: 50_000 * scaleE8, weight: Ratio(percent: 60)),
                    ])),
        ],
        markets: [
            MarketParameters(
                name: "ETH-PERP", feed: ethFeed,
                margin: MarginSchedule(brackets: [
                    .init(
                        floor: .zero, initialRate: Ratio(percent: 5),
                        maintenanceRate: Ratio(percent: 3)),
                    .init(
                        floor: Money(whole: 500_000), initialRate: Ratio(percent: 10),
                        maintenanceRate: Ratio(percent: 6)),
                ]), takerFee: takerFee, pool: pool),
            MarketParameters(
                name: "BTC-PERP", feed: FeedID(2),
                margin: .flat(initial: Ratio(percent: 4), maintenance: Ratio(percent: 2)),
                takerFee: takerFee, pool: pool),
        ],
        feeds: ["USDC", "ETH", "BTC"].map { FeedParameters(name: $0, reporters: reporters) },
        liquidation: liquidation)
}

/// A protocol to be set up by hand, and the world around it.
struct World {
    var house: ClearingHouse
    var markets: Markets
    var journal: [Event] = []
    var block: Int64 = 1
    var time = start
    var baseFee: Int64 = 10_000_000_000
    var goingPrice: Int64 = 10_000_000_000
    var nativePrice = Price(whole: 2000)
    var gas = GasSchedule.evm
    var reports: [Report] = []
    var bids: [PendingBid] = []
    var awaited: AwaitedReport?
    var blockTime = TimeSpan(seconds: 12)
    var attachable: [FeedID] = []

    init(
        _ parameters: ProtocolParameters = parameters(), prices: [Price] = startPrices,
        liquidity: Liquidity? = nil
    ) throws {
        house = ClearingHouse(parameters: parameters, start: start - TimeSpan(seconds: 60))
        markets = try Self.markets(prices, liquidity)
        for feed in prices.indices { try post(prices[feed], to: FeedID(index: feed)) }
    }

    static func markets(_ prices: [Price], _ liquidity: Liquidity? = nil) throws -> Markets {
        let names = ["USDC", "ETH", "BTC"]
        return try Markets(
            assets: prices.enumerated().map {
                ReferenceAsset(
                    name: names[$0.offset], process: .constant($0.element),
                    liquidity: $0.offset == 0 ? nil : liquidity)
            }, correlation: nil, start: start, random: RandomSource(seed: 1))
    }

    mutating func post(_ price: Price, to feed: FeedID) throws {
        let last = house.report(feed)
        house.advance(to: house.time + TimeSpan(milliseconds: 1), into: &journal)
        try house.execute(
            .postPrice(
                feed: feed,
                report: PriceReport(
                    round: (last?.round ?? 0) + 1, price: price, observedAt: house.time,
                    publishedAt: house.time)), from: poster, into: &journal)
    }

    mutating func open(_ role: Role, owner: Int32, _ funds: [(AssetID, Quantity)] = [])
        -> AccountID
    {
        let id = house.addAccount(owner: Address(owner), role: role)
        for (asset, amount) in funds { house.mint(amount, of: asset, to: id, into: &journal) }
        return id
    }

    mutating func seed(
        _ account: AccountID, _ market: MarketID, _ size: Quantity, at entry: Price
    ) throws {
        try house.seedPosition(account, market, size: size, entry: entry, into: &journal)
    }

    mutating func run(_ command: Command, from sender: Address) throws {
        try house.execute(command, from: sender, into: &journal)
    }

    var liquidatable: [AccountID] {
        house.accountIDs.map { AccountID($0) }.filter {
            house.isLiquidatable($0, at: house.prices)
        }
    }

    var view: View {
        View(
            house: house, markets: markets,
            outsidePrices: markets.assets.indices.map { markets.price($0) }, block: block,
            time: time, blockTime: blockTime, baseFee: baseFee, goingPrice: goingPrice, gas: gas,
            nativePrice: nativePrice, liquidatable: liquidatable, reports: reports, bids: bids,
            awaited: awaited, attachable: attachable)
    }

    /// Moves on by a number of blocks.
    mutating func pass(_ blocks: Int64 = 1) {
        block += blocks
        time = time + TimeSpan(milliseconds: blocks * blockTime.milliseconds)
    }
}

/// Plays the chain: every request waits in the mempool, with the next nonce.
func admit(_ requests: [Request], _ agent: inout some Agent, nonce: inout Int64) {
    for request in requests {
        let used = request.nonce ?? nonce
        if request.nonce == nil { nonce += 1 }
        agent.learn(outcome(request, .pending(nonce: used), nonce: used))
    }
}

func outcome(
    _ request: Request, _ result: Outcome.Result, nonce: Int64 = 0, gas: Quantity = .zero
) -> Outcome {
    Outcome(
        sender: request.sender, tag: request.tag, nonce: nonce, result: result, gasCost: gas)
}

let noMarginCalls = MarginCallPolicy(
    threshold: .one, topUp: .zero, panic: .zero, delay: .zero)

func traders(
    _ name: String = "retail", twinOf: String? = nil, count: Int = 10,
    mode: TraderGroup.Mode = .cross, positions: ClosedRange<Int> = 1...2,
    leverage: Distribution = .uniform(Fixed18(whole: 1), Fixed18(whole: 30)),
    hedged: Ratio = .zero, tradesPerHour: Fixed18 = .zero,
    onMarginCall: MarginCallPolicy = noMarginCalls, usesBook: Bool = false
) -> TraderGroup {
    TraderGroup(
        name: name, twinOf: twinOf, count: count, mode: mode,
        collateral: [
            .init(id: usdc, share: Ratio(percent: 60)), .init(id: eth, share: Ratio(percent: 25)),
            .init(id: AssetID(2), share: Ratio(percent: 15)),
        ],
        equity: .lognormal(
            median: Fixed18(whole: 20_000), sigma: Fixed18(whole: 1), maximum: nil),
        markets: [
            .init(id: ethPerp, share: Ratio(percent: 70)),
            .init(id: btcPerp, share: Ratio(percent: 30)),
        ], positions: positions, leverage: leverage, longBias: Ratio(percent: 65), hedged: hedged,
        tradesPerHour: tradesPerHour, onMarginCall: onMarginCall, fee: .multipleOfBase(.one),
        poll: TimeSpan(seconds: 60), usesBook: usesBook)
}
