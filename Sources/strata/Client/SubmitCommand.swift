import StrataAPI
import StrataCore

extension Command {
  static let submit = Command(
    name: "submit", arguments: "CAPABILITY [FILE…]", argumentsMax: .max, summary: "Submit a job",
    details: """
      The files are uploaded (once: they are known by their content) and become the job's inputs. With --wait the
      command follows the job, prints what it cost, and fetches its results into --out; Ctrl-C ends the waiting, not the
      job. Without it the job's identifier is printed: 'strata job wait' and 'strata job fetch' take it. A parameter that
      is a list is written as JSON: --param 'command=["echo", "hello"]'.

      With --array it is an array: one job for each index, which stands for {task} in the parameters and in the variable
      STRATA_TASK_INDEX of a command; 'strata array' shows, follows and cancels it.

      Example: strata submit gis-lidar-process scan.laz --param cell=1 --out results --wait
      """,
    options: JobOptions.all + [.option("param", "NAME=VALUE", "a parameter of the capability", repeats: true)],
    run: { arguments in
      guard let capability = arguments.positional.first else {
        throw UsageError("which capability? 'strata capabilities' lists them", command: "submit")
      }
      var request = try await JobOptions.request(capability, arguments)
      request.params = try ParameterWords.parse(arguments.all("param"))
      let files = try InputFiles.check(Array(arguments.positional.dropFirst()))
      return try await Submission(arguments, waits: arguments.has("wait")).perform(
        request, files: files.map { (InputFiles.name(of: $0), $0) })
    })

  static let run = Command(
    name: "run", arguments: "-- COMMAND…", argumentsMax: .max, summary: "Run any command as a job, and wait for it",
    details: """
      The command runs on a worker in an empty folder, without a shell; what it prints is shown here (on standard error
      with --json), and the files it leaves in $STRATA_OUTPUT_DIR are its results. Its standard input is empty unless
      --stdin names a file. The exit code is 0 when the command's was, else 1; the command's own is told on standard error
      and is summary.exit_status (or summary.signal) with --json and in 'strata job show'. Ctrl-C ends the waiting, not
      the job.

      With --array the command runs once for each index, which stands for {task} in its words and in $STRATA_TASK_INDEX;
      what the tasks print is shown by 'strata job logs ARRAY[INDEX]'.

      Example: strata run --input scene.las -- sh -c 'wc -c scene.las > "$STRATA_OUTPUT_DIR/size.txt"'
      """,
    options: [.option("out", "FOLDER", "where to put the results")]
      + JobOptions.all.filter { $0.name != "wait" && $0.name != "out" } + [
        .option("input", "FILE", "a file to place in the command's folder", repeats: true),
        .option("stdin", "FILE", "the command's standard input; - for this command's own"),
        .flag("no-wait", "print the job's identifier and return at once"),
      ], stopsAtFirstArgument: true,
    run: { arguments in
      let words = try commandWords(arguments)
      var request = try await JobOptions.request("command.run", arguments)
      request.params = ["command": .array(words.map(JSONValue.string))]
      var files = try InputFiles.check(arguments.all("input")).map { (name: InputFiles.name(of: $0), path: $0) }
      let submission = try Submission(arguments, waits: !arguments.has("no-wait"), showsLog: true)
      if let source = arguments["stdin"] {
        let path = try source == "-" ? InputFiles.spoolStandardInput() : InputFiles.check([source])[0]
        files.append((name: InputFiles.standardInputName, path: path))
        request.params?["stdin_input"] = .string(InputFiles.standardInputName)
      } else if InputFiles.isStandardInputFed {
        Terminal.note("strata: what is piped in here stays here; --stdin - sends it to the command")
      }
      return try await submission.perform(request, files: files)
    })

