import ExactMath
import MarginRules
import Testing

/// Seconds of the tables below; "now" is 1,000,000 in all of them.
private func at(_ seconds: Int64) -> Timestamp { Timestamp(milliseconds: seconds * 1000) }
private let now = at(1_000_000)

struct OracleGuardTests {
    struct Row: Sendable {
        let id: String
        let guards: [OracleGuard]
        var price: Int64 = 2000
        var confidence: Int64 = 0
        var observed: Int64 = 1_000_000
        var sequencer: SequencerStatus?
        var reference: Int64?
        var batch: ClosedRange<Int64>?
        var requested: Int64?
        var expected: Result<Int64, OracleViolation>?
    }

    static let eulerChainlink: [OracleGuard] = [
        .positivePrice, .maximumAge(TimeSpan(seconds: 3600), .inclusive),
    ]
    static let eulerPyth: [OracleGuard] = [
        .maximumAge(TimeSpan(seconds: 60), .inclusive),
        .maximumLead(TimeSpan(seconds: 60), .inclusive), .positivePrice,
        .maximumConfidence(Ratio(basisPoints: 200)),
    ]
    static let gearbox: [OracleGuard] = [
        .positivePrice, .maximumAge(TimeSpan(seconds: 3600), .exclusive),
    ]
    static let gmxSequencer: [OracleGuard] = [
        .sequencerUp(grace: TimeSpan(seconds: 300), .exclusive)
    ]
    static let gmxMarketOrder: [OracleGuard] = [
        .noneOlderThanRequest, .requestExpiration(TimeSpan(seconds: 300)),
    ]

    /// Boundaries as the sources have them, none with a test of its own upstream:
    /// euler-xyz/euler-price-oracle src/adapter/chainlink/ChainlinkOracle.sol and
    /// src/adapter/pyth/PythOracle.sol; Gearbox-protocol/core-v3
    /// contracts/traits/PriceFeedValidationTrait.sol; gmx-io/gmx-synthetics a5c0c88
    /// contracts/oracle/Oracle.sol, contracts/order/IncreaseOrderUtils.sol and
    /// contracts/adl/AdlUtils.sol. No result means that the price passes.
    static let rows: [Row] = [
        Row(id: "euler-chainlink-a", guards: eulerChainlink, observed: 996_400),
        Row(
            id: "euler-chainlink-b", guards: eulerChainlink, observed: 996_399,
            expected: .failure(.tooOld)),
        Row(
            id: "euler-chainlink-c", guards: eulerChainlink, price: 0, observed: 999_990,
            expected: .failure(.priceNotPositive)),
        Row(
            id: "euler-chainlink-d", guards: eulerChainlink, price: -1, observed: 999_990,
            expected: .failure(.priceNotPositive)),
        Row(
            id: "euler-pyth-a", guards: eulerPyth, price: 100_000, confidence: 2000,
            observed: 999_940),
        Row(
            id: "euler-pyth-b", guards: eulerPyth, price: 100_000, confidence: 2001,
            observed: 999_999, expected: .failure(.tooUncertain)),
        Row(
            id: "euler-pyth-c", guards: eulerPyth, price: 100_000, confidence: 10,
            observed: 999_939, expected: .failure(.tooOld)),
        Row(
            id: "euler-pyth-d", guards: eulerPyth, price: 100_000, confidence: 10,
            observed: 1_000_060),
        Row(
            id: "euler-pyth-e", guards: eulerPyth, price: 100_000, confidence: 10,
            observed: 1_000_061, expected: .failure(.tooFarAhead)),
        Row(
            id: "euler-pyth-f", guards: eulerPyth, price: 0,
            expected: .failure(.priceNotPositive)),
        Row(id: "gearbox-a", guards: gearbox, observed: 996_401),
        Row(
            id: "gearbox-b", guards: gearbox, observed: 996_400, expected: .failure(.tooOld)),
        Row(
            id: "gmx-age-a", guards: [.maximumAge(TimeSpan(seconds: 300), .inclusive)],
            observed: 999_700),
        Row(
            id: "gmx-age-b", guards: [.maximumAge(TimeSpan(seconds: 300), .inclusive)],
            observed: 999_699, expected: .failure(.tooOld)),
        Row(
            id: "gmx-range-a", guards: [.maximumBatchSpread(TimeSpan(seconds: 60))],
            batch: 999_940...1_000_000),
        Row(
            id: "gmx-range-b", guards: [.maximumBatchSpread(TimeSpan(seconds: 60))],
            batch: 999_939...1_000_000, expected: .failure(.batchSpreadTooWide)),
        Row(
            id: "gmx-seq-a", guards: gmxSequencer,
            sequencer: SequencerStatus(isUp: false, since: at(990_000)),
            expected: .failure(.sequencerDown)),
        Row(
            id: "gmx-seq-b", guards: gmxSequencer,
            sequencer: SequencerStatus(isUp: true, since: at(999_700)),
            expected: .failure(.sequencerGracePeriod)),
        Row(
            id: "gmx-seq-c", guards: gmxSequencer,
            sequencer: SequencerStatus(isUp: true, since: at(999_699))),
        Row(
            id: "gmx-order-ts-a", guards: gmxMarketOrder, batch: 1_000_000...1_000_000,
            requested: 1_000_000),
        Row(
            id: "gmx-order-ts-b", guards: gmxMarketOrder, batch: 999_999...1_000_005,
            requested: 1_000_000, expected: .failure(.olderThanRequest)),
        Row(
            id: "gmx-order-ts-c", guards: gmxMarketOrder, batch: 1_000_010...1_000_300,
            requested: 1_000_000),
        Row(
            id: "gmx-order-ts-d", guards: gmxMarketOrder, batch: 1_000_010...1_000_301,
            requested: 1_000_000, expected: .failure(.afterRequestExpired)),
        // Only market orders expire.
        Row(
            id: "gmx-order-ts-e", guards: [.noneOlderThanRequest], batch: 1_000_010...1_099_999,
            requested: 1_000_000),
        Row(
            id: "gmx-adl-ts-a", guards: [.newestNotOlderThanRequest], batch: 900_000...1_000_000,
            requested: 1_000_000),
        Row(
            id: "gmx-adl-ts-b", guards: [.newestNotOlderThanRequest], batch: 900_000...999_999,
            requested: 1_000_000, expected: .failure(.olderThanRequest)),
    ]

