/// Slots of points and the squares of their distances: what a query has met, of which the nearest are wanted.
///
/// Everything that is near enough is put at the end; only now and then are the `k` nearest told from the rest, so that hardly
/// any branch depends on the distances.
@safe struct Candidates: ~Copyable {
  private(set) var squares: UnsafeMutablePointer<Double>
  private(set) var slots: UnsafeMutablePointer<Int32>
  private(set) var capacity: Int
  var count = 0

  init(capacity: Int) {
    self.capacity = capacity
    unsafe squares = .allocate(capacity: capacity)
    unsafe slots = .allocate(capacity: capacity)
    unsafe squares.initialize(repeating: 0, count: capacity)
    unsafe slots.initialize(repeating: 0, count: capacity)
  }

  deinit {
    unsafe squares.deallocate()
    unsafe slots.deallocate()
  }

  /// Makes room for `more` candidates beyond those that are there.
  @inline(__always) mutating func reserve(_ more: Int) {
    if count &+ more > capacity { grow(to: 2 * (count + more)) }
  }

  private mutating func grow(to newCapacity: Int) {
    let (newSquares, newSlots) = (
      UnsafeMutablePointer<Double>.allocate(capacity: newCapacity),
      UnsafeMutablePointer<Int32>.allocate(capacity: newCapacity)
    )
    unsafe newSquares.initialize(repeating: 0, count: newCapacity)
    unsafe newSlots.initialize(repeating: 0, count: newCapacity)
    unsafe newSquares.update(from: squares, count: count)
    unsafe newSlots.update(from: slots, count: count)
    unsafe squares.deallocate()
    unsafe slots.deallocate()
    unsafe (squares, slots) = (newSquares, newSlots)
    capacity = newCapacity
  }

  /// Whether one candidate comes before another: by distance, then by index.
  @inline(__always) private func precedes(
    _ square: Double, _ slot: Int32, _ otherSquare: Double, _ otherSlot: Int32, _ indices: UnsafePointer<Int32>
  ) -> Bool {
    if square != otherSquare { return square < otherSquare }
    return unsafe indices[Int(slot)] < indices[Int(otherSlot)]
  }

  @inline(__always) private func exchange(_ a: Int, _ b: Int) {
    let (square, slot) = unsafe (squares[a], slots[a])
    unsafe (squares[a], slots[a]) = (squares[b], slots[b])
    unsafe (squares[b], slots[b]) = (square, slot)
  }

  /// Keeps the `k` nearest, in no order.
  /// - Returns: the square of the distance of the farthest that is kept; infinity where there are fewer than `k`.
  mutating func keepNearest(_ k: Int, _ indices: UnsafePointer<Int32>) -> Double {
    guard count >= k else { return .infinity }
    unsafe partition(0, count, k, indices)
    count = k
    var farthest = 0.0
    for place in 0..<k {
      let square = unsafe squares[place]
      farthest = square > farthest ? square : farthest
    }
    return farthest
  }

  /// Moves points of a range so that none from place `k` on is nearer than one before it.
  private func partition(_ first: Int, _ last: Int, _ k: Int, _ indices: UnsafePointer<Int32>) {
    var (start, end) = (first, last)
    while k > start, k < end {
      let pivot = median(start, end)
      var next = start
      for place in start..<end {
        let (square, slot) = unsafe (squares[place], slots[place])
        unsafe (squares[place], slots[place]) = (squares[next], slots[next])
        unsafe (squares[next], slots[next]) = (square, slot)
        next &+= isLess(square, pivot)
      }
      if k <= next {
        end = next
      } else if next > start {
        start = next
      } else {
        // None is less than the pivot: those that are equal to it come first.
        for place in start..<end where unsafe squares[place] == pivot {
          exchange(place, next)
          next += 1
        }
        if k < next {
          unsafe sortByIndex(start, next, indices)
          return
        }
        start = next
      }
    }
  }

  @inline(__always) private func median(_ start: Int, _ end: Int) -> Double {
    let (a, b, c) = unsafe (squares[start], squares[(start + end) >> 1], squares[end - 1])
    return max(min(a, b), min(max(a, b), c))
  }

  /// Candidates at one distance, by their indices. Usually they are two or three; a heap keeps thousands from taking long.
  private func sortByIndex(_ start: Int, _ end: Int, _ indices: UnsafePointer<Int32>) {
    var buffer = unsafe UnsafeMutableBufferPointer(start: slots + start, count: end - start)
    unsafe buffer.sort { unsafe indices[Int($0)] < indices[Int($1)] }
  }

  /// Sorts all that are left, nearest first.
  func sort(_ indices: UnsafePointer<Int32>) { unsafe sort(0, count, indices) }

  private func sort(_ start: Int, _ end: Int, _ indices: UnsafePointer<Int32>) {
    if end - start > Self.insertionMax {
      let middle = (start + end) / 2
      unsafe partition(start, end, middle, indices)
      unsafe sort(start, middle, indices)
      unsafe sort(middle, end, indices)
      return
    }
    guard start + 1 < end else { return }
    for last in start + 1..<end {
      let (square, slot) = unsafe (squares[last], slots[last])
      var place = last
      while place > start, unsafe precedes(square, slot, squares[place - 1], slots[place - 1], indices) {
        unsafe (squares[place], slots[place]) = (squares[place - 1], slots[place - 1])
        place -= 1
      }
      unsafe (squares[place], slots[place]) = (square, slot)
    }
  }

  private static let insertionMax = 32
}

/// 1 where `a` is less than `b`, else 0, for two numbers that are not negative: their bits are in their own order. The compiler
/// makes a branch of a comparison, which the processor would guess wrongly half of the time.
@inline(__always) func isLess(_ a: Double, _ b: Double) -> Int {
  Int(truncatingIfNeeded: (a.bitPattern &- b.bitPattern) >> 63)
}
