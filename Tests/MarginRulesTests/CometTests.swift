import ExactMath
import Testing

@testable import MarginRules

struct CometTests {
    /// One collateral asset: smallest units, price [1e-8 USD], decimals, factors [1e-8].
    struct Asset: Sendable {
        var balance: Int128
        var price: Int64
        var decimals: Int
        var liquidate: Int64 = 100_000_000
        var factor: Int64 = 100_000_000

        var collateral: CometCollateral {
            let token = Token(decimals: decimals, answer: price)
            return CometCollateral(
                balance: token.quantity(balance), price: token.price,
                borrowCollateralFactor: Ratio(raw: liquidate),
                liquidateCollateralFactor: Ratio(raw: liquidate),
                liquidationFactor: Ratio(raw: factor))
        }
    }

    static let usdc = Token(decimals: 6, answer: 100_000_000)

    struct AbsorbRow: Sendable, CustomTestStringConvertible {
        var id: String
        var debt: Int128
        var assets: [Asset]
        var liquidatable: Bool?
        var newBalance, paidOut: Int128
        var value: Int64?
        var badDebt: Int128
        var testDescription: String { id }
    }

    /// compound-finance/comet d5a30b0 test/absorb-test.ts: 2 and 4 "absorbs 3 accounts with collateral",
    /// 5 "absorbs an account with more than enough collateral to still cover debt"; 6 and 7 the
    /// parameters of deployments/mainnet/usdc/configuration.json, evaluated. In the smallest unit of
    /// USDC.
    static let absorptions: [AbsorbRow] = [
        AbsorbRow(
            id: "comet-absorb-2", debt: 1_000_000,
            assets: [Asset(balance: 1_000_000_000_000, price: 17_500_000_000, decimals: 18)],
            liquidatable: nil, newBalance: 0, paidOut: 1_000_000, value: nil, badDebt: 999_825),
        AbsorbRow(  // A thousandth of the upstream amounts: a trillion dollars is beyond 64 bits.
            id: "comet-absorb-4", debt: 1_000_000_000_000_000,
            assets: [
                Asset(
                    balance: 10_000_000_000_000_000_000, price: 17_500_000_000, decimals: 18),
                Asset(
                    balance: 50_000_000_000_000_000, price: 300_000_000_000, decimals: 18),
                Asset(balance: 5_000_000, price: 4_100_000_000_000, decimals: 8),
            ], liquidatable: nil, newBalance: 0, paidOut: 1_000_000_000_000_000, value: nil,
            badDebt: 1_000_000_000_000_000 - 3_950_000_000),
        AbsorbRow(
            id: "comet-absorb-5", debt: 44_174_999_999,
            assets: [
                Asset(
                    balance: 1_000_000_000_000_000_000, price: 17_500_000_000, decimals: 18,
                    liquidate: 66_666_600),
                Asset(
                    balance: 1_000_000_000_000_000_000, price: 300_000_000_000, decimals: 18,
                    liquidate: 66_666_600),
                Asset(
                    balance: 100_000_000, price: 4_100_000_000_000, decimals: 8,
                    liquidate: 66_666_600),
            ], liquidatable: true, newBalance: 1, paidOut: 44_175_000_000, value: nil,
            badDebt: 0),
        AbsorbRow(
            id: "comet-absorb-6", debt: 16_200_000_000,
            assets: [
                Asset(
                    balance: 10_000_000_000_000_000_000, price: 180_000_000_000, decimals: 18,
                    liquidate: 89_500_000, factor: 95_000_000)
            ], liquidatable: true, newBalance: 900_000_000, paidOut: 17_100_000_000,
            value: 1_710_000_000_000, badDebt: 0),
        AbsorbRow(
            id: "comet-absorb-7", debt: 58_000_000_000,
            assets: [
                Asset(
                    balance: 100_000_000, price: 6_000_000_000_000, decimals: 8,
                    liquidate: 77_000_000, factor: 95_000_000)
            ], liquidatable: true, newBalance: 0, paidOut: 58_000_000_000,
            value: 5_800_000_000_000, badDebt: 1_000_000_000),
    ]

