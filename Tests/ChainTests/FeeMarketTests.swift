import Chain
import ExactMath
import Testing

/// Base fees, gas limits, prices and replacements from other people's tests.
struct FeeMarketTests {
    struct Step {
        var source: String
        var baseFee: Int64
        var gasLimit: Int64
        var gasUsed: Int64
        var elasticity: Int64
        var denominator: Int64
        var minimum: Int64
        var expected: Int64

        init(
            _ source: String, _ baseFee: Int64, _ gasLimit: Int64, _ gasUsed: Int64,
            _ elasticity: Int64, _ denominator: Int64, minimum: Int64 = 0, _ expected: Int64
        ) {
            self.source = source
            self.baseFee = baseFee
            self.gasLimit = gasLimit
            self.gasUsed = gasUsed
            self.elasticity = elasticity
            self.denominator = denominator
            self.minimum = minimum
            self.expected = expected
        }
    }

    // geth: ethereum/go-ethereum consensus/misc/eip1559/eip1559_test.go @e72a6390. op:
    // ethereum-optimism/op-geth consensus/misc/eip1559/eip1559_test.go @00d50796; elasticity and
    // denominator by fork: Canyon test 6 and 50, Holocene 2 and 10, Jovian 3 and 50 with a minimum
    // base fee. alloy: alloy-rs/alloy crates/eips/src/eip1559/helpers.rs @0094cc34; Base Sepolia's
    // 10 and 50 are inferred from the expectations.
    static let steps = [
        Step("geth 0", 1_000_000_000, 20_000_000, 10_000_000, 2, 8, 1_000_000_000),
        Step("op canyon 1", 1_000_000_000, 30_000_000, 4_000_000, 6, 50, 996_000_000),
        Step("op holocene 1", 10_000_000, 30_000_000, 10_000_000, 2, 10, 9_666_667),
        Step(
            "op jovian 0", 1, 30_000_000, 10_000_000, 3, 50, minimum: 1_000_000_000, 1_000_000_000),
        Step(
            "op jovian 2", 2_000_000_000, 30_000_000, 20_000_000, 3, 50, minimum: 1_000_000_000,
            2_040_000_000),
        Step("op jovian 4", 2_097_152, 30_000_000, 9_000_000, 3, 50, minimum: 2_000_000, 2_092_958),
        Step("alloy ethereum 3", 1_072_671_875, 10_000_000, 9_000_000, 2, 8, 1_179_939_062),
        Step("alloy ethereum 4", 1_059_263_476, 14_000_000, 10_001_000, 2, 8, 1_116_028_649),
        Step("alloy ethereum 5", 1_049_238_967, 2_000_000, 0, 2, 8, 918_084_097),
        Step("alloy ethereum 6", 1_049_238_967, 18_000_000, 10_000_000, 2, 8, 1_063_811_730),
        Step("alloy ethereum 7", 0, 18_000_000, 10_000_000, 2, 8, 1),
        Step("alloy ethereum 8", 1, 18_000_000, 10_000_000, 2, 8, 2),
        Step("alloy optimism 3", 1_072_671_875, 10_000_000, 9_000_000, 6, 50, 1_167_067_046),
        Step("alloy optimism 4", 1_059_263_476, 14_000_000, 10_001_000, 6, 50, 1_128_881_311),
        Step("alloy optimism 5", 1_049_238_967, 2_000_000, 0, 6, 50, 1_028_254_188),
        Step("alloy optimism 8", 1, 18_000_000, 10_000_000, 6, 50, 2),
        Step("alloy optimism 9", 2, 18_000_000, 10_000_000, 6, 50, 3),
        Step("alloy canyon 0", 1_000_000_000, 10_000_000, 10_000_000, 6, 250, 1_020_000_009),
        Step("alloy canyon 2", 1_000_000_000, 14_000_000, 10_000_000, 6, 250, 1_013_142_859),
        Step("alloy canyon 6", 1_049_238_967, 18_000_000, 10_000_000, 6, 250, 1_059_031_864),
        Step("alloy sepolia 2", 1_000_000_000, 14_000_000, 10_000_000, 10, 50, 1_122_857_142),
        Step("alloy sepolia 6", 1_049_238_967, 18_000_000, 10_000_000, 10, 50, 1_144_836_295),
        // The edges: a target of zero changes nothing (alloy, Nethermind); 7 wei is too little to
        // fall.
        Step("target zero", 1_000, 1, 1, 2, 8, 1_000),
        Step("floor", 7, 30_000_000, 0, 2, 8, 7),
        Step("top", .max - 1, 30_000_000, 30_000_000, 2, 8, .max),
    ]

