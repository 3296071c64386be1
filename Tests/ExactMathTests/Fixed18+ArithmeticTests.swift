import ExactMath
import Testing

@Suite struct Fixed18ArithmeticTests {
    typealias Row = (
        a: String, b: String, down: String?, up: String?, towardZero: String?, nearest: String?
    )

    /// Raw values and raw products, nil on overflow; from Python's unbounded integers.
    static let products: [Row] = [
        (
            "-170141183460469231731687303715884105728", "-170141183460469231731687303715884105728",
            nil, nil, nil, nil
        ),
        ("-170141183460469231731687303715884105728", "-1000000000000000000", nil, nil, nil, nil),
        (
            "-170141183460469231731687303715884105728", "-3", "510423550381407695195",
            "510423550381407695196", "510423550381407695195", "510423550381407695195"
        ),
        (
            "-170141183460469231731687303715884105728", "2", "-340282366920938463464",
            "-340282366920938463463", "-340282366920938463463", "-340282366920938463463"
        ),
        ("-170141183460469231731687303715884105728", "1000000000000000001", nil, nil, nil, nil),
        (
            "-170141183460469231731687303715884105728", "170141183460469231731687303715884105727",
            nil, nil, nil, nil
        ),
        (
            "-1000000000000000000", "-1000000000000000000", "1000000000000000000",
            "1000000000000000000", "1000000000000000000", "1000000000000000000"
        ),
        ("-1000000000000000000", "-3", "3", "3", "3", "3"),
        ("-1000000000000000000", "2", "-2", "-2", "-2", "-2"),
        (
            "-1000000000000000000", "1000000000000000001", "-1000000000000000001",
            "-1000000000000000001", "-1000000000000000001", "-1000000000000000001"
        ),
        (
            "-1000000000000000000", "170141183460469231731687303715884105727",
            "-170141183460469231731687303715884105727", "-170141183460469231731687303715884105727",
            "-170141183460469231731687303715884105727", "-170141183460469231731687303715884105727"
        ),
        ("-3", "-3", "0", "1", "0", "0"),
        ("-3", "2", "-1", "0", "0", "0"),
        ("-3", "1000000000000000001", "-4", "-3", "-3", "-3"),
        (
            "-3", "170141183460469231731687303715884105727", "-510423550381407695196",
            "-510423550381407695195", "-510423550381407695195", "-510423550381407695195"
        ),
        ("2", "2", "0", "1", "0", "0"),
        ("2", "1000000000000000001", "2", "3", "2", "2"),
        (
            "2", "170141183460469231731687303715884105727", "340282366920938463463",
            "340282366920938463464", "340282366920938463463", "340282366920938463463"
        ),
        (
            "1000000000000000001", "1000000000000000001", "1000000000000000002",
            "1000000000000000003", "1000000000000000002", "1000000000000000002"
        ),
        ("1000000000000000001", "170141183460469231731687303715884105727", nil, nil, nil, nil),
        (
            "170141183460469231731687303715884105727", "170141183460469231731687303715884105727",
            nil, nil, nil, nil
        ),
        (
            "170141183460469231731687303715884105727", "999999999999999999",
            "170141183460469231561546120255414873995", "170141183460469231561546120255414873996",
            "170141183460469231561546120255414873995", "170141183460469231561546120255414873995"
        ),
        ("3", "500000000000000000", "1", "2", "1", "2"),
        ("-3", "500000000000000000", "-2", "-1", "-1", "-2"),
        ("3", "166666666666666666", "0", "1", "0", "0"),
    ]

