import ExactMath
import MarginRules
import Testing

/// The constants of morpho-org/morpho-blue 3085651 src/libraries/ConstantsLib.sol.
let morphoIncentive = LiquidationIncentiveFactor(cursor: d("0.3"), maximum: d("1.15"))

struct LiquidationIncentiveFactorTests {
    /// morpho-org/morpho-blue 3085651 src/Morpho.sol liquidate; in wad.
    @Test(arguments: [
        ("morpho-lif-0", "0", "1150000000000000000"),
        ("morpho-lif-385", "0.385", "1150000000000000000"),
        ("morpho-lif-500", "0.5", "1150000000000000000"),
        ("morpho-lif-625", "0.625", "1126760563380281690"),
        ("morpho-lif-770", "0.77", "1074113856068743286"),
        ("morpho-lif-860", "0.86", "1043841336116910229"),
        ("morpho-lif-915", "0.915", "1026167265264238070"),
        ("morpho-lif-945", "0.945", "1016776817488561260"),
        ("morpho-lif-965", "0.965", "1010611419909044972"),
        ("morpho-lif-980", "0.98", "1006036217303822937"),
        ("one", "1", "1000000000000000000"),
    ]) func factor(id: String, loanToValue: String, expected: String) {
        #expect(morphoIncentive.factor(loanToValue: d(loanToValue)) == e18(expected), "\(id)")
    }

    @Test func otherParameters() {
        let flat = LiquidationIncentiveFactor(cursor: .zero, maximum: d("1.15"))
        #expect(flat.factor(loanToValue: .zero) == .one)
        let steep = LiquidationIncentiveFactor(cursor: d("0.99999999"), maximum: d("1000"))
        #expect(steep.factor(loanToValue: .zero) == f("1000"))
    }
}

struct SharePoolLiquidationTests {
    struct Row: Sendable {
        let id: String
        let collateral: String
        let borrowShares: String
        let totalAssets: String
        let totalShares: String
        /// With 36 decimals.
        let price: String
        let loanToValue: String
        let request: Request
        /// How many digits are dropped from amounts so that they fit.
        var digits = 0
        var expected: Expected?
        enum Request: Sendable { case seized(String), shares(String) }
    }
    struct Expected: Sendable {
        let seized: String
        let repaid: String
        var repaidShares: String?
        var badDebt = "0"
        var badDebtShares = "0"
        var collateralAfter: String?
        var borrowSharesAfter: String?
        var totalAssetsAfter: String?
    }

    /// morpho-org/morpho-blue 3085651 test/integration/LiquidateIntegrationTest.sol.
    static let rows: [Row] = [
        // testSeizedAssetsRoundUp
        Row(
            id: "morpho-liq-1", collateral: "400", borrowShares: "300000000", totalAssets: "300",
            totalShares: "300000000", price: "999999999999999999990000000000000000",
            loanToValue: "0.75", request: .shares("1"), expected: Expected(seized: "0", repaid: "1")
        ),
        // testBadDebtOverTotalBorrowAssets; in tens of wei, which fit 64 bits.
        Row(
            id: "morpho-liq-2", collateral: "10000000000000000000",
            borrowShares: "1000000000000000000000001", totalAssets: "1000000000000000001",
            totalShares: "1000000000000000000000001",
            price: "10000000000000000000000000000000000", loanToValue: "0.8",
            request: .seized("10000000000000000000"), digits: 1,
            expected: Expected(
                seized: "10000000000000000000", repaid: "94000000000000002",
                repaidShares: "94000000000000000906001", badDebt: "905999999999999999",
                badDebtShares: "905999999999999999094000", collateralAfter: "0",
                borrowSharesAfter: "0", totalAssetsAfter: "0")),
        // testLiquidateSeizedInputNoBadDebtRealized (sample)
        Row(
            id: "morpho-liq-3", collateral: "1000000000000000000",
            borrowShares: "1720000000000000", totalAssets: "1720000000",
            totalShares: "1720000000000000", price: "1990000000000000000000000000",
            loanToValue: "0.86", request: .seized("500000000000000000"),
            expected: Expected(
                seized: "500000000000000000", repaid: "953210001", repaidShares: "953210001000000",
                collateralAfter: "500000000000000000", borrowSharesAfter: "766789999000000",
                totalAssetsAfter: "766789999")),
        // testLiquidateHealthyPosition: the limit itself is healthy.
        Row(
            id: "morpho-liq-6", collateral: "1000000000000000000",
            borrowShares: "1720000000000000", totalAssets: "1720000000",
            totalShares: "1720000000000000", price: "2000000000000000000000000000",
            loanToValue: "0.86", request: .seized("1000000000000000000")),
    ]

