import ArgumentParser
import Scenarios

/// Lists the presets, or prints one as a document.
struct Protocols: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Lists the presets of real venues, or prints one with the source of each figure.")

    @Argument(help: "The preset; without it all are listed.")
    var name: String?
    @Flag(help: "Prints the preset's file in place of the document.")
    var yaml = false

    func run() throws {
        guard let name else {
            let width = (Preset.names.map(\.count).max() ?? 0) + 2
            for preset in Preset.all {
                let document = try reporting { try PresetDocument(preset) }
                Console.print(preset.name.padded(width) + document.title)
            }
            return
        }
        guard let preset = Preset.named(name) else {
            let hint = Preset.hint(for: name) ?? "known: \(Preset.names.joined(separator: ", "))"
            throw fail("'\(name)' is not a preset (\(hint))", Exit.badInput)
        }
        let document = try reporting { try PresetDocument(preset) }
        Console.print(yaml ? preset.text : document.markdown())
    }
}
