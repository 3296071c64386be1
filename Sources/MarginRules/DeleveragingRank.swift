public import ExactMath

/// A position that may be closed to cover another's loss, with what its rank is made of.
public struct DeleveragingCandidate: Hashable, Sendable {
    /// The position's value at the mark price: positive for a long, negative for a short.
    ///
    /// For an inverse contract `−contracts/price` for a long, so that it too rises with its profit.
    public var markValue: Money
    /// The same at the entry price.
    public var entryValue: Money
    /// The same at the position's own bankruptcy price.
    public var bankruptcyValue: Money
    /// The account's balance without unrealised profit (Binance).
    public var walletBalance: Money
    /// The account's unrealised profit (Binance).
    public var unrealizedProfit: Money
    /// The account's maintenance margin (Binance).
    public var maintenanceMargin: Money
    /// The account's equity (Hyperliquid).
    public var accountValue: Money
    /// The account's, or an isolated position's, margin ratio: smaller is riskier (OKX, Bybit).
    public var marginRatio: Fixed18

    public init(
        markValue: Money, entryValue: Money, bankruptcyValue: Money = .zero,
        walletBalance: Money = .zero, unrealizedProfit: Money = .zero,
        maintenanceMargin: Money = .zero, accountValue: Money = .zero, marginRatio: Fixed18 = .one
    ) {
        self.markValue = markValue
        self.entryValue = entryValue
        self.bankruptcyValue = bankruptcyValue
        self.walletBalance = walletBalance
        self.unrealizedProfit = unrealizedProfit
        self.maintenanceMargin = maintenanceMargin
        self.accountValue = accountValue
        self.marginRatio = marginRatio
    }
}

/// Who is deleveraged first: in every venue the most profitable and most leveraged, by its own
/// score.
public enum DeleveragingRank: Hashable, Sendable {
    /// `max(0, profit)/max(1, wallet) · maintenance/(wallet + profit)`, the second factor zero
    /// where its denominator is not positive: Binance, of whole accounts.
    ///
    /// Binance support faq 360033525471; dev.binance.vision thread 17801.
    case profitTimesMarginRatio
    /// Profit in per cent of the entry value times the effective leverage
    /// `|mark|/(mark − bankruptcy)` where there is a profit, divided by it where there is a loss:
    /// BitMEX.
    ///
    /// BitMEX support "What is Auto-Deleveraging".
    case profitTimesLeverage
    /// `(mark/entry) · (notional/account value)`, for a short `(entry/mark)`: Hyperliquid.
    ///
    /// Hyperliquid docs "Auto-deleveraging", which prints the form of a long only.
    case priceRatioTimesLeverage
    /// Profit in per cent of the entry value, divided by the margin ratio where there is a profit
    /// and multiplied by it where there is a loss: OKX; Bybit's leveraged return.
    ///
    /// OKX "Introduction to Auto-deleveraging (ADL)"; the loss branch from Deepcoin's page of the
    /// same rule (support.deepcoin.online 360051024371).
    case returnOverMarginRatio

    /// The score, to the nearest 1e-18: the highest is deleveraged first. Nil where it is
    /// undefined, as the position is itself at or beyond bankruptcy: it is no counterparty.
    /// - Throws: ``ArithmeticOverflow`` when a factor does not fit.
    public func score(_ candidate: DeleveragingCandidate) throws(ArithmeticOverflow) -> Fixed18? {
        switch self {
        case .profitTimesMarginRatio: try DeleveragingRank.marginRatioScore(candidate)
        case .profitTimesLeverage: try DeleveragingRank.leverageScore(candidate)
        case .priceRatioTimesLeverage: try DeleveragingRank.priceRatioScore(candidate)
        case .returnOverMarginRatio: try DeleveragingRank.returnScore(candidate)
        }
    }

    /// The positions of the candidates in the order they are deleveraged: by falling score, equal
    /// scores in the given order, those without a score left out.
    public static func order(_ scores: [Fixed18?]) -> [Int] {
        var ranked: [(index: Int, score: Fixed18)] = []
        for (index, score) in scores.enumerated() {
            if let score { ranked.append((index, score)) }
        }
        ranked.sort { ($1.score, $0.index) < ($0.score, $1.index) }
        return ranked.map(\.index)
    }

    private static func marginRatioScore(
        _ candidate: DeleveragingCandidate
    ) throws(ArithmeticOverflow) -> Fixed18? {
        let profit = Fixed18(max(.zero, candidate.unrealizedProfit))
        let balance = Fixed18(max(Money(whole: 1), candidate.walletBalance))
        let share = try profit.divided(by: balance, rounding: .nearest)
        let equity = try candidate.walletBalance.adding(candidate.unrealizedProfit)
        guard equity.isPositive else { return .zero }
        let ratio = try Fixed18(candidate.maintenanceMargin).divided(
            by: Fixed18(equity), rounding: .nearest)
        return try share.multiplied(by: ratio, rounding: .nearest)
    }

    private static func leverageScore(
        _ candidate: DeleveragingCandidate
    ) throws(ArithmeticOverflow) -> Fixed18? {
        let distance = try RateArithmetic.difference(
            candidate.markValue, candidate.bankruptcyValue)
        guard distance.isPositive, !candidate.markValue.isZero else { return nil }
        guard let profit = try returnOnEntry(candidate) else { return nil }
        let notional = Fixed18(candidate.markValue.magnitude)
        if profit.raw > 0 {
            return try profit.multiplied(
                by: try notional.divided(by: Fixed18(distance), rounding: .nearest),
                rounding: .nearest)
        }
        return try profit.multiplied(
            by: try Fixed18(distance).divided(by: notional, rounding: .nearest),
            rounding: .nearest)
    }

    private static func priceRatioScore(
        _ candidate: DeleveragingCandidate
    ) throws(ArithmeticOverflow) -> Fixed18? {
        let mark = Fixed18(candidate.markValue.magnitude)
        let entry = Fixed18(candidate.entryValue.magnitude)
        guard mark.raw > 0, entry.raw > 0, candidate.accountValue.isPositive else { return nil }
        let isLong = candidate.markValue.isPositive
        let ratio = try (isLong ? mark : entry).divided(
            by: isLong ? entry : mark, rounding: .nearest)
        let leverage = try mark.divided(by: Fixed18(candidate.accountValue), rounding: .nearest)
        return try ratio.multiplied(by: leverage, rounding: .nearest)
    }

    private static func returnScore(
        _ candidate: DeleveragingCandidate
    ) throws(ArithmeticOverflow) -> Fixed18? {
        guard candidate.marginRatio.raw > 0 else { return nil }
        guard let profit = try returnOnEntry(candidate) else { return nil }
        return profit.raw > 0
            ? try profit.divided(by: candidate.marginRatio, rounding: .nearest)
            : try profit.multiplied(by: candidate.marginRatio, rounding: .nearest)
    }

    /// `(mark − entry)/|entry|`, nil without an entry value.
    private static func returnOnEntry(
        _ candidate: DeleveragingCandidate
    ) throws(ArithmeticOverflow) -> Fixed18? {
        guard !candidate.entryValue.isZero else { return nil }
        let profit = try RateArithmetic.difference(candidate.markValue, candidate.entryValue)
        return try Fixed18(profit).divided(
            by: Fixed18(candidate.entryValue.magnitude), rounding: .nearest)
    }
}
