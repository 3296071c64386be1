import ExactMath

extension ClearingHouse {
    /// One price and everything that follows it.
    private struct RiskUnit {
        var feed: Int
        var positions: [(line: Int, market: Int)] = []
        /// Σ of values without signs, in the settlement asset. [1e-8]
        var gross: Int64 = 0
    }

    /// Adds each risk unit's margin to a statement, spread over its positions by their value.
    func charge(
        _ stress: StressSchedule, _ account: Int, _ prices: [Price], _ kind: MarginKind,
        _ hypothesis: Hypothesis, _ statement: inout MarginStatement
    ) {
        var units: [RiskUnit] = []
        for (index, line) in statement.positions.enumerated() {
            let feed = marketRows[line.market.index].indexFeed
            let slot = units.firstIndex { $0.feed == feed } ?? units.count
            if slot == units.count { units.append(RiskUnit(feed: feed)) }
            units[slot].positions.append((index, line.market.index))
            units[slot].gross += line.notional.raw
        }
        for unit in units {
            guard let group = stress.group(of: FeedID(index: unit.feed)) else { continue }
            var margin = unbounded { () throws(ArithmeticOverflow) in
                try self.margin(of: unit, group, stress, account, prices, hypothesis, statement)
            }
            if kind == .initial { margin = scaled(margin, stress.initialMultiple.raw, .up) }
            statement.requirement += Money(raw: margin)
            for (line, _) in unit.positions where unit.gross > 0 {
                statement.positions[line].requirement += Money(
                    raw: exact(
                        margin, statement.positions[line].notional.raw, over: unit.gross, .up))
            }
        }
    }

    /// The maintenance margin of one unit. In the settlement asset. [1e-8]
    private func margin(
        of unit: RiskUnit, _ group: StressSchedule.Group, _ stress: StressSchedule, _ account: Int,
        _ prices: [Price], _ hypothesis: Hypothesis, _ statement: MarginStatement
    ) throws(ArithmeticOverflow) -> Int64 {
        let price = prices[unit.feed].raw
        let sizes = unit.positions.map {
            (market: $0.market, size: statement.positions[$0.line].size.raw)
        }
        let spot =
            stress.offsetsSpot
            ? offsettingSpot(of: sizes, unit.feed, account, price, hypothesis) : 0
        /// What the unit loses when its price goes to another, at least zero.
        func loss(at moved: Int64) -> Int64 {
            var change = scaled(spot, moved, .down) - scaled(spot, price, .up)
            for (market, size) in sizes {
                let row = marketRows[market]
                change += row.value(size, moved, .down) - row.value(size, price, .up)
            }
            return max(0, -change)
        }
        func worst(_ move: Ratio) -> Int64 {
            let step = scaled(price, move.raw, .nearest)
            return max(loss(at: max(1, price - step)), loss(at: price + step))
        }
        var margin = group.moves.reduce(0) { max($0, worst($1)) }
        margin = max(margin, scaled(worst(group.extremeMove), group.extremeShare.raw, .up))
        let charge = Money(raw: scaled(unit.gross, group.minimumCharge.raw, .up))
        return max(margin, try group.scaled(charge).raw)
    }

    /// How much of the underlying that the account holds stands against its positions. [1e-8 units]
    private func offsettingSpot(
        of sizes: [(market: Int, size: Int64)], _ feed: Int, _ account: Int, _ price: Int64,
        _ hypothesis: Hypothesis
    ) -> Int64 {
        var net: Int64 = 0
        for (market, size) in sizes {
            let row = marketRows[market]
            // In units of the underlying: an inverse contract of a dollar follows 1 / price of it.
            net += row.isInverse ? exact(size, scaleE8, over: price, .towardZero) : size
        }
        guard net < 0 else { return 0 }
        var held: Int64 = 0
        for asset in Bits(mask: accounts[account].assets) where assetRows[asset].feed == feed {
            var amount = balances[account * assetCount + asset]
            if asset == hypothesis.asset { amount += hypothesis.delta }
            held += max(0, amount)
        }
        return min(held, -net)
    }

    static func stressProblems(_ stress: StressSchedule, feeds: Int) -> [String] {
        var found: [String] = []
        let unit: ClosedRange<Ratio> = .zero ... .one
        if stress.groups.count(where: { $0.feeds.isEmpty }) != 1 {
            found.append("stress: exactly one group is for all that no other names")
        }
        if !(.one...Ratio(whole: 10)).contains(stress.initialMultiple) {
            found.append("stress: the initial multiple is between 1 and 10")
        }
        for group in stress.groups {
            if group.moves.isEmpty
                || !(group.moves + [group.extremeMove]).allSatisfy({ $0 >= .zero && $0 < .one })
            {
                found.append("stress group \(group.name): moves are between 0 and 1")
            }
            if !unit.contains(group.extremeShare) || !unit.contains(group.minimumCharge) {
                found.append("stress group \(group.name): shares are between 0 and 1")
            }
            if group.scaling.first?.floor != .zero
                || !zip(group.scaling, group.scaling.dropFirst()).allSatisfy({
                    $0.floor < $1.floor && $0.factor <= $1.factor
                })
                || group.scaling.contains(where: {
                    $0.factor < .one || $0.factor > Ratio(whole: 100)
                })
            {
                found.append("stress group \(group.name): scaling ascends from 0, factors from 1")
            }
            if group.feeds.contains(where: { !(0..<feeds).contains($0.index) }) {
                found.append("stress group \(group.name): one of its prices does not exist")
            }
        }
        return found
    }
}
