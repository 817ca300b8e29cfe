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

extension OverlapPolicy {
  /// - Throws: `DecodingError` that names the choices.
  public init(from decoder: any Decoder) throws { self = try .named(by: decoder) }
}

extension RawRepresentable where Self: CaseIterable, RawValue == String {
  /// Decodes a name.
  ///
  /// - Throws: `DecodingError` that names the choices, for people to read.
  package static func named(by decoder: any Decoder) throws -> Self {
    let container = try decoder.singleValueContainer()
    let name = try container.decode(String.self)
    guard let value = Self(rawValue: name) else {
      let choices = allCases.map(\.rawValue).joined(separator: ", ")
      throw DecodingError.dataCorruptedError(
        in: container, debugDescription: "'\(name)' is none of \(choices)")
    }
    return value
  }
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
