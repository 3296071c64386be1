/// The workload through the law, without any audit; only the block loop is timed.
enum LawMode {
    static func run(_ input: Workload, repeats: Int) throws -> String {
        var seconds = 0.0
        var driver = try Driver(input)
        for turn in 0..<repeats {
            if turn > 0 { driver = try Driver(input) }
            seconds += Stopwatch.seconds {
                for block in 0..<input.blockCount { driver.run(block) { _ in } }
            }
        }
        let digest = driver.digest()
        let blocks = Double(input.blockCount * repeats)
        let evaluations = Double(driver.evaluations) / Double(input.blockCount)
        return """
            {"impl": "crossmargin-law", "blocks": \(input.blockCount), "repeat": \(repeats), \
            "seconds": \(seconds), "blocks_per_s": \(blocks / seconds), \
            "evaluations_per_block": \(evaluations), \
            "digest": {"liqs": \(digest.liquidations), "applied": \(digest.applied), \
            "rejected": \(digest.rejected), "insurance": \(digest.insurance), \
            "fees": \(digest.fees), "coll": \(digest.collateral), "open": \(digest.open)}}
            """
    }
}

enum Stopwatch {
    static func seconds(_ work: () throws -> Void) rethrows -> Double {
        let elapsed = try ContinuousClock().measure(work).components
        return Double(elapsed.seconds) + Double(elapsed.attoseconds) * 1e-18
    }
}
