/// Where a Redis server is found and how to log in.
public struct RedisEndpoint: Hashable, Sendable {
  public enum Address: Hashable, Sendable {
    case tcp(host: String, port: UInt16)
    case unix(path: String)
  }

  public enum Place: Hashable, Sendable {
    /// Always there.
    case at(Address)
    /// Where the sentinels say that the master of this name is: somewhere else after a failover.
    case master(String, of: RedisSentinels)
  }

  public let place: Place
  public let login: RedisLogin?
  public let database: Int

  public init(_ place: Place, login: RedisLogin? = nil, database: Int = 0) {
    self.place = place
    self.login = login
    self.database = database
  }

  public init(_ address: Address, login: RedisLogin? = nil, database: Int = 0) {
    self.init(.at(address), login: login, database: database)
  }
}

/// The processes of Redis Sentinel that watch over a master and its replicas.
public struct RedisSentinels: Hashable, Sendable {
  /// In the order in which they are asked first.
  public let addresses: [RedisEndpoint.Address]
  /// They have a login of their own, or none.
  public let login: RedisLogin?

  public init(_ addresses: [RedisEndpoint.Address], login: RedisLogin? = nil) {
    self.addresses = addresses
    self.login = login
  }
}

/// As whom to log in.
public struct RedisLogin: Hashable, Sendable {
  /// The server's default user where nil.
  public let user: String?
  public let password: String

  public init(user: String? = nil, password: String) {
    self.user = user
    self.password = password
  }

  var command: RedisCommand {
    var command = RedisCommand("AUTH")
    if let user { command.append(user) }
    command.append(password)
    return command
  }
}

extension RedisEndpoint {
  /// The commands that a new connection begins with.
  var greeting: [RedisCommand] {
    let selection = database == 0 ? [] : [RedisCommand("SELECT", String(database))]
    return (login.map { [$0.command] } ?? []) + selection
  }
}

extension RedisEndpoint.Address: CustomStringConvertible {
  public var description: String {
    switch self {
    case .tcp(let host, let port): host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)"
    case .unix(let path): path
    }
  }
}

extension RedisEndpoint: CustomStringConvertible {
  /// Without passwords.
  public var description: String {
    switch place {
    case .at(.unix(let path)): "unix://\(path)?db=\(database)"
    case .at(let address): "redis://\(address)/\(database)"
    case .master(let name, let sentinels):
      "redis-sentinel://\(sentinels.addresses.map(\.description).joined(separator: ","))/\(name)/\(database)"
    }
  }
}
