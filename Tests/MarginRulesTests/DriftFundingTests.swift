import ExactMath
import MarginRules
import Testing

/// Drift's integers: prices and money of 1e-6, rates and sizes of 1e-9.
///
/// Sizes have one decimal more than ours, so sizes and money are both scaled up by ten.
private enum Drift {
    static func price(_ native: Int64) -> Price { Price(raw: native * 100) }
    static func rate(_ native: Int64) -> Fixed18 { Fixed18(raw: Int128(native) * 1_000_000_000) }
    static func size(_ native: Int64) -> Quantity { Quantity(raw: native) }
    static func money(_ native: Int64) -> Money { Money(raw: native * 1000) }
    static let split = DriftFundingSplit(quoteResolution: money(1))
}

@Suite struct DriftFundingTests {
    /// drift-labs/protocol-v2 programs/drift/src/math/funding/tests.rs: balanced_funding_test (the
    /// first row is drift-funding-balanced-1), unsettled_funding_pnl (drift-funding-production).
    @Test func rates() throws {
        typealias Row = (
            id: String, mark: Int64, oracle: Int64, offset: Int64?, divisor: Int64, rate: Int64
        )
        let rows: [Row] = [
            ("balanced", 32_481_415, 32_546_442, nil, 33, -2_709_458),
            ("balanced, clamped", 19_882_611_415, 17_673_432_369, nil, 33, 22_314_939_833),
            ("capped", 50_000_000, 49_000_000, nil, 33, 41_666_666),
            ("production", 47_629_736, 51_000_000, 5000, 10, -140_002_666),
            // One unit of offset, no spread; and the offset alone may exceed nothing.
            ("offset", 50_000_000, 50_000_000, 5000, 10, 416_666),
            ("clamped below", 1, 50_000_000, 5000, 10, -208_333_333),
            ("no oracle", 5, 0, 5000, 10, 0),
        ]
        for row in rows {
            let rule = DriftFundingRate(offsetDivisor: row.offset, spreadDivisor: row.divisor)
            let rate = try rule.rate(
                markAverage: Drift.price(row.mark), oracleAverage: Drift.price(row.oracle))
            #expect(rate == Drift.rate(row.rate), "\(row.id)")
        }
        // Four hours are a sixth of a day; a minute counts as an hour.
        for (seconds, rate) in [(Int64(14_400), Int64(166_666_666)), (60, 41_666_666)] {
            let rule = DriftFundingRate(
                offsetDivisor: nil, spreadDivisor: 33, period: TimeSpan(seconds: seconds))
            #expect(
                try rule.rate(
                    markAverage: Drift.price(50_000_000), oracleAverage: Drift.price(49_000_000))
                    == Drift.rate(rate))
        }
    }

    /// max_funding_rates; drift-funding-clamp-tier, drift-funding-clamp-tier-b. Tier C: the source.
    @Test func largestSpreadByTier() {
        let rows: [(tier: ContractTier, spread: Int64)] = [
            (.a, 1_484_848), (.b, 1_484_848), (.c, 2_450_000), (.speculative, 4_900_000),
            (.highlySpeculative, 4_900_000), (.isolated, 4_900_000),
        ]
        for row in rows {
            let rule = DriftFundingRate(spreadDivisor: row.tier.fundingSpreadDivisor)
            #expect(
                rule.maximumSpread(oracleAverage: Drift.price(49_000_000))
                    == Drift.price(row.spread), "\(row.tier)")
        }
    }

    /// capped_sym_funding_test; drift-funding-asym-1 and
    /// drift-funding-asym-2.
    @Test func protocolPaysAThirdOfItsFeePool() throws {
        let fees = Drift.money(500_000)
        let pool = try Drift.split.feePool(fees: fees, exchangeFees: fees, reserved: .zero)
        #expect(pool == Drift.money(250_000))

        let paying = try Drift.split.rates(
            rate: Drift.rate(41_666_666), net: Drift.size(-12_295_081_967),
            longs: Drift.size(12_295_081_967), shorts: Drift.size(-24_590_163_934), feePool: pool)
        #expect(paying.long == Drift.rate(41_666_666))
        #expect(paying.short == Drift.rate(24_222_164))
        #expect(fees + paying.protocolPayment == Drift.money(416_667))
        #expect(
            try Drift.split.isPayable(paying.protocolPayment, fees: fees, exchangeFees: fees))

        let earning = try Drift.split.rates(
            rate: Drift.rate(41_666_666), net: Drift.size(12_295_081_967),
            longs: Drift.size(24_590_163_934), shorts: Drift.size(-12_295_081_967), feePool: pool)
        #expect(earning.long == Drift.rate(41_666_666))
        #expect(earning.short == Drift.rate(41_666_666))
        #expect(fees + earning.protocolPayment == Drift.money(1_012_295))
    }

    /// balanced_funding_test: nothing is left for the protocol.
    @Test func balancedSidesShareOneRate() throws {
        let rates = try Drift.split.rates(
            rate: Drift.rate(-2_709_458), net: .zero, longs: Drift.size(12_295_081_967),
            shorts: Drift.size(-12_295_081_967), feePool: .zero)
        #expect(rates.long == Drift.rate(-2_709_458))
        #expect(rates.short == Drift.rate(-2_709_458))
        #expect(rates.protocolPayment == .zero)
    }

    /// unsettled_funding_pnl; drift-funding-production-payment: shorts pay at a negative rate.
    @Test func payment() throws {
        let net = Drift.size(-512_295_081_967)
        let received = try Drift.split.payment(rate: Drift.rate(-140_002_666), size: net)
        #expect(received == Drift.money(-71_722_677))
        let rates = try Drift.split.rates(
            rate: Drift.rate(-140_002_666), net: net, longs: Drift.size(12_295_081_967),
            shorts: Drift.size(-24_590_163_934), feePool: .zero)
        #expect(rates.uncappedProtocolPayment == Drift.money(71_722_677))
        #expect(rates.protocolPayment == Drift.money(71_722_677))
    }

    /// The other sign: more longs at a negative rate, so that longs receive a reduced rate.
    @Test func cappedLongs() throws {
        let rates = try Drift.split.rates(
            rate: Drift.rate(-41_666_666), net: Drift.size(12_295_081_967),
            longs: Drift.size(24_590_163_934), shorts: Drift.size(-12_295_081_967),
            feePool: Drift.money(250_000))
        #expect(rates.short == Drift.rate(-41_666_666))
        #expect(rates.long == Drift.rate(-24_222_164))
        #expect(rates.protocolPayment == Drift.money(-83_333))
        #expect(rates.uncappedProtocolPayment == Drift.money(-512_295))
        // An empty pool: only what shorts pay, less one step.
        let empty = try Drift.split.rates(
            rate: Drift.rate(-41_666_666), net: Drift.size(12_295_081_967),
            longs: Drift.size(24_590_163_934), shorts: Drift.size(-12_295_081_967), feePool: .zero)
        #expect(empty.long == Drift.rate(-20_833_289))
        #expect(empty.protocolPayment == .zero)
        // A pool that suffices leaves both rates alone.
        let enough = try Drift.split.rates(
            rate: Drift.rate(-41_666_666), net: Drift.size(12_295_081_967),
            longs: Drift.size(24_590_163_934), shorts: Drift.size(-12_295_081_967),
            feePool: Drift.money(1_536_885))
        #expect(enough.long == Drift.rate(-41_666_666))
        #expect(enough.protocolPayment == Drift.money(-512_295))
        // Nobody to receive.
        let nobody = try Drift.split.rates(
            rate: Drift.rate(-41_666_666), net: Drift.size(12_295_081_967), longs: .zero,
            shorts: .zero, feePool: .zero)
        #expect(nobody.long == .zero)
    }

    /// math/repeg.rs calculate_fee_pool, and the refusal in calculate_funding_rate_long_short.
    @Test func feePool() throws {
        let rows: [(fees: Int64, exchange: Int64, reserved: Int64, pool: Int64)] = [
            (100, 100, 0, 50), (50, 100, 0, 0), (-10, 100, 0, 0), (100, 101, 0, 50),
            (100, 100, 20, 30), (100, 100, -20, 70), (100, 100, -90, 100),
        ]
        for row in rows {
            #expect(
                try Drift.split.feePool(
                    fees: Drift.money(row.fees), exchangeFees: Drift.money(row.exchange),
                    reserved: Drift.money(row.reserved)) == Drift.money(row.pool), "\(row)")
        }
        let hundred = Drift.money(100)
        #expect(try Drift.split.isPayable(Drift.money(-50), fees: hundred, exchangeFees: hundred))
        #expect(try !Drift.split.isPayable(Drift.money(-51), fees: hundred, exchangeFees: hundred))
        #expect(try Drift.split.isPayable(.zero, fees: .zero, exchangeFees: hundred))
    }
}
