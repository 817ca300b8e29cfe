/// Finds a body's bytes, and its end, in what follows a head.
enum BodyDecoder {
  /// So many bytes are still to come.
  case length(Int)
  case chunked(ChunkedDecoder)

  enum Step: Equatable {
    /// Everything given is used up; the body goes on.
    case needsMore
    /// The next bytes, from the front of what is left, are the body's.
    case data(Int)
    case end
    case refused(HTTPRefusal)
  }

  init?(_ framing: HTTPRequestHead.Framing, limits: HTTPLimits) {
    switch framing {
    case .none: return nil
    case .length(let length): self = .length(length)
    case .chunked: self = .chunked(ChunkedDecoder(limits: limits))
    }
  }

  /// Takes one step. Framing bytes are dropped from the front of `bytes`; the bytes of a `data` step are not.
  mutating func step(_ bytes: inout ArraySlice<UInt8>) -> Step {
    switch self {
    case .length(0): return .end
    case .length(let rest):
      guard !bytes.isEmpty else { return .needsMore }
      let count = min(rest, bytes.count)
      self = .length(rest - count)
      return .data(count)
    case .chunked(var decoder):
      defer { self = .chunked(decoder) }
      return decoder.step(&bytes)
    }
  }
}

/// Decodes the chunked transfer coding (RFC 9112, section 7.1), strictly: every line ends in CR LF, sizes have at most
/// 15 digits, extensions and trailers are bounded and dropped.
struct ChunkedDecoder {
  private enum State {
    /// In a size line. Goes to `sizeLineFeed`.
    case size(value: Int, digits: Int)
    /// In a size line's extensions. Goes to `sizeLineFeed`.
    case extensions(size: Int)
    /// Goes to `data`, or after the last chunk to `trailer`.
    case sizeLineFeed(size: Int)
    /// Goes to `dataReturn` once no bytes remain.
    case data(remaining: Int)
    case dataReturn
    /// Goes to `size`.
    case dataLineFeed
    /// In a line after the last chunk. Goes to `trailerLineFeed`.
    case trailer(isEmpty: Bool)
    /// Goes to `trailer`, or after an empty line to `end`.
    case trailerLineFeed(isEmpty: Bool)
    case end
  }

  private let limits: HTTPLimits
  private var state = State.size(value: 0, digits: 0)
  private var bodyBytes = 0
  /// Bytes of the current size line, or of all trailers: neither may pass the bound on a head.
  private var overhead = 0

  init(limits: HTTPLimits) { self.limits = limits }

  mutating func step(_ bytes: inout ArraySlice<UInt8>) -> BodyDecoder.Step {
    while true {
      if case .end = state { return .end }
      if case .data(let remaining) = state, remaining > 0 { return takeData(remaining, bytes.count) }
      if case .data = state { state = .dataReturn }
      guard let byte = bytes.popFirst() else { return .needsMore }
      do throws(HTTPRefusal) { try take(byte) } catch { return .refused(error) }
    }
  }

  private mutating func takeData(_ remaining: Int, _ available: Int) -> BodyDecoder.Step {
    guard available > 0 else { return .needsMore }
    let count = min(remaining, available)
    state = .data(remaining: remaining - count)
    return .data(count)
  }

  private mutating func take(_ byte: UInt8) throws(HTTPRefusal) {
    overhead += 1
    guard overhead <= limits.headBytes else { throw .malformedChunk }
    switch state {
    case .size(let value, let digits): state = try afterSize(byte, value, digits)
    case .extensions(let size): state = try afterText(byte, .extensions(size: size), .sizeLineFeed(size: size))
    case .sizeLineFeed(let size): state = try afterSizeLine(byte, size)
    case .dataReturn: state = try expect(byte, 0x0D, .dataLineFeed)
    case .dataLineFeed:
      state = try expect(byte, 0x0A, .size(value: 0, digits: 0))
      overhead = 0
    case .trailer(let isEmpty):
      state = try afterText(byte, .trailer(isEmpty: false), .trailerLineFeed(isEmpty: isEmpty))
    case .trailerLineFeed(let isEmpty): state = try expect(byte, 0x0A, isEmpty ? .end : .trailer(isEmpty: true))
    case .data, .end: preconditionFailure("these take no byte")
    }
  }

  private func afterSize(_ byte: UInt8, _ value: Int, _ digits: Int) throws(HTTPRefusal) -> State {
    if let digit = byte.hexadecimalValue {
      guard digits < 15 else { throw .malformedChunk }
      return .size(value: value << 4 | Int(digit), digits: digits + 1)
    }
    guard digits > 0 else { throw .malformedChunk }
    switch byte {
    case 0x0D: return .sizeLineFeed(size: value)
    case 0x3B, 0x20, 0x09: return .extensions(size: value)
    default: throw .malformedChunk
    }
  }

  private mutating func afterSizeLine(_ byte: UInt8, _ size: Int) throws(HTTPRefusal) -> State {
    guard byte == 0x0A else { throw .malformedChunk }
    guard size <= limits.bodyBytes - bodyBytes else { throw .bodyTooLarge(limit: limits.bodyBytes) }
    bodyBytes += size
    overhead = 0
    return size == 0 ? .trailer(isEmpty: true) : .data(remaining: size)
  }

  private func afterText(_ byte: UInt8, _ stay: State, _ end: State) throws(HTTPRefusal) -> State {
    if byte == 0x0D { return end }
    guard byte >= 0x20 && byte != 0x7F || byte == 0x09 else { throw .malformedChunk }
    return stay
  }

  private func expect(_ byte: UInt8, _ expected: UInt8, _ next: State) throws(HTTPRefusal) -> State {
    guard byte == expected else { throw .malformedChunk }
    return next
  }
}
