import StrataCore
import StrataStack

/// The servers of a run, as its instances and those who look at them from outside reach them.
struct Servers: Sendable {
  /// Redis, whichever server is the master.
  let redis: RedisTool
  /// Where Redis listens; nil for one that is found by its sentinels, who tell nobody the address of a relay.
  let redisSocket: String?
  /// What `up` is told of Redis where it is not its own.
  let redisAddress: String?
  /// The folders of the sockets of all PostgreSQL servers that may be the primary.
  let postgresFolders: [String]

  var connection: String { Self.connection(by: postgresFolders) }

  /// How a client connects to whichever PostgreSQL server is the primary.
  ///
  /// - Parameter folders: in which it finds the servers' sockets.
  static func connection(by folders: [String]) -> String {
    "host=\(folders.joined(separator: ",")) port=5432 dbname=\(EmbeddedPostgreSQL.database) "
      + "user=\(EmbeddedPostgreSQL.role) target_session_attrs=read-write"
  }

  /// The name of a PostgreSQL server's socket in its folder.
  static let postgresSocket = ".s.PGSQL.5432"
}

extension Servers {
  /// Those that an instance has started.
  init(of instance: Instance) {
    let socket = instance.directory.socket("redis.sock")
    (redis, redisSocket, redisAddress) = (RedisTool(socket: socket), socket, nil)
    postgresFolders = [instance.directory.socket("pg")]
  }
}
