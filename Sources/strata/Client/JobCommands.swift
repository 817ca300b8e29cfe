import StrataAPI
import StrataCore

extension Command {
  static let jobs = Command(
    name: "jobs", summary: "List jobs, newest first",
    options: [
      .option("state", "NAME", "only those in this state"), .option("batch", "ID", "only those of this batch"),
      .option("schedule", "NAME", "only those that this schedule made"),
      .option("limit", "N", "how many [20]"), .dataDirectory, .json,
    ],
    run: { arguments in
      let limit = try arguments.integer("limit", in: 1...200) ?? 20
      let state = try arguments["state"].map(Self.state).map { [(name: "state", value: $0.rawValue)] } ?? []
      let batch = arguments["batch"].map { [(name: "batch", value: $0)] } ?? []
      let schedule = arguments["schedule"].map { [(name: "schedule", value: $0)] } ?? []
      let page: Page<JobView> = try await Server(arguments).get(
        "/v1/jobs", query: [(name: "limit", value: "\(limit)")] + state + batch + schedule)
      if arguments.has("json") {
        Terminal.print(try JSONText.of(page))
        return .done
      }
      Terminal.print(table(of: page.items), none: "no jobs")
      return .done
    })

  /// With the reason of each, last, since it may be long.
  private static func table(of jobs: [JobView]) -> Table {
    var table = Table("JOB", "STATE", "CAPABILITY", "CREATED (UTC)", "CHARGED", "REASON")
    for job in jobs {
      let charged = job.state.isFinal ? MicroCredits(micros: job.chargedMicrocredits).description : "-"
      table.add(
        job.id.description, job.state.rawValue, job.capability, String(job.createdAt.prefix(19)), charged,
        job.error.map { "\($0.code): \($0.message)" } ?? "-")
    }
    return table
  }

  private static func state(named name: String) throws(UsageError) -> JobState {
    guard let state = JobState(rawValue: name) else {
      let known = JobState.allCases.map(\.rawValue).joined(separator: ", ")
      throw UsageError("there is no state '\(name)', only \(known)", command: "jobs")
    }
    return state
  }

  static let job = Command(
    name: "job", arguments: "\(JobVerb.usage) ID…", argumentsMax: .max,
    summary: "Show, explain, follow, fetch, reprioritise, cancel or retry jobs",
    details: """
      show    everything known of the job: state, attempts, results, cost and charge
      explain why it does not run yet
      logs    what it has printed so far (all of it once it is finished); with --follow, until it is finished
      wait    follow it to its end, as 'submit --wait' does; with --out, fetch its results
      fetch   download its results into --out
      priority
              change its priority (0…100) while it waits: strata job priority ID 80
      cancel  take it out of the queue, or tell its worker to stop it
      retry   do it again, now, if it failed or was cancelled: a new job with the same request and a hold of its own

      ID is the job's identifier, or as much of it as no other job has: the last 6 characters or more, or the first 8 or
      more. Jobs that were made at about the same time begin alike, so the end tells them apart sooner. ARRAY[INDEX] is a
      task of an array. 'show', 'explain', 'cancel' and 'retry' take several: what cannot be done to one of them is told,
      the others are seen to all the same, and the exit code is that of the first that failed.
      """,
    options: [
      .option("out", "FOLDER", "where to put the results (fetch, wait)"),
      .flag("follow", "go on until the job is finished (logs)"), .dataDirectory, .json,
    ],
    run: { arguments in
      let (verb, names) = try JobVerb.read(arguments)
      // Of what cannot be a job no server is asked.
      let server = try Server(arguments)
      return try await JobsAction(server: server, arguments: arguments, verb: verb).perform(on: names)
    })
}

/// What `strata job` can do to a job.
enum JobVerb: String, CaseIterable {
  case show, explain, logs, wait, fetch, priority, cancel, retry

  static let usage = allCases.map(\.rawValue).joined(separator: "|")

  /// Whether it may be done to several jobs by one command.
  private var takesSeveral: Bool {
    switch self {
    case .show, .explain, .cancel, .retry: true
    case .logs, .wait, .fetch, .priority: false
    }
  }

  /// What is to be done, and to which jobs, as they are named.
  static func read(_ arguments: Arguments) throws(UsageError) -> (verb: JobVerb, names: [String]) {
    guard let word = arguments.positional.first else {
      throw UsageError("expected an action and a job: strata job show ID", command: "job")
    }
    guard let verb = JobVerb(rawValue: word) else {
      let near = Spelling.nearest(to: word, among: allCases.map(\.rawValue))
      throw UsageError(
        "'\(word)' is none of \(usage)" + (near.map { "; did you mean '\($0)'?" } ?? ""), command: "job")
    }
    let names = Array(arguments.positional.dropFirst())
    let isRight = verb == .priority ? names.count == 2 : names.count == 1 || !names.isEmpty && verb.takesSeveral
    guard isRight else {
      let words = verb == .priority ? "ID 80" : verb.takesSeveral ? "ID…" : "ID"
      let several = verb.takesSeveral || names.count < 2 ? "" : ", for one job at a time"
      throw UsageError("expected strata job \(verb.rawValue) \(words)\(several)", command: "job")
    }
    return (verb, verb == .priority ? [names[0]] : names)
  }
}
