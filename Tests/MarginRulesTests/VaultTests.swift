import ExactMath
import MarginRules
import Testing

struct VaultTermsTests {
    static let terms = VaultTerms(
        liquidationRatio: d("2"), debtCeiling: d("10000"), minimumDebt: d("20"))
    static let totals = VaultTerms.Totals(
        normalizedDebt: d("100"), systemDebt: d("100"), systemCeiling: d("10000"))

    /// src/test/clip.t.sol: a price of 5 at a ratio of 2 is a spot of 2.5; 40 cover 100.
    @Test func safety() throws {
        let vault = CollateralizedVault(collateral: d("40"), normalizedDebt: d("100"))
        let spot = try Self.terms.spot(price: d("5"), targetPrice: .one)
        #expect(spot == f("2.5"))
        #expect(vault.isSafe(rate: .one, spot: spot))
        #expect(!vault.isLiquidatable(rate: .one, spot: spot))
        #expect(!vault.isSafe(rate: f("1.000000000000000001"), spot: spot))
        #expect(!vault.isSafe(rate: .one, spot: f("2.499999999999999999")))
        // Without a price nothing is safe, and nothing is liquidated.
        let invalid = try Self.terms.spot(price: nil, targetPrice: .one)
        #expect(invalid == .zero && !vault.isSafe(rate: .one, spot: invalid))
        #expect(!vault.isLiquidatable(rate: .one, spot: invalid))
        #expect(
            CollateralizedVault(collateral: .zero, normalizedDebt: .zero).isSafe(
                rate: .one, spot: .zero))
        let thirds = VaultTerms(liquidationRatio: d("1.5"), debtCeiling: .zero, minimumDebt: .zero)
        #expect(
            try thirds.spot(price: d("200"), targetPrice: .one) == f("133.333333333333333333"))
        #expect(try thirds.spot(price: d("200"), targetPrice: d("2")) == f("66.666666666666666666"))
        #expect(try vault.debt(rate: f("1.000000000000000001")) == d("100.00000001"))
    }

    static func change(
        _ vault: (String, String), by change: (String, String), totals: VaultTerms.Totals = totals,
        rate: String = "1", spot: String = "2.5"
    ) throws -> Result<CollateralizedVault, VaultRefusal> {
        try terms.changed(
            CollateralizedVault(collateral: d(vault.0), normalizedDebt: d(vault.1)),
            collateral: d(change.0), normalizedDebt: d(change.1), totals: totals, rate: f(rate),
            spot: f(spot))
    }

    /// makerdao/dss src/vat.sol frob: which refusal each violation gives, and in which order.
    @Test func changes() throws {
        #expect(
            try Self.change(("0", "0"), by: ("40", "100")).get()
                == CollateralizedVault(collateral: d("40"), normalizedDebt: d("100")))
        #expect(try Self.change(("0", "0"), by: ("39.99999999", "100")) == .failure(.notSafe))
        #expect(try Self.change(("40", "100"), by: ("-41", "0")) == .failure(.exceedsVault))
        #expect(try Self.change(("40", "100"), by: ("0", "-101")) == .failure(.exceedsVault))
        // An unsafe vault may only be made safer.
        #expect(
            try Self.change(("40", "100"), by: ("1", "0"), spot: "2").get().collateral == d("41"))
        #expect(
            try Self.change(("40", "100"), by: ("0", "-1"), spot: "2").get().normalizedDebt
                == d("99"))
        #expect(
            try Self.change(("40", "100"), by: ("1", "0.00000001"), spot: "2") == .failure(.notSafe)
        )
        #expect(try Self.change(("40", "100"), by: ("-1", "-10"), spot: "2") == .failure(.notSafe))
        #expect(try Self.change(("40", "100"), by: ("-30", "-75")).get().normalizedDebt == d("25"))
        // The floor holds for repayments too, but zero is always allowed.
        #expect(
            try Self.change(("40", "100"), by: ("0", "-80.00000001")) == .failure(.belowMinimumDebt)
        )
        #expect(try Self.change(("40", "100"), by: ("0", "-80")).get().normalizedDebt == d("20"))
        #expect(try Self.change(("40", "100"), by: ("-40", "-100")).get().normalizedDebt.isZero)
        // With interest, 19.8 of normalized debt is above a floor of 20.
        #expect(
            try Self.change(("40", "0"), by: ("0", "19.8"), rate: "1.02").get().normalizedDebt
                == d("19.8"))
        // Ceilings hold for new debt only, and before safety.
        var full = Self.totals
        full.normalizedDebt = d("9950")
        #expect(
            try Self.change(("0", "0"), by: ("40", "50"), totals: full).get().normalizedDebt
                == d("50"))
        #expect(
            try Self.change(("0", "0"), by: ("1", "50.00000001"), totals: full)
                == .failure(.ceilingExceeded))
        #expect(
            try Self.change(("40", "100"), by: ("0", "-50"), totals: full).get().normalizedDebt
                == d("50"))
        var system = Self.totals
        system.systemDebt = d("9950")
        #expect(
            try Self.change(("0", "0"), by: ("40", "50"), totals: system).get().normalizedDebt
                == d("50"))
        #expect(
            try Self.change(("0", "0"), by: ("40", "50"), totals: system, rate: "1.000000001")
                == .failure(.ceilingExceeded))
    }
}

