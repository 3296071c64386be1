import MarginRules

extension ClearingHouse {
    /// Runs one command for a sender, at the time of the block.
    ///
    /// - Throws: ``Rejection``; then nothing has changed and the journal is as it was.
    public mutating func execute(
        _ command: Command, from sender: Address, into journal: inout [Event]
    ) throws(Rejection) {
        switch command {
        case .deposit(let from, let to, let asset, let amount):
            try deposit(amount, of: asset, from: from, to: to, by: sender, into: &journal)
        case .withdraw(let from, let to, let asset, let amount):
            try withdraw(amount, of: asset, from: from, to: to, by: sender, into: &journal)
        case .transfer(let from, let to, let asset, let amount):
            try transfer(amount, of: asset, from: from, to: to, by: sender, into: &journal)
        case .openAccount(let parent, let market):
            try openAccount(parent: parent, isolated: market, by: sender, into: &journal)
        case .setDelegate(let account, let delegate, let allowed):
            try setDelegate(account, delegate, allowed: allowed, by: sender, into: &journal)
        case .configure(let account, let setting):
            try configure(account, setting, by: sender, into: &journal)
        case .trade(let account, let market, let size, let limit, let reduceOnly):
            try trade(
                account, market, size: size, limit: limit, reduceOnly: reduceOnly, by: sender,
                into: &journal)
        case .placeOrder(let account, let market, let order):
            try place(order, account, market, by: sender, into: &journal)
        case .cancelOrder(let account, let market, let order):
            try cancel(order, account, market, by: sender, into: &journal)
        case .postPrice(let feed, let report):
            try post(report, to: feed, by: sender, into: &journal)
        case .liquidate(let account, let payer, let target):
            try liquidate(account, payer: payer, target: target, by: sender, into: &journal)
        case .buyCollateral(let wallet, let asset, let paid, let atLeast):
            try buyCollateral(
                asset, for: paid, atLeast: atLeast, to: wallet, by: sender, into: &journal)
        case .startAuction(let account, let asset, let keeper):
            try startAuction(
                of: account, selling: asset, keeper: keeper, by: sender, into: &journal)
        case .takeAuction(let id, let wallet, let atMost, let price):
            try takeAuction(
                id, wallet: wallet, atMost: atMost, maximumPrice: price, by: sender, into: &journal)
        case .bidAuction(let id, let wallet, let lot, let bid):
            try bidAuction(id, wallet: wallet, lot: lot, bid: bid, by: sender, into: &journal)
        case .restartAuction(let id, let keeper):
            try restartAuction(id, keeper: keeper, by: sender, into: &journal)
        case .settleAuction(let id): try settleAuction(id, into: &journal)
        case .pause(let actions):
            try pause(actions, by: sender, into: &journal)
        case .setParameter(let change):
            try setParameter(change, by: sender, into: &journal)
        case .settleOutside(let wallet, let changes):
            try settleOutside(wallet, changes, by: sender, into: &journal)
        case .payAuction(let wallet, let toProtocol, let toOthers):
            try payAuction(wallet, toProtocol, toOthers, by: sender, into: &journal)
        case .attach(let prices, let command):
            try attach(prices, to: command, by: sender, into: &journal)
        case .reportUptime(let isUp):
            try reportUptime(isUp, by: sender, into: &journal)
        case .requestTrade(let account, let market, let size, let limit, let reduceOnly, let kind):
            try requestTrade(
                account, market, size: size, limit: limit, reduceOnly: reduceOnly, kind: kind,
                by: sender, into: &journal)
        case .executeRequest(let id, let keeper):
            try executeRequest(id, keeper: keeper, by: sender, into: &journal)
        case .cancelRequest(let id): try cancelRequest(id, by: sender, into: &journal)
        case .updateDeleveraging(let market, let isLong):
            try updateDeleveraging(market, isLong ? .long : .short, into: &journal)
        case .deleverage(let account, let market, let size):
            try deleverage(account, market, size: size, into: &journal)
        case .settleResult(let market, let winner, let loser):
            try settleResult(market, winner: winner, loser: loser, into: &journal)
        case .windUp(let market, let stage, let price):
            try windUp(market, stage, at: price, by: sender, into: &journal)
        case .claimImpact(let account):
            try claimImpact(account, by: sender, into: &journal)
        case .addLiquidity(let wallet, let asset, let amount, let atLeast):
            try addLiquidity(
                wallet, asset, amount: amount, atLeast: atLeast, by: sender, into: &journal)
        case .removeLiquidity(let wallet, let shares, let asset, let atLeast):
            try removeLiquidity(
                wallet, shares: shares, asset: asset, atLeast: atLeast, by: sender,
                into: &journal)
        case .placeSpotOrder(let account, let market, let order):
            try placeSpot(order, account, market, by: sender, into: &journal)
        case .cancelSpotOrder(let account, let market, let order):
            try cancelSpotOrder(order, account, market, by: sender, into: &journal)
        }
    }
}
