import ExactMath
import MarginProtocol
import MarginRules
import Scenarios
import Testing

@testable import MarginCalculator

/// Funding through the law from the state of a market: Drift's, whose pool pays out of its fees, and rates that begin
/// with what was saved.
@Suite struct FundingTests {
    private static let market = MarketID(0)
    private static let pool = ClearingHouse.liquidityPool

    /// A market of Drift at an oracle price, whose book has its middle where the averages of the source are.
    private static func drift(
        oracle: String, middle: String, divisor: Int, offset: String = "none",
        interval: String = "1h", state: String = "", side: String = "long", size: String
    ) throws -> CalculatedAccount {
        let price = try #require(Price(decimal: middle))
        return try account(
            """
            protocol: drift-v2
            parameters:
              markets:
                SOL: {size_premium: null, initial_profit_factor: null, funding: {spread: book, skew_scale: null, spread_divisor: \(divisor), offset_divisor: \(offset), interval: \(interval), sampling: 0s}}
            prices: {SOL: \(oracle)}
            market: {SOL: {bids: [[\(price - Price(raw: 100)), 1]], asks: [[\(price + Price(raw: 100)), 1]]\(state)}}
            account: {balances: {USDC: 1000000}, positions: {SOL: {size: \(size), side: \(side)}}}
            """)
    }

    /// Rates of the source have nine decimals.
    private static func rate(_ native: Int64) -> Fixed18 {
        Fixed18(raw: Int128(native) * 1_000_000_000)
    }

    /// drift-labs/protocol-v2, programs/drift/src/math/funding/tests.rs: balanced_funding_test; capped_sym_funding_test,
    /// more shorts than longs, of which the pool pays a third of what its fees allow, and more longs; and
    /// unsettled_funding_pnl. Sizes of the source have nine decimals, of which the law has eight.
    ///
    /// Vectors: drift-funding-balanced-1, drift-funding-asym-1, drift-funding-asym-2,
    /// drift-funding-production, drift-funding-production-payment.
    @Test(arguments: [
        (
            "32.546442", "32.481415", 33, "none", "12.29508197", "12.29508197", "0", -2_709_458,
            -2_709_458, "0"
        ),
        (
            "49", "50", 33, "none", "12.29508197", "24.59016393", "0.5", 41_666_666, 24_222_164,
            "0.416667"
        ),
        (
            "49", "50", 33, "none", "24.59016393", "12.29508197", "0.5", 41_666_666, 41_666_666,
            "1.012295"
        ),
        (
            "51", "47.629736", 10, "5000", "0", "512.29508197", "0", -140_002_666, -140_002_666,
            "71.722677"
        ),
    ])
    func driftRates(
        oracle: String, middle: String, divisor: Int, offset: String, longs: String,
        shorts: String, fees: String, long: Int64, short: Int64, left: String
    ) throws {
        let isLong = longs != "0"
        var account = try Self.drift(
            oracle: oracle, middle: middle, divisor: divisor, offset: offset,
            state: ", fees_collected: $\(fees), long_open_interest: \(longs), "
                + "short_open_interest: \(shorts)",
            side: isLong ? "long" : "short", size: isLong ? longs : shorts)
        let unit = account.file.parameters.settlementAsset
        let before = account.house.balance(Self.pool, unit)
        let equity = account.house.plainEquity(of: account.cross, at: account.file.prices)
        InterestTests.advance(&account, seconds: 3600)
        #expect(account.house.fundingIndex(Self.market) == Self.rate(long))
        #expect(account.house.shortFundingIndex(Self.market) == Self.rate(short))
        #expect(isNear(account.house.fundingFeesLeft(Self.market), left, within: "0"))
        let received = account.house.balance(Self.pool, unit) - before
        let budget = try #require(Money(decimal: left)) - #require(Money(decimal: fees))
        #expect(received == Quantity(raw: budget.raw))
        // What the account pays, rounded up.
        let size = try #require(Quantity(decimal: isLong ? longs : "-" + shorts))
        let owed = Int128(size.raw) * Self.rate(isLong ? long : short).raw
        let after = account.house.plainEquity(of: account.cross, at: account.file.prices)
        let charge = Int128((equity - after).raw) * Fixed18.one.raw
        #expect(charge >= owed && charge - owed < 2 * Fixed18.one.raw)
        #expect(account.house.breaches().isEmpty)
        // Everybody leaves, and what funding holds is what rounding has kept.
        var journal: [Event] = []
        for raw in account.house.accountIDs where AccountID(raw) != Self.pool {
            let held = account.house.position(AccountID(raw), Self.market).size
            guard !held.isZero, account.house.account(AccountID(raw)).role == .margin else {
                continue
            }
            try account.house.execute(
                .trade(
                    account: AccountID(raw), market: Self.market, size: -held, limit: nil,
                    reduceOnly: true), from: account.house.account(AccountID(raw)).owner,
                into: &journal)
        }
        let kept = account.house.balance(ClearingHouse.funding(Self.market), unit)
        #expect(!kept.isNegative && kept < Quantity(raw: 500), "\(kept)")
        #expect(account.house.breaches().isEmpty)
    }

