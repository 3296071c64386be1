import ExactMath
import MarginRules
import Testing

/// Between the oracle price and a weight's.
@Suite struct TakeoverPriceTests {
    @Test(
        arguments: [
            // vertex-protocol.gitbook.io basics/liquidations-and-insurance-fund, derived: (id, amount, oracle,
            // weight, price, profit, insurance)
            ("vertex-liqprice-1", 1, "100", "0.95", "97.5", "2.5", "0.625"),
            ("vertex-liqprice-2", -1, "100", "1.05", "102.5", "2.5", "0.625"),
            ("vertex-liqprice-3", 1, "2000", "0.9", "1900", "100", "25"),
        ] as [(String, Int64, String, String, String, String, String)])
    func takeover(
        id: String, amount: Int64, oracle: String, weight: String, price: String, profit: String,
        insurance: String
    ) throws {
        let rule = TakeoverPrice(
            discountShare: Ratio(percent: 50), insuranceShare: Ratio(percent: 25))
        let oracle = try #require(Price(decimal: oracle))
        let weight = try #require(Ratio(decimal: weight))
        #expect(try rule.price(oracle: oracle, maintenanceWeight: weight) == Price(decimal: price))
        let settlement = try rule.settlement(
            amount: Quantity(whole: amount), oracle: oracle, maintenanceWeight: weight)
        let taken = try #require(Price(decimal: price))
        #expect(settlement.payment == Money(raw: amount * taken.raw), "\(id)")
        #expect(settlement.insuranceFee == Money(decimal: insurance), "\(id)")
        let whole = settlement.insuranceFee + settlement.liquidatorProfit
        #expect(whole == Money(decimal: profit), "\(id)")
    }

    /// vertex-protocol/vertex-contracts core/contracts/ClearinghouseStorage.sol (`getLiqPriceX18`), 2025:
    /// a fifth of the weight's distance from one, half of it to the fund.
    @Test func takeoverInTheContracts() throws {
        let rule = TakeoverPrice(
            discountShare: Ratio(percent: 20), insuranceShare: Ratio(percent: 50))
        let settlement = try rule.settlement(
            amount: Quantity(whole: -2), oracle: Price(whole: 100),
            maintenanceWeight: Ratio(percent: 105))
        #expect(settlement.payment == Money(whole: -202))
        #expect(settlement.insuranceFee == Money(whole: 1))
        #expect(settlement.liquidatorProfit == Money(whole: 1))
    }
}
