public enum ScheduleTag: Sendable {}
/// A recurring job.
public typealias ScheduleID = Identifier<ScheduleTag>

/// What becomes of a run while a job that the same schedule made before has not ended.
public enum OverlapPolicy: String, Codable, Sendable, CaseIterable {
  /// It is made all the same.
  case allow
  /// It is skipped, and noted so.
  case skip
}

/// For which run of which schedule a job was made.
public struct ScheduleOccurrence: Hashable, Sendable {
  public let schedule: ScheduleID
  /// The instant of the schedule that it stands for; nil for a job that was asked for beside them. A schedule has one
  /// job for an instant.
  public let instant: Timestamp?

  public init(schedule: ScheduleID, instant: Timestamp?) {
    self.schedule = schedule
    self.instant = instant
  }
}
