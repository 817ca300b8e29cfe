import Glibc
import StrataRuntime

/// One accepted connection: performs what `ConnectionMachine` decides. Touched on the server's loop only, except
/// `onLoop`.
final class HTTPConnection: @unchecked Sendable {
  /// What the connection waits for from its client, and so which deadline runs.
  enum Wait {
    case nothing, request, head, body, room, end
  }

  /// The request at hand, as far as its answer depends on it.
  struct Exchange {
    var isHead = false
    var minorVersion = 1
    var wantsKeepAlive = false
    var framing = ResponseSerializer.Framing.none
    var keepAlive = false
    var owesContinue = false
    var isAnswerComplete = false
    /// The answer is a stream without an end of its own.
    var endsAtShutdown = false
    /// Bytes that a stream of declared length has yet to write.
    var streamRemaining = 0
  }

  let server: HTTPServer
  let descriptor: Int32
  var machine: ConnectionMachine
  var exchange: Exchange?
  var channel: HTTPBodyChannel?
  var task: Task<Void, Never>?
  var output = HTTPOutput()
  /// Bytes of a stream written since its producer last gave way.
  var unyieldedBytes = 0
  var drainWaiter: CheckedContinuation<Void, any Error>?
  var isClosed = false
  /// The answer is sent and the connection half closed; what still comes is thrown away.
  var isLingering = false
  private var isPumping = false
  private var watched: Readiness = .readable

  private var wait = Wait.request
  private var waitStart: Int
  private var windowBytes = 0
  private var sentMark = 0

  var loop: EventLoop { server.loop }

  init(_ descriptor: Int32, server: HTTPServer) {
    self.descriptor = descriptor
    self.server = server
    machine = ConnectionMachine(limits: server.limits)
    waitStart = server.tick
  }

  /// Runs `work` on the loop: at once if the caller is there.
  func onLoop(_ work: @escaping @Sendable (HTTPConnection) -> Void) {
    if loop.isCurrent { work(self) } else { loop.execute { work(self) } }
  }

  // MARK: Events of the socket

  func start() {
    do {
      try loop.watch(descriptor, watched) { [self] in handle($0) }
    } catch {
      server.log("\(error)")
      abort()
    }
  }

  private func handle(_ ready: Readiness) {
    if ready.contains(.writable) { flush() }
    if ready.contains(.readable), !isClosed { receive() }
    // The rest of what a departed client sent has been read by now, unless the client is being held back.
    if !ready.isDisjoint(with: [.failed, .hungUp]), !ready.contains(.readable) { abort() }
    settle()
  }

  private func receive() {
    let count = unsafe recv(descriptor, &server.scratch, server.scratch.count, 0)
    if count > 0 {
      windowBytes += count
      if isLingering { return }
      machine.receive(server.scratch[..<count])
      pump()
    } else if count == 0 {
      endInput()
    } else if errno != EAGAIN && errno != EINTR {
      abort()
    }
  }

  private func endInput() {
    if isLingering { return abort() }
    machine.endInput()
    task?.cancel()
    failDrainWaiter()
    pump()
  }

  /// Performs the machine's actions until there is none or the reader of the body is full.
  func pump() {
    // An action may end in here again; the loop below sees to what follows.
    guard !isPumping else { return }
    isPumping = true
    defer { isPumping = false }
    while !isClosed, !isHoldingBack, let action = machine.next() { perform(action) }
  }

  var isHoldingBack: Bool { machine.phase == .body && channel?.isFull == true }

  func perform(_ action: ConnectionMachine.Action) {
    switch action {
    case .begin(let head): begin(head)
    case .body(let bytes): channel?.append(bytes)
    case .endBody: channel?.finish()
    case .failBody(let refusal): channel?.fail(refusal)
    case .refuse(let refusal): refuse(refusal)
    case .close: abort()
    }
  }

  // MARK: Keeping up with the state

  /// Called at the end of every event: watches for what is now needed, and starts the deadline that now runs.
  func settle() {
    guard !isClosed else { return }
    let interest = self.interest
    if interest != watched {
      watched = interest
      do { try loop.rewatch(descriptor, interest) } catch { return abort() }
    }
    let current = currentWait
    if current != wait || (current == .room && output.sentBytes != sentMark) {
      wait = current
      restartDeadline()
    }
  }

  private var interest: Readiness {
    var interest: Readiness = []
    if !output.isEmpty { interest.insert(.writable) }
    let takesInput = !machine.isInputEnded && !isHoldingBack && machine.pendingBytes < server.limits.inputHighWater
    if isLingering || takesInput { interest.insert(.readable) }
    return interest
  }

  private var currentWait: Wait {
    if isLingering { return .end }
    if !output.isEmpty { return .room }
    return switch machine.phase {
    case .idle: .request
    case .head: .head
    case .body: isHoldingBack || exchange?.owesContinue == true ? .nothing : .body
    case .answering, .closed: .nothing
    }
  }

  private func restartDeadline() {
    waitStart = server.tick
    windowBytes = 0
    sentMark = output.sentBytes
  }

  /// Called on every tick of the server.
  func checkDeadline() {
    guard wait != .nothing, server.hasPassed(server.limits.deadline(of: wait), since: waitStart) else { return }
    switch wait {
    case .nothing: return
    case .request, .room, .end: abort()
    case .head:
      machine.close()
      refuse(.headTimeout)
    case .body where windowBytes >= server.limits.bodyBytesPerWindow: restartDeadline()
    case .body:
      machine.close()
      channel?.fail(.bodyTimeout)
    }
    settle()
  }

  // MARK: The end

  /// The server is shutting down: an idle connection ends now or after one more answer, another after its answer.
  func beginShutdown() {
    if machine.phase == .idle && output.isEmpty {
      if server.endsIdleConnections { abort() }
      return
    }
    if exchange?.endsAtShutdown == true { cancelAnswer() }
  }

  private func cancelAnswer() {
    task?.cancel()
    failDrainWaiter()
  }

  func failDrainWaiter() { drainWaiter.take()?.resume(throwing: CancellationError()) }

  /// Ends the connection at once, and with it the handler.
  func abort() {
    guard !isClosed else { return }
    isClosed = true
    machine.close()
    loop.unwatch(descriptor)
    close(descriptor)
    output.discard()
    channel?.fail(.incompleteBody)
    cancelAnswer()
    server.remove(self)
  }

  /// Ends the connection after its last answer. Closing with bytes unread would make the kernel destroy the answer on
  /// its way (RFC 9112, section 9.6), so unless the client has sent all it will, the rest is read first.
  func closeGracefully(hasUnreadInput: Bool) {
    guard hasUnreadInput, !machine.isInputEnded else { return abort() }
    machine.close()
    Glibc.shutdown(descriptor, Int32(SHUT_WR))
    isLingering = true
  }
}

extension HTTPLimits {
  func deadline(of wait: HTTPConnection.Wait) -> Duration {
    switch wait {
    case .nothing: .seconds(Int64.max / 2)
    case .request: idleDeadline
    case .head: headDeadline
    case .body: bodyWindow
    case .room: writeStallDeadline
    case .end: lingerDeadline
    }
  }
}
