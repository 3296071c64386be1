import ExactMath
import MarginProtocol

/// A chain's configuration does not make sense.
public struct ChainError: Error, Hashable, Sendable, CustomStringConvertible {
    /// The field at fault, as a path: `mempool.perSender`, `demand.points[3].medianPrice`.
    public var field: String
    /// What it should have been.
    public var message: String
    public init(field: String, message: String) {
        self.field = field
        self.message = message
    }
    public var description: String { "\(field): \(message)" }
}

/// Bounds that keep every sum in 64 bits; each is far beyond what any chain has.
enum Bounds {
    /// [gas]
    static let gas: Int64 = 1_000_000_000_000_000
    /// [gas per second]
    static let gasPerSecond: Int64 = 100_000_000_000
    /// 4.6 coins per gas. [wei per gas]
    static let price: Int64 = 1 << 62
    static let span = TimeSpan(seconds: 315_360_000)
    /// [transactions]
    static let transactions = 10_000_000
}

extension ChainConfiguration {
    /// Checks every field.
    /// - Throws: the first that does not make sense, in order of declaration.
    public func validate() throws(ChainError) {
        try blockTime.validate()
        try require(
            missedBlocks >= .zero && missedBlocks <= Ratio(percent: 99), "missedBlocks",
            "0 % to 99 %")
        if case .exponential = blockTime {
            try require(
                missedBlocks == .zero, "missedBlocks",
                "zero, since proof of work has no slots to miss")
        }
        try require(1...Bounds.gas ~= gasLimit, "gasLimit", "1 to \(Bounds.gas) gas")
        switch feeMarket {
        case .eip1559(let rule): try rule.validate()
        case .firstPrice(let minimum):
            try require(
                0...Bounds.price ~= minimum, "feeMarket.minimum", "0 to \(Bounds.price) wei")
        case .free: break
        }
        try mempool.validate()
        try gas.validate(gasLimit: gasLimit)
        try demand?.validate()
        try rules.validate(self)
        if let demand, demand.escalation > .zero {
            try require(
                ordering == .effectiveTip, "demand.escalation",
                "zero where the order does not depend on bids")
        }
        if demand != nil, feeMarket == .free {
            try require(
                ordering != .effectiveTip, "demand",
                "absent on a chain that is free and orders by tip, where bids mean nothing")
        }
    }
}

func require(_ condition: Bool, _ field: String, _ message: String) throws(ChainError) {
    guard condition else { throw ChainError(field: field, message: "must be \(message)") }
}

extension BlockTime {
    fileprivate func validate() throws(ChainError) {
        func check(_ span: TimeSpan, _ field: String) throws(ChainError) {
            try require(
                span > .zero && span <= Bounds.span, field, "more than zero, at most ten years")
        }
        switch self {
        case .fixed(let span): try check(span, "blockTime")
        case .exponential(let mean): try check(mean, "blockTime.mean")
        case .schedule(let changes):
            try require(!changes.isEmpty, "blockTime.schedule", "at least one entry")
            for (index, change) in changes.enumerated() {
                try check(change.span, "blockTime.schedule[\(index)].span")
                try require(
                    index == 0 || changes[index - 1].from < change.from,
                    "blockTime.schedule[\(index)].from", "later than the entry before it")
            }
        }
    }
}

extension EIP1559 {
    func validate() throws(ChainError) {
        try require(1...1_000_000 ~= elasticity, "feeMarket.elasticity", "1 to 1,000,000")
        try require(1...1_000_000 ~= denominator, "feeMarket.denominator", "1 to 1,000,000")
        try require(
            0...Bounds.price ~= minimumBaseFee, "feeMarket.minimumBaseFee",
            "0 to \(Bounds.price) wei")
        try require(
            minimumBaseFee...Bounds.price ~= initialBaseFee, "feeMarket.initialBaseFee",
            "at least minimumBaseFee, at most \(Bounds.price) wei")
    }
}

extension MempoolLimits {
    fileprivate func validate() throws(ChainError) {
        let count = 1...Bounds.transactions
        try require(count ~= transactions, "mempool.transactions", "1 to \(Bounds.transactions)")
        try require(count ~= perSender, "mempool.perSender", "1 to \(Bounds.transactions)")
        try require(
            lifetime > .zero && lifetime <= Bounds.span, "mempool.lifetime",
            "more than zero, at most ten years")
        try require(
            priceBump >= .zero && priceBump <= Ratio(percent: 1000), "mempool.priceBump",
            "0 % to 1000 %")
        try require(
            0...Bounds.price ~= minimumTip, "mempool.minimumTip", "0 to \(Bounds.price) wei")
    }
}

extension GasSchedule {
    fileprivate func validate(gasLimit: Int64) throws(ChainError) {
        for kind in CommandKind.allCases {
            try require(
                0...gasLimit ~= self[kind], "gas.\(kind.name)", "0 to the block's gas limit")
        }
        try require(
            rejectedShare >= .zero && rejectedShare <= .one, "gas.rejectedShare", "0 % to 100 %")
    }
}

extension DemandConfiguration {
    func validate() throws(ChainError) {
        try require(!points.isEmpty, "demand.points", "at least one point")
        for (index, point) in points.enumerated() {
            let path = "demand.points[\(index)]"
            try require(
                index == 0 || points[index - 1].from < point.from, "\(path).from",
                "later than the point before it")
            try require(
                0...Bounds.gasPerSecond ~= point.gasPerSecond, "\(path).gasPerSecond",
                "0 to \(Bounds.gasPerSecond)")
            try require(
                1...Bounds.price ~= point.medianPrice, "\(path).medianPrice",
                "1 to \(Bounds.price) wei")
            try require(
                point.spread >= .zero && point.spread <= Ratio(percent: 1000), "\(path).spread",
                "0 to 10")
        }
        try require(
            patience > .zero && patience <= TimeSpan(seconds: 2_592_000), "demand.patience",
            "more than zero, at most 30 days")
        try require(
            escalation >= .zero && escalation <= Ratio(percent: 1000), "demand.escalation",
            "0 to 10")
        if let transactionGas {
            try require(
                1...Bounds.gas ~= transactionGas, "demand.transactionGas", "1 to \(Bounds.gas) gas")
        }
    }
}
