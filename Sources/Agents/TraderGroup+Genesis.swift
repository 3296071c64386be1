public import ExactMath
public import MarginProtocol
public import SeededRandom

extension TraderGroup {
    /// What a trader keeps in its wallet, beside its equity and as a share of it.
    public static let reserve = Ratio(percent: 25)
    /// At the start, at most this share of its weighted equity is bound as initial margin.
    public static let usableMargin = Ratio(percent: 98)
    /// A hedged trader's isolated short begins with this many times its initial margin, weighted.
    public static let hedgeFunding = Ratio(percent: 150)
    /// Larger draws count as this: a billion dollars. [1e-8 USD]
    static let largestEquity = Money(whole: 1_000_000_000)

    /// The traders before the first block, the same numbers for twins whatever their mode.
    ///
    /// Each number comes from a stream of its own, `trader/GROUP/i/…`, of the group or, for a twin, the group
    /// it is the twin of. Gross notional is split evenly over the positions, and so small that each would meet
    /// its initial margin also on its share of the funds alone: cross or isolated, the sizes are the same, and
    /// so is the sum of the funds.
    ///
    /// - Parameters:
    ///   - parameters: must be valid.
    ///   - prices: the start prices, one for each feed, all greater than zero. [1e-8 USD per unit]
    public func genesis(
        parameters: ProtocolParameters, prices: [Price], random: RandomSource
    ) -> [GenesisTrader] {
        let planner = GenesisPlanner(
            group: self, parameters: parameters, prices: prices,
            empty: ClearingHouse(parameters: parameters, start: Timestamp(milliseconds: 0)))
        return (0..<max(0, count)).map { planner.trader($0, random) }
    }

    /// The name under which its members' streams of chance are found.
    func streamName(_ trader: Int, _ purpose: String) -> String {
        "trader/\(twinOf ?? name)/\(trader)/\(purpose)"
    }
}

/// Draws one group's traders and fits their positions to the margin rules.
private struct GenesisPlanner {
    let group: TraderGroup
    let parameters: ProtocolParameters
    let prices: [Price]
    /// A protocol without users, to ask what collateral counts.
    let empty: ClearingHouse

    /// Everything about one trader that is left to chance.
    struct Draws {
        var equity: Money
        var isHedged: Bool
        var response: MarginCallResponse
        var markets: [MarketID]
        /// What a borrower is exposed to.
        var loan: AssetID?
        var isLong: [Bool]
        var leverage: Fixed18
    }

    func trader(_ index: Int, _ random: RandomSource) -> GenesisTrader {
        let draws = draw(index, random)
        let reserve = (try? draws.equity.scaled(by: TraderGroup.reserve, rounding: .down)) ?? .zero
        var trader = GenesisTrader(
            offset: index, funding: [], children: [],
            wallet: holdings(of: reserve, in: parameters.settlementAsset), positions: [],
            response: draws.response, isHedged: false)
        if let asset = draws.loan {
            borrow(&trader, draws, asset)
        } else if draws.isHedged, let market = draws.markets.first,
            let asset = underlying(of: market)
        {
            hedge(&trader, draws.equity, market, asset)
        } else {
            speculate(&trader, draws)
        }
        return trader
    }

    // MARK: Chance

    private func draw(_ index: Int, _ random: RandomSource) -> Draws {
        func stream(_ purpose: String) -> RandomStream {
            random.stream(group.streamName(index, purpose))
        }
        var equityDraws = stream("equity")
        var hedged = stream("hedged")
        var response = stream("response")
        var count = stream("positions")
        var choice = stream("markets")
        var side = stream("side")
        var leverage = stream("leverage")
        let drawn = group.equity.draw(&equityDraws)
        let equity = (try? drawn.rounded(to: Money.self, .down)) ?? TraderGroup.largestEquity
        let range = group.positions
        let wanted = Int(
            count.uniform(in: Int64(range.lowerBound)...Int64(range.upperBound)))
        let markets = choose(
            max(0, wanted), &choice,
            among: group.markets.filter { parameters.markets.indices.contains($0.id.index) })
        let loan = choose(
            1, &choice,
            among: group.loans.filter { parameters.assets.indices.contains($0.id.index) }
        ).first
        return Draws(
            equity: max(.zero, min(equity, TraderGroup.largestEquity)),
            isHedged: hedged.chance(group.hedged), response: self.response(&response),
            markets: markets, loan: loan,
            isLong: (0..<max(markets.count, loan == nil ? 0 : 1)).map { _ in
                side.chance(group.longBias)
            },
            leverage: max(.zero, group.leverage.draw(&leverage)))
    }

