/// The seeds of a study: `1...64`, or `7` for one.
public struct SeedRange: Hashable, Sendable {
    public var range: ClosedRange<Int64>

    /// - Throws: ``StudyError`` `.usage`.
    public init(_ text: String) throws(StudyError) {
        let ends: [Int64?]
        if let dots = text.firstRange(of: "...") {
            ends = [Int64(text[..<dots.lowerBound]), Int64(text[dots.upperBound...])]
        } else {
            ends = [Int64(text), Int64(text)]
        }
        guard let first = ends[0], let last = ends[1], first >= 0, first <= last,
            last - first < 1_000_000
        else {
            throw StudyError(
                .usage,
                "expected seeds such as '1...64', whole numbers from 0 on, at most a million of them; found '\(text)'"
            )
        }
        range = first...last
    }
}
