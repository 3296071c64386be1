import ExactMath
import MarginProtocol
import SeededRandom
import Testing

@testable import Agents

@Suite struct TradingStyleTests {
    static let window = TimeSpan(seconds: 60)

    /// A memory of prices 12 s apart, and of what longs have paid.
    private func memory(
        _ prices: [Int64], paid: [Int64] = [], leaders: [Int64] = []
    ) -> MarketMemory {
        var memory = MarketMemory(markets: 1, span: Self.window)
        for (index, price) in prices.enumerated() {
            memory.append(
                .init(
                    time: start + TimeSpan(seconds: 12 * Int64(index)), price: Price(whole: price),
                    funding: Fixed18(whole: paid.indices.contains(index) ? paid[index] : 0),
                    leaders: Int128(leaders.indices.contains(index) ? leaders[index] : 0)),
                to: ethPerp)
        }
        return memory
    }

    private func stance(_ style: TradingStyle, _ memory: MarketMemory?) -> Stance? {
        style.stance(ethPerp, drawn: true, memory)
    }

    @Test func noiseGoesWhereTheCoinFalls() {
        #expect(TradingStyle.noise.stance(ethPerp, drawn: false, nil) == .short)
        #expect(TradingStyle.noise.stance(ethPerp, drawn: true, nil) == .long)
    }

    @Test func trendsAreFollowedOrFaded() {
        let follow = TradingStyle.momentum(window: Self.window, threshold: Ratio(percent: 1))
        let fade = TradingStyle.meanReversion(window: Self.window, threshold: Ratio(percent: 1))
        // What was before the window does not count: from 1,000, a minute ago, to 1,011.
        let rise = memory([1200, 1000, 900, 950, 990, 1000, 1011])
        #expect(stance(follow, rise) == .long)
        #expect(stance(fade, rise) == .short)
        let fall = memory([1200, 1000, 900, 950, 990, 1000, 989])
        #expect(stance(follow, fall) == .short)
        #expect(stance(fade, fall) == .long)
        // Exactly the threshold is no move.
        #expect(stance(follow, memory([1200, 1000, 900, 950, 990, 1000, 1010])) == nil)
        // A minute is not yet over.
        #expect(stance(follow, memory([1000, 1100, 1200])) == nil)
    }

    @Test func theBasisIsTradedWhileLongsPay() {
        let style = TradingStyle.basis(
            window: Self.window, enter: Ratio(percent: 480), exit: Ratio(percent: 240))
        // A minute is 1/480 of eight hours: 1 % of 1,000 in a minute is 480 %.
        let prices: [Int64] = Array(repeating: 1000, count: 6)
        #expect(stance(style, memory(prices, paid: [0, 2, 4, 6, 8, 10])) == .short)
        #expect(stance(style, memory(prices, paid: [0, 2, 4, 6, 8, 9])) == nil)
        #expect(stance(style, memory(prices, paid: [0, 1, 2, 3, 4, 4])) == .flat)
        #expect(stance(style, memory(prices, paid: [0, 0, 0, 0, 0, -9])) == .flat)
        #expect(style.startsFlat)
    }

    @Test func othersAreCopiedAsTheyWere() {
        let style = TradingStyle.copy(group: "smart", delay: Self.window)
        let prices: [Int64] = Array(repeating: 1000, count: 6)
        #expect(stance(style, memory(prices, leaders: [5, -1, -1, -1, -1, -1])) == .long)
        #expect(stance(style, memory(prices, leaders: [-5, 9, 9, 9, 9, 9])) == .short)
        #expect(stance(style, memory(prices, leaders: [0, 9, 9, 9, 9, 9])) == .flat)
    }

    @Test func memoryForgetsWhatNobodyAsksFor() {
        var memory = MarketMemory(markets: 1, span: Self.window)
        for index in Int64(0)..<20_000 {
            memory.append(
                .init(
                    time: start + TimeSpan(seconds: 12 * index), price: Price(whole: index + 1),
                    funding: .zero, leaders: 0), to: ethPerp)
        }
        let ends = memory.ends(ethPerp)
        #expect(ends?.old.price == Price(whole: 19_995))
        #expect(ends?.new.price == Price(whole: 20_000))
    }

    @Test func deleveragingBringsTheNotionalToTheTarget() throws {
        var trading = try Trading(.deleverage)
        try trading.world.post(Price(whole: 1865), to: ethFeed)
        let commands = trading.decide(at: 0)
        #expect(commands.count == 1)
        try trading.world.run(try #require(commands.first), from: Address(2))
        // Equity of $325 twice is $650 of notional, 0.3485 ETH at 1,865.
        let size = trading.world.house.position(trading.account, ethPerp).size
        let notional = try size.value(at: Price(whole: 1865), rounding: .up)
        #expect(notional <= Money(whole: 650))
        #expect(notional > Money(raw: 649 * scaleE8 + 99_000_000))
    }

    @Test func theBasisTraderHoldsTheOppositeOutside() throws {
        var trading = try Trading(.ignore)
        var group = trading.agent.group
        group.style = .basis(window: Self.window, enter: .one, exit: .zero)
        trading.agent = TraderPopulation(
            group: group,
            plans: [
                GenesisTrader(
                    offset: 0, funding: [], children: [], wallet: [],
                    positions: [.init(child: nil, market: ethPerp, size: Quantity(whole: 5))],
                    response: .ignore, isHedged: false)
            ], firstAddress: Address(2), firstAccount: trading.main, start: start,
            random: .init(seed: 5))
        let orders = trading.agent.unwind(trading.world.view)
        #expect(orders.map(\.quantity) == [Quantity(whole: -5)])
        #expect(orders.map(\.wallet) == [nil])
        #expect(trading.agent.unwind(trading.world.view) == [])
    }

    @Test func aMakerThatIsFullQuotesOnlyWhatReducesIt() throws {
        let making = try Making()
        let reference = Price(whole: 2000)
        func sides(_ size: Int64) -> [String] {
            making.agent.quotes(around: reference, holding: Quantity(whole: size), isFull: true)
                .map { "\($0.side)" }
        }
        #expect(sides(3) == ["sell", "sell"])
        #expect(sides(-3) == ["buy", "buy"])
        #expect(sides(0) == [])
    }
}
