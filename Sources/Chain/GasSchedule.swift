public import ExactMath
public import MarginProtocol

/// What each kind of command uses. [gas]
public struct GasSchedule: Hashable, Sendable {
    private var amounts: [Int64]
    /// The share of its gas that a rejected command uses: it reads state and computes, but writes
    /// nothing.
    ///
    /// The figure of a schedule is an estimate; the gas of a revert depends on where it happens.
    public var rejectedShare: Ratio

    /// The same amount for every command, to begin from.
    public init(uniform amount: Int64, rejectedShare: Ratio) {
        // Keyed by the kinds' numbers, which have gaps.
        let last = CommandKind.allCases.map(\.rawValue).max() ?? 0
        amounts = Array(repeating: amount, count: Int(last) + 1)
        self.rejectedShare = rejectedShare
    }

    /// What a command of this kind uses when the protocol applies it. [gas]
    public subscript(kind: CommandKind) -> Int64 {
        get { amounts[Int(kind.rawValue)] }
        set { amounts[Int(kind.rawValue)] = newValue }
    }

    /// What a command of this kind uses when the protocol rejects it, rounded up. [gas]
    public func rejected(_ kind: CommandKind) -> Int64 {
        let whole = product(self[kind], rejectedShare.raw)
        return Int64(clamping: (whole + Int128(scaleE8) - 1) / Int128(scaleE8))
    }

    /// What a command uses when the protocol applies it: its kind's gas, and for each price that it brings
    /// along that of `attach`. [gas]
    public func amount(for command: Command) -> Int64 {
        guard case .attach(let prices, let inner) = command else { return self[command.kind] }
        return self[inner.kind] + Int64(prices.count) * self[.attach]
    }

    /// The same when the protocol rejects it, rounded up. [gas]
    public func rejectedAmount(for command: Command) -> Int64 {
        guard case .attach = command else { return rejected(command.kind) }
        let whole = product(amount(for: command), rejectedShare.raw)
        return Int64(clamping: (whole + Int128(scaleE8) - 1) / Int128(scaleE8))
    }

    /// A lending or margin protocol on an Ethereum virtual machine.
    ///
    /// Aave v3 figures: aave-v3-origin `snapshots/Pool.Operations.json` @fd1fbd91.
    public static let evm: GasSchedule = {
        // 60 %: Aave's account-data read is 115,196 of a liquidation's 340,429 gas, to which a
        // revert adds the 21,000 of any transaction and the checks before it; about half to two
        // thirds in all.
        var gas = GasSchedule(uniform: 0, rejectedShare: Ratio(percent: 60))
        gas[.deposit] = 140_000  // Aave v3 supply: 139,678.
        gas[.withdraw] = 200_000  // Aave v3 withdraw: 155,251 to 220,789.
        // Account data 115,196, and an ERC-20 transfer's 50,000 to 65,000.
        gas[.transfer] = 180_000
        gas[.openAccount] = 90_000  // 21,000 and three new storage words of 22,100 each (EIP-2929).
        gas[.setDelegate] = 46_000  // 21,000, one new storage word and its calldata.
        gas[.configure] = 160_000  // A storage word, and account data at 115,196.
        gas[.trade] = 250_000  // Aave v3 borrow, the nearest of its size: 209,306 to 245,394.
        gas[.placeOrder] = 250_000  // As a trade: margin is checked and an order is written.
        gas[.cancelOrder] = 60_000  // 21,000 and a few storage words cleared.
        gas[.postPrice] = 150_000  // Chainlink OCR `transmit`: about 150,000 to 300,000 by signers.
        gas[.liquidate] = 340_000  // Aave v3 liquidationCall: 340,429 partial, 349,519 full.
        gas[.buyCollateral] = 200_000  // Two ERC-20 transfers and two prices; an estimate.
        // Auctions: estimates from the storage words that dog.sol, clip.sol, cat.sol and flip.sol write (makerdao/dss;
        // 22,100 for a new word, EIP-2929), beside the 21,000 of any transaction.
        gas[.startAuction] = 300_000  // A vault's words, totals, six new ones of an auction.
        gas[.takeAuction] = 160_000  // Two internal balances, the auction's words, totals.
        gas[.bidAuction] = 110_000  // Two or three internal balances, bid, bidder and expiry.
        gas[.restartAuction] = 110_000  // A price is read, and two words change.
        gas[.settleAuction] = 90_000  // A balance of collateral; the auction's words are cleared.
        gas[.pause] = 50_000  // 21,000 and one storage word, by a multisignature's owner.
        gas[.setParameter] = 60_000  // 21,000 and one or two storage words.
        gas[.payAuction] = 60_000  // An ERC-20 transfer: 50,000 to 65,000.
        // Each price that is brought along: a signature check and one or two storage words; an estimate.
        gas[.attach] = 60_000
        gas[.reportUptime] = 0  // The rollup's own message.
        // Trades in two steps: estimates. GMX v2 allows its keepers 3,900,000 for an order, of which 600,000 are a
        // base part (gmx-synthetics, config/general.ts); a request writes about ten new storage words.
        gas[.requestTrade] = 300_000
        gas[.executeRequest] = 1_500_000
        gas[.cancelRequest] = 100_000
        gas[.updateDeleveraging] = 200_000
        gas[.deleverage] = 1_500_000
        gas[.settleResult] = 230_000  // Two accounts' data at 115,196; an estimate.
        // As a change of a parameter; what it closes is the venue's own work.
        gas[.windUp] = 60_000
        // Deposits into a pool and withdrawals: GMX v2 allows its keepers 2,050,000 (config/general.ts), much of it for
        // prices; estimates.
        gas[.addLiquidity] = 1_000_000
        gas[.removeLiquidity] = 1_000_000
        gas[.claimImpact] = 90_000  // An ERC-20 transfer and a storage word cleared; an estimate.
        // As orders of perpetual markets: margin is checked, and an order is written or cleared.
        gas[.placeSpotOrder] = 250_000
        gas[.cancelSpotOrder] = 60_000
        gas[.settleOutside] = 0  // Happens outside the chain.
        return gas
    }()
}
