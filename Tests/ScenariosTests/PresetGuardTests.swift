import ExactMath
import MarginProtocol
import Scenarios
import Testing

/// What each venue's preset does at a stale, an uncertain or a sequencer's price: who may still act, and until when.
@Suite struct PresetGuardTests {
    /// A case: how old the price of ether is and how uncertain; what withdrawing and liquidating say, where it is the
    /// price that they mind.
    struct Row: CustomTestStringConvertible {
        var preset: String
        var age: Int64
        var confidence: Int64 = 0
        var uptime: Int64?
        var withdraw: Int?
        var liquidate: Int?
        var testDescription: String { "\(preset), \(age) s, \(confidence) %" }
    }

    private static let year: Int64 = 365 * 86_400
    static let rows: [Row] = [
        // Neither looks at the time of an answer.
        Row(preset: "aave-v3", age: year), Row(preset: "compound-v3", age: year),
        Row(preset: "morpho-blue", age: year), Row(preset: "compound-v2", age: year),
        // Every quote reverts, of exactly the limit not yet.
        Row(preset: "euler-v2", age: 4500),
        Row(preset: "euler-v2", age: 4501, withdraw: 303, liquidate: 303),
        // Liquidates on stale, and at an uncertain price that margin refuses.
        Row(preset: "drift-v2", age: 48), Row(preset: "drift-v2", age: 49, withdraw: 326),
        Row(preset: "drift-v2", age: 0, confidence: 3, withdraw: 326),
        // Blocks liquidation on stale.
        Row(preset: "synthetix-v3", age: 60),
        Row(preset: "synthetix-v3", age: 61, withdraw: 303, liquidate: 303),
        // Confidence filter.
        Row(preset: "mango-v4", age: 100), Row(preset: "mango-v4", age: 0, confidence: 10),
        // A withdrawal leaves the holding out instead, and asks for margin without it.
        Row(preset: "mango-v4", age: 101, liquidate: 303),
        Row(preset: "mango-v4", age: 0, confidence: 11, liquidate: 321),
        // The sequencer has to have been up for more than five minutes.
        Row(preset: "gmx-v2", age: 0, uptime: 301),
        Row(preset: "gmx-v2", age: 0, uptime: 300, withdraw: 324, liquidate: 324),
    ]

    private func parameters(_ preset: String) throws -> ProtocolParameters {
        let market = (Preset.named(preset)?.text ?? "").contains("\nmarkets:")
        return try load(
            """
            name: guards
            seed: 1
            start: 2024-01-01T00:00:00Z
            duration: 1h
            chain: instant
            assets:
              USDC: {price: 1, borrowable: true}
              ETH: {price: {points: [[00:00, 2000], [01:00, 1900]]}}
            \(market ? "markets: {ETH-PERP: {underlying: ETH}}" : "")
            oracles:
              ETH: {latency: 15s}
            protocol: {preset: \(preset), settlement: USDC, pool: $1M}

            """
        ).parameters
    }

    @Test(arguments: rows) func whatAPriceBlocks(row: Row) throws {
        let reporter = Address(2)
        let owner = Address(10)
        var parameters = try parameters(row.preset)
        for index in parameters.feeds.indices { parameters.feeds[index].reporters = [reporter] }
        let begin = Timestamp(milliseconds: 2_000_000_000_000)
        var journal: [Event] = []
        var house = ClearingHouse(
            parameters: parameters, start: begin - TimeSpan(seconds: row.uptime ?? 0))
        if row.uptime != nil {
            try house.execute(.reportUptime(isUp: true), from: .system, into: &journal)
        }
        house.advance(to: begin, into: &journal)
        for (feed, price) in [(0, 1), (1, 2000)] as [(Int, Int64)] {
            let confidence = feed == 1 ? Price(whole: price / 100 * row.confidence) : .zero
            try house.execute(
                .postPrice(
                    feed: FeedID(index: feed),
                    report: PriceReport(
                        round: 1, price: Price(whole: price), confidence: confidence,
                        observedAt: begin, publishedAt: begin)), from: reporter, into: &journal)
        }
        let account = house.addAccount(owner: owner, role: .margin)
        let wallet = house.addAccount(owner: owner, role: .wallet)
        let usdc = AssetID(index: 0)
        let ether = AssetID(index: 1)
        house.mint(Quantity(whole: 10), of: ether, to: account, into: &journal)
        house.seedBalance(Quantity(whole: -100), of: usdc, to: account, into: &journal)
        house.advance(to: begin + TimeSpan(seconds: row.age), into: &journal)
        let blocked: Set<Int> = [303, 321, 322, 323, 324, 325, 326]
        func code(_ command: Command, _ sender: Address) -> Int? {
            do throws(Rejection) {
                try house.execute(command, from: sender, into: &journal)
                return nil
            } catch { return blocked.contains(error.code) ? error.code : nil }
        }
        let venue = parameters.liquidation.caller == .venue
        let payer =
            venue ? ClearingHouse.treasury : house.addAccount(owner: Address(11), role: .wallet)
        #expect(
            code(
                .liquidate(account: account, payer: payer, target: .next),
                venue ? .system : Address(11)) == row.liquidate)
        #expect(
            code(
                .withdraw(from: account, to: wallet, asset: ether, amount: Quantity(raw: 1)), owner)
                == row.withdraw)
    }
}
