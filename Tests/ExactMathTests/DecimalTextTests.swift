import ExactMath
import Testing

@Suite struct DecimalTextTests {
    @Test(
        arguments: [
            ("0", 0), ("-0", 0), ("+0.0", 0), ("1", 100_000_000), ("+1.5", 150_000_000),
            ("-1.5", -150_000_000), ("007", 700_000_000), ("0.00000001", 1),
            ("12.50000000", 1_250_000_000),
            ("92233720368.54775807", Int64.max), ("-92233720368.54775808", Int64.min),
        ] as [(String, Int64)])
    func eightDecimals(text: String, raw: Int64) {
        #expect(Price(decimal: text)?.raw == raw)
        #expect(Ratio(decimal: Substring(text))?.raw == raw)
    }

    @Test(arguments: [
        "", "+", "-", ".", "-.", ".5", "5.", "-.5", "1.2.3", "1..2", "--1", "+-1", "1-", "1e3",
        "1E3",
        "0x10", " 1", "1 ", "1,000", "1_000", "٣", "１", "½", "−1", "nan", "inf", "1.5%", "$1",
        "1\n",
    ])
    func malformed(text: String) {
        #expect(Money(decimal: text) == nil)
        #expect(Fixed18(decimal: text) == nil)
    }

    @Test(arguments: [
        "0.000000001", "1.000000000", "92233720368.54775808", "-92233720368.54775809",
        "92233720369",
        "100000000000000000000000000000000000000000000000",
    ])
    func whatEightDecimalsCannotHold(text: String) { #expect(Money(decimal: text) == nil) }

    @Test(arguments: [
        ("0", "0"), ("-12.5", "-12500000000000000000"), ("0.000000000000000001", "1"),
        ("-0.000000000000000001", "-1"), ("+3.140", "3140000000000000000"),
        (
            "170141183460469231731.687303715884105727",
            "170141183460469231731687303715884105727"
        ),
        (
            "-170141183460469231731.687303715884105728",
            "-170141183460469231731687303715884105728"
        ),
    ])
    func eighteenDecimals(text: String, raw: String) throws {
        #expect(try String(fixed(text).raw) == raw)
    }

    @Test(arguments: [
        "0.0000000000000000001", "1.0000000000000000000",
        "170141183460469231731.687303715884105728", "-170141183460469231731.687303715884105729",
        "170141183460469231732", "340282366920938463463.374607431768211456",
        "999999999999999999999999999999999999999999999",
    ])
    func whatEighteenDecimalsCannotHold(text: String) { #expect(Fixed18(decimal: text) == nil) }

    @Test func descriptionsAreParsedBack() throws {
        var random = SplitMix64(seed: 12)
        for _ in 0..<2000 {
            let value = Fixed18(
                raw: Int128(truncatingIfNeeded: random.magnitude(bits: 128)))
            #expect(try fixed(value.description) == value)
            let money = Money(raw: Int64(truncatingIfNeeded: random.magnitude(bits: 64)))
            #expect(Money(decimal: money.description) == money)
        }
        #expect(Fixed18(raw: .min).description == "-170141183460469231731.687303715884105728")
    }
}
