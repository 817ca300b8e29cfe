import StrataCore
import Synchronization

/// The time during which this process leads a role. It ends when it resigns, when this object is let go, or when the
/// database's connection is lost: then another process may lead at once, so stop the role's work.
public final class LeaderTerm: Sendable {
  private let state: TermState
  private let alarm: Alarm

  init(_ state: TermState, _ alarm: Alarm) {
    self.state = state
    self.alarm = alarm
  }

  deinit { alarm.ring() }

  /// False once the term has ended. True may be out of date by `Leadership.heartbeat` and the server's silence.
  public var isHeld: Bool { state.phase == .held }

  /// Waits until the term has ended.
  public func ended() async { await state.wait { $0 == .ended } }

  /// Gives the role back, and waits until another process may have it. Safe to call twice.
  public func resign() async {
    alarm.ring()
    await ended()
  }
}

/// What is known of a term, told by the connection's thread.
final class TermState: Sendable {
  enum Phase: Hashable, Sendable {
    /// Another process leads. Can transition to: `held`, `ended`.
    case waiting
    /// Can transition to: `ended`.
    case held
    /// Final.
    case ended
  }

  private struct Waiter {
    let isMet: @Sendable (Phase) -> Bool
    let continuation: CheckedContinuation<Void, Never>
  }

  private struct State {
    var phase = Phase.waiting
    var waiters: [Waiter] = []
  }

  private let state = Mutex(State())

  var phase: Phase { state.withLock(\.phase) }

  func enter(_ phase: Phase) {
    let met = state.withLock { state in
      state.phase = phase
      let met = state.waiters.filter { $0.isMet(phase) }
      state.waiters.removeAll { $0.isMet(phase) }
      return met
    }
    for waiter in met { waiter.continuation.resume() }
  }

  func wait(until isMet: @escaping @Sendable (Phase) -> Bool) async {
    await withCheckedContinuation { continuation in
      let isOver = state.withLock { state in
        guard !isMet(state.phase) else { return true }
        state.waiters.append(Waiter(isMet: isMet, continuation: continuation))
        return false
      }
      if isOver { continuation.resume() }
    }
  }
}
