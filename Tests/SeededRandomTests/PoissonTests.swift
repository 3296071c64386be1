import ExactMath
import Testing

@testable import SeededRandom

@Suite struct PoissonTests {
    /// First draws, from an independent implementation in Python of Philox and of inversion, with
    /// probabilities from mpmath 1.3 at 200 bits.
    static let draws: [(mean: String, counts: [Int64])] = [
        ("0.000001", [0, 0, 0, 0, 0, 0, 0, 0]),
        ("0.3", [1, 1, 0, 1, 0, 0, 2, 1]),
        ("1", [2, 2, 0, 2, 0, 0, 3, 2]),
        ("7.999", [11, 10, 4, 10, 5, 5, 14, 10]),
        ("8", [4, 5, 8, 5, 8, 9, 14, 5]),
        ("12.5", [7, 8, 12, 8, 12, 13, 20, 8]),
        ("20.999", [27, 15, 20, 26, 21, 21, 30, 15]),
        ("21", [28, 16, 21, 16, 22, 22, 31, 16]),
        ("40", [31, 33, 40, 48, 41, 39, 27, 33]),
        ("333.25", [306, 355, 332, 355, 336, 330, 372, 354]),
        ("10000", [10149, 9882, 10006, 10120, 9986, 9982, 10214, 10115]),
        ("1000000.5", [1001486, 1001182, 999943, 998801, 1000142, 999817, 997863, 1001148]),
    ]

    @Test(arguments: draws) func firstDraws(mean: String, counts: [Int64]) throws {
        var stream = RandomSource(seed: 20_200_312).stream("trader/17/size")
        let mean = try fixed(mean)
        for count in counts { #expect(stream.poisson(mean: mean) == count) }
    }

    /// exp(m ln λ − λ − ln Γ(m + 1)) · 2^64, from mpmath 1.3 at 200 bits.
    static let probabilities: [(mean: String, mode: UInt64, expected: UInt64)] = [
        ("0.5", 0, 11188515852577165300),
        ("7.9", 0, 6839011207829786),
        ("8", 8, 2574917031029342826),
        ("8.5", 8, 2536573836418372236),
        ("20.75", 20, 1616391757192703673),
        ("21", 21, 1599546538531343036),
        ("21.999999", 21, 1563052358261238634),
        ("100", 100, 735305606661290264),
        ("2500.125", 2500, 147178356974888569),
        ("10000", 10000, 73591248204516266),
        ("999999.5", 999999, 7359188293177522),
        ("1000000000", 1000000000, 232717899469403),
    ]

    @Test(arguments: probabilities)
    func probabilityOfTheMode(mean: String, mode: UInt64, expected: UInt64) throws {
        let probability = poissonProbability(ofMode: mode, mean: try fixed(mean))
        let error = max(probability, expected) - min(probability, expected)
        #expect(error <= 1)
    }

    @Test func noneWithoutAMean() {
        var stream = RandomSource(seed: 4).stream("poisson")
        for _ in 0..<100 { #expect(stream.poisson(mean: .zero) == 0) }
    }

    /// Mean and variance λ, within five standard errors √(λ/n) and √((2λ² + λ)/n).
    @Test(
        arguments: [
            ("0.05", 5000), ("1", 5000), ("7.5", 5000), ("8.5", 5000), ("20.5", 2000),
            ("21.5", 2000), ("300", 2000), ("10000", 1000), ("1000000", 100),
        ] as [(String, Int)])
    func moments(mean: String, count: Int) throws {
        var stream = RandomSource(seed: 5).stream("poisson")
        let mean = try fixed(mean)
        let moments = Moments((0..<count).map { _ in Double(stream.poisson(mean: mean)) })
        let (lambda, n) = (double(mean), Double(count))
        #expect((moments.mean - lambda).magnitude < 5 * (lambda / n).squareRoot())
        #expect(
            (moments.variance - lambda).magnitude
                < 5 * ((2 * lambda * lambda + lambda) / n).squareRoot())
    }

    /// Pearson's test against probabilities by the recurrence in floating point.
    @Test(arguments: ["0.7", "3", "7.99", "8", "12.5", "20.9", "21", "45"])
    func cells(mean: String) throws {
        var stream = RandomSource(seed: 6).stream("poisson")
        let mean = try fixed(mean)
        let count = 3000
        var observed = [Int](repeating: 0, count: 200)
        for _ in 0..<count { observed[min(199, Int(stream.poisson(mean: mean)))] += 1 }
        // e^−λ as the 2^20th power of its linear part and a half of its square.
        let step = double(mean) / 1_048_576
        var probability = 1 - step + step * step / 2 - step * step * step / 6
        for _ in 0..<20 { probability *= probability }

        var cells: (observed: [Int], expected: [Double]) = ([], [])
        var open: (observed: Int, expected: Double) = (0, 0)
        for k in 0..<200 {
            open.observed += observed[k]
            open.expected += probability * Double(count)
            probability *= double(mean) / Double(k + 1)
            guard open.expected >= 20 else { continue }
            cells.observed.append(open.observed)
            cells.expected.append(open.expected)
            open = (0, 0)
        }
        // What is left of the upper tail joins the last cell.
        cells.observed[cells.observed.count - 1] += open.observed
        cells.expected[cells.expected.count - 1] += open.expected
        #expect(cells.observed.count >= 3)
        #expect(isPlausible(observed: cells.observed, expected: cells.expected))
    }

    /// From zero upwards, a draw rises with its word, and with the mean.
    @Test func smallDrawsRiseWithTheMean() throws {
        let source = RandomSource(seed: 7)
        for position in 0..<500 as Range<UInt64> {
            var previous: Int64 = 0
            for mean in ["0.1", "1", "2.5", "5", "7.9"] {
                var stream = source.stream("rising", at: position)
                let count = stream.poisson(mean: try fixed(mean))
                #expect(count >= previous)
                previous = count
            }
        }
    }

    @Test func edgesOfTheMean() {
        var stream = RandomSource(seed: 8).stream("poisson")
        #expect(stream.poisson(mean: Fixed18(raw: 1)) == 0)
        let large = stream.poisson(mean: Fixed18(whole: 1_000_000_000))
        // Seven standard deviations of 31,623.
        #expect((large - 1_000_000_000).magnitude < 221_361)
    }

    @Test func refusesMeansOutsideItsRange() async {
        await #expect(processExitsWith: .failure) {
            var stream = RandomSource(seed: 1).stream("a")
            _ = stream.poisson(mean: Fixed18(raw: -1))
        }
        await #expect(processExitsWith: .failure) {
            var stream = RandomSource(seed: 1).stream("a")
            _ = stream.poisson(mean: Fixed18(whole: 1_000_000_001))
        }
    }
}
