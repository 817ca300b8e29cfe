import Glibc
import StrataCore
import StrataRuntime
import Synchronization

/// A wish to end that came while a command started something: what it started is told so each time.
package final class Interruption: Sendable {
  /// A shell's status for a process that a signal ended is this and the signal's number.
  static let statusBase: Int32 = 128

  private enum State {
    /// Can transition to: `heard`, `over`.
    case listening
    /// By its first signal. Final.
    case heard(Int32)
    /// What was started stays, whatever comes. Final.
    case over
  }

  private let state = Mutex(State.listening)

  package init() {}

  /// The first signal; nil while there was none.
  package var signal: Int32? { state.withLock { if case .heard(let signal) = $0 { signal } else { nil } } }

  /// Says that what was started is ready and stays.
  ///
  /// - Returns: false where a signal was heard before: then it has been told to end.
  package func finish() -> Bool {
    state.withLock { state in
      if case .heard = state { return false }
      state = .over
      return true
    }
  }

  /// - Returns: which signal of those that count it is, 1 for the first and 2 for all others; nil where none counts any
  ///   more.
  package func hear(_ signal: Int32) -> Int? {
    state.withLock { state in
      switch state {
      case .listening:
        state = .heard(signal)
        return 1
      case .heard: return 2
      case .over: return nil
      }
    }
  }

  /// - Parameter requests: those of this process.
  /// - Returns: the task that listens.
  func listen(to requests: AsyncStream<Signals.TerminationRequest>, for child: ChildProcess) -> Task<Void, Never> {
    Task {
      for await request in requests {
        guard let number = hear(request.signal) else { continue }
        if number == 1 { Terminal.note("strata: stopping what was started. Again to hasten.") }
        child.signal(SIGTERM)
      }
    }
  }
}
