extension Preset {
    /// The embedded files, in the order of their documents.
    static let files: [(name: String, bytes: [UInt8])] = [
        ("binance-usdm", PackageResources.binance_usdm_yaml),
        ("binance-margin", PackageResources.binance_margin_yaml),
        ("okx-multi-currency", PackageResources.okx_multi_currency_yaml),
        ("okx-portfolio", PackageResources.okx_portfolio_yaml),
        ("bybit-uta", PackageResources.bybit_uta_yaml),
        ("bitmex", PackageResources.bitmex_yaml),
        ("bitmex-usdt", PackageResources.bitmex_usdt_yaml),
        ("deribit", PackageResources.deribit_yaml),
        ("hyperliquid", PackageResources.hyperliquid_yaml),
        ("dydx-v4", PackageResources.dydx_v4_yaml),
        ("drift-v2", PackageResources.drift_v2_yaml),
        ("mango-v4", PackageResources.mango_v4_yaml),
        ("synthetix-v3", PackageResources.synthetix_v3_yaml),
        ("gmx-v1", PackageResources.gmx_v1_yaml),
        ("gmx-v2", PackageResources.gmx_v2_yaml),
        ("aave-v3", PackageResources.aave_v3_yaml),
        ("compound-v2", PackageResources.compound_v2_yaml),
        ("compound-v3", PackageResources.compound_v3_yaml),
        ("maker-clip", PackageResources.maker_clip_yaml),
        ("maker-flip", PackageResources.maker_flip_yaml),
        ("morpho-blue", PackageResources.morpho_blue_yaml),
        ("euler-v2", PackageResources.euler_v2_yaml),
    ]
}
