import Glibc

/// Makes something for each index in `0..<count` on at most `threads` threads, and consumes what was made in the order of the indices,
/// on the caller's thread, which also takes part in the making.
///
/// The first error of either ends the work: no other index is begun, and those begun are finished and dropped.
///
/// - Parameters:
///   - ahead: how many indices may be made before the first of them is consumed, at least `threads`.
///   - keepGoing: asked on the caller's thread before each index is consumed or made there, and at least every 50 ms, told how many were
///     consumed; false ends the work.
///   - make: asks the function that it is given, now and then, whether its work is still wanted; on the thread that it was called on,
///     which on the caller's asks `keepGoing`.
/// - Returns: whether everything was consumed.
/// - Complexity: one thread start per thread beyond the first; two locks per index; at most `ahead` results in memory.
@discardableResult
public func parallelInOrder<Made: Sendable, Failure: Error>(
  _ count: Int, threads: Int, ahead: Int, keepGoing: (_ consumed: Int) -> Bool = { _ in true },
  _ make: @Sendable (_ index: Int, _ isWanted: @escaping @Sendable () -> Bool) throws(Failure) -> Made,
  _ consume: (_ index: Int, Made) throws(Failure) -> Void
) throws(Failure) -> Bool {
  let helpers = max(0, min(threads, count) - 1)
  return try withoutActuallyEscaping(make) { (make) throws(Failure) in
    let work = OrderedWork(count: count, ahead: max(threads, ahead, 1), make: make)
    let started = (0..<helpers).compactMap { _ in HelperThread(work.help) }
    defer { for thread in started { thread.join() } }
    defer { work.stop() }
    return try work.consumeAll(keepGoing, consume)
  }
}

/// What the threads of one `parallelInOrder` share.
@safe private final class OrderedWork<Made: Sendable, Failure: Error>: @unchecked Sendable {
  private let count: Int
  private let ahead: Int
  private let make: @Sendable (Int, @escaping @Sendable () -> Bool) throws(Failure) -> Made
  // All below is read and written under the lock.
  private let lock: UnsafeMutablePointer<pthread_mutex_t>
  private let changed: UnsafeMutablePointer<pthread_cond_t>
  private var slots: [Result<Made, Failure>?]
  private var begun = 0
  private var consumed = 0
  private var isStopped = false

  init(count: Int, ahead: Int, make: @escaping @Sendable (Int, @escaping @Sendable () -> Bool) throws(Failure) -> Made)
  {
    (self.count, self.ahead, self.make) = (count, ahead, make)
    slots = Array(repeating: nil, count: ahead)
    unsafe lock = .allocate(capacity: 1)
    unsafe changed = .allocate(capacity: 1)
    unsafe pthread_mutex_init(lock, nil)
    unsafe pthread_cond_init(changed, nil)
  }

  deinit {
    unsafe pthread_cond_destroy(changed)
    unsafe pthread_mutex_destroy(lock)
    unsafe changed.deallocate()
    unsafe lock.deallocate()
  }

  private func locked<Value>(_ body: () -> Value) -> Value {
    unsafe pthread_mutex_lock(lock)
    defer { unsafe pthread_mutex_unlock(lock) }
    return body()
  }

  func stop() {
    locked { isStopped = true }
    unsafe pthread_cond_broadcast(changed)
  }

  /// What a thread is to do next.
  private enum Task {
    case make(Int)
    case consume(Int, Result<Made, Failure>)
    /// Nothing to be done but to look again.
    case look
    case end
  }

  /// - Parameter isConsumer: whether results may be taken; else this waits until there is something to make.
  private func next(isConsumer: Bool) -> Task {
    locked {
      while true {
        if isStopped || consumed == count { return .end }
        let slot = consumed % ahead
        if isConsumer, let result = slots[slot] {
          slots[slot] = nil
          consumed += 1
          unsafe pthread_cond_broadcast(changed)
          return .consume(consumed - 1, result)
        }
        if begun < min(count, consumed + ahead) {
          begun += 1
          return .make(begun - 1)
        }
        if !isConsumer, begun == count { return .end }
        wait()
        if isConsumer { return .look }
      }
    }
  }

  /// Waits, at most 50 ms, for another thread to change something.
  private func wait() {
    var time = timespec()
    unsafe clock_gettime(CLOCK_REALTIME, &time)
    time.tv_nsec += 50_000_000
    if time.tv_nsec >= 1_000_000_000 { (time.tv_sec, time.tv_nsec) = (time.tv_sec + 1, time.tv_nsec - 1_000_000_000) }
    _ = unsafe pthread_cond_timedwait(changed, lock, &time)
  }

  private func doMake(_ index: Int, _ isWanted: @escaping @Sendable () -> Bool) {
    let result = Result { () throws(Failure) in try make(index, isWanted) }
    locked { slots[index % ahead] = result }
    unsafe pthread_cond_broadcast(changed)
  }

  func help() {
    while case .make(let index) = next(isConsumer: false) { doMake(index) { self.locked { !self.isStopped } } }
  }

  func consumeAll(
    _ keepGoing: (Int) -> Bool, _ consume: (Int, Made) throws(Failure) -> Void
  ) throws(Failure) -> Bool {
    var done = 0
    while done < count {
      guard keepGoing(done) else { return false }
      switch next(isConsumer: true) {
      case .make(let index):
        withoutActuallyEscaping(keepGoing) { keepGoing in
          // It stays on this thread.
          nonisolated(unsafe) let ask = keepGoing
          doMake(index) { [done] in
            let goesOn = unsafe ask(done)
            if !goesOn { self.stop() }
            return goesOn
          }
        }
      case .consume(let index, let result):
        try consume(index, result.get())
        done += 1
      case .look: continue
      case .end: return false
      }
    }
    return true
  }
}
