public import ExactMath

/// A token balance as health sees it.
///
/// Source: blockworks-foundation/mango-v4 programs/mango-v4/src/health/cache.rs (`TokenInfo`).
public struct TokenHealth: Hashable, Sendable {
    /// The weights of a token. [1e-8]
    public struct Weights: Hashable, Sendable {
        public let initialAsset: Ratio
        public let maintenanceAsset: Ratio
        public let initialLiability: Ratio
        public let maintenanceLiability: Ratio

        public init(
            initialAsset: Ratio, maintenanceAsset: Ratio, initialLiability: Ratio,
            maintenanceLiability: Ratio
        ) {
            self.initialAsset = initialAsset
            self.maintenanceAsset = maintenanceAsset
            self.initialLiability = initialLiability
            self.maintenanceLiability = maintenanceLiability
        }
    }

    public let weights: Weights
    /// The initial asset weight after market-wide deposits. [1e-8]
    public let scaledAsset: Ratio
    /// The initial liability weight after market-wide borrows. [1e-8]
    public let scaledLiability: Ratio
    /// The oracle price and the stable price.
    public let price: ConservativePrice
    /// The signed balance without unsettled profits and reserved order funds. [1e-8 units]
    public var balance: Quantity

    /// - Parameters:
    ///   - deposits: of the whole market, with what open orders may add to it. [1e-8 units]
    ///   - borrows: of the whole market. [1e-8 units]
    ///   - depositScaling: how deposits lower the asset weight, if they do.
    ///   - borrowScaling: how borrows raise the liability weight, if they do.
    public init(
        weights: Weights, price: ConservativePrice, balance: Quantity, deposits: Quantity,
        borrows: Quantity, depositScaling: MarketScaledWeight?, borrowScaling: MarketScaledWeight?
    ) throws(ArithmeticOverflow) {
        self.weights = weights
        self.price = price
        self.balance = balance
        // Both at the higher price: the least favourable scaling.
        scaledAsset =
            try depositScaling?.assetWeight(
                weights.initialAsset,
                deposits: try deposits.value(at: price.liability, rounding: .up))
            ?? weights.initialAsset
        scaledLiability =
            try borrowScaling?.liabilityWeight(
                weights.initialLiability,
                borrows: try borrows.value(at: price.liability, rounding: .up))
            ?? weights.initialLiability
    }

    /// The price of what is owned. [1e-8 USD per unit]
    public func assetPrice(_ kind: HealthKind) -> Price {
        kind == .initial ? price.asset : price.oracle
    }

    /// The price of what is owed. [1e-8 USD per unit]
    public func liabilityPrice(_ kind: HealthKind) -> Price {
        kind == .initial ? price.liability : price.oracle
    }

    /// Price times weight of what is owned, exact. [1e-18 USD per unit]
    public func weightedAssetPrice(_ kind: HealthKind)
        throws(ArithmeticOverflow) -> Fixed18
    {
        let weight: Ratio
        switch kind {
        case .initial: weight = scaledAsset
        case .maintenance: weight = weights.maintenanceAsset
        case .liquidationEnd: weight = weights.initialAsset
        }
        return try Self.weighted(assetPrice(kind), weight)
    }

    /// Price times weight of what is owed, exact. [1e-18 USD per unit]
    public func weightedLiabilityPrice(_ kind: HealthKind)
        throws(ArithmeticOverflow) -> Fixed18
    {
        let weight: Ratio
        switch kind {
        case .initial: weight = scaledLiability
        case .maintenance: weight = weights.maintenanceLiability
        case .liquidationEnd: weight = weights.initialLiability
        }
        return try Self.weighted(liabilityPrice(kind), weight)
    }

    /// What a balance of this token adds to health, down. [1e-18 USD]
    /// - Parameter balance: the whole effective balance: the weight depends on its sign.
    public func contribution(of balance: Fixed18, _ kind: HealthKind)
        throws(ArithmeticOverflow) -> Fixed18
    {
        let price =
            try balance < .zero ? weightedLiabilityPrice(kind) : weightedAssetPrice(kind)
        return try balance.multiplied(by: price, rounding: .down)
    }

    /// How much of this token may be taken before a health falls to zero, down. [1e-18 units]
    ///
    /// Zero without health. Source: health/cache.rs (`spot_amount_taken_for_health_zero`).
    /// - Returns: nil where no amount does.
    public func amountTaken(
        untilZero health: Fixed18, from balance: Fixed18, _ kind: HealthKind
    ) throws(ArithmeticOverflow) -> Fixed18? {
        try Self.amount(
            health, balance, asset: try weightedAssetPrice(kind),
            liability: try weightedLiabilityPrice(kind))
    }

    /// How much of this token must be given until a negative health rises to zero, down. [1e-18 units]
    ///
    /// Zero where health is not negative. Source: health/cache.rs (`spot_amount_given_for_health_zero`).
    /// - Returns: nil where no amount does.
    public func amountGiven(
        untilZero health: Fixed18, to balance: Fixed18, _ kind: HealthKind
    ) throws(ArithmeticOverflow) -> Fixed18? {
        // Giving is taking from the mirror image, in which assets and debts change places.
        try Self.amount(
            -health, -balance, asset: try weightedLiabilityPrice(kind),
            liability: try weightedAssetPrice(kind))
    }

    private static func amount(
        _ health: Fixed18, _ balance: Fixed18, asset: Fixed18, liability: Fixed18
    ) throws(ArithmeticOverflow) -> Fixed18? {
        guard health > .zero else { return .zero }
        var left = health
        var taken = Fixed18.zero
        if balance > .zero {
            if asset > .zero {
                let most = try health.divided(by: asset, rounding: .down)
                if most <= balance { return most }
            }
            taken = balance
            left -= try balance.multiplied(by: asset, rounding: .down)
        }
        guard left > .zero else { return taken }
        guard liability > .zero else { return nil }
        return taken + (try left.divided(by: liability, rounding: .down))
    }

    private static func weighted(_ price: Price, _ weight: Ratio)
        throws(ArithmeticOverflow) -> Fixed18
    {
        // 1e-16 to 1e-18.
        Fixed18(raw: try CheckedInt128.product(product(price.raw, weight.raw), 100))
    }
}
