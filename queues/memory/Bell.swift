/// Wakes everyone who waits for something to change. Confined to its owner.
struct Bell {
  private var waiting: [Int: CheckedContinuation<Void, Never>] = [:]
  private var lastNumber = 0

  /// Wakes all who wait.
  mutating func ring() {
    for continuation in waiting.values { continuation.resume() }
    waiting = [:]
  }

  mutating func newNumber() -> Int {
    lastNumber += 1
    return lastNumber
  }

  mutating func wait(_ number: Int, _ continuation: CheckedContinuation<Void, Never>) {
    waiting[number] = continuation
  }

  /// Wakes one, whose time is over.
  mutating func wake(_ number: Int) { waiting.removeValue(forKey: number)?.resume() }
}
