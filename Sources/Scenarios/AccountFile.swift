public import ExactMath
public import MarginProtocol
public import OrderBook

/// One account under one venue's rules, at given prices: what a margin calculator is asked about.
public struct AccountFile: Sendable {
    /// A position as the file gives it.
    public struct Position: Sendable, Hashable {
        public var market: MarketID
        /// Positive is long. [1e-8 units]
        public var size: Quantity
        /// The average entry price.
        public var entry: Price
        /// What was received for it, less what was paid, in place of an entry price. [1e-8 of the settlement asset]
        public var quote: Quantity?
        /// What of its result may be settled in each window, beside the share of its value; nil for nothing.
        public var settleAllowance: Quantity?
        /// The chosen leverage, or nil for the market's own.
        public var leverage: Ratio?
        /// For a position with collateral of its own: how much of the settlement asset; nil in cross mode.
        public var isolatedMargin: Quantity?
        /// The price impact that waits with it; only where the pool keeps impact apart. [1e-8 units]
        public var pendingImpact: Quantity?
    }
    /// An order of the account that rests in a market's book.
    public struct RestingOrder: Sendable, Hashable {
        public var market: MarketID
        public var side: Side
        /// [1e-8 units]
        public var size: Quantity
        public var price: Price
        public var reduceOnly: Bool
    }
    /// What a market's order book shows, and what its mark remembers.
    public struct BookState: Sendable, Hashable {
        public struct Level: Sendable, Hashable {
            public var price: Price
            public var size: Quantity
        }
        /// Resting orders of others, in any order.
        public var bids: [Level] = []
        public var asks: [Level] = []
        public var lastTrade: Price?
        /// The average of the book's middle less the index. [1e-8 USD per unit]
        public var averageBasis: Price?
        /// The average of the median of best prices and last trade.
        public var averageBookPrice: Price?
        /// The funding rate last paid, of one interval.
        public var fundingRate: Ratio?
    }
    /// What backs the sides of a pool. [1e-8 USD]
    public struct PoolBacking: Sendable, Hashable {
        public var long: Money
        public var short: Money
    }
    /// The state of a market or an asset beyond this account.
    public struct Surroundings: Sendable, Hashable {
        /// By market: what one side of it holds in all, this account included. [1e-8 units]
        public var openInterest: [Quantity?]
        /// By market: what traders hold on each side, this account included; only where the pool has terms.
        /// [1e-8 units]
        public var longOpenInterest: [Quantity?]
        public var shortOpenInterest: [Quantity?]
        /// By market: what backs longs, and what backs shorts. [1e-8 USD]
        public var pool: [PoolBacking?]
        /// By market: what the pool's impact pool holds. [1e-8 units]
        public var impactPool: [Quantity?]
        /// By market: what its book shows, and has shown; nil where nothing is said of it.
        public var books: [BookState?]
        /// By market: the rate that its funding remembers and moves on from; per year with a pool's terms, per day with a
        /// velocity. [1e-18]
        public var savedRates: [Fixed18?]
        /// By market: what its pool has collected of fees, and what funding has left of them; only with funding by a
        /// spread. [1e-8 USD]
        public var feesCollected: [Money?]
        public var feesLeft: [Money?]
        /// By asset: what all accounts together hold, this one included. [1e-8 units]
        public var deposits: [Quantity?]
        /// By asset: what all accounts together owe, this one included. [1e-8 units]
        public var debts: [Quantity?]
        /// By asset: what has been lent and lost. [1e-8 units]
        public var badDebts: [Quantity?]
        /// By asset: the slower price beside its feed's; only where the venue has one.
        public var slowPrices: [Price?]
    }
    /// An open order in a spot market, with tokens of its own beside the balances.
    public struct SpotOrder: Sendable, Hashable {
        public var market: SpotMarketID
        public var side: Side
        public var price: Price
        /// [1e-8 units of the base]
        public var size: Quantity
    }
    /// What the rules are called.
    public var name: String
    public var parameters: ProtocolParameters
    /// The price of each feed; feeds are numbered as assets. Between bounds it is their middle; zero where there is none.
    public var prices: [Price]
    /// Half of the spread of each price, before anything is taken off.
    public var halfSpreads: [Price]
    public var time: Timestamp
    /// Signed: negative is a debt. [1e-8 units]
    public var balances: [(asset: AssetID, amount: Quantity)]
    public var positions: [Position]
    /// Its own orders, as they were placed.
    public var orders: [RestingOrder] = []
    /// The account's open spot orders.
    public var spotOrders: [SpotOrder] = []
    /// The collateral category the account is in, if any.
    public var category: Int?
    /// The margin ratio that its owner has chosen for all of it, 0…1.
    public var marginRatio: Ratio?
    public var surroundings: Surroundings
    /// What the insurance fund holds of each asset.
    public var insuranceFund: [(asset: AssetID, amount: Quantity)]
    /// What the backstop vault holds of each asset.
    public var backstopFunds: [(asset: AssetID, amount: Quantity)]
}

