import Glibc
package import StrataAPI
import StrataCore

/// What `strata job` does to one job.
struct JobAction {
  /// Takes an answer, as it is and in words.
  typealias Teller = (_ answer: any Encodable, _ text: String) throws -> Void

  let server: Server
  let arguments: Arguments
  let id: JobID
  let tell: Teller

  private var asJSON: Bool { arguments.has("json") }

  func perform(_ verb: JobVerb) async throws -> ExitStatus {
    switch verb {
    case .show: try await show()
    case .explain: try await explain()
    case .logs: try await logs()
    case .wait: try await wait()
    case .fetch: try await fetch()
    case .priority: try await changePriority()
    case .cancel: try await cancel()
    case .retry: try await retry()
    }
  }

  private func show() async throws -> ExitStatus {
    let job: JobView = try await server.get("/v1/jobs/\(id)")
    try tell(job, JobText.of(job, of: asJSON ? nil : try await strangersName(job.tenant)))
    return .done
  }

  /// Of a tenant whose job an operator looks at; nil of one's own.
  private func strangersName(_ tenant: TenantID) async throws -> String? {
    let own: AccountView = try await server.get("/v1/account")
    guard own.tenant != tenant else { return nil }
    let all: [TenantView] = try await server.get("/v1/tenants")
    return all.first { $0.id == tenant }?.name ?? tenant.description
  }

  private func explain() async throws -> ExitStatus {
    let explanation: ExplanationView = try await server.get("/v1/jobs/\(id)/explain")
    try tell(explanation, ExplanationText.of(explanation))
    return .done
  }

  private func logs() async throws -> ExitStatus {
    if arguments.has("follow") {
      guard !asJSON else {
        throw UsageError("--follow copies the log as it grows, which --json cannot", command: "job")
      }
      _ = try await follow(logDescriptor: STDOUT_FILENO)
    } else if asJSON {
      Terminal.print(try JSONText.of(LogShape(id, try await server.log(of: id))))
    } else {
      Terminal.write(try await server.log(of: id).bytes, to: STDOUT_FILENO)
    }
    return .done
  }

  private func wait() async throws -> ExitStatus {
    let folder = try arguments["out"].map(ResultsFolder.init)
    let job = try await follow(logDescriptor: nil)
    return try await JobOutcome(server: server, job: job).show(folder: folder, asJSON: asJSON, isBrief: false)
  }

  private func follow(logDescriptor: Int32?) async throws -> JobView {
    try await Submission.tellingOfInterruption(of: id) { [server, asJSON, id] in
      try await JobFollower(server: server, logDescriptor: logDescriptor, tellsOfWaiting: !asJSON).follow(id)
    }
  }

  private func fetch() async throws -> ExitStatus {
    guard let out = arguments["out"] else { throw UsageError("where to? give --out FOLDER", command: "job") }
    let job: JobView = try await server.get("/v1/jobs/\(id)")
    guard job.state.isFinal else {
      throw StrataError(
        .conflict, "job \(id) is \(job.state.rawValue), and has no results yet",
        remedy: "wait for it with strata job wait \(id) --out \(out)")
    }
    let folder = try ResultsFolder(out)
    try await folder.fetch(job.results, of: id, from: server)
    if asJSON {
      Terminal.print(try JSONText.of(items: job.results))
    } else {
      for result in job.results { Terminal.print(folder.path(of: result)) }
      if job.results.isEmpty { Terminal.note("strata: job \(id) left no results") }
    }
    return .done
  }

  private func retry() async throws -> ExitStatus {
    let accepted: JobAccepted = try await server.post(
      "/v1/jobs/\(id)/retry", RetryRequest(unitsMax: try JobOptions.unitsMax(arguments)),
      idempotencyKey: "cli-\(JobID())")
    WarningText.tell(accepted.warnings)
    if accepted.isRepeat, !asJSON { Terminal.note("strata: job \(id) is done again already") }
    try tell(accepted, accepted.id.description)
    return .done
  }

  private func changePriority() async throws -> ExitStatus {
    let text = arguments.positional[2]
    guard let priority = Int(text), (0...100).contains(priority) else {
      throw UsageError("a priority is a whole number from 0 to 100, not '\(text)'", command: "job")
    }
    let job: JobView = try await server.patch(["v1", "jobs", id.description], JobPatch(priority: priority))
    let when = job.state == .running ? ", when it is tried again" : ""
    try tell(job, "job \(id) has priority \(job.priority)\(when)")
    return .done
  }

  private func cancel() async throws -> ExitStatus {
    let job: JobView = try await server.delete("/v1/jobs/\(id)")
    let words =
      switch job.state {
      case .cancelled: "is cancelled"
      case .running: "is being stopped by its worker"
      default: "will be cancelled as soon as the queue can be told"
      }
    try tell(job, "job \(id) \(words)")
    return .done
  }
}

/// A log as JSON.
private struct LogShape: Encodable {
  let job: JobID
  /// Whose log it is; nil where nothing was printed.
  let attempt: Int?
  let log: String

