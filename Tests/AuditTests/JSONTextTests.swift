import ExactMath
import Foundation
import MarginProtocol
import MarginRules
import OrderBook
import Testing

@testable import Audit

@Suite struct JSONTextTests {
    private func text(_ write: (inout JSONText) -> Void) -> String {
        var json = JSONText()
        write(&json)
        return String(decoding: json.bytes, as: UTF8.self)
    }

    static let account = AccountID(4)
    static let market = MarketID(1)

    @Test(arguments: [
        (
            Command.deposit(
                from: AccountID(1), to: AccountID(2), asset: AssetID(0), amount: Quantity(raw: -5)),
            #"{"from":1,"to":2,"asset":0,"amount_e8":-5}"#
        ),
        (.openAccount(parent: nil, isolated: nil), #"{"parent":null,"market":null}"#),
        (
            .setDelegate(account: account, delegate: Address(9), allowed: false),
            #"{"account":4,"delegate":9,"allowed":false}"#
        ),
        (
            .trade(
                account: account, market: market, size: Quantity(raw: .min),
                limit: Price(raw: .max),
                reduceOnly: true),
            #"{"account":4,"market":1,"size_e8":-9223372036854775808,"limit_e8":9223372036854775807,"#
                + #""reduce_only":true}"#
        ),
        (
            .placeOrder(
                account: account, market: market,
                order: OrderRequest(
                    side: .sell, size: Quantity(raw: 0), price: nil,
                    timeInForce: .immediateOrCancel)),
            #"{"account":4,"market":1,"side":"sell","size_e8":0,"price_e8":null,"#
                + #""time_in_force":"immediateOrCancel","reduce_only":false}"#
        ),
        (
            .liquidate(
                account: account, payer: AccountID(5), target: .position(market, atMost: nil)),
            #"{"account":4,"payer":5,"target":"position","market":1,"at_most_e8":null}"#
        ),
        (
            .liquidate(
                account: account, payer: AccountID(5),
                target: .collateral(seize: AssetID(1), repay: AssetID(0), atMost: nil)),
            #"{"account":4,"payer":5,"target":"collateral","seize":1,"repay":0,"at_most_e8":null}"#
        ),
        (
            .startAuction(account: account, asset: AssetID(1), keeper: AccountID(5)),
            #"{"account":4,"asset":1,"keeper":5}"#
        ),
        (
            .takeAuction(
                AuctionID(3), wallet: account, atMost: Quantity(raw: 7), maximumPrice: Price(raw: 8)
            ),
            #"{"auction":3,"wallet":4,"at_most_e8":7,"maximum_price_e8":8}"#
        ),
        (
            .bidAuction(
                AuctionID(3), wallet: account, lot: Quantity(raw: 7), bid: Quantity(raw: 8)),
            #"{"auction":3,"wallet":4,"lot_e8":7,"bid_e8":8}"#
        ),
        (.restartAuction(AuctionID(3), keeper: account), #"{"auction":3,"keeper":4}"#),
        (.settleAuction(AuctionID(3)), #"{"auction":3}"#),
        (.pause([.open, .post]), #"{"actions":["open","post"]}"#),
        (.pause([]), #"{"actions":[]}"#),
        (
            .settleOutside(
                wallet: account,
                changes: [
                    AssetChange(asset: AssetID(0), delta: Quantity(raw: 1)),
                    AssetChange(asset: AssetID(1), delta: Quantity(raw: -2)),
                ]),
            #"{"wallet":4,"changes":[{"asset":0,"delta_e8":1},{"asset":1,"delta_e8":-2}]}"#
        ),
        (
            .setParameter(
                .margin(market, MarginSchedule.flat(initial: .one, maintenance: .zero).brackets)),
            #"{"parameter":"margin","market":1,"brackets":[{"floor_e8":0,"#
                + #""initial_rate_e8":100000000,"maintenance_rate_e8":0}]}"#
        ),
    ])
    func commands(command: Command, expected: String) {
        #expect(text { $0.write(command) } == expected)
    }

    /// Everything that can be changed parses as JSON and says what it is.
    @Test(arguments: [
        ParameterChange.collateral(AssetID(0), .flat(.one)),
        .margin(market, MarginSchedule.flat(initial: .one, maintenance: .one).brackets),
        .openInterestCap(market, .zero),
        .liquidation(LiquidationPolicy()), .liquidation(LiquidationPolicy(size: .wholeAccount)),
        .liquidation(LiquidationPolicy(size: .wholePosition)),
        .liquidation(LiquidationPolicy(size: .targetHealth(.one))),
        .maxAge(FeedID(0), TimeSpan(seconds: 1)), .maxDeviation(FeedID(0), nil), .staleBlocks(.all),
        .guards([]), .liquidationGrace(AssetID(1), TimeSpan(seconds: 60)),
        .weights(AssetID(1), WeightChange(liability: .zero)),
        .weights(
            AssetID(1),
            WeightChange(
                collateral: .flat(.one), notice: TimeSpan(seconds: 1),
                duration: TimeSpan(seconds: 2), step: .basisPoint)),
    ])
    func parameterChanges(change: ParameterChange) throws {
        let json = text { $0.write(.setParameter(change)) }
        let object = try JSONSerialization.jsonObject(with: Data(json.utf8)) as? [String: Any]
        let name = try #require(object?["parameter"] as? String)
        #expect(String(describing: change).hasPrefix(name))
        #expect(try #require(object).count > 1)
    }

    /// Two policies or schedules that differ in one value do not read the same.
    @Test func nothingOfAChangeIsOmitted() {
        let ramp = LiquidationRamp(
            initialShare: .one, duration: TimeSpan(seconds: 60), smallShortage: .zero)
        let fee = InactivityFeeRamp(
            grace: .zero, interval: TimeSpan(seconds: 1), increase: .one, maximumMultiple: 2)
        var discounted = CollateralSchedule.flat(.one)
        discounted.sizeDiscount = .squareRoot(factor: .one)
        var scaled = CollateralSchedule.flat(.one)
        scaled.depositScale = Money(raw: 1)
        func policy(_ terms: ShortageTerms, _ ramp: LiquidationRamp?) -> ParameterChange {
            .liquidation(
                LiquidationPolicy(
                    size: .shortage(terms),
                    course: LiquidationCourse(end: .nothingLeft, ramp: ramp)))
        }
        func guarded(_ rule: OracleGuard, _ blocks: MarginProtocol.Actions) -> ParameterChange {
            .guards([PriceGuard(.check(rule, against: .previous), blocks: blocks)])
        }
        let changes = [
            policy(ShortageTerms(), nil), policy(ShortageTerms(), ramp),
            policy(ShortageTerms(feeRamp: fee), nil),
            .collateral(AssetID(0), .flat(.one)), .collateral(AssetID(0), discounted),
            .collateral(AssetID(0), scaled),
            .weights(AssetID(0), WeightChange(collateral: .flat(.one))),
            .weights(AssetID(0), WeightChange(liability: .one)),
            .weights(AssetID(0), WeightChange(liability: .one, notice: TimeSpan(seconds: 1))),
            .weights(AssetID(0), WeightChange(liability: .one, duration: TimeSpan(seconds: 1))),
            .weights(AssetID(0), WeightChange(liability: .one, step: .basisPoint)),
            guarded(.maximumDeviation(.one), .open), guarded(.maximumDeviation(.one), .withdraw),
            guarded(.anchorBand(tolerance: .one), .open),
            .guards([
                PriceGuard(
                    .check(.maximumDeviation(.one), against: .average(TimeSpan(seconds: 1))),
                    blocks: .open)
            ]),
            .guards([
                PriceGuard(
                    .check(.maximumDeviation(.one), against: .previous), blocks: .open,
                    feeds: [FeedID(1)])
            ]),
            .guards([
                PriceGuard(
                    .check(.maximumDeviation(.one), against: .previous), blocks: .open,
                    bypassBelow: .one)
            ]),
        ]
        let texts = changes.map { change in text { $0.write(.setParameter(change)) } }
        #expect(Set(texts).count == changes.count)
    }

    /// A rejection's values are those that its own description shows.
    @Test(arguments: RejectionSamples.all) func rejections(rejection: Rejection) throws {
        let json = text { $0.write(rejection) }
        let object = try JSONSerialization.jsonObject(with: Data(json.utf8)) as? [String: Any]
        let hasValues = String(describing: rejection).contains("(")
        #expect((object?.isEmpty == false) == hasValues)
    }
}
