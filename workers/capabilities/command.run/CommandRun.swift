import Glibc
import StrataCore
import StrataRuntime
import StrataWorker

/// Runs a client's command as a process of its own.
///
/// Copies of the inputs lie in its working folder under their names; what it leaves in `$STRATA_OUTPUT_DIR` (`output` in
/// the working folder) are the results; what it prints is the log; its exit status is a result.
struct CommandRun: CapabilityHandler {
  let definition = Catalogue.definition("command.run")
  /// The text of `stdin` lies there for a moment.
  private static let standardInputName = ".stdin"

  func run(_ context: AttemptContext) async throws(AttemptError) -> AttemptProduct {
    let command = try context.parameters.strings("command")
    guard let program = command.first, !program.isEmpty else { throw .invalidInput("'command' names no program") }
    try checkStandardInput(of: context)
    try InputPlacement.copy(context.inputs, into: context.workingFolder)
    let environment = try CommandEnvironment.make(for: context)
    let path = environment["PATH"] ?? ""
    guard let executable = Environment.find(program, path: path) else {
      throw .invalidInput(
        program.contains("/")
          ? "there is no program '\(program)' on the worker"
          : "there is no program '\(program)' in the PATH of the command, '\(path)'")
    }
    var specification = ProcessSpecification(
      executable, Array(command.dropFirst()), environment: environment, workingDirectory: context.workingFolder)
    specification.standardInput = try await standardInput(of: context)
    return try product(of: await Self.wait(for: specification))
  }

  private func checkStandardInput(of context: AttemptContext) throws(AttemptError) {
    if let name = try context.parameters.optionalString("stdin_input") {
      guard context.inputs.contains(where: { $0.name == name }) else {
        throw .invalidInput("'stdin_input' names '\(name)', which is none of the job's inputs")
      }
      guard try context.parameters.optionalString("stdin") == nil else {
        throw .invalidInput("'stdin' and 'stdin_input' are both given: choose one")
      }
    }
    guard try context.parameters.optionalString("stdin") != nil else { return }
    if context.inputs.contains(where: { $0.name == Self.standardInputName }) {
      throw .invalidInput("an input cannot be called '\(Self.standardInputName)' where 'stdin' is given: rename it")
    }
  }

  private func standardInput(of context: AttemptContext) async throws(AttemptError) -> ProcessSpecification.Stream {
    if let name = try context.parameters.optionalString("stdin_input") {
      return .file(context.workingFolder + "/" + name)
    }
    guard let text = try context.parameters.optionalString("stdin") else { return .null }
    let path = context.workingFolder + "/" + Self.standardInputName
    do throws(StrataError) {
      let file = try Descriptor.open(path, O_RDWR | O_CREAT | O_EXCL)
      try await file.write(Array(text.utf8))
      guard lseek(file.raw, 0, SEEK_SET) == 0, unlinkQuietly(path) else { throw .system("rewind the standard input") }
      return .descriptor(file)
    } catch {
      throw .workerFault("the standard input could not be prepared: \(error)")
    }
  }

  private func unlinkQuietly(_ path: String) -> Bool { unsafe unlink(path) == 0 }

  private static func wait(for specification: ProcessSpecification) async throws(AttemptError) -> ProcessExit {
    do throws(StrataError) {
      return try await ChildProcess.spawn(specification).wait()
    } catch {
      // Not an executable, not permitted, too many arguments: the client's command, not the worker, is at fault.
      throw .invalidInput("\(error)")
    }
  }

  private func product(of exit: ProcessExit) throws(AttemptError) -> AttemptProduct {
    switch exit.status {
    case .exited(0): AttemptProduct(summary: .object(["exit_status": .integer(0)]))
    case .exited(let status):
      AttemptProduct(summary: .object(["exit_status": .integer(Int64(status))]), error: .exitStatus(status))
    case .signalled(let signal):
      AttemptProduct(
        summary: .object(["signal": .integer(Int64(signal))]),
        error: .crashed("the command was ended by \(exit.status)"))
    }
  }
}
