import ExactMath
import Testing

@testable import Scenarios

/// Every kind of value, and what is not one.
@Suite struct QuantityTests {
    private func value<Value>(_ kind: Kind<Value>, _ text: String) -> Value? {
        if case .value(let value) = kind.read(text) { value } else { nil }
    }

    @Test(
        arguments: [
            ("15s", 15_000), ("250ms", 250), ("20m", 1_200_000), ("20min", 1_200_000),
            ("1h", 3_600_000),
            ("3d", 259_200_000), ("1h30m", 5_400_000), ("1h 30m", 5_400_000), ("1.5h", 5_400_000),
            ("0", 0), ("0s", 0),
            ("0.25s", 250), ("3650d", 315_360_000_000),
        ] as [(String, Int64)])
    func durations(_ text: String, _ milliseconds: Int64) {
        #expect(value(.duration, text)?.milliseconds == milliseconds)
    }

    @Test(arguments: [
        "", "s", "15", "15%", "-5s", "5s5s", "30m1h", "1 h x", "1e3s", "15 seconds", "1k s",
        "3651d",
        "0.0001s", "99999999999999999999d", "..", "1h30",
    ])
    func noDurations(_ text: String) {
        #expect(value(.duration, text) == nil)
    }

    @Test(
        arguments: [
            ("0.5%", 500_000), ("25bp", 250_000), ("25 bps", 250_000), ("0.005", 500_000),
            ("100%", 100_000_000),
            ("-5%", -5_000_000), ("1.25", 125_000_000), ("0.000001%", 1),
        ] as [(String, Int64)])
    func ratios(_ text: String, _ raw: Int64) {
        #expect(value(.ratio, text)?.raw == raw)
    }

    @Test(arguments: ["", "%", "5s", "$5", "0.0000001%", "1e-3", "5 %%", "--5%", "99999999999999%"])
    func noRatios(_ text: String) {
        #expect(value(.ratio, text) == nil)
    }

    @Test(
        arguments: [
            ("$250k", 250_000), ("$12M", 12_000_000), ("$1,000,000", 1_000_000),
            ("$5B", 5_000_000_000),
            ("-$5", -5), ("$1_000", 1000), ("$0", 0), ("$1.5k", 1500),
        ] as [(String, Int64)])
    func money(_ text: String, _ whole: Int64) {
        #expect(value(.money, text) == Money(whole: whole))
    }

    @Test(arguments: [
        "250", "$", "$$5", "$-5", "$1,00", "$1,0000", "$,100", "$93B", "$5 USDC", "$0.000000001",
        "$5T", "5$", "$1 2",
    ])
    func noMoney(_ text: String) {
        #expect(value(.money, text) == nil)
    }

    @Test(
        arguments: [
            ("20 gwei", 20_000_000_000), ("5 wei", 5), ("0.02gwei", 20_000_000),
            ("1.5 gwei", 1_500_000_000),
            ("0 wei", 0),
        ] as [(String, Int64)])
    func gasPrices(_ text: String, _ wei: Int64) {
        #expect(value(.gasPrice, text) == wei)
    }

    @Test(arguments: ["20", "20 eth", "0.5 wei", "-1 gwei", "9B gwei", "0.0000000001 gwei"])
    func noGasPrices(_ text: String) {
        #expect(value(.gasPrice, text) == nil)
    }

    @Test(
        arguments: [
            ("10M", 10_000_000), ("30,000,000", 30_000_000), ("250k gas", 250_000), ("1", 1),
            ("1B", 1_000_000_000),
        ] as [(String, Int64)])
    func gas(_ text: String, _ units: Int64) {
        #expect(value(.gas, text) == units)
    }

    @Test(arguments: ["1.5", "-3", "10M wei", "gas", "1.5B5"])
    func noGas(_ text: String) {
        #expect(value(.gas, text) == nil)
    }

    @Test func amounts() {
        #expect(value(.quantity(of: "ETH"), "12.5 ETH") == Quantity(raw: 1_250_000_000))
        #expect(value(.quantity(of: "ETH"), "12.5") == Quantity(raw: 1_250_000_000))
        #expect(value(.quantity(of: "ETH"), "10k ETH") == Quantity(whole: 10_000))
        #expect(value(.quantity(of: "ETH"), "1 BTC") == nil)
        #expect(value(.quantity(of: "ETH"), "-1 ETH") == nil)
        #expect(value(.price, "$185.2") == Price(raw: 18_520_000_000))
        #expect(value(.price, "185.20") == Price(raw: 18_520_000_000))
        #expect(value(.price, "0") == nil)
        #expect(value(.price, "2B") == nil)
    }

