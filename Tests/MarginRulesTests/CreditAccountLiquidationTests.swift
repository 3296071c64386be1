import ExactMath
import Testing

@testable import MarginRules

struct CreditAccountLiquidationTests {
    struct Row: Sendable, CustomTestStringConvertible {
        var id: String
        var expired = false
        var transferFee: Int64 = 0
        var debt, interest: Int64
        var toPool, toOwner, profit, loss: Int64
        var testDescription: String { id }
    }

    /// Gearbox-protocol/core-v3 510fc65 contracts/test/unit/libraries/CreditLogic.unit.t.sol
    /// test_U_CL_04_calcLiquidationPayments_case_test: an account of 10,000; premium and fee 4 % and
    /// 1.5 %, expired 2 % and 1 %; half of the interest on top as a fee.
    static let rows: [Row] = [
        Row(
            id: "gearbox-1", debt: 5000, interest: 2000, toPool: 8150, toOwner: 1450,
            profit: 1150, loss: 0),
        Row(
            id: "profit, nothing left", debt: 6500, interest: 2000, toPool: 9600, toOwner: 0,
            profit: 1100, loss: 0),
        Row(
            id: "gearbox-3", debt: 7000, interest: 3000, toPool: 9600, toOwner: 0, profit: 0,
            loss: 400),
        Row(
            id: "gearbox-4", expired: true, debt: 5000, interest: 2000, toPool: 8100,
            toOwner: 1700, profit: 1100, loss: 0),
        Row(
            id: "expired, nothing left", expired: true, debt: 6800, interest: 2000, toPool: 9800,
            toOwner: 0, profit: 1000, loss: 0),
        Row(
            id: "expired, loss", expired: true, debt: 7000, interest: 3000, toPool: 9800,
            toOwner: 0, profit: 0, loss: 200),
        Row(
            id: "token with a fee of 0.5 %", transferFee: 50, debt: 5000, interest: 2000,
            toPool: 8190, toOwner: 1410, profit: 1150, loss: 0),
        Row(
            id: "token with a fee, nothing left", transferFee: 50, debt: 6500, interest: 2000,
            toPool: 9600, toOwner: 0, profit: 1052, loss: 0),
        Row(
            id: "token with a fee, loss", transferFee: 50, debt: 7000, interest: 3000,
            toPool: 9600, toOwner: 0, profit: 0, loss: 448),
    ]

    @Test(arguments: rows)
    func waterfall(row: Row) throws {
        let rule = CreditAccountLiquidation(
            premium: ratio(bps: row.expired ? 200 : 400), fee: ratio(bps: row.expired ? 100 : 150),
            transferFee: row.transferFee == 0
                ? nil : TransferFee(rate: ratio(bps: row.transferFee), maximum: nil))
        let payments = try rule.payments(
            totalValue: Quantity(raw: 10_000),
            debt: CreditAccountDebt(
                principal: Quantity(raw: row.debt), accruedInterest: Quantity(raw: row.interest),
                interestFee: Ratio(percent: 50)))
        #expect(payments.toPool == Quantity(raw: row.toPool))
        #expect(payments.toOwner == Quantity(raw: row.toOwner))
        #expect(payments.profit == Quantity(raw: row.profit))
        #expect(payments.loss == Quantity(raw: row.loss))
    }

    @Test func everythingGoesSomewhere() throws {
        var draws = SeededDraws(state: 4)
        for _ in 0..<3000 {
            let value = Quantity(raw: draws.next(in: 0...1_000_000_000))
            let debt = CreditAccountDebt(
                principal: Quantity(raw: draws.next(in: 0...1_000_000_000)),
                accruedInterest: Quantity(raw: draws.next(in: 0...100_000_000)),
                accruedFees: Quantity(raw: draws.next(in: 0...50_000_000)))
            let rule = CreditAccountLiquidation(
                premium: ratio(bps: draws.next(in: 0...1000)),
                fee: ratio(bps: draws.next(in: 0...1000)), transferFee: nil)
            let payments = try rule.payments(totalValue: value, debt: debt)
            let owed = debt.principal + debt.accruedInterest
            // The pool receives the lenders' claim, plus the profit, less the loss.
            #expect(payments.toPool == owed + payments.profit - payments.loss)
            #expect(
                try payments.toPool + payments.toOwner
                    == value.scaled(by: Ratio.one - rule.premium, rounding: .down))
            #expect(payments.profit.isZero || payments.loss.isZero)
            #expect(payments.toOwner.isZero || payments.loss.isZero)
        }
    }

    @Test func transferFees() throws {
        // USDTFees.sol: capped in both directions.
        let fee = TransferFee(rate: ratio(bps: 50), maximum: Quantity(raw: 20))
        #expect(try fee.sent(forReceiving: Quantity(raw: 8150)) == Quantity(raw: 8170))
        #expect(try fee.received(ofSending: Quantity(raw: 9600)) == Quantity(raw: 9580))
        #expect(try fee.sent(forReceiving: Quantity(raw: 995)) == Quantity(raw: 1000))
        #expect(try fee.received(ofSending: Quantity(raw: 1000)) == Quantity(raw: 995))
    }
}
