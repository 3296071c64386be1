import ExactMath
import MarginProtocol
import OrderBook
import Simulation

/// Walks a block's journal and turns each event into a row.
struct EventCursor {
    let journal: [Event]
    let liquidations: [LiquidationRecord]
    let block: Int64
    private(set) var events = 0
    private(set) var nextLiquidation = 0

    init(journal: [Event], liquidations: [LiquidationRecord], block: Int64) {
        self.journal = journal
        self.liquidations = liquidations
        self.block = block
    }

    mutating func emit(
        _ index: Int, at place: Place, json: inout JSONText, into sink: some RowSink
    ) throws(AuditError) {
        events += 1
        switch journal[index] {
        case .balanceChanged(let change): write(change, place, sink)
        case .positionChanged(let change): write(change, place, sink)
        case .filled(let fill): write(fill, place, sink)
        case .pricePosted(let feed, let report):
            sink.begin(.oraclePrice, place)
            sink.id(feed)
            sink.integer(report.round)
            sink.exact(report.price)
            sink.exact(report.confidence)
            sink.time(report.observedAt)
            sink.time(report.publishedAt)
        case .orderPlaced(let market, let order): write(order, change: 1, market, place, sink)
        case .orderCancelled(let market, let order): write(order, change: 2, market, place, sink)
        case .liquidated(let step):
            precondition(nextLiquidation < liquidations.count, "a liquidation has its record")
            let record = liquidations[nextLiquidation]
            precondition(record.step == step, "liquidations stand in the journal's order")
            nextLiquidation += 1
            write(record, place, sink)
        case .lossCovered(let cover):
            sink.begin(.lossCover, place)
            sink.id(cover.account)
            sink.code(cover.layer.rawValue)
            sink.id(cover.payer)
            sink.id(cover.asset)
            sink.exact(cover.amount)
        case .auctionChanged(let change): write(change, place, sink)
        case .requestChanged(let change): write(change, place, sink)
        case .poolDeleveraged(let step):
            sink.begin(.poolDeleveraging, place)
            sink.code(step.kind.rawValue)
            sink.id(step.market)
            sink.flag(step.isLong)
            sink.id(step.account)
            sink.exact(step.size)
            sink.integer(step.price?.raw)
            sink.exact(step.realized)
            sink.integer(split(step.before).0)
            sink.integer(split(step.after).0)
        case .impactChanged(let change):
            sink.begin(.impactChange, place)
            sink.id(change.account)
            sink.id(change.market)
            sink.exact(change.pendingBefore)
            sink.exact(change.pendingAfter)
            sink.exact(change.settled)
            sink.exact(change.held)
            sink.exact(change.poolChange)
        case .poolSharesChanged(let change):
            sink.begin(.poolShareChange, place)
            sink.id(change.account)
            sink.exact(change.shares)
            sink.exact(change.supplyAfter)
            sink.exact(change.poolValue)
            sink.exact(change.value)
            sink.exact(change.fee)
        case .spotOrderChanged(let change):
            sink.begin(.spotOrderChange, place)
            sink.code(change.kind.rawValue)
            sink.id(change.market)
            sink.integer(change.order.id.raw)
            sink.integer(Int64(change.order.owner))
            sink.code(change.order.side.rawValue)
            sink.exact(change.order.price)
            sink.exact(change.order.remaining)
            sink.id(change.asset)
            sink.exact(change.reserved)
        case .spotFilled(let fill):
            sink.begin(.spotFill, place)
            sink.id(fill.market)
            sink.id(fill.base)
            sink.id(fill.quote)
            sink.id(fill.taker)
            sink.id(fill.maker)
            sink.integer(fill.makerOrder.raw)
            sink.exact(fill.size)
            sink.exact(fill.price)
            sink.exact(fill.cost)
            sink.exact(fill.takerFee)
            sink.exact(fill.makerFee)
            sink.exact(fill.released)
        case .accountOpened(let account, let owner, let role, let parent, let market):
            sink.begin(.account)
            sink.id(account)
            sink.integer(place.block)
            sink.integer(place.tx)
            sink.null()
            sink.code(role.rawValue)
            sink.id(owner)
            sink.id(parent)
            sink.id(market)
        case .fundingAccrued(let market, let index, let rate):
            let (whole, rest) = split(index)
            sink.begin(.funding, place)
            sink.id(market)
            sink.integer(whole)
            sink.integer(rest)
            sink.exact(rate)
        case .fundingSplit(let payment):
            let (whole, rest) = split(payment.shortIndex)
            sink.begin(.fundingSplit, place)
            sink.id(payment.market)
            sink.integer(whole)
            sink.integer(rest)
            sink.exact(payment.poolReceived)
            sink.exact(payment.feesLeft)
        case .markTaken(let change):
            sink.begin(.markPrice, place)
            sink.id(change.market)
            sink.exact(change.mark)
            sink.exact(change.index)
            sink.integer(change.bestBid?.raw)
            sink.integer(change.bestAsk?.raw)
            sink.integer(change.lastTrade?.raw)
        case .delegateSet(let account, let delegate, let allowed):
            json.removeAll()
            json.object {
                $0.member("account", account)
                $0.member("delegate", delegate)
                $0.member("allowed", allowed)
            }
            sink.begin(.governance, place)
            sink.integer(Int64(3))
            sink.id(account)
            sink.id(delegate)
            sink.flag(allowed)
            sink.text(json)
        case .accountConfigured(let account, let setting):
            json.removeAll()
            json.object {
                $0.member("account", account)
                $0.write(setting)
            }
            sink.begin(.governance, place)
            sink.integer(Int64(4))
            sink.id(account)
            sink.null()
            sink.null()
            sink.text(json)
        case .liquidationBegan(let account), .liquidationEnded(let account):
            let isBegun = journal[index] == .liquidationBegan(account)
            json.removeAll()
            json.object { $0.member("account", account) }
            sink.begin(.governance, place)
            sink.integer(Int64(isBegun ? 60 : 61))
            sink.id(account)
            sink.null()
            sink.flag(!isBegun)
            sink.text(json)
        case .paused(let actions):
            json.removeAll()
            json.object { $0.write(actions) }
            writeGovernance(1, json, place, sink)
        case .uptimeReported(let isUp):
            json.removeAll()
            json.object { $0.member("is_up", isUp) }
            writeGovernance(30, json, place, sink)
        case .marketWoundUp(let market, let stage, let price):
            json.removeAll()
            json.object { $0.windingUp(market, stage, price) }
            writeGovernance(80, json, place, sink)
        case .parameterChanged(let change):
            json.removeAll()
            json.object { $0.write(change) }
            writeGovernance(2, json, place, sink)
        }
        try sink.end()
    }

