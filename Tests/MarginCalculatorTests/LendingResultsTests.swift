import ExactMath
import MarginProtocol
import Scenarios
import Testing

@testable import MarginCalculator

/// Published results on liquidations with a fixed bonus, through the engine.
@Suite struct LendingResultsTests {
    static func text(
        collateral: String, debt: String, threshold: String, bonus: String,
        size: String = "close_factor: 50%"
    ) -> String {
        """
        protocol: compound-v2
        parameters:
          assets: {UNI: {collateral: \(threshold)}}
          protocol: {liquidation: {\(size), bonus: \(bonus), seized_share: 0%}}
        prices: {UNI: 1, DAI: 1}
        account: {balances: {UNI: \(collateral), DAI: -\(debt)}}
        """
    }

    private func loanToValue(_ account: CalculatedAccount) throws -> Ratio {
        let uni = try #require(account.file.parameters.assets.firstIndex { $0.name == "UNI" })
        let dai = try #require(account.file.parameters.assets.firstIndex { $0.name == "DAI" })
        return try Ratio(
            -account.house.balance(account.cross, AssetID(index: dai)),
            over: account.house.balance(account.cross, AssetID(index: uni)), rounding: .nearest)
    }

    /// Warmuz, Chaudhary, Pinna, "Toxic Liquidation Spirals" (arXiv 2212.07306): a liquidation makes an account worse
    /// where its loan-to-value is above 1 / (1 + bonus).
    ///
    /// Vectors: toxic_ltv.
    @Test(arguments: [
        ("90", "5%", "0.89385475", false), ("96", "5%", "0.96089385", true),
        ("95.23809524", "5%", "0.95238095", false), ("92", "10%", "0.92134831", true),
        ("90", "10%", "0.89887640", false),
    ])
    func toxicThreshold(debt: String, bonus: String, after: String, worsens: Bool) throws {
        var account = try account(
            Self.text(collateral: "100", debt: debt, threshold: "80%", bonus: bonus))
        let before = try loanToValue(account)
        let part = try #require(
            try account.collateralQuote(seize: "UNI", repay: "DAI", atMost: "10"))
        try account.run(part, atMost: part.repaid)
        #expect(isNear(try loanToValue(account), after))
        #expect((try loanToValue(account) > before) == worsens)
    }

    /// The same paper: of a solvent account's debt, D − C / (1 + bonus) is left when it is liquidated fully.
    ///
    /// Vectors: toxic_end_state.
    @Test(arguments: [
        ("94", "0"), ("96", "0.76190476"), ("98", "2.76190476"), ("100", "4.76190476"),
        ("104", "8.76190476"),
    ])
    func toxicEnd(debt: String, expected: String) throws {
        let account = try account(
            Self.text(
                collateral: "100", debt: debt, threshold: "80%", bonus: "5%",
                size: "close_factor: ~, whole: position"))
        let run = LiquidationRun(account, pause: .zero)
        #expect(isNear(run.rows.last?.step.deficit, expected, within: "0.00000001"))
        let booked = run.rows.flatMap(\.covers).reduce(Quantity.zero) { $0 + $1.amount }
        #expect(isNear(booked, expected, within: "0.00000001"))
    }

    /// Qin et al., "An Empirical Study of DeFi Liquidations" (IMC 2021, arXiv 2106.06389): the least repayment that
    /// restores health, (D − LT·C) / (1 − LT(1 + bonus)), and the two steps that earn more than one.
    ///
    /// Vectors: two_step_liquidation.
    @Test(arguments: [
        ("120", "98", "80%", "10%", "16.66666667", "40.66666667", "5.73333333"),
        ("100", "81", "80%", "5%", "6.25", "37.375", "2.18125"),
        ("130", "100", "75%", "8%", "13.15789474", "43.42105263", "4.52631579"),
    ])
    func twoSteps(
        collateral: String, debt: String, threshold: String, bonus: String, first: String,
        second: String, profit: String
    ) throws {
        let target = try report(
            Self.text(
                collateral: collateral, debt: debt, threshold: threshold, bonus: bonus,
                size: "close_factor: ~, target_health: 1"))
        #expect(isNear(target.liquidation?.repaid, first, within: "0.00000020"))

        var account = try account(
            Self.text(
                collateral: collateral, debt: debt, threshold: threshold, bonus: bonus))
        // Short of restoring health by what rounding may give the account.
        let least = try #require(Quantity(decimal: first)) - Quantity(raw: 30)
        let one = try #require(
            try account.collateralQuote(seize: "UNI", repay: "DAI", atMost: least.description))
        try account.run(one, atMost: one.repaid)
        #expect(account.house.isLiquidatable(account.cross, at: account.file.prices))
        let two = try #require(LiquidationRun(account, pause: .zero).rows.first?.step)
        #expect(isNear(two.repaid, second, within: "0.00000030"))
        #expect(isNear(one.bonus + two.toLiquidator, profit, within: "0.00000010"))
    }
}

extension CalculatedAccount {
    /// Runs a part that was quoted.
    mutating func run(_ part: LiquidationQuote.CollateralPart, atMost: Quantity) throws {
        let payer = payer(for: cross)
        var journal: [Event] = []
        try house.execute(
            .liquidate(
                account: cross, payer: payer.account,
                target: .collateral(seize: part.seize, repay: part.repay, atMost: atMost)),
            from: payer.sender, into: &journal)
    }
}

extension String {
    /// With another text in place of every occurrence of one.
    func replacing(_ part: String, with other: String) -> String {
        var result = ""
        var rest = self[...]
        while let range = rest.firstRange(of: part) {
            result += rest[..<range.lowerBound] + other
            rest = rest[range.upperBound...]
        }
        return result + rest
    }
}
