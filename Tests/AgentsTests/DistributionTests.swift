import ExactMath
import SeededRandom
import Testing

@testable import Agents

@Suite struct DistributionTests {
    static let all: [Distribution] = [
        .fixed(Fixed18(whole: 3)),
        .uniform(Fixed18(whole: 1), Fixed18(whole: 2)),
        .pareto(minimum: .one, shape: Fixed18(whole: 2), maximum: Fixed18(whole: 18)),
        .pareto(minimum: .one, shape: Fixed18(whole: 2), maximum: nil),
        .lognormal(median: .one, sigma: .one, maximum: nil),
        .lognormal(median: .one, sigma: .one, maximum: Fixed18(whole: 2)),
    ]

    @Test(arguments: all) func everyDrawIsOneWord(distribution: Distribution) {
        var stream = RandomSource(seed: 1).stream("x")
        for count in 1...50 {
            _ = distribution.draw(&stream)
            #expect(stream.position == UInt64(count))
        }
    }

    @Test(
        arguments: zip(
            all,
            [
                (Int64(3), Int64(3)), (1, 2), (1, 18), (1, 10_000_000_000), (0, 10_000_000_000),
                (0, 2),
            ]))
    func drawsStayInTheirRange(distribution: Distribution, range: (low: Int64, high: Int64)) {
        var stream = RandomSource(seed: 2).stream("x")
        for _ in 0..<500 {
            let draw = distribution.draw(&stream)
            #expect(draw >= Fixed18(whole: range.low) && draw <= Fixed18(whole: range.high))
        }
    }

    @Test func lognormalIsThatOfItsStream() {
        var one = RandomSource(seed: 3).stream("x")
        var other = one
        for _ in 0..<100 {
            let drawn = Distribution.lognormal(
                median: Fixed18(whole: 5), sigma: .one, maximum: nil
            ).draw(&one)
            let direct = other.lognormal(median: Fixed18(whole: 5), sigma: .one)
            // Rounded at different places: equal to about fifteen digits.
            #expect((drawn - direct).raw.magnitude < 1_000_000)
        }
    }

    @Test func whatDoesNotFitIsTheCeiling() {
        var stream = RandomSource(seed: 4).stream("x")
        let wild = Distribution.lognormal(
            median: Fixed18(whole: 1_000_000), sigma: Fixed18(whole: 1_000_000), maximum: nil)
        let draws = (0..<50).map { _ in wild.draw(&stream) }
        #expect(draws.contains(Distribution.ceiling))
        #expect(draws.allSatisfy { $0 <= Distribution.ceiling && $0 >= .zero })
        #expect(
            Distribution.fixed(Fixed18(whole: 20_000_000_000)).draw(&stream)
                == Distribution.ceiling)
        #expect(
            Distribution.pareto(minimum: .zero, shape: .one, maximum: nil).draw(&stream) == .zero)
    }
}
