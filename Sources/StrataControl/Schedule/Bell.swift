package import StrataRuntime
import Synchronization

/// What one task waits for and others ring. Rings while nobody waits are remembered as one.
package final class Bell: Sendable {
  private struct State {
    var isRung = false
    /// How many waits have begun, and the newest of them that is over.
    var waits: UInt64 = 0
    var ended: UInt64 = 0
    var waiter: CheckedContinuation<Void, Never>?
  }

  private let state = Mutex(State())
  private let time: Timekeeper

  package init(time: Timekeeper = .system) { self.time = time }

  package func ring() {
    let waiter = state.withLock { state in
      state.isRung = state.waiter == nil
      return state.waiter.take()
    }
    waiter?.resume()
  }

  /// Returns at the next ring, at once where it has rung since the last wait; when the time is up; or when the task is
  /// cancelled. One task at a time.
  package func wait(upTo duration: Duration) async {
    let number = state.withLock { state in
      state.waits += 1
      return state.waits
    }
    let timer = time.start { [self] in
      await time.pause(duration)
      end(number)
    }
    await withTaskCancellationHandler {
      await withCheckedContinuation { continuation in
        let isOver = state.withLock { state in
          if state.isRung || state.ended >= number {
            state.isRung = false
            return true
          }
          state.waiter = continuation
          return false
        }
        if isOver { continuation.resume() }
      }
    } onCancel: {
      end(number)
    }
    timer.cancel()
  }

  private func end(_ number: UInt64) {
    let waiter = state.withLock { state in
      guard state.ended < number else { return nil as CheckedContinuation<Void, Never>? }
      state.ended = number
      return state.waits == number ? state.waiter.take() : nil
    }
    waiter?.resume()
  }
}
