import Glibc
import StrataCore
import StrataRuntime
import Synchronization

/// The log of one attempt: a file on disk, cut at its limit.
final class AttemptLog: Sendable {
  private struct State {
    var cap: LogCap
    var file: Descriptor?
  }

  private let path: String
  private let state: Mutex<State>
  private let echo: @Sendable ([UInt8]) -> Void

  /// - Parameter echo: gets what is kept, as it comes.
  init(path: String, limit: Int, echo: @escaping @Sendable ([UInt8]) -> Void) {
    self.path = path
    state = Mutex(State(cap: LogCap(limit: limit), file: nil))
    self.echo = echo
  }

  func open() throws(StrataError) {
    let file = try Descriptor.open(path, O_WRONLY | O_CREAT | O_APPEND)
    state.withLock { $0.file = file }
  }

  func append(_ bytes: [UInt8]) {
    state.withLock { state in
      let kept = state.cap.admit(bytes[...])
      if kept.isEmpty { return }
      // On a full disk the log is what can be missed; the attempt itself meets the same wall and says so.
      if let file = state.file { writeFully(kept, to: file.raw) }
      echo(kept)
    }
  }

  func append(line: String) { append(Array("[strata: \(line)]\n".utf8)) }
}
