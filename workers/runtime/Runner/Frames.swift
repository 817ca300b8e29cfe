/// A message's bytes between a worker and its runner: four bytes of length, least significant first, then the body.
package enum Frames {
  /// The largest body that either side accepts. A work order and a summary fit many times over.
  package static let bodyBytesMax = 1 << 20

  /// - Throws: `tooLarge` if the body is over `bodyBytesMax`.
  package static func encode(_ body: [UInt8]) throws(FrameError) -> [UInt8] {
    guard body.count <= bodyBytesMax else { throw .tooLarge(body.count) }
    let length = UInt32(body.count)
    return (0..<4).map { UInt8(truncatingIfNeeded: length >> (8 * $0)) } + body
  }
}

package enum FrameError: Error, Hashable, Sendable {
  /// A body of this many bytes was announced; the stream cannot be trusted any more.
  case tooLarge(Int)
}

/// Cuts a stream of bytes into frames, however the stream was split.
package struct FrameDecoder: Sendable {
  private var buffer: [UInt8] = []

  package init() {}

  package mutating func append(_ bytes: some Sequence<UInt8>) { buffer.append(contentsOf: bytes) }

  /// The next whole body, nil until more bytes come.
  ///
  /// - Throws: `tooLarge`, now and ever after.
  package mutating func next() throws(FrameError) -> [UInt8]? {
    guard buffer.count >= 4 else { return nil }
    let length = (0..<4).reduce(0) { $0 | Int(buffer[$1]) << (8 * $1) }
    guard length <= Frames.bodyBytesMax else { throw .tooLarge(length) }
    guard buffer.count >= 4 + length else { return nil }
    let body = Array(buffer[4..<4 + length])
    buffer.removeFirst(4 + length)
    return body
  }
}
