import StrataCore
import StrataRuntime
import Synchronization

/// Where the programs are that Strata is compared with, and ours that drive them.
enum Peers {
  private static let folder = "benchmarks/peers"
  private static let environment = ".build/bench-venv"

  /// A program that a package installs.
  ///
  /// - Throws: `not_found` where it is missing, with what installs it.
  static func program(_ name: String) throws(StrataError) -> String {
    guard let path = Environment.find(name) else { throw missing("there is no \(name) on this machine") }
    return path
  }

  /// The interpreter that finds the Python peers.
  static func python() throws(StrataError) -> String {
    guard let path = Environment.find("python", path: environment + "/bin") else {
      throw missing("there is no Python environment in \(environment)")
    }
    return path
  }

  /// One of our own programs, which drive a peer in its own language.
  static func script(_ name: String) throws(StrataError) -> String {
    let path = "\(folder)/\(name)"
    do throws(StrataError) { _ = try Descriptor.open(path, 0) } catch {
      throw StrataError(.notFound, "there is no \(path)", remedy: "run from the repository's root")
    }
    return path
  }

  private static func missing(_ what: String) -> StrataError {
    StrataError(.notFound, what, remedy: "make bench-peers installs what the benchmarks compare with")
  }
}

/// A program that is told what to do by lines and answers by lines. It dies with this process.
final class LineProcess: Sendable {
  private let child: ChildProcess
  private let received = Mutex<[UInt8]>([])

  /// - Parameter environment: beyond this process's own.
  init(
    _ program: String, _ words: [String], environment: [String: String] = [:],
    complaints: ProcessSpecification.Stream = .inherit
  ) async throws(StrataError) {
    var specification = ProcessSpecification(
      program, words, environment: Environment.current.merging(environment) { $1 })
    specification.standardInput = .pipe
    specification.standardOutput = .pipe
    specification.standardError = complaints
    child = try await ChildProcess.spawn(specification)
  }

  /// The program's answer to a line.
  func ask(_ line: String) async throws(StrataError) -> String {
    try await child.standardInput?.write(Array((line + "\n").utf8))
    return try await nextLine()
  }

  /// - Throws: where the program ends instead.
  func nextLine() async throws(StrataError) -> String {
    while true {
      if let line = takeLine() { return line }
      let bytes = try await child.standardOutput?.read() ?? []
      guard !bytes.isEmpty else {
        throw StrataError(.unavailable, "\(child.executable) ended instead of answering")
      }
      received.withLock { $0 += bytes }
    }
  }

  private func takeLine() -> String? {
    received.withLock { received in
      guard let end = received.firstIndex(of: 0x0A) else { return nil }
      defer { received.removeSubrange(...end) }
      return String(decoding: received[..<end], as: UTF8.self)
    }
  }

  var isRunning: Bool { child.exit == nil }

  func stop() async { await child.tearDown(.terminate(patience: .seconds(3))) }
}
