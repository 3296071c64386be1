/// What a wallet would suggest to bid.
public struct FeeEstimate: Hashable, Sendable {
    /// Of the next block. [wei per gas]
    public var baseFee: Int64
    /// [wei per gas]
    public var tip: Int64
    /// The price that would have got in; the bid itself where the whole bid is paid. [wei per gas]
    public var price: Int64

    public init(
        baseFee: Int64, tip: Int64, price: Int64
    ) {
        self.baseFee = baseFee
        self.tip = tip
        self.price = price
    }
}

/// Remembers what it took to get into the last blocks, as go-ethereum's `eth/gasprice` oracle does
/// (20 blocks, 60th percentile by default); a sorted copy is made once a block, because many agents
/// ask.
struct FeeEstimator {
    static let window = 20
    /// Oldest first.
    private(set) var minimumPrices: [Int64] = []
    private var tips: [Int64] = []
    private var sortedPrices: [Int64] = []
    private var sortedTips: [Int64] = []

    mutating func record(_ header: BlockHeader) {
        if minimumPrices.count == Self.window {
            minimumPrices.removeFirst()
            tips.removeFirst()
        }
        minimumPrices.append(header.minimumPrice)
        tips.append(header.marginalTip)
        sortedPrices = minimumPrices.sorted()
        sortedTips = tips.sorted()
    }

    /// The nearest-rank percentile of the marginal tips; nil before the first block.
    func tip(percentile: Int) -> Int64? { Self.pick(percentile, of: sortedTips) }
    /// The nearest-rank percentile of the minimum prices; nil before the first block.
    func price(percentile: Int) -> Int64? { Self.pick(percentile, of: sortedPrices) }

    private static func pick(_ percentile: Int, of sorted: [Int64]) -> Int64? {
        precondition(0...100 ~= percentile, "a percentile is 0 to 100")
        guard !sorted.isEmpty else { return nil }
        return sorted[max((percentile * sorted.count + 99) / 100 - 1, 0)]
    }
}
