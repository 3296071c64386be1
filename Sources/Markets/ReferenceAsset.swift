public import ExactMath

/// An asset of the outside world: how its reference price moves, and what selling into it costs.
public struct ReferenceAsset: Sendable, Hashable {
    /// The ticker; unique among the assets of a ``Markets``, because it names the random streams.
    public var name: String
    /// How the price moves without anybody's trades.
    public var process: PriceProcess
    /// What trades do to the price; nil is unlimited liquidity: no impact and no spread.
    public var liquidity: Liquidity?
    /// What happens to it for a while.
    public var faults: [MarketFault]

    public init(
        name: String, process: PriceProcess, liquidity: Liquidity? = nil,
        faults: [MarketFault] = []
    ) {
        self.faults = faults
        self.name = name
        self.process = process
        self.liquidity = liquidity
    }
}

/// The law by which an exogenous price moves.
///
/// Prices live in the range of `Price`: a diffusion that leaves it keeps its state but shows the
/// edge, 0.00000001 or about 92 billion.
public enum PriceProcess: Sendable, Hashable {
    /// The same price for ever.
    case constant(Price)
    /// Known prices at known times, strictly increasing.
    ///
    /// Before the first point the price is the first one's, after the last the last one's.
    case path([PricePoint], between: Interpolation)
    /// Bars of a length `interval` that do not overlap, in order of time.
    ///
    /// Inside a bar the price runs linearly, a third of the interval each, through open, the two
    /// extremes and close, in the order that makes the path shorter: high before low when the bar
    /// closes below its open, low before high otherwise. Between bars the last close holds; before
    /// the first bar its open, after the last bar its close.
    case bars([Bar], interval: TimeSpan)
    /// Geometric Brownian motion, with or without jumps.
    case geometricBrownian(GeometricBrownian)
    /// A log price that returns to a level: the exponential of an Ornstein-Uhlenbeck process.
    case meanReverting(MeanReverting)
}

/// A price known at a moment.
public struct PricePoint: Sendable, Hashable {
    public var time: Timestamp
    /// Greater than zero. [1e-8 USD per unit]
    public var price: Price

    public init(time: Timestamp, price: Price) {
        self.time = time
        self.price = price
    }
}

/// What a path does between two of its points.
public enum Interpolation: Sendable, Hashable {
    /// The earlier point's price holds until the later point.
    case step
    /// A straight line in price.
    case linear
    /// A Brownian bridge in log price: exact at the points, random between them.
    ///
    /// At a share s of an interval of T years the log price has the standard deviation
    /// `volatility · √(s·(1−s)·T)` around the straight line in log price.
    /// `volatility`: [1e-8 of the log price per √year], 0 up to ``PriceProcess/maximumVolatility``.
    case bridge(volatility: Ratio)
}

/// Open, high, low and close of one interval.
public struct Bar: Sendable, Hashable {
    /// The moment at which the bar begins.
    public var openTime: Timestamp
    public var open: Price
    /// At least open, low and close.
    public var high: Price
    /// At most open, high and close, and greater than zero.
    public var low: Price
    public var close: Price

    public init(openTime: Timestamp, open: Price, high: Price, low: Price, close: Price) {
        self.openTime = openTime
        self.open = open
        self.high = high
        self.low = low
        self.close = close
    }
}

/// Geometric Brownian motion: `d ln P = (drift − volatility²/2)·dt + volatility·dW`, plus jumps.
///
/// Without jumps the expected price grows by `exp(drift·t)`; the median by `exp((drift −
/// volatility²/2)·t)`.
public struct GeometricBrownian: Sendable, Hashable {
    /// The price at the start of the run. [1e-8 USD per unit]
    public var start: Price
    /// Growth of the expected price, jumps apart. [1e-8 per year]
    public var drift: Ratio
    /// [1e-8 of the log price per √year]
    public var volatility: Ratio
    public var jumps: Jumps?

    public init(start: Price, drift: Ratio, volatility: Ratio, jumps: Jumps? = nil) {
        self.start = start
        self.drift = drift
        self.volatility = volatility
        self.jumps = jumps
    }
}

/// Jumps of a log price: a Poisson number per interval, each normally distributed (Merton 1976).
///
/// The drift is not compensated for them: the expected price grows by
/// `exp((drift + perYear·(exp(mean + deviation²/2) − 1))·t)`.
public struct Jumps: Sendable, Hashable {
    /// The expected number per year, zero or more. [1e-8 per year]
    public var perYear: Ratio
    /// The mean size in the log price; negative is a fall. [1e-8]
    public var mean: Ratio
    /// The standard deviation of the size in the log price. [1e-8]
    public var deviation: Ratio

    public init(perYear: Ratio, mean: Ratio, deviation: Ratio) {
        self.perYear = perYear
        self.mean = mean
        self.deviation = deviation
    }
}

/// A log price that loses half its distance to the level every half-life (Ornstein-Uhlenbeck).
///
/// The level is the long-run median; the long-run mean is higher by `exp(volatility²/(4·κ))` with
/// `κ = ln 2 / halfLife`.
public struct MeanReverting: Sendable, Hashable {
    /// The price at the start of the run. [1e-8 USD per unit]
    public var start: Price
    /// The level to which the price returns. [1e-8 USD per unit]
    public var mean: Price
    /// The time in which the expected distance in log price halves; greater than zero.
    public var halfLife: TimeSpan
    /// [1e-8 of the log price per √year]
    public var volatility: Ratio

    public init(start: Price, mean: Price, halfLife: TimeSpan, volatility: Ratio) {
        self.start = start
        self.mean = mean
        self.halfLife = halfLife
        self.volatility = volatility
    }
}

extension PriceProcess {
    /// The largest volatility, and the largest size of a jump's mean and deviation: 100, i.e. 10
    /// 000 %.
    public static var maximumVolatility: Ratio { Ratio(whole: 100) }
    /// The largest drift either way, and the largest number of jumps: 100 000 per year.
    public static var maximumRate: Ratio { Ratio(whole: 100_000) }

    /// Whether chance moves the price by a Brownian motion, so that it can be correlated with
    /// others.
    public var isDiffusive: Bool {
        switch self {
        case .constant, .bars, .path(_, between: .step), .path(_, between: .linear): false
        case .path(_, between: .bridge), .geometricBrownian, .meanReverting: true
        }
    }
}
