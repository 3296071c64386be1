import Chain
public import ExactMath
public import MarginProtocol
import MarginRules

/// The venue's own liquidation engine: an exchange's risk engine, the proposer of a block, or whoever
/// absorbs accounts without a reward.
///
/// It sends one step for every account that is liquidatable, and for a backstop vault that has lost too much,
/// whether that pays or not, ahead of everybody else's transactions, and the next when it hears of the last; in the order
/// that the policy gives accounts.
public struct VenueEngine: Agent {
    /// What it bids: more than anybody, so that it comes first; nobody is charged for it. [wei per gas]
    public static let bid: Int64 = 1_000_000_000_000_000
    /// What it has at the start of each asset that can be borrowed, to repay debts with. [1e-8 USD]
    public static let advance = Money(whole: 100_000_000)
    public let wallet: AccountID
    private var pending: [(tag: Int64, account: AccountID)] = []
    private var lastTag: Int64 = 0

    /// - Parameter wallet: an account of the system's, which liquidations pay into.
    public init(wallet: AccountID) { self.wallet = wallet }

    public var addresses: ClosedRange<Int32> { Address.system.raw...Address.system.raw }

    public mutating func decide(_ view: borrowing View) -> Actions {
        var requests: [Request] = []
        var due = view.liquidatable
        if view.house.parameters.liquidation.priority == .risk {
            due = Self.riskiestFirst(due, view)
        }
        if let vault = view.house.backstopVault { due.append(vault) }
        for account in due where !pending.contains(where: { $0.account == account }) {
            guard (try? view.house.quoteLiquidation(of: account, payer: wallet)) != nil else {
                continue
            }
            lastTag += 1
            pending.append((lastTag, account))
            requests.append(
                Request(
                    tag: lastTag, sender: .system,
                    command: .liquidate(account: account, payer: wallet, target: .next),
                    maxFee: Self.bid, maxTip: Self.bid, lifetime: view.blocks(10)))
        }
        return Actions(requests: requests)
    }

    /// In order of risk; whose risk is the same, in order of number.
    static func riskiestFirst(_ accounts: [AccountID], _ view: borrowing View) -> [AccountID] {
        var entries: [(account: AccountID, risk: AccountRisk)] = []
        for account in accounts { entries.append((account, view.house.risk(of: account))) }
        return entries.sorted { a, b in
            switch a.risk.compared(to: b.risk) {
            case .higher: true
            case .lower: false
            case .equal: a.account < b.account
            }
        }.map(\.account)
    }

    public mutating func learn(_ outcome: Outcome) {
        if case .pending = outcome.result { return }
        pending.removeAll { $0.tag == outcome.tag }
    }
}
