public import Agents
public import Chain
public import ExactMath
public import MarginProtocol
public import Markets
public import Oracles

/// A validated scenario: everything a run needs, and nothing that is decided later.
///
/// Feeds, reference assets and push oracles share one numbering: feed i is the price of reference asset i,
/// reported by push feed i.
public struct Scenario: Sendable {
    public var name: String
    /// The question the scenario asks, from its `question` key; shown above the summary.
    public var question: String
    public var seed: UInt64
    public var start: Timestamp
    public var duration: TimeSpan
    public var chain: ChainConfiguration
    /// The feed of the chain's own token, in which gas is paid; nil where gas is free.
    public var nativeFeed: FeedID?
    /// Sub-steps of the world inside a block: prices move and oracles look this often.
    public var step: TimeSpan
    public var referenceAssets: [ReferenceAsset]
    public var correlation: CorrelationMatrix?
    public var priceFeeds: [PriceFeed]
    /// A block this long after the one before is the first after an outage of the sequencer, which guards
    /// hear of; nil where nobody asks.
    public var sequencerSilence: TimeSpan?
    /// The protocol's rules. `feeds[i].reporters` is filled in by the simulation.
    public var parameters: ProtocolParameters
    /// What the insurance fund and the pool hold at the start, per asset.
    public var insuranceFund: [(asset: AssetID, amount: Quantity)]
    public var poolLiquidity: [(asset: AssetID, amount: Quantity)]
    public var backstopFunds: [(asset: AssetID, amount: Quantity)]
    public var agents: AgentsConfiguration
    /// How the place behind an oracle report is sold; nil = it is not.
    public var oracleAuction: OracleAuctionRules?
    /// Governance commands at set times, in order of time: parameter changes and pauses.
    public var governance: [(time: Timestamp, command: Command)]
    /// All accounts' health is recorded every so many blocks; touched ones always.
    public var healthEvery: Int
    /// A liquidation later than this after it was due in truth counts as late.
    public var lateAfter: TimeSpan
    /// Whether each liquidation that is sent is recorded with what its sender knew.
    public var recordsDecisions = false
    public var expectations: [Expectation]
    /// The scenario with `extends` and overrides merged in, as YAML; it alone replays the run.
    public var text: String
    /// Every parameter in force, by dotted path, as written.
    public var settings: [(key: String, value: String)]
}

/// A condition that decides whether a scenario passes.
public struct Expectation: Sendable, Hashable {
    /// A metric of the summary: `liquidations`, `bad_debt_usd`, `late_share`, `conservation`, …
    public var metric: String
    public var lowerBound: Ratio?
    public var upperBound: Ratio?
    /// Whether the bounds themselves fail, as in `"> 20%"`.
    public var lowerIsStrict: Bool
    public var upperIsStrict: Bool
    /// As the scenario says it.
    public var text: String
    public init(
        metric: String, lowerBound: Ratio?, upperBound: Ratio?, lowerIsStrict: Bool = false,
        upperIsStrict: Bool = false, text: String
    ) {
        self.metric = metric
        self.lowerBound = lowerBound
        self.upperBound = upperBound
        self.lowerIsStrict = lowerIsStrict
        self.upperIsStrict = upperIsStrict
        self.text = text
    }
}
