import StrataAPI
import StrataCore

extension Command {
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
      retry   do it again, now, if it failed or was cancelled: a new job with the same request and a hold of its own; with
              --units-max, where it came to more points than were held for

      ID is the job's identifier, or as much of it as no other job has: the last 6 characters or more, or the first 8 or
      more. Jobs that were made at about the same time begin alike, so the end tells them apart sooner. ARRAY[INDEX] is a
      task of an array. 'show', 'explain', 'cancel' and 'retry' take several: what cannot be done to one of them is told,
      the others are seen to all the same, and the exit code is that of the first that failed.
      """,
    options: [
      .option("out", "FOLDER", "where to put the results (fetch, wait)"),
      .flag("follow", "go on until the job is finished (logs)"), JobOptions.unitsMaxOption, .dataDirectory, .json,
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
