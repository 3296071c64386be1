import ExactMath
import MarginRules
import OrderBook

extension ClearingHouse {
    /// Moves each market's funding index on by what the time since the last block is worth.
    mutating func accrueFunding(until now: Timestamp, into journal: inout [Event]) {
        let elapsed = now - time
        guard elapsed > .zero else { return }
        for market in 0..<marketCount {
            if !sides.isEmpty, parameters.markets[market].pool?.hasTerms == true {
                accruePool(market, over: elapsed, into: &journal)
                continue
            }
            guard marketRows[market].hasFunding else { continue }
            guard prices[marketRows[market].feed].raw > 0 else { continue }
            let before = marketRows[market].fundingIndex
            switch parameters.markets[market].funding {
            // A pool with terms has been dealt with.
            case .none, .pool: break
            case .skew(let maximum, let scale):
                accrue(market, maximum, scale, elapsed, into: &journal)
            case .velocity(let maximum, let scale):
                accrue(market, velocity: maximum, scale, elapsed, into: &journal)
            case .premium(let policy): accrue(market, policy, until: now, into: &journal)
            case .spread(let policy): accrue(market, policy, until: now, into: &journal)
            case .impactMid(let policy): accrue(market, policy, over: elapsed, into: &journal)
            }
            if marketRows[market].splitsFunding, parameters.markets[market].poolInterest != nil {
                accruePoolInterest(market, since: before, over: elapsed, into: &journal)
            }
        }
    }

    /// What traders hold net against the pool. [1e-8 units]
    private func skew(_ market: Int) -> Int64 {
        -positions[Self.liquidityPool.index * marketCount + market].size.raw
    }

    /// Index change = price · rate · elapsed / 8 h; longs pay while traders are net long.
    private mutating func accrue(
        _ market: Int, _ maximum: Ratio, _ scale: Quantity, _ elapsed: TimeSpan,
        into journal: inout [Event]
    ) {
        let price = prices[marketRows[market].feed].raw
        let skew = max(-scale.raw, min(scale.raw, skew(market)))
        let rate = exact(skew, maximum.raw, over: scale.raw, .towardZero)
        guard rate != 0 else { return }
        if marketRows[market].isInverse {
            let eightHours = TimeSpan(seconds: 28_800)
            let step = step(market, Fixed18(Ratio(raw: rate)), elapsed, of: eightHours)
            marketRows[market].fundingIndex.raw += step
            return note(market, Ratio(raw: rate), into: &journal)
        }
        // price [1e-8] · rate [1e-8] = [1e-16]; two more decimals make the index's 1e-18.
        let full = product(price, rate) * 100
        let eightHours: Int128 = 28_800_000
        marketRows[market].fundingIndex.raw += full * Int128(elapsed.milliseconds) / eightHours
        note(market, Ratio(raw: rate), into: &journal)
    }

    /// The most that a rate which moves by itself comes to in a day, so that sums fit.
    private static var rateLimit: Fixed18 { Fixed18(whole: 100) }

    private mutating func accrue(
        _ market: Int, velocity maximum: Ratio, _ scale: Quantity, _ elapsed: TimeSpan,
        into journal: inout [Event]
    ) {
        let rule = FundingVelocity(skewScale: scale, maximum: Fixed18(maximum))
        let last = fundingStates[market].rate
        let skew = Quantity(raw: skew(market))
        guard last != .zero || !skew.isZero else { return }
        let price = prices[marketRows[market].feed]
        let (received, rate) = unbounded { () throws(ArithmeticOverflow) in
            (
                try rule.delta(last: last, skew: skew, elapsed: elapsed, price: price),
                try rule.rate(last: last, skew: skew, elapsed: elapsed)
            )
        }
        marketRows[market].fundingIndex.raw -= received.raw
        fundingStates[market].rate = FundingBounds(magnitude: Self.rateLimit).clamp(rate)
        note(
            market, Ratio(raw: Int64(fundingStates[market].rate.raw / 30_000_000_000)),
            into: &journal)
    }

