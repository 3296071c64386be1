import ExactMath
import MarginRules
import Testing

/// The same model in floating point, with the growth limit in its 32 bits as on chain.
private struct StableReference {
    var price: Double
    var delay: [Double]
    var sum = 0.0
    var time = 0.0
    var last: Int64 = 0
    var slot = 0

    init(_ price: Double) {
        self.price = price
        delay = Array(repeating: price, count: 24)
    }

    private func clamp(_ x: Double, _ previous: Double, _ growth: Double) -> Double {
        min(max(x, previous * (1 - growth)), previous * (1 + growth))
    }

    mutating func update(_ now: Int64, _ oracle: Double) {
        let dt = max(0, now - last)
        guard dt >= 10 else { return }
        let counted = Double(min(dt, 600))
        last = now
        sum += oracle * counted
        time += Double(dt)
        let current = Int(now / 3600 % 24)
        if current != slot {
            let value = clamp(sum / time, delay[(slot + 23) % 24], Double(Float(0.06)))
            if dt > 86_400 {
                delay = Array(repeating: value, count: 24)
            } else {
                while slot != current {
                    delay[slot] = value
                    slot = (slot + 1) % 24
                }
            }
            (sum, time, slot) = (0, 0, current)
        }
        let target = delay[current]
        let fraction = target >= price ? price / target : target / price
        price = clamp(oracle, price, Double(Float(0.0003)) * fraction * fraction * counted)
    }
}

@Suite struct StablePriceTests {
    private let model = StablePriceModel()

    private func at(_ seconds: Int64) -> Timestamp { Timestamp(milliseconds: seconds * 1000) }

    /// blockworks-foundation/mango-v4 programs/mango-v4/src/state/stable_price.rs
    /// test_stable_price_10x; mango-stable-10x-a and -c, and the second phase of the test. The
    /// digits after the test's own tolerance of 0.1 are those of a double-precision run.
    @Test func priceTimesTen() throws {
        var state = model.start(at: Price(whole: 1), now: at(0))
        var time: Int64 = 0
        func run(_ step: Int64, _ count: Int64) throws {
            for _ in 0..<count {
                time += step
                state = try model.update(state, oracle: Price(whole: 10), now: at(time))
            }
        }
        try run(60, 60)
        #expect(try Figures.near(state.price, try Figures.fixed("1.780573"), within: "0.00001"))
        #expect(try Figures.near(state.delayPrices[0], try Figures.fixed("1.06"), within: "0.01"))
        #expect(state.delayPrices[1...].allSatisfy { $0 == .one })
        try run(10, 360)
        #expect(try Figures.near(state.price, try Figures.fixed("2.3"), within: "0.1"))
        #expect(try Figures.near(state.delayPrices[1], try Figures.fixed("1.1236"), within: "0.01"))
        #expect(state.delayPrices[2...].allSatisfy { $0 == .one })
        try run(300, 276)
        #expect(try Figures.near(state.price, try Figures.fixed("7.445231"), within: "0.00001"))
        #expect(state.delayPrices[0] > state.delayPrices[23])
        #expect(state.delayPrices[23] > state.delayPrices[22])
        #expect(state.delayPrices[1] < state.delayPrices[0])
        #expect(state.delayPrices[1] < state.delayPrices[2])
    }

    /// test_stable_price_average
    @Test func averageOfAnHour() throws {
        let wide = StablePriceModel(delayGrowthLimit: Fixed18(whole: 10))
        var state = wide.start(at: Price(whole: 1), now: at(0))
        for step in Int64(1)...60 {
            state = try wide.update(
                state, oracle: Price(whole: step > 30 ? 2 : 1), now: at(step * 60))
        }
        #expect(state.delayPrices[0] == (try Figures.fixed("1.5")))
    }

    @Test func earlyUpdatesAndZeroPrices() throws {
        let start = model.start(at: Price(whole: 1), now: at(100))
        #expect(try model.update(start, oracle: Price(whole: 9), now: at(109)) == start)
        #expect(try model.update(start, oracle: Price(whole: 9), now: at(50)) == start)
        #expect(try model.update(start, oracle: Price(whole: 9), now: at(110)).price > .one)
        // Waits for a price, and jumps to it.
        var state = model.start(at: .zero, now: at(0))
        state = try model.update(state, oracle: .zero, now: at(60))
        #expect(state.price == .zero)
        state = try model.update(state, oracle: Price(whole: 5), now: at(120))
        #expect(state.price == Fixed18(whole: 5))
        state = try model.update(state, oracle: Price(whole: 50), now: at(180))
        #expect(state.price > Fixed18(whole: 5) && state.price < Fixed18(whole: 6))
    }

    @Test func randomPathsMatchAReference() throws {
        for seed in UInt64(1)...20 {
            var draws = TestDraws(seed: seed)
            var state = model.start(at: Price(whole: 100), now: at(0))
            var reference = StableReference(100)
            var time: Int64 = 0
            var price: Int64 = 10_000
            for _ in 0..<400 {
                // Mostly minutes, now and then hours, rarely more than a day.
                let kind = draws.int(0...99)
                time +=
                    kind == 0 ? draws.int(80_000...100_000) : draws.int(1...(kind < 10 ? 9000 : 90))
                price = max(1, price + price * draws.int(-20...20) / 100)
                state = try model.update(
                    state, oracle: Price(raw: price * 1_000_000), now: at(time))
                reference.update(time, Double(price) / 100)
                let error = abs(state.price.double / reference.price - 1)
                #expect(error < 1e-4, "seed \(seed) at \(time)")
                for slot in 0..<24 {
                    let error = abs(state.delayPrices[slot].double / reference.delay[slot] - 1)
                    #expect(error < 1e-4, "seed \(seed) at \(time), slot \(slot)")
                }
            }
        }
    }
}