    /// max_funding_rates, same place: the largest distance is a tenth of the oracle's price in the least safe tier, a 33rd
    /// in tiers A and B; here a whole day of it at once.
    ///
    /// Vectors: drift-funding-clamp-tier, drift-funding-clamp-tier-b.
    @Test(arguments: [(10, "4.9"), (33, "1.484848")])
    func driftClamp(divisor: Int, expected: String) throws {
        var account = try Self.drift(
            oracle: "49", middle: "60", divisor: divisor, interval: "24h", size: "1")
        InterestTests.advance(&account, seconds: 86_400)
        #expect(account.house.fundingIndex(Self.market) == Fixed18(decimal: expected))
    }

    /// unsettled_funding_pnl: an hour after the last update there is nothing to wait for. After one that came 21 minutes
    /// late, more than a third of the hour, the next hour is left out (math/helpers.rs, on_the_hour_update).
    ///
    /// Vectors: drift-funding-on-hour-2.
    @Test func driftOnTheHour() throws {
        var account = try Self.drift(oracle: "49", middle: "50", divisor: 33, size: "1")
        let payment = Self.rate(41_666_666)
        var paid = Fixed18.zero
        func wait(_ seconds: Int64, pays: Bool) {
            InterestTests.advance(&account, seconds: seconds)
            if pays { paid += payment }
            #expect(account.house.fundingIndex(Self.market) == paid)
        }
        wait(3599, pays: false)
        wait(1, pays: true)
        // Twenty minutes late, then on the hour; 21 minutes late, and not at the next hour but the one after it.
        wait(3600 + 1200, pays: true)
        wait(2400, pays: true)
        wait(3600 + 1260, pays: true)
        wait(2340, pays: false)
        wait(3600, pays: true)
    }

    // MARK: Saved rates

    /// A yearly rate from a factor per second of thirty decimals.
    private static func yearly(_ factor: String) throws -> Fixed18 {
        let raw = try #require(Int128(factor))
        return Fixed18(raw: raw * 31_536_000 / 1_000_000_000_000)
    }

    private static func text(_ value: Fixed18) -> String {
        let digits = String(value.raw.magnitude)
        let padded = String(repeating: "0", count: max(0, 19 - digits.count)) + digits
        return (value.raw < 0 ? "-" : "") + padded.dropLast(18) + "." + padded.suffix(18)
    }

    struct Adaptive: Sendable, CustomTestStringConvertible {
        var id: String
        /// In units of ether at 5,000.
        var long: String
        var short: String
        var saved: String
        var next: String
        /// What is paid, of the same kind, and by whom; nil where the source says nothing of it.
        var effective: String?
        var longsPay: Bool?
        var minimum = "0%"
        var maximum = "315360000%"
        /// What the source tolerates.
        var tolerance = "0"
        var testDescription: String { id }
    }

