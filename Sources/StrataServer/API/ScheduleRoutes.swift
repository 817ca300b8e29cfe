import StrataAPI
import StrataControl
import StrataCore
import StrataLedger
import StrataScheduling

/// `/v1/schedules`: a tenant's recurring jobs.
struct ScheduleRoutes {
  let control: ControlPlane
  /// Bytes of a body: a submission's and a little.
  var bodyBytesMax = (256 << 10) + (4 << 10)
  /// Bytes of the body of a run, which says nothing.
  static let runBodyBytesMax = 4 << 10
  /// Schedules on a page of a listing.
  static let pageMax = 200
  /// The times that are told unless more or fewer are asked for, and the most.
  static let (timesUsual, timesMax) = (10, 100)

  /// 201; 200 where the same was made before under the same `Idempotency-Key`.
  func create(_ request: HTTPRequest, tenant: TenantID) async throws -> HTTPResponse {
    let (schedule, isRepeat) = try await control.createSchedule(
      try await draft(of: request), tenant: tenant, idempotencyKey: try request.idempotencyKey())
    var response = try HTTPResponse.json(ScheduleView(schedule), status: isRepeat ? .ok : .created)
    response.headers.append("location", "/v1/schedules/\(schedule.stored.definition.name)")
    return response
  }

  /// What `create` would be refused with; 200 with the next times where it would be taken. Nothing is kept.
  func check(_ request: HTTPRequest, tenant: TenantID) async throws -> HTTPResponse {
    let (times, terms) = try await control.checkSchedule(try await draft(of: request), tenant: tenant)
    return try .json(
      ScheduleCheckView(
        times: times.map(ScheduleTimeView.init), chargeMaxMicrocredits: terms.charge?.micros,
        warnings: .unlessNone(terms.warnings)))
  }

  private func draft(of request: HTTPRequest) async throws -> ScheduleDraft {
    let body = try await request.body.collect(limit: bodyBytesMax)
    return try ScheduleDraft(
      try JSONCoding.decode(
        ScheduleRequest.self, from: body, members: ScheduleRequest.members, fractions: ["job"]))
  }

  /// Newest first; `?cursor=`, `?limit=`.
  func list(_ request: HTTPRequest, tenant: TenantID) async throws -> HTTPResponse {
    let limit = try request.query.limit(usual: 50, max: Self.pageMax)
    let cursor = try request.query["cursor"].map { text throws(HTTPRefusal) in
      guard let id = ScheduleID(text) else {
        throw HTTPRefusal(.badRequest, "invalid_cursor", "'cursor' takes the 'next_cursor' of the page before")
      }
      return id
    }
    let page = try await control.schedules(tenant: tenant, after: cursor, limit: limit)
    return try .json(Page(items: page.schedules.map(ScheduleView.init), nextCursor: page.next?.description))
  }

  func get(_ name: String, tenant: TenantID) async throws -> HTTPResponse {
    try .json(ScheduleView(try await control.schedule(named: name, tenant: tenant)))
  }

  func change(_ name: String, _ request: HTTPRequest, tenant: TenantID) async throws -> HTTPResponse {
    let body = try await request.body.collect(limit: bodyBytesMax)
    let patch = try JSONCoding.decode(
      SchedulePatch.self, from: body, members: SchedulePatch.members, fractions: ["job"])
    let changed = try await control.changeSchedule(named: name, try ScheduleChange(patch), tenant: tenant)
    return try .json(ScheduleView(changed))
  }

  /// The schedule as it was.
  func delete(_ name: String, tenant: TenantID) async throws -> HTTPResponse {
    try .json(ScheduleView(try await control.deleteSchedule(named: name, tenant: tenant)))
  }

