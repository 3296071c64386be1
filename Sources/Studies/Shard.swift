/// A part of a study's runs, for one of several machines: every n-th run, beginning with the i-th.
public struct Shard: Hashable, Sendable {
    /// From 1.
    public var index: Int64
    public var count: Int64

    /// All runs.
    public static let whole = Shard(index: 1, count: 1)

    init(index: Int64, count: Int64) {
        self.index = index
        self.count = count
    }

    /// Reads `i/n`.
    /// - Throws: ``StudyError`` `.usage`.
    public init(_ text: String) throws(StudyError) {
        let parts = text.split(separator: "/", omittingEmptySubsequences: false)
        guard parts.count == 2, let index = Int64(parts[0]), let count = Int64(parts[1]),
            (1...100_000).contains(count), (1...count).contains(index)
        else {
            throw StudyError(
                .usage, "expected a shard such as '2/8', the second of eight; found '\(text)'")
        }
        self.init(index: index, count: count)
    }

    /// How many of so many runs are its.
    func runs(of all: Int64) -> Int64 { (all - index + count) / count }

    /// The place among all runs of its run at a place.
    func run(at place: Int64) -> Int64 { place * count + index - 1 }
}
