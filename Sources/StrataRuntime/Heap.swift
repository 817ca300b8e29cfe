import CLinux

/// This process's heap.
public enum Heap {
  /// Gives pages that hold nothing any more back to the system: the allocator would keep them for the next need.
  public static func trim() { strata_trim_heap() }
}