    /// gmx-io/gmx-synthetics @a5c0c88, test/exchange/FundingFees/AdaptiveFunding.ts: ten minutes from a saved rate, which
    /// rises by 1e-6 a second of the imbalance above 5 %, falls by 2e-8 below 3 %, and moves toward the imbalance where it
    /// opposes it; the last three follow contracts/market/MarketUtils.sol. Yearly rates, of 18 decimals.
    ///
    /// Vectors: funding-adaptive-3, funding-adaptive-5, funding-adaptive-6, funding-adaptive-7,
    /// funding-adaptive-d1, funding-adaptive-d2, funding-adaptive-d3.
    @Test(arguments: [
        Adaptive(
            id: "3", long: "21.2", short: "18.8002", saved: "36240000000000000000000000",
            next: "72236820015899920500397200"),
        Adaptive(
            id: "5", long: "20.4", short: "19.6002", saved: "72618803095782552410311774",
            next: "60618803095782552410311774"),
        Adaptive(
            id: "6", long: "18.8", short: "21.2002", saved: "60475449363249909351161042",
            next: "24451790944216678086726159", longsPay: true,
            tolerance: "100000000000000000000000"),
        Adaptive(
            id: "7", long: "18.8", short: "21.2002", saved: "24451790944216678086726159",
            next: "-11500529296732609336067894", effective: "11500529296732609336067894",
            longsPay: false, tolerance: "100000000000000000000000"),
        // One unit of the last decimal is left with its sign.
        Adaptive(
            id: "d1", long: "20.4", short: "19.6", saved: "1000000000000000000000000", next: "1"),
        Adaptive(
            id: "d2", long: "21.2", short: "18.8", saved: "50000000000000000000000000",
            next: "60000000000000000000000000", effective: "60000000000000000000000000",
            longsPay: true, maximum: "189216%"),
        Adaptive(
            id: "d3", long: "20.8", short: "19.2", saved: "100000000000000000000",
            next: "100000000000000000000", effective: "300000000000000000000", longsPay: true,
            minimum: "0.94608%"),
    ])
    func adaptive(row: Adaptive) throws {
        let saved = try Self.yearly(row.saved)
        var account = try account(
            """
            protocol: gmx-v2
            prices: {ETH: 5000, USDC: 1}
            market: {ETH: {long_open_interest: \(row.long), short_open_interest: \(row.short), saved_rate: \(Self.text(saved))}}
            account: {balances: {USDC: 200000}, positions: {ETH: {size: \(row.long), entry: 5000}}}
            parameters: {markets: {ETH: {borrowing: none, taker_fee: 0%, pool: {improving_fee: 0%}, funding: {pool: {rise: 3153.6%/year, rise_time: 1s, fall: 63.072%/year, fall_time: 1s, rises_above: 5%, falls_below: 3%, minimum: \(row.minimum)/year, maximum: \(row.maximum)/year}}}}}
            """)
        #expect(account.house.savedFundingRate(Self.market) == saved)
        let before = account.house.fundingIndex(Self.market)
        InterestTests.advance(&account, seconds: 600)
        let tolerance = 2 + (try Self.yearly(row.tolerance)).raw
        let next = try row.id == "d1" ? Fixed18(raw: 1) : Self.yearly(row.next)
        let found = try #require(account.house.savedFundingRate(Self.market))
        #expect((found - next).raw.magnitude <= tolerance, "\(found), not \(next)")
        let moved = account.house.fundingIndex(Self.market) - before
        if let longsPay = row.longsPay { #expect((moved > .zero) == longsPay) }
        if let effective = row.effective, row.longsPay == true {
            // Ten minutes of the year of what each dollar of size costs its holder.
            let expected = try Self.yearly(effective).raw * 600_000 / 31_536_000_000
            #expect((moved.raw - expected).magnitude <= 2, "\(moved)")
        }
        #expect(account.house.breaches().isEmpty)
    }

    /// Synthetixio/synthetix-v3, markets/perps-market/test/integration/Position/Funding.test.ts: the sixth row of its
    /// table begins with a rate of −0.01185 a day, a skew of 35 of 10,000 and a velocity of 3; a tenth of a day later the
    /// rate is as before plus 0.00105 · 0.1.
    @Test func velocityBeginsWithARate() throws {
        var account = try account(
            """
            protocol: synthetix-v3
            prices: {SNX: 2000, USDC: 1}
            market: {SNX: {saved_rate: -0.01185}}
            account: {balances: {USDC: 1000000}, positions: {SNX: {size: 20, entry: 2000}}}
            parameters: {markets: {SNX: {pool: null, funding: {velocity: 300%, skew_scale: 10000}}}}
            """)
        InterestTests.advance(&account, seconds: 86_400)
        // A skew of 20 changes it by 0.006 in a day; the average is charged on 40,000.
        #expect(account.house.savedFundingRate(Self.market) == Fixed18(decimal: "-0.00585"))
        let profit = account.house.unrealizedProfit(
            account.cross, Self.market, at: Price(whole: 2000))
        #expect(isNear(profit, "354"))
    }

    // MARK: What a file may not say

    @Test func statesThatNothingRemembers() throws {
        func problems(_ state: String, _ preset: String) -> String {
            do {
                _ = try account(
                    """
                    protocol: \(preset)
                    prices: {ETH: 100}
                    market: {ETH: {\(state)}}
                    account: {positions: {ETH: {size: 1}}}
                    """)
                return ""
            } catch { return "\(error)" }
        }
        #expect(problems("saved_rate: 1", "dydx-v4").contains("remembers no rate"))
        #expect(problems("fees_left: 1", "dydx-v4").contains("take no part"))
        #expect(problems("saved_rate: 2000000", "gmx-v2").contains("1000000"))
        #expect(problems("fees_collected: $2B", "drift-v2").contains("$1B"))
        #expect(problems("fees_collected: $2k, fees_left: $1k", "drift-v2") == "")
    }
}
