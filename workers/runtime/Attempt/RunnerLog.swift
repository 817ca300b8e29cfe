import Glibc
import StrataCore
import StrataRuntime
import Synchronization

/// The pipe that is the standard output and error of a runner and of all that it starts, read as it fills, for
/// whichever attempt runs.
final class RunnerLog: Sendable {
  typealias Sink = @Sendable ([UInt8]) -> Void
  private enum Pulled { case bytes, nothing, end }

  private static let readBytesMax = 65_536

  private let pipe: Descriptor
  /// Held while bytes are on their way from the pipe to their sink, so that they keep their order.
  private let sink = Mutex<Sink?>(nil)

  /// - Parameter pipe: non-blocking.
  init(_ pipe: Descriptor) {
    self.pipe = pipe
    Task { await self.pump() }
  }

  /// What is printed goes to `sink` from now on.
  func attach(_ sink: @escaping Sink) { self.sink.withLock { $0 = sink } }

  /// Brings what is in the pipe to the sink, which gets nothing after that.
  func detach() {
    while pull() == .bytes {}
    sink.withLock { $0 = nil }
  }

  /// Until nobody can write to the pipe any more.
  private func pump() async {
    while true {
      switch pull() {
      case .bytes: break
      case .end: return
      case .nothing: guard (try? await pipe.waitUntil(.readable)) != nil else { return }
      }
    }
  }

  private func pull() -> Pulled {
    sink.withLock { sink in
      var count = 0
      let bytes = unsafe [UInt8](unsafeUninitializedCapacity: Self.readBytesMax) { buffer, initialized in
        count = unsafe read(pipe.raw, buffer.baseAddress, Self.readBytesMax)
        initialized = max(0, count)
      }
      if count > 0 {
        sink?(bytes)
        return .bytes
      }
      return count < 0 && (errno == EAGAIN || errno == EINTR) ? .nothing : .end
    }
  }
}