  private static func commandWords(_ arguments: Arguments) throws(UsageError) -> [String] {
    let words = arguments.positional
    guard let program = words.first else { throw UsageError("which command? give it after --", command: "run") }
    if words.count == 1, program.contains(where: { " \t|&;<>$".contains($0) }) {
      throw UsageError(
        "'\(program)' is one word, and no shell takes it apart; for a shell: strata run -- sh -c '\(program)'",
        command: "run")
    }
    return words
  }
}

/// The options that `submit` and `run` share.
enum JobOptions {
  static let all: [OptionDefinition] = [
    .option("out", "FOLDER", "where to put the results (with --wait)"),
    .flag("wait", "follow the job to its end"),
    .option("tier", "NAME", "the tier to run on"),
    .option("priority", "0…100", "higher runs first [50]"),
    .option("cpu", "CORES", "cores to ask for, such as 0.5 or 2"),
    .option("memory", "SIZE", "memory to ask for"),
    .option("gpu", "COUNT", "GPUs to ask for, such as 0.5 or 1"),
    AlternativeWords.option,
    .time("timeout", "how long one attempt may take"),
    .option("at", "INSTANT", "run it then at the earliest"),
    .time("delay", "run it so long from now at the earliest"),
    .option("start-by", "INSTANT", "let it fail if it has not started by then"),
    .time("start-within", "the same, so long from now"),
    .flag("preemptible", "let it be ended, and run again, where a job of a higher class needs its room"),
    .time("grace", "how long it then has to save what it has, at most 5m [30s]"),
    .option("checkpoint-signal", "NAME", "how it is told: TERM or USR1 [TERM]"),
    .option("max-credits", "N", "refuse the job if it could cost more"),
    .option("idempotency-key", "KEY", "submitting again with the same key finds the same job"),
    .option("after", "ID", "run it after this job has ended; ID may be shortened as in 'strata job'", repeats: true),
    .option("on-dependency-failure", "WHAT", "if one of those does not succeed: fail, skip or run [fail]"),
    .option("batch", "ID", "the open batch to join"),
    .option("unique-key", "KEY", "no other job of yours may have it at the same time"),
    .time("unique-for", "how long the job holds its key [until it has ended]", formerly: "unique-seconds"),
    .option("on-duplicate", "WHAT", "if another job holds the key: existing (that one) or refuse [existing]"),
    .option("array", "INDEXES", "one task for each index, such as 0-99, 1,5,9 or 0-999:10; 0-99%8 runs 8 at once"),
    patienceOption, .dataDirectory, .json,
  ]

  static let patienceOption = OptionDefinition.time(
    "patience", "how long to try again while the server takes no jobs [60s]", orNever: true)

  static func patience(_ arguments: Arguments) throws(UsageError) -> Duration {
    try arguments["patience"].map { text throws(UsageError) in
      .seconds(try Quantity.secondsOrNever(text, of: "--patience"))
    } ?? Server.patienceDefault
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
      after: try await after(arguments), onDependencyFailure: try policy(arguments), batch: try batch(arguments),
      uniqueKey: arguments["unique-key"],
      uniqueSeconds: try arguments.seconds("unique-for", in: 1...UniqueKey.secondsMax),
      onDuplicate: try conflict(arguments), array: try array(arguments),
      alternatives: try AlternativeWords.read(arguments))
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

  private static func batch(_ arguments: Arguments) throws(UsageError) -> BatchID? {
    guard let text = arguments["batch"] else { return nil }
    guard let batch = BatchID(text) else {
      throw UsageError(
        "--batch takes an identifier (26 letters and digits), not '\(text)'", command: arguments.command)
    }
    return batch
  }

  private static func signal(_ arguments: Arguments) throws(UsageError) -> PreemptionTerms.Signal? {
    for name in ["grace", "checkpoint-signal"] where arguments.has(name) && !arguments.has("preemptible") {
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
    guard arguments.has("after") else {
      throw UsageError("--on-dependency-failure needs --after", command: arguments.command)
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

  /// What the server takes: a week.
  private static let timeoutSecondsMax: Int64 = 604_800
  /// What the server takes.
  private static let delaySecondsMax: Int64 = 366 * 86_400
}
