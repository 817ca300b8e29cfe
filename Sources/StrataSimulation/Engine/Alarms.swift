/// Instants at which somebody is to be woken, the earliest first; of one instant in the order in which they were set. A binary
/// heap.
struct Alarms {
  struct Alarm {
    /// Nanoseconds from the start.
    let at: Int64
    let number: UInt64

    func isBefore(_ other: Alarm) -> Bool { (at, number) < (other.at, other.number) }
  }

  private var heap: [Alarm] = []

  var first: Alarm? { heap.first }

  /// - Complexity: O(log n).
  mutating func insert(_ alarm: Alarm) {
    heap.append(alarm)
    var place = heap.count - 1
    while place > 0, heap[place].isBefore(heap[(place - 1) / 2]) {
      heap.swapAt(place, (place - 1) / 2)
      place = (place - 1) / 2
    }
  }

  /// - Complexity: O(log n).
  mutating func popFirst() -> Alarm? {
    guard let last = heap.popLast() else { return nil }
    guard let first = heap.first else { return last }
    heap[0] = last
    var place = 0
    while true {
      var least = place
      for child in [2 * place + 1, 2 * place + 2] where child < heap.count && heap[child].isBefore(heap[least]) {
        least = child
      }
      guard least != place else { return first }
      heap.swapAt(place, least)
      place = least
    }
  }
}
