import FoundationEssentials
package import StrataAPI
import StrataCore

/// One use of `strata schedule`.
struct ScheduleAction {
  let server: Server
  let arguments: Arguments

  private var asJSON: Bool { arguments.has("json") }
  private var name: String { arguments.positional[1] }
  private var path: [String] { ["v1", "schedules", name] }

  func perform(_ verb: ScheduleVerb) async throws -> ExitStatus {
    switch verb {
    case .list: try await list()
    case .create: try await create()
    case .show: try show(try await server.get(path))
    case .times: try await times()
    case .change: try await change()
    case .pause: try await set(isPaused: true)
    case .resume: try await set(isPaused: false)
    case .run: try await run()
    case .delete: try await delete()
    }
    return .done
  }

  private func show(_ schedule: ScheduleView) throws {
    WarningText.tell(schedule.warnings)
    Terminal.print(asJSON ? try JSONText.of(schedule) : ScheduleText.of(schedule))
  }

  private func list() async throws {
    let all: [ScheduleView] = try await server.all(
      ["v1", "schedules"], query: arguments.query("tenant"), limit: .max)
    if asJSON { return Terminal.print(try JSONText.of(items: all)) }
    Terminal.print(ScheduleText.table(of: all), none: "no schedules")
  }

  private func create() async throws {
    let said = try ScheduleOptions.patch(arguments)
    var job = try await JobOptions.request(arguments.positional[2], arguments)
    job.params = try ParameterWords.parse(arguments.all("param"))
    var request = ScheduleRequest(
      name: name, cron: said.cron ?? "", timeZone: said.timeZone, job: job, missed: said.missed, overlap: said.overlap,
      isPaused: arguments.has("paused") ? true : nil, startsAt: said.startsAt ?? nil, endsAt: said.endsAt ?? nil,
      jitterSeconds: said.jitterSeconds)
    let paths = try InputFiles.check(Array(arguments.positional.dropFirst(3)))
    let inputs = InputUpload(server: server, files: paths.map { (InputFiles.name(of: $0), $0) })
    request.job.inputs = inputs.announced.map(JobInput.artifact)
    if arguments.has("dry-run") || !paths.isEmpty {
      let check: ScheduleCheckView = try await server.post("/v1/schedules:check", request)
      if arguments.has("dry-run") {
        WarningText.tell(check.warnings)
        if asJSON { return Terminal.print(try JSONText.of(check)) }
        return Terminal.print(ScheduleText.of(check.times), none: "it would never run")
      }
    }
    request.job.inputs = try await inputs.upload().map(JobInput.artifact)
    // A key of our own makes the retry of a lost answer find the same schedule.
    try show(try await server.post("/v1/schedules", request, idempotencyKey: "cli-\(ScheduleID())"))
  }

  private func times() async throws {
    let count = try arguments.integer("limit", in: 1...100) ?? 10
    let page: Page<ScheduleTimeView> = try await server.get(
      path + ["times"], query: [(name: "limit", value: "\(count)")])
    if asJSON { return Terminal.print(try JSONText.of(items: page.items)) }
    Terminal.print(ScheduleText.of(page.items), none: "it runs no more")
  }

  private func change() async throws {
    var patch = try ScheduleOptions.patch(arguments)
    patch.job = try await changedJob()
    guard patch != SchedulePatch() else {
      throw UsageError(
        "what is to be changed? give --cron, --time-zone, --missed, --overlap, --starts, --ends, --jitter, --rename, an"
          + " option of its job such as --param or --cpu, or another CAPABILITY", command: "schedule")
    }
    try show(try await server.patch(path, patch))
  }

  /// Its job with what is said of it, or another one where a capability is named; nil where nothing is said.
  private func changedJob() async throws -> JobRequest? {
    let words = arguments.positional
    var said = try await JobOptions.request(words.count > 2 ? words[2] : "", arguments)
    if arguments.has("param") { said.params = try ParameterWords.parse(arguments.all("param")) }
    guard words.count > 2 || said != JobRequest(capability: "") else { return nil }
    guard words.count > 2 else {
      let known: ScheduleView = try await server.get(path)
      guard let job = known.job else {
        throw StrataError(
          .conflict, "another version of Strata wrote the job of schedule '\(name)', and this one cannot read it",
          remedy: "give it its job anew: strata schedule change \(name) CAPABILITY …")
      }
      return try job.changed(by: said)
    }
    let inputs = InputUpload(
      server: server, files: try InputFiles.check(Array(words.dropFirst(3))).map { (InputFiles.name(of: $0), $0) })
    if !inputs.files.isEmpty {
      said.inputs = inputs.announced.map(JobInput.artifact)
      let _: JobCheck = try await server.post("/v1/jobs:check", said)
    }
    said.inputs = try await inputs.upload().map(JobInput.artifact)
    return said
  }

  private func set(isPaused: Bool) async throws {
    let schedule: ScheduleView = try await server.patch(path, SchedulePatch(isPaused: isPaused))
    if asJSON { return Terminal.print(try JSONText.of(schedule)) }
    let next = schedule.nextAt.map { "runs next at \($0)" } ?? "runs no more"
    Terminal.print("schedule '\(schedule.name)' \(isPaused ? "is paused" : next)")
  }

  private func run() async throws {
    let accepted: JobAccepted = try await server.post(path + ["run"], idempotencyKey: "cli-\(JobID())")
    WarningText.tell(accepted.warnings)
    Terminal.print(asJSON ? try JSONText.of(accepted) : accepted.id.description)
  }

