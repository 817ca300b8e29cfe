import ServerFixtures
import StrataCore
import StrataRuntime
import StrataStack
import Synchronization

/// Servers that others take the place of, set up as docs/failover.md asks for: a Redis master with two replicas, watched by
/// three sentinels, and a PostgreSQL primary with a synchronous standby.
final class Replicas: Sendable {
  /// Who is what now.
  private struct Databases: Sendable {
    var primary: PostgreSQLFixture
    var standby: PostgreSQLFixture
  }

  private let redis: SentinelFixture
  private let databases: Mutex<Databases>
  let servers: Servers
  /// For what waits for servers.
  private let pool: BlockingPool
  /// One failover at a time, as long as the one before has left somebody who lacks something.
  private let redisTurn = Turnstile()
  private let databaseTurn = Turnstile()

  init() async throws {
    pool = try BlockingPool(label: "replicas", threads: 2)
    redis = try await pool.run {
      try SentinelFixture(replicas: 2, ["--min-replicas-to-write", "1", "--min-replicas-max-lag", "10"])
    }
    let found = try await pool.run {
      let primary = try PostgreSQLFixture()
      let standby = try PostgreSQLFixture(standbyOf: primary)
      try primary.sql("CREATE DATABASE \(EmbeddedPostgreSQL.database)", database: "postgres")
      return Databases(primary: primary, standby: standby)
    }
    databases = Mutex(found)
    servers = Servers(
      redis: RedisTool(sentinel: redis.sentinels[0].socketPath, master: SentinelFixture.masterName), redisSocket: nil,
      redisAddress: redis.url, postgresFolders: [found.primary.folder, found.standby.folder])
  }

  func stop() async {
    let (primary, standby) = databases.withLock { ($0.primary, $0.standby) }
    await pool.run { [redis] in
      redis.stop()
      primary.stop()
      standby.stop()
    }
  }

  /// - Returns: false where another failover is not over.
  func failOverRedis(freezing isFrozen: Bool, awayFor pause: Duration) async throws -> Bool {
    try await redisTurn.pass { [pool, redis] in
      try await pool.run { try redis.failOver(freezing: isFrozen, awayFor: pause) }
      return true
    }
  }

  /// - Returns: false where another failover is not over.
  func failOverPostgres(awayFor pause: Duration) async throws -> Bool {
    try await databaseTurn.pass { [self] in
      let old = try await pool.run { [self] in
        let now = databases.withLock(\.self)
        try now.primary.crash()
        try now.standby.promote()
        databases.withLock { $0 = Databases(primary: now.standby, standby: now.primary) }
        return now.primary
      }
      try? await Task.sleep(for: pause)
      // Other strikes may end the connection by which the new standby gets its copy.
      try await World.untilDone { [self] in
        try await pool.run { [self] in try old.follow(databases.withLock(\.primary)) }
      }
      return true
    }
  }
}
