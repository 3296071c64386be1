extension Preset {
    /// The embedded files, in the order of their documents.
    static let files: [(name: String, bytes: [UInt8])] = [
        ("dydx-v4", PackageResources.dydx_v4_yaml)
    ]
}
