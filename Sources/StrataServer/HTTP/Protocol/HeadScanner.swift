/// Finds the end of a request's head as its bytes arrive, and refuses what http-parser would let pass: bare line feeds
/// and carriage returns, NUL bytes, folded fields, and heads past the limits.
///
/// It looks at each byte once, however the bytes are split, so that the answer does not depend on the splitting.
struct HeadScanner {
  enum Finding: Equatable {
    case incomplete
    /// The head ends before this index.
    case end(Int)
    case refused(HTTPRefusal)
  }

  private let limits: HTTPLimits
  private var scanned = 0
  private var lineStart = 0
  private var lines = 0
  private var previous: UInt8 = 0

  init(limits: HTTPLimits) { self.limits = limits }

  /// - Parameter bytes: the head from its first byte on; the same bytes as before and more.
  mutating func scan(_ bytes: borrowing Span<UInt8>) -> Finding {
    while scanned < bytes.count {
      let byte = bytes[scanned]
      if byte <= 0x20 || previous == 0x0D {
        if let refusal = check(byte) { return .refused(refusal) }
        if byte == 0x0A, endLine() { return .end(scanned) }
      }
      previous = byte
      scanned += byte == 0x0A ? 0 : 1
      if let refusal = checkLimits() { return .refused(refusal) }
    }
    return .incomplete
  }

  private func check(_ byte: UInt8) -> HTTPRefusal? {
    switch byte {
    case 0: .nulByte
    case 0x0A where previous != 0x0D: .bareLineFeed
    case 0x09, 0x20: scanned == lineStart ? (lines == 0 ? .malformedRequest : .foldedHeader) : nil
    default: previous == 0x0D && byte != 0x0A ? .malformedRequest : nil
    }
  }

  /// Steps over the line feed. True if the line was empty, which ends the head.
  private mutating func endLine() -> Bool {
    let isEmpty = scanned == lineStart + 1
    scanned += 1
    lineStart = scanned
    lines += 1
    return isEmpty
  }

  private func checkLimits() -> HTTPRefusal? {
    if lines == 0 && scanned > limits.requestLineBytes { return .requestLineTooLong }
    return scanned > limits.headBytes || lines > limits.headerCount + 1 ? .headTooLarge : nil
  }
}
