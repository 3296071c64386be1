import ArgumentParser
import Reports

/// Says where two recorded runs part, and what that came to.
struct Diff: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Says where two recorded runs part, and what that came to.",
        discussion: """
            Compares the latest runs of two databases, or two runs of one:
              crossmargin diff a.sqlite b.sqlite
              crossmargin diff runs.sqlite runs.sqlite --run 1 --other 2

            Exit code 0 when they are the same, 1 when they differ.
            """)

    @Argument(help: "One database.")
    var a: String
    @Argument(help: "The other.")
    var b: String
    @Option(name: .customLong("run"), help: "The run in the first; the default is its latest.")
    var runNumber: Int64?
    @Option(help: "The run in the second; the default is its latest.")
    var other: Int64?

    func run() throws {
        let difference = try ReportFailure.reporting {
            try RunDifference(
                ReportDatabase(a), run: runNumber, ReportDatabase(b), run: other)
        }
        guard !difference.isSame else {
            Console.print("the same: \(difference.blocks) blocks, head \(difference.head ?? "")")
            return
        }
        var parts: [String] = []
        if !difference.settings.rows.isEmpty {
            parts.append("Settings that differ\n\(TableText.plain(difference.settings))")
        }
        if let block = difference.firstBlock {
            parts.append("The first block that differs is \(block)")
            parts.append("Tables that differ there\n\(TableText.plain(difference.tables))")
        }
        parts.append("What it came to\n\(TableText.plain(difference.totals))")
        Console.print(parts.joined(separator: "\n\n"))
        throw Exit.failed
    }
}
