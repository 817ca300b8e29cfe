import StrataAPI
import StrataControl
import StrataCore
import StrataLedger
import StrataQueue

/// `GET /v1/jobs/{id}/events`: a job's life as server-sent events (WHATWG HTML, section 9.2).
///
/// The first event is the job as it stands; then come `started`, `progress`, `requeued`; the last is the final state,
/// after which the stream ends. It also ends once the key is revoked that it was asked for with. Every event has an id, which may be sent back as `Last-Event-ID` to go on after it.
struct EventRoutes {
  let control: ControlPlane
  /// A comment is sent this often, so that neither side takes the connection for dead.
  let heartbeat: Duration

  func follow(_ job: JobID, _ request: HTTPRequest, tenant: TenantID) async throws -> HTTPResponse {
    let position = try Self.position(in: request)
    let secret = request.bearerKey ?? ""
    // Watch first and look second: what happens in between is seen twice rather than never. And so that whoever goes on
    // after the first event misses nothing, that has the position from which watching began.
    let start = await control.events.latest
    let notices = await control.events.watch(job, after: position, silenceEvery: heartbeat)
    let snapshot = try await control.job(job, tenant: tenant)
    return .events { writer in
      try await writer.write(Self.text(of: JobEvent(snapshot), id: position ?? start))
      if snapshot.state.isFinal { return }
      for await notice in notices {
        guard await isValid(secret), try await tell(notice, of: job, tenant: tenant, to: writer) else { return }
      }
    }
  }

  /// `GET /v1/batches/{id}/events`: the batch as it stands, and as it is when it is finished; then the stream ends.
  func follow(_ id: BatchID, _ request: HTTPRequest, tenant: TenantID) async throws -> HTTPResponse {
    let position = try Self.position(in: request)
    let notices = await control.events.watch(
      JobID(high: id.high, low: id.low), after: position, silenceEvery: heartbeat)
    let batch = try await control.batch(id, tenant: tenant)
    return .events { writer in
      try await writer.write(Self.text(of: batch, id: await control.events.latest))
      if batch.finishedAt != nil { return }
      for await notice in notices {
        // Its only event is its end; that may have got lost with its queue, and the ledger knows it too.
        if let now = try? await control.batch(id, tenant: tenant), now.finishedAt != nil {
          try await writer.write(Self.text(of: now, id: await control.events.latest))
          return
        }
        if notice == .silence { try await writer.write(HTTPServerSentEvent.heartbeat) }
      }
    }
  }

  private static func text(of batch: StoredBatch, id: OutcomePosition) throws -> [UInt8] {
    let type = batch.finishedAt == nil ? "running" : "finished"
    return Array("id: \(id)\nevent: \(type)\ndata: ".utf8) + (try JSONCoding.encode(BatchView(batch))) + [0x0A, 0x0A]
  }

  /// - Returns: whether more may come.
  private func tell(_ notice: EventHub.Notice, of job: JobID, tenant: TenantID, to writer: HTTPResponseWriter)
    async throws -> Bool
  {
    switch notice {
    case .keyRevoked: return true
    case .event(let event):
      let shown = JobEvent(event)
      try await writer.write(Self.text(of: shown, id: event.position))
      return JobState(rawValue: shown.type)?.isFinal != true
    case .silence:
      // An event may have got lost with its queue; the ledger knows the end of every job.
      if let now = try? await control.job(job, tenant: tenant), now.state.isFinal {
        try await writer.write(Self.text(of: JobEvent(now), id: await control.events.latest))
        return false
      }
      try await writer.write(HTTPServerSentEvent.heartbeat)
      return true
    }
  }

  /// A ledger that is away cuts nobody off.
  private func isValid(_ secret: String) async -> Bool {
    do { return try await control.authenticate(secret) != nil } catch { return true }
  }

  private static func position(in request: HTTPRequest) throws(HTTPRefusal) -> OutcomePosition? {
    guard let text = request.headers["last-event-id"], !text.isEmpty else { return nil }
    guard let position = OutcomePosition(text) else {
      throw HTTPRefusal(.badRequest, "invalid_event_id", "'Last-Event-ID' takes the id of an event, such as 1800-0")
    }
    return position
  }

  private static func text(of event: JobEvent, id: OutcomePosition) throws -> [UInt8] {
    let head = "id: \(id)\nevent: \(event.type)\ndata: "
    return Array(head.utf8) + (try JSONCoding.encode(event)) + [0x0A, 0x0A]
  }
}

extension JobEvent {
  init(_ view: JobSnapshot) {
    self.init(
      job: view.record.id, type: view.state.rawValue, attempt: view.lease?.attempt, fraction: view.lease?.fraction,
      stage: view.lease?.stage)
  }

  init(_ event: QueueEvent) {
    switch event.kind {
    case .started(let attempt, _): self.init(job: event.job, type: "started", attempt: attempt)
    case .progress(let fraction, let stage):
      self.init(job: event.job, type: "progress", fraction: fraction, stage: stage)
    case .requeued(let ending): self.init(job: event.job, type: "requeued", ending: ending)
    case .preempted(let preemptor):
      self.init(job: event.job, type: "requeued", ending: .preempted, preemptedBy: preemptor.rawValue)
    case .finished(let state): self.init(job: event.job, type: state.rawValue)
    }
  }
}
