import ArgumentParser
import Simulation

/// The command line: one verb a file.
@main
struct CrossMargin: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "crossmargin",
        abstract: "A deterministic simulator of cross-margin protocols.",
        discussion: """
            A scenario, written in YAML, goes in; blocks execute; a SQLite file comes out that can be \
            queried, verified, replayed and resumed.

            Begin with:
              crossmargin run scenarios/oracle-delay.yaml --db runs.sqlite
              crossmargin query runs.sqlite --named liquidation-delay

            Exit codes: 0 success; 1 it ran, but an expectation or a verification failed; 64 wrong use \
            of the command line; 65 bad input; 74 a file cannot be read or written.
            """,
        version: Engine.version,
        subcommands: [
            Run.self, Validate.self, New.self, HealthCommand.self, Liquidate.self, Protocols.self,
            Query.self, Show.self, Verify.self, Diff.self, Sweep.self, StudyVerb.self, Compare.self,
            Attribute.self, Optimize.self, Prices.self, Calibrate.self,
        ])
}
