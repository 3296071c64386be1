import ExactMath
import MarginProtocol
import MarginRules
import Testing

/// The boundaries at which consumers of oracles refuse, through the law: whether exactly the limit is fresh
/// or stale differs from one to the next.
///
/// Derived from the sources that each row names; the ids are of one table, and "now" is 1,000,000 s in all of
/// them. What the law cannot hold is listed with the reason.
///
/// Vectors: euler-chainlink-a, euler-chainlink-b, euler-chainlink-c, euler-chainlink-d,
/// euler-pyth-a, euler-pyth-b, euler-pyth-c, euler-pyth-d, euler-pyth-e, euler-pyth-f, gearbox-a,
/// gearbox-b, gmx-age-a, gmx-age-b, gmx-range-a, gmx-range-b, gmx-seq-a, gmx-seq-b, gmx-seq-c,
/// aave-sentinel-a, aave-sentinel-b, aave-sentinel-c, aave-sentinel-d, gmx-order-ts-a,
/// gmx-order-ts-b, gmx-order-ts-c, gmx-order-ts-d, gmx-order-ts-e, gmx-adl-ts-a, gmx-adl-ts-b,
/// aave-grace-a, aave-grace-b.
struct OracleValidationTests {
    private static let now: Int64 = 1_000_000_000

    private func seconds(_ count: Int64) -> TimeSpan { TimeSpan(seconds: count) }

    /// A house at which a price of ETH was observed so long ago, and bob's attempt to withdraw now.
    private func withdrawal(
        _ guards: [PriceGuard], price: String = "2000", confidence: String = "0",
        observed: Int64, lead: Int64 = 0, uptime: (isUp: Bool, at: Int64)? = nil
    ) -> Rejection? {
        var parameters = plainParameters()
        parameters.guards = guards
        parameters.feeds[1].maxLead = seconds(lead)
        var world = World(parameters, posted: false)
        func move(to time: Int64) { world.advance(by: time - world.house.time.milliseconds) }
        if let uptime {
            move(to: uptime.at * 1000)
            world.run(.reportUptime(isUp: uptime.isUp), by: .system)
        }
        move(to: max(world.house.time.milliseconds, min(observed * 1000, Self.now)))
        let refused = world.attempt(
            world.report(ethFeed, price, observed: observed * 1000, confidence: confidence),
            by: reporter)
        if let refused { return refused }
        move(to: Self.now)
        world.post(usdFeed, "1")
        let account = world.margin(bob, "10", "1")
        let wallet = world.wallet(bob)
        // Without a position or a debt a withdrawal would ask for no price.
        world.trade(account, ethPerp, "0.01", by: bob)
        return world.attempt(
            .withdraw(from: account, to: wallet, asset: usd, amount: units("1")), by: bob)
    }

    private func check(_ rule: OracleGuard) -> [PriceGuard] {
        [PriceGuard(.check(rule, against: .nothing), blocks: .withdraw, feeds: [ethFeed])]
    }

    /// euler-xyz/euler-price-oracle src/adapter/chainlink/ChainlinkOracle.sol `_getQuote`: older than
    /// `maxStaleness` reverts, exactly that old does not.
    @Test func eulerOnChainlink() {
        let guards = check(.maximumAge(seconds(3600), .inclusive))
        #expect(withdrawal(guards, observed: 996_400) == nil)  // euler-chainlink-a
        #expect(withdrawal(guards, observed: 996_399)?.code == 303)  // -b
        #expect(withdrawal(guards, price: "0", observed: 999_990)?.code == 701)  // -c
        #expect(withdrawal(guards, price: "-1", observed: 999_990)?.code == 701)  // -d
    }

