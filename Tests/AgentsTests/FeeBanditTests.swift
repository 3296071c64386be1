import ExactMath
import SeededRandom
import Testing

@testable import Agents

@Suite struct FeeBanditTests {
    private func bandit(exploration: Int64, seed: UInt64 = 1) -> FeeBandit {
        FeeBandit(
            LearningFee(
                shares: [70, 30, 50].map { Ratio(percent: $0) },
                exploration: Ratio(percent: exploration)),
            random: RandomSource(seed: seed).stream("liquidator/a/0/fee"))
    }

    @Test func armsAreInOrderAndTheLowestIsTakenFirst() {
        var bandit = bandit(exploration: 0)
        #expect(bandit.arms.map(\.share) == [30, 50, 70].map { Ratio(percent: $0) })
        bandit.choose()
        #expect(bandit.share == Ratio(percent: 30))
    }

    @Test func anArmIsWorthItsChanceTimesWhatItLeaves() {
        // Untried arms are worth 1/2 of what they leave: 35 %, 25 %, 15 %. One loss makes the first 1/3 · 70 % = 23.3 %.
        var bandit = bandit(exploration: 0)
        bandit.learn(0, won: false)
        bandit.choose()
        #expect(bandit.share == Ratio(percent: 50))
        // A win of the second: 2/3 · 50 % = 33.3 %; then the first wins twice: 3/5 · 70 % = 42 %.
        bandit.learn(1, won: true)
        bandit.learn(0, won: true)
        bandit.learn(0, won: true)
        bandit.choose()
        #expect(bandit.share == Ratio(percent: 30))
    }

    @Test func exploresAsOftenAsItIsTold() {
        var bandit = bandit(exploration: 30)
        bandit.learn(0, won: true)
        var others = 0
        for _ in 0..<10_000 {
            bandit.choose()
            if bandit.current != 0 { others += 1 }
        }
        // 30 % explore, two thirds of them another arm: 2,000 ± 40.
        #expect((1840...2160).contains(others))
    }

    @Test func findsTheShareThatWinsAgainstARivalWhoPaysFortyPercent() {
        // Whoever bids less than 40 % loses every race; 50 % is the cheapest share that wins.
        for seed in UInt64(1)...5 {
            var bandit = bandit(exploration: 10, seed: seed)
            for _ in 0..<200 {
                bandit.choose()
                bandit.learn(bandit.current, won: bandit.share > Ratio(percent: 40))
            }
            let most = bandit.arms.max { $0.plays < $1.plays }
            #expect(most?.share == Ratio(percent: 50), "seed \(seed)")
        }
    }
}
