import ExactMath
import MarginRules
import Testing

@Suite struct InsuranceFundTests {
    /// blog.btcmex.com/insurance-fund; btcmex-ins-1: a long with its bankruptcy at 3,000 is filled
    /// at 3,060.
    @Test func gainsAndLosses() throws {
        let fund = InsuranceFund()
        let rows: [(size: Int64, fill: Int64, bankruptcy: Int64, gain: Int64)] = [
            (1, 3060, 3000, 60), (1, 2990, 3000, -10), (1, 3000, 3000, 0), (-1, 2940, 3000, 60),
            (-2, 3010, 3000, -20),
        ]
        for row in rows {
            let split = try fund.split(
                size: Quantity(whole: row.size), fill: Price(whole: row.fill),
                bankruptcy: Price(whole: row.bankruptcy))
            #expect(split.fund == Money(whole: row.gain), "\(row)")
            #expect(split.account == .zero, "\(row)")
        }
        // Half a unit of the last decimal goes against the fund.
        let odd = try fund.split(
            size: Quantity(raw: 1), fill: Price(raw: 150_000_000),
            bankruptcy: Price(raw: 50_000_000))
        #expect(odd.fund == .zero)
    }

    /// dydxprotocol/v4-chain x/clob/keeper/liquidations.go GetLiquidationInsuranceFundDelta: the
    /// fee is limited to a share of the fill, rounded down.
    @Test func limitedFee() throws {
        let fund = InsuranceFund(maximumFee: Ratio(percent: 1))
        let rows: [(fill: Int64, bankruptcy: Int64, fund: Int64, account: Int64)] = [
            (1099, 1000, 10, 89), (1099, 1095, 4, 0), (1000, 1100, -100, 0), (1000, 1000, 0, 0),
            (-1099, -1200, 10, 91), (-1200, -1099, -101, 0), (50, 0, 0, 50),
        ]
        for row in rows {
            let split = try fund.split(
                fill: Money(raw: row.fill), bankruptcy: Money(raw: row.bankruptcy))
            #expect(split.fund == Money(raw: row.fund), "\(row)")
            #expect(split.account == Money(raw: row.account), "\(row)")
        }
        #expect(throws: ArithmeticOverflow.self) {
            try fund.split(fill: Money(raw: .max), bankruptcy: Money(raw: -1))
        }
        #expect(InsuranceFund.covered(loss: Money(raw: 5), balance: Money(raw: 3)) == Money(raw: 3))
        #expect(InsuranceFund.covered(loss: Money(raw: 3), balance: Money(raw: 5)) == Money(raw: 3))
    }
}

@Suite struct SizeLinearMarginTests {
    /// support.deribit.com 25944826427293, 11 January 2022; drb-1 to drb-3.
    @Test func deribit() throws {
        let coins = [
            "BTC": "0.00005", "ETH": "0.000004",
        ]
        let rows: [(id: String, coin: String, size: Int64, initial: String, maintenance: String)] =
            [
                ("drb-1", "BTC", 100, "0.025", "0.015"), ("drb-2", "BTC", 10, "0.0205", "0.0105"),
                ("drb-3", "ETH", 1000, "0.024", "0.014"), ("short", "BTC", -100, "0.025", "0.015"),
                ("none", "BTC", 0, "0.02", "0.01"),
            ]
        for row in rows {
            let slope = try Figures.ratio(try #require(coins[row.coin]))
            let size = Quantity(whole: row.size)
            let initial = SizeLinearMargin(base: Ratio(percent: 2), perUnit: slope)
            let maintenance = SizeLinearMargin(base: Ratio(percent: 1), perUnit: slope)
            #expect(try initial.rate(size: size) == Figures.ratio(row.initial), "\(row.id)")
            #expect(try maintenance.rate(size: size) == Figures.ratio(row.maintenance), "\(row.id)")
        }
    }

    @Test func roundsUp() throws {
        let rule = SizeLinearMargin(base: Ratio(percent: 2), perUnit: Ratio(raw: 1))
        #expect(try rule.rate(size: Quantity(raw: 1)) == Ratio(raw: 2_000_001))
        #expect(
            try rule.requirement(size: Quantity(whole: -10), price: Price(whole: 50_000))
                == Figures.money("10000.05"))
        #expect(throws: ArithmeticOverflow.self) {
            try SizeLinearMargin(base: Ratio(raw: .max), perUnit: .one).rate(
                size: Quantity(whole: 1))
        }
    }
}
