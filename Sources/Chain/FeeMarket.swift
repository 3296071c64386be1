/// How the price of a unit of gas comes about.
public enum FeeMarket: Hashable, Sendable {
    /// A base fee that follows the demand, plus a tip.
    case eip1559(EIP1559)
    /// Everyone pays their own bid, `maxFee`; bids below the minimum are refused. [wei per gas]
    case firstPrice(minimum: Int64)
    /// Gas costs nothing, and bids mean nothing.
    case free

    /// The base fee the chain starts with; zero where there is none. [wei per gas]
    var initialBaseFee: Int64 {
        if case .eip1559(let rule) = self { rule.initialBaseFee } else { 0 }
    }

    /// The lowest price anything can pay at a base fee. [wei per gas]
    func reservePrice(baseFee: Int64) -> Int64 {
        switch self {
        case .eip1559: baseFee
        case .firstPrice(let minimum): minimum
        case .free: 0
        }
    }

    /// What a unit of gas costs a bidder, or nil where the bid does not reach the reserve price.
    ///
    /// - Parameters: bids and base fee, zero or more. [wei per gas]
    public func effectivePrice(maxFee: Int64, maxTip: Int64, baseFee: Int64) -> Int64? {
        switch self {
        case .eip1559:
            EIP1559.effectivePrice(maxFee: maxFee, maxTip: maxTip, baseFee: baseFee)
        case .firstPrice(let minimum): maxFee < minimum ? nil : maxFee
        case .free: 0
        }
    }
}

/// The base fee rule of EIP-1559, as go-ethereum's `consensus/misc/eip1559` computes it.
public struct EIP1559: Hashable, Sendable {
    /// The gas limit over the target: blocks may be this many times the target.
    public var elasticity: Int64
    /// One over the largest relative step of an elasticity-2 chain: 8 allows ±12.5 % a block.
    public var denominator: Int64
    /// [wei per gas]
    public var initialBaseFee: Int64
    /// Applied after each step, as on OP chains since Jovian. [wei per gas]
    public var minimumBaseFee: Int64

    public init(
        elasticity: Int64 = 2, denominator: Int64 = 8, initialBaseFee: Int64 = 1_000_000_000,
        minimumBaseFee: Int64 = 0
    ) {
        self.elasticity = elasticity
        self.denominator = denominator
        self.initialBaseFee = initialBaseFee
        self.minimumBaseFee = minimumBaseFee
    }

    /// What a block should use on average. [gas]
    public func target(gasLimit: Int64) -> Int64 { gasLimit / elasticity }

    /// The base fee after a block. [wei per gas]
    ///
    /// Rises by at least 1 wei when the block used more than the target. A target of zero leaves
    /// the fee unchanged (alloy and Nethermind; go-ethereum would divide by zero). Ends at
    /// `Int64.max`, a price nobody can bid, as alloy ends at its own word.
    public func nextBaseFee(baseFee: Int64, gasUsed: Int64, gasLimit: Int64) -> Int64 {
        let target = target(gasLimit: gasLimit)
        guard target > 0, gasUsed != target else { return max(baseFee, minimumBaseFee) }
        let distance = Int128(gasUsed) - Int128(target)
        let step =
            Int128(baseFee) * Int128(distance.magnitude) / Int128(target) / Int128(denominator)
        let next = distance > 0 ? Int128(baseFee) + max(step, 1) : max(Int128(baseFee) - step, 0)
        return max(Int64(clamping: next), minimumBaseFee)
    }

    /// `min(maxFee, baseFee + maxTip)`, or nil where `maxFee` is below the base fee. [wei per gas]
    public static func effectivePrice(maxFee: Int64, maxTip: Int64, baseFee: Int64) -> Int64? {
        maxFee < baseFee ? nil : baseFee + min(maxTip, maxFee - baseFee)
    }

    /// May a block have this gas limit after its parent's? go-ethereum's `VerifyGaslimit`.
    ///
    /// The limit moves by less than 1/1024 of the parent's a block and never below 5,000; the first
    /// block of the rule is compared with `elasticity` times its parent's limit.
    public func isValidGasLimit(_ limit: Int64, parent: Int64, parentHasBaseFee: Bool = true)
        -> Bool
    {
        let reference = parentHasBaseFee ? parent : parent * elasticity
        return (limit - reference).magnitude < (reference / 1024).magnitude && limit >= 5000
    }

    /// The gas limit closest to a producer's wish that is valid after a parent's. [gas]
    public static func nextGasLimit(parent: Int64, desired: Int64) -> Int64 {
        let step = max(parent / 1024 - 1, 0)
        return max(min(max(desired, parent - step), parent + step), 5000)
    }
}
