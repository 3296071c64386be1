import ExactMath
import Foundation
import MarginProtocol

/// The input of workload W1: little-endian 64-bit integers, in the order of
/// `Benchmarks/workload/README.md`.
struct Workload {
    var accountCount: Int
    var marketCount: Int
    var blockCount: Int
    var tradesPerBlock: Int
    var slots: Int
    /// [basis points]
    var maintenance: [Int64]
    var initial: [Int64]
    /// [1e-6 USD], and so are prices; sizes are [1e-6 units].
    var collateral: [Int64]
    var market: [Int64]
    var size: [Int64]
    var entry: [Int64]
    var prices: [Int64]
    var tradeAccount: [Int64]
    var tradeSlot: [Int64]
    var tradeSize: [Int64]

    init(path: String) throws {
        let data = try Data(contentsOf: URL(fileURLWithPath: path))
        let words = data.withUnsafeBytes { bytes in
            // The file is a plain array of integers, and Data may not be aligned for them.
            (0..<data.count / 8).map {
                Int64(littleEndian: bytes.loadUnaligned(fromByteOffset: $0 * 8, as: Int64.self))
            }
        }
        var next = 5
        func take(_ count: Int) -> [Int64] {
            defer { next += count }
            return Array(words[next..<next + count])
        }
        accountCount = Int(words[0])
        marketCount = Int(words[1])
        blockCount = Int(words[2])
        tradesPerBlock = Int(words[3])
        slots = Int(words[4])
        maintenance = take(marketCount)
        initial = take(marketCount)
        collateral = take(accountCount)
        market = take(accountCount * slots)
        size = take(accountCount * slots)
        entry = take(accountCount * slots)
        prices = take(blockCount * marketCount)
        tradeAccount = take(blockCount * tradesPerBlock)
        tradeSlot = take(blockCount * tradesPerBlock)
        tradeSize = take(blockCount * tradesPerBlock)
    }
}
