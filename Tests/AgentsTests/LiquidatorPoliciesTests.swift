import Chain
import ExactMath
import MarginProtocol
import Markets
import SeededRandom
import Testing

@testable import Agents

@Suite struct LiquidatorPoliciesTests {
    // MARK: Fees

    @Test func anEscalatingBidIsRaisedUpToItsCap() throws {
        let fee = EscalatingFee(
            start: .one, factor: Ratio(percent: 150), every: 2, cap: 20_000_000_000)
        var hunt = try Hunt(fee: .escalating(fee))
        _ = try hunt.borrower()
        #expect(hunt.decideAndAdmit().map(\.maxFee) == [10_000_000_000])
        hunt.world.pass()
        #expect(hunt.requests() == [])
        hunt.world.pass()
        let second = hunt.decideAndAdmit()
        #expect(second.map(\.maxFee) == [15_000_000_000])
        #expect(second.map(\.nonce) == [0])
        hunt.world.pass(2)
        #expect(hunt.decideAndAdmit().map(\.maxFee) == [20_000_000_000])
        hunt.world.pass(2)
        #expect(hunt.decideAndAdmit() == [])
    }

    @Test func aLearnedShareIsBidAndItsFateIsLearned() throws {
        let fee = LearningFee(
            shares: [Ratio(percent: 20), Ratio(percent: 60)], exploration: .zero)
        var hunt = try Hunt(fee: .learning(fee))
        _ = try hunt.borrower()
        // 20 % of $425 over 340,000 gas at $2,000: 125 gwei.
        let first = hunt.decideAndAdmit()
        try #require(first.map(\.maxFee) == [125_000_000_000])
        for _ in 0..<2 {
            hunt.agent.bandit?.learn(0, won: false)
        }
        hunt.agent.learn(outcome(first[0], .rejected(.accountHealthy(surplus: .zero))))
        #expect(hunt.agent.bandit?.arms.map(\.plays) == [3, 0])
        // 1/5 · 80 % < 1/2 · 40 %: now 60 %, 375 gwei.
        let second = hunt.decideAndAdmit()
        try #require(second.map(\.maxFee) == [375_000_000_000])
        hunt.agent.learn(outcome(second[0], .applied))
        #expect(hunt.agent.bandit?.arms.map(\.wins) == [0, 1])
    }

    // MARK: Timing

    @Test func standsOneWeiBehindTheReport() throws {
        var hunt = try Hunt(timing: .mempool)
        #expect(hunt.agent.watchesMempool)
        let account = try hunt.borrower()
        hunt.world.awaited = AwaitedReport(
            feed: ethFeed,
            report: PriceReport(
                round: 9, price: Price(whole: 2000), observedAt: start, publishedAt: start),
            price: 60_000_000_000)
        hunt.world.bids = [
            PendingBid(sender: Address(8), account: account, price: 1),
            PendingBid(sender: Address(5), account: account, price: 1),
            PendingBid(sender: Address(9), account: usdcHolder, price: 1),
        ]
        let actions = hunt.agent.watch(hunt.world.view)
        #expect(actions.requests.map(\.maxFee) == [59_999_999_999])
        let decision = try #require(actions.decisions.first)
        #expect(decision.trigger == .report)
        #expect(decision.account == account)
        #expect(decision.rivals == 1)
        #expect(decision.bid == 59_999_999_999)
        // $425 less 340,000 gas at 59.999999999 gwei and $2,000, rounded up.
        #expect(decision.expectedProfit == Money(raw: 38_420_000_000))
        #expect(decision.health == hunt.world.house.health(of: account, .maintenance))
    }

    @Test(arguments: [(20, 20_000_000_000), (60, 59_999_999_999), (80, 59_999_999_999)])
    func bidsNoMoreThanItsFixedFeeBehindAReport(gwei: Int64, bid: Int64) throws {
        var hunt = try Hunt(fee: .fixed(gwei * 1_000_000_000), timing: .mempool)
        _ = try hunt.borrower()
        hunt.world.awaited = AwaitedReport(
            feed: ethFeed,
            report: PriceReport(
                round: 9, price: Price(whole: 2000), observedAt: start, publishedAt: start),
            price: 60_000_000_000)
        #expect(hunt.agent.watch(hunt.world.view).requests.map(\.maxFee) == [bid])
    }