  /// 202 with the job, beside the schedule's own times.
  func run(_ name: String, _ request: HTTPRequest, tenant: TenantID) async throws -> HTTPResponse {
    let body = try await request.body.collect(limit: Self.runBodyBytesMax)
    // What is ignored would be believed.
    if !body.isEmpty { _ = try JSONCoding.decode([String: JSONValue].self, from: body, members: ["": []]) }
    let accepted = try await control.runSchedule(
      named: name, tenant: tenant, idempotencyKey: try request.idempotencyKey())
    var response = try HTTPResponse.json(JobAccepted(accepted), status: .accepted)
    response.headers.append("location", "/v1/jobs/\(accepted.id)")
    return response
  }

  /// The next times, `?limit=` of them, also of a schedule that is paused.
  func times(_ name: String, _ request: HTTPRequest, tenant: TenantID) async throws -> HTTPResponse {
    let count = try request.query.limit(usual: Self.timesUsual, max: Self.timesMax)
    let times = try await control.scheduleTimes(named: name, count: count, tenant: tenant)
    return try .json(Page(items: times.map(ScheduleTimeView.init), nextCursor: nil))
  }
}

extension HTTPQuery {
  /// - Throws: 400 for what is no number from 1 to `max`.
  func limit(usual: Int, max: Int) throws(HTTPRefusal) -> Int {
    let limit = self["limit"].map { Int($0) ?? 0 } ?? usual
    guard (1...max).contains(limit) else {
      throw HTTPRefusal(.badRequest, "invalid_limit", "'limit' goes from 1 to \(max)")
    }
    return limit
  }
}

// MARK: Reading

extension ScheduleDraft {
  fileprivate init(_ asked: ScheduleRequest) throws(HTTPRefusal) {
    self.init(
      name: asked.name, cron: asked.cron, timeZone: asked.timeZone ?? "UTC", job: try JobDraft(asked.job, key: nil),
      missed: try MissedRunsPolicy(asked: asked.missed), overlap: asked.overlap ?? .allow,
      isPaused: asked.isPaused ?? false, startsAt: try Timestamp.bound(asked.startsAt, "starts_at"),
      endsAt: try Timestamp.bound(asked.endsAt, "ends_at"), jitterSeconds: asked.jitterSeconds ?? 0)
  }
}

extension ScheduleChange {
  fileprivate init(_ patch: SchedulePatch) throws(HTTPRefusal) {
    self.init()
    name = patch.name
    cron = patch.cron
    timeZone = patch.timeZone
    if let asked = patch.job { job = try JobDraft(asked, key: nil) }
    if patch.missed != nil { missed = try MissedRunsPolicy(asked: patch.missed) }
    overlap = patch.overlap
    isPaused = patch.isPaused
    if let asked = patch.startsAt { startsAt = .some(try Timestamp.bound(asked, "starts_at")) }
    if let asked = patch.endsAt { endsAt = .some(try Timestamp.bound(asked, "ends_at")) }
    jitterSeconds = patch.jitterSeconds
  }
}

extension Timestamp {
  fileprivate static func bound(_ text: String?, _ member: String) throws(HTTPRefusal) -> Timestamp? {
    guard let text else { return nil }
    guard let instant = Timestamp(text: text) else {
      throw .invalidBody(
        "'\(member)' is an instant with its offset, such as 2026-11-21T06:15:00Z or …T08:15:00+02:00")
    }
    return instant
  }
}

extension MissedRunsPolicy {
  /// Whether the numbers are within bounds is for the controller to say.
  fileprivate init(asked rule: MissedRunsRule?) throws(HTTPRefusal) {
    switch (rule?.policy, rule?.toleranceMilliseconds, rule?.limit) {
    case (nil, _, _): self = .standard
    case (.skip, let tolerance?, nil): self = .skip(tolerance: .milliseconds(tolerance))
    case (.once, nil, nil): self = .once
    case (.all, nil, let limit?): self = .all(limit: limit)
    default:
      throw .invalidBody(
        "'missed' has a 'tolerance_milliseconds' for the policy 'skip', a 'limit' for 'all', neither for 'once'")
    }
  }
}
