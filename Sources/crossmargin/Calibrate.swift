import ArgumentParser

/// Fits parts of a scenario to recorded data.
struct Calibrate: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Fits parts of a scenario to recorded data.",
        subcommands: [CalibrateOracle.self])
}
