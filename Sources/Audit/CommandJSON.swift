import ExactMath
import MarginProtocol
import OrderBook

extension JSONText {
    /// A command's arguments. Amounts and prices are exact integers whose key ends in `_e8`.
    mutating func write(_ command: Command) {
        object { json in json.arguments(of: command) }
    }

    private mutating func arguments(of command: Command) {
        switch command {
        case .deposit(let from, let to, let asset, let amount),
            .withdraw(let from, let to, let asset, let amount),
            .transfer(let from, let to, let asset, let amount):
            member("from", from)
            member("to", to)
            member("asset", asset)
            member("amount_e8", amount)
        case .openAccount(let parent, let market):
            member("parent", parent)
            member("market", market)
        case .setDelegate(let account, let delegate, let allowed):
            member("account", account)
            member("delegate", delegate)
            member("allowed", allowed)
        case .configure(let account, let setting):
            member("account", account)
            write(setting)
        case .trade(let account, let market, let size, let limit, let reduceOnly):
            member("account", account)
            member("market", market)
            member("size_e8", size)
            member("limit_e8", limit)
            member("reduce_only", reduceOnly)
        case .placeOrder(let account, let market, let order):
            member("account", account)
            member("market", market)
            write(order)
        case .cancelOrder(let account, let market, let order):
            member("account", account)
            member("market", market)
            member("order", order.raw)
        case .postPrice(let feed, let report):
            member("feed", feed)
            members(of: report)
        case .liquidate(let account, let payer, let target):
            member("account", account)
            member("payer", payer)
            write(target)
        case .buyCollateral(let wallet, let asset, let paid, let atLeast):
            member("wallet", wallet)
            member("asset", asset)
            member("paid_e8", paid)
            member("at_least_e8", atLeast)
        case .startAuction(let account, let asset, let keeper):
            member("account", account)
            member("asset", asset)
            member("keeper", keeper)
        case .takeAuction(let auction, let wallet, let atMost, let price):
            member("auction", auction)
            member("wallet", wallet)
            member("at_most_e8", atMost)
            member("maximum_price_e8", price)
        case .bidAuction(let auction, let wallet, let lot, let bid):
            member("auction", auction)
            member("wallet", wallet)
            member("lot_e8", lot)
            member("bid_e8", bid)
        case .restartAuction(let auction, let keeper):
            member("auction", auction)
            member("keeper", keeper)
        case .settleAuction(let auction): member("auction", auction)
        case .pause(let actions): write(actions)
        case .setParameter(let change): write(change)
        case .payAuction(let wallet, let toProtocol, let toOthers):
            member("wallet", wallet)
            member("to_protocol_e8", toProtocol)
            member("to_others_e8", toOthers)
        case .attach(let prices, let command):
            array("prices", prices) { json, entry in
                json.object {
                    $0.member("feed", entry.feed)
                    $0.members(of: entry.report)
                }
            }
            member("command", word: command.kind.name)
            arguments(of: command)
        case .reportUptime(let isUp): member("is_up", isUp)
        case .requestTrade(let account, let market, let size, let limit, let reduceOnly, let kind):
            member("account", account)
            member("market", market)
            member("size_e8", size)
            member("limit_e8", limit)
            member("reduce_only", reduceOnly)
            member("kind", word: String(describing: kind))
        case .executeRequest(let request, let keeper):
            member("request", request)
            member("keeper", keeper)
        case .cancelRequest(let request): member("request", request)
        case .updateDeleveraging(let market, let isLong):
            member("market", market)
            member("is_long", isLong)
        case .deleverage(let account, let market, let size):
            member("account", account)
            member("market", market)
            member("size_e8", size)
        case .settleResult(let market, let winner, let loser):
            member("market", market)
            member("winner", winner)
            member("loser", loser)
        case .windUp(let market, let stage, let price):
            windingUp(market, stage, price)
        case .claimImpact(let account): member("account", account)
        case .addLiquidity(let wallet, let asset, let amount, let atLeast):
            member("wallet", wallet)
            member("asset", asset)
            member("amount_e8", amount)
            member("at_least_e8", atLeast)
        case .removeLiquidity(let wallet, let shares, let asset, let atLeast):
            member("wallet", wallet)
            member("shares_e8", shares)
            member("asset", asset)
            member("at_least_e8", atLeast)
        case .placeSpotOrder(let account, let market, let order):
            member("account", account)
            member("spot_market", market)
            write(order)
        case .cancelSpotOrder(let account, let market, let order):
            member("account", account)
            member("spot_market", market)
            member("order", order.raw)
        case .settleOutside(let wallet, let changes):
            member("wallet", wallet)
            array("changes", changes) { json, change in
                json.object {
                    $0.member("asset", change.asset)
                    $0.member("delta_e8", change.delta)
                }
            }
        }
    }

    mutating func windingUp(_ market: MarketID, _ stage: MarketStage, _ price: Price?) {
        member("market", market)
        member("stage", word: String(describing: stage))
        member("price_e8", price)
    }

    private mutating func members(of report: PriceReport) {
        member("round", report.round)
        member("price_e8", report.price)
        member("confidence_e8", report.confidence)
        member("observed_ms", report.observedAt.milliseconds)
        member("published_ms", report.publishedAt.milliseconds)
    }

    private mutating func write(_ order: OrderRequest) {
        member("side", word: order.side == .buy ? "buy" : "sell")
        member("size_e8", order.size)
        member("price_e8", order.price)
        member("time_in_force", word: String(describing: order.timeInForce))
        member("reduce_only", order.reduceOnly)
    }

    private mutating func write(_ target: LiquidationTarget) {
        switch target {
        case .next: member("target", word: "next")
        case .position(let market, let atMost):
            member("target", word: "position")
            member("market", market)
            member("at_most_e8", atMost)
        case .collateral(let seize, let repay, let atMost):
            member("target", word: "collateral")
            member("seize", seize)
            member("repay", repay)
            member("at_most_e8", atMost)
        case .result(let wanted):
            member("target", word: "result")
            member("market", wanted.market)
            member("size_e8", wanted.size)
            member("at_most_e8", wanted.amount)
            member("asset", wanted.asset)
        }
    }

    mutating func write(_ setting: AccountSetting) {
        switch setting {
        case .leverage(let market, let leverage):
            member("setting", word: "leverage")
            member("market", market)
            member("leverage_e8", leverage)
        case .category(let category):
            member("setting", word: "category")
            member("category", category.map(Int64.init))
        case .marginRatio(let ratio):
            member("setting", word: "margin_ratio")
            member("margin_ratio_e8", ratio)
        }
    }

    mutating func write(_ actions: Actions) {
        let names: [(Actions, String)] = [
            (.deposit, "deposit"), (.withdraw, "withdraw"), (.open, "open"), (.reduce, "reduce"),
            (.liquidate, "liquidate"), (.post, "post"),
        ]
        array("actions", names.filter { actions.contains($0.0) }) { $0.word($1.1) }
    }
}
