import StrataAPI
import StrataControl
import StrataCore
import StrataLedger
import StrataQueue

/// `GET /v1/jobs/{id}/events`: a job's life as server-sent events (WHATWG HTML, section 9.2).
///
/// The first event is the job as it stands; then come `started`, `progress`, `requeued`; the last is the final state,
/// after which the stream ends. An event's id may be sent back as `Last-Event-ID` to go on after it.
struct EventRoutes {
  let control: ControlPlane
  /// A comment is sent this often, so that neither side takes the connection for dead.
  var heartbeat = Duration.seconds(15)

  func follow(_ job: JobID, _ request: HTTPRequest, tenant: TenantID) async throws -> HTTPResponse {
    let position = request.headers["last-event-id"].flatMap { OutcomePosition($0) }
    // Watch first and look second: what happens in between is seen twice rather than never.
    let events = await control.events.watch(job, after: position)
    let snapshot = try await control.job(job, tenant: tenant)
    let heartbeat = heartbeat
    return .events { writer in
      try await writer.write(Self.text(of: JobEvent(snapshot), id: nil))
      if snapshot.state.isFinal { return }
      try await withThrowingTaskGroup { group in
        group.addTask {
          while true {
            try await Task.sleep(for: heartbeat)
            try await writer.write(Array(": still here\n\n".utf8))
          }
        }
        for await event in events {
          let shown = JobEvent(event)
          try await writer.write(Self.text(of: shown, id: event.position))
          if JobState(rawValue: shown.type)?.isFinal == true { break }
        }
        group.cancelAll()
      }
    }
  }

  private static func text(of event: JobEvent, id: OutcomePosition?) throws -> [UInt8] {
    let head = (id.map { "id: \($0)\n" } ?? "") + "event: \(event.type)\ndata: "
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
    case .finished(let state): self.init(job: event.job, type: state.rawValue)
    }
  }
}
