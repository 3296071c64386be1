import Foundation
import Testing

/// The built command line, run as a user runs it.
struct Tool {
    struct Output {
        var code: Int32
        var out: String
        var error: String
    }

    static let root: URL = {
        URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent()
    }()

    /// The binary stands beside the test runner, or above it inside a bundle.
    static let binary: URL = {
        var folder = URL(fileURLWithPath: CommandLine.arguments[0]).deletingLastPathComponent()
        for _ in 0..<6 {
            let candidate = folder.appendingPathComponent("crossmargin")
            var isDirectory: ObjCBool = false
            if FileManager.default.fileExists(atPath: candidate.path, isDirectory: &isDirectory),
                !isDirectory.boolValue
            {
                return candidate
            }
            folder = folder.deletingLastPathComponent()
        }
        return folder
    }()

    static func scenario(_ name: String) -> String {
        root.appendingPathComponent("scenarios/\(name).yaml").path
    }

    /// A fresh folder that is removed afterwards.
    static func inFolder<T>(_ body: (URL) throws -> T) throws -> T {
        let folder = FileManager.default.temporaryDirectory
            .appendingPathComponent("crossmargin-test-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        return try body(folder)
    }

    static func start(_ arguments: [String], in folder: URL? = nil, prefix: [String] = []) throws
        -> (Process, Pipe, Pipe)
    {
        let process = Process()
        let words = prefix + [binary.path] + arguments
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = words
        process.currentDirectoryURL = folder ?? root
        let out = Pipe()
        let error = Pipe()
        process.standardOutput = out
        process.standardError = error
        process.standardInput = FileHandle.nullDevice
        try process.run()
        return (process, out, error)
    }

    static func run(_ arguments: [String], in folder: URL? = nil, prefix: [String] = []) throws
        -> Output
    {
        let (process, out, error) = try start(arguments, in: folder, prefix: prefix)
        let outData = out.fileHandleForReading.readDataToEndOfFile()
        let errorData = error.fileHandleForReading.readDataToEndOfFile()
        process.waitUntilExit()
        return Output(
            code: process.terminationStatus, out: String(decoding: outData, as: UTF8.self),
            error: String(decoding: errorData, as: UTF8.self))
    }

    /// One field of the JSON object that `run --json` prints.
    static func field(_ name: String, of json: String) -> String? {
        guard
            let object = try? JSONSerialization.jsonObject(with: Data(json.utf8)) as? [String: Any]
        else { return nil }
        return object[name].map { "\($0)" }
    }

    /// Compares with a committed file, or writes it when CROSSMARGIN_WRITE_GOLDENS is set.
    static func expectGolden(
        _ text: String, _ path: String, sourceLocation: SourceLocation = #_sourceLocation
    ) throws {
        let url = root.appendingPathComponent(path)
        if ProcessInfo.processInfo.environment["CROSSMARGIN_WRITE_GOLDENS"] != nil {
            try FileManager.default.createDirectory(
                at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
            try Data(text.utf8).write(to: url)
            return
        }
        let golden = (try? String(contentsOf: url, encoding: .utf8)) ?? ""
        #expect(
            text == golden, "\(path) is stale: see `make golden`", sourceLocation: sourceLocation)
    }
}
