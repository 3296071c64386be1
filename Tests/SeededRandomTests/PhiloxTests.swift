import Testing

@testable import SeededRandom

@Suite struct PhiloxTests {
    /// Random123 `tests/kat_vectors`, lines `philox4x32 10`: counter, key, expected.
    @Test(
        arguments: [
            ([0, 0, 0, 0], [0, 0], [0x6627_E8D5, 0xE169_C58D, 0xBC57_AC4C, 0x9B00_DBD8]),
            (
                [0xFFFF_FFFF, 0xFFFF_FFFF, 0xFFFF_FFFF, 0xFFFF_FFFF], [0xFFFF_FFFF, 0xFFFF_FFFF],
                [0x408F_276D, 0x41C8_3B0E, 0xA20B_C7C6, 0x6D54_51FD]
            ),
            (
                [0x243F_6A88, 0x85A3_08D3, 0x1319_8A2E, 0x0370_7344], [0xA409_3822, 0x299F_31D0],
                [0xD16C_FE09, 0x94FD_CCEB, 0x5001_E420, 0x2412_6EA1]
            ),
        ] as [([UInt32], [UInt32], [UInt32])])
    func knownAnswers(counter: [UInt32], key: [UInt32], expected: [UInt32]) {
        let block = Philox.block(
            at: Philox.Block(x0: counter[0], x1: counter[1], x2: counter[2], x3: counter[3]),
            key0: key[0], key1: key[1])
        #expect([block.x0, block.x1, block.x2, block.x3] == expected)
    }
}