    /// Takes a sample where one is due, and pays at each payment time that has passed: the first with the samples so
    /// far, those after it, which no block has seen, without any.
    private mutating func accrue(
        _ market: Int, _ policy: PremiumFunding, until now: Timestamp, into journal: inout [Event]
    ) {
        let interval = policy.interval.milliseconds
        let state = fundingStates[market]
        if state.sampledAt == .min
            || now.milliseconds - state.sampledAt >= policy.sampling.milliseconds
        {
            fundingStates[market].samples.append(premium(market, policy))
            fundingStates[market].sampledAt = now.milliseconds
        }
        let passed =
            Self.intervals(now - policy.phase, interval)
            - Self.intervals(time - policy.phase, interval)
        guard passed > 0 else { return }
        let samples = fundingStates[market].samples
        fundingStates[market].samples = []
        let made = rate(policy, market, samples)
        let unseen = passed > 1 ? rate(policy, market, []) : .zero
        if policy.paysNext {
            payNext(market, policy, made, unseen, passed, into: &journal)
            return
        }
        let (first, later) = (made, unseen)
        let length = policy.interval
        let before = marketRows[market].fundingIndex
        let paid = step(market, first, length, of: length, atIndex: policy.paysAtIndex)
        let more = step(market, later, length, of: length, atIndex: policy.paysAtIndex)
        marketRows[market].fundingIndex.raw += paid + more * Int128(passed - 1)
        if policy.grace > .zero { lastSteps[market] = Fixed18(raw: passed > 1 ? more : paid) }
        // What was last paid; a mark may count what is left of it until the next payment.
        fundingStates[market].rate = passed > 1 ? later : first
        noteInterval(market, policy, first, into: &journal)
        if policy.limitsCharges { limitCharges(market, since: before, into: &journal) }
    }

    /// Pays the rate that was known beforehand, and what the interval that has ended makes is known for the next one.
    ///
    /// Of several intervals the second pays what the samples made, and those after it what no samples make.
    @inline(never)
    private mutating func payNext(
        _ market: Int, _ policy: PremiumFunding, _ made: Fixed18, _ unseen: Fixed18,
        _ passed: Int64, into journal: inout [Event]
    ) {
        let before = marketRows[market].fundingIndex
        let known = fundingStates[market].rate
        let length = policy.interval
        func step(_ rate: Fixed18) -> Int128 {
            self.step(market, rate, length, of: length, atIndex: policy.paysAtIndex)
        }
        var moved = step(known)
        if passed > 1 { moved += step(made) + step(unseen) * Int128(passed - 2) }
        marketRows[market].fundingIndex.raw += moved
        if policy.grace > .zero {
            let last = passed > 2 ? unseen : passed > 1 ? made : known
            lastSteps[market] = Fixed18(raw: step(last))
        }
        fundingStates[market].rate = passed > 1 ? unseen : made
        noteInterval(market, policy, known, into: &journal)
        if policy.limitsCharges { limitCharges(market, since: before, into: &journal) }
    }

    /// What a change of a position pays of the last payment while its grace lasts, rounded up; what one side of a fill
    /// pays the other receives. [1e-8]
    @inline(never)
    func lateFunding(_ delta: Int64, _ market: Int) -> Int64 {
        guard lastSteps[market] != .zero,
            case .premium(let policy) = parameters.markets[market].funding
        else { return 0 }
        let left = Self.timeUntilFunding(time, policy.interval, phase: policy.phase)
        guard policy.interval - left < policy.grace else { return 0 }
        let change = Position(
            size: Quantity(raw: delta), cost: .zero,
            fundingIndex: marketRows[market].fundingIndex - lastSteps[market])
        return pendingFunding(change, marketRows[market].fundingIndex)
    }

