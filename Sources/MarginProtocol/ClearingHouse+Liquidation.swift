import ExactMath

extension ClearingHouse {
    /// Runs one liquidation step as quoted, covers a deficit where one is left, and says what happened.
    mutating func liquidate(
        _ id: AccountID, payer: AccountID, target: LiquidationTarget, by sender: Address,
        into journal: inout [Event]
    ) throws(Rejection) {
        try requireAccount(payer)
        try requireOwner(payer, sender)
        if parameters.liquidation.caller == .venue, sender != .system { throw .senderNotVenue }
        let quote = try quoteLiquidation(of: id, payer: payer, target: target)

        // Nothing below may fail.
        let missing = parameters.liquidation.course == nil ? .zero : shortage(of: id.index)
        cancelAllOrders(of: id, into: &journal)
        accounts[id.index].lastLiquidatedAt = time.milliseconds
        switch quote.step {
        case .positions(let parts):
            for part in parts { take(part, from: id, payer: payer, into: &journal) }
            handOver(quote, into: &journal)
            noteUsage(of: id, parts)
        case .collateral(let part): take(part, from: id, payer: payer, into: &journal)
        case .absorption(let part): take(part, from: id, into: &journal)
        case .flag(let part): take(part, from: id, payer: payer, into: &journal)
        case .result(let part): take(part, from: id, payer: payer, into: &journal)
        case .orders, .deficit: break
        }
        if parameters.liquidation.course != nil {
            note(quote, payer: payer, missing: missing, into: &journal)
        }
        let vault = vaultHealth(id)
        // What the vault is short of stays its own.
        var deficit: Money = .zero
        if case .result(let part) = quote.step {
            deficit += coverResult(of: id, part, into: &journal)
        }
        if vault == nil { deficit += coverDeficit(of: id, into: &journal) }
        if !proceedings.isEmpty {
            endProceeding(of: id, covered: quote.coversShortage, into: &journal)
        }
        let after = vault ?? evaluate(id.index, prices, .maintenance, .nothing)
        record(quote, payer: payer, after: after, deficit: deficit, into: &journal)
    }

    mutating func take(
        _ part: LiquidationQuote.PositionPart, from id: AccountID, payer: AccountID,
        into journal: inout [Event]
    ) {
        let isDeleveraging = part.taker == .deleveraged
        if isDeleveraging, parameters.deleveraging.order != .unranked {
            // An exchange cancels what a deleveraged account has resting.
            for other in part.counterparties { cancelOrders(of: other.account, into: &journal) }
        }
        for fill in part.orders { run(fill, of: id, part.market, into: &journal) }
        for fill in part.fills {
            write(fill, reason: isDeleveraging ? .deleveraging : .liquidation, into: &journal)
        }
        for other in part.counterparties where other.profitGivenUp.isPositive {
            journal.append(
                .lossCovered(
                    LossCover(
                        account: id, layer: .autoDeleveraging, payer: other.account,
                        asset: AssetID(index: settlement),
                        amount: Quantity(raw: other.profitGivenUp.raw))))
        }
        charge(part, from: id, payer: payer, into: &journal)
    }

    /// What a part costs beside its fills, and what the insurance fund adds.
    mutating func charge(
        _ part: LiquidationQuote.PositionPart, from id: AccountID, payer: AccountID,
        into journal: inout [Event]
    ) {
        if part.fromInsurance.isPositive, !part.isSettledByFill {
            let amount = Quantity(raw: part.fromInsurance.raw)
            move(amount, of: settlement, from: Self.insuranceFund, to: id, .lossCover, &journal)
            journal.append(
                .lossCovered(
                    LossCover(
                        account: id, layer: .insuranceFund, payer: Self.insuranceFund,
                        asset: AssetID(index: settlement), amount: amount)))
        }
        move(
            Quantity(raw: part.toLiquidator.raw), of: settlement, from: id, to: payer,
            .liquidationPenalty, &journal)
        if !part.isSettledByFill {
            move(
                Quantity(raw: part.toInsurance.raw), of: settlement, from: id,
                to: Self.insuranceFund, .liquidationPenalty, &journal)
        }
        settlePool(part, from: id, into: &journal)
    }

