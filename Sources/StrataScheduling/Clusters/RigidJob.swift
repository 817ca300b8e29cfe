/// A job of a cluster that needs all its processors at once, from its start to its end.
public struct RigidJob: Hashable, Sendable {
  /// Milliseconds since any beginning.
  public let submitMilliseconds: Int64
  /// How long it runs; the scheduler does not know it before it ends.
  public let runMilliseconds: Int64
  /// How long its owner says that it runs at most; never less than it does.
  public let requestedMilliseconds: Int64
  public let processors: Int

  /// A job that ran for longer than was asked for is taken to have asked for as long as it ran: one cannot see from a
  /// trace how much longer its owner was allowed.
  public init(submitMilliseconds: Int64, runMilliseconds: Int64, requestedMilliseconds: Int64, processors: Int) {
    self.submitMilliseconds = submitMilliseconds
    self.runMilliseconds = max(0, runMilliseconds)
    self.requestedMilliseconds = max(requestedMilliseconds, self.runMilliseconds)
    self.processors = max(1, processors)
  }

  /// Processors as requested, or else as allocated; nil where neither they nor the run time are known.
  public init?(_ job: WorkloadJob) {
    guard let processors = job.processorsRequested ?? job.processorsAllocated, processors > 0,
      let run = job.runMilliseconds
    else { return nil }
    self.init(
      submitMilliseconds: job.submitMilliseconds, runMilliseconds: run,
      requestedMilliseconds: job.requestedMilliseconds ?? run, processors: Int(processors))
  }
}
