import Chain
import ExactMath

extension FeePolicy {
    /// What an agent bids for each unit of gas, or nil where the bid does not fit. [wei per gas]
    ///
    /// A bid is paid in full: fee cap and tip are both set to it, so that what an agent expects to pay is
    /// what it pays, on every fee market.
    /// - Parameters:
    ///   - profit: what is earned before gas; nil where there is nothing to share. [1e-8 USD]
    ///   - gas: what the command uses. [gas]
    ///   - going: the price that gets in. [wei per gas]
    ///   - native: the value of one unit of the chain's own token; zero where gas is free. [1e-8 USD]
    func bid(profit: Money?, gas: Int64, going: Int64, native: Price) -> Int64? {
        switch self {
        case .fixed(let price): return max(0, price)
        case .multipleOfBase(let multiple):
            return try? multiply(
                going, max(0, multiple.raw), dividingBy: scaleE8, rounding: .up)
        // The estimate is what `going` says: see `View.entryPrice(for:)`.
        case .recentPercentile, .waitingPercentile: return going
        case .shareOfProfit(let share):
            guard let profit, profit.isPositive, native.isPositive, gas > 0 else { return going }
            guard let part = try? profit.scaled(by: share, rounding: .down) else { return nil }
            // profit [1e-8 USD] · 1e18 / (gas · price [1e-8 USD]) = wei per gas.
            let price = Int128(part.raw) * weiPerUnit / product(gas, native.raw)
            return Int64(exactly: price).map { max(going, $0) }
        case .escalating(let fee):
            let first = FeePolicy.multipleOfBase(fee.start)
                .bid(profit: profit, gas: gas, going: going, native: native)
            return first.map { min($0, fee.cap) }
        case .learning(let fee):
            // Whoever has learned bids with the share it has chosen.
            return FeePolicy.shareOfProfit(fee.shares.min() ?? .zero)
                .bid(profit: profit, gas: gas, going: going, native: native)
        }
    }
}

/// The smallest units in one of the chain's own token.
let weiPerUnit: Int128 = 1_000_000_000_000_000_000

/// What gas costs at a price, rounded up; nil where it does not fit. [1e-8 USD]
func gasCost(_ gas: Int64, at price: Int64, native: Price) -> Money? {
    // gas · wei per gas = [1e-18 units]; times the unit's price [1e-8 USD].
    let (cost, overflow) = product(gas, price).multipliedReportingOverflow(by: Int128(native.raw))
    guard !overflow else { return nil }
    let (whole, rest) = cost.quotientAndRemainder(dividingBy: weiPerUnit)
    return Int64(exactly: whole + (rest > 0 ? 1 : 0)).map(Money.init(raw:))
}

/// The least bid that replaces one in every mempool that asks for 10 %: rounded up, and higher.
///
/// go-ethereum `core/txpool/legacypool`, `PriceBump`. [wei per gas]
func bumped(_ price: Int64) -> Int64? {
    guard price < .max, let raised = try? multiply(price, 110, dividingBy: 100, rounding: .up)
    else { return nil }
    return max(raised, price + 1)
}

extension View {
    /// The price that gets in: what last did, and at least the base fee. [wei per gas]
    var entryPrice: Int64 { max(goingPrice, baseFee) }

    /// What somebody who bids by this policy takes for that price: an estimator's figure may lie below what
    /// gets in, but never below the base fee. [wei per gas]
    func entryPrice(for policy: FeePolicy) -> Int64 {
        switch policy {
        case .recentPercentile(let percentile):
            max(survey.recentPrice(percentile: percentile) ?? goingPrice, baseFee)
        case .waitingPercentile(let percentile):
            max(survey.waitingPrice(percentile: percentile) ?? goingPrice, baseFee)
        default: entryPrice
        }
    }

    /// A length of time in blocks, as far as it fits.
    borrowing func blocks(_ count: Int64) -> TimeSpan {
        let (span, overflow) = blockTime.milliseconds.multipliedReportingOverflow(by: count)
        return overflow ? .year : TimeSpan(milliseconds: min(span, TimeSpan.year.milliseconds))
    }
}

/// How long an agent lets a transaction wait before it looks at the world anew. [blocks]
let patienceInBlocks: Int64 = 25

/// The indexes of the bits that are set, ascending: the assets or markets of an account.
func indexes(in mask: UInt64) -> [Int] {
    var rest = mask
    var found: [Int] = []
    while rest != 0 {
        found.append(rest.trailingZeroBitCount)
        rest &= rest &- 1
    }
    return found
}