    @Test func aReportThatPaysLessThanTheBaseFeeHelpsNobody() throws {
        var hunt = try Hunt(timing: .mempool)
        _ = try hunt.borrower()
        hunt.world.awaited = AwaitedReport(
            feed: ethFeed,
            report: PriceReport(
                round: 9, price: Price(whole: 2000), observedAt: start, publishedAt: start),
            price: hunt.world.baseFee)
        #expect(hunt.agent.watch(hunt.world.view).requests == [])
    }

    private let usdcHolder = AccountID(0)

    // MARK: Financing

    @Test func aCreditLineIsDrawnForWhatIsMissingAndPaidBackWithInterest() throws {
        var hunt = try Hunt(
            capital: 3_000,
            financing: .credit(line: Money(whole: 10_000), yearlyRate: Ratio(percent: 365)))
        _ = try hunt.borrower()
        let actions = hunt.agent.decide(hunt.world.view)
        #expect(actions.requests.count == 1)
        #expect(
            actions.loans == [
                Loan(
                    agent: Address(5), wallet: hunt.agent.wallet,
                    principal: Quantity(whole: 5_500))
            ])
        #expect(hunt.agent.committed(usdc) == Quantity(whole: 8_500))
        // It was not included; a day later all goes back, with 1 % of interest, 1/365 of 365 %.
        hunt.world.house.mint(
            Quantity(whole: 5_500), of: usdc, to: hunt.agent.wallet, into: &hunt.world.journal)
        hunt.agent.learn(outcome(try #require(actions.requests.first), .dropped(.expired)))
        hunt.world.pass(7200)
        hunt.world.goingPrice = .max
        #expect(
            hunt.agent.decide(hunt.world.view).loans == [
                Loan(
                    agent: Address(5), wallet: hunt.agent.wallet,
                    principal: Quantity(whole: -5_500), interest: Quantity(whole: 55))
            ])
        #expect(hunt.agent.credit.principal == .zero)
        #expect(hunt.agent.credit.interest == .zero)
    }

    @Test func noMoreIsDrawnThanTheLine() throws {
        var hunt = try Hunt(
            capital: 3_000, financing: .credit(line: Money(whole: 1_000), yearlyRate: .zero))
        _ = try hunt.borrower()
        let actions = hunt.agent.decide(hunt.world.view)
        #expect(actions.loans.map(\.principal) == [Quantity(whole: 1_000)])
        #expect(hunt.agent.committed(usdc) == Quantity(whole: 4_000))
    }

    @Test(arguments: [(Int64(0), true), (5, true), (6, false)])
    func aFlashLoanCostsItsFeeAndNeedsNoCapital(fee percent: Int64, acts: Bool) throws {
        // The reward is $425, gas $6.80; 5 % of $8,500 is $425 again, so it pays only without gas.
        var hunt = try Hunt(
            capital: 0, minimumProfit: Money(raw: -680_000_000),
            financing: .flash(fee: Ratio(percent: percent), depth: Money(whole: 50_000)))
        _ = try hunt.borrower()
        let requests = hunt.requests()
        #expect(requests.isEmpty != acts)
        #expect(requests.allSatisfy { $0.flash == FlashLoan(fee: Ratio(percent: percent)) })
        #expect(hunt.agent.committed(usdc) == .zero)
    }

