internal import CHiredis
internal import StrataCore
internal import StrataRuntime

/// One connection of hiredis on an event loop, from its opening to its end; a broken one is replaced, never mended.
///
/// Used on the loop's thread only. Commands gather in a buffer that is written once per turn of the loop, at its end.
@safe final class RedisLink {
  typealias Answer = Result<RedisValue, QueueError>

  private final class Pending {
    let continuation: CheckedContinuation<Answer, Never>
    init(_ continuation: CheckedContinuation<Answer, Never>) { self.continuation = continuation }
  }

  private let loop: EventLoop
  private let timeout: Duration
  private var context: UnsafeMutablePointer<redisAsyncContext>?
  private var isConnected = false
  private var hasOutput = false
  private var isWatchingOutput = true
  private var closing: CheckedContinuation<Void, Never>?
  private var turnEndHook: Int?

  private var inFlight = 0
  private var deadline = ContinuousClock.now
  private var watchdog: LoopTimer?
  /// Why the connection ended, where it was ended from this side.
  private var reason: String?

  var isOpen: Bool { unsafe context != nil }

  /// Begins to connect; commands may be sent at once.
  init(_ address: RedisEndpoint.Address, on loop: EventLoop, timeout: Duration) throws(QueueError) {
    self.loop = loop
    self.timeout = timeout
    let context =
      switch address {
      case .tcp(let host, let port): unsafe redisAsyncConnect(host, Int32(port))
      case .unix(let path): unsafe redisAsyncConnectUnix(path)
      }
    guard let context = unsafe context else { throw .disconnected("no memory for a connection") }
    guard unsafe context.pointee.err == 0 else {
      let message = unsafe String(cString: context.pointee.errstr)
      unsafe redisAsyncFree(context)
      throw .disconnected(message)
    }
    unsafe self.context = context
    try unsafe attach(context)
  }

  deinit { close("the connection was dropped") }

  private func attach(_ context: UnsafeMutablePointer<redisAsyncContext>) throws(QueueError) {
    let this = unsafe Unmanaged.passUnretained(self).toOpaque()
    unsafe context.pointee.data = this
    unsafe context.pointee.ev.data = this
    unsafe context.pointee.ev.addWrite = { unsafe RedisLink.from($0)?.hasOutput = true }
    unsafe context.pointee.ev.delWrite = { unsafe RedisLink.from($0)?.hasOutput = false }
    unsafe context.pointee.ev.cleanup = { unsafe RedisLink.from($0)?.didEnd() }
    do {
      let descriptor = unsafe context.pointee.c.fd
      try loop.watch(descriptor, [.readable, .writable]) { [unowned self] ready in deliver(ready) }
      turnEndHook = loop.addTurnEndHook { [unowned self] in flush() }
    } catch {
      close(error.message)
      throw .disconnected(error.message)
    }
  }

  private static func from(_ pointer: UnsafeMutableRawPointer?) -> RedisLink? {
    unsafe pointer.map { unsafe Unmanaged<RedisLink>.fromOpaque($0).takeUnretainedValue() }
  }

  // MARK: Commands

  /// Sends a command and waits for its answer, at most `waiting` longer than the connection's timeout.
  func send(_ command: RedisCommand, waiting: Duration = .zero) async -> Answer {
    await withCheckedContinuation { continuation in
      guard let context = unsafe context else {
        return continuation.resume(returning: .failure(.disconnected(reason ?? "the connection is closed")))
      }
      if inFlight == 0 { deadline = .now + timeout + waiting }
      inFlight += 1
      startWatchdog()
      unsafe submit(command.encoded, to: context, Pending(continuation))
    }
  }

  /// As `send`, but throws where the server refuses.
  @discardableResult
  func ask(_ command: RedisCommand) async throws(QueueError) -> RedisValue {
    let answer = try await send(command).get()
    if case .error(let message) = answer { throw .disconnected(message) }
    return answer
  }

