import StrataAPI
import StrataCore
import StrataRuntime
import Synchronization

/// Watches a job's events until it is finished, showing how far it is, or what it prints.
struct JobFollower {
  let server: Server
  /// Where to copy what the job prints; nil shows its progress instead.
  var logDescriptor: Int32?
  /// Whether to say once what the job waits for, where it does not start soon.
  var tellsOfWaiting = true

  /// - Returns: the finished job.
  func follow(_ id: JobID) async throws -> JobView {
    let progress = Mutex(ProgressLine())
    let note = tellsOfWaiting ? WaitingNote(job: id, server: server) { progress.withLock { $0.clear() } } : nil
    defer { note?.cancel() }
    var log = logDescriptor.map { LogTail(job: id, server: server, descriptor: $0) }
    var outage = Outage(of: "job", "\(id)")
    while true {
      do {
        // The stream ends early when the server restarts: it is opened again, and begins with the job as it stands.
        for try await event in events(of: id) {
          if event.hasBegun { note?.cancel() }
          if JobState(rawValue: event.type)?.isFinal == true { break }
          if log == nil { progress.withLock { $0.show(event) } } else { try await log?.copy() }
          // Not before: the log may be away while the events come.
          outage.end()
        }
        let job: JobView = try await server.get("/v1/jobs/\(id)")
        if job.state.isFinal {
          progress.withLock { $0.clear() }
          try await log?.copy()
          return job
        }
      } catch {
        try outage.bear(error)
        progress.withLock { $0.show(fraction: nil, stage: Outage.stage) }
      }
      try await Task.sleep(for: .milliseconds(200))
    }
  }

  private func events(of id: JobID) -> AsyncThrowingStream<JobEvent, any Error> {
    AsyncThrowingStream { entry in
      let reader = Task {
        do {
          try await server.events(of: id) { event in
            entry.yield(event)
            return JobState(rawValue: event.type)?.isFinal != true
          }
          entry.finish()
        } catch {
          entry.finish(throwing: error)
        }
      }
      entry.onTermination = { _ in reader.cancel() }
    }
  }
}

extension JobEvent {
  /// Whether an attempt of the job has begun, or it has ended.
  fileprivate var hasBegun: Bool { !["queued", "scheduled", "blocked"].contains(type) }
}

/// Says once, on standard error, what a job waits for that has not begun after a while.
struct WaitingNote {
  /// How long a job may wait without a word.
  static let patience = Duration.seconds(2)

  private let task: Task<Void, Never>

  /// - Parameter clear: takes away what stands in the line.
  init(job: JobID, server: Server, clear: @escaping @Sendable () -> Void) {
    task = Task {
      try? await Task.sleep(for: Self.patience)
      guard !Task.isCancelled,
        let explanation = try? await server.get("/v1/jobs/\(job)/explain") as ExplanationView,
        let text = ExplanationText.waiting(explanation), !Task.isCancelled
      else { return }
      clear()
      Terminal.note(text)
    }
  }

  func cancel() { task.cancel() }
}

extension ProgressLine {
  mutating func show(_ event: JobEvent) {
    let words =
      switch event.type {
      case "queued": "waiting for a worker"
      case "scheduled": "waiting for its time"
      case "blocked": "waiting for other jobs"
      case "requeued": "waiting again (\(event.ending?.rawValue ?? "attempt ended"))"
      case "progress", "running", "started": event.stage ?? "running"
      default: event.type
      }
    show(fraction: event.fraction, stage: words)
  }
}

/// Copies a job's log as it grows.
struct LogTail {
  let job: JobID
  let server: Server
  let descriptor: Int32
  private var offset = 0
  private var attempt: Int?

  init(job: JobID, server: Server, descriptor: Int32) {
    (self.job, self.server, self.descriptor) = (job, server, descriptor)
  }

  mutating func copy() async throws {
    var news = try await server.log(of: job, from: offset)
    if let attempt, let current = news.attempt, current != attempt {
      // Each attempt has a log of its own.
      Terminal.note("strata: another attempt begins; what the one before printed is above")
      offset = 0
      news = try await server.log(of: job)
    }
    attempt = news.attempt ?? attempt
    offset += news.bytes.count
    Terminal.write(news.bytes, to: descriptor)
  }
}
