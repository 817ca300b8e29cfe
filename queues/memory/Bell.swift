/// Wakes everyone who waits for something to change. Confined to its owner.
struct Bell {
  /// Nil for one who has a number and does not wait yet.
  private var waiting: [Int: CheckedContinuation<Void, Never>?] = [:]
  private var lastNumber = 0

  /// Wakes all who wait or are about to.
  mutating func ring() {
    for continuation in waiting.values { continuation?.resume() }
    waiting = [:]
  }

  /// A number to wait with, once. Take it before looking whether there is a reason to wait: nothing is missed then.
  mutating func newNumber() -> Int {
    lastNumber += 1
    waiting[lastNumber] = .some(nil)
    return lastNumber
  }

  mutating func wait(_ number: Int, _ continuation: CheckedContinuation<Void, Never>) {
    if waiting[number] == nil { continuation.resume() } else { waiting[number] = continuation }
  }

  /// Wakes one, whose time is over.
  mutating func wake(_ number: Int) {
    if let continuation = waiting.removeValue(forKey: number) { continuation?.resume() }
  }
}
