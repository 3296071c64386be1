import ExactMath
import Foundation
import MarginProtocol
import SeededRandom

/// Nanoseconds per operation of what the engine does most.
enum MicroMode {
    private static let count = 1 << 20

    static func run() throws -> String {
        let operands = operands()
        let draws = RandomSource(seed: 1).stream("micro")
        let (house, account, wallet) = try liquidatable()
        var lines: [String] = []
        // Every result goes into a sum that is printed, so that nothing is left out.
        var checksum: Int64 = 0
        func measure(_ name: String, _ times: Int = count, _ operation: (Int) throws -> Int64)
            rethrows
        {
            var fastest = Double.infinity
            for _ in 0..<5 {
                let seconds = try Stopwatch.seconds {
                    for turn in 0..<times { checksum &+= try operation(turn & 4095) }
                }
                fastest = min(fastest, seconds)
            }
            let nanoseconds = String(format: "%8.1f", fastest / Double(times) * 1e9)
            lines.append("\(nanoseconds) ns  \(name)")
        }
        try measure("multiplyScaled") {
            try multiplyScaled(operands[$0], operands[$0 ^ 1], rounding: .up)
        }
        try measure("multiply") {
            try multiply(
                operands[$0], operands[$0 ^ 1], dividingBy: abs(operands[$0 ^ 2]) | 1 << 40,
                rounding: .up)
        }
        try measure("exp", count / 8) {
            Int64(truncatingIfNeeded: try exp(Fixed18(raw: Int128(operands[$0]) << 20)).raw)
        }
        measure("ln", count / 8) {
            Int64(truncatingIfNeeded: ln(Fixed18(raw: Int128(abs(operands[$0]) | 1) << 20)).raw)
        }
        var normals = draws
        measure("normal draw", count / 8) { _ in
            Int64(truncatingIfNeeded: normals.normal().raw)
        }
        measure("health, 3 positions") { _ in
            house.health(of: account, .maintenance).equity.raw
        }
        try measure("liquidation quote, 3 positions", count / 8) { _ in
            try house.quoteLiquidation(of: account, payer: wallet).value.raw
        }
        return lines.joined(separator: "\n") + "\n(checksum \(checksum))"
    }

    private static func operands() -> [Int64] {
        var draws = RandomSource(seed: 1).stream("operands")
        return (0..<4096).map { _ in draws.uniform(in: -1 << 43...1 << 43) }
    }

    /// An account with three positions that is under its requirement.
    private static func liquidatable() throws -> (ClearingHouse, AccountID, AccountID) {
        let reporter = Address(2)
        let feeds = (0..<4).map { FeedParameters(name: "F\($0)", reporters: [reporter]) }
        let margin = MarginSchedule.flat(
            initial: Ratio(percent: 10), maintenance: Ratio(percent: 5))
        let parameters = ProtocolParameters(
            assets: [AssetParameters(name: "USD", feed: FeedID(0), collateral: .flat(.one))],
            markets: (1..<4).map {
                MarketParameters(name: "M\($0)", feed: FeedID(index: $0), margin: margin)
            },
            feeds: feeds,
            liquidation: LiquidationPolicy(size: .wholeAccount, taker: .pool))
        var house = ClearingHouse(parameters: parameters, start: Timestamp(milliseconds: 0))
        var journal: [Event] = []
        let wallet = house.addAccount(owner: Address(3), role: .wallet)
        let account = house.addAccount(owner: Address(4), role: .margin)
        house.mint(Quantity(whole: 100), of: AssetID(0), to: account, into: &journal)
        house.advance(to: Timestamp(milliseconds: 1000), into: &journal)
        for feed in 0..<4 {
            let report = PriceReport(
                round: 1, price: Price(whole: feed == 0 ? 1 : 95), observedAt: house.time,
                publishedAt: house.time)
            try house.execute(
                .postPrice(feed: FeedID(index: feed), report: report), from: reporter,
                into: &journal)
        }
        for market in 0..<3 {
            try house.seedPosition(
                account, MarketID(index: market), size: Quantity(whole: 6),
                entry: Price(whole: 100), into: &journal)
        }
        return (house, account, wallet)
    }
}
