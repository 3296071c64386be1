/// What an account had at the end of a block.
public struct AccountState: Hashable, Sendable {
    public var run: Int64
    public var block: Int64
    /// One row: the account, its role, owner, parent and market.
    public var account: ResultTable
    /// Its balances that are not zero.
    public var balances: ResultTable
    /// Its open positions.
    public var positions: ResultTable
    /// Its health as last recorded, with the block of that record; empty before the first record.
    public var health: ResultTable
}

extension ReportDatabase {
    /// An account as it stood at the end of a block.
    ///
    /// - Parameters:
    ///   - run: nil for the latest.
    ///   - block: nil for the last.
    /// - Throws: ``ReportError`` `.notFound` where there is no such run, block or account yet.
    public func account(_ account: Int64, run: Int64? = nil, block: Int64? = nil)
        throws(ReportError) -> AccountState
    {
        let info = try self.run(run)
        let block = block ?? info.blocks - 1
        guard block >= 0, block < info.blocks else {
            throw ReportError(
                .notFound, "run \(info.run) has blocks 0 to \(info.blocks - 1), not \(block)")
        }
        let arguments: [String: Value] = [
            "run": .integer(info.run), "account": .integer(account), "block": .integer(block),
        ]
        let found = try query(
            """
            select account, name, role, owner, owner_name, owner_group, parent, market_name as market,
                block as opened_in_block
            from v_account where run = :run and account = :account and block <= :block
            """, arguments: arguments)
        guard !found.rows.isEmpty else {
            throw ReportError(
                .notFound, "run \(info.run) has no account \(account) at block \(block)")
        }
        return AccountState(
            run: info.run, block: block, account: found,
            balances: try query(
                """
                select asset_name as asset, balance, valid_from_block as since_block
                from v_balance_history
                where run = :run and account = :account
                    and :block between valid_from_block and valid_to_block and balance_e8 <> 0
                order by asset
                """, arguments: arguments),
            positions: try query(
                """
                select market_name as market, size, entry_price, valid_from_block as since_block
                from v_position_history
                where run = :run and account = :account
                    and :block between valid_from_block and valid_to_block and size_e8 <> 0
                order by market
                """, arguments: arguments),
            health: try query(
                """
                select equity, initial_margin, maintenance_margin, health, true_health,
                    valid_from_block as recorded_in_block
                from v_health_history
                where run = :run and account = :account
                    and :block between valid_from_block and valid_to_block
                """, arguments: arguments))
    }
}
