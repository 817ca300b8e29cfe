import Glibc
import StrataCore
import StrataRuntime
import Synchronization

/// A wish to end that came while a command started something: what it started is told so each time.
final class Interruption: Sendable {
  /// A shell's status for a process that a signal ended is this and the signal's number.
  static let statusBase: Int32 = 128

  private let first = Mutex<Int32?>(nil)

  /// The first signal; nil while there was none.
  var signal: Int32? { first.withLock { $0 } }

  /// - Parameter requests: those of this process.
  /// - Returns: the task that listens.
  func listen(to requests: AsyncStream<Signals.TerminationRequest>, for child: ChildProcess) -> Task<Void, Never> {
    Task {
      for await request in requests {
        if signal == nil { Terminal.note("strata: stopping what was started. Again to hasten.") }
        first.withLock { $0 = $0 ?? request.signal }
        child.signal(SIGTERM)
      }
    }
  }
}
