import ExactMath
import MarginProtocol
import MarginRules
import Testing

@testable import Agents

/// Keepers buy what the protocol has absorbed: 10 ETH at $2,000, for sale at 5 % less, half of the penalty of 10 %.
@Suite struct StorefrontKeeperTests {
    private struct Shop {
        var world: World
        var agent: AuctionKeeper

        init(capital: Int64 = 100_000, margin: Int64 = 1, target: Int64 = 50_000, bids: Bool = true)
            throws
        {
            var law = parameters()
            law.assets[1].liquidationBonus = Ratio(percent: 10)
            law.storefront = CometStorefront(
                storeFrontPriceFactor: Ratio(percent: 50), targetReserves: Quantity(whole: target))
            world = try World(law)
            let wallet = world.open(.wallet, owner: 5, [(usdc, Quantity(whole: capital))])
            world.house.mint(
                Quantity(whole: 10), of: eth, to: ClearingHouse.treasury, into: &world.journal)
            agent = AuctionKeeper(
                group: KeeperGroup(
                    name: "keepers", count: 1, capital: Money(whole: capital),
                    margin: Ratio(percent: margin), opening: .one, outbids: true, starts: true,
                    bids: bids, fee: .multipleOfBase(.one), bumpAfter: 0), index: 0,
                address: Address(5), wallet: wallet)
        }

        /// What it sends, carried out.
        mutating func trade() throws -> [(asset: AssetID, paid: Quantity, least: Quantity)] {
            try agent.decide(world.view).requests.compactMap { request in
                guard case .buyCollateral(_, let asset, let paid, let least) = request.command
                else { return nil }
                try world.run(request.command, from: request.sender)
                return (asset, paid, least)
            }
        }
    }

    @Test func buysTheWholeStockAtTheDiscount() throws {
        var shop = try Shop()
        let trades = try shop.trade()
        #expect(trades.count == 1)
        let trade = try #require(trades.first)
        // 10 ETH at $1,900, to within the probe's rounding.
        #expect(abs(trade.paid.raw - 19_000 * scaleE8) < 100)
        let left = shop.world.house.balance(ClearingHouse.treasury, eth)
        #expect(left >= .zero && left.raw < 100)
        // At least so much that what it paid is worth 99 % of it outside.
        #expect(
            trade.least > Quantity(raw: 959_500_000) && trade.least < Quantity(raw: 959_700_000))
        // The first request is still on the way: not a second one.
        #expect(try shop.trade().isEmpty)
    }

    @Test func buysWhatItsWalletPaysFor() throws {
        var shop = try Shop(capital: 5000)
        #expect(try shop.trade().first?.paid == Quantity(whole: 5000))
    }

    @Test("Not below its margin, not once reserves are full, not where it only starts auctions")
    func staysAway() throws {
        var dear = try Shop(margin: 6)
        #expect(try dear.trade().isEmpty)
        var full = try Shop(target: 0)
        #expect(try full.trade().isEmpty)
        var starter = try Shop(bids: false)
        #expect(try starter.trade().isEmpty)
    }

    @Test("A price that moved against it before the block: refused, and nothing paid")
    func slippage() throws {
        var shop = try Shop()
        let requests = shop.agent.decide(shop.world.view).requests
        let request = try #require(requests.first)
        try shop.world.post(Price(whole: 2100), to: ethFeed)
        #expect(throws: Rejection.self) {
            try shop.world.run(request.command, from: request.sender)
        }
        #expect(shop.world.house.balance(shop.agent.wallet, usdc) == Quantity(whole: 100_000))
    }
}
