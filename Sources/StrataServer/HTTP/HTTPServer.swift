import Glibc
public import StrataCore
public import StrataRuntime

/// An HTTP/1.1 server on an event loop, for a trusted proxy or local clients: it speaks to loopback TCP and unix
/// sockets, leaves TLS and the open network to the proxy, and yet trusts no byte it receives.
///
/// ```swift
/// let server = HTTPServer(loop: loop) { request in .text("hello, \(request.path)\n") }
/// print(try await server.listen(on: .tcp(host: "127.0.0.1", port: 0)))
/// await server.shutdown(budget: .seconds(10))
/// ```
///
/// Each request's handler is a task on the loop; it is cancelled when its client goes. Work that occupies the processor
/// for more than a millisecond belongs elsewhere.
public final class HTTPServer: @unchecked Sendable {
  /// Answers a request. What it throws becomes a problem document: an `HTTPRefusal` or a `StrataError` tells its own
  /// code, anything else is logged and told as `internal_error`.
  public typealias Handler = @Sendable (HTTPRequest) async throws -> HTTPResponse

  /// What the server has done since it was made.
  public struct Statistics: Sendable {
    public var connections = 0
    public var openConnections = 0
    public var requests = 0
    /// Requests that no handler saw, because they were malformed, too large or too slow.
    public var refusals = 0
    /// Answers by the first digit of their status: element 2 counts 2xx.
    public var answersByClass = [Int](repeating: 0, count: 6)
  }

  public let loop: EventLoop
  public let limits: HTTPLimits
  let log: @Sendable (String) -> Void
  private let handler: Handler

  // Touched on the loop only, from here on.
  var statistics = Statistics()
  var date = HTTPDate()
  /// Where every connection receives.
  var scratch = [UInt8](repeating: 0, count: 64 << 10)
  /// Where every connection puts the head of an answer together.
  var serialized: [UInt8] = []
  /// Counts `limits.tick`s while there are connections.
  private(set) var tick = 0
  private let tickLength: Duration
  private var ticker: LoopTimer?
  private var listeners: [HTTPListener] = []
  private var connections: [ObjectIdentifier: HTTPConnection] = [:]
  /// Since when no answer says that another request may follow on its connection.
  private(set) var isShuttingDown = false
  /// Whether a connection without a request is ended, be it that its client was told it might send another.
  private(set) var endsIdleConnections = false
  private var emptied: [CheckedContinuation<Void, Never>] = []

  /// - Parameters:
  ///   - loop: where the server lives; it may be shared.
  ///   - log: called on the loop with one line about what went wrong and was not the client's fault.
  public init(
    loop: EventLoop, limits: HTTPLimits = HTTPLimits(), log: @escaping @Sendable (String) -> Void = { _ in },
    handler: @escaping Handler
  ) {
    self.loop = loop
    self.limits = limits
    tickLength = limits.tick
    self.log = log
    self.handler = handler
  }

  // MARK: From any thread

  /// Starts taking connections at `address`. May be called for several addresses.
  ///
  /// - Returns: the address with the port that the system chose.
  public func listen(on address: HTTPAddress) async throws(StrataError) -> HTTPAddress {
    let socket = try ListeningSocket(address)
    try await listen(on: socket)
    return socket.address
  }

  /// Starts taking connections of `socket`, which is closed when the server shuts down.
  public func listen(on socket: ListeningSocket) async throws(StrataError) {
    try await Task(executorPreference: loop) { () -> Result<Void, StrataError> in
      Result { () throws(StrataError) in try self.startListening(socket) }
    }.value.get()
  }

  public func currentStatistics() async -> Statistics {
    await Task(executorPreference: loop) { self.statistics }.value
  }

  /// What becomes of connections without a request when the server shuts down.
  public enum IdleConnections: Sendable {
    /// They end. A client that sends a request in that moment does not know whether it was heard.
    case end
    /// Each gets one more answer, which says that it is the last; else they end when they have been idle for
    /// `HTTPLimits.idleDeadline`, as always. For a server in whose place another takes connections already.
    case serveOnceMore
  }

  /// Stops taking connections, ends event streams, lets the requests at hand finish, and closes what is left when
  /// `budget` is used up. Safe to call again, as with less of a budget, and on a server that never listened.
  public func shutdown(budget: Duration, idleConnections: IdleConnections = .end) async {
    await Task(executorPreference: loop) {
      if idleConnections == .end { self.endsIdleConnections = true }
      self.beginShutdown()
      let timer = self.loop.schedule(after: budget) { self.abortAll() }
      await withCheckedContinuation { emptied in
        if self.connections.isEmpty { emptied.resume() } else { self.emptied.append(emptied) }
      }
      timer.cancel()
    }.value
  }

  // MARK: On the loop

  private func startListening(_ socket: ListeningSocket) throws(StrataError) {
    guard !isShuttingDown else { throw StrataError(.unavailable, "the server at \(socket.address) is shutting down") }
    let listener = HTTPListener(socket)
    try listener.start(on: loop) { [self] in accept($0) }
    listeners.append(listener)
  }

  private func accept(_ descriptor: Int32) {
    // A few connections more are kept just long enough to be told.
    guard connections.count < limits.connections + 64 else {
      close(descriptor)
      return
    }
    let connection = HTTPConnection(descriptor, server: self)
    connections[ObjectIdentifier(connection)] = connection
    statistics.connections += 1
    statistics.openConnections = connections.count
    startTicking()
    connection.start()
    if connections.count > limits.connections { connection.turnAway(.tooManyConnections) }
  }

  func remove(_ connection: HTTPConnection) {
    connections[ObjectIdentifier(connection)] = nil
    statistics.openConnections = connections.count
    guard connections.isEmpty else { return }
    for waiter in emptied { waiter.resume() }
    emptied = []
  }

  func response(to request: HTTPRequest) async -> HTTPResponse {
    do {
      return try await handler(request)
    } catch {
      let isKnown = error is HTTPRefusal || (error as? StrataError).map { $0.code != .internalError } ?? false
      if !isKnown && !(error is CancellationError) {
        log("\(request.head.method.rawValue) \(request.head.path) failed: \(String(reflecting: error))")
      }
      return .problem(for: error)
    }
  }

  private func beginShutdown() {
    isShuttingDown = true
    for listener in listeners { listener.stop() }
    listeners = []
    for connection in Array(connections.values) { connection.beginShutdown() }
  }

  private func abortAll() {
    for connection in Array(connections.values) { connection.abort() }
  }

  // MARK: Deadlines

  private func startTicking() {
    guard ticker == nil else { return }
    ticker = loop.schedule(after: tickLength) { [weak self] in
      guard let self else { return }
      ticker = nil
      tick += 1
      // Looking at all of them costs some 10 ns each, which is less than a timer for each request would.
      for connection in Array(connections.values) { connection.checkDeadline() }
      if !connections.isEmpty { startTicking() }
    }
  }

  /// Whether `deadline` has passed since the tick `start`, never early.
  func hasPassed(_ deadline: Duration, since start: Int) -> Bool { tickLength * (tick - start - 1) >= deadline }
}
