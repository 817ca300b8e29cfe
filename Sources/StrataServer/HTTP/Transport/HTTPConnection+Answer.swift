import Glibc
import StrataRuntime

extension HTTPConnection {
  /// Starts the handler.
  func begin(_ head: HTTPRequestHead) {
    server.statistics.requests += 1
    exchange = Exchange(
      isHead: head.method == .head, minorVersion: head.minorVersion, wantsKeepAlive: head.wantsKeepAlive,
      owesContinue: head.expectsContinue)
    let request = HTTPRequest(head: head, body: makeBody(head))
    bringWhatIsHere()
    let task = Task.immediate(executorPreference: loop) { [self] in await answer(request) }
    if exchange != nil { self.task = task }
  }

  private func makeBody(_ head: HTTPRequestHead) -> HTTPBody {
    guard head.framing != .none else { return HTTPBody() }
    let channel = HTTPBodyChannel(highWater: server.limits.inputHighWater) { [weak self] in
      self?.onLoop { $0.bringBody() }
    }
    self.channel = channel
    return HTTPBody(channel)
  }

  /// Gives the body what has come with the head, so that the handler of a small request never has to wait for it.
  private func bringWhatIsHere() {
    while machine.phase == .body, !isHoldingBack, let action = machine.next() { perform(action) }
  }

  /// The handler wants the body, or more of it.
  private func bringBody() {
    guard !isClosed else { return }
    if exchange?.owesContinue == true {
      exchange?.owesContinue = false
      if machine.phase == .body, machine.pendingBytes == 0 { send(ResponseSerializer.continue) }
    }
    pump()
    settle()
  }

  private func answer(_ request: HTTPRequest) async {
    let response = await server.response(to: request)
    guard !isClosed else { return }
    if case .stream(let stream) = response.body {
      await send(response, stream)
    } else {
      send(response)
    }
    settle()
  }

  /// Answers without a handler, and closes.
  func refuse(_ refusal: HTTPRefusal) {
    server.statistics.refusals += 1
    if exchange == nil { exchange = Exchange() }
    send(.problem(refusal))
  }

  /// Refuses a connection that has not been heard yet.
  func turnAway(_ refusal: HTTPRefusal) {
    machine.close()
    refuse(refusal)
    settle()
  }

  // MARK: Answers of known length

  private func send(_ response: HTTPResponse) {
    switch response.body {
    case .empty: sendHead(response, length: 0)
    case .bytes(let bytes): sendHead(response, length: bytes.count, body: bytes)
    case .file(let path, let offset, let length): sendFile(response, path, offset, length)
    case .stream: return
    }
    completeAnswer()
  }

  private func sendFile(_ response: HTTPResponse, _ path: String, _ offset: Int, _ length: Int?) {
    guard let file = OpenFile(path), file.size >= offset + (length ?? 0) else {
      server.log("cannot send \(path): it is missing or too short")
      let refusal = HTTPRefusal(.internalServerError, "file_unavailable", "the content could not be read")
      return send(.problem(refusal))
    }
    let length = length ?? file.size - offset
    sendHead(response, length: length)
    if exchange?.isHead == true || length == 0 || isClosed {
      close(file.descriptor)
    } else {
      output.append(file: file.descriptor, offset: offset, length: length)
      flush()
    }
  }

  private func sendHead(_ response: HTTPResponse, length: Int?, body: [UInt8] = []) {
    guard let exchange = beginAnswer(response, length) else { return }
    server.serialized.removeAll(keepingCapacity: true)
    ResponseSerializer.writeHead(
      of: response, framing: exchange.framing, keepAlive: exchange.keepAlive, minorVersion: exchange.minorVersion,
      date: server.date.now(), to: &server.serialized)
    if !exchange.isHead && exchange.framing != .none { server.serialized += body }
    sendSerialized()
  }

  /// Decides how the answer is framed and whether another may follow it.
  private func beginAnswer(_ response: HTTPResponse, _ length: Int?) -> Exchange? {
    guard var exchange else { return nil }
    server.statistics.answersByClass[min(max(response.status.rawValue / 100, 0), 5)] += 1
    exchange.framing =
      if response.status.forbidsBody { .none } else if let length { .length(length) } else {
        exchange.minorVersion == 1 ? .chunked : .untilClose
      }
    exchange.keepAlive =
      exchange.wantsKeepAlive && machine.phase == .answering && !machine.isInputEnded && !server.isShuttingDown
      && exchange.framing != .untilClose
    self.exchange = exchange
    return exchange
  }

