public import StrataRuntime

/// A connection to a Redis server that lasts: it lives on an event loop, takes many commands at once, writes them once
/// per turn of the loop, and connects again by itself when it breaks.
///
/// A command in flight when the connection breaks fails with `.disconnected`; one that is sent while there is no
/// connection waits for the next attempt, and fails if that fails. Nothing waits for ever. Call `close` when done: an
/// open connection keeps itself alive.
public actor RedisConnection {
  /// A connection that stands: which one it is in a row, and which run of which server it leads to.
  public struct Session: Hashable, Sendable {
    /// 1 for the first.
    public let number: Int
    /// Redis' `run_id`: another one after every start of a server.
    public let serverRunID: String
  }

  private typealias SessionWaiter = CheckedContinuation<Result<Session, QueueError>, Never>

  private enum State {
    /// Can transition to: `ready`, `closed`; stays, when an attempt fails.
    case connecting([SessionWaiter])
    /// Can transition to: `connecting`, `closed`.
    case ready(RedisLink, Session)
    case closed
  }

  /// What writes the gathered commands at the end of a turn.
  private final class Flusher {
    weak var link: RedisLink?
  }

  public nonisolated let endpoint: RedisEndpoint
  private nonisolated let loop: EventLoop
  private let timeouts: RedisTimeouts
  private var state = State.connecting([])
  private let flusher = Flusher()
  private var hook: Int?
  private var keeper: Task<Void, Never>?
  private var sessionCount = 0
  private var listeners: [Int: AsyncStream<Session>.Continuation] = [:]

  public nonisolated var unownedExecutor: UnownedSerialExecutor { unsafe loop.asUnownedSerialExecutor() }

  /// Begins to connect. Failures show at the first command.
  public init(to endpoint: RedisEndpoint, on loop: EventLoop, timeouts: RedisTimeouts = RedisTimeouts()) {
    self.endpoint = endpoint
    self.loop = loop
    self.timeouts = timeouts
    Task(executorPreference: loop) { await self.start() }
  }

  private func start() {
    guard case .connecting = state, keeper == nil else { return }
    hook = loop.addTurnEndHook { [weak flusher] in flusher?.link?.flush() }
    keeper = Task(executorPreference: loop) { await self.keepConnected() }
  }

  /// Sends a command and returns its answer, which may be the server's `.error`.
  ///
  /// - Parameter waiting: how long the command itself may take on the server (blocking commands).
  public func send(_ command: RedisCommand, waiting: Duration = .zero) async throws(QueueError) -> RedisValue {
    if case .ready(let link, _) = state { return try await link.send(command, waiting: waiting).get() }
    _ = try await session()
    guard case .ready(let link, _) = state else { throw .disconnected("the connection ended") }
    return try await link.send(command, waiting: waiting).get()
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
    if let hook { loop.removeTurnEndHook(hook) }
    hook = nil
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
        let (link, runID) = try await connect()
        failures = 0
        becomeReady(link, runID)
        await link.ended()
        if case .ready = state { state = .connecting([]) }
      } catch {
        failWaiting(error)
      }
      try? await Task.sleep(for: timeouts.backoff(afterFailures: failures))
      failures += 1
    }
  }

  private func becomeReady(_ link: RedisLink, _ runID: String) {
    guard case .connecting(let waiting) = state else { return link.close("the connection was closed") }
    sessionCount += 1
    let session = Session(number: sessionCount, serverRunID: runID)
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

  /// Opens a link and logs in. A server that is still reading its data counts as not there.
  private func connect() async throws(QueueError) -> (RedisLink, runID: String) {
    let link = try RedisLink(endpoint.address, on: loop, timeout: timeouts.command)
    let limit = loop.schedule(after: timeouts.connect) { [weak link] in link?.close("could not connect in time") }
    pendingLink = link
    flusher.link = link
    defer {
      limit.cancel()
      pendingLink = nil
    }
    do {
      for command in endpoint.login { try await accept(link.send(command)) }
      let server = try await accept(link.send(RedisCommand("INFO", "server")))
      try await accept(link.send(RedisCommand("ECHO", "ready")))
      return (link, RedisConnection.runID(in: server.text ?? ""))
    } catch {
      link.close("could not log in")
      throw error
    }
  }

  @discardableResult
  private func accept(_ answer: RedisLink.Answer) throws(QueueError) -> RedisValue {
    let value = try answer.get()
    if case .error(let message) = value { throw .disconnected("\(endpoint): \(message)") }
    return value
  }

  private static func runID(in info: String) -> String {
    let line = info.split(whereSeparator: \.isNewline).first { $0.hasPrefix("run_id:") }
    return line.map { String($0.dropFirst(7)) } ?? ""
  }
}

extension RedisEndpoint {
  /// The commands that a new connection begins with.
  fileprivate var login: [RedisCommand] {
    var commands: [RedisCommand] = []
    if let password {
      var command = RedisCommand("AUTH")
      if let user { command.append(user) }
      command.append(password)
      commands.append(command)
    }
    if database != 0 { commands.append(RedisCommand("SELECT", String(database))) }
    return commands
  }
}