struct VaultLiquidationTests {
    struct Row: Sendable {
        let id: String
        var rate = "1"
        var penalty = "1"
        var limit = "1000"
        var globalLimit = "1000"
        var inAuction = "0"
        var inAllAuctions = "0"
        var minimumDebt = "20"
        var spot = "2"
        let expected: Result<Expected, VaultLiquidationRefusal>
    }
    struct Expected: Sendable {
        /// In rad, 45 decimals.
        let auctionDebt: String
        let collateral: String
        let collateralLeft: String
        let debtLeft: String
    }

    /// 40 of collateral against 100 of debt at a spot of 2: makerdao/dss fa4f663
    /// src/test/clip.t.sol.
    static let rows: [Row] = [
        Row(
            id: "dog-1 test_kick", penalty: "1.1",
            expected: .success(
                Expected(
                    auctionDebt: "110000000000000000000000000000000000000000000000",
                    collateral: "40", collateralLeft: "0", debtLeft: "0"))),
        Row(
            id: "dog-2 test_bark_not_leaving_dust", limit: "80",
            expected: .success(
                Expected(
                    auctionDebt: "80000000000000000000000000000000000000000000000",
                    collateral: "32", collateralLeft: "8", debtLeft: "20"))),
        // The contract's unit over the limit is 1e-18; here it is 1e-8.
        Row(
            id: "test_bark_not_leaving_dust_over_hole", limit: "80.00000001",
            expected: .success(
                Expected(
                    auctionDebt: "100000000000000000000000000000000000000000000000",
                    collateral: "40", collateralLeft: "0", debtLeft: "0"))),
        Row(
            id: "test_bark_not_leaving_dust_rate", rate: "1.02", limit: "100",
            expected: .success(
                Expected(
                    auctionDebt: "102000000000000000000000000000000000000000000000",
                    collateral: "40", collateralLeft: "0", debtLeft: "0"))),
        Row(
            id: "test_bark_only_leaving_dust_over_hole_rate", rate: "1.02", limit: "81.6",
            minimumDebt: "20.4",
            expected: .success(
                Expected(
                    auctionDebt: "81600000000000000000000000000000000000000000000",
                    collateral: "32", collateralLeft: "8", debtLeft: "20"))),
        Row(
            id: "dog-6 test_partial_liquidation_Hole_limit", penalty: "1.1", globalLimit: "75",
            expected: .success(
                Expected(
                    auctionDebt: "74999999999999999999800000000000000000000000000",
                    collateral: "27.27272727", collateralLeft: "12.72727273",
                    debtLeft: "31.81818182"))),
        Row(
            id: "test_partial_liquidation_hole_limit", penalty: "1.1", limit: "75",
            expected: .success(
                Expected(
                    auctionDebt: "74999999999999999999800000000000000000000000000",
                    collateral: "27.27272727", collateralLeft: "12.72727273",
                    debtLeft: "31.81818182"))),
        // src/dog.sol bark, the requires.
        Row(id: "safe", spot: "2.5", expected: .failure(.notUnsafe)),
        Row(id: "no price", spot: "0", expected: .failure(.notUnsafe)),
        Row(id: "hole", limit: "50", inAuction: "50", expected: .failure(.limitReached)),
        Row(id: "Hole", globalLimit: "50", inAllAuctions: "51", expected: .failure(.limitReached)),
        Row(
            id: "part below dust", limit: "100", inAuction: "80.00000001",
            expected: .failure(.dustyAuction)),
        Row(
            id: "part of exactly dust", limit: "100", inAuction: "80",
            expected: .success(
                Expected(
                    auctionDebt: "20000000000000000000000000000000000000000000000",
                    collateral: "8", collateralLeft: "32", debtLeft: "80"))),
        Row(
            id: "the smaller room counts", limit: "100", globalLimit: "100", inAuction: "10",
            inAllAuctions: "60",
            expected: .success(
                Expected(
                    auctionDebt: "40000000000000000000000000000000000000000000000",
                    collateral: "16", collateralLeft: "24", debtLeft: "60"))),
    ]

