import ExactMath
import MarginRules
import Testing

@Suite struct OracleValidityTests {
    private static let states: [OracleValidity] = [
        .nonPositive, .tooVolatile, .tooUncertain, .staleForMargin, .insufficientDataPoints,
        .staleForMarketMaker(immediate: true, lowRisk: true), .valid,
    ]

    /// drift-labs/protocol-v2 programs/drift/src/math/oracle.rs is_oracle_valid_for_action, one
    /// mark per state in order of severity; drift-oracle-action-FillOrderMatch and -Liquidate are
    /// two rows.
    @Test func actions() {
        let rows: [(action: OracleAction, allowed: String)] = [
            (.updateFunding, "---++++"),
            (.settleProfit, "---++++"),
            (.triggerOrder, "--+++++"),
            (.fillAgainstOrder, "---++++"),
            (.fillAgainstMarketMakerLowRisk, "------+"),
            (.fillAgainstMarketMakerImmediate, "------+"),
            (.liquidate, "--+++++"),
            (.valueAccounts, "----+++"),
            (.updateAverage, "-++++++"),
            (.updateMarketMakerCurve, "-++++++"),
            (.priceOracleOrder, "----+++"),
            (.useMarketMakerOracle, "--+++++"),
            (.updateMarketMakerCache, "---++++"),
            (.valueLiquidityPool, "---++++"),
            (.swapLiquidityPool, "---++++"),
            (.other, "------+"),
        ]
        #expect(rows.map(\.action) == OracleAction.allCases)
        for row in rows {
            let allowed = OracleValidityTests.states.map {
                row.action.isAllowed(with: $0) ? "+" : "-"
            }
            #expect(allowed.joined() == row.allowed, "\(row.action)")
        }
        // Stale for a fill at once, but not for one with low risk.
        let fresh = OracleValidity.staleForMarketMaker(immediate: true, lowRisk: false)
        #expect(OracleAction.fillAgainstMarketMakerLowRisk.isAllowed(with: fresh))
        #expect(!OracleAction.fillAgainstMarketMakerImmediate.isAllowed(with: fresh))
    }

