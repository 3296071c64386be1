/// What a metric comes to over the seeds of a point.
public struct Sample: Hashable, Sendable {
    public let count: Int
    public let mean: Double
    /// Standard deviation; zero of one value.
    public let deviation: Double
    /// Half of the 95 % interval of the mean, by Student's t; zero of one value.
    public let halfWidth: Double
    private let sorted: [Double]

    /// - Parameter values: at least one.
    public init(_ values: [Double]) {
        precondition(!values.isEmpty, "a sample of nothing")
        count = values.count
        let mean = values.reduce(0, +) / Double(values.count)
        self.mean = mean
        sorted = values.sorted()
        guard values.count > 1 else {
            deviation = 0
            halfWidth = 0
            return
        }
        let squares = values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) }
        deviation = (squares / Double(values.count - 1)).squareRoot()
        halfWidth =
            studentQuantile(degrees: values.count - 1) * deviation
            / Double(values.count).squareRoot()
    }

    /// Of values as they are stored. [1e-8]
    public init(e8 values: [Int64]) { self.init(values.map { Double($0) / 1e8 }) }

    /// The differences of pairs.
    /// - Parameters: as many of one as of the other. [1e-8]
    public init(paired a: [Int64], minus b: [Int64]) {
        precondition(a.count == b.count, "pairs")
        self.init(zip(a, b).map { Double($0) / 1e8 - Double($1) / 1e8 })
    }

    /// The percentile by nearest rank: the least value that so many per cent do not exceed.
    /// - Parameter percent: 1 to 100.
    public func percentile(_ percent: Int) -> Double {
        sorted[max(1, (count * percent + 99) / 100) - 1]
    }

    public var least: Double { sorted[0] }
    public var most: Double { sorted[count - 1] }
}

/// The 97.5 % quantile of Student's distribution, within 3e-4 of the exact one.
///
/// From five degrees of freedom on by the expansion in the normal quantile: Abramowitz and Stegun, Handbook of
/// Mathematical Functions, 26.7.5.
public func studentQuantile(degrees: Int) -> Double {
    precondition(degrees > 0)
    switch degrees {
    case 1: return 12.706204736
    case 2: return 4.302652730
    case 3: return 3.182446305
    case 4: return 2.776445105
    default:
        let n = Double(degrees)
        return 1.959963985 + 2.372271230 / n + 2.822498616 / (n * n) + 2.555849680 / (n * n * n)
            + 1.589534053 / (n * n * n * n)
    }
}
