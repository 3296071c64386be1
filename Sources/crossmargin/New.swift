import ArgumentParser
import Foundation
import Scenarios

/// Writes a commented scenario to begin from.
struct New: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Writes a commented, valid scenario to begin from.",
        discussion: "Writes NAME.yaml in the current folder; never overwrites a file.")

    @Argument(help: "The scenario's name, such as 'late-oracle'.")
    var name: String

    func run() throws {
        guard let text = ScenarioTemplate.text(name: name) else {
            throw fail(
                "a name has letters, digits, '-' and '_', at most 40; found '\(name)'", Exit.usage)
        }
        let path = name + ".yaml"
        guard !FileManager.default.fileExists(atPath: path) else {
            throw fail("\(path) exists already", Exit.inputOutput)
        }
        do {
            try Data(text.utf8)
                .write(to: URL(fileURLWithPath: path), options: .withoutOverwriting)
        } catch {
            throw fail("\(path) cannot be written: \(error.localizedDescription)", Exit.inputOutput)
        }
        Console.print("wrote \(path); run it with: crossmargin run \(path)")
    }
}
