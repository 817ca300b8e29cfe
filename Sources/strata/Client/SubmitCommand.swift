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
      STRATA_TASK_INDEX of a command; 'strata array' shows, follows and cancels it. What you submit later waits for all its
      tasks, unless it has a higher --priority.

      With --input-from the job works on what another leaves behind, after the files; it runs after that one, and fails where
      there is no such result. Of an array it gets those of all tasks, each with the task's index and - before its name.

      With --split N there are an array of N jobs, which do a part each, and one that puts the parts together, whose identifier is
      told; its results are those of one job that does all, and it does itself what a part has not. Each of the N + 1 is charged by
      itself, --max-credits bounds each, and cancelling the one leaves the array. 'strata capabilities NAME' says what can be split.

      Example: strata submit gis-lidar-process scan.laz --param cell=1 --label project=survey-12 --out results --wait
               strata submit pointcloud.raster --input-from 4rq0zn:scan-thinned.laz --out maps --wait
      """,
    options: JobOptions.all + [
      .option("param", "NAME=VALUE", "a parameter of the capability", repeats: true), ResultWords.option,
      .option("split", "N", "do it in N parts on as many workers as there are, and put them together"),
    ],
    run: { arguments in
      guard let capability = arguments.positional.first else {
        throw UsageError("which capability? 'strata capabilities' lists them", command: "submit")
      }
      var request = try await JobOptions.request(capability, arguments)
      request.params = try ParameterWords.parse(arguments.all("param"))
      request.inputs = try await ResultWords.read(arguments)
      let files = try InputFiles.check(Array(arguments.positional.dropFirst()))
      let split = try SplitJob.read(arguments)
      return try await Submission(arguments, waits: arguments.has("wait")).perform(
        request, files: files.map { (InputFiles.name(of: $0), $0) }, split: split)
    })

  static let run = Command(
    name: "run", arguments: "-- COMMAND…", argumentsMax: .max, summary: "Run any command as a job, and wait for it",
    details: """
      The command runs on a worker in an empty folder, without a shell; what it prints is shown here (on standard error
      with --json), and the files it leaves in $STRATA_OUTPUT_DIR are its results. Its standard input is empty unless
      --stdin names a file. The exit code is 0 when the command's was, else 1; the command's own is told on standard error
      and is summary.exit_status (or summary.signal) with --json and in 'strata job show'. Ctrl-C ends the waiting, not
      the job.

      The job is called by the command's words unless --name says otherwise. With --attempts, and no
      --retry-on, a command that ends with another exit status than 0 is tried again; else only what is no fault of the
      command is, such as a lost worker, and what --retry-on names.

      With --array the command runs once for each index, which stands for {task} in its words and in $STRATA_TASK_INDEX;
      what the tasks print is shown by 'strata job logs ARRAY[INDEX]'.

      Example: strata run --input scene.las -- sh -c 'wc -c scene.las > "$STRATA_OUTPUT_DIR/size.txt"'
      """,
    options: [.option("out", "FOLDER", "where to put the results")]
      + JobOptions.all.filter { $0.name != "wait" && $0.name != "out" } + [
        .option("input", "FILE", "a file to place in the command's folder", repeats: true), ResultWords.option,
        .option("stdin", "FILE", "the command's standard input; - for this command's own"),
        .flag("no-wait", "print the job's identifier and return at once"),
      ], stopsAtFirstArgument: true,
    run: { arguments in
      let words = try commandWords(arguments)
      var request = try await JobOptions.request("command.run", arguments)
      request.params = ["command": .array(words.map(JSONValue.string))]
      request.name = request.name ?? CommandName.of(words)
      request.inputs = try await ResultWords.read(arguments)
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

/// What a command is called that was given no name.
enum CommandName {
  /// Characters of it; a listing has no room for more.
  private static let lengthMax = 60

  /// Its words as a shell would take them, shortened.
  static func of(_ words: [String]) -> String? {
    let line = words.map(ShellWord.quoted).joined(separator: " ")
    let plain = String(line.unicodeScalars.map { $0.properties.generalCategory == .control ? " " : Character($0) })
    let name = plain.count > lengthMax ? "\(plain.prefix(lengthMax - 2)) …" : plain
    let isTaken = (try? JobMetadata(name: name).check()) != nil
    return isTaken ? name : nil
  }
}
