import ExactMath
import MarginRules

extension ClearingHouse {
    /// Chooses a leverage, a collateral category or a margin ratio; an account that carries risk must meet its initial
    /// margin with the choice, and be no more liquidatable than before.
    ///
    /// A margin ratio may always be chosen: whoever then misses the initial margin can open or withdraw nothing.
    mutating func configure(
        _ id: AccountID, _ setting: AccountSetting, by sender: Address, into journal: inout [Event]
    ) throws(Rejection) {
        try requireAccount(id)
        try requireRole(id, .margin)
        try requireOwner(id, sender)
        switch setting {
        case .leverage(let market, let leverage):
            try requireMarket(market)
            if let leverage, leverage < .one { throw .parameterInvalid }
        case .category(let category):
            if let category, !parameters.categories.indices.contains(category) {
                throw .parameterInvalid
            }
        case .marginRatio(let ratio):
            guard parameters.hasAccountMarginRatio else { throw .noAccountMarginRatio }
            guard (.zero ... .one).contains(ratio) else { throw .parameterInvalid }

            // Nothing below may fail.
            choose(setting, for: id)
            touch(id)
            journal.append(.accountConfigured(id, setting))
            return
        }
        // The state with the choice is a copy: choices are rare, and their effect is everywhere.
        var chosen = self
        chosen.choose(setting, for: id)
        if marketsAtRisk(id.index) != 0 || hasDebt(id.index) {
            try requirePrices(of: id.index, for: .withdraw)
            let after = chosen.evaluate(id.index, prices, .initial, .nothing)
            guard after.isMet else { throw .insufficientMargin(shortBy: -after.surplus) }
        }

        // Nothing below may fail.
        choose(setting, for: id)
        touch(id)
        journal.append(.accountConfigured(id, setting))
    }

    /// Gives an account a setting without asking whether its margin allows it: before the first block.
    public mutating func seedSetting(_ id: AccountID, _ setting: AccountSetting) {
        choose(setting, for: id)
        touch(id)
    }

    private mutating func choose(_ setting: AccountSetting, for id: AccountID) {
        switch setting {
        case .leverage(let market, let leverage):
            if chosenLeverages.isEmpty {
                chosenLeverages = Array(repeating: 0, count: accounts.count * marketCount)
                isPlain = false
            }
            chosenLeverages[id.index * marketCount + market.index] = leverage?.raw ?? 0
        case .category(let category): accounts[id.index].category = Int8(category ?? -1)
        case .marginRatio(let ratio):
            accounts[id.index].chosenMarginRatio = Int32(clamping: ratio.raw)
        }
    }

    /// The margin ratio that holds for an account: an isolated position's is at least its owner's.
    func chosenMarginRatio(_ account: Int) -> Ratio {
        guard parameters.hasMarginRatios else { return .zero }
        var chosen = accounts[account].chosenMarginRatio
        if let parent = accounts[account].parent {
            chosen = max(chosen, accounts[parent.index].chosenMarginRatio)
        }
        return max(leastMarginRatio, Ratio(raw: Int64(chosen)))
    }

    /// A weighted balance of an asset that is not the settlement asset, with the chosen margin ratio. [1e-8 USD]
    ///
    /// - Parameter value: without a weight, negative for a debt.
    @inline(never)
    func weighted(_ weighted: Int64, ofValue value: Int64, _ account: Int) -> Int64 {
        let chosen = ChosenMarginRatio(chosenMarginRatio(account))
        guard chosen.ratio.isPositive else { return weighted }
        let weight = value < 0 ? chosen.liabilityWeight : chosen.assetWeight
        // Less of what is held, more of what is owed.
        return min(weighted, scaled(value, weight.raw, .down))
    }
}
