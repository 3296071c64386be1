import ExactMath
import MarginRules
import Testing

@Suite struct DeleveragingRankTests {
    /// support.bitmex.com 18589621443357 "What is Auto-Deleveraging": its formula; bmx-adl-2.
    /// Linear, one unit.
    @Test func bitmexScores() throws {
        let rows: [(side: Int64, entry: Int64, mark: Int64, bankruptcy: Int64, score: String)] = [
            (1, 100, 120, 90, "0.8"), (1, 100, 110, 104, "1.8333333333"),
            (1, 100, 95, 80, "-0.0078947368"), (-1, 100, 80, 110, "0.5333333333"),
            (-1, 100, 105, 110, "-0.0023809524"), (1, 100, 100, 90, "0"),
        ]
        var scores: [Fixed18?] = []
        for row in rows {
            let score = try #require(
                try DeleveragingRank.profitTimesLeverage.score(
                    DeleveragingCandidate(
                        markValue: Money(whole: row.side * row.mark),
                        entryValue: Money(whole: row.side * row.entry),
                        bankruptcyValue: Money(whole: row.side * row.bankruptcy))))
            #expect(
                try Figures.near(score, try Figures.fixed(row.score), within: "0.000000001"),
                "\(row)")
            scores.append(score)
        }
        // The less profitable but far more leveraged one comes first.
        #expect(DeleveragingRank.order(scores) == [1, 0, 3, 5, 4, 2])
    }

    @Test func noScoreBeyondBankruptcy() throws {
        let rank = DeleveragingRank.profitTimesLeverage
        func score(_ mark: Int64, _ entry: Int64, _ bankruptcy: Int64) throws -> Fixed18? {
            try rank.score(
                DeleveragingCandidate(
                    markValue: Money(whole: mark), entryValue: Money(whole: entry),
                    bankruptcyValue: Money(whole: bankruptcy)))
        }
        #expect(try score(90, 100, 90) == nil)
        #expect(try score(80, 100, 90) == nil)
        #expect(try score(-110, -100, -105) == nil)
        #expect(try score(0, 100, -5) == nil)
        #expect(try score(100, 0, 90) == nil)
    }

    /// dev.binance.vision thread 17801, from binance.com support faq 360033525471: wallet 4.27,
    /// profit 40.2, margin ratio 13.42 %, so 9.41 · 0.1342 = 1.26.
    @Test func binanceScores() throws {
        let rank = DeleveragingRank.profitTimesMarginRatio
        func score(_ wallet: String, _ profit: String, _ maintenance: String) throws -> Fixed18? {
            try rank.score(
                DeleveragingCandidate(
                    markValue: .zero, entryValue: .zero, walletBalance: try Figures.money(wallet),
                    unrealizedProfit: try Figures.money(profit),
                    maintenanceMargin: try Figures.money(maintenance)))
        }
        let example = try #require(try score("4.27", "40.2", "5.967874"))
        #expect(try Figures.near(example, try Figures.fixed("1.26"), within: "0.005"))
        // A wallet below one dollar counts as one.
        #expect(try score("0.5", "2", "0.25") == Figures.fixed("0.2"))
        #expect(try score("-1", "3", "0.5") == Figures.fixed("0.75"))
        // A loss ranks last; an equity of zero or less has no margin ratio.
        #expect(try score("100", "-5", "10") == .zero)
        #expect(try score("-5", "5", "10") == .zero)
        #expect(try score("-6", "5", "10") == .zero)
    }

    /// hyperliquid.gitbook.io/hyperliquid-docs trading/auto-deleveraging; hl-adl-rank.
    @Test func hyperliquidScores() throws {
        let rank = DeleveragingRank.priceRatioTimesLeverage
        let rows: [(mark: Int64, entry: Int64, notional: Int64, account: Int64, index: String)] = [
            (100, 80, 100, 10, "12.5"), (100, 90, 50, 10, "5.555555555555555556"),
            (100, 50, 20, 40, "1"),
        ]
        var scores: [Fixed18?] = []
        for row in rows {
            // The entry value is the notional at the entry price.
            let entry = try Money(whole: row.notional).scaled(
                by: row.entry, over: row.mark, rounding: .nearest)
            let score = try #require(
                try rank.score(
                    DeleveragingCandidate(
                        markValue: Money(whole: row.notional), entryValue: entry,
                        accountValue: Money(whole: row.account))))
            #expect(try Figures.near(score, try Figures.fixed(row.index), within: "0.00000001"))
            scores.append(score)
        }
        #expect(DeleveragingRank.order(scores) == [0, 1, 2])
        // A short profits from a fall.
        #expect(
            try rank.score(
                DeleveragingCandidate(
                    markValue: Money(whole: -50), entryValue: Money(whole: -100),
                    accountValue: Money(whole: 25))) == Fixed18(whole: 4))
        #expect(
            try rank.score(
                DeleveragingCandidate(
                    markValue: Money(whole: 50), entryValue: Money(whole: 100),
                    accountValue: .zero)) == nil)
    }

    /// support.deepcoin.online 360051024371, the same rule as OKX prints for profits.
    @Test func okxScores() throws {
        let rank = DeleveragingRank.returnOverMarginRatio
        func score(_ mark: Int64, _ ratio: String) throws -> Fixed18? {
            try rank.score(
                DeleveragingCandidate(
                    markValue: Money(whole: mark), entryValue: Money(whole: mark < 0 ? -100 : 100),
                    marginRatio: try Figures.fixed(ratio)))
        }
        #expect(try score(120, "0.1") == Fixed18(whole: 2))
        #expect(try score(-80, "0.1") == Fixed18(whole: 2))
        #expect(try score(90, "0.1") == Figures.fixed("-0.01"))
        #expect(try score(100, "0.1") == .zero)
        #expect(try score(100, "0") == nil)
    }

    @Test func equalScoresKeepTheirOrder() {
        let one = Fixed18.one
        #expect(DeleveragingRank.order([one, nil, one, Fixed18(whole: 2), .zero]) == [3, 0, 2, 4])
        #expect(DeleveragingRank.order([]) == [])
    }
}

