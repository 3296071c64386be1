import ExactMath
import Testing

@testable import SeededRandom

@Suite struct RandomSourceTests {
    /// FNV-1a and SplitMix64's mix, from an independent implementation in Python that reproduces the
    /// published FNV-1a values af63dc4c8601ec8c for "a" and 85944171f73967e8 for "foobar".
    @Test(
        arguments: [
            ("", 0xF52A_15E9_A9B5_E89B), ("a", 0x02C0_BDBF_4814_20F8),
            ("foobar", 0x404D_A9E3_B740_78C2),
            ("trader/17/size", 0x1E4A_999D_B0F4_7471), ("höhe", 0xE507_2242_BC0E_8DE8),
        ] as [(String, UInt64)])
    func identifiers(name: String, identifier: UInt64) {
        #expect(streamIdentifier(name) == identifier)
    }

    /// Names as agents build them share no identifier.
    @Test func identifiersDoNotCollide() {
        var identifiers: [UInt64] = []
        for role in ["trader", "liquidator", "maker", "keeper", "feed"] {
            for number in 0..<5000 {
                for purpose in ["size", "latency", "arrival", "side", ""] {
                    identifiers.append(streamIdentifier("\(role)/\(number)/\(purpose)"))
                }
            }
        }
        identifiers.sort()
        #expect(zip(identifiers, identifiers.dropFirst()).allSatisfy { $0 < $1 })
    }

    /// First words, from an independent implementation in Python.
    @Test func firstWords() {
        var stream = RandomSource(seed: 20_200_312).stream("trader/17/size")
        let words = (0..<6).map { _ in stream.next() }
        #expect(
            words == [
                0xDCD5_8EEA_8F98_27CA, 0xC33B_AAE0_AA5C_F705, 0x0BBA_E015_E6F6_4B0D,
                0xC505_C3EA_8A2E_C204, 0x1CDF_A6B7_B905_82F3, 0x253B_C21B_3965_6CF1,
            ])
        var far = RandomSource(seed: 20_200_312).stream("trader/17/size", at: (1 << 40) + 1)
        let farWords = (0..<3).map { _ in far.next() }
        #expect(
            farWords == [0x1A7C_B6A3_C2FC_4FA9, 0xC8C2_62A3_F3AA_C2F6, 0x0011_B197_789D_68A3])
        var last = RandomSource(seed: .max).stream("")
        #expect(last.next() == 0x4036_C8B6_F59C_7D89)
        #expect(last.next() == 0xBA94_91D2_E140_7A19)
    }

    @Test func drawingFromOneStreamChangesNoOther() {
        let source = RandomSource(seed: 7)
        var alone = source.stream("b")
        let expected = (0..<100).map { _ in alone.next() }

        var (a, b, c) = (source.stream("a"), source.stream("b"), source.stream("c"))
        let interleaved = (0..<100).map { draw in
            for _ in 0..<draw % 5 { _ = a.normal() }
            _ = c.uniform(in: 0...9)
            return b.next()
        }
        #expect(interleaved == expected)
        #expect(expected != (0..<100).map { _ in a.next() })
        var otherSeed = RandomSource(seed: 8).stream("b")
        #expect(expected != (0..<100).map { _ in otherSeed.next() })
    }

    @Test(arguments: [0, 1, 2, 3, 50, 51] as [UInt64]) func resumesAtAnyPosition(position: UInt64) {
        let source = RandomSource(seed: 99)
        var whole = source.stream("resume")
        for _ in 0..<position { _ = whole.next() }
        var resumed = source.stream("resume", at: position)
        #expect(resumed == whole)
        #expect(resumed.position == position)
        for _ in 0..<5 { #expect(resumed.next() == whole.next()) }
        #expect(resumed == whole)
    }
}
