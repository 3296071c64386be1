import ArgumentParser
import Foundation
import MarginCalculator
import Scenarios

/// The account file and what goes over it, for every verb that takes one.
struct AccountInput: ParsableArguments {
    @Argument(help: "The account, a YAML or JSON file.")
    var file: String
    @Option(name: .customLong("protocol"), help: "The preset in place of the file's own.")
    var preset: String?
    @Option(
        name: .customLong("set"),
        help: ArgumentHelp(
            "Overrides one value of the file; may be repeated.",
            discussion: "For example: --set prices.ETH=1800 --set account.balances.USDC=500",
            valueName: "key=value"))
    var assignments: [String] = []

    func account() throws -> CalculatedAccount {
        guard FileManager.default.fileExists(atPath: file) else {
            throw fail("\(file): there is no such file", Exit.badInput)
        }
        let loaded = try reporting {
            try AccountFile.load(
                file, protocolName: preset, overrides: assignments, read: ScenarioFiles.read)
        }
        do { return try CalculatedAccount(loaded) } catch {
            throw fail("\(file): \(error)", Exit.badInput)
        }
    }
}
