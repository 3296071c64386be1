import Testing

@testable import Studies

@Suite struct ConstraintTests {
    let sample = Sample((1...100).map(Double.init))

    @Test(arguments: [
        ("p99(x) < 99", false), ("p99(x) <= 99", true), ("mean(x) > 50", true),
        ("x >= 50.5", true), ("max(x) < 1e2", false), ("min(x)>=1", true),
        ("median(x) < $1k", true),
        ("p95(x) < 9500%", false),
    ])
    func holds(text: String, expected: Bool) throws {
        let constraint = try Constraint(text)
        #expect(constraint.holds(for: sample) == expected)
        #expect(constraint.statistic.metric == "x")
    }

    @Test(arguments: [
        ("p99(x)", "expected a constraint"), ("p0(x) < 1", "expected a statistic"),
        ("p100(x) < 1", "expected a statistic"), ("sum(x) < 1", "expected a statistic"),
        ("p99(x < 1", "expected a statistic"), ("< 1", "expected a statistic"),
        ("p99(x) < much", "expected a number"), ("p99(x) <", "expected a number"),
    ])
    func refusals(text: String, message: String) {
        let error = #expect(throws: StudyError.self) { try Constraint(text) }
        #expect(error?.message.contains(message) == true)
    }
}
