import Glibc
import StrataCore
import StrataRuntime
import Synchronization

/// The log of one attempt: a file on disk, made with its first byte and cut at its limit.
final class AttemptLog: Sendable {
  private struct State {
    var cap: LogCap
    var folders: AttemptFolders?
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
  func place(in folders: AttemptFolders) { state.withLock { $0.folders = folders } }

  var isEmpty: Bool { state.withLock { $0.file == nil } }

  func append(_ bytes: [UInt8]) {
    state.withLock { state in
      let kept = state.cap.admit(bytes[...])
      if kept.isEmpty { return }
      // On a full disk the log is what can be missed; the attempt itself meets the same wall and says so.
      if state.file == nil, let path = state.folders?.log {
        // A file or link that the attempt has put there is not written to.
        state.file = try? Descriptor.open(path, O_WRONLY | O_CREAT | O_EXCL | O_APPEND)
      }
      if let file = state.file { writeFully(kept, to: file.raw) }
      echo(kept)
    }
  }

  func append(line: String) { append(Array("[strata: \(line)]\n".utf8)) }
}
