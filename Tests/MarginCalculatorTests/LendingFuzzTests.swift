import ExactMath
import MarginProtocol
import Scenarios
import SeededRandom
import Testing

@testable import MarginCalculator

/// Random accounts of every lending preset: a quote is what happens, nobody healthy is liquidated, a run ends, and
/// nothing is created or lost.
@Suite struct LendingFuzzTests {
    static let seed: UInt64 = 20_231_031

    @Test(arguments: ["aave-v3", "compound-v2", "compound-v3", "morpho-blue", "euler-v2"])
    func accounts(name: String) throws {
        var draws = RandomSource(seed: Self.seed).stream("lending/\(name)")
        var liquidated = 0
        for round in 0..<300 {
            let text = Self.text(name, &draws)
            let account = try account(text)
            let note: Comment = "seed \(Self.seed), \(name), round \(round): \(text)"
            let health = account.house.health(of: account.cross, .maintenance)
            let quote = account.quote(account.cross)
            if health.surplus.isPositive { #expect(quote == nil, note) }
            guard let quote else { continue }
            liquidated += 1
            try Self.check(account, quote, note)
            // A day between two steps, for which every debt grows.
            let run = LiquidationRun(account, pause: TimeSpan(milliseconds: 86_400_000))
            #expect(run.rows.count < LiquidationRun.maximumSteps, note)
            #expect(["the account is healthy again", "nothing is left"].contains(run.ending), note)
            #expect(run.account.house.breaches().isEmpty, note)
        }
        #expect(liquidated > 50)
    }

    /// One step moves exactly what was quoted.
    private static func check(
        _ account: CalculatedAccount, _ quote: LiquidationQuote, _ note: Comment
    ) throws {
        var after = account
        _ = try after.step(account.cross)
        #expect(after.house.breaches().isEmpty, note)
        guard case .collateral(let part) = quote.step else { return }
        let payer = account.payer(for: account.cross).account
        let fund = ClearingHouse.insuranceFund
        #expect(
            after.house.balance(payer, part.seize) - account.house.balance(payer, part.seize)
                == part.seized - part.toInsurance, note)
        #expect(
            account.house.balance(payer, part.repay) - after.house.balance(payer, part.repay)
                == part.repaid, note)
        #expect(
            after.house.balance(fund, part.seize) - account.house.balance(fund, part.seize)
                == part.toInsurance, note)
        #expect(part.toInsurance <= part.seized && part.repaid.raw >= 0, note)
    }

    private static func text(_ name: String, _ draws: inout RandomStream) -> String {
        let isPool = name == "aave-v3" || name == "compound-v2"
        let assets = name == "euler-v2" ? ["ETH", "wstETH"] : ["ETH", "BTC", "LINK", "UNI"]
        var prices: [String] = []
        var balances: [String] = []
        var debts = 0
        for asset in assets where draws.chance(Ratio(percent: 60)) {
            let price = Price(raw: draws.uniform(in: 1...(scaleE8 * 3000)))
            let isDebt = isPool && draws.chance(Ratio(percent: 30))
            debts += isDebt ? 1 : 0
            // From a few units to thousands of dollars, whatever the price.
            let value = Int128(draws.uniform(in: 1...(scaleE8 * 100_000)))
            let amount = min(
                Int128(scaleE8) * 1_000_000_000, value * Int128(scaleE8) / Int128(price.raw))
            prices.append("\(asset): \(price)")
            balances.append("\(asset): \(isDebt ? "-" : "")\(Quantity(raw: max(1, Int64(amount))))")
        }
        if debts == 0 || draws.chance(Ratio(percent: 50)) {
            let owed = draws.uniform(in: 1...(scaleE8 * 120_000))
            balances.append("USDC: -\(Quantity(raw: owed))")
        }
        if name != "compound-v3", name != "morpho-blue", draws.chance(Ratio(percent: 30)) {
            prices.append("USDC: \(Price(raw: draws.uniform(in: 50_000_000...150_000_000)))")
        }
        return """
            protocol: \(name)
            prices: {\(prices.joined(separator: ", "))}
            account: {balances: {\(balances.joined(separator: ", "))}}
            """
    }
}
