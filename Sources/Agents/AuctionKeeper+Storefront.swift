import ExactMath
import MarginProtocol

extension AuctionKeeper {
    /// The purchase of all that the storefront has of an asset and its wallet pays for, or of a half, a quarter, an
    /// eighth of that, that earns most.
    ///
    /// It accepts less than the quote as long as it still earns its margin: the price may move before it is included.
    func shopping(for asset: AssetID, _ view: borrowing View, _ appraisal: inout Appraisal) -> Deal?
    {
        let stock = view.house.balance(ClearingHouse.treasury, asset)
        guard stock.isPositive, var most = price(of: stock, asset, view) else { return nil }
        most = min(most, budget(view))
        var best: Deal?
        for _ in 0..<4 where most.isPositive {
            if let bought = try? view.house.quoteCollateralSale(of: asset, for: most),
                bought.isPositive, bought <= stock,
                let limit = limit(for: bought, asset, view, &appraisal), limit.isPositive,
                let least = try? multiply(
                    bought.raw, worth(most, view).raw, dividingBy: limit.raw, rounding: .up)
            {
                let earned = limit - worth(most, view)
                if best.map({ earned > $0.earned }) ?? earned.isPositive {
                    best = (
                        .buyCollateral(
                            wallet: wallet, asset: asset, paid: most,
                            atLeast: Quantity(raw: least)), most, earned
                    )
                }
            }
            most = Quantity(raw: most.raw / 2)
        }
        return best
    }

    /// The most that buys no more than a stock, to within rounding; nil where nothing is for sale.
    /// [1e-8 settlement units]
    private func price(of stock: Quantity, _ asset: AssetID, _ view: borrowing View) -> Quantity? {
        // A sum large enough that the quote's own rounding does not matter.
        let probe = Quantity(whole: 1_000_000)
        guard let bought = try? view.house.quoteCollateralSale(of: asset, for: probe),
            let paid = try? multiply(
                stock.raw, probe.raw, dividingBy: bought.raw + 1, rounding: .down)
        else { return nil }
        return Quantity(raw: paid)
    }
}