    /// Notes what a step has taken, where a block limits that.
    private mutating func noteUsage(of id: AccountID, _ parts: [LiquidationQuote.PositionPart]) {
        guard let limits = parameters.liquidation.blockLimits else { return }
        var usage = blockUsage.first { $0.account == id } ?? BlockUsage(account: id)
        for part in parts {
            let row = marketRows[part.market.index]
            let value = row.notional(part.size.raw, prices[row.feed].raw)
            usage.notional = min(limits.notional, usage.notional + Money(raw: value))
            usage.insuranceLoss = min(
                limits.insuranceLoss, usage.insuranceLoss + part.fromInsurance)
            usage.markets |= 1 << UInt64(part.market.raw)
        }
        blockUsage.removeAll { $0.account == id }
        blockUsage.append(usage)
    }

    private mutating func take(
        _ part: LiquidationQuote.CollateralPart, from id: AccountID, payer: AccountID,
        into journal: inout [Event]
    ) {
        move(part.repaid, of: part.repay.index, from: payer, to: id, .debtRepaid, &journal)
        move(
            part.seized - part.toInsurance, of: part.seize.index, from: id, to: payer,
            .collateralSeized, &journal)
        move(
            part.toInsurance, of: part.seize.index, from: id, to: Self.insuranceFund,
            .collateralSeized, &journal)
        move(
            part.repaidToInsurance, of: part.repay.index, from: id, to: Self.insuranceFund,
            .liquidationPenalty, &journal)
        for other in part.others {
            move(
                other.delta, of: other.asset.index, from: id, to: payer, .collateralSeized, &journal
            )
        }
    }

    /// All collateral goes to the reserves, which pay all debts and whatever the collateral was credited beyond.
    private mutating func take(
        _ part: LiquidationQuote.Absorption, from id: AccountID, into journal: inout [Event]
    ) {
        for change in part.repaid {
            move(
                change.delta, of: change.asset.index, from: Self.treasury, to: id, .debtRepaid,
                &journal)
        }
        move(part.credited, of: settlement, from: Self.treasury, to: id, .debtRepaid, &journal)
        for change in part.seized {
            move(
                change.delta, of: change.asset.index, from: id, to: Self.treasury,
                .collateralSeized,
                &journal)
        }
        // What the reserves paid beyond what the collateral is credited at is the deficit, and theirs.
        let short = -part.shortfall
        if short.isPositive {
            journal.append(
                .lossCovered(
                    LossCover(
                        account: id, layer: .reserves, payer: Self.treasury,
                        asset: AssetID(index: settlement), amount: Quantity(raw: short.raw))))
        }
    }

