import Glibc
import StrataCore
import StrataRuntime

/// How a controller or a worker says that it is ready, to whoever has started it.
struct ReadinessNotice {
  static let file = OptionDefinition.option(
    "ready-file", "FILE", "write the process's number there once it takes jobs")
  static let descriptor = OptionDefinition.option(
    "ready-descriptor", "N", "write a line to that descriptor once it takes jobs, as for s6")

  /// The words of a command line for a process that has a pipe at `number`.
  static func words(_ number: Int32) -> [String] { ["--ready-descriptor", "\(number)"] }

  private let file: String?
  private let descriptor: Descriptor?

  /// Of both options, each of which may be left out or be none of the command's.
  init(_ arguments: Arguments) throws {
    file = arguments["ready-file"]
    descriptor = try arguments.integer("ready-descriptor", in: 3...Int(Int32.max)).map {
      let number = Int32($0)
      guard fcntl(number, F_GETFD) >= 0 else {
        throw UsageError("descriptor \(number) is not open", command: arguments.command)
      }
      _ = fcntl(number, F_SETFD, FD_CLOEXEC)
      return Descriptor(owning: number)
    }
  }

  /// - Throws: if the file cannot be written. Nobody may listen at the descriptor any more: that is no error.
  func give() throws(StrataError) {
    if let descriptor {
      try? descriptor.writeNow(Array("ready\n".utf8))
      descriptor.close()
    }
    if let file { try TextFile.write("\(getpid())", to: file) }
  }
}
