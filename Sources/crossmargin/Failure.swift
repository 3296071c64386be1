import ArgumentParser
import Audit
import Foundation
import Scenarios

/// The documented exit codes, after sysexits.h.
enum Exit {
    /// It ran, but an expectation or a verification failed.
    static let failed = ExitCode(1)
    static let usage = ExitCode(64)
    static let badInput = ExitCode(65)
    static let inputOutput = ExitCode(74)
}

/// Standard output and error; only this target prints.
enum Console {
    static func print(_ text: String) { write(text + "\n", to: .standardOutput) }
    static func error(_ text: String) { write(text + "\n", to: .standardError) }
    static func errorRaw(_ text: String) { write(text, to: .standardError) }

    private static func write(_ text: String, to handle: FileHandle) {
        // A closed pipe (`| head`) is the reader's choice, not an error.
        try? handle.write(contentsOf: Data(text.utf8))
    }

    /// Is standard error a terminal that understands carriage returns?
    static var isTerminal: Bool {
        isatty(FileHandle.standardError.fileDescriptor) == 1
            && ProcessInfo.processInfo.environment["TERM"] != "dumb"
    }
}

/// Says what went wrong and ends with the code that belongs to it.
func fail(_ message: String, _ code: ExitCode) -> ExitCode {
    Console.error("crossmargin: \(message)")
    return code
}

/// Runs a body and turns every known error into its message and exit code.
func reporting<T>(_ body: () throws -> T) throws -> T {
    do {
        return try body()
    } catch let problems as ScenarioProblems {
        Console.error(problems.description)
        throw Exit.badInput
    } catch let error as AuditError {
        switch error.kind {
        case .io: throw fail(error.message, Exit.inputOutput)
        case .mismatch: throw fail(error.message, Exit.failed)
        default: throw fail(error.message, Exit.badInput)
        }
    }
}
