import StrataAPI
import StrataCore

extension Command {
  static let schedule = Command(
    name: "schedule", arguments: "\(ScheduleVerb.usage) [NAME] [CAPABILITY [FILE…]]", argumentsMax: .max,
    summary: "Jobs that recur: list, make, show, change, pause, resume, run and delete schedules",
    details: """
      list    all schedules, with their next run and what went wrong last
      create  submits CAPABILITY, with the options of 'strata submit', whenever --cron says so; --dry-run only tells when
      show    everything known of one: its next times, its last job, why a run was left out or refused
      times   its next times, --limit of them
      change  another --cron, --time-zone, --missed, --overlap, --starts, --ends, --jitter or --rename; or of its job what the
              options say, the rest stays; or another job, where CAPABILITY is named
      pause   makes no runs until it is resumed; what was missed meanwhile is not made up for
      resume  goes on with the next time
      run     submits its job once more, now, also while it is paused, and prints the job's identifier
      delete  forgets it; its jobs stay

      --cron has five fields: minute, hour, day of month, month, day of week; or is @hourly, @daily, @weekly, @monthly or
      @yearly. Its times are those of the clocks of --time-zone. Where these are changed, a time of day that is skipped
      happens right after the change, and one that comes twice happens once.

      --missed says what becomes of runs that nobody was there for: once (the latest is made up for), all:N (each, the
      latest N at most) or skip:TIME (none, but one that is no later than that). --overlap skip leaves a run out while an
      earlier job of the schedule has not ended.

      Example: strata schedule create nightly command.run --cron '30 2 * * *' --time-zone Europe/Madrid \\
        --overlap skip --param 'command=["sh", "-c", "date"]'
      """,
    options: ScheduleOptions.own + ScheduleOptions.ofJob + [.dataDirectory, .json],
    run: { arguments in
      guard let word = arguments.positional.first else {
        throw UsageError("what is to be done? expected \(ScheduleVerb.usage)", command: "schedule")
      }
      guard let verb = ScheduleVerb(rawValue: word) else {
        let near = Spelling.nearest(to: word, among: ScheduleVerb.allCases.map(\.rawValue))
        throw UsageError(
          "'\(word)' is none of \(ScheduleVerb.usage)" + (near.map { "; did you mean '\($0)'?" } ?? ""),
          command: "schedule")
      }
      try verb.check(arguments)
      return try await ScheduleAction(server: Server(arguments), arguments: arguments).perform(verb)
    })
}

/// What `strata schedule` can do.
enum ScheduleVerb: String, CaseIterable {
  case list, create, show, times, change, pause, resume, run, delete

  static let usage = allCases.map(\.rawValue).joined(separator: "|")

  /// Whether a job that is there is changed.
  static func isChange(_ arguments: Arguments) -> Bool {
    arguments.command == "schedule" && arguments.positional.first == change.rawValue && arguments.positional.count == 2
  }

  /// Refused here, before a server is asked: words that are missing or too many, options of another verb.
  func check(_ arguments: Arguments) throws(UsageError) {
    let count = arguments.positional.count
    let isRight =
      switch self {
      case .list: count == 1
      case .create: count >= 3
      case .change: count >= 2
      default: count == 2
      }
    guard isRight else { throw UsageError("expected strata schedule \(rawValue)\(words)", command: "schedule") }
    let taken = Set(options.map(\.name))
    let stranger = (ScheduleOptions.own + ScheduleOptions.ofJob).first {
      arguments.has($0.name) && !taken.contains($0.name)
    }
    if let stranger {
      throw UsageError("--\(stranger.name) is not for 'strata schedule \(rawValue)'", command: "schedule")
    }
    if self == .create, !arguments.has("cron") {
      throw UsageError("when? give --cron, such as --cron '30 2 * * *' or --cron @daily", command: "schedule")
    }
  }

  private var words: String {
    switch self {
    case .list: ""
    case .create: " NAME CAPABILITY [FILE…] --cron EXPRESSION"
    case .change: " NAME [CAPABILITY [FILE…]]"
    default: " NAME"
    }
  }

  private var options: [OptionDefinition] {
    switch self {
    case .create: ScheduleOptions.times + [ScheduleOptions.paused, ScheduleOptions.dryRun] + ScheduleOptions.ofJob
    case .change: ScheduleOptions.times + [ScheduleOptions.rename] + ScheduleOptions.ofJob
    case .times: [ScheduleOptions.limit]
    case .list: [ScheduleOptions.tenant]
    default: []
    }
  }
}

