public import ExactMath
public import MarginRules

/// How collateral of unhealthy accounts is sold by auction for what they owe in the settlement asset.
///
/// Sources: makerdao/dss, dog.sol and clip.sol (Dutch), cat.sol and flip.sol (English).
public struct AuctionPolicy: Hashable, Sendable {
    /// Auctions whose price falls until somebody buys.
    public struct Dutch: Hashable, Sendable {
        public var terms: DutchAuction
        /// The most debt, penalty included, in auctions of one asset at once. [1e-8 settlement units]
        public var limit: Money
        /// The same over all assets.
        public var globalLimit: Money
        public init(terms: DutchAuction, limit: Money, globalLimit: Money) {
            self.terms = terms
            self.limit = limit
            self.globalLimit = globalLimit
        }
    }
    /// How large one English auction may be.
    public enum Lots: Hashable, Sendable {
        /// So much of an asset; of assets that are not named, all that an account has.
        case collateral([AssetAmount])
        /// So much debt with the penalty, while no more than the limit is in all auctions.
        case debt(Money, globalLimit: Money)
    }
    /// An amount of an asset.
    public struct AssetAmount: Hashable, Sendable {
        public var asset: AssetID
        public var amount: Quantity
        public init(asset: AssetID, amount: Quantity) {
            self.asset = asset
            self.amount = amount
        }
    }
    /// Auctions in which bids raise the payment up to the debt, then lower the lot.
    public struct English: Hashable, Sendable {
        public var terms: EnglishAuction
        public var lots: Lots
        public init(terms: EnglishAuction, lots: Lots) {
            self.terms = terms
            self.lots = lots
        }
    }
    public enum Form: Hashable, Sendable {
        case dutch(Dutch)
        case english(English)
    }
    public var form: Form
    /// What is to be raised beyond the debt, as a share of it.
    public var penalty: Ratio
    /// The least that an account with debt may owe, and that a part may leave. [1e-8 settlement units]
    public var minimumDebt: Money
    /// What the protocol pays whoever starts an auction, or restarts a Dutch one.
    public var reward: KeeperReward
    public init(form: Form, penalty: Ratio, minimumDebt: Money, reward: KeeperReward) {
        self.form = form
        self.penalty = penalty
        self.minimumDebt = minimumDebt
        self.reward = reward
    }

    /// The factor on auctioned debt.
    var penaltyFactor: Ratio { .one + penalty }

    /// What is wrong with it, in words.
    func problems(assets: Int, settlement: AssetID) -> [String] {
        var found: [String] = []
        func check(_ holds: Bool, _ message: String) {
            if !holds { found.append("auctions: \(message)") }
        }
        check((.zero ... .one).contains(penalty), "a penalty is between 0 and 1")
        check(
            minimumDebt >= .zero && minimumDebt.raw <= ClearingHouse.exposureLimit,
            "a minimum debt is not negative, and less than the largest exposure")
        check(
            reward.flat >= .zero && (.zero ... .one).contains(reward.share),
            "rewards are not negative, and a share at most 1")
        let most = Ratio(percent: 1000)
        switch form {
        case .dutch(let dutch):
            check(
                dutch.limit.isPositive && dutch.globalLimit.isPositive,
                "limits are greater than zero")
            check(
                dutch.terms.startingFactor.isPositive && dutch.terms.startingFactor <= most,
                "an auction starts above zero and at no more than ten times the price")
            check(
                dutch.terms.maximumDuration > .zero
                    && (.zero ... .one).contains(dutch.terms.restartRatio),
                "a duration is greater than zero, a restart ratio between 0 and 1")
            switch dutch.terms.curve {
            case .linear(let duration):
                check(duration > .zero, "a line falls for more than no time")
            case .stairStepExponential(let cut, let step):
                check(
                    (.zero ... .one).contains(cut) && step > .zero,
                    "a cut is between 0 and 1, a step longer than nothing")
            case .exponential(let cut):
                check((.zero ... .one).contains(cut), "a cut is between 0 and 1")
            }
        case .english(let english):
            check(
                (.one...most).contains(english.terms.minimumImprovement),
                "a bid beats the last one by a factor between 1 and 10")
            check(
                english.terms.bidLifetime > .zero && english.terms.duration > .zero,
                "a bid and an auction last longer than nothing")
            switch english.lots {
            case .collateral(let lots):
                check(
                    lots.allSatisfy {
                        (0..<assets).contains($0.asset.index) && $0.asset != settlement
                            && $0.amount.isPositive
                    }, "a lot is more than nothing of an asset that is no settlement asset")
            case .debt(let size, let limit):
                check(size.isPositive && limit.isPositive, "a lot's debt is greater than zero")
            }
        }
        return found
    }
}