    @inline(__always)
    private func write(_ change: BalanceChange, _ place: Place, _ sink: some RowSink) {
        sink.begin(.balanceChange, place)
        sink.id(change.account)
        sink.id(change.asset)
        sink.exact(change.delta)
        sink.exact(change.after)
        sink.code(change.reason.rawValue)
    }

    @inline(__always)
    private func write(_ change: PositionChange, _ place: Place, _ sink: some RowSink) {
        sink.begin(.positionChange, place)
        sink.id(change.account)
        sink.id(change.market)
        sink.exact(change.sizeBefore)
        sink.exact(change.sizeAfter)
        sink.exact(change.costBefore)
        sink.exact(change.costAfter)
        sink.exact(change.price)
        sink.exact(change.realized)
        sink.exact(change.funding)
        sink.code(change.reason.rawValue)
    }

    @inline(__always)
    private func write(_ fill: Fill, _ place: Place, _ sink: some RowSink) {
        sink.begin(.fill, place)
        sink.id(fill.market)
        sink.id(fill.taker)
        sink.id(fill.maker)
        sink.integer(fill.makerOrder?.raw)
        sink.exact(fill.size)
        sink.exact(fill.price)
        sink.exact(fill.takerFee)
        sink.exact(fill.makerFee)
    }

    private func write(
        _ order: Order, change: Int64, _ market: MarketID, _ place: Place, _ sink: some RowSink
    ) {
        sink.begin(.orderChange, place)
        sink.integer(change)
        sink.id(market)
        sink.integer(order.id.raw)
        sink.integer(Int64(order.owner))
        sink.code(order.side.rawValue)
        sink.exact(order.price)
        sink.exact(order.remaining)
        sink.flag(order.reduceOnly)
    }

