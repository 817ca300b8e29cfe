/// Where a job is in its life. At any instant a job is in exactly one of these.
public enum JobState: String, Codable, Sendable, CaseIterable {
  /// Waits for other jobs. Can transition to: `queued`, `scheduled` (its time has not come either), `cancelled`,
  /// `failed`.
  case blocked
  /// Waits for an instant. Can transition to: `queued`, `cancelled`.
  case scheduled
  /// Waits for a worker. Can transition to: `running`, `cancelled`, `failed` (its attempts are used up by lost leases).
  case queued
  /// A worker holds its lease. Can transition to: `queued` (retry, hand-back, lost lease), `scheduled` (a retry that
  /// waits), `succeeded`, `failed`, `cancelled`.
  case running
  /// Finished with a result. Final.
  case succeeded
  /// Finished without one: its attempts are used up, or its error is permanent. Final.
  case failed
  /// Finished because its owner said so. Final.
  case cancelled

  public var isFinal: Bool { self == .succeeded || self == .failed || self == .cancelled }

  public func canBecome(_ next: JobState) -> Bool {
    switch self {
    case .blocked: next == .queued || next == .scheduled || next == .cancelled || next == .failed
    case .scheduled: next == .queued || next == .cancelled
    case .queued: next == .running || next == .cancelled || next == .failed
    case .running: next == .queued || next == .scheduled || next.isFinal
    case .succeeded, .failed, .cancelled: false
    }
  }
}
