/// Turns the progress of stages into one number that only grows, measures them, and notices cancellation.
final class ProgressReporter {
  private let report: (String, Double) -> Void
  private let isCancelled: () -> Bool
  private let clock = ContinuousClock()
  private var before = 0.0
  private var highest = 0.0
  private(set) var times: [GroundSummary.StageTime] = []

  init(report: @escaping (String, Double) -> Void, isCancelled: @escaping () -> Bool) {
    self.report = report
    self.isCancelled = isCancelled
  }

  /// Runs one stage. `body` is given a function to be called with the share of the stage that is done, which answers
  /// whether to go on.
  func stage<Result>(
    _ stage: GroundPipeline.Stage, _ body: ((Double) -> Bool) throws(PointCloudError) -> Result
  ) throws(PointCloudError) -> Result {
    guard advance(stage, 0) else { throw .cancelled }
    let start = clock.now
    let result = try body { share in self.advance(stage, share) }
    let seconds = (clock.now - start) / .seconds(1)
    times.append(GroundSummary.StageTime(stage: stage.rawValue, seconds: seconds))
    before += stage.share
    return result
  }

  private func advance(_ stage: GroundPipeline.Stage, _ share: Double) -> Bool {
    guard !isCancelled() else { return false }
    highest = max(highest, min(1, before + stage.share * min(1, max(0, share))))
    report(stage.rawValue, highest)
    return true
  }

  func finish() { report(GroundPipeline.Stage.write.rawValue, 1) }
}
