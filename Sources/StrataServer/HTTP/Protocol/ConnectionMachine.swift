/// What a server's side of one HTTP/1.1 connection does with the bytes it receives. It performs nothing itself: bytes
/// and events go in, actions come out, one at a time, so that whoever performs them may stop asking and thereby hold
/// the client back.
///
/// Requests are answered one at a time and in order; what a client sends ahead waits in the machine.
package struct ConnectionMachine {
  package enum Action: Sendable {
    /// Start answering this request. Unless its framing is `none`, its body follows.
    case begin(HTTPRequestHead)
    case body([UInt8])
    case endBody
    /// The body of the request being answered cannot be had. Answer, and close.
    case failBody(HTTPRefusal)
    /// Answer this without asking anyone, and close.
    case refuse(HTTPRefusal)
    /// The client has gone between requests: close.
    case close
  }

  package enum Phase: Equatable {
    /// Between requests, no byte of the next seen. Goes to `head`, or to `closed` when the client goes.
    case idle
    /// In a request's head. Goes to `body`, `answering`, or `closed` on a refusal.
    case head
    /// A request is being answered while its body arrives. Goes to `answering`, or to `closed` when the body fails or
    /// the answer is complete before it.
    case body
    /// A request has arrived in full and is being answered. Goes to `idle` or `closed`.
    case answering
    /// Nothing more is read from this connection.
    case closed
  }

  package private(set) var phase = Phase.idle
  /// Whether the client has sent all it will.
  package private(set) var isInputEnded = false
  private let limits: HTTPLimits
  private var buffer: ArraySlice<UInt8> = []
  private var scanner: HeadScanner
  private var decoder: BodyDecoder?
  private var hasSkippedEmptyLine = false

  package init(limits: HTTPLimits) {
    self.limits = limits
    scanner = HeadScanner(limits: limits)
  }

  /// Received bytes that no action has taken yet.
  package var pendingBytes: Int { buffer.count }

  // MARK: Events

  package mutating func receive(_ bytes: some Collection<UInt8>) {
    guard phase != .closed else { return }
    buffer.append(contentsOf: bytes)
  }

  /// The client has closed its side.
  package mutating func endInput() { isInputEnded = true }

  /// The answer to the request at hand is complete.
  package mutating func finishAnswer(keepAlive: Bool) {
    guard keepAlive, phase == .answering else { return close() }
    phase = .idle
    hasSkippedEmptyLine = false
    scanner = HeadScanner(limits: limits)
  }

  package mutating func close() {
    phase = .closed
    buffer = []
    decoder = nil
  }

  // MARK: Actions

  /// The next thing to do; nil when there is none until another event.
  package mutating func next() -> Action? {
    switch phase {
    case .idle, .head: nextOfHead()
    case .body: nextOfBody()
    case .answering, .closed: nil
    }
  }

  private mutating func nextOfHead() -> Action? {
    guard skipEmptyLine() else { return isInputEnded ? endBetweenRequests() : nil }
    phase = .head
    let bytes = buffer
    switch scanner.scan(bytes.span) {
    case .incomplete: return isInputEnded ? endBetweenRequests() : nil
    case .refused(let refusal): return refuse(refusal)
    case .end(let count):
      do throws(HTTPRefusal) {
        return .begin(try takeHead(count))
      } catch {
        return refuse(error)
      }
    }
  }

  private mutating func takeHead(_ count: Int) throws(HTTPRefusal) -> HTTPRequestHead {
    let raw = try HeadParser.parse(buffer.span.extracting(first: count))
    let head = try HTTPRequestHead(raw, limits: limits)
    dropFirst(count)
    decoder = BodyDecoder(head.framing, limits: limits)
    phase = decoder == nil ? .answering : .body
    return head
  }

  private mutating func nextOfBody() -> Action? {
    guard let step = decoder?.step(&buffer) else { return nil }
    switch step {
    case .data(let count): return .body(takeBody(count))
    case .end:
      if buffer.isEmpty { buffer = [] }
      phase = .answering
      return .endBody
    case .refused(let refusal): return failBody(refusal)
    case .needsMore:
      if buffer.isEmpty { buffer = [] }
      return isInputEnded ? failBody(.incompleteBody) : nil
    }
  }

  /// RFC 9112, section 2.2: an empty line before a request line is ignored. One is. False if there is nothing more.
  private mutating func skipEmptyLine() -> Bool {
    guard phase == .idle else { return true }
    if buffer.first == 0x0D, !hasSkippedEmptyLine {
      guard buffer.count >= 2 else { return false }
      if buffer[buffer.startIndex + 1] == 0x0A { dropFirst(2) }
      hasSkippedEmptyLine = true
    }
    return !buffer.isEmpty
  }

  private mutating func takeBody(_ count: Int) -> [UInt8] {
    let bytes = Array(buffer.prefix(count))
    dropFirst(count)
    return bytes
  }

  /// Gives the memory back as soon as nothing is left, so that an idle connection holds none.
  private mutating func dropFirst(_ count: Int) {
    if count == buffer.count { buffer = [] } else { buffer.removeFirst(count) }
  }

  private mutating func refuse(_ refusal: HTTPRefusal) -> Action {
    close()
    return .refuse(refusal)
  }

  private mutating func failBody(_ refusal: HTTPRefusal) -> Action {
    close()
    return .failBody(refusal)
  }

  private mutating func endBetweenRequests() -> Action {
    close()
    return .close
  }
}
