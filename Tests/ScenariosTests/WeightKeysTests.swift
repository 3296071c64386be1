import ExactMath
import MarginProtocol
import MarginRules
import Scenarios
import Testing

/// Keys of weights that change with time, of old prices and of missing ones.
@Suite struct WeightKeysTests {
    private func asset(_ keys: String) throws -> AssetParameters {
        try load(small.replacing("collateral: 90%}", by: "collateral: 90%, \(keys)}"))
            .parameters.assets[1]
    }

    private let start = Timestamp(milliseconds: 1_704_067_200_000)

    @Test func weightsBeyondOne() throws {
        let asset = try asset(
            "liability_weight: 0, initial_liability_weight: 0.5, initial_collateral: {weight: 1.5}")
        #expect(asset.liabilityWeight == .zero)
        #expect(asset.initialLiabilityWeight == Ratio(percent: 50))
        #expect(asset.initialCollateral == .flat(Ratio(percent: 150)))
    }

    @Test func aRampFromTheBeginning() throws {
        let whole = try asset(
            "weight_ramp: {start: +10m, end: 00:50, collateral: {weight: 2}, liability_weight: 3, steps: basis_points}"
        )
        let own = WeightRamp.Weights(collateral: .flat(Ratio(percent: 90)), liability: .one)
        let span = ParameterRamp(
            start: start + TimeSpan(seconds: 600), end: start + TimeSpan(seconds: 3000))
        #expect(
            whole.weightRamp
                == WeightRamp(
                    span: span, from: own,
                    to: .init(collateral: .flat(Ratio(whole: 2)), liability: Ratio(whole: 3)),
                    step: .basisPoint))
        let part = try asset("weight_ramp: {start: +10m, end: 00:50, liability_weight: 0}")
        #expect(
            part.weightRamp
                == WeightRamp(
                    span: span, from: own,
                    to: .init(collateral: own.collateral, liability: .zero)))
        #expect(try asset("weight_ramp: none").weightRamp == nil)
    }

    @Test func governanceChangesWeights() throws {
        let scenario = try load(
            small.replacing(
                "agents:",
                by: "faults: [{at: +5m, timelock: 10m, set: {weights: {"
                    + "ETH: {collateral: 80%, liability_weight: 1.2, notice: 1m, over: 20m, steps: parts_per_million}, "
                    + "USDC: {liability_weight: 1.1}}}}]\nagents:"))
        #expect(
            scenario.governance.map(\.time)
                == Array(repeating: start + TimeSpan(seconds: 900), count: 2))
        #expect(
            scenario.governance.map(\.command) == [
                .setParameter(
                    .weights(
                        AssetID(1),
                        WeightChange(
                            collateral: .flat(Ratio(percent: 80)), liability: Ratio(percent: 120),
                            notice: TimeSpan(seconds: 60), duration: TimeSpan(seconds: 1200),
                            step: .partPerMillion))),
                .setParameter(.weights(AssetID(0), WeightChange(liability: Ratio(percent: 110)))),
            ])
    }

    @Test func oldAndMissingPrices() throws {
        func parameters(_ keys: String) throws -> ProtocolParameters {
            try load(
                small.replacing("{pool: $1M}", by: "{pool: $1M, oracle_guard: {\(keys)}}")
            ).parameters
        }
        let asking = try parameters("stale_margin: {after: 48s, ratio: 100%}")
        #expect(
            asking.staleMargin == StaleMargin(after: TimeSpan(seconds: 48), ratio: .one))
        #expect(asking.missingPrices == .refuse)
        let leaving = try parameters("stale_margin: none, missing_prices: leave_out_assets")
        #expect(leaving.missingPrices == .leaveOutAssets && leaving.staleMargin == nil)
        #expect(try parameters("missing_prices: refuse").missingPrices == .refuse)
    }

    @Test(arguments: [
        ("liability_weight: 10.1", "expected 0 to 10"),
        ("initial_collateral: {weight: 11}", "expected 0 to 10"),
        (
            "initial_collateral: {weight: 1, haircut: 1%}",
            "exactly one of haircut, weight and tiers"
        ),
        ("initial_collateral: {weight: 1, by: value}", "has a meaning only with tiers"),
        ("weight_ramp: {start: +1m, end: +2m}", "at least one of collateral and liability_weight"),
        (
            "weight_ramp: {start: +2m, end: +1m, liability_weight: 2}",
            "expected a time that is not before the start"
        ),
        ("weight_ramp: {start: +1m, end: +2m, liability_weight: -1}", "expected 0 to 10"),
        (
            "weight_ramp: {start: +1m, end: +2m, collateral: {tiers: [[0, 90%], [$1k, 1%]]}}",
            "a ramp keeps the tiers of the collateral"
        ),
        ("weight_ramp: {start: +1m, end: +2m, liability_weight: 2, steps: two}", "'exact'"),
    ])
    func problemsOfAnAsset(keys: String, message: String) {
        let found = problems(
            small.replacing("collateral: 90%}", by: "collateral: 90%, \(keys)}"))
        #expect(found.count == 1 && found[0].contains(message), "\(found)")
    }

    @Test(arguments: [
        ("{ETH: {over: 5m}}", "at least one of collateral and liability_weight"),
        ("{ETH: {collateral: 50%, over: 366d}}", "expected 0s to 365d"),
        ("{BTC: {collateral: 50%}}", "BTC"),
    ])
    func problemsOfAChange(weights: String, message: String) {
        let found = problems(
            small.replacing(
                "agents:", by: "faults: [{at: +5m, set: {weights: \(weights)}}]\nagents:"))
        #expect(found.count == 1 && found[0].contains(message), "\(found)")
    }

    @Test(arguments: [
        ("stale_margin: {after: 48s}", "missing key 'ratio'"),
        ("stale_margin: {after: 0s, ratio: 1%}", "more than 0s"),
        ("stale_margin: {after: 1s, ratio: 1001%}", "0% to 1000%"),
        ("missing_prices: skip", "'refuse' or 'leave_out_assets'"),
    ])
    func problemsOfAGuard(keys: String, message: String) {
        let found = problems(
            small.replacing("{pool: $1M}", by: "{pool: $1M, oracle_guard: {\(keys)}}"))
        #expect(found.count == 1 && found[0].contains(message), "\(found)")
    }
}
