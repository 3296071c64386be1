public import ExactMath
public import SeededRandom

/// The world outside: the reference prices of n assets, numbered from zero, and their liquidity.
///
/// Exogenous prices depend on the seed and on the sequence of moments given to ``advance(to:)``,
/// never on trades: two runs with one seed and one sequence see the same prices, whatever is traded
/// in them. Every diffusive asset draws one normal number from its stream `market/NAME/diffusion`
/// whenever time moves, and its jumps come from `market/NAME/jumps`, so another asset or another
/// law changes nobody else's numbers.
public struct Markets: Sendable {
    public let assets: [ReferenceAsset]
    /// The moment of the current prices.
    public private(set) var time: Timestamp
    var states: [AssetState]
    private let correlation: CorrelationMatrix?
    /// The stream of each asset's Brownian motion; nil where nothing diffuses.
    private var diffusionDraws: [RandomStream?]
    /// This step's standard normal draw for each asset; zero where nothing diffuses.
    private var normals: [Fixed18]

    /// Sets every asset to its price at a moment.
    ///
    /// A bridge that starts between two of its points draws where it stands, on its own stream and
    /// uncorrelated with the others.
    /// - Parameter correlation: of all assets, in their order; nil is independence.
    /// - Throws: a ``MarketsError`` for the first rule that the assets or the matrix break.
    public init(
        assets: [ReferenceAsset], correlation: CorrelationMatrix?, start: Timestamp,
        random: RandomSource
    ) throws(MarketsError) {
        let names = assets.map(\.name).sorted()
        for (name, next) in zip(names, names.dropFirst()) where name == next {
            throw .duplicateName(name)
        }
        for asset in assets {
            if let fault = asset.process.fault {
                throw .invalidProcess(asset: asset.name, fault)
            }
            precondition(asset.faults.allSatisfy(\.isValid), "a fault has a meaning")
            if let fault = asset.liquidity?.fault {
                throw .invalidLiquidity(asset: asset.name, fault)
            }
        }
        if let correlation { try correlation.check(against: assets) }

        self.assets = assets
        self.correlation = correlation
        time = start
        normals = Array(repeating: .zero, count: assets.count)
        diffusionDraws = []
        states = []
        for asset in assets {
            var draws =
                asset.process.isDiffusive
                ? random.stream("market/\(asset.name)/diffusion") : nil
            var process = ProcessState(
                asset.process, jumpDraws: random.stream("market/\(asset.name)/jumps"))
            let price = asset.struck(process.begin(at: start, draws: &draws), at: start)
            diffusionDraws.append(draws)
            states.append(
                AssetState(process: process, liquidity: asset.liquidity, exogenous: price))
        }
    }

    /// Moves every exogenous price to a moment, and lets earlier impact decay.
    ///
    /// Nothing happens, and nothing is drawn, when the moment is the current one.
    /// - Parameter time: not before ``time``; time never goes back.
    public mutating func advance(to time: Timestamp) {
        precondition(time >= self.time, "time never goes back")
        guard time > self.time else { return }
        for index in diffusionDraws.indices {
            normals[index] = diffusionDraws[index]?.normal() ?? .zero
        }
        correlation?.correlate(&normals)
        for index in states.indices {
            states[index].advance(
                from: self.time, to: time, normal: normals[index], asset: assets[index])
        }
        self.time = time
    }

    /// The price in the middle of the spread, exogenous part and impact; always greater than zero.
    public func price(_ asset: Int) -> Price { states[asset].price }

    /// The price as if nobody had traded; always greater than zero.
    public func exogenousPrice(_ asset: Int) -> Price { states[asset].exogenous }

    /// The relative distance of the price from the exogenous one, before the price is rounded.
    /// [1e-8]
    public func impact(_ asset: Int) -> Ratio {
        bounded { () throws(ArithmeticOverflow) in
            try states[asset].impact.relative.rounded(to: Ratio.self, .nearest)
        }
    }

    /// The 64-bit random words drawn so far, over all streams.
    public var drawn: UInt64 {
        var sum: UInt64 = 0
        for draws in diffusionDraws { sum += draws?.position ?? 0 }
        for state in states {
            if case .geometricBrownian(let process) = state.process { sum += process.drawn }
        }
        return sum
    }
}

/// One asset's prices and the impact of past trades on it.
struct AssetState: Sendable {
    var process: ProcessState
    let liquidity: Liquidity?
    var exogenous: Price
    var price: Price
    var impact = Impact()

    init(process: ProcessState, liquidity: Liquidity?, exogenous: Price) {
        self.process = process
        self.liquidity = liquidity
        self.exogenous = exogenous
        price = exogenous
    }

    mutating func advance(
        from: Timestamp, to time: Timestamp, normal: Fixed18, asset: ReferenceAsset
    ) {
        exogenous = process.advance(from: from, to: time, normal: normal)
        if !asset.faults.isEmpty { exogenous = asset.struck(exogenous, at: time) }
        if let liquidity, !impact.isAtRest {
            impact.decay(over: time - from, liquidity)
            price = exogenous.moved(by: .one + impact.relative)
        } else {
            price = exogenous
        }
    }
}
