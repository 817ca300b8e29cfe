/// What is at hand while a place is taken in.
@safe struct HoleWork: ~Copyable, @unchecked Sendable {
  private var stack: UnsafeMutablePointer<Int32>
  private var rims: UnsafeMutablePointer<Int32>
  private var removals: UnsafeMutablePointer<Int32>
  private var capacity = 64
  private var stackCount = 0
  private(set) var rimCount = 0
  private var removedCount = 0

  init() {
    unsafe stack = .allocate(capacity: capacity)
    unsafe rims = .allocate(capacity: capacity)
    unsafe removals = .allocate(capacity: capacity)
  }

  deinit {
    unsafe stack.deallocate()
    unsafe rims.deallocate()
    unsafe removals.deallocate()
  }

  @inline(__always) mutating func begin(_ triangle: Int32, _ a: Int32, _ b: Int32, _ c: Int32) {
    unsafe removals[0] = triangle
    unsafe stack[0] = c
    unsafe stack[1] = b
    unsafe stack[2] = a
    (removedCount, stackCount, rimCount) = (1, 3, 0)
  }

  @inline(__always) mutating func next() -> Int32? {
    guard stackCount > 0 else { return nil }
    stackCount &-= 1
    return unsafe stack[stackCount]
  }

  @inline(__always) mutating func remove(_ triangle: Int32, _ next: Int32, _ previous: Int32) {
    // All three have at most two more than what was removed.
    if removedCount &+ 3 > capacity { grow() }
    unsafe removals[removedCount] = triangle
    removedCount &+= 1
    unsafe stack[stackCount] = previous
    unsafe stack[stackCount &+ 1] = next
    stackCount &+= 2
  }

  @inline(__always) mutating func keep(_ side: Int32) {
    unsafe rims[rimCount] = side
    rimCount &+= 1
  }

  @inline(__always) func rim(_ index: Int) -> Int32 { unsafe rims[index] }
  @inline(__always) func removed(_ index: Int) -> Int32? { index < removedCount ? unsafe removals[index] : nil }

  private mutating func grow() {
    unsafe stack = Self.grown(stack, capacity)
    unsafe rims = Self.grown(rims, capacity)
    unsafe removals = Self.grown(removals, capacity)
    capacity *= 2
  }

  private static func grown(_ old: UnsafeMutablePointer<Int32>, _ count: Int) -> UnsafeMutablePointer<Int32> {
    let new = UnsafeMutablePointer<Int32>.allocate(capacity: 2 * count)
    unsafe new.initialize(from: old, count: count)
    unsafe old.deallocate()
    return unsafe new
  }
}
