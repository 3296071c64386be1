import ExactMath
import MarginProtocol
import Scenarios
import SeededRandom
import Testing

@testable import MarginCalculator

/// Random accounts at random prices under each exchange's preset.
@Suite struct ExchangeFuzzTests {
    #if DEBUG
        static let accounts = 40
    #else
        static let accounts = 300
    #endif

    @Test(arguments: [
        "binance-usdm", "binance-margin", "okx-multi-currency", "okx-portfolio", "bybit-uta",
        "bitmex", "bitmex-usdt", "hyperliquid", "deribit",
    ])
    func liquidationsKeepTheLaw(preset: String) throws {
        var draws = RandomSource(seed: 20_251_010).stream("exchange/\(preset)")
        var liquidated = 0
        for number in 0..<Self.accounts {
            let text = Self.text(preset, &draws)
            let account = try account(text)
            let before = account.house
            let report = MarginReport(account).account
            // A quote is there exactly where the account is liquidatable.
            #expect((report.liquidation != nil) == report.isLiquidatable, "\(number): \(text)")
            try Self.checkLiquidationPrices(account, report, text)
            var state = account
            while state.house.isLiquidatable(state.cross, at: state.file.prices) {
                guard let quote = state.quote(state.cross) else { break }
                let step = try state.step(state.cross)
                #expect(Self.matches(quote, step), "\(number): \(text)")
                #expect(state.house.breaches().isEmpty, "\(number): \(text)")
                liquidated += 1
            }
            let run = LiquidationRun(account, pause: TimeSpan(milliseconds: 1000))
            #expect(run.rows.count < 200, "\(number): \(run.ending): \(text)")
            let isLeft = run.account.house.isLiquidatable(account.cross, at: account.file.prices)
            #expect(!isLeft, "\(number): \(run.ending): \(text)")
            #expect(before.breaches().isEmpty && run.account.house.breaches().isEmpty)
        }
        #expect(liquidated > Self.accounts / 20)
    }

    /// What is quoted is what happens.
    static func matches(_ quote: LiquidationQuote, _ events: [Event]) -> Bool {
        let steps = events.compactMap { if case .liquidated(let step) = $0 { step } else { nil } }
        switch quote.step {
        case .positions(let parts):
            return parts.map(\.size) == steps.map(\.size)
                && parts.map(\.price) == steps.map(\.price)
                && parts.map(\.toInsurance) == steps.map(\.toInsurance)
        case .collateral(let part):
            return steps.map(\.size) == [part.seized] && steps.map(\.repaid) == [part.repaid]
        case .absorption, .deficit, .flag, .cancellation: return steps.count == 1
        case .result(let part):
            return steps.map(\.size)
                == [part.position?.size, Quantity(raw: part.taken.raw)].compactMap(\.self)
        }
    }

    /// On the two sides of every liquidation price the trigger differs.
    static func checkLiquidationPrices(
        _ account: CalculatedAccount, _ report: MarginReport.AccountReport, _ text: String
    ) throws {
        for line in account.house.statement(of: account.cross, .maintenance).positions {
            let feed = account.file.parameters.markets[line.market.index].feed
            let found = account.house.criticalPrices(of: account.cross, feed: feed, .liquidatable)
            #expect(found == found.sorted(), "\(text)")
            for price in found {
                func isLiquidatable(_ raw: Int64) -> Bool {
                    var prices = account.file.prices
                    prices[feed.index] = Price(raw: raw)
                    return account.house.isLiquidatable(account.cross, at: prices)
                }
                let present = account.file.prices[feed.index]
                let beside = price <= present ? price.raw + 1 : price.raw - 1
                #expect(isLiquidatable(price.raw) != isLiquidatable(beside), "\(price) of \(text)")
            }
        }
    }

    // MARK: Accounts

    private static func text(_ preset: String, _ draws: inout RandomStream) -> String {
        let coins = ["BTC", "ETH", "SOL"]
        let levels: [Int64] = [50_000, 2500, 150]
        var prices: [String] = []
        var balances: [String] = []
        var positions: [String] = []
        let coin = preset == "bitmex" ? "BTC" : nil
        let money =
            ["hyperliquid", "deribit"].contains(preset) ? "USDC" : coin ?? "USDT"
        for (name, level) in zip(coins, levels) {
            let mark = level * draws.uniform(in: 500...1500) / 1000
            prices.append("\(name): \(mark)")
            guard coin == nil || name == coin else { continue }
            if preset != "binance-margin", draws.chance(Ratio(percent: 70)) {
                let entry = mark * draws.uniform(in: 850...1150) / 1000
                let value = draws.uniform(in: 1...2_000_000)
                let size =
                    preset == "bitmex" ? "\(value)" : decimal(value * 1000 / mark, over: 1000)
                let sign = draws.chance(Ratio(percent: 50)) ? "-" : ""
                let leverage =
                    draws.chance(Ratio(percent: 30))
                    ? ", leverage: \(draws.uniform(in: 1...20))" : ""
                if size != "0" {
                    positions.append("\(name): {size: \(sign)\(size), entry: \(entry)\(leverage)}")
                }
            }
            if name != money, draws.chance(Ratio(percent: 40)) {
                let low: Int64 = preset == "binance-margin" ? -400_000 : 0
                let value = draws.uniform(in: low...400_000)
                balances.append("\(name): \(decimal(value * 1000 / mark, over: 1000))")
            }
        }
        let wallet = draws.uniform(
            in: preset == "binance-margin" ? -300_000...600_000 : 1...400_000)
        balances.append(
            money == "BTC" ? "BTC: \(decimal(wallet, over: 100_000))" : "\(money): \(wallet)")
        return """
            protocol: \(preset)
            parameters: {protocol: {insurance_fund: $\(draws.uniform(in: 0...1000))}}
            prices: {\(prices.joined(separator: ", "))}
            account: {balances: {\(balances.joined(separator: ", "))}, positions: {\(positions.joined(separator: ", "))}}
            """
    }

    private static func decimal(_ value: Int64, over divisor: Int64) -> String {
        let whole = value.magnitude / divisor.magnitude
        let rest = value.magnitude % divisor.magnitude
        let width = "\(divisor)".count - 1
        let digits = String(String("\(rest)".reversed()).padded(width).reversed())
        return rest == 0 && whole == 0 ? "0" : "\(value < 0 ? "-" : "")\(whole).\(digits)"
    }
}

extension String {
    fileprivate func padded(_ width: Int) -> String {
        self + String(repeating: "0", count: max(0, width - count))
    }
}