    private func write(_ record: LiquidationRecord, _ place: Place, _ sink: some RowSink) {
        let step = record.step
        sink.begin(.liquidation, place)
        sink.id(step.account)
        sink.id(step.payer)
        sink.code(step.kind.rawValue)
        sink.id(step.market)
        sink.id(step.seizedAsset)
        sink.id(step.repaidAsset)
        sink.exact(step.size)
        sink.exact(step.repaid)
        sink.exact(step.price)
        sink.integer(step.priceAge.milliseconds)
        sink.exact(record.referencePrice)
        sink.health(step.healthBefore)
        sink.health(step.healthAfter)
        sink.health(record.trueHealthBefore)
        sink.exact(step.penalty)
        sink.exact(step.toLiquidator)
        sink.exact(step.toInsurance)
        sink.exact(step.deficit)
        sink.time(record.liquidatableSince)
        sink.time(record.trulyLiquidatableSince)
        sink.flag(record.wrongful)
        sink.flag(record.late)
    }

    private func write(_ change: AuctionChange, _ place: Place, _ sink: some RowSink) {
        sink.begin(.auctionEvent, place)
        sink.id(change.auction)
        sink.code(change.kind.rawValue)
        sink.id(change.account)
        sink.id(change.actor)
        sink.id(change.asset)
        sink.exact(change.price)
        sink.exact(change.bought)
        sink.exact(change.paid)
        sink.exact(change.returned)
        sink.exact(change.uncovered)
        sink.exact(change.reward)
        sink.exact(change.lot)
        sink.exact(change.principal)
        sink.exact(change.debt)
        sink.exact(change.bid)
        sink.exact(change.oraclePrice)
        sink.flag(change.isOver)
    }

    private func write(_ change: RequestChange, _ place: Place, _ sink: some RowSink) {
        sink.begin(.tradeRequest, place)
        sink.id(change.id)
        sink.code(change.fate.rawValue)
        sink.id(change.request.account)
        sink.id(change.request.market)
        sink.code(change.request.kind.rawValue)
        sink.exact(change.request.size)
        sink.integer(change.request.limit?.raw)
        sink.flag(change.request.reduceOnly)
        sink.time(change.request.createdAt)
        sink.id(change.keeper)
        sink.exact(change.fee)
        sink.integer(change.price?.raw)
        sink.integer(change.oraclePrice?.raw)
        sink.time(change.observedAt)
        sink.integer(change.delay.milliseconds)
        sink.integer(change.reason?.code)
    }

    private func writeGovernance(
        _ kind: Int64, _ payload: JSONText, _ place: Place, _ sink: some RowSink
    ) {
        sink.begin(.governance, place)
        sink.integer(kind)
        sink.null()
        sink.null()
        sink.null()
        sink.text(payload)
    }

    /// A number with 18 decimals as one with 8, rounded down, and what that leaves out. [1e-8, 1e-18]
    private func split(_ value: Fixed18) -> (Int64, Int64) {
        let unit: Int128 = 10_000_000_000
        var (whole, rest) = value.raw.quotientAndRemainder(dividingBy: unit)
        if rest < 0 {
            whole -= 1
            rest += unit
        }
        return (Int64(whole), Int64(rest))
    }
}
