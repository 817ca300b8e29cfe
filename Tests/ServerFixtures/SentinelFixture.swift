import Glibc
import StrataCore

/// A Redis master with replicas, and three sentinels that watch over them: on ports of the loopback interface, and gone
/// with this process.
public final class SentinelFixture: Sendable {
  public static let masterName = "mymaster"
  /// How long a master is silent before a sentinel takes it for dead.
  static let silenceMilliseconds = 1_000

  /// The first begins as the master, the others as its replicas.
  public let servers: [RedisFixture]
  public let sentinels: [RedisFixture]
  private let sentinelPorts: [UInt16]

  /// Returns once the sentinels know each other and the replicas, so that they can fail over.
  ///
  /// - Parameter options: of all servers.
  public init(replicas: Int = 1, _ options: [String] = []) throws {
    let master = FreePort.next()
    let common =
      ["--bind", "127.0.0.1", "--appendonly", "yes", "--save", "", "--repl-diskless-sync-delay", "0"] + options
    servers =
      [try RedisFixture(["--port", "\(master)"] + common)]
      + (try (0..<replicas).map { _ in
        try RedisFixture(["--port", "\(FreePort.next())", "--replicaof", "127.0.0.1 \(master)"] + common)
      })
    sentinelPorts = (0..<3).map { _ in FreePort.next() }
    sentinels = try sentinelPorts.map { port in
      try RedisFixture(
        sentinel: """
          port \(port)
          bind 127.0.0.1
          sentinel monitor \(Self.masterName) 127.0.0.1 \(master) 2
          sentinel down-after-milliseconds \(Self.masterName) \(Self.silenceMilliseconds)
          sentinel failover-timeout \(Self.masterName) 3000

          """)
    }
    try waitUntilReady()
  }

  deinit { stop() }

  public func stop() { for server in sentinels + servers { server.stop() } }

  /// Of the master by way of the sentinels.
  public var url: String {
    "redis-sentinel://\(sentinelPorts.map { "127.0.0.1:\($0)" }.joined(separator: ","))/\(Self.masterName)"
  }

  /// The one that is the master, by its own word; nil while there is none.
  public var master: RedisFixture? { master(besides: nil) }

  private func master(besides other: RedisFixture?) -> RedisFixture? {
    servers.first { $0 !== other && Self.has($0, role: "master") }
  }

  /// Whether a server has a role, as far as it says so: sentinels break the connections of one that they give another.
  public static func has(_ server: RedisFixture, role: String) -> Bool {
    (try? server.ask("role"))?.hasPrefix(role + "\n") == true
  }

  /// Takes the master away until the sentinels have made a replica the master, and for a while longer; returns when it has
  /// come back and is a replica, too.
  ///
  /// - Parameters:
  ///   - isFrozen: whether it stands still meanwhile, and takes itself for the master when it comes back; else it is killed.
  ///   - pause: for how long nobody misses it before it comes back.
  public func failOver(freezing isFrozen: Bool = false, awayFor pause: Duration = .zero) throws {
    guard let old = master else { throw StrataError(.unavailable, "there is no master now") }
    if isFrozen { old.freeze(true) } else { old.kill() }
    let replaced = Result { try wait(for: "a replica has become the master") { master(besides: old) != nil } }
    usleep(UInt32(pause.nanoseconds / 1_000))
    if isFrozen { old.freeze(false) } else { try old.start() }
    try replaced.get()
    try wait(for: "the master of before is a replica") {
      Self.has(old, role: "slave") && (try? Self.isLinked(old)) == true
    }
  }

  private static func isLinked(_ replica: RedisFixture) throws -> Bool {
    try replica.ask("info replication").contains("master_link_status:up")
  }

  private func waitUntilReady() throws {
    for replica in servers.dropFirst() {
      try wait(for: "a replica has the master's data") { try Self.isLinked(replica) }
    }
    for sentinel in sentinels {
      try wait(for: "a sentinel knows the others and the replicas") {
        let words = try sentinel.ask("sentinel master \(Self.masterName)").split(separator: "\n")
        let facts = Dictionary(zip(words, words.dropFirst()), uniquingKeysWith: { first, _ in first })
        return facts["num-slaves"] == "\(servers.count - 1)" && facts["num-other-sentinels"] == "2"
          && facts["flags"] == "master"
      }
    }
  }

  private func wait(for what: String, _ condition: () throws -> Bool) throws {
    let deadline = ContinuousClock.now + .seconds(30)
    while try !condition() {
      guard ContinuousClock.now < deadline else { throw StrataError(.timeout, "not within 30 s: \(what)") }
      usleep(20_000)
    }
  }
}
