import Foundation
import StrataCore
import StrataRuntime

/// The binary, run as a person would.
struct CommandRun {
  private let child: ChildProcess
  private let folder: String

  /// - Parameters:
  ///   - data: the folder in which the stack's data folder lies, and what the command prints.
  ///   - input: what it reads; nothing unless given.
  init(_ words: [String], data: String, input: String? = nil) async throws {
    folder = data + "/command-\(JobID())"
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    var environment = Environment.current
    environment["STRATA_DATA_DIR"] = data + "/data"
    var specification = ProcessSpecification(StackUnderTest.binary, words, environment: environment)
    if let input {
      try input.write(toFile: folder + "/in", atomically: true, encoding: .utf8)
      specification.standardInput = .file(folder + "/in")
    }
    specification.standardOutput = .file(folder + "/out")
    specification.standardError = .file(folder + "/error")
    child = try await ChildProcess.spawn(specification)
  }

  /// Waits for its end; nil if a signal was it.
  func status() async -> Int32? {
    if case .exited(let code) = await child.wait().status { code } else { nil }
  }

  func interrupt() { child.signal(SIGINT) }

  var output: String { read("/out") }
  var errors: String { read("/error") }
  var printed: String { output + errors }

  private func read(_ name: String) -> String { (try? String(contentsOfFile: folder + name, encoding: .utf8)) ?? "" }
}