    /// oracle_validity: each state, at and beyond its limit, and the worse one first.
    @Test func states() throws {
        let rails = OracleGuardRails()
        typealias Row = (
            reading: OracleReading, average: Int64, multiplier: Int64, expected: OracleValidity
        )
        func reading(
            _ price: Int64, confidence: Int64 = 0, delay: Int64 = 0, points: Bool = true
        ) -> OracleReading {
            OracleReading(
                price: Price(raw: price * 1_000_000),
                confidence: Price(raw: confidence * 1_000_000),
                delay: delay, hasSufficientDataPoints: points)
        }
        let stale = OracleValidity.staleForMarketMaker(immediate: true, lowRisk: true)
        let rows: [Row] = [
            (reading(0, confidence: 9, delay: 999, points: false), 100, 1, .nonPositive),
            (reading(-1), 100, 1, .nonPositive),
            (reading(599), 100, 1, .valid),
            (reading(600, confidence: 100, delay: 999), 100, 1, .tooVolatile),
            (reading(100), 600, 1, .tooVolatile),
            (reading(100), 599, 1, .valid),
            (reading(10_000, confidence: 200), 10_000, 1, .valid),
            (reading(10_000, confidence: 201, delay: 999), 10_000, 1, .tooUncertain),
            (reading(10_000, confidence: 201), 10_000, 2, .valid),
            (reading(10_000, confidence: 401), 10_000, 2, .tooUncertain),
            (reading(100, delay: 120, points: false), 100, 1, .insufficientDataPoints),
            (reading(100, delay: 121, points: false), 100, 1, .staleForMargin),
            (reading(100, delay: 120), 100, 1, stale),
            (reading(100, delay: 11), 100, 1, stale),
            (reading(100, delay: 10), 100, 1, .valid),
        ]
        for row in rows {
            let validity = rails.validity(
                of: row.reading, average: Price(raw: row.average * 1_000_000),
                confidenceMultiplier: row.multiplier)
            #expect(validity == row.expected, "\(row)")
        }
        // Whole millionths: 2.00009 % counts as 2 %, with a step of a millionth at 20,001.
        let fine = OracleReading(price: Price(raw: 100_000_000), confidence: Price(raw: 2_000_099))
        #expect(
            rails.validity(of: fine, average: Price(raw: 100_000_000), confidenceMultiplier: 1)
                == .valid)
        let coarse = OracleReading(
            price: Price(raw: 100_000_000), confidence: Price(raw: 2_000_100))
        #expect(
            rails.validity(of: coarse, average: Price(raw: 100_000_000), confidenceMultiplier: 1)
                == .tooUncertain)
    }

    @Test func agesAndOverrides() {
        let rails = OracleGuardRails()
        func validity(
            _ delay: Int64, stable: Bool = false, _ override: OracleGuardRails.DelayOverride? = nil
        ) -> OracleValidity {
            rails.validity(
                of: OracleReading(price: Price(whole: 1), delay: delay), average: Price(whole: 1),
                confidenceMultiplier: 1, isStablecoin: stable, delayOverride: override)
        }
        let both = OracleValidity.staleForMarketMaker(immediate: true, lowRisk: true)
        #expect(validity(360, stable: true) == both)
        #expect(validity(361, stable: true) == .staleForMargin)
        #expect(validity(121) == .staleForMargin)
        let atOnce = OracleGuardRails.DelayOverride(immediate: 2, lowRisk: nil)
        #expect(validity(2, atOnce) == .valid)
        #expect(validity(3, atOnce) == .staleForMarketMaker(immediate: true, lowRisk: false))
        let none = OracleGuardRails.DelayOverride(immediate: nil, lowRisk: 4)
        #expect(validity(0, none) == .staleForMarketMaker(immediate: true, lowRisk: false))
        #expect(validity(5, none) == both)
        let negative = OracleGuardRails.DelayOverride(immediate: -1, lowRisk: -1)
        #expect(validity(0, negative) == .valid)
        #expect(validity(1, negative) == both)
    }

    /// state/perp_market.rs get_max_confidence_interval_multiplier
    @Test func tiers() {
        #expect(ContractTier.allCases.map(\.confidenceMultiplier) == [1, 1, 2, 10, 50, 50])
    }

    /// math/orders/tests.rs is_oracle_too_divergent_with_twap_5min (valid_above is
    /// drift-oracle-band-1), and the edge of the band.
    @Test func liquidationBand() throws {
        let guards = OracleDivergence()
        for (oracle, blocks) in [
            ("149", false), ("151", true), ("51", false), ("49", true), ("150", true), ("50", true),
            ("149.9999", false), ("149.99995", false),
        ] {
            #expect(
                guards.blocksLiquidation(
                    oracle: try Figures.price(oracle), average: Price(whole: 100)) == blocks,
                "\(oracle)")
        }
        // A configured limit below 50 % does not count.
        let narrow = OracleDivergence(liquidationLimit: Ratio(percent: 10))
        #expect(!narrow.blocksLiquidation(oracle: Price(whole: 130), average: Price(whole: 100)))
        let broad = OracleDivergence(liquidationLimit: Ratio(percent: 80))
        #expect(!broad.blocksLiquidation(oracle: Price(whole: 179), average: Price(whole: 100)))
        #expect(broad.blocksLiquidation(oracle: Price(whole: 180), average: Price(whole: 100)))
    }

    /// math/amm.rs is_oracle_mark_too_divergent and math/oracle.rs block_operation.
    @Test func markDivergenceAndFunding() {
        let guards = OracleDivergence()
        // Relative to the mark: 100 against 90 is 10 %, which is not beyond it.
        #expect(!guards.isMarkTooDivergent(Price(whole: 100), average: Price(whole: 90)))
        #expect(guards.isMarkTooDivergent(Price(whole: 100), average: Price(raw: 8_999_900_000)))
        #expect(guards.isMarkTooDivergent(Price(whole: 100), average: Price(whole: 111)))
        #expect(
            !OracleDivergence(markLimit: Ratio(percent: 20)).isMarkTooDivergent(
                Price(whole: 100), average: Price(whole: 111)))
        func blocks(_ validity: OracleValidity, mark: Int64 = 100, slots: Int64 = 0) -> Bool {
            guards.blocksFunding(
                validity: validity, mark: Price(whole: mark), average: Price(whole: 100),
                sinceMarketMakerUpdate: slots, fundingPeriod: TimeSpan(seconds: 3600))
        }
        #expect(!blocks(.valid))
        #expect(!blocks(.staleForMargin))
        #expect(blocks(.tooUncertain))
        #expect(blocks(.valid, mark: 120))
        #expect(!blocks(.valid, slots: 3600))
        #expect(blocks(.valid, slots: 3601))
    }
}
