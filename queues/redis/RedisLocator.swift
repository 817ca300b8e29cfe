internal import StrataCore
internal import StrataRuntime

/// Tells where the server of an endpoint is. Of a master that sentinels keep, it asks them, one after the other: the one
/// that told last first.
///
/// All connections of a queue share one. (The rules of a client: redis.io, "Guidelines for Redis clients with support for
/// Redis Sentinel".)
actor RedisLocator {
  struct Found {
    let address: RedisEndpoint.Address
    /// Who told; nil where nobody had to be asked.
    let sentinel: RedisEndpoint.Address?
  }

  nonisolated let endpoint: RedisEndpoint
  private nonisolated let loop: EventLoop
  private let timeouts: RedisTimeouts
  /// In the order in which they are asked.
  private var sentinels: [RedisEndpoint.Address]

  nonisolated var unownedExecutor: UnownedSerialExecutor { unsafe loop.asUnownedSerialExecutor() }

  init(_ endpoint: RedisEndpoint, on loop: EventLoop, timeouts: RedisTimeouts) {
    self.endpoint = endpoint
    self.loop = loop
    self.timeouts = timeouts
    sentinels = if case .master(_, let sentinels) = endpoint.place { sentinels.addresses } else { [] }
  }

  /// Whether the server may be another one in a moment.
  nonisolated var mayMove: Bool { if case .master = endpoint.place { true } else { false } }

  func locate() async throws(QueueError) -> Found {
    switch endpoint.place {
    case .at(let address): return Found(address: address, sentinel: nil)
    case .master(let name, let all):
      var complaints: [SentinelSearch.Complaint] = []
      for sentinel in sentinels {
        switch await ask(sentinel, for: name, login: all.login) {
        case .success(let address):
          move(sentinel, to: \.startIndex)
          return Found(address: address, sentinel: sentinel)
        case .failure(let refusal):
          complaints.append(SentinelSearch.Complaint(sentinel: sentinel, obstacle: refusal.obstacle))
        }
      }
      throw .noMaster(SentinelSearch(name: name, complaints: complaints))
    }
  }

  /// What a sentinel told was of no use: it may have missed a failover, or nobody has noticed yet that there must be one. The
  /// others are asked first from now on.
  func doubt(_ found: Found) {
    if let sentinel = found.sentinel { move(sentinel, to: \.endIndex) }
  }

  /// Whether what was found takes itself for a master. If not, it is doubted.
  func confirm(_ found: Found) async -> Bool {
    let place = RedisEndpoint(found.address, login: endpoint.login, database: endpoint.database)
    let probe = RedisConnection(to: place, on: loop, timeouts: timeouts)
    let isMaster = (try? await probe.session()) != nil
    await probe.close()
    if !isMaster { doubt(found) }
    return isMaster
  }

  private func move(_ sentinel: RedisEndpoint.Address, to place: KeyPath<[RedisEndpoint.Address], Int>) {
    sentinels.removeAll { $0 == sentinel }
    sentinels.insert(sentinel, at: sentinels[keyPath: place])
  }

  private struct Refusal: Error { let obstacle: SentinelSearch.Obstacle }

  private func ask(
    _ sentinel: RedisEndpoint.Address, for name: String, login: RedisLogin?
  ) async -> Result<RedisEndpoint.Address, Refusal> {
    do throws(QueueError) {
      let link = try RedisLink(try await HostName.resolve(sentinel), on: loop, timeout: timeouts.sentinel)
      defer { link.close("the sentinel has answered") }
      if let login, case .error(let message) = try await link.send(login.command).get() {
        return .failure(Refusal(obstacle: .init(answer: message)))
      }
      let answer = try await link.send(RedisCommand("SENTINEL", "GET-MASTER-ADDR-BY-NAME", name)).get()
      if case .error(let message) = answer { return .failure(Refusal(obstacle: .init(answer: message))) }
      if answer == .none {
        let masters = try await link.send(RedisCommand("SENTINEL", "MASTERS")).get()
        if case .error(let message) = masters { return .failure(Refusal(obstacle: .init(answer: message))) }
        return .failure(Refusal(obstacle: .unknownName(known: Self.names(of: masters))))
      }
      guard let parts = answer.array, parts.count == 2, let host = parts[0].text, let number = parts[1].integer,
        let port = UInt16(exactly: number)
      else { return .failure(Refusal(obstacle: .unclear("\(answer)"))) }
      return .success(.tcp(host: host, port: port))
    } catch {
      return .failure(Refusal(obstacle: .unreachable(error.reason)))
    }
  }

  /// - Parameter answer: to SENTINEL MASTERS: of each its facts, name and value by turns.
  private static func names(of answer: RedisValue) -> [String] {
    (answer.array ?? []).compactMap { master in
      let facts = (master.array ?? []).map { $0.text ?? "" }
      return facts.firstIndex(of: "name").flatMap { facts.indices.contains($0 + 1) ? facts[$0 + 1] : nil }
    }
  }
}
