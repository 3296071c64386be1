import ExactMath

/// Chains as they are or were. Every figure may be changed in a copy; the demand is left to the
/// scenario.
public enum ChainPreset: String, Hashable, Sendable, CaseIterable {
    /// Ethereum since the Merge, with the gas limit of 2021 to 2025.
    case ethereum
    /// The same with builders who take private bundles.
    case ethereumBuilders = "ethereum-builders"
    /// Ethereum under proof of work before EIP-1559, as of March 2020.
    case ethereum2020 = "ethereum-2020"
    /// Arbitrum One before Timeboost and before it had several gas targets (2022 to 2025).
    case arbitrum
    /// Arbitrum One with the express lane of Timeboost (since April 2025).
    case arbitrumTimeboost = "arbitrum-timeboost"
    /// OP Mainnet before Canyon.
    case optimismBedrock = "optimism-bedrock"
    /// OP Mainnet after Canyon (January 2024).
    case optimism
    /// Solana, its compute units as gas. Prices stay in 1e-18 of the coin per unit.
    case solana
    /// dYdX v4: no fees, in order of arrival, and the proposer's liquidations first.
    case dydx
    /// Hyperliquid: no fees, and cancellations and post-only orders before what may trade.
    case hyperliquid
    /// No chain at all: a block a second, no fee, room for everything, in order of arrival.
    case instant

    /// The chain of this name, or nil.
    public static func named(_ name: String) -> ChainConfiguration? {
        ChainPreset(rawValue: name)?.configuration
    }

    /// Every name, in order of declaration.
    public static var names: [String] { allCases.map(\.rawValue) }

    public var configuration: ChainConfiguration {
        switch self {
        case .ethereum: Self.ethereumToday
        case .ethereumBuilders: Self.ethereumWithBuilders
        case .ethereum2020: Self.ethereumBefore1559
        case .arbitrum: Self.arbitrumOne
        case .arbitrumTimeboost: Self.arbitrumWithLane
        case .optimismBedrock: Self.opBedrock
        case .optimism: Self.opMainnet
        case .solana: Self.solanaMainnet
        case .dydx: Self.dydxChain
        case .hyperliquid: Self.hyperliquidChain
        case .instant: Self.noChain
        }
    }

    private static var ethereumToday: ChainConfiguration {
        ChainConfiguration(
            name: "ethereum",
            blockTime: .fixed(TimeSpan(seconds: 12)),  // SECONDS_PER_SLOT, consensus-specs.
            // About 0.5 % to 1 % of mainnet slots, 2023 and 2024; from memory.
            missedBlocks: Ratio(basisPoints: 80),
            gasLimit: 30_000_000,  // August 2021 to February 2025; from memory.
            feeMarket: .eip1559(
                EIP1559(
                    elasticity: 2,  // ELASTICITY_MULTIPLIER, EIP-1559.
                    denominator: 8,  // BASE_FEE_MAX_CHANGE_DENOMINATOR, EIP-1559.
                    initialBaseFee: 1_000_000_000)),  // INITIAL_BASE_FEE, EIP-1559.
            // The default of block builders: go-ethereum `miner/ordering.go`.
            ordering: .effectiveTip)
    }

    private static var ethereumWithBuilders: ChainConfiguration {
        var chain = ethereumToday
        chain.name = "ethereum-builders"
        // About 90 % of blocks come through MEV-Boost (arXiv 2407.13931, October 2023 to March
        // 2024), three builders making 80 % of them.
        chain.rules.bundles = BundleRule(builderShare: Ratio(percent: 90))
        return chain
    }

    private static var ethereumBefore1559: ChainConfiguration {
        ChainConfiguration(
            name: "ethereum-2020",
            // The mean of March 2020, after the ice age was put off by Muir Glacier (January 2020);
            // from memory.
            blockTime: .exponential(mean: TimeSpan(milliseconds: 13_100)),
            gasLimit: 10_000_000,  // September 2019 to June 2020; from memory.
            // The default of `--miner.gasprice`, go-ethereum 1.9.
            feeMarket: .firstPrice(minimum: 1_000_000_000),
            ordering: .effectiveTip)
    }

    private static var arbitrumOne: ChainConfiguration {
        ChainConfiguration(
            name: "arbitrum",
            blockTime: .fixed(TimeSpan(milliseconds: 250)),  // docs.arbitrum.io, sequencer.
            gasLimit: 32_000_000,  // docs.arbitrum.io, chain parameters.
            // The chain's own rule raises the price as exp(backlog / (102 · speed limit)), where
            // the backlog grows by what exceeds 7 M gas/s (docs.arbitrum.io, gas speed limit): d ln
            // price / dt = excess / (102 s · speed limit). Per block of 0.25 s that is an EIP-1559
            // step with denominator 102 · 4 and a target of 32 M / 18 = 1.78 M gas, i.e. 7.1 M/s.
            // Its tolerance of ten seconds is left out.
            feeMarket: .eip1559(
                EIP1559(
                    elasticity: 18, denominator: 408, initialBaseFee: 20_000_000,
                    minimumBaseFee: 20_000_000)),  // Gas price floor 0.02 gwei, docs.arbitrum.io.
            ordering: .firstComeFirstServed,
            mempool: MempoolLimits(minimumTip: 0))  // The sequencer ignores tips.
    }

