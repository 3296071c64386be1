public import ExactMath

/// The correlations of the Brownian motions that move the assets, one row and column for each
/// asset.
///
/// An asset that no Brownian motion moves keeps zeros off the diagonal.
public struct CorrelationMatrix: Sendable, Hashable {
    /// Symmetric, with ones on the diagonal. [1e-8]
    public let rows: [[Ratio]]
    /// The lower triangular L with L·Lᵀ = rows, row by row without the zeros. [1e-18]
    let factor: [[Fixed18]]

    /// Checks and factors the matrix (Cholesky, in integers).
    ///
    /// A matrix whose smallest pivot is not above 1e-10 counts as not positive definite: two assets
    /// that always move together are one asset.
    /// - Throws: a ``MarketsError`` about the correlation, which names the first offending entry.
    public init(rows: [[Ratio]]) throws(MarketsError) {
        for (i, row) in rows.enumerated() {
            guard row.count == rows.count else {
                throw .correlationNotSquare(row: i, columns: row.count, rows: rows.count)
            }
        }
        for i in rows.indices {
            guard rows[i][i] == .one else { throw .correlationDiagonalNotOne(i, rows[i][i]) }
            for j in 0..<i {
                guard rows[i][j] == rows[j][i] else {
                    throw .correlationNotSymmetric(i, j, rows[i][j], rows[j][i])
                }
                guard rows[i][j] <= .one, rows[i][j] >= -.one else {
                    throw .correlationOutOfRange(i, j, rows[i][j])
                }
            }
        }
        self.rows = rows
        factor = try CorrelationMatrix.cholesky(rows)
    }

    /// The correlation of two assets by index.
    public subscript(i: Int, j: Int) -> Ratio { rows[i][j] }

    private static func cholesky(_ rows: [[Ratio]]) throws(MarketsError) -> [[Fixed18]] {
        var factor: [[Fixed18]] = []
        for i in rows.indices {
            var row: [Fixed18] = []
            for j in 0..<i {
                var rest = Fixed18(rows[i][j])
                for k in 0..<j { rest -= row[k].times(factor[j][k]) }
                row.append(
                    bounded { () throws(ArithmeticOverflow) in
                        try rest.divided(by: factor[j][j], rounding: .nearest)
                    })
            }
            var pivot = Fixed18.one
            for entry in row { pivot -= entry.times(entry) }
            guard pivot > Fixed18(raw: 100_000_000) else {
                throw .correlationNotPositiveDefinite(row: i)
            }
            row.append(squareRoot(pivot))
            factor.append(row)
        }
        return factor
    }

    /// Turns independent standard normal draws into correlated ones, in place.
    func correlate(_ draws: inout [Fixed18]) {
        // From the last row up, because a row needs only the draws before it.
        for i in draws.indices.reversed() {
            var sum = Fixed18.zero
            for (j, weight) in factor[i].enumerated() { sum += weight.times(draws[j]) }
            draws[i] = sum
        }
    }
}
