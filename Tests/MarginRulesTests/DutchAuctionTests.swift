import ExactMath
import MarginRules
import Testing

struct DutchAuctionTests {
    /// src/test/clip.t.sol auctionResetSetup.
    static func auction(hours: Int64) -> DutchAuction {
        DutchAuction(
            curve: .linear(duration: TimeSpan(seconds: hours * 3600)), startingFactor: d("1.25"),
            maximumDuration: TimeSpan(seconds: 3600), restartRatio: d("0.5"))
    }

    /// makerdao/dss fa4f663 src/test/clip.t.sol test_auction_reset_tail (10 h) and
    /// test_auction_reset_cusp (1 h).
    @Test(
        arguments: [
            ("test_auction_reset_tail", 10, 3600, false),
            ("test_auction_reset_tail", 10, 3601, true),
            ("test_auction_reset_cusp", 1, 1800, false), ("clip-status-4", 1, 1801, true),
        ] as [(String, Int64, Int64, Bool)])
    func restart(id: String, hours: Int64, elapsed: Int64, expected: Bool) throws {
        let status = try Self.auction(hours: hours).status(
            startedAt: f("5"), elapsed: TimeSpan(seconds: elapsed))
        #expect(status.needsRestart == expected, "\(id)")
    }

    /// test_auction_reset_cusp: 4 · 1.25 = 5, and after the oracle fell to 3, 3.75.
    @Test func startingPrice() throws {
        let auction = Self.auction(hours: 1)
        #expect(try auction.startingPrice(oraclePrice: d("4"), targetPrice: .one) == f("5"))
        #expect(try auction.startingPrice(oraclePrice: d("3"), targetPrice: .one) == f("3.75"))
        #expect(try auction.startingPrice(oraclePrice: d("4"), targetPrice: d("2")) == f("2.5"))
        // 4/3 with 27 decimals, times 1.25.
        #expect(
            try auction.startingPrice(oraclePrice: d("4"), targetPrice: d("3"))
                == f("1.666666666666666666"))
        // testFail_kick_zero_price
        #expect(try auction.startingPrice(oraclePrice: .zero, targetPrice: .one) == nil)
    }

    @Test func breaker() {
        let levels: [AuctionBreaker] = [.running, .noStart, .noRestart, .noPurchase]
        #expect(levels.map(\.permitsStart) == [true, false, false, false])
        #expect(levels.map(\.permitsRestart) == [true, true, false, false])
        #expect(levels.map(\.permitsPurchase) == [true, true, true, false])
    }
}

struct AuctionPurchaseTests {
    struct Row: Sendable {
        let id: String
        /// In the contract's units: rad (45 decimals), wad (18), ray (27).
        var debt = "110000000000000000000000000000000000000000000000"
        var collateral = "40000000000000000000"
        let amount: String
        var price = "5000000000000000000000000000"
        var maximum = "5000000000000000000000000000"
        var minimumDebt = "22000000000000000000000000000000000000000000000"
        let expected: Result<Expected, AuctionPurchaseRefusal>
    }
    struct Expected: Sendable {
        let paid: String
        let bought: String
        /// Nil where the auction has ended.
        var left: (debt: String, collateral: String)?
    }

    /// makerdao/dss fa4f663 src/test/clip.t.sol.
    static let rows: [Row] = [
        Row(
            id: "clip-take-4 testFail_take_bid_too_low", amount: "22000000000000000000",
            maximum: "4000000000000000000000000000", expected: .failure(.tooExpensive)),
        Row(
            id: "clip-take-6 test_take_bid_fails_no_partial_allowed",
            debt: "22000000000000000000000000000000000000000000000",
            collateral: "22400000000000000000", amount: "1000000000000000000",
            expected: .failure(.noPartialPurchase)),
        Row(
            id: "clip-take-8 test_take_multiple_bids_different_prices",
            debt: "60000000000000000000000000000000000000000000000",
            collateral: "30000000000000000000", amount: "30000000000000000000",
            price: "3698501866941402113650075460", maximum: "3698501866941402113650075460",
            expected: .success(
                Expected(
                    paid: "60000000000000000000000000000000000000000000000",
                    bought: "16222784835206525232"))),
        Row(
            id: "test_take_over_tab", amount: "25000000000000000000",
            expected: .success(
                Expected(
                    paid: "110000000000000000000000000000000000000000000000",
                    bought: "22000000000000000000"))),
        Row(
            id: "test_take_at_tab", amount: "22000000000000000000",
            expected: .success(
                Expected(
                    paid: "110000000000000000000000000000000000000000000000",
                    bought: "22000000000000000000"))),
        Row(
            id: "test_take_under_tab", amount: "11000000000000000000",
            expected: .success(
                Expected(
                    paid: "55000000000000000000000000000000000000000000000",
                    bought: "11000000000000000000",
                    left: (
                        "55000000000000000000000000000000000000000000000", "29000000000000000000"
                    )))),
        Row(
            id: "test_take_bid_recalculates_due_to_chost_check", amount: "18000000000000000000",
            expected: .success(
                Expected(
                    paid: "88000000000000000000000000000000000000000000000",
                    bought: "17600000000000000000",
                    left: (
                        "22000000000000000000000000000000000000000000000", "22400000000000000000"
                    )))),
        Row(
            id: "test_take_bid_avoids_recalculate_due_no_more_lot", amount: "40000000000000000000",
            price: "2735783211953807380973706855", maximum: "2800000000000000000000000000",
            expected: .success(
                Expected(
                    paid: "109431328478152295238948274200000000000000000000",
                    bought: "40000000000000000000"))),
        Row(
            id: "test_take_bid_fails_no_partial_allowed, the whole tab",
            debt: "22000000000000000000000000000000000000000000000",
            collateral: "22400000000000000000", amount: "4400000000000000000",
            expected: .success(
                Expected(
                    paid: "22000000000000000000000000000000000000000000000",
                    bought: "4400000000000000000"))),
    ]

