/// Which jobs of a cluster may start before those that came earlier.
public enum ClusterDiscipline: String, Hashable, Sendable, CaseIterable {
  /// None: first come, first served.
  case firstComeFirstServed = "fcfs"
  /// Those that do not delay the first in line, if jobs end when they say: EASY (Lifka, "The ANL/IBM SP scheduling
  /// system", JSSPP 1995; as described by Mu'alem and Feitelson, IEEE TPDS 12(6), 2001).
  case easyBackfilling = "easy"
}

/// When each job of a cluster starts and ends: under a discipline, or as it was seen.
public struct ClusterSchedule: Hashable, Sendable {
  public let jobs: [RigidJob]
  public let processors: Int
  /// By job.
  public let startMilliseconds: [Int64]
  /// By job.
  public let endMilliseconds: [Int64]

  /// - Parameter endMilliseconds: by job; each runs for as long as it does and no longer, unless that is said.
  public init(jobs: [RigidJob], processors: Int, startMilliseconds: [Int64], endMilliseconds: [Int64]? = nil) {
    self.jobs = jobs
    self.processors = processors
    self.startMilliseconds = startMilliseconds
    self.endMilliseconds = endMilliseconds ?? zip(jobs, startMilliseconds).map { $1 + $0.runMilliseconds }
  }

  /// Simulates a cluster of `processors` that starts empty and runs every job to its end.
  ///
  /// - Parameter jobs: in order of submission.
  /// - Throws: `ClusterScheduleError`.
  /// - Complexity: O(n · (w + r)) for n jobs with up to w waiting and r running at once.
  public static func simulate(
    _ jobs: [RigidJob], processors: Int, discipline: ClusterDiscipline
  ) throws(ClusterScheduleError) -> ClusterSchedule {
    var before = Int64.min
    for (index, job) in jobs.enumerated() {
      guard job.submitMilliseconds >= before else { throw .notInOrder(index) }
      guard job.processors <= processors else { throw .tooLarge(index, job.processors) }
      before = job.submitMilliseconds
    }
    var cluster = Cluster(jobs: jobs, processors: processors, discipline: discipline)
    return ClusterSchedule(jobs: jobs, processors: processors, startMilliseconds: cluster.run())
  }
}

/// Why jobs have no schedule.
public enum ClusterScheduleError: Error, Hashable, Sendable {
  /// The place of a job that was submitted before the one in front of it.
  case notInOrder(Int)
  /// The place of a job that needs more processors than there are, and how many.
  case tooLarge(Int, Int)
}

extension ClusterScheduleError: CustomStringConvertible {
  public var description: String {
    switch self {
    case .notInOrder(let index): "job \(index) was submitted before the one in front of it; sort the jobs"
    case .tooLarge(let index, let processors):
      "job \(index) needs \(processors) processors, more than the cluster has; leave it out or enlarge the cluster"
    }
  }
}
