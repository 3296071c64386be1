import ExactMath
import SeededRandom
import Testing

@Suite struct RandomStreamTests {
    private func stream(_ name: String = "trader/17/size") -> RandomStream {
        RandomSource(seed: 20_200_312).stream(name)
    }

    /// First draws, from an independent implementation in Python.
    @Test func firstDraws() throws {
        var uniform = stream()
        #expect(
            (0..<8).map { _ in uniform.uniform(in: -10...25) } == [21, 17, -9, 17, -6, -5, 24, 16])
        var unit = stream()
        #expect(
            (0..<3).map { _ in unit.unitInterval().description } == [
                "0.862633640542839527", "0.762629203653307872", "0.045820241305556995",
            ])
        var chance = stream()
        #expect(
            (0..<8).map { _ in chance.chance(Ratio(percent: 30)) } == [
                false, false, true, false, true, true, false, false,
            ])
    }

    @Test func everyDistributionTakesOneWord() {
        var stream = stream()
        _ = stream.unitInterval()
        #expect(stream.position == 1)
        _ = stream.chance(.zero)
        _ = stream.chance(.one)
        #expect(stream.position == 3)
        _ = stream.normal()
        _ = stream.exponential()
        _ = stream.lognormal(median: .one, sigma: .zero)
        _ = stream.pareto(minimum: .one, shape: .one, maximum: nil)
        _ = stream.pareto(minimum: .one, shape: .one, maximum: .one)
        #expect(stream.position == 8)
        _ = stream.poisson(mean: .zero)
        _ = stream.poisson(mean: .one)
        _ = stream.poisson(mean: Fixed18(whole: 1000))
        #expect(stream.position == 11)
    }

    @Test func uniformIsUniform() {
        var stream = stream()
        var counts = [Int](repeating: 0, count: 37)
        for _ in 0..<37_000 { counts[Int(stream.uniform(in: -18...18)) + 18] += 1 }
        let expected = [Double](repeating: 1000, count: 37)
        #expect(isPlausible(observed: counts, expected: expected))
    }

    /// Three quarters of 2^64: without rejection every third number would come twice as often.
    @Test func uniformRejectsTheExcess() {
        var stream = stream()
        let upper = Int64.min + Int64.max / 2 + Int64.max
        var thirds = [0, 0, 0]
        for _ in 0..<30_000 {
            let offset = UInt64(bitPattern: stream.uniform(in: Int64.min...upper) &- Int64.min)
            #expect(offset < 3 << 62)
            thirds[Int(offset % 3)] += 1
        }
        #expect(isPlausible(observed: thirds, expected: [10_000, 10_000, 10_000]))
        // A quarter of 2^64 is in excess: 4/3 words a draw with a variance of 4/9, so 40,000 words with
        // a standard deviation of 115.5.
        let words = Double(stream.position)
        #expect((words - 40_000).magnitude < 577.5)
    }

    @Test(arguments: [
        Int64.min...Int64.min, 0...0, .max ... .max, -1...0, .min ... .max, .max - 1 ... .max,
        .min ... .min + 1,
    ])
    func uniformStaysInItsRange(range: ClosedRange<Int64>) {
        var stream = stream()
        var seen: (lower: Bool, upper: Bool) = (false, false)
        for _ in 0..<200 {
            let value = stream.uniform(in: range)
            #expect(range.contains(value))
            seen.lower = seen.lower || value == range.lowerBound
            seen.upper = seen.upper || value == range.upperBound
        }
        if range != Int64.min...Int64.max { #expect(seen == (true, true)) }
    }

    @Test func unitIntervalIsUniformAndOpen() {
        var stream = stream()
        var tenths = [Int](repeating: 0, count: 10)
        for _ in 0..<20_000 {
            let value = stream.unitInterval()
            #expect(value > .zero && value < .one)
            tenths[Int(value.raw / 100_000_000_000_000_000)] += 1
        }
        #expect(isPlausible(observed: tenths, expected: [Double](repeating: 2000, count: 10)))
    }

    /// Within five standard deviations of the binomial.
    @Test(arguments: [1, 10, 50, 90, 99] as [Int64]) func chanceHasItsProbability(percent: Int64) {
        var stream = stream("chance")
        let hits = (0..<20_000).count { _ in stream.chance(Ratio(percent: percent)) }
        let p = Double(percent) / 100
        #expect((Double(hits) - 20_000 * p).magnitude < 5 * (20_000 * p * (1 - p)).squareRoot())
    }

    @Test func certainChances() {
        var stream = stream()
        for _ in 0..<1000 {
            #expect(stream.chance(.zero) == false)
            #expect(stream.chance(Ratio(percent: -5)) == false)
            #expect(stream.chance(.one) == true)
            #expect(stream.chance(Ratio(percent: 500)) == true)
        }
    }
}
