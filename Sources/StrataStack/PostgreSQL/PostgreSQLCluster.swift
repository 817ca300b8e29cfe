import Glibc
import StrataCore
import StrataRuntime

/// The data folder of a PostgreSQL server, before the server runs.
struct PostgreSQLCluster {
  let installation: PostgreSQLInstallation
  let data: String
  let owner: UserIdentity?
  let environment: [String: String]

  /// The major version that wrote `data`; nil if there is no complete cluster.
  static func version(of data: String) -> Int? {
    Folder.readText(data + "/PG_VERSION").flatMap { $0.split(separator: "\n").first }.flatMap { Int($0) }
  }

  /// Creates the cluster and its database beside `data`, then moves them there: half a cluster is never taken for one,
  /// and none is left where it could not be made or the task was cancelled.
  func create() async throws(StrataError) {
    let draft = data + ".new"
    try Folder.removeTree(draft)
    try Folder.removeTree(data)
    do throws(StrataError) { try await make(in: draft) } catch {
      try? Folder.removeTree(draft)
      throw error
    }
    guard unsafe rename(draft, data) == 0 else { throw .system("move \(draft) to \(data)") }
  }

  private func make(in draft: String) async throws(StrataError) {
    let options = ["-D", draft, "-U", EmbeddedPostgreSQL.role, "--encoding=UTF8", "--locale=C"]
    try await run("initdb", options + ["--auth-local=trust", "--auth-host=reject", "--no-instructions"])
    try await createDatabase(in: draft)
  }

  /// Through the server's single-user mode, so that no other connection can come before.
  private func createDatabase(in folder: String) async throws(StrataError) {
    let (read, write) = try Descriptor.pipe()
    let database = EmbeddedPostgreSQL.database
    try write.writeNow(Array("CREATE DATABASE \(database) TEMPLATE template0 ENCODING 'UTF8'\n".utf8))
    write.close()
    try await run("postgres", ["--single", "-D", folder, "postgres"], input: .descriptor(read))
  }

  private func run(
    _ program: String, _ arguments: [String], input: ProcessSpecification.Stream = .null
  ) async throws(StrataError) {
    var specification = ProcessSpecification(
      installation.binaries + "/" + program, arguments, environment: environment, workingDirectory: "/")
    specification.user = owner
    specification.standardInput = input
    _ = try await Command.run(specification)
  }
}
