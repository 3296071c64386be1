import Chain
import ExactMath
import MarginProtocol
import SeededRandom
import Testing

struct ChainConfigurationTests {
    struct Fault: Sendable {
        var field: String
        var change: @Sendable (inout ChainConfiguration) -> Void
        init(_ field: String, _ change: @escaping @Sendable (inout ChainConfiguration) -> Void) {
            self.field = field
            self.change = change
        }
    }

    static let faults = [
        Fault("blockTime") { $0.blockTime = .fixed(.zero) },
        Fault("blockTime.mean") { $0.blockTime = .exponential(mean: .zero) },
        Fault("blockTime.schedule") { $0.blockTime = .schedule([]) },
        Fault("blockTime.schedule[0].span") {
            $0.blockTime = .schedule([BlockTimeChange(from: .at(0), span: .zero)])
        },
        Fault("blockTime.schedule[1].from") {
            let change = BlockTimeChange(from: .at(0), span: TimeSpan(seconds: 1))
            $0.blockTime = .schedule([change, change])
        },
        Fault("missedBlocks") { $0.missedBlocks = .one },
        Fault("missedBlocks") {
            $0.blockTime = .exponential(mean: TimeSpan(seconds: 13))
            $0.missedBlocks = Ratio(percent: 1)
        },
        Fault("gasLimit") { $0.gasLimit = 0 },
        Fault("feeMarket.minimum") { $0.feeMarket = .firstPrice(minimum: -1) },
        Fault("feeMarket.elasticity") { $0.feeMarket = .eip1559(EIP1559(elasticity: 0)) },
        Fault("feeMarket.denominator") { $0.feeMarket = .eip1559(EIP1559(denominator: 0)) },
        Fault("feeMarket.minimumBaseFee") { $0.feeMarket = .eip1559(EIP1559(minimumBaseFee: -1)) },
        Fault("feeMarket.initialBaseFee") {
            $0.feeMarket = .eip1559(EIP1559(initialBaseFee: 1, minimumBaseFee: 2))
        },
        Fault("mempool.transactions") { $0.mempool.transactions = 0 },
        Fault("mempool.perSender") { $0.mempool.perSender = 0 },
        Fault("mempool.lifetime") { $0.mempool.lifetime = .zero },
        Fault("mempool.priceBump") { $0.mempool.priceBump = Ratio(percent: -1) },
        Fault("mempool.minimumTip") { $0.mempool.minimumTip = -1 },
        Fault("gas.liquidate") { $0.gas[.liquidate] = 1_000_001 },
        Fault("gas.rejectedShare") { $0.gas.rejectedShare = Ratio(percent: 101) },
        Fault("demand.points") { $0.demand?.points = [] },
        Fault("demand.points[1].from") {
            let points = $0.demand?.points ?? []
            $0.demand?.points = points + points
        },
        Fault("demand.points[0].gasPerSecond") { $0.demand?.points[0].gasPerSecond = -1 },
        Fault("demand.points[0].medianPrice") { $0.demand?.points[0].medianPrice = 0 },
        Fault("demand.points[0].spread") { $0.demand?.points[0].spread = Ratio(percent: 1001) },
        Fault("demand.patience") { $0.demand?.patience = .zero },
        Fault("demand.transactionGas") { $0.demand?.transactionGas = 0 },
        Fault("demand") { $0.feeMarket = .free },
    ]

    @Test(arguments: faults)
    func namesTheFieldAtFault(_ fault: Fault) throws {
        var configuration = ChainConfiguration.small(
            demand: DemandConfiguration(gasPerSecond: 1, medianPrice: 1, spread: .zero))
        try configuration.validate()
        fault.change(&configuration)
        let error = #expect(throws: ChainError.self) { try Chain(configuration) }
        #expect(error?.field == fault.field)
        #expect(error?.description.hasPrefix("\(fault.field): must be ") == true)
    }

    @Test(arguments: ChainPreset.allCases)
    func presetsRun(_ preset: ChainPreset) throws {
        let configuration = preset.configuration
        #expect(configuration.name == preset.rawValue)
        #expect(ChainPreset.named(preset.rawValue) == configuration)
        var chain = try Chain(configuration)
        let slot = chain.nextSlot()
        let sent = Transaction(
            id: 1, sender: Address(5), nonce: 0, command: .pause([]), gasLimit: 100_000,
            maxFee: 50 * gwei, maxTip: gwei, submittedAt: .at(0))
        #expect(chain.submit(sent).isEmpty)
        #expect(chain.build(slot) { _, _ in }.ids == [1])
    }

    @Test func presetFigures() {
        #expect(
            ChainPreset.names
                == [
                    "ethereum", "ethereum-builders", "ethereum-2020", "arbitrum",
                    "arbitrum-timeboost", "optimism-bedrock", "optimism", "solana", "dydx",
                    "hyperliquid", "instant",
                ])
        #expect(ChainPreset.named("etherium") == nil)
        func capacity(_ preset: ChainPreset) -> Int64 { preset.configuration.capacity(at: .at(0)) }
        #expect(capacity(.ethereum) == 1_250_000)
        #expect(capacity(.ethereum2020) == 763_358)
        // The speed limit of 7 M gas/s, within the rounding of the elasticity.
        #expect(capacity(.arbitrum) == 7_111_108)
    }

    /// The rate at which Arbitrum's price rises when 14 M gas/s are used: e-fold in 102 s.
    @Test func arbitrumPriceSlope() throws {
        guard case .eip1559(let rule) = ChainPreset.arbitrum.configuration.feeMarket else {
            Issue.record("Arbitrum has a base fee")
            return
        }
        var fee = gwei
        for _ in 0..<408 {
            fee = rule.nextBaseFee(baseFee: fee, gasUsed: 2 * 1_777_777, gasLimit: 32_000_000)
        }
        #expect(abs(fee - 2_718_281_828) < 5_000_000)
    }

    @Test func gasOfRejectionsRoundsUp() {
        var gas = GasSchedule(uniform: 10, rejectedShare: Ratio(percent: 60))
        gas[.trade] = 99
        #expect(gas.rejected(.trade) == 60 && gas.rejected(.deposit) == 6)
        #expect(GasSchedule.evm.rejected(.liquidate) == 204_000)
        #expect(GasSchedule.evm[.settleOutside] == 0)
    }

    @Test func dropReasonsKeepTheirNumbers() {
        let table = DropReason.allCases.map { "\($0.rawValue) \($0.name)" }
        #expect(
            table == [
                "1 nonceTooLow", "2 replacementUnderpriced", "3 replaced", "4 expired",
                "5 poolFull",
                "6 senderLimit", "7 feeTooLow", "8 gasLimitAboveBlock", "9 gasLimitTooLow",
                "10 lost", "11 bundleFailed",
            ])
    }
}
