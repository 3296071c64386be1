import ExactMath
import MarginRules

extension ClearingHouse {
    /// What is wrong with the course of liquidations and with what belongs to it.
    static func courseProblems(_ parameters: ProtocolParameters) -> [String] {
        var found: [String] = []
        func check(_ holds: Bool, _ message: @autoclosure () -> String) {
            if !holds { found.append(message()) }
        }
        let unit: ClosedRange<Ratio> = .zero ... .one
        let course = parameters.liquidation.course
        switch course?.end {
        case .buffered(let buffer):
            check(unit.contains(buffer), "a course's buffer is between 0 and 1")
        case .initialHealth(let dust):
            check(!dust.isNegative, "a course's dust is not negative")
        case .nothingLeft, nil: break
        }
        if course != nil {
            check(
                parameters.stress == nil
                    && parameters.markets.allSatisfy {
                        $0.contract == .linear && $0.pool?.hasTerms != true
                    },
                "a course of liquidations is one of linear contracts, without stress or a pool's terms"
            )
        }
        switch parameters.liquidation.size {
        case .shortage(let terms):
            if case .buffered? = course?.end {
            } else {
                check(false, "a shortage needs a course with a buffer")
            }
            check(
                unit.contains(terms.insuranceFee) && unit.contains(terms.insuranceKept)
                    && unit.contains(terms.debtInsuranceFee) && terms.step.isPositive
                    && terms.step <= Quantity(whole: 1_000_000)
                    && !terms.smallPosition.isNegative && !terms.smallDebt.isNegative
                    && !terms.dust.isNegative,
                "a shortage's fees are between 0 and 1, its step > 0 and at most a million, its limits not negative"
            )
            check(
                parameters.liquidation.liquidatorShare == .one
                    && parameters.liquidation.closingPrice == .mark,
                "a shortage is closed at the mark, and the whole penalty is the liquidator's")
        case .zeroHealth(let fee):
            check(unit.contains(fee), "a platform's fee is between 0 and 1")
            check(
                parameters.positionResults == .inBalance,
                "a zero health needs positions whose results join the balance")
        case .flag:
            check(course?.end == .nothingLeft, "a flag needs a course that ends with nothing left")
            check(parameters.liquidation.taker == .pool, "a flag needs the pool as taker")
        default: break
        }
        if parameters.positionResults == .inBalance {
            check(
                parameters.markets.allSatisfy {
                    $0.margin.isFlat && $0.contract == .linear && $0.pool?.hasTerms != true
                        && $0.initialProfitCap == nil && $0.initialProfitFactor.isZero
                },
                "results that join the balance need linear contracts with one flat margin")
            check(
                parameters.stress == nil && parameters.keeper == nil
                    && parameters.categories.isEmpty
                    && parameters.assets.allSatisfy {
                        $0.collateral.tiers.count == 1 && $0.collateral.sizeDiscount == .none
                            && ($0.initialCollateral?.tiers.count ?? 1) == 1
                    },
                "results that join the balance need flat collateral weights, without stress or keepers"
            )
        }
        if let results = parameters.resultSettlement {
            let isShortage = if case .shortage = parameters.liquidation.size { true } else { false }
            let isZeroHealth =
                if case .zeroHealth = parameters.liquidation.size { true } else { false }
            check(
                isShortage ? parameters.positionResults == .separate : isZeroHealth,
                "results that wait need liquidations by a shortage, or to zero health")
            check(
                parameters.liquidation.taker == .liquidator
                    && parameters.liquidation.caller == .anyone
                    && parameters.liquidation.closingPrice == .mark
                    && parameters.liquidation.order == .liquidatorsChoice
                    && parameters.liquidation.book == nil && parameters.backstop == nil
                    && parameters.auctions == nil && parameters.twoStep == nil
                    && !parameters.lossWaterfall.contains(.autoDeleveraging)
                    && parameters.markets.allSatisfy {
                        $0.contract == .linear && $0.pool?.hasTerms != true
                            && $0.margin.basis != .entry
                    },
                "results that wait are those of linear contracts that liquidators choose and take over at the mark"
            )
            check(
                unit.contains(results.profitFee) && results.lot.isPositive
                    && results.lot <= Quantity(whole: 1_000_000)
                    && (results.insurance.map { parameters.assets.indices.contains($0.index) }
                        ?? true),
                "results that wait: a fee is between 0 and 1, a lot > 0 and at most a million, the insurance an asset"
            )
            if case .allowance(let share, let window) = results.limit {
                check(
                    unit.contains(share) && window >= TimeSpan(seconds: 1)
                        && window <= TimeSpan(seconds: 31_536_000),
                    "results that wait: a share is between 0 and 1, a window of a second to a year")
            }
        }
        switch parameters.slowPrice {
        case .none: break
        case .average(let period):
            check(
                period.milliseconds >= 1000 && period <= TimeSpan(seconds: 86_400),
                "an average price is one of a second to a day")
        case .stable: break
        }
        if parameters.slowPrice != .none {
            check(
                parameters.stress == nil
                    && parameters.markets.allSatisfy {
                        $0.contract == .linear && $0.pool?.hasTerms != true
                    }, "a slow price is one of linear contracts, without stress or a pool's terms")
        }
        if let keeper = parameters.keeper {
            // So that what is held back, for as many windows as count, fits beside all else.
            let most = Money(whole: 100_000)
            let amounts = [
                keeper.flagCost, keeper.liquidationCost, keeper.reward.maximum,
                keeper.reward.minimumProfit,
            ]
            check(
                amounts.allSatisfy { (.zero...most).contains($0) }
                    && unit.contains(keeper.collateralShare)
                    && keeper.reward.minimumProfitRatio <= Ratio(whole: 100)
                    && unit.contains(keeper.reward.maximumCollateralShare),
                "keepers' costs and rewards are between 0 and $100k, their shares between 0 and 1")
        }
        for asset in parameters.assets {
            check(
                unit.contains(asset.debtFactor) && asset.debtScale.map(\.isPositive) != false,
                "asset \(asset.name): a debt's factor is between 0 and 1, its scale greater than 0")
        }
        for market in parameters.markets {
            if let most = market.maximumPrice {
                check(
                    most.isPositive && most <= Price(whole: 1_000_000)
                        && market.contract == .linear && market.pool?.hasTerms != true
                        && parameters.positionResults == .separate && parameters.stress == nil,
                    "market \(market.name): a maximum price is one of linear contracts, between 0 and a million, with margins of their own"
                )
            }
            check(
                unit.contains(market.initialProfitFactor) && unit.contains(market.flagReward),
                "market \(market.name): a profit's factor and a flag's reward are between 0 and 1")
            if let pool = market.pool, pool.skewScale.isPositive {
                check(
                    !pool.hasTerms && pool.impactDepth.isZero && market.contract == .linear,
                    "market \(market.name): a price by skew knows neither an impact nor terms nor inverse contracts"
                )
            }
            guard let window = market.liquidationWindow else { continue }
            check(
                window.length >= TimeSpan(seconds: 1) && window.length <= TimeSpan(seconds: 86_400)
                    && window.skewScale.isPositive && (try? window.maximumAmount()) != nil,
                "market \(market.name): a window lasts a second to a day, and its amount fits")
        }
        let waits = parameters.lossWaterfall.contains(.socialisedByFunding)
        check(!waits || course != nil, "a loss socialised by funding needs a course")
        check(
            !waits || parameters.markets.allSatisfy { $0.pool?.hasTerms != true },
            "a loss is socialised by funding only where no pool has terms")
        return found
    }
}
