import Synchronization

/// Sets of numbers that are joined again and again, by several threads at once.
///
/// Each set is named by its least member. Roots are linked by compare and exchange, the greater to the lesser, so that the sets
/// are the same whatever the order of the threads (Anderson and Woll, STOC 1991).
@safe public final class DisjointSets: @unchecked Sendable {
  public let count: Int
  private let parents: UnsafeMutablePointer<Atomic<Int32>>

  /// As many sets as numbers. 4 bytes for each.
  public init(count: Int) {
    self.count = count
    unsafe parents = .allocate(capacity: count)
    for number in 0..<count { unsafe (parents + number).initialize(to: Atomic(Int32(number))) }
  }

  deinit {
    unsafe parents.deinitialize(count: count)
    unsafe parents.deallocate()
  }

  /// The least member of a number's set. Paths are halved on the way.
  public func root(of number: Int) -> Int {
    precondition(number >= 0 && number < count)
    var number = Int32(number)
    while true {
      let parent = unsafe parents[Int(number)].load(ordering: .relaxed)
      if parent == number { return Int(number) }
      let next = unsafe parents[Int(parent)].load(ordering: .relaxed)
      _ = unsafe parents[Int(number)].compareExchange(expected: parent, desired: next, ordering: .relaxed)
      number = next
    }
  }

  /// Makes one set of those that two numbers are in.
  public func join(_ a: Int, _ b: Int) {
    var (low, high) = (root(of: a), root(of: b))
    while low != high {
      if low > high { (low, high) = (high, low) }
      let linked = unsafe parents[high].compareExchange(
        expected: Int32(high), desired: Int32(low), ordering: .relaxed
      ).exchanged
      if linked { return }
      (low, high) = (root(of: low), root(of: high))
    }
  }
}