    @Test(arguments: rows.indices) func purchase(index: Int) throws {
        let row = Self.rows[index]
        let sale = AuctionSale(
            debt: e8(row.debt, decimals: 45), collateral: e8(row.collateral))
        let outcome = try sale.purchase(
            upTo: e8(row.amount),
            at: DutchAuction.Status(price: e18(row.price, decimals: 27), needsRestart: false),
            maximumPrice: e18(row.maximum, decimals: 27),
            minimumDebt: e8(row.minimumDebt, decimals: 45))
        switch row.expected {
        case .failure(let refusal): #expect(outcome == .failure(refusal), "\(row.id)")
        case .success(let expected):
            let purchase = try outcome.get()
            #expect(isClose(purchase.paid, e8(expected.paid, decimals: 45)), "\(row.id)")
            #expect(isClose(purchase.bought, e8(expected.bought)), "\(row.id)")
            if let left = expected.left {
                let remaining = try #require(purchase.remaining)
                #expect(isClose(remaining.debt, e8(left.debt, decimals: 45)), "\(row.id)")
                #expect(isClose(remaining.collateral, e8(left.collateral)), "\(row.id)")
                #expect(purchase.returned.isZero && purchase.uncovered.isZero)
                #expect(purchase.releasedDebt == purchase.paid)
            } else {
                #expect(purchase.remaining == nil, "\(row.id)")
                #expect(purchase.releasedDebt == sale.debt, "all debt leaves the total")
                #expect(purchase.bought + purchase.returned == sale.collateral)
            }
        }
    }

    static let sale = AuctionSale(debt: d("110"), collateral: d("40"))

    static func outcome(
        _ sale: AuctionSale = sale, upTo amount: String, price: String,
        minimumDebt: String = "22", needsRestart: Bool = false
    ) throws -> Result<AuctionPurchase, AuctionPurchaseRefusal> {
        try sale.purchase(
            upTo: d(amount),
            at: DutchAuction.Status(price: f(price), needsRestart: needsRestart),
            maximumPrice: f("5"), minimumDebt: d(minimumDebt))
    }

