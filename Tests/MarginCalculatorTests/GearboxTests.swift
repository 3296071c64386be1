import ExactMath
import MarginProtocol
import Scenarios
import Testing

@testable import MarginCalculator

/// Gearbox v3 through the engine: Gearbox-protocol/core-v3 @510fc65, contracts/test/unit/libraries/CreditLogic.unit.t.sol,
/// test_U_CL_04_calcLiquidationPayments_case_test. A debt of the engine holds principal, interest and the fee on interest
/// together; what the source calls profit is that fee and the fee of liquidation.
@Suite struct GearboxTests {
    static func text(
        _ holdings: String, _ prices: String, debt: String, premium: String = "4%",
        fee: String = "1.5%"
    ) -> String {
        """
        protocol: gearbox-v3
        parameters:
          protocol: {insurance_fund: $0, liquidation: {bonus: \(premium), credit_account: \(fee)}}
        prices: {\(prices)}
        market: {USDC: {deposits: 20000}}
        account: {balances: {\(holdings), USDC: -\(debt)}}
        """
    }

    /// An account of 10,000: what the pool has of it, what the owner has, and what is missing.
    ///
    /// Vectors: gearbox-1, gearbox-3, gearbox-4.
    @Test(arguments: [
        // 5,000 and 2,000 of interest, half of it on top; expired: 2 % and 1 %.
        ("8000", "4%", "1.5%", "8150", "1450", "0"),
        ("8000", "2%", "1%", "8100", "1700", "0"),
        // 7,000, 3,000 and 1,500: the fee of 1,500 goes first, and 400 are the lenders'.
        ("11500", "4%", "1.5%", "9600", "0", "1900"),
    ])
    func payments(
        debt: String, premium: String, fee: String, toPool: String, toOwner: String,
        missing: String
    ) throws {
        // Half of it can be borrowed against at this price; the rest of the collateral counts nothing.
        var account = try account(
            Self.text(
                "ETH: 2, XYZ: 6000", "ETH: 2000, XYZ: 1", debt: debt, premium: premium, fee: fee))
        let id = account.cross
        let quote = try #require(account.quote(id))
        guard case .collateral(let part) = quote.step else {
            Issue.record("no seizure")
            return
        }
        let owed = try #require(Quantity(decimal: debt))
        let pool = part.repaidToInsurance + min(owed, part.repaid)
        #expect(isNear(pool, toPool))
        #expect(part.others.count == 1)
        let payer = account.payer(for: id).account
        let before = account.house.balance(payer, part.seize)
        let events = try account.step(id)
        #expect(isNear(account.house.balance(id, AssetID(0)), toOwner))
        #expect(account.house.account(id).assets.nonzeroBitCount == (toOwner == "0" ? 0 : 1))
        #expect(account.house.balance(payer, part.seize) == before + part.seized)
        let covered = events.reduce(Quantity.zero) { sum, event in
            if case .lossCovered(let cover) = event { sum + cover.amount } else { sum }
        }
        #expect(isNear(covered, missing))
        // Each asset that is taken has a row; the money stands with the first.
        let rows = events.compactMap { if case .liquidated(let step) = $0 { step } else { nil } }
        #expect(rows.count == 2 && rows[1].penalty == .zero && rows[1].repaid.isZero)
        #expect(account.house.breaches().isEmpty)
    }

    @Test("Nothing may be chosen, and a healthy account is left alone")
    func noChoice() throws {
        let text = Self.text("ETH: 2", "ETH: 2000", debt: "3600")
        #expect(try !report(text).isLiquidatable)
        let account = try account(text.replacing("3600", with: "3600.00000001"))
        #expect(throws: Rejection.targetNotAllowed) {
            try account.collateralQuote(seize: "ETH", repay: "USDC", atMost: "100")
        }
        #expect(account.quote(account.cross) != nil)
    }
}
