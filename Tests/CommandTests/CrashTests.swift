import Foundation
import Testing

/// A run killed at any moment leaves a valid prefix, and continues to the same head.
@Suite(.serialized) struct CrashTests {
    @Test func killedAtRandomMomentsAndResumed() throws {
        let scenario = Tool.scenario("oracle-delay")
        try Tool.inFolder { folder in
            let whole = try Tool.run(
                ["run", scenario, "--db", "whole.sqlite", "--json"], in: folder)
            let head = try #require(Tool.field("head_hash", of: whole.out))
            let seconds = try #require(Double(Tool.field("wall_seconds", of: whole.out) ?? ""))
            // A fixed sequence stands for chance, so that a failure can be seen again.
            var state: UInt64 = 20_200_312
            var resumed = 0
            for attempt in 0..<20 {
                state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
                let share = Double(state >> 40) / Double(1 << 24)
                let file = "killed-\(attempt).sqlite"
                let (process, out, error) = try Tool.start(
                    ["run", scenario, "--db", file, "--json"], in: folder)
                Thread.sleep(forTimeInterval: share * seconds)
                kill(process.processIdentifier, SIGKILL)
                process.waitUntilExit()
                _ = (out, error)
                if try resumes(file, in: folder, to: head, "attempt \(attempt) at \(share)") {
                    resumed += 1
                }
            }
            // Some kills come before anything is there or after the end; most must not.
            #expect(resumed >= 10, "only \(resumed) of 20 kills hit a run")
        }
    }

    /// Verifies and resumes what a kill left; false where it hit no run.
    private func resumes(_ file: String, in folder: URL, to head: String, _ note: String) throws
        -> Bool
    {
        let path = folder.appendingPathComponent(file).path
        guard FileManager.default.fileExists(atPath: path),
            try Tool.run(["show", file], in: folder).code == 0,
            !(try Tool.run(["show", file], in: folder).out.contains("(no rows)"))
        else { return false }  // Killed before anything was there.
        let verified = try Tool.run(["verify", file], in: folder)
        #expect(verified.code == 0, "\(note): \(verified.out)\(verified.error)")
        guard !verified.out.contains(head) else { return false }  // Killed after its end.
        let resumed = try Tool.run(["run", "--resume", "--db", file, "--json"], in: folder)
        #expect(Tool.field("head_hash", of: resumed.out) == head, "\(note): \(resumed.error)")
        let again = try Tool.run(["verify", file], in: folder)
        #expect(again.code == 0 && again.out.contains(head), "\(note): \(again.out)")
        return true
    }

    #if os(Linux)
        @Test func aFullDiskEndsWith74AndAValidPrefix() throws {
            try Tool.inFolder { folder in
                // A limit on the size of files is what a full disk looks like to SQLite.
                let result = try Tool.run(
                    ["run", Tool.scenario("oracle-delay"), "--db", "full.sqlite"], in: folder,
                    prefix: ["bash", "-c", "trap '' XFSZ; ulimit -f 3000; exec \"$@\"", "bash"])
                #expect(result.code == 74, "\(result.out) \(result.error)")
                #expect(result.error.contains("full.sqlite"))
                let verified = try Tool.run(["verify", "full.sqlite"], in: folder)
                #expect(verified.code == 0, "\(verified.out)\(verified.error)")
                let resumed = try Tool.run(
                    ["run", "--resume", "--db", "full.sqlite", "--json"], in: folder)
                let whole = try Tool.run(["run", Tool.scenario("oracle-delay"), "--json"])
                #expect(
                    Tool.field("head_hash", of: resumed.out)
                        == Tool.field("head_hash", of: whole.out))
            }
        }
    #endif
}
