import Glibc

/// A queue of closures that threads wait on.
@safe package final class WorkQueue<Context>: @unchecked Sendable {
  package typealias Work = @Sendable (Context) -> Void

  private let mutex: UnsafeMutablePointer<pthread_mutex_t>
  private let condition: UnsafeMutablePointer<pthread_cond_t>
  // Under the mutex.
  private var waiting: [Work] = []
  private var next = 0
  private var isClosed = false

  package init() {
    unsafe mutex = .allocate(capacity: 1)
    unsafe condition = .allocate(capacity: 1)
    unsafe pthread_mutex_init(mutex, nil)
    unsafe pthread_cond_init(condition, nil)
  }

  deinit {
    unsafe pthread_cond_destroy(condition)
    unsafe pthread_mutex_destroy(mutex)
    unsafe condition.deallocate()
    unsafe mutex.deallocate()
  }

  private func withLock<Value>(_ body: () -> Value) -> Value {
    unsafe pthread_mutex_lock(mutex)
    defer { unsafe pthread_mutex_unlock(mutex) }
    return body()
  }

  /// - Returns: false when the queue is closed; `work` will not run.
  package func add(_ work: @escaping Work) -> Bool {
    withLock {
      guard !isClosed else { return false }
      waiting.append(work)
      unsafe pthread_cond_signal(condition)
      return true
    }
  }

  /// What was added already still runs. Safe to call twice.
  package func close() {
    withLock {
      isClosed = true
      unsafe pthread_cond_broadcast(condition)
    }
  }

  /// The oldest work, waiting for some; nil once the queue is closed and empty.
  ///
  /// - Complexity: O(1), amortised.
  package func take() -> Work? {
    withLock {
      while next == waiting.count {
        guard !isClosed else { return nil }
        unsafe pthread_cond_wait(condition, mutex)
      }
      defer { compact() }
      next += 1
      return waiting[next - 1]
    }
  }

  private func compact() {
    guard next == waiting.count || next > 1_024 else { return }
    waiting.removeFirst(next)
    next = 0
  }
}
