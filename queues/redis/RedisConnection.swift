public import StrataRuntime

/// A connection to a Redis server that lasts: it lives on an event loop, takes many commands at once, writes them once
/// per turn of the loop, and connects again by itself when it breaks.
///
/// A command in flight when the connection breaks fails with `.disconnected`; one that is sent while there is no
/// connection waits for the next attempt, and fails if that fails. Nothing waits for ever. Call `close` when done: an
/// open connection keeps itself alive.
///
/// It leads to a master: a server that is a replica counts as not there, and one that becomes a replica is left. Of an
/// endpoint that sentinels know, each attempt asks them where the master is.
public actor RedisConnection {
  /// A connection that stands: which one it is in a row, and which run of which server it leads to.
  public struct Session: Hashable, Sendable {
    /// 1 for the first.
    public let number: Int
    /// Redis' `run_id`: another one after every start of a server, and on every other server.
    public let serverRunID: String
    /// Where the server is.
    public let address: RedisEndpoint.Address
  }

  private typealias SessionWaiter = CheckedContinuation<Result<Session, QueueError>, Never>

  private enum State {
    /// Can transition to: `ready`, `closed`; stays, when an attempt fails.
    case connecting([SessionWaiter])
    /// Can transition to: `connecting`, `closed`.
    case ready(RedisLink, Session)
    case closed
  }

  private let locator: RedisLocator
  private nonisolated let loop: EventLoop
  private let timeouts: RedisTimeouts
  private var state = State.connecting([])
  private var keeper: Task<Void, Never>?
  private var sessionCount = 0
  private var listeners: [Int: AsyncStream<Session>.Continuation] = [:]

  public nonisolated var unownedExecutor: UnownedSerialExecutor { unsafe loop.asUnownedSerialExecutor() }

  /// Begins to connect. Failures show at the first command.
  public init(to endpoint: RedisEndpoint, on loop: EventLoop, timeouts: RedisTimeouts = RedisTimeouts()) {
    self.init(by: RedisLocator(endpoint, on: loop, timeouts: timeouts), on: loop, timeouts: timeouts)
  }

  /// As above, to where a locator says that others share.
  init(by locator: RedisLocator, on loop: EventLoop, timeouts: RedisTimeouts) {
    self.locator = locator
    self.loop = loop
    self.timeouts = timeouts
    Task(executorPreference: loop) { await self.start() }
  }

  private func start() {
    guard case .connecting = state, keeper == nil else { return }
    keeper = Task(executorPreference: loop) { await self.keepConnected() }
  }

  /// Sends a command and returns its answer, which may be the server's `.error`.
  ///
  /// - Parameter waiting: how long the command itself may take on the server (blocking commands).
  public func send(_ command: RedisCommand, waiting: Duration = .zero) async throws(QueueError) -> RedisValue {
    if case .ready(let link, _) = state { return try await send(command, by: link, waiting) }
    _ = try await session()
    guard case .ready(let link, _) = state else { throw .disconnected("the connection ended") }
    return try await send(command, by: link, waiting)
  }

  /// A server that has become a replica does nothing that changes anything, and will not before it is a master again.
  private func send(
    _ command: RedisCommand, by link: RedisLink, _ waiting: Duration
  ) async throws(QueueError) -> RedisValue {
    let answer = try await link.send(command, waiting: waiting).get()
    guard let reason = answer.replicaComplaint else { return answer }
    link.close("the server has become a replica")
    throw .disconnected(reason)
  }

  /// Whether a connection stands, and to another server.
  func leads(elsewhereThan address: RedisEndpoint.Address) -> Bool {
    if case .ready(_, let session) = state { session.address != address } else { false }
  }

  /// Ends the connection that stands, unless it leads there by now; the next one is made at once.
  func leave(for address: RedisEndpoint.Address) {
    if case .ready(let link, let session) = state, session.address != address {
      link.close("the master is at \(address) now")
    }
  }

  /// The connection that stands, or the next one.
  public func session() async throws(QueueError) -> Session {
    // The state is looked at within: a task may hop on its way there (see `EventLoop`).
    try await withCheckedContinuation { (waiter: SessionWaiter) in
      switch state {
      case .ready(_, let session): waiter.resume(returning: .success(session))
      case .closed: waiter.resume(returning: .failure(.disconnected("the connection is closed")))
      case .connecting(let waiting): state = .connecting(waiting + [waiter])
      }
    }.get()
  }

  /// Every connection made from now on; the one that stands comes first. Ends when the connection is closed.
  public func sessions() -> AsyncStream<Session> {
    let (stream, continuation) = AsyncStream<Session>.makeStream(bufferingPolicy: .bufferingNewest(16))
    if case .closed = state {
      continuation.finish()
      return stream
    }
    if case .ready(_, let session) = state { continuation.yield(session) }
    let number = (listeners.keys.max() ?? 0) + 1
    listeners[number] = continuation
    continuation.onTermination = { [weak self] _ in
      guard let self else { return }
      Task { await self.removeListener(number) }
    }
    return stream
  }

  private func removeListener(_ number: Int) { listeners[number] = nil }

  /// Ends the connection for good; commands in flight fail. Safe to call twice.
  public func close() {
    let old = state
    state = .closed
    keeper?.cancel()
    for listener in listeners.values { listener.finish() }
    listeners = [:]
    switch old {
    case .ready(let link, _): link.close("the connection was closed")
    case .connecting(let waiting): resume(waiting, .failure(.disconnected("the connection was closed")))
    case .closed: break
    }
    pendingLink?.close("the connection was closed")
  }

  // MARK: Keeping it connected

  private var pendingLink: RedisLink?

  private func keepConnected() async {
    var failures = 0
    while case .connecting = state {
      do {
        let (link, address, runID) = try await connect()
        failures = 0
        becomeReady(link, address, runID)
        await link.ended()
        if case .ready = state { state = .connecting([]) }
      } catch {
        failWaiting(error)
      }
      try? await Task.sleep(for: timeouts.backoff(afterFailures: failures))
      failures += 1
    }
  }

  private func becomeReady(_ link: RedisLink, _ address: RedisEndpoint.Address, _ runID: String) {
    guard case .connecting(let waiting) = state else { return link.close("the connection was closed") }
    sessionCount += 1
    let session = Session(number: sessionCount, serverRunID: runID, address: address)
    state = .ready(link, session)
    resume(waiting, .success(session))
    for listener in listeners.values { listener.yield(session) }
  }

  private func failWaiting(_ error: QueueError) {
    guard case .connecting(let waiting) = state else { return }
    state = .connecting([])
    resume(waiting, .failure(error))
  }

  private func resume(_ waiting: [SessionWaiter], _ result: Result<Session, QueueError>) {
    for waiter in waiting { waiter.resume(returning: result) }
  }

  /// Finds the server, opens a link and logs in. A server that is still reading its data counts as not there.
  private func connect() async throws(QueueError) -> (RedisLink, RedisEndpoint.Address, runID: String) {
    let found = try await locator.locate()
    do throws(QueueError) {
      let link = try RedisLink(try await HostName.resolve(found.address), on: loop, timeout: timeouts.command)
      return (link, found.address, try await logIn(link))
    } catch {
      await locator.doubt(found)
      throw locator.mayMove ? .disconnected("the master at \(found.address): \(error.reason)") : error
    }
  }

  /// - Returns: the server's `run_id`.
  private func logIn(_ link: RedisLink) async throws(QueueError) -> String {
    let limit = loop.schedule(after: timeouts.connect) { [weak link] in link?.close("could not connect in time") }
    pendingLink = link
    defer {
      limit.cancel()
      pendingLink = nil
    }
    do throws(QueueError) {
      for command in locator.endpoint.greeting { try await link.ask(command) }
      let server = RedisServerFacts(try await link.ask(RedisCommand("INFO", "server", "replication")))
      if let obstacle = server.obstacle { throw QueueError.disconnected(obstacle) }
      try await link.ask(RedisCommand("ECHO", "ready"))
      return server.runID
    } catch {
      link.close("could not log in")
      throw error
    }
  }
}

/// What a server says of itself.
private struct RedisServerFacts {
  private let lines: [Substring]

  /// - Parameter answer: to INFO.
  init(_ answer: RedisValue) { lines = (answer.text ?? "").split(whereSeparator: \.isNewline) }

  private func fact(_ name: String) -> Substring? {
    lines.first { $0.hasPrefix(name + ":") }?.dropFirst(name.utf8.count + 1)
  }

  var runID: String { fact("run_id").map(String.init) ?? "" }

  /// Why no queue can be kept there; nil where one can. (INFO tells what ROLE does, and may be asked by more users.)
  var obstacle: String? {
    if fact("redis_mode") == "sentinel" { return "it is a sentinel, and not a server that keeps data" }
    return fact("role") == "slave"
      ? "it is a replica of \(fact("master_host") ?? "?"):\(fact("master_port") ?? "?")" : nil
  }
}

extension RedisValue {
  /// What a server says that has become a replica, to a command that changes something and to one that waited meanwhile;
  /// nil for any other answer.
  fileprivate var replicaComplaint: String? {
    guard case .error(let message) = self else { return nil }
    return ["READONLY", "UNBLOCKED", "MASTERDOWN"].contains { message.hasPrefix($0) } ? message : nil
  }
}
