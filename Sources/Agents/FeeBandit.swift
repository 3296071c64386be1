import ExactMath
import SeededRandom

/// What a liquidator has learned about which share of the profit wins.
///
/// An arm's worth is its chance of winning, (wins + 1) / (plays + 2), times what a win leaves, 1 − share; of
/// equal ones the lower share is taken.
struct FeeBandit: Hashable, Sendable {
    struct Arm: Hashable, Sendable {
        var share: Ratio
        var plays: Int64 = 0
        var wins: Int64 = 0
    }
    private(set) var arms: [Arm]
    private(set) var current = 0
    private let exploration: Ratio
    private var random: RandomStream

    init(_ fee: LearningFee, random: RandomStream) {
        arms = fee.shares.sorted().map { Arm(share: $0) }
        exploration = fee.exploration
        self.random = random
    }

    var share: Ratio { arms.isEmpty ? .zero : arms[current].share }

    /// Chooses the arm for the bids that follow; two words of the stream, whatever the choice.
    mutating func choose() {
        guard !arms.isEmpty else { return }
        let explores = random.chance(exploration)
        let drawn = Int(random.uniform(in: 0...Int64(arms.count - 1)))
        current = explores ? drawn : best
    }

    mutating func learn(_ arm: Int, won: Bool) {
        guard arms.indices.contains(arm) else { return }
        arms[arm].plays += 1
        if won { arms[arm].wins += 1 }
    }

    private var best: Int {
        arms.indices.dropFirst().reduce(0) { isWorthMore(arms[$1], arms[$0]) ? $1 : $0 }
    }

    private func isWorthMore(_ a: Arm, _ b: Arm) -> Bool {
        product(a.wins + 1, (.one - a.share).raw) * Int128(b.plays + 2)
            > product(b.wins + 1, (.one - b.share).raw) * Int128(a.plays + 2)
    }
}
