import Chain
import ExactMath
import MarginProtocol

/// The state that price reports in the mempool will leave, and who is liquidatable then.
struct Prospect {
    private(set) var house: ClearingHouse
    private var list: DueList
    private let time: Timestamp
    private var scratch: [Event] = []

    /// The committed state, at the time of the coming block.
    init(_ house: ClearingHouse, _ list: DueList, at time: Timestamp) {
        self.house = house
        self.list = list
        self.time = time
        self.house.advance(to: time, into: &scratch)
    }

    /// Accounts that are liquidatable at its prices, ascending.
    var due: [AccountID] { list.accounts }

    /// Runs a report; `false` where the protocol will refuse it.
    mutating func run(_ report: Transaction) -> Bool {
        guard
            (try? house.execute(report.command, from: report.sender, into: &scratch)) != nil
        else { return false }
        list.update(house, at: house.prices, time: time)
        return true
    }
}