    /// Raw values and raw quotients, nil on overflow; from Python's unbounded integers.
    static let quotients: [Row] = [
        ("-170141183460469231731687303715884105728", "-1000000000000000000", nil, nil, nil, nil),
        (
            "-170141183460469231731687303715884105728", "170141183460469231731687303715884105727",
            "-1000000000000000001", "-1000000000000000000", "-1000000000000000000",
            "-1000000000000000000"
        ),
        (
            "-170141183460469231731687303715884105727", "-1000000000000000000",
            "170141183460469231731687303715884105727", "170141183460469231731687303715884105727",
            "170141183460469231731687303715884105727", "170141183460469231731687303715884105727"
        ),
        (
            "-170141183460469231731687303715884105727", "170141183460469231731687303715884105727",
            "-1000000000000000000", "-1000000000000000000", "-1000000000000000000",
            "-1000000000000000000"
        ),
        ("1", "-1000000000000000000", "-1", "-1", "-1", "-1"),
        (
            "1", "2", "500000000000000000", "500000000000000000", "500000000000000000",
            "500000000000000000"
        ),
        ("2", "-1000000000000000000", "-2", "-2", "-2", "-2"),
        (
            "2", "2", "1000000000000000000", "1000000000000000000", "1000000000000000000",
            "1000000000000000000"
        ),
        ("2", "1000000000000000001", "1", "2", "1", "2"),
        (
            "1000000000000000000", "1", "1000000000000000000000000000000000000",
            "1000000000000000000000000000000000000", "1000000000000000000000000000000000000",
            "1000000000000000000000000000000000000"
        ),
        (
            "1000000000000000001", "-3", "-333333333333333333666666666666666667",
            "-333333333333333333666666666666666666", "-333333333333333333666666666666666666",
            "-333333333333333333666666666666666667"
        ),
        (
            "1000000000000000001", "1000000000000000001", "1000000000000000000",
            "1000000000000000000", "1000000000000000000", "1000000000000000000"
        ),
        (
            "123456789012345678901234567", "-170141183460469231731687303715884105728", "-725614",
            "-725613", "-725613", "-725614"
        ),
        ("123456789012345678901234567", "1", nil, nil, nil, nil),
        (
            "123456789012345678901234567", "1000000000000000000", "123456789012345678901234567",
            "123456789012345678901234567", "123456789012345678901234567",
            "123456789012345678901234567"
        ),
        ("170141183460469231731687303715884105727", "1", nil, nil, nil, nil),
        (
            "1", "3", "333333333333333333", "333333333333333334", "333333333333333333",
            "333333333333333333"
        ),
        ("-1", "3000000000000000000", "-1", "0", "0", "0"),
        (
            "170141183460469231731687303715884105727", "1000000000000000000",
            "170141183460469231731687303715884105727", "170141183460469231731687303715884105727",
            "170141183460469231731687303715884105727", "170141183460469231731687303715884105727"
        ),
        (
            "-170141183460469231731687303715884105728", "1000000000000000000",
            "-170141183460469231731687303715884105728", "-170141183460469231731687303715884105728",
            "-170141183460469231731687303715884105728", "-170141183460469231731687303715884105728"
        ),
        ("-170141183460469231731687303715884105728", "-1000000000000000000", nil, nil, nil, nil),
        ("170141183460469231731687303715884105727", "999999999999999999", nil, nil, nil, nil),
        ("0", "-7", "0", "0", "0", "0"),
        ("1", "2000000000000000000", "0", "1", "0", "1"),
        ("-1", "2000000000000000000", "-1", "0", "0", "-1"),
    ]