    private func record(
        _ quote: LiquidationQuote, payer: AccountID, after: Health, deficit: Money,
        into journal: inout [Event]
    ) {
        var step = Liquidation(
            account: quote.account, payer: payer, kind: .deficit, market: nil, seizedAsset: nil,
            repaidAsset: nil, size: .zero, repaid: .zero, price: .zero, priceAge: .zero,
            healthBefore: quote.healthBefore, healthAfter: after, penalty: .zero,
            toLiquidator: .zero, toInsurance: .zero, deficit: .zero)
        switch quote.step {
        case .positions(let parts):
            for (index, part) in parts.enumerated() {
                step.kind = part.taker == .book ? .order : .position
                step.market = part.market
                step.size = part.size
                step.price = part.price
                step.priceAge = age(of: marketRows[part.market.index].indexFeed)
                // What a keeper has of the pool stands with the first part.
                let keeper = index == 0 ? quote.keeperReward : .zero
                step.penalty = part.penalty + keeper
                step.toLiquidator = part.toLiquidator + keeper
                step.toInsurance = part.toInsurance
                // A deficit belongs to the whole step; it stands with its last part.
                let isLast = index == parts.count - 1
                step.deficit = part.covered + (isLast ? deficit + quote.backstopLoss : .zero)
                journal.append(.liquidated(step))
            }
        case .collateral(let part):
            let feed = assetRows[part.seize.index].feed
            step.kind = .collateral
            step.seizedAsset = part.seize
            step.repaidAsset = part.repay
            step.size = part.seized
            step.repaid = part.repaid
            step.price = prices[feed]
            step.priceAge = age(of: feed)
            let fund =
                scaled(part.toInsurance.raw, prices[feed].raw, .down)
                + scaled(
                    part.repaidToInsurance.raw, prices[assetRows[part.repay.index].feed].raw, .down)
            step.toLiquidator = part.bonus
            step.toInsurance = Money(raw: fund)
            step.penalty = part.bonus + Money(raw: fund)
            step.deficit = deficit
            journal.append(.liquidated(step))
            // What is paid and what is missing stands with the first of what is taken.
            for other in part.others {
                let feed = assetRows[other.asset.index].feed
                step.seizedAsset = other.asset
                step.size = other.delta
                step.price = prices[feed]
                step.priceAge = age(of: feed)
                (step.repaid, step.penalty, step.deficit) = (.zero, .zero, .zero)
                (step.toLiquidator, step.toInsurance) = (.zero, .zero)
                journal.append(.liquidated(step))
            }
        case .absorption(let part):
            for (index, change) in part.seized.enumerated() {
                let feed = assetRows[change.asset.index].feed
                step.kind = .collateral
                step.seizedAsset = change.asset
                step.repaidAsset = part.repaid.first?.asset
                step.size = change.delta
                // Debts are paid once, and stand with the last of what was taken.
                let isLast = index == part.seized.count - 1
                step.repaid = isLast ? part.repaid.first?.delta ?? .zero : .zero
                step.price = prices[feed]
                step.priceAge = age(of: feed)
                step.penalty = isLast ? part.value - part.creditedValue : .zero
                step.toInsurance = step.penalty
                step.deficit = isLast ? max(.zero, -part.shortfall) + deficit : .zero
                journal.append(.liquidated(step))
            }
        case .flag(let part):
            step.kind = .flagged
            // What is paid stands with the first of what is taken.
            step.repaidAsset = part.repaid.first?.asset
            step.repaid = part.repaid.first?.delta ?? .zero
            step.penalty = part.reward
            step.toLiquidator = part.reward
            step.deficit = deficit + max(.zero, -part.balance)
            for change in part.seized {
                let feed = assetRows[change.asset.index].feed
                step.seizedAsset = change.asset
                step.size = change.delta
                step.price = prices[feed]
                step.priceAge = age(of: feed)
                journal.append(.liquidated(step))
                (step.repaidAsset, step.repaid) = (nil, .zero)
                (step.penalty, step.toLiquidator, step.deficit) = (.zero, .zero, .zero)
            }
            if part.seized.isEmpty { journal.append(.liquidated(step)) }
        case .result(let part):
            if let position = part.position {
                step.kind = .position
                step.market = position.market
                step.size = position.size
                step.price = position.price
                step.priceAge = age(of: marketRows[position.market.index].indexFeed)
                step.penalty = position.penalty
                step.toLiquidator = position.toLiquidator
                step.toInsurance = position.toInsurance
                journal.append(.liquidated(step))
                step.toInsurance = .zero
            }
            let feed = assetRows[settlement].feed
            step.kind = part.taken.isPositive ? .profit : part.taken.isNegative ? .loss : .lossLeft
            step.market = part.market
            step.size = Quantity(raw: part.taken.raw)
            step.seizedAsset = part.given.isNegative ? part.asset : nil
            step.repaidAsset = part.given.isPositive ? part.asset : nil
            step.repaid = part.given.magnitude
            step.price = prices[feed]
            step.priceAge = age(of: feed)
            step.penalty = part.bonus
            step.toLiquidator = part.bonus
            step.deficit = deficit
            journal.append(.liquidated(step))
        case .orders, .deficit:
            if case .orders = quote.step { step.kind = .ordersCancelled }
            step.deficit = deficit
            journal.append(.liquidated(step))
        }
    }

    private func age(of feed: Int) -> TimeSpan {
        reports[feed].map { time - $0.observedAt } ?? .zero
    }
}
