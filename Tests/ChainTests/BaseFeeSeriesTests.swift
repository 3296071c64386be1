import Foundation
import Testing

@testable import Chain

/// The base fees of consecutive mainnet blocks follow the rule exactly, given the gas they used.
///
/// The series says fees to 1,000 wei and no gas. So for each block the set of all exact fees is kept
/// that round to the printed one and that some whole gasUsed leads to from an exact fee of the block
/// before: while it is not empty, there is one history of exact fees and whole gas that our rule
/// reproduces to the wei.
struct BaseFeeSeriesTests {
    static let gasLimit: Int64 = 30_000_000
    let rule = EIP1559()

    /// Blocks 21,527,387 to 21,527,426 of 1 January 2025, 04:57 UTC. [1,000 wei] Source:
    /// OilerNetwork/pitchlake_cron, src/twap/demoData.ts.
    static let typed: [Int64] = [
        11_189_797, 9_791_072, 11_014_956, 9_876_467, 8_717_426, 8_695_041, 9_781_921, 10_518_727,
        11_822_176, 10_344_404, 9_136_734, 9_427_984, 10_606_482, 9_280_672, 8_120_588, 9_135_661,
        10_277_619, 11_562_321, 10_117_031, 8_944_603, 9_524_123, 10_714_638, 10_441_089,
        10_355_097, 9_241_994, 9_097_677, 8_811_216, 9_912_618, 9_474_485, 8_886_016, 8_645_208,
        9_725_859, 10_941_591, 10_090_236, 9_929_176, 8_775_194, 9_684_191, 9_809_932, 8_583_690,
        9_656_651,
    ]

    /// The whole series, where the data stand beside the repository.
    static let file: [Int64]? = {
        var folder = URL(fileURLWithPath: #filePath)
        for _ in 0..<4 { folder.deleteLastPathComponent() }
        let path = folder.appendingPathComponent("shared/data/eth-base-fee-340-blocks.csv")
        guard let text = try? String(contentsOf: path, encoding: .utf8) else { return nil }
        return text.split(whereSeparator: \.isNewline).dropFirst().compactMap { line in
            let cells = line.split(separator: ",")
            let parts = cells[3].split(separator: ".")
            let fraction = parts.count > 1 ? String(parts[1]) : ""
            return Int64(parts[0] + fraction.padding(toLength: 6, withPad: "0", startingAt: 0))
        }
    }()

    /// An exact fee, and from which one it came by how much gas.
    private struct Origin {
        var fee: Int64
        var gas: Int64
    }

    @Test func everyStepIsReachableAndExact() throws {
        let printed = Self.file ?? Self.typed
        if Self.file != nil { #expect(printed.count == 340) }
        let found = try #require(history(printed))
        var fee = found.first
        var gas: Int64 = 0
        for (index, used) in found.gas.enumerated() {
            #expect(0...Self.gasLimit ~= used)
            fee = rule.nextBaseFee(baseFee: fee, gasUsed: used, gasLimit: Self.gasLimit)
            #expect((fee + 500) / 1000 == printed[index + 1], "block \(index + 1)")
            gas += used
        }
        // Blocks exceed their target by 2.9 % (arXiv 2212.07175 measured +2.0 % to +2.9 %) over the
        // whole series; never by more than the 6.27 % at which fees stay bounded.
        let excess = Double(gas) / Double(found.gas.count) / Double(Self.gasLimit / 2) - 1
        #expect(excess < 0.0627)
        if Self.file != nil { #expect(abs(excess - 0.0295) < 0.001) }
    }

    /// One digit off in the middle, and no gas explains the series.
    @Test func aWrongFeeHasNoHistory() {
        var printed = Self.typed
        printed[20] += printed[20] / 4
        #expect(history(printed) == nil)
    }

    /// Nor does another denominator: full blocks rise by more than it allows.
    @Test func anotherRuleHasNoHistory() {
        #expect(history(Self.typed, EIP1559(denominator: 9)) == nil)
    }

    private func history(_ printed: [Int64], _ rule: EIP1559 = EIP1559())
        -> (first: Int64, gas: [Int64])?
    {
        var fees = (-500..<500).map { printed[0] * 1000 + $0 }
        var origins: [[Int64: Origin]] = []
        for next in printed.dropFirst() {
            let window = (next * 1000 - 500)..<(next * 1000 + 500)
            var reached: [Int64: Origin] = [:]
            for fee in fees { reach(window, from: fee, rule, &reached) }
            guard !reached.isEmpty else { return nil }
            origins.append(reached)
            fees = reached.keys.sorted()
        }
        guard var fee = fees.first else { return nil }
        var gas: [Int64] = []
        for step in origins.reversed() {
            guard let origin = step[fee] else { return nil }
            gas.append(origin.gas)
            fee = origin.fee
        }
        return (fee, gas.reversed())
    }

    /// Every fee of a window that whole gas leads to, found from the least gas that reaches it.
    private func reach(
        _ window: Range<Int64>, from fee: Int64, _ rule: EIP1559, _ reached: inout [Int64: Origin]
    ) {
        func next(_ gas: Int64) -> Int64 {
            rule.nextBaseFee(baseFee: fee, gasUsed: gas, gasLimit: Self.gasLimit)
        }
        var low: Int64 = 0
        var high = Self.gasLimit
        while low < high {
            let middle = (low + high) / 2
            if next(middle) >= window.lowerBound { high = middle } else { low = middle + 1 }
        }
        while low <= Self.gasLimit, window.contains(next(low)) {
            if reached[next(low)] == nil { reached[next(low)] = Origin(fee: fee, gas: low) }
            low += 1
        }
    }
}
