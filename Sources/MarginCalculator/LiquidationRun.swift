public import ExactMath
public import MarginProtocol
import Scenarios

/// A whole liquidation, step by step, at prices that stay as they are.
public struct LiquidationRun: Sendable {
    public struct Row: Sendable {
        /// From the first step. [ms]
        public var elapsed: TimeSpan
        public var step: LiquidationStep
        /// Maintenance health before the step and after it.
        public var before: Health
        public var after: Health
        /// Who paid what of a deficit.
        public var covers: [LossCover]
    }
    public var rows: [Row] = []
    /// Why it ended: the account is healthy, or the law refuses a further step.
    public var ending: String
    /// The account as it is at the end.
    public var account: CalculatedAccount

    /// So many steps are run at most; a tenth at a time takes a hundred to come down to dust.
    public static let maximumSteps = 1000

    /// - Parameters:
    ///   - account: the account of a file.
    ///   - id: the account in it to liquidate; nil for what is in cross mode.
    ///   - pause: how long a step comes after the one before it.
    public init(_ account: CalculatedAccount, of id: AccountID? = nil, pause: TimeSpan) {
        var state = account
        let id = id ?? account.cross
        let start = account.file.time
        ending = "\(Self.maximumSteps) steps were not enough"
        var journal: [Event] = []
        while rows.count < Self.maximumSteps {
            let before = state.house.health(of: id, .maintenance)
            guard state.house.isLiquidatable(id, at: state.house.prices) else {
                let facts = state.house.account(id)
                ending =
                    rows.isEmpty
                    ? "the account is healthy"
                    : facts.markets == 0 && facts.assets == 0
                        ? "nothing is left" : "the account is healthy again"
                break
            }
            guard let step = LiquidationStep(state, id) else {
                ending = "no further step is possible"
                break
            }
            let events: [Event]
            do throws(Rejection) { events = try state.step(id) } catch {
                ending = "the protocol refuses a further step: \(error.name)"
                break
            }
            rows.append(Row(step, before, events, of: id, in: state, since: start))
            for sale in state.sellOpenAuctions() {
                rows.append(
                    Row(sale.step, before, sale.events, of: id, in: sale.after, since: start))
            }
            state.house.advance(to: state.house.time + pause, into: &journal)
        }
        self.account = state
    }
}

extension LiquidationRun.Row {
    fileprivate init(
        _ step: LiquidationStep, _ before: Health, _ events: [Event], of id: AccountID,
        in state: CalculatedAccount, since start: Timestamp
    ) {
        self.init(
            elapsed: state.house.time - start, step: step, before: before,
            after: state.house.health(of: id, .maintenance),
            covers: events.compactMap {
                if case .lossCovered(let cover) = $0 { cover } else { nil }
            })
    }
}
