import ArgumentParser
import Logging

/// What the program tells about its own work, on standard error: for people who look for a cause.
struct LogOptions: ParsableArguments {
    @Flag(name: .long, help: "Says on standard error what is being done.")
    var verbose = false

    /// A logger for one verb; silent unless --verbose.
    func logger(_ label: String) -> Logger {
        var logger = Logger(label: "crossmargin.\(label)") {
            StreamLogHandler.standardError(label: $0)
        }
        logger.logLevel = verbose ? .debug : .error
        return logger
    }
}
