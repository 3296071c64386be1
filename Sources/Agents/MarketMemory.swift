import ExactMath
import MarginProtocol

/// What a population remembers of each of its markets, one entry a block, as far back as its style looks.
struct MarketMemory: Sendable {
    struct Entry: Sendable {
        var time: Timestamp
        var price: Price
        /// What a long has paid so far. [USD per unit]
        var funding: Fixed18
        /// What those it copies hold on balance. [1e-8 units]
        var leaders: Int128
    }
    private let span: TimeSpan
    private var entries: [[Entry]]
    /// Where each market's entries begin; those before are forgotten.
    private var first: [Int]

    init(markets: Int, span: TimeSpan) {
        self.span = span
        entries = Array(repeating: [], count: markets)
        first = Array(repeating: 0, count: markets)
    }

    mutating func append(_ entry: Entry, to market: MarketID) {
        let index = market.index
        entries[index].append(entry)
        // The one at or before the beginning of the span stays.
        while first[index] + 1 < entries[index].count,
            entries[index][first[index] + 1].time + span <= entry.time
        {
            first[index] += 1
        }
        if first[index] > 4096 {
            entries[index].removeFirst(first[index])
            first[index] = 0
        }
    }

    /// The last entry, and the last that is as old as the span; nil where none is.
    func ends(_ market: MarketID) -> (old: Entry, new: Entry)? {
        let known = entries[market.index]
        guard let new = known.last else { return nil }
        let old = known[first[market.index]]
        return old.time + span <= new.time ? (old, new) : nil
    }
}

extension TradingStyle {
    /// Where it wants to stand, or nil to leave things as they are.
    /// - Parameter isLong: the side that was drawn.
    func stance(_ market: MarketID, drawn isLong: Bool, _ memory: MarketMemory?) -> Stance? {
        if case .noise = self { return isLong ? .long : .short }
        guard let (old, new) = memory?.ends(market), old.price.isPositive else { return nil }
        switch self {
        case .noise, .informed: return isLong ? .long : .short
        case .momentum(_, let threshold):
            return move(old.price, new.price, threshold).map { $0 ? .long : .short }
        case .meanReversion(_, let threshold):
            return move(old.price, new.price, threshold).map { $0 ? .short : .long }
        case .basis(let window, let enter, let exit):
            // Paid per unit over the window, as a share of the price, per eight hours.
            let paid = new.funding.raw - old.funding.raw
            let share =
                paid / 10_000_000_000 * Int128(scaleE8) / Int128(new.price.raw) * 28_800_000
                / Int128(max(1, window.milliseconds))
            if share >= Int128(enter.raw) { return .short }
            return share < Int128(exit.raw) ? .flat : nil
        case .copy:
            if old.leaders == 0 { return .flat }
            return old.leaders > 0 ? .long : .short
        }
    }

    /// Whether a price has risen; nil where it has moved by no more than the threshold.
    private func move(_ old: Price, _ new: Price, _ threshold: Ratio) -> Bool? {
        let change = (new - old).magnitude
        guard product(change.raw, scaleE8) > product(old.raw, threshold.raw) else { return nil }
        return new > old
    }
}
