import ExactMath
import SeededRandom

/// A price process under way.
enum ProcessState: Sendable {
    case constant(Price)
    case path(PathState)
    case bars(BarsState)
    case geometricBrownian(GeometricBrownianState)
    case meanReverting(MeanRevertingState)

    init(_ process: PriceProcess, jumpDraws: @autoclosure () -> RandomStream) {
        self =
            switch process {
            case .constant(let price): .constant(price)
            case .path(let points, let between): .path(PathState(points, between))
            case .bars(let bars, let interval): .bars(BarsState(bars, interval: interval))
            case .geometricBrownian(let law):
                .geometricBrownian(GeometricBrownianState(law, jumpDraws: jumpDraws()))
            case .meanReverting(let law): .meanReverting(MeanRevertingState(law))
            }
    }

    /// The price at the first moment; a bridge that begins between two points draws its place
    /// there.
    mutating func begin(at time: Timestamp, draws: inout RandomStream?) -> Price {
        switch self {
        case .constant(let price): return price
        case .geometricBrownian(let state): return state.law.start
        case .meanReverting(let state): return state.law.start
        case .bars: return advance(from: time, to: time, normal: .zero)
        case .path(let state):
            let normal = state.isBetweenPoints(time) ? draws?.normal() : nil
            return advance(from: time, to: time, normal: normal ?? .zero)
        }
    }

    /// Moves on and returns the price; `normal` is the standard normal draw of this step.
    mutating func advance(from: Timestamp, to time: Timestamp, normal: Fixed18) -> Price {
        switch self {
        case .constant(let price): return price
        case .path(var state):
            let price = state.advance(from: from, to: time, normal: normal)
            self = .path(state)
            return price
        case .bars(var state):
            let price = state.advance(to: time)
            self = .bars(state)
            return price
        case .geometricBrownian(var state):
            let price = state.advance(by: time - from, normal: normal)
            self = .geometricBrownian(state)
            return price
        case .meanReverting(var state):
            let price = state.advance(by: time - from, normal: normal)
            self = .meanReverting(state)
            return price
        }
    }
}
