/// By which a client repeats the making of a schedule.
public struct ScheduleKey: Hashable, Sendable {
  /// The `Idempotency-Key`, unique within the tenant's schedules.
  public let text: String
  /// A digest of what the client asked for.
  public let fingerprint: [UInt8]

  public init(_ text: String, fingerprint: [UInt8]) {
    self.text = text
    self.fingerprint = fingerprint
  }
}

/// What became of the making of a schedule.
public enum ScheduleVerdict: Hashable, Sendable {
  case made(StoredSchedule)
  /// The same was made before under this key; this is what it is now.
  case existing(StoredSchedule)
  /// The key has made another one, by another request.
  case conflict(StoredSchedule)
  /// The tenant has as many as it may.
  case tooMany
}

/// A schedule that a key has made.
struct MadeSchedule {
  let fingerprint: [UInt8]?
  let stored: StoredSchedule

  init(_ row: inout PostgreSQLRow) throws(PostgreSQLError) {
    fingerprint = row.optionalBytes()
    stored = try StoredSchedule(&row)
  }

  /// One that was made before requests were digested is compared as it is now.
  func verdict(_ definition: ScheduleDefinition, _ key: ScheduleKey?) -> ScheduleVerdict {
    let isSame = fingerprint.map { $0 == key?.fingerprint } ?? (stored.definition == definition)
    return isSame ? .existing(stored) : .conflict(stored)
  }
}