    /// The rules that the sources above do not use at their limits, and the ways around a guard.
    static let more: [Row] = [
        Row(id: "no sequencer", guards: gmxSequencer),
        Row(
            id: "inclusive grace",
            guards: [.sequencerUp(grace: TimeSpan(seconds: 300), .inclusive)],
            sequencer: SequencerStatus(isUp: true, since: at(999_700))),
        Row(
            id: "exclusive lead", guards: [.maximumLead(TimeSpan(seconds: 60), .exclusive)],
            observed: 1_000_060, expected: .failure(.tooFarAhead)),
        Row(
            id: "no lead", guards: [.maximumLead(.zero, .exclusive)], observed: 1_000_000),
        Row(
            id: "the future has no age", guards: [.maximumAge(.zero, .exclusive)],
            observed: 1_000_001),
        Row(
            id: "no age allowed", guards: [.maximumAge(.zero, .exclusive)],
            expected: .failure(.tooOld)),
        // 2 % of 149 is 2.98, which counts as 2.
        Row(
            id: "confidence limit rounds down", guards: [.maximumConfidence(Ratio(percent: 2))],
            price: 149, confidence: 3, expected: .failure(.tooUncertain)),
        Row(
            id: "confidence of the limit", guards: [.maximumConfidence(Ratio(percent: 2))],
            price: 149, confidence: 2),
        // compound-finance/open-oracle UniswapAnchoredView.sol isWithinAnchor: anchor / reported.
        Row(
            id: "anchor 1.15", guards: [.anchorBand(tolerance: Ratio(percent: 15))], price: 100,
            reference: 115),
        Row(
            id: "anchor above", guards: [.anchorBand(tolerance: Ratio(percent: 15))], price: 100,
            reference: 116, expected: .failure(.outsideAnchorBand)),
        Row(
            id: "anchor 0.85", guards: [.anchorBand(tolerance: Ratio(percent: 15))], price: 100,
            reference: 85),
        Row(
            id: "anchor below", guards: [.anchorBand(tolerance: Ratio(percent: 15))], price: 100,
            reference: 84, expected: .failure(.outsideAnchorBand)),
        // 100/117 is 0.8547, so 17 % above the anchor passes; 18 % does not.
        Row(
            id: "reported 17 % above", guards: [.anchorBand(tolerance: Ratio(percent: 15))],
            price: 117, reference: 100),
        Row(
            id: "reported 18 % above", guards: [.anchorBand(tolerance: Ratio(percent: 15))],
            price: 118, reference: 100, expected: .failure(.outsideAnchorBand)),
        Row(
            id: "no anchor", guards: [.anchorBand(tolerance: Ratio(percent: 15))],
            expected: .failure(.outsideAnchorBand)),
        Row(
            id: "nothing reported", guards: [.anchorBand(tolerance: Ratio(percent: 15))], price: 0,
            reference: 100, expected: .failure(.outsideAnchorBand)),
        Row(
            id: "tolerance of all", guards: [.anchorBand(tolerance: .one)], price: 100,
            reference: 0, expected: .failure(.outsideAnchorBand)),
        // gmx-synthetics Oracle.sol _validateRefPrice: up to half of the reference.
        Row(
            id: "deviation 50 %", guards: [.maximumDeviation(Ratio(percent: 50))], price: 150,
            reference: 100),
        Row(
            id: "deviation above", guards: [.maximumDeviation(Ratio(percent: 50))], price: 151,
            reference: 100, expected: .failure(.deviatesFromReference)),
        Row(
            id: "deviation below", guards: [.maximumDeviation(Ratio(percent: 50))], price: 49,
            reference: 100, expected: .failure(.deviatesFromReference)),
        Row(id: "no reference", guards: [.maximumDeviation(.zero)]),
        Row(
            id: "at a bound",
            guards: [.bounds(minimum: Price(raw: 10), maximum: Price(raw: 20), .inclusive)],
            price: 10),
        Row(
            id: "stuck at a bound",
            guards: [.bounds(minimum: Price(raw: 10), maximum: Price(raw: 20), .exclusive)],
            price: 20, expected: .failure(.outsideBounds)),
        Row(
            id: "beyond a bound",
            guards: [.bounds(minimum: Price(raw: 10), maximum: Price(raw: 20), .inclusive)],
            price: 21, expected: .failure(.outsideBounds)),
        Row(
            id: "clamped down", guards: [.clamp(minimum: Price(raw: 10), maximum: Price(raw: 20))],
            price: 99, expected: .success(20)),
        Row(
            id: "clamped up", guards: [.clamp(minimum: Price(raw: 10), maximum: Price(raw: 20))],
            price: -5, expected: .success(10)),
        // LUNA, 12 May 2022: what a clamp hides, a later exclusive bound notices.
        Row(
            id: "clamp, then bounds",
            guards: [
                .clamp(minimum: Price(raw: 10), maximum: Price(raw: 20)),
                .bounds(minimum: Price(raw: 10), maximum: Price(raw: 20), .exclusive),
            ], price: 1, expected: .failure(.outsideBounds)),
        Row(
            id: "first violation counts",
            guards: [.maximumAge(.zero, .inclusive), .positivePrice], price: 0, observed: 1,
            expected: .failure(.tooOld)),
        Row(
            id: "an answer alone is its own batch", guards: gmxMarketOrder, observed: 999_999,
            requested: 1_000_000, expected: .failure(.olderThanRequest)),
        Row(
            id: "nothing requested", guards: gmxMarketOrder + [.newestNotOlderThanRequest],
            observed: 1),
        Row(id: "no guards", guards: [], price: -1),
    ]

