package import StrataCore

/// How often a worker has handed each job back because there was no room for its results. Without a bound, a job for
/// which there never is room would be run again for ever, and nobody would pay for it. Pure.
package struct ShortageReleases: Sendable {
  /// Jobs that are remembered; the oldest are forgotten first.
  package static let jobsMax = 1_000

  private let releasesMax: Int
  private var counts: [JobID: Int] = [:]
  /// Those that were counted, oldest first.
  private var jobs: [JobID] = []

  package init(releasesMax: Int) { self.releasesMax = releasesMax }

  /// Counts one more.
  ///
  /// - Returns: false where the job has been handed back often enough.
  package mutating func mayRelease(_ job: JobID) -> Bool {
    let count = counts[job] ?? 0
    guard count < releasesMax else { return false }
    if count == 0 {
      jobs.append(job)
      if jobs.count > Self.jobsMax { counts[jobs.removeFirst()] = nil }
    }
    counts[job] = count + 1
    return true
  }

  /// The job has ended otherwise.
  package mutating func forget(_ job: JobID) {
    guard counts.removeValue(forKey: job) != nil else { return }
    jobs.removeAll { $0 == job }
  }
}
