extension Preset {
    /// The embedded files, in the order of their documents.
    static let files: [(name: String, bytes: [UInt8])] = [
        ("dydx-v4", PackageResources.dydx_v4_yaml),
        ("gmx-v1", PackageResources.gmx_v1_yaml), ("gmx-v2", PackageResources.gmx_v2_yaml),
    ]
}
