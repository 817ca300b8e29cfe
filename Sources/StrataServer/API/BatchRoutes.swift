import StrataAPI
import StrataControl
import StrataCore
import StrataLedger

/// Many jobs at once: `POST /v1/jobs:batch`, `/v1/batches`, and the retries.
struct BatchRoutes {
  let control: ControlPlane
  /// Bytes of a body with many jobs.
  var bodyBytesMax = 16 << 20
  /// Bytes of the other bodies.
  var smallBodyBytesMax = 16 << 10

  /// 202 with the batch and a verdict for each job; one that is refused stands in nobody's way.
  func submit(_ request: HTTPRequest, tenant: TenantID) async throws -> HTTPResponse {
    let body = try await request.body.collect(limit: bodyBytesMax)
    let asked = try JSONCoding.decode(
      BatchRequest.self, from: body, members: BatchRequest.members, fractions: ["jobs"])
    let drafts = asked.jobs.map { job -> Result<JobDraft, StrataError> in
      do throws(HTTPRefusal) {
        if job.batch != nil { throw .invalidBody("a job of a batch is in that batch: leave its own 'batch' out") }
        return .success(try JobDraft(job, key: nil))
      } catch {
        return .failure(StrataError(.init(rawValue: error.code), error.detail))
      }
    }
    let (batch, verdicts) = try await control.submit(
      ControlPlane.BatchDraft(
        jobs: drafts, batch: asked.batch, staysOpen: asked.keepOpen ?? false,
        idempotencyKey: try request.idempotencyKey()), tenant: tenant)
    let answer = BatchAccepted(batch: BatchView(batch), items: verdicts.map { JobVerdict($0) })
    var response = try HTTPResponse.json(answer, status: .accepted)
    response.headers.append("location", "/v1/batches/\(batch.id)")
    return response
  }

  func get(_ batch: BatchID, tenant: TenantID) async throws -> HTTPResponse {
    try .json(BatchView(try await control.batch(batch, tenant: tenant)))
  }

  /// `?id=`: those that the end or the beginning of an identifier may mean, newest first.
  func list(_ request: HTTPRequest, tenant: TenantID) async throws -> HTTPResponse {
    guard let part = request.query["id"].flatMap(IdentifierPart<BatchTag>.init) else {
      throw HTTPRefusal(
        .badRequest, "invalid_id",
        "'id' takes the last 6 characters of a batch's identifier or more, or its first 8 or more")
    }
    let batches = try await control.batches(tenant: tenant, like: part, limit: JobRoutes.candidatesMax)
    return try .json(Page(items: batches.map { BatchView($0) }, nextCursor: nil))
  }

  /// 202 with the new job.
  func retry(_ job: JobID, _ request: HTTPRequest, tenant: TenantID, key: String?) async throws -> HTTPResponse {
    let body = try await request.body.collect(limit: smallBodyBytesMax)
    let asked =
      body.isEmpty
      ? RetryRequest() : try JSONCoding.decode(RetryRequest.self, from: body, members: RetryRequest.members)
    if let bound = asked.maxMicrocredits, bound < 0 { throw HTTPRefusal.invalidBody("'max_microcredits' is negative") }
    let accepted = try await control.retry(
      job, tenant: tenant, maxCharge: asked.maxMicrocredits.map { MicroCredits(micros: $0) },
      unitsMax: asked.unitsMax, idempotencyKey: key)
    var response = try HTTPResponse.json(JobAccepted(accepted), status: .accepted)
    response.headers.append("location", "/v1/jobs/\(accepted.id)")
    return response
  }

  /// 202 with a verdict for each job that was done again; 200 with the jobs that would be, for a dry run.
  func retryAll(_ request: HTTPRequest, tenant: TenantID) async throws -> HTTPResponse {
    let body = try await request.body.collect(limit: smallBodyBytesMax)
    let asked = try JSONCoding.decode(BulkJobRequest.self, from: body, members: BulkJobRequest.members)
    var filter = try await filter(asked, tenant)
    let limit = try Self.limit(asked)
    filter.states = [try Self.ended(asked.state)]
    // As many as were asked for: there may be more.
    func next(_ jobs: [JobID]) -> JobID? { jobs.count == limit ? jobs.last : nil }
    if asked.dryRun == true {
      let jobs = try await control.snapshots(of: control.retryable(filter, after: asked.cursor, limit: limit))
      return try .json(
        BulkRetryAnswer(
          items: jobs.map { JobVerdict(retryOf: $0.record.id) }, jobs: jobs.map { JobView($0, isListed: true) },
          nextCursor: next(jobs.map(\.record.id))))
    }
    let verdicts = try await control.retryAll(filter, after: asked.cursor, limit: limit, tenant: tenant)
    return try .json(
      BulkRetryAnswer(
        items: verdicts.map { JobVerdict($0.verdict, retryOf: $0.job.id) }, nextCursor: next(verdicts.map(\.job.id))),
      status: .accepted)
  }