    @Test func countsAndRates() {
        #expect(value(.count(1...400), "400") == 400)
        #expect(value(.count(1...400), "401") == nil)
        #expect(value(.count(1...400), "1.5") == nil)
        #expect(value(.count(1...20_000), "10k") == 10_000)
        #expect(value(.blocks(0...9), "2 blocks") == 2)
        #expect(value(.blocks(0...9), "1 block") == 1)
        #expect(value(.blocks(0...9), "3") == 3)
        #expect(value(.blocks(0...9), "3s") == nil)
        #expect(value(.yearly, "120%/year") == Ratio(percent: 120))
        #expect(value(.yearly, "120%") == Ratio(percent: 120))
        #expect(value(.yearly, "120%/day") == nil)
        #expect(value(.hourly, "2/hour") == Fixed18(whole: 2))
        #expect(value(.hourly, "12/day") == Fixed18(raw: 500_000_000_000_000_000))
        #expect(value(.hourly, "2/fortnight") == nil)
        #expect(value(.multiple, "1.25x") == Ratio(percent: 125))
        #expect(value(.seed, "18446744073709551615") == UInt64.max)
        #expect(value(.seed, "18446744073709551616") == nil)
        #expect(value(.seed, "+1") == nil)
        #expect(value(.yesOrNo, "yes") == true)
        #expect(value(.yesOrNo, "1") == nil)
    }

    @Test func moments() throws {
        let midnight = try #require(Timestamp(year: 2020, month: 3, day: 12))
        let start = midnight + TimeSpan(seconds: 8 * 3600)
        let kind = Kind<Timestamp>.moment(from: start)
        func seconds(_ text: String) -> Int64? {
            value(kind, text).map { ($0 - midnight).milliseconds / 1000 }
        }
        #expect(seconds("08:10") == 29_400)
        #expect(seconds("07:00") == 25_200)
        #expect(seconds("08:10:30") == 29_430)
        #expect(seconds("26:00") == 93_600)
        #expect(seconds("100:00") == 360_000)
        #expect(seconds("+90m") == 34_200)
        #expect(seconds("2020-03-12T08:10:00Z") == 29_400)
        #expect(value(kind, "08:10:30.250").map { ($0 - midnight).milliseconds } == 29_430_250)
        for text in [
            "8:10", "08:60", "08:10:60", "24h", "2020-03-12", "2020-03-12T24:00:00Z",
            "2020-13-12T08:00:00Z", "+90", "1969-12-31T23:59:59Z", "08:10:30.25", "",
        ] {
            #expect(value(kind, text) == nil, "\(text)")
        }
    }

    /// What is shown as a setting reads as the same value.
    @Test func writtenValuesReadBack() {
        for milliseconds: Int64 in [
            0, 1, 250, 1000, 90_000, 1_200_000, 3_600_000, 86_400_000, 13_100,
        ] {
            let span = TimeSpan(milliseconds: milliseconds)
            #expect(value(.duration, Written.duration(span)) == span)
        }
        for raw: Int64 in [0, 1, 500_000, 100_000_000, -5, Int64.max / 100, Int64.max] {
            #expect(value(.ratio, Written.percent(Ratio(raw: raw)))?.raw == raw)
        }
        for wei: Int64 in [0, 1, 999_999, 1_000_000, 1_000_001, 20_000_000_000, 25_000_000] {
            #expect(value(.gasPrice, Written.gasPrice(wei)) == wei)
        }
    }

    @Test func nearestNames() {
        let keys = ["latency", "heartbeat", "close_factor", "fee"]
        #expect(Nearest.match("latencey", among: keys) == "latency")
        #expect(Nearest.match("closeFactor", among: keys) == "close_factor")
        #expect(Nearest.match("heart-beat", among: keys) == "heartbeat")
        #expect(Nearest.match("fe", among: keys) == "fee")
        #expect(Nearest.match("colour", among: keys) == nil)
        #expect(Nearest.match(String(repeating: "x", count: 1000), among: keys) == nil)
        #expect(Nearest.distance(Array("ETH"), Array("EHT")) == 1)
        #expect(Nearest.distance(Array("kitten"), Array("sitting")) == 3)
        #expect(Nearest.distance([], Array("abc")) == 3)
    }
}
