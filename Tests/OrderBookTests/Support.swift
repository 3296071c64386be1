import ExactMath
import OrderBook

/// A price in whole dollars.
func usd(_ whole: Int64) -> Price { Price(whole: whole) }

/// A quantity in whole units.
func units(_ whole: Int64) -> Quantity { Quantity(whole: whole) }

func id(_ raw: Int64) -> OrderID { OrderID(raw: raw) }

extension LimitOrderBook {
    /// Makes an order of whole units at whole dollars rest.
    @discardableResult
    mutating func rest(_ owner: Int32, _ side: Side, _ size: Int64, at price: Int64) -> Order {
        rest(owner: owner, side: side, price: usd(price), size: units(size), reduceOnly: false)
    }

    /// The ids of a side in priority order.
    func ids(_ side: Side) -> [Int64] { resting(side).map(\.id.raw) }
}

/// A book with two levels a side: bids 99 (#1, #3) and 98 (#2), asks 101 (#4, #6) and 102 (#5);
/// sizes 1 to 6 as the ids, owners 10, 20, 30, 10, 20, 30.
func sampleBook() -> LimitOrderBook {
    var book = LimitOrderBook()
    book.rest(10, .buy, 1, at: 99)
    book.rest(20, .buy, 2, at: 98)
    book.rest(30, .buy, 3, at: 99)
    book.rest(10, .sell, 4, at: 101)
    book.rest(20, .sell, 5, at: 102)
    book.rest(30, .sell, 6, at: 101)
    return book
}

/// Marsaglia's xorshift with a multiplier (xorshift64*, Vigna 2016): repeatable draws for tests.
struct XorShift {
    private var state: UInt64

    init(seed: UInt64) { state = seed == 0 ? 1 : seed }

    mutating func next() -> UInt64 {
        state ^= state >> 12
        state ^= state << 25
        state ^= state >> 27
        return state &* 0x2545_F491_4F6C_DD1D
    }

    /// A number of a range that is far smaller than 2^64, so that its bias does not matter.
    mutating func draw(_ range: ClosedRange<Int64>) -> Int64 {
        range.lowerBound + Int64(next() % UInt64(range.upperBound - range.lowerBound + 1))
    }
}
