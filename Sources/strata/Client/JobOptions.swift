import StrataAPI
import StrataCore
import StrataWorker

/// The options that `submit` and `run` share.
enum JobOptions {
  static let all: [OptionDefinition] = [
    .option("out", "FOLDER", "where to put the results (with --wait)"),
    .flag("wait", "follow the job to its end"),
    .option("name", "TEXT", "what to call it; need not be unique"),
    .option("label", "NAME=VALUE", "what it is found by, as in 'strata jobs --label NAME=VALUE'", repeats: true),
    .option("tier", "NAME", "the tier to run on"),
    .option("priority", "0…100", "higher runs first [50]"),
    .option("cpu", "CORES", "cores to ask for, such as 0.5 or 2"),
    .option("memory", "SIZE", "memory to ask for"),
    .option("gpu", "COUNT", "GPUs to ask for, such as 0.5 or 1"),
    AlternativeWords.option,
    .time("timeout", "how long one attempt may take"),
    .option(
      "attempts", "N", "try it so often at most, also (without --retry-on) where a command's exit status is not 0"),
    .option(
      "retry-on", "CODE",
      "an error that is worth another attempt: exit_status, timeout, out_of_memory, … [exit_status]", repeats: true),
    .time("retry-delay", "the longest wait after the first attempt; twice that after the second, and so on"),
    .option("at", "INSTANT", "run it then at the earliest"),
    .time("delay", "run it so long from now at the earliest"),
    .option("start-by", "INSTANT", "let it fail if it has not started by then"),
    .time("start-within", "the same, so long from now"),
    .flag("preemptible", "let it be ended, and run again, where a job of a higher class needs its room"),
    .time("grace", "how long it then has to save what it has, at most 5m [30s]"),
    .option("checkpoint-signal", "NAME", "how it is told: TERM or USR1 [TERM]"),
    .option("max-credits", "N", "refuse the job if it could cost more"),
    unitsMaxOption,
    .option("idempotency-key", "KEY", "submitting again with the same key finds the same job"),
    .option("after", "ID", "run it after this job has ended; ID may be shortened as in 'strata job'", repeats: true),
    .option("on-dependency-failure", "WHAT", "if one of those does not succeed: fail, skip or run [fail]"),
    .option("batch", "ID", "the open batch to join; ID may be shortened as in 'strata job'"),
    .option("unique-key", "KEY", "no other job of yours may have it at the same time"),
    .time("unique-for", "how long the job holds its key [until it has ended]", formerly: "unique-seconds"),
    .option("on-duplicate", "WHAT", "if another job holds the key: existing (that one) or refuse [existing]"),
    .option("array", "INDEXES", "one task for each index, such as 0-99, 1,5,9 or 0-999:10; 0-99%8 runs 8 at once"),
    patienceOption, .dataDirectory, .json,
  ]

  static let unitsMaxOption = OptionDefinition.option(
    "units-max", "N", "the most points, or what else its capability counts, to hold credits for [as its inputs say]")

  static func unitsMax(_ arguments: Arguments) throws(UsageError) -> Int64? {
    try arguments.integer("units-max", in: 0...unitsMax).map(Int64.init)
  }

  static let patienceOption = OptionDefinition.time(
    "patience", "how long to try again while the server takes no jobs [60s]", orNever: true)

  static func patience(_ arguments: Arguments) throws(UsageError) -> Duration {
    try arguments["patience"].map { text throws(UsageError) in
      .seconds(try Quantity.secondsOrNever(text, of: "--patience"))
    } ?? Server.patienceDefault
  }

