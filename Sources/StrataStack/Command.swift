import Glibc
import StrataCore
import StrataRuntime

/// Running a short command to its end. Cancelling the task kills it, with what it started in its process group.
enum Command {
  static let outputBytesMax = 1 << 20

  /// Its standard output; its standard error is in the error when it fails.
  static func output(_ executable: String, _ arguments: [String]) async throws(StrataError) -> String {
    try await run(ProcessSpecification(executable, arguments))
  }

  static func run(_ specification: ProcessSpecification) async throws(StrataError) -> String {
    var specification = specification
    specification.standardOutput = .pipe
    specification.standardError = .pipe
    let child = try await ChildProcess.spawn(specification)
    let (output, complaint, exit) = await withTaskCancellationHandler {
      async let errors = text(of: child.standardError)
      let output = await text(of: child.standardOutput)
      return (output, await errors, await child.wait())
    } onCancel: {
      child.signalGroup(SIGKILL)
    }
    if Task.isCancelled { throw StrataError(.cancelled, "\(specification.executable) is not wanted any more") }
    guard exit.isSuccess else {
      throw StrataError(.internalError, "\(specification.executable) failed with \(exit.status): \(complaint)")
    }
    return output
  }

  private static func text(of stream: Descriptor?) async -> String {
    String(decoding: (try? await stream?.readToEnd(bytesMax: outputBytesMax)) ?? [], as: UTF8.self)
  }
}