    /// euler-xyz/euler-price-oracle src/adapter/pyth/PythOracle.sol `_fetchPriceStruct`: 60 s old, 60 s ahead
    /// and a confidence of exactly the limit pass.
    @Test func eulerOnPyth() {
        let guards =
            check(.maximumAge(seconds(60), .inclusive))
            + check(.maximumConfidence(Ratio(percent: 2)))
        func attempt(_ confidence: String, _ observed: Int64, price: String = "100000") -> Int? {
            withdrawal(
                guards, price: price, confidence: confidence, observed: observed, lead: 60)?.code
        }
        #expect(attempt("2000", 999_940) == nil)  // euler-pyth-a
        #expect(attempt("2001", 999_999) == 321)  // euler-pyth-b
        #expect(attempt("10", 999_939) == 303)  // euler-pyth-c
        #expect(attempt("10", 1_000_060) == nil)  // euler-pyth-d
        #expect(attempt("10", 1_000_061) == 702)  // euler-pyth-e
        #expect(attempt("0", 1_000_000, price: "0") == 701)  // euler-pyth-f
    }

    /// Gearbox-protocol/core-v3 contracts/traits/PriceFeedValidationTrait.sol `_checkAnswer`: exactly the
    /// period is stale.
    @Test func gearbox() {
        let guards = check(.maximumAge(seconds(3600), .exclusive))
        #expect(withdrawal(guards, observed: 996_401) == nil)  // gearbox-a
        #expect(withdrawal(guards, observed: 996_400)?.code == 303)  // gearbox-b
    }

    /// gmx-io/gmx-synthetics contracts/oracle/Oracle.sol @a5c0c88 `_validatePrices`.
    @Test func gmxAge() {
        let guards = check(.maximumAge(seconds(300), .inclusive))
        #expect(withdrawal(guards, observed: 999_700) == nil)  // gmx-age-a
        #expect(withdrawal(guards, observed: 999_699)?.code == 303)  // gmx-age-b
    }

    /// The same, `_setPrices`: the oldest and the newest price of one transaction, limit 60 s.
    @Test(arguments: [(999_940, nil), (999_939, 723)] as [(Int64, Int?)])
    func gmxRange(oldest: Int64, code: Int?) {  // gmx-range-a, gmx-range-b
        var parameters = plainParameters()
        parameters.attachedSpread = seconds(60)
        for feed in [1, 2] { parameters.feeds[feed].isPulled = true }
        var world = World(parameters)
        world.advance(by: Self.now)
        let account = world.margin(bob, "100")
        func attached(_ feed: FeedID, _ price: Int64, _ time: Int64) -> AttachedPrice {
            let moment = Timestamp(milliseconds: time * 1000)
            return AttachedPrice(
                feed: feed,
                report: PriceReport(
                    round: 2, price: Price(whole: price), observedAt: moment, publishedAt: moment))
        }
        let command = Command.attach(
            [attached(ethFeed, 101, 1_000_000), attached(btcFeed, 1001, oldest)],
            to: .setDelegate(account: account, delegate: alice, allowed: true))
        #expect(world.attempt(command, by: bob)?.code == code)
    }

    /// The same, `validateSequencerUp`: the grace counts from `startedAt`, and its end still blocks.
    @Test func gmxSequencer() {
        let guards = check(.sequencerUp(grace: seconds(300), .exclusive))
        func attempt(_ isUp: Bool, _ since: Int64) -> Int? {
            withdrawal(guards, observed: 1_000_000, uptime: (isUp, since))?.code
        }
        #expect(attempt(false, 990_000) == 323)  // gmx-seq-a
        #expect(attempt(true, 999_700) == 324)  // gmx-seq-b
        #expect(attempt(true, 999_699) == nil)  // gmx-seq-c
    }

