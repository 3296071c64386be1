public import ExactMath
import MarginRules

extension ClearingHouse {
    /// What the protocol itself has of the settlement asset: fees and absorptions, and what interest has left.
    /// [1e-8 units]
    public var reserves: Quantity {
        let asset = parameters.settlementAsset
        return balance(Self.treasury, asset) + (interest.map { balance($0, asset) } ?? .zero)
    }

    /// What the storefront has for sale, in order; nothing where there is none, or while it is closed.
    public var absorbedAssets: [AssetID] {
        guard let storefront = parameters.storefront, storefront.isOpen(reserves: reserves) else {
            return []
        }
        return parameters.assets.indices.map(AssetID.init(index:)).filter {
            $0 != parameters.settlementAsset && balance(Self.treasury, $0).isPositive
        }
    }

    /// How much absorbed collateral an amount of the settlement asset buys now, rounded down. [1e-8 units]
    ///
    /// Source: compound-finance/comet, Comet.sol, buyCollateral.
    public func quoteCollateralSale(of asset: AssetID, for paid: Quantity) throws(Rejection)
        -> Quantity
    {
        try requireAsset(asset)
        guard let storefront = parameters.storefront, asset != parameters.settlementAsset,
            storefront.isOpen(reserves: reserves)
        else { throw .notForSale(asset) }
        try requirePrice(assetRows[asset.index].feed, for: .liquidate)
        try requirePrice(assetRows[settlement].feed, for: .liquidate)
        let terms = parameters.assets[asset.index]
        let penalty = terms.liquidationBonus ?? parameters.liquidation.collateralBonus
        return try orOverflow { () throws(ArithmeticOverflow) in
            try storefront.quoteCollateral(
                for: paid, basePrice: prices[assetRows[settlement].feed],
                collateralPrice: prices[assetRows[asset.index].feed],
                liquidationFactor: .one - penalty)
        }
    }

    /// Sells absorbed collateral at a discount, until reserves are full.
    mutating func buyCollateral(
        _ asset: AssetID, for paid: Quantity, atLeast: Quantity, to wallet: AccountID,
        by sender: Address, into journal: inout [Event]
    ) throws(Rejection) {
        guard paid > .zero else { throw .amountNotPositive }
        try requireAsset(asset)
        try requireAccount(wallet)
        try requireRole(wallet, .wallet)
        try requireOwner(wallet, sender)
        try requireNotPaused(.liquidate)
        let bought = try quoteCollateralSale(of: asset, for: paid)
        guard bought >= atLeast, bought.isPositive else { throw .boughtTooLittle(bought) }
        try requireBalance(Self.treasury, asset, bought)
        try requireBalance(wallet, parameters.settlementAsset, paid)
        try requireRoom(Self.treasury, settlement, for: paid.raw)
        try requireRoom(wallet, asset.index, for: bought.raw)

        // Nothing below may fail.
        move(paid, of: settlement, from: wallet, to: Self.treasury, .collateralSold, &journal)
        move(bought, of: asset.index, from: Self.treasury, to: wallet, .collateralSold, &journal)
    }
}
