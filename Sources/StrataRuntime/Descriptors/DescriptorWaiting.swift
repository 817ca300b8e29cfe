import Glibc
public import StrataCore
import Synchronization

extension Descriptor {
  /// Bytes read at most at once, unless the caller says otherwise.
  public static let readBytesMax = 65_536

  /// The next bytes, as soon as there are any; empty at the end of the stream. The descriptor must be non-blocking.
  ///
  /// - Throws: `cancelled` when the task is, or the system's error.
  public func read(upTo bytesMax: Int = readBytesMax) async throws(StrataError) -> [UInt8] {
    while true {
      var count = -1
      var failure: Int32 = 0
      let bytes = unsafe [UInt8](unsafeUninitializedCapacity: bytesMax) { buffer, initialized in
        count = unsafe Glibc.read(raw, buffer.baseAddress, bytesMax)
        failure = errno
        initialized = max(0, count)
      }
      if count >= 0 { return bytes }
      try await waitAfter(failure, .readable, "read from a descriptor")
    }
  }

  /// Everything until the end of the stream.
  ///
  /// - Throws: `limit_exceeded` past `bytesMax`; else as `read` does.
  public func readToEnd(bytesMax: Int) async throws(StrataError) -> [UInt8] {
    var all: [UInt8] = []
    while true {
      let bytes = try await read()
      if bytes.isEmpty { return all }
      all += bytes
      guard all.count <= bytesMax else {
        throw StrataError(.limitExceeded, "a stream is longer than the \(bytesMax) bytes allowed")
      }
    }
  }

  /// Writes all of `bytes`, waiting as the reader makes room. The descriptor must be non-blocking.
  ///
  /// - Throws: `cancelled` when the task is, or the system's error ("Broken pipe" when the reader is gone).
  public func write(_ bytes: [UInt8]) async throws(StrataError) {
    var written = 0
    while written < bytes.count {
      let count = unsafe bytes.withUnsafeBytes { buffer in
        let rest = unsafe UnsafeRawBufferPointer(rebasing: buffer[written...])
        return unsafe Glibc.write(raw, rest.baseAddress, rest.count)
      }
      if count >= 0 {
        written += count
      } else {
        try await waitAfter(errno, .writable, "write to a descriptor")
      }
    }
  }

  /// Writes all of `bytes` on this thread; for files, and for other descriptors that block.
  public func writeNow(_ bytes: [UInt8]) throws(StrataError) {
    var written = 0
    while written < bytes.count {
      let count = unsafe bytes.withUnsafeBytes { buffer in
        let rest = unsafe UnsafeRawBufferPointer(rebasing: buffer[written...])
        return unsafe Glibc.write(raw, rest.baseAddress, rest.count)
      }
      if count < 0 && errno == EINTR { continue }
      guard count > 0 else { throw .system("write to a descriptor") }
      written += count
    }
  }

  private func waitAfter(_ failure: Int32, _ interest: Readiness, _ action: String) async throws(StrataError) {
    if failure == EINTR { return }
    guard failure == EAGAIN else { throw .system(action, errorNumber: failure) }
    try await waitUntil(interest)
  }

  /// Returns when the descriptor is readable, when `limit` is over, or when the task is cancelled.
  func waitUntilReadable(atMost limit: Duration) async {
    await withTaskGroup(of: Void.self) { group in
      group.addTask { try? await self.waitUntil(.readable) }
      group.addTask { try? await Task.sleep(for: limit, clock: .continuous) }
      await group.next()
      group.cancelAll()
    }
  }

  /// Returns when the descriptor is ready for what `interest` names, or its other end is gone.
  ///
  /// - Throws: `cancelled` when the task is.
  public func waitUntil(_ interest: Readiness) async throws(StrataError) {
    let loop = try ChildKeeper.loop()
    let wait = DescriptorWait(descriptor: raw)
    let outcome = await withTaskCancellationHandler {
      await withCheckedContinuation { continuation in
        loop.execute { wait.begin(interest, on: loop, continuation) }
      }
    } onCancel: {
      loop.execute { wait.end(.failure(StrataError(.cancelled, "a wait for a descriptor was cancelled")), on: loop) }
    }
    try outcome.get()
  }
}

/// One wait of one task for one descriptor. Touched on the loop's thread only.
private final class DescriptorWait: @unchecked Sendable {
  typealias Outcome = Result<Void, StrataError>
  private let descriptor: Int32
  private var continuation: CheckedContinuation<Outcome, Never>?
  private var isOver: Outcome?

  init(descriptor: Int32) { self.descriptor = descriptor }

  func begin(_ interest: Readiness, on loop: EventLoop, _ continuation: CheckedContinuation<Outcome, Never>) {
    if let isOver { return continuation.resume(returning: isOver) }
    self.continuation = continuation
    do throws(StrataError) {
      try loop.watch(descriptor, interest) { _ in self.end(.success(()), on: loop) }
    } catch {
      end(.failure(error), on: loop)
    }
  }

  func end(_ outcome: Outcome, on loop: EventLoop) {
    guard isOver == nil else { return }
    isOver = outcome
    guard let continuation else { return }
    loop.unwatch(descriptor)
    self.continuation = nil
    continuation.resume(returning: outcome)
  }
}
