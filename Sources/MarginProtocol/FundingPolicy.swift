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
}

/// Funding as exchanges pay it: the average premium of an interval makes the rate of that interval.
///
/// `F = P + clamp(I − P, ± dampener)` per eight hours, limited, and scaled to the interval.
public struct PremiumFunding: Hashable, Sendable {
    /// Where a premium is taken from.
    public enum Source: Hashable, Sendable {
        /// The order book: what this notional would meet on either side; at zero the best prices, and their middle.
        case book(impact: Money)
        /// The pool's price at the traders' skew, `index · (1 + skew / skewScale)`.
        case skew(scale: Quantity)
    }
    public enum Average: Int8, Hashable, Sendable {
        case mean
        /// Late samples weigh more, by their number.
        case linearlyWeighted
    }
    public var source: Source
    /// The interest per eight hours.
    public var interest: Ratio
    /// How far the interest may pull the rate from the premium; nil adds it whole.
    public var dampener: Ratio?
    /// The largest rate of one interval, or nil.
    public var cap: Ratio?
    /// The largest rate per eight hours, as a share of initial less maintenance rate of the first bracket; nil for none.
    public var marginShare: Ratio?
    /// Between two payments, which fall on multiples of it since midnight UTC.
    public var interval: TimeSpan
    /// Between two samples; zero for one in every block.
    public var sampling: TimeSpan
    /// Fewer samples are filled up with zeros.
    public var minimumSamples: Int
    public var average: Average
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
    /// Where the rate itself changes: per day. [1e-18]
    var rate: Fixed18 = .zero
    /// Premiums since the last payment, in order.
    var samples: [Fixed18] = []
    /// When the last was taken. [ms]
    var sampledAt: Int64 = .min
}