    private static var arbitrumWithLane: ChainConfiguration {
        var chain = arbitrumOne
        chain.name = "arbitrum-timeboost"
        // docs.arbitrum.io, Timeboost: rounds of 60 s, bids close 15 s before, everybody else 200 ms
        // later, reserve 0.001 ETH, at most 5 bids.
        chain.rules.expressLane = ExpressLane()
        return chain
    }

    private static var opBedrock: ChainConfiguration {
        var chain = opMainnet
        chain.name = "optimism-bedrock"
        // Denominator 50 until Canyon: op-geth `params`. Since Holocene both figures stand in each
        // block's header, which `feeChanges` can follow; Jovian adds a minimum base fee.
        chain.feeMarket = .eip1559(
            EIP1559(elasticity: 6, denominator: 50, initialBaseFee: 1_000_000))
        return chain
    }

    private static var opMainnet: ChainConfiguration {
        ChainConfiguration(
            name: "optimism",
            blockTime: .fixed(TimeSpan(seconds: 2)),  // OP Stack specification.
            gasLimit: 30_000_000,  // OP Mainnet at Canyon; from memory.
            // Elasticity 6, and denominator 250 since Canyon: op-geth `params`.
            feeMarket: .eip1559(
                EIP1559(elasticity: 6, denominator: 250, initialBaseFee: 1_000_000)),
            ordering: .effectiveTip,
            mempool: MempoolLimits(minimumTip: 0))
    }

    private static var solanaMainnet: ChainConfiguration {
        ChainConfiguration(
            name: "solana",
            blockTime: .fixed(TimeSpan(milliseconds: 400)),  // Slots of 400 to 600 ms.
            // Skipped slots, 2 % to 5 % in 2023 and 2024; from memory.
            missedBlocks: Ratio(percent: 5),
            // Compute units: MAX_BLOCK_UNITS, docs.rs solana-runtime 1.10.10; more since 2025.
            gasLimit: 48_000_000,
            // 5,000 lamports per signature on the default limit of 200,000 units (solana.com,
            // fees): 5e-6 SOL / 200,000. Priority is what is bid beyond.
            feeMarket: .firstPrice(minimum: 25_000_000),
            ordering: .effectiveTip,
            mempool: MempoolLimits(
                // No mempool: what the leaders hold in their buffers, for as long as it is valid.
                // A transaction is valid while its blockhash is among the last 151: 60 to 90 s, and
                // 60.4 s at 400 ms a slot.
                lifetime: TimeSpan(milliseconds: 151 * 400)),
            // At most 12 M units of a block may write the same account: MAX_WRITABLE_ACCOUNT_UNITS,
            // docs.rs solana-cost-model 2.0.14; what is refused for it bids against its like only. How
            // many transactions are lost on the way depends on the day, so none are by default.
            rules: InclusionRules(lockLimit: 12_000_000))
    }

    private static var dydxChain: ChainConfiguration {
        ChainConfiguration(
            name: "dydx",
            // About a second when v4 began, from memory; Nautilus Trader's adapter assumes 500 ms
            // (DEFAULT_BLOCK_TIME_MS, nautilustrader.io 2026).
            blockTime: .fixed(TimeSpan(seconds: 1)),
            gasLimit: 1_000_000_000_000,  // Orders cost no gas.
            feeMarket: .free, ordering: .firstComeFirstServed,
            // Short-term orders live for 40 blocks: v4-chain `ShortBlockWindow` @84d4664b; clients
            // use at most 20 (nautilustrader.io 2026).
            mempool: MempoolLimits(
                transactions: 1_000_000, perSender: 1_000_000, lifetime: TimeSpan(seconds: 40)),
            // At most 50 liquidation attempts a block, proposed by whoever builds it: v4-chain
            // liquidations flags @84d4664b.
            rules: InclusionRules(precedence: .liquidationsFirst(attempts: 50)))
    }

    private static var hyperliquidChain: ChainConfiguration {
        ChainConfiguration(
            name: "hyperliquid",
            // The median latency from sending to confirmation that its documentation names, in
            // place of blocks every 70 ms or so (alchemy.com/docs, HyperCore, 2026): the time
            // in which nobody learns what has become of an order.
            blockTime: .fixed(TimeSpan(milliseconds: 200)),
            gasLimit: 1_000_000_000_000, feeMarket: .free, ordering: .firstComeFirstServed,
            mempool: MempoolLimits(transactions: 1_000_000, perSender: 1_000_000),
            rules: InclusionRules(precedence: .cancelsFirst))
    }

    private static var noChain: ChainConfiguration {
        ChainConfiguration(
            name: "instant", blockTime: .fixed(TimeSpan(seconds: 1)),
            gasLimit: 1_000_000_000_000,  // Three million liquidations a block.
            feeMarket: .free, ordering: .firstComeFirstServed,
            mempool: MempoolLimits(transactions: 1_000_000, perSender: 1_000_000))
    }
}