    private func noteInterval(
        _ market: Int, _ policy: PremiumFunding, _ rate: Fixed18, into journal: inout [Event]
    ) {
        let perEight =
            rate.raw * 28_800_000 / Int128(policy.interval.milliseconds) / 10_000_000_000
        note(market, Ratio(raw: Int64(perEight)), into: &journal)
    }

    /// What a unit of a long pays at a rate: of its value, which an inverse contract has in coins. [1e-18]
    private func step(
        _ market: Int, _ rate: Fixed18, _ elapsed: TimeSpan, of period: TimeSpan,
        atIndex: Bool = false
    ) -> Int128 {
        let row = marketRows[market]
        let price = prices[atIndex ? row.indexFeed : row.feed]
        return unbounded { () throws(ArithmeticOverflow) in
            guard marketRows[market].isInverse else {
                return try FundingIndex().delta(
                    rate: rate, elapsed: elapsed, period: period, price: price)
            }
            let whole = try rate.divided(by: Fixed18(price), rounding: .towardZero)
            return try FundingRate.prorated(
                whole, from: period, to: elapsed, rounding: .towardZero)
        }.raw
    }

    /// How many whole intervals have passed since 1970.
    static func intervals(_ time: Timestamp, _ interval: Int64) -> Int64 {
        let whole = time.milliseconds / interval
        return time.milliseconds % interval < 0 ? whole - 1 : whole
    }

    /// By how much the market trades above its index now. [1e-18]
    private func premium(_ market: Int, _ policy: PremiumFunding) -> Fixed18 {
        let index = prices[marketRows[market].indexFeed]
        let bound = Fixed18(policy.premiumBound)
        let rule = PremiumIndex(bound: bound)
        switch policy.source {
        case .skew(let scale):
            let skew = Int128(skew(market)) * Int128(Fixed18.one.raw)
            return FundingBounds(magnitude: bound).clamp(Fixed18(raw: skew / Int128(scale.raw)))
        case .mark:
            let mark = prices[marketRows[market].feed]
            return (try? rule.premium(bestBid: mark, bestAsk: mark, index: index)) ?? .zero
        case .book(let impact):
            let book = books[market]
            let premium: Fixed18?
            if policy.isAgainstMark {
                let mark = prices[marketRows[market].feed]
                premium = try? rule.premium(
                    impactBid: try ImpactPrice.average(of: impact, in: depth(market, .buy)),
                    impactAsk: try ImpactPrice.average(of: impact, in: depth(market, .sell)),
                    reference: mark, index: index,
                    basis: try PremiumIndex().premium(bestBid: mark, bestAsk: mark, index: index))
            } else if impact.isZero {
                guard let bid = book.bestBid, let ask = book.bestAsk else { return .zero }
                premium = try? rule.premium(bestBid: bid, bestAsk: ask, index: index)
            } else {
                premium = try? rule.premium(
                    impactBid: try ImpactPrice.average(of: impact, in: depth(market, .buy)),
                    impactAsk: try ImpactPrice.average(of: impact, in: depth(market, .sell)),
                    index: index)
            }
            // A book so far from its index that its premium does not fit says nothing.
            return premium ?? .zero
        }
    }

    /// A side of the book, best price first; of an inverse contract in what its money is worth at each price, which
    /// never is more than there is.
    func depth(_ market: Int, _ side: Side) -> [QuotedDepth] {
        let levels = books[market].levels(side)
        guard marketRows[market].isInverse else {
            return levels.map { QuotedDepth(price: $0.price, quantity: $0.size) }
        }
        return levels.compactMap { level in
            let coins = exact(level.size.raw, scaleE8, over: level.price.raw, .down)
            return coins > 0
                ? QuotedDepth(price: level.price, quantity: Quantity(raw: coins)) : nil
        }
    }