@Suite struct DeleveragingQueueTests {
    /// testnet.bitmex.com/app/autoDeleveragingExamples; bmx-adl-1: a short of 20 with its
    /// bankruptcy at 650 is assigned down a queue of six longs.
    @Test func bitmexQueue() throws {
        let positions: [(account: Int, size: Int64, score: Int64)] = [
            (1, 10, 3), (2, 10, 6), (3, 20, 1), (4, 30, 4), (5, 20, 5), (6, 10, 2),
        ]
        let order = DeleveragingRank.order(positions.map { Fixed18(whole: $0.score) })
        #expect(order.map { positions[$0].account } == [2, 5, 4, 1, 6, 3])
        let result = DeleveragingQueue.allocate(
            Quantity(whole: 20), among: positions.map { Quantity(whole: $0.size) }, order: order)
        #expect(result.fills.map { positions[$0.candidate].account } == [2, 5])
        #expect(result.fills.map(\.quantity) == [Quantity(whole: 10), Quantity(whole: 10)])
        #expect(result.remaining == .zero)
        let price = Price(whole: 650)
        #expect(
            try result.fills[0].quantity.value(at: price, rounding: .down) == Money(whole: 6500))
    }

    @Test func queueEnds() {
        let sizes = [Quantity(whole: -3), .zero, Quantity(whole: 4)]
        let short = DeleveragingQueue.allocate(
            Quantity(whole: 9), among: sizes, order: [1, 2, 0])
        #expect(short.fills.map(\.candidate) == [2, 0])
        #expect(short.fills.map(\.quantity) == [Quantity(whole: 4), Quantity(whole: 3)])
        #expect(short.remaining == Quantity(whole: 2))
        #expect(DeleveragingQueue.allocate(.zero, among: sizes, order: [0]).fills.isEmpty)
        #expect(
            DeleveragingQueue.allocate(Quantity(whole: 1), among: [], order: []).remaining
                == Quantity(whole: 1))
    }

    /// In proportion to size, the odd units to the first; more than there is leaves a rest.
    @Test func proRata() throws {
        let sizes = [Quantity(raw: -6), Quantity(raw: 3), .zero, Quantity(raw: 1)]
        let part = try DeleveragingQueue.proRata(Quantity(raw: 5), among: sizes)
        #expect(part.fills.map(\.candidate) == [0, 1])
        #expect(part.fills.map(\.quantity.raw) == [4, 1] && part.remaining == .zero)
        let all = try DeleveragingQueue.proRata(Quantity(raw: 12), among: sizes)
        #expect(all.fills.map(\.quantity.raw) == [6, 3, 1] && all.remaining == Quantity(raw: 2))
        #expect(try DeleveragingQueue.proRata(Quantity(raw: 1), among: []).fills.isEmpty)
    }

    /// dydxprotocol/v4-chain x/clob/keeper/deleveraging.go OffsetSubaccountPerpetualPosition
    @Test func walk() throws {
        let sizes = [5, -7, 4, 0, 9].map { Quantity(raw: $0) }
        func walk(
            _ delta: Int64, start: Int, limit: Int = 500, refusing: Int? = nil
        ) -> DeleveragingFills {
            DeleveragingQueue.walk(
                Quantity(raw: delta), among: sizes, start: start, limit: limit
            ) { candidate, _ in candidate != refusing }
        }
        func pairs(_ result: DeleveragingFills) -> [[Int64]] {
            result.fills.map { [Int64($0.candidate), $0.quantity.raw] }
        }
        #expect(pairs(walk(10, start: 2)) == [[2, 4], [4, 6]])
        #expect(pairs(walk(10, start: 4)) == [[4, 9], [0, 1]])
        #expect(pairs(walk(20, start: 3)) == [[4, 9], [0, 5], [2, 4]])
        #expect(walk(20, start: 3).remaining == Quantity(raw: 2))
        // Skipped: the wrong side, and whoever refuses.
        #expect(pairs(walk(-10, start: 0)) == [[1, 7]])
        #expect(walk(-10, start: 0).remaining == Quantity(raw: -3))
        #expect(pairs(walk(10, start: 0, refusing: 0)) == [[2, 4], [4, 6]])
        #expect(pairs(walk(10, start: 0, limit: 2)) == [[0, 5]])
        #expect(walk(10, start: 0, limit: 0).fills.isEmpty)
        let nobody = DeleveragingQueue.walk(
            Quantity(raw: 1), among: [], start: 0, limit: 5
        ) { _, _ in true }
        #expect(nobody.remaining == Quantity(raw: 1))
    }

    /// OKX: 30 % of the peak of eight hours; Bybit: all of it.
    @Test func trigger() {
        let okx = DeleveragingTrigger(drawdown: Ratio(percent: 30))
        #expect(!okx.isTriggered(fund: Money(whole: 71), peak: Money(whole: 100)))
        #expect(okx.isTriggered(fund: Money(whole: 70), peak: Money(whole: 100)))
        let bybit = DeleveragingTrigger(drawdown: .one)
        #expect(!bybit.isTriggered(fund: Money(raw: 1), peak: Money(whole: 100)))
        #expect(bybit.isTriggered(fund: .zero, peak: Money(whole: 100)))
        #expect(bybit.isTriggered(fund: Money(whole: -1), peak: .zero))
    }
}
