import StrataCore
import StrataLedger
import StrataQueue
import StrataRuntime
import StrataServer
import StrataStack

/// What `up` was asked for, checked as far as it can be before anything is made.
struct StackOptions {
  /// The data folder, absolute.
  let path: String
  let http: String
  let redis: String?
  let postgres: String?
  /// The folder of the artifacts, absolute, where it is not the data folder's own.
  let artifacts: String?
  let slots: Int
  /// What the jobs of one local worker may ask for together.
  let room: ResourceRequest
  let workers: Int
  /// The tiers that the local workers serve, in order of preference.
  let tiers: [TierName]
  /// How long running jobs have to end when the stack stops.
  let jobGrace: Duration
  /// How full the queue may become.
  let bounds: QueueBounds

  /// - Throws: what cannot be understood. Nothing is made or changed.
  init(_ arguments: Arguments) throws {
    guard arguments.positional.isEmpty else {
      throw UsageError("'up' takes options only, not '\(arguments.positional[0])'", command: "up")
    }
    path = try DataDirectory.absolute(try DataFolder.path(arguments))
    http = arguments["http"] ?? "127.0.0.1:8420"
    redis = arguments["redis"] ?? Self.setting("STRATA_REDIS_URL")
    postgres = arguments["postgres"] ?? Self.setting("STRATA_POSTGRES_URL")
    artifacts = try arguments["artifacts"].map(DataDirectory.absolute)
    slots = try arguments.integer("slots", in: 1...1_024) ?? Machine.cores
    room = try WorkerRoom.read(arguments, slots: slots)
    workers = try arguments.integer("workers", in: 0...256) ?? 1
    tiers = try WorkerTiers.read(arguments)
    jobGrace = try JobGrace.read(arguments) ?? JobGrace.standard
    bounds = try QueueBounds(arguments)
    _ = try ListenAddress.loopback(http)
    if let redis { _ = try RedisEndpoint(url: redis) }
    if let postgres { try PostgreSQLConfiguration(connectionString: postgres).check() }
  }

  private static func setting(_ name: String) -> String? {
    Environment.current[name].flatMap { $0.isEmpty ? nil : $0 }
  }

  /// The words of the command line, for a detached copy. The servers' addresses are not among them: they may hold
  /// passwords and go by the environment.
  var words: [String] {
    ["--data-dir", path, "--http", http, "--slots", "\(slots)", "--workers", "\(workers)"]
      + WorkerRoom.words(room) + WorkerTiers.words(tiers) + JobGrace.words(jobGrace) + bounds.words
      + (artifacts.map { ["--artifacts", $0] } ?? [])
  }

  /// Makes the folder, once nothing stands in the way any more.
  ///
  /// - Throws: `conflict` when the folder or the port is another's or a server does not do, `unavailable` when a named
  ///   server does not answer, `unauthorized` for a folder that may not be used.
  func open() async throws(StrataError) -> StackSettings {
    if let directory = try DataDirectory.find(path) {
      try await checkIsFree(directory)
      try ServerKinds(rememberedBy: directory).check(ServerKinds(self), in: path)
    }
    if let artifacts { try DataDirectory.checkArtifacts(artifacts, for: path) }
    if case .tcp(let host, let port) = try ListenAddress.loopback(http) {
      try LoopbackPort(host: host, port: UInt16(clamping: port)).checkIsFree()
    }
    let warning = try await checkServers()
    return StackSettings(directory: try DataDirectory.open(path, artifacts: artifacts), options: self, warning: warning)
  }

  /// Looks at the servers that were named. Says and returns what the person should know.
  private func checkServers() async throws(StrataError) -> String? {
    if let postgres {
      try await ExternalServers.check(postgres: postgres, artifacts: artifacts ?? path + "/artifacts")
    }
    guard let redis, let warning = try await ExternalServers.check(redis: RedisEndpoint(url: redis)) else { return nil }
    Terminal.note("warning: \(warning)")
    return warning
  }

  /// A stack that is being ended by its sentinel is waited for: it will not take long.
  private func checkIsFree(_ directory: DataDirectory) async throws(StrataError) {
    let tenure = try directory.tenure
    if tenure == .free { return }
    guard tenure == .ending else { throw directory.isTaken }
    Terminal.note("strata: waiting for what ran in \(path) to end")
    guard try await directory.waitUntilFree(atMost: Sentinel.endMax) == .free else { throw directory.isTaken }
  }
}

/// A stack's options with its folder.
struct StackSettings {
  let directory: DataDirectory
  let options: StackOptions
  /// What stands in nobody's way and yet should be mended.
  let warning: String?
}
