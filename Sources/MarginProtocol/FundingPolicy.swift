public import ExactMath
public import MarginRules

/// How the long and the short side of a market pay each other over time.
public enum FundingPolicy: Hashable, Sendable {
    case none
    /// The rate per eight hours is `skew / skewScale · maximumRate`, clamped to ± `maximumRate`, where
    /// skew is what traders hold net against the pool; it accrues continuously on the index price.
    case skew(maximumRate: Ratio, skewScale: Quantity)
    /// The daily rate grows each day by `skew / skewScale · maximum`, clamped to ± `maximum`, and accrues continuously;
    /// source: Synthetixio/synthetix-v3, PerpsMarket.sol. It stays within 100 a day.
    case velocity(maximum: Ratio, skewScale: Quantity)
    /// A rate made of the market's premium over its index, paid at intervals.
    case premium(PremiumFunding)
    /// The larger side pays the smaller one, in dollars of size at entry; only where the pool has terms.
    case pool(PoolFunding)
    /// The distance of two averages, of which the pool pays no more than its fees allow.
    case spread(SpreadFunding)
    /// The middle of two impact prices against the oracle's, continuously.
    case impactMid(ImpactMidPolicy)
}

extension FundingPolicy {
    /// Does a payment wait for whoever enters just after it?
    var hasGrace: Bool {
        if case .premium(let policy) = self { policy.grace > .zero } else { false }
    }
}

/// Funding as exchanges pay it: the average premium of an interval makes the rate of that interval, or of the next.
///
/// `F = P + clamp(I − P, ± dampener)` per period, limited, and scaled to the interval.
public struct PremiumFunding: Hashable, Sendable {
    /// Where a premium is taken from.
    public enum Source: Hashable, Sendable {
        /// The order book: what this notional would meet on either side; at zero the best prices, and their middle.
        case book(impact: Money)
        /// The pool's price at the traders' skew, `index · (1 + skew / skewScale)`.
        case skew(scale: Quantity)
        /// The market's mark; source: Deribit's Funding Specifications.
        case mark
    }
    public enum Average: Int8, Hashable, Sendable {
        case mean
        /// Late samples weigh more, by their number.
        case linearlyWeighted
    }
    public var source: Source
    /// The interest per ``period``.
    public var interest: Ratio
    /// How far the interest may pull the rate from the premium; nil adds it whole.
    public var dampener: Ratio?
    /// The largest rate of one interval, or nil.
    public var cap: Ratio?
    /// The largest rate per ``period``, as a share of initial less maintenance rate of the first bracket; nil for none.
    public var marginShare: Ratio?
    /// Between two payments, which fall on multiples of it since midnight UTC, ``phase`` later.
    public var interval: TimeSpan
    /// What the formula's rate is per: eight hours nearly everywhere.
    public var period = TimeSpan(seconds: 28_800)
    /// How long after midnight UTC the first payment is: BitMEX pays at 04, 12 and 20 h.
    public var phase = TimeSpan.zero
    /// Whether an interval's premium makes the rate of the interval after it, which is known while it lasts; source:
    /// BitMEX's Perpetual Contracts Guide.
    public var paysNext = false
    /// Whether the book is compared with the mark, whose own basis is then added; source: BitMEX's Perpetual Contracts
    /// Guide. Where the mark is the oracle's price there is no difference.
    public var isAgainstMark = false
    /// Between two samples; zero for one in every block.
    public var sampling: TimeSpan
    /// Fewer samples are filled up with zeros.
    public var minimumSamples: Int
    public var average: Average
    /// The share of the lowest samples, and of the highest, that is left out; with the mean alone. dYdX's is zero.
    public var tails = Ratio.zero
    /// How long after a payment whoever enters still has it, and whoever leaves has not; source: freqtrade/freqtrade,
    /// exchange/binance.py, funding_fee_cutoff.
    public var grace = TimeSpan.zero
    /// The largest magnitude of one sample.
    public var premiumBound: Ratio
    /// Whether nobody is charged below its maintenance margin, and receivers have only what is collected.
    public var limitsCharges = false
    /// Whether a rate is paid on a position's value at the index, where the market has a mark of its own; source:
    /// Hyperliquid's documentation, Funding.
    public var paysAtIndex = false
    public init(
        source: Source, interest: Ratio = .zero, dampener: Ratio? = nil, cap: Ratio? = nil,
        marginShare: Ratio? = nil, interval: TimeSpan = TimeSpan(seconds: 28_800),
        sampling: TimeSpan = TimeSpan(seconds: 60), minimumSamples: Int = 0,
        average: Average = .mean, premiumBound: Ratio = Ratio(whole: 1)
    ) {
        self.source = source
        self.interest = interest
        self.dampener = dampener
        self.cap = cap
        self.marginShare = marginShare
        self.interval = interval
        self.sampling = sampling
        self.minimumSamples = minimumSamples
        self.average = average
        self.premiumBound = premiumBound
    }
}

/// What a market's funding remembers between blocks.
struct FundingState: Hashable {
    /// Where the rate itself changes: per day; where it is paid at intervals: of the last one, or of this one where
    /// it is known beforehand. [1e-18]
    var rate: Fixed18 = .zero
    /// Premiums since the last payment, in order.
    var samples: [Fixed18] = []
    /// When the last was taken. [ms]
    var sampledAt: Int64 = .min
    /// The averages of the market's price and of its oracle's; nil before the first.
    var averages: SpreadAverages?
    /// When the last payment of such averages was.
    var paidAt: Timestamp?
}
