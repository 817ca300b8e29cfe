/// A pending call of an event loop. Used on the loop's thread only.
public final class LoopTimer {
  let deadline: ContinuousClock.Instant
  private var action: (() -> Void)?

  init(deadline: ContinuousClock.Instant, action: @escaping () -> Void) {
    self.deadline = deadline
    self.action = action
  }

  /// Makes the call not happen. Safe to call twice, and after the call.
  public func cancel() { action = nil }

  func fire() {
    let action = self.action
    self.action = nil
    action?()
  }

  var isCancelled: Bool { action == nil }
}

/// A binary heap of timers, earliest first.
struct TimerHeap {
  private var heap: [LoopTimer] = []

  /// The earliest deadline; a cancelled timer at the front is dropped first.
  var nextDeadline: ContinuousClock.Instant? {
    mutating get {
      while let first = heap.first, first.isCancelled { removeFirst() }
      return heap.first?.deadline
    }
  }

  mutating func insert(_ timer: LoopTimer) {
    heap.append(timer)
    var child = heap.count - 1
    while child > 0 {
      let parent = (child - 1) / 2
      guard heap[child].deadline < heap[parent].deadline else { return }
      heap.swapAt(child, parent)
      child = parent
    }
  }

  mutating func popDue(at now: ContinuousClock.Instant) -> LoopTimer? {
    guard let deadline = nextDeadline, deadline <= now else { return nil }
    let timer = heap[0]
    removeFirst()
    return timer
  }

  private mutating func removeFirst() {
    heap.swapAt(0, heap.count - 1)
    heap.removeLast()
    var parent = 0
    while true {
      var least = parent
      for child in [2 * parent + 1, 2 * parent + 2] where child < heap.count {
        if heap[child].deadline < heap[least].deadline { least = child }
      }
      guard least != parent else { return }
      heap.swapAt(parent, least)
      parent = least
    }
  }
}
