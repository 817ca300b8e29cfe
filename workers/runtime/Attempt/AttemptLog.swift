import Glibc
import StrataCore
import StrataRuntime
import Synchronization

/// The log of one attempt: a file on disk, made with its first byte and cut at its limit.
final class AttemptLog: Sendable {
  private struct State {
    var cap: LogCap
    var path: String?
    var file: Descriptor?
  }

  private let state: Mutex<State>
  private let echo: @Sendable ([UInt8]) -> Void

  /// - Parameter echo: gets what is kept, as it comes.
  init(limit: Int, echo: @escaping @Sendable ([UInt8]) -> Void) {
    state = Mutex(State(cap: LogCap(limit: limit)))
    self.echo = echo
  }

  /// Where the file shall be. What is logged before is only echoed.
  func place(at path: String) { state.withLock { $0.path = path } }

  var isEmpty: Bool { state.withLock { $0.file == nil } }

  func append(_ bytes: [UInt8]) {
    state.withLock { state in
      let kept = state.cap.admit(bytes[...])
      if kept.isEmpty { return }
      // On a full disk the log is what can be missed; the attempt itself meets the same wall and says so.
      if state.file == nil, let path = state.path {
        state.file = try? Descriptor.open(path, O_WRONLY | O_CREAT | O_APPEND)
      }
      if let file = state.file { writeFully(kept, to: file.raw) }
      echo(kept)
    }
  }

  func append(line: String) { append(Array("[strata: \(line)]\n".utf8)) }
}
