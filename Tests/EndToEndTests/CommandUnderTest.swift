import Foundation
import StrataCore
import StrataRuntime
import Testing

/// What a command said and how it ended.
struct CommandResult {
  let status: ProcessExit.Status
  let output: String
  let errors: String
}

/// Runs `strata` with the words of its command line to its end.
func strata(_ words: String...) async throws -> CommandResult {
  try await run(ProcessSpecification(StackUnderTest.binary, words))
}

/// Runs a line as a shell would that it was pasted into.
func shell(_ line: String) async throws -> CommandResult {
  try await run(ProcessSpecification("sh", ["-c", line]))
}

private func run(_ specification: ProcessSpecification) async throws -> CommandResult {
  var specification = specification
  for name in ["STRATA_DATA_DIR", "STRATA_URL", "STRATA_REDIS_URL", "STRATA_POSTGRES_URL"] {
    specification.environment[name] = nil
  }
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