  // MARK: Streams

  private func send(_ response: HTTPResponse, _ stream: HTTPStream) async {
    sendHead(response, length: stream.length)
    exchange?.streamRemaining = stream.length ?? .max
    exchange?.endsAtShutdown = stream.endsAtShutdown
    settle()
    guard let exchange, !exchange.isHead, exchange.framing != .none else { return completeAnswer() }
    if stream.endsAtShutdown && server.isShuttingDown { return breakOff(stream) }
    do {
      try await stream.producer(HTTPResponseWriter(connection: self))
      endStream(stream)
    } catch {
      if !isClosed && !Task.isCancelled { server.log("a response broke off: \(String(reflecting: error))") }
      breakOff(stream)
    }
  }

  private func endStream(_ stream: HTTPStream) {
    guard !isClosed, let exchange else { return }
    if exchange.framing == .chunked { send(ResponseSerializer.lastChunk) }
    if stream.length != nil && exchange.streamRemaining != 0 {
      server.log("a response broke off: its producer wrote less than it had declared")
      return abort()
    }
    completeAnswer()
  }

  /// A stream without an end of its own ends properly when the server stops; any other is visibly incomplete.
  private func breakOff(_ stream: HTTPStream) {
    guard stream.endsAtShutdown, server.isShuttingDown else { return abort() }
    exchange?.keepAlive = false
    endStream(stream)
  }

  /// Sends a part of a stream. True if the producer should wait until the client has taken more.
  func writePart(_ bytes: [UInt8]) throws -> Bool {
    guard !isClosed, !Task.isCancelled, let exchange, exchange.streamRemaining >= bytes.count else {
      throw CancellationError()
    }
    if exchange.streamRemaining != .max { self.exchange?.streamRemaining -= bytes.count }
    if exchange.framing == .chunked {
      server.serialized.removeAll(keepingCapacity: true)
      ResponseSerializer.writeChunk(bytes, to: &server.serialized)
      sendSerialized()
    } else {
      send(bytes)
    }
    settle()
    return output.pendingBytes > server.limits.outputHighWater
  }

  /// The same for a producer that is not on the loop.
  func writePart(_ bytes: [UInt8], then waiter: CheckedContinuation<Void, any Error>) {
    do {
      if try writePart(bytes) { waitForRoom(waiter) } else { waiter.resume() }
    } catch {
      waiter.resume(throwing: error)
    }
  }

  /// True now and then, when a producer that is never held back should let others have the loop.
  func isTurnOver(afterWriting count: Int) -> Bool {
    unyieldedBytes += count
    guard unyieldedBytes > server.limits.outputHighWater else { return false }
    unyieldedBytes = 0
    return true
  }

  /// Waits until the client has taken enough.
  func waitForRoom(_ waiter: CheckedContinuation<Void, any Error>) {
    if isClosed || machine.isInputEnded { return waiter.resume(throwing: CancellationError()) }
    if output.pendingBytes <= server.limits.outputHighWater { return waiter.resume() }
    drainWaiter = waiter
  }

  // MARK: Bytes

  private func sendSerialized() {
    send(server.serialized)
  }

  private func send(_ bytes: [UInt8]) {
    if output.send(bytes.span, to: descriptor) == .failed { abort() }
  }

  /// Sends what is pending, now that the socket takes more.
  func flush() {
    if output.flush(to: descriptor) == .failed { return abort() }
    if output.pendingBytes <= server.limits.outputHighWater / 2 { drainWaiter.take()?.resume() }
    finishIfSent()
  }

  private func completeAnswer() {
    exchange?.isAnswerComplete = true
    finishIfSent()
  }

  private func finishIfSent() {
    guard !isClosed, let exchange, exchange.isAnswerComplete, output.isEmpty else { return }
    let hasUnreadInput = machine.phase != .answering || machine.pendingBytes > 0
    self.exchange = nil
    channel = nil
    task = nil
    // The server may have begun to shut down since the answer's head was sent.
    guard exchange.keepAlive, !server.endsIdleConnections else {
      return closeGracefully(hasUnreadInput: hasUnreadInput)
    }
    machine.finishAnswer(keepAlive: true)
    pump()
  }
}

/// A file opened for sending.
private struct OpenFile {
  let descriptor: Int32
  let size: Int

  init?(_ path: String) {
    descriptor = unsafe open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { return nil }
    var status = stat()
    guard unsafe fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG else {
      close(descriptor)
      return nil
    }
    size = Int(status.st_size)
  }
}
