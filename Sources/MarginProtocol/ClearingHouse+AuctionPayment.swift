import ExactMath

extension ClearingHouse {
    /// Pays for the right to the place behind an oracle report: the protocol's share to its treasury, the
    /// oracle's and the builder's to the world outside.
    ///
    /// Guards: account, role, owner, amounts, balance, room.
    mutating func payAuction(
        _ wallet: AccountID, _ toProtocol: Quantity, _ toOthers: Quantity, by sender: Address,
        into journal: inout [Event]
    ) throws(Rejection) {
        try requireAccount(wallet)
        try requireRole(wallet, .wallet)
        try requireOwner(wallet, sender)
        guard toProtocol >= .zero, toOthers >= .zero, toProtocol.isPositive || toOthers.isPositive
        else { throw .amountNotPositive }
        let settlement = parameters.settlementAsset
        let (total, overflow) = toProtocol.raw.addingReportingOverflow(toOthers.raw)
        guard !overflow else { throw .overflow }
        try requireBalance(wallet, settlement, Quantity(raw: total))
        for (account, amount) in [(Self.treasury, toProtocol), (Self.outside, toOthers)] {
            let after = Int128(balance(account, settlement).raw) + Int128(amount.raw)
            guard after.magnitude <= Int128(Self.balanceLimit) else { throw .overflow }
        }

        // Nothing below may fail.
        move(
            toProtocol, of: settlement.index, from: wallet, to: Self.treasury, .oevPaid,
            &journal)
        move(toOthers, of: settlement.index, from: wallet, to: Self.outside, .oevPaid, &journal)
    }
}