    /// The rate of one interval.
    private func rate(_ policy: PremiumFunding, _ market: Int, _ samples: [Fixed18]) -> Fixed18 {
        let interest = Fixed18(policy.interest)
        var average: PremiumSampling.Average = policy.average == .mean ? .mean : .linearlyWeighted
        if policy.tails.isPositive { average = .trimmedMean(share: policy.tails) }
        return unbounded { [average] () throws(ArithmeticOverflow) in
            let premium = try PremiumSampling(average, minimumCount: policy.minimumSamples)
                .combine(samples)
            var bounds: FundingBounds?
            if let share = policy.marginShare,
                let bracket = parameters.markets[market].margin.brackets.first
            {
                bounds = try FundingBounds(
                    share: share, initialMargin: bracket.initialRate,
                    maintenanceMargin: bracket.maintenanceRate)
            }
            let formula: FundingRate.Formula =
                policy.dampener.map {
                    .dampened(interest: interest, dampener: Fixed18($0))
                } ?? .added(interest: interest)
            let whole = try FundingRate(formula, bounds: bounds).rate(averagePremium: premium)
            let paid = try FundingRate.prorated(
                whole, from: policy.period, to: policy.interval, rounding: .towardZero)
            return policy.cap.map { FundingBounds(magnitude: Fixed18($0)).clamp(paid) } ?? paid
        }
    }

    private func note(_ market: Int, _ rate: Ratio, into journal: inout [Event]) {
        journal.append(
            .fundingAccrued(
                MarketID(index: market), index: marketRows[market].fundingIndex,
                ratePer8Hours: rate))
    }

    static func fundingProblems(_ policy: FundingPolicy) -> [String] {
        let unit: ClosedRange<Ratio> = .zero ... .one
        switch policy {
        // Checked with the pool's terms.
        case .none, .pool: return []
        case .skew(let rate, let scale):
            return unit.contains(rate) && scale > .zero
                ? [] : ["funding needs a rate in 0…1 and a skew scale > 0"]
        case .velocity(let maximum, let scale):
            return (.zero...Ratio(whole: 100)).contains(maximum) && scale > .zero
                ? [] : ["funding needs a velocity in 0…100 and a skew scale > 0"]
        case .spread(let policy): return policy.problems
        case .impactMid(let policy): return policy.problems
        case .premium(let policy):
            var found: [String] = []
            if policy.period < TimeSpan(seconds: 60) || policy.period > TimeSpan(seconds: 604_800)
                || policy.phase < .zero || policy.phase >= policy.interval
            {
                found.append(
                    "funding: a period is between a minute and a week, a phase within the interval")
            }
            if !(.zero..<Ratio(percent: 50)).contains(policy.tails)
                || (policy.tails.isPositive && policy.average != .mean)
                || policy.grace < .zero || policy.grace > policy.interval
            {
                found.append(
                    "funding: tails are below a half and of a mean, a grace within the interval")
            }
            if policy.isAgainstMark {
                if case .book = policy.source {
                } else {
                    found.append("funding: only a book's premium is taken against the mark")
                }
            }
            if !(-Ratio.one ... .one).contains(policy.interest)
                || !unit.contains(policy.dampener ?? .zero) || !unit.contains(policy.cap ?? .zero)
                || policy.marginShare ?? .zero < .zero
                || policy.marginShare ?? .zero > Ratio(whole: 100)
            {
                found.append(
                    "funding: interest, dampener and caps are within 1, a margin share 100")
            }
            if policy.interval < TimeSpan(seconds: 60)
                || policy.interval > TimeSpan(seconds: 604_800)
                || policy.sampling < .zero || policy.sampling > policy.interval
            {
                found.append(
                    "funding: an interval is between a minute and a week, and samples are within it"
                )
            }
            if !(0...10_000).contains(policy.minimumSamples)
                || !(.zero...Ratio(whole: 100)).contains(policy.premiumBound)
            {
                found.append("funding: at most 10,000 samples, and premiums of at most 100")
            }
            switch policy.source {
            case .book(let impact):
                if impact.isNegative { found.append("funding: an impact is not negative") }
            case .skew(let scale):
                if !scale.isPositive { found.append("funding: a skew scale is greater than zero") }
            case .mark: break
            }
            return found
        }
    }
}
