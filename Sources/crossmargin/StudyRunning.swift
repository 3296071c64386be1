import ArgumentParser
import Audit
import Foundation
import Scenarios
import Studies

/// What every verb that runs many simulations takes.
struct StudyOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp("The seeds of every point, such as 1...64.", valueName: "first...last"))
    var seeds = "1...16"
    @Option(name: .shortAndLong, help: "How many runs go on at once; as many as cores without it.")
    var jobs: Int?
    @Flag(name: .shortAndLong, help: "No progress line.")
    var quiet = false

    var workers: Int { jobs ?? max(1, ProcessInfo.processInfo.activeProcessorCount) }

    func validate() throws {
        if let jobs, !(1...1024).contains(jobs) {
            throw ValidationError("--jobs is 1 to 1024, found \(jobs)")
        }
    }

    func seedRange() throws -> ClosedRange<Int64> {
        try studying { try SeedRange(seeds).range }
    }
}

/// Texts of files as they were when first read: a file that is edited while a study runs changes nothing.
///
/// Safe to share: every access holds the lock.
final class FileSnapshots: @unchecked Sendable {
    private let lock = NSLock()
    private var texts: [String: String] = [:]

    func read(_ path: String) throws -> String {
        lock.lock()
        defer { lock.unlock() }
        if let text = texts[path] { return text }
        let text = try ScenarioFiles.read(path)
        texts[path] = text
        return text
    }

    /// A scenario's file with overrides, for a study.
    func loader(_ path: String, overrides: [String]) -> Study.Load {
        { more in
            try ScenarioLoader.load(path, overrides: overrides + more) { try self.read($0) }
        }
    }
}

/// Runs a body and turns errors of studies into messages and exit codes.
func studying<T>(_ body: () throws -> T) throws -> T {
    do {
        return try reporting(body)
    } catch let error as StudyError {
        switch error.kind {
        case .usage: throw fail(error.message, Exit.usage)
        case .input: throw fail(error.message, Exit.badInput)
        case .io: throw fail(error.message, Exit.inputOutput)
        }
    }
}

/// Runs studies with a progress line, into a database where there is one.
struct StudyRunning {
    var options: StudyOptions
    var database: String?
    var shard: Shard = .whole
    var auditFolder: String?
    var isQuiet: Bool

    struct Result {
        var values: StudyValues
        /// Of the database's content; nil without one.
        var hash: Digest32?
        /// Runs that were there before.
        var done: Int64
        var seconds: Double
    }

    func run(_ study: Study) throws -> Result {
        try studying {
            if let auditFolder {
                try FileManager.default.createDirectory(
                    atPath: auditFolder, withIntermediateDirectories: true)
            }
            let store = try database.map { try StudyStore($0, study, shard: shard) }
            let runner = StudyRunner(
                study, shard: shard, jobs: options.workers, auditFolder: auditFolder)
            let done = store?.done ?? 0
            var values = StudyValues(study)
            var progress = StudyProgress(total: runner.count, done: done, isShown: !isQuiet)
            try runner.run(after: done) { outcome in
                if let store { try store.append(outcome) } else { values.add(outcome) }
                progress.advance()
            }
            progress.end()
            if let store {
                try store.finish()
                values = try store.values()
            }
            return Result(
                values: values, hash: try store?.contentHash(), done: done,
                seconds: progress.elapsed)
        }
    }
}

/// One line on the terminal: how many runs are done, how fast, and how long the rest will take.
struct StudyProgress {
    private let total: Int64
    private let begun: Int64
    private var done: Int64
    private let start = ContinuousClock.now
    private var shown: ContinuousClock.Instant
    private let isShown: Bool

    init(total: Int64, done: Int64, isShown: Bool) {
        self.total = total
        self.done = done
        begun = done
        self.isShown = isShown && Console.isTerminal
        shown = start
    }

    var elapsed: Double { Progress.seconds(ContinuousClock.now - start) }

    mutating func advance() {
        done += 1
        guard isShown else { return }
        let now = ContinuousClock.now
        guard now - shown > .milliseconds(200) || done == total else { return }
        shown = now
        let rate = Double(done - begun) / max(elapsed, 0.001)
        let left = Int64(Double(total - done) / max(rate, 1e-9) * 1000)
        Console.errorRaw(
            "\r\u{1B}[K\(done)/\(total) runs  \(done * 100 / max(1, total)) %  "
                + "\(rounded(rate, 1)) runs/s  \(timeText(left)) left")
    }

    func end() {
        if isShown { Console.errorRaw("\r\u{1B}[K") }
    }
}
