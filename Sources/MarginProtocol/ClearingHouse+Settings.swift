import ExactMath

extension ClearingHouse {
    /// Chooses a leverage or a collateral category; an account that carries risk must meet its initial margin
    /// with the choice, and be no more liquidatable than before.
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
        }
        // The state with the choice is a copy: choices are rare, and their effect is everywhere.
        var chosen = self
        chosen.choose(setting, for: id)
        if accounts[id.index].markets != 0 || hasDebt(id.index) {
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
        }
    }
}
