import ExactMath
import MarginProtocol
import MarginRules
import Scenarios
import Testing

@testable import MarginCalculator

/// Maker's two generations of auctions through the engine.
///
/// Figures of makerdao/dss @fa4f663, src/test/clip.t.sol and abaci.t.sol, cited by the name of their test. Their wad, ray
/// and rad are amounts and prices here, so that what they round in the 18th to 45th decimal is one unit of 1e-8 at most;
/// prices of auctions have eighteen decimals. Not here, because the engine has nothing of the kind: the encoding of
/// prices in 27 decimals beyond the eighteenth (`abacus-*`, whose tails are tested on the rules), and purchases that
/// pay with what they have bought (`clipperCall`).
@Suite struct MakerTests {
    /// One vault and a keeper under the Dutch preset with terms of a test's own.
    struct Sale {
        var house: ClearingHouse
        let vault: AccountID
        let keeper: AccountID
        var journal: [Event] = []
        static let sender = Address(20)
        static let dai = AssetID(0)
        static let eth = AssetID(1)

        init(
            ink: String, art: String, price: String, weight: String = "50%",
            change: (inout AuctionPolicy) -> Void = { _ in }
        ) throws {
            let file = try AccountFile.load("a.yaml") { _ in
                """
                protocol: maker-clip
                parameters: {assets: {ETH: {collateral: \(weight)}}}
                prices: {DAI: 1, ETH: \(price)}
                account: {balances: {ETH: \(ink), DAI: -\(art)}}
                """
            }
            var parameters = file.parameters
            var policy = try #require(parameters.auctions)
            // As in clip.t.sol's setUp: chop 1.1, dust 20, buf 1.25, 1 % a second, tail 3600 s, cusp 0.3.
            policy.penalty = Ratio(percent: 10)
            policy.minimumDebt = Money(whole: 20)
            policy.reward = KeeperReward(flat: .zero, share: .zero)
            policy.form = .dutch(
                .init(
                    terms: DutchAuction(
                        curve: Self.stairs, startingFactor: Ratio(percent: 125),
                        maximumDuration: TimeSpan(seconds: 3600), restartRatio: Ratio(percent: 30)),
                    limit: Money(whole: 1000), globalLimit: Money(whole: 1000)))
            change(&policy)
            parameters.auctions = policy
            house = ClearingHouse(parameters: parameters, start: file.time)
            for (feed, price) in file.prices.enumerated() {
                try house.execute(
                    .postPrice(
                        feed: FeedID(index: feed),
                        report: PriceReport(
                            round: 1, price: price, observedAt: file.time, publishedAt: file.time)),
                    from: .system, into: &journal)
            }
            vault = house.addAccount(owner: Address(10), role: .margin)
            keeper = house.addAccount(owner: Self.sender, role: .wallet)
            for (asset, amount) in file.balances {
                house.seedBalance(amount, of: asset, to: vault, into: &journal)
            }
            house.mint(Quantity(whole: 1_000_000), of: Self.dai, to: keeper, into: &journal)
        }

        static let stairs = AuctionPriceCurve.stairStepExponential(
            cut: Fixed18(raw: 990_000_000_000_000_000), step: TimeSpan(seconds: 1))

        mutating func run(_ command: Command) throws(Rejection) {
            try house.execute(command, from: Self.sender, into: &journal)
            #expect(house.breaches().isEmpty)
        }
        mutating func start() throws {
            try run(.startAuction(account: vault, asset: Self.eth, keeper: keeper))
        }
        mutating func pass(_ seconds: Int64) {
            house.advance(to: house.time + TimeSpan(seconds: seconds), into: &journal)
        }
        var changes: [AuctionChange] {
            journal.compactMap { if case .auctionChanged(let change) = $0 { change } else { nil } }
        }
    }

    static func limits(_ hole: Int64, _ global: Int64) -> (inout AuctionPolicy) -> Void {
        { policy in
            guard case .dutch(var dutch) = policy.form else { return }
            dutch.limit = Money(whole: hole)
            dutch.globalLimit = Money(whole: global)
            policy.form = .dutch(dutch)
        }
    }

    // MARK: Dog

    /// Vectors: dog-1.
    @Test("test_kick: the whole vault, with the penalty on top")
    func wholeVault() throws {
        var sale = try Sale(ink: "40", art: "100", price: "4")
        try sale.start()
        let auction = sale.house.auction(AuctionID(0))
        #expect(auction.debt == Quantity(whole: 110) && auction.lot == Quantity(whole: 40))
        #expect(sale.house.balance(sale.vault, Sale.eth).isZero)
        #expect(sale.house.balance(sale.vault, Sale.dai).isZero)
    }