    /// One unit of 1e-8 stands for one wei, or for ten where a digit is dropped.
    @Test(arguments: rows.indices) func liquidation(index: Int) throws {
        let row = Self.rows[index]
        func amount(_ digits: String) -> Quantity {
            Quantity(raw: Int64(native(digits, decimals: row.digits, scale: 0)))
        }
        func shares(_ digits: String) -> PoolShares {
            PoolShares(raw: native(digits, decimals: row.digits, scale: 0))
        }
        let owed = SharePool(
            assets: amount(row.totalAssets), shares: shares(row.totalShares), virtual: .morpho)
        let supplied = owed.assets + Quantity(raw: 1000)
        let request: SharePoolLiquidationRequest =
            switch row.request {
            case .seized(let digits): .seizing(amount(digits))
            case .shares(let digits): .repaying(shares(digits))
            }
        let outcome = try SharePoolLiquidation(
            loanToValue: d(row.loanToValue), incentive: morphoIncentive
        ).liquidate(
            SharePoolBorrower(collateral: amount(row.collateral), debt: shares(row.borrowShares)),
            request, owed: owed, supplied: supplied, price: e18(row.price, decimals: 36))

        guard let expected = row.expected else {
            #expect(outcome == .failure(.healthyPosition), "\(row.id)")
            return
        }
        let result = try outcome.get()
        // Exact in wei; in tens of wei the virtual asset weighs ten, so one unit either way.
        let units: Int64 = row.digits == 0 ? 0 : 1
        func close(_ actual: Quantity, _ digits: String) -> Bool {
            isClose(actual, amount(digits), units: units)
        }
        // A smallest unit of the asset is a million shares.
        func close(_ actual: PoolShares, _ digits: String) -> Bool {
            (actual.raw - shares(digits).raw).magnitude <= UInt128(units) * 1_000_000
        }
        #expect(close(result.seized, expected.seized), "\(row.id)")
        #expect(close(result.repaid, expected.repaid), "\(row.id)")
        #expect(close(result.badDebt, expected.badDebt), "\(row.id)")
        #expect(close(result.badDebtShares, expected.badDebtShares), "\(row.id)")
        if let value = expected.repaidShares { #expect(close(result.repaidShares, value)) }
        if let value = expected.collateralAfter {
            #expect(close(result.borrower.collateral, value), "\(row.id)")
        }
        if let value = expected.borrowSharesAfter { #expect(close(result.borrower.debt, value)) }
        if let value = expected.totalAssetsAfter { #expect(close(result.owed.assets, value)) }
        #expect(result.supplied == supplied - result.badDebt, "lenders lose the bad debt")
    }

    /// morpho-liq-2 once more with the engine's eight decimals.
    @Test func badDebtAtEightDecimals() throws {
        let pool = SharePool(
            assets: d("1"), shares: PoolShares(raw: 100_000_000_000_000), virtual: .morpho)
        let result = try SharePoolLiquidation(loanToValue: d("0.8"), incentive: morphoIncentive)
            .liquidate(
                SharePoolBorrower(collateral: d("10"), debt: pool.shares), .seizing(d("10")),
                owed: pool, supplied: d("1"), price: f("0.01")
            ).get()
        #expect(isClose(result.repaid, d("0.094")))
        #expect(isClose(result.badDebt, d("0.906")))
        #expect(result.owed.assets.isZero && result.owed.shares == .zero)
        #expect(isClose(result.supplied, d("0.094")))
    }

    static let market = SharePoolLiquidation(loanToValue: d("0.8"), incentive: morphoIncentive)
    static let pool = SharePool(
        assets: d("100"), shares: PoolShares(raw: 10_000_000_000_000_000), virtual: .morpho)

    static func outcome(
        _ request: SharePoolLiquidationRequest, collateral: String = "100", price: String = "1"
    ) throws -> Result<SharePoolLiquidationResult, SharePoolLiquidationRefusal> {
        try market.liquidate(
            SharePoolBorrower(
                collateral: d(collateral), debt: PoolShares(raw: 9_000_000_000_000_000)),
            request, owed: pool, supplied: d("150"), price: f(price))
    }

    @Test func refusals() throws {
        #expect(try Self.outcome(.seizing(.zero)) == .failure(.nothingRequested))
        #expect(try Self.outcome(.repaying(.zero)) == .failure(.nothingRequested))
        #expect(
            try Self.outcome(.seizing(d("1")), price: "1.125") == .failure(.healthyPosition))
        #expect(
            try Self.outcome(.seizing(d("100.00000001")), price: "0.5")
                == .failure(.seizesMoreThanHeld))
        #expect(
            try Self.outcome(.repaying(PoolShares(raw: 9_000_000_000_000_001)))
                == .failure(.repaysMoreThanOwed))
        #expect(
            try Self.outcome(.seizing(d("100"))) == .failure(.repaysMoreThanOwed))
    }

    @Test func collateralThatIsLeftKeepsTheDebt() throws {
        // Seizing all but a unit leaves the rest of the debt with the borrower.
        let result = try Self.outcome(.seizing(d("99.99999999")), price: "0.5").get()
        #expect(result.badDebt.isZero && result.badDebtShares == .zero)
        #expect(result.borrower.debt > .zero)
        #expect(result.supplied == d("150"))
        // Worthless collateral is seized for nothing, and the debt is the lenders' loss.
        let worthless = try Self.outcome(.seizing(d("100")), price: "0").get()
        #expect(worthless.repaid.isZero)
        #expect(isClose(worthless.badDebt, d("90")))
        #expect(isClose(worthless.supplied, d("60")))
    }

    @Test func debtFreeBorrowerIsHealthy() throws {
        let borrower = SharePoolBorrower(collateral: .zero, debt: .zero)
        #expect(try Self.market.isHealthy(borrower, owed: Self.pool, price: .zero))
    }

    @Test func crossPrice() throws {
        #expect(
            try SharePoolLiquidation.price(ofCollateral: d("2000"), inLoanAssetAt: d("3"))
                == f("666.666666666666666666"))
    }

    @Test func emptyPool() throws {
        let empty = SharePool(assets: .zero, shares: .zero, virtual: .morpho)
        #expect(try empty.shares(for: d("1"), rounding: .down).raw == 100_000_000_000_000)
        #expect(try empty.assets(for: PoolShares(raw: 1), rounding: .down) == .zero)
        #expect(try empty.assets(for: PoolShares(raw: 1), rounding: .up) == Quantity(raw: 1))
        let vault = SharePool(assets: .zero, shares: .zero, virtual: .eulerVaultKit)
        #expect(try vault.shares(for: d("1"), rounding: .down).raw == 100_000_000)
    }

    /// Against the same formulas written in 128-bit integers, on amounts small enough for them.
    @Test func fuzzAgainstTheFormula() throws {
        func up(_ a: Int128, _ b: Int128) -> Int128 { (a + b - 1) / b }
        var random = SplitMix64(state: 20_240_112)
        var liquidations = 0
        var badDebts = 0
        for _ in 0..<4000 {
            let total = Int128(random.next(in: 1...1_000_000_000))
            let totalShares = total * 1_000_000 * Int128(random.next(in: 800...1000)) / 1000
            let debt = totalShares * Int128(random.next(in: 1...1000)) / 1000
            let collateral = Int128(random.next(in: 1...1_000_000_000))
            let price = Int128(random.next(in: 1...3_000_000_000)) * 1_000_000_000
            let loanToValue = random.next(in: 1...99)
            let factor = morphoIncentive.factor(loanToValue: Ratio(percent: loanToValue)).raw
            let one: Int128 = 1_000_000_000_000_000_000
            let owed = up(debt * (total + 1), totalShares + 1_000_000)
            let limit = collateral * price / one * Int128(loanToValue) / 100
            let isSeizing = random.next() & 1 == 0
            let amount = random.next(in: 1...1000)
            var seized = collateral * Int128(amount) / 1000
            var repaidShares = debt * Int128(amount) / 1000
            let request: SharePoolLiquidationRequest =
                isSeizing
                ? .seizing(Quantity(raw: Int64(seized)))
                : .repaying(PoolShares(raw: repaidShares))
            let outcome = try SharePoolLiquidation(
                loanToValue: Ratio(percent: loanToValue), incentive: morphoIncentive
            ).liquidate(
                SharePoolBorrower(
                    collateral: Quantity(raw: Int64(collateral)), debt: PoolShares(raw: debt)),
                request,
                owed: SharePool(
                    assets: Quantity(raw: Int64(total)), shares: PoolShares(raw: totalShares),
                    virtual: .morpho), supplied: Quantity(raw: 2_000_000_000),
                price: Fixed18(raw: price))
            guard isSeizing ? seized > 0 : repaidShares > 0 else {
                #expect(outcome == .failure(.nothingRequested))
                continue
            }
            guard limit < owed else {
                #expect(outcome == .failure(.healthyPosition))
                continue
            }
            if isSeizing {
                let paid = up(up(seized * price, one) * one, factor)
                repaidShares = up(paid * (totalShares + 1_000_000), total + 1)
            } else {
                let paid = repaidShares * (total + 1) / (totalShares + 1_000_000)
                seized = paid * factor / one * one / price
            }
            guard repaidShares <= debt else {
                #expect(outcome == .failure(.repaysMoreThanOwed))
                continue
            }
            guard seized <= collateral else {
                #expect(outcome == .failure(.seizesMoreThanHeld))
                continue
            }
            let repaid = up(repaidShares * (total + 1), totalShares + 1_000_000)
            let result = try outcome.get()
            liquidations += 1
            #expect(Int128(result.seized.raw) == seized)
            #expect(result.repaidShares.raw == repaidShares)
            #expect(Int128(result.repaid.raw) == repaid)
            if seized == collateral {
                let left = max(total - repaid, 0)
                let rest = debt - repaidShares
                let bad = min(left, up(rest * (left + 1), totalShares - repaidShares + 1_000_000))
                #expect(Int128(result.badDebt.raw) == bad)
                #expect(result.badDebtShares.raw == rest)
                badDebts += 1
            }
        }
        #expect(liquidations > 400 && badDebts > 0)
    }
}
