// swift-tools-version: 6.2
import PackageDescription

// The manifest is the architecture: each target may import only what it names here, and the build
// runs with `--explicit-target-dependency-import-check error`, which makes that true.
let settings: [SwiftSetting] = [
    .treatAllWarnings(as: .error),
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("MemberImportVisibility"),
]

func layer(_ name: String, _ dependencies: [Target.Dependency] = [], resources: [Resource] = [])
    -> Target
{
    .target(
        name: name, dependencies: dependencies, resources: resources, swiftSettings: settings)
}

func tests(_ name: String, _ dependencies: [Target.Dependency], exclude: [String] = []) -> Target {
    .testTarget(
        name: name, dependencies: dependencies, exclude: exclude, swiftSettings: settings)
}

let grdb = Target.Dependency.product(name: "GRDB", package: "GRDB.swift")
let sqlite = Target.Dependency.product(name: "GRDBSQLite", package: "GRDB.swift")
let crypto = Target.Dependency.product(name: "Crypto", package: "swift-crypto")
let yams = Target.Dependency.product(name: "Yams", package: "Yams")
let arguments = Target.Dependency.product(
    name: "ArgumentParser", package: "swift-argument-parser")
let logging = Target.Dependency.product(name: "Logging", package: "swift-log")

/// What stands below the physics, and what stands below the simulation.
let base: [Target.Dependency] = [
    "ExactMath", "SeededRandom", "OrderBook", "MarginRules", "MarginProtocol",
]
let all: [Target.Dependency] = base + ["Oracles", "Markets", "Chain", "Agents", "Scenarios"]

/// The files of `protocols/`: one venue's rules each.
let presets = [
    "aave-v3",
    "binance-margin",
    "binance-usdm",
    "bitmex",
    "bitmex-usdt",
    "bybit-uta",
    "compound-v2",
    "compound-v3",
    "deribit",
    "drift-v2",
    "dydx-v4",
    "euler-v1",
    "euler-v2",
    "gearbox-v3",
    "gmx-v1",
    "gmx-v2",
    "hyperliquid",
    "maker-clip",
    "maker-flip",
    "mango-v4",
    "morpho-blue",
    "okx-multi-currency",
    "okx-portfolio",
    "synthetix-v3",
    "vertex",
]

let package = Package(
    name: "CrossMargin",
    platforms: [.macOS(.v15)],
    products: [
        .executable(name: "crossmargin", targets: ["crossmargin"]),
        .library(name: "MarginProtocol", targets: ["MarginProtocol"]),
        .library(name: "Simulation", targets: ["Simulation"]),
    ],
    dependencies: [
        .package(url: "https://github.com/groue/GRDB.swift", from: "7.10.0"),
        .package(url: "https://github.com/apple/swift-crypto", from: "4.5.0"),
        .package(url: "https://github.com/jpsim/Yams", from: "6.2.0"),
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.0"),
        .package(url: "https://github.com/apple/swift-log", from: "1.16.0"),
    ],
    targets: [
        layer("ExactMath"),
        layer("SeededRandom", ["ExactMath"]),
        layer("OrderBook", ["ExactMath"]),
        layer("MarginRules", ["ExactMath"]),
        layer("MarginProtocol", ["ExactMath", "OrderBook", "MarginRules"]),
        layer("Oracles", ["ExactMath", "SeededRandom", "MarginRules"]),
        layer("Markets", ["ExactMath", "SeededRandom"]),
        layer("Chain", ["ExactMath", "SeededRandom", "MarginProtocol"]),
        layer(
            "Agents",
            [
                "ExactMath", "SeededRandom", "OrderBook", "MarginRules", "MarginProtocol",
                "Oracles",
                "Markets", "Chain",
            ]),
        layer(
            "Scenarios",
            [
                "ExactMath", "SeededRandom", "OrderBook", "MarginRules", "MarginProtocol",
                "Oracles",
                "Markets", "Chain", "Agents", yams,
            ],
            resources: presets.map { .embedInCode("Protocols/\($0).yaml") }),
        layer(
            "MarginCalculator",
            ["ExactMath", "OrderBook", "MarginRules", "MarginProtocol", "Scenarios"]),
        layer(
            "Simulation",
            [
                "ExactMath", "SeededRandom", "OrderBook", "MarginProtocol", "Oracles", "Markets",
                "Chain", "Agents", "Scenarios",
            ]),
        layer(
            "Audit",
            [
                "ExactMath", "OrderBook", "MarginRules", "MarginProtocol", "Chain", "Agents",
                "Simulation", grdb, sqlite, crypto,
            ],
            resources: [.embedInCode("schema.sql")]),
        layer(
            "Studies",
            [
                "ExactMath", "SeededRandom", "MarginProtocol", "Agents", "Chain", "Scenarios",
                "Simulation", "Audit", grdb, crypto,
            ]),
        layer("Reports", [grdb]),
        layer("Calibration", ["ExactMath", "SeededRandom", "MarginProtocol", "Chain"]),
        .executableTarget(
            name: "crossmargin",
            dependencies: [
                "ExactMath", "MarginProtocol", "Chain", "Agents", "Scenarios", "Simulation",
                "Audit", "Studies", "MarginCalculator", "Reports", "Markets", "Calibration",
                arguments,
                logging,
            ],
            swiftSettings: settings),

        .executableTarget(
            name: "w1-benchmark",
            dependencies: [
                "ExactMath", "SeededRandom", "MarginProtocol", "Chain", "Simulation", "Audit",
            ], path: "Benchmarks/W1", swiftSettings: settings),

        tests("ExactMathTests", ["ExactMath"]),
        tests("SeededRandomTests", ["SeededRandom", "ExactMath"]),
        tests("OrderBookTests", ["OrderBook", "ExactMath"]),
        tests("MarginRulesTests", ["MarginRules", "ExactMath"]),
        tests("MarginProtocolTests", base),
        tests("MarginCalculatorTests", all + ["MarginCalculator"]),
        tests("OraclesTests", ["Oracles", "MarginRules", "SeededRandom", "ExactMath"]),
        tests("MarketsTests", ["Markets", "SeededRandom", "ExactMath"]),
        tests("ChainTests", ["Chain", "MarginProtocol", "OrderBook", "SeededRandom", "ExactMath"]),
        tests("AgentsTests", base + ["Oracles", "Markets", "Chain", "Agents"]),
        tests("ScenariosTests", all + [yams]),
        tests("SimulationTests", all + ["Simulation"]),
        tests("AuditTests", all + ["Simulation", "Audit", "Reports", grdb, crypto]),
        tests("CalibrationTests", all + ["Calibration"]),
        tests("ReportsTests", all + ["Simulation", "Audit", "Reports"]),
        tests("StudiesTests", all + ["Simulation", "Audit", "Studies", "Reports", grdb]),
        tests(
            "CommandTests", all + ["Simulation", "Audit", "Studies", "Reports", "crossmargin"],
            exclude: ["Goldens"]),
    ],
    swiftLanguageModes: [.v6]
)