    private func response(_ stream: inout RandomStream) -> MarginCallResponse {
        let place = stream.uniform(in: 0...(scaleE8 - 1))
        let policy = group.onMarginCall
        if place < policy.panic.raw { return .panic }
        if place - policy.panic.raw < policy.topUp.raw { return .topUp }
        return place - policy.panic.raw - policy.topUp.raw < policy.deleverage.raw
            ? .deleverage : .ignore
    }

    /// Different things, each drawn by its weight among those that are left.
    private func choose<ID>(
        _ count: Int, _ stream: inout RandomStream, among shares: [TraderGroup.Share<ID>]
    ) -> [ID] {
        var left = shares.filter(\.share.isPositive)
        var chosen: [ID] = []
        while chosen.count < count, !left.isEmpty {
            let total = left.reduce(Int64(0)) { $0 + $1.share.raw }
            var place = stream.uniform(in: 0...(total - 1))
            let index =
                left.firstIndex { share in
                    place -= share.share.raw
                    return place < 0
                } ?? 0
            chosen.append(left.remove(at: index).id)
        }
        return chosen
    }

    // MARK: Positions

    /// All collateral in the underlying, and short the same amount, as far as initial margin allows.
    private func hedge(
        _ trader: inout GenesisTrader, _ equity: Money, _ market: MarketID, _ asset: AssetID
    ) {
        let funds = holdings(of: equity, in: asset)
        guard let spot = funds.first?.quantity,
            let margin = largestMargin(upTo: equity, of: equity, funds, in: [market]),
            let size = size(of: margin.notional, in: market)
        else {
            trader.funding = funds
            return
        }
        trader.isHedged = true
        // Never more than is held, whatever the rounding.
        let short = -min(size, spot)
        guard group.mode == .isolated else {
            trader.funding = funds
            trader.positions = [.init(child: nil, market: market, size: short)]
            return
        }
        let weighted = weightedEquity(funds)
        let wanted =
            (try? margin.initial.scaled(by: TraderGroup.hedgeFunding, rounding: .up)) ?? weighted
        let share = weighted.isPositive ? min(wanted, weighted) : .zero
        let part =
            (try? spot.scaled(by: share.raw, over: max(1, weighted.raw), rounding: .up)) ?? spot
        trader.children = [
            .init(market: market, funding: [Holding(asset: asset, quantity: part)])
        ]
        trader.funding = spot > part ? [Holding(asset: asset, quantity: spot - part)] : []
        trader.positions = [.init(child: 0, market: market, size: short)]
    }

    /// Exposure bought with borrowed money, or sold short from a borrowed holding, as far as the initial
    /// requirement allows; an exposure within the equity needs no debt on the long side.
    private func borrow(_ trader: inout GenesisTrader, _ draws: Draws, _ asset: AssetID) {
        let wanted =
            (try? Fixed18(draws.equity).multiplied(by: draws.leverage, rounding: .down)
                .rounded(to: Money.self, .down)) ?? TraderGroup.largestEquity
        var low = Money.zero
        var high = min(wanted, TraderGroup.largestEquity)
        if !carries(loan(of: high, on: draws, asset)) {
            while high - low > Money(whole: 1) {
                let middle = Money(raw: low.raw + (high.raw - low.raw) / 2)
                if carries(loan(of: middle, on: draws, asset)) {
                    low = middle
                } else {
                    high = middle
                }
            }
            high = low
        }
        trader.funding = loan(of: high, on: draws, asset)
    }

    /// A long exposure beside what is left of the equity, or owed beyond it; a short one beside its proceeds.
    private func loan(of exposure: Money, on draws: Draws, _ asset: AssetID) -> [Holding] {
        let cash = draws.isLong[0] ? draws.equity - exposure : draws.equity + exposure
        return holdings(of: draws.isLong[0] ? exposure : -exposure, in: asset)
            + holdings(of: cash, in: parameters.settlementAsset)
    }