  private func delete() async throws {
    let schedule: ScheduleView = try await server.delete(path)
    Terminal.print(asJSON ? try JSONText.of(schedule) : "schedule '\(schedule.name)' is deleted")
  }
}

/// Schedules as a person reads them.
package enum ScheduleText {
  static func table(of schedules: [ScheduleView]) -> Table {
    var table = Table("NAME", "CRON", "TIME ZONE", "NEXT (UTC)", "JOBS", "CAPABILITY", "TROUBLE")
    for one in schedules {
      table.add(
        one.name, one.cron, one.timeZone, one.isPaused ? "paused" : one.nextAt.map { String($0.prefix(19)) } ?? "none",
        "\(one.runs)", one.job?.capability ?? "?", trouble(of: one) ?? "-")
    }
    return table
  }

  /// The last refusal, unless a job was made since; or how its last jobs failed.
  private static func trouble(of schedule: ScheduleView) -> String? {
    if let refusal = schedule.lastRefusal, schedule.lastRun.map({ $0.at < refusal.at }) ?? true {
      return "\(refusal.code): \(refusal.detail)"
    }
    return failing(schedule)
  }

  private static func failing(_ schedule: ScheduleView) -> String? {
    guard schedule.failuresInARow > 0, let end = schedule.lastEnd else { return nil }
    let jobs = schedule.failuresInARow == 1 ? "the last job" : "the last \(schedule.failuresInARow) jobs"
    return "\(jobs) failed" + (end.error.map { ": \($0.message) [\($0.code)]" } ?? "")
  }

  static func of(_ times: [ScheduleTimeView]) -> Table {
    var table = Table("RUNS AT (UTC)", "ON ITS CLOCKS")
    for time in times { table.add(String(time.at.prefix(19)), time.local) }
    return table
  }

  package static func of(_ schedule: ScheduleView) -> String {
    let head: [RequestText.Row] = [
      ("schedule", "\(schedule.name) (\(schedule.id))"), ("runs", "\(schedule.cron) in \(schedule.timeZone)"),
      ("state", schedule.isPaused ? "paused" : schedule.nextAt.map { "runs next at \($0)" } ?? "runs no more"),
    ]
    let request =
      schedule.job.map(RequestText.rows) ?? [("capability", "of another version of Strata: give it its job anew")]
    let rest: [RequestText.Row] = [
      ("charge", schedule.chargeMaxMicrocredits.map { "at most \(MicroCredits(micros: $0)) credits each" }),
      ("missed", words(for: schedule.missed)), ("overlap", schedule.overlap.rawValue),
      ("starts", schedule.startsAt), ("ends", schedule.endsAt),
      ("jitter", schedule.jitterSeconds > 0 ? "\(schedule.jitterSeconds) s" : nil),
      ("jobs", "\(schedule.runs) made, \(schedule.skips) skipped, \(schedule.refusals) refused"),
      ("last job", schedule.lastRun.map { "\($0.job) at \($0.at), for \($0.instant)" }),
      ("last end", schedule.lastEnd.map { "job \($0.job) \($0.state.rawValue) at \($0.at)" }),
      ("trouble", failing(schedule)),
      ("last skip", schedule.lastSkip.map { "for \($0.instant): \(words(forSkip: $0.reason))" }),
      ("last refusal", schedule.lastRefusal.map { "for \($0.instant): \($0.detail) [\($0.code)]" }),
    ]
    let lines = (head + request + rest).compactMap { row in row.value.map { row.name.padded(to: 14) + $0 } }
    return (lines + schedule.times.map { "next".padded(to: 14) + $0.local }).joined(separator: "\n")
  }

  private static func words(for rule: MissedRunsRule) -> String {
    switch rule.policy {
    case .once: "the latest is made up for"
    case .all: "each is made up for, the latest \(rule.limit ?? 0) at most"
    case .skip: "none is made up for that is later than \(Duration.milliseconds(rule.toleranceMilliseconds ?? 0).brief)"
    }
  }

  private static func words(forSkip reason: String) -> String {
    switch reason {
    case "overlap": "an earlier job of it had not ended"
    case "unique_key": "another job held the unique key"
    default: reason
    }
  }
}

extension JobRequest {
  /// This one with all that another one says. Parameters, labels, resources and the retry policy are changed one by one.
  package func changed(by other: JobRequest) throws -> JobRequest {
    var other = other
    other.capability = capability
    // An error that is worth another attempt is one beside those that were.
    if let codes = other.retry?.retryableCodes {
      other.retry?.retryableCodes = Set(codes + (retry?.retryableCodes ?? [])).sorted()
    }
    let (old, new) = (try JSONValue(encoding: self), try JSONValue(encoding: other))
    return try old.merged(with: new, depth: 2).decoded()
  }
}

extension JSONValue {
  fileprivate init(encoding value: some Encodable) throws {
    self = try JSONDecoder().decode(JSONValue.self, from: JSONEncoder().encode(value))
  }

  fileprivate func decoded<Value: Decodable>() throws -> Value {
    try JSONDecoder().decode(Value.self, from: JSONEncoder().encode(self))
  }

  /// - Parameter depth: of objects whose members are changed one by one; what lies deeper is replaced.
  fileprivate func merged(with other: JSONValue, depth: Int) -> JSONValue {
    guard depth > 0, case .object(let old) = self, case .object(let new) = other else { return other }
    return .object(old.merging(new) { $0.merged(with: $1, depth: depth - 1) })
  }
}
