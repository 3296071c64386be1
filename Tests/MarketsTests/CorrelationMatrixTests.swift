import ExactMath
import Foundation
import Markets
import SeededRandom
import Testing

struct CorrelationMatrixTests {
    func matrix(_ rows: [[Double]]) throws -> CorrelationMatrix {
        try CorrelationMatrix(rows: rows.map { $0.map(ratio) })
    }

    func brownian(_ name: String, volatility: Double = 0.8) -> ReferenceAsset {
        ReferenceAsset(
            name: name,
            process: .geometricBrownian(
                GeometricBrownian(
                    start: price(100), drift: .zero, volatility: ratio(volatility))))
    }

    @Test func refusesWhatIsNoCorrelation() {
        #expect(throws: MarketsError.correlationNotSquare(row: 1, columns: 1, rows: 2)) {
            try matrix([[1, 0], [0]])
        }
        #expect(throws: MarketsError.correlationDiagonalNotOne(1, ratio(0.9))) {
            try matrix([[1, 0], [0, 0.9]])
        }
        #expect(throws: MarketsError.correlationNotSymmetric(1, 0, ratio(0.2), ratio(0.3))) {
            try matrix([[1, 0.3], [0.2, 1]])
        }
        #expect(throws: MarketsError.correlationOutOfRange(1, 0, ratio(-1.1))) {
            try matrix([[1, -1.1], [-1.1, 1]])
        }
    }

    @Test func refusesWhatIsNotPositiveDefinite() throws {
        // Eigenvalues 1 + 2ρ and 1 − ρ twice: three assets cannot all oppose each other.
        #expect(throws: MarketsError.correlationNotPositiveDefinite(row: 2)) {
            try matrix([[1, -0.6, -0.6], [-0.6, 1, -0.6], [-0.6, -0.6, 1]])
        }
        #expect(throws: MarketsError.correlationNotPositiveDefinite(row: 2)) {
            try matrix([[1, -0.5, -0.5], [-0.5, 1, -0.5], [-0.5, -0.5, 1]])
        }
        #expect(throws: MarketsError.correlationNotPositiveDefinite(row: 1)) {
            try matrix([[1, 1], [1, 1]])
        }
        _ = try matrix([[1, -0.49, -0.49], [-0.49, 1, -0.49], [-0.49, -0.49, 1]])
        _ = try matrix([[1, 0.999], [0.999, 1]])
    }

    @Test func belongsToTheDiffusiveAssets() throws {
        let fixed = ReferenceAsset(name: "USDC", process: .constant(price(1)))
        let random = RandomSource(seed: 1)
        #expect(throws: MarketsError.correlationOrder(rows: 2, assets: 1)) {
            try Markets(
                assets: [fixed], correlation: try matrix([[1, 0], [0, 1]]), start: epoch,
                random: random)
        }
        #expect(throws: MarketsError.correlationWithoutDiffusion(asset: "USDC")) {
            try Markets(
                assets: [brownian("ETH"), fixed], correlation: try matrix([[1, 0.1], [0.1, 1]]),
                start: epoch, random: random)
        }
        _ = try Markets(
            assets: [brownian("ETH"), fixed], correlation: try matrix([[1, 0], [0, 1]]),
            start: epoch, random: random)
    }

    @Test func returnsHaveTheGivenCorrelations() throws {
        let rows = [[1, 0.8, -0.3], [0.8, 1, 0.1], [-0.3, 0.1, 1]]
        let usdc = ReferenceAsset(name: "USDC", process: .constant(price(1)))
        let wide = [
            [1, 0, 0.8, -0.3], [0, 1, 0, 0], [0.8, 0, 1, 0.1], [-0.3, 0, 0.1, 1],
        ]
        var markets = try Markets(
            assets: [brownian("A"), usdc, brownian("B"), brownian("C", volatility: 0.3)],
            correlation: try matrix(wide), start: epoch, random: RandomSource(seed: 4))
        var returns: [[Double]] = [[], [], []]
        let indices = [0, 2, 3]
        let count = 5000
        for step in 1...count {
            let before = indices.map { markets.price($0).double }
            markets.advance(to: epoch + .minutes(Int64(step)))
            for (k, index) in indices.enumerated() {
                returns[k].append(log(markets.price(index).double / before[k]))
            }
        }
        for i in 0..<3 {
            for j in 0..<3 {
                let found =
                    covariance(returns[i], returns[j])
                    / (variance(returns[i]) * variance(returns[j])).squareRoot()
                // The standard error of a correlation is (1 − ρ²)/√n.
                #expect(near(found, rows[i][j], 4 / Double(count).squareRoot()))
            }
        }
        #expect(markets.price(1) == price(1))
        let perMinute = 0.8 * 0.8 * TimeSpan.minutes(1).years
        #expect(near(variance(returns[1]) / perMinute, 1, 4 * (2 / Double(count)).squareRoot()))
    }
}
