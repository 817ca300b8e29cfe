import StrataAPI
import StrataCore

extension Command {
  static let jobs = Command(
    name: "jobs", summary: "List jobs, newest first",
    options: [
      .option("state", "NAME", "only those in this state"),
      .option("limit", "N", "how many [20]"), .dataDirectory, .json,
    ],
    run: { arguments in
      let limit = try arguments.integer("limit", in: 1...200) ?? 20
      let state = arguments["state"].map { [(name: "state", value: $0)] } ?? []
      let page: Page<JobView> = try await Server(arguments).get(
        "/v1/jobs", query: [(name: "limit", value: "\(limit)")] + state)
      if arguments.has("json") {
        Terminal.print(try JSONText.of(page))
        return .done
      }
      var table = Table("JOB", "STATE", "CAPABILITY", "CREATED", "CHARGED")
      for job in page.items {
        let charged = job.state.isFinal ? MicroCredits(micros: job.chargedMicrocredits).description : "-"
        table.add(job.id.description, job.state.rawValue, job.capability, String(job.createdAt.prefix(19)), charged)
      }
      Terminal.print(page.items.isEmpty ? "no jobs" : table.text)
      return .done
    })

  static let job = Command(
    name: "job", arguments: "show|logs|cancel ID", summary: "Show one job, print its log, or cancel it",
    details: """
      show    everything known of the job: state, attempts, results, cost and charge
      logs    what it has printed so far (all of it once it is finished)
      cancel  take it out of the queue, or tell its worker to stop it
      """,
    options: [.dataDirectory, .json],
    run: { arguments in
      guard arguments.positional.count == 2 else {
        throw UsageError("expected an action and a job: strata job show ID", command: "job")
      }
      guard let id = JobID(arguments.positional[1]) else {
        throw UsageError(
          "'\(arguments.positional[1])' is not a job's identifier (26 letters and digits)", command: "job")
      }
      return try await JobAction(server: Server(arguments), arguments: arguments).perform(
        arguments.positional[0], on: id)
    })
}

/// The actions of `strata job`.
struct JobAction {
  let server: Server
  let arguments: Arguments

  func perform(_ action: String, on id: JobID) async throws -> ExitStatus {
    switch action {
    case "show": show(try await server.get("/v1/jobs/\(id)"))
    case "logs", "log": Terminal.write(try await server.bytes("/v1/jobs/\(id)/log"), to: 1)
    case "cancel":
      let job: JobView = try await server.delete("/v1/jobs/\(id)")
      Terminal.print(
        arguments.has("json")
          ? try JSONText.of(job)
          : job.state == .cancelled ? "job \(id) is cancelled" : "job \(id) is being stopped by its worker")
    default:
      throw UsageError("'\(action)' is none of show, logs and cancel", command: "job")
    }
    return .done
  }

  private func show(_ job: JobView) {
    if arguments.has("json"), let text = try? JSONText.of(job) { return Terminal.print(text) }
    var lines = [
      "job         \(job.id)", "state       \(job.state.rawValue)", "capability  \(job.capability) on tier \(job.tier)",
      "created     \(job.createdAt)",
    ]
    if let ahead = job.jobsAhead { lines.append("waiting     \(ahead) jobs of its tier go first") }
    if let progress = job.progress {
      lines.append("progress    \(progress.fraction.map { "\(Int($0 * 100))% " } ?? "")\(progress.stage ?? "")")
    }
    if let started = job.startedAt { lines.append("started     \(started)") }
    if let finished = job.finishedAt { lines.append("finished    \(finished)") }
    lines.append("held        \(MicroCredits(micros: job.heldMicrocredits)) credits")
    lines.append("charged     \(MicroCredits(micros: job.chargedMicrocredits)) credits")
    lines.append("cost        \(MicroEuro(micros: job.costMicroeuro)) €")
    if let error = job.error { lines.append("error       \(error.message) [\(error.code)]") }
    lines += job.attempts.map(Self.line)
    lines += job.results.map { "result      \($0.name)  \($0.sizeBytes.asBytes)  \($0.digest)" }
    Terminal.print((lines + SummaryText.lines(of: job.summary)).joined(separator: "\n"))
  }

  private static func line(_ attempt: AttemptView) -> String {
    let usage = attempt.usage.map {
      ", \(Duration.microseconds($0.wallMicroseconds).brief), \(Duration.microseconds($0.cpuMicroseconds).brief) of CPU, "
        + $0.memoryPeakBytes.asBytes
    }
    return "attempt \(attempt.attempt)   \(attempt.ending?.rawValue ?? "running")\(usage ?? "")"
  }
}
