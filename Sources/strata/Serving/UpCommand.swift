import StrataCore
import StrataRuntime
import StrataStack

extension Command {
  static let up = Command(
    name: "up", summary: "Start everything in one folder: PostgreSQL, Redis, controller, workers",
    details: """
      Runs until Ctrl-C, SIGTERM or 'strata down'. A second signal hands running jobs back at once, to be run again
      later; a third kills what is left. The first start makes the databases, a tenant with credits to spend, and an API
      key (in FOLDER/api-key, readable by you alone).

      With --redis or --postgres an existing server is used instead of a private one. An address with a password is
      better given by STRATA_REDIS_URL or STRATA_POSTGRES_URL, where ps does not show it. Stacks on the same servers share
      their jobs, so they must share the files too: give each the same folder with --artifacts.

      Both servers may fail over. Sentinels that keep a Redis are named with its name: their own password, where they have one,
      is an option (?sentinel_password=). A PostgreSQL with standbys is named with all its hosts, and the one that takes writes
      is used. docs/failover.md says what such servers need.
      """,
    options: [
      .dataDirectory,
      .option(
        "http", "ADDR:PORT",
        "where the HTTP API listens, loopback only; port 0 takes a free one, and keeps it [127.0.0.1:8420]"),
      .option(
        "redis", "URL",
        "use this Redis: redis://[:password@]host:port/db, unix:///path or"
          + " redis-sentinel://[:password@]host:port,host:port/master/db"),
      .option("postgres", "URL", "use this PostgreSQL: postgresql://user:password@host,host/database"),
      .option(
        "artifacts", "FOLDER", "keep inputs and results there, as where several machines share it [in the data folder]"),
      .option("slots", "N", "the most jobs that a local worker runs at a time [one for each core]"),
      .option(
        "workers", "N", "local worker processes; 0 for none, and then no tier is offered until a worker comes [1]"),
      WorkerTiers.option("a tier that they serve, in order of preference"),
      JobGrace.option("how long running jobs have to end when it stops, 7d at most; the rest is handed back [10s]"),
      .flag("detach", "return as soon as everything is ready; 'strata down' stops it"),
    ] + WorkerRoom.options + QueueBounds.options,
    run: { arguments in
      let settings = try await StackOptions(arguments).open()
      if arguments.has("detach") { return try await Detached(settings: settings).start() }
      return try await Stack(settings: settings).run()
    })

  static let down = Command(
    name: "down", summary: "Stop what 'up' started in this folder",
    details: """
      No job starts any more. Those that run have a grace to end, 10 s unless 'up' or this was told otherwise; then they are ended
      and handed back, and run again with the next start. 'strata down --job-grace 2h' lets long ones end first. Returns when
      nothing of the stack is left: no server, no worker, no job's process. When --grace is over before that it says so, with
      exit code 5, and the stack goes on stopping; 'strata down' again hands running jobs back at once.
      """,
    options: [
      .dataDirectory, JobGrace.option("how long running jobs have to end, 7d at most, whatever 'up' was told"),
      .time("grace", "how long to wait until nothing is left [50s more than the jobs have]"),
    ],
    run: { arguments in
      let jobGrace = try JobGrace.read(arguments)
      let grace = try arguments.seconds("grace", in: 1...graceSecondsMax).map { Duration.seconds($0) }
      guard let directory = try DataFolder.find(arguments) else {
        Terminal.note("strata: nothing runs in \(try DataFolder.path(arguments))")
        return .done
      }
      return try await Shutdown(directory: directory, jobGrace: jobGrace, grace: grace).perform()
    })

  /// Longer than jobs may have.
  private static let graceSecondsMax: Int64 = 8 * 86_400
}
