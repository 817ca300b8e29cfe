import Synchronization

/// Calls `body` once for each index in `0..<count`, on at most `threads` threads, the caller's own among them.
///
/// Indices are handed out in growing order, so that with one thread the work is done in order. The caller takes part,
/// and asks `keepGoing` before each index it takes (never from another thread), telling how many were begun; once it answers false, indices already
/// begun are finished and no other is begun.
///
/// - Returns: whether every index was done.
/// - Complexity: one thread start per thread beyond the first, about 20 µs each, then one atomic addition per index.
@discardableResult
public func parallelFor(
  _ count: Int, threads: Int, keepGoing: (_ begun: Int) -> Bool = { _ in true }, _ body: @Sendable (Int) -> Void
) -> Bool {
  let helpers = max(0, min(threads, count) - 1)
  return withoutActuallyEscaping(body) { body in
    let work = SharedWork(count: count, body: body)
    let started = (0..<helpers).compactMap { _ in HelperThread(work.help) }
    while keepGoing(work.begun), work.doNext() {}
    work.stop()
    for thread in started { thread.join() }
    return work.isComplete
  }
}

/// What the threads of one `parallelFor` share.
private final class SharedWork: Sendable {
  private let count: Int
  private let body: @Sendable (Int) -> Void
  private let next = Atomic<Int>(0)
  private let done = Atomic<Int>(0)
  private let isStopped = Atomic<Bool>(false)

  init(count: Int, body: @escaping @Sendable (Int) -> Void) {
    self.count = count
    self.body = body
  }

  /// How many indices have been handed out.
  var begun: Int { min(count, next.load(ordering: .relaxed)) }

  var isComplete: Bool { done.load(ordering: .acquiring) == count }

  func stop() { isStopped.store(true, ordering: .relaxed) }

  /// Helpers begin nothing once stopped; the caller stops only when there is nothing left, or nothing more is wanted.
  func doNext() -> Bool {
    let index = next.wrappingAdd(1, ordering: .relaxed).oldValue
    guard index < count else { return false }
    body(index)
    done.wrappingAdd(1, ordering: .acquiringAndReleasing)
    return true
  }

  func help() {
    while !isStopped.load(ordering: .relaxed), doNext() {}
  }
}

/// An array of `count` elements, each made by `body` from its index, on at most `threads` threads.
@inlinable public func parallelMap<Element: Sendable>(
  _ count: Int, threads: Int, _ body: @Sendable (Int) -> Element
) -> [Element] {
  let step = 1 << 14
  return unsafe [Element](unsafeUninitializedCapacity: count) { buffer, initialized in
    nonisolated(unsafe) let target = unsafe buffer
    parallelFor((count + step - 1) / step, threads: threads) { part in
      for index in part * step..<min(count, (part + 1) * step) {
        unsafe target.initializeElement(at: index, to: body(index))
      }
    }
    initialized = count
  }
}
