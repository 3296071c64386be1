import ExactMath
import MarginProtocol
import Scenarios
import SeededRandom
import Testing

@testable import MarginCalculator

/// Where a liquidation begins to make a loan worse, found by liquidating loans at random.
@Suite struct ToxicThresholdTests {
    private func loanToValue(_ account: CalculatedAccount) throws -> Ratio {
        let uni = try #require(account.file.parameters.assets.firstIndex { $0.name == "UNI" })
        let dai = try #require(account.file.parameters.assets.firstIndex { $0.name == "DAI" })
        return try Ratio(
            -account.house.balance(account.cross, AssetID(index: dai)),
            over: account.house.balance(account.cross, AssetID(index: uni)), rounding: .nearest)
    }

    /// Warmuz, Chaudhary, Pinna, "Toxic Liquidation Spirals" (arXiv 2212.07306): at 1 / (1 + bonus).
    @Test(arguments: [(5, 0.9523809523809523), (10, 0.9090909090909091)])
    func betweenTheLoansThatImproveAndThoseThatWorsen(bonus: Int, expected: Double) throws {
        var draws = RandomSource(seed: 221_207_306).stream("loans/\(bonus)")
        var improved = Ratio.zero
        var worsened = Ratio(raw: .max)
        for _ in 0..<200 {
            // Debts of 85 to 99 against collateral of 100.
            let debt = Quantity(raw: draws.uniform(in: 8_500_000_000...9_900_000_000))
            var account = try account(
                LendingResultsTests.text(
                    collateral: "100", debt: debt.description, threshold: "80%",
                    bonus: "\(bonus)%"))
            let before = try loanToValue(account)
            let part = try #require(
                try account.collateralQuote(seize: "UNI", repay: "DAI", atMost: "10"))
            try account.run(part, atMost: part.repaid)
            if try loanToValue(account) > before {
                worsened = min(worsened, before)
            } else {
                improved = max(improved, before)
            }
        }
        #expect(improved < worsened)
        let (low, high) = (Double(improved.raw) / 1e8, Double(worsened.raw) / 1e8)
        #expect(low <= expected && expected <= high && high - low < 0.01, "\(low) to \(high)")
    }
}
