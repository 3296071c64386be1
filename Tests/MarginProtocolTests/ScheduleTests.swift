import ExactMath
import MarginProtocol
import Testing

/// Margin brackets and collateral haircuts through an account's health, against published figures.
struct ScheduleTests {
    /// Floor [USD], maintenance rate, maximum leverage.
    typealias Tier = (floor: Int64, rate: String, leverage: Int64)

    static func schedule(_ tiers: [Tier]) -> MarginSchedule {
        MarginSchedule(
            brackets: tiers.map { tier in
                MarginSchedule.Bracket(
                    floor: Money(whole: tier.floor),
                    initialRate: Ratio(raw: max(scaleE8 / tier.leverage, decimal(tier.rate))),
                    maintenanceRate: ratio(tier.rate))
            })
    }

    static let bnb: [Tier] = [
        (0, "0.0065", 75), (10_000, "0.01", 50), (50_000, "0.02", 25), (250_000, "0.05", 10),
        (1_000_000, "0.1", 5), (2_000_000, "0.125", 4), (5_000_000, "0.15", 3),
        (10_000_000, "0.25", 2), (20_000_000, "0.5", 1),
    ]
    static let btcTiers: [Tier] = [
        (0, "0.004", 125), (50_000, "0.005", 100), (250_000, "0.01", 50), (1_000_000, "0.025", 20),
        (7_500_000, "0.05", 10), (40_000_000, "0.1", 5), (100_000_000, "0.125", 4),
        (200_000_000, "0.15", 3), (400_000_000, "0.25", 2), (600_000_000, "0.5", 1),
    ]
    static let ada: [Tier] = [
        (0, "0.025", 20), (100_000, "0.05", 10), (500_000, "0.1", 5), (1_000_000, "0.15", 3),
        (2_000_000, "0.25", 2), (5_000_000, "0.5", 1),
    ]

    /// The maintenance requirement of a position of this notional at a price of 100.
    static func maintenance(_ tiers: [Tier], _ notional: Money) throws -> Money {
        var parameters = plainParameters()
        parameters.markets[0].margin = schedule(tiers)
        var world = World(parameters)
        let account = world.margin(alice)
        let size = Quantity(raw: notional.raw / 100)
        try world.house.seedPosition(
            account, ethPerp, size: size, entry: price("100"), into: &world.journal)
        return world.house.health(of: account, .maintenance).requirement
    }

    @Test(
        "Binance's maintenance margin: notional · rate − amount",
        arguments: [
            // freqtrade tests/exchange/test_binance.py, test_get_maintenance_ratio_and_amt_binance, with the
            // tiers of tests/conftest.py leverage_tiers: rate 0.15, amount 233035 at 5,000,000 of BNB;
            // 0.5 and 199703800 at 600,000,000 of BTC. tests/exchange/test_exchange.py: 0.5 and 1527500
            // at 20,000,000 of ADA.
            (bnb, 5_000_000, 516_965), (btcTiers, 600_000_000, 100_296_200),
            (ada, 20_000_000, 8_472_500),
            // The same tables below and inside other brackets, by hand.
            (bnb, 10_000, 65), (bnb, 50_000, 465), (btcTiers, 1_000_000, 8_700),
            (ada, 100_000, 2_500),
        ])
    func binance(tiers: [Tier], notional: Int64, expected: Int64) throws {
        #expect(try Self.maintenance(tiers, Money(whole: notional)) == Money(whole: expected))
    }

    @Test(
        "At a bracket's floor the margin neither jumps nor falls", arguments: [bnb, btcTiers, ada])
    func continuity(tiers: [Tier]) throws {
        for tier in tiers.dropFirst() {
            let floor = Money(whole: tier.floor)
            // 100 units of money are one of size.
            let before = try Self.maintenance(tiers, floor - Money(raw: 100))
            let at = try Self.maintenance(tiers, floor)
            let after = try Self.maintenance(tiers, floor + Money(raw: 100))
            #expect(before <= at && at <= after)
            #expect((after - before).raw <= 2 * 100)
        }
    }

    /// Weighted equity of a holding of ETH at a price.
    static func weighted(_ schedule: CollateralSchedule, _ amount: String, at text: String) -> Money
    {
        var parameters = plainParameters()
        parameters.assets[1].collateral = schedule
        var world = World(parameters)
        world.post(ethFeed, text)
        let account = world.margin(alice, "0", amount)
        return world.house.health(of: account, .maintenance).equity
    }

    static func tiers(_ basis: CollateralSchedule.Basis, _ tiers: [(Int64, String)])
        -> CollateralSchedule
    {
        CollateralSchedule(
            basis: basis,
            tiers: tiers.map {
                CollateralSchedule.Tier(floor: $0.0 * scaleE8, weight: ratio($0.1))
            })
    }

