public import ExactMath
import MarginRules
public import OrderBook

/// A mark as it was last taken, and what the book showed then.
public struct MarkChange: Hashable, Sendable {
    public var market: MarketID
    public var mark: Price
    public var index: Price
    public var bestBid: Price?
    public var bestAsk: Price?
    public var lastTrade: Price?
    public init(
        market: MarketID, mark: Price, index: Price, bestBid: Price? = nil, bestAsk: Price? = nil,
        lastTrade: Price? = nil
    ) {
        self.market = market
        self.mark = mark
        self.index = index
        self.bestBid = bestBid
        self.bestAsk = bestAsk
        self.lastTrade = lastTrade
    }
}

/// Marks stand among the prices, after those of all feeds, so that whatever values a position reads them.
extension ClearingHouse {
    mutating func prepareMarks() {
        for (market, terms) in parameters.markets.enumerated() where terms.hasOwnMark {
            guard let policy = terms.mark else { continue }
            marks.append(
                MarkState(
                    market: market, slot: prices.count, feed: terms.feed.index, policy: policy))
            marketRows[market].feed = prices.count
            prices.append(.zero)
        }
    }

    /// The price of a market's oracle.
    public func indexPrice(_ market: MarketID) -> Price {
        prices[marketRows[market.index].indexFeed]
    }

    /// What a market's last fill in its book was at; nil before the first, and where its mark is its oracle's price.
    public func lastTrade(_ market: MarketID) -> Price? {
        marks.first { $0.market == market.index }?.lastTrade
    }

    /// Prices of all feeds with marks after them that are the same as their oracles' prices; others as they are.
    public func valuationPrices(_ prices: [Price]) -> [Price] {
        guard !marks.isEmpty, prices.count == parameters.feeds.count else { return prices }
        return prices + marks.map { prices[$0.feed] }
    }

    // MARK: Taking a mark

    /// Looks at every book, and takes each mark anew.
    @inline(never)
    mutating func updateMarks(until now: Timestamp, into journal: inout [Event]) {
        for place in marks.indices where prices[marks[place].feed].isPositive {
            let seen = inputs(marks[place], at: now)
            if let policy = parameters.markets[marks[place].market].mark {
                marks[place].look(at: seen, policy, now: now, since: time)
            }
            takeMark(place, at: now, into: &journal)
        }
    }

    /// Takes anew the marks whose index has a new price.
    @inline(never)
    mutating func updateMarks(following feed: Int, into journal: inout [Event]) {
        for place in marks.indices where marks[place].feed == feed {
            takeMark(place, at: time, into: &journal)
        }
    }

    mutating func takeMark(_ place: Int, at now: Timestamp, into journal: inout [Event]) {
        let state = marks[place]
        let seen = inputs(state, at: now)
        let last = prices[state.slot]
        let mark = mark(state, seen)
        guard mark != last || seen.index != state.index else { return }
        prices[state.slot] = mark
        marks[place].index = seen.index
        if !slowPrices.isEmpty { startSlowPrice(state.slot) }
        journal.append(
            .markTaken(
                MarkChange(
                    market: MarketID(index: state.market), mark: mark, index: seen.index,
                    bestBid: seen.bestBid, bestAsk: seen.bestAsk, lastTrade: seen.lastTrade)))
    }

    /// The mark; the last one, and before the first the index, where the rule has nothing to go by or its price would
    /// make sums too large.
    private func mark(_ state: MarkState, _ seen: MarkPriceInputs) -> Price {
        let last = prices[state.slot].isPositive ? prices[state.slot] : seen.index
        guard let policy = parameters.markets[state.market].mark else { return last }
        var price = ((try? policy.rule.markPrice(seen)) ?? nil) ?? last
        if let band = policy.band, let width = try? seen.index.scaled(by: band, rounding: .down) {
            price = max(seen.index - width, min(seen.index + width, price))
        }
        guard price.isPositive, (try? requireExposure(at: price, feed: state.slot)) != nil else {
            return last
        }
        return price
    }