  init(_ job: JobID, _ log: (bytes: [UInt8], attempt: Int?)) {
    self.job = job
    attempt = log.attempt
    self.log = String(decoding: log.bytes, as: UTF8.self)
  }
}

/// A job as `strata job show` tells it.
package enum JobText {
  /// What is said of a job that runs and was cancelled.
  static let stopping = "being stopped: its cancellation was asked for"

  /// - Parameter tenant: whose it is, where that is worth telling.
  package static func of(_ job: JobView, of tenant: String? = nil) -> String {
    var rows: [RequestText.Row] = [
      ("job", job.id.description), ("tenant", tenant),
      ("state", job.state.rawValue + (job.isCancelRequested == true ? ", \(stopping)" : "")),
    ]
    rows += RequestText.rows(of: job)
    rows += [
      ("created", job.createdAt),
      ("scheduled", job.scheduledFor.map { "for \($0)" }),
      ("start by", job.startBy.flatMap { job.startedAt == nil ? $0 : nil }),
      ("waiting", job.jobsAhead.map { "\($0) of its tenant's jobs in the queue go first" }),
      ("waits for", job.waitsFor.map { "\($0) of \(Set(job.after ?? []).count) jobs" }),
      ("on failure", job.waitsFor == nil ? nil : job.onDependencyFailure.map(text)),
      ("preemptible", job.preemption.map(RequestText.text)),
      ("preempted", job.preemptions.map { $0.counted("time") }),
      ("progress", job.progress.flatMap(text)),
      ("started", job.startedAt), ("finished", job.finishedAt),
    ]
    if job.state.isFinal {
      rows.append(("charged", "\(MicroCredits(micros: job.chargedMicrocredits)) credits"))
      rows.append(("cost", "\(MicroEuro(micros: job.costMicroeuro)) €"))
    } else {
      rows.append(("held", "\(MicroCredits(micros: job.heldMicrocredits)) credits"))
    }
    rows.append(("units", units(of: job)))
    rows.append(("error", job.error.map { "\($0.message) [\($0.code)]" }))
    rows.append(("done again", job.retriedBy.map { "as job \($0)" }))
    rows.append(("retry of", job.retryOf.map { "job \($0)" }))
    rows.append(("task", job.task.map { "\($0.index) of array \($0.array)" }))
    rows.append(("batch", job.task == nil ? job.batch?.description : nil))
    rows.append(("schedule", job.schedule.map(text)))
    rows += job.attempts.map { ("attempt \($0.attempt)", text(of: $0, job)) }
    rows += job.results.map { ("result", "\($0.name)  \($0.sizeBytes.asBytes)  \($0.digest)") }
    let lines = rows.compactMap { row in row.value.map { row.name.padded(to: 12) + $0 } }
    return (lines + SummaryText.lines(of: job.summary)).joined(separator: "\n")
  }

  private static func text(of policy: DependencyPolicy) -> String {
    switch policy {
    case .fail: "of one of those it fails, too"
    case .skip: "of one of those it is cancelled"
    case .run: "of one of those it runs all the same"
    }
  }

  /// What its capability has counted of its work, or will at most.
  private static func units(of job: JobView) -> String? {
    guard let most = job.unitsMax else { return nil }
    let counted = job.state == .succeeded ? "\(job.attempts.last?.usage?.units ?? 0) of " : ""
    return "\(counted)at most \(most)"
  }

  private static func text(of run: ScheduledRunView) -> String {
    "\(run.name ?? "\(run.id), which is deleted"), \(run.instant.map { "for \($0)" } ?? "asked for beside its times")"
  }

  private static func text(of progress: JobView.Progress) -> String? {
    let parts = [progress.fraction.map { "\(Int($0 * 100))%" }, progress.stage].compactMap { $0 }
    return parts.isEmpty ? nil : parts.joined(separator: " ")
  }

  private static func text(of attempt: AttemptView, _ job: JobView) -> String {
    let usage = attempt.usage.map { ", \(UsageText.of($0))" }
    let tier = job.alternatives == nil ? nil : attempt.tier.map { " on tier \($0)" }
    let preemptor = attempt.preemptedBy.map { " for a job of class \($0)" } ?? ""
    let going = job.isCancelRequested == true ? "being stopped" : preemptor.isEmpty ? "running" : "being preempted"
    let start = attempt.startedAt.map { ", from \($0)" + (attempt.endedAt.map { " to \($0)" } ?? "") }
    let (ending, note) = attempt.ending.map { text(of: $0, attempt) } ?? (going, "")
    return "\(ending)\(tier ?? "")\(preemptor)\(usage ?? "")\(start ?? "")\(note)"
  }

  /// How an attempt ended, and what became of one that its worker did not end: the next may have its number.
  private static func text(of ending: AttemptEnding, _ attempt: AttemptView) -> (ending: String, note: String) {
    let worker = attempt.worker.map { "worker \($0)" } ?? "its worker"
    return switch ending {
    case .released: ("handed back by \(worker)", "; not counted: the next has its number")
    case .expired: ("expired", "; its lease ran out, as \(worker) was lost or cut off")
    case .succeeded, .failed, .cancelled, .preempted: (ending.rawValue, "")
    }
  }
}
