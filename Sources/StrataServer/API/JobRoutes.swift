import StrataAPI
import StrataArtifacts
import StrataControl
import StrataCore
import StrataLedger
import StrataQueue
import StrataRuntime

/// The routes under `/v1/jobs`, but the events.
struct JobRoutes {
  let control: ControlPlane
  let store: ArtifactStore
  /// Bytes of a submission's body.
  var bodyBytesMax = 256 << 10
  /// Jobs on a page of a listing.
  static let pageMax = 200

  /// 202 with what was held; a repeated `Idempotency-Key` finds the same job. With `array` it is an array.
  func submit(_ request: HTTPRequest, tenant: TenantID) async throws -> HTTPResponse {
    let accepted = try await control.submit(try await draft(of: request), tenant: tenant)
    var response = try HTTPResponse.json(JobAccepted(accepted), status: .accepted)
    response.headers.append("location", "/v1/\(accepted.tasks == nil ? "jobs" : "arrays")/\(accepted.id)")
    return response
  }

  /// What `submit` would be refused with, before any input is uploaded; 200 where it would be accepted now. Nothing is
  /// kept, and inputs are not looked for: their digests may be any.
  func check(_ request: HTTPRequest, tenant: TenantID) async throws -> HTTPResponse {
    let preview = try await control.check(try await draft(of: request), tenant: tenant)
    return try .json(
      JobCheck(
        estimate: .init(chargeMaxMicrocredits: preview.held.micros), warnings: .unlessNone(preview.warnings)))
  }

  private func draft(of request: HTTPRequest) async throws -> JobDraft {
    let body = try await request.body.collect(limit: bodyBytesMax)
    let asked = try JSONCoding.decode(
      JobRequest.self, from: body, members: JobRequest.members, fractions: JobRequest.fractions)
    return try JobDraft(asked, key: try request.idempotencyKey())
  }

  func get(_ job: JobID, tenant: TenantID) async throws -> HTTPResponse {
    try .json(JobView(try await control.job(job, tenant: tenant)))
  }

  /// What holds it, and what of that cannot be told.
  func explain(_ job: JobID, tenant: TenantID) async throws -> HTTPResponse {
    try .json(ExplanationView(try await control.explain(job, tenant: tenant)))
  }

  /// Jobs that a part of an identifier may mean.
  static let candidatesMax = 10

  /// Newest first; those that `JobFilter.queryItems` say, `?cursor=`, `?limit=`, of operators `?tenant=` (`*` for all); or
  /// `?id=`, the end or the beginning of an identifier.
  func list(_ request: HTTPRequest, _ caller: Principal) async throws -> HTTPResponse {
    let (query, scope) = (request.query, CallerScope(control: control, caller: caller))
    if let text = query["id"] { return try await candidates(text, query, caller) }
    let limit = try query.limit(usual: 50, max: Self.pageMax)
    let cursor = try query["cursor"].map { text throws(HTTPRefusal) in
      guard let id = JobID(text) else {
        throw HTTPRefusal(.badRequest, "invalid_cursor", "'cursor' takes the 'next_cursor' of the page before")
      }
      return id
    }
    var filter = try JobFilter(query, tenant: try await scope.tenants(query))
    filter.schedule = try await control.scheduleID(query["schedule"], tenant: filter.tenant ?? caller.tenant)
    let page = try await control.jobs(filter, after: cursor, limit: limit)
    return try .json(Page(items: page.jobs.map { JobView($0, isListed: true) }, nextCursor: page.next?.description))
  }

  /// Of the caller's own jobs; an operator finds those of others where none of its own is meant.
  private func candidates(_ text: String, _ query: HTTPQuery, _ caller: Principal) async throws -> HTTPResponse {
    guard query.items.count == 1, let part = IdentifierPart<JobTag>(text) else {
      throw HTTPRefusal(
        .badRequest, "invalid_id",
        "'id' takes the last 6 characters of a job's identifier or more, or its first 8 or more, and no other item")
    }
    var jobs = try await control.jobs(tenant: caller.tenant, like: part, limit: Self.candidatesMax)
    if jobs.isEmpty, caller.isOperator {
      jobs = try await control.jobs(tenant: nil, like: part, limit: Self.candidatesMax)
    }
    return try .json(Page(items: jobs.map { JobView($0, isListed: true) }, nextCursor: nil))
  }

  /// Bytes of a change.
  static let changeBytesMax = 4 << 10

  /// The job with its new priority. A finished job is a conflict.
  func change(_ job: JobID, _ request: HTTPRequest, tenant: TenantID) async throws -> HTTPResponse {
    let patch = try JSONCoding.decode(
      JobPatch.self, from: try await request.body.collect(limit: Self.changeBytesMax), members: JobPatch.members)
    guard let priority = JobPriority(rawValue: patch.priority) else {
      throw HTTPRefusal.invalidBody("'priority' is \(patch.priority); keep it from 0 to 100")
    }
    return try .json(JobView(try await control.change(priority: priority, of: job, tenant: tenant)))
  }

  /// 202: taken out of the queue, or its worker is told to stop; the job's state says when it has. A finished job is a
  /// conflict.
  func cancel(_ job: JobID, tenant: TenantID) async throws -> HTTPResponse {
    try .json(JobView(try await control.cancel(job, tenant: tenant)), status: .accepted)
  }

  /// What one attempt has printed so far, as text, from byte `?offset=` on: the last one, which the header `Log-Attempt`
  /// names by its fencing token. While the job runs only the beginning is kept.
  func log(_ job: JobID, _ request: HTTPRequest, tenant: TenantID) async throws -> HTTPResponse {
    let offset = request.query["offset"].map { Int($0) ?? -1 } ?? 0
    guard offset >= 0 else { throw HTTPRefusal(.badRequest, "invalid_offset", "'offset' is a count of bytes") }
    let snapshot = try await control.job(job, tenant: tenant)
    var response = HTTPResponse(.ok, contentType: "text/plain; charset=utf-8", body: .empty)
    let last = snapshot.state.isFinal ? snapshot.attempts.last?.token : nil
    if let whole = snapshot.record.log, snapshot.state.isFinal,
      let (path, size) = await control.disk.run({ [store] in store.file(of: whole.digest) })
    {
      let rest = max(0, size - offset)
      if let last { Self.name(last, in: &response) }
      response.body = rest == 0 ? .empty : .file(path: path, offset: offset, length: rest)
    } else if let live = try await control.liveLog(of: job, from: offset), last == nil || last == live.token {
      Self.name(live.token, in: &response)
      response.body = .bytes(live.bytes)
    } else if let last {
      // It printed nothing; the live log, where there is one, is an earlier attempt's.
      Self.name(last, in: &response)
    }
    return response
  }

  private static func name(_ attempt: FencingToken, in response: inout HTTPResponse) {
    response.headers.append("log-attempt", "\(attempt.rawValue)")
  }
}