    /// Vectors: dog-2.
    @Test("test_bark_not_leaving_dust: a part where the limit is near, if the rest is no dust")
    func partOfAVault() throws {
        var sale = try Sale(ink: "40", art: "100", price: "4") {
            Self.limits(80, 1000)(&$0)
            $0.penalty = .zero
        }
        try sale.start()
        let auction = sale.house.auction(AuctionID(0))
        #expect(auction.debt == Quantity(whole: 80) && auction.lot == Quantity(whole: 32))
        #expect(sale.house.balance(sale.vault, Sale.eth) == Quantity(whole: 8))
        #expect(sale.house.balance(sale.vault, Sale.dai) == Quantity(whole: -20))
        // The limit is reached now; the rest of the vault has to wait.
        #expect(throws: Rejection.auctionLimitReached(Sale.eth)) { try sale.start() }
    }

    /// Vectors: dog-6.
    @Test("test_partial_liquidation_Hole_limit: a limit over all auctions, 1.1 times the debt")
    func globalLimit() throws {
        var sale = try Sale(ink: "40", art: "100", price: "4", change: Self.limits(1000, 75))
        try sale.start()
        let debt = sale.house.auction(AuctionID(0)).debt
        #expect((debt - Quantity(whole: 75)).magnitude <= Quantity(raw: 1))
    }

    // MARK: Clipper

