public import ExactMath

/// Why an outside market could not be set up, or could not take a trade.
public enum MarketsError: Error, Sendable, Hashable {
    /// Two assets have one name, so they would share their random streams.
    case duplicateName(String)
    /// An asset's price process breaks one of its rules.
    case invalidProcess(asset: String, ProcessFault)
    /// An asset's liquidity has a parameter out of its range.
    case invalidLiquidity(asset: String, LiquidityFault)
    /// A row of the correlation matrix has another length than the matrix has rows.
    case correlationNotSquare(row: Int, columns: Int, rows: Int)
    /// The correlation matrix has another number of rows than there are assets.
    case correlationOrder(rows: Int, assets: Int)
    /// An entry differs from its mirror image.
    case correlationNotSymmetric(Int, Int, Ratio, Ratio)
    /// An entry on the diagonal is not one.
    case correlationDiagonalNotOne(Int, Ratio)
    /// A correlation lies outside −1 to 1.
    case correlationOutOfRange(Int, Int, Ratio)
    /// No random variables have these correlations; found at this row.
    case correlationNotPositiveDefinite(row: Int)
    /// A correlation was given for an asset that no Brownian motion moves.
    case correlationWithoutDiffusion(asset: String)
    /// A sale would leave a total impact below ``Liquidity/deepestImpact``.
    case marketDepthExceeded(asset: Int, impact: Ratio)
    /// A trade's value or the price after it does not fit 64 bits.
    case overflow(asset: Int)
}

/// A rule of a price process that a configuration breaks.
public enum ProcessFault: Sendable, Hashable {
    case priceNotPositive
    case noPoints
    /// A point is not later than the one before it.
    case timesNotIncreasing(point: Int)
    case noBars
    case intervalNotPositive
    /// A bar opens before the one before it has ended.
    case barsOverlap(bar: Int)
    /// A bar's open or close lies outside its low and high.
    case barOutOfRange(bar: Int)
    /// Negative, or above ``PriceProcess/maximumVolatility``.
    case volatilityOutOfRange(Ratio)
    /// Beyond ``PriceProcess/maximumRate`` either way.
    case driftOutOfRange(Ratio)
    /// A negative rate or deviation, or one beyond the limits of ``PriceProcess``.
    case jumpsOutOfRange
    case halfLifeNotPositive
}

/// A rule of ``Liquidity`` that a configuration breaks.
public enum LiquidityFault: Sendable, Hashable {
    case depthNotPositive(Money)
    /// Not above 0, or above 95 %.
    case depthMoveOutOfRange(Ratio)
    /// Outside 0 to 1.
    case permanentShareOutOfRange(Ratio)
    case recoveryNegative(TimeSpan)
    /// Negative, or not below 1.
    case spreadOutOfRange(Ratio)
}

extension MarketsError: CustomStringConvertible {
    /// A sentence for people, without a full stop.
    public var description: String {
        switch self {
        case .duplicateName(let name): "two assets are named \(name)"
        case .invalidProcess(let asset, let fault): "\(asset): \(fault)"
        case .invalidLiquidity(let asset, let fault): "\(asset): \(fault)"
        case .correlationNotSquare(let row, let columns, let rows):
            "row \(row) of the correlation matrix has \(columns) entries, expected \(rows)"
        case .correlationOrder(let rows, let assets):
            "the correlation matrix has \(rows) rows for \(assets) assets"
        case .correlationNotSymmetric(let i, let j, let a, let b):
            "the correlation of assets \(i) and \(j) is \(a) one way and \(b) the other"
        case .correlationDiagonalNotOne(let i, let value):
            "the correlation of asset \(i) with itself is \(value), expected 1"
        case .correlationOutOfRange(let i, let j, let value):
            "the correlation of assets \(i) and \(j) is \(value), expected -1 to 1"
        case .correlationNotPositiveDefinite(let row):
            "the correlation matrix is not positive definite (at row \(row))"
        case .correlationWithoutDiffusion(let asset):
            "\(asset) has a correlation, but no volatility moves its price"
        case .marketDepthExceeded(let asset, let impact):
            "the sale would move the price of asset \(asset) by \(impact), "
                + "the limit is \(Liquidity.deepestImpact)"
        case .overflow(let asset): "the trade in asset \(asset) is too large for 64 bits"
        }
    }
}

extension ProcessFault: CustomStringConvertible {
    public var description: String {
        switch self {
        case .priceNotPositive: "a price must be greater than zero"
        case .noPoints: "a path needs at least one point"
        case .timesNotIncreasing(let point):
            "point \(point) is not later than the point before it"
        case .noBars: "a price series needs at least one bar"
        case .intervalNotPositive: "the interval of bars must be greater than zero"
        case .barsOverlap(let bar): "bar \(bar) opens before the bar before it has ended"
        case .barOutOfRange(let bar): "bar \(bar) opens or closes outside its low and high"
        case .volatilityOutOfRange(let value):
            "the volatility is \(value), expected 0 to \(PriceProcess.maximumVolatility)"
        case .driftOutOfRange(let value):
            "the drift is \(value) per year, the limit is \(PriceProcess.maximumRate)"
        case .jumpsOutOfRange: "a jump's rate, mean or deviation is out of range"
        case .halfLifeNotPositive: "the half-life must be greater than zero"
        }
    }
}

extension LiquidityFault: CustomStringConvertible {
    public var description: String {
        switch self {
        case .depthNotPositive(let value): "the depth is \(value), it must be greater than zero"
        case .depthMoveOutOfRange(let value):
            "the move at the depth is \(value), expected above 0 and at most 0.95"
        case .permanentShareOutOfRange(let value):
            "the permanent share is \(value), expected 0 to 1"
        case .recoveryNegative(let value):
            "the recovery is \(value.milliseconds) ms, expected zero or more"
        case .spreadOutOfRange(let value):
            "the half spread is \(value), expected 0 or more and below 1"
        }
    }
}
