import ArgumentParser
import ExactMath
import Foundation
import Markets

/// Brings recorded prices and gas into the form that scenarios name.
struct Prices: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Brings recorded prices and gas into the form that scenarios name.",
        subcommands: [PricesImport.self])
}

/// Reads somebody else's file, checks it, and writes the compact one.
struct PricesImport: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "import",
        abstract:
            "Reads klines, bars, oracle rounds or gas prices, checks them and writes a compact file.",
        discussion: """
            Bars are named by assets.ASSET.price.bars, rounds by oracles.ASSET.rounds, gas by demand.series.

            Klines of exchanges with and without a header, tables of open, high, low and close, and dumps of \
            Chainlink rounds are told apart by their columns; times are ISO 8601, or seconds, milliseconds \
            or microseconds since 1970. Times that repeat or go back and impossible moves are errors with \
            file, line and column; gaps and odd hours are noted.
            """)

    @Argument(help: "The file of comma-separated values.")
    var file: String
    @Option(
        name: [.short, .customLong("output")], help: "Where to write; standard output without it.")
    var output: String?
    @Flag(help: "The file is a series of gas prices in gwei.")
    var gas = false
    @Option(help: "The largest possible move from one row to the next, in per cent.")
    var maxMove = 60
    @Option(help: "The decimals of whole-number answers in a dump of rounds.")
    var decimals = 8

    func validate() throws {
        guard (1...1_000_000).contains(maxMove) else {
            throw ValidationError("--max-move is between 1 and 1000000 per cent")
        }
        guard (0...30).contains(decimals) else {
            throw ValidationError("--decimals is between 0 and 30")
        }
    }

    func run() throws {
        let options = SeriesImport.Options(
            largestMove: Ratio(percent: Int64(maxMove)), decimals: decimals)
        let series = try SeriesFile.read(file) { (text) throws(CSVError) in
            try gas ? SeriesImport.gas(csv: text) : SeriesImport.prices(csv: text, options)
        }
        for note in series.notes {
            let place = note.line > 0 ? ":\(note.line)" : ""
            Console.error("\(file)\(place): \(note.message)")
        }
        guard let output else {
            Console.print(String(series.text.dropLast()))
            return
        }
        try SeriesFile.write(series.text, to: output)
        let every = series.interval.map { ", every \($0.milliseconds / 1000) s" } ?? ""
        Console.print(
            "wrote \(output): \(series.rows) rows of \(series.form.rawValue) from \(series.first) to "
                + "\(series.last)\(every)")
    }
}

/// Files of series, with errors that name the place.
enum SeriesFile {
    static func read<Value>(_ path: String, _ body: (String) throws(CSVError) -> Value) throws
        -> Value
    {
        guard let data = FileManager.default.contents(atPath: path) else {
            throw fail("\(path) cannot be read", Exit.inputOutput)
        }
        guard let text = String(data: data, encoding: .utf8) else {
            throw fail("\(path): the file is not UTF-8", Exit.badInput)
        }
        do throws(CSVError) { return try body(text) } catch {
            Console.error("\(path):\(error)")
            throw Exit.badInput
        }
    }

    static func write(_ text: String, to path: String) throws {
        do { try Data(text.utf8).write(to: URL(fileURLWithPath: path)) } catch {
            throw fail("\(path) cannot be written: \(error.localizedDescription)", Exit.inputOutput)
        }
    }
}
