import ExactMath
import Foundation
import Markets
import SeededRandom

let epoch = Timestamp(milliseconds: 1_584_000_000_000)

func price(_ value: Double) -> Price { Price(raw: Int64((value * 1e8).rounded())) }
func ratio(_ value: Double) -> Ratio { Ratio(raw: Int64((value * 1e8).rounded())) }
func quantity(_ value: Double) -> Quantity { Quantity(raw: Int64((value * 1e8).rounded())) }
func money(_ value: Double) -> Money { Money(raw: Int64((value * 1e8).rounded())) }

extension Scaled {
    var double: Double { Double(raw) / 1e8 }
}

extension TimeSpan {
    static func minutes(_ count: Int64) -> TimeSpan { TimeSpan(seconds: 60 * count) }
    var years: Double { Double(milliseconds) / 31_536_000_000 }
}

/// A world of one asset.
func market(
    _ process: PriceProcess, _ liquidity: Liquidity? = nil, start: Timestamp = epoch,
    seed: UInt64 = 1
) throws -> Markets {
    try Markets(
        assets: [ReferenceAsset(name: "ETH", process: process, liquidity: liquidity)],
        correlation: nil, start: start, random: RandomSource(seed: seed))
}

/// The prices of many independent copies of a process at some times after the start.
func samples(
    _ process: PriceProcess, _ count: Int, at spans: [TimeSpan], seed: UInt64
) throws -> [[Double]] {
    var markets = try Markets(
        assets: (0..<count).map { ReferenceAsset(name: "A\($0)", process: process) },
        correlation: nil, start: epoch, random: RandomSource(seed: seed))
    return spans.map { span in
        markets.advance(to: epoch + span)
        return (0..<count).map { markets.price($0).double }
    }
}

func mean(_ values: [Double]) -> Double { values.reduce(0, +) / Double(values.count) }

func covariance(_ a: [Double], _ b: [Double]) -> Double {
    let (meanA, meanB) = (mean(a), mean(b))
    return mean(zip(a, b).map { ($0 - meanA) * ($1 - meanB) })
}

func variance(_ values: [Double]) -> Double { covariance(values, values) }

/// The standard normal distribution function.
func normalProbability(below x: Double) -> Double { erfc(-x / 2.0.squareRoot()) / 2 }

/// Whether two numbers differ by less than a tolerance.
func near(_ a: Double, _ b: Double, _ tolerance: Double) -> Bool { abs(a - b) < tolerance }