    private func inputs(_ state: MarkState, at now: Timestamp) -> MarkPriceInputs {
        let book = books[state.market]
        var inputs = MarkPriceInputs(
            index: prices[state.feed], bestBid: book.bestBid, bestAsk: book.bestAsk,
            lastTrade: state.lastTrade, averageBasis: state.averageBasis,
            averageBookPrice: state.averageBookPrice)
        if case .premium(let policy) = parameters.markets[state.market].funding {
            inputs.fundingRate = fundingStates[state.market].rate
            inputs.fundingInterval = policy.interval
            inputs.timeUntilFunding = Self.timeUntilFunding(
                now, policy.interval, phase: policy.phase)
        }
        return inputs
    }

    /// From now to the next payment; a whole interval at a payment.
    static func timeUntilFunding(
        _ now: Timestamp, _ interval: TimeSpan, phase: TimeSpan = .zero
    ) -> TimeSpan {
        let past = (now.milliseconds - phase.milliseconds) % interval.milliseconds
        let since = past < 0 ? past + interval.milliseconds : past
        return TimeSpan(milliseconds: interval.milliseconds - since)
    }

    /// Keeps the price of a fill in the book.
    mutating func noteTrade(_ market: Int, at price: Price) {
        for place in marks.indices where marks[place].market == market {
            marks[place].lastTrade = price
        }
    }

    func checkMarks(_ found: inout [Breach]) {
        for state in marks {
            let name = parameters.markets[state.market].name
            if prices[state.feed].isPositive != prices[state.slot].isPositive {
                found.append(
                    Breach(
                        invariant: .marksAgree,
                        detail: "\(name): index \(prices[state.feed]), mark \(prices[state.slot])"))
            }
            let sum = state.samples.reduce(Int128(0)) { $0 + Int128($1.basis) }
            if sum != state.sum {
                found.append(
                    Breach(
                        invariant: .marksAgree,
                        detail: "\(name): samples of \(sum), not \(state.sum)"))
            }
        }
    }

    // MARK: Genesis

    /// Lets an order rest before the first block, without asking whether its owner's margin allows it.
    /// - Precondition: it does not cross the book.
    public mutating func seedOrder(
        _ account: AccountID, _ market: MarketID, _ side: Side, price: Price, size: Quantity,
        reduceOnly: Bool = false, into journal: inout [Event]
    ) {
        precondition(!books[market.index].crosses(side, limit: price), "a book is not crossed")
        let order = books[market.index].rest(
            owner: account.raw, side: side, price: price, size: size, reduceOnly: reduceOnly)
        noteOrders(of: account.raw, market.index)
        journal.append(.orderPlaced(market, order))
    }

    /// Gives a market's mark a past before the first block, and takes it anew.
    ///
    /// - Parameter averageBasis: of the book's middle less the index; one sample that has stood for as long as the
    ///   average is.
    public mutating func seedMark(
        _ market: MarketID, lastTrade: Price?, averageBasis: Price?, averageBookPrice: Price?,
        fundingRate: Ratio?, into journal: inout [Event]
    ) {
        if let fundingRate, case .premium = parameters.markets[market.index].funding {
            fundingStates[market.index].rate = Fixed18(fundingRate)
        }
        guard let place = marks.firstIndex(where: { $0.market == market.index }),
            let policy = parameters.markets[market.index].mark
        else { return }
        if let lastTrade { marks[place].lastTrade = lastTrade }
        if let averageBasis, let span = policy.average?.span {
            marks[place].note(averageBasis.raw, policy, at: time, elapsed: span)
        }
        if let averageBookPrice, let book = marks[place].book, let span = policy.bookAverage {
            marks[place].book = (try? book.adding(Fixed18(averageBookPrice), elapsed: span)) ?? book
        }
        takeMark(place, at: time, into: &journal)
    }
}