  private func submit(_ bytes: [UInt8], to context: UnsafeMutablePointer<redisAsyncContext>, _ pending: Pending) {
    let pointer = unsafe Unmanaged.passRetained(pending)
    let status = unsafe bytes.withUnsafeBytes { buffer in
      unsafe redisAsyncFormattedCommand(
        context, { unsafe RedisLink.answer($0, $1, $2) }, pointer.toOpaque(),
        buffer.bindMemory(to: CChar.self).baseAddress, buffer.count)
    }
    guard status != REDIS_OK else { return }
    inFlight -= 1
    unsafe pointer.release()
    pending.continuation.resume(returning: .failure(.disconnected("the connection is closing")))
  }

  private static func answer(
    _ context: UnsafeMutablePointer<redisAsyncContext>?, _ reply: UnsafeMutableRawPointer?,
    _ privateData: UnsafeMutableRawPointer?
  ) {
    guard let privateData = unsafe privateData else { return }
    let pending = unsafe Unmanaged<Pending>.fromOpaque(privateData).takeRetainedValue()
    let link = unsafe from(unsafe context?.pointee.data)
    link?.didAnswer()
    if let reply = unsafe reply {
      let value = unsafe RedisValue(reply.assumingMemoryBound(to: redisReply.self))
      pending.continuation.resume(returning: .success(value))
    } else {
      pending.continuation.resume(returning: .failure(.disconnected(link?.endReason ?? "the connection ended")))
    }
  }

  private func didAnswer() {
    inFlight -= 1
    if inFlight > 0 { deadline = .now + timeout }
  }

  private var endReason: String {
    if let reason { return reason }
    guard let context = unsafe context, unsafe context.pointee.c.err != 0 else { return "the connection ended" }
    return unsafe withUnsafeBytes(of: context.pointee.c.errstr) { bytes in
      unsafe String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
    }
  }

  // MARK: The descriptor

  private func deliver(_ ready: Readiness) {
    if ready.contains(.writable), let context = unsafe context {
      isConnected = true
      unsafe redisAsyncHandleWrite(context)
    }
    if !ready.isDisjoint(with: [.readable, .hungUp, .failed]), let context = unsafe context {
      unsafe redisAsyncHandleRead(context)
    }
    updateInterest()
  }

  /// Writes what has gathered. What the socket does not take is written when it is ready for more.
  private func flush() {
    guard hasOutput, isConnected, !isWatchingOutput, let context = unsafe context else { return }
    unsafe redisAsyncHandleWrite(context)
    updateInterest()
  }

  private func updateInterest() {
    guard let context = unsafe context, isWatchingOutput != hasOutput else { return }
    isWatchingOutput = hasOutput
    let interest: Readiness = hasOutput ? [.readable, .writable] : .readable
    do { try loop.rewatch(unsafe context.pointee.c.fd, interest) } catch { close(error.message) }
  }

  // MARK: The end

  /// Ends the connection; commands in flight fail with `reason`. Safe to call twice.
  func close(_ reason: String) {
    guard let context = unsafe context else { return }
    self.reason = reason
    unsafe redisAsyncFree(context)
  }

  /// Returns once the connection has ended.
  func ended() async {
    await withCheckedContinuation { continuation in
      if isOpen { closing = continuation } else { continuation.resume() }
    }
  }

  private func didEnd() {
    guard let context = unsafe context else { return }
    reason = endReason
    loop.unwatch(unsafe context.pointee.c.fd)
    if let turnEndHook { loop.removeTurnEndHook(turnEndHook) }
    unsafe self.context = nil
    watchdog?.cancel()
    closing?.resume()
    closing = nil
  }

  /// One timer for all commands in flight: answers come in order, so only the oldest can be late.
  private func startWatchdog() {
    guard watchdog == nil else { return }
    watchdog = loop.schedule(after: deadline - .now) { [weak self] in self?.checkDeadline() }
  }

  private func checkDeadline() {
    watchdog = nil
    guard inFlight > 0 else { return }
    if deadline <= .now { close("no answer in time") } else { startWatchdog() }
  }
}
