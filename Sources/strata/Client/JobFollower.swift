import StrataAPI
import StrataCore

/// Watches a job's events until it is finished, showing how far it is, and what it prints where asked to.
struct JobFollower {
  let server: Server
  var showsLog = false

  /// - Returns: the finished job.
  func follow(_ id: JobID) async throws -> JobView {
    var progress = ProgressLine()
    var log = LogTail(job: id, server: server)
    var isFinal = false
    while !isFinal {
      // The stream ends early when the server restarts: it is opened again, and begins with the job as it stands.
      try await server.events(of: id) { event in
        isFinal = JobState(rawValue: event.type)?.isFinal == true
        if showsLog {
          try await log.copy()
        } else if !isFinal {
          progress.show(fraction: event.fraction, stage: Self.words(for: event))
        }
        return !isFinal
      }
    }
    progress.clear()
    if showsLog { try await log.copy() }
    return try await server.get("/v1/jobs/\(id)")
  }

  private static func words(for event: JobEvent) -> String {
    switch event.type {
    case "queued": "waiting for a worker"
    case "requeued": "waiting again (\(event.ending?.rawValue ?? "attempt ended"))"
    case "progress", "running": event.stage ?? "running"
    default: event.type
    }
  }
}

/// Copies a job's log to standard output as it grows.
struct LogTail {
  let job: JobID
  let server: Server
  private var offset = 0

  init(job: JobID, server: Server) {
    self.job = job
    self.server = server
  }

  mutating func copy() async throws {
    let news = try await server.bytes("/v1/jobs/\(job)/log?offset=\(offset)")
    offset += news.count
    Terminal.write(news, to: 1)
  }
}
