import ArgumentParser
import Calibration
import ExactMath
import Foundation
import Markets

/// Estimates a push feed's configuration from its recorded rounds.
struct CalibrateOracle: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "oracle",
        abstract: "Estimates a push feed's deviation, heartbeat and latency from recorded rounds.",
        discussion: """
            Reads a dump of rounds as 'prices import' does, prints the estimate and how well it describes \
            the rounds, and the lines of a scenario that configure such a feed.
            """)

    @Argument(help: "The rounds, a file of comma-separated values.")
    var file: String
    @Option(help: "The asset that the lines are written for.")
    var asset = "ETH"
    @Option(help: "The decimals of whole-number answers.")
    var decimals = 8
    @Option(name: [.short, .customLong("output")], help: "Writes the lines to a file.")
    var output: String?

    func run() throws {
        let series = try SeriesFile.read(file) { (text) throws(CSVError) in
            try SeriesImport.prices(
                csv: text,
                SeriesImport.Options(largestMove: Ratio(whole: 1000), decimals: decimals))
        }
        guard series.form == .rounds else {
            throw fail(
                "\(file): expected rounds with a time and an answer, found bars", Exit.badInput)
        }
        let points: [PricePoint]
        do { points = try SeriesParser.points(csv: series.text) } catch {
            throw fail("\(file): \(error)", Exit.badInput)
        }
        let rounds = points.map { ObservedRound(time: $0.time, price: $0.price) }
        guard let estimate = FeedEstimate(rounds), let lines = estimate.snippet(asset: asset) else {
            throw fail(
                "\(file): \(rounds.count) rounds show neither a deviation nor a heartbeat",
                Exit.badInput)
        }
        for line in Self.report(estimate, series) { Console.print(line) }
        Console.print("")
        if let output {
            try SeriesFile.write(lines, to: output)
            Console.print("wrote \(output)")
        } else {
            Console.print(lines)
        }
    }

    static func report(_ estimate: FeedEstimate, _ series: ImportedSeries) -> [String] {
        let fit = estimate.fit
        func share(_ part: Int, _ whole: Int) -> String {
            whole == 0 ? "none" : "\(part) of \(whole), \(tenths(part * 1000 / whole)) %"
        }
        func percent(_ ratio: Ratio) -> String {
            // Thousandths of a per cent, rounded down.
            "\(Ratio(raw: ratio.raw / 1000 * 1000 * 100)) %"
        }
        return [
            "\(series.rows) rounds from \(series.first) to \(series.last)",
            "rounds a day        \(estimate.roundsPerDay)",
            "deviation           \(estimate.deviation.map(percent) ?? "none")",
            "heartbeat           "
                + (estimate.heartbeat.map {
                    "\($0.milliseconds / 1000) s, "
                        + (estimate.isPhaseLocked ? "phase-locked" : "reset by every round")
                } ?? "none"),
            "quantum of time     \(estimate.quantum.milliseconds) ms",
            "lateness            median \(estimate.lateness.median.milliseconds / 1000) s, "
                + "95 % within \(estimate.lateness.high.milliseconds / 1000) s",
            "moves               median \(percent(fit.medianMove)), 95 % within "
                + "\(percent(fit.highMove)), largest \(percent(fit.largestMove))",
            "longest distance    \(fit.longestGap.milliseconds / 1000) s",
            "goodness of fit:",
            "  by a move         \(share(fit.moved, estimate.rounds))",
            "  by the clock      \(share(fit.onTheClock, estimate.rounds))",
            "  unexplained       \(share(fit.unexplained, estimate.rounds))",
            "  moves off the clock at the deviation or beyond: "
                + share(fit.offTheClockMoved, fit.offTheClock),
        ]
    }

    private static func tenths(_ value: Int) -> String { "\(value / 10).\(value % 10)" }
}
