import ArgumentParser
import Calibration
import Chain
import Foundation

/// Fits the backlog of block space to recorded gas prices.
struct CalibrateDemand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "demand",
        abstract: "Fits the backlog model to a series of gas prices.",
        discussion: """
            GAS is a CSV file with the columns time_utc, p30_gwei, p60_gwei and p90_gwei: percentiles of \
            what included transactions paid, window by window. --prices names a CSV file with time_utc \
            and close, whose moves bring the rush. Prints the parameters and how well they explain the \
            series; --output writes the demand of a scenario.
            """)

    @Argument(help: "The gas prices, a CSV file.")
    var gas: String
    @Option(help: "Prices of the asset whose moves bring the rush, a CSV file.")
    var prices: String?
    @Option(help: "The chain the series was recorded on: a preset's name.")
    var chain = "ethereum-2020"
    @Option(name: .shortAndLong, help: "Where to write the scenario's demand.")
    var output: String?
    @Flag(help: "Prints one JSON object.")
    var json = false

    func run() throws {
        guard let preset = ChainPreset.named(chain) else {
            throw fail(
                "no chain '\(chain)'; known: \(ChainPreset.names.joined(separator: ", "))",
                Exit.usage)
        }
        let series = try parsed(gas) { try GasSeries(csv: $0) }
        let moves = try prices.map { path in try parsed(path) { try PriceSeries(csv: $0) } }
        let fit: DemandFit
        do {
            fit = try DemandFit.fit(gas: series, prices: moves, chain: preset)
        } catch {
            throw fail("\(gas): \(error)", Exit.badInput)
        }
        if let output {
            do {
                try fit.snippet.write(toFile: output, atomically: true, encoding: .utf8)
            } catch {
                throw fail("\(output): cannot be written", Exit.inputOutput)
            }
        }
        if json {
            let fields = fit.summary.map { name, value in
                "\"\(name)\": \(Double(value) == nil ? "\"\(value)\"" : value)"
            }
            Console.print("{" + fields.joined(separator: ", ") + "}")
        } else {
            for (name, value) in fit.summary {
                Console.print(name.padding(toLength: 22, withPad: " ", startingAt: 0) + value)
            }
            if output == nil { Console.print("\n" + fit.snippet) }
        }
    }

    private func parsed<T>(_ path: String, _ parse: (String) throws -> T) throws -> T {
        guard let text = try? String(contentsOfFile: path, encoding: .utf8) else {
            throw fail("\(path): cannot be read", Exit.inputOutput)
        }
        do { return try parse(text) } catch { throw fail("\(path): \(error)", Exit.badInput) }
    }
}
