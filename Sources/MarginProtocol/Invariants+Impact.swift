import ExactMath

extension ClearingHouse {
    /// What is always true of price impact that is kept apart.
    func checkImpact(_ found: inout [Breach]) {
        guard let claims = impacts.claims else { return }
        func breach(_ detail: String) {
            found.append(Breach(invariant: .impactIsAccounted, detail: detail))
        }
        for account in accounts.indices {
            for market in 0..<marketCount {
                let cell = account * marketCount + market
                if impacts.pending[cell] != 0, positions[cell].size.raw == 0 {
                    breach("account \(account) waits for \(impacts.pending[cell])")
                }
            }
        }
        let held = impacts.claimable.reduce(Int128(0)) { $0 + Int128($1.amount.raw) }
        for asset in 0..<assetCount {
            let balance = balances[claims.index * assetCount + asset]
            let expected = asset == settlement ? held : 0
            if Int128(balance) != expected {
                breach("\(parameters.assets[asset].name): holds \(balance), not \(expected)")
            }
        }
    }

    /// What is always true of shares of the pool.
    func checkPoolShares(_ found: inout [Breach]) {
        let book = poolShareBook
        let owned = book.held.reduce(Int128(0)) { $0 + Int128($1) }
        if owned != Int128(book.supply) || book.held.contains(where: { $0 < 0 }) {
            found.append(
                Breach(
                    invariant: .poolSharesAgree, detail: "\(owned) are owned of \(book.supply)"))
        }
    }
}