extension AccountFile {
    static let section = Section(
        path: "",
        sentence:
            "An account, and the rules and prices it stands under. JSON is read as well as YAML.",
        keys: [
            Key(
                "protocol", "preset", required: true,
                "The venue whose rules apply; `--protocol` goes over it."),
            Key(
                "parameters", "map", rule: "nothing",
                "What differs from the preset: `assets`, `markets` and `protocol`, written as in a scenario."
            ),
            Key(
                "prices", "map", required: true,
                "The price of each asset in USD, by name, or `{min, max}` where prices have bounds; the settlement asset is 1 where it is missing. With `missing_prices: leave_out_assets` a holding may be without a price (`none`, or missing), and counts nothing."
            ),
            Key(
                "time", "moment", default: "2026-01-01T00:00:00Z", "The moment of the calculation."),
            Key("market", "map", rule: "this account alone", "What is known beyond this account."),
            Key("account", "map", required: true, "What the account holds."),
        ])

    static let priceRangeSection = Section(
        path: "prices.ASSET",
        sentence: "A price with bounds, as a signed report has them.",
        keys: [
            Key("min", "price", required: true, "At which one sells, and holdings are valued."),
            Key("max", "price", required: true, "At which one buys, and debts are valued."),
        ])

    static let accountSection = Section(
        path: "account",
        sentence: "What the account holds.",
        keys: [
            Key(
                "balances", "map", rule: "none",
                "An amount of each asset, by name; negative is a debt."),
            Key(
                "positions", "map or list", rule: "none",
                "Positions by market, or a list of them with their `market`; a market is called by its asset or as the venue does: BTC, BTC-PERP, BTC-USDT-SWAP, BTCUSDT."
            ),
            Key(
                "orders", "list of maps", rule: "none",
                "Its orders that rest in the books of markets, each with its `market`."),
            Key(
                "spot_orders", "map of rows [price, amount]", rule: "none",
                "Its open orders in each of `protocol.spot_markets`, by name; a negative amount is sold. What they have set aside is not part of the balances."
            ),
            Key(
                "mode", "cross or isolated", default: "cross",
                "Whether all balances back all positions, or each position has its own margin."),
            Key(
                "category", "name", rule: "none", "The collateral category (e-mode) it has entered."
            ),
            Key(
                "leverage", "multiple", rule: "the market's own",
                "The leverage of every position that names none."),
            Key(
                "margin_ratio", "percentage", rule: "none",
                "The margin ratio chosen for the whole account; only with `account_margin_ratio`."),
        ])

    static let positionSection = Section(
        path: "account.positions.MARKET",
        sentence: "A position.",
        keys: [
            Key("market", "market", rule: "the key of the map", "Which market; only in a list."),
            Key(
                "size", "amount", required: true,
                "In units of the underlying, or of money where the contract is inverse; negative is short."
            ),
            Key(
                "side", "long or short", rule: "the sign of the size",
                "Which side, for a size without a sign."),
            Key("entry", "price", rule: "the present price", "The average entry price."),
            Key(
                "quote", "amount", rule: "what the entry price says",
                "What was received for it less what was paid, in the settlement asset; the size may be 0 where results stay with closed positions."
            ),
            Key(
                "settle_allowance", "amount", rule: "none",
                "What of its result may be settled in each window beside the share of its value; only with `limit: allowance`."
            ),
            Key("leverage", "multiple", rule: "the account's", "The leverage chosen for it."),
            Key(
                "pending_impact", "amount", rule: "none",
                "The price impact that waits with it, in units of the underlying; negative is a charge. Only where the pool has an `impact_pool`."
            ),
            Key(
                "mode", "cross or isolated", rule: "the account's", "Whether it has its own margin."
            ),
            Key(
                "margin", "amount", rule: "entry value / leverage",
                "What it has for itself, in the settlement asset; only in isolated mode."),
        ])

