public import ExactMath

/// What one counterparty of a deleveraging closes.
public struct DeleveragingFill: Hashable, Sendable {
    /// Its position in the list of candidates.
    public let candidate: Int
    /// What it closes, without a sign. [1e-8 units]
    public let quantity: Quantity
}

/// How a deleveraged position was spread over its counterparties.
public struct DeleveragingFills: Hashable, Sendable {
    /// In the order they were made.
    public internal(set) var fills: [DeleveragingFill] = []
    /// What found no counterparty, with the sign of what was asked. [1e-8 units]
    public internal(set) var remaining: Quantity
}

/// The ways a deleveraged position is spread over the other side.
public enum DeleveragingQueue {
    /// Down a ranked queue: each closes all it has before the next is touched.
    ///
    /// BitMEX, Binance, Bybit, OKX, Hyperliquid. Worked example: BitMEX "Auto-Deleveraging
    /// Examples".
    /// - Parameter quantity: what must be closed, zero or more.
    /// - Parameter sizes: the candidates' positions, with or without sign.
    /// - Parameter order: positions in `sizes`, first to last, see ``DeleveragingRank/order(_:)``.
    public static func allocate(
        _ quantity: Quantity, among sizes: [Quantity], order: [Int]
    ) -> DeleveragingFills {
        precondition(!quantity.isNegative, "a quantity to close is not negative")
        var result = DeleveragingFills(remaining: quantity)
        for candidate in order {
            guard result.remaining.isPositive else { break }
            let part = min(result.remaining, sizes[candidate].magnitude)
            guard part.isPositive else { continue }
            result.fills.append(DeleveragingFill(candidate: candidate, quantity: part))
            result.remaining -= part
        }
        return result
    }

    /// Over all candidates in proportion to their sizes, rounded down; the units that are left go to the first that
    /// still have something.
    ///
    /// - Parameter quantity: what must be closed, zero or more.
    /// - Parameter sizes: the candidates' positions, with or without sign; their sum fits.
    public static func proRata(
        _ quantity: Quantity, among sizes: [Quantity]
    ) throws(ArithmeticOverflow) -> DeleveragingFills {
        precondition(!quantity.isNegative, "a quantity to close is not negative")
        var total = Quantity.zero
        for size in sizes { total = try total.adding(size.magnitude) }
        let take = min(quantity, total)
        var result = DeleveragingFills(remaining: quantity - take)
        guard take.isPositive else { return result }
        var shares: [Quantity] = []
        var left = take
        for size in sizes {
            let share = try take.scaled(by: size.magnitude.raw, over: total.raw, rounding: .down)
            shares.append(share)
            left -= share
        }
        for index in shares.indices where left.isPositive && shares[index] < sizes[index].magnitude
        {
            shares[index] += Quantity(raw: 1)
            left -= Quantity(raw: 1)
        }
        for (index, share) in shares.enumerated() where share.isPositive {
            result.fills.append(DeleveragingFill(candidate: index, quantity: share))
        }
        return result
    }

    /// Around a list of holders from a start that chance chose, skipping who cannot take part.
    ///
    /// dYdX: nobody is ranked. A holder on the wrong side by now is skipped, and so is one whose
    /// update would be refused (its own bankruptcy price does not overlap).
    /// Source: dydxprotocol/v4-chain `x/clob/keeper/deleveraging.go`
    /// (`OffsetSubaccountPerpetualPosition`).
    /// - Parameter delta: what the deleveraged account must trade: the opposite of its position.
    /// - Parameter sizes: the holders' signed positions; those with the sign of `delta` can offset
    ///   it.
    /// - Parameter start: where to begin, from 0 up to the number of holders.
    /// - Parameter limit: the most holders looked at (dYdX: 500).
    /// - Parameter settle: tries one fill, a delta for the deleveraged account, and says whether
    ///   both accounts accepted it; state that depends on earlier fills lives there.
    /// - Throws: what `settle` throws.
    public static func walk<Failure: Error>(
        _ delta: Quantity, among sizes: [Quantity], start: Int, limit: Int,
        settle: (_ candidate: Int, _ delta: Quantity) throws(Failure) -> Bool
    ) throws(Failure) -> DeleveragingFills {
        precondition(sizes.isEmpty || sizes.indices.contains(start), "a start is in the list")
        var result = DeleveragingFills(remaining: delta)
        for step in 0..<min(sizes.count, max(0, limit)) {
            guard !result.remaining.isZero else { break }
            let candidate = (start + step) % sizes.count
            guard let part = Deleveraging.part(of: result.remaining, held: sizes[candidate]) else {
                continue
            }
            guard try settle(candidate, part) else { continue }
            result.fills.append(DeleveragingFill(candidate: candidate, quantity: part.magnitude))
            result.remaining -= part
        }
        return result
    }
}

/// When deleveraging replaces the insurance fund, before that is quite empty.
///
/// OKX starts when the fund has fallen by 30 % from its peak of eight hours, Bybit by 100 %; both
/// when it is empty. (OKX "Introduction to Auto-deleveraging (ADL)"; Bybit "Auto-Deleveraging (ADL)
/// Mechanism", 2025-11-05.)
public struct DeleveragingTrigger: Hashable, Sendable {
    /// The share of the peak whose loss starts deleveraging.
    public var drawdown: Ratio

    public init(drawdown: Ratio) { self.drawdown = drawdown }

    /// `fund ≤ 0`, or `peak − fund ≥ drawdown · peak`.
    /// - Parameter peak: the highest balance in the window that the venue looks back on.
    public func isTriggered(fund: Money, peak: Money) -> Bool {
        guard fund.isPositive else { return true }
        let lost = Int128(peak.raw) - Int128(fund.raw)
        return peak.isPositive && lost * Int128(scaleE8) >= product(drawdown.raw, peak.raw)
    }
}
