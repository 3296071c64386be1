import Agents
import ExactMath
import MarginProtocol

/// What somebody who may leave debts behind can walk away with, from block to block, at outside prices.
///
/// An account that owes more than it has is worth nothing to its owner, and costs nothing either: the difference is
/// the protocol's. Trades outside that touch no wallet stand in the attacker's own books.
struct AttackerBooks: Sendable {
    let name: String
    let addresses: [Address]
    let accounts: [AccountID]
    /// From trades in its own books, less gas. [1e-8 USD]
    private var cash: Money = .zero
    /// Of each feed's underlying, in its own books; negative is short. [1e-8 units]
    private var held: [FeedID: Quantity] = [:]
    private var start: Money?
    /// Since the first look. [1e-8 USD]
    private(set) var change: Money = .zero

    /// Those of every adversary and scripted agent, in order.
    static func all(of cast: Cast) -> [AttackerBooks] {
        var books: [AttackerBooks] = []
        for member in cast.members where member.kind == "adversary" || member.kind == "scripted" {
            guard !books.contains(where: { $0.name == member.group }) else { continue }
            let addresses = cast.members.filter { $0.group == member.group }.map(\.address)
            books.append(
                AttackerBooks(
                    name: member.group, addresses: addresses,
                    accounts: cast.accounts.filter { addresses.contains($0.owner) }.map(\.id)))
        }
        return books
    }

    private init(name: String, addresses: [Address], accounts: [AccountID]) {
        self.name = name
        self.addresses = addresses
        self.accounts = accounts
    }

    mutating func add(_ trades: [OutsideTradeRecord]) {
        for trade in trades where trade.wallet == nil && addresses.contains(trade.agent) {
            cash += trade.proceeds
            held[trade.feed, default: .zero] += trade.quantity
        }
    }

    mutating func spend(_ gas: Money) { cash -= gas }

    mutating func look(_ house: ClearingHouse, at prices: [Price]) {
        var worth = cash
        for account in accounts {
            worth += max(.zero, house.plainEquity(of: account, at: prices))
        }
        for feed in prices.indices {
            guard let quantity = held[FeedID(index: feed)] else { continue }
            worth += (try? quantity.value(at: prices[feed], rounding: .down)) ?? .zero
        }
        let first = start ?? worth
        start = first
        change = worth - first
    }
}
