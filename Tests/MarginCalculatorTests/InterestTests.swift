import ExactMath
import MarginProtocol
import Scenarios
import Testing

@testable import MarginCalculator

/// Interest through the engine.
@Suite struct InterestTests {
    static let usdc = AssetID(0)

    static func asset(_ name: String, _ account: CalculatedAccount) throws -> AssetID {
        AssetID(
            index: try #require(account.file.parameters.assets.firstIndex { $0.name == name }))
    }

    static func isClose(_ value: Fixed18?, _ expected: String, within units: Int128) -> Bool {
        guard let value, let wanted = Fixed18(decimal: expected) else { return false }
        return (value - wanted).raw.magnitude <= units.magnitude
    }

    static func advance(_ account: inout CalculatedAccount, seconds: Int64) {
        var journal: [Event] = []
        account.house.advance(
            to: account.house.time + TimeSpan(milliseconds: seconds * 1000), into: &journal)
    }

    // MARK: Rates

    /// DefaultReserveInterestRateStrategyV2.sol with mainnet's strategies of 31 October 2023, to 18 of 27 decimals.
    ///
    /// Vectors: aave-irm-mainnet2023-WETH-70, aave-irm-mainnet2023-WETH-90,
    /// aave-irm-mainnet2023-WBTC-45, aave-irm-mainnet2023-WBTC-60, aave-irm-mainnet2023-USDC-80,
    /// aave-irm-mainnet2023-USDC-95, aave-irm-mainnet2023-LINK-30, aave-irm-mainnet2023-LINK-75.
    @Test(arguments: [
        ("ETH", "70", "0.0245", "0.0145775"), ("ETH", "90", "0.428", "0.32742"),
        ("BTC", "45", "0.04", "0.0144"),
        ("BTC", "60", "0.858181818181818182", "0.411927272727272727"),
        ("USDC", "80", "0.031111111111111111", "0.0224"), ("USDC", "95", "0.335", "0.286425"),
        ("LINK", "30", "0.046666666666666667", "0.0112"),
        ("LINK", "75", "1.706363636363636364", "1.023818181818181818"),
    ])
    func aave(name: String, owed: String, borrow: String, supply: String) throws {
        let account = try account(
            """
            protocol: aave-v3
            prices: {\(name): 1, DAI: 1}
            market: {\(name): {deposits: 100}}
            account: {balances: {DAI: 1000, \(name): -\(owed)}}
            """)
        let rates = account.house.interestRates(of: try Self.asset(name, account))
        #expect(Self.isClose(rates?.borrow, borrow, within: 5))
        #expect(Self.isClose(rates?.supply, supply, within: 5))
    }

    /// tests/Models/InterestRateModelTest.js @a3214f6: jump, kink, base, slope and utilization in percent; the rate a year
    /// within a hundredth of a point.
    ///
    /// Vectors: cv2-irm-1-10, cv2-irm-1-89, cv2-irm-1-90, cv2-irm-1-100, cv2-irm-2-0, cv2-irm-3-10,
    /// cv2-irm-3-100, cv2-irm-4-0, cv2-irm-4-10, cv2-irm-5-100.
    @Test(arguments: [
        ("100", "90", "10", "0.12"), ("100", "90", "89", "0.278"), ("100", "90", "90", "0.28"),
        ("100", "90", "100", "0.38"), ("20", "90", "0", "0.1"), ("0", "90", "10", "0.12"),
        ("0", "90", "100", "0.28"), ("0", "110", "0", "0.1"), ("0", "110", "10", "0.12"),
        ("2000", "0", "100", "20.1"),
    ])
    func compoundV2(jump: String, kink: String, utilization: String, expected: String) throws {
        let owed = utilization == "0" ? "" : ", USDC: -\(utilization)"
        let account = try account(
            """
            protocol: compound-v2
            parameters:
              assets:
                USDC: {interest: {slopes: per_utilization, base: 10%, slope1: 20%, slope2: \(jump)%, kink: \(kink)%}}
            prices: {BTC: 10000}
            market: {USDC: {deposits: 100}}
            account: {balances: {BTC: 1\(owed)}}
            """)
        let rate = try #require(account.house.interestRates(of: Self.usdc)).borrow
        let year = Fixed18(raw: rate.raw * 2_102_400)
        #expect(Self.isClose(year, expected, within: 100_000_000_000_000))
    }

    /// test/interest-rate-test.ts @d5a30b0, "when above kink utilization": 90 of 100 are on loan.
    ///
    /// Vectors: comet-rate-2.
    @Test func comet() throws {
        let account = try account(
            """
            protocol: compound-v3
            parameters:
              assets:
                USDC: {interest: {base: 1%, slope1: 5%, slope2: 30%, supply: {slope1: 4%, slope2: 40%}}}
            prices: {ETH: 1000}
            market: {USDC: {deposits: 100}}
            account: {balances: {ETH: 1, USDC: -90}}
            """)
        let rates = try #require(account.house.interestRates(of: Self.usdc))
        let year: Int128 = 31_536_000
        #expect(Self.isClose(Fixed18(raw: rates.borrow.raw * year), "0.08", within: 100_000_000))
        #expect(Self.isClose(Fixed18(raw: rates.supply.raw * year), "0.072", within: 100_000_000))
    }

    /// test/accrue-test.ts @d5a30b0, "accrues correctly with time elapsed": 1,000 s at a utilization of one take the indexes
    /// to 1.000013952308472 and 1.000021721207507.
    ///
    /// Vectors: comet-accrue-1.
    @Test func cometAccrual() throws {
        var account = try account(
            """
            protocol: compound-v3
            parameters:
              assets:
                USDC: {interest: {base: 0.5%, slope1: 10%, slope2: 300%, supply: {slope1: 5%, slope2: 200%}}}
            prices: {ETH: 100000}
            market: {USDC: {deposits: 11000}}
            account: {balances: {ETH: 1, USDC: -11000}}
            """)
        Self.advance(&account, seconds: 1000)
        #expect(
            isNear(
                account.house.deposited(Self.usdc), "11000.15347539", within: "0.00000002"))
        #expect(
            isNear(
                account.house.balance(account.cross, Self.usdc), "-11000.23893328",
                within: "0.00000002"))
        #expect(account.house.breaches().isEmpty)
    }

    /// test/unit/irm/InterestRateLinearKink.t.sol @5b98b42, test_KinkIR: 10 % APY at half, as a rate a second. The slope is
    /// ln 1.1 over one half.
    ///
    /// Vectors: euler-irm-50.
    @Test func euler() throws {
        let account = try account(
            """
            protocol: euler-v2
            parameters:
              assets:
                USDC: {interest: {slopes: per_utilization, accrual: every_second, kink: 50%, slope1: 19.062036%, slope2: 580%}}
            prices: {ETH: 1000}
            market: {USDC: {deposits: 2}}
            account: {balances: {ETH: 1, USDC: -1}}
            """)
        let rate = account.house.interestRates(of: Self.usdc)?.borrow
        #expect(Self.isClose(rate, "0.000000003020259364", within: 2000))
    }

    // MARK: Balances

    /// A year at 3.11 % compounds by the series to e^0.0311…, less its tail; suppliers earn linearly 90 % of what 80 % of
    /// them lend.
    @Test func year() throws {
        var account = try account(
            """
            protocol: aave-v3
            prices: {ETH: 2000}
            market: {USDC: {deposits: 10000}}
            account: {balances: {ETH: 10, USDC: -8000}}
            """)
        let health = account.house.health(of: account.cross, .maintenance)
        Self.advance(&account, seconds: 31_536_000)
        // 8000 · (1 + x + x²/2 + x³/6) with x = 0.0311111….
        #expect(
            isNear(
                account.house.balance(account.cross, Self.usdc), "-8252.80064380",
                within: "0.00000100"))
        #expect(
            isNear(
                account.house.deposited(Self.usdc), "10224", within: "0.00000001"))
        let after = account.house.health(of: account.cross, .maintenance)
        #expect(
            isNear(
                health.equity - after.equity, "252.80064380", within: "0.00000100"))
        #expect(account.house.breaches().isEmpty)
        // Pending until it moves: no balance has changed, and the reserves are empty.
        let reserves = try #require(account.house.interest)
        #expect(account.house.balance(reserves, Self.usdc) == .zero)
    }

    @Test(
        "Interest alone makes an account liquidatable; a step settles it and moves what was quoted")
    func liquidation() throws {
        var account = try account(
            """
            protocol: aave-v3
            prices: {ETH: 2000}
            market: {USDC: {deposits: 20000}}
            account: {balances: {ETH: 10, USDC: -16500}}
            """)
        #expect(!account.house.isLiquidatable(account.cross, at: account.file.prices))
        Self.advance(&account, seconds: 31_536_000)
        #expect(account.house.isLiquidatable(account.cross, at: account.file.prices))
        let owed = account.house.balance(account.cross, Self.usdc)
        let quote = try #require(account.quote(account.cross))
        guard case .collateral(let part) = quote.step else {
            Issue.record("not a seizure")
            return
        }
        let events = try account.step(account.cross)
        #expect(account.house.balance(account.cross, Self.usdc) == owed + part.repaid)
        let interest = events.compactMap { event in
            if case .balanceChanged(let change) = event, change.reason == .interest {
                change
            } else {
                nil
            }
        }
        // One leg on the account, its counterpart on the interest account.
        let reserves = try #require(account.house.interest)
        #expect(interest.map(\.account) == [reserves, account.cross])
        #expect(interest.reduce(Quantity.zero) { $0 + $1.delta } == .zero)
        #expect(account.house.balance(reserves, Self.usdc) == Quantity(whole: -16500) - owed)
        #expect(account.house.breaches().isEmpty)
    }

    @Test("What is on loan cannot leave, and no more is owed than the cap")
    func guards() throws {
        var account = try account(
            """
            protocol: aave-v3
            parameters: {assets: {USDC: {borrow_cap: 150}}}
            prices: {ETH: 2000}
            market: {USDC: {deposits: 120}}
            account: {balances: {ETH: 10, USDC: -100}}
            """)
        var journal: [Event] = []
        let wallet = account.house.addAccount(owner: CalculatedAccount.owner, role: .wallet)
        func take(_ amount: String) throws {
            try account.house.execute(
                .withdraw(
                    from: account.cross, to: wallet, asset: Self.usdc,
                    amount: try #require(Quantity(decimal: amount) as Quantity?)),
                from: CalculatedAccount.owner, into: &journal)
        }
        #expect(throws: Rejection.insufficientLiquidity(Self.usdc)) { try take("20.00000001") }
        try take("20")
        account.house.mint(
            Quantity(whole: 100), of: Self.usdc,
            to: account.house.addAccount(owner: Address(50), role: .margin), into: &journal)
        #expect(throws: Rejection.borrowCapExceeded(Self.usdc)) { try take("30.00000001") }
        try take("30")
        #expect(account.house.utilization(of: Self.usdc) < .one)
        #expect(account.house.breaches().isEmpty)
    }

    /// tests/misc/rates/RateStrategy.calculateRates.t.sol, test_calculate_rates_80_percent_usage_and_50_percent_supply_usage: 0.8
    /// are lent of what is there, and 0.6 are lost, for which the suppliers earn nothing.
    ///
    /// Vectors: aave-irm-80-unbacked50.
    @Test func aaveWithBadDebt() throws {
        let account = try account(
            """
            protocol: aave-v3
            parameters:
              assets:
                ETH: {interest: {base: 1%, kink: 80%, slope1: 4%, slope2: 60%, reserve_factor: 10%}}
            prices: {ETH: 1, DAI: 1}
            market: {ETH: {deposits: 1.6, bad_debt: 0.6}}
            account: {balances: {DAI: 1000, ETH: -0.8}}
            """)
        let rates = account.house.interestRates(of: try Self.asset("ETH", account))
        #expect(Self.isClose(rates?.borrow, "0.05", within: 1))
        #expect(Self.isClose(rates?.supply, "0.0225", within: 1))
        #expect(account.house.breaches().isEmpty)
    }

    /// freqtrade/freqtrade @c9ae5e1e, tests/leverage/test_interest.py, test_interest: 60 borrowed at Binance, by started hours
    /// of a daily rate, and at Kraken, by started four hours and once for opening.
    ///
    /// Vectors: int-1, int-2, int-3, int-4, int-5, int-6, int-7.
    @Test(arguments: [
        ("0.05%", true, 10, "-60.00125"), ("0.025%", true, 10, "-60.000625"),
        ("0.025%", true, 300, "-60.003125"), ("0.025%", true, 1500, "-60.015625"),
        ("0.05%", false, 10, "-60.06"), ("0.025%", false, 10, "-60.03"),
        ("0.025%", false, 300, "-60.045"),
    ])
    func startedPeriods(rate: String, isBinance: Bool, minutes: Int64, owed: String) throws {
        let terms =
            isBinance
            ? "rate_period: 24h, period: 1h" : "rate_period: 4h, period: 4h, opening: 1"
        var account = try account(
            """
            protocol: binance-margin
            parameters: {assets: {BTC: {interest: {loan: \(rate), counting: started, \(terms)}}}}
            prices: {BTC: 100}
            account: {balances: {USDT: 100000, BTC: -60}}
            """)
        let btc = try Self.asset("BTC", account)
        Self.advance(&account, seconds: minutes * 60)
        #expect(account.house.balance(account.cross, btc) == Quantity(decimal: owed))
        #expect(account.house.breaches().isEmpty)
    }
}
