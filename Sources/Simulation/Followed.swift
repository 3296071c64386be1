import Agents
import ExactMath
import MarginProtocol
import Scenarios

/// Those whose worth a summary follows from block to block.
struct Followed: Sendable {
    /// The backstop vault; nothing where there is none.
    var backstop: Holdings
    /// The treasury and what collects interest.
    var reserves: Holdings
    /// Scripted agents, then groups of keepers.
    var earners: [(name: String, holdings: Holdings)]
    /// Adversaries, then scripted agents.
    var attackers: [AttackerBooks]

    /// Follows nobody.
    init() {
        backstop = Holdings([])
        reserves = Holdings([])
        earners = []
        attackers = []
    }

    init(_ scenario: Scenario, _ cast: Cast, _ house: ClearingHouse) {
        backstop = Holdings(house.backstopVault.map { [$0] } ?? [])
        reserves = Holdings(
            house.accountIDs.map { AccountID($0) }.filter { id in
                let role = house.account(id).role
                return role == .treasury || role == .interest
            })
        let names = scenario.agents.scripts.map(\.name) + scenario.agents.keepers.map(\.name)
        earners = names.map { name in
            let owners = cast.members.filter {
                $0.group == name && ($0.kind == "scripted" || $0.kind == "keeper")
            }.map(\.address)
            return (
                name, Holdings(cast.accounts.filter { owners.contains($0.owner) }.map(\.id))
            )
        }
        attackers = AttackerBooks.all(of: cast)
    }

    mutating func look(_ house: ClearingHouse, at prices: [Price]) {
        backstop.look(house, at: prices)
        reserves.look(house, at: prices)
        for index in earners.indices { earners[index].holdings.look(house, at: prices) }
        for index in attackers.indices { attackers[index].look(house, at: prices) }
    }
}
