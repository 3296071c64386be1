import ExactMath
import MarginProtocol

/// The accounts that are liquidatable at one set of prices, and since when each has been without a break.
struct DueList {
    private var index = HealthIndex()
    private(set) var accounts: [AccountID] = []
    private var sinceMilliseconds: [Int64] = []
    /// Who has become liquidatable since ``takeArrivals()`` was last called, in order of becoming so.
    private var arrivals: [AccountID] = []
    private static let notDue = Int64.min

    /// Looks again. Whoever is no longer liquidatable loses its time.
    mutating func update(_ house: ClearingHouse, at prices: [Price], time: Timestamp) {
        let now = index.liquidatable(in: house, at: prices)
        while sinceMilliseconds.count < house.accountCount { sinceMilliseconds.append(Self.notDue) }
        var old = accounts[...]
        for account in now {
            while let first = old.first, first < account {
                sinceMilliseconds[first.index] = Self.notDue
                old.removeFirst()
            }
            if old.first == account { old.removeFirst() }
            if sinceMilliseconds[account.index] == Self.notDue {
                sinceMilliseconds[account.index] = time.milliseconds
                arrivals.append(account)
            }
        }
        for account in old { sinceMilliseconds[account.index] = Self.notDue }
        accounts = now
    }

    /// Who has become liquidatable since the last call, and may no longer be.
    mutating func takeArrivals() -> [AccountID] {
        defer { arrivals.removeAll(keepingCapacity: true) }
        return arrivals
    }

    /// A step has been taken: whatever is still due counts from now.
    mutating func restart(_ account: AccountID, at time: Timestamp) {
        guard since(account) != nil else { return }
        sinceMilliseconds[account.index] = time.milliseconds
    }

    /// Since when an account has been liquidatable; nil when it is not.
    func since(_ account: AccountID) -> Timestamp? {
        guard sinceMilliseconds.indices.contains(account.index),
            sinceMilliseconds[account.index] != Self.notDue
        else { return nil }
        return Timestamp(milliseconds: sinceMilliseconds[account.index])
    }
}

/// Somebody who has become liquidatable, and what it came to then.
struct Arrival {
    var account: AccountID
    /// [1e-8 USD]
    var exposure: Money
}