    @Test(arguments: rows.indices) func boundary(index: Int) throws { try check(Self.rows[index]) }
    @Test(arguments: more.indices) func otherRule(index: Int) throws { try check(Self.more[index]) }

    private func check(_ row: Row) throws {
        let outcome = try OracleGuard.check(
            OracleAnswer(
                price: Price(raw: row.price), confidence: Price(raw: row.confidence),
                observedAt: at(row.observed)),
            in: OracleContext(
                now: now, sequencer: row.sequencer, reference: row.reference.map { Price(raw: $0) },
                batch: row.batch.map { at($0.lowerBound)...at($0.upperBound) },
                requestedAt: row.requested.map { at($0) }),
            by: row.guards)
        #expect(
            outcome == (row.expected ?? .success(row.price)).map { Price(raw: $0) }, "\(row.id)")
    }
}

struct PriceOracleSentinelTests {
    static let sentinel = PriceOracleSentinel(
        grace: TimeSpan(seconds: 3600), liquidationBypass: f("0.95"))

    /// aave/aave-v3-core 782f519 PriceOracleSentinel.sol and ValidationLogic.sol.
    @Test(
        arguments: [
            ("aave-sentinel-a", "0.94", false, 0, true),
            ("aave-sentinel-b", "0.95", false, 0, false),
            ("aave-sentinel-c", "0.99", true, 3600, false),
            ("aave-sentinel-d", "0.99", true, 3601, true),
        ] as [(String, String, Bool, Int64, Bool)])
    func liquidation(id: String, health: String, isUp: Bool, seconds: Int64, expected: Bool) {
        let sequencer = SequencerStatus(isUp: isUp, since: now - TimeSpan(seconds: seconds))
        #expect(
            Self.sentinel.permitsLiquidation(
                healthFactor: f(health), sequencer: sequencer, now: now) == expected, "\(id)")
        #expect(
            Self.sentinel.permitsBorrowing(sequencer: sequencer, now: now)
                == (isUp && seconds > 3600), "\(id)")
    }

    @Test func withoutASequencer() {
        #expect(Self.sentinel.permitsBorrowing(sequencer: nil, now: now))
        #expect(
            Self.sentinel.permitsLiquidation(healthFactor: f("0.99"), sequencer: nil, now: now))
    }

    /// aave-dao/aave-v3-origin fd1fbd9 ValidationLogic.sol validateLiquidationCall.
    @Test(
        arguments: [
            ("aave-grace-a", 1_000_000, 0, false), ("aave-grace-b", 999_999, 0, true),
            ("debt", 0, 1_000_000, false), ("both over", 999_999, 999_999, true),
        ] as [(String, Int64, Int64, Bool)])
    func grace(id: String, collateral: Int64, debt: Int64, expected: Bool) {
        #expect(
            PriceOracleSentinel.isLiquidationGraceOver(
                collateralUntil: at(collateral), debtUntil: at(debt), now: now) == expected, "\(id)"
        )
    }
}
