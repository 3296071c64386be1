import Foundation
import Testing

@testable import Studies

@Suite struct StudyMergeTests {
    @Test func mergedShardsAreTheWhole() throws {
        let study = try Fixture.study(seeds: 1...5)
        try Fixture.inFolder { folder in
            func path(_ name: String) -> String { folder.appendingPathComponent(name).path }
            let whole = try Fixture.run(study, into: path("whole.sqlite"), jobs: 2)
            for index in 1...4 {
                try Fixture.run(
                    study, into: path("\(index).sqlite"),
                    shard: Shard(index: Int64(index), count: 4))
            }
            // In any order.
            let merged = try StudyMerge.merge(
                [3, 1, 4, 2].map { path("\($0).sqlite") }, into: path("merged.sqlite"))
            #expect("\(merged.hash)" == whole)
            #expect(merged.runs == 15)

            let cases: [(files: [String], message: String)] = [
                (["1", "2", "3"], "missing of 4 shards: 4"),
                (["1", "2", "3", "3"], "shard 3/4 is in"),
                (["1", "whole"], "is whole, not a shard"),
                (["1", "other"], "not a shard of the study"),
                (["1", "half"], "one of 2 shards"),
                (["1", "2", "3", "short"], "has 2 of its 3 runs"),
            ]
            try Fixture.run(
                try Fixture.study(seeds: 1...6), into: path("other.sqlite"),
                shard: Shard(index: 2, count: 4))
            try Fixture.run(study, into: path("half.sqlite"), shard: Shard(index: 1, count: 2))
            try Fixture.run(
                study, into: path("short.sqlite"), shard: Shard(index: 4, count: 4), stopAfter: 2)
            for (index, (files, message)) in cases.enumerated() {
                let error = #expect(throws: StudyError.self) {
                    try StudyMerge.merge(
                        files.map { path("\($0).sqlite") }, into: path("refused-\(index).sqlite"))
                }
                #expect(error?.message.contains(message) == true, "\(error?.message ?? "")")
            }
        }
    }

    @Test(arguments: ["", "1", "0/2", "3/2", "a/b", "1/0", "1/2/3", "-1/2"])
    func shardsThatAreNone(text: String) {
        #expect(throws: StudyError.self) { try Shard(text) }
    }

    @Test(arguments: [1, 2, 3, 7, 20]) func shardsCoverEverythingOnce(count: Int64) {
        var runs: [Int64] = []
        for index in 1...count {
            let shard = Shard(index: index, count: count)
            runs += (0..<shard.runs(of: 11)).map(shard.run)
        }
        #expect(runs.sorted() == Array(0..<11))
    }
}