    @Test(arguments: products) func product(row: Row) throws {
        let (a, b) = try (value(row.a), value(row.b))
        for (rounding, expected) in expectations(row) {
            let context: Comment = "\(row.a) · \(row.b) \(rounding)"
            for (x, y) in [(a, b), (b, a)] {
                guard let expected else {
                    #expect(throws: ArithmeticOverflow(), context) {
                        try x.multiplied(by: y, rounding: rounding)
                    }
                    continue
                }
                let result = try x.multiplied(by: y, rounding: rounding)
                #expect(String(result.raw) == expected, context)
            }
        }
    }

    @Test(arguments: quotients) func quotient(row: Row) throws {
        let (a, b) = try (value(row.a), value(row.b))
        for (rounding, expected) in expectations(row) {
            let context: Comment = "\(row.a) / \(row.b) \(rounding)"
            guard let expected else {
                #expect(throws: ArithmeticOverflow(), context) {
                    try a.divided(by: b, rounding: rounding)
                }
                continue
            }
            #expect(String(try a.divided(by: b, rounding: rounding).raw) == expected, context)
        }
    }

    private func value(_ text: String) throws -> Fixed18 {
        Fixed18(raw: try #require(Int128(text)))
    }

    private func expectations(_ row: Row) -> [(Rounding, String?)] {
        [
            (.down, row.down), (.up, row.up), (.towardZero, row.towardZero),
            (.nearest, row.nearest),
        ]
    }

    /// q · 1e18 ≤ a · b < (q + 1) · 1e18, compared in 256 bits, and up is one above where inexact.
    @Test func productsAreBracketed() throws {
        var random = SplitMix64(seed: 9)
        for _ in 0..<5000 {
            let (a, b) = (random.magnitude(bits: 93), random.magnitude(bits: 93))
            let (x, y) = (Fixed18(raw: Int128(a)), Fixed18(raw: Int128(b)))
            let down = UInt128(try x.multiplied(by: y, rounding: .down).raw)
            let target = a.multipliedFullWidth(by: b)
            let below = down.multipliedFullWidth(by: UInt128(Fixed18.one.raw))
            let above = (down + 1).multipliedFullWidth(by: UInt128(Fixed18.one.raw))
            #expect((below.high, below.low) <= (target.high, target.low), "\(a) · \(b)")
            #expect((above.high, above.low) > (target.high, target.low), "\(a) · \(b)")
            let up = UInt128(try x.multiplied(by: y, rounding: .up).raw)
            #expect(up == down + ((below.high, below.low) == (target.high, target.low) ? 0 : 1))
        }
    }

    /// q · b ≤ a · 1e18 < (q + 1) · b, compared in 256 bits.
    @Test func quotientsAreBracketed() throws {
        var random = SplitMix64(seed: 10)
        var checked = 0
        for _ in 0..<5000 {
            let (a, b) = (random.magnitude(bits: 127), random.magnitude(bits: 127))
            guard b > 0,
                let quotient = try? Fixed18(raw: Int128(a)).divided(
                    by: Fixed18(raw: Int128(b)), rounding: .down)
            else { continue }
            checked += 1
            let down = UInt128(quotient.raw)
            let target = a.multipliedFullWidth(by: UInt128(Fixed18.one.raw))
            let below = down.multipliedFullWidth(by: b)
            let above = (down + 1).multipliedFullWidth(by: b)
            #expect((below.high, below.low) <= (target.high, target.low), "\(a) / \(b)")
            #expect((above.high, above.low) > (target.high, target.low), "\(a) / \(b)")
        }
        #expect(checked > 3000)
    }

    @Test(
        arguments: [
            ("1.234567895", 123_456_789, 123_456_790, 123_456_789, 123_456_790),
            ("-1.234567895", -123_456_790, -123_456_789, -123_456_789, -123_456_790),
            ("0.000000000000000001", 0, 1, 0, 0), ("-0.000000000000000001", -1, 0, 0, 0),
            ("92233720368.54775807", Int64.max, Int64.max, Int64.max, Int64.max),
            ("-92233720368.54775808", Int64.min, Int64.min, Int64.min, Int64.min),
        ] as [(String, Int64, Int64, Int64, Int64)])
    func roundedToEightDecimals(
        text: String, down: Int64, up: Int64, towardZero: Int64, nearest: Int64
    ) throws {
        let value = try fixed(text)
        #expect(try value.rounded(to: Money.self, .down).raw == down)
        #expect(try value.rounded(to: Price.self, .up).raw == up)
        #expect(try value.rounded(to: Quantity.self, .towardZero).raw == towardZero)
        #expect(try value.rounded(to: Ratio.self, .nearest).raw == nearest)
    }

    @Test func roundedOverflow() throws {
        let edge = try fixed("92233720368.547758075")
        #expect(try edge.rounded(to: Money.self, .down).raw == .max)
        #expect(throws: ArithmeticOverflow()) { try edge.rounded(to: Money.self, .up) }
        #expect(throws: ArithmeticOverflow()) { try edge.rounded(to: Money.self, .nearest) }
        #expect(throws: ArithmeticOverflow()) {
            try Fixed18(raw: .min).rounded(to: Money.self, .towardZero)
        }
    }

    @Test func divisionByZeroTraps() async {
        await #expect(processExitsWith: .failure) {
            _ = try Fixed18.one.divided(by: .zero, rounding: .down)
        }
    }
}
