public import ExactMath

/// Collateral and requirement of an account, each with and without the buffer at which a liquidation
/// ends: it starts without the buffer and stops with it.
///
/// Borrows are not subtracted from collateral: their weighted value is part of the requirement. Source:
/// drift-labs/protocol-v2 programs/drift/src/state/margin_calculation.rs.
public struct BufferedMargin: Hashable, Sendable {
    /// The buffer as a share of liabilities and negative collateral; zero for none. [1e-8]
    public let buffer: Ratio
    /// [1e-8 USD]
    public private(set) var collateral: Money = .zero
    /// Collateral less the buffer on its negative items. [1e-8 USD]
    public private(set) var collateralPlusBuffer: Money = .zero
    /// [1e-8 USD]
    public private(set) var requirement: Money = .zero
    /// Requirement and the buffer on its liabilities. [1e-8 USD]
    public private(set) var requirementPlusBuffer: Money = .zero

    /// - Parameter buffer: zero or more.
    public init(buffer: Ratio) {
        precondition(!buffer.isNegative)
        self.buffer = buffer
    }

    /// Adds an item of collateral: a weighted deposit or profit, or a loss where negative.
    public mutating func addCollateral(_ value: Money) throws(ArithmeticOverflow) {
        let extra = try min(value, .zero).scaled(by: buffer, rounding: .towardZero)
        let plain = try collateral.adding(value)
        collateralPlusBuffer = try collateralPlusBuffer.adding(value).adding(extra)
        collateral = plain
    }

    /// Adds a requirement and the liability behind it, both zero or more.
    public mutating func addRequirement(_ margin: Money, liability: Money)
        throws(ArithmeticOverflow)
    {
        let extra = try liability.scaled(by: buffer, rounding: .down)
        let plain = try requirement.adding(margin)
        requirementPlusBuffer = try requirementPlusBuffer.adding(margin).adding(extra)
        requirement = plain
    }

    /// Whether no liquidation may start; equality suffices.
    public var meetsRequirement: Bool { collateral >= requirement }

    /// Whether a liquidation that has started ends; equality suffices.
    public var endsLiquidation: Bool { collateralPlusBuffer >= requirementPlusBuffer }

    /// What is missing until a liquidation ends, zero or more. [1e-8 USD]
    public func shortage() throws(ArithmeticOverflow) -> Money {
        max(.zero, try requirementPlusBuffer.adding(-collateralPlusBuffer))
    }

    /// The part of a shortage that falls on a market, by its share of the requirement, truncated.
    /// [1e-8 USD]
    /// - Parameter marketRequirement: the part of the requirement that the market causes.
    public func shortage(_ shortage: Money, ofMarket marketRequirement: Money)
        throws(ArithmeticOverflow) -> Money
    {
        guard requirement.isPositive else { return .zero }
        return try shortage.scaled(
            by: marketRequirement.raw, over: requirement.raw, rounding: .down)
    }
}
