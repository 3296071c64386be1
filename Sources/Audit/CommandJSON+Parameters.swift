import ExactMath
import MarginProtocol
import MarginRules

/// What governance changes, in full.
extension JSONText {
    mutating func write(_ change: ParameterChange) {
        switch change {
        case .collateral(let asset, let schedule):
            member("parameter", word: "collateral")
            member("asset", asset)
            write(schedule)
        case .weights(let asset, let change):
            member("parameter", word: "weights")
            member("asset", asset)
            if let schedule = change.collateral { write(schedule) }
            if let weight = change.liability { member("liability_weight_e8", weight) }
            member("notice_ms", change.notice.milliseconds)
            member("duration_ms", change.duration.milliseconds)
            if change.step != .exact { member("steps", word: String(describing: change.step)) }
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
        case .guards(let guards):
            member("parameter", word: "guards")
            array("guards", guards) { json, entry in json.object { $0.write(entry) } }
        case .liquidationGrace(let asset, let span):
            member("parameter", word: "liquidationGrace")
            member("asset", asset)
            member("grace_ms", span.milliseconds)
        }
    }

    private mutating func write(_ schedule: CollateralSchedule) {
        member("basis", word: String(describing: schedule.basis))
        array("tiers", schedule.tiers) { json, tier in
            json.object {
                $0.member("floor_e8", tier.floor)
                $0.member("weight_e8", tier.weight)
            }
        }
        switch schedule.sizeDiscount {
        case .none: break
        case .squareRoot(let factor):
            member("size_discount", word: "squareRoot")
            member("size_factor_e8", factor)
        case .linear(let scale, let factor, let lower, let upper):
            member("size_discount", word: "linear")
            member("size_scale_e8", scale)
            member("size_factor_e8", factor)
            member("lower_e8", lower)
            member("upper_e8", upper)
        }
        if let scale = schedule.depositScale { member("deposit_scale_e8", scale) }
    }

    private mutating func write(_ policy: LiquidationPolicy) {
        member("trigger", word: String(describing: policy.trigger))
        member("order", word: String(describing: policy.order))
        if policy.priority != .number {
            member("priority", word: String(describing: policy.priority))
        }
        if !policy.fee.isZero { member("fee_e8", policy.fee) }
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
        case .creditAccount(let fee):
            member("size", word: "creditAccount")
            member("account_fee_e8", fee)
        case .shortage(let terms):
            member("size", word: "shortage")
            member("insurance_fee_e8", terms.insuranceFee)
            member("insurance_kept_e8", terms.insuranceKept)
            member("debt_insurance_fee_e8", terms.debtInsuranceFee)
            member("step_e8", terms.step)
            member("small_position_e8", terms.smallPosition)
            member("small_debt_e8", terms.smallDebt)
            member("dust_e8", terms.dust)
            if let ramp = terms.feeRamp {
                member("fee_grace_ms", ramp.grace.milliseconds)
                member("fee_interval_ms", ramp.interval.milliseconds)
                member("fee_increase_e8", ramp.increase)
                member("fee_maximum_multiple", ramp.maximumMultiple)
            }
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
        if let ramp = policy.course?.ramp {
            member("initial_share_e8", ramp.initialShare)
            member("ramp_ms", ramp.duration.milliseconds)
            member("small_shortage_e8", ramp.smallShortage)
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
        case .soft(let terms):
            member("bonus_rule", word: "soft")
            member("bonus_fee_e8", terms.fee)
            member("bonus_maximum_e8", terms.maximum)
            member("booster_e8", terms.booster)
            member("boost_maximum_e8", terms.maximumBoost)
        case .takeover(let share):
            member("bonus_rule", word: "takeover")
            member("bonus_share_e8", share)
        }
        switch policy.seizure {
        case .value: break
        case .amount: member("seizure", word: "amount")
        case .ratio(let share):
            member("seizure", word: "ratio")
            member("seized_share_e8", share)
        }
        if policy.refusesToWorsen { member("refuse_worsening", true) }
        if policy.reducesAtMark { member("reductions", word: "mark") }
        if let book = policy.book {
            member("book_rest", word: String(describing: book.rest))
            member("book_fills_whole", book.fillsWhole)
        }
        member("collateral_bonus_insurance_share_e8", policy.collateralBonusInsuranceShare)
        member("taker", word: String(describing: policy.taker))
        switch policy.closingPrice {
        case .mark: member("closing_price", word: "mark")
        case .takeover(let share):
            member("closing_price", word: "takeover")
            member("margin_share_e8", share)
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