    @Test func theLendersDepthBoundsTheLoan() throws {
        var hunt = try Hunt(
            capital: 0, financing: .flash(fee: .zero, depth: Money(whole: 2_000)))
        let account = try hunt.borrower()
        #expect(
            hunt.requests().map(\.command) == [
                .liquidate(
                    account: account, payer: hunt.agent.wallet,
                    target: .collateral(seize: eth, repay: usdc, atMost: Quantity(whole: 2_000)))
            ])
    }

    // MARK: Sizing

    @Test func aPartIsTakenOfWhatIsAllowed() throws {
        var hunt = try Hunt(sizing: .partial(Ratio(percent: 40)))
        let account = try hunt.borrower()
        #expect(
            hunt.requests().map(\.command) == [
                .liquidate(
                    account: account, payer: hunt.agent.wallet,
                    target: .collateral(seize: eth, repay: usdc, atMost: Quantity(whole: 3_400)))
            ])
    }

    /// Qin et al., IMC 2021: C 120, D 98, threshold 0.8, bonus 10 %, close factor 0.5; r* = 16.667, and both
    /// steps together repay 57.333 in place of 49.
    @Test func twoStepsTakeMoreThanOne() throws {
        let policy = LiquidationPolicy(collateralBonus: Ratio(percent: 10))
        var hunt = try Hunt(parameters(liquidation: policy), sizing: .twoStep)
        let account = try hunt.borrower(eth: 60, debt: 98_000)
        let requests = hunt.decideAndAdmit()
        #expect(requests.count == 2)
        for request in requests { try hunt.world.run(request.command, from: Address(5)) }
        let repaid = Quantity(whole: 98_000) + hunt.world.house.balance(account, usdc)
        // A hundredth of a per cent less than 57,333.33 for the first step's margin of safety.
        #expect(repaid > Quantity(whole: 57_330) && repaid < Quantity(whole: 57_334))
        // Where the protocol allows one step a block, the second is in vain.
        var limited = policy
        limited.oncePerBlock = true
        var second = try Hunt(parameters(liquidation: limited), sizing: .twoStep)
        _ = try second.borrower(eth: 60, debt: 98_000)
        let both = second.decideAndAdmit()
        try #require(both.count == 2)
        try second.world.run(both[0].command, from: Address(5))
        #expect(throws: Rejection.self) { try second.world.run(both[1].command, from: Address(5)) }
    }

    // MARK: Inventory

    @Test func stockIsSoldInEqualSlices() throws {
        var hunt = try Hunt(inventory: .work(slices: 4, every: 3))
        hunt.world.house.mint(
            Quantity(whole: 8), of: eth, to: hunt.agent.wallet, into: &hunt.world.journal)
        var sold: [Int64: Quantity] = [:]
        for _ in 0..<12 {
            for order in hunt.agent.unwind(hunt.world.view) {
                sold[hunt.world.block] = order.quantity
                try hunt.world.run(
                    .settleOutside(
                        wallet: hunt.agent.wallet,
                        changes: [AssetChange(asset: eth, delta: order.quantity)]), from: .system)
            }
            hunt.world.pass()
        }
        let each = Quantity(whole: -2)
        #expect(sold == [1: each, 4: each, 7: each, 10: each])
        #expect(hunt.world.house.balance(hunt.agent.wallet, eth) == .zero)
        #expect(hunt.agent.schedules.isEmpty)
    }

    @Test func stockIsHedgedUntilItIsSold() throws {
        var hunt = try Hunt(inventory: .hedge(slices: 2, every: 5))
        let margin = try #require(hunt.agent.marginAccount)
        hunt.world.house.mint(
            Quantity(whole: 8), of: eth, to: hunt.agent.wallet, into: &hunt.world.journal)
        func trade(_ size: Int64, reduceOnly: Bool) -> Command {
            .trade(
                account: margin, market: ethPerp, size: Quantity(whole: size), limit: nil,
                reduceOnly: reduceOnly)
        }
        let opened = hunt.decideAndAdmit()
        try #require(opened.map(\.command) == [trade(-8, reduceOnly: false)])
        // Not again while that is on its way.
        #expect(hunt.requests() == [])
        try hunt.world.run(opened[0].command, from: Address(5))
        hunt.agent.learn(outcome(opened[0], .applied))
        #expect(hunt.requests() == [])
        try hunt.world.run(
            .settleOutside(
                wallet: hunt.agent.wallet,
                changes: [AssetChange(asset: eth, delta: Quantity(whole: -4))]), from: .system)
        #expect(hunt.decideAndAdmit().map(\.command) == [trade(4, reduceOnly: true)])
    }

    // MARK: Failures

    @Test func aCrashedLiquidatorDoesNothing() throws {
        var hunt = try Hunt(
            failures: .init(
                meanUptime: TimeSpan(seconds: 600), meanRepair: TimeSpan(seconds: 600)))
        _ = try hunt.borrower()
        var up = 0
        let looks = 4000
        for _ in 0..<looks {
            for request in hunt.requests() {
                up += 1
                hunt.agent.learn(outcome(request, .dropped(.expired)))
            }
            hunt.world.pass()
        }
        // 80 periods of ten minutes: half of the time, ± 5 % or so.
        #expect((1400...2600).contains(up), "\(up) of \(looks)")
        #expect(up < looks)
    }

    @Test func mistakesGoOutWrong() throws {
        var stuck = try Hunt(failures: .init(stuckNonce: .one))
        _ = try stuck.borrower()
        let slow = stuck.requests()
        #expect(slow.map(\.maxFee) == [5_000_000_000])
        #expect(slow.map(\.gasLimit) == [nil])
        var wrong = try Hunt(failures: .init(wrongGas: .one))
        _ = try wrong.borrower()
        let refused = wrong.requests()
        #expect(refused.map(\.maxFee) == [10_000_000_000])
        #expect(refused.map(\.gasLimit) == [170_000])
    }
}