    /// Vectors: geth-calc-0, op-canyon-1, op-holocene-1, op-jovian-minbasefee-0,
    /// op-jovian-minbasefee-2, op-jovian-minbasefee-4, alloy-ethereum-3, alloy-ethereum-4,
    /// alloy-ethereum-5, alloy-ethereum-6, alloy-ethereum-7, alloy-ethereum-8, alloy-optimism-3,
    /// alloy-optimism-4, alloy-optimism-5, alloy-optimism-8, alloy-optimism-9,
    /// alloy-optimism_canyon-0, alloy-optimism_canyon-2, alloy-optimism_canyon-6,
    /// alloy-base_sepolia-2, alloy-base_sepolia-6.
    @Test(arguments: steps)
    func baseFee(_ step: Step) {
        let rule = EIP1559(
            elasticity: step.elasticity, denominator: step.denominator, initialBaseFee: 1,
            minimumBaseFee: step.minimum)
        let next = rule.nextBaseFee(
            baseFee: step.baseFee, gasUsed: step.gasUsed, gasLimit: step.gasLimit)
        #expect(next == step.expected, "\(step.source)")
    }

    // From the rule in integers: n full (or empty) blocks of 30 M gas from 1 gwei.
    //
    // Vectors: derived-ramp-up-2, derived-ramp-up-4, derived-ramp-up-8, derived-ramp-up-20,
    // derived-ramp-up-32.
    @Test(arguments: [
        (2, 1_265_625_000), (4, 1_601_806_640), (8, 2_565_784_512), (20, 10_545_093_826),
        (32, 43_339_182_748), (60, 1_172_603_931_648),
    ])
    func fullBlocks(_ count: Int, _ expected: Int64) {
        #expect(baseFee(after: count, using: 30_000_000) == expected)
    }

    /// Vectors: derived-ramp-down-2, derived-ramp-down-4, derived-ramp-down-32.
    @Test(arguments: [
        (2, 765_625_000), (4, 586_181_641), (32, 13_939_841), (60, 331_504),
    ])
    func emptyBlocks(_ count: Int, _ expected: Int64) {
        #expect(baseFee(after: count, using: 0) == expected)
    }

    private func baseFee(after count: Int, using gas: Int64) -> Int64 {
        (0..<count).reduce(gwei) { fee, _ in
            EIP1559().nextBaseFee(baseFee: fee, gasUsed: gas, gasLimit: 30_000_000)
        }
    }

    /// A full and an empty block do not cancel: 1.125 · 0.875 = 0.984375.
    @Test func alternationDecays() {
        let fee = (0..<100).reduce(gwei) { fee, index in
            EIP1559().nextBaseFee(
                baseFee: fee, gasUsed: index % 2 == 0 ? 30_000_000 : 0, gasLimit: 30_000_000)
        }
        #expect(fee == 455_018_209)
    }

    // geth gas limit tests 0, 5, 9, 10, 12, and the minimum of 5,000.
    //
    // Vectors: geth-gaslimit-0, geth-gaslimit-5, geth-gaslimit-9, geth-gaslimit-10,
    // geth-gaslimit-12.
    @Test(arguments: [
        (10_000_000, false, 20_000_000, true), (20_000_000, true, 20_000_000, true),
        (20_000_000, true, 19_980_469, false), (40_000_000, true, 40_039_061, true),
        (40_000_000, true, 39_960_939, true), (5_001, true, 4_999, false),
    ])
    func gasLimit(_ parent: Int64, _ hasBaseFee: Bool, _ limit: Int64, _ expected: Bool) {
        let isValid = EIP1559().isValidGasLimit(limit, parent: parent, parentHasBaseFee: hasBaseFee)
        #expect(isValid == expected)
    }

