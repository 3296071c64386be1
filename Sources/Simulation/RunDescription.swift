public import ExactMath
public import MarginProtocol

/// Who and what takes part in a run: written once, before the first block.
public struct RunDescription: Sendable {
    public struct Agent: Sendable, Hashable {
        public var address: Address
        public var name: String
        /// `trader`, `liquidator`, `marketMaker`, `reporter`, `hedger`, `system`, `governance`.
        public var kind: String
        /// The group of the scenario it came from.
        public var group: String
    }
    public struct GenesisAccount: Sendable, Hashable {
        public var id: AccountID
        public var name: String
        public var owner: Address
        public var role: Role
        public var parent: AccountID?
        public var market: MarketID?
    }
    public struct Parameter: Sendable, Hashable {
        /// Dotted path, as in a scenario: `protocol.liquidation.close_factor`.
        public var key: String
        public var value: String
    }
    public var scenario: String
    /// The scenario entirely resolved (`extends` and `--set` merged in) as YAML: it alone replays the run.
    public var scenarioText: String
    public var seed: UInt64
    public var engineVersion: String
    public var start: Timestamp
    public var assets: [(name: String, feed: FeedID)]
    public var markets: [(name: String, feed: FeedID)]
    public var feeds: [String]
    public var agents: [Agent]
    public var accounts: [GenesisAccount]
    public var parameters: [Parameter]
    public var settlementAsset: AssetID
    /// Whose price values gas; nil when gas is not valued.
    public var gasFeed: FeedID?

    public init(
        scenario: String, scenarioText: String, seed: UInt64, engineVersion: String,
        start: Timestamp, assets: [(name: String, feed: FeedID)],
        markets: [(name: String, feed: FeedID)], feeds: [String], agents: [Agent],
        accounts: [GenesisAccount], parameters: [Parameter], settlementAsset: AssetID,
        gasFeed: FeedID?
    ) {
        self.scenario = scenario
        self.scenarioText = scenarioText
        self.seed = seed
        self.engineVersion = engineVersion
        self.start = start
        self.assets = assets
        self.markets = markets
        self.feeds = feeds
        self.agents = agents
        self.accounts = accounts
        self.parameters = parameters
        self.settlementAsset = settlementAsset
        self.gasFeed = gasFeed
    }
}