    @Test(arguments: absorptions)
    func absorbs(row: AbsorbRow) throws {
        let account = CometAccount(
            baseBalance: -Self.usdc.quantity(row.debt), basePrice: Self.usdc.price,
            collateral: row.assets.map(\.collateral))
        if let liquidatable = row.liquidatable {
            #expect(try account.isLiquidatable() == liquidatable)
        }
        let absorbed = try CometAbsorption(absorbing: account)
        #expect(Self.usdc.matches(absorbed.newBalance, row.newBalance))
        #expect(Self.usdc.matches(absorbed.basePaidOut, row.paidOut))
        #expect(Self.usdc.matches(absorbed.badDebt, row.badDebt))
        if let value = row.value { #expect(absorbed.valuePaidOut == Money(raw: value)) }
    }

    /// test/is-liquidatable-test.ts "takes liquidateCollateralFactor into account". (comet-liq-3)
    @Test func liquidatable() throws {
        func account(_ debt: Int128) -> CometAccount {
            CometAccount(
                baseBalance: -Self.usdc.quantity(debt), basePrice: Self.usdc.price,
                collateral: [
                    Asset(
                        balance: 100_000_000_000_000_000_000_000, price: 100_000_000,
                        decimals: 18, liquidate: 80_000_000
                    ).collateral
                ])
        }
        #expect(try account(100_000_000_000).isLiquidatable())
        #expect(try !account(100_000_000_000).isBorrowCollateralized())
        // At equality it is safe, and may borrow.
        #expect(try !account(80_000_000_000).isLiquidatable())
        #expect(try account(80_000_000_000).isBorrowCollateralized())
        #expect(try account(80_000_000_001).isLiquidatable())
    }

    @Test func borrowingUsesItsOwnFactor() throws {
        let weth = CometCollateral(
            balance: Quantity(whole: 1), price: Price(whole: 1000),
            borrowCollateralFactor: Ratio(percent: 80),
            liquidateCollateralFactor: Ratio(percent: 90),
            liquidationFactor: Ratio(percent: 95))
        let account = CometAccount(
            baseBalance: Quantity(whole: -850), basePrice: Price(whole: 1), collateral: [weth])
        #expect(try !account.isBorrowCollateralized())
        #expect(try !account.isLiquidatable())
        for balance in [0, 5] as [Int64] {
            let supplier = CometAccount(
                baseBalance: Quantity(whole: balance), basePrice: Price(whole: 1), collateral: [])
            #expect(try supplier.isBorrowCollateralized())
            #expect(try !supplier.isLiquidatable())
        }
        // A debt worth less than 1e-8 is worth nothing.
        let tiny = CometAccount(
            baseBalance: Quantity(raw: -1), basePrice: Price(raw: 99_999_999), collateral: [])
        #expect(try !tiny.isLiquidatable())
        #expect(try tiny.isBorrowCollateralized())
    }

    /// test/quote-collateral-test.ts: (store front factor, liquidation factor, base amount, result).
    static let quotes: [(Int64, Int64, Int128, Int128)] = [
        // "at market price when storeFrontPriceFactor is 0%" (comet-quote-2)
        (0, 60_000_000, 200_000_000, 1_000_000_000_000_000_000),
        // "for a zero base amount" (comet-quote-5)
        (100_000_000, 100_000_000, 0, 0),
        // Mainnet's 2.5 %: 195 USDC for a unit at 200.
        (50_000_000, 95_000_000, 195_000_000, 1_000_000_000_000_000_000),
        (100_000_000, 60_000_000, 200_000_000, 1_666_666_666_666_666_666),
    ]

    @Test(arguments: quotes)
    func quoteCollateral(factor: Int64, liquidation: Int64, base: Int128, result: Int128) throws {
        let storefront = CometStorefront(
            storeFrontPriceFactor: Ratio(raw: factor), targetReserves: .zero)
        let quoted = try storefront.quoteCollateral(
            for: Self.usdc.quantity(base), basePrice: Self.usdc.price,
            collateralPrice: Price(whole: 200), liquidationFactor: Ratio(raw: liquidation))
        #expect(Token(decimals: 18, answer: 0).matches(quoted, result))
    }

    @Test func storefrontOpensBelowItsTarget() throws {
        let storefront = CometStorefront(
            storeFrontPriceFactor: Ratio(percent: 50), targetReserves: Quantity(whole: 5_000_000))
        #expect(storefront.isOpen(reserves: Quantity(whole: -1)))
        #expect(storefront.isOpen(reserves: Quantity(whole: 4_999_999)))
        #expect(!storefront.isOpen(reserves: Quantity(whole: 5_000_000)))
        #expect(
            try storefront.discount(liquidationFactor: Ratio(percent: 95))
                == Fixed18(Ratio(basisPoints: 250)))
        // Even with a target of zero, negative reserves are for sale.
        let none = CometStorefront(storeFrontPriceFactor: .one, targetReserves: .zero)
        #expect(none.isOpen(reserves: Quantity(raw: -1)))
        #expect(!none.isOpen(reserves: .zero))
        // A discount of everything leaves no price.
        #expect(throws: ArithmeticOverflow()) {
            try none.quoteCollateral(
                for: Quantity(whole: 1), basePrice: Price(whole: 1),
                collateralPrice: Price(whole: 1),
                liquidationFactor: .zero)
        }
    }

    @Test func fuzzAbsorption() throws {
        var draws = SeededDraws(state: 3)
        for _ in 0..<3000 {
            var collateral: [CometCollateral] = []
            var (liquidity, credit): (Int128, Int128) = (0, 0)
            for _ in 0..<draws.next(in: 0...3) {
                let (balance, price) = (
                    draws.next(in: 0...10_000_000_000), draws.next(in: 1...1_000_000_000_000)
                )
                let liquidate = draws.next(in: 5000...9000)
                let factor = draws.next(in: liquidate...10_000)
                let value = Int128(balance) * Int128(price) / 100_000_000
                liquidity += value * Int128(liquidate) / 10_000
                credit += value * Int128(factor) / 10_000
                collateral.append(
                    CometCollateral(
                        balance: Quantity(raw: balance), price: Price(raw: price),
                        borrowCollateralFactor: ratio(bps: liquidate),
                        liquidateCollateralFactor: ratio(bps: liquidate),
                        liquidationFactor: ratio(bps: factor)))
            }
            let (debt, price) = (
                draws.next(in: 1...100_000_000_000_000), draws.next(in: 50_000_000...200_000_000)
            )
            let account = CometAccount(
                baseBalance: Quantity(raw: -debt), basePrice: Price(raw: price),
                collateral: collateral)
            let owed = Int128(debt) * Int128(price) / 100_000_000
            #expect(try account.isLiquidatable() == (liquidity < owed))
            #expect(try account.isBorrowCollateralized() == (liquidity >= owed))
            let absorbed = try CometAbsorption(absorbing: account)
            let balance = credit * 100_000_000 / Int128(price) - Int128(debt)
            #expect(Int128(absorbed.newBalance.raw) == max(0, balance))
            #expect(Int128(absorbed.badDebt.raw) == max(0, -balance))
            #expect(absorbed.basePaidOut == absorbed.newBalance + Quantity(raw: debt))
        }
    }
}
