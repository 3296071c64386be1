import ExactMath
import MarginRules
import Testing

struct AuctionPriceCurveTests {
    struct Row: Sendable {
        let id: String
        let curve: AuctionPriceCurve
        /// With 27 decimals, as the price.
        let top: String
        let elapsed: Int64
        let price: String
        /// Of the test upstream; one unit of 1e-18 unless told.
        var tolerance = Fixed18(raw: 1)
    }

    static let hour = AuctionPriceCurve.linear(duration: TimeSpan(seconds: 3600))
    static let onePercent = AuctionPriceCurve.stairStepExponential(
        cut: f("0.99"), step: TimeSpan(seconds: 1))
    static let ninetySeconds = AuctionPriceCurve.stairStepExponential(
        cut: f("0.99"), step: TimeSpan(seconds: 90))
    static let quarterHour = AuctionPriceCurve.exponential(cut: f("0.999230132966"))
    static let thousand = "1000000000000000000000000000000"

    static func stair(_ cut: String, _ step: Int64) -> AuctionPriceCurve {
        .stairStepExponential(cut: f(cut), step: TimeSpan(seconds: step))
    }

    /// makerdao/dss fa4f663 src/test/abaci.t.sol test_linear_decrease and
    /// test_continuous_exp_decrease, src/test/clip.t.sol; the last with the parameters of
    /// forum.makerdao.com t/7628 (ETH and WBTC, 2021), from an oracle price of 1000.
    static let rows: [Row] = [
        Row(
            id: "abacus-linear-3", curve: hour, top: thousand, elapsed: 1080,
            price: "700000000000000000000000000000"),
        Row(
            id: "abacus-linear-5", curve: hour, top: thousand, elapsed: 1800,
            price: "500000000000000000000000000000"),
        Row(
            id: "abacus-linear-6", curve: hour, top: thousand, elapsed: 2160,
            price: "400000000000000000000000000000"),
        Row(
            id: "abacus-linear-7", curve: hour, top: thousand, elapsed: 2520,
            price: "300000000000000000000000000000"),
        Row(id: "linear start", curve: hour, top: thousand, elapsed: 0, price: thousand),
        Row(id: "linear end", curve: hour, top: thousand, elapsed: 3600, price: "0"),
        Row(id: "linear after", curve: hour, top: thousand, elapsed: 3601, price: "0"),
        Row(
            id: "abacus-exp-0", curve: quarterHour, top: "4000000000000000000000000000000",
            elapsed: 0, price: "4000000000000000000000000000000", tolerance: f("0.001")),
        Row(
            id: "abacus-exp-1", curve: quarterHour, top: "4000000000000000000000000000000",
            elapsed: 900, price: "2000000000000000000000000000000", tolerance: f("0.001")),
        Row(
            id: "exp four half-lives", curve: quarterHour, top: "4000000000000000000000000000000",
            elapsed: 3600, price: "250000000000000000000000000000", tolerance: f("0.001")),
        // test_take_bid_avoids_recalculate_due_no_more_lot
        Row(
            id: "abacus-stair-60", curve: onePercent, top: "5000000000000000000000000000",
            elapsed: 60, price: "2735783211953807380973706855"),
        // test_redo_incentive
        Row(
            id: "abacus-stair-100", curve: onePercent, top: "5000000000000000000000000000",
            elapsed: 100, price: "1830161706366147524653080130"),
        // test_take_multiple_bids_different_prices
        Row(
            id: "abacus-stair-30", curve: onePercent, top: "5000000000000000000000000000",
            elapsed: 30, price: "3698501866941401000000000000", tolerance: Fixed18(raw: 10_000)),
        Row(
            id: "abacus-stair-etha-0", curve: ninetySeconds,
            top: "1200000000000000000000000000000", elapsed: 0,
            price: "1200000000000000000000000000000"),
        Row(
            id: "abacus-stair-etha-89", curve: ninetySeconds,
            top: "1200000000000000000000000000000", elapsed: 89,
            price: "1200000000000000000000000000000"),
        Row(
            id: "abacus-stair-etha-90", curve: ninetySeconds,
            top: "1200000000000000000000000000000", elapsed: 90,
            price: "1188000000000000000000000000000"),
        Row(
            id: "abacus-stair-etha-180", curve: ninetySeconds,
            top: "1200000000000000000000000000000", elapsed: 180,
            price: "1176120000000000000000000000000"),
        Row(
            id: "abacus-stair-etha-2400", curve: ninetySeconds,
            top: "1200000000000000000000000000000", elapsed: 2400,
            price: "924051774966186365146382516400"),
        Row(
            id: "abacus-stair-etha-8400", curve: ninetySeconds,
            top: "1200000000000000000000000000000", elapsed: 8400,
            price: "471253234029366221233889906400"),
    ]