    @Test(arguments: rows.indices) func bark(index: Int) throws {
        let row = Self.rows[index]
        let outcome = try VaultLiquidation(
            penalty: d(row.penalty), limit: d(row.limit), globalLimit: d(row.globalLimit)
        ).seizure(
            of: CollateralizedVault(collateral: d("40"), normalizedDebt: d("100")),
            rate: f(row.rate), spot: f(row.spot), minimumDebt: d(row.minimumDebt),
            inAuction: d(row.inAuction), inAllAuctions: d(row.inAllAuctions))
        switch row.expected {
        case .failure(let refusal): #expect(outcome == .failure(refusal), "\(row.id)")
        case .success(let expected):
            let seizure = try outcome.get()
            #expect(
                isClose(seizure.auctionDebt, e8(expected.auctionDebt, decimals: 45)), "\(row.id)")
            #expect(isClose(seizure.collateral, d(expected.collateral)), "\(row.id)")
            #expect(
                isClose(seizure.remaining.collateral, d(expected.collateralLeft)), "\(row.id)")
            #expect(
                isClose(seizure.remaining.normalizedDebt, d(expected.debtLeft)), "\(row.id)")
            #expect(seizure.normalizedDebt + seizure.remaining.normalizedDebt == d("100"))
        }
    }

    @Test func nothingToAuction() throws {
        let outcome = try VaultLiquidation(penalty: .one, limit: d("9"), globalLimit: d("9"))
            .seizure(
                of: CollateralizedVault(collateral: .zero, normalizedDebt: d("5")), rate: .one,
                spot: .one, minimumDebt: .zero, inAuction: .zero, inAllAuctions: .zero)
        #expect(outcome == .failure(.nothingToAuction))
    }

    /// No auction raises more than the room, unless all of a vault went because its rest was dust.
    @Test func fuzz() throws {
        var random = SplitMix64(state: 20_210_501)
        var parts = 0
        for _ in 0..<3000 {
            let vault = CollateralizedVault(
                collateral: Quantity(raw: random.next(in: 1...1_000_000_000_000)),
                normalizedDebt: Quantity(raw: random.next(in: 1...100_000_000_000)))
            let rate = Fixed18(
                raw: 1_000_000_000_000_000_000 + Int128(random.next(in: 0...Int64.max / 20)))
            let rule = VaultLiquidation(
                penalty: Ratio(raw: random.next(in: 100_000_000...130_000_000)),
                limit: Money(raw: random.next(in: 1...100_000_000_000)),
                globalLimit: Money(raw: random.next(in: 1...200_000_000_000)))
            let room = min(rule.limit, rule.globalLimit)
            let dust = Money(raw: random.next(in: 0...10_000_000_000))
            let outcome = try rule.seizure(
                of: vault, rate: rate, spot: Fixed18(raw: 1), minimumDebt: dust,
                inAuction: .zero, inAllAuctions: .zero)
            guard case .success(let seizure) = outcome else { continue }
            let rest = try seizure.remaining.debt(rate: rate)
            if seizure.remaining.normalizedDebt.isZero {
                #expect(seizure.collateral == vault.collateral)
            } else {
                parts += 1
                #expect(seizure.auctionDebt <= room)
                #expect(rest >= dust && seizure.debt >= dust)
            }
            #expect(seizure.auctionDebt >= seizure.debt)
        }
        #expect(parts > 300)
    }
}

