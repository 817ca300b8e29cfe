public import StrataCore

/// Which jobs are meant: those of which all is true that is said here. What is nil says nothing.
public struct JobFilter: Hashable, Sendable {
  /// Whose; nil for any tenant's, as operators may ask.
  public var tenant: TenantID?
  /// In one of these.
  public var states: Set<JobState>?
  public var batch: BatchID?
  /// Those that this schedule made.
  public var schedule: ScheduleID?
  /// The name they were sold under.
  public var soldAs: String?
  /// The tier they were submitted for.
  public var tier: TierName?
  public var name: NamePattern?
  /// Those that have all of these.
  public var labels: [String: String]
  /// Of their error.
  public var errorCode: String?
  /// Accepted then or later, to the millisecond.
  public var since: Timestamp?
  /// Accepted before.
  public var until: Timestamp?

  /// What their owner called them.
  public enum NamePattern: Hashable, Sendable {
    case exactly(String)
    case beginning(String)
  }

  public init(
    tenant: TenantID?, states: Set<JobState>? = nil, batch: BatchID? = nil, schedule: ScheduleID? = nil,
    soldAs: String? = nil, tier: TierName? = nil, name: NamePattern? = nil, labels: [String: String] = [:],
    errorCode: String? = nil, since: Timestamp? = nil, until: Timestamp? = nil
  ) {
    self.tenant = tenant
    self.states = states
    self.batch = batch
    self.schedule = schedule
    self.soldAs = soldAs
    self.tier = tier
    self.name = name
    self.labels = labels
    self.errorCode = errorCode
    self.since = since
    self.until = until
  }

  /// $1 … $13 of the queries that take a filter.
  var parameters: [PostgreSQLParameter] {
    let (exact, pattern): (String?, String?) =
      switch name {
      case .exactly(let text)?: (text, nil)
      case .beginning(let text)?: (nil, Self.pattern(beginning: text))
      case nil: (nil, nil)
      }
    return [
      .identifier(tenant), states.map { .texts($0.map(\.rawValue)) } ?? .text(nil), .identifier(batch),
      .identifier(schedule), .text(soldAs), .text(tier?.rawValue), .text(exact), .text(pattern),
      .text(labels.isEmpty ? nil : JSONText.encode(labels)), .text(errorCode),
      .identifier(since.map { JobID.first(at: $0) }), .identifier(until.map { JobID.first(at: $0) }),
      // What has not ended has an index, and is little beside what has.
      .boolean(states.map { $0.allSatisfy { !$0.isFinal } }),
    ]
  }

  /// For SQL's LIKE, which knows three special characters.
  private static func pattern(beginning text: String) -> String {
    // By scalars, as SQL has it: a mark may follow one of them.
    text.unicodeScalars.reduce(into: "") { pattern, scalar in
      if ["%", "_", "\\"].contains(scalar) { pattern.unicodeScalars.append("\\") }
      pattern.unicodeScalars.append(scalar)
    } + "%"
  }
}