    /// rpow and rmul of src/abaci.sol with arbitrary-precision integers, on the tops and cuts of
    /// src/test/abaci.t.sol.
    static let recomputed: [Row] = [
        Row(
            id: "50m, 1.12 %", curve: stair("0.98876543211", 1),
            top: "50000000000000000000000000000000000", elapsed: 599,
            price: "57523009987129495047903650000000"),
        Row(
            id: "50m, 2.12 %", curve: stair("0.97876543211", 5),
            top: "50000000000000000000000000000000000", elapsed: 599,
            price: "3887998548850273760044491250000000"),
        Row(
            id: "1e-7", curve: stair("0.98876543211", 300), top: "100000000000000000000",
            elapsed: 2399, price: "92395947523003045495"),
        Row(
            id: "quarter hour", curve: quarterHour, top: "4000000000000000000000000000000",
            elapsed: 900, price: "2000000000258757259554676144000"),
        Row(
            id: "hour", curve: quarterHour, top: "4000000000000000000000000000000", elapsed: 3600,
            price: "250000000129378629802446316000"),
        Row(
            id: "one step", curve: onePercent, top: "5000000000000000000000000000", elapsed: 1,
            price: "4950000000000000000000000000"),
        Row(
            id: "3599 steps", curve: onePercent, top: "5000000000000000000000000000",
            elapsed: 3599, price: "977316792340"),
        Row(
            id: "60 of 60", curve: stair("0.99", 60), top: "3600000000000000000000000000000",
            elapsed: 3600, price: "1969763912606741314301068935600"),
    ]

    @Test(arguments: rows.indices) func price(index: Int) throws {
        let row = Self.rows[index]
        let price = try row.curve.price(
            startingAt: e18(row.top, decimals: 27), elapsed: TimeSpan(seconds: row.elapsed))
        #expect(
            isClose(price, e18(row.price, decimals: 27), tolerance: row.tolerance), "\(row.id)")
    }

    @Test(arguments: recomputed.indices) func everyDigit(index: Int) throws {
        let row = Self.recomputed[index]
        let price = try row.curve.price(
            startingAt: e18(row.top, decimals: 27), elapsed: TimeSpan(seconds: row.elapsed))
        #expect(price == e18(row.price, decimals: 27), "\(row.id)")
    }

    @Test func edges() throws {
        func price(_ curve: AuctionPriceCurve, _ milliseconds: Int64) throws -> Fixed18 {
            try curve.price(startingAt: .one, elapsed: TimeSpan(milliseconds: milliseconds))
        }
        #expect(try price(.linear(duration: .zero), 0) == .zero)
        #expect(try price(Self.onePercent, 999) == .one)
        #expect(try price(Self.onePercent, 1000) == f("0.99"))
        #expect(try price(.exponential(cut: .one), 1_000_000) == .one)
        #expect(try price(.exponential(cut: .zero), 999) == .one)
        #expect(try price(.exponential(cut: .zero), 1000) == .zero)
        #expect(try Self.hour.price(startingAt: .zero, elapsed: .zero) == .zero)
        #expect(throws: ArithmeticOverflow.self) {
            try Self.hour.price(startingAt: f("400000000000"), elapsed: .zero)
        }
    }

    /// Never rises with time, and is close to the power in binary floating point.
    @Test func falls() throws {
        var random = SplitMix64(state: 20_210_430)
        for _ in 0..<300 {
            let cut = Fixed18(
                raw: Int128(random.next(in: 900_000_000...999_999_999)) * 1_000_000_000)
            let curve = AuctionPriceCurve.stairStepExponential(
                cut: cut, step: TimeSpan(seconds: random.next(in: 1...120)))
            let top = Fixed18(whole: random.next(in: 1...5000))
            let first = TimeSpan(seconds: random.next(in: 0...4000))
            let later = first + TimeSpan(seconds: random.next(in: 0...4000))
            let a = try curve.price(startingAt: top, elapsed: first)
            let b = try curve.price(startingAt: top, elapsed: later)
            #expect(b <= a && a <= top)
            guard case .stairStepExponential(_, let step) = curve else { continue }
            var expected = Double(top.raw) / 1e18
            for _ in 0..<(first.milliseconds / step.milliseconds) {
                expected *= Double(cut.raw) / 1e18
            }
            #expect(abs(Double(a.raw) / 1e18 - expected) < 1e-9)
        }
    }
}
