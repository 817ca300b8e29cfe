/// How processes are looked at: in /proc, unless a test plays it.
package struct ProcessReader: Sendable {
  /// All that can be read, in no order that means anything.
  package let everyone: @Sendable () -> [ProcessStatistics]
  /// One of them; nil if there is none of that number.
  package let one: @Sendable (_ pid: Int32) -> ProcessStatistics?

  package init(
    everyone: @escaping @Sendable () -> [ProcessStatistics], one: @escaping @Sendable (Int32) -> ProcessStatistics?
  ) {
    self.everyone = everyone
    self.one = one
  }

  package static let system = ProcessReader(everyone: ProcessTree.everyone, one: ProcessStatistics.read)
}

extension ProcessTree {
  /// `root` and its descendants, read one by one so that no processor time counts twice, though the tree lives: nobody
  /// is read before its parent. What a child had used moves to its parent when that waits for it; a child that is gone
  /// by the time it is read is then missing from this reading, and is in the next.
  ///
  /// - Complexity: one reading of all processes, and one more of each member.
  package static func members(of root: Int32, by reader: ProcessReader = .system) -> [ProcessStatistics] {
    let everyone = reader.everyone()
    let seen = everyone.filter { $0.pid == root } + descendants(of: root, among: everyone).map(\.statistics)
    return topDown(seen).compactMap { seen in
      // The number may be another's by now.
      guard let now = reader.one(seen.pid), now.startTicks == seen.startTicks else { return nil }
      return now
    }
  }

  /// The same processes, each behind its parent if that is among them. Those of a cycle, as a torn picture may show one,
  /// are left out.
  private static func topDown(_ processes: [ProcessStatistics]) -> [ProcessStatistics] {
    let children = Dictionary(grouping: processes, by: \.parent)
    let numbers = Set(processes.map(\.pid))
    var sorted = processes.filter { !numbers.contains($0.parent) }
    var next = 0
    while next < sorted.count {
      sorted += children[sorted[next].pid] ?? []
      next += 1
    }
    return sorted
  }
}