    // alloy gas limit step 2, its mirror, and a wish within reach.
    //
    // Vectors: alloy-gaslimit-step-2.
    @Test(arguments: [
        (30_000_000, 40_000_000, 30_029_295), (30_000_000, 20_000_000, 29_970_705),
        (30_000_000, 30_000_001, 30_000_001),
    ])
    func gasLimitStep(_ parent: Int64, _ desired: Int64, _ expected: Int64) {
        let next = EIP1559.nextGasLimit(parent: parent, desired: desired)
        #expect(next == expected)
        #expect(EIP1559().isValidGasLimit(next, parent: parent))
    }

    // EIP-1559: price = min(maxFee, baseFee + maxPriorityFee); not includable when maxFee <
    // baseFee.
    //
    // Vectors: derived-effective-price-0, derived-effective-price-2, derived-effective-price-3,
    // derived-effective-price-4.
    @Test(
        arguments: [
            (100, 2, 50, 52), (50, 2, 50, 50), (49, 2, 50, nil), (200, 200, 50, 200),
            (.max, .max, .max, .max),
        ] as [(Int64, Int64, Int64, Int64?)])
    func effectivePrice(_ fee: Int64, _ tip: Int64, _ base: Int64, _ expected: Int64?) {
        #expect(EIP1559.effectivePrice(maxFee: fee, maxTip: tip, baseFee: base) == expected)
    }

    @Test func otherMarkets() {
        let first = FeeMarket.firstPrice(minimum: 10)
        #expect(first.effectivePrice(maxFee: 12, maxTip: 1, baseFee: 0) == 12)
        #expect(first.effectivePrice(maxFee: 9, maxTip: 9, baseFee: 0) == nil)
        #expect(FeeMarket.free.effectivePrice(maxFee: 12, maxTip: 1, baseFee: 0) == 0)
    }

    // go-ethereum legacypool, PriceBump 10: higher, and at least floor(old · 110 / 100). (5 → 6 is
    // derived-6.)
    //
    // Vectors: derived-replacement-6.
    @Test(arguments: [
        (5, 5, 6, 6, true), (5, 5, 5, 6, false), (5, 5, 6, 5, false), (100, 100, 110, 110, true),
        (100, 100, 109, 110, false), (100, 100, 110, 109, false), (19, 19, 20, 20, true),
        (0, 0, 0, 0, false), (0, 0, 1, 1, true),
    ])
    func replacement(
        _ oldFee: Int64, _ oldTip: Int64, _ newFee: Int64, _ newTip: Int64, _ expected: Bool
    ) {
        let replaces = MempoolLimits().replaces(
            oldFee: oldFee, oldTip: oldTip, byFee: newFee, andTip: newTip)
        #expect(replaces == expected)
    }

    /// Where the fee is bounded, blocks are larger than the target, by at most 6.27 %.
    ///
    /// With only full and empty blocks the share f of full ones keeps the fee level when f · ln
    /// 1.125 + (1 − f) · ln 0.875 = 0, so f = 0.53133 and the mean is 2 f = 1.06266 times the
    /// target (Leonardos et al., arXiv 2102.10567 and 2212.07175).
    ///
    /// Vectors: eip1559_mean_block.
    @Test func blocksExceedTheTargetByAtMostSixPercent() {
        var fee = gwei
        var full: Int64 = 0
        for _ in 0..<100_000 {
            let isFull = fee < 20 * gwei
            if isFull { full += 1 }
            fee = EIP1559().nextBaseFee(
                baseFee: fee, gasUsed: isFull ? 30_000_000 : 0, gasLimit: 30_000_000)
        }
        // 2 · 53,133 ± the transient of about 26 blocks.
        #expect(106_200...106_340 ~= 2 * full)
    }
}
