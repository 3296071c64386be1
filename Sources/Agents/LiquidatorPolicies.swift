public import ExactMath

extension LiquidatorGroup {
    /// What sets a liquidator off.
    public enum Timing: Int8, Hashable, Sendable {
        /// The committed state, at each of its looks.
        case polling
        /// Also a price report that waits in the public mempool: it stands right behind the report that makes
        /// an account liquidatable, in the same block where blocks are ordered by tip or arrival, unless its fee is fixed
        /// and less than the report's.
        case mempool
    }

    /// Whose money repays the debts.
    public enum Financing: Hashable, Sendable {
        /// Its own capital.
        case own
        /// Its own capital, and beyond it a lender's up to a line, for debts in the settlement asset; interest is
        /// simple, by the millisecond, rounded up, and paid first.
        case credit(line: Money, yearlyRate: Ratio)
        /// A loan within the transaction: what is seized is sold in it, and it is all undone where that does not
        /// repay the loan and its fee. No loan is larger than `depth`.
        case flash(fee: Ratio, depth: Money)
    }

    /// How much of what the protocol allows it takes.
    public enum Sizing: Hashable, Sendable {
        case full
        /// This share of it.
        case partial(Ratio)
        /// First as much debt as leaves the account just liquidatable, then what is allowed of the rest, in two
        /// transactions in a row; source: Qin et al., IMC 2021, arXiv 2106.06389.
        case twoStep
    }

    /// What goes wrong with its machines.
    public struct Failures: Hashable, Sendable {
        /// From a recovery to the next crash, exponential; zero = it never crashes.
        public var meanUptime: TimeSpan
        /// How long a crash lasts, exponential.
        public var meanRepair: TimeSpan
        /// The chance that a transaction goes out at half the base fee: it waits, and all later ones behind its nonce.
        public var stuckNonce: Ratio
        /// The chance that a transaction's gas limit is too low, so that the mempool refuses it.
        public var wrongGas: Ratio
        public init(
            meanUptime: TimeSpan = .zero, meanRepair: TimeSpan = .zero, stuckNonce: Ratio = .zero,
            wrongGas: Ratio = .zero
        ) {
            self.meanUptime = meanUptime
            self.meanRepair = meanRepair
            self.stuckNonce = stuckNonce
            self.wrongGas = wrongGas
        }
    }
}

/// A bid that grows while it waits.
public struct EscalatingFee: Hashable, Sendable {
    /// The first bid, as a multiple of the going price.
    public var start: Ratio
    /// What each raise multiplies the bid by, at least 1.1, so that it replaces the one before.
    public var factor: Ratio
    /// Blocks between raises.
    public var every: Int
    /// No bid is higher. [wei per gas]
    public var cap: Int64
    public init(start: Ratio, factor: Ratio, every: Int, cap: Int64) {
        self.start = start
        self.factor = factor
        self.every = every
        self.cap = cap
    }

    /// The bid after this one; nil at the cap. [wei per gas]
    func raised(_ bid: Int64) -> Int64? {
        guard let least = bumped(bid), least <= cap else { return nil }
        let next = (try? multiply(bid, factor.raw, dividingBy: scaleE8, rounding: .up)) ?? cap
        return min(cap, max(least, next))
    }
}

/// A bid that is learned: an ε-greedy choice among shares of the profit.
public struct LearningFee: Hashable, Sendable {
    /// The grid, none of it zero or above one.
    public var shares: [Ratio]
    /// The chance of a share drawn evenly in place of the best so far.
    public var exploration: Ratio
    public init(shares: [Ratio], exploration: Ratio) {
        self.shares = shares
        self.exploration = exploration
    }
}
