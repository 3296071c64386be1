import Foundation

// usage: w1-benchmark law INPUT [REPEAT] | audit INPUT DIRECTORY | micro
// Each prints one JSON line, like the other programs of the workload, or a small table.
let arguments = Array(CommandLine.arguments.dropFirst())
func fail(_ message: String, code: Int32) -> Never {
    FileHandle.standardError.write(Data((message + "\n").utf8))
    exit(code)
}
do {
    switch (arguments.first, arguments.count) {
    case ("law", 2...3):
        let repeats = arguments.count > 2 ? max(1, Int(arguments[2]) ?? 1) : 1
        print(try LawMode.run(Workload(path: arguments[1]), repeats: repeats))
    case ("audit", 3):
        print(try AuditMode.run(Workload(path: arguments[1]), directory: arguments[2]))
    case ("micro", 1):
        print(try MicroMode.run())
    default:
        fail("usage: w1-benchmark law INPUT [REPEAT] | audit INPUT DIRECTORY | micro", code: 64)
    }
} catch {
    fail("w1-benchmark: \(error)", code: 1)
}