    private func carries(_ funds: [Holding]) -> Bool {
        var house = empty
        var journal: [Event] = []
        let account = house.addAccount(owner: .system, role: .margin)
        for holding in funds {
            house.seedBalance(holding.quantity, of: holding.asset, to: account, into: &journal)
        }
        let statement = house.statement(of: account, .initial, at: prices)
        guard
            let usable = try? statement.collateral.scaled(
                by: TraderGroup.usableMargin, rounding: .down)
        else { return false }
        return usable >= statement.debt
    }

    private func speculate(_ trader: inout GenesisTrader, _ draws: Draws) {
        let funds = group.collateral.flatMap { share in
            holdings(
                of: (try? draws.equity.scaled(by: share.share, rounding: .down)) ?? .zero,
                in: share.id)
        }
        let wanted =
            (try? Fixed18(draws.equity).multiplied(by: draws.leverage, rounding: .down)
                .rounded(to: Money.self, .down)) ?? Money(raw: .max)
        let most = largestMargin(upTo: wanted, of: draws.equity, funds, in: draws.markets)
        let count = Int64(max(1, draws.markets.count))
        let each = Money(raw: (most?.notional.raw ?? 0) / count)
        trader.positions = zip(draws.markets, draws.isLong).enumerated().map { index, draw in
            let size = size(of: each, in: draw.0) ?? .zero
            return .init(
                child: group.mode == .isolated ? index : nil, market: draw.0,
                size: group.style.startsFlat ? .zero : draw.1 ? size : -size)
        }
        guard group.mode == .isolated, !draws.markets.isEmpty else {
            trader.funding = funds
            return
        }
        // The notionals are equal, so are the shares; the last gets what rounding leaves.
        trader.children = draws.markets.enumerated().map { index, market in
            .init(
                market: market,
                funding: funds.compactMap { holding in
                    let share = holding.quantity.raw / count
                    let part =
                        index == draws.markets.count - 1
                        ? holding.quantity.raw - share * (count - 1) : share
                    guard part > 0 else { return nil }
                    return Holding(asset: holding.asset, quantity: Quantity(raw: part))
                })
        }
    }

    /// The largest gross notional, split evenly, of which each part meets its initial margin on an even
    /// share of the funds; with the sum of those margins. [1e-8 USD]
    private func largestMargin(
        upTo wanted: Money, of equity: Money, _ funds: [Holding], in markets: [MarketID]
    ) -> (notional: Money, initial: Money)? {
        guard !markets.isEmpty,
            let usable = try? weightedEquity(funds).scaled(
                by: TraderGroup.usableMargin, rounding: .down)
        else { return nil }
        let count = Int64(markets.count)
        let budget = Money(raw: usable.raw / count)
        var each = Money(raw: wanted.raw / count)
        for market in markets {
            each = empty.largestNotional(upTo: each, within: budget, in: market, at: prices)
        }
        var initial: Money = .zero
        for market in markets {
            guard let margin = empty.initialMargin(of: each, in: market, at: prices),
                let sum = try? initial.adding(margin)
            else { return nil }
            initial = sum
        }
        return (Money(raw: each.raw * count), initial)
    }

    // MARK: Values

    /// What funds count as equity, haircuts and all. [1e-8 USD]
    private func weightedEquity(_ funds: [Holding]) -> Money {
        var house = empty
        var journal: [Event] = []
        let account = house.addAccount(owner: .system, role: .margin)
        for holding in funds {
            house.mint(holding.quantity, of: holding.asset, to: account, into: &journal)
        }
        return house.health(of: account, .initial, at: prices).equity
    }

    private func holdings(of worth: Money, in asset: AssetID) -> [Holding] {
        let price = prices[parameters.assets[asset.index].feed.index]
        guard price.isPositive, let quantity = try? worth.quantity(at: price, rounding: .down),
            !quantity.isZero
        else { return [] }
        return [Holding(asset: asset, quantity: quantity)]
    }

    /// Rounded down, so that the margin fits. [1e-8 units]
    private func size(of notional: Money, in market: MarketID) -> Quantity? {
        let price = prices[parameters.markets[market.index].feed.index]
        guard price.isPositive else { return nil }
        return try? notional.quantity(at: price, rounding: .down)
    }

    /// The asset whose price a market's is.
    private func underlying(of market: MarketID) -> AssetID? {
        let feed = parameters.markets[market.index].feed
        return parameters.assets.indices.first {
            parameters.assets[$0].feed == feed && $0 != parameters.settlementAsset.index
        }.map { AssetID(index: $0) }
    }
}
