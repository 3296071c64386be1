public import ExactMath

/// The terms of a Dutch auction of collateral: Maker's Clipper.
///
/// makerdao/dss src/clip.sol.
public struct DutchAuction: Hashable, Sendable {
    public var curve: AuctionPriceCurve
    /// The price at the start, as a multiple of the oracle's (buf).
    public var startingFactor: Ratio
    /// An auction older than this must be restarted (tail).
    public var maximumDuration: TimeSpan
    /// An auction whose price has fallen below this share of its start must be restarted (cusp).
    public var restartRatio: Ratio

    public init(
        curve: AuctionPriceCurve, startingFactor: Ratio, maximumDuration: TimeSpan,
        restartRatio: Ratio
    ) {
        precondition(startingFactor >= .zero && restartRatio >= .zero)
        self.curve = curve
        self.startingFactor = startingFactor
        self.maximumDuration = maximumDuration
        self.restartRatio = restartRatio
    }

    /// The price of an auction at a moment, and whether it may only be restarted.
    public struct Status: Hashable, Sendable {
        /// [1e-18 USD per unit]
        public let price: Fixed18
        public let needsRestart: Bool
        public init(price: Fixed18, needsRestart: Bool) {
            self.price = price
            self.needsRestart = needsRestart
        }
    }

    /// The price at which an auction starts or restarts, rounded down; nil where it would be zero,
    /// at which none starts. [1e-18 USD per unit]
    /// - Parameters:
    ///   - price: the oracle's at that moment, zero or more.
    ///   - targetPrice: the price of the debt's unit, greater than zero (par); one for Dai.
    public func startingPrice(oraclePrice price: Price, targetPrice: Ratio)
        throws(ArithmeticOverflow) -> Fixed18?
    {
        let inDebtUnits = try multiplyUnsigned(
            Fixed18(price).unsigned27(), UInt128(scaleE8), dividingBy: targetPrice.unsigned,
            rounding: .down)
        let top = try multiplyUnsigned(
            inDebtUnits, startingFactor.unsigned, dividingBy: UInt128(scaleE8), rounding: .down)
        let rounded = try Fixed18(unsigned: top / 1_000_000_000)
        return rounded > .zero ? rounded : nil
    }

    /// The price of an auction at a time after its start, and whether it must be restarted.
    ///
    /// At exactly the maximum duration, or at exactly the restart ratio, it still runs.
    /// - Parameters:
    ///   - top: the price at the start, greater than zero. [1e-18 USD per unit]
    ///   - elapsed: zero or more.
    public func status(startedAt top: Fixed18, elapsed: TimeSpan)
        throws(ArithmeticOverflow) -> Status
    {
        precondition(top > .zero, "an auction starts above zero")
        let start = try top.unsigned27()
        let price = try curve.price27(startingAt: start, elapsed: elapsed)
        let share = try multiplyUnsigned(price, oneE27, dividingBy: start, rounding: .down)
        let restartShare = try Fixed18(restartRatio).unsigned27()
        return Status(
            price: try Fixed18(unsigned: price / 1_000_000_000),
            needsRestart: elapsed > maximumDuration || share < restartShare)
    }
}

/// How far auctions are stopped: Maker's circuit breaker (stopped), each level including the last.
public enum AuctionBreaker: Int, Hashable, Comparable, Sendable {
    case running = 0
    case noStart = 1
    case noRestart = 2
    case noPurchase = 3

    public static func < (a: AuctionBreaker, b: AuctionBreaker) -> Bool {
        a.rawValue < b.rawValue
    }
    public var permitsStart: Bool { self < .noStart }
    public var permitsRestart: Bool { self < .noRestart }
    public var permitsPurchase: Bool { self < .noPurchase }
}