    @Test("Haircuts of exchanges that count collateral by value")
    func haircutsByValue() {
        // Binance Multi-Assets mode: 1000 USD of BNB at 0.95, of ADA at 0.9 (binance.com, trading rules).
        #expect(Self.weighted(.flat(ratio("0.95")), "10", at: "100") == money("950"))
        #expect(Self.weighted(.flat(ratio("0.9")), "10", at: "100") == money("900"))
        // OKX discount tiers (announcement of 2024-07-18): LUNA 750,000 USD, BETH 5,000,000 USD.
        let luna = Self.tiers(
            .value, [(0, "0.8"), (250_000, "0.7"), (500_000, "0.5"), (1_000_000, "0")])
        #expect(Self.weighted(luna, "7500", at: "100") == money("500000"))
        #expect(Self.weighted(luna, "10000", at: "100") == money("625000"))
        #expect(Self.weighted(luna, "99999", at: "100") == money("625000"))
        let beth = Self.tiers(
            .value, [(0, "0.95"), (2_000_000, "0.85"), (4_000_000, "0.5"), (8_000_000, "0")])
        #expect(Self.weighted(beth, "50000", at: "100") == money("4100000"))
        // Bitunix multi-asset mode: 10 BTC at 60,000 (support.bitunix.com, article 42110265346585).
        let bitunix = Self.tiers(
            .value,
            [
                (0, "0.975"), (100_000, "0.97"), (500_000, "0.965"), (1_000_000, "0.96"),
                (5_000_000, "0.85"),
            ])
        #expect(Self.weighted(bitunix, "10", at: "60000") == money("582000"))
    }

    @Test("Haircuts by quantity do not depend on the price")
    func haircutsByQuantity() {
        // Bybit UTA collateral value ratios of BTC: 60 BTC count as 44.8.
        let bybit = Self.tiers(
            .quantity,
            [(0, "0.98"), (10, "0.95"), (20, "0.9"), (30, "0.85"), (40, "0.8"), (50, "0")])
        #expect(Self.weighted(bybit, "60", at: "1") == money("44.8"))
        #expect(Self.weighted(bybit, "60", at: "1000") == money("44800"))
    }

    @Test("What is wrong with parameters is said in words, and what is extreme is wrong")
    func problems() {
        func count(_ change: (inout ProtocolParameters) -> Void) -> Int {
            var parameters = plainParameters()
            change(&parameters)
            return ClearingHouse.problems(in: parameters).count
        }
        #expect(count { _ in } == 0)
        #expect(count { $0.assets = [] } == 2)
        #expect(count { $0.feeds = [] } == 7)
        #expect(count { $0.settlementAsset = AssetID(3) } == 1)
        #expect(count { $0.assets[0].feed = FeedID(4) } == 1)
        #expect(count { $0.assets[0].liabilityWeight = ratio("-0.1") } == 1)
        #expect(count { $0.assets[0].liabilityWeight = Ratio(raw: .max) } == 1)
        #expect(count { $0.assets[0].depositCap = units("-1") } == 1)
        #expect(count { $0.assets[0].collateral.tiers = [] } == 1)
        #expect(count { $0.assets[0].collateral = .flat(ratio("10.1")) } == 1)
        #expect(count { $0.assets[0].collateral.tiers[0].floor = 1 } == 1)
        #expect(
            count {
                $0.assets[0].collateral.tiers.append(
                    CollateralSchedule.Tier(floor: .max, weight: .one))
            } == 1)
        #expect(count { $0.markets[0].feed = FeedID(-1) } == 1)
        #expect(count { $0.markets[0].takerFee = Ratio(raw: .max) } == 1)
        #expect(count { $0.markets[0].makerFee = Ratio(raw: .min) } == 1)
        #expect(count { $0.markets[0].makerFee = ratio("-0.1") } == 1)
        #expect(count { $0.markets[0].poolFeeShare = ratio("1.1") } == 1)
        #expect(count { $0.markets[0].profitWeight = ratio("-0.1") } == 1)
        #expect(count { $0.markets[0].openInterestCap = money("-1") } == 1)
        #expect(count { $0.markets[0].pool = PoolPricing(spread: ratio("1.1")) } == 1)
        #expect(count { $0.markets[0].margin.brackets[0].maintenanceRate = .zero } == 1)
        #expect(count { $0.markets[0].margin.brackets[0].initialRate = ratio("0.01") } == 1)
        #expect(
            count { $0.markets[0].funding = .skew(maximumRate: .one, skewScale: .zero) } == 1)
        #expect(
            count { $0.markets[0].funding = .skew(maximumRate: ratio("2"), skewScale: units("1")) }
                == 1)
        #expect(count { $0.feeds[0].maxAge = TimeSpan(milliseconds: -1) } == 1)
        #expect(count { $0.feeds[0].maxConfidence = ratio("-1") } == 1)
        #expect(
            count { $0.liquidation.size = .closeFactor(.zero, fullBelow: .zero, dust: .zero) } == 1)
        #expect(
            count {
                $0.liquidation.size = .closeFactor(.one, fullBelow: ratio("2"), dust: money("-1"))
            } == 2)
        #expect(count { $0.liquidation.size = .targetHealth(ratio("0.9")) } == 1)
        #expect(count { $0.liquidation.penalty = ratio("1.1") } == 1)
        #expect(count { $0.lossWaterfall = [.badDebt, .insuranceFund] } == 1)
        #expect(count { $0.lossWaterfall = [.insuranceFund, .insuranceFund, .badDebt] } == 1)
    }

    @Test("Governance changes the rates of a schedule and leaves its form, premium and fees")
    func newRatesKeepTheForm() throws {
        var parameters = plainParameters()
        parameters.markets[0].margin.maintenanceForm = .whole
        parameters.markets[0].margin.sizePremium = .squareRoot(factor: ratio("0.001"))
        parameters.markets[0].margin.closingFee = .init(rate: ratio("0.0005"))
        var world = World(parameters)
        let brackets = Self.schedule(Self.ada).brackets
        world.run(.setParameter(.margin(ethPerp, brackets)), by: .governance)
        var expected = parameters.markets[0].margin
        expected.brackets = brackets
        #expect(world.house.parameters.markets[0].margin == expected)
    }
}
