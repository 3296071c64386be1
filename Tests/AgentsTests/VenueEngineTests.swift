import ExactMath
import MarginProtocol
import Testing

@testable import Agents

/// The order in which a venue's own engine takes accounts.
@Suite struct VenueEngineTests {
    /// Three longs of ether under their maintenance margin of 3 %, the last opened closest to nothing.
    private func due(_ priority: LiquidationPolicy.Priority) throws -> [AccountID] {
        var policy = LiquidationPolicy(caller: .venue)
        policy.priority = priority
        var world = try World(parameters(liquidation: policy))
        let wallet = world.house.addAccount(owner: .system, role: .wallet)
        var accounts: [AccountID] = []
        for equity in [30, 10, 20] as [Int64] {
            let account = world.open(.margin, owner: 60, [(usdc, Quantity(whole: equity))])
            try world.seed(account, ethPerp, Quantity(whole: 1), at: Price(whole: 2000))
            accounts.append(account)
        }
        // As risky as the second, with twice its size: the larger requirement goes first.
        let large = world.open(.margin, owner: 60, [(usdc, Quantity(whole: 20))])
        try world.seed(large, ethPerp, Quantity(whole: 2), at: Price(whole: 2000))
        accounts.append(large)
        var engine = VenueEngine(wallet: wallet)
        let commands = engine.decide(world.view).requests.map(\.command)
        return commands.compactMap {
            if case .liquidate(let account, _, _) = $0 {
                AccountID(Int32(accounts.firstIndex(of: account) ?? -1))
            } else {
                nil
            }
        }
    }

    @Test func byNumber() throws {
        #expect(try due(.number).map(\.raw) == [0, 1, 2, 3])
    }

    @Test("The riskiest first; of equal ratios the larger requirement")
    func byRisk() throws {
        #expect(try due(.risk).map(\.raw) == [3, 1, 2, 0])
    }
}
