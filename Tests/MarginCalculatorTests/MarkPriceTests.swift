import ExactMath
import MarginCalculator
import MarginProtocol
import Scenarios
import Testing

/// Mark prices of venues through the engine: the same inputs as market state, and what positions are worth then.
@Suite struct MarkPriceTests {
    struct Binance: Sendable {
        var rate: String
        var time: String
        var basis: String
        var last: String
        var mark: String
    }

    /// binance.com/ko/support/faq/fff6ec1b3f5845d19f1fb924644a0877, median of Price 1, Price 2 and the contract's price:
    /// index 10,000, funding every eight hours.
    ///
    /// Vectors: bnc-mark-1, bnc-mark-2, bnc-mark-3.
    @Test(arguments: [
        Binance(rate: "0.01%", time: "04:00", basis: "5", last: "10020", mark: "10005"),
        Binance(rate: "0.01%", time: "04:00", basis: "-30", last: "9990", mark: "9990"),
        Binance(rate: "0.1%", time: "08:00", basis: "2", last: "10100", mark: "10010"),
    ])
    func binance(row: Binance) throws {
        let found = try report(
            """
            protocol: binance-usdm
            parameters: {markets: {BTC: {pool: none, funding: {premium: book, interval: 8h}}}}
            prices: {BTC: 10000}
            time: 2026-01-01T\(row.time):00Z
            market: {BTC: {last_trade: \(row.last), average_basis: \(row.basis), funding_rate: \(row.rate)}}
            account: {balances: {USDT: 500}, positions: {BTC: {size: 1, entry: 10000}}}
            """)
        let position = try #require(found.positions.first)
        #expect(isNear(position.mark, row.mark))
        let profit = try #require(Money(decimal: row.mark)) - Money(whole: 10_000)
        #expect(position.unrealizedProfit == profit)
        #expect(found.equity == Money(whole: 500) + profit)
        #expect(position.notional == Money(decimal: row.mark))
        // 500 + p − 10,000 = 0.4 % of p, wherever the mark stands now.
        #expect(isNear(position.liquidationPrice, "9538.15261044"))
    }

    /// The instrument of nautechsystems/nautilus_trader @a95c8042, crates/adapters/bitmex/test_data/
    /// http_get_instrument_xbtusd.json, with the formula of testnet.bitmex.com/app/fairPriceMarking. The venue pays at 04:00,
    /// 12:00 and 20:00. Its basis is 5.99, and 12.045 % a year.
    ///
    /// Vectors: bmx-mark-1.
    @Test func bitmex() throws {
        let found = try report(
            """
            protocol: bitmex
            prices: {BTC: 97843.77}
            time: 2024-11-24T23:33:19Z
            market: {BTC: {funding_rate: 0.011%}}
            account: {balances: {BTC: 1}, positions: {BTC: {size: 10000, entry: 97843.77}}}
            """)
        let position = try #require(found.positions.first)
        #expect(isNear(position.mark, "97849.76", within: "0.02"))
        #expect(position.unrealizedProfit.isPositive)
        let basis = position.mark - Price(raw: 9_784_377_000_000)
        #expect(isNear(basis, "5.99", within: "0.02"))
        // Of the 16,001 seconds that are left of eight hours, over the index and for a year of 1,095 such.
        let yearly = Double(basis.raw) / 9_784_377_000_000 * 28_800 / 16_001 * 1095
        #expect(abs(yearly - 0.12045) < 1e-9, "\(yearly)")
    }

    /// hyperliquid.gitbook.io/hyperliquid-docs, trading/robust-price-indices: oracle and average basis 10,020; best prices
    /// and last trade 10,010; two exist, so that the average of the latter joins.
    @Test func hyperliquid() throws {
        func mark(_ average: String) throws -> Price? {
            try report(
                """
                protocol: hyperliquid
                parameters: {markets: {BTC: {pool: none}}}
                prices: {BTC: 10000}
                market:
                  BTC:
                    bids: [[10005, 1], [10001, 5]]
                    asks: [[10015, 2]]
                    last_trade: 10010
                    average_basis: 20
                    \(average)
                account: {balances: {USDC: 5000}, positions: {BTC: {size: -1, entry: 10000}}}
                """
            ).positions.first?.mark
        }
        #expect(try mark("average_book_price: 10011") == Price(whole: 10_011))
        #expect(try mark("") == Price(whole: 10_015))
    }

    /// blog.btcmex.com/insurance-fund, in small: bankrupt at 3,070 and filled at 3,080, the fund has 10; and an order that
    /// cannot be filled whole leaves all of it to be taken over.
    @Test func liquidationInTheBook() throws {
        func step(_ bids: String) throws -> LiquidationStep? {
            try report(
                """
                protocol: bitmex-usdt
                parameters:
                  markets: {BTC: {pool: none}}
                  protocol: {liquidation: {book: {fill_or_kill: true}}}
                prices: {BTC: 3100}
                market: {BTC: {bids: \(bids)}}
                account: {balances: {USDT: 30}, positions: {BTC: {size: 1, entry: 3100}}}
                """
            ).liquidation
        }
        let filled = try #require(try step("[[3080, 0.4], [3080, 0.6]]"))
        #expect(filled.kind == .order && filled.price == Price(whole: 3080))
        #expect(filled.toInsurance == Money(whole: 10) && filled.deficit == .zero)
        #expect(isNear(filled.bankruptcyPrice, "3070"))
        let killed = try #require(try step("[[3080, 0.4]]"))
        #expect(killed.kind == .position && killed.toInsurance == Money(whole: 30))
    }

    @Test("Where a market trades with a pool the venues' marks need no book")
    func withoutBook() throws {
        for name in ["binance-usdm", "bybit-uta", "okx-multi-currency", "deribit", "hyperliquid"] {
            let text = """
                prices: {BTC: 10000, USDT: 1, USDC: 1}
                account: {balances: {USDT: 500, USDC: 500}, positions: {BTC: {size: 0.1, entry: 10000}}}
                """
            let found = try report(text, protocol: name)
            #expect(found.positions.first?.mark == Price(whole: 10_000), "\(name)")
        }
    }

    @Test("A mark of the book beside a pool is refused by name, and so is a crossed book")
    func refusals() throws {
        func problems(_ market: String, _ state: String = "{}") -> String {
            do {
                _ = try report(
                    """
                    protocol: bitmex-usdt
                    parameters: {markets: {BTC: \(market)}}
                    prices: {BTC: 10000}
                    market: {BTC: \(state)}
                    account: {balances: {USDT: 5000}, positions: {BTC: {size: 1}}}
                    """)
                return ""
            } catch { return "\(error)" }
        }
        #expect(problems("{mark: book_mid}").contains("the market trades with a pool"))
        #expect(problems("{mark: book_mid, pool: none}").isEmpty)
        #expect(
            problems("{mark: {rule: median}, pool: none}").contains("needs an average of the basis")
        )
        #expect(
            problems("{mark: book_mid, pool: none}", "{bids: [[10, 1]], asks: [[10, 1]]}")
                .contains("above the bids"))
    }
}
