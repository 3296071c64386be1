public import ExactMath

/// How the price moves with the net value traded.
public enum ImpactLaw: Sendable, Hashable, CaseIterable {
    /// `move = depthMove · √(value/depth)`: the square-root law of market impact
    /// (Tóth et al. 2011, "Anomalous price impact and the critical nature of liquidity").
    case squareRoot
    /// `move = depthMove · value/depth`: a book of constant density (Kyle 1985).
    case linear
    /// Two reserves whose product stays what it is: buying a share `u` of one, negative for a sale, moves the price by
    /// `1 / (1 − u)² − 1`, where `depth` is what each reserve is worth; source: Adams, Zinsmeister, Robinson, "Uniswap v2
    /// Core" (2020).
    case constantProduct
}

/// The depth of an outside market, and how it refills.
///
/// The market remembers two signed volumes, negative where more was sold than bought: a
/// *persistent* one that never decays, and an *outstanding* one that does. Both grow by the value
/// of a trade at the exogenous price. The price stands at
/// `exogenous · (1 + permanentShare·move(persistent) + (1 − permanentShare)·move(outstanding))`,
/// which is the product `(1 + permanent)·(1 + temporary)` when the temporary part is taken relative
/// to the price after the permanent one.
///
/// A trade pays the integral of that price over its own volume, so trades at one moment cost the
/// same in one piece as in many (rounding and ticks apart, which go against the trader), and buying
/// back what was sold restores the price. From rest, the average slippage is two thirds of the
/// final move under the square-root law and one half under the linear law. Recovery acts on the
/// outstanding volume, as in the limit-order-book model of Alfonsi, Fruth and Schied (2010), in
/// which no round trip is profitable. The impact halves with each half-life; under the constant-product law the volume does,
/// and the whole reserve cannot be bought.
public struct Liquidity: Sendable, Hashable {
    public var law: ImpactLaw
    /// Selling this much from rest moves the price by `depthMove`; under the constant-product law, what each reserve is
    /// worth at rest. Greater than zero. [1e-8 USD]
    public var depth: Money
    /// The relative move at `depth`, e.g. 2 %; greater than 0, at most 95 %; without a meaning under the constant-product
    /// law. [1e-8]
    public var depthMove: Ratio
    /// The part of an impact that never recovers, 0 to 1. [1e-8]
    public var permanentShare: Ratio
    /// The half-life of the temporary part of the impact, zero or more; zero forgets at the next
    /// moment.
    public var recovery: TimeSpan
    /// Half the spread, which every trade pays on its value; 0 up to but not including 1. [1e-8]
    public var spread: Ratio

    public init(
        law: ImpactLaw, depth: Money, depthMove: Ratio, permanentShare: Ratio = .zero,
        recovery: TimeSpan, spread: Ratio = .zero
    ) {
        self.law = law
        self.depth = depth
        self.depthMove = depthMove
        self.permanentShare = permanentShare
        self.recovery = recovery
        self.spread = spread
    }
}

extension Liquidity {
    /// The deepest total impact that a sale may leave behind: −95 %.
    public static var deepestImpact: Ratio { Ratio(percent: -95) }

    /// The relative move of the price at a signed volume, rounded towards zero. [1e-18]
    func move(at volume: Fixed18) throws(ArithmeticOverflow) -> Fixed18 {
        if law == .constantProduct {
            let rounding: Rounding = volume.raw < 0 ? .up : .down
            let ratio = try Fixed18.one.divided(by: try reserveLeft(at: volume), rounding: rounding)
            return try ratio.multiplied(by: ratio, rounding: rounding) - .one
        }
        let size = volume.raw < 0 ? -volume : volume
        let depths = try size.divided(by: Fixed18(depth), rounding: .down)
        let shape =
            switch law {
            case .squareRoot: squareRoot(depths)
            case .linear, .constantProduct: depths
            }
        let move = try shape.multiplied(by: Fixed18(depthMove), rounding: .down)
        return volume.raw < 0 ? -move : move
    }

    /// The integral of ``move(at:)`` from zero to a signed volume: never negative. [1e-18 USD]
    func integral(to volume: Fixed18) throws(ArithmeticOverflow) -> Fixed18 {
        if law == .constantProduct {
            let left = try reserveLeft(at: volume)
            return try volume.multiplied(by: .one - left, rounding: .down)
                .divided(by: left, rounding: .down)
        }
        let swept = try volume.multiplied(by: try move(at: volume), rounding: .down)
        return switch law {
        case .squareRoot: Fixed18(raw: swept.raw / 3 * 2 + swept.raw % 3 * 2 / 3)
        case .linear, .constantProduct: Fixed18(raw: swept.raw / 2)
        }
    }

    /// What is left of the reserve that is bought, as a share of what it was: more than one after sales. [1e-18]
    private func reserveLeft(at volume: Fixed18) throws(ArithmeticOverflow) -> Fixed18 {
        let left = .one - (try volume.divided(by: Fixed18(depth), rounding: .nearest))
        guard left > .zero else { throw ArithmeticOverflow() }
        return left
    }

    /// `permanentShare · persistent + (1 − permanentShare) · outstanding`, rounded down.
    func blend(_ persistent: Fixed18, _ outstanding: Fixed18)
        throws(ArithmeticOverflow) -> Fixed18
    {
        let lasting = try persistent.multiplied(by: Fixed18(permanentShare), rounding: .down)
        let passing = try outstanding.multiplied(
            by: Fixed18(.one - permanentShare), rounding: .down)
        return lasting + passing
    }
}
