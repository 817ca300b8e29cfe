import StrataCore
import StrataRuntime
import StrataStack

extension Command {
  static let up = Command(
    name: "up", summary: "Start everything in one folder: PostgreSQL, Redis, controller, workers",
    details: """
      Runs until Ctrl-C, SIGTERM or 'strata down'; a second signal hastens the end. The first start makes the databases, a
      tenant with credits to spend, and an API key (in FOLDER/api-key, readable by you alone).

      With --redis or --postgres an existing server is used instead of a private one. An address with a password is
      better given by STRATA_REDIS_URL or STRATA_POSTGRES_URL, where ps does not show it.
      """,
    options: [
      .dataDirectory,
      .option(
        "http", "ADDR:PORT", "where the HTTP API listens, loopback only; port 0 takes a free one [127.0.0.1:8420]"),
      .option("redis", "URL", "use this Redis: redis://[:password@]host:port/db or unix:///path"),
      .option("postgres", "URL", "use this PostgreSQL: postgresql://user:password@host/database"),
      .option("slots", "N", "jobs that the local worker runs at a time [one for each core]"),
      .option("workers", "N", "local worker processes; 0 for none [1]"),
      .flag("detach", "return as soon as everything is ready; 'strata down' stops it"),
    ],
    run: { arguments in
      let settings = try StackSettings(arguments)
      if arguments.has("detach") { return try await Detached(settings: settings).start() }
      return try await Stack(settings: settings).run()
    })

  static let down = Command(
    name: "down", summary: "Stop what 'up' started in this folder",
    options: [.dataDirectory, .option("grace", "SECONDS", "how long to wait for running jobs [60]")],
    run: { arguments in
      let seconds = try arguments.integer("grace", in: 1...86_400) ?? 60
      guard let directory = try DataFolder.find(arguments) else {
        Terminal.note("strata: nothing runs in \(try DataFolder.path(arguments))")
        return .done
      }
      return try await Shutdown(directory: directory, grace: .seconds(seconds)).perform()
    })
}

/// The folder that the command line names.
enum DataFolder {
  static func path(_ arguments: Arguments) throws(StrataError) -> String {
    let environment = Environment.current
    if let path = arguments["data-dir"] ?? environment["STRATA_DATA_DIR"] { return path }
    guard let home = environment["HOME"] else {
      throw StrataError(
        .invalidInput, "no data folder is named and there is no home folder", remedy: "give --data-dir FOLDER")
    }
    return (environment["XDG_DATA_HOME"] ?? "\(home)/.local/share") + "/strata"
  }

  /// For commands that only look: nothing is made. Nil where nothing was ever started.
  static func find(_ arguments: Arguments) throws(StrataError) -> DataDirectory? {
    try DataDirectory.find(try path(arguments))
  }

  static func open(_ arguments: Arguments) throws(StrataError) -> DataDirectory {
    try DataDirectory.open(try path(arguments))
  }
}

/// What `up` was asked for.
struct StackSettings {
  let directory: DataDirectory
  let http: String
  let redis: String?
  let postgres: String?
  let slots: Int
  let workers: Int
  /// The words of the command line, for a detached copy. The servers' addresses are not among them: they may hold
  /// passwords and go by the environment.
  let words: [String]

  init(_ arguments: Arguments) throws {
    guard arguments.positional.isEmpty else {
      throw UsageError("'up' takes options only, not '\(arguments.positional[0])'", command: "up")
    }
    directory = try DataFolder.open(arguments)
    http = arguments["http"] ?? "127.0.0.1:8420"
    redis = arguments["redis"] ?? Environment.current["STRATA_REDIS_URL"]
    postgres = arguments["postgres"] ?? Environment.current["STRATA_POSTGRES_URL"]
    slots = try arguments.integer("slots", in: 1...1_024) ?? Machine.cores
    workers = try arguments.integer("workers", in: 0...256) ?? 1
    words = ["--data-dir", directory.path, "--http", http, "--slots", "\(slots)", "--workers", "\(workers)"]
  }
}
