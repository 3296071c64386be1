/// The reference of the scenario grammar, generated from the tables that decoding uses.
public enum ScenarioReference {
    /// Every section, in the order of a scenario.
    static let sections: [Section] = [
        ScenarioDecoder.section, ScenarioDecoder.chainSection, ScenarioDecoder.mempoolSection,
        ScenarioDecoder.gasSection, ScenarioDecoder.expressLaneSection,
        ScenarioDecoder.demandSection, ScenarioDecoder.assetSection,
        ScenarioDecoder.priceSection, ScenarioDecoder.gbmSection, ScenarioDecoder.jumpsSection,
        ScenarioDecoder.meanRevertingSection, ScenarioDecoder.liquiditySection,
        ScenarioDecoder.collateralSection, ScenarioDecoder.weightRampSection,
        ScenarioDecoder.sizeDiscountSection,
        ScenarioDecoder.marketSection, ScenarioDecoder.riskLimitSection,
        ScenarioDecoder.sizePremiumSection,
        ScenarioDecoder.poolPricingSection, ScenarioDecoder.poolImpactSection,
        ScenarioDecoder.impactPoolSection, ScenarioDecoder.poolDeleveragingSection,
        ScenarioDecoder.borrowingSection, ScenarioDecoder.fundingSection,
        ScenarioDecoder.poolInterestSection,
        ScenarioDecoder.poolFundingSection, ScenarioDecoder.markSection,
        ScenarioDecoder.oracleSection, ScenarioDecoder.latencySection,
        ScenarioDecoder.lognormalLatencySection, ScenarioDecoder.paretoLatencySection,
        ScenarioDecoder.boundsSection, ScenarioDecoder.venueSection,
        ScenarioDecoder.indexSection, ScenarioDecoder.anchorSection,
        ScenarioDecoder.protocolSection, ScenarioDecoder.poolSharesSection,
        ScenarioDecoder.spotMarketSection,
        ScenarioDecoder.guardSection,
        ScenarioDecoder.guardEntrySection, ScenarioDecoder.staleMarginSection,
        ScenarioDecoder.liquidationSection, ScenarioDecoder.blockLimitsSection,
        ScenarioDecoder.bookSection, ScenarioDecoder.courseSection, ScenarioDecoder.shortageSection,
        ScenarioDecoder.windowSection, ScenarioDecoder.keeperTermsSection,
        ScenarioDecoder.resultSection, ScenarioDecoder.slowPriceSection,
        ScenarioDecoder.openOrdersSection,
        ScenarioDecoder.fillableSection,
        ScenarioDecoder.softSection, ScenarioDecoder.incentiveSection,
        ScenarioDecoder.deleveragingSection,
        ScenarioDecoder.windingUpSection, ScenarioDecoder.backstopSection,
        ScenarioDecoder.categorySection,
        ScenarioDecoder.interestSection, ScenarioDecoder.supplySection,
        ScenarioDecoder.storefrontSection, ScenarioDecoder.auctionsSection,
        ScenarioDecoder.stressSection, ScenarioDecoder.stressGroupSection,
        ScenarioDecoder.executionSection,
        ScenarioDecoder.agentsSection,
        ScenarioDecoder.traderSection, ScenarioDecoder.marginCallSection,
        ScenarioDecoder.styleSection, ScenarioDecoder.trendSection,
        ScenarioDecoder.basisSection, ScenarioDecoder.copySection,
        ScenarioDecoder.informedSection,
        ScenarioDecoder.liquidatorSection, ScenarioDecoder.workOutSection,
        ScenarioDecoder.keeperSection, ScenarioDecoder.orderKeeperSection,
        ScenarioDecoder.slicesSection, ScenarioDecoder.financingSection,
        ScenarioDecoder.creditSection, ScenarioDecoder.flashSection,
        ScenarioDecoder.sizingSection, ScenarioDecoder.failuresSection,
        ScenarioDecoder.escalatingSection, ScenarioDecoder.learningSection,
        ScenarioDecoder.marketMakerSection, ScenarioDecoder.hedgerSection,
        ScenarioDecoder.adversarySection,
        ScenarioDecoder.scriptSection, ScenarioDecoder.scriptStepSection,
        ScenarioDecoder.scriptTradeSection, ScenarioDecoder.scriptOrderSection,
        ScenarioDecoder.scriptSpotSection,
        ScenarioDecoder.scriptTransferSection, ScenarioDecoder.scriptLeverageSection,
        ScenarioDecoder.scriptLiquiditySection,
        ScenarioDecoder.scriptOutsideSection,
        ScenarioDecoder.feeSection, ScenarioDecoder.distributionSection,
        ScenarioDecoder.paretoSection, ScenarioDecoder.lognormalSection,
        ScenarioDecoder.oracleAuctionSection,
        ScenarioDecoder.faultSection, ScenarioDecoder.randomSection, ScenarioDecoder.changeSection,
        ScenarioDecoder.settlementSection,
        ScenarioDecoder.changedMarginSection, ScenarioDecoder.changedWeightsSection,
        ScenarioDecoder.auditSection,
    ]

    /// The reference as a Markdown document.
    public static func markdown() -> String {
        var text = """
            # Scenario reference

            Generated from the tables that scenarios are decoded with. Names in capitals stand for names that the
            scenario chooses. A key without a default is required.

            ## How values are written

            | kind | examples |
            |---|---|
            | duration | `15s`, `20m`, `1h30m`, `250ms`, `3d` |
            | moment | `2020-03-12T08:00:00Z`; inside a run also `08:10` on the day of the start (`26:00` is 02:00 on the next day) and `+90m` after it |
            | percentage | `0.5%`, `25bp`, `0.005` |
            | yearly rate | `120%/year` |
            | money | `$250k`, `$12M`, `$1,000,000`, `$5B` |
            | price | `185.20`, `$185.20` |
            | amount | `12.5 ETH`, `12.5` |
            | gas price | `20 gwei`, `5 wei` |
            | gas | `10M`, `250k` |
            | blocks | `2 blocks`, `2` |
            | multiple | `1.25`, `1.25x` |
            | range | `15s..45s`, `$1k..$50k`: a uniform draw |

            Every value is exact: a text with more decimals than its unit holds is refused. Between `{ }` and `[ ]` a comma
            separates entries, so thousands there are written `1_000_000` or `1M`. Aliases, anchors and tags are refused.

            """
        for section in sections { text += "\n" + markdown(of: section) }
        text += """

            ## `expect`

            Each key is a metric of the summary, each value a bound: `0`, `40..250`, `"> 20%"`, `"<= $5k"`, `exact`.

            | metric | unit | meaning |
            |---|---|---|

            """
        for metric in Scenario.metrics {
            text += "| `\(metric.name)` | \(metric.unit.rawValue) | \(metric.sentence) |\n"
        }
        return text
    }

    static func markdown(of section: Section) -> String {
        var text = "## " + (section.path.isEmpty ? "The scenario" : "`\(section.path)`") + "\n\n"
        text += section.sentence + "\n\n| key | value | default | meaning |\n|---|---|---|---|\n"
        for key in section.keys {
            let value: String
            if key.isRequired {
                value = "required"
            } else if let rule = key.defaultRule {
                value = rule
            } else {
                let text = key.defaultText ?? ""
                value = text.isEmpty ? "empty" : "`\(text)`"
            }
            text += "| `\(key.name)` | \(key.type) | \(value) | \(key.sentence) |\n"
        }
        return text
    }
}