    @Test func refusalsInOrder() throws {
        #expect(
            try Self.outcome(upTo: "1", price: "6", needsRestart: true) == .failure(.needsRestart))
        #expect(
            try Self.outcome(upTo: "18", price: "5.000000000000000001") == .failure(.tooExpensive))
    }

    @Test func collateralRunsOutBeforeTheDebt() throws {
        let purchase = try Self.outcome(upTo: "50", price: "2").get()
        #expect(purchase.paid == d("80") && purchase.bought == d("40"))
        #expect(purchase.uncovered == d("30") && purchase.returned.isZero)
        #expect(purchase.releasedDebt == d("110"))
    }

    @Test func exactlyTheMinimumMayBeLeft() throws {
        let purchase = try Self.outcome(upTo: "17.6", price: "5").get()
        #expect(purchase.remaining == AuctionSale(debt: d("22"), collateral: d("22.4")))
        // One unit more of the amount is reduced to the same.
        let more = try Self.outcome(upTo: "17.60000001", price: "5").get()
        #expect(more == purchase)
        // Debt equal to the minimum may not be paid in parts, one unit above may.
        #expect(
            try Self.outcome(
                AuctionSale(debt: d("22"), collateral: d("40")), upTo: "1", price: "5")
                == .failure(.noPartialPurchase))
        let above = try Self.outcome(
            AuctionSale(debt: d("22.00000001"), collateral: d("40")), upTo: "1", price: "5"
        ).get()
        #expect(above.paid == Money(raw: 1) && above.bought.isZero)
    }

    @Test func paymentIsRoundedUp() throws {
        let purchase = try Self.outcome(
            upTo: "0.00000001", price: "0.000000000000000001", minimumDebt: "0"
        ).get()
        #expect(purchase.paid == Money(raw: 1))
        let free = try Self.outcome(upTo: "40", price: "0").get()
        #expect(free.paid.isZero && free.bought == d("40") && free.uncovered == d("110"))
        let nothing = try Self.outcome(upTo: "0", price: "5").get()
        #expect(nothing.paid.isZero && nothing.remaining == Self.sale)
    }

    /// No purchase pays more than the debt, leaves dust, or loses a unit of either.
    @Test func fuzz() throws {
        var random = SplitMix64(state: 20_200_312)
        var partial = 0
        for _ in 0..<3000 {
            let sale = AuctionSale(
                debt: Money(raw: random.next(in: 1...50_000_000_000)),
                collateral: Quantity(raw: random.next(in: 1...10_000_000_000)))
            let price = Fixed18(
                raw: Int128(random.next(in: 1...9_000_000_000))
                    * Int128(random.next(in: 1...999_999_999)))
            let minimum = Money(raw: random.next(in: 0...5_000_000_000))
            let amount = Quantity(raw: random.next(in: 0...12_000_000_000))
            let outcome = try sale.purchase(
                upTo: amount, at: DutchAuction.Status(price: price, needsRestart: false),
                maximumPrice: price, minimumDebt: minimum)
            guard case .success(let purchase) = outcome else {
                #expect(outcome == .failure(.noPartialPurchase) && sale.debt <= minimum)
                continue
            }
            #expect(purchase.paid <= sale.debt && purchase.bought <= min(amount, sale.collateral))
            // The buyer never pays less than the price of what it gets.
            let cost = Double(purchase.bought.raw) * Double(price.raw) / 1e18
            #expect(Double(purchase.paid.raw) >= cost - 1e-6 * cost - 1)
            if let remaining = purchase.remaining {
                partial += 1
                #expect(remaining.debt == sale.debt - purchase.paid && remaining.debt >= minimum)
                #expect(remaining.collateral == sale.collateral - purchase.bought)
            } else {
                #expect(purchase.releasedDebt == sale.debt)
                #expect(purchase.bought + purchase.returned == sale.collateral)
            }
        }
        #expect(partial > 100)
    }
}

struct KeeperRewardTests {
    static let price = f("4")
    static let sale = AuctionSale(debt: d("110"), collateral: d("40"))

    /// makerdao/dss fa4f663 src/test/clip.t.sol test_kick, test_redo_incentive.
    @Test func literals() throws {
        let flat = KeeperReward(flat: d("100"), share: .zero)
        let both = KeeperReward(flat: d("100"), share: Ratio(percent: 2))
        let share = KeeperReward(flat: .zero, share: Ratio(percent: 2))
        let minimum: Money = d("22")
        #expect(try flat.starting(debt: d("110")) == d("100"))
        #expect(try both.starting(debt: d("110")) == d("102.2"))
        for (reward, expected) in [(flat, "100"), (both, "102.2"), (share, "2.2")] {
            #expect(
                try reward.restarting(Self.sale, price: Self.price, minimumDebt: minimum)
                    == d(expected))
        }
        // clip-incentive-3: the minimum is one smallest unit, there 1e-45 and here 1e-8, above.
        #expect(
            try share.restarting(Self.sale, price: Self.price, minimumDebt: d("110.00000001"))
                == .zero)
        #expect(
            try share.restarting(Self.sale, price: Self.price, minimumDebt: d("110")) == d("2.2"))
        // Two units at 4 are worth less than the minimum of 22.
        let dusty = AuctionSale(debt: d("40.45"), collateral: d("2"))
        #expect(try both.restarting(dusty, price: Self.price, minimumDebt: minimum) == .zero)
        let justWorthIt = AuctionSale(debt: d("22"), collateral: d("5.5"))
        #expect(
            try both.restarting(justWorthIt, price: Self.price, minimumDebt: minimum)
                == d("100.44"))
        #expect(
            try KeeperReward.minimumAuctionDebt(minimumDebt: d("20"), penalty: d("1.1"))
                == d("22"))
    }
}
