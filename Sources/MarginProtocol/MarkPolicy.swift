public import ExactMath
public import MarginRules

/// What a market's positions are valued at and liquidated by, where that is not its oracle's price.
///
/// Margins, unrealised profit, triggers and liquidation prices read the mark; fills in the book and trades against a
/// pool keep their own prices.
public struct MarkPolicy: Hashable, Sendable {
    /// How what the book showed over a while becomes one number.
    public enum Average: Hashable, Sendable {
        /// Of the samples of the last while, each as much as any other.
        case moving(TimeSpan)
        /// A sample weighs as long as it stood, and fades; see ``ExponentialAverage``.
        case exponential(TimeSpan)

        var span: TimeSpan {
            switch self {
            case .moving(let span), .exponential(let span): span
            }
        }
    }

    public var rule: MarkPriceRule
    /// Of the book's middle less the index; nil for none.
    public var average: Average?
    /// The time constant of the average of the median of best prices and last trade; nil for none.
    public var bookAverage: TimeSpan?
    /// Between two looks at the book; zero for one in every block.
    public var sampling: TimeSpan
    /// The mark stays this near to the index, as a share of it; nil for any distance.
    public var band: Ratio?
    public init(
        _ rule: MarkPriceRule, average: Average? = nil, bookAverage: TimeSpan? = nil,
        sampling: TimeSpan = .zero, band: Ratio? = nil
    ) {
        self.rule = rule
        self.average = average
        self.bookAverage = bookAverage
        self.sampling = sampling
        self.band = band
    }

    /// Does it need prices that only an order book has?
    public var readsBook: Bool {
        switch rule {
        case .index, .fairBasis: false
        case .mid, .averageBasis, .medianOfThree, .robustMedian: true
        }
    }

    /// The longest while over which a book is averaged.
    static var longest: TimeSpan { TimeSpan(seconds: 86_400) }

    /// What is wrong with it, in words.
    public var problems: [String] {
        var found: [String] = []
        for span in [average?.span, bookAverage].compactMap(\.self)
        where span <= .zero || span > Self.longest {
            found.append("a mark's averages are over more than nothing and at most a day")
        }
        let needsAverage = [.averageBasis, .medianOfThree, .robustMedian].contains(rule)
        if needsAverage != (average != nil) {
            found.append(
                needsAverage
                    ? "this mark needs an average of the basis"
                    : "an average of the basis has a meaning only in marks that read it")
        }
        if bookAverage != nil, rule != .robustMedian {
            found.append("an average of the book's prices belongs to the robust median")
        }
        if sampling < .zero || sampling > (average?.span ?? .zero) {
            found.append("samples of the book are no further apart than the average is long")
        }
        if let band, !(band > .zero && band < .one) {
            found.append("a mark's band is between 0 and 1")
        }
        return found
    }
}

extension MarketParameters {
    /// Whether its mark can ever differ from its oracle's price.
    ///
    /// A fair basis is funding that is still to come; where funding is not paid at intervals there is none.
    var hasOwnMark: Bool {
        guard let mark else { return false }
        switch mark.rule {
        case .index: return false
        case .fairBasis: if case .premium = funding { return true } else { return false }
        case .mid, .averageBasis, .medianOfThree, .robustMedian: return true
        }
    }

    /// What is wrong with its mark, in words.
    var markProblems: [String] {
        guard let mark else { return [] }
        var found = mark.problems
        if mark.readsBook, pool != nil {
            found.append(
                "a mark of the order book needs a market without a pool: trades against one leave no prices in a book"
            )
        }
        if pool?.hasTerms == true, mark.rule != .index {
            found.append("a pool with terms of its own values positions at its oracle's price")
        }
        return found
    }
}

/// What a market whose mark is its own remembers between blocks.
struct MarkState: Hashable, Sendable {
    /// The middle of the book less the index, and when.
    struct Sample: Hashable, Sendable {
        var time: Timestamp
        /// [1e-8 USD per unit]
        var basis: Int64
    }
    let market: Int
    /// Where the mark stands among the prices, after those of all feeds.
    let slot: Int
    /// The feed that is its index.
    let feed: Int
    var lastTrade: Price?
    /// The samples of a moving average, oldest first, and their sum.
    var samples: [Sample] = []
    var sum: Int128 = 0
    var basis: ExponentialAverage?
    var book: ExponentialAverage?
    /// When the book was last looked at.
    var sampledAt: Timestamp?
    /// The index that the mark was last taken from.
    var index: Price = .zero

    init(market: Int, slot: Int, feed: Int, policy: MarkPolicy) {
        self.market = market
        self.slot = slot
        self.feed = feed
        if case .exponential(let span)? = policy.average {
            basis = ExponentialAverage(timeConstant: span)
        }
        book = policy.bookAverage.map { ExponentialAverage(timeConstant: $0) }
    }

    /// Adds what the book shows now; a side that is empty has no middle.
    mutating func look(
        at inputs: MarkPriceInputs, _ policy: MarkPolicy, now: Timestamp, since last: Timestamp
    ) {
        let elapsed = now - (sampledAt ?? last)
        guard elapsed > .zero, sampledAt == nil || elapsed >= policy.sampling else { return }
        sampledAt = now
        if case .moving(let window)? = policy.average {
            let from = samples.firstIndex { now - $0.time < window } ?? samples.count
            for sample in samples[..<from] { sum -= Int128(sample.basis) }
            samples.removeFirst(from)
        }
        if let bookPrice = inputs.bookPrice, let book {
            // A sum that does not fit leaves the average as it was.
            self.book = (try? book.adding(Fixed18(bookPrice), elapsed: elapsed)) ?? book
        }
        guard let bid = inputs.bestBid, let ask = inputs.bestAsk else { return }
        let mid = try? MarkPriceRule.mid.markPrice(
            MarkPriceInputs(index: inputs.index, bestBid: bid, bestAsk: ask))
        guard let mid = mid ?? nil else { return }
        note(mid.raw - inputs.index.raw, policy, at: now, elapsed: elapsed)
    }

    mutating func note(
        _ difference: Int64, _ policy: MarkPolicy, at now: Timestamp, elapsed: TimeSpan
    ) {
        switch policy.average {
        case nil: return
        case .moving:
            samples.append(Sample(time: now, basis: difference))
            sum += Int128(difference)
        case .exponential:
            guard let basis else { return }
            self.basis =
                (try? basis.adding(Fixed18(Price(raw: difference)), elapsed: elapsed)) ?? basis
        }
    }

    /// The average basis, to the nearest 1e-18; nil before there is one.
    var averageBasis: Fixed18? {
        if let basis { return (try? basis.value()) ?? nil }
        guard !samples.isEmpty else { return nil }
        // Eight decimals become eighteen.
        return Fixed18(raw: sum * 10_000_000_000 / Int128(samples.count))
    }

    var averageBookPrice: Price? {
        guard let value = (try? book?.value()) ?? nil else { return nil }
        return try? value.rounded(to: Price.self, .nearest)
    }
}
