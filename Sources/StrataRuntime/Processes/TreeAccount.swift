/// What is known of the use of one process tree, gathered from pictures of all processes. Pure.
///
/// A member once seen stays one, and roots its own descendants, even when its parent has ended and it has moved
/// elsewhere in the tree of processes.
package struct TreeAccount: Sendable {
  package let root: Int32
  /// Members by number, with the start time that tells them from a later process of the same number.
  private var seen: [Int32: Int] = [:]
  /// Of orphans that have been reaped here.
  private var reaped = ResourceUsage.zero
  private var sampledTimeMax = Duration.zero
  /// The largest sum of resident sets seen at once.
  package private(set) var peakResidentBytes = 0
  package private(set) var lastReading = ProcessTree.Reading()

  package init(root: Int32) { self.root = root }

  /// Takes in a picture; returns the members found in it, the dead and unreaped included.
  @discardableResult
  package mutating func absorb(_ everyone: [ProcessStatistics]) -> [ProcessStatistics] {
    let members = find(in: everyone)
    for member in members { seen[member.pid] = member.startTicks }
    lastReading = ProcessTree.Reading(members)
    peakResidentBytes = max(peakResidentBytes, lastReading.residentBytes)
    sampledTimeMax = max(sampledTimeMax, lastReading.processorTime + reaped.processorTime)
    return members
  }

  private func find(in everyone: [ProcessStatistics]) -> [ProcessStatistics] {
    let known = everyone.filter { $0.pid == root || seen[$0.pid] == $0.startTicks }
    var members = Dictionary(known.map { ($0.pid, $0) }, uniquingKeysWith: { first, _ in first })
    for start in Set(members.keys).union([root]) {
      for member in ProcessTree.descendants(of: start, among: everyone) {
        members[member.pid] = member.statistics
      }
    }
    return Array(members.values)
  }

  /// Adds what a reaped orphan had used.
  package mutating func add(reaped usage: ResourceUsage) { reaped = reaped + usage }

  /// The sum, given what the root itself had used by its end with all that it had waited for.
  ///
  /// - Parameter trustedPeakMin: a peak of a single process counts only above this (see `ResourceUsage`).
  package func total(root usage: ResourceUsage, trustedPeakMin: Int) -> (processorTime: Duration, peakBytes: Int) {
    let single = max(usage.peakResidentBytes, reaped.peakResidentBytes)
    let time = max(sampledTimeMax, usage.processorTime + reaped.processorTime)
    return (time, max(peakResidentBytes, single > trustedPeakMin ? single : 0))
  }
}