    static let orderSection = Section(
        path: "account.orders",
        sentence: "An order that rests in the book of a market.",
        keys: [
            Key("market", "market", required: true, "Which market; called as positions call it."),
            Key("side", "buy or sell", required: true, "What it does."),
            Key(
                "size", "amount", required: true,
                "What is left of it, in units of the underlying, or of money where the contract is inverse."
            ),
            Key("price", "price", required: true, "Its limit."),
            Key(
                "reduce_only", "true or false", default: "false",
                "Whether it may only make the position smaller."),
        ])

    static let marketStateSection = Section(
        path: "market.NAME",
        sentence: "What is known of a market or an asset beyond this account.",
        keys: [
            Key(
                "open_interest", "amount", rule: "this account's position",
                "What one side of the market holds in all."),
            Key(
                "long_open_interest", "amount", rule: "this account's position",
                "What traders who are long hold in all; only where the pool has terms or takes part in funding."
            ),
            Key(
                "short_open_interest", "amount", rule: "this account's position",
                "What traders who are short hold in all; only where the pool has terms or takes part in funding."
            ),
            Key(
                "pool", "money or [of longs, of shorts]", rule: "nothing",
                "What backs each side of the pool; only where the pool has terms."),
            Key(
                "impact_pool", "amount", rule: "nothing",
                "What the pool's impact pool holds, in units of the underlying; only where there is one."
            ),
            Key(
                "bids", "rows [price, amount]", rule: "none",
                "Orders of others that rest in the market's book to buy."),
            Key(
                "asks", "rows [price, amount]", rule: "none",
                "The same to sell, all above the bids."),
            Key(
                "last_trade", "price", rule: "none",
                "The last fill in the market's book; only for a mark that reads it."),
            Key(
                "average_basis", "price", rule: "none",
                "The average of the book's middle less the index; only for a mark that reads it."),
            Key(
                "average_book_price", "price", rule: "none",
                "The average of the median of best prices and last trade; only for a mark that reads it."
            ),
            Key(
                "funding_rate", "percentage", rule: "0%",
                "What was last paid for an interval, of which the rest until the next payment may count into a mark."
            ),
            Key(
                "saved_rate", "number", rule: "0",
                "The rate that the market's funding remembers and moves on from, positive when longs pay: per year where the pool has terms, per day with a velocity."
            ),
            Key(
                "fees_collected", "money", rule: "$0",
                "What the pool has had in fees; only with funding by a spread."),
            Key(
                "fees_left", "money", rule: "as `fees_collected`",
                "What funding has left of them, of which all beyond half of those collected may be spent."
            ),
            Key(
                "deposits", "amount", rule: "this account's balance",
                "What all accounts together hold."),
            Key("debts", "amount", rule: "this account's debt", "What all accounts together owe."),
            Key(
                "bad_debt", "amount", rule: "nothing",
                "What has been lent and lost, which is nobody's debt any more."),
            Key(
                "slow_price", "price", rule: "the present price",
                "The venue's slower price of an asset, where it has one."),
        ])

    /// The reference of an account file's keys, as Markdown.
    public static func reference() -> String {
        [
            section, priceRangeSection, accountSection, positionSection, orderSection,
            marketStateSection,
        ].map { ScenarioReference.markdown(of: $0) }.joined(separator: "\n")
    }

    /// The account of a file.
    ///
    /// - Parameters:
    ///   - protocolName: the preset in place of the file's own.
    ///   - overrides: `key.path=value`, as for a scenario.
    ///   - read: the text of a file.
    /// - Throws: ``ScenarioProblems`` with everything that is wrong.
    public static func load(
        _ path: String, protocolName: String? = nil, overrides: [String] = [],
        read: @escaping (String) throws -> String
    ) throws(ScenarioProblems) -> AccountFile {
        let problems = ProblemList()
        let files = ScenarioFiles(problems: problems, read: read)
        guard var tree = files.tree(path) else { throw ScenarioProblems(problems.sorted) }
        for text in overrides {
            guard let override = Override(text, problems) else { continue }
            tree = override.applied(to: tree, problems)
        }
        return try AccountReader(tree, problems, protocolName).file()
    }
}