struct VaultBiteTests {
    static let vault = CollateralizedVault(collateral: d("100"), normalizedDebt: d("150"))

    static func bite(
        _ lot: VaultBite.Lot, vault: CollateralizedVault = vault, spot: String = "1",
        minimumDebt: String = "100", inAllAuctions: String = "0", rate: String = "1"
    ) throws -> Result<VaultSeizure, VaultLiquidationRefusal> {
        try VaultBite(penalty: d("1.1"), lot: lot).seizure(
            of: vault, rate: f(rate), spot: f(spot), minimumDebt: d(minimumDebt),
            inAllAuctions: d(inAllAuctions))
    }

    /// makerdao/dss src/cat.sol at ee334f3: lots of 50.
    @Test func lots() throws {
        let first = try Self.bite(.collateral(d("50"))).get()
        #expect(first.collateral == d("50") && first.normalizedDebt == d("75"))
        #expect(first.debt == d("75") && first.auctionDebt == d("82.5"))
        let second = try Self.bite(.collateral(d("50")), vault: first.remaining).get()
        #expect(second.remaining.collateral.isZero && second.remaining.normalizedDebt.isZero)
        let all = try Self.bite(.collateral(d("500"))).get()
        #expect(all.collateral == d("100") && all.auctionDebt == d("165"))
        #expect(try Self.bite(.collateral(d("50")), spot: "1.5") == .failure(.notUnsafe))
        #expect(
            try Self.bite(
                .collateral(d("50")),
                vault: CollateralizedVault(collateral: .zero, normalizedDebt: d("1")))
                == .failure(.nothingToAuction))
    }

    /// makerdao/dss src/cat.sol at ee01dab: dunk and box.
    @Test func chunks() throws {
        let lot = VaultBite.Lot.debt(d("110"), globalLimit: d("1000"))
        let first = try Self.bite(lot).get()
        #expect(isClose(first.auctionDebt, d("110")) && isClose(first.normalizedDebt, d("100")))
        #expect(isClose(first.collateral, d("66.66666666")))
        // Less room than a chunk makes a smaller one; less than the floor makes none.
        let small = try Self.bite(lot, inAllAuctions: "890").get()
        #expect(isClose(small.auctionDebt, d("110")))
        let smaller = try Self.bite(lot, inAllAuctions: "900").get()
        #expect(isClose(smaller.auctionDebt, d("100")))
        #expect(try Self.bite(lot, inAllAuctions: "900.00000001") == .failure(.limitReached))
        #expect(
            try Self.bite(lot, minimumDebt: "0", inAllAuctions: "1000") == .failure(.limitReached))
        let rated = try Self.bite(lot, rate: "1.25").get()
        #expect(isClose(rated.normalizedDebt, d("80")) && isClose(rated.debt, d("100")))
    }
}
