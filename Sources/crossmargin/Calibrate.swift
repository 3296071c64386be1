import ArgumentParser

/// Estimates parameters from recorded data.
struct Calibrate: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Estimates a model's parameters from recorded data.",
        subcommands: [CalibrateOracle.self, CalibrateDemand.self])
}
