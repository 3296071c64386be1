import ExactMath

extension ClearingHouse {
    /// What is always true of requests.
    func checkRequests(_ found: inout [Breach]) {
        guard let escrow = requests.escrow else { return }
        var fees: Int128 = 0
        var last: Int32 = -1
        for open in requests.open {
            fees += Int128(open.request.fee.raw)
            if open.id.raw <= last || open.id.raw >= requests.next {
                found.append(
                    Breach(invariant: .requestsAreInOrder, detail: "request \(open.id)"))
            }
            last = open.id.raw
        }
        for asset in 0..<assetCount {
            let held = balances[escrow.index * assetCount + asset]
            let expected = asset == settlement ? fees : 0
            if Int128(held) != expected {
                found.append(
                    Breach(
                        invariant: .executionFeesAreHeld,
                        detail: "\(parameters.assets[asset].name): holds \(held), not \(expected)"))
            }
        }
    }
}