    /// aave/aave-v3-core @782f519 contracts/protocol/configuration/PriceOracleSentinel.sol and
    /// ValidationLogic.sol `validateLiquidationCall` (v3.0 to v3.6): below a health factor of 0.95
    /// liquidations go on while the sequencer is down, and the end of the grace still blocks.
    ///
    /// One ETH counts half, against a debt of 50 USD: the health factor is its price in hundreds.
    @Test(
        arguments: [
            ("94", false, 0, nil),  // aave-sentinel-a
            ("95", false, 0, 323),  // aave-sentinel-b
            ("99", true, 3600, 324),  // aave-sentinel-c
            ("99", true, 3601, nil),  // aave-sentinel-d
        ] as [(String, Bool, Int64, Int?)])
    func aaveSentinel(price: String, isUp: Bool, sinceUpdate: Int64, code: Int?) {
        var parameters = plainParameters()
        parameters.assets[1].collateral = .flat(Ratio(percent: 50))
        parameters.guards = [
            PriceGuard(
                .check(.sequencerUp(grace: seconds(3600), .exclusive), against: .nothing),
                blocks: .liquidate, bypassBelow: Ratio(percent: 95))
        ]
        var world = World(parameters)
        world.advance(by: Self.now - sinceUpdate * 1000)
        world.run(.reportUptime(isUp: isUp), by: .system)
        world.advance(by: sinceUpdate * 1000)
        world.post(ethFeed, price)
        let account = world.margin(alice, "0", "1")
        world.house.seedBalance(units("-50"), of: usd, to: account, into: &world.journal)
        let payer = world.wallet(bob, "1000")
        let command = Command.liquidate(
            account: account, payer: payer,
            target: .collateral(seize: eth, repay: usd, atMost: units("10")))
        #expect(world.attempt(command, by: bob)?.code == code)
    }

