/// A step of a pipeline.
public protocol ReportedStage: Sendable {
  /// By which clients know it.
  var name: String { get }
  /// About how much of the whole it takes, for progress: the shares of all make 1.
  var share: Double { get }
}

/// A step of a pipeline whose steps are always the same.
public protocol PipelineStage: ReportedStage, RawRepresentable<String>, CaseIterable {}

extension PipelineStage {
  public var name: String { rawValue }
}

/// How long one stage took.
public struct StageTime: Hashable, Codable, Sendable {
  public var stage: String
  public var seconds: Double
}

/// Turns the progress of stages into one number that only grows, measures them, and notices cancellation.
final class ProgressReporter<Stage: ReportedStage> {
  private let report: (String, Double) -> Void
  private let isCancelled: () -> Bool
  private let clock = ContinuousClock()
  private var before = 0.0
  private var highest = 0.0
  private var last: Stage?
  /// Whoever has cancelled is not asked again: threads that share a stage would ask on until each of them has heard.
  private var wasCancelled = false
  private(set) var times: [StageTime] = []

  private init(report: @escaping (String, Double) -> Void, isCancelled: @escaping () -> Bool) {
    self.report = report
    self.isCancelled = isCancelled
  }

  /// Runs a pipeline with a reporter that is of no use after it.
  static func whileReporting<Result>(
    to report: (String, Double) -> Void, _ isCancelled: () -> Bool,
    _ pipeline: (ProgressReporter) throws(PointCloudError) -> Result
  ) throws(PointCloudError) -> Result {
    try withoutActuallyEscaping(report) { (report) throws(PointCloudError) in
      try withoutActuallyEscaping(isCancelled) { (isCancelled) throws(PointCloudError) in
        try pipeline(ProgressReporter(report: report, isCancelled: isCancelled))
      }
    }
  }

  /// Runs one stage. `body` is given a function to be called with the share of the stage that is done, which answers
  /// whether to go on.
  func stage<Result>(
    _ stage: Stage, _ body: ((Double) -> Bool) throws(PointCloudError) -> Result
  ) throws(PointCloudError) -> Result {
    guard advance(stage, 0) else { throw .cancelled }
    let start = clock.now
    let result = try body { share in self.advance(stage, share) }
    let seconds = (clock.now - start) / .seconds(1)
    times.append(StageTime(stage: stage.name, seconds: seconds))
    before += stage.share
    return result
  }

  private func advance(_ stage: Stage, _ share: Double) -> Bool {
    wasCancelled = wasCancelled || isCancelled()
    guard !wasCancelled else { return false }
    tell(stage, before + stage.share * min(1, max(0, share)))
    return true
  }

  private func tell(_ stage: Stage, _ share: Double) {
    (last, highest) = (stage, max(highest, min(1, share)))
    report(stage.name, highest)
  }

  /// All is done.
  func finish() {
    if let last { tell(last, 1) }
  }
}
