import Audit
import ExactMath
import Foundation
import Scenarios
import Simulation

/// What one run of a study came to.
public struct StudyOutcome: Hashable, Sendable {
    public var point: Int
    public var seed: Int64
    public var blocks: Int64
    public var unseed: UInt64
    /// By place of the metric; nil where this point has no such metric. [1e-8]
    public var values: [Int64?]
}

/// Runs a study on several threads and hands its outcomes over in order, whatever the number of threads.
///
/// A run is used by one thread; the decoded scenario of a point is shared. No thread is further ahead than a
/// window, so that memory does not grow with the study.
///
/// Safe to share: every access to its state holds the lock.
public final class StudyRunner: @unchecked Sendable {
    private let study: Study
    private let shard: Shard
    private let jobs: Int
    /// Where each run is recorded in full, in a file of its own; nil records none.
    private let auditFolder: String?
    private let lock = NSCondition()
    private var next: Int64 = 0
    private var taken: Int64 = 0
    private var finished: [Int64: StudyOutcome] = [:]
    private var failure: (any Error)?
    private var isStopped = false
    private var scenario: (point: Int, value: Scenario)?

    /// - Parameter auditFolder: a folder that exists.
    public init(_ study: Study, shard: Shard = .whole, jobs: Int, auditFolder: String? = nil) {
        precondition(jobs > 0)
        self.study = study
        self.shard = shard
        self.jobs = jobs
        self.auditFolder = auditFolder
    }

    /// How many runs it has.
    public var count: Int64 { shard.runs(of: study.runCount) }

    /// Runs all but the first `done` and calls back for each, in order of point and seed, on this thread.
    ///
    /// - Throws: what `body` throws, or what a run threw; the runs before it have been handed over.
    public func run(after done: Int64 = 0, _ body: (StudyOutcome) throws -> Void) throws {
        guard done < count else { return }
        next = done
        taken = done
        let threads = (0..<min(Int64(jobs), count - done)).map { index in
            let thread = Thread { [self] in work() }
            thread.name = "study \(index + 1)"
            thread.stackSize = 16 << 20
            return thread
        }
        for thread in threads { thread.start() }
        do {
            for place in done..<count { try body(try outcome(place)) }
        } catch {
            stop()
            throw error
        }
    }

    private func outcome(_ place: Int64) throws -> StudyOutcome {
        lock.lock()
        defer { lock.unlock() }
        while true {
            if let outcome = finished.removeValue(forKey: place) {
                taken = place + 1
                lock.broadcast()
                return outcome
            }
            if let failure { throw failure }
            lock.wait()
        }
    }

    private func stop() {
        lock.lock()
        isStopped = true
        lock.broadcast()
        lock.unlock()
    }

    // MARK: Workers

    private func work() {
        while let (place, point, seed, scenario) = task() {
            do {
                finish(place, try run(point, seed, scenario))
            } catch {
                fail(error)
                return
            }
        }
    }

    /// The next run and its scenario; nil when there is none, or somebody failed.
    private func task() -> (place: Int64, point: Int, seed: Int64, scenario: Scenario)? {
        lock.lock()
        defer { lock.unlock() }
        let window = Int64(jobs) * 8
        while next < count, next >= taken + window, !isStopped { lock.wait() }
        guard next < count, !isStopped, failure == nil else { return nil }
        let place = next
        next += 1
        let run = shard.run(at: place)
        let point = Int(run / study.seedCount)
        let seed = study.firstSeed + run % study.seedCount
        do {
            if let scenario, scenario.point == point { return (place, point, seed, scenario.value) }
            let value = try study.load(study.points[point].settings.map(\.override))
            scenario = (point, value)
            return (place, point, seed, value)
        } catch {
            failure = error
            lock.broadcast()
            return nil
        }
    }

    private func finish(_ place: Int64, _ outcome: StudyOutcome) {
        lock.lock()
        finished[place] = outcome
        lock.broadcast()
        lock.unlock()
    }

    private func fail(_ error: any Error) {
        lock.lock()
        if failure == nil { failure = error }
        lock.broadcast()
        lock.unlock()
    }

    // MARK: One run

    private func run(_ point: Int, _ seed: Int64, _ scenario: Scenario) throws -> StudyOutcome {
        let simulation: Simulation
        if let auditFolder {
            simulation = try record(point, seed, in: auditFolder)
        } else {
            var scenario = scenario
            scenario.seed = UInt64(seed)
            // Nobody reads the samples of accounts that nothing touched.
            scenario.healthEvery = .max
            simulation = try Simulation(scenario)
            while simulation.next() != nil {}
        }
        return StudyOutcome(
            point: point, seed: seed, blocks: simulation.summary.blocks, unseed: simulation.unseed,
            values: study.metrics.map { simulation.summary.value(of: $0.name)?.raw })
    }

    /// Runs with the seed in the scenario's text, so that the record replays, into a file of its own.
    private func record(_ point: Int, _ seed: Int64, in folder: String) throws -> Simulation {
        let scenario = try study.load(
            study.points[point].settings.map(\.override) + ["seed=\(seed)"])
        let simulation = try Simulation(scenario)
        let path = "\(folder)/point-\(point)-seed-\(seed).sqlite"
        // What an interrupted study left behind is begun anew.
        for suffix in ["", "-wal", "-shm"]
        where FileManager.default.fileExists(atPath: path + suffix) {
            try FileManager.default.removeItem(atPath: path + suffix)
        }
        let writer = try AuditWriter.create(path, description: simulation.description)
        while let record = simulation.next() { try writer.append(record) }
        try writer.finish(unseed: simulation.unseed)
        return simulation
    }
}