  /// A key of our own, where none is given, makes the retry of a lost answer find the same job.
  ///
  /// - Parameter bytesMax: what the server takes, less what is put behind it.
  static func idempotencyKey(_ arguments: Arguments, bytesMax: Int = 255) throws(UsageError) -> String {
    guard let key = arguments["idempotency-key"] else { return "cli-\(JobID())" }
    guard (1...bytesMax).contains(key.utf8.count), key.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F }) else {
      throw UsageError(
        "--idempotency-key takes 1 to \(bytesMax) visible ASCII characters, no blanks", command: arguments.command)
    }
    return key
  }

  static func request(_ capability: String, _ arguments: Arguments) async throws -> JobRequest {
    let cores = try arguments["cpu"].map { try Quantity.thousandths($0, of: "--cpu") }
    let memory = try arguments["memory"].map { try Quantity.bytes($0, of: "--memory") }
    let gpus = try arguments["gpu"].map { try Quantity.thousandthsOrNone($0, of: "--gpu") }
    let start = try time(arguments, "at", "delay")
    let end = try time(arguments, "start-by", "start-within")
    return JobRequest(
      capability: capability, priority: try arguments.integer("priority", in: 0...100), tier: arguments["tier"],
      resources: JobRequest.ResourceOverride(
        cpuMillicores: cores, memoryBytes: memory, gpuThousandths: gpus
      ).unlessEmpty,
      timeoutSeconds: try arguments.seconds("timeout", in: 1...timeoutSecondsMax), runAt: start.at,
      delaySeconds: start.seconds, startBy: end.at, startWithinSeconds: end.seconds,
      preemptible: arguments.has("preemptible") ? true : nil,
      graceSeconds: try arguments["grace"].map { text throws(UsageError) in try Quantity.seconds(text, of: "--grace") },
      checkpointSignal: try signal(arguments),
      maxMicrocredits: try arguments["max-credits"].map { try Quantity.millionths($0, of: "--max-credits") },
      after: try await after(arguments), onDependencyFailure: try policy(arguments), batch: try await batch(arguments),
      uniqueKey: arguments["unique-key"],
      uniqueSeconds: try arguments.seconds("unique-for", in: 1...UniqueKey.secondsMax),
      onDuplicate: try conflict(arguments), array: try array(arguments),
      alternatives: try AlternativeWords.read(arguments), name: arguments["name"],
      labels: try LabelWords.read(arguments), retry: try retry(arguments),
      unitsMax: try unitsMax(arguments))
  }

  /// Who asks for more attempts of a command means those that its own exit status ends.
  private static func retry(_ arguments: Arguments) throws(UsageError) -> RetryOverride? {
    let attempts = try arguments.integer("attempts", in: RetryPolicyLimits.attempts)
    let codes = arguments.all("retry-on")
    for code in codes where !AttemptError.codes.contains(code) {
      // Capabilities have codes of their own.
      guard let near = Spelling.nearest(to: code, among: AttemptError.codes) else { continue }
      throw UsageError("no error has the code '\(code)'; did you mean '\(near)'?", command: arguments.command)
    }
    let usual = (attempts ?? 1) > 1 && codes.isEmpty ? [AttemptError.exitStatusCode] : []
    let longest = RetryPolicyLimits.delay.upperBound.milliseconds / 1_000
    return RetryOverride(
      attemptsMax: attempts,
      firstDelayMilliseconds: try arguments.seconds("retry-delay", in: 0...longest).map { $0 * 1_000 },
      retryableCodes: codes.isEmpty && usual.isEmpty ? nil : Array(Set(codes + usual)).sorted()
    ).unlessEmpty
  }

  /// Read here already: what is wrong with it is told before a server is asked.
  private static func array(_ arguments: Arguments) throws(UsageError) -> ArrayRequest? {
    guard let text = arguments["array"] else { return nil }
    let parts = text.split(separator: "%", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
    let most = parts.count == 2 ? Int(parts[1]) ?? 0 : nil
    if let most, !(1...TaskIndexes.tasksMax).contains(most) {
      throw UsageError(
        "--array takes a number of tasks that run at once after %, such as 0-99%8, not '\(text.prefix(40))'",
        command: arguments.command)
    }
    do throws(StrataError) {
      _ = try TaskIndexes(text: parts[0])
      return ArrayRequest(range: parts[0], maxRunning: most)
    } catch {
      throw UsageError("--array: \(error)", command: arguments.command)
    }
  }

  /// Named as everywhere: by their identifiers, or by as much of those as no other job has.
  private static func after(_ arguments: Arguments) async throws -> [JobID]? {
    guard arguments.has("after") else { return nil }
    var jobs: [JobID] = []
    for text in arguments.all("after") {
      jobs.append(try await JobName.resolve(text, for: arguments.command) { try Server(arguments) })
    }
    return jobs
  }

  /// Named as everywhere: by its identifier, or by as much of it as no other batch has.
  static func batch(_ arguments: Arguments) async throws -> BatchID? {
    guard let text = arguments["batch"] else { return nil }
    return try await BatchName.resolve(text, for: arguments.command) { try Server(arguments) }
  }

  private static func signal(_ arguments: Arguments) throws(UsageError) -> PreemptionTerms.Signal? {
    // The job of a schedule that is changed may be preemptible already.
    let isKnown = arguments.has("preemptible") || ScheduleVerb.isChange(arguments)
    for name in ["grace", "checkpoint-signal"] where arguments.has(name) && !isKnown {
      throw UsageError("--\(name) needs --preemptible", command: arguments.command)
    }
    guard let text = arguments["checkpoint-signal"] else { return nil }
    guard let signal = PreemptionTerms.Signal(rawValue: text) else {
      throw UsageError("--checkpoint-signal takes TERM or USR1, not '\(text)'", command: arguments.command)
    }
    return signal
  }

  private static func conflict(_ arguments: Arguments) throws(UsageError) -> UniqueKey.Conflict? {
    guard let text = arguments["on-duplicate"] else { return nil }
    guard let conflict = UniqueKey.Conflict(rawValue: text) else {
      throw UsageError("--on-duplicate takes existing or refuse, not '\(text)'", command: arguments.command)
    }
    return conflict
  }

  private static func policy(_ arguments: Arguments) throws(UsageError) -> DependencyPolicy? {
    guard let text = arguments["on-dependency-failure"] else { return nil }
    guard arguments.has("after") || arguments.has(ResultWords.option.name) else {
      throw UsageError("--on-dependency-failure needs --after or --input-from", command: arguments.command)
    }
    guard let policy = DependencyPolicy(rawValue: text) else {
      let known = DependencyPolicy.allCases.map(\.rawValue).joined(separator: ", ")
      throw UsageError("--on-dependency-failure takes one of \(known), not '\(text)'", command: arguments.command)
    }
    return policy
  }

  /// Refused here in the command line's own words; the server would name members of a body.
  private static func time(_ arguments: Arguments, _ instant: String, _ span: String) throws(UsageError)
    -> (at: String?, seconds: Int64?)
  {
    let (at, after) = (arguments[instant], arguments[span])
    guard at == nil || after == nil else { throw UsageError("give --\(instant) or --\(span), not both") }
    if let at, Timestamp(text: at) == nil {
      throw UsageError(
        "--\(instant) takes an instant with its offset, such as 2026-11-21T06:15:00Z or …T08:15:00+02:00, not '\(at)'")
    }
    guard let after else { return (at, nil) }
    let seconds = try Quantity.seconds(after, of: "--\(span)")
    guard seconds <= delaySecondsMax else { throw UsageError("--\(span) is 366d at most, not '\(after)'") }
    return (nil, seconds)
  }

  /// More than any file has.
  private static let unitsMax = 1_000_000_000_000_000
  /// What the server takes: a week.
  private static let timeoutSecondsMax: Int64 = 604_800
  /// What the server takes.
  private static let delaySecondsMax: Int64 = 366 * 86_400
}
