import Synchronization

/// Lets a new stage through at once and fractions at a bearable rate, so that a handler may report as often as it likes.
final class ProgressThrottle: Sendable {
  static let interval = Duration.milliseconds(50)

  private struct Last {
    var stage: String?
    var sentAt: ContinuousClock.Instant?
  }

  private let last = Mutex(Last())

  func admits(_ fraction: Double?, _ stage: String?, now: ContinuousClock.Instant = .now) -> Bool {
    last.withLock { last in
      let isNewStage = stage != nil && stage != last.stage
      let isDue = last.sentAt.map { now - $0 >= Self.interval } ?? true
      guard isNewStage || isDue || fraction == 1 else { return false }
      last = Last(stage: stage ?? last.stage, sentAt: now)
      return true
    }
  }
}
