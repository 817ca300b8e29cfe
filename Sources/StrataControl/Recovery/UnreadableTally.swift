package import StrataCore
package import StrataQueue

/// What the queue could not read since the last comparison, as far as it tells which jobs it lost by that. Pure.
///
/// Each entry accounts for one job, once, however often a comparison is repeated.
package struct UnreadableTally: Hashable, Sendable {
  /// Jobs whose record was unreadable.
  private var named: Set<JobID> = []
  /// Unreadable outcomes: whose they were, nobody can say.
  private var outcomes = 0

  package init(_ entries: [UnreadableEntry] = []) {
    for entry in entries {
      switch entry.place {
      case .jobs: if let job = JobID(entry.name) { named.insert(job) }
      case .outcomes: outcomes += 1
      case .events: break
      }
    }
  }

  package mutating func add(_ other: UnreadableTally) {
    named.formUnion(other.named)
    outcomes += other.outcomes
  }

  /// Those of the jobs that the queue has lost for which unreadable entries account: the named ones, and the others if
  /// there are no more of them than unreadable outcomes. Where there are more, each may be missing for another reason,
  /// and none of them is blamed.
  package func culprits(among missing: [JobID]) -> Set<JobID> {
    let others = missing.filter { !named.contains($0) }
    return named.intersection(missing).union(others.count <= outcomes ? others : [])
  }

  /// Takes out what has been accounted for.
  package mutating func spend(on culprits: Set<JobID>) {
    outcomes = max(0, outcomes - culprits.subtracting(named).count)
    named.subtract(culprits)
  }
}