/// The options of `strata schedule`, and what they say.
enum ScheduleOptions {
  static let times: [OptionDefinition] = [
    .option("cron", "EXPRESSION", "when it runs (create, change)"),
    .option("time-zone", "ZONE", "whose clocks, such as Europe/Madrid (create, change) [UTC]"),
    .option("missed", "once|all:N|skip:TIME", "what becomes of missed runs (create, change) [once]"),
    .option("overlap", "allow|skip", "a run while an earlier job has not ended (create, change) [allow]"),
    .option(
      "starts", "INSTANT", "no run before; 'none' lifts it (create, change)"),
    .option("ends", "INSTANT", "no run after; likewise (create, change)"),
    .time("jitter", "runs begin up to so much late, each time the same, 1h at most (create, change) [0]"),
  ]
  static let paused = OptionDefinition.flag("paused", "it makes no runs until it is resumed (create)")
  static let dryRun = OptionDefinition.flag("dry-run", "only check it, and print its next times (create)")
  static let rename = OptionDefinition.option("rename", "NAME", "another name (change)")
  static let limit = OptionDefinition.option("limit", "N", "how many (times) [10]")

  static let tenant = OptionDefinition.option("tenant", "NAME", "those of this tenant (list; operators)")

  static let own = times + [paused, dryRun, rename, limit, tenant]
  /// Those of `strata submit` but for what belongs to one job alone.
  static let ofJob: [OptionDefinition] = {
    let alone: Set = [
      "out", "wait", "at", "delay", "start-by", "patience", "after", "on-dependency-failure", "batch",
      "idempotency-key", "array", "data-dir", "json",
    ]
    return JobOptions.all.filter { !alone.contains($0.name) } + [
      .option("param", "NAME=VALUE", "a parameter of the capability", repeats: true)
    ]
  }()

  /// What is said of a schedule, as a change of one that says nothing.
  static func patch(_ arguments: Arguments) throws(UsageError) -> SchedulePatch {
    var patch = SchedulePatch()
    patch.name = arguments["rename"]
    patch.cron = arguments["cron"]
    patch.timeZone = arguments["time-zone"]
    patch.missed = try missed(arguments["missed"])
    patch.overlap = try overlap(arguments["overlap"])
    patch.startsAt = try bound("starts", arguments)
    patch.endsAt = try bound("ends", arguments)
    if let jitter = arguments["jitter"] { patch.jitterSeconds = try Quantity.seconds(jitter, of: "--jitter") }
    return patch
  }

  private static func missed(_ text: String?) throws(UsageError) -> MissedRunsRule? {
    guard let text else { return nil }
    let parts = text.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
    switch (MissedRunsRule.Policy(rawValue: parts[0]), parts.dropFirst().first) {
    case (.once, nil): return MissedRunsRule(policy: .once)
    case (.all, let count?):
      guard let limit = Int(count), limit > 0 else { break }
      return MissedRunsRule(policy: .all, limit: limit)
    case (.skip, let time?):
      let seconds = try Quantity.seconds(time, of: "the time of --missed skip")
      guard (1...86_400).contains(seconds) else { throw UsageError("--missed skip:TIME takes 1s to 1d, not '\(time)'") }
      return MissedRunsRule(policy: .skip, toleranceMilliseconds: seconds * 1_000)
    default: break
    }
    throw UsageError("--missed takes once, all:N (such as all:10) or skip:TIME (such as skip:10m), not '\(text)'")
  }

  private static func overlap(_ text: String?) throws(UsageError) -> OverlapPolicy? {
    guard let text else { return nil }
    guard let policy = OverlapPolicy(rawValue: text) else {
      throw UsageError("--overlap takes allow or skip, not '\(text)'")
    }
    return policy
  }

  private static func bound(_ name: String, _ arguments: Arguments) throws(UsageError) -> String?? {
    guard let text = arguments[name] else { return nil }
    if text == "none" { return .some(nil) }
    guard Timestamp(text: text) != nil else {
      throw UsageError(
        "--\(name) takes an instant with its offset, such as 2026-11-21T06:15:00Z or …T08:15:00+02:00, or none, not"
          + " '\(text)'")
    }
    return .some(text)
  }
}
