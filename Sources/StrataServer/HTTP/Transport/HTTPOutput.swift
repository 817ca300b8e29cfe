import Glibc

/// What is still to be sent on a connection: bytes, then perhaps a part of a file.
struct HTTPOutput {
  enum Progress {
    /// All is sent.
    case done
    /// The socket takes no more for now.
    case blocked
    /// The client cannot be reached, or the file has become shorter.
    case failed
  }

  private struct FilePart {
    let descriptor: Int32
    var offset: Int
    var remaining: Int
  }

  private var bytes: [UInt8] = []
  private var start = 0
  private var file: FilePart?
  /// Grows with every byte sent.
  private(set) var sentBytes = 0

  var pendingBytes: Int { bytes.count - start }
  var isEmpty: Bool { bytes.isEmpty && file == nil }

  /// Appends a part of an open file, which is closed when it is sent or `discard` is called.
  mutating func append(file descriptor: Int32, offset: Int, length: Int) {
    file = FilePart(descriptor: descriptor, offset: offset, remaining: length)
  }

  /// Sends `new` after what is pending; keeps what the socket does not take.
  mutating func send(_ new: borrowing Span<UInt8>, to socket: Int32) -> Progress {
    guard isEmpty else {
      keep(new)
      return .blocked
    }
    let count = unsafe new.withUnsafeBytes { unsafe Self.send($0, to: socket) }
    guard let count else { return .failed }
    sentBytes += count
    if count == new.count { return .done }
    keep(new.extracting(count...))
    return .blocked
  }

  private mutating func keep(_ new: borrowing Span<UInt8>) {
    unsafe new.withUnsafeBufferPointer { unsafe bytes.append(contentsOf: $0) }
  }

  /// Sends what is pending, as far as the socket takes it, at most about `limit` bytes of a file.
  mutating func flush(to socket: Int32, limit: Int = 1 << 20) -> Progress {
    while start < bytes.count {
      let count = unsafe bytes.withUnsafeBytes { [start] in
        unsafe Self.send(UnsafeRawBufferPointer(rebasing: $0[start...]), to: socket)
      }
      guard let count else { return .failed }
      if count == 0 { return compactBlocked() }
      start += count
      sentBytes += count
    }
    bytes = []
    start = 0
    return file == nil ? .done : flushFile(to: socket, limit: limit)
  }

  private mutating func compactBlocked() -> Progress {
    if start > bytes.count / 2 {
      bytes.removeFirst(start)
      start = 0
    }
    return .blocked
  }

  private mutating func flushFile(to socket: Int32, limit: Int) -> Progress {
    guard var part = file else { return .done }
    var offset = off_t(part.offset)
    let count = unsafe sendfile(socket, part.descriptor, &offset, min(part.remaining, limit))
    if count < 0 { return errno == EAGAIN || errno == EINTR ? .blocked : .failed }
    if count == 0 && part.remaining > 0 { return .failed }
    part.offset += count
    part.remaining -= count
    sentBytes += count
    file = part
    guard part.remaining == 0 else { return .blocked }
    closeFile()
    return .done
  }

  /// Drops everything.
  mutating func discard() {
    bytes = []
    start = 0
    closeFile()
  }

  private mutating func closeFile() {
    if let file { close(file.descriptor) }
    file = nil
  }

  /// Bytes taken; 0 if the socket is full, nil if it is broken.
  private static func send(_ bytes: UnsafeRawBufferPointer, to socket: Int32) -> Int? {
    while true {
      let count = unsafe Glibc.send(socket, bytes.baseAddress, bytes.count, Int32(MSG_NOSIGNAL))
      if count >= 0 { return count }
      if errno == EAGAIN { return 0 }
      if errno != EINTR { return nil }
    }
  }
}
