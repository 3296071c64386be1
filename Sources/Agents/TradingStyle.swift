public import ExactMath

/// Which way a trader goes when it trades.
public enum TradingStyle: Hashable, Sendable {
    /// By the toss of a coin, as biased as the group's.
    case noise
    /// With the outside price, where it has moved by more than `threshold` over the window; else it does not trade.
    case momentum(window: TimeSpan, threshold: Ratio)
    /// Against it.
    case meanReversion(window: TimeSpan, threshold: Ratio)
    /// Short on the market and long as much outside, in its own books, while longs have paid `enter` or more per
    /// eight hours over the window; flat below `exit`. It begins flat.
    case basis(window: TimeSpan, enter: Ratio, exit: Ratio)
    /// Long while the outside price is above the protocol's by more than `edge`, short while it is as much below, and
    /// flat otherwise: whoever knows a price before the oracle does. It begins flat.
    case informed(edge: Ratio)
    /// On the side on which another group was on balance so long ago. It begins flat.
    case copy(group: String, delay: TimeSpan)

    /// Whether its members have no positions at the start.
    var startsFlat: Bool {
        switch self {
        case .noise, .momentum, .meanReversion: false
        case .basis, .copy, .informed: true
        }
    }

    /// How far back it looks; nil where it looks at nothing.
    var memory: TimeSpan? {
        switch self {
        case .noise, .informed: nil
        case .momentum(let window, _), .meanReversion(let window, _): window
        case .basis(let window, _, _): window
        case .copy(_, let delay): delay
        }
    }
}

/// What a trader wants to be in a market.
enum Stance: Hashable, Sendable {
    case long, short, flat

    /// Of somebody who knows the outside price and trades at the protocol's: exactly the edge is none.
    init(knowing outside: Price, against known: Price, edge: Ratio) {
        let gap = (outside - known).magnitude
        if product(gap.raw, scaleE8) <= product(known.raw, edge.raw) {
            self = .flat
        } else {
            self = outside > known ? .long : .short
        }
    }
}
