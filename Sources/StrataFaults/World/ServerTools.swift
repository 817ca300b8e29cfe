import Foundation
import StrataCore
import StrataRuntime
import StrataStack

/// Runs a program to its end, no longer than `limit`, and returns what it printed.
///
/// - Parameter additions: what its environment has beyond this process's.
/// - Throws: `unavailable` where it failed or did not end, with its words.
@discardableResult
func output(
  of program: String, _ words: [String], environment additions: [String: String] = [:],
  within limit: Duration = .seconds(30)
) async throws -> String {
  let environment = Environment.current.merging(additions) { $1 }
  var specification = ProcessSpecification(program, words, environment: environment)
  specification.standardOutput = .pipe
  specification.standardError = .pipe
  let child = try await ChildProcess.spawn(specification)
  async let printed = child.standardOutput?.readToEnd(bytesMax: 64 << 20)
  async let complaints = child.standardError?.readToEnd(bytesMax: 1 << 20)
  guard let exit = await child.wait(atMost: limit) else {
    child.signal(SIGKILL)
    _ = await child.wait()
    throw StrataError(.unavailable, "\(program) did not end within \(limit)")
  }
  let (text, errors) = (try await printed ?? [], try await complaints ?? [])
  guard exit.isSuccess else {
    throw StrataError(.unavailable, "\(program): \(String(decoding: errors, as: UTF8.self))")
  }
  return String(decoding: text, as: UTF8.self).trimmingCharacters(in: .newlines)
}

/// Redis' own client, so that what is looked at is not seen through the code that is put to the test.
package struct RedisTool: Sendable {
  /// Where the server is, as the client is told.
  private let place: @Sendable () async throws -> [String]

  package init(socket: String) { place = { ["-s", socket] } }

  /// Of whichever server is the master of this name, by the word of a sentinel.
  ///
  /// - Parameter sentinel: its socket.
  init(sentinel: String, master name: String) {
    place = {
      let answer = try await output(of: Self.program, ["-s", sentinel, "SENTINEL", "get-master-addr-by-name", name])
      let words = answer.split(separator: "\n").map(String.init)
      guard words.count == 2 else { throw StrataError(.unavailable, "the sentinel knows no master: \(answer)") }
      return ["-h", words[0], "-p", words[1]]
    }
  }

  private static let program = "redis-cli"

  /// Runs a command; returns its answer as `redis-cli` prints it for programs.
  @discardableResult
  package func ask(_ words: String...) async throws -> String {
    try await output(of: Self.program, try await place() + ["-e"] + words)
  }
}

/// PostgreSQL's own client, for the same reason.
struct DatabaseTool: Sendable {
  private let program: String
  private let connection: String

  init(connection: String) async throws {
    program =
      try await PostgreSQLInstallation.choose(from: PostgreSQLInstallation.all(), dataVersion: nil)
      .binaries + "/psql"
    self.connection = connection
  }

  /// Runs statements, each as a transaction; returns the rows, a line each, fields separated by tabs.
  @discardableResult
  func run(_ statements: String...) async throws -> [String] {
    let words = ["-X", "-A", "-t", "-q", "-F", "\t", "-v", "ON_ERROR_STOP=1", "-d", connection]
    let text = try await output(of: program, words + statements.flatMap { ["-c", $0] })
    return text.split(separator: "\n").map(String.init)
  }

  /// Ends all connections but its own.
  func disconnectAll() async throws {
    try await run("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid()")
  }

  /// Changes a setting of the server for good.
  func set(_ name: String, to value: String) async throws {
    try await run("ALTER SYSTEM SET \(name) = '\(value)'", "SELECT pg_reload_conf()")
  }
}
