import ExactMath
import Testing

@Suite struct DivideByScaleTests {
    /// Dividends at the ends of the range and on both sides of multiples of the scale.
    @Test func quotientsAtTheEdges() {
        let scale = UInt64(scaleE8)
        let lows: [UInt64] = [
            0, 1, scale - 1, scale, scale + 1, 1 << 27, (1 << 27) - 1, 1 << 37, .max / 2, .max - 1,
            .max,
        ]
        for high in [0, 1, 2, 1 << 26, scale / 2, scale - 2, scale - 1] {
            for low in lows { expectSameAsDivision(high: high, low: low) }
        }
    }

    @Test func randomQuotients() {
        var random = SplitMix64(seed: 13)
        for _ in 0..<10_000 {
            let high = UInt64(random.magnitude(bits: 27)) % UInt64(scaleE8)
            expectSameAsDivision(high: high, low: random.next())
            // A dividend just around a multiple, where the estimate is corrected.
            let multiple = random.next().multipliedFullWidth(by: UInt64(scaleE8))
            expectSameAsDivision(high: multiple.high, low: multiple.low)
            if multiple.low > 0 {
                expectSameAsDivision(high: multiple.high, low: multiple.low - 1)
            }
        }
    }

    private func expectSameAsDivision(
        high: UInt64, low: UInt64, _ location: SourceLocation = #_sourceLocation
    ) {
        let result = divideByScale(high: high, low: low)
        let expected = UInt64(scaleE8).dividingFullWidth((high, low))
        if result != expected {
            Issue.record(
                "\(high) · 2^64 + \(low): \(result) is not \(expected)", sourceLocation: location)
        }
    }

    @Test(arguments: [Rounding.down, .up, .towardZero, .nearest])
    func productsAreThoseOfTheGeneralDivision(rounding: Rounding) {
        var random = SplitMix64(seed: 14)
        var pairs = FullWidthTests.edges.flatMap { a in FullWidthTests.edges.map { (a, $0) } }
        for _ in 0..<2000 {
            pairs.append(
                (
                    Int64(truncatingIfNeeded: random.magnitude(bits: 64)),
                    Int64(truncatingIfNeeded: random.magnitude(bits: 64))
                ))
        }
        for (a, b) in pairs {
            let expected = FullWidthTests.reference(Int128(a) * Int128(b), scaleE8, rounding)
            #expect((try? multiplyScaled(a, b, rounding: rounding)) == expected, "\(a) · \(b)")
        }
    }

    /// A product of ±(Int64.max + ½) raw units: the rounding decides whether it fits.
    @Test func roundingAtTheEdge() throws {
        let (a, b): (Int64, Int64) = (3_689_348_814_741_910_323, 250_000_000)
        #expect(product(a, b) == Int128(Int64.max) * 100_000_000 + 50_000_000)
        #expect(try multiplyScaled(a, b, rounding: .down) == .max)
        #expect(throws: ArithmeticOverflow()) { try multiplyScaled(a, b, rounding: .up) }
        #expect(throws: ArithmeticOverflow()) { try multiplyScaled(a, b, rounding: .nearest) }
        #expect(try multiplyScaled(-a, b, rounding: .up) == -.max)
        #expect(try multiplyScaled(-a, b, rounding: .down) == .min)
    }
}
