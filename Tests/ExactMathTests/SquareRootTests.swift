import ExactMath
import Testing

@Suite struct SquareRootTests {
    /// Floors, from Python's `math.isqrt(raw * 10**18)`.
    static let table: [(x: String, expected: String)] = [
        ("0", "0"),
        ("0.000000000000000001", "0.000000001"),
        ("0.000000000000000002", "0.000000001414213562"),
        ("0.000000000000000004", "0.000000002"),
        ("0.25", "0.5"),
        ("0.5", "0.707106781186547524"),
        ("0.999999999999999999", "0.999999999999999999"),
        ("1", "1"),
        ("1.000000000000000001", "1"),
        ("2", "1.414213562373095048"),
        ("3", "1.732050807568877293"),
        ("10", "3.162277660168379331"),
        ("339.999999999999999999", "18.439088914585774619"),
        ("340.282366920938463463", "18.446744073709551615"),
        ("340.282366920938463464", "18.446744073709551616"),
        ("341", "18.466185312619387877"),
        ("1000", "31.622776601683793319"),
        ("99980001", "9999"),
        ("1000000.000000000001", "1000.000000000000000499"),
        ("12345678901234567890.123456789", "3513641828.820144253111222381"),
        ("100000000000000000000", "10000000000"),
        ("170141183460469231731.687303715884105727", "13043817825.332782212349571806"),
        ("1899817.217292318576089175", "1378.338571357675739367"),
        ("0.000141614141396292", "0.01190017400697536"),
        ("652.063209030977489917", "25.535528367961715037"),
        ("0.000000000000000243", "0.000000015588457268"),
        ("0.000000000000000184", "0.000000013564659966"),
        ("0.000000000067054987", "0.000008188710948617"),
        ("71647160.115530883274779438", "8464.464549841938068885"),
        ("0.017721791203645479", "0.133123218123832474"),
        ("0.000000866148732764", "0.000930671119549758"),
        ("17838.191144900459586816", "133.559691317779181167"),
        ("0.166343678848804625", "0.407852520954332983"),
        ("0.000000246119418782", "0.00049610424185044"),
    ]

    @Test(arguments: table) func floor(x: String, expected: String) throws {
        #expect(squareRoot(try fixed(x)).description == expected)
    }

    /// root² ≤ raw · 1e18 < (root + 1)², compared in 256 bits.
    @Test func isTheFloorEverywhere() {
        var random = SplitMix64(seed: 6)
        for _ in 0..<5000 {
            let x = random.magnitude(bits: 127)
            let root = UInt128(squareRoot(Fixed18(raw: Int128(x))).raw)
            let target = x.multipliedFullWidth(by: 1_000_000_000_000_000_000)
            let below = root.multipliedFullWidth(by: root)
            let above = (root + 1).multipliedFullWidth(by: root + 1)
            #expect((below.high, below.low) <= (target.high, target.low), "raw \(x)")
            #expect((above.high, above.low) > (target.high, target.low), "raw \(x)")
        }
    }

    @Test(
        arguments: [
            (0, 0), (1, 1), (2, 1), (3, 1), (4, 2), (8, 2), (9, 3), (15, 3), (16, 4), (99, 9),
            (100, 10),
            (UInt128(UInt64.max), 4_294_967_295), (1 << 64, 4_294_967_296), (1 << 126, 1 << 63),
            ((1 << 126) - 1, (1 << 63) - 1), (UInt128.max, UInt64.max),
            (UInt128(UInt64.max) * UInt128(UInt64.max), UInt64.max),
            (UInt128(UInt64.max) * UInt128(UInt64.max) - 1, UInt64.max - 1),
        ] as [(UInt128, UInt64)])
    func wholeNumbers(x: UInt128, expected: UInt64) {
        #expect(integerSquareRoot(x) == expected)
    }

    /// Perfect squares and their neighbours of every size.
    @Test func aroundPerfectSquares() {
        var random = SplitMix64(seed: 7)
        for _ in 0..<5000 {
            let root = UInt64(random.magnitude(bits: 64))
            guard root > 1 else { continue }
            let square = UInt128(root) * UInt128(root)
            #expect(integerSquareRoot(square) == root)
            #expect(integerSquareRoot(square - 1) == root - 1)
            #expect(integerSquareRoot(square + 2 * UInt128(root)) == root)
            guard root < 3_037_000_499 else { continue }
            #expect(integerSquareRoot(Int64(square)) == Int64(root))
            #expect(integerSquareRoot(Int64(square) - 1) == Int64(root) - 1)
            #expect(integerSquareRoot(Int64(square) + 2 * Int64(root)) == Int64(root))
        }
    }

    /// 3,037,000,499² = 9,223,372,030,926,249,001 is the last square below 2^63.
    @Test(
        arguments: [
            (0, 0), (1, 1), (3, 1), (4, 2), (9_223_372_030_926_249_000, 3_037_000_498),
            (9_223_372_030_926_249_001, 3_037_000_499), (Int64.max, 3_037_000_499),
        ] as [(Int64, Int64)])
    func signedWholeNumbers(x: Int64, expected: Int64) { #expect(integerSquareRoot(x) == expected) }

    @Test func refusesNegativeNumbers() async {
        await #expect(processExitsWith: .failure) { _ = squareRoot(Fixed18(raw: -1)) }
        await #expect(processExitsWith: .failure) { _ = integerSquareRoot(Int64(-1)) }
    }
}
