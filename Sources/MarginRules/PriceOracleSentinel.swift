public import ExactMath

/// What a sequencer's outage blocks in a lending pool: Aave v3.0 – v3.6.
///
/// aave/aave-v3-core contracts/protocol/configuration/PriceOracleSentinel.sol and
/// libraries/logic/ValidationLogic.sol `validateLiquidationCall`.
public struct PriceOracleSentinel: Hashable, Sendable {
    /// How long the sequencer must have been up, exclusive.
    public var grace: TimeSpan
    /// Below this health factor an account is liquidated even during an outage. Aave: 0.95.
    public var liquidationBypass: Fixed18

    public init(grace: TimeSpan, liquidationBypass: Fixed18) {
        self.grace = grace
        self.liquidationBypass = liquidationBypass
    }

    /// Whether new debt may be drawn: the sequencer is up, and has been for longer than the grace.
    public func permitsBorrowing(sequencer: SequencerStatus?, now: Timestamp) -> Bool {
        OracleGuard.violation(of: sequencer, grace: grace, .exclusive, at: now) == nil
    }

    /// Whether an account may be liquidated: as for borrowing, or its health factor is strictly
    /// below the bypass.
    public func permitsLiquidation(
        healthFactor: Fixed18, sequencer: SequencerStatus?, now: Timestamp
    ) -> Bool {
        healthFactor < liquidationBypass || permitsBorrowing(sequencer: sequencer, now: now)
    }

    /// Whether the liquidation grace periods of a collateral and a debt asset are both over; at the
    /// end of one it still holds. aave-dao/aave-v3-origin ValidationLogic.sol.
    public static func isLiquidationGraceOver(
        collateralUntil: Timestamp, debtUntil: Timestamp, now: Timestamp
    ) -> Bool {
        collateralUntil < now && debtUntil < now
    }
}
