import ExactMath

extension ClearingHouse {
    /// What is always true of auctions, added up anew from every one of them.
    func checkAuctions(_ found: inout [Breach]) {
        guard parameters.auctions != nil else { return }
        var lots = [Int128](repeating: 0, count: assetCount)
        var debts = [Int128](repeating: 0, count: assetCount)
        var principal: Int128 = 0
        var bids: Int128 = 0
        var open: [AuctionID] = []
        for (index, auction) in auctions.all.enumerated() where !auction.isOver {
            lots[auction.asset.index] += Int128(auction.lot.raw)
            debts[auction.asset.index] += Int128(auction.debt.raw)
            principal += Int128(auction.principal.raw)
            bids += Int128(auction.standingBid.raw)
            open.append(AuctionID(index: index))
        }
        for asset in 0..<assetCount {
            let name = parameters.assets[asset].name
            if asset != settlement {
                let held = balances[auctions.lots.index * assetCount + asset]
                if Int128(held) != lots[asset] {
                    found.append(
                        Breach(
                            invariant: .auctionLotsAreHeld,
                            detail: "\(name): holds \(held), for sale \(lots[asset])"))
                }
            }
            if Int128(auctions.debts[asset]) != debts[asset] {
                found.append(
                    Breach(
                        invariant: .auctionDebtsAgree,
                        detail: "\(name): \(debts[asset]), not \(auctions.debts[asset])"))
            }
        }
        let owed = balances[auctions.lots.index * assetCount + settlement]
        if Int128(owed) != -principal {
            found.append(
                Breach(
                    invariant: .auctionPrincipalIsOwed,
                    detail: "owes \(-owed), to be raised \(principal)"))
        }
        let held = balances[auctions.bids.index * assetCount + settlement]
        if Int128(held) != bids {
            found.append(
                Breach(invariant: .bidsAreHeld, detail: "holds \(held), bids come to \(bids)"))
        }
        if open != auctions.open {
            found.append(
                Breach(
                    invariant: .openAuctionsAgree, detail: "\(open), not \(auctions.open)"))
        }
    }
}
