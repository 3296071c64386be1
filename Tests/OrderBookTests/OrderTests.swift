import ExactMath
import OrderBook
import Testing

@Suite struct OrderTests {
    @Test func sidesAreEachOthersOpposite() {
        #expect(Side.buy.opposite == .sell)
        #expect(Side.sell.opposite == .buy)
    }

    @Test(
        arguments: [
            (Side.buy, 99, true), (.buy, 100, true), (.buy, 101, false),
            (.sell, 99, false), (.sell, 100, true), (.sell, 101, true),
        ] as [(Side, Int64, Bool)])
    func aLimitOfOneHundredCrosses(_ side: Side, _ resting: Int64, _ crosses: Bool) {
        #expect(side.crosses(usd(resting), limit: usd(100)) == crosses)
    }

    @Test func priorityIsPriceThenTime() {
        func priority(_ side: Side, _ price: Int64, _ number: Int64) -> Priority {
            Priority(side: side, price: usd(price), id: id(number))
        }
        #expect(priority(.buy, 100, 9) < priority(.buy, 99, 1))
        #expect(priority(.sell, 99, 9) < priority(.sell, 100, 1))
        #expect(priority(.buy, 100, 1) < priority(.buy, 100, 2))
        #expect(priority(.sell, 100, 1) < priority(.sell, 100, 2))
        #expect(!(priority(.sell, 100, 2) < priority(.sell, 100, 2)))
    }

    @Test func idsAreOrderedBySequence() {
        #expect(id(1) < id(2))
        #expect(id(7).next == id(8))
        #expect(id(7).description == "#7")
    }
}
