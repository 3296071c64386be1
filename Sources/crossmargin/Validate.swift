import ArgumentParser
import Scenarios

/// Reads a scenario and names every problem with file, line and column.
struct Validate: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Reads a scenario and names every problem in it.",
        discussion: "Exit code 0 when the scenario can be run, 65 when it cannot.")

    @Argument(help: "The scenario, a YAML file.")
    var scenario: String
    @OptionGroup var overrides: Overrides
    @Flag(help: "Prints the scenario as it is after merging 'extends' and overrides.")
    var print = false

    func run() throws {
        let loaded = try ScenarioFiles.load(scenario, overrides: overrides.all)
        _ = try ScenarioFiles.simulate(loaded)
        if print {
            Console.print(loaded.text)
        } else {
            Console.print("\(scenario): \(loaded.name) is valid")
        }
    }
}
