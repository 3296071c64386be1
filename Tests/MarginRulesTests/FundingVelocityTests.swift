import ExactMath
import MarginRules
import Testing

@Suite struct FundingVelocityTests {
    private let rule = FundingVelocity(
        skewScale: Quantity(whole: 10_000), maximum: Fixed18(whole: 3))

    /// Synthetixio/synthetix-v3 markets/perps-market/test/integration/Position/Funding.test.ts;
    /// snx-funding-table, snx-funding-rate-1, -6 and -7. The rates of every row: the table in the
    /// test.
    @Test func wholeTable() throws {
        let rows: [(seconds: Int64, skewChange: Int64, rate: String, paid: String)] = [
            (86_400, -60, "0.006", "120"),
            (86_400, 15, "-0.006", "120"),
            (21_600, 37, "-0.007875", "50.625"),
            (172_800, -17, "-0.000675", "-291.375"),
            (17_280, 155, "-0.000975", "-297.975"),
            (8_640, -150, "0.003525", "-292.875"),
            (8_640, -15, "0.003525", "-278.775"),
            (2_592, -4, "0.00339", "-274.626"),
            (259_200, 19, "-0.01371", "-893.826"),
        ]
        var skew = Quantity(whole: 20)
        var rate = Fixed18.zero
        var growth = Fixed18.zero
        for row in rows {
            let elapsed = TimeSpan(seconds: row.seconds)
            growth += try rule.delta(
                last: rate, skew: skew, elapsed: elapsed, price: Price(whole: 2000))
            rate = try rule.rate(last: rate, skew: skew, elapsed: elapsed)
            let received = try FundingVelocity.accrued(size: Quantity(whole: 20), growth: growth)
            #expect(rate == (try Figures.fixed(row.rate)))
            #expect(try Figures.near(-received, try Figures.fixed(row.paid), within: "0.00000001"))
            skew += Quantity(whole: row.skewChange)
        }
    }

    @Test func velocityIsLimitedAndTruncated() throws {
        #expect(try rule.velocity(skew: Quantity(whole: 20)) == Figures.fixed("0.006"))
        #expect(try rule.velocity(skew: Quantity(whole: 10_000)) == Fixed18(whole: 3))
        #expect(try rule.velocity(skew: Quantity(whole: 30_000)) == Fixed18(whole: 3))
        #expect(try rule.velocity(skew: Quantity(whole: -30_000)) == Fixed18(whole: -3))
        #expect(
            try FundingVelocity(skewScale: .zero, maximum: .one).velocity(skew: Quantity(whole: 1))
                == .zero)
        let third = FundingVelocity(skewScale: Quantity(whole: 3), maximum: .one)
        #expect(
            try third.velocity(skew: Quantity(whole: -1)) == Figures.fixed("-0.333333333333333333"))
    }

    /// The helper calculateInterestRate of InterestRate.test.ts; snx-interest-1, snx-interest-2,
    /// snx-interest-3.
    @Test func interest() throws {
        let gradients = UtilizationGradients(
            low: try Figures.fixed("0.0003"), breakpoint: try Figures.fixed("0.75"),
            high: try Figures.fixed("0.01"))
        for (utilization, rate) in [
            ("0", "0"), ("0.5", "0.015"), ("0.75", "0.0225"), ("0.9", "0.1725"), ("1", "0.2725"),
            ("2", "1.2725"), ("0.749999", "0.02249997"),
        ] {
            #expect(
                try gradients.rate(utilization: try Figures.fixed(utilization))
                    == Figures.fixed(rate), "\(utilization)")
        }
        // Truncated before the factor of a hundred.
        let small = UtilizationGradients(
            low: Fixed18(raw: 15), breakpoint: .one, high: Fixed18(raw: 15))
        #expect(try small.rate(utilization: Fixed18(raw: 100_000_000_000_000_000)).raw == 100)
    }
}

@Suite struct ImpactMidFundingTests {
    private let rule = ImpactMidFunding(
        bounds: FundingBounds(
            lower: Fixed18(Ratio(percent: -5)), upper: Fixed18(Ratio(percent: 4))))