    /// aave-dao/aave-v3-origin @fd1fbd9 ValidationLogic.sol `validateLiquidationCall`: nothing is seized or repaid
    /// of an asset until its grace is over, and exactly its end is not over. One ETH counts half of 90 USD, against a
    /// debt of 50.
    @Test(
        arguments: [
            (1_000_000, 0, AssetID(1)),  // aave-grace-a
            (999_999, 0, nil),  // aave-grace-b
            (0, 1_000_000, AssetID(0)), (0, 999_999, nil), (1_000_000, 1_000_000, AssetID(1)),
        ] as [(Int64, Int64, AssetID?)])
    func aaveGrace(collateralUntil: Int64, debtUntil: Int64, refused: AssetID?) {
        var parameters = plainParameters()
        parameters.assets[1].collateral = .flat(Ratio(percent: 50))
        parameters.assets[1].liquidationGraceUntil = Timestamp(
            milliseconds: collateralUntil * 1000)
        parameters.assets[0].liquidationGraceUntil = Timestamp(milliseconds: debtUntil * 1000)
        var world = World(parameters)
        world.advance(by: Self.now)
        world.post(ethFeed, "90")
        world.advance(by: Self.now - world.house.time.milliseconds)
        let account = world.margin(alice, "0", "1")
        world.house.seedBalance(units("-50"), of: usd, to: account, into: &world.journal)
        let payer = world.wallet(bob, "1000")
        let command = Command.liquidate(
            account: account, payer: payer,
            target: .collateral(seize: eth, repay: usd, atMost: units("10")))
        let until = Timestamp(milliseconds: max(collateralUntil, debtUntil) * 1000)
        #expect(
            world.attempt(command, by: bob)
                == refused.map { .liquidationGrace($0, until: until) })
    }

    /// The grace is asked for once it is known what would be seized, and before whether the payer has enough.
    @Test func graceComesAfterHealthAndBeforeFunds() {
        var parameters = plainParameters()
        parameters.assets[1].collateral = .flat(Ratio(percent: 50))
        var world = World(parameters)
        world.run(.setParameter(.liquidationGrace(eth, seconds(60))), by: .governance)
        let account = world.margin(alice, "0", "1")
        world.house.seedBalance(units("-50"), of: usd, to: account, into: &world.journal)
        let payer = world.wallet(bob)
        func liquidation(_ seize: AssetID) -> Command {
            .liquidate(
                account: account, payer: payer,
                target: .collateral(seize: seize, repay: usd, atMost: units("10")))
        }
        #expect(world.attempt(liquidation(eth), by: bob)?.code == 601)
        world.post(ethFeed, "90")
        #expect(world.attempt(liquidation(btc), by: bob)?.code == 603)
        #expect(world.attempt(liquidation(eth), by: bob)?.code == 380)
        world.advance(by: 60_000 - world.house.time.milliseconds)
        #expect(world.attempt(liquidation(eth), by: bob)?.code == 380)
        world.advance(by: 1)
        #expect(world.attempt(liquidation(eth), by: bob)?.code == 401)
    }

    /// drift-labs/protocol-v2 programs/drift/src/math/orders/tests.rs
    /// `is_oracle_too_divergent_with_twap_5min`: 149 against an average of 100 is not too far, 150 is.
    ///
    /// Vectors: drift-oracle-band-1.
    @Test(arguments: [("149", nil), ("150", 322)] as [(String, Int?)])
    func driftBand(price: String, code: Int?) {
        var parameters = plainParameters()
        parameters.guards = [
            PriceGuard(.divergence(OracleDivergence(), average: seconds(300)), blocks: .withdraw)
        ]
        var world = World(parameters)
        world.advance(by: 400_000)
        world.post(ethFeed, price)
        let account = world.margin(bob, "10", "1")
        let wallet = world.wallet(bob)
        world.trade(account, ethPerp, "0.01", by: bob)
        let command = Command.withdraw(from: account, to: wallet, asset: usd, amount: units("1"))
        #expect(world.attempt(command, by: bob)?.code == code)
    }

    /// Drift's table, as far as the law has its actions: what goes on in which state of a price
    /// (programs/drift/src/math/oracle.rs `is_oracle_valid_for_action`).
    ///
    /// Vectors: drift-oracle-action-FillOrderMatch, drift-oracle-action-Liquidate.
    @Test(
        arguments: [
            // What the price is, its age in seconds and its confidence; what withdrawing, reducing and
            // liquidating say. 120 slots of 400 ms are 48 s.
            ("100", 0, "0", nil, nil, nil), ("100", 48, "0", nil, nil, nil),
            ("100", 49, "0", 326, nil, nil), ("100", 0, "2", nil, nil, nil),
            ("100", 0, "2.1", 326, 326, nil), ("600", 0, "0", 326, 326, 326),
        ] as [(String, Int64, String, Int?, Int?, Int?)])
    func driftSeverity(
        price: String, age: Int64, confidence: String, withdraw: Int?, reduce: Int?,
        liquidate: Int?
    ) {
        var parameters = plainParameters()
        var world = World(parameters)
        parameters.guards = [
            PriceGuard(
                .validity(
                    OracleGuardRails(), slot: TimeSpan(milliseconds: 400), average: seconds(300),
                    tier: .a, isStablecoin: false), blocks: .all, feeds: [ethFeed])
        ]
        world = World(parameters)
        let account = world.margin(bob, "1000", "1")
        world.trade(account, ethPerp, "5", by: bob)
        let wallet = world.wallet(bob)
        let payer = world.wallet(alice, "1000")
        world.advance(by: 400_000)
        world.post(ethFeed, price, confidence: confidence)
        world.advance(by: age * 1000)
        #expect(
            world.attempt(
                .withdraw(from: account, to: wallet, asset: usd, amount: units("1")), by: bob)?
                .code == withdraw)
        #expect(
            world.attempt(
                .trade(
                    account: account, market: ethPerp, size: units("-1"), limit: nil,
                    reduceOnly: true), by: bob)?.code == reduce)
        // An account in good health is refused for that, once its price is good enough to know.
        #expect(
            world.attempt(.liquidate(account: account, payer: payer, target: .next), by: alice)?
                .code == liquidate ?? 601)
    }

    /// gmx-io/gmx-synthetics contracts/order/IncreaseOrderUtils.sol @a5c0c88 `processOrder`: prices are not older than
    /// the order's last update, and a market order's not later than its expiration 300 s after it.
    @Test(
        arguments: [
            (1_000_000, 1_000_000, true, nil),  // gmx-order-ts-a
            (999_999, 1_000_005, true, 364),  // gmx-order-ts-b
            (1_000_010, 1_000_300, true, nil),  // gmx-order-ts-c
            (1_000_010, 1_000_301, true, 365),  // gmx-order-ts-d
            (1_000_010, 1_099_999, false, nil),  // gmx-order-ts-e
        ] as [(Int64, Int64, Bool, Int?)])
    func gmxOrderTimestamps(oldest: Int64, newest: Int64, isMarket: Bool, code: Int?) {
        // The spread of one batch and the age are other rows' matter.
        let policy = TwoStepPolicy(
            timing: .afterRequest(
                TwoStepExecution(
                    requestExpiration: seconds(300), maximumPriceAge: seconds(200_000),
                    maximumTimestampRange: seconds(200_000), maximumReferenceDeviation: .one)),
            fee: .zero)
        var it = RequestWorld(policy)
        it.world.mint("1", btc, it.account)
        it.world.run(
            isMarket ? it.ask("1") : it.ask("1", limit: "200", kind: .limit), by: alice)
        it.wait(100_000)
        let command = Command.attach(
            [
                it.attached(ethFeed, "101", newest - 1_000_000),
                it.attached(btcFeed, "1001", oldest - 1_000_000),
            ], to: .executeRequest(RequestID(0), keeper: it.keeper))
        #expect(it.world.attempt(command, by: carol)?.code == code)
        #expect(it.world.size(it.account) == (code == nil ? units("1") : .zero))
    }

    /// gmx-io/gmx-synthetics contracts/adl/AdlUtils.sol @a5c0c88 `validateAdl`, `updateAdlState`: the newest price is not
    /// older than the last look at the winners' profit.
    @Test(arguments: [(1_000_000, nil), (999_999, 364)] as [(Int64, Int?)])
    func gmxDeleveraging(newest: Int64, code: Int?) {  // gmx-adl-ts-a, gmx-adl-ts-b
        var parameters = plainParameters()
        var terms = PoolTerms(longBacking: eth, shortBacking: usd)
        terms.deleveraging = PoolDeleveraging(
            threshold: Ratio(percent: 10), minimumAfter: Ratio(percent: 5))
        parameters.markets[0].pool = PoolPricing(terms: terms)
        var world = World(parameters)
        world.mint("500000", usd, pool)
        world.mint("5000", eth, pool)
        let short = world.margin(bob, "100000")
        world.trade(short, ethPerp, "-2000", by: bob)
        world.advance(by: newest * 1000 - world.house.time.milliseconds)
        world.post(ethFeed, "70")
        world.advance(by: Self.now - world.house.time.milliseconds)
        // The look itself is at the price that stands then; what follows needs one as new as that.
        world.run(.updateDeleveraging(ethPerp, isLong: false), by: carol)
        let close = Command.deleverage(account: short, market: ethPerp, size: units("1000"))
        let look = Command.updateDeleveraging(ethPerp, isLong: false)
        #expect(world.attempt(close, by: carol)?.code == code)
        #expect(world.attempt(look, by: carol)?.code == code)
    }

    /// Checks of a request, of a batch and of answers stand where those are; as guards of a price they are refused.
    @Test func theRulesOfWhatTheLawCannotHoldAreRefused() {
        for rule in [
            OracleGuard.noneOlderThanRequest, .newestNotOlderThanRequest,
            .requestExpiration(seconds(300)), .maximumBatchSpread(seconds(60)),
            .maximumLead(seconds(60), .inclusive),
            .clamp(minimum: Price(raw: 1), maximum: Price(raw: 2)),
        ] {
            var parameters = plainParameters()
            parameters.guards = check(rule)
            #expect(
                ClearingHouse.problems(in: parameters)
                    == ["guard 0: the check is not one of a price that is there"])
        }
    }
}
