internal import CAllocations

/// Counts calls of malloc, which are the same wherever they are made, unlike the time that they take.
public enum Allocations {
  /// How many this thread makes in a call, once what is made at the first is there.
  public static func count<Value>(_ act: () throws -> Value) rethrows -> Int {
    _ = try act()
    let before = allocations_of_thread()
    _ = try act()
    return Int(allocations_of_thread() - before)
  }
}
