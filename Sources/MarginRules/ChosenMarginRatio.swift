public import ExactMath

/// A margin ratio that an owner has chosen for a whole account, where its markets and assets ask for less.
///
/// Source: drift-labs/protocol-v2 programs/drift/src/state/user.rs (`apply_user_custom_margin_ratio`) and
/// math/margin.rs (`user_custom_margin_ratio`).
public struct ChosenMarginRatio: Hashable, Sendable {
    /// The least share of a position's value that is margin. [1e-8]
    public let ratio: Ratio

    public init(_ ratio: Ratio) { self.ratio = ratio }

    /// The most that an asset weighs, zero or more. [1e-8]
    public var assetWeight: Ratio { max(.one - ratio, .zero) }
    /// The least that a debt weighs. [1e-8]
    public var liabilityWeight: Ratio { .one + ratio }
}
