import ArgumentParser
import Foundation
import Scenarios
import Simulation

/// Reading scenarios from disk, for every verb that takes one.
enum ScenarioFiles {
    struct Unreadable: Error {
        var message: String
    }

    static func load(_ path: String, overrides: [String]) throws -> Scenario {
        var isDirectory: ObjCBool = false
        guard FileManager.default.fileExists(atPath: path, isDirectory: &isDirectory) else {
            throw fail("\(path): there is no such file", Exit.badInput)
        }
        guard !isDirectory.boolValue else {
            throw fail("\(path): this is a directory, not a scenario", Exit.badInput)
        }
        return try reporting {
            try ScenarioLoader.load(path, overrides: overrides, read: read)
        }
    }

    /// A run of a scenario, or its refusal in words.
    static func simulate(_ scenario: Scenario, paranoid: Bool = false) throws -> Simulation {
        do {
            return try Simulation(scenario, paranoid: paranoid)
        } catch {
            throw fail("\(scenario.name): \(error)", Exit.badInput)
        }
    }

    /// Reads a file's text, refusing what no scenario is.
    @Sendable static func read(_ path: String) throws -> String {
        var isDirectory: ObjCBool = false
        guard FileManager.default.fileExists(atPath: path, isDirectory: &isDirectory) else {
            throw Unreadable(message: "there is no such file")
        }
        guard !isDirectory.boolValue else { throw Unreadable(message: "this is a directory") }
        let handle = try FileHandle(forReadingFrom: URL(fileURLWithPath: path))
        defer { try? handle.close() }
        // One byte more than is allowed says that there is more.
        let data = try handle.read(upToCount: 16_000_000) ?? Data()
        return try ScenarioLoader.text(of: data)
    }
}

extension ScenarioFiles.Unreadable: CustomStringConvertible {
    var description: String { message }
}

/// `--set key.path=value`, for every verb that runs or checks a scenario.
struct Overrides: ParsableArguments {
    @Option(
        name: .customLong("set"),
        help: ArgumentHelp(
            "Overrides one value of the scenario; may be repeated.",
            discussion:
                "For example: --set oracles.ETH.latency=60s --set agents.liquidators.0.count=3",
            valueName: "key=value"))
    var assignments: [String] = []
    @Option(help: "Overrides the scenario's seed.")
    var seed: UInt64?

    var all: [String] { assignments + (seed.map { ["seed=\($0)"] } ?? []) }
}
