/// The keys of scripted agents.
extension ScenarioDecoder {
    static let scriptSection = Section(
        path: "agents.scripted.AGENT",
        sentence:
            "An agent that carries out a script: an attacker, a whale, anybody whose acts are known. What the protocol refuses stays refused, and stands among the transactions.",
        keys: [
            Key(
                "funding", "money or map of amounts", default: "$0",
                "What its wallet holds at the start: money in the settlement asset, or amounts by asset."
            ),
            Key(
                "accounts", "list of names", rule: "[main]",
                "Its margin accounts, which are empty at the start."),
            Key("fee", "fee", default: "1.25x", "What it bids."),
            Key("steps", "list", required: true, "What it does, and when."),
        ])

    static let scriptStepSection = Section(
        path: "agents.scripted.AGENT.steps.N",
        sentence:
            "Something it does: exactly one of the keys from `deposit` on. Amounts are amounts of the asset, money at the protocol's price of the moment, or `all` that the sender has.",
        keys: [
            Key(
                "at", "time", required: true,
                "When: `22:19`, `+90m` or in full; in the first block that is not earlier."),
            Key("every", "duration", rule: "once", "Again and again after so long."),
            Key(
                "until", "time", rule: "required with `every`", "Up to when, if it is repeated."),
            Key("account", "name", rule: "the first", "Which of its accounts does it."),
            Key(
                "deposit", "map of amounts", rule: "none",
                "From the wallet into the account; repays what is owed there."),
            Key("withdraw", "map of amounts", rule: "none", "From the account into the wallet."),
            Key(
                "borrow", "map of amounts", rule: "none",
                "The same as `withdraw`: what the account does not hold is a loan."),
            Key("transfer", "map", rule: "none", "From the account into another of its own."),
            Key("trade", "map", rule: "none", "A trade in the pool."),
            Key("place", "map", rule: "none", "An order in the book."),
            Key(
                "cancel", "market, list of markets or all", rule: "none",
                "Takes back every order that rests there."),
            Key(
                "close", "market, list of markets or all", rule: "none",
                "Closes its positions, in the pool where there is one, else at market in the book."
            ),
            Key("share", "percentage", default: "100%", "How much of them; only with close."),
            Key("leverage", "map", rule: "none", "Chooses a leverage for a market."),
            Key(
                "margin_ratio", "percentage", rule: "none",
                "Chooses a margin ratio for the whole account, 0% for none; only with `account_margin_ratio`."
            ),
            Key(
                "add_liquidity", "map of amounts", rule: "none",
                "From the wallet into the pool, for shares of it; only with `protocol.pool_shares`."
            ),
            Key(
                "remove_liquidity", "map", rule: "none",
                "Gives shares of the pool back, into the wallet."),
            Key("place_spot", "map", rule: "none", "An order in a spot market's book."),
            Key(
                "cancel_spot", "spot market, list of spot markets or all", rule: "none",
                "Takes back every order that rests there."),
            Key(
                "buy_outside", "map", rule: "none",
                "Buys in the world outside with what its wallet has of the settlement asset, which moves the outside price."
            ),
            Key("sell_outside", "map", rule: "none", "Sells there what its wallet holds."),
        ])

    static let scriptTradeSection = Section(
        path: "agents.scripted.AGENT.steps.N.trade", sentence: "A trade in a market's pool.",
        keys: [
            Key("market", "market", required: true, "Where."),
            Key("size", "amount", required: true, "How much; negative sells."),
            Key("limit", "price or none", default: "none", "The worst price."),
            Key(
                "reduce_only", "true or false", default: "false",
                "Refused where it would increase the position."),
        ])

    static let scriptOrderSection = Section(
        path: "agents.scripted.AGENT.steps.N.place", sentence: "An order in a market's book.",
        keys: [
            Key("market", "market", required: true, "Where."),
            Key("size", "amount", required: true, "How much; negative sells."),
            Key("price", "price or none", default: "none", "The limit; `none` is at market."),
            Key(
                "kind", "good_till_cancelled, immediate_or_cancel or post_only",
                rule: "good_till_cancelled; immediate_or_cancel at market",
                "What becomes of what cannot be matched at once."),
            Key(
                "reduce_only", "true or false", default: "false",
                "Refused where it would increase the position."),
        ])

    static let scriptSpotSection = Section(
        path: "agents.scripted.AGENT.steps.N.place_spot",
        sentence: "An order in a spot market's book, out of what the account has or may borrow.",
        keys: [
            Key(
                "market", "spot market", required: true, "Where: one of `protocol.spot_markets`."),
            Key("size", "amount", required: true, "How much of the base; negative sells."),
            Key(
                "price", "price or none", default: "none",
                "The limit, in the quote asset; `none` is at market."),
            Key(
                "kind", "good_till_cancelled, immediate_or_cancel or post_only",
                rule: "good_till_cancelled; immediate_or_cancel at market",
                "What becomes of what cannot be matched at once."),
        ])

    static let scriptTransferSection = Section(
        path: "agents.scripted.AGENT.steps.N.transfer", sentence: "Between its own accounts.",
        keys: [
            Key("to", "name", required: true, "Into which account."),
            Key("amounts", "map of amounts", required: true, "How much of what."),
        ])

    static let scriptLeverageSection = Section(
        path: "agents.scripted.AGENT.steps.N.leverage", sentence: "A leverage that it chooses.",
        keys: [
            Key("market", "market", required: true, "For which market."),
            Key("times", "multiple or none", required: true, "`none` is the market's own."),
        ])

    static let scriptLiquiditySection = Section(
        path: "agents.scripted.AGENT.steps.N.remove_liquidity",
        sentence: "Shares of the pool that are given back.",
        keys: [
            Key(
                "share", "percentage", default: "100%", "How much of what the wallet owns of it."),
            Key(
                "asset", "asset or none", default: "none",
                "As what; `none` is every asset in proportion. As `pool_shares.withdraw` has it."),
        ])

    static let scriptOutsideSection = Section(
        path: "agents.scripted.AGENT.steps.N.buy_outside",
        sentence:
            "A trade outside, at most what the wallet has and the market takes: exactly one of `quantity` and `worth`. `sell_outside` has the same keys.",
        keys: [
            Key("asset", "asset", required: true, "What is bought or sold."),
            Key("quantity", "amount or all", rule: "none", "How much of it."),
            Key(
                "worth", "money", rule: "none",
                "As much as costs or brings this, its own impact included."),
        ])
}
