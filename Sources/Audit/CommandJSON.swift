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
        }
    }

    mutating func write(_ actions: Actions) {
        let names: [(Actions, String)] = [
            (.deposit, "deposit"), (.withdraw, "withdraw"), (.open, "open"), (.reduce, "reduce"),
            (.liquidate, "liquidate"), (.post, "post"),
        ]
        array("actions", names.filter { actions.contains($0.0) }) { $0.word($1.1) }
    }

    mutating func write(_ change: ParameterChange) {
        switch change {
        case .collateral(let asset, let schedule):
            member("parameter", word: "collateral")
            member("asset", asset)
            member("basis", word: String(describing: schedule.basis))
            array("tiers", schedule.tiers) { json, tier in
                json.object {
                    $0.member("floor_e8", tier.floor)
                    $0.member("weight_e8", tier.weight)
                }
            }
        case .margin(let market, let brackets):
            member("parameter", word: "margin")
            member("market", market)
            array("brackets", brackets) { json, bracket in
                json.object {
                    $0.member("floor_e8", bracket.floor)
                    $0.member("initial_rate_e8", bracket.initialRate)
                    $0.member("maintenance_rate_e8", bracket.maintenanceRate)
                    if let leverage = bracket.initialLeverage {
                        $0.member("initial_leverage_e8", leverage)
                    }
                    if let leverage = bracket.maintenanceLeverage {
                        $0.member("maintenance_leverage_e8", leverage)
                    }
                }
            }
        case .openInterestCap(let market, let cap):
            member("parameter", word: "openInterestCap")
            member("market", market)
            member("cap_e8", cap)
        case .liquidation(let policy):
            member("parameter", word: "liquidation")
            write(policy)
        case .maxAge(let feed, let age):
            member("parameter", word: "maxAge")
            member("feed", feed)
            member("max_age_ms", age?.milliseconds)
        case .maxDeviation(let feed, let deviation):
            member("parameter", word: "maxDeviation")
            member("feed", feed)
            member("max_deviation_e8", deviation)
        case .staleBlocks(let actions):
            member("parameter", word: "staleBlocks")
            write(actions)
        }
    }

    private mutating func write(_ policy: LiquidationPolicy) {
        member("trigger", word: String(describing: policy.trigger))
        member("order", word: String(describing: policy.order))
        switch policy.size {
        case .closeFactor(let factor, let fullBelow, let dust):
            member("size", word: "closeFactor")
            member("close_factor_e8", factor)
            member("full_below_e8", fullBelow)
            member("dust_e8", dust)
        case .debtShare(let share, let fullBelow, let small, let leftover):
            member("size", word: "debtShare")
            member("debt_share_e8", share)
            member("full_below_e8", fullBelow)
            member("small_below_e8", small)
            member("leftover_e8", leftover)
        case .targetHealth(let target, let kind, let buffer):
            member("size", word: "targetHealth")
            member("target_health_e8", target)
            member("target_of", word: String(describing: kind))
            member("target_buffer_e8", buffer)
        case .portion(let share, let minimum):
            member("size", word: "portion")
            member("portion_e8", share)
            member("minimum_e8", minimum)
        case .firstShare(let share, let above, let window):
            member("size", word: "firstShare")
            member("first_share_e8", share)
            member("above_e8", above)
            member("window_ms", window.milliseconds)
        case .bracketSteps(let steps, let fullBelowFirst):
            member("size", word: "bracketSteps")
            member("bracket_steps", Int64(steps))
            member("full_below_first", fullBelowFirst)
        case .wholePosition: member("size", word: "wholePosition")
        case .wholeAccount: member("size", word: "wholeAccount")
        case .absorb: member("size", word: "absorb")
        case .shortage(let terms):
            member("size", word: "shortage")
            member("insurance_fee_e8", terms.insuranceFee)
            member("insurance_kept_e8", terms.insuranceKept)
            member("debt_insurance_fee_e8", terms.debtInsuranceFee)
            member("step_e8", terms.step)
            member("small_position_e8", terms.smallPosition)
            member("small_debt_e8", terms.smallDebt)
            member("dust_e8", terms.dust)
        case .zeroHealth(let fee):
            member("size", word: "zeroHealth")
            member("platform_fee_e8", fee)
        case .flag: member("size", word: "flag")
        }
        switch policy.course?.end {
        case .buffered(let buffer):
            member("ends", word: "buffered")
            member("buffer_e8", buffer)
        case .initialHealth(let dust):
            member("ends", word: "initialHealth")
            member("end_dust_e8", dust)
        case .nothingLeft: member("ends", word: "nothingLeft")
        case nil: break
        }
        member("penalty_e8", policy.penalty)
        member("liquidator_share_e8", policy.liquidatorShare)
        member("collateral_bonus_e8", policy.collateralBonus)
        switch policy.bonusRule {
        case .fixed: member("bonus_rule", word: "fixed")
        case .healthProportional(let maximum):
            member("bonus_rule", word: "healthProportional")
            member("bonus_maximum_e8", maximum)
        case .incentiveFactor(let cursor, let maximum):
            member("bonus_rule", word: "incentiveFactor")
            member("bonus_cursor_e8", cursor)
            member("bonus_maximum_e8", maximum)
        }
        switch policy.seizure {
        case .value: break
        case .amount: member("seizure", word: "amount")
        case .ratio(let share):
            member("seizure", word: "ratio")
            member("seized_share_e8", share)
        }
        if policy.refusesToWorsen { member("refuse_worsening", true) }
        member("collateral_bonus_insurance_share_e8", policy.collateralBonusInsuranceShare)
        member("taker", word: String(describing: policy.taker))
        if let book = policy.book {
            member("book_rest", word: String(describing: book.rest))
            member("book_fills_whole", book.fillsWhole)
        }
        switch policy.closingPrice {
        case .mark: member("closing_price", word: "mark")
        case .bankruptcy: member("closing_price", word: "bankruptcy")
        case .pool: member("closing_price", word: "pool")
        case .fillable(let adjustment, let spread, let fee):
            member("closing_price", word: "fillable")
            member("adjustment_e8", adjustment)
            member("spread_e8", spread)
            member("maximum_fee_e8", fee)
        }
        member("caller", word: String(describing: policy.caller))
        member("once_per_block", policy.oncePerBlock)
        if let limits = policy.blockLimits {
            member("block_notional_e8", limits.notional)
            member("block_insurance_loss_e8", limits.insuranceLoss)
        }
    }
}
