import ExactMath

extension ClearingHouse {
    func checkResults(_ found: inout [Breach]) {
        for account in accounts.indices {
            for market in 0..<marketCount {
                let slot = account * marketCount + market
                let (size, entry) = (positions[slot].size.raw, resultStates[slot].entry)
                guard size == 0 ? entry != 0 : entry != 0 && (entry ^ size) < 0 else { continue }
                found.append(
                    Breach(
                        invariant: .entriesAgree,
                        detail: "account \(account) in \(parameters.markets[market].name): "
                            + "\(size) at \(entry)"))
            }
        }
    }
}
