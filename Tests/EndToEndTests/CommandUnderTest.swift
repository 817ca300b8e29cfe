import Foundation
import StrataAPI
import StrataCore
import StrataRuntime
import Testing

/// What a command said and how it ended.
struct CommandResult {
  let status: ProcessExit.Status
  let output: String
  let errors: String

  var printed: String { output + errors }
  /// Nil if a signal ended it.
  var code: Int32? { if case .exited(let code) = status { code } else { nil } }
}

/// What a command lists with `--json`.
func items<Item: Codable & Sendable>(of result: CommandResult) throws -> [Item] {
  try JSONDecoder().decode(Page<Item>.self, from: Data(result.output.utf8)).items
}

/// Runs `strata` with the words of its command line to its end.
func strata(_ words: String...) async throws -> CommandResult { try await strata(words) }

/// - Parameters:
///   - stack: whose data folder is the command's, by the environment.
///   - input: what it reads; nothing unless given.
func strata(_ words: [String], on stack: StackUnderTest? = nil, input: String? = nil) async throws -> CommandResult {
  var specification = ProcessSpecification(StackUnderTest.binary, words)
  if let input {
    let file = FileManager.default.temporaryDirectory.path + "/strata-input-\(JobID())"
    try input.write(toFile: file, atomically: true, encoding: .utf8)
    defer { try? FileManager.default.removeItem(atPath: file) }
    specification.standardInput = .descriptor(try Descriptor.open(file, O_RDONLY))
  }
  return try await run(specification, on: stack)
}

/// Runs another program to its end.
func program(_ path: String, _ words: [String]) async throws -> CommandResult {
  try await run(ProcessSpecification(path, words))
}

/// Runs a line as a shell would that it was pasted into.
func shell(_ line: String) async throws -> CommandResult {
  try await run(ProcessSpecification("sh", ["-c", line]))
}

/// A command that goes on while its test does something else. What it prints goes to files of the stack's folder.
struct RunningCommand {
  private let child: ChildProcess
  private let place: String

  init(_ words: [String], on stack: StackUnderTest) async throws {
    place = stack.folder + "/command-\(JobID())"
    var specification = ProcessSpecification(StackUnderTest.binary, words)
    setEnvironment(of: &specification, on: stack)
    specification.standardOutput = .file(place + ".out")
    specification.standardError = .file(place + ".errors")
    child = try await ChildProcess.spawn(specification)
  }

  func interrupt() { child.signal(SIGINT) }

  var output: String { read(".out") }
  var errors: String { read(".errors") }

  func ended() async -> CommandResult {
    let exit = await child.wait()
    return CommandResult(status: exit.status, output: output, errors: read(".errors"))
  }

  private func read(_ ending: String) -> String {
    (try? String(contentsOfFile: place + ending, encoding: .utf8)) ?? ""
  }
}

private func setEnvironment(of specification: inout ProcessSpecification, on stack: StackUnderTest?) {
  for name in ["STRATA_DATA_DIR", "STRATA_URL", "STRATA_API_KEY", "STRATA_REDIS_URL", "STRATA_POSTGRES_URL"] {
    specification.environment[name] = nil
  }
  if let stack { specification.environment["STRATA_DATA_DIR"] = stack.folder + "/data" }
}

private func run(_ specification: ProcessSpecification, on stack: StackUnderTest? = nil) async throws -> CommandResult {
  var specification = specification
  setEnvironment(of: &specification, on: stack)
  specification.standardOutput = .pipe
  specification.standardError = .pipe
  specification.leftovers = .leave
  let child = try await ChildProcess.spawn(specification)
  let (output, errors) = (try #require(child.standardOutput), try #require(child.standardError))
  async let said = output.readToEnd(bytesMax: 1 << 20)
  let complained = try await errors.readToEnd(bytesMax: 1 << 20)
  return CommandResult(
    status: await child.wait().status, output: String(decoding: try await said, as: UTF8.self),
    errors: String(decoding: complained, as: UTF8.self))
}

/// A folder that others may pass through, gone afterwards.
func withFolder<Value>(_ name: String, _ body: (String) async throws -> Value) async throws -> Value {
  let top = FileManager.default.temporaryDirectory.path + "/strata-e2e-\(JobID())"
  let folder = top + "/" + name
  try FileManager.default.createDirectory(
    atPath: folder, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o755])
  defer { try? FileManager.default.removeItem(atPath: top) }
  return try await body(folder)
}
