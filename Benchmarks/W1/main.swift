import Foundation

// usage: w1-benchmark law INPUT [REPEAT] | micro
// Each prints one JSON line, like the other programs of the workload, or a small table.
let arguments = Array(CommandLine.arguments.dropFirst())
switch (arguments.first, arguments.count) {
case ("law", 2...3):
    let repeats = arguments.count > 2 ? max(1, Int(arguments[2]) ?? 1) : 1
    print(try LawMode.run(Workload(path: arguments[1]), repeats: repeats))
case ("micro", 1):
    print(try MicroMode.run())
default:
    FileHandle.standardError.write(
        Data("usage: w1-benchmark law INPUT [REPEAT] | micro\n".utf8))
    exit(64)
}