  /// 202 with a page of the jobs as they stand then; 200 with those that would be cancelled, for a dry run.
  func cancelAll(_ request: HTTPRequest, tenant: TenantID) async throws -> HTTPResponse {
    let body = try await request.body.collect(limit: smallBodyBytesMax)
    let asked = try JSONCoding.decode(BulkJobRequest.self, from: body, members: BulkJobRequest.members)
    var filter = try await filter(asked, tenant)
    let limit = try Self.limit(asked)
    filter.states = try asked.state.map(JobFilter.states) ?? ControlPlane.cancellable
    guard asked.all == true || asked.isNarrowed else {
      throw HTTPRefusal.invalidBody("nothing says which jobs: give one member that does, or 'all' as true")
    }
    if let ended = filter.states?.subtracting(ControlPlane.cancellable).first {
      throw HTTPRefusal.invalidBody("'state' is \(ended.rawValue): what has ended cannot be cancelled")
    }
    let isDry = asked.dryRun == true
    let page =
      isDry
      ? try await control.jobs(filter, after: asked.cursor, limit: limit)
      : try await control.cancelAll(filter, after: asked.cursor, limit: limit)
    return try .json(
      Page(items: page.jobs.map { JobView($0, isListed: true) }, nextCursor: page.next?.description),
      status: isDry ? .ok : .accepted)
  }

  private func filter(_ asked: BulkJobRequest, _ tenant: TenantID) async throws -> JobFilter {
    var filter = try JobFilter(asked, tenant: tenant)
    filter.schedule = try await control.scheduleID(asked.schedule, tenant: tenant)
    return filter
  }

  private static func ended(_ state: String?) throws(HTTPRefusal) -> JobState {
    let state = JobState(rawValue: state ?? JobState.failed.rawValue)
    guard let state, state == .failed || state == .cancelled else {
      throw .invalidBody("'state' is 'failed' or 'cancelled'")
    }
    return state
  }

  private static func limit(_ asked: BulkJobRequest) throws(HTTPRefusal) -> Int {
    let limit = asked.limit ?? 100
    guard (1...ControlPlane.bulkMax).contains(limit) else {
      throw .invalidBody("'limit' goes from 1 to \(ControlPlane.bulkMax)")
    }
    return limit
  }
}

extension BatchView {
  init(_ batch: StoredBatch) {
    self.init(
      id: batch.id, open: batch.isOpen, total: batch.total, succeeded: batch.succeeded, failed: batch.failed,
      cancelled: batch.cancelled, createdAt: batch.createdAt.text, finishedAt: batch.finishedAt?.text)
  }
}

extension JobVerdict {
  init(_ verdict: Result<AdmittedJob, StrataError>, retryOf: JobID? = nil) {
    switch verdict {
    case .success(let job): self.init(job: JobAccepted(job), retryOf: retryOf)
    case .failure(let error):
      // What was found wrong with the body itself has a code of its own and always means the same.
      let isOfBody = ["invalid_body", "invalid_name"].contains(error.code.rawValue)
      let status = isOfBody ? HTTPStatus.unprocessableContent : HTTPRefusal(error).status
      self.init(
        error: Refusal(status: status.rawValue, code: error.code.rawValue, detail: error.description),
        retryOf: retryOf)
    }
  }
}

extension JobFilter {
  /// But for the states, which mean other things to each who asks.
  fileprivate init(_ asked: BulkJobRequest, tenant: TenantID) throws(HTTPRefusal) {
    let metadata = JobMetadata(labels: asked.labels ?? [:])
    do throws(StrataError) { try metadata.check() } catch { throw .invalidBody(error.description) }
    self.init(
      tenant: tenant, batch: asked.batch, soldAs: asked.capability,
      tier: try asked.tier.map { text throws(HTTPRefusal) in
        guard let tier = TierName(rawValue: text) else { throw .invalidBody("'\(text)' cannot be a tier's name") }
        return tier
      }, name: asked.name.map(NamePattern.init), labels: metadata.labels, errorCode: asked.code,
      since: try Self.instant(asked.since, "since"), until: try Self.instant(asked.until, "until"))
  }

  private static func instant(_ text: String?, _ member: String) throws(HTTPRefusal) -> Timestamp? {
    guard let text else { return nil }
    guard let instant = Timestamp(text: text) else {
      throw .invalidBody("'\(member)' takes an instant with its offset, such as 2026-11-21T06:15:00Z")
    }
    return instant
  }
}
