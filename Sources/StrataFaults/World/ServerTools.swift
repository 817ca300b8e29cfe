import Foundation
import StrataCore
import StrataRuntime
import StrataStack

/// Runs a program to its end, no longer than `limit`, and returns what it printed.
///
/// - Throws: `unavailable` where it failed or did not end, with its words.
@discardableResult
func output(of program: String, _ words: [String], within limit: Duration = .seconds(30))
  async throws -> String
{
  var specification = ProcessSpecification(program, words)
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
  private let socket: String

  package init(socket: String) { self.socket = socket }

  /// Runs a command; returns its answer as `redis-cli` prints it for programs.
  @discardableResult
  package func ask(_ words: String...) async throws -> String {
    try await output(of: "redis-cli", ["-s", socket, "-e"] + words)
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
