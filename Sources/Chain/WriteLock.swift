import MarginProtocol

extension Command {
    /// What it writes, as numbers: accounts, markets and feeds that no other transaction may write
    /// at the same time.
    ///
    /// A liquidation writes the two accounts it names, and the market where it names one.
    var writeLocks: [Int64] {
        func account(_ id: AccountID) -> Int64 { Int64(id.raw) }
        func market(_ id: MarketID) -> Int64 { 1 << 40 | Int64(id.raw) }
        func feed(_ id: FeedID) -> Int64 { 1 << 41 | Int64(id.raw) }
        switch self {
        case .deposit(let from, let to, _, _), .withdraw(let from, let to, _, _),
            .transfer(let from, let to, _, _):
            return [account(from), account(to)]
        case .setDelegate(let id, _, _), .configure(let id, _): return [account(id)]
        case .trade(let id, let place, _, _, _), .placeOrder(let id, let place, _),
            .cancelOrder(let id, let place, _):
            return [account(id), market(place)]
        case .postPrice(let id, _): return [feed(id)]
        case .liquidate(let id, let payer, .position(let place, _)):
            return [account(id), account(payer), market(place)]
        case .liquidate(let id, let payer, _): return [account(id), account(payer)]
        case .buyCollateral(let wallet, _, _, _): return [account(wallet)]
        case .attach(let prices, let command):
            return prices.map { feed($0.feed) } + command.writeLocks
        default: return []
        }
    }
}