    /// Vectors: clip-incentive-3.
    @Test("test_redo_incentive: nothing where less is left than a part may leave")
    func restartReward() throws {
        for (dust, paid) in [("100", "2.2"), ("100.00000001", "0")] {
            var sale = try Sale(ink: "40", art: "100", price: "4") {
                $0.minimumDebt = Money(decimal: dust) ?? .zero
                $0.reward.share = Ratio(percent: 2)
            }
            try sale.start()
            #expect(throws: Rejection.auctionRunning(AuctionID(0))) {
                try sale.run(.restartAuction(AuctionID(0), keeper: sale.keeper))
            }
            sale.pass(3601)
            #expect(throws: Rejection.auctionStale(AuctionID(0))) {
                try sale.run(
                    .takeAuction(
                        AuctionID(0), wallet: sale.keeper, atMost: Quantity(whole: 1),
                        maximumPrice: Price(whole: 5)))
            }
            let before = sale.house.balance(sale.keeper, Sale.dai)
            try sale.run(.restartAuction(AuctionID(0), keeper: sale.keeper))
            #expect(isNear(sale.house.balance(sale.keeper, Sale.dai) - before, paid))
            #expect(
                sale.house.auctionStatus(AuctionID(0), at: sale.house.time)?.price
                    == Fixed18(whole: 5))
        }
    }

    /// Vectors: clip-take-4.
    @Test("testFail_take_bid_too_low: the price is 5, the buyer accepts 4")
    func tooExpensive() throws {
        var sale = try Sale(ink: "40", art: "100", price: "4")
        try sale.start()
        #expect(throws: Rejection.limitExceeded(price: Price(whole: 5), limit: Price(whole: 4))) {
            try sale.run(
                .takeAuction(
                    AuctionID(0), wallet: sale.keeper, atMost: Quantity(whole: 22),
                    maximumPrice: Price(whole: 4)))
        }
    }

    /// Vectors: clip-take-6.
    @Test("test_take_bid_fails_no_partial_allowed: 22 left to raise, 22 the least a part leaves")
    func noPartialPurchase() throws {
        var sale = try Sale(ink: "22.4", art: "20", price: "4", weight: "20%")
        try sale.start()
        #expect(throws: Rejection.noPartialPurchase(AuctionID(0))) {
            try sale.run(
                .takeAuction(
                    AuctionID(0), wallet: sale.keeper, atMost: Quantity(whole: 1),
                    maximumPrice: Price(whole: 5)))
        }
    }

    /// Vectors: clip-take-8.
    @Test("test_take_multiple_bids_different_prices: the second, 30 s later, ends it")
    func twoPurchases() throws {
        var sale = try Sale(ink: "40", art: "100", price: "4")
        try sale.start()
        try sale.run(
            .takeAuction(
                AuctionID(0), wallet: sale.keeper, atMost: Quantity(whole: 10),
                maximumPrice: Price(whole: 5)))
        sale.pass(30)
        try sale.run(
            .takeAuction(
                AuctionID(0), wallet: sale.keeper, atMost: Quantity(whole: 30),
                maximumPrice: Price(whole: 5)))
        let last = try #require(sale.changes.last)
        #expect(last.paid == Quantity(whole: 60) && last.isOver)
        #expect(isNear(last.bought, "16.22278483"))
        #expect(isNear(last.returned, "13.77721517"))
        #expect(isNear(sale.house.balance(sale.vault, Sale.eth), "13.77721517"))
        // The debt of 100 is paid, and the penalty of 10 is the fund's.
        #expect(
            sale.house.balance(ClearingHouse.insuranceFund, Sale.dai) == Quantity(whole: 10))
    }

    /// Vectors: clip-status-4.
    @Test("test_auction_reset_cusp: half the price in 1,801 of 3,600 s")
    func restartBelowAShare() throws {
        var sale = try Sale(ink: "40", art: "100", price: "4") {
            $0.form = .dutch(
                .init(
                    terms: DutchAuction(
                        curve: .linear(duration: TimeSpan(seconds: 3600)),
                        startingFactor: Ratio(percent: 125),
                        maximumDuration: TimeSpan(seconds: 3600), restartRatio: Ratio(percent: 50)),
                    limit: Money(whole: 1000), globalLimit: Money(whole: 1000)))
        }
        try sale.start()
        let start = sale.house.time
        let id = AuctionID(0)
        #expect(
            sale.house.auctionStatus(id, at: start + TimeSpan(seconds: 1800))?.needsRestart == false
        )
        #expect(
            sale.house.auctionStatus(id, at: start + TimeSpan(seconds: 1801))?.needsRestart == true)
    }

    // MARK: Abaci

    static let exponential = AuctionPriceCurve.exponential(
        cut: Fixed18(raw: 999_230_132_966_000_000))
    static let linear = AuctionPriceCurve.linear(duration: TimeSpan(seconds: 3600))
    /// ETH-A and WBTC-A of 2021: forum.makerdao.com/t/7628.
    static let quarterHour = AuctionPriceCurve.stairStepExponential(
        cut: Fixed18(raw: 990_000_000_000_000_000), step: TimeSpan(seconds: 90))

    typealias CurveRow = (
        curve: AuctionPriceCurve, price: String, start: Int64, elapsed: Int64, expected: String,
        tolerance: String
    )
    static let curveRows: [CurveRow] = [
        (linear, "1000", 100, 1080, "700", "0"), (linear, "1000", 100, 1800, "500", "0"),
        (linear, "1000", 100, 2160, "400", "0"), (linear, "1000", 100, 2520, "300", "0"),
        (exponential, "4000", 100, 0, "4000", "0.001"),
        (exponential, "4000", 100, 900, "2000", "0.001"),
        (Sale.stairs, "4", 125, 60, "2.735783211953807380", "0"),
        (Sale.stairs, "4", 125, 100, "1.830161706366147524", "0"),
        (Sale.stairs, "4", 125, 30, "3.698501866941401", "0.00000000000001"),
        (quarterHour, "1000", 120, 0, "1200", "0"),
        (quarterHour, "1000", 120, 89, "1200", "0"),
        (quarterHour, "1000", 120, 90, "1188", "0"),
        (quarterHour, "1000", 120, 180, "1176.12", "0"),
        (quarterHour, "1000", 120, 2400, "924.051774966186365146", "0"),
        (quarterHour, "1000", 120, 8400, "471.253234029366221233", "0"),
    ]

    /// Vectors: abacus-linear-3, abacus-linear-5, abacus-linear-6, abacus-linear-7, abacus-exp-0,
    /// abacus-exp-1, abacus-stair-60, abacus-stair-100, abacus-stair-30, abacus-stair-etha-0,
    /// abacus-stair-etha-89, abacus-stair-etha-90, abacus-stair-etha-180, abacus-stair-etha-2400,
    /// abacus-stair-etha-8400.
    @Test(
        "Prices of test_linear_decrease, test_continuous_exp_decrease and of clip.t.sol's stairs",
        arguments: curveRows)
    func curves(row: CurveRow) throws {
        var sale = try Sale(ink: "40", art: "200000", price: row.price) {
            $0.form = .dutch(
                .init(
                    terms: DutchAuction(
                        curve: row.curve, startingFactor: Ratio(percent: row.start),
                        maximumDuration: TimeSpan(seconds: 86_400), restartRatio: .zero),
                    limit: Money(whole: 1_000_000), globalLimit: Money(whole: 1_000_000)))
        }
        try sale.start()
        let now = sale.house.time + TimeSpan(seconds: row.elapsed)
        let found = try #require(sale.house.auctionStatus(AuctionID(0), at: now)).price
        let wanted = try #require(Fixed18(text: row.expected))
        let allowed = try #require(Fixed18(text: row.tolerance))
        #expect((found - wanted).raw.magnitude <= allowed.raw.magnitude, "\(found.raw)")
    }

    // MARK: Presets

    @Test("A vault is safe at exactly 150 %, and its whole collateral is for sale just below")
    func clipPreset() throws {
        let text = """
            protocol: maker-clip
            prices: {DAI: 1, ETH: 2000}
            account: {balances: {ETH: 30, DAI: -39999.9996}}
            """
        #expect(try !report(text).isLiquidatable)
        let unsafe = try report(text.replacing("-39999.9996", with: "-40000.0001"))
        let step = try #require(unsafe.liquidation)
        #expect(step.kind == .auction && step.what == "ETH")
        #expect(step.amount == Quantity(whole: 30))
        // tip and chip: 300 Dai and 0.1 % of 45,200; the price begins 30 % above the oracle's.
        #expect(isNear(step.toLiquidator, "345.2", within: "0.000001"))
        #expect(step.price == Price(whole: 2600) && isNear(step.penalty, "5200.000013"))
    }

    @Test(
        "The calculator walks a Dutch auction: after 27 steps of 90 s the price is below the oracle's"
    )
    func clipWalk() throws {
        let account = try account(
            """
            protocol: maker-clip
            prices: {DAI: 1, ETH: 2000}
            account: {balances: {ETH: 30, DAI: -45000}}
            """)
        let run = LiquidationRun(account, pause: .zero)
        #expect(run.rows.map(\.step.kind) == [.auction, .purchase])
        let purchase = try #require(run.rows.last)
        // 1.3 · 0.99^27 = 0.99103…
        #expect(purchase.elapsed == TimeSpan(seconds: 27 * 90))
        #expect(isNear(purchase.step.repaid, "50850"))
        #expect(isNear(purchase.step.price, "1982.09105731"))
        #expect(run.account.house.openAuctions.isEmpty)
        #expect(run.account.house.breaches().isEmpty)
    }

    @Test("A loss goes to the surplus first, then to bad debt")
    func clipLoss() throws {
        let account = try account(
            """
            protocol: maker-clip
            parameters: {protocol: {insurance_fund: $1000}}
            prices: {DAI: 1, ETH: 1000}
            account: {balances: {ETH: 30, DAI: -45000}}
            """)
        let run = LiquidationRun(account, pause: .zero)
        let last = try #require(run.rows.last)
        #expect(last.covers.map(\.layer) == [.insuranceFund, .badDebt])
        let covered = last.covers.reduce(Quantity.zero) { $0 + $1.amount }
        #expect(covered.raw == last.step.deficit.raw && covered.isPositive)
        #expect(last.step.repaid.map { $0 + covered } == Quantity(whole: 45_000))
    }

    @Test(
        "An English auction: the debt is bid, then less of the lot, and ten minutes later it is won"
    )
    func flipWalk() throws {
        let account = try account(
            """
            protocol: maker-flip
            prices: {DAI: 1, ETH: 200}
            account: {balances: {ETH: 40, DAI: -6000}}
            """)
        let run = LiquidationRun(account, pause: .zero)
        #expect(run.rows.map(\.step.kind) == [.auction, .bid, .bid, .settlement])
        // 6,780 Dai are to be raised; at 200 that is 33.9 of the 40 ether, and 6.1 go back.
        #expect(run.rows[1].step.repaid == Quantity(whole: 6780))
        #expect(run.rows[2].step.amount == Quantity(decimal: "33.9"))
        #expect(run.rows[3].elapsed > TimeSpan(seconds: 600))
        let house = run.account.house
        #expect(house.balance(account.cross, AssetID(1)) == Quantity(decimal: "6.1"))
        #expect(
            house.balance(ClearingHouse.insuranceFund, AssetID(0)) == Quantity(whole: 780))
    }

    @Test("Lots of 50 ether: a vault of 120 goes in three")
    func flipLots() throws {
        let account = try account(
            """
            protocol: maker-flip
            prices: {DAI: 1, ETH: 100}
            account: {balances: {ETH: 120, DAI: -14000}}
            """)
        let run = LiquidationRun(account, pause: .zero)
        let lots = run.rows.filter { $0.step.kind == .auction }.map(\.step.amount)
        #expect(lots == [50, 50, 20].map { Quantity(whole: $0) })
        #expect(run.account.house.breaches().isEmpty)
    }
}

extension Fixed18 {
    /// A number with up to eighteen decimals.
    fileprivate init?(text: String) {
        let parts = text.split(separator: ".")
        guard let first = parts.first, let whole = Int128(first) else { return nil }
        let fraction = parts.count > 1 ? String(parts[1]) : ""
        guard fraction.count <= 18,
            let rest = Int128(fraction + String(repeating: "0", count: 18 - fraction.count))
        else { return nil }
        self.init(raw: whole * 1_000_000_000_000_000_000 + rest)
    }
}
