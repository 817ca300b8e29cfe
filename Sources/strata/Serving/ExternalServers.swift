import StrataArtifacts
import StrataCore
import StrataLedger
import StrataQueue
import StrataRuntime

/// Servers that are not the stack's own, looked at before anything is made.
enum ExternalServers {
  /// How long each may take to answer.
  static let answerMax = Duration.seconds(3)

  /// - Parameter artifacts: the folder that the stack would keep its artifacts in; it need not be there.
  /// - Throws: `unavailable` when nothing can be read by then, `conflict` for a database that belongs with another folder
  ///   of artifacts.
  static func check(postgres: String, artifacts: String) async throws(StrataError) {
    var configuration = PostgreSQLConfiguration(connectionString: postgres)
    configuration.connections = 1
    configuration.connectTimeout = answerMax
    configuration.unavailableAfter = answerMax
    let ledger = try Ledger(configuration)
    var failure: LedgerError?
    var store: String?
    do throws(LedgerError) { store = try await ledger.artifactStore() } catch { failure = error }
    await ledger.close()
    // Any other failure is an answer: what else is wrong is found when the schema is made.
    if let failure, case .unavailable = failure { throw failure.unusable }
    if let store { try ArtifactHome.check(store, in: artifacts) }
  }

  /// - Returns: what the person should know of it; nil if nothing.
  /// - Throws: `unavailable` if it does not answer, `conflict` if it would lose jobs.
  static func check(redis endpoint: RedisEndpoint) async throws(StrataError) -> String? {
    var timeouts = RedisTimeouts()
    (timeouts.connect, timeouts.command) = (answerMax, answerMax)
    let connection = RedisConnection(to: endpoint, on: try EventLoop(label: "check"), timeouts: timeouts)
    let answer: Result<RedisTraits, QueueError>
    do throws(QueueError) {
      let memory = try await connection.send(RedisCommand("INFO", "memory"))
      let persistence = try await connection.send(RedisCommand("INFO", "persistence"))
      let replication = try await connection.send(RedisCommand("INFO", "replication"))
      answer = .success(RedisTraits([memory, persistence, replication]))
    } catch { answer = .failure(error) }
    await connection.close()
    switch answer {
    case .success(let traits): return try traits.check(endpoint)
    case .failure(let error): throw error.unusable(endpoint)
    }
  }
}

/// What a Redis says of itself that decides whether jobs are safe in it.
struct RedisTraits {
  private let lines: Set<String>

  /// - Parameter answers: to INFO: lines of `name:value`.
  init(_ answers: [RedisValue]) {
    lines = answers.reduce(into: []) { lines, answer in
      guard case .bytes(let bytes) = answer else { return }
      lines.formUnion(String(decoding: bytes, as: UTF8.self).split(whereSeparator: \.isNewline).map(String.init))
    }
  }

  /// - Returns: a warning; nil if there is no cause for one.
  /// - Throws: `conflict` for one that throws keys away when its memory is full.
  func check(_ endpoint: RedisEndpoint) throws(StrataError) -> String? {
    let name = "maxmemory_policy:"
    if let policy = lines.first(where: { $0.hasPrefix(name) })?.dropFirst(name.count), policy != "noeviction" {
      throw StrataError(
        .conflict, "the Redis at \(endpoint) has maxmemory-policy \(policy) and would throw jobs away",
        remedy: "set its maxmemory-policy to noeviction")
    }
    let warnings = [fileWarning(endpoint), replicaWarning(endpoint)].compactMap { $0 }
    return warnings.isEmpty ? nil : warnings.joined(separator: "; ")
  }

  private func fileWarning(_ endpoint: RedisEndpoint) -> String? {
    guard lines.contains("aof_enabled:0") else { return nil }
    return
      "the Redis at \(endpoint) has no append-only file: when it ends, the queue is rebuilt and what ran runs again;"
      + " set its appendonly to yes"
  }

  /// A master tells how many replicas are well only where it is told to care. With one replica that would be the end of it
  /// when the other server is lost.
  private func replicaWarning(_ endpoint: RedisEndpoint) -> String? {
    guard case .master = endpoint.place, !lines.contains(where: { $0.hasPrefix("min_slaves_good_slaves:") }),
      !lines.contains("connected_slaves:0"), !lines.contains("connected_slaves:1")
    else { return nil }
    return
      "the Redis at \(endpoint) goes on by itself when it is cut off from its replicas and from the sentinels, and jobs that"
      + " run by it meanwhile run again; set its min-replicas-to-write to 1, and that of its replicas"
  }
}

extension LedgerError {
  /// What a person is told when a command cannot go on without this database.
  var unusable: StrataError {
    switch self {
    case .unavailable(let reason), .disconnected(let reason):
      StrataError(
        .unavailable, "PostgreSQL cannot be used: \(reason.withoutFullStop)", remedy: Self.remedy(for: reason))
    default: strataError
    }
  }
  /// By what libpq and the server say in English, which they do in the messages that come before a login.
  private static func remedy(for reason: String) -> String {
    if reason.contains("password") || reason.contains("authentication failed") || reason.contains("pg_hba.conf") {
      return "check the user and the password in its address, and that the server lets them in"
    }
    if reason.contains("database \"") && reason.contains("does not exist") {
      return "have that database made, for example with createdb, or name another"
    }
    if reason.contains("role \"") && reason.contains("does not exist") { return "have that role made, or name another" }
    if reason.contains("read-only") || reason.contains("standby") {
      return "name the primary, or all hosts that may be it: postgresql://user:password@host,host/database"
    }
    return "check that it runs and is version 14 or later"
  }
}

/// Which folder of artifacts a database belongs with.
enum ArtifactHome {
  /// - Parameter store: the identity of the store that the database's rows name.
  /// - Throws: `conflict` unless it lies in `folder`.
  static func check(_ store: String, in folder: String) throws(StrataError) {
    guard ArtifactStore.identity(of: folder) != store else { return }
    throw StrataError(
      .conflict,
      "the files of this database's jobs are kept in another folder than \(folder): its jobs would miss their inputs here",
      remedy: "name that folder, as this machine sees it, with --artifacts; where it is lost, write '\(store)' into"
        + " \(folder)/store-id and its files count as missing")
  }
}

extension String {
  /// As a part of a sentence that goes on.
  var withoutFullStop: String { hasSuffix(".") ? String(dropLast()) : self }
}