    /// blockworks-foundation/mango-v4 state/perp_market.rs update_funding_and_stable_price
    @Test func rates() throws {
        let oracle = Price(whole: 100)
        let rows: [(bid: Int64?, ask: Int64?, rate: String)] = [
            (99, 101, "0"), (100, 102, "0.01"), (97, 99, "-0.02"), (103, 109, "0.04"),
            (90, 92, "-0.05"), (99, nil, "0.04"), (nil, 101, "-0.05"), (nil, nil, "0"),
        ]
        for row in rows {
            let rate = try rule.rate(
                impactBid: row.bid.map { Price(whole: $0) },
                impactAsk: row.ask.map { Price(whole: $0) }, oracle: oracle)
            #expect(rate == (try Figures.fixed(row.rate)), "\(row)")
        }
    }

    @Test func downtimeIsNotCharged() throws {
        let rate = try Figures.fixed("0.024")
        let price = Price(whole: 100)
        for (seconds, delta) in [
            (Int64(0), "0"), (1800, "0.05"), (3600, "0.1"), (3601, "0.1"), (86_400, "0.1"),
        ] {
            #expect(
                try rule.delta(rate: rate, elapsed: TimeSpan(seconds: seconds), oracle: price)
                    == Figures.fixed(delta), "\(seconds)")
        }
    }
}

@Suite struct PiecewiseLinearRateTests {
    /// blockworks-foundation/mango-v4 programs/mango-v4/src/state/bank.rs
    /// test_bank_interest_rate_curve; mango-rate-curve-2, mango-rate-curve-3,
    /// mango-rate-curve-5, mango-rate-curve-7, mango-rate-curve-9 and the test's other
    /// points.
    @Test func mangoCurve() throws {
        let points = try [("0", 1), ("0.5", 3), ("0.75", 7), ("1", Int64(13))].map { text, rate in
            PiecewiseLinearRate.Point(
                utilization: try Figures.fixed(text), rate: Fixed18(whole: rate))
        }
        let curve = PiecewiseLinearRate(points: points)
        for (utilization, rate) in [
            ("-0.5", "1"), ("0", "1"), ("0.25", "2"), ("0.5", "3"), ("0.625", "5"), ("0.75", "7"),
            ("0.875", "10"), ("1", "13"), ("1.5", "13"), ("0.000001", "1.000004"),
        ] {
            #expect(
                try curve.rate(utilization: try Figures.fixed(utilization)) == Figures.fixed(rate),
                "\(utilization)")
        }
        let half = PiecewiseLinearRate(points: points, scaling: try Figures.fixed("0.5"))
        #expect(try half.rate(utilization: try Figures.fixed("0.25")) == .one)
        let flat = PiecewiseLinearRate(points: [points[1]])
        #expect(try flat.rate(utilization: .one) == Fixed18(whole: 3))
    }

    /// test_bank_maint_weight_shift; mango-maint-shift-1, mango-maint-shift-2,
    /// mango-maint-shift-7 and the test's other rows.
    @Test func mangoWeightShift() throws {
        let ramp = ParameterRamp(
            start: Timestamp(milliseconds: 100_000), end: Timestamp(milliseconds: 1_100_000))
        for (now, asset, liability) in [
            (Int64(0), "1", "0"), (100, "1", "0"), (200, "1.1", "1"), (600, "1.5", "5"),
            (1000, "1.9", "9"), (1100, "2", "10"), (2000, "2", "10"),
        ] {
            let moment = Timestamp(milliseconds: now * 1000)
            #expect(
                try ramp.value(
                    at: moment, from: Ratio.one, to: Ratio(whole: 2), rounding: .down)
                    == Figures.ratio(asset), "\(now)")
            #expect(
                try ramp.value(at: moment, from: Ratio.zero, to: Ratio(whole: 10), rounding: .up)
                    == Figures.ratio(liability), "\(now)")
        }
        // Falling, and at once.
        let middle = Timestamp(milliseconds: 433_333)
        #expect(
            try ramp.value(at: middle, from: Ratio.one, to: .zero, rounding: .down)
                == Figures.ratio("0.666667"))
        let jump = ParameterRamp(start: middle, end: middle)
        #expect(try jump.value(at: middle, from: Ratio.one, to: .zero, rounding: .down) == .one)
    }
}
