import StrataAPI
import StrataCore

extension Command {
  static let submit = Command(
    name: "submit", arguments: "CAPABILITY [FILE…]", summary: "Submit a job",
    details: """
      The files are uploaded (once: they are known by their content) and become the job's inputs. With --wait the
      command follows the job, prints what it cost, and fetches its results into --out. The exit code is 0 when the job
      succeeded, 1 when it failed, 3 when it was refused.

      Example: strata submit gis-lidar-process scan.laz --param cell=1 --out results --wait
      """,
    options: JobOptions.all + [.option("param", "NAME=VALUE", "a parameter of the capability", repeats: true)],
    run: { arguments in
      guard let capability = arguments.positional.first else {
        throw UsageError("which capability? 'strata capabilities' lists them", command: "submit")
      }
      var request = try JobOptions.request(capability, arguments)
      request.params = try ParameterWords.parse(arguments.all("param"))
      return try await Submission(arguments).perform(
        request, files: Array(arguments.positional.dropFirst()), waits: arguments.has("wait"))
    })

  static let run = Command(
    name: "run", arguments: "-- COMMAND…", summary: "Run any command as a job, and wait for it",
    details: """
      The command runs on a worker in an empty folder, without a shell; what it prints is shown here, and the files it
      leaves in $STRATA_OUTPUT_DIR are its results. The exit code is 0 when the command's was, else 1.

      Example: strata run --input scene.las -- sh -c 'wc -c scene.las > "$STRATA_OUTPUT_DIR/size.txt"'
      """,
    options: JobOptions.all.filter { $0.name != "wait" } + [
      .option("input", "FILE", "a file to place in the command's folder", repeats: true),
      .flag("no-wait", "print the job's identifier and return at once"),
    ], stopsAtFirstArgument: true,
    run: { arguments in
      guard !arguments.positional.isEmpty else { throw UsageError("which command? give it after --", command: "run") }
      var request = try JobOptions.request("command.run", arguments)
      request.params = ["command": .array(arguments.positional.map(JSONValue.string))]
      return try await Submission(arguments).perform(
        request, files: arguments.all("input"), waits: !arguments.has("no-wait"), showsLog: true)
    })
}

/// The options that `submit` and `run` share.
enum JobOptions {
  static let all: [OptionDefinition] = [
    .option("out", "FOLDER", "where to put the results (with --wait)"),
    .flag("wait", "follow the job to its end"),
    .option("tier", "NAME", "the tier to run on"),
    .option("priority", "0…100", "higher runs first [50]"),
    .option("cpu", "CORES", "cores to ask for, such as 0.5 or 2"),
    .option("memory", "SIZE", "memory to ask for, such as 512M or 2G"),
    .option("max-credits", "N", "refuse the job if it could cost more"),
    .option("idempotency-key", "KEY", "submitting again with the same key finds the same job"),
    .dataDirectory, .json,
  ]

  static func request(_ capability: String, _ arguments: Arguments) throws -> JobRequest {
    let cores = try arguments["cpu"].map { try Quantity.thousandths($0, option: "cpu") }
    let memory = try arguments["memory"].map { try Quantity.bytes($0, option: "memory") }
    return JobRequest(
      capability: capability, priority: try arguments.integer("priority", in: 0...100), tier: arguments["tier"],
      resources: cores == nil && memory == nil ? nil : .init(cpuMillicores: cores, memoryBytes: memory),
      maxMicrocredits: try arguments["max-credits"].map { try Quantity.millionths($0, option: "max-credits") })
  }
}
