/// How good a schedule is, in the terms of the literature (Feitelson and Rudolph, "Metrics and benchmarking for parallel
/// job scheduling", JSSPP 1998).
public struct ClusterMetrics: Hashable, Sendable {
  /// Processor-time that jobs needed over processor-time there was, from the first submission to the last end: 0…1.
  public let utilisation: Double
  public let waitSecondsMean: Double
  /// The wait that half of the jobs do not exceed (nearest rank).
  public let waitSecondsP50: Double
  /// The wait that 95 in 100 jobs do not exceed (nearest rank).
  public let waitSecondsP95: Double
  /// The mean of max(1, (end − submission) / max(run, threshold)).
  public let boundedSlowdownMean: Double

  /// Shorter jobs count as if they ran so long: who asks for a second's work does not notice ten.
  public static let slowdownThresholdMilliseconds: Int64 = 10_000

  /// - Returns: nil where there are no jobs.
  public init?(of schedule: ClusterSchedule) {
    let waits = zip(schedule.jobs, schedule.startMilliseconds).map { $1 - $0.submitMilliseconds }
    guard let first = schedule.jobs.map(\.submitMilliseconds).min(), let last = schedule.endMilliseconds.max() else {
      return nil
    }
    let (count, sorted) = (Double(waits.count), waits.sorted())
    let used = schedule.jobs.reduce(0.0) { $0 + Double($1.runMilliseconds) * Double($1.processors) }
    // Jobs that all take no time leave nothing to be used.
    utilisation = last > first ? used / (Double(last - first) * Double(schedule.processors)) : 0
    waitSecondsMean = waits.reduce(0.0) { $0 + Double($1) } / count / 1_000
    waitSecondsP50 = Double(sorted[(waits.count + 1) / 2 - 1]) / 1_000
    waitSecondsP95 = Double(sorted[(waits.count * 95 + 99) / 100 - 1]) / 1_000
    boundedSlowdownMean =
      zip(schedule.jobs, schedule.endMilliseconds).reduce(0) { $0 + Self.boundedSlowdown(of: $1.0, end: $1.1) } / count
  }

  private static func boundedSlowdown(of job: RigidJob, end: Int64) -> Double {
    max(1, Double(end - job.submitMilliseconds) / Double(max(job.runMilliseconds, slowdownThresholdMilliseconds)))
  }
}
